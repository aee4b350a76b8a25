//! The schema engine: structural schemas compiled once, then pruning, defaulting and validation of objects, and the rules
//! for CustomResourceDefinition objects themselves. Needs no server and no async runtime. Storing and serving are not here.
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
//! widget["spec"]["replicas"] = json!(-1);
//! let outcome = schema.validate(&widget, None);
//! assert_eq!(
//!     outcome.errors[0].to_string(),
//!     "spec.replicas: Invalid value: -1: spec.replicas in body should be greater than or equal to 0"
//! );
//! ```

pub mod cel;
#[cfg(test)]
mod corpus_tests;
pub mod crd;
mod default;
pub mod definition;
mod metadata;
pub mod node;
mod prune;
pub(crate) mod typed;
pub mod validate;

pub use definition::{Column, Conversion, Definition, Names, Scale, Scope, Version};
pub(crate) use metadata::OBJECT_META;
pub use node::Node;
pub use validate::Outcome;

use crate::status::field::FieldError;
use serde_json::Value;

/// A structural schema ready for use on every object of one version.
#[derive(Debug)]
pub struct Schema {
    node: Node,
}

impl Schema {
    /// Compiles an `openAPIV3Schema`. The structural rules are those of [`crate::schema`]'s CRD validation and are not
    /// repeated: what cannot be used is left out.
    pub fn compile(schema: &Value) -> Result<Self, Vec<FieldError>> {
        if !schema.is_object() {
            return Err(vec![FieldError::required("openAPIV3Schema", "schemas are required")]);
        }
        Ok(Self { node: Node::parse(schema) })
    }

    /// The structural tree, for apply and for expressions.
    pub fn node(&self) -> &Node {
        &self.node
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

    /// Decodes the object's metadata and that of every embedded resource as ObjectMeta: unknown members go (their paths to
    /// `report`). A member of the wrong type is dropped with `drop_malformed`, otherwise it is the error, which upstream
    /// answers with 400 and this text.
    pub fn coerce_metadata(
        &self,
        object: &mut Value,
        drop_malformed: bool,
        report: Option<&mut Vec<String>>,
    ) -> Result<(), String> {
        metadata::coerce(object, &self.node, drop_malformed, report)
    }

    /// Validates a whole object; with `old`, errors of unchanged parts are dropped as upstream's ratcheting does.
    pub fn validate(&self, new: &Value, old: Option<&Value>) -> Outcome {
        validate::validate(&self.node, new, old)
    }

    /// Validates a write to the status subresource: values below status only, but the rules of the whole object.
    pub fn validate_status(&self, new: &Value, old: &Value) -> Outcome {
        validate::validate_status(&self.node, new, old)
    }
}
