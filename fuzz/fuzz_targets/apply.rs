//! Writes of random objects by three managers, applied and updated: applying again changes nothing, FieldsV1 is canonical,
//! and nothing panics, whatever managedFields a client makes up.

#![no_main]

use kubegraft::patch::apply::{ApplyError, FieldManager, Set, Writer};
use kubegraft::resource::Object;
use kubegraft::schema::Definition;
use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value, json};
use std::sync::{Arc, LazyLock};

static FIELDS: LazyLock<FieldManager> = LazyLock::new(|| {
    let text = json!({"type": "string"});
    let leaf = json!({"type": "integer"});
    let keyed = |keys: Value, properties: Value| {
        json!({"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": keys,
            "items": {"type": "object", "properties": properties}})
    };
    let inner = keyed(json!(["k"]), json!({"k": text, "v": leaf, "s": {"type": "object", "properties": {"x": leaf}}}));
    let spec = json!({"type": "object", "properties": {
        "a": text, "b": leaf, "c": {"type": "boolean"},
        "d": {"type": "object", "properties": {"x": leaf, "y": {"type": "object", "properties": {"z": text}}}},
        "e": {"type": "object", "additionalProperties": leaf},
        "f": {"type": "object", "x-kubernetes-map-type": "atomic", "additionalProperties": text},
        "g": {"type": "array", "items": text},
        "h": {"type": "array", "x-kubernetes-list-type": "set", "items": {"x-kubernetes-preserve-unknown-fields": true}},
        "i": keyed(json!(["k"]), json!({"k": text, "v": inner})),
        "j": keyed(json!(["m", "k"]), json!({"k": text, "m": {"type": "integer", "default": 1}, "v": leaf})),
        "k": {"x-kubernetes-preserve-unknown-fields": true},
        "l": {"x-kubernetes-int-or-string": true}}});
    let definition = Definition::from_crd(&json!({"spec": {
        "group": "ex.io", "names": {"plural": "things", "kind": "Thing"},
        "versions": [{"name": "v1", "served": true, "storage": true, "subresources": {"status": {}},
            "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": spec, "status": spec}}}}]}}));
    FieldManager::new(Arc::new(definition.expect("a definition")), 0, Object::default(), false)
});

/// Choices, one byte each; none when there are no more.
struct Choices<'a>(std::slice::Iter<'a, u8>);

impl Choices<'_> {
    fn roll(&mut self, sides: u8) -> u8 {
        self.0.next().map_or(0, |b| b % sides)
    }

    fn word(&mut self) -> String {
        let all = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "v", "s", "x", "y", "z", "<", "\""];
        all[usize::from(self.roll(20))].to_owned()
    }

    fn value(&mut self, depth: u8) -> Value {
        match self.roll(if depth == 0 { 5 } else { 9 }) {
            0 => Value::Null,
            1 => self.word().into(),
            2 => i64::from(self.roll(4)).into(),
            3 => (f64::from(self.roll(4)) / 2.0).into(),
            4 => (self.roll(2) == 0).into(),
            5 | 6 => Value::Array((0..self.roll(4)).map(|_| self.value(depth - 1)).collect()),
            _ => self.map(depth),
        }
    }

    fn map(&mut self, depth: u8) -> Value {
        let n = self.roll(6);
        Value::Object((0..n).map(|_| (self.word(), self.value(depth.saturating_sub(1)))).collect::<Map<_, _>>())
    }

    fn fields(&mut self, depth: u8) -> Value {
        let n = self.roll(4);
        let step = |c: &mut Self| match c.roll(6) {
            0 => format!("k:{{\"k\":\"{}\"}}", c.roll(3)),
            1 => format!("v:{}", c.roll(4)),
            2 => ".".to_owned(),
            3 => "f:spec".to_owned(),
            _ => format!("f:{}", c.word()),
        };
        let below = |c: &mut Self| if depth == 0 { json!({}) } else { c.fields(depth - 1) };
        Value::Object((0..n).map(|_| (step(self), below(self))).collect())
    }

    fn object(&mut self) -> Object {
        let part = if self.roll(4) == 0 { "status" } else { "spec" };
        let mut object = json!({"apiVersion": "ex.io/v1", "kind": "Thing", "metadata": {"name": "x", "uid": "u"}});
        object[part] = self.map(5);
        if self.roll(8) == 0 {
            object["metadata"]["labels"] = self.map(1);
        }
        Object::from_value(object).expect("an object")
    }
}

fn has_null(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.iter().any(has_null),
        Value::Object(map) => map.values().any(has_null),
        _ => false,
    }
}

fuzz_target!(|data: &[u8]| {
    let mut choices = Choices(data.iter());
    let mut live = choices.object();
    for step in 0..4 {
        let time = format!("2026-01-01T00:00:0{step}Z");
        let manager = ["one", "two", "kubectl"][usize::from(choices.roll(3))];
        let subresource = ["", "", "status"][usize::from(choices.roll(3))];
        let writer = Writer { manager, subresource, time: &time };
        let next = choices.object();
        match choices.roll(4) {
            0 => {
                let mut new = next;
                if choices.roll(3) == 0 {
                    let entry = json!({"manager": "made-up", "operation": "Apply", "apiVersion": "ex.io/v1",
                        "fieldsType": "FieldsV1", "fieldsV1": choices.fields(4)});
                    new.set_meta("managedFields", vec![entry]);
                }
                FIELDS.on_update(&live, &mut new, writer);
                live = new;
            }
            how => match FIELDS.apply(Some(&live), &next, how == 1, writer) {
                Ok(object) => {
                    let later = Writer { time: "2027-01-01T00:00:00Z", ..writer };
                    let again = FIELDS.apply(Some(&object), &next, how == 1, later);
                    // A removal may leave what only a second one clears away, and a null says nothing about a map until
                    // that is empty: both as upstream has it. What nobody owns a field of is first booked as having been
                    // there before. After that all is quiet.
                    if let (Ok(mut again), false) = (again, has_null(&Value::Object(next.0.clone()))) {
                        let once_more = |object: &Object| {
                            FIELDS.apply(Some(object), &next, how == 1, later).expect("what was applied just now")
                        };
                        if again.meta("managedFields").is_none() {
                            again = once_more(&again);
                        }
                        assert_eq!(once_more(&again).0, again.0);
                    }
                    live = object;
                }
                Err(ApplyError::Conflict(all)) => assert!(how != 1 && !all.is_empty()),
                Err(_) => {}
            },
        }
        for entry in live.meta("managedFields").and_then(Value::as_array).into_iter().flatten() {
            let set = Set::parse(&entry["fieldsV1"]).expect("FieldsV1");
            assert_eq!(set.to_value(), entry["fieldsV1"]);
        }
    }
});
