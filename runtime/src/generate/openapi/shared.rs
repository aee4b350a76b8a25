//! What documents share: the definitions of `meta.k8s.io` and of compiled-in kinds, and the query parameters, both from
//! `shared.json`. That file is data of the wire, as kube-apiserver 1.36 publishes it in version 3; version 2 is derived.

use super::Flavour;
use serde_json::{Map, Value};
use std::sync::LazyLock;

const META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1";

struct Shared {
    parameters: Map<String, Value>,
    schemas: Map<String, Value>,
}

static SHARED: LazyLock<Shared> = LazyLock::new(|| {
    let mut all: Map<String, Value> = serde_json::from_str(include_str!("shared.json")).unwrap_or_default();
    let mut take = |key: &str| match all.remove(key) {
        Some(Value::Object(o)) => o,
        _ => Map::new(),
    };
    Shared { parameters: take("parameters"), schemas: take("schemas") }
});

/// The name of a definition of `meta.k8s.io`.
pub(super) fn meta(name: &str) -> String {
    format!("{META}.{name}")
}

/// The package that the kinds of a compiled-in group are named after.
pub(super) fn package(group: &str) -> Option<&'static str> {
    Some(match group {
        "" => "io.k8s.api.core",
        "apiextensions.k8s.io" => "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions",
        "authentication.k8s.io" => "io.k8s.api.authentication",
        "authorization.k8s.io" => "io.k8s.api.authorization",
        "autoscaling" => "io.k8s.api.autoscaling",
        _ => return None,
    })
}

/// `description` and `type` of a query parameter.
pub(super) fn parameter(key: &str) -> (&'static str, &'static str) {
    let text = |field: &str| SHARED.parameters.get(key).and_then(|p| p.get(field)).and_then(Value::as_str);
    (text("description").unwrap_or_default(), text("type").unwrap_or("string"))
}

/// A property of a shared definition, as `apiVersion` of Status.
pub(super) fn property(model: &str, name: &str) -> Value {
    let schema = SHARED.schemas.get(model).and_then(|s| s.get("properties")).and_then(|p| p.get(name));
    schema.cloned().unwrap_or_default()
}

/// Adds every shared definition that is referred to from `paths` or `schemas`, directly or by another one.
pub(super) fn close(paths: &Map<String, Value>, schemas: &mut Map<String, Value>, flavour: Flavour) {
    let mut wanted = Vec::new();
    paths.values().chain(schemas.values()).for_each(|v| references(v, &mut wanted));
    while let Some(model) = wanted.pop() {
        if schemas.contains_key(&model) {
            continue;
        }
        let Some(schema) = SHARED.schemas.get(&model) else { continue };
        references(schema, &mut wanted);
        let mut schema = schema.clone();
        if flavour == Flavour::V2 {
            downgrade(&mut schema);
        }
        schemas.insert(model, schema);
    }
}

fn references(value: &Value, out: &mut Vec<String>) {
    match value {
        Value::Object(o) => {
            if let Some(Value::String(r)) = o.get("$ref") {
                out.push(r.rsplit('/').next().unwrap_or_default().to_owned());
            }
            o.values().for_each(|v| references(v, out));
        }
        Value::Array(a) => a.iter().for_each(|v| references(v, out)),
        _ => {}
    }
}

/// Version 2 knows no defaults, and a reference stands beside its description instead of in an `allOf`.
fn downgrade(schema: &mut Value) {
    let Value::Object(o) = schema else { return };
    o.remove("default");
    if let Some(Value::Array(all)) = o.remove("allOf")
        && let Some(Value::Object(reference)) = all.into_iter().next()
    {
        o.extend(reference);
    }
    if let Some(Value::String(r)) = o.get_mut("$ref") {
        *r = r.replace("#/components/schemas/", "#/definitions/");
    }
    for key in ["properties", "items", "additionalProperties"] {
        match o.get_mut(key) {
            Some(Value::Object(members)) if key == "properties" => members.values_mut().for_each(downgrade),
            Some(other) => downgrade(other),
            None => {}
        }
    }
}
