//! Any expression, on an object with a field of every type: parsed, checked, weighed, and run within a budget. Nothing panics,
//! evaluation ends near its limit, and what comes out is of the type that the checker said.

#![no_main]

use kubegraft::schema::Node;
use kubegraft::schema::cel::{Declared, Meter, Program, Rule, Type, Value, compile, estimate};
use libfuzzer_sys::fuzz_target;
use serde_json::{Value as Json, json};
use std::sync::LazyLock;

/// What one run may cost: less than in a server, so that a minute holds many runs.
const LIMIT: u64 = 20_000;

static SELF: LazyLock<(Node, Declared, [Json; 2])> = LazyLock::new(|| {
    let of = |t: &str| json!({"type": t});
    let text = |format: &str| json!({"type": "string", "format": format});
    let keyed = json!({"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["k"],
        "items": {"type": "object", "required": ["k"], "properties": {"k": of("string"), "v": of("integer")}}});
    let schema = json!({"type": "object", "properties": {
        "i": of("integer"), "n": of("number"), "b": of("boolean"), "s": of("string"),
        "d": text("duration"), "t": text("date-time"), "y": text("date"), "x": text("byte"),
        "l": {"type": "array", "items": of("integer")},
        "ls": {"type": "array", "maxItems": 9, "items": {"type": "string", "maxLength": 9}},
        "u": {"type": "array", "x-kubernetes-list-type": "set", "items": of("string")},
        "k": keyed,
        "m": {"type": "object", "additionalProperties": of("integer")},
        "mm": {"type": "object", "additionalProperties": {"type": "object", "additionalProperties": of("string")}},
        "o": {"type": "object", "properties": {"a": of("string"), "in": of("integer"), "a-b": of("boolean")}},
        "q": {"x-kubernetes-int-or-string": true},
        "p": {"x-kubernetes-preserve-unknown-fields": true},
        "z": {"type": "string", "nullable": true},
        "e": {"type": "object", "x-kubernetes-embedded-resource": true, "x-kubernetes-preserve-unknown-fields": true},
    }});
    let object = json!({"apiVersion": "ex.io/v1", "kind": "Thing", "metadata": {"name": "x", "labels": {"a": "b"}},
        "i": 3, "n": 1.5, "b": true, "s": "aé1.2.3", "d": "1h2s", "t": "2026-02-28T23:59:59.5Z", "y": "2026-02-28",
        "x": "YQ==", "l": [3, 1, 2], "ls": ["a", "b", "10.0.0.1"], "u": ["a", "b"],
        "k": [{"k": "a", "v": 1}, {"k": "b"}], "m": {"a": 1, "b-c": 2}, "mm": {"a": {"b": "c"}},
        "o": {"a": "x", "in": 1, "a-b": false}, "q": "5", "p": {"any": [1, "a"]}, "z": null,
        "e": {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}}});
    let mut old = object.clone();
    (old["i"], old["l"], old["u"], old["q"]) = (json!(4), json!([]), json!(["b", "c"]), json!(5));
    old["k"] = json!([{"k": "b", "v": 2}, {"k": "c", "v": 3}]);
    let node = Node::parse(&schema);
    let declared = Declared::of(&node, true).expect("an object that rules can see");
    (node, declared, [object, old])
});

/// Whether a value may be what the checker calls so.
fn is_of(value: &Value<'_>, type_: &Type) -> bool {
    match (type_, value) {
        (Type::Null, v) => matches!(v, Value::Null),
        (Type::Bool, v) => matches!(v, Value::Bool(_)),
        (Type::Int, v) => matches!(v, Value::Int(_)),
        (Type::Uint, v) => matches!(v, Value::Uint(_)),
        (Type::Double, v) => matches!(v, Value::Double(_)),
        // A null field that may be null has its own type besides.
        (Type::String, v) => matches!(v, Value::String(_) | Value::Null),
        (Type::Bytes, v) => matches!(v, Value::Bytes(_)),
        (Type::Timestamp, v) => matches!(v, Value::Timestamp(_)),
        (Type::Duration, v) => matches!(v, Value::Duration(_)),
        _ => true,
    }
}

fn run(text: &str, optional: bool) {
    let (node, declared, [new, old]) = &*SELF;
    let read = |json| Value::of_json(json, node, true);
    let old_type = if optional { Type::optional(declared.type_.clone()) } else { declared.type_.clone() };
    let Ok(checked) = compile(text, &[("self", declared.type_.clone()), ("oldSelf", old_type)]) else { return };
    let cost = estimate(&checked, Some(declared));
    assert!(cost.min <= cost.max, "{cost:?} of {text}");
    let Ok(program) = Program::new(&checked, &["self", "oldSelf"]) else { return };
    let old = if optional { read(old).map(Value::some) } else { read(old) };
    let (mut meter, mut again) = (Meter::new(LIMIT), Meter::new(LIMIT));
    let variables = [read(new), old];
    let result = program.eval(&variables, &mut meter);
    let second = program.eval(&variables, &mut again);
    assert_eq!((meter.cost(), result.is_ok()), (again.cost(), second.is_ok()), "{text}");
    match result {
        Ok(value) => {
            assert!(meter.cost() <= LIMIT, "{} for {text}", meter.cost());
            assert!(is_of(&value, checked.output()), "{} is not of {} in {text}", value.type_name(), checked.output());
        }
        Err(error) => assert!(!error.text().is_empty(), "{text}"),
    }
}

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    run(text, false);
    run(text, true);
    // A line break parts a rule from the expression of its message.
    let (rule, message) = text.split_once('\n').unwrap_or((text, "self.s"));
    Rule::compile(&json!({"rule": rule, "messageExpression": message, "optionalOldSelf": true}), &SELF.1);
});
