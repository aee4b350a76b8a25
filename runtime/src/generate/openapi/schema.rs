//! The published schema of a custom kind and of its list: the definition's own, with the members every object has. Version 2
//! loses what old clients cannot bear (X/controller/openapi/v2/conversion.go, X/controller/openapi/builder/builder.go).

use super::shared::{meta, property};
use super::{Flavour, Kind, reference};
use serde_json::{Map, Value, json};

const OBJECT_METADATA: &str = "Standard object's metadata. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata";
const LIST_METADATA: &str = "Standard list metadata. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#types-kinds";
const EMBEDDED_VERSION: &str = "apiVersion defines the versioned schema of this representation of an object. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#resources";
const EMBEDDED_KIND: &str = "kind is a string value representing the type of this object. In CamelCase. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#types-kinds";
const PRESERVE: &str = "x-kubernetes-preserve-unknown-fields";

/// The schema of the kind.
pub(super) fn kind(kind: &Kind<'_>, flavour: Flavour) -> Value {
    let own = kind.version.open_api();
    let mut out = match own.as_object() {
        // kubectl would take further members for unknown ones.
        Some(own) if flavour == Flavour::V2 && is_true(own, PRESERVE) => {
            Map::from_iter([("type".into(), "object".into())])
        }
        Some(own) => {
            let mut out = node(own, flavour);
            let mut members = take_properties(&mut out);
            members.insert("metadata".into(), described(&meta("ObjectMeta"), OBJECT_METADATA, flavour));
            for name in ["apiVersion", "kind"] {
                members.insert(name.into(), property(&meta("Status"), name));
            }
            out.insert("properties".into(), members.into());
            out
        }
        None => Map::from_iter([("type".into(), "object".into())]),
    };
    extensions(&mut out, kind, &kind.definition().names.kind);
    out.into()
}

/// The schema of its list.
pub(super) fn list(kind: &Kind<'_>, flavour: Flavour) -> Value {
    let names = &kind.definition().names;
    let items = format!(
        "List of {}. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md",
        names.plural
    );
    let mut out = Map::from_iter([
        ("type".into(), json!("object")),
        ("description".into(), format!("{} is a list of {}", names.list_kind, names.kind).into()),
        ("required".into(), json!(["items"])),
        (
            "properties".into(),
            json!({
                "apiVersion": property(&meta("Status"), "apiVersion"),
                "kind": property(&meta("Status"), "kind"),
                "metadata": described(&meta("ListMeta"), LIST_METADATA, flavour),
                "items": {"type": "array", "description": items, "items": reference(&kind.model(&names.kind), flavour)},
            }),
        ),
    ]);
    extensions(&mut out, kind, &names.list_kind);
    out.into()
}

fn extensions(schema: &mut Map<String, Value>, kind: &Kind<'_>, name: &str) {
    schema.insert("x-kubernetes-group-version-kind".into(), json!([kind.gvk(name)]));
    let fields = &kind.version.selectable_fields;
    if !fields.is_empty() {
        let fields: Vec<Value> =
            fields.iter().map(|f| json!({"fieldPath": f.strip_prefix('.').unwrap_or(f)})).collect();
        schema.insert("x-kubernetes-selectable-fields".into(), fields.into());
    }
}

fn is_true(schema: &Map<String, Value>, key: &str) -> bool {
    schema.get(key) == Some(&Value::Bool(true))
}

fn take_properties(schema: &mut Map<String, Value>) -> Map<String, Value> {
    match schema.remove("properties") {
        Some(Value::Object(o)) => o,
        _ => Map::new(),
    }
}

/// A reference with a description, which version 3 has to wrap.
fn described(model: &str, description: &str, flavour: Flavour) -> Value {
    let reference = reference(model, flavour);
    match flavour {
        Flavour::V2 => json!({"$ref": reference["$ref"], "description": description}),
        Flavour::V3 => json!({"allOf": [reference], "description": description}),
    }
}

/// A node of a structural schema as it is published: absent members and those of no meaning are left out.
fn node(schema: &Map<String, Value>, flavour: Flavour) -> Map<String, Value> {
    let mut out = Map::new();
    for (key, value) in schema {
        if let Some(value) = member(key, value, flavour) {
            out.insert(key.clone(), value);
        }
    }
    if is_true(schema, "x-kubernetes-int-or-string") && flavour == Flavour::V3 {
        spell_int_or_string(&mut out);
    }
    if flavour == Flavour::V2 {
        downgrade(&mut out, schema);
    }
    let embedded = is_true(schema, "x-kubernetes-embedded-resource");
    if embedded && !(flavour == Flavour::V2 && is_true(schema, PRESERVE)) {
        embed(&mut out, flavour);
    }
    out
}

fn member(key: &str, value: &Value, flavour: Flavour) -> Option<Value> {
    let sub = |v: &Value| v.as_object().map(|o| Value::Object(node(o, flavour)));
    let kept = match key {
        "properties" => {
            let members = value.as_object()?.iter().filter_map(|(k, v)| Some((k.clone(), sub(v)?)));
            Value::Object(members.collect())
        }
        "items" | "not" => sub(value)?,
        "additionalProperties" => match value {
            Value::Bool(_) => value.clone(),
            other => sub(other)?,
        },
        "allOf" | "anyOf" | "oneOf" => value.as_array()?.iter().filter_map(sub).collect(),
        "type" | "format" | "title" | "description" | "pattern" | "default" | "example" | "externalDocs"
        | "nullable" | "enum" | "required" | "maximum" | "exclusiveMaximum" | "minimum" | "exclusiveMinimum"
        | "multipleOf" | "maxLength" | "minLength" | "maxItems" | "minItems" | "uniqueItems" | "maxProperties"
        | "minProperties" => value.clone(),
        _ if key.starts_with("x-kubernetes-") => value.clone(),
        _ => return None,
    };
    let empty = match &kept {
        Value::Null => true,
        Value::Bool(b) => !b && key != "additionalProperties" && key != "default" && key != "example",
        Value::String(s) => s.is_empty() && key != "default" && key != "example",
        Value::Array(a) => a.is_empty() && key != "default" && key != "example",
        Value::Object(o) => o.is_empty() && key == "properties",
        Value::Number(_) => false,
    };
    (!empty).then_some(kept)
}

/// What `x-kubernetes-int-or-string` means, in keywords, unless the author wrote it so (X/apiserver/schema/unfold.go).
fn spell_int_or_string(out: &mut Map<String, Value>) {
    let meaning = json!([{"type": "integer"}, {"type": "string"}]);
    let of_all = |out: &Map<String, Value>| {
        out.get("allOf").and_then(|a| a.get(0)).and_then(|f| f.get("anyOf")) == Some(&meaning)
    };
    match out.get("anyOf") {
        Some(any) if *any == meaning => {}
        _ if of_all(out) => {}
        None => {
            out.insert("anyOf".into(), meaning);
        }
        Some(_) => {
            let mut all = vec![json!({"anyOf": meaning})];
            if let Some(Value::Array(more)) = out.remove("allOf") {
                all.extend(more);
            }
            out.insert("allOf".into(), all.into());
        }
    }
}

/// Drops what version 2 does not have and what its readers stumble over. Children are downgraded already, so what they
/// were is read from `schema`.
fn downgrade(out: &mut Map<String, Value>, schema: &Map<String, Value>) {
    for key in ["allOf", "anyOf", "oneOf", "not", "default", "nullable"] {
        out.remove(key);
    }
    let (nullable, preserve) = (is_true(schema, "nullable"), is_true(schema, PRESERVE));
    if nullable || preserve {
        out.remove("items");
        out.remove("properties");
    }
    let type_ = out.get("type").and_then(Value::as_str);
    let untyped =
        nullable || (type_ == Some("array") && !out.contains_key("items")) || (preserve && type_ == Some("object"));
    if untyped {
        out.remove("type");
    }
    let nullable_member = |name: &Value| {
        let member = schema.get("properties").and_then(|p| p.get(name.as_str()?)).and_then(Value::as_object);
        member.is_some_and(|m| is_true(m, "nullable"))
    };
    if out.contains_key("properties")
        && let Some(Value::Array(required)) = out.get_mut("required")
    {
        required.retain(|name| !nullable_member(name));
    }
    let value = schema.get("additionalProperties").and_then(Value::as_object);
    let none_left = out.get("required").and_then(Value::as_array).is_some_and(Vec::is_empty);
    if none_left || value.is_some_and(|v| is_true(v, "nullable")) {
        out.remove("required");
    }
}

/// An embedded resource has the members of an object.
fn embed(out: &mut Map<String, Value>, flavour: Flavour) {
    let mut members = take_properties(out);
    for (name, description) in [("apiVersion", EMBEDDED_VERSION), ("kind", EMBEDDED_KIND)] {
        members.insert(name.into(), json!({"type": "string", "description": description}));
    }
    members.insert("metadata".into(), described(&meta("ObjectMeta"), OBJECT_METADATA, flavour));
    out.insert("properties".into(), members.into());
    let mut required = match out.remove("required") {
        Some(Value::Array(r)) => r,
        _ => Vec::new(),
    };
    for name in ["kind", "apiVersion"] {
        if !required.iter().any(|r| r == name) {
            required.push(name.into());
        }
    }
    out.insert("required".into(), required.into());
}
