//! What expressions evaluate to, case by case, on values of an object. The recordings say far more but are not part of the
//! repository.

use super::{Declared, Meter, PER_CALL_LIMIT, Program, Value, compile};
use crate::resource::codec::{Format, decode};
use crate::schema::node::Node;
use serde_json::Value as Json;

fn check(node: &Node, object: &Json, case: &Json) {
    let text = |key: &str| case[key].as_str();
    let expr = text("expr").expect("an expression");
    let declared = Declared::of(node, true).expect("a type for self");
    let checked = compile(expr, &[("self", declared.type_)]).unwrap_or_else(|e| panic!("{expr}: {e}"));
    let program = match (Program::new(&checked, &["self"]), text("program_error")) {
        (Ok(p), None) => p,
        (Err(e), Some(want)) => return assert_eq!(e.text(), want, "{expr}"),
        (p, _) => panic!("{expr}: {:?}", p.map(|_| "a program")),
    };
    let mut meter = Meter::new(case["limit"].as_u64().unwrap_or(PER_CALL_LIMIT));
    let got = match program.eval(&[Value::of_json(object, node, true)], &mut meter) {
        Ok(v) => v.native().to_string(),
        Err(e) => format!("error: {e}"),
    };
    let want = text("value").map_or_else(|| format!("error: {}", text("error").unwrap_or_default()), str::to_owned);
    assert_eq!(got, want, "{expr}");
    if let Some(cost) = case["cost"].as_u64() {
        assert_eq!(meter.cost(), cost, "cost of {expr}");
    }
}

#[test]
fn expressions_have_the_values_errors_and_costs_of_the_cases() {
    let cases: Json = decode(Format::Yaml, include_bytes!("eval_cases.yaml")).expect("cases").value;
    let (node, object) = (Node::parse(&cases["schema"]), &cases["object"]);
    for case in cases["cases"].as_array().expect("a list of cases") {
        check(&node, object, case);
    }
}

#[test]
fn what_is_too_dear_is_not_even_begun() {
    let started = std::time::Instant::now();
    for expr in [
        "lists.range(9223372036854775807).map(x, x).size() > 0",
        "sets.contains(lists.range(1000000), lists.range(1000000))",
        "lists.range(100000000).distinct().size() > 0",
        "'%.999999999f'.format([1.0]) == ''",
        "lists.range(30000).map(x, 'xxxxxxxxxx').join('').replace('', lists.range(30000).map(x, 'y').join('')) == ''",
    ] {
        let checked = compile(expr, &[]).unwrap_or_else(|e| panic!("{expr}: {e}"));
        let program = Program::new(&checked, &[]).unwrap_or_else(|e| panic!("{expr}: {e}"));
        let result = program.eval(&[], &mut Meter::new(PER_CALL_LIMIT));
        assert!(result.is_err_and(|e| e.is_cancelled()), "{expr}");
    }
    // Seconds even on a machine that has much else to do; unbounded, each would take hours or all memory.
    assert!(started.elapsed().as_secs() < 60);
}
