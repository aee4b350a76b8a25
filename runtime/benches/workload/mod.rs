//! The object that benches of validation are about, and its schema: 2 kB, three rules, a map list, a map.

use serde_json::{Value, json};

pub(crate) fn schema() -> Value {
    let text = json!({"type": "string", "maxLength": 253});
    json!({"type": "object", "properties": {
        "apiVersion": {"type": "string"}, "kind": {"type": "string"}, "metadata": {"type": "object"},
        "spec": {
            "type": "object",
            "required": ["replicas", "image"],
            "properties": {
                "replicas": {"type": "integer", "minimum": 0, "maximum": 100},
                "maxReplicas": {"type": "integer"},
                "image": text,
                "class": {"type": "string", "enum": ["small", "large"]},
                "env": {
                    "type": "array", "maxItems": 64,
                    "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"],
                    "items": {"type": "object", "required": ["name"], "properties": {"name": text, "value": text}},
                },
                "labels": {"type": "object", "maxProperties": 64, "additionalProperties": text},
            },
            "x-kubernetes-validations": [
                {"rule": "!has(self.maxReplicas) || self.replicas <= self.maxReplicas"},
                {"rule": "self.env.all(e, e.name.matches('^[A-Z_]+[A-Z0-9_]*$'))"},
                {"rule": "self.class == oldSelf.class", "message": "class is immutable"},
            ],
        },
        "status": {"type": "object", "properties": {"ready": {"type": "integer"}}},
    }})
}

pub(crate) fn object() -> Value {
    let env: Vec<Value> = (0..20)
        .map(|i| json!({"name": format!("VARIABLE_{i}"), "value": format!("the value of variable number {i}")}))
        .collect();
    let labels: serde_json::Map<String, Value> =
        (0..10).map(|i| (format!("example.com/label-{i}"), json!(format!("value-{i}")))).collect();
    json!({"apiVersion": "example.com/v1", "kind": "Workload",
        "metadata": {"name": "bench", "namespace": "default", "labels": {"app": "bench"}},
        "spec": {"replicas": 3, "maxReplicas": 5, "image": "registry.example.com/app:1.2.3", "class": "small",
                 "env": env, "labels": labels},
        "status": {"ready": 3}})
}
