//! Which JSON schema keyword is structure, which is validation, and how those of draft 2020-12 read in Kubernetes.

use super::{INT_OR_STRING, Node, PRESERVE};
use serde_json::{Value, json};

/// Keywords that make a branch more than a value validation.
pub(super) fn is_structure(k: &str) -> bool {
    matches!(
        k,
        "type"
            | "$ref"
            | "const"
            | "additionalProperties"
            | "patternProperties"
            | "prefixItems"
            | "nullable"
            | "default"
            | "title"
            | "description"
            | "exclusiveMinimum"
            | "exclusiveMaximum"
    ) || k.starts_with("x-")
}

/// Whether a keyword restricts values, or says that they are open on purpose.
pub(super) fn says_something(k: &str) -> bool {
    !matches!(
        k,
        "title"
            | "description"
            | "default"
            | "example"
            | "examples"
            | "deprecated"
            | "$schema"
            | "$comment"
            | "nullable"
    )
}

/// Takes a keyword over, as Kubernetes spells it.
pub(super) fn copy(k: &str, v: Value, out: &mut Node) {
    match (k, v) {
        ("const", Value::Null) => *out = super::factor::null(),
        ("const", v) => {
            out.insert("enum".into(), json!([v]));
        }
        ("enum", Value::Array(mut all)) => {
            if all.iter().any(Value::is_null) {
                all.retain(|v| !v.is_null());
                out.insert("nullable".into(), true.into());
            }
            out.insert("enum".into(), Value::Array(all));
        }
        ("type", v) if v == "null" => *out = super::factor::null(),
        ("exclusiveMinimum", n @ Value::Number(_)) => {
            out.insert("minimum".into(), n);
            out.insert("exclusiveMinimum".into(), true.into());
        }
        ("exclusiveMaximum", n @ Value::Number(_)) => {
            out.insert("maximum".into(), n);
            out.insert("exclusiveMaximum".into(), true.into());
        }
        ("examples", Value::Array(mut all)) if !all.is_empty() => {
            out.entry("example").or_insert(all.swap_remove(0));
        }
        // Kubernetes refuses the keyword. A set of scalars is a list of type set.
        ("uniqueItems", Value::Bool(true)) => {
            out.insert("uniqueItems".into(), true.into());
        }
        ("deprecated", Value::Bool(true)) => {
            let old = out.get("description").and_then(Value::as_str).unwrap_or_default();
            if !old.starts_with("Deprecated") {
                out.insert("description".into(), format!("Deprecated. {old}").trim_end().into());
            }
        }
        (
            "type"
            | "format"
            | "title"
            | "description"
            | "default"
            | "example"
            | "nullable"
            | "minimum"
            | "maximum"
            | "exclusiveMinimum"
            | "exclusiveMaximum"
            | "multipleOf"
            | "minLength"
            | "maxLength"
            | "pattern"
            | "minItems"
            | "maxItems"
            | "minProperties"
            | "maxProperties"
            | "required"
            | "not"
            | "externalDocs"
            | super::RULES
            | PRESERVE
            | INT_OR_STRING
            | "x-kubernetes-embedded-resource"
            | "x-kubernetes-list-type"
            | "x-kubernetes-list-map-keys"
            | "x-kubernetes-map-type"
            | super::CLOSED
            | super::OPTIONAL
            | super::FLAT,
            v,
        ) => {
            out.insert(k.into(), v);
        }
        // Read-only, content encodings, conditionals: Kubernetes knows none of them.
        _ => {}
    }
}

/// Rust's number types and sets in Kubernetes' words. Its integers are 64 bits, so a larger one cannot be in an object.
pub(super) fn numbers(node: &mut Node) {
    let bounds: Option<(Option<i64>, Option<i64>, &str)> = match node.get("format").and_then(Value::as_str) {
        Some("int8") => Some((Some(i8::MIN.into()), Some(i8::MAX.into()), "int32")),
        Some("int16") => Some((Some(i16::MIN.into()), Some(i16::MAX.into()), "int32")),
        Some("uint8") => Some((Some(0), Some(u8::MAX.into()), "int32")),
        Some("uint16") => Some((Some(0), Some(u16::MAX.into()), "int32")),
        Some("uint32") => Some((Some(0), Some(u32::MAX.into()), "int64")),
        Some("uint64" | "uint" | "uint128") => Some((Some(0), None, "int64")),
        Some("int" | "int128") => Some((None, None, "int64")),
        _ => None,
    };
    if let Some((min, max, format)) = bounds {
        node.insert("format".into(), format.into());
        if let Some(n) = min {
            node.entry("minimum").or_insert(n.into());
        }
        if let Some(n) = max {
            node.entry("maximum").or_insert(n.into());
        }
    }
    if node.remove("uniqueItems").is_some() {
        let scalar = node.get("items").and_then(|i| i.get("type")).and_then(Value::as_str);
        if matches!(scalar, Some("string" | "integer" | "number" | "boolean")) {
            node.entry("x-kubernetes-list-type").or_insert("set".into());
        }
    }
}
