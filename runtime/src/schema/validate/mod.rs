//! Validation of objects: OpenAPI keywords, Kubernetes list types and embedded resources, and the order and ratcheting in
//! which apiextensions' `registry/customresource` runs them. Expression rules are `schema::cel`'s.

pub(in crate::schema) mod correlate;
mod embedded;
pub(crate) mod formats;
pub(in crate::schema) mod keys;
mod listtype;
mod number;
mod openapi;
pub(in crate::schema) mod place;
mod scale;

use super::node::Node;
use super::rules::{Rules, validate_default};
use super::{Scale, Schema};
use crate::status::field::{BadValue, FieldError, Kind, Path};
use correlate::Pair;
use place::Place;
use serde_json::Value;

/// What validation found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
    /// Refuse the request with these.
    pub errors: Vec<FieldError>,
    /// Texts for Warning headers.
    pub warnings: Vec<String>,
}

/// See [`super::Version::validate`].
pub(super) fn validate(schema: &Schema, scale: Option<&Scale>, new: &Value, old: Option<&Value>) -> Outcome {
    let node = &schema.node;
    let mut errors = openapi::validate(node, new, old.map(|old| Pair { old, new, node }), &Path::root());
    if let Some(scale) = scale {
        scale::spec(scale, new, &mut errors);
        scale::status(scale, new, &mut errors);
    }
    embedded::validate(&Place::Start(&Path::root()), new, node, &mut errors);
    lists(node, new, old, &mut errors);
    rules(schema, new, old, errors)
}

/// Validates a write to the status subresource: values below status, and the rules of the whole object.
pub(super) fn validate_status(schema: &Schema, scale: Option<&Scale>, new: &Value, old: &Value) -> Outcome {
    let node = &schema.node;
    let mut errors = Vec::new();
    if let (Some(status), Some(node)) = (new.get("status"), node.property("status")) {
        let null = Value::Null;
        let was = old.get("status").unwrap_or(&null);
        let pair = Pair { old: was, new: status, node };
        errors = openapi::validate(node, status, Some(pair), &Path::new("status"));
    }
    if let Some(scale) = scale {
        scale::status(scale, new, &mut errors);
    }
    lists(node, new, Some(old), &mut errors);
    rules(schema, new, Some(old), errors)
}

/// Validates a default by its own schema, and where that finds nothing, by its rules, within the budget: what is left of it,
/// nothing if it is spent. With `is_resource` the default is a whole resource.
pub(super) fn default_value(
    node: &Node,
    default: &Value,
    is_resource: bool,
    path: &Path,
    budget: i64,
    errors: &mut Vec<FieldError>,
) -> Option<i64> {
    let mut found = openapi::validate(node, default, None, path);
    if found.is_empty()
        && let Some(rules) = Rules::of(node, is_resource)
    {
        return validate_default(&rules, node, default, is_resource, path, budget, errors);
    }
    errors.append(&mut found);
    Some(budget)
}

/// Validates apiVersion, kind and metadata of embedded resources at or below `x`, and with `is_resource` those of `x` too.
pub(super) fn embedded_resources(path: &Path, x: &Value, node: &Node, is_resource: bool, errors: &mut Vec<FieldError>) {
    if let Value::Object(map) = x
        && is_resource
        && !node.embedded
    {
        embedded::resource(path, map, errors);
    }
    embedded::validate(&Place::Start(path), x, node, errors);
}

/// List invariants are not checked at all where the old object already broke one.
fn lists(node: &Node, new: &Value, old: Option<&Value>, errors: &mut Vec<FieldError>) {
    let (mut found, root) = (Vec::new(), Path::root());
    listtype::validate(&Place::Start(&root), node, new, &mut found);
    if found.is_empty() {
        return;
    }
    if let Some(old) = old {
        let mut before = Vec::new();
        listtype::validate(&Place::Start(&root), node, old, &mut before);
        if !before.is_empty() {
            return;
        }
    }
    errors.append(&mut found);
}

/// Rules see only objects of which every type, bound and choice is right.
fn rules(schema: &Schema, new: &Value, old: Option<&Value>, errors: Vec<FieldError>) -> Outcome {
    let mut outcome = Outcome { errors, warnings: Vec::new() };
    let Some(rules) = schema.rules() else { return outcome };
    let blocking = |e: &FieldError| {
        matches!(e.kind, Kind::NotSupported | Kind::Required | Kind::TooLong | Kind::TooMany | Kind::TypeInvalid)
    };
    if outcome.errors.iter().any(blocking) {
        let detail = "some validation rules were not checked because the object was invalid; correct the existing \
                      errors to complete validation";
        outcome.errors.push(FieldError::invalid(Path::root(), Value::Null, detail));
    } else {
        super::rules::validate(rules, &schema.node, new, old, &mut outcome);
    }
    outcome
}

/// A JSON value as an error prints it; floats as Go writes them.
pub(in crate::schema) fn bad(value: &Value) -> BadValue {
    match value {
        Value::Number(n) => BadValue::Raw(number::Num::of(n).v()),
        v => BadValue::Json(v.clone()),
    }
}
