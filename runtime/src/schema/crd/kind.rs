//! The kind CustomResourceDefinition as a definition itself: what discovery, tables, apply and pruning know of it.

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
