//! Groups of the Kubernetes community: a definition in one needs the annotation that says who approved it.

use crate::status::field::{FieldError, Path};
use serde_json::Value;

/// The annotation.
pub(super) const ANNOTATION: &str = "api-approved.kubernetes.io";

/// What the annotation says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Invalid,
    Approved,
    Bypassed,
    Missing,
}

/// Whether a group is the community's.
pub(super) fn is_protected(group: &str) -> bool {
    ["k8s.io", "kubernetes.io"].iter().any(|g| group.strip_suffix(g).is_some_and(|p| p.is_empty() || p.ends_with('.')))
}

/// What a definition's annotation says, and the words for it.
pub(super) fn state(crd: &Value) -> (State, String) {
    let text = annotation(crd);
    if text.is_empty() {
        let why = format!(
            "protected groups must have approval annotation \"{ANNOTATION}\", see https://github.com/kubernetes/enhancements/pull/1111"
        );
        return (State::Missing, why);
    }
    if text.starts_with("unapproved") {
        return (State::Bypassed, format!("not approved: {}", Value::from(text)));
    }
    let url = text.split_once("://").is_some_and(|(scheme, rest)| {
        let scheme_ok = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b));
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        scheme_ok && !host.is_empty() && !rest.contains(|c: char| c.is_ascii_control() || c == ' ')
    });
    if url {
        return (State::Approved, format!("approved in {text}"));
    }
    let why = format!(
        "protected groups must have approval annotation \"{ANNOTATION}\" with either a URL or a reason starting with \"unapproved\", see https://github.com/kubernetes/enhancements/pull/1111"
    );
    (State::Invalid, why)
}

fn annotation(crd: &Value) -> &str {
    crd.pointer("/metadata/annotations").and_then(|a| a.get(ANNOTATION)).and_then(Value::as_str).unwrap_or_default()
}

/// What is wrong with the annotation, if the group needs one; a state that an update does not change is left alone.
pub(super) fn validate(group: &str, crd: &Value, old: Option<&Value>, errors: &mut Vec<FieldError>) {
    if !is_protected(group) {
        return;
    }
    let (new, why) = state(crd);
    if old.is_some_and(|o| state(o).0 == new) {
        return;
    }
    let at = Path::new("metadata").child("annotations").key(ANNOTATION);
    match new {
        State::Invalid => errors.push(FieldError::invalid(at, annotation(crd), why)),
        State::Missing => errors.push(FieldError::required(at, why)),
        State::Approved | State::Bypassed => {}
    }
}

#[cfg(test)]
mod tests {
    use super::is_protected;

    #[test]
    fn protected_groups_end_at_a_dot() {
        assert!(is_protected("k8s.io") && is_protected("a.k8s.io") && is_protected("x.kubernetes.io"));
        assert!(!is_protected("a.x-k8s.io") && !is_protected("k8s.io.example.com"));
    }
}
