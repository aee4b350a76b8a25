//! Selectable fields: few, unique, and each a scalar that the schema declares.

use super::at::At;
use super::props::Props;
use super::view::Spec;
use crate::schema::fieldpath::{self, Step};
use crate::status::field::FieldError;
use serde_json::Value;
use std::collections::HashSet;

/// As many as one version may have.
const MAX: usize = 8;

/// What is wrong with one version's `selectableFields`; `too_many` allows more than the most, for those that were there.
pub(super) fn validate(fields: &[Value], schema: Props<'_>, at: &At<'_>, too_many: bool, errors: &mut Vec<FieldError>) {
    let mut seen = HashSet::new();
    for (i, field) in fields.iter().enumerate() {
        let at = at.index(i);
        let at = at.child("jsonPath");
        let path = field.get("jsonPath").and_then(Value::as_str).unwrap_or_default();
        if path.is_empty() {
            errors.push(FieldError::required(at, ""));
            continue;
        }
        let (steps, found) = match fieldpath::resolve(path, schema, false) {
            Ok(found) => found,
            Err(e) => {
                errors.push(FieldError::invalid(at, path, format!("is an invalid path: {e}")));
                continue;
            }
        };
        if matches!(steps.first(), Some(Step::Field(f)) if f == "metadata") {
            errors.push(FieldError::invalid(at, path, "must not point to fields in metadata"));
        }
        if !found.is_some_and(|s| matches!(s.type_(), "string" | "boolean" | "integer")) {
            let detail = "must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.";
            errors.push(FieldError::invalid(at, path, detail));
        }
        // Without brackets, equal paths are equal texts.
        if !seen.insert(path) {
            errors.push(FieldError::duplicate(at, path));
        }
    }
    if seen.len() > MAX && !too_many {
        errors.push(FieldError::too_many(at, seen.len(), MAX));
    }
}

/// Versions that had more than the most and keep them as they were.
pub(super) fn kept_too_many<'a>(new: &Spec<'a>, old: &Spec<'a>) -> HashSet<&'a str> {
    let mut kept = HashSet::new();
    let many = |fields: &[Value]| fields.len() > MAX;
    if many(old.selectable) && old.selectable == new.selectable {
        kept.insert("");
    }
    for v in &new.versions {
        let before = old.versions.iter().find(|o| o.name == v.name);
        if before.is_some_and(|o| many(o.selectable) && o.selectable == v.selectable) {
            kept.insert(v.name);
        }
    }
    kept
}
