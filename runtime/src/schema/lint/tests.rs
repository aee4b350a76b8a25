//! Definitions with one fault each: what is said of them, and that the mend mends it.

use super::*;
use serde_json::json;

fn definition_with(schema: Value) -> Value {
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "widgets.example.com"},
        "spec": {"group": "example.com", "scope": "Namespaced", "names": {"plural": "widgets", "kind": "Widget"},
            "versions": [{"name": "v1", "served": true, "storage": true,
                "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": schema}}}}]},
    })
}

const SPEC: &str = "spec.versions[0].schema.openAPIV3Schema.properties[spec]";

#[track_caller]
fn only(crd: &Value) -> Finding {
    let report = definition(crd);
    assert_eq!(report.findings.len(), 1, "{report:#?}");
    report.findings[0].clone()
}

#[test]
fn a_bound_that_lacks_above_the_rule_is_named_and_is_enough() {
    let schema = |bound: Value| {
        let mut schema = json!({"type": "object", "properties": {"rows": {"type": "array", "items": {"type": "object",
            "properties": {"key": {"type": "string", "maxLength": 63}, "cells": {"type": "array", "maxItems": 64,
                "items": {"type": "string", "maxLength": 64}}},
            "x-kubernetes-validations": [{"rule": "self.cells.all(c, c != self.key)"}]}}}});
        if !bound.is_null() {
            schema["properties"]["rows"]["maxItems"] = bound;
        }
        definition_with(schema)
    };
    let found = only(&schema(Value::Null));
    assert_eq!(found.severity, Severity::Refused);
    assert_eq!(found.field, format!("{SPEC}.properties[rows].items.x-kubernetes-validations[0].rule"));
    let (named, bound) = found.mend.rsplit_once(" to ").expect("a bound");
    assert_eq!(named, format!("set maxItems on {SPEC}.properties[rows]"));
    let bound: i64 = bound.trim_end_matches(" or less").parse().expect("a number");
    assert_eq!(definition(&schema(bound.into())).findings, []);
}

#[test]
fn a_rule_that_no_bound_helps_is_to_be_simplified() {
    let all = "self.all(a, self.all(b, self.all(c, self.all(d, a + b + c + d != 7))))";
    let found =
        only(&definition_with(json!({"type": "object", "properties": {"n": {"type": "array", "maxItems": 1000,
        "items": {"type": "integer"}, "x-kubernetes-validations": [{"rule": all}]}}})));
    assert!(found.mend.starts_with("simplify the rule: everything that it reads is bounded already"), "{found}");
}

#[test]
fn a_pattern_that_only_a_server_of_go_can_build_is_told_of() {
    let letters = r"^[\pL\pN\pS\pP]{1000}".repeat(4);
    let found = only(&definition_with(json!({"type": "object", "properties": {"n": {"type": "array", "items":
        {"type": "string", "allOf": [{"pattern": "a"}, {"pattern": letters}]}}}})));
    assert_eq!((found.severity, found.topic), (Severity::Regretted, Topic::Definition));
    assert_eq!(found.field, format!("{SPEC}.properties[n].items.allOf[1].pattern"));
    assert!(found.message.starts_with("the pattern is too large"), "{found}");
}

#[test]
fn defaults_types_and_unknown_keywords_have_mends() {
    for (schema, severity, message, mend) in [
        (
            json!({"type": "object", "properties": {"n": {"type": "integer", "minimum": 3, "default": 2}}}),
            Severity::Refused,
            "Invalid value: 2",
            "make the default a value that its own schema and rules accept",
        ),
        (
            json!({"type": "object", "properties": {"n": {}}}),
            Severity::Refused,
            "Required value: must not be empty for specified object fields",
            "say which type it has, or x-kubernetes-preserve-unknown-fields: true for any",
        ),
        (
            json!({"type": "object", "x-made-up": 1}),
            Severity::Regretted,
            "an API server does not know the field",
            "remove it, or spell it as apiextensions.k8s.io/v1 does",
        ),
        (
            json!({"type": "object", "properties": {"n": {"type": "string", "format": "colour"}}}),
            Severity::Regretted,
            "unrecognized format \"colour\", which nothing checks",
            "use a format that Kubernetes checks, or a pattern",
        ),
        (
            json!({"type": "object", "properties": {"n": {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["k"],
            "items": {"type": "object", "required": ["k"], "properties": {"k": {"type": "string"}},
                "x-kubernetes-validations": [{"rule": "self.j == ''"}]}}}}),
            Severity::Refused,
            "Invalid value",
            "correct the expression; self has the fields that the schema declares here",
        ),
    ] {
        let found = only(&definition_with(schema));
        assert_eq!((found.severity, found.mend.as_str()), (severity, mend), "{found}");
        assert!(found.message.starts_with(message), "{found}");
    }
}

#[test]
fn a_definition_that_is_mostly_descriptions_is_told_which_and_how_large() {
    let long = |n| "x".repeat(n);
    let crd = definition_with(json!({"type": "object", "description": long(1_000), "properties": {
        "a": {"type": "string", "description": long(300_000)}}}));
    let report = definition(&crd);
    let topics: Vec<_> = report.findings.iter().map(|f| (f.severity, f.topic)).collect();
    assert_eq!(topics, [(Severity::Regretted, Topic::Size); 2]);
    assert!(report.findings[0].message.contains("last-applied-configuration"), "{}", report.findings[0]);
    let longest = format!("the longest: {SPEC}.properties[a] (300000 bytes), {SPEC} (1000 bytes)");
    assert!(report.findings[1].message.ends_with(&longest), "{}", report.findings[1]);

    let crd = definition_with(json!({"type": "object", "description": long(1_600_000)}));
    assert!(definition(&crd).findings[0].message.contains("etcd takes no write of more than 1572864"));
}

#[test]
fn every_definition_of_a_text_is_looked_at_and_a_broken_document_is_named() {
    let one = serde_json::to_string(&definition_with(json!({"type": "object"}))).expect("JSON");
    let many =
        format!("# first\n---\n{one}\n---\nkind: ConfigMap\n--- # last\n{}", one.replace("Namespaced", "Nowhere"));
    let reports = text(&many).expect("YAML");
    assert_eq!(reports.iter().map(Report::is_refused).collect::<Vec<_>>(), [false, true]);
    assert!(text("a: 1\n---\nb: [").is_err_and(|e| e.starts_with("document 2: ")));
}
