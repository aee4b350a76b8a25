//! Validation of objects: OpenAPI keywords, Kubernetes list types and embedded resources, and the order and ratcheting in
//! which apiextensions' `registry/customresource` runs them. Expression rules are `schema::cel`'s.

mod correlate;
mod embedded;
pub(crate) mod formats;
mod listtype;
mod number;
mod openapi;

use super::node::Node;
use crate::status::field::{BadValue, FieldError, Kind, Path};
use correlate::Pair;
use serde_json::Value;

/// What validation found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
    /// Refuse the request with these.
    pub errors: Vec<FieldError>,
    /// Texts for Warning headers.
    pub warnings: Vec<String>,
}

/// See [`super::Schema::validate`].
pub(super) fn validate(node: &Node, new: &Value, old: Option<&Value>) -> Outcome {
    let mut errors = openapi::validate(node, new, old.map(|old| Pair { old, new, node }), &Path::root());
    if node.has_kubernetes {
        embedded::validate(&Path::root(), new, node, &mut errors);
        lists(node, new, old, &mut errors);
    }
    rules(node, new, old, errors)
}

/// Validates a write to the status subresource: values below status, and the rules of the whole object.
pub(super) fn validate_status(node: &Node, new: &Value, old: &Value) -> Outcome {
    let mut errors = Vec::new();
    if let (Some(status), Some(schema)) = (new.get("status"), node.property("status")) {
        let null = Value::Null;
        let was = old.get("status").unwrap_or(&null);
        let pair = Pair { old: was, new: status, node: schema };
        errors = openapi::validate(schema, status, Some(pair), &Path::new("status"));
    }
    if node.has_kubernetes {
        lists(node, new, Some(old), &mut errors);
    }
    rules(node, new, Some(old), errors)
}

/// Validates a default by its own schema. With `is_resource` it is a whole resource.
pub(super) fn default_value(node: &Node, default: &Value, _is_resource: bool, path: &Path) -> Vec<FieldError> {
    openapi::validate(node, default, None, path)
}

/// Validates apiVersion, kind and metadata of embedded resources at or below `x`, and with `is_resource` those of `x` too.
pub(super) fn embedded_resources(path: &Path, x: &Value, node: &Node, is_resource: bool, errors: &mut Vec<FieldError>) {
    if let Value::Object(map) = x
        && is_resource
        && !node.embedded
    {
        embedded::resource(path, map, errors);
    }
    embedded::validate(path, x, node, errors);
}

/// List invariants are not checked at all where the old object already broke one.
fn lists(node: &Node, new: &Value, old: Option<&Value>, errors: &mut Vec<FieldError>) {
    let mut found = Vec::new();
    listtype::validate(&Path::root(), node, new, &mut found);
    if found.is_empty() {
        return;
    }
    if let Some(old) = old {
        let mut before = Vec::new();
        listtype::validate(&Path::root(), node, old, &mut before);
        if !before.is_empty() {
            return;
        }
    }
    errors.append(&mut found);
}

fn rules(node: &Node, _new: &Value, _old: Option<&Value>, mut errors: Vec<FieldError>) -> Outcome {
    let outcome = Outcome::default();
    if node.has_rules {
        let blocking = |e: &FieldError| {
            matches!(e.kind, Kind::NotSupported | Kind::Required | Kind::TooLong | Kind::TooMany | Kind::TypeInvalid)
        };
        if errors.iter().any(blocking) {
            let detail = "some validation rules were not checked because the object was invalid; correct the existing \
                          errors to complete validation";
            errors.push(FieldError::invalid(Path::root(), Value::Null, detail));
        }
    }
    Outcome { errors, ..outcome }
}

/// A JSON value as an error prints it; floats as Go writes them.
fn bad(value: &Value) -> BadValue {
    match value {
        Value::Number(n) => BadValue::Raw(number::Num::of(n).json()),
        v => BadValue::Json(v.clone()),
    }
}
