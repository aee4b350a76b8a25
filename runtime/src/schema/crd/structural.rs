//! Whether a schema is structural (apiextensions `schema/validation.go`, `complete.go` and the refusals of `convert.go`).

use super::at::{At, enough};
use super::props::{Additional, Props};
use crate::status::field::FieldError;
use kubegraft_syntax::re2;
use serde_json::Value;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    Root,
    Item,
    Field,
}

/// Keywords that are no part of a structural schema wherever they stand, with the words for them.
const UNSUPPORTED: [(&str, &str); 7] = [
    ("id", "id"),
    ("$schema", "schema"),
    ("$ref", "$ref"),
    ("patternProperties", "patternProperties"),
    ("dependencies", "dependencies"),
    ("additionalItems", "additionalItems"),
    ("definitions", "definitions"),
];

/// Why a schema cannot even be read as a structural one.
pub(super) fn unsupported(s: Props<'_>) -> Option<String> {
    for (keyword, word) in UNSUPPORTED {
        let set = match keyword {
            "$ref" => !s.text(keyword).is_empty(),
            _ => s.has(keyword),
        };
        if set {
            return Some(format!("OpenAPIV3Schema '{word}' is not supported"));
        }
    }
    if s.get("x-kubernetes-preserve-unknown-fields") == Some(&Value::Bool(false)) {
        return Some("internal error: 'x-kubernetes-preserve-unknown-fields' must be true or undefined".into());
    }
    if s.get("items").is_some_and(Value::is_array) {
        return Some("OpenAPIV3Schema 'items' must be a schema, but is an array".into());
    }
    let one = ["items", "not", "additionalProperties"].iter().find_map(|k| s.schema(k).and_then(unsupported));
    one.or_else(|| ["allOf", "anyOf", "oneOf"].iter().find_map(|k| s.branches(k).find_map(unsupported)))
        .or_else(|| s.properties().find_map(|(_, p)| unsupported(p)))
}

/// What makes a schema not structural, sorted as upstream sorts it. The schema must be one that [`unsupported`] passes.
pub(super) fn validate(at: &At<'_>, s: Props<'_>) -> Vec<FieldError> {
    let mut errors = Vec::new();
    invariants(s, Level::Root, at, &mut errors);
    complete(s, s, at, at, &mut errors);
    errors.sort_by_cached_key(ToString::to_string);
    errors
}

fn invariants(s: Props<'_>, level: Level, at: &At<'_>, errors: &mut Vec<FieldError>) {
    if enough(errors) {
        return;
    }
    match s.schema("items") {
        Some(items) => invariants(items, Level::Item, &at.child("items"), errors),
        None if s.type_() == "array" => errors.push(FieldError::required(at.child("items"), "must be specified")),
        None => {}
    }
    for (k, p) in s.properties() {
        invariants(p, Level::Field, &at.child("properties").key(k), errors);
    }
    if let Some(additional) = s.additional() {
        let at = at.child("additionalProperties");
        if level == Level::Root {
            errors.push(FieldError::forbidden(at, "must not be used at the root"));
        }
        if let Additional::Schema(s) = additional {
            invariants(s, Level::Field, &at, errors);
        }
    }
    if enough(errors) {
        return;
    }
    extensions(s, level, at, errors);
    let (any_of, all_of) = (is_int_or_string(s), s.branches("allOf").next().is_some_and(is_int_or_string));
    value(s, any_of, all_of, level, at, errors);
    names(s, level, at, errors);
}

fn extensions(s: Props<'_>, level: Level, at: &At<'_>, errors: &mut Vec<FieldError>) {
    let of_int_or_string = "must be false if x-kubernetes-int-or-string is true";
    if s.int_or_string() && s.preserves() {
        let at = at.child("x-kubernetes-preserve-unknown-fields");
        errors.push(FieldError::invalid(at, true, of_int_or_string));
    }
    if s.int_or_string() && s.embedded() {
        errors.push(FieldError::invalid(at.child("x-kubernetes-embedded-resource"), true, of_int_or_string));
    }
    let of_embedded = "must be object if x-kubernetes-embedded-resource is true";
    match s.type_() {
        "" if s.embedded() => errors.push(FieldError::required(at.child("type"), of_embedded)),
        t if s.embedded() && t != "object" => errors.push(FieldError::invalid(at.child("type"), t, of_embedded)),
        "" if !s.int_or_string() && !s.preserves() => {
            let detail = match level {
                Level::Root => "must not be empty at the root",
                Level::Item => "must not be empty for specified array items",
                Level::Field => "must not be empty for specified object fields",
            };
            errors.push(FieldError::required(at.child("type"), detail));
        }
        _ => {}
    }
    if s.embedded() && s.has("additionalProperties") {
        let detail = "must not be used if x-kubernetes-embedded-resource is set";
        errors.push(FieldError::forbidden(at.child("additionalProperties"), detail));
    }
    if level == Level::Root && !matches!(s.type_(), "" | "object") {
        errors.push(FieldError::invalid(at.child("type"), s.type_(), "must be object at the root"));
    }
    if s.embedded() && !s.preserves() && !s.has("properties") {
        let detail =
            "must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields";
        errors.push(FieldError::required(at.child("properties"), detail));
    }
}

/// apiVersion, kind and metadata of resources are the server's to define.
fn names(s: Props<'_>, level: Level, at: &At<'_>, errors: &mut Vec<FieldError>) {
    let resource = level == Level::Root || s.embedded();
    let properties = at.child("properties");
    for name in ["kind", "apiVersion"] {
        if let Some(p) = s.property(name).filter(|p| resource && p.type_() != "string") {
            errors.push(FieldError::invalid(properties.key(name).child("type"), p.type_(), "must be string"));
        }
    }
    let Some(metadata) = s.property("metadata") else { return };
    let at = properties.key("metadata");
    if resource && metadata.type_() != "object" {
        errors.push(FieldError::invalid(at.child("type"), metadata.type_(), "must be object"));
    }
    if level != Level::Root {
        return;
    }
    let only_names = metadata.properties().all(|(k, _)| matches!(k, "name" | "generateName"));
    let rest = metadata.map().keys().any(|k| match k.as_str() {
        "type" | "default" => false,
        "properties" => !only_names,
        _ => true,
    });
    if rest {
        let detail = "must not specify anything other than name and generateName, but metadata is implicitly specified";
        errors.push(FieldError::forbidden(at, detail));
    }
}

/// `anyOf: [{type: integer}, {type: string}]`, and nothing else in the branches.
fn is_int_or_string(s: Props<'_>) -> bool {
    let is = |b: Option<&Value>, type_: &str| {
        b.and_then(Value::as_object).is_some_and(|m| m.len() == 1 && m.get("type").is_some_and(|t| t == type_))
    };
    match s.get("anyOf").and_then(Value::as_array) {
        Some(branches) => branches.len() == 2 && is(branches.first(), "integer") && is(branches.get(1), "string"),
        None => false,
    }
}

fn value(s: Props<'_>, skip_any_of: bool, skip_first: bool, level: Level, at: &At<'_>, errors: &mut Vec<FieldError>) {
    if !skip_any_of {
        for (i, b) in s.branches("anyOf").enumerate() {
            nested(b, false, level, &at.child("anyOf").index(i), errors);
        }
    }
    for (i, b) in s.branches("allOf").enumerate() {
        nested(b, skip_first && i == 0, level, &at.child("allOf").index(i), errors);
    }
    for (i, b) in s.branches("oneOf").enumerate() {
        nested(b, false, level, &at.child("oneOf").index(i), errors);
    }
    if let Some(not) = s.schema("not") {
        nested(not, false, level, &at.child("not"), errors);
    }
    let pattern = s.text("pattern");
    if !pattern.is_empty()
        && let Err(e) = re2::translate(pattern)
    {
        let detail = format!("must be a valid regular expression, but isn't: {e}");
        errors.push(FieldError::invalid(at.child("pattern"), pattern, detail));
    }
}

/// What a branch of anyOf, allOf, oneOf or not must leave to the structure around it, and how that is said.
const FORBIDDEN: [(&str, &str); 12] = [
    ("type", "must be empty to be structural"),
    ("default", "must be undefined to be structural"),
    ("title", "must be empty to be structural"),
    ("description", "must be empty to be structural"),
    ("nullable", "must be false to be structural"),
    ("x-kubernetes-preserve-unknown-fields", "must be false to be structural"),
    ("x-kubernetes-embedded-resource", "must be false to be structural"),
    ("x-kubernetes-int-or-string", "must be false to be structural"),
    ("x-kubernetes-list-map-keys", "must be empty to be structural"),
    ("x-kubernetes-list-type", "must be undefined to be structural"),
    ("x-kubernetes-map-type", "must be undefined to be structural"),
    ("x-kubernetes-validations", "must be empty to be structural"),
];

fn nested(s: Props<'_>, skip_any_of: bool, level: Level, at: &At<'_>, errors: &mut Vec<FieldError>) {
    value(s, skip_any_of, false, level, at, errors);
    if enough(errors) {
        return;
    }
    if let Some(items) = s.schema("items") {
        nested(items, false, level, &at.child("items"), errors);
    }
    for (k, p) in s.properties() {
        nested(p, false, Level::Field, &at.child("properties").key(k), errors);
    }
    if enough(errors) {
        return;
    }
    if !matches!(s.additional(), None | Some(Additional::Allowed(false))) {
        errors.push(FieldError::forbidden(at.child("additionalProperties"), "must be undefined to be structural"));
    }
    for (keyword, detail) in FORBIDDEN {
        if s.has(keyword) {
            errors.push(FieldError::forbidden(at.child(keyword), detail));
        }
    }
    // Otherwise metadata could be restricted further than is meant.
    if s.property("metadata").is_some() {
        let at = at.child("properties");
        errors.push(FieldError::forbidden(at.key("metadata"), "must not be specified in a nested context"));
    }
}

/// What the branches at the root speak of must be declared outside of them. Branches below the root are not looked at, as
/// upstream does not look at them.
fn complete(v: Props<'_>, s: Props<'_>, s_at: &At<'_>, v_at: &At<'_>, errors: &mut Vec<FieldError>) {
    if let Some(not) = v.schema("not") {
        declared(not, Some(s), s_at, &v_at.child("not"), errors);
    }
    for junctor in ["allOf", "anyOf", "oneOf"] {
        for (i, b) in v.branches(junctor).enumerate() {
            declared(b, Some(s), s_at, &v_at.child(junctor).index(i), errors);
        }
    }
}

fn declared(v: Props<'_>, s: Option<Props<'_>>, s_at: &At<'_>, v_at: &At<'_>, errors: &mut Vec<FieldError>) {
    if enough(errors) {
        return;
    }
    let Some(s) = s else {
        errors.push(FieldError::required(s_at, format!("because it is defined in {v_at}")));
        return;
    };
    complete(v, s, s_at, v_at, errors);
    if let Some(items) = v.schema("items") {
        declared(items, s.schema("items"), &s_at.child("items"), &v_at.child("items"), errors);
    }
    for (k, p) in v.properties() {
        declared(p, s.property(k), &s_at.child("properties").key(k), &v_at.child("properties").key(k), errors);
    }
}
