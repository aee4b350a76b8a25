//! Expressions and rules with what Kubernetes 1.36 itself says of them. The recordings are beside the repository; without
//! them these tests say so and pass, and the cases of `tests.rs` still hold the checker.

use super::{Declared, Program, Range, Rule, compile, estimate};
use crate::schema::node::Node;
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
fn said(expr: &str) -> [Value; 5] {
    match compile(expr, &[]) {
        Ok(checked) => {
            let program = Program::new(&checked, &[]).err().map_or(Value::Null, |e| e.to_string().into());
            let Range { min, max } = estimate(&checked, None);
            [checked.output().to_string().into(), Value::Null, min.into(), unbounded(max), program]
        }
        Err(errors) => {
            let first = errors.to_string().lines().next().unwrap_or_default().to_owned();
            [Value::Null, first.into(), Value::Null, Value::Null, Value::Null]
        }
    }
}

fn holds(file: &str) {
    let mut wrong = Vec::new();
    let recorded = lines(file);
    for line in &recorded {
        let expr = line["expr"].as_str().expect("an expression");
        let got = said(expr);
        let want = ["type", "compile_error", "estimate_min", "estimate_max", "program_error"].map(|f| line[f].clone());
        if want != got {
            wrong.push(format!(
                "{}
  {expr:.200}
  want {want:?}
  got  {got:?}",
                line["id"]
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

/// The node that a path of the recording names, and whether it is a whole resource.
fn node_at<'a>(root: &'a Node, path: &str) -> (&'a Node, bool) {
    let mut at = (root, true);
    for step in path.split('/').skip(1).filter(|s| !s.is_empty()) {
        let node = match step {
            "[]" => at.0.items.as_deref(),
            "{}" => at.0.additional_schema(),
            name => at.0.property(name),
        };
        let node = node.unwrap_or_else(|| panic!("no {step} of {path}"));
        at = (node, node.embedded);
    }
    at
}

#[test]
fn rules_of_real_definitions_cost_as_recorded() {
    let mut crds = std::collections::HashMap::new();
    for line in gzipped("corpus/corpus.jsonl.gz") {
        let crd = &line["crd"];
        for version in crd["spec"]["versions"].as_array().into_iter().flatten() {
            let key = format!("{} {}", crd["metadata"]["name"], version["name"]);
            crds.insert(key, version["schema"]["openAPIV3Schema"].clone());
        }
    }
    let (mut wrong, mut count) = (Vec::new(), 0);
    for line in gzipped("corpus/rules.jsonl.gz") {
        let root = Node::parse(&crds[&format!("{} {}", line["crd"], line["version"])]);
        for rule in line["rules"].as_array().expect("rules") {
            let (node, is_root) = node_at(&root, rule["path"].as_str().expect("a path"));
            let declared = Declared::of(node, is_root).expect("a declared type");
            let text = rule["rule"].as_str().expect("a rule");
            let entries = node.rules.as_deref().and_then(Value::as_array).expect("rules");
            let entry = entries.iter().find(|r| r["rule"] == text).expect("the rule");
            let compiled = Rule::compile(entry, &declared);
            let cardinality = declared.max_cardinality();
            let got = (compiled.max_cost, cardinality, compiled.uses_old_self);
            let n = |field: &str| rule[field].as_u64().expect("a number");
            let want = (n("max_cost"), n("max_cardinality"), rule["uses_old_self"] == true);
            count += 1;
            if got != want {
                wrong.push(format!(
                    "{} {}\n  {text}\n  want {want:?}\n  got  {got:?} {:?}",
                    line["crd"], rule["path"], compiled.program
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {count} differ\n{}", wrong.len(), wrong.join("\n"));
}

fn gzipped(path: &str) -> Vec<Value> {
    let Some(path) = shared(path) else { return Vec::new() };
    let out = std::process::Command::new("zcat").arg(path).output().expect("zcat");
    let mut lines = Vec::new();
    for line in out.stdout.split(|b| *b == b'\n').filter(|l| !l.is_empty()) {
        let mut reader = serde_json::Deserializer::from_slice(line);
        reader.disable_recursion_limit();
        lines.push(serde::Deserialize::deserialize(&mut reader).expect("a line of JSON"));
    }
    lines
}
