//! Cases of ownership that are a story each: managers that write in different versions of a kind, and what nobody owns.

use super::{ApplyError, FieldManager, Writer};
use crate::resource::Object;
use crate::resource::conversion::{Graph, KEPT};
use crate::schema::Definition;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;

#[derive(Serialize, Deserialize)]
struct Old {
    #[serde(skip_serializing_if = "Option::is_none")]
    colour: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    parts: Vec<OldPart>,
}

#[derive(Serialize, Deserialize)]
struct OldPart {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<i64>,
}

/// `colour` is `color` here, the size of a part its `width`, and `depth` is new.
#[derive(Serialize, Deserialize)]
struct New {
    #[serde(skip_serializing_if = "Option::is_none")]
    color: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    depth: Option<i64>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    parts: Vec<NewPart>,
}

#[derive(Serialize, Deserialize)]
struct NewPart {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    width: Option<i64>,
}

impl From<Old> for New {
    fn from(old: Old) -> Self {
        let parts = old.parts.into_iter().map(|p| NewPart { name: p.name, width: p.size });
        Self { color: old.colour, depth: None, parts: parts.collect() }
    }
}

impl From<New> for Old {
    fn from(new: New) -> Self {
        let parts = new.parts.into_iter().map(|p| OldPart { name: p.name, size: p.width });
        Self { colour: new.color, parts: parts.collect() }
    }
}

/// The field managers of `v1` and `v2` of a kind whose fields have other names in each.
fn renamed() -> (FieldManager, FieldManager) {
    let (text, number) = (json!({"type": "string"}), json!({"type": "integer"}));
    let version = |name: &str, stored: bool, fields: Value, size: &str| {
        let mut properties = fields;
        properties["parts"] = json!({"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"],
            "items": {"type": "object", "required": ["name"], "properties": {"name": text, size: number}}});
        let spec = json!({"type": "object", "properties": properties});
        json!({"name": name, "served": true, "storage": stored,
            "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": spec}}}})
    };
    let definition = Definition::from_crd(&json!({"spec": {
        "group": "ex.io", "names": {"plural": "things", "kind": "Thing"},
        "versions": [
            version("v2", true, json!({"color": text, "depth": number}), "width"),
            version("v1", false, json!({"colour": text}), "size")]}}));
    managers(definition.expect("a definition"), Graph::new("v1").spec_step::<Old, New>("v2"))
}

fn managers(definition: Definition, graph: Graph) -> (FieldManager, FieldManager) {
    let (definition, graph) = (Arc::new(definition), Arc::new(graph));
    let manager =
        |at| FieldManager::new(definition.clone(), at, Object::default(), false).converting(Some(graph.clone()));
    (manager(OLD), manager(NEW))
}

fn thing(version: &str, spec: Value) -> Object {
    let api_version = format!("ex.io/{version}");
    Object::from_value(json!({"apiVersion": api_version, "kind": "Thing", "metadata": {"name": "x"}, "spec": spec}))
        .expect("an object")
}

fn by(manager: &str) -> Writer<'_> {
    Writer { manager, subresource: "", time: "2026-01-01T00:00:00Z" }
}

/// The object as it is stored, seen in a version: conversion happens between two writes.
fn seen(fields: &FieldManager, object: Object, version: usize) -> Object {
    fields.convert(object, version).expect("converted")
}

/// Manager, version and fields of each entry.
fn owners(object: &Object) -> Vec<(String, String, Value)> {
    let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
    let list = object.meta("managedFields").and_then(Value::as_array).cloned().unwrap_or_default();
    list.iter().map(|e| (text(&e["manager"]), text(&e["apiVersion"]), e["fieldsV1"].clone())).collect()
}

fn owner(object: &Object, manager: &str) -> Option<(String, Value)> {
    owners(object).into_iter().find(|(m, ..)| m == manager).map(|(_, version, fields)| (version, fields))
}

const OLD: usize = 1;
const NEW: usize = 0;

#[test]
fn a_field_renamed_between_versions_has_one_owner_and_conflicts_by_its_owners_name_for_it() {
    let (old, new) = renamed();
    let live = old.apply(None, &thing("v1", json!({"colour": "red"})), false, by("one")).expect("applied");
    let live = seen(&old, live, NEW);
    assert_eq!(live.0["spec"], json!({"color": "red"}));

    // The same value is shared.
    let shared = new.apply(Some(&live), &thing("v2", json!({"color": "red", "depth": 1})), false, by("two"));
    let shared = shared.expect("nothing changes hands");
    assert_eq!(owner(&shared, "one"), Some(("ex.io/v1".into(), json!({"f:spec": {"f:colour": {}}}))));
    assert_eq!(owner(&shared, "two"), Some(("ex.io/v2".into(), json!({"f:spec": {"f:color": {}, "f:depth": {}}}))));

    let blue = thing("v2", json!({"color": "blue"}));
    let Err(ApplyError::Conflict(all)) = new.apply(Some(&shared), &blue, false, by("two")) else {
        panic!("no conflict")
    };
    let all: Vec<_> = all.iter().map(|c| (c.manager.as_str(), c.field.as_str())).collect();
    assert_eq!(all, [("\"one\"", ".spec.colour")]);
    let taken = new.apply(Some(&shared), &blue, true, by("two")).expect("forced");
    assert_eq!(taken.0["spec"], json!({"color": "blue"}));
    assert_eq!(owners(&taken), [("two".into(), "ex.io/v2".into(), json!({"f:spec": {"f:color": {}}}))]);
}

#[test]
fn an_update_takes_a_field_by_whatever_name_its_owner_has_for_it() {
    let (old, new) = renamed();
    let applied = thing("v1", json!({"colour": "red", "parts": [{"name": "a", "size": 1}]}));
    let live = old.apply(None, &applied, false, by("one")).expect("applied");
    let mut live = seen(&old, live, NEW);
    live.set_meta("uid", "u");
    let mut edited = live.clone();
    edited.0["spec"]["parts"][0]["width"] = json!(2);
    new.on_update(&live, &mut edited, by("hand"));
    let item = |rest: Value| json!({"f:spec": {"f:colour": {}, "f:parts": {"k:{\"name\":\"a\"}": rest}}});
    assert_eq!(owner(&edited, "one"), Some(("ex.io/v1".into(), item(json!({".": {}, "f:name": {}})))));
    let taken = json!({"f:spec": {"f:parts": {"k:{\"name\":\"a\"}": {"f:width": {}}}}});
    assert_eq!(owner(&edited, "hand"), Some(("ex.io/v2".into(), taken)));
}

#[test]
fn what_a_manager_applied_in_one_version_goes_when_it_applies_without_it_in_another() {
    let (old, new) = renamed();
    let applied = thing("v1", json!({"colour": "red", "parts": [{"name": "a", "size": 1}, {"name": "b", "size": 2}]}));
    let live = seen(&old, old.apply(None, &applied, false, by("one")).expect("applied"), NEW);
    // Another one has the width of `b` too, in the other version, and keeps it.
    let also = thing("v2", json!({"depth": 4, "parts": [{"name": "b", "width": 2}]}));
    let live = new.apply(Some(&live), &also, false, by("two")).expect("shared");
    let less = thing("v2", json!({"color": "red"}));
    let left = new.apply(Some(&live), &less, false, by("one")).expect("nothing to conflict");
    assert_eq!(left.0["spec"], json!({"color": "red", "depth": 4, "parts": [{"name": "b", "width": 2}]}));
    assert_eq!(owner(&left, "one"), Some(("ex.io/v2".into(), json!({"f:spec": {"f:color": {}}}))));
    assert_eq!(owner(&left, "two"), owner(&live, "two"));

    // And the other way around: what the older version cannot hold is not lost on the way.
    let before = seen(&new, left, OLD);
    let left = old.apply(Some(&before), &thing("v1", json!({})), false, by("one")).expect("nothing to conflict");
    assert_eq!(left.0["spec"], json!({"parts": [{"name": "b", "size": 2}]}));
    assert_eq!(seen(&old, left, NEW).0["spec"], json!({"depth": 4, "parts": [{"name": "b", "width": 2}]}));
}

#[test]
fn what_conversion_cannot_do_without_stays_while_others_own_it_by_another_name() {
    #[derive(Serialize, Deserialize)]
    struct Old {
        colour: String,
        size: Option<i64>,
    }
    #[derive(Serialize, Deserialize)]
    struct New {
        color: String,
        size: Option<i64>,
    }
    impl From<Old> for New {
        fn from(old: Old) -> Self {
            Self { color: old.colour, size: old.size }
        }
    }
    impl From<New> for Old {
        fn from(new: New) -> Self {
            Self { colour: new.color, size: new.size }
        }
    }
    let version = |name: &str, colour: &str| {
        let spec = json!({"type": "object", "required": [colour],
            "properties": {colour: {"type": "string"}, "size": {"type": "integer"}}});
        json!({"name": name, "served": true, "storage": name == "v2",
            "schema": {"openAPIV3Schema": {"type": "object", "required": ["spec"], "properties": {"spec": spec}}}})
    };
    let definition =
        Definition::from_crd(&json!({"spec": {"group": "ex.io", "names": {"plural": "things", "kind": "Thing"},
        "versions": [version("v2", "color"), version("v1", "colour")]}}));
    let (old, new) = managers(definition.expect("a definition"), Graph::new("v1").spec_step::<Old, New>("v2"));
    let live = old.apply(None, &thing("v1", json!({"colour": "red", "size": 1})), false, by("one")).expect("applied");
    let live = seen(&old, live, NEW);
    let live = new.apply(Some(&live), &thing("v2", json!({"color": "red"})), false, by("two")).expect("shared");
    let before = seen(&new, live, OLD);
    let left = old.apply(Some(&before), &thing("v1", json!({})), false, by("one")).expect("it is not its own alone");
    assert_eq!(left.0["spec"], json!({"colour": "red"}));
    assert_eq!(owner(&left, "one"), Some(("ex.io/v1".into(), json!({"f:spec": {}}))));
    assert_eq!(owner(&left, "two"), Some(("ex.io/v2".into(), json!({"f:spec": {"f:color": {}}}))));
}

#[test]
fn nobody_owns_what_conversion_keeps_in_an_annotation() {
    let (old, new) = renamed();
    let live = new.apply(None, &thing("v2", json!({"color": "red", "depth": 4})), false, by("one")).expect("applied");
    let mut live = seen(&new, live, OLD);
    live.set_meta("uid", "u");
    assert!(live.meta("annotations").is_some_and(|a| a.get(KEPT).is_some()));
    let mut edited = live.clone();
    edited.metadata_mut().remove("annotations");
    edited.0["spec"]["colour"] = json!("blue");
    old.on_update(&live, &mut edited, by("hand"));
    assert_eq!(owner(&edited, "hand"), Some(("ex.io/v1".into(), json!({"f:spec": {"f:colour": {}}}))));
    // Applied back by somebody who copied the object.
    let mut copied = live.clone();
    copied.set_meta("managedFields", Value::Null);
    copied.set_meta("uid", Value::Null);
    let applied = old.apply(Some(&live), &copied, false, by("two")).expect("nothing changes");
    assert_eq!(owner(&applied, "two"), Some(("ex.io/v1".into(), json!({"f:spec": {"f:colour": {}}}))));
}

#[test]
fn an_explicit_null_is_a_field_in_every_version() {
    #[derive(Serialize, Deserialize)]
    struct Old {
        note: Option<String>,
        size: Option<i64>,
    }
    #[derive(Serialize, Deserialize)]
    struct New {
        note: Option<String>,
        width: Option<i64>,
    }
    impl From<Old> for New {
        fn from(old: Old) -> Self {
            Self { note: old.note, width: old.size }
        }
    }
    impl From<New> for Old {
        fn from(new: New) -> Self {
            Self { note: new.note, size: new.width }
        }
    }
    let version = |name: &str, size: &str| {
        let spec = json!({"type": "object",
            "properties": {"note": {"type": "string", "nullable": true}, size: {"type": "integer"}}});
        json!({"name": name, "served": true, "storage": name == "v2",
            "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": spec}}}})
    };
    let definition =
        Definition::from_crd(&json!({"spec": {"group": "ex.io", "names": {"plural": "things", "kind": "Thing"},
        "versions": [version("v2", "width"), version("v1", "size")]}}));
    let (old, new) = managers(definition.expect("a definition"), Graph::new("v1").spec_step::<Old, New>("v2"));
    let applied = thing("v1", json!({"note": null, "size": 1}));
    let live = seen(&old, old.apply(None, &applied, false, by("one")).expect("applied"), NEW);
    assert_eq!(live.0["spec"], json!({"note": null, "width": 1}));

    // It is given up in the other version, and goes.
    let left = new.apply(Some(&live), &thing("v2", json!({"width": 1})), false, by("one")).expect("its own");
    assert_eq!(left.0["spec"], json!({"width": 1}));

    // An update takes it away from whoever has it, and what the types have no value for is no change.
    let mut live = live;
    live.set_meta("uid", "u");
    let mut edited = live.clone();
    edited.0["spec"] = json!({"width": 1});
    new.on_update(&live, &mut edited, by("hand"));
    assert_eq!(owners(&edited), [("one".into(), "ex.io/v1".into(), json!({"f:spec": {"f:size": {}}}))]);
}

#[test]
fn a_field_that_another_version_has_not_is_told_with_that_version() {
    let text = json!({"type": "string"});
    let version = |name: &str, fields: Value| {
        json!({"name": name, "served": true, "storage": name == "v1", "schema": {"openAPIV3Schema": {
            "type": "object", "properties": {"spec": {"type": "object", "properties": fields}}}}})
    };
    let definition =
        Definition::from_crd(&json!({"spec": {"group": "ex.io", "names": {"plural": "things", "kind": "Thing"},
        "versions": [version("v1", json!({"a": text, "b": text})), version("v2", json!({"a": text}))]}}));
    let definition = Arc::new(definition.expect("a definition"));
    let fields = |version| FieldManager::new(definition.clone(), version, Object::default(), false);
    let live = fields(0).apply(None, &thing("v1", json!({"a": "x"})), false, by("one")).expect("applied");
    let mut live = fields(1).apply(Some(&live), &thing("v2", json!({"a": "x"})), false, by("two")).expect("shared");
    live.0["apiVersion"] = "ex.io/v1".into();
    // Whether or not the manager gives anything up.
    for spec in [json!({"b": "y"}), json!({"a": "x", "b": "y"})] {
        let Err(ApplyError::Failed(why)) = fields(0).apply(Some(&live), &thing("v1", spec), true, by("one")) else {
            panic!("applied")
        };
        let want = "failed to prune fields: failed add back owned items: failed to convert merged object at version \
            ex.io/v2: .spec.b: field not declared in schema";
        assert_eq!(why, want);
    }
}

#[test]
fn an_object_that_cannot_be_converted_stops_an_apply_and_leaves_an_update_its_owners() {
    let (old, new) = renamed();
    let live = old.apply(None, &thing("v1", json!({"colour": "red"})), false, by("one")).expect("applied");
    let mut live = seen(&old, live, NEW);
    live.set_meta("uid", "u");
    let mut broken = live.clone();
    broken.0["spec"]["parts"] = json!([{"name": "a", "width": 1.5}]);
    let Err(ApplyError::Failed(why)) = new.apply(Some(&broken), &thing("v2", json!({})), false, by("two")) else {
        panic!("applied")
    };
    assert!(why.contains("cannot convert from v2 to v1: "), "{why}");
    let mut edited = broken.clone();
    edited.0["spec"]["depth"] = json!(1);
    new.on_update(&broken, &mut edited, by("hand"));
    assert_eq!(owners(&edited), owners(&live));
}

/// Found by fuzzing: the last applier gives up the last field that anybody owned.
#[test]
fn what_nobody_owns_is_booked_as_having_been_there_before_at_the_next_apply() {
    let set = json!({"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "string"}});
    let spec = json!({"type": "object", "properties": {"h": set, "l": {"x-kubernetes-int-or-string": true}}});
    let definition = Definition::from_crd(&json!({"spec": {
        "group": "ex.io", "names": {"plural": "things", "kind": "Thing"},
        "versions": [{"name": "v1", "served": true, "storage": true,
            "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": spec}}}}]}}));
    let fields = FieldManager::new(Arc::new(definition.expect("a definition")), 0, Object::default(), false);
    let mut live = thing("v1", json!({}));
    live.set_meta("uid", "u");
    let live = fields.apply(Some(&live), &thing("v1", json!({"l": 1})), false, by("two")).expect("applied");
    assert_eq!(owners(&live).len(), 2, "the spec was there before");

    // An empty set is no field: what held nothing but the field that was given up goes with it.
    let empty = thing("v1", json!({"h": []}));
    let apply = |live: &Object| fields.apply(Some(live), &empty, false, by("two")).expect("applied");
    let gone = apply(&live);
    assert_eq!((gone.0.get("spec"), owners(&gone)), (None, vec![]));
    let back = apply(&gone);
    assert_eq!((&back.0["spec"], owners(&back)), (&json!({"h": []}), vec![]));
    let booked = apply(&back);
    let there = json!({"f:spec": {".": {}, "f:h": {}}});
    assert_eq!(owners(&booked), [("before-first-apply".into(), "ex.io/v1".into(), there)]);
    assert_eq!(apply(&booked), booked);
}
