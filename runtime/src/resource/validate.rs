//! What metadata may be (M/api/validation/objectmeta.go, M/util/validation): names, labels, annotations, finalizers, owners,
//! and what an update may not change. Types of fields are `schema::metadata`'s.

use super::Object;
use crate::status::field::{BadValue, FieldError, Path};
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::collections::BTreeSet;

const QUALIFIED: &str = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const SUBDOMAIN: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const LABEL: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const LABEL_1035: &str = "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";
const LABEL_VALUE: &str = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
/// Finalizers that Kubernetes itself has.
const STANDARD_FINALIZERS: [&str; 3] = ["orphan", "foregroundDeletion", "kubernetes"];
/// All annotations of an object together, in bytes.
const MAX_ANNOTATIONS: usize = 256 * 1024;

/// What names of a kind look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameRule {
    /// DNS-1123 subdomain: custom resources and most kinds.
    Subdomain,
    /// DNS-1123 label: namespaces.
    Label,
    /// Whatever a path can hold: what is left to check of a name that there is.
    Segment,
}

fn alnum_ends(s: &str, inner: impl Fn(u8) -> bool, edge: impl Fn(u8) -> bool) -> bool {
    let b = s.as_bytes();
    match (b.first(), b.last()) {
        (Some(f), Some(l)) => edge(*f) && edge(*l) && b.iter().all(|c| inner(*c)),
        _ => false,
    }
}

fn lower(c: u8) -> bool {
    c.is_ascii_lowercase() || c.is_ascii_digit()
}

/// What names say; labels say bytes and mean the same.
fn too_long(max: usize) -> String {
    format!("must be no more than {max} characters")
}

fn too_many_bytes(max: usize) -> String {
    format!("must be no more than {max} bytes")
}

fn is_label(s: &str) -> bool {
    alnum_ends(s, |c| lower(c) || c == b'-', lower)
}

/// What is wrong with a DNS-1123 subdomain.
pub fn dns1123_subdomain(s: &str) -> Vec<String> {
    let mut out = Vec::new();
    if s.len() > 253 {
        out.push(too_long(253));
    }
    if !s.split('.').all(is_label) {
        out.push(SUBDOMAIN.into());
    }
    out
}

/// What is wrong with a DNS-1123 label.
pub fn dns1123_label(s: &str) -> Vec<String> {
    let mut out = Vec::new();
    if s.len() > 63 {
        out.push(too_long(63));
    }
    if !is_label(s) {
        let dotted = s.split('.').all(is_label);
        out.push(if dotted { "must not contain dots" } else { LABEL }.into());
    }
    out
}

/// What is wrong with a DNS-1035 label.
pub fn dns1035_label(s: &str) -> Vec<String> {
    let mut out = Vec::new();
    if s.len() > 63 {
        // Of all names, these alone are said to be counted in characters.
        out.push("must be no more than 63 characters".into());
    }
    if !(is_label(s) && s.starts_with(|c: char| c.is_ascii_lowercase())) {
        out.push(LABEL_1035.into());
    }
    out
}

fn name_part(s: &str) -> bool {
    alnum_ends(s, |c| c.is_ascii_alphanumeric() || b"-_.".contains(&c), |c| c.is_ascii_alphanumeric())
}

/// What is wrong with a qualified name: `name` or `prefix/name`.
pub fn qualified_name(s: &str) -> Vec<String> {
    let mut out = Vec::new();
    let parts: Vec<&str> = s.split('/').collect();
    let name = match parts[..] {
        [name] => name,
        [prefix, name] => {
            if prefix.is_empty() {
                out.push("prefix part must be non-empty".into());
            } else {
                let bytes = |e: String| e.replace(&too_long(253), &too_many_bytes(253));
                out.extend(dns1123_subdomain(prefix).into_iter().map(|e| format!("prefix part {}", bytes(e))));
            }
            name
        }
        _ => {
            return vec![format!(
                "a valid label key {QUALIFIED} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
            )];
        }
    };
    if name.is_empty() {
        out.push("name part must be non-empty".into());
    } else if name.len() > 63 {
        out.push(format!("name part {}", too_many_bytes(63)));
    }
    if !name_part(name) {
        out.push(format!("name part {QUALIFIED}"));
    }
    out
}

/// What is wrong with a label's value.
pub fn label_value(s: &str) -> Vec<String> {
    let mut out = Vec::new();
    if s.len() > 63 {
        out.push(too_many_bytes(63));
    }
    if !s.is_empty() && !name_part(s) {
        out.push(LABEL_VALUE.into());
    }
    out
}

/// A prefix as the name it may begin: what is appended makes a dash at its end whole. Upstream takes the character before
/// the dash with it.
pub(crate) fn mask_trailing_dash(name: &str) -> Cow<'_, str> {
    let Some(stem) = name.strip_suffix('-') else { return name.into() };
    match stem.chars().next_back() {
        Some(last) if last.is_ascii() => format!("{}a", &stem[..stem.len() - 1]).into(),
        _ => name.into(),
    }
}

/// What is wrong with a name as a part of a path; a prefix may yet become another one.
pub fn path_segment(name: &str, whole: bool) -> Vec<String> {
    if whole && matches!(name, "." | "..") {
        return vec![format!("may not be '{name}'")];
    }
    ["/", "%"].iter().filter(|c| name.contains(**c)).map(|c| format!("may not contain '{c}'")).collect()
}

fn name_problems(rule: NameRule, name: &str, prefix: bool) -> Vec<String> {
    let masked = if prefix { mask_trailing_dash(name) } else { name.into() };
    match rule {
        NameRule::Segment => path_segment(name, !prefix),
        NameRule::Subdomain => dns1123_subdomain(&masked),
        NameRule::Label => dns1123_label(&masked),
    }
}

/// What is wrong with an object's metadata.
pub fn metadata(object: &Object, namespaced: bool, rule: NameRule) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let at = Path::new("metadata");
    let generate = object.meta_str("generateName");
    for problem in Some(generate).filter(|g| !g.is_empty()).map_or_else(Vec::new, |g| name_problems(rule, g, true)) {
        errors.push(FieldError::invalid(at.child("generateName"), generate, problem));
    }
    if object.name().is_empty() {
        errors.push(FieldError::required(at.child("name"), "name or generateName is required"));
    } else {
        for problem in name_problems(rule, object.name(), false) {
            errors.push(FieldError::invalid(at.child("name"), object.name(), problem));
        }
    }
    if namespaced {
        if object.namespace().is_empty() {
            errors.push(FieldError::required(at.child("namespace"), ""));
        } else {
            for problem in dns1123_label(object.namespace()) {
                errors.push(FieldError::invalid(at.child("namespace"), object.namespace(), problem));
            }
        }
    }
    if object.generation() < 0 {
        errors.push(FieldError::invalid(
            at.child("generation"),
            object.generation(),
            "must be greater than or equal to 0",
        ));
    }
    errors.extend(described(object));
    finalizers(object, &at.child("finalizers"), &mut errors);
    errors
}

/// What is wrong with labels, annotations and owners.
fn described(object: &Object) -> Vec<FieldError> {
    let (mut errors, at) = (Vec::new(), Path::new("metadata"));
    let empty = Map::new();
    let map = |field: &str| object.meta(field).and_then(Value::as_object).unwrap_or(&empty);
    for (k, v) in map("labels") {
        let field = at.child("labels");
        errors.extend(qualified_name(k).into_iter().map(|p| FieldError::invalid(&field, k.as_str(), p)));
        let v = v.as_str().unwrap_or_default();
        errors.extend(label_value(v).into_iter().map(|p| FieldError::invalid(&field, v, p)));
    }
    let mut total = 0;
    for (k, v) in map("annotations") {
        let field = at.child("annotations");
        let problems = qualified_name(&k.to_lowercase());
        errors.extend(problems.into_iter().map(|p| FieldError::invalid(&field, k.as_str(), p)));
        total += k.len() + v.as_str().map_or(0, str::len);
    }
    if total > MAX_ANNOTATIONS {
        errors.push(FieldError::too_long(at.child("annotations"), MAX_ANNOTATIONS));
    }
    owners(object, &at.child("ownerReferences"), &mut errors);
    errors
}

fn owners(object: &Object, at: &Path, errors: &mut Vec<FieldError>) {
    let Some(list) = object.meta("ownerReferences").and_then(Value::as_array) else { return };
    let mut controller: Option<String> = None;
    for owner in list {
        let text = |f: &str| owner.get(f).and_then(Value::as_str).unwrap_or_default();
        if text("apiVersion").is_empty() || text("apiVersion").matches('/').count() > 1 {
            errors.push(FieldError::invalid(at.child("apiVersion"), text("apiVersion"), "version must not be empty"));
        }
        for field in ["kind", "name", "uid"] {
            if text(field).is_empty() {
                errors.push(FieldError::invalid(at.child(field), text(field), "must not be empty"));
            }
        }
        if text("kind") == "Event" && text("apiVersion") == "v1" {
            let detail = "/v1, Kind=Event is disallowed from being an owner";
            errors.push(FieldError {
                value: BadValue::Raw(go_order(owner)),
                ..FieldError::invalid(at, Value::Null, detail)
            });
        }
        if owner.get("controller") == Some(&Value::Bool(true)) {
            let name = format!("{}/{}", text("kind"), text("name"));
            match &controller {
                None => controller = Some(name),
                Some(first) => {
                    let detail = format!(
                        "Only one reference can have Controller set to true. Found \"true\" in references for {first} and {name}"
                    );
                    errors.push(FieldError {
                        value: BadValue::Raw(format!("[{}]", list.iter().map(go_order).collect::<Vec<_>>().join(","))),
                        ..FieldError::invalid(at, Value::Null, detail)
                    });
                }
            }
        }
    }
}

/// An owner reference as Go prints it: its fields in the order of the type.
fn go_order(owner: &Value) -> String {
    let fields = ["apiVersion", "kind", "name", "uid", "controller", "blockOwnerDeletion"];
    let parts: Vec<String> = fields.iter().filter_map(|f| Some(format!("\"{f}\":{}", owner.get(*f)?))).collect();
    format!("{{{}}}", parts.join(","))
}

fn finalizers(object: &Object, at: &Path, errors: &mut Vec<FieldError>) {
    let all = object.finalizers();
    for f in &all {
        errors.extend(qualified_name(f).into_iter().map(|p| FieldError::invalid(at, *f, p)));
    }
    if all.contains(&"orphan") && all.contains(&"foregroundDeletion") {
        let detail = "finalizer orphan and foregroundDeletion cannot be both set";
        let value: Vec<Value> = all.iter().map(|f| Value::from(*f)).collect();
        errors.push(FieldError::invalid(at, value, detail));
    }
}

/// What an update changes in the metadata but may not.
pub fn metadata_update(new: &Object, old: &Object) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let at = Path::new("metadata");
    if old.is_terminating() {
        let had = old.finalizers();
        let added: BTreeSet<&str> = new.finalizers().into_iter().filter(|f| !had.contains(f)).collect();
        if !added.is_empty() {
            let quoted: Vec<String> = added.iter().map(|f| format!("{f:?}")).collect();
            let detail = format!(
                "no new finalizers can be added if the object is being deleted, found new finalizers []string{{{}}}",
                quoted.join(", ")
            );
            errors.push(FieldError::forbidden(at.child("finalizers"), detail));
        }
    }
    for field in ["name", "namespace", "uid"] {
        if new.meta_str(field) != old.meta_str(field) {
            errors.push(FieldError::invalid(at.child(field), new.meta_str(field), "field is immutable"));
        }
    }
    for field in ["deletionTimestamp", "deletionGracePeriodSeconds"] {
        if new.meta(field) != old.meta(field) {
            let value = new.meta(field).cloned().unwrap_or_default();
            errors.push(FieldError::invalid(at.child(field), value, "field is immutable"));
        }
    }
    errors.extend(described(new));
    if new.generation() < old.generation() {
        errors.push(FieldError::invalid(at.child("generation"), new.generation(), "must not be decremented"));
    }
    errors
}

/// What is wrong with a finalizer of a kind of the core group, of which only the standard ones may do without a path.
pub fn core_finalizer(name: &str, at: &Path) -> Option<FieldError> {
    let wrong = !name.contains('/') && !STANDARD_FINALIZERS.contains(&name);
    let detail = "name is neither a standard finalizer name nor is it fully qualified";
    wrong.then(|| FieldError::invalid(at, name, detail))
}

/// Warnings about finalizers that others may use too (C20); on update about new ones only.
pub fn finalizer_warnings(new: &Object, old: Option<&Object>) -> Vec<String> {
    let had = old.map(Object::finalizers).unwrap_or_default();
    let added: BTreeSet<&str> = new.finalizers().into_iter().filter(|f| !had.contains(f)).collect();
    let mut out = Vec::new();
    for f in added.into_iter().filter(|f| !STANDARD_FINALIZERS.contains(f) && !f.contains('/')) {
        let advice = if f.contains('.') {
            "prefer a domain-qualified finalizer name including a path (/) to avoid accidental conflicts with other finalizer writers"
        } else {
            "prefer a domain-qualified finalizer name to avoid accidental conflicts with other finalizer writers"
        };
        out.push(format!("metadata.finalizers: {f:?}: {advice}"));
    }
    out
}
