//! Expressions and rules with their types, costs and errors, case by case; and expressions made to be expensive.

use super::{Checked, Declared, Program, Rule, compile, estimate};
use crate::resource::codec::yaml;
use crate::schema::node::Node;
use serde_json::{Value, json};

fn cases(text: &str) -> Value {
    yaml::decode(text.as_bytes()).expect("cases in YAML").value
}

/// The fields of a case that are not as it says.
fn check(case: &Value, got: &Value, wrong: &mut Vec<String>) {
    for (field, want) in case.as_object().expect("a case").iter().filter(|(f, _)| got.get(f).is_some()) {
        if &got[field] != want {
            wrong.push(format!("{field} is {} in {case}", got[field]));
        }
    }
}

fn said(checked: &Checked) -> Value {
    let cost = estimate(checked, None);
    json!({"type": checked.output().to_string(), "min": cost.min, "max": cost.max, "error": null})
}

#[test]
fn expressions_have_the_types_costs_and_errors_of_their_cases() {
    let mut wrong = Vec::new();
    for case in cases(include_str!("cases/expressions.yaml")).as_array().expect("a list") {
        let expr = case["expr"].as_str().expect("an expression");
        match compile(expr, &[]) {
            Ok(checked) => check(case, &said(&checked), &mut wrong),
            Err(errors) => check(case, &json!({"error": errors.to_string(), "type": null}), &mut wrong),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn rules_are_typed_and_weighed_by_their_schema() {
    let all = cases(include_str!("cases/rules.yaml"));
    let declared = Declared::of(&Node::parse(&all["schema"]), false).expect("a declared type");
    let mut wrong = Vec::new();
    for case in all["cases"].as_array().expect("a list") {
        let rule = Rule::compile(case, &declared);
        let message = rule.message.as_ref();
        let got = json!({
            "cost": rule.max_cost,
            "uses_old_self": rule.uses_old_self,
            "error": rule.program.as_ref().and_then(|p| p.as_ref().err()),
            "message_cost": message.and_then(|m| m.as_ref().ok()).map(|m| m.1),
            "message_error": message.and_then(|m| m.as_ref().err()),
        });
        check(case, &got, &mut wrong);
        if case.get("error").is_some() == rule.program.is_some_and(|p| p.is_ok()) {
            wrong.push(format!("error is {} in {case}", got["error"]));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Compiling must come to an end soon, with or without an error, and on a small stack.
fn is_bounded(expr: String) {
    let run = move || {
        if let Ok(checked) = compile(&expr, &[]) {
            estimate(&checked, None);
            drop(Program::new(&checked, &[]));
        }
    };
    std::thread::Builder::new().stack_size(2 << 20).spawn(run).expect("a thread").join().expect("no panic");
}

#[test]
fn expensive_expressions_are_refused_instead_of_suffered() {
    is_bounded(format!("[1]{}", ".map(x, {x: x})".repeat(200)));
    is_bounded(format!("[[]]{}", ".map(x, [x, x])".repeat(200)));
    is_bounded(format!("{}true{}", "[1].all(x, ".repeat(240), ")".repeat(240)));
    is_bounded(format!("{}1{}", "[".repeat(249), "]".repeat(249)));
    is_bounded(format!("{}1{}", "{1: ".repeat(249), "}".repeat(249)));
    is_bounded(format!("1{}", " + 1".repeat(249)));
    is_bounded(format!("'a'{}", ".replace('a', 'aa')".repeat(249)));
    is_bounded(format!("optional.of(1){}", ".optMap(x, x)".repeat(60)));
    is_bounded(format!("[{}]", vec!["{'a': [1]}"; 5_000].join(", ")));
    is_bounded(vec!["1 == 1"; 5_000].join(" && "));
}
