//! The names of a kind, in `spec.names` and in `status.acceptedNames`.

use super::at::At;
use crate::resource::validate::dns1035_label;
use crate::status::field::FieldError;
use serde_json::Value;

/// What is wrong with the names that are given.
pub(super) fn validate(names: &Value, at: &At<'_>, errors: &mut Vec<FieldError>) {
    let text = |field: &str| names.get(field).and_then(Value::as_str).unwrap_or_default();
    for field in ["plural", "singular", "kind", "listKind"] {
        let name = text(field);
        let kind = matches!(field, "kind" | "listKind");
        let found = if kind { dns1035_label(&name.to_lowercase()) } else { dns1035_label(name) };
        if !name.is_empty() && !found.is_empty() {
            let prefix = if kind { "may have mixed case, but should otherwise match: " } else { "" };
            errors.push(FieldError::invalid(at.child(field), name, format!("{prefix}{}", found.join(","))));
        }
    }
    let mut labels = |field: &str| {
        let list = names.get(field).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        for (i, name) in list.enumerate() {
            let found = dns1035_label(name);
            if !found.is_empty() {
                errors.push(FieldError::invalid(at.child(field).index(i), name, found.join(",")));
            }
        }
    };
    labels("shortNames");
    labels("categories");
    if !text("kind").is_empty() && text("kind") == text("listKind") {
        let detail = "kind and listKind may not be the same";
        errors.push(FieldError::invalid(at.child("listKind"), text("listKind"), detail));
    }
}
