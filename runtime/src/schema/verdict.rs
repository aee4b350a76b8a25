//! What a cluster makes of an object, without a cluster: the door for unit tests, webhooks and client code. It runs what a
//! create or an update runs, in the same order; only what depends on storage, names that are taken and versions that are
//! stale, is left out.

use super::{Definition, Scope, Version};
use crate::resource::Object;
use crate::resource::validate::{self, NameRule};
use crate::status::field::{FieldError, Path};
use serde_json::Value;

/// An object as it would be stored, and all that would be said of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// The object with defaults, without what the schema does not know.
    pub object: Value,
    /// The paths of what the schema does not know: `spec.colour`.
    pub dropped: Vec<String>,
    /// Why it would be refused; none if it would not.
    pub errors: Vec<FieldError>,
    /// What clients would be warned of: rules that unchanged data breaks.
    pub warnings: Vec<String>,
}

impl Verdict {
    /// Whether it would be stored.
    pub fn is_accepted(&self) -> bool {
        self.errors.is_empty()
    }
}

impl Definition {
    /// Says what a cluster that has this definition would make of an object: on create, or with `old` on update. The object's
    /// apiVersion tells which version is meant; `old` is an object of the same version.
    ///
    /// ```
    /// use kubegraft::schema::Definition;
    /// use serde_json::json;
    ///
    /// let definition = Definition::from_crd(&json!({
    ///     "spec": {
    ///         "group": "example.com", "scope": "Cluster", "names": {"plural": "widgets", "kind": "Widget"},
    ///         "versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": {
    ///             "type": "object",
    ///             "properties": {"spec": {
    ///                 "type": "object",
    ///                 "properties": {
    ///                     "min": {"type": "integer", "default": 1},
    ///                     "max": {"type": "integer"},
    ///                     "class": {"type": "string"},
    ///                 },
    ///                 "x-kubernetes-validations": [
    ///                     {"rule": "self.min <= self.max", "messageExpression": "'%d > %d'.format([self.min, self.max])"},
    ///                     {"rule": "self.class == oldSelf.class", "message": "class is immutable", "fieldPath": ".class"},
    ///                 ],
    ///             }},
    ///         }}}],
    ///     },
    /// })).expect("a definition");
    /// let widget = |spec| json!({"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "w"}, "spec": spec});
    ///
    /// let first = definition.validate(widget(json!({"max": 3, "class": "a", "colour": "red"})), None);
    /// assert!(first.is_accepted());
    /// assert_eq!(first.object["spec"], json!({"min": 1, "max": 3, "class": "a"}));
    /// assert_eq!(first.dropped, ["spec.colour"]);
    ///
    /// let second = definition.validate(widget(json!({"max": 0, "class": "b"})), Some(&first.object));
    /// let errors: Vec<String> = second.errors.iter().map(ToString::to_string).collect();
    /// assert_eq!(errors, ["spec: Invalid value: 1 > 0", "spec.class: Invalid value: class is immutable"]);
    /// ```
    pub fn validate(&self, mut object: Value, old: Option<&Value>) -> Verdict {
        let (mut dropped, mut warnings) = (Vec::new(), Vec::new());
        let errors = match self.version_of(&object) {
            Err(error) => vec![error],
            Ok(version) => match version.schema.shape(&mut object, &mut dropped) {
                Err(text) => vec![FieldError::invalid(Path::root(), Value::Null, text)],
                Ok(()) => {
                    let mut errors = self.metadata(&object);
                    let outcome = version.validate(&object, old);
                    errors.extend(outcome.errors);
                    warnings = outcome.warnings;
                    errors
                }
            },
        };
        Verdict { object, dropped, errors, warnings }
    }

    /// The version an object is of, if it is of this kind at all.
    fn version_of(&self, object: &Value) -> Result<&Version, FieldError> {
        let text = |key: &str| object.get(key).and_then(Value::as_str).unwrap_or_default();
        let version = match (text("apiVersion").rsplit_once('/'), self.group.is_empty()) {
            (Some((group, version)), false) if group == self.group => Some(version),
            (None, true) => Some(text("apiVersion")),
            _ => None,
        };
        let Some(version) = version.and_then(|v| self.version(v)) else {
            let known: Vec<String> = self.versions.iter().map(|v| self.api_version(&v.name)).collect();
            return Err(FieldError::not_supported("apiVersion", text("apiVersion"), &known));
        };
        if text("kind") != self.names.kind {
            return Err(FieldError::invalid("kind", text("kind"), format!("must be {}", self.names.kind)));
        }
        Ok(version)
    }

    fn api_version(&self, version: &str) -> String {
        if self.group.is_empty() { version.to_owned() } else { format!("{}/{version}", self.group) }
    }

    /// A namespace comes from the request, and a name may be made by the server.
    fn metadata(&self, object: &Value) -> Vec<FieldError> {
        let Ok(mut object) = Object::from_value(object.clone()) else { return Vec::new() };
        let namespaced = self.scope == Scope::Namespaced;
        if namespaced && object.meta_str("namespace").is_empty() {
            object.set_meta("namespace", "default");
        }
        if object.name().is_empty() && !object.meta_str("generateName").is_empty() {
            let name = format!("{}x", object.meta_str("generateName"));
            object.set_meta("name", name);
        }
        validate::metadata(&object, namespaced, NameRule::Subdomain)
    }
}
