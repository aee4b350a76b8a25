//! Schemas that other libraries write, lowered.

use super::lower;
use serde_json::{Map, Value, json};

fn lowered(schema: Value) -> Value {
    lowered_with(schema, json!({})).0
}

fn lowered_with(schema: Value, definitions: Value) -> (Value, Vec<String>) {
    let none = Map::new();
    let out = lower(&schema, definitions.as_object().unwrap_or(&none));
    (Value::Object(out.schema), out.problems)
}

#[test]
fn an_option_is_nullable() {
    let wanted = json!({"type": "string", "nullable": true});
    assert_eq!(lowered(json!({"type": ["string", "null"]})), wanted);
    assert_eq!(lowered(json!({"anyOf": [{"type": "string"}, {"type": "null"}]})), wanted);
    assert_eq!(lowered(json!({"anyOf": [{"type": "string"}, {"enum": [null], "nullable": true}]})), wanted);
}

#[test]
fn null_of_an_enum_field_is_left_to_be_dropped_and_of_an_item_or_entry_is_allowed() {
    let option = json!({"anyOf": [{"type": "string", "enum": ["a"]}, {"type": "null"}]});
    assert_eq!(lowered(option.clone()), json!({"type": "string", "enum": ["a"]}));
    let allowed = json!({"type": "string", "nullable": true, "allOf": [{"enum": ["a"]}]});
    assert_eq!(lowered(json!({"type": "array", "items": option}))["items"], allowed);
    let map = lowered(json!({"type": "object", "additionalProperties": option}));
    assert_eq!(map["additionalProperties"], allowed);
}

#[test]
fn documented_variants_are_one_enum() {
    let schema = json!({"oneOf": [{"type": "string", "enum": ["a", "b"]}, {"type": "string", "const": "c", "description": "C"}]});
    assert_eq!(lowered(schema), json!({"type": "string", "enum": ["a", "b", "c"], "description": "C"}));
}

#[test]
fn a_structural_schema_stays_as_it_is() {
    let schema = json!({
        "type": "object",
        "properties": {
            "type": {"type": "string", "enum": ["A", "B"]},
            "port": {"x-kubernetes-int-or-string": true, "anyOf": [{"maxLength": 0, "minLength": 1}, {"minimum": 1, "maximum": 0}]},
            "any": {"x-kubernetes-preserve-unknown-fields": true, "nullable": true}},
        "oneOf": [
            {"required": ["type"], "properties": {"type": {"enum": ["A"]}}},
            {"required": ["type", "port"], "properties": {"type": {"enum": ["B"]}}, "not": {"required": ["any"]}}]});
    assert_eq!(lowered(schema.clone()), schema);
}

#[test]
fn recursion_is_open_and_reported() {
    let node =
        json!({"type": "object", "properties": {"next": {"anyOf": [{"$ref": "#/$defs/Node"}, {"type": "null"}]}}});
    let (schema, problems) = lowered_with(json!({"$ref": "#/$defs/Node"}), json!({"Node": node}));
    assert_eq!(schema["properties"]["next"], json!({"x-kubernetes-preserve-unknown-fields": true, "nullable": true}));
    assert_eq!(problems.len(), 1);
    assert!(problems[0].starts_with(".next: Node contains itself"), "{problems:?}");
}

#[test]
fn lists_of_pods_merge_as_kubernetes_merges_them() {
    let definitions = json!({
        "io.k8s.api.core.v1.PodSpec": {"type": "object", "properties": {"containers": {"type": "array", "items": {"$ref": "#/$defs/io.k8s.api.core.v1.Container"}}}},
        "io.k8s.api.core.v1.Container": {"type": "object", "required": ["name"], "properties": {
            "name": {"type": "string"},
            "ports": {"type": "array", "items": {"type": "object", "required": ["containerPort"],
                "properties": {"containerPort": {"type": "integer"}, "protocol": {"type": "string"}}}}}}});
    let (schema, problems) = lowered_with(json!({"$ref": "#/$defs/io.k8s.api.core.v1.PodSpec"}), definitions);
    assert!(problems.is_empty());
    let containers = &schema["properties"]["containers"];
    assert_eq!(containers["x-kubernetes-list-map-keys"], json!(["name"]));
    let ports = &containers["items"]["properties"]["ports"];
    assert_eq!(ports["x-kubernetes-list-map-keys"], json!(["containerPort", "protocol"]));
    assert_eq!(ports["items"]["properties"]["protocol"]["default"], json!("TCP"));
}

#[test]
fn numbers_are_in_the_ranges_of_their_types() {
    let wanted = json!({"type": "integer", "format": "int32", "minimum": 0, "maximum": 255});
    assert_eq!(lowered(json!({"type": "integer", "format": "uint8", "minimum": 0, "maximum": 255})), wanted);
    assert_eq!(
        lowered(json!({"type": "integer", "exclusiveMinimum": 3})),
        json!({"type": "integer", "minimum": 3, "exclusiveMinimum": true})
    );
}

#[test]
fn what_cannot_be_said_is_reported() {
    let pair = json!({"type": "array", "prefixItems": [{"type": "string"}, {"type": "integer"}]});
    let (schema, problems) = lowered_with(pair, json!({}));
    assert_eq!(schema["items"]["x-kubernetes-int-or-string"], json!(true));
    assert_eq!(problems.len(), 1);
    let (_, problems) = lowered_with(json!({"$ref": "#/$defs/Gone"}), json!({}));
    assert_eq!(problems.len(), 1);
}
