//! What real definitions cost: the 547 of `../shared/corpus` checked as a server checks them when they are created (structure,
//! types of rules, costs), made ready to be served, and the memory of that. Without the corpus it says so and measures nothing.
//!
//! `cargo bench -p kubegraft --no-default-features --features k8s-latest --bench corpus`

#![allow(missing_docs, reason = "divan's main")]

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use kubegraft::schema::{Definition, crd};
use peak_alloc::PeakAlloc;
use serde::Deserialize;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::Command;
use std::sync::LazyLock;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// The definitions with the status of their recorded answers.
static CORPUS: LazyLock<Vec<(Value, bool)>> = LazyLock::new(read);

fn read() -> Vec<(Value, bool)> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpus/corpus.jsonl.gz");
    let unpacked = Command::new("zcat").arg(&path).output().expect("zcat");
    let lines = unpacked.stdout.split(|b| *b == b'\n').filter(|l| !l.is_empty());
    let line = |line: &[u8]| {
        let mut reader = serde_json::Deserializer::from_slice(line);
        reader.disable_recursion_limit();
        let mut line = Value::deserialize(&mut reader).expect("a line of JSON");
        (line["crd"].take(), line["status"] == 201)
    };
    lines.map(line).collect()
}

fn main() {
    if CORPUS.is_empty() {
        println!("SKIPPED: ../shared/corpus is not here, so nothing is measured");
        return;
    }
    memory();
    processor();
    divan::main();
}

/// A definition as the server has it after decoding.
fn decoded(crd: &Value) -> Value {
    let mut crd = crd.clone();
    crd["status"] = json!({});
    crd::decode(&mut crd, &mut Vec::new()).expect("every field has its type");
    crd
}

/// A definition with all that is made of it before or with its first object.
fn served(crd: &Value) -> Definition {
    let definition = Definition::from_crd(crd).expect("a definition");
    for version in &definition.versions {
        version.schema.validate(&json!({}), None);
    }
    definition
}

/// What served definitions hold, counted by the allocator.
fn memory() {
    let accepted: Vec<Value> = CORPUS.iter().filter(|(_, good)| *good).map(|(crd, _)| decoded(crd)).collect();
    let stored: usize = accepted.iter().map(|crd| crd.to_string().len()).sum();
    drop(served(&accepted[0]));
    let (mut held, mut most) = (0, (0, ""));
    let mut all = Vec::with_capacity(accepted.len());
    for crd in &accepted {
        let before = MEMORY.current_usage();
        all.push(served(crd));
        let one = MEMORY.current_usage().saturating_sub(before);
        held += one;
        most = most.max((one, crd["metadata"]["name"].as_str().unwrap_or_default()));
    }
    let n = all.len();
    println!("{n} served definitions: {} bytes each on average, beside {} bytes stored", held / n, stored / n);
    println!("the largest: {} bytes, {}", most.0, most.1);
}

/// What this thread has used of the processor, in milliseconds; nothing where the system does not say it so.
fn used() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    Some(text.split_whitespace().next()?.parse::<u64>().ok()? / 1_000_000)
}

/// What checking and serving use of the processor, which other work on the machine distorts less than the time they take.
fn processor() {
    for _ in 0..5 {
        let mut new: Vec<Value> = CORPUS.iter().map(|(crd, _)| crd.clone()).collect();
        let before = used();
        new.iter_mut().for_each(check_one);
        let checked = used();
        let all: Vec<_> = CORPUS.iter().zip(&new).filter(|((_, good), _)| *good).map(|(_, crd)| served(crd)).collect();
        if let (Some(before), Some(checked), Some(end)) = (before, checked, used()) {
            println!(
                "CPU: {} checked in {} ms, {} made ready in {} ms",
                new.len(),
                checked - before,
                all.len(),
                end - checked
            );
        }
    }
}

fn check_one(crd: &mut Value) {
    crd["status"] = json!({});
    crd::decode(crd, &mut Vec::new()).expect("every field has its type");
    black_box(crd::validate_create(crd));
}

/// All definitions, as a server checks new ones.
#[divan::bench(sample_count = 5, sample_size = 1)]
fn check(bencher: Bencher<'_, '_>) {
    let all: Vec<Value> = CORPUS.iter().map(|(crd, _)| crd.clone()).collect();
    bencher.counter(ItemsCount::new(all.len())).with_inputs(|| all.clone()).bench_local_values(|mut all| {
        all.iter_mut().for_each(check_one);
        all
    });
}

/// All that are accepted, made ready to be served, rules included.
#[divan::bench(sample_count = 5, sample_size = 1)]
fn serve(bencher: Bencher<'_, '_>) {
    let all: Vec<Value> = CORPUS.iter().filter(|(_, good)| *good).map(|(crd, _)| decoded(crd)).collect();
    bencher.counter(ItemsCount::new(all.len())).bench_local(|| all.iter().map(served).collect::<Vec<_>>());
}
