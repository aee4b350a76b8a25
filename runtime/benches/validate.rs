//! What validation costs: an object of 2 kB with three rules, as it is created and as it is updated; what the compiling of the
//! definition costs, rules included; and how long rules take that use up what one may cost.
//!
//! `cargo bench -p kubegraft --no-default-features --features k8s-latest --bench validate`

#![allow(missing_docs, reason = "divan's main")]

use divan::{Bencher, black_box};
use kubegraft::schema::Schema;
use serde_json::json;

mod workload;

use workload::{object, schema};

fn main() {
    divan::main();
}

#[divan::bench]
fn create(bencher: Bencher<'_, '_>) {
    let (schema, object) = (Schema::compile(&schema()).expect("a schema"), object());
    assert!(schema.validate(&object, None).errors.is_empty());
    bencher.bench_local(|| schema.validate(black_box(&object), None));
}

#[divan::bench]
fn update(bencher: Bencher<'_, '_>) {
    let (schema, old) = (Schema::compile(&schema()).expect("a schema"), object());
    let mut new = old.clone();
    new["spec"]["replicas"] = json!(4);
    assert!(schema.validate(&new, Some(&old)).errors.is_empty());
    bencher.bench_local(|| schema.validate(black_box(&new), Some(black_box(&old))));
}

#[divan::bench]
fn compile(bencher: Bencher<'_, '_>) {
    let (schema, object) = (schema(), object());
    bencher.bench_local(|| Schema::compile(black_box(&schema)).expect("a schema").validate(&object, None));
}

/// Each is cut off after a million units of cost, which is what one evaluation may use.
const SPENT: [&str; 5] = [
    "self.numbers.all(a, self.numbers.all(b, self.numbers.all(c, a + b + c >= 0)))",
    "self.numbers.all(a, self.numbers.all(b, self.numbers.all(c, c in self.numbers)))",
    "self.items.all(a, self.items.all(b, self.items.all(c, b == b)))",
    "self.items.all(a, self.items.all(b, self.items.map(c, c.name + a.name).size() > 0))",
    "self.numbers.all(a, self.numbers.all(b, self.numbers.all(c, self.map.all(k, k != ''))))",
];

#[divan::bench(args = SPENT, sample_count = 5)]
fn spent(bencher: Bencher<'_, '_>, rule: &str) {
    let list = |item| json!({"type": "array", "items": item});
    let schema = json!({"type": "object", "properties": {
        "numbers": list(json!({"type": "integer"})),
        "items": list(json!({"type": "object", "properties": {
            "name": {"type": "string"}, "n": {"type": "integer"}, "tags": list(json!({"type": "string"})),
        }})),
        "map": {"type": "object", "additionalProperties": {"type": "string"}},
    }, "x-kubernetes-validations": [{"rule": rule}]});
    let map: serde_json::Map<String, serde_json::Value> = (0..190).map(|i| (format!("k{i}"), json!("v"))).collect();
    let items: Vec<_> = (0..190).map(|i| json!({"name": format!("n{i}"), "n": i, "tags": ["a", "b"]})).collect();
    let object = json!({"numbers": (0..190).collect::<Vec<_>>(), "items": items, "map": map});
    let schema = Schema::compile(&schema).expect("a schema");
    let found = schema.validate(&object, None).errors;
    assert!(found.len() == 1 && found[0].detail.contains("call cost exceeds limit"), "{found:?}");
    bencher.bench_local(|| schema.validate(black_box(&object), None));
}
