//! What a write allocates on its way through the library: decoding, shaping, validating and encoding an object of 2 kB with three
//! rules. The numbers of allocations do not depend on the machine.
//!
//! `cargo bench -p kubegraft --no-default-features --features k8s-latest --bench allocations`

#![allow(missing_docs, reason = "divan's main")]

use divan::{AllocProfiler, Bencher, black_box};
use kubegraft::resource::codec::json;
use kubegraft::schema::Schema;
use serde_json::Value;

mod workload;

use workload::{object, schema};

#[global_allocator]
static MEMORY: AllocProfiler = AllocProfiler::system();

fn main() {
    divan::main();
}

fn shaped(schema: &Schema, mut object: Value) -> Value {
    schema.shape(&mut object, &mut Vec::new()).expect("an object");
    object
}

#[divan::bench(sample_size = 100)]
fn decode(bencher: Bencher<'_, '_>) {
    let bytes = json::encode(&object());
    bencher.bench_local(|| json::decode(black_box(&bytes)));
}

#[divan::bench(sample_size = 100)]
fn shape(bencher: Bencher<'_, '_>) {
    let schema = Schema::compile(&schema()).expect("a schema");
    bencher.with_inputs(object).bench_local_values(|object| shaped(&schema, object));
}

#[divan::bench(sample_size = 100)]
fn validate_create(bencher: Bencher<'_, '_>) {
    let (schema, object) = (Schema::compile(&schema()).expect("a schema"), object());
    assert!(schema.validate(&object, None).errors.is_empty());
    bencher.bench_local(|| schema.validate(black_box(&object), None));
}

#[divan::bench(sample_size = 100)]
fn validate_update(bencher: Bencher<'_, '_>) {
    let (schema, object) = (Schema::compile(&schema()).expect("a schema"), object());
    bencher.bench_local(|| schema.validate(black_box(&object), Some(black_box(&object))));
}

#[divan::bench(sample_size = 100)]
fn encode(bencher: Bencher<'_, '_>) {
    let object = object();
    bencher.bench_local(|| json::encode(black_box(&object)));
}
