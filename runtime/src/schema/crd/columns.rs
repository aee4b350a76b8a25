//! Printer columns and the paths of the scale subresource.

use super::at::At;
use crate::status::field::FieldError;
use serde_json::Value;

const TYPES: [&str; 5] = ["boolean", "date", "integer", "number", "string"];
const FORMATS: [&str; 8] = ["byte", "date", "date-time", "double", "float", "int32", "int64", "password"];

fn text<'a>(v: &'a Value, field: &str) -> &'a str {
    v.get(field).and_then(Value::as_str).unwrap_or_default()
}

/// What is wrong with one column. Whether its path is more than a dot and something is not asked, as upstream does not.
pub(super) fn column(column: &Value, at: &At<'_>, errors: &mut Vec<FieldError>) {
    if text(column, "name").is_empty() {
        errors.push(FieldError::required(at.child("name"), ""));
    }
    let (type_, format) = (text(column, "type"), text(column, "format"));
    let one_of = |all: &[&str]| format!("must be one of {}", all.join(","));
    if type_.is_empty() {
        errors.push(FieldError::required(at.child("type"), one_of(&TYPES)));
    } else if !TYPES.contains(&type_) {
        errors.push(FieldError::invalid(at.child("type"), type_, one_of(&TYPES)));
    }
    if !format.is_empty() && !FORMATS.contains(&format) {
        errors.push(FieldError::invalid(at.child("format"), format, one_of(&FORMATS)));
    }
    // The field is called so in upstream's internal form, and so in its errors.
    simple_path(text(column, "jsonPath"), &at.child("JSONPath"), errors);
}

/// Whether the path passed.
fn simple_path(path: &str, at: &At<'_>, errors: &mut Vec<FieldError>) -> bool {
    if path.is_empty() {
        errors.push(FieldError::required(at, ""));
    } else if !path.starts_with('.') {
        errors.push(FieldError::invalid(at, path, "must be a simple json path starting with ."));
    }
    path.starts_with('.')
}

/// What is wrong with `subresources`.
pub(super) fn subresources(subresources: &Value, at: &At<'_>, errors: &mut Vec<FieldError>) {
    let Some(scale) = subresources.get("scale") else { return };
    let mut check = |field: &str, below: &[&str], detail: &str| {
        let path = text(scale, field);
        let at = at.child("scale");
        let at = at.child(field);
        if simple_path(path, &at, errors) && !below.iter().any(|b| path.starts_with(b)) {
            errors.push(FieldError::invalid(at, path, detail));
        }
    };
    check("specReplicasPath", &[".spec."], "should be a json path under .spec");
    check("statusReplicasPath", &[".status."], "should be a json path under .status");
    if !text(scale, "labelSelectorPath").is_empty() {
        let detail = "should be a json path under either .spec or .status";
        check("labelSelectorPath", &[".spec.", ".status."], detail);
    }
}
