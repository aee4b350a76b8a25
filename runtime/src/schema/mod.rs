//! The schema engine: structural schemas compiled once, then pruning, defaulting and validation of objects, and the rules
//! for CustomResourceDefinition objects themselves. Needs no server and no async runtime. Storing and serving are not here.
//!
//! # An object against a definition
//!
//! A [`Definition`] is what a cluster makes of a CustomResourceDefinition. Its [`validate`](Definition::validate) says what would be
//! stored of an object, what would be dropped, and every reason to refuse it; with the old object, as an update:
//!
//! ```
//! use kubegraft::schema::{Definition, crd};
//! use serde_json::json;
//!
//! // As kubectl would send it; `of_program` is what a server does on receipt: read, defaulted, checked.
//! let crd = crd::of_program(&json!({
//!     "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
//!     "metadata": {"name": "widgets.example.com"},
//!     "spec": {
//!         "group": "example.com", "scope": "Namespaced", "names": {"plural": "widgets", "kind": "Widget"},
//!         "versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": {
//!             "type": "object",
//!             "properties": {"spec": {
//!                 "type": "object", "required": ["colour"],
//!                 "properties": {
//!                     "colour": {"type": "string", "enum": ["red", "green"]},
//!                     "replicas": {"type": "integer", "minimum": 0, "default": 1},
//!                 },
//!                 "x-kubernetes-validations": [
//!                     {"rule": "self.colour == oldSelf.colour", "message": "colour is immutable", "fieldPath": ".colour"},
//!                 ],
//!             }},
//!         }}}],
//!     },
//! })).expect("a definition that a cluster takes");
//! let definition = Definition::from_crd(&crd).expect("a definition");
//! let widget = |spec| {
//!     json!({"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "w"}, "spec": spec})
//! };
//!
//! // Create: defaulted and pruned.
//! let created = definition.validate(widget(json!({"colour": "red", "size": 3})), None);
//! assert!(created.is_accepted());
//! assert_eq!(created.object["spec"], json!({"colour": "red", "replicas": 1}));
//! assert_eq!(created.dropped, ["spec.size"]);
//!
//! // Update: the rule of transition runs too.
//! let updated = definition.validate(widget(json!({"colour": "green", "replicas": -1})), Some(&created.object));
//! let errors: Vec<String> = updated.errors.iter().map(ToString::to_string).collect();
//! assert_eq!(errors, [
//!     "spec.replicas: Invalid value: -1: spec.replicas in body should be greater than or equal to 0",
//!     "spec.colour: Invalid value: colour is immutable",
//! ]);
//! ```
//!
//! # Step by step
//!
//! A [`Schema`] alone does one thing at a time, in the order of the caller. It asks nothing of apiVersion, kind and metadata:
//!
//! ```
//! use kubegraft::schema::Schema;
//! use serde_json::json;
//!
//! let schema = Schema::compile(&json!({
//!     "type": "object",
//!     "properties": {"spec": {"type": "object", "properties": {
//!         "replicas": {"type": "integer", "minimum": 0, "default": 1},
//!     }}},
//! })).expect("a structural schema");
//! let mut widget = json!({"apiVersion": "ex.io/v1", "kind": "Widget", "spec": {"colour": "red"}});
//! let mut dropped = Vec::new();
//! schema.prune(&mut widget, true, Some(&mut dropped));
//! schema.default(&mut widget);
//! assert_eq!(dropped, ["spec.colour"]);
//! assert_eq!(widget["spec"], json!({"replicas": 1}));
//!
//! // What was wrong before and did not change may stay, as ratcheting has it.
//! widget["spec"]["replicas"] = json!(-1);
//! assert_eq!(
//!     schema.validate(&widget, None).errors[0].to_string(),
//!     "spec.replicas: Invalid value: -1: spec.replicas in body should be greater than or equal to 0"
//! );
//! assert_eq!(schema.validate(&widget, Some(&widget)).errors, []);
//! ```
//!
//! # What else is here
//!
//! [`crd`] judges CustomResourceDefinitions as an API server does, [`lint`] says beyond that what to mend, and [`cel`] compiles, prices
//! and runs expressions. Objects and schemas may nest as deep as JSON of a request, 10,000 levels, and are walked recursively: give
//! threads that read what strangers wrote a stack of 256 MiB, as the server does.

pub mod cel;
#[cfg(test)]
mod corpus_tests;
pub mod crd;
mod default;
pub mod definition;
pub mod diff;
mod dropped;
pub(crate) mod fieldpath;
pub(crate) mod go_time;
#[cfg(test)]
mod hostile_tests;
pub mod lint;
mod metadata;
pub mod node;
mod pattern;
mod prune;
mod rules;
pub(crate) mod typed;
pub mod validate;
mod verdict;

pub use definition::{Column, Conversion, Definition, Names, Scale, Scope, Version};
#[cfg(feature = "server")]
pub(crate) use metadata::OBJECT_META;
pub use node::Node;
pub use validate::Outcome;
pub use verdict::Verdict;

use crate::status::field::{FieldError, Path};
use serde_json::Value;
use std::sync::OnceLock;

/// A structural schema ready for use on every object of one version.
#[derive(Debug)]
pub struct Schema {
    node: Node,
    /// Compiled when the first object is validated: many definitions never have one.
    rules: OnceLock<Option<Box<rules::Rules>>>,
}

impl Schema {
    /// Compiles an `openAPIV3Schema`. The structural rules are those of [`crate::schema`]'s CRD validation and are not
    /// repeated: what cannot be used is left out.
    pub fn compile(schema: &Value) -> Result<Self, Vec<FieldError>> {
        if !schema.is_object() {
            return Err(vec![FieldError::required("openAPIV3Schema", "schemas are required")]);
        }
        Ok(Self { node: Node::parse(schema), rules: OnceLock::new() })
    }

    /// The structural tree, for apply and for expressions.
    pub fn node(&self) -> &Node {
        &self.node
    }

    fn rules(&self) -> Option<&rules::Rules> {
        self.rules.get_or_init(|| rules::Rules::of(&self.node, true).map(Box::new)).as_deref()
    }

    /// Removes what the schema does not know, and nulls of fields that are neither nullable nor defaulted. With `is_root`
    /// the value is a whole resource, so apiVersion, kind and metadata stay. Paths of removed fields go to `report`, sorted.
    pub fn prune(&self, object: &mut Value, is_root: bool, report: Option<&mut Vec<String>>) {
        prune::prune(object, &self.node, is_root, report);
        prune::nulls(object, &self.node);
    }

    /// Sets defaults where a field is absent, or null and not nullable.
    pub fn default(&self, object: &mut Value) {
        default::default(object, &self.node);
    }

    /// Types the metadata of an object of whatever kind; what is unknown goes, its paths to `unknown`.
    ///
    /// # Errors
    /// Metadata of the wrong type, in Go's words.
    pub fn type_metadata(object: &mut Value, unknown: &mut Vec<String>) -> Result<(), String> {
        metadata::coerce_root(object, false, Some(unknown))
    }

    /// Makes a decoded request an object of the schema, as upstream does: metadata is typed, what is unknown goes (its paths
    /// to `unknown`), defaults are set.
    ///
    /// # Errors
    /// Metadata of the wrong type, which upstream answers with 400 and this text.
    pub fn shape(&self, object: &mut Value, unknown: &mut Vec<String>) -> Result<(), String> {
        let mut part = Vec::new();
        Self::type_metadata(object, unknown)?;
        self.prune(object, true, Some(&mut part));
        unknown.append(&mut part);
        metadata::coerce_embedded(object, &self.node, false, &Path::root(), false, Some(&mut part))
            .map_err(|e| e.to_string())?;
        part.sort();
        unknown.append(&mut part);
        self.default(object);
        Ok(())
    }

    /// Types the metadata and sets the defaults of an object that came about inside the server; nothing is pruned, and metadata
    /// of the wrong type is dropped.
    ///
    /// # Errors
    /// Metadata that is no metadata at all.
    pub fn complete(&self, object: &mut Value) -> Result<(), String> {
        metadata::coerce_root(object, true, None)?;
        metadata::coerce_embedded(object, &self.node, false, &Path::root(), true, None).map_err(|e| e.to_string())?;
        self.default(object);
        Ok(())
    }

    /// Validates a whole object; with `old`, errors of unchanged parts are dropped as upstream's ratcheting does. What a version
    /// asks beyond its schema is [`Version::validate`]'s.
    pub fn validate(&self, new: &Value, old: Option<&Value>) -> Outcome {
        validate::validate(self, None, new, old)
    }
}
