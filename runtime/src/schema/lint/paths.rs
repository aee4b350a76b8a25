//! Paths that a definition names, followed through its schema: those of columns, scale, selectable fields and keys of lists
//! must lead to fields. An API server takes most that do not, and shows nothing.

use super::{Report, Severity, Topic};
use kubegraft_syntax::jsonpath::{self, Step};
use serde_json::Value;

/// What leads nowhere in the versions of a definition.
pub(super) fn check(definition: &Value, report: &mut Report) {
    let versions = definition.pointer("/spec/versions").and_then(Value::as_array);
    for (i, v) in versions.into_iter().flatten().enumerate() {
        let Some(schema) = v.pointer("/schema/openAPIV3Schema") else { continue };
        let mut follow = |field: String, path: Option<&Value>| {
            let Some(path) = path.and_then(Value::as_str) else { return };
            if let Some(missing) = jsonpath::parse(path).ok().and_then(|p| missing(schema, &p.0)) {
                let message = format!("{path:?}: the schema has no field {missing:?}");
                let mend = format!("correct the path, or declare {missing} in the schema");
                report.add(Severity::Regretted, Topic::Path, format!("spec.versions[{i}].{field}"), message, mend);
            }
        };
        for list in ["additionalPrinterColumns", "selectableFields"] {
            for (n, entry) in v.get(list).and_then(Value::as_array).into_iter().flatten().enumerate() {
                follow(format!("{list}[{n}].jsonPath"), entry.get("jsonPath"));
            }
        }
        for p in ["specReplicasPath", "statusReplicasPath", "labelSelectorPath"] {
            follow(format!("subresources.scale.{p}"), v.pointer(&format!("/subresources/scale/{p}")));
        }
        keys(schema, &mut vec![format!("spec.versions[{i}].schema.openAPIV3Schema")], report);
    }
}

/// The first name that is no field.
fn missing(schema: &Value, steps: &[Step]) -> Option<String> {
    if matches!(steps.first(), Some(Step::Field(f)) if matches!(f.as_str(), "metadata" | "apiVersion" | "kind")) {
        return None;
    }
    let mut node = schema;
    for s in steps {
        let open = node.get("x-kubernetes-preserve-unknown-fields").is_some();
        let next = match s {
            Step::Field(name) => match node.get("properties").and_then(|p| p.get(name)) {
                Some(n) => Some(n),
                None => match node.get("additionalProperties") {
                    Some(n) if n.is_object() => Some(n),
                    None if !open => return Some(name.clone()),
                    _ => None,
                },
            },
            Step::Slice(..) | Step::Filter(..) => node.get("items"),
            _ => None,
        };
        node = next?;
    }
    None
}

/// Keys of lists are fields of the items, and always there.
fn keys(node: &Value, at: &mut Vec<String>, report: &mut Report) {
    let named = node.get("x-kubernetes-list-map-keys").and_then(Value::as_array);
    for key in named.into_iter().flatten().filter_map(Value::as_str) {
        let item = node.get("items").unwrap_or(&Value::Null);
        let property = item.get("properties").and_then(|p| p.get(key));
        let required = item.get("required").and_then(Value::as_array).is_some_and(|r| r.iter().any(|n| n == key));
        let (message, mend) = match property {
            None => (format!("the key {key:?} is no field of the items"), format!("declare {key} in the items")),
            Some(p) if !required && p.get("default").is_none() => (
                format!("the key {key:?} of the list may be missing"),
                "make the field required, or give it a default".to_owned(),
            ),
            Some(_) => continue,
        };
        report.add(Severity::Regretted, Topic::Path, at.concat(), message, mend);
    }
    for (k, v) in node.get("properties").and_then(Value::as_object).into_iter().flatten() {
        at.push(format!(".properties[{k}]"));
        keys(v, at, report);
        at.pop();
    }
    for k in ["items", "additionalProperties"] {
        if let Some(v) = node.get(k) {
            at.push(format!(".{k}"));
            keys(v, at, report);
            at.pop();
        }
    }
}
