//! Every form that serde has, with the schema it gets. For each, values are grown from examples by random changes; what the
//! schema does with them must agree with serde, both ways. The reference page is made of the same forms.

mod page;
mod types;

use fastrand::Rng;
use kubegraft::__private::derive::{Descriptions, schema_value};
use kubegraft::__private::schemars::JsonSchema;
use kubegraft::schema::Schema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use types::*;

/// A form: its title in `types`, its schema, examples of every variant, and its test.
struct Form {
    title: &'static str,
    schema: Value,
    examples: Vec<Value>,
    check: fn(&Form) -> Found,
}

/// How often each happened.
#[derive(Debug, Default)]
struct Found {
    read: usize,
    mended: usize,
    refused: usize,
}

fn form<T>(title: &'static str, examples: Value) -> Form
where
    T: JsonSchema + Serialize + DeserializeOwned,
{
    let (schema, problems) = schema_value::<T>(Descriptions::Full);
    assert!(problems.is_empty(), "{title}: {problems:?}");
    Form { title, schema, examples: examples.as_array().unwrap().clone(), check: check::<T> }
}

fn forms() -> Vec<Form> {
    vec![
        form::<Named>("Named fields", json!([{"name": "a", "count": 1, "maybe": true}, {"name": "", "count": -1}])),
        form::<Renamed>("Renamed fields", json!([{"twoWords": "a", "type": 1}])),
        form::<Aliased>("Aliases", json!([{"old": "a", "n": 1}, {"name": "a", "number": null}, {"older": "b"}])),
        form::<FieldDefaults>("Defaults of fields", json!([{}, {"count": 1, "level": 2, "list": ["a"]}])),
        form::<Nobody>("Defaults of the container", json!([{"count": 1}, {"name": "a", "maybe": "b"}])),
        form::<Skipped>("Skipped fields", json!([{"name": "a", "written": 1, "read": "b", "sometimes": "c"}])),
        form::<Closed>("Unknown fields denied", json!([{"name": "a"}])),
        form::<FlatStruct>("Flattened struct", json!([{"own": "a", "name": "b", "count": 1, "maybe": null}])),
        form::<FlatOption>("Flattened option", json!([{"own": "a"}, {"own": "a", "at": 1}])),
        form::<FlatMap>("Flattened map", json!([{"own": "a", "x": 1, "y": {"z": []}}])),
        form::<FlatEnums>(
            "Flattened enums",
            json!([{"own": "a", "type": "Tcp", "port": 80, "number": 1}, {"own": "a", "type": "None", "nothing": {}}]),
        ),
        form::<FlatTwice>(
            "Flattened within a flattened struct",
            json!([{"more": true, "own": "a", "name": "b", "count": 1}]),
        ),
        form::<Newtype>("Newtype", json!(["a"])),
        form::<Pair>("Tuple", json!([[1, 2]])),
        form::<Unit>("Unit", json!([null])),
        form::<Empty>("Empty struct", json!([{}])),
        form::<Transparent>("Transparent", json!([1, null])),
        form::<Generic<bool>>("Generic", json!([{"value": true, "list": [false]}])),
        form::<Borrowed<'static>>("Lifetimes", json!([{"text": "a"}])),
        form::<ByFunctions>("Functions that read and write", json!([{"number": "ff"}])),
        form::<Remote>("Remote", json!([{"there": {"X": 1}}])),
        form::<Through>("Read through another type", json!([{"name": "", "count": 1}])),
        form::<Colour>("Names alone", json!(["red", "green", "verde"])),
        form::<External>(
            "External tags",
            json!([{"plainText": {"theText": "a", "size": 3}}, {"number": 1}, {"nothing": {}}, {"named": {"name": "a", "count": 1}}]),
        ),
        form::<Mixed>(
            "External tags, with and without content",
            json!([{"Level": 3}, "Off", "Auto", "Automatic", {"Range": {"from": 1, "to": 2}}, {"Pair": [1, 2]}]),
        ),
        form::<Internal>(
            "Internal tag",
            json!([
                {"type": "Http", "pathName": "/", "port": 80}, {"type": "Tcp", "port": -1}, {"type": "None"},
                {"type": "Named", "name": "a", "count": 1}]),
        ),
        form::<InternalClosed>(
            "Internal tag, unknown fields denied",
            json!([{"type": "A", "a": 1}, {"type": "B", "b": 2}, {"type": "C"}]),
        ),
        form::<Adjacent>(
            "Adjacent tag and content",
            json!([
                {"t": "Fields", "c": {"a": true}}, {"t": "Unit"}, {"t": "Number", "c": 1}, {"t": "Text", "c": "a"},
                {"t": "Maybe", "c": null}, {"t": "Maybe", "c": true}, {"t": "Pair", "c": [1, 2]}]),
        ),
        form::<AdjacentClosed>(
            "Adjacent tag and content, unknown fields denied",
            json!([{"t": "Text", "c": "a"}, {"t": "Unit"}, {"t": "Fields", "c": {"a": true}}]),
        ),
        form::<Untagged>(
            "Untagged",
            json!([{"left": 1, "common": "a"}, {"right": "b", "common": "a"}, true, 0.5, "a", [1, 2]]),
        ),
        form::<Port>("Untagged, number or string", json!(["http", 80])),
        form::<UntaggedStructs>("Untagged structs", json!([{"from": 1, "to": 2}, {"at": 1}])),
        form::<Known>("Untagged variant of a tagged enum", json!(["Perhaps", "Yes", "No"])),
        form::<WithOther>("Other", json!([{"type": "B"}, {"type": "A", "a": 1}])),
        form::<AdjacentOther>("Other, with names alone", json!([{"t": "B"}, {"t": "Text", "c": "a"}, {"t": "Else"}])),
        form::<Around>(
            "Internal tag around structs and enums",
            json!([
                {"type": "struct", "name": "a", "count": 1}, {"type": "boxed", "name": "a", "count": 3},
                {"type": "tagged", "op": "Set", "value": 1}, {"type": "nothing"}]),
        ),
        form::<AroundMap>("Internal tag around a map", json!([{"type": "Map", "x": 1}, {"type": "Nothing"}])),
        form::<Overlapping>(
            "Untagged, overlapping",
            json!([1, -1, 0.5, {"a": 1, "b": 2}, {"a": 1, "c": true}, "red", "other"]),
        ),
        form::<UntaggedEnums>(
            "Untagged around enums",
            json!(["red", {"type": "Tcp", "port": 80}, ["green"], {"type": "None"}]),
        ),
        form::<FlatAdjacent>(
            "Flattened enum with and without content",
            json!([{"own": "a", "op": "Set", "value": true}, {"own": "a", "op": "Remove"}, {"own": "a", "op": "All", "value": [true]}]),
        ),
        form::<FlatUntagged>(
            "Flattened untagged enum",
            json!([{"own": "a", "at": 1}, {"own": "a", "from": 1, "to": 2}]),
        ),
        form::<Outer>(
            "Enums within enums, three deep",
            json!([
                {"middle": {"kind": "leaf", "theColour": "red", "theChange": {"op": "Set", "value": "green"}}},
                {"list": [{"kind": "ports", "thePorts": [80, "http"]}]}, {"map": {"a": {"kind": "leaf", "theColour": "red"}}}]),
        ),
        form::<Nested>(
            "Enum within an enum",
            json!([{"Internal": {"type": "Tcp", "port": 80}}, {"Colour": "red"}, {"Deep": {"inner": {"nothing": {}}, "maybe": "green"}}]),
        ),
        form::<Places>(
            "Enums in fields, lists and maps",
            json!([{"field": "red", "maybe": "Off", "list": [{"type": "None"}], "options": [null, "green"], "map": {"a": {"nothing": {}}}}]),
        ),
        form::<Single>("One variant", json!([{"kind": "Only", "text": "a"}])),
        form::<Change<i32>>(
            "Generic enum",
            json!([{"op": "All", "value": [1, 2]}, {"op": "Set", "value": 1}, {"op": "Remove"}]),
        ),
        form::<Numbers>("Numbers", json!([{"a": -1, "b": 2, "c": 3, "d": -4, "e": 5, "f": 0.5}])),
        form::<Texts>("Texts", json!([{"letter": "ß", "text": "a", "boxed": "b", "flag": true}])),
        form::<NonZero>("Numbers that are not zero", json!([{"count": 1, "offset": 2}, {"count": 255}])),
        form::<Std<'static>>(
            "Types of the standard library",
            json!([{
                "borrowed": "a", "path": "/c", "elapsed": {"secs": 1, "nanos": 2},
                "list": [1], "queue": [2], "range": {"start": 1, "end": 2}}]),
        ),
        form::<Bounded<'static, i32, 4>>(
            "Bounds, lifetimes and constants as parameters",
            json!([{"value": 1, "text": "a", "list": [[1, 2]]}, {"text": "a", "list": []}]),
        ),
        form::<Lists>(
            "Lists",
            json!([{"list": ["a"], "set": [1], "array": [1, 2], "pair": [3, 4], "options": [null, 5]}]),
        ),
        form::<Maps>(
            "Maps",
            json!([{"map": {"a": 1}, "by_enum": {"first": 1}, "by_newtype": {"a": true}, "nested": {"b": {"c": {"name": "d", "count": 2}}}}]),
        ),
        form::<Twice>(
            "Options of options",
            json!([
                {"maybe": null, "list": [null, true], "colour": "red", "colours": {"a": null, "b": "green"}},
                {"maybe": 1, "boxed": {"name": "a", "count": 1}, "list": [], "colour": null, "colours": {}}]),
        ),
        form::<Options>("Options", json!([{"maybe": null, "map": {"a": null}}, {"list": [1], "map": {"a": 1}}])),
    ]
}

#[test]
fn schemas_and_serde_agree_on_values_of_every_form_and_on_their_mutants() {
    let mut failed = Vec::new();
    for f in forms() {
        match std::panic::catch_unwind(|| (f.check)(&f)) {
            Ok(found) => assert!(found.read > 0 && found.refused > 0, "{}: {found:?}", f.title),
            Err(_) => failed.push(f.title),
        }
    }
    assert!(failed.is_empty(), "{failed:#?}");
}

/// The schema as Kubernetes uses it, for a field of an object.
struct Server(Schema);

impl Server {
    fn new(schema: &Value) -> Self {
        let whole = json!({"type": "object", "properties": {"field": schema}});
        Self(Schema::compile(&whole).unwrap())
    }

    /// What is stored of a value: without what is unknown, without nulls that are not allowed, with defaults. None for nothing.
    fn stored(&self, v: &Value) -> Option<Value> {
        let mut object = json!({"field": v});
        self.0.prune(&mut object, false, None);
        self.0.default(&mut object);
        object.get("field").cloned()
    }

    fn errors(&self, v: &Value) -> Vec<String> {
        self.0.validate(&json!({"field": v}), None).errors.iter().map(ToString::to_string).collect()
    }
}

/// What a type reads, and writes again.
fn through<T: Serialize + DeserializeOwned>(v: &Value) -> Result<Value, String> {
    let read: T = serde_json::from_value(v.clone()).map_err(|e| e.to_string())?;
    serde_json::to_value(read).map_err(|e| e.to_string())
}

const MUTANTS: usize = 1500;

fn check<T>(form: &Form) -> Found
where
    T: JsonSchema + Serialize + DeserializeOwned,
{
    let (title, schema) = (form.title, &form.schema);
    let server = Server::new(schema);
    let mut mutator = Mutator { rng: Rng::with_seed(7), words: words(schema) };
    let mut found = Found::default();
    for e in &form.examples {
        assert!(through::<T>(e).is_ok(), "{title}: serde does not read the example {e}: {:?}", through::<T>(e));
    }
    // Everything that serde reads, and what it writes of it. New values grow from these.
    let mut pool = form.examples.clone();
    for i in 0..form.examples.len() + MUTANTS {
        let v = match form.examples.get(i) {
            Some(example) => example.clone(),
            None => {
                let from = mutator.rng.choice(&pool).unwrap();
                mutator.mutate(from)
            }
        };
        let read = through::<T>(&v);
        // A null that is not allowed is dropped, and the field missing: what serde makes of that is up to the struct around it.
        let Some(stored) = server.stored(&v) else { continue };
        let errors = server.errors(&stored);
        let again = through::<T>(&stored);
        match (&read, errors.is_empty()) {
            // serde reads a struct from a list of its fields as well. Kubernetes has no such form, and nothing writes it.
            (Ok(written), false) if listed(&stored, written) => {}
            // What serde ignores, but Kubernetes does not prune, is held to its type: a field of another variant, or of one's
            // own that is only written.
            (Ok(_), false) if server.errors(&without_ignored::<T>(&stored)).is_empty() => {}
            (Ok(written), false) if members(&stored) > members(written) || changed(&stored, written) => {}
            (Ok(_), false) => panic!("{title}: serde reads {v}, refused: {errors:?}\n{schema:#}"),
            (Ok(written), true) => {
                found.read += 1;
                assert_eq!(again, read, "{title}: {v} is stored as {stored}, and read differently\n{schema:#}");
                if let Some(stored) = server.stored(written) {
                    let errors = server.errors(&stored);
                    assert!(errors.is_empty(), "{title}: {written} is written, and refused: {errors:?}\n{schema:#}");
                }
                if pool.len() < 300 {
                    pool.push(v);
                    pool.push(written.clone());
                }
            }
            (Err(why), true) => {
                found.mended += 1;
                assert!(again.is_ok(), "{title}: {v} is stored as {stored}, which serde refuses: {why}\n{schema:#}");
            }
            (Err(_), false) => found.refused += 1,
        }
    }
    found
}

/// An object without those of its fields that do not change what is read.
fn without_ignored<T: Serialize + DeserializeOwned>(v: &Value) -> Value {
    let mut out = v.clone();
    let names: Vec<String> = v.as_object().into_iter().flat_map(Map::keys).cloned().collect();
    for name in names {
        let mut less = out.clone();
        less.as_object_mut().unwrap().remove(&name);
        if through::<T>(&less) == through::<T>(v) {
            out = less;
        }
    }
    out
}

/// Whether a list stands where an object is written.
fn listed(read: &Value, written: &Value) -> bool {
    match (read, written) {
        (Value::Array(_), Value::Object(_)) => true,
        (Value::Object(a), Value::Object(b)) => a.iter().any(|(k, a)| b.get(k).is_some_and(|b| listed(a, b))),
        (Value::Array(a), Value::Array(b)) => a.iter().zip(b).any(|(a, b)| listed(a, b)),
        _ => false,
    }
}

/// How many members there are in all, not counting nulls.
fn members(v: &Value) -> usize {
    let below = |all: Vec<&Value>| all.iter().map(|v| usize::from(!v.is_null()) + members(v)).sum();
    match v {
        Value::Object(m) => below(m.values().collect()),
        Value::Array(a) => below(a.iter().collect()),
        _ => 0,
    }
}

/// Whether a member is there in both, with another value.
fn changed(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Object(a), Value::Object(b)) => a.iter().any(|(k, a)| b.get(k).is_some_and(|b| changed(a, b))),
        (Value::Array(a), Value::Array(b)) => a.iter().zip(b).any(|(a, b)| changed(a, b)),
        (a, b) => a != b && a.as_f64() != b.as_f64(),
    }
}

/// Names of fields and values of enums: mutants with these come near what is allowed.
fn words(schema: &Value) -> Vec<String> {
    fn walk(v: &Value, out: &mut Vec<String>) {
        match v {
            Value::Object(m) => {
                for (k, v) in m {
                    match (k.as_str(), v) {
                        ("properties", Value::Object(p)) => out.extend(p.keys().cloned()),
                        ("enum", Value::Array(a)) => out.extend(a.iter().filter_map(Value::as_str).map(Into::into)),
                        _ => {}
                    }
                    walk(v, out);
                }
            }
            Value::Array(a) => a.iter().for_each(|v| walk(v, out)),
            _ => {}
        }
    }
    let mut out = vec!["other".to_owned(), "another".to_owned()];
    walk(schema, &mut out);
    out.sort();
    out.dedup();
    out
}

/// Changes values.
struct Mutator {
    rng: Rng,
    words: Vec<String>,
}

impl Mutator {
    fn word(&mut self) -> String {
        self.words[self.rng.usize(..self.words.len())].clone()
    }

    /// A value with one change somewhere.
    fn mutate(&mut self, v: &Value) -> Value {
        let mut out = v.clone();
        let mut at = &mut out;
        // Down to a random place.
        loop {
            let n = match &*at {
                Value::Object(m) => m.len(),
                Value::Array(a) => a.len(),
                _ => 0,
            };
            if n == 0 || self.rng.u8(..3) == 0 {
                break;
            }
            let i = self.rng.usize(..n);
            at = match at {
                Value::Object(m) => m.values_mut().nth(i).unwrap(),
                Value::Array(a) => &mut a[i],
                _ => unreachable!("scalars have no members"),
            };
        }
        match (at, self.rng.u8(..4)) {
            (Value::Object(m), 0) => drop(self.remove(m)),
            (Value::Object(m), 1) => {
                let member = self.remove(m).unwrap_or(Value::Null);
                m.insert(self.word(), member);
            }
            (Value::Object(m), 2) => {
                m.insert(self.word(), self.any());
            }
            (Value::Array(a), 0) => drop(a.pop()),
            (Value::Array(a), 1 | 2) => a.push(self.any()),
            (at, how) => {
                *at = if how == 3 { self.any() } else { self.alike(at) };
            }
        }
        out
    }

    fn remove(&mut self, m: &mut Map<String, Value>) -> Option<Value> {
        let name = m.keys().nth(self.rng.usize(..m.len().max(1))).cloned()?;
        m.remove(&name)
    }

    /// Another value of the same kind.
    fn alike(&mut self, v: &Value) -> Value {
        match v {
            Value::Number(n) if n.is_f64() => json!(self.rng.f64() - 0.5),
            Value::Number(_) => json!(self.rng.i64(..) >> self.rng.u8(..64)),
            Value::String(_) => (0..self.rng.usize(..6)).map(|_| self.rng.char(..)).collect::<String>().into(),
            Value::Bool(b) => json!(!b),
            _ => self.any(),
        }
    }

    fn any(&mut self) -> Value {
        match self.rng.u8(..14) {
            0 => json!(null),
            1 => json!(true),
            2 => json!(0),
            3 => json!(-1),
            4 => json!(300),
            5 => json!(70_000),
            6 => json!(5_000_000_000_i64),
            7 => json!(0.5),
            8 => json!(""),
            9 => json!({}),
            10 => json!([]),
            11 => json!([1, 2]),
            12 => json!({self.word(): 1}),
            _ => json!(self.word()),
        }
    }
}
