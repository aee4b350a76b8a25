//! Validation of apiVersion, kind and metadata in embedded resources (apiextensions `schema/objectmeta`).

use super::place::Place;
use crate::resource::validate::dns1035_label;
use crate::schema::metadata;
use crate::schema::node::Node;
use crate::status::field::{FieldError, Path};
use serde_json::{Map, Value};

pub(super) fn validate(place: &Place<'_>, x: &Value, node: &Node, errors: &mut Vec<FieldError>) {
    if !node.has_embedded {
        return;
    }
    match x {
        Value::Object(map) => {
            if node.embedded {
                resource(&place.path(), map, errors);
            }
            for (k, v) in map {
                if let Some(n) = node.property(k) {
                    validate(&place.child(k), v, n, errors);
                } else if let Some(n) = node.additional_schema() {
                    validate(&place.key(k), v, n, errors);
                }
            }
        }
        Value::Array(items) => {
            if let Some(n) = node.items.as_deref().filter(|n| n.has_embedded) {
                for (i, v) in items.iter().enumerate() {
                    validate(&place.index(i), v, n, errors);
                }
            }
        }
        _ => {}
    }
}

pub(super) fn resource(path: &Path, map: &Map<String, Value>, errors: &mut Vec<FieldError>) {
    for key in ["apiVersion", "kind"] {
        let path = path.child(key);
        let text = match map.get(key) {
            None => {
                errors.push(FieldError::required(path, ""));
                continue;
            }
            Some(Value::String(s)) => s,
            Some(v) => {
                errors.push(FieldError::invalid(path, v.clone(), "must be a string"));
                continue;
            }
        };
        if text.is_empty() {
            errors.push(FieldError::invalid(path, "", "must not be empty"));
        } else if key == "apiVersion" {
            if text.matches('/').count() > 1 {
                let detail = format!("unexpected GroupVersion string: {text}");
                errors.push(FieldError::invalid(path, text.as_str(), detail));
            }
        } else {
            let found = dns1035_label(&text.to_lowercase());
            if !found.is_empty() {
                let detail = format!("may have mixed case, but should otherwise match: {}", found.join(","));
                errors.push(FieldError::invalid(path, text.as_str(), detail));
            }
        }
    }
    if let Some(meta) = map.get("metadata") {
        metadata::validate(&path.child("metadata"), meta, errors);
    }
}
