//! CustomResourceDefinition objects themselves: how they are read, their defaults, what is wrong with one, and the
//! conditions it is in. One file per concern; `spec` shows the order in which all is asked.
//!
//! ```
//! use kubegraft::schema::crd;
//! use serde_json::json;
//!
//! let mut widgets = json!({
//!     "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
//!     "metadata": {"name": "widgets.ex.io"},
//!     "spec": {
//!         "group": "ex.io", "scope": "Namespaced", "names": {"plural": "widgets", "kind": "Widget"},
//!         "versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": {
//!             "type": "object", "properties": {"spec": {"type": "object", "properties": {"size": {"type": "int"}}}},
//!         }}}],
//!     },
//! });
//! let mut unknown = Vec::new();
//! crd::decode(&mut widgets, &mut unknown).expect("every field has its type");
//! let (errors, warnings) = crd::validate_create(&widgets);
//! assert_eq!(
//!     errors[0].to_string(),
//!     "spec.validation.openAPIV3Schema.properties[spec].properties[size].type: Unsupported value: \"int\": \
//!      supported values: \"array\", \"boolean\", \"integer\", \"number\", \"object\", \"string\""
//! );
//! assert!(unknown.is_empty() && warnings.is_empty());
//! ```

mod approval;
mod at;
mod bounds;
mod columns;
mod conversion;
mod defaults;
mod kind;
mod lists;
mod names;
mod openapi;
mod options;
mod pem;
pub(crate) mod props;
mod rules;
mod selectable;
mod spec;
mod status;
mod structural;
mod tables;
mod url;
mod view;
mod warnings;

pub(in crate::schema) use bounds::{Missing, missing as missing_bounds};
pub use kind::definition;
pub(in crate::schema) use rules::TOO_COSTLY;
pub use status::{condition, set_condition, settle};

use super::{metadata, typed};
use crate::status::field::FieldError;
use at::At;
use options::Options;
use serde_json::{Value, json};
use view::Spec;

/// Reads a definition as upstream's decoder does: unknown members go (their paths to `unknown`), empty ones are left out,
/// defaults are set.
///
/// # Errors
/// A member of the wrong type, which upstream answers with 400 and this text.
pub fn decode(crd: &mut Value, unknown: &mut Vec<String>) -> Result<(), String> {
    metadata::coerce_root(crd, false, Some(unknown))?;
    typed::decode(crd, &tables::DEFINITION, "", Some(unknown))?;
    default(crd);
    Ok(())
}

/// Sets what a definition leaves out (X/apis/apiextensions/v1/defaults.go).
pub fn default(crd: &mut Value) {
    let first_stored =
        crd.pointer("/spec/versions").and_then(Value::as_array).into_iter().flatten().find(|v| stored(v));
    let first_stored = first_stored.and_then(|v| v.get("name").cloned());
    if let Some(status) = crd.get_mut("status").and_then(Value::as_object_mut)
        && status.get("storedVersions").and_then(Value::as_array).is_none_or(Vec::is_empty)
        && let Some(name) = first_stored
    {
        status.insert("storedVersions".into(), json!([name]));
    }
    let Some(spec) = crd.get_mut("spec").and_then(Value::as_object_mut) else { return };
    if let Some(names) = spec.get_mut("names").and_then(Value::as_object_mut) {
        let kind = names.get("kind").and_then(Value::as_str).unwrap_or_default().to_owned();
        for (field, value) in [("singular", kind.to_lowercase()), ("listKind", format!("{kind}List"))] {
            let absent = names.get(field).and_then(Value::as_str).is_none_or(str::is_empty);
            if absent && !kind.is_empty() {
                names.insert(field.into(), value.into());
            }
        }
    }
    if spec.get("conversion").is_none_or(Value::is_null) {
        spec.insert("conversion".into(), json!({"strategy": "None"}));
    }
    let service = spec.get_mut("conversion").and_then(|c| c.pointer_mut("/webhook/clientConfig/service"));
    if let Some(service) = service.and_then(Value::as_object_mut) {
        service.entry("port").or_insert(json!(443));
    }
}

fn stored(version: &Value) -> bool {
    version.get("storage") == Some(&Value::Bool(true))
}

fn text<'a>(v: &'a Value, pointer: &str) -> &'a str {
    v.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// What is wrong with a new definition, as [`decode`] left it, beyond its metadata; and warnings about one
/// that is right.
pub fn validate_create(crd: &Value) -> (Vec<FieldError>, Vec<String>) {
    let spec = Spec::of(crd);
    let mut errors = Vec::new();
    // A name that is to be generated is held to the same, and so refused with the one that came of it.
    let wanted = format!("{}.{}", text(crd, "/spec/names/plural"), spec.text("group"));
    for field in ["generateName", "name"] {
        let name = crd.get("metadata").map_or("", |m| text(m, &format!("/{field}")));
        if !name.is_empty() && name != wanted {
            let detail = "must be spec.names.plural+\".\"+spec.group";
            errors.push(FieldError::invalid(format!("metadata.{field}"), name, detail));
        }
    }
    spec::validate(&spec, &Options::create(), &mut errors);
    rest(crd, None, &spec, &mut errors);
    let warnings = if errors.is_empty() { warnings::create(&spec) } else { Vec::new() };
    (errors, warnings)
}

/// A definition as a server that a client sent it to would read it: with no status but its own, and defaulted. What it does not
/// know goes, its paths to `unknown`.
///
/// # Errors
/// See [`decode`].
pub(crate) fn received(crd: &Value, unknown: &mut Vec<String>) -> Result<Value, String> {
    let mut crd = crd.clone();
    if let Some(object) = crd.as_object_mut() {
        object.insert("status".into(), json!({}));
    }
    decode(&mut crd, unknown)?;
    Ok(crd)
}

/// A definition that is part of a program, as a server that a client sent it to would have it: read, defaulted, and checked.
///
/// # Errors
/// Every reason why it would be refused, in the server's words.
pub fn of_program(crd: &Value) -> Result<Value, Vec<String>> {
    let crd = received(crd, &mut Vec::new()).map_err(|e| vec![e])?;
    let (errors, _) = validate_create(&crd);
    if errors.is_empty() { Ok(crd) } else { Err(errors.iter().map(ToString::to_string).collect()) }
}

/// What is wrong with a change of a definition; what was wrong before may stay wrong. And warnings about what is new.
pub fn validate_update(new: &Value, old: &Value) -> (Vec<FieldError>, Vec<String>) {
    let (spec, old_spec) = (Spec::of(new), Spec::of(old));
    let options = Options::update(&spec, old, &old_spec);
    let mut errors = Vec::new();
    spec::validate(&spec, &options, &mut errors);
    let established: &[&str] = if options.immutable_names { &["scope", "names/kind"] } else { &[] };
    for field in established.iter().chain(&["group", "names/plural"]) {
        let pointer = format!("/spec/{field}");
        if text(new, &pointer) != text(old, &pointer) {
            let at = format!("spec.{}", field.replace('/', "."));
            errors.push(FieldError::invalid(at, text(new, &pointer), "field is immutable"));
        }
    }
    rest(new, Some(old), &spec, &mut errors);
    let warnings = if errors.is_empty() { warnings::update(&spec, &old_spec) } else { Vec::new() };
    (errors, warnings)
}

/// What is asked beyond spec.
fn rest(crd: &Value, old: Option<&Value>, spec: &Spec<'_>, errors: &mut Vec<FieldError>) {
    errors.extend(validate_status_update(crd));
    status::stored_versions(crd, spec, errors);
    approval::validate(spec.text("group"), crd, old, errors);
    let preserved = old.is_some_and(|old| Spec::of(old).preserves());
    if spec.preserves() && !preserved {
        let detail =
            "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead";
        errors.push(FieldError::invalid("spec.preserveUnknownFields", true, detail));
    }
}

/// What is wrong with a definition's status.
pub fn validate_status_update(new: &Value) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if let Some(accepted) = new.pointer("/status/acceptedNames") {
        names::validate(accepted, &At::Start("status.acceptedNames"), &mut errors);
    }
    errors
}
