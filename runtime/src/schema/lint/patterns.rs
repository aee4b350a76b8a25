//! Patterns that a server of Go takes and this one cannot build: what is checked by them would be refused here whatever it is.

use super::{Report, Severity, Topic};
use crate::schema::node::Pattern;
use serde_json::Value;

/// The patterns in the schemas of a definition's versions that are too large.
pub(super) fn check(definition: &Value, report: &mut Report) {
    let versions = definition.pointer("/spec/versions").and_then(Value::as_array);
    for (i, v) in versions.into_iter().flatten().enumerate() {
        if let Some(schema) = v.pointer("/schema/openAPIV3Schema") {
            walk(schema, &mut vec![format!("spec.versions[{i}].schema.openAPIV3Schema")], report);
        }
    }
}

fn walk(node: &Value, at: &mut Vec<String>, report: &mut Report) {
    let mut below = |step: String, node: &Value| {
        at.push(step);
        walk(node, at, report);
        at.pop();
    };
    for (k, v) in node.get("properties").and_then(Value::as_object).into_iter().flatten() {
        below(format!(".properties[{k}]"), v);
    }
    for k in ["items", "additionalProperties", "not"] {
        if let Some(v) = node.get(k) {
            below(format!(".{k}"), v);
        }
    }
    for k in ["allOf", "anyOf", "oneOf"] {
        for (i, v) in node.get(k).and_then(Value::as_array).into_iter().flatten().enumerate() {
            below(format!(".{k}[{i}]"), v);
        }
    }
    let Some(source) = node.get("pattern").and_then(Value::as_str) else { return };
    // What is no pattern at all has been refused, with the reason.
    let pattern = Pattern::of(source);
    if pattern.built().is_err_and(|why| why.contains("expression too large")) {
        let message = "the pattern is too large to be built here, so that every text would be refused";
        let mend = "bound the length by maxLength instead of counting in the pattern, or use smaller classes";
        report.add(Severity::Regretted, Topic::Definition, format!("{}.pattern", at.concat()), message, mend);
    }
}
