//! `status` of a definition: which names it may have beside the others of its group, the conditions that follow, and which
//! versions may be stored (X/controller/status, /establish, /apiapproval, /nonstructuralschema).

use super::at::At;
use super::props::Props;
use super::view::Spec;
use super::{approval, pem, structural, text};
use crate::status::field::{FieldError, Path};
use serde_json::{Map, Value, json};
use std::collections::HashSet;

/// What is wrong with `status.storedVersions` beside the versions in spec.
pub(super) fn stored_versions(crd: &Value, spec: &Spec<'_>, errors: &mut Vec<FieldError>) {
    let at = Path::new("status.storedVersions");
    let value = crd.pointer("/status/storedVersions").cloned().unwrap_or_default();
    let stored: Vec<&str> = value.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    if stored.is_empty() {
        errors.push(FieldError::invalid(at, value, "must have at least one stored version"));
        return;
    }
    for v in spec.versions.iter().filter(|v| v.flag("storage") && !stored.contains(&v.name)) {
        errors.push(FieldError::invalid(&at, value.clone(), format!("must have the storage version {}", v.name)));
    }
    let mut said = HashSet::new();
    for (i, name) in stored.iter().enumerate().rev() {
        if !spec.versions.iter().any(|v| v.name == *name) && said.insert(*name) {
            let detail = format!(
                "missing from spec.versions; {name} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in {name} and removes {name} from status.storedVersions"
            );
            errors.push(FieldError::invalid(at.index(i), *name, detail));
        }
    }
}

/// Brings a definition's status in line with its spec and with `others`, the other definitions there are: accepted names
/// and conditions.
pub fn settle(crd: &mut Value, others: &[Value], now: &str) {
    if let Some((status, reason, why)) = approved(crd) {
        set_condition(crd, "KubernetesAPIApprovalPolicyConformant", status, reason, &why, now);
    }
    accept_names(crd, others, now);
    establish(crd, now);
    let violations = nonstructural(crd);
    if violations.is_empty() {
        remove_condition(crd, "NonStructuralSchema");
    } else {
        set_condition(crd, "NonStructuralSchema", "True", "Violations", &violations, now);
    }
}

/// Names that are accepted somewhere in a group, the definition's own among them: a name that is its plural cannot become
/// its short name as well.
#[derive(Default)]
struct Taken<'a> {
    resources: HashSet<&'a str>,
    kinds: HashSet<&'a str>,
}

impl<'a> Taken<'a> {
    fn by(all: impl Iterator<Item = &'a Map<String, Value>>) -> Self {
        let mut taken = Self::default();
        for names in all {
            let one = |f: &str| names.get(f).and_then(Value::as_str);
            taken.resources.extend(["plural", "singular"].iter().filter_map(|f| one(f)));
            let short = names.get("shortNames").and_then(Value::as_array).into_iter().flatten();
            taken.resources.extend(short.filter_map(Value::as_str));
            taken.kinds.extend(["kind", "listKind"].iter().filter_map(|f| one(f)));
        }
        taken
    }
}

fn accepted(crd: &Value) -> Option<&Map<String, Value>> {
    crd.pointer("/status/acceptedNames").and_then(Value::as_object)
}

fn accept_names(crd: &mut Value, others: &[Value], now: &str) {
    let group = text(crd, "/spec/group").to_owned();
    let requested = crd.pointer("/spec/names").and_then(Value::as_object).cloned().unwrap_or_default();
    let before = accepted(crd).cloned().unwrap_or_default();
    if requested == before {
        return;
    }
    let of_group = others.iter().filter(|o| text(o, "/spec/group") == group).filter_map(accepted);
    let taken = Taken::by(of_group.chain([&before]));
    let mut accepted = before.clone();
    // Every conflict is looked at; the last one is the one reported.
    let mut conflict = None;
    let used = |name: &str| format!("{} is already in use", Value::from(name));
    let word = |m: &Map<String, Value>, f: &str| m.get(f).and_then(Value::as_str).unwrap_or_default().to_owned();
    for (field, reason) in [
        ("plural", "PluralConflict"),
        ("singular", "SingularConflict"),
        ("shortNames", "ShortNamesConflict"),
        ("kind", "KindConflict"),
        ("listKind", "ListKindConflict"),
    ] {
        let message = if field == "shortNames" {
            let own = accepted.get(field).and_then(Value::as_array).cloned().unwrap_or_default();
            let wanted = requested.get(field).and_then(Value::as_array).into_iter().flatten();
            let lost = wanted.filter(|n| !own.contains(n)).filter_map(Value::as_str);
            let mut said = HashSet::new();
            let lost = lost.filter(|n| taken.resources.contains(n) && said.insert(*n));
            let lost: Vec<String> = lost.map(used).collect();
            match lost.as_slice() {
                [] => None,
                [one] => Some(one.clone()),
                many => Some(format!("[{}]", many.join(", "))),
            }
        } else {
            let all = if matches!(field, "kind" | "listKind") { &taken.kinds } else { &taken.resources };
            let name = word(&requested, field);
            (name != word(&accepted, field) && all.contains(name.as_str())).then(|| used(&name))
        };
        match message {
            Some(message) => conflict = Some((reason, message)),
            None => copy(&requested, &mut accepted, field),
        }
    }
    copy(&requested, &mut accepted, "categories");
    let (status, reason, message) = match &conflict {
        Some((reason, message)) => ("False", *reason, message.as_str()),
        None => ("True", "NoConflicts", "no conflicts found"),
    };
    let said = find(crd, "NamesAccepted")
        .is_some_and(|c| (text(c, "/status"), text(c, "/reason"), text(c, "/message")) == (status, reason, message));
    if accepted == before && said {
        return;
    }
    if let Some(s) = crd.get_mut("status").and_then(Value::as_object_mut) {
        s.insert("acceptedNames".into(), Value::Object(accepted));
    }
    set_condition(crd, "NamesAccepted", status, reason, message, now);
    if conflict.is_some() && find(crd, "Established").is_none() {
        set_condition(crd, "Established", "False", "NotAccepted", "not all names are accepted", now);
    }
}

/// Takes a name over; those that must be there stay as empty texts.
fn copy(from: &Map<String, Value>, to: &mut Map<String, Value>, field: &str) {
    match from.get(field) {
        Some(v) => to.insert(field.to_owned(), v.clone()),
        None if matches!(field, "plural" | "kind") => to.insert(field.to_owned(), "".into()),
        None => to.remove(field),
    };
}

/// Once established, always established.
fn establish(crd: &mut Value, now: &str) {
    if condition(crd, "NamesAccepted") != Some("True") || condition(crd, "Established") == Some("True") {
        return;
    }
    let bundle = text(crd, "/spec/conversion/webhook/clientConfig/caBundle");
    if pem::certificates(bundle).is_err() {
        let message = "The conversion webhook CABundle is invalid";
        set_condition(crd, "Established", "False", "InvalidCABundle", message, now);
    } else {
        let message = "the initial names have been accepted";
        set_condition(crd, "Established", "True", "InitialNamesAccepted", message, now);
    }
}

fn approved(crd: &Value) -> Option<(&'static str, &'static str, String)> {
    if !approval::is_protected(text(crd, "/spec/group")) {
        return None;
    }
    let (state, why) = approval::state(crd);
    let (status, reason) = match state {
        approval::State::Approved => ("True", "ApprovedAnnotation"),
        approval::State::Bypassed => ("False", "UnapprovedAnnotation"),
        approval::State::Missing => ("False", "MissingAnnotation"),
        approval::State::Invalid => ("False", "InvalidAnnotation"),
    };
    Some((status, reason, why))
}

/// What is not structural in a definition that was stored before that was asked; empty for all others.
fn nonstructural(crd: &Value) -> String {
    let mut errors = Vec::new();
    if crd.pointer("/spec/preserveUnknownFields") == Some(&Value::Bool(true)) {
        errors.push(FieldError::invalid("spec.preserveUnknownFields", true, "must be false"));
    }
    let versions = crd.pointer("/spec/versions").and_then(Value::as_array).into_iter().flatten();
    for (i, v) in versions.enumerate() {
        let Some(schema) = v.pointer("/schema/openAPIV3Schema").and_then(Props::of) else { continue };
        if structural::unsupported(schema).is_none() {
            let at = format!("spec.versions[{i}].schema.openAPIV3Schema");
            errors.extend(structural::validate(&At::Start(&at), schema));
        }
    }
    let texts: Vec<String> = errors.iter().map(ToString::to_string).collect();
    if let [one] = texts.as_slice() {
        one.clone()
    } else if texts.is_empty() {
        String::new()
    } else {
        format!("[{}]", texts.join(", "))
    }
}

fn find<'a>(crd: &'a Value, type_: &str) -> Option<&'a Value> {
    crd.pointer("/status/conditions")?.as_array()?.iter().find(|c| text(c, "/type") == type_)
}

/// The status of a condition.
pub fn condition<'a>(crd: &'a Value, type_: &str) -> Option<&'a str> {
    find(crd, type_).map(|c| text(c, "/status"))
}

fn remove_condition(crd: &mut Value, type_: &str) {
    if let Some(all) = crd.pointer_mut("/status/conditions").and_then(Value::as_array_mut) {
        all.retain(|c| text(c, "/type") != type_);
    }
}

/// Sets a condition; its transition time changes with its status only.
pub fn set_condition(crd: &mut Value, type_: &str, status: &str, reason: &str, message: &str, now: &str) {
    let Some(root) = crd.as_object_mut() else { return };
    let object = |v: &mut Value, empty: Value| {
        if std::mem::discriminant(v) != std::mem::discriminant(&empty) {
            *v = empty;
        }
    };
    let st = root.entry("status").or_insert(Value::Null);
    object(st, json!({}));
    let list = &mut st["conditions"];
    object(list, json!([]));
    let Some(all) = list.as_array_mut() else { return };
    let mut new =
        json!({"type": type_, "status": status, "reason": reason, "message": message, "lastTransitionTime": now});
    match all.iter_mut().find(|c| text(c, "/type") == type_) {
        Some(c) => {
            if text(c, "/status") == status {
                new["lastTransitionTime"] = c["lastTransitionTime"].clone();
            }
            *c = new;
        }
        None => all.push(new),
    }
}
