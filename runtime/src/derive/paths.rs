//! Paths that a definition names, followed through its schema: those of columns, scale, selectable fields and keys of lists
//! must lead to fields. The derive checks what it sees of the spec; this sees all types.

use kubegraft_syntax::jsonpath::{self, Step};
use serde_json::Value;

/// What leads nowhere in the versions of a definition.
pub(super) fn check(definition: &Value) -> Vec<String> {
    let mut out = Vec::new();
    let versions = definition.pointer("/spec/versions").and_then(Value::as_array);
    for v in versions.into_iter().flatten() {
        let Some(schema) = v.pointer("/schema/openAPIV3Schema") else { continue };
        let mut follow = |what: &str, path: Option<&Value>| {
            let Some(path) = path.and_then(Value::as_str) else { return };
            if let Some(missing) = jsonpath::parse(path).ok().and_then(|p| missing(schema, &p.0)) {
                out.push(format!("{what} {path:?}: the schema has no field {missing:?}"));
            }
        };
        let all = |field: &str| v.get(field).and_then(Value::as_array).into_iter().flatten();
        all("additionalPrinterColumns").for_each(|c| follow("printcolumn", c.get("jsonPath")));
        all("selectableFields").for_each(|c| follow("selectable", c.get("jsonPath")));
        for p in ["specReplicasPath", "statusReplicasPath", "labelSelectorPath"] {
            follow("scale", v.pointer(&format!("/subresources/scale/{p}")));
        }
        keys(schema, &mut Vec::new(), &mut out);
    }
    out
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
fn keys(node: &Value, at: &mut Vec<String>, out: &mut Vec<String>) {
    let named = node.get("x-kubernetes-list-map-keys").and_then(Value::as_array);
    for key in named.into_iter().flatten().filter_map(Value::as_str) {
        let item = node.get("items").unwrap_or(&Value::Null);
        let property = item.get("properties").and_then(|p| p.get(key));
        let required = item.get("required").and_then(Value::as_array).is_some_and(|r| r.iter().any(|n| n == key));
        let path = at.concat();
        match property {
            None => out.push(format!("{path}: list_map_keys names {key:?}, which is no field of the items")),
            Some(p) if !required && p.get("default").is_none() => {
                out.push(format!(
                    "{path}: the key {key:?} of the list may be missing; make the field required, or give it a default"
                ));
            }
            Some(_) => {}
        }
    }
    for (k, v) in node.get("properties").and_then(Value::as_object).into_iter().flatten() {
        at.push(format!(".{k}"));
        keys(v, at, out);
        at.pop();
    }
    for (k, step) in [("items", "[*]"), ("additionalProperties", "{*}")] {
        if let Some(v) = node.get(k) {
            at.push(step.into());
            keys(v, at, out);
            at.pop();
        }
    }
}
