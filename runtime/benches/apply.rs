//! What field management costs: an apply of a typical object, of large keyed lists by two managers, and the booking of an
//! update. Storage, HTTP and decoding are not in it.
//!
//! `cargo bench -p kubegraft --no-default-features --features k8s-latest --bench apply`

#![allow(missing_docs, reason = "divan's main")]

use divan::{Bencher, black_box};
use kubegraft::patch::apply::{FieldManager, Writer};
use kubegraft::resource::Object;
use kubegraft::schema::Definition;
use serde_json::{Value, json};
use std::sync::Arc;

fn main() {
    divan::main();
}

/// A workload with containers, ports, variables and conditions, as most objects are.
fn workload() -> FieldManager {
    let text = json!({"type": "string"});
    let list = |key: &str, properties: Value| {
        json!({"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": [key],
            "items": {"type": "object", "required": [key], "properties": properties}})
    };
    let resources = json!({"type": "object", "additionalProperties": text});
    let container = json!({
        "name": text, "image": text, "args": {"type": "array", "items": text},
        "env": list("name", json!({"name": text, "value": text})),
        "ports": list("name", json!({"name": text, "containerPort": {"type": "integer"}, "protocol": text})),
        "resources": {"type": "object", "properties": {"limits": resources, "requests": resources}},
    });
    let spec = json!({"type": "object", "properties": {
        "replicas": {"type": "integer"},
        "selector": {"type": "object", "x-kubernetes-map-type": "atomic", "additionalProperties": text},
        "containers": list("name", container),
        "tags": {"type": "array", "x-kubernetes-list-type": "set", "items": text}}});
    let status = json!({"type": "object", "properties": {
        "replicas": {"type": "integer"},
        "conditions": list("type", json!({"type": text, "status": text, "reason": text, "message": text}))}});
    manager(json!({"type": "object", "properties": {"spec": spec, "status": status}}))
}

fn list_of_items() -> FieldManager {
    manager(json!({"type": "object", "properties": {"spec": {"type": "object", "properties": {
        "items": {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"],
            "items": {"type": "object", "required": ["name"], "properties": {
                "name": {"type": "string"}, "a": {"type": "string"}, "b": {"type": "string"}}}}}}}}))
}

fn manager(schema: Value) -> FieldManager {
    let definition = Definition::from_crd(&json!({"spec": {
        "group": "ex.io", "scope": "Namespaced", "names": {"plural": "things", "kind": "Thing"},
        "versions": [{"name": "v1", "served": true, "storage": true, "subresources": {"status": {}},
            "schema": {"openAPIV3Schema": schema}}]}}));
    FieldManager::new(Arc::new(definition.expect("a definition")), 0, Object::default(), false)
}

fn thing(spec: Value) -> Object {
    Object::from_value(json!({
        "apiVersion": "ex.io/v1", "kind": "Thing",
        "metadata": {"name": "thing", "namespace": "default", "labels": {"app": "thing", "tier": "web"}}, "spec": spec}))
    .expect("an object")
}

fn by<'a>(manager: &'a str, time: &'a str) -> Writer<'a> {
    Writer { manager, subresource: "", time }
}

/// About 2 kB of JSON without what the server adds.
fn typical(image: &str) -> Object {
    let container = |name: &str, port: i64| {
        let env: Vec<Value> = (0..8)
            .map(|i| json!({"name": format!("VARIABLE_{i}"), "value": format!("the value of variable {i} of {name}")}))
            .collect();
        json!({
            "name": name, "image": image, "args": ["--verbose", "--listen=0.0.0.0", "--config=/etc/thing/config.yaml"],
            "env": env,
            "ports": [
                {"name": "http", "containerPort": port, "protocol": "TCP"},
                {"name": "metrics", "containerPort": port + 1, "protocol": "TCP"}],
            "resources": {"limits": {"cpu": "500m", "memory": "256Mi"}, "requests": {"cpu": "100m", "memory": "128Mi"}}})
    };
    thing(json!({
        "replicas": 3, "selector": {"app": "thing"}, "tags": ["blue", "green", "stable"],
        "containers": [container("server", 8080), container("sidecar", 9090)]}))
}

/// The object as it is stored, applied by one manager, its status written by another.
fn live(fields: &FieldManager) -> Object {
    let mut old = fields
        .apply(None, &typical("registry.example.com/thing:1.0"), false, by("one", "2026-01-01T00:00:00Z"))
        .expect("applied");
    old.set_meta("uid", "5f1c8c3e-6d1f-4f0e-9a57-0d8a3f4a2f6b");
    old.set_meta("creationTimestamp", "2026-01-01T00:00:00Z");
    old.set_meta("resourceVersion", "1234");
    let mut new = old.clone();
    new.0.insert(
        "status".into(),
        json!({"replicas": 3, "conditions": [
        {"type": "Ready", "status": "True", "reason": "AllUp", "message": "all replicas are up"},
        {"type": "Synced", "status": "True", "reason": "Synced", "message": "nothing to do"}]}),
    );
    let writer = Writer { manager: "controller", subresource: "status", time: "2026-01-01T00:00:01Z" };
    fields.on_update(&old, &mut new, writer);
    new
}

#[divan::bench]
fn typical_object_changed_by_its_applier(bencher: Bencher<'_, '_>) {
    let fields = workload();
    let live = live(&fields);
    let applied = typical("registry.example.com/thing:1.1");
    let size = serde_json::to_string(&applied.0).map(|s| s.len()).unwrap_or_default();
    assert!((1_900..2_300).contains(&size), "a typical object has about 2 kB, not {size}");
    bencher
        .bench(|| fields.apply(Some(black_box(&live)), black_box(&applied), false, by("one", "2026-01-01T00:00:02Z")));
}

#[divan::bench]
fn typical_object_applied_unchanged(bencher: Bencher<'_, '_>) {
    let fields = workload();
    let live = live(&fields);
    let applied = typical("registry.example.com/thing:1.0");
    bencher
        .bench(|| fields.apply(Some(black_box(&live)), black_box(&applied), false, by("one", "2026-01-01T00:00:02Z")));
}

#[divan::bench]
fn typical_object_loses_a_container(bencher: Bencher<'_, '_>) {
    let fields = workload();
    let live = live(&fields);
    let mut applied = typical("registry.example.com/thing:1.0");
    if let Some(containers) = applied.0["spec"]["containers"].as_array_mut() {
        containers.pop();
    }
    bencher
        .bench(|| fields.apply(Some(black_box(&live)), black_box(&applied), false, by("one", "2026-01-01T00:00:02Z")));
}

#[divan::bench]
fn typical_object_updated(bencher: Bencher<'_, '_>) {
    let fields = workload();
    let live = live(&fields);
    let mut changed = live.clone();
    changed.0["spec"]["replicas"] = 5.into();
    bencher.with_inputs(|| changed.clone()).bench_refs(|new| {
        fields.on_update(black_box(&live), new, by("hand", "2026-01-01T00:00:02Z"));
    });
}

/// Items with the field `field` set.
fn items(n: usize, field: &str) -> Object {
    let item = |i: usize| json!({"name": format!("item-{i:05}"), field: format!("the value of {field} in {i}")});
    thing(json!({"items": (0..n).map(item).collect::<Vec<_>>()}))
}

#[divan::bench(args = [100, 1_600, 10_000], sample_count = 20)]
fn keyed_list_applied_by_two_managers(bencher: Bencher<'_, '_>, n: usize) {
    let fields = list_of_items();
    let (a, b) = (items(n, "a"), items(n, "b"));
    bencher.bench(|| {
        let live = fields.apply(None, black_box(&a), false, by("one", "2026-01-01T00:00:00Z")).expect("applied");
        fields.apply(Some(&live), black_box(&b), false, by("two", "2026-01-01T00:00:01Z")).expect("applied")
    });
}

#[divan::bench(args = [100, 1_600, 10_000], sample_count = 20)]
fn keyed_list_of_two_managers_applied_again(bencher: Bencher<'_, '_>, n: usize) {
    let fields = list_of_items();
    let (a, b) = (items(n, "a"), items(n, "b"));
    let live = fields.apply(None, &a, false, by("one", "2026-01-01T00:00:00Z")).expect("applied");
    let live = fields.apply(Some(&live), &b, false, by("two", "2026-01-01T00:00:01Z")).expect("applied");
    bencher.bench(|| fields.apply(Some(black_box(&live)), black_box(&b), false, by("two", "2026-01-01T00:00:02Z")));
}

#[divan::bench(args = [100, 1_600, 10_000], sample_count = 20)]
fn keyed_list_loses_every_other_item(bencher: Bencher<'_, '_>, n: usize) {
    let fields = list_of_items();
    let live = fields.apply(None, &items(n, "a"), false, by("one", "2026-01-01T00:00:00Z")).expect("applied");
    let mut half = items(n, "a");
    if let Some(items) = half.0["spec"]["items"].as_array_mut() {
        let mut i = 0;
        items.retain(|_| {
            i += 1;
            i % 2 == 0
        });
    }
    bencher.bench(|| fields.apply(Some(black_box(&live)), black_box(&half), false, by("one", "2026-01-01T00:00:01Z")));
}
