//! How large a definition is: what a store takes at all, what `kubectl apply` can annotate, and what of it is descriptions.

use super::{Report, Severity, Topic};
use crate::resource::codec::json;
use serde_json::Value;

/// The most bytes of all annotations of an object: `kubectl apply` keeps the whole definition in one.
const ANNOTATIONS: usize = 256 << 10;
/// The most bytes of a write that etcd takes, as it comes.
const REQUEST: usize = 3 << 19;
/// Definitions below this size are no burden, whatever they are made of.
const SMALL: usize = 100 << 10;
/// How many of the longest descriptions are named.
const NAMED: usize = 3;

pub(super) fn check(crd: &Value, report: &mut Report) {
    let size = json::encode(crd).len();
    if size < SMALL {
        return;
    }
    let mut found = Vec::new();
    for (i, version) in crd.pointer("/spec/versions").and_then(Value::as_array).into_iter().flatten().enumerate() {
        if let Some(schema) = version.pointer("/schema/openAPIV3Schema") {
            descriptions(schema, &format!("spec.versions[{i}].schema.openAPIV3Schema"), &mut found);
        }
    }
    let described: usize = found.iter().map(|(length, _)| length).sum();
    let mend = format!(
        "shorten or leave out descriptions, which are {described} bytes of it{}",
        if size - described < ANNOTATIONS { "" } else { ", and split the kind: they alone do not help" }
    );
    if size > REQUEST {
        let message = format!("the definition has {size} bytes, and etcd takes no write of more than {REQUEST}");
        report.add(Severity::Refused, Topic::Size, "", message, mend);
    } else if size > ANNOTATIONS {
        let message = format!(
            "the definition has {size} bytes: kubectl apply cannot keep it in the annotation \
             kubectl.kubernetes.io/last-applied-configuration, since all annotations may have {ANNOTATIONS}"
        );
        let mend = format!("{mend}; or tell users to install it with kubectl apply --server-side");
        report.add(Severity::Regretted, Topic::Size, "", message, mend);
    }
    if described * 2 > size {
        found.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
        let longest: Vec<String> = found.iter().take(NAMED).map(|(n, path)| format!("{path} ({n} bytes)")).collect();
        let message = format!(
            "descriptions are {described} of its {size} bytes, which every client reads; the longest: {}",
            longest.join(", ")
        );
        let mend = "keep the first sentence of each; the derive does with descriptions = \"short\"";
        report.add(Severity::Regretted, Topic::Size, "", message, mend);
    }
}

/// The descriptions at and below a schema: their length in bytes, and the schema's path.
fn descriptions(schema: &Value, at: &str, out: &mut Vec<(usize, String)>) {
    if let Some(text) = schema.get("description").and_then(Value::as_str) {
        out.push((text.len(), at.to_owned()));
    }
    for keyword in ["items", "additionalProperties"] {
        if let Some(below) = schema.get(keyword) {
            descriptions(below, &format!("{at}.{keyword}"), out);
        }
    }
    for (name, below) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
        descriptions(below, &format!("{at}.properties[{name}]"), out);
    }
}
