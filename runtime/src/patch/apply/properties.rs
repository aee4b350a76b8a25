//! What holds of every schema and every object, tried on random ones, and against a model that is slow and obvious: an
//! object is the list of its leaves with their paths, and a merge puts the applied leaves over the live ones.

use super::element::Element;
use super::set::Set;
use super::typed::items_key as key_of;
use super::typed::{self, Items, Shape, Type};
use super::{ApplyError, FieldManager, Writer, field_set, merge};
use crate::resource::Object;
use crate::schema::{Definition, Schema};
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Pseudo-random choices from a seed (xorshift).
struct Dice(u64);

impl Dice {
    fn new(seed: u64) -> Self {
        Self(seed | 1)
    }

    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % sides
    }

    fn word(&mut self) -> String {
        ["a", "b", "c", "d<&>", "e f", "g\"h"][self.roll(6) as usize].to_owned()
    }
}

/// A random structural schema, `depth` levels deep at most.
fn schema(dice: &mut Dice, depth: u64) -> Value {
    let sides = if depth == 0 { 2 } else { 10 };
    let text = json!({"type": "string"});
    match dice.roll(sides) {
        0 => text,
        1 => json!({"type": "integer"}),
        2 | 3 => {
            let names = 1 + dice.roll(4);
            let properties: Map<String, Value> =
                (0..names).map(|i| (format!("p{i}"), schema(dice, depth - 1))).collect();
            json!({"type": "object", "properties": properties})
        }
        4 => json!({"type": "object", "additionalProperties": schema(dice, depth - 1)}),
        5 => json!({"type": "object", "x-kubernetes-map-type": "atomic", "additionalProperties": text}),
        6 => json!({"type": "array", "items": schema(dice, depth - 1)}),
        7 => json!({"type": "array", "x-kubernetes-list-type": "set", "items": text}),
        8 => {
            let two = dice.roll(2) == 1;
            let keys = if two { json!(["k1", "k2"]) } else { json!(["k1"]) };
            let mut properties = json!({"k1": text, "v": schema(dice, depth - 1), "w": schema(dice, depth - 1)});
            if two {
                properties["k2"] = json!({"type": "integer", "default": 7});
            }
            json!({"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": keys,
                "items": {"type": "object", "required": ["k1"], "properties": properties}})
        }
        _ => json!({"x-kubernetes-preserve-unknown-fields": true}),
    }
}

/// A random value of a schema.
fn value(dice: &mut Dice, of: &Value, depth: u64) -> Value {
    let map = |dice: &mut Dice, item: &dyn Fn(&mut Dice) -> Value| {
        let n = dice.roll(4);
        Value::Object((0..n).map(|_| (dice.word(), item(dice))).collect())
    };
    match of["type"].as_str() {
        Some("string") => dice.word().into(),
        Some("integer") => dice.roll(9).into(),
        Some("object") => match (of.get("properties"), of.get("additionalProperties")) {
            (Some(Value::Object(properties)), _) => {
                let mut out = Map::new();
                for (name, p) in properties {
                    if dice.roll(3) > 0 {
                        out.insert(name.clone(), value(dice, p, depth));
                    }
                }
                Value::Object(out)
            }
            (_, Some(items)) => map(dice, &|dice| value(dice, items, depth)),
            _ => json!({}),
        },
        Some("array") => {
            // Empty sets and keyed lists are no fields, and upstream's removal loses what holds nothing but them.
            let n = if of.get("x-kubernetes-list-type").is_some() { 1 + dice.roll(4) } else { dice.roll(5) };
            let mut items: Vec<Value> = (0..n)
                .map(|_| {
                    let mut item = value(dice, &of["items"], depth);
                    if of["x-kubernetes-list-type"] == "map" {
                        item["k1"] = dice.word().into();
                    }
                    item
                })
                .collect();
            let id = |v: &Value| match of["x-kubernetes-list-type"].as_str() {
                Some("map") if of["x-kubernetes-list-map-keys"].as_array().is_some_and(|k| k.len() == 2) => {
                    json!([v["k1"], v.get("k2").unwrap_or(&json!(7))])
                }
                Some("map") => v["k1"].clone(),
                _ => v.clone(),
            };
            if of.get("x-kubernetes-list-type").is_some() {
                let mut seen = Vec::new();
                items.retain(|v| {
                    let new = !seen.contains(&id(v));
                    seen.push(id(v));
                    new
                });
            }
            Value::Array(items)
        }
        _ => match dice.roll(if depth == 0 { 2 } else { 4 }) {
            0 => dice.word().into(),
            1 => dice.roll(9).into(),
            2 => Value::Array((0..dice.roll(3)).map(|_| dice.word().into()).collect()),
            _ => map(dice, &|dice| value(dice, &json!({}), depth - 1)),
        },
    }
}

/// A random kind: its field manager, its schema, and the schema of its spec.
fn kind(dice: &mut Dice) -> (FieldManager, Arc<Schema>, Value) {
    let properties: Map<String, Value> = (0..5).map(|i| (format!("f{i}"), schema(dice, 3))).collect();
    let spec = json!({"type": "object", "properties": properties});
    let definition = Definition::from_crd(&json!({"spec": {
        "group": "ex.io", "names": {"plural": "things", "kind": "Thing"},
        "versions": [{"name": "v1", "served": true, "storage": true,
            "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": spec}}}}]}}))
    .expect("a definition");
    let compiled = definition.versions[0].schema.clone();
    (FieldManager::new(Arc::new(definition), 0, Object::default(), false), compiled, spec)
}

fn thing(spec: Value) -> Object {
    Object::from_value(json!({"apiVersion": "ex.io/v1", "kind": "Thing", "metadata": {"name": "x"}, "spec": spec}))
        .expect("an object")
}

fn by(manager: &str) -> Writer<'_> {
    Writer { manager, subresource: "", time: "2026-01-01T00:00:00Z" }
}

/// The model: the leaves of a value with their paths. What is empty and could have leaves is null.
type Leaves = BTreeMap<Vec<String>, Value>;

fn leaves(ty: Type<'_>, value: &Value, path: &mut Vec<String>, out: &mut Leaves) {
    match (ty.shape(value), value) {
        (Shape::Map, Value::Object(map)) if !ty.is_atomic_map() => {
            if map.is_empty() {
                out.insert(path.clone(), Value::Null);
            }
            for (k, v) in map {
                path.push(format!("f:{k}"));
                leaves(ty.field(k).expect("declared").0, v, path, out);
                path.pop();
            }
        }
        (Shape::List, Value::Array(items)) if !matches!(ty.items(), Items::Atomic) => {
            if items.is_empty() {
                out.insert(path.clone(), Value::Null);
            }
            for item in items {
                path.push(key_of(ty, item).expect("a key").to_text());
                match ty.items() {
                    Items::Keyed(_) => leaves(ty.item(), item, path, out),
                    _ => drop(out.insert(path.clone(), json!("here"))),
                }
                path.pop();
            }
        }
        _ => drop(out.insert(path.clone(), value.clone())),
    }
}

fn all_leaves(schema: &Schema, object: &Object) -> Leaves {
    let mut out = Leaves::new();
    leaves(Type::root(schema.node()), &Value::Object(object.0.clone()), &mut Vec::new(), &mut out);
    out.retain(|path, _| path[0] == "f:spec");
    out
}

/// The applied leaves over the live ones; what was a leaf may become a map, and the other way around. What is applied
/// empty leaves alone what is in it.
fn over(mut live: Leaves, applied: &Leaves) -> Leaves {
    for (a, new) in applied {
        live.retain(|l, old| match () {
            () if l == a => old.is_null(),
            () => !a.starts_with(l) && (new.is_null() || !l.starts_with(a)),
        });
    }
    live.extend(applied.iter().map(|(k, v)| (k.clone(), v.clone())));
    filled(live)
}

/// Without what is empty.
fn filled(mut all: Leaves) -> Leaves {
    all.retain(|_, v| !v.is_null());
    all
}

/// The leaves of what a merge has made, and those that it should have.
fn merged_leaves(schema: &Schema, live: &Object, applied: &Object, merged: &Object) -> (Leaves, Leaves) {
    (filled(all_leaves(schema, merged)), over(all_leaves(schema, live), &all_leaves(schema, applied)))
}

/// Deals the parts of a value to two appliers.
fn deal(dice: &mut Dice, ty: Type<'_>, value: &Value) -> (Option<Value>, Option<Value>) {
    match (ty.shape(value), value) {
        (Shape::Map, Value::Object(map)) if !ty.is_atomic_map() && !map.is_empty() => {
            let (mut a, mut b) = (Map::new(), Map::new());
            for (k, v) in map {
                let (x, y) = deal(dice, ty.field(k).expect("declared").0, v);
                a.extend(x.map(|x| (k.clone(), x)));
                b.extend(y.map(|y| (k.clone(), y)));
            }
            let some = |m: Map<String, Value>| (!m.is_empty()).then_some(Value::Object(m));
            (some(a), some(b))
        }
        (Shape::List, Value::Array(items)) if !matches!(ty.items(), Items::Atomic) && !items.is_empty() => {
            let (a, b): (Vec<Value>, Vec<Value>) = items.iter().cloned().partition(|_| dice.roll(2) == 0);
            let some = |m: Vec<Value>| (!m.is_empty()).then_some(Value::Array(m));
            (some(a), some(b))
        }
        _ if dice.roll(2) == 0 => (Some(value.clone()), None),
        _ => (None, Some(value.clone())),
    }
}

fn deal_spec(dice: &mut Dice, schema: &Schema, spec: &Value) -> (Object, Object) {
    let of = Type::root(schema.node()).field("spec").expect("declared").0;
    let (a, b) = deal(dice, of, spec);
    (thing(a.unwrap_or_else(|| json!({}))), thing(b.unwrap_or_else(|| json!({}))))
}

/// Who owns what, whatever the order.
fn owners(object: &Object) -> BTreeMap<String, Value> {
    let list = object.meta("managedFields").and_then(Value::as_array).cloned().unwrap_or_default();
    list.into_iter().map(|e| (format!("{} {}", e["manager"], e["operation"]), e["fieldsV1"].clone())).collect()
}

/// Whether the field at the end of a path is in a set.
fn has(set: &Set<'_>, path: &[String]) -> bool {
    let mut at = Some((false, set));
    for step in path {
        let element = Element::parse(step).expect("a step").expect("known");
        at = at.and_then(|(_, set)| set.step(&element));
    }
    at.is_some_and(|(member, _)| member)
}

/// Fields of a set that are not in a value.
fn absent(ty: Type<'_>, set: &Set<'_>, value: Option<&Value>, path: &str, out: &mut Vec<String>) {
    for node in set.nodes() {
        let mut here = path.to_owned();
        node.element.show(&mut here);
        let (of, child) = match node.element.name() {
            Some(name) => (ty.field(name).map_or(Type::Deduced, |(of, _)| of), value.and_then(|v| v.get(name))),
            None => {
                let same = |item: &&Value| key_of(ty, item).as_ref() == Some(&node.element);
                (ty.item(), value.and_then(Value::as_array).and_then(|items| items.iter().find(same)))
            }
        };
        if node.member && child.is_none() {
            out.push(here.clone());
        }
        absent(of, &node.below, child, &here, out);
    }
}

/// Fields that are owned and are not there, by owner.
fn owned_and_absent(schema: &Schema, object: &Object) -> Vec<(String, Vec<String>)> {
    let root = Value::Object(object.0.clone());
    let of = |(manager, fields): (String, Value)| {
        let mut missing = Vec::new();
        let set = Set::parse(&fields).expect("FieldsV1");
        absent(Type::root(schema.node()), &set, Some(&root), "", &mut missing);
        (!missing.is_empty()).then_some((manager, missing))
    };
    owners(object).into_iter().filter_map(of).collect()
}

fn assert_owned_fields_exist(schema: &Schema, object: &Object) {
    assert_eq!(owned_and_absent(schema, object), [], "in {:?}", object.0);
}

/// The properties can fail: of merges that are wrong in one way each, and of owners that are another object's, every one
/// is found out by some of the objects that the properties are tried on.
#[test]
fn wrong_merges_and_wrong_owners_are_found_out() {
    fn appended(live: &mut Value, applied: &Value) {
        match (live, applied) {
            (Value::Object(l), Value::Object(a)) => {
                a.iter().for_each(|(k, v)| match l.get_mut(k) {
                    Some(old) => appended(old, v),
                    None => drop(l.insert(k.clone(), v.clone())),
                });
            }
            (Value::Array(l), Value::Array(a)) => l.extend(a.iter().cloned()),
            (live, applied) => *live = applied.clone(),
        }
    }
    let whole = |object: &Object| Value::Object(object.0.clone());
    let object = |value: Value| Object::from_value(value).expect("an object");
    type Wrong<'a> = &'a dyn Fn(&Schema, &Object, &Object) -> Object;
    let wrong: [(&str, Wrong<'_>); 5] = [
        ("what was there wins", &|schema, live, applied| merge(schema, applied, live).expect("typed")),
        ("nothing is applied", &|_, live, _| live.clone()),
        ("what was there is lost", &|_, _, applied| applied.clone()),
        ("lists are replaced", &|_, live, applied| {
            let mut merged = whole(live);
            crate::patch::merge::merge(&mut merged, whole(applied));
            object(merged)
        }),
        ("lists grow", &|_, live, applied| {
            let mut merged = whole(live);
            appended(&mut merged, &whole(applied));
            object(merged)
        }),
    ];
    let (mut found, mut stray) = ([0; 5], 0);
    for seed in 0..100_u64 {
        let mut dice = Dice::new(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let (fields, schema, spec) = kind(&mut dice);
        let (live, applied) = (thing(value(&mut dice, &spec, 2)), thing(value(&mut dice, &spec, 2)));
        for (found, (_, wrong)) in found.iter_mut().zip(&wrong) {
            let (is, want) = merged_leaves(&schema, &live, &applied, &wrong(&schema, &live, &applied));
            *found += u32::from(is != want);
        }
        let owned = fields.apply(None, &applied, false, by("one")).expect("applied");
        let mut other = live;
        other.set_meta("managedFields", owned.meta("managedFields").cloned().unwrap_or_default());
        stray += u32::from(!owned_and_absent(&schema, &other).is_empty());
    }
    for ((how, _), found) in wrong.iter().zip(found) {
        assert!(found >= 10, "{how}: found out {found} times of 100");
    }
    assert!(stray >= 10, "owners of what is not there: found out {stray} times of 100");
}

/// A random set of fields.
fn random_set(dice: &mut Dice, depth: u64) -> Value {
    let n = dice.roll(4) + u64::from(depth == 4);
    let mut map = Map::new();
    for _ in 0..n {
        let word = dice.word();
        let element = match dice.roll(4) {
            0 => Element::value(&json!(word)).to_text(),
            1 => Element::key([("a", &json!(word)), ("b", &json!(3))].into_iter()).to_text(),
            2 => format!("i:{}", dice.roll(9)),
            _ => format!("f:{word}"),
        };
        let mut below = if depth == 0 || dice.roll(2) == 0 { json!({}) } else { random_set(dice, depth - 1) };
        if dice.roll(3) == 0
            && let Value::Object(m) = &mut below
            && !m.is_empty()
        {
            m.insert(".".into(), json!({}));
        }
        map.insert(element, below);
    }
    Value::Object(map)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn a_merge_puts_the_applied_leaves_over_the_live_ones(seed: u64) {
        let mut dice = Dice::new(seed);
        let (_, schema, spec) = kind(&mut dice);
        let (live, applied) = (thing(value(&mut dice, &spec, 2)), thing(value(&mut dice, &spec, 2)));
        let merged = merge(&schema, &live, &applied).expect("typed");
        let (is, want) = merged_leaves(&schema, &live, &applied, &merged);
        prop_assert_eq!(is, want);
    }

    #[test]
    fn every_leaf_is_a_field_and_every_field_is_there(seed: u64) {
        let mut dice = Dice::new(seed);
        let (_, schema, spec) = kind(&mut dice);
        let object = thing(value(&mut dice, &spec, 2));
        let set = field_set(&schema, &object).expect("typed");
        for path in filled(all_leaves(&schema, &object)).into_keys() {
            prop_assert!(has(&set, &path), "{:?} is not in {:?}", path, set.paths());
        }
        let mut missing = Vec::new();
        absent(Type::root(schema.node()), &set, Some(&Value::Object(object.0.clone())), "", &mut missing);
        prop_assert!(missing.is_empty(), "{:?}", missing);
    }

    #[test]
    fn a_comparison_finds_the_leaves_that_differ(seed: u64) {
        let mut dice = Dice::new(seed);
        let (_, schema, spec) = kind(&mut dice);
        let (old, new) = (thing(value(&mut dice, &spec, 2)), thing(value(&mut dice, &spec, 2)));
        let changes = typed::compare(Type::root(schema.node()), &old.0, &new.0);
        let (was, is) = (all_leaves(&schema, &old), all_leaves(&schema, &new));
        for (path, v) in is.iter().filter(|(_, v)| !v.is_null()) {
            prop_assert_eq!(has(&changes.changed, path), was.get(path) != Some(v), "{:?}", path);
        }
        let replaced = |path: &Vec<String>| {
            is.iter().any(|(p, v)| p.starts_with(path) || (path.starts_with(p) && !v.is_null()))
        };
        for path in was.keys().filter(|p| !replaced(p)) {
            prop_assert!(has(&changes.removed, path) || was[path].is_null(), "{:?}", path);
        }
        prop_assert_eq!(changes.changed.is_empty() && changes.removed.is_empty(), {
            let same = typed::compare(Type::root(schema.node()), &new.0, &old.0);
            same.changed.is_empty() && same.removed.is_empty()
        });
    }

    #[test]
    fn applying_twice_is_applying_once(seed: u64) {
        let mut dice = Dice::new(seed);
        let (fields, schema, spec) = kind(&mut dice);
        let first = thing(value(&mut dice, &spec, 2));
        let second = thing(value(&mut dice, &spec, 2));
        let live = fields.apply(None, &first, false, by("one")).expect("applied");
        let once = fields.apply(Some(&live), &second, true, by("two")).expect("forced");
        let later = Writer { time: "2027-01-01T00:00:00Z", ..by("two") };
        let twice = fields.apply(Some(&once), &second, false, later).expect("its own fields");
        prop_assert_eq!(&once, &twice);
        assert_owned_fields_exist(&schema, &twice);
    }

    #[test]
    fn who_is_overridden_owns_it_no_more(seed: u64) {
        let mut dice = Dice::new(seed);
        let (fields, schema, spec) = kind(&mut dice);
        let mut live = fields.apply(None, &thing(value(&mut dice, &spec, 2)), false, by("one")).expect("applied");
        live.set_meta("uid", "u");
        let next = thing(value(&mut dice, &spec, 2));
        let forced = fields.apply(Some(&live), &next, true, by("two")).expect("forced");
        let mut updated = next;
        updated.set_meta("uid", "u");
        fields.on_update(&live, &mut updated, by("two"));
        let was = all_leaves(&schema, &live);
        for object in [forced, updated] {
            let left = owners(&object).remove("\"one\" \"Apply\"").unwrap_or_default();
            let left = Set::parse(&left).expect("FieldsV1");
            for (path, _) in filled(all_leaves(&schema, &object)).iter().filter(|(path, v)| was.get(*path) != Some(*v)) {
                prop_assert!(!has(&left, path), "{:?}", path);
            }
        }
    }

    #[test]
    fn appliers_of_disjoint_fields_commute_and_leave_each_other_alone(seed: u64) {
        let mut dice = Dice::new(seed);
        let (fields, schema, spec) = kind(&mut dice);
        let whole = value(&mut dice, &spec, 2);
        let (mut a, mut b) = deal_spec(&mut dice, &schema, &whole);
        // Who owns nothing is not tracked: each gets a label for sure.
        a.set_meta("labels", json!({"a": "a"}));
        b.set_meta("labels", json!({"b": "b"}));
        let one = |first: (&Object, &str), second: (&Object, &str)| {
            let live = fields.apply(None, first.0, false, by(first.1)).expect("applied");
            fields.apply(Some(&live), second.0, false, by(second.1)).expect("nothing in common")
        };
        let (ab, ba) = (one((&a, "a"), (&b, "b")), one((&b, "b"), (&a, "a")));
        prop_assert_eq!(filled(all_leaves(&schema, &ab)), filled(all_leaves(&schema, &ba)));
        prop_assert_eq!(owners(&ab), owners(&ba));
        prop_assert_eq!(filled(all_leaves(&schema, &ab)), over(all_leaves(&schema, &a), &all_leaves(&schema, &b)));

        // One of them gives up all it has.
        let nothing = Object::from_value(json!({"apiVersion": "ex.io/v1", "kind": "Thing", "metadata": {"name": "x"}}));
        let left = fields.apply(Some(&ab), &nothing.expect("an object"), false, by("a")).expect("nothing to conflict");
        prop_assert_eq!(filled(all_leaves(&schema, &left)), filled(all_leaves(&schema, &b)));
        prop_assert!(!owners(&left).contains_key("\"a\" \"Apply\""));
        let (left, before) = (owners(&left), owners(&ab));
        prop_assert_eq!(left.get("\"b\" \"Apply\""), before.get("\"b\" \"Apply\""));
    }

    #[test]
    fn owners_own_only_what_is_there_whatever_happens(seed: u64) {
        let mut dice = Dice::new(seed);
        let (fields, schema, spec) = kind(&mut dice);
        let mut live = fields.apply(None, &thing(value(&mut dice, &spec, 2)), false, by("a")).expect("applied");
        live.set_meta("uid", "u");
        for _ in 0..8 {
            let next = thing(value(&mut dice, &spec, 2));
            let manager = ["a", "b", "c"][dice.roll(3) as usize];
            let force = dice.roll(2) == 0;
            if dice.roll(3) == 0 {
                let mut new = Object(next.0.clone());
                new.set_meta("uid", "u");
                fields.on_update(&live, &mut new, by(manager));
                live = new;
            } else {
                match fields.apply(Some(&live), &next, force, by(manager)) {
                    Ok(object) => live = object,
                    Err(ApplyError::Conflict(all)) => prop_assert!(!force && !all.is_empty()),
                    Err(e) => prop_assert!(false, "{:?}", e),
                }
            }
            assert_owned_fields_exist(&schema, &live);
        }
    }

    #[test]
    fn sets_are_written_as_they_are_read(seed: u64) {
        let written = random_set(&mut Dice::new(seed), 4);
        let (set, exact) = Set::parse_exactly(&written).expect("FieldsV1");
        prop_assert_eq!(set.to_value(), written.clone());
        prop_assert!(exact);
        prop_assert_eq!(set.clone().into_owned(), set);
    }

    #[test]
    fn the_algebra_of_sets_holds(one: u64, two: u64) {
        let (a, b) = (random_set(&mut Dice::new(one), 4), random_set(&mut Dice::new(two), 4));
        let (a, b) = (Set::parse(&a).expect("a set"), Set::parse(&b).expect("a set"));
        let both = a.intersection(&b);
        prop_assert_eq!(&both, &b.intersection(&a));
        prop_assert_eq!(a.clone().union(b.clone()), b.clone().union(a.clone()));
        prop_assert_eq!(a.clone().difference(&b).union(both.clone()), a.clone());
        prop_assert!(a.clone().difference(&b).intersection(&b).is_empty());
        prop_assert!(both.is_subset(&a) && both.is_subset(&b) && a.is_subset(&a.clone().union(b.clone())));
        prop_assert!(a.clone().recursive_difference(&b).is_subset(&a.clone().difference(&b)));
    }
}
