//! CustomResourceDefinition objects themselves: their own definition, their defaults, what is wrong with one, and the
//! conditions it is in.

use super::definition::Definition;
use crate::status::field::{FieldError, Path};
use serde_json::{Value, json};

/// The definition of the kind CustomResourceDefinition.
pub fn definition() -> Value {
    let names = json!({"type": "object", "properties": {
        "plural": {"type": "string"}, "singular": {"type": "string"}, "kind": {"type": "string"}, "listKind": {"type": "string"},
        "shortNames": {"type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": "atomic"},
        "categories": {"type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": "atomic"}}});
    let open = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
    let columns = json!({"type": "array", "items": {"type": "object", "properties": {
        "name": {"type": "string"}, "type": {"type": "string"}, "format": {"type": "string"},
        "description": {"type": "string"}, "priority": {"type": "integer"}, "jsonPath": {"type": "string"}}}});
    let scale = json!({"type": "object", "properties": {
        "specReplicasPath": {"type": "string"}, "statusReplicasPath": {"type": "string"}, "labelSelectorPath": {"type": "string"}}});
    let version = json!({"type": "object", "properties": {
        "name": {"type": "string"}, "served": {"type": "boolean"}, "storage": {"type": "boolean"},
        "deprecated": {"type": "boolean"}, "deprecationWarning": {"type": "string"},
        "schema": {"type": "object", "properties": {"openAPIV3Schema": open}},
        "subresources": {"type": "object", "properties": {"status": open, "scale": scale}},
        "additionalPrinterColumns": columns,
        "selectableFields": {"type": "array", "items": {"type": "object", "properties": {"jsonPath": {"type": "string"}}}}}});
    let conditions = json!({"type": "array", "nullable": true, "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"],
        "items": {"type": "object", "required": ["type", "status"], "properties": {
            "type": {"type": "string"}, "status": {"type": "string"}, "reason": {"type": "string"}, "message": {"type": "string"},
            "lastTransitionTime": {"type": "string", "format": "date-time"}, "observedGeneration": {"type": "integer"}}}});
    let spec = json!({"type": "object", "properties": {
        "group": {"type": "string"}, "scope": {"type": "string"}, "names": names,
        "preserveUnknownFields": {"type": "boolean"}, "conversion": open,
        "versions": {"type": "array", "x-kubernetes-list-type": "atomic", "items": version}}});
    let status = json!({"type": "object", "properties": {
        "acceptedNames": names, "conditions": conditions,
        "storedVersions": {"type": "array", "nullable": true, "items": {"type": "string"}}}});
    json!({
        "metadata": {"name": "customresourcedefinitions.apiextensions.k8s.io"},
        "spec": {
            "group": "apiextensions.k8s.io", "scope": "Cluster",
            "names": {"plural": "customresourcedefinitions", "singular": "customresourcedefinition",
                "kind": "CustomResourceDefinition", "listKind": "CustomResourceDefinitionList",
                "shortNames": ["crd", "crds"], "categories": ["api-extensions"]},
            "versions": [{
                "name": "v1", "served": true, "storage": true, "subresources": {"status": {}},
                "additionalPrinterColumns": [{"name": "Created At", "type": "date", "jsonPath": ".metadata.creationTimestamp"}],
                "schema": {"openAPIV3Schema": {"type": "object", "required": ["spec"], "properties": {"spec": spec, "status": status}}}
            }]
        }
    })
}

/// Sets what a definition leaves out (X/apis/apiextensions/v1/defaults.go).
pub fn default(crd: &mut Value) {
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
}

fn text<'a>(v: &'a Value, pointer: &str) -> &'a str {
    v.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// What is wrong with a new definition.
pub fn validate_create(crd: &Value) -> (Vec<FieldError>, Vec<String>) {
    let mut errors = Vec::new();
    let spec = Path::new("spec");
    let (plural, group) = (text(crd, "/spec/names/plural"), text(crd, "/spec/group"));
    let name = text(crd, "/metadata/name");
    let wanted = format!("{plural}.{group}");
    if name != wanted {
        errors.push(FieldError::invalid(
            "metadata.name",
            name,
            "must be spec.names.plural+\".\"+spec.group".to_owned(),
        ));
    }
    if group.is_empty() {
        errors.push(FieldError::required(spec.child("group"), ""));
    } else if !group.contains('.') {
        errors.push(FieldError::invalid(spec.child("group"), group, "should be a domain with at least one dot"));
    }
    match text(crd, "/spec/scope") {
        "Namespaced" | "Cluster" => {}
        "" => errors.push(FieldError::required(spec.child("scope"), "")),
        other => errors.push(FieldError::not_supported(spec.child("scope"), other, &["Cluster", "Namespaced"])),
    }
    for field in ["plural", "singular", "kind", "listKind"] {
        if text(crd, &format!("/spec/names/{field}")).is_empty() {
            errors.push(FieldError::required(spec.child("names").child(field), ""));
        }
    }
    let versions = crd.pointer("/spec/versions").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let stored = versions.iter().filter(|v| v.get("storage") == Some(&Value::Bool(true))).count();
    if versions.is_empty() {
        errors.push(FieldError::required(
            spec.child("versions"),
            "must have exactly one version marked as storage version",
        ));
    } else if stored != 1 {
        errors.push(FieldError::invalid(
            spec.child("versions"),
            crd.pointer("/spec/versions").cloned().unwrap_or_default(),
            "must have exactly one version marked as storage version",
        ));
    }
    for (i, v) in versions.iter().enumerate() {
        let at = spec.child("versions").index(i);
        if text(v, "/name").is_empty() {
            errors.push(FieldError::required(at.child("name"), ""));
        }
        match v.pointer("/schema/openAPIV3Schema") {
            None => {
                errors.push(FieldError::required(at.child("schema").child("openAPIV3Schema"), "schemas are required"))
            }
            Some(s) if text(s, "/type") != "object" => errors.push(FieldError::invalid(
                at.child("schema").child("openAPIV3Schema").child("type"),
                text(s, "/type"),
                "must be object at the root",
            )),
            Some(_) => {}
        }
    }
    if errors.is_empty()
        && let Err(e) = Definition::from_crd(crd)
    {
        errors.extend(e);
    }
    (errors, Vec::new())
}

/// What is wrong with a change of a definition.
pub fn validate_update(new: &Value, old: &Value) -> (Vec<FieldError>, Vec<String>) {
    let (mut errors, warnings) = validate_create(new);
    let established = condition(old, "Established") == Some("True");
    let fixed: &[&str] =
        if established { &["group", "scope", "names/plural", "names/kind"] } else { &["group", "names/plural"] };
    for field in fixed {
        let pointer = format!("/spec/{field}");
        if new.pointer(&pointer) != old.pointer(&pointer) {
            let at = format!("spec.{}", field.replace('/', "."));
            errors.push(FieldError::invalid(at, text(new, &pointer), "field is immutable"));
        }
    }
    (errors, warnings)
}

/// What is wrong with a change of a definition's status.
pub fn validate_status_update(new: &Value, old: &Value) -> Vec<FieldError> {
    let versions =
        |v: &Value| v.pointer("/status/storedVersions").and_then(Value::as_array).cloned().unwrap_or_default();
    let declared: Vec<&str> = new
        .pointer("/spec/versions")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .map(|v| text(v, "/name"))
        .collect();
    let mut errors = Vec::new();
    if versions(new).is_empty() {
        errors.push(FieldError::invalid("status.storedVersions", json!([]), "must have at least one stored version"));
    }
    for (i, v) in versions(new).iter().enumerate() {
        if !declared.iter().any(|d| v == d) {
            let at = Path::new("status").child("storedVersions").index(i);
            let detail = "missing from spec.versions; v1 was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in v1 and removes v1 from status.storedVersions";
            let name = v.as_str().unwrap_or_default();
            errors.push(FieldError::invalid(at, v.clone(), detail.replace("v1", name)));
        }
    }
    let _ = old;
    errors
}

/// Accepts the names of a definition when no other one of its group has them, and says so in its status.
pub fn accept_names(crd: &mut Value, others: &[Value], now: &str) {
    let group = text(crd, "/spec/group").to_owned();
    let taken = |field: &str, name: &str| {
        others.iter().filter(|o| text(o, "/spec/group") == group).any(|o| {
            let accepted = o.pointer("/status/acceptedNames").unwrap_or(&Value::Null);
            let one = |f: &str| accepted.get(f).and_then(Value::as_str) == Some(name);
            let among =
                |f: &str| accepted.get(f).and_then(Value::as_array).is_some_and(|a| a.iter().any(|x| x == name));
            match field {
                "kind" | "listKind" => one("kind") || one("listKind"),
                _ => one("plural") || one("singular") || among("shortNames"),
            }
        })
    };
    let names = crd.pointer("/spec/names").cloned().unwrap_or_default();
    let mut accepted = crd.pointer("/status/acceptedNames").cloned().unwrap_or_else(|| json!({}));
    let mut conflict: Option<(&str, String)> = None;
    for (field, reason) in [
        ("plural", "PluralConflict"),
        ("singular", "SingularConflict"),
        ("shortNames", "ShortNamesConflict"),
        ("kind", "KindConflict"),
        ("listKind", "ListKindConflict"),
    ] {
        let all: Vec<&str> = match names.get(field) {
            Some(Value::String(s)) => vec![s],
            Some(Value::Array(a)) => a.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        match all.iter().find(|n| taken(field, n)) {
            Some(n) => {
                conflict.get_or_insert((reason, format!("\"{n}\" is already in use")));
            }
            None => match (accepted.as_object_mut(), names.get(field)) {
                (Some(a), Some(v)) => {
                    a.insert(field.into(), v.clone());
                }
                (Some(a), None) => {
                    a.remove(field);
                }
                _ => {}
            },
        }
    }
    if let (Some(a), Some(v)) = (accepted.as_object_mut(), names.get("categories")) {
        a.insert("categories".into(), v.clone());
    }
    match &conflict {
        Some((reason, message)) => set_condition(crd, "NamesAccepted", "False", reason, message, now),
        None => set_condition(crd, "NamesAccepted", "True", "NoConflicts", "no conflicts found", now),
    }
    if let Some(status) = crd.get_mut("status").and_then(Value::as_object_mut) {
        status.insert("acceptedNames".into(), accepted);
    }
    if condition(crd, "Established") != Some("True") {
        match conflict {
            None => {
                set_condition(
                    crd,
                    "Established",
                    "True",
                    "InitialNamesAccepted",
                    "the initial names have been accepted",
                    now,
                );
            }
            Some(_) => set_condition(crd, "Established", "False", "NotAccepted", "not all names are accepted", now),
        }
    }
}

/// The status of a condition.
pub fn condition<'a>(crd: &'a Value, type_: &str) -> Option<&'a str> {
    let all = crd.pointer("/status/conditions")?.as_array()?;
    all.iter().find(|c| text(c, "/type") == type_).map(|c| text(c, "/status"))
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
