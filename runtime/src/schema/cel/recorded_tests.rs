//! Expressions and rules with what Kubernetes 1.36 itself says of them. The recordings are beside the repository; without
//! them these tests say so and pass, and the cases of `tests.rs` still hold the checker.

use super::{Range, compile, estimate};
use serde_json::Value;
use std::path::PathBuf;

fn shared(path: &str) -> Option<PathBuf> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared").join(path);
    if path.exists() {
        return Some(path);
    }
    eprintln!("SKIPPED: {} is not here", path.display());
    None
}

fn lines(path: &str) -> Vec<Value> {
    let Some(path) = shared(path) else { return Vec::new() };
    let text = std::fs::read_to_string(path).expect("a readable recording");
    text.lines().map(|l| serde_json::from_str(l).expect("a line of JSON")).collect()
}

fn unbounded(v: u64) -> Value {
    if v == u64::MAX { "unbounded".into() } else { v.into() }
}

/// What we say of an expression, in the recording's words.
fn said(expr: &str) -> (Value, Value, Value, Value) {
    match compile(expr, &[]) {
        Ok(checked) => {
            let Range { min, max } = estimate(&checked, None);
            (checked.output().to_string().into(), Value::Null, min.into(), unbounded(max))
        }
        Err(errors) => {
            let first = errors.to_string().lines().next().unwrap_or_default().to_owned();
            (Value::Null, first.into(), Value::Null, Value::Null)
        }
    }
}

/// Texts of times are read by the evaluator's functions.
fn pending(line: &Value) -> bool {
    let error = line["compile_error"].as_str().unwrap_or_default();
    error.ends_with("invalid duration argument") || error.ends_with("invalid timestamp argument")
}

fn holds(file: &str) {
    let mut wrong = Vec::new();
    let recorded = lines(file);
    for line in &recorded {
        let expr = line["expr"].as_str().expect("an expression");
        let (type_, error, min, max) = said(expr);
        let want = (&line["type"], &line["compile_error"], &line["estimate_min"], &line["estimate_max"]);
        if want != (&type_, &error, &min, &max) && !pending(line) {
            wrong.push(format!(
                "{}\n  {expr:.200}\n  want {want:?}\n  got  {:?}",
                line["id"],
                (type_, error, min, max)
            ));
        }
    }
    assert!(wrong.is_empty(), "{} of {} differ\n{}", wrong.len(), recorded.len(), wrong.join("\n"));
}

#[test]
fn conformance_expressions_check_and_cost_as_recorded() {
    holds("cel-spec/recorded.jsonl");
}

#[test]
fn expressions_of_the_libraries_check_and_cost_as_recorded() {
    holds("cel-spec/kubernetes-libs.jsonl");
}
