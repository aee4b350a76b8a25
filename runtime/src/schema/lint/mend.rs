//! What to do about a refusal. The words of the API server say what is wrong; these say which change makes it right.

use super::here;
use crate::schema::crd::{self, Missing};
use crate::status::field::{FieldError, Kind};
use serde_json::Value;

/// Faults that have a mend of their own, by a part of their words.
const KNOWN: [(&str, &str); 8] = [
    ("must not be empty for specified", "say which type it has, or x-kubernetes-preserve-unknown-fields: true for any"),
    ("must not have unknown fields", "declare the field in the schema, or take it out of the default"),
    ("must result in valid metadata", "make the default fit the metadata of a resource"),
    ("protected groups must have approval", "use a group of your own, which does not end in k8s.io or kubernetes.io"),
    ("compilation failed", "correct the expression; self has the fields that the schema declares here"),
    ("must evaluate to a", "make the expression say that"),
    (
        "oldSelf cannot be used on the uncorrelatable portion",
        "make the list a map list with keys, or move the rule above it",
    ),
    ("may not be set if oldSelf is not used", "remove optionalOldSelf"),
];

/// Whether an error is about the cost of all rules together.
pub(super) fn is_of_total(error: &FieldError) -> bool {
    error.detail.contains("estimated rule cost total")
}

/// What to do about an error of a definition, which was decoded.
pub(super) fn of(crd: &Value, error: &FieldError) -> String {
    let too_costly =
        error.detail.contains("estimated rule cost") || error.detail.contains("estimated messageExpression");
    if too_costly && let Some(missing) = crd::missing_bounds(crd, &error.field) {
        return bounds(&missing);
    }
    if too_costly {
        return "set the bounds that the rules named beside this one lack".to_owned();
    }
    if let Some((_, mend)) = KNOWN.iter().find(|(words, _)| error.detail.contains(words)) {
        return (*mend).to_owned();
    }
    if error.field.ends_with(".default") || error.field.contains(".default.") || error.field.contains(".default[") {
        return "make the default a value that its own schema and rules accept".to_owned();
    }
    let last = error.field.rsplit('.').next().unwrap_or_default();
    match error.kind {
        Kind::Required => format!("set {last}"),
        Kind::Forbidden => format!("remove {last}"),
        Kind::NotSupported => format!("set {last} to one of the supported values"),
        Kind::Duplicate => "remove one of the two".to_owned(),
        Kind::TooLong | Kind::TooMany => format!("shorten {last}"),
        _ => format!("correct {last}"),
    }
}

fn bounds(missing: &Missing) -> String {
    let places: Vec<String> =
        missing.places.iter().map(|(path, keyword)| format!("{keyword} on {}", here(path))).collect();
    let named = match places.as_slice() {
        [all @ .., last] if !all.is_empty() => format!("{} and {last}", all.join(", ")),
        all => all.concat(),
    };
    match (missing.bound, places.len()) {
        (_, 0) => "simplify the rule: everything that it reads is bounded already; or lower the bounds".to_owned(),
        (Some(n), 1) => format!("set {named} to {n} or less"),
        (Some(n), _) => format!("set {named}, each to {n} or less"),
        (None, _) => format!("simplify the rule; bounds alone do not help, not even those that are missing: {named}"),
    }
}
