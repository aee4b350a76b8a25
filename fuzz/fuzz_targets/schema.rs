//! Any definition with objects of it: read, judged, pruned, defaulted, validated, by itself and against an older one. Input is
//! JSON, a list of a definition, a new and an old object; or choices, of which a definition and objects are made that are
//! mostly right. Nothing panics; what was put right once is right; a definition that is accepted may stay as it is.

#![no_main]

mod common;

use common::Choices;
use kubegraft::resource::codec::json;
use kubegraft::schema::{Definition, Version, crd, diff, lint};
use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value, json};

const NAMES: [&str; 12] =
    ["a", "b", "c", "d", "e", "f", "metadata", "apiVersion", "kind", "name", "spec", "status"];
const TEXTS: [&str; 16] = [
    "", "a", "b", "c", "ab", "é", "1", "10.0.0.1", "2026-01-01", "2026-01-01T00:00:00Z", "1h", "/x", "a b", "ex.io/v1",
    "YQ==", "\u{10ffff}",
];
const TYPES: [&str; 7] = ["object", "array", "string", "integer", "number", "boolean", "object"];
const FORMATS: [&str; 14] = [
    "int32", "int64", "float", "double", "byte", "date", "date-time", "duration", "email", "ipv4", "cidr", "uuid",
    "isbn13", "unknown",
];
const PATTERNS: [&str; 8] = ["^[a-z]+$", "(", r"\pL{2}", "(?i)a|é", "a{1000}", "a{1001}", r"^\d\D\w$", "(?P<n>x)*"];
const RULES: [&str; 16] = [
    "self == oldSelf",
    "true",
    "self.a > 0",
    "has(self.a) && self.a == self.b",
    "self.all(x, x == x)",
    "self.exists_one(x, x.a == 'a')",
    "size(self) < 3",
    "self[0] == self[1]",
    "self.matches('^a+$')",
    "self.startsWith('a') || self.a",
    "oldSelf.hasValue() && oldSelf.value() == self",
    "self.map(x, x.all(y, y in self)).size() < 9",
    "self > duration('1s')",
    "type(self) == int ? self < 5 : self == 'a'",
    "self.metadata.name != self.kind",
    "self + self == self",
];

/// A schema, mostly of keywords that go with each other.
fn schema(c: &mut Choices<'_>, depth: u8) -> Value {
    let mut s = Map::new();
    let kind = c.roll(9);
    let type_ = match kind {
        7 => {
            s.insert("x-kubernetes-int-or-string".into(), true.into());
            ""
        }
        8 => {
            s.insert("x-kubernetes-preserve-unknown-fields".into(), true.into());
            ""
        }
        k => TYPES[usize::from(k)],
    };
    if !type_.is_empty() {
        s.insert("type".into(), type_.into());
    }
    match type_ {
        "object" if depth > 0 => {
            if c.roll(3) == 0 {
                s.insert("additionalProperties".into(), if c.roll(9) == 0 { true.into() } else { schema(c, depth - 1) });
            } else {
                let n = c.roll(5);
                let properties: Map<_, _> =
                    (0..n).map(|_| (c.pick(&NAMES).to_owned(), schema(c, depth - 1))).collect();
                s.insert("properties".into(), properties.into());
            }
        }
        "array" if depth > 0 => {
            s.insert("items".into(), schema(c, depth - 1));
            match c.roll(5) {
                1 => {
                    s.insert("x-kubernetes-list-type".into(), "set".into());
                }
                2 => {
                    s.insert("x-kubernetes-list-type".into(), "map".into());
                    let keys: Vec<&str> = (0..=c.roll(2)).map(|_| c.pick(&NAMES)).collect();
                    s.insert("x-kubernetes-list-map-keys".into(), keys.into());
                }
                _ => {}
            }
        }
        _ => {}
    }
    for _ in 0..c.roll(4) {
        let (keyword, value) = keyword(c, depth);
        s.insert(keyword.into(), value);
    }
    s.into()
}

fn keyword(c: &mut Choices<'_>, depth: u8) -> (&'static str, Value) {
    match c.roll(26) {
        0 => ("nullable", true.into()),
        1 | 2 => ("default", c.value(&NAMES, &TEXTS, 3)),
        3 => ("format", c.pick(&FORMATS).into()),
        4 => ("pattern", c.pick(&PATTERNS).into()),
        5 => ("enum", (0..=c.roll(3)).map(|_| c.value(&NAMES, &TEXTS, 2)).collect()),
        6 => ("minimum", c.value(&NAMES, &TEXTS, 0)),
        7 => ("maximum", i64::from(c.roll(9)).into()),
        8 => ("multipleOf", c.value(&NAMES, &TEXTS, 0)),
        9 => ("maxLength", i64::from(c.roll(9)).into()),
        10 => ("minLength", i64::from(c.roll(9)).into()),
        11 => ("maxItems", i64::from(c.roll(9)).into()),
        12 => ("maxProperties", i64::from(c.roll(9)).into()),
        13 => ("required", (0..=c.roll(2)).map(|_| Value::from(c.pick(&NAMES))).collect()),
        14 => ("x-kubernetes-embedded-resource", true.into()),
        15 => ("x-kubernetes-preserve-unknown-fields", true.into()),
        16 => ("x-kubernetes-map-type", c.pick(&["atomic", "granular", "set"]).into()),
        17..=20 => {
            let rule = |c: &mut Choices<'_>| {
                let mut rule = json!({"rule": c.pick(&RULES)});
                match c.roll(6) {
                    0 => rule["message"] = c.pick(&TEXTS).into(),
                    1 => rule["messageExpression"] = c.pick(&["'a'", "self.a", "string(self)", "''"]).into(),
                    2 => rule["optionalOldSelf"] = true.into(),
                    3 => rule["fieldPath"] = c.pick(&[".a", ".a.b", "['a']", ".a[0]", ""]).into(),
                    4 => rule["reason"] = c.pick(&["FieldValueRequired", "FieldValueForbidden", "x"]).into(),
                    _ => {}
                }
                rule
            };
            ("x-kubernetes-validations", (0..=c.roll(2)).map(|_| rule(c)).collect())
        }
        21..=23 if depth > 0 => {
            let name = ["allOf", "anyOf", "oneOf"][usize::from(c.roll(3))];
            (name, (0..=c.roll(2)).map(|_| schema(c, depth - 1)).collect())
        }
        24 if depth > 0 => ("not", schema(c, depth - 1)),
        _ => (
            ["x-kubernetes-list-type", "type", "items", "properties", "exclusiveMinimum", "uniqueItems", "$ref", "title"]
                [usize::from(c.roll(8))],
            c.value(&NAMES, &TEXTS, 2),
        ),
    }
}

fn made(c: &mut Choices<'_>) -> [Value; 3] {
    let mut version = |name: &str, storage: bool| {
        let mut root = json!({"type": "object", "properties": {"spec": schema(c, 4), "status": schema(c, 3)}});
        if c.roll(4) == 0 {
            let (keyword, value) = keyword(c, 2);
            root[keyword] = value;
        }
        let mut version = json!({"name": name, "served": true, "storage": storage, "schema": {"openAPIV3Schema": root}});
        match c.roll(6) {
            0 => version["subresources"] = json!({"status": {}}),
            1 => {
                version["subresources"] =
                    json!({"scale": {"specReplicasPath": ".spec.a", "statusReplicasPath": ".status.a"}});
            }
            2 => version["selectableFields"] = json!([{"jsonPath": ".spec.a"}]),
            3 => {
                version["additionalPrinterColumns"] = json!([{"name": "A", "type": "string", "jsonPath": ".spec.a"}]);
            }
            _ => {}
        }
        version
    };
    let mut versions = vec![version("v1", true)];
    if version("v2", false)["selectableFields"].is_array() {
        versions.push(version("v2", false));
    }
    let definition = json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "things.ex.io"},
        "spec": {"group": "ex.io", "scope": "Cluster", "names": {"plural": "things", "kind": "Thing"},
            "versions": versions}});
    let mut object = || {
        let mut object = json!({"apiVersion": "ex.io/v1", "kind": "Thing", "metadata": {"name": "x"}});
        object["spec"] = c.value(&NAMES, &TEXTS, 5);
        object["status"] = c.value(&NAMES, &TEXTS, 4);
        object
    };
    let old = object();
    let mut new = object();
    if new["status"].is_null() {
        new["spec"] = old["spec"].clone();
    }
    [definition, new, old]
}

fn read(data: &[u8]) -> Option<[Value; 3]> {
    if data.first() != Some(&b'[') {
        return Some(made(&mut Choices::new(data)));
    }
    let Value::Array(parts) = json::decode(data).ok()?.value else { return None };
    let mut parts = parts.into_iter();
    Some(std::array::from_fn(|_| parts.next().unwrap_or_default()))
}

/// Whether there are defaults below `additionalProperties`: those are applied, but upstream does not check them.
fn has_unchecked_defaults(value: &Value, unchecked: bool) -> bool {
    match value {
        Value::Object(map) => map.iter().any(|(key, below)| {
            (unchecked && key == "default") || has_unchecked_defaults(below, unchecked || key == "additionalProperties")
        }),
        Value::Array(items) => items.iter().any(|item| has_unchecked_defaults(item, unchecked)),
        _ => false,
    }
}

/// An object in all ways; `sound` if the definition is one that is accepted, and checked whole.
fn object(version: &Version, new: &Value, old: &Value, sound: bool) {
    let schema = &version.schema;
    let shaped = |object: &Value| {
        let (mut object, mut dropped) = (object.clone(), Vec::new());
        schema.shape(&mut object, &mut dropped).ok()?;
        if sound {
            let (mut again, mut more) = (object.clone(), Vec::new());
            schema.shape(&mut again, &mut more).expect("what has been shaped can be");
            assert_eq!((&again, &more), (&object, &Vec::new()), "shaping changes what has been shaped");
        }
        Some(object)
    };
    let mut stored = old.clone();
    let _ = schema.complete(&mut stored);
    let (Some(new), Some(old)) = (shaped(new), shaped(old)) else { return };
    version.validate(&new, None);
    version.validate(&new, Some(&old));
    version.validate_status(&new, &old);
}

fuzz_target!(|data: &[u8]| {
    let Some([mut definition, new, old]) = read(data) else { return };
    if let Some(members) = definition.as_object_mut() {
        members.insert("status".into(), json!({}));
    }
    let mut unknown = Vec::new();
    if crd::decode(&mut definition, &mut unknown).is_ok() {
        let (mut again, mut more) = (definition.clone(), Vec::new());
        crd::decode(&mut again, &mut more).expect("what was read can be read");
        assert_eq!((&again, &more), (&definition, &Vec::new()), "reading changes what was read");
    }
    let (errors, _) = crd::validate_create(&definition);
    if errors.is_empty() {
        let (errors, _) = crd::validate_update(&definition, &definition);
        assert!(errors.is_empty(), "a definition may not stay as it is: {errors:?}");
        assert!(diff::diff(std::slice::from_ref(&definition), std::slice::from_ref(&definition)).is_empty(), "a definition differs from itself");
    }
    lint::definition(&definition);
    let sound = errors.is_empty() && !has_unchecked_defaults(&definition, false);
    let Ok(served) = Definition::from_crd(&definition) else { return };
    for version in &served.versions {
        object(version, &new, &old, sound);
    }
    served.validate(new, Some(&old));
});
