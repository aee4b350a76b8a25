//! Conformance tests of the cel-spec project that bind variables. Those without are among the recorded expressions, with what
//! Kubernetes says of them; those on messages of protobuf, in containers or without checking do not apply to rules.

use super::{Meter, PER_CALL_LIMIT, Program, Type, Value, compile};
use crate::schema::cel::value::{Key, Map};
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// A field that the text repeats is a list, one that stands once is bare.
fn all(v: &Json) -> Vec<&Json> {
    match v {
        Json::Null => Vec::new(),
        Json::Array(items) => items.iter().collect(),
        one => vec![one],
    }
}

fn type_of(t: &Json) -> Option<Type> {
    let (kind, inner) = t.as_object()?.iter().next()?;
    Some(match (kind.as_str(), inner.as_str().unwrap_or_default()) {
        ("primitive", "BOOL") => Type::Bool,
        ("primitive", "INT64") => Type::Int,
        ("primitive", "UINT64") => Type::Uint,
        ("primitive", "DOUBLE") => Type::Double,
        ("primitive", "STRING") => Type::String,
        ("primitive", "BYTES") => Type::Bytes,
        ("well_known", "TIMESTAMP") => Type::Timestamp,
        ("well_known", "DURATION") => Type::Duration,
        ("null", _) => Type::Null,
        ("dyn", _) => Type::Dyn,
        ("list_type", _) => Type::list(type_of(&inner["elem_type"])?),
        ("map_type", _) => Type::map(type_of(&inner["key_type"])?, type_of(&inner["value_type"])?),
        _ => return None,
    })
}

fn value_of(v: &Json) -> Option<Value<'static>> {
    let (kind, inner) = v.as_object()?.iter().next()?;
    let text = inner.as_str().unwrap_or_default();
    Some(match kind.as_str() {
        "null_value" => Value::Null,
        "bool_value" => Value::Bool(inner.as_bool()?),
        "int64_value" => Value::Int(text.parse().ok()?),
        "uint64_value" => Value::Uint(text.parse().ok()?),
        "double_value" => Value::Double(text.parse().ok()?),
        "string_value" => Value::string(text),
        "bytes_value" => Value::Bytes(text.as_bytes().into()),
        "list_value" => Value::list(all(&inner["values"]).into_iter().map(value_of).collect::<Option<_>>()?),
        "map_value" => {
            let mut entries = BTreeMap::new();
            for e in all(&inner["entries"]) {
                entries.insert(Key::new(value_of(&e["key"])?, entries.len()).ok()?, value_of(&e["value"])?);
            }
            Value::Map(Map::owned(entries))
        }
        _ => return None,
    })
}

/// The names, types and values of a test's variables; none if there are none, or some that no rule can have.
fn variables(test: &Json) -> Option<Vec<(&str, Type, Value<'static>)>> {
    let (types, values) = (all(&test["type_env"]), all(&test["bindings"]));
    if types.is_empty() || test.get("container").is_some() || test["disable_check"] == true {
        return None;
    }
    types.into_iter().map(|t| variable(t, &values)).collect()
}

fn variable<'t>(declared: &'t Json, bound: &[&Json]) -> Option<(&'t str, Type, Value<'static>)> {
    let name = declared["name"].as_str()?;
    let bound = bound.iter().find(|b| b["key"] == name)?;
    Some((name, type_of(&declared["ident"]["type"])?, value_of(&bound["value"]["value"])?))
}

/// Libraries that Kubernetes does not have, and the one format it writes in another way: recordings of the same without
/// variables show `1.052033×10⁰³`.
const ABSENT: [&str; 4] = ["cel.bind", "cel.block", "cel.iterVar", "format([1052.032911275])"];

#[test]
fn expressions_on_variables_evaluate_as_the_specification_says() {
    let dir = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/cel-spec");
    let Ok(files) = std::fs::read_dir(&dir) else {
        return eprintln!("SKIPPED: {} is not here, so no conformance test was run", dir.display());
    };
    let mut n = 0;
    for path in files.map(|f| f.expect("a file").path()).filter(|p| p.extension().is_some_and(|e| e == "json")) {
        let tests: Vec<Json> = serde_json::from_slice(&std::fs::read(&path).expect("a file")).expect("tests");
        for test in &tests {
            let expr = test["expr"].as_str().expect("an expression");
            if ABSENT.iter().any(|part| expr.contains(part)) {
                continue;
            }
            let Some(variables) = variables(test) else { continue };
            let names: Vec<&str> = variables.iter().map(|(name, ..)| *name).collect();
            let types: Vec<(&str, Type)> = variables.iter().map(|(name, t, _)| (*name, t.clone())).collect();
            let checked = compile(expr, &types).unwrap_or_else(|e| panic!("{expr}: {e}"));
            let program = Program::new(&checked, &names).unwrap_or_else(|e| panic!("{expr}: {e}"));
            let values: Vec<_> = variables.into_iter().map(|(_, _, v)| Ok(v)).collect();
            let got = program.eval(&values, &mut Meter::new(PER_CALL_LIMIT));
            match value_of(&test["value"]) {
                Some(want) => {
                    let same = |v: &Value<'_>| v.type_name() == want.type_name() && v.equals_or_null(&want) == Ok(true);
                    assert!(got.as_ref().is_ok_and(same), "{expr}: {got:?}, not {want}");
                }
                None => assert!(test.get("eval_error").is_some() && got.is_err(), "{expr}: {got:?}"),
            }
            n += 1;
        }
    }
    assert!(n >= 25, "only {n} tests had variables that rules can have");
}
