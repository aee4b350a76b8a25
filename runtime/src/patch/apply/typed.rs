//! Values walked by their schema: the set of a value's fields, what changed between two, the merge of one into another, and
//! the removal of a set. Without a schema maps are granular and lists atomic (deduced types, P51).

use super::set::Set;
use crate::schema::node::{Additional, ListType, MapType, Node};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, HashMap};

/// How a place in an object is merged.
#[derive(Clone, Copy)]
pub(super) enum Kind<'a> {
    /// By a schema.
    Node(&'a Node),
    /// The metadata of an object.
    Meta(Meta),
    /// Nothing is known: deduced.
    Deduced,
}

/// Parts of ObjectMeta that merge in their own way.
#[derive(Clone, Copy)]
pub(super) enum Meta {
    Root,
    Map,
    Finalizers,
    Owners,
    Leaf,
}

enum Shape<'a> {
    Leaf,
    Fields,
    SetOf,
    MapOf(Vec<&'a str>),
}

impl<'a> Kind<'a> {
    fn shape(self, value: &Value) -> Shape<'a> {
        match (self, value) {
            (Kind::Node(n), Value::Object(_)) => {
                let open = n.properties.is_empty() && n.additional.is_none();
                let atomic = n.map_type == Some(MapType::Atomic);
                if atomic || (open && !keeps_unknown(n) && !n.embedded) { Shape::Leaf } else { Shape::Fields }
            }
            (Kind::Node(n), Value::Array(_)) => match n.list_type.unwrap_or_default() {
                ListType::Atomic => Shape::Leaf,
                ListType::Set => Shape::SetOf,
                ListType::Map => Shape::MapOf(n.list_map_keys.iter().map(|k| &**k).collect()),
            },
            (Kind::Deduced | Kind::Meta(Meta::Root | Meta::Map), Value::Object(_)) => Shape::Fields,
            (Kind::Meta(Meta::Finalizers), Value::Array(_)) => Shape::SetOf,
            (Kind::Meta(Meta::Owners), Value::Array(_)) => Shape::MapOf(vec!["uid"]),
            _ => Shape::Leaf,
        }
    }

    /// The kind of a field, and whether the schema declares it by name.
    fn field(self, name: &str, root: bool) -> (Kind<'a>, bool) {
        match self {
            Kind::Node(_) if root && name == "metadata" => (Kind::Meta(Meta::Root), true),
            Kind::Node(n) => match declared(n, name) {
                Some(p) => (Kind::Node(p), true),
                None if n.embedded && name == "metadata" => (Kind::Meta(Meta::Root), true),
                None if (root || n.embedded) && ["apiVersion", "kind"].contains(&name) => {
                    (Kind::Meta(Meta::Leaf), true)
                }
                None => (additional(n).map_or(Kind::Deduced, Kind::Node), false),
            },
            Kind::Meta(Meta::Root) => {
                let m = match name {
                    "labels" | "annotations" => Meta::Map,
                    "finalizers" => Meta::Finalizers,
                    "ownerReferences" => Meta::Owners,
                    _ => Meta::Leaf,
                };
                (Kind::Meta(m), true)
            }
            Kind::Meta(Meta::Owners) => (Kind::Meta(Meta::Leaf), true),
            Kind::Meta(_) => (Kind::Meta(Meta::Leaf), false),
            Kind::Deduced => (Kind::Deduced, false),
        }
    }

    fn item(self) -> Kind<'a> {
        match self {
            Kind::Node(n) => n.items.as_deref().map_or(Kind::Deduced, Kind::Node),
            // An owner reference is one value: its map is atomic.
            Kind::Meta(_) => Kind::Meta(Meta::Leaf),
            Kind::Deduced => Kind::Deduced,
        }
    }

    fn declared(self) -> bool {
        matches!(self, Kind::Node(n) if !keeps_unknown(n) && additional(n).is_none())
    }
}

fn declared<'a>(node: &'a Node, name: &str) -> Option<&'a Node> {
    node.properties.iter().find(|(k, _)| **k == *name).map(|(_, n)| n)
}

fn additional(node: &Node) -> Option<&Node> {
    match &node.additional {
        Some(Additional::Schema(n)) => Some(n),
        _ => None,
    }
}

fn keeps_unknown(node: &Node) -> bool {
    node.preserve_unknown || matches!(node.additional, Some(Additional::Allowed(true)))
}

/// The path element of a list item.
fn element(kind: Kind<'_>, keys: Option<&[&str]>, item: &Value) -> Result<String, String> {
    let Some(keys) = keys else { return Ok(format!("v:{item}")) };
    let defaults = match kind.item() {
        Kind::Node(n) => Some(n),
        _ => None,
    };
    let default = |k: &str| defaults.and_then(|n| declared(n, k)).and_then(|n| n.default.as_deref().cloned());
    let mut map = Map::new();
    for k in keys {
        if let Some(v) = item.get(*k).cloned().or_else(|| default(k)) {
            map.insert((*k).to_owned(), v);
        }
    }
    if map.is_empty() {
        let keys: Vec<String> = keys.iter().map(|k| format!("{k:?}")).collect();
        return Err(format!(
            "associative list with keys has an element that omits all key fields [{}] (and doesn't have default values for any key fields)",
            keys.join(" ")
        ));
    }
    Ok(format!("k:{}", Value::Object(map)))
}

/// A list's items by path element, in order.
fn elements<'v>(kind: Kind<'_>, keys: Option<&[&str]>, list: &'v [Value]) -> Vec<(String, &'v Value)> {
    list.iter().filter_map(|v| Some((element(kind, keys, v).ok()?, v))).collect()
}

fn is_bare(v: &Value) -> bool {
    match v {
        Value::Null => true,
        Value::Object(m) => m.is_empty(),
        _ => false,
    }
}

/// The set of an applied object's fields.
///
/// # Errors
/// What cannot be typed, with its path, in upstream's words (P19).
pub(super) fn fields(kind: Kind<'_>, value: &Value, root: bool, path: &str, out: &mut Set, errors: &mut Vec<String>) {
    match (kind.shape(value), value) {
        (Shape::Fields, Value::Object(map)) => {
            for (k, v) in map {
                let (child, declared) = kind.field(k, root);
                let here = format!("{path}.{k}");
                if !declared && kind.declared() {
                    errors.push(format!("{here}: field not declared in schema"));
                    continue;
                }
                let set = out.child(&format!("f:{k}"));
                fields(child, v, false, &here, set, errors);
                if is_bare(v) || !declared {
                    set.member = true;
                }
            }
        }
        (Shape::SetOf, Value::Array(list)) => items(kind, None, list, path, out, errors),
        (Shape::MapOf(keys), Value::Array(list)) => items(kind, Some(&keys), list, path, out, errors),
        _ => out.member = true,
    }
}

fn items(kind: Kind<'_>, keys: Option<&[&str]>, list: &[Value], path: &str, out: &mut Set, errors: &mut Vec<String>) {
    for (i, item) in list.iter().enumerate() {
        match element(kind, keys, item) {
            Err(why) => errors.push(format!("{path}: element {i}: {why}")),
            Ok(e) => {
                if out.children.contains_key(&e) {
                    let body = e.split_once(':').map_or("", |(_, b)| b);
                    let shown = if keys.is_some() { shown_keys(body) } else { format!("={body}") };
                    errors.push(format!("{path}: duplicate entries for key [{shown}]"));
                    continue;
                }
                let here = format!("{path}[{i}]");
                let set = out.child(&e);
                if keys.is_some() {
                    fields(kind.item(), item, false, &here, set, errors);
                }
                set.member = true;
            }
        }
    }
}

fn shown_keys(json: &str) -> String {
    match serde_json::from_str::<Value>(json) {
        Ok(Value::Object(m)) => m.iter().map(|(k, v)| format!("{k}={v}")).collect::<Vec<_>>().join(","),
        _ => json.to_owned(),
    }
}

/// What changed between two objects.
#[derive(Default)]
pub(super) struct Changes {
    /// Added or modified.
    pub(super) set: Set,
    /// Removed.
    pub(super) removed: Set,
}

/// Compares two values at one place; equal parts are not descended into.
pub(super) fn compare(
    kind: Kind<'_>,
    old: Option<&Value>,
    new: Option<&Value>,
    root: bool,
    out: &mut Set,
    gone: &mut Set,
) {
    if old == new {
        return;
    }
    let bare = |v: Option<&Value>| v.is_none_or(is_bare);
    let shape = new.or(old).map_or(Shape::Leaf, |v| kind.shape(v));
    let same_type = match (old, new) {
        (Some(a), Some(b)) => std::mem::discriminant(a) == std::mem::discriminant(b),
        _ => true,
    };
    let descend = same_type && !matches!(shape, Shape::Leaf) && !(bare(old) && bare(new));
    if !descend {
        match (old, new) {
            (Some(o), None) => {
                gone.member = true;
                // What was below goes with it.
                below(kind, o, root, gone);
            }
            _ => out.member = true,
        }
        return;
    }
    if old.is_none() {
        out.member = true;
    }
    if new.is_none() {
        gone.member = true;
    }
    match shape {
        Shape::Fields => {
            let empty = Map::new();
            let o = old.and_then(Value::as_object).unwrap_or(&empty);
            let n = new.and_then(Value::as_object).unwrap_or(&empty);
            for k in o.keys().chain(n.keys().filter(|k| !o.contains_key(*k))) {
                step(&format!("f:{k}"), out, gone, |out, gone| {
                    compare(kind.field(k, root).0, o.get(k), n.get(k), false, out, gone);
                });
            }
        }
        Shape::SetOf => compare_lists(kind, None, old, new, out, gone),
        Shape::MapOf(keys) => compare_lists(kind, Some(&keys), old, new, out, gone),
        Shape::Leaf => {}
    }
}

/// Runs `f` on the children of both sets, and drops them again when nothing came in.
fn step(element: &str, out: &mut Set, gone: &mut Set, f: impl FnOnce(&mut Set, &mut Set)) {
    let (mut a, mut b) = (Set::default(), Set::default());
    f(&mut a, &mut b);
    if !a.is_empty() {
        out.children.insert(element.to_owned(), a);
    }
    if !b.is_empty() {
        gone.children.insert(element.to_owned(), b);
    }
}

fn below(kind: Kind<'_>, value: &Value, root: bool, out: &mut Set) {
    let mut set = Set::default();
    fields(kind, value, root, "", &mut set, &mut Vec::new());
    let set = set.with_parents();
    out.children = set.children;
}

fn compare_lists(
    kind: Kind<'_>,
    keys: Option<&[&str]>,
    old: Option<&Value>,
    new: Option<&Value>,
    out: &mut Set,
    gone: &mut Set,
) {
    fn list(v: Option<&Value>) -> &[Value] {
        v.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
    }
    let o: BTreeMap<String, &Value> = elements(kind, keys, list(old)).into_iter().collect();
    let n: BTreeMap<String, &Value> = elements(kind, keys, list(new)).into_iter().collect();
    for e in o.keys().chain(n.keys().filter(|e| !o.contains_key(*e))) {
        step(e, out, gone, |out, gone| {
            compare(kind.item(), o.get(e).copied(), n.get(e).copied(), false, out, gone);
            // An item that comes or goes is itself a member.
            out.member |= !o.contains_key(e);
            gone.member |= !n.contains_key(e);
        });
    }
}

/// Merges an applied value into a live one.
pub(super) fn merge(kind: Kind<'_>, live: Option<&Value>, applied: &Value, root: bool) -> Value {
    let Some(live) = live else { return applied.clone() };
    match (kind.shape(applied), live, applied) {
        (Shape::Fields, Value::Object(l), Value::Object(a)) => {
            let mut out = l.clone();
            for (k, v) in a {
                out.insert(k.clone(), merge(kind.field(k, root).0, l.get(k), v, false));
            }
            Value::Object(out)
        }
        (Shape::SetOf, Value::Array(l), Value::Array(a)) => merge_lists(kind, None, l, a),
        (Shape::MapOf(keys), Value::Array(l), Value::Array(a)) => merge_lists(kind, Some(&keys), l, a),
        _ => applied.clone(),
    }
}

/// Items of both lists, once each: the applied ones keep their order, live ones keep their place between those they share.
fn merge_lists(kind: Kind<'_>, keys: Option<&[&str]>, live: &[Value], applied: &[Value]) -> Value {
    let l = elements(kind, keys, live);
    let a = elements(kind, keys, applied);
    let in_live: HashMap<&str, &Value> = l.iter().map(|(e, v)| (e.as_str(), *v)).collect();
    let in_applied: HashMap<&str, &Value> = a.iter().map(|(e, v)| (e.as_str(), *v)).collect();
    let merged = |e: &str, v: &Value| match in_live.get(e) {
        Some(old) if keys.is_some() => merge(kind.item(), Some(old), v, false),
        _ => v.clone(),
    };
    let mut out = Vec::with_capacity(l.len() + a.len());
    let mut rest = l.iter().peekable();
    for (e, v) in &a {
        if in_live.contains_key(e.as_str()) {
            // Live items before the shared one, that are not applied themselves, stay before it.
            while let Some((le, lv)) = rest.peek() {
                if in_applied.contains_key(le.as_str()) {
                    break;
                }
                out.push((*lv).clone());
                rest.next();
            }
            if rest.peek().is_some_and(|(le, _)| le == e) {
                rest.next();
            }
        }
        out.push(merged(e, v));
    }
    out.extend(rest.filter(|(e, _)| !in_applied.contains_key(e.as_str())).map(|(_, v)| (*v).clone()));
    Value::Array(out)
}

/// Removes the members of a set, and all below them, from a value.
pub(super) fn remove(kind: Kind<'_>, value: &mut Value, set: &Set, root: bool) {
    match (kind.shape(value), value) {
        (Shape::Fields, Value::Object(map)) => {
            for (e, s) in &set.children {
                let Some(name) = e.strip_prefix("f:") else { continue };
                if s.member {
                    map.remove(name);
                } else if let Some(v) = map.get_mut(name) {
                    remove(kind.field(name, root).0, v, s, false);
                }
            }
        }
        (Shape::SetOf, Value::Array(list)) => remove_items(kind, None, list, set),
        (Shape::MapOf(keys), Value::Array(list)) => remove_items(kind, Some(&keys), list, set),
        _ => {}
    }
}

fn remove_items(kind: Kind<'_>, keys: Option<&[&str]>, list: &mut Vec<Value>, set: &Set) {
    list.retain_mut(|item| {
        let Some(s) = element(kind, keys, item).ok().and_then(|e| set.children.get(&e)) else { return true };
        if !s.member {
            remove(kind.item(), item, s, false);
        }
        !s.member
    });
}
