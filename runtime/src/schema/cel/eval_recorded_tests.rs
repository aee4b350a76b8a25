//! Every recorded expression gives what Kubernetes gives: the same refusal, error, value and cost.

use super::{Meter, PER_CALL_LIMIT, Program, compile};
use serde_json::Value as Json;
use std::path::PathBuf;

fn lines(name: &str) -> Option<Vec<Json>> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/cel-spec").join(name);
    let Ok(text) = std::fs::read_to_string(&path) else {
        eprintln!("SKIPPED: {} is not here, so no recorded expression was evaluated", path.display());
        return None;
    };
    Some(text.lines().map(|l| serde_json::from_str(l).expect("a line of JSON")).collect())
}

/// What we say of an expression, in the recording's words; the cost comes last.
fn said(expr: &str) -> Option<(&'static str, String, String, Option<u64>)> {
    let checked = compile(expr, &[]).ok()?;
    let program = match Program::new(&checked, &[]) {
        Ok(p) => p,
        Err(e) => return Some(("program_error", e.to_string(), String::new(), None)),
    };
    let mut meter = Meter::new(PER_CALL_LIMIT);
    Some(match program.eval(&[], &mut meter) {
        Ok(v) => ("value", v.native().to_string(), v.type_name().to_owned(), Some(meter.cost())),
        Err(e) => ("eval_error", e.to_string(), String::new(), Some(meter.cost())),
    })
}

fn holds(file: &str) {
    let (mut wrong, mut n) = (Vec::new(), 0);
    for line in lines(file).unwrap_or_default() {
        if line.get("compile_error").is_some() {
            continue;
        }
        n += 1;
        let text = |key: &str| line[key].as_str().unwrap_or_default().to_owned();
        let outcome = ["program_error", "eval_error", "value"].into_iter().find(|k| line.get(k).is_some());
        let outcome = outcome.expect("an outcome");
        let want = Some((outcome, text(outcome), text("value_type"), line["cost"].as_u64()));
        let got = said(&text("expr"));
        if got != want {
            wrong.push(format!("{:.300}\n   want {want:?}\n   got  {got:?}", text("expr")));
        }
    }
    assert!(wrong.is_empty(), "{} of {n} differ\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn conformance_expressions_evaluate_and_cost_as_recorded() {
    holds("recorded.jsonl");
}

#[test]
fn expressions_of_the_libraries_evaluate_and_cost_as_recorded() {
    holds("kubernetes-libs.jsonl");
}
