//! What validation costs: an object of 2 kB with three rules, as it is created and as it is updated; and what the compiling
//! of the definition costs, rules included.
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
