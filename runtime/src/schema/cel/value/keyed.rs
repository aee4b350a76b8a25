//! Lists of type set and map: their equality has no order, and their sum takes in only what is new (apiserver
//! `cel/common`).

use super::super::escape::escape;
use super::{Error, Key, List, Map, Result, Str, Value};
use crate::schema::node::Node;
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

/// What identifies an item of a set.
fn scalar<'a>(item: &Value<'a>) -> std::result::Result<Key<'a>, Error> {
    match item {
        Value::List(_) | Value::Map(_) => {
            Err(Error::new("listSet operations are only supported on lists of scalar values"))
        }
        Value::Bytes(b) => Ok(Key::String(Str::Shared(format!("{b:?}").into()))),
        Value::Timestamp(t) => Ok(Key::String(Str::Shared(t.nanos().to_string().into()))),
        Value::Duration(d) => Ok(Key::Int(*d)),
        v => Key::new(v.clone(), 0),
    }
}

pub(super) fn equal_sets<'a>(a: &List<'a>, b: &List<'a>) -> std::result::Result<bool, Error> {
    let mine = a.iter().map(|v| scalar(&v?)).collect::<std::result::Result<BTreeSet<_>, Error>>()?;
    let mut seen = BTreeSet::new();
    for v in b.iter() {
        let key = scalar(&v?)?;
        if !mine.contains(&key) {
            return Ok(false);
        }
        seen.insert(key);
    }
    Ok(seen.len() == mine.len())
}

/// What a set of an object has been added up with, besides what it holds. Upstream 1.36 keeps that with the value by
/// mistake, so that a second `self + [1]` adds nothing.
pub type Seen = Arc<Mutex<BTreeSet<String>>>;

pub(super) fn union<'a>(a: &List<'a>, b: &List<'a>, node: &'a Node) -> Result<'a> {
    let mut items = a.to_vec()?;
    let mut known = items.iter().map(scalar).collect::<std::result::Result<BTreeSet<_>, Error>>()?;
    let mut seen = match a {
        List::Json { seen: Some(seen), .. } => seen.lock().ok(),
        _ => None,
    };
    for v in b.iter() {
        let v = v?;
        let key = scalar(&v)?;
        let before = seen.as_mut().is_some_and(|s| !known.contains(&key) && !s.insert(format!("{key:?}")));
        if known.insert(key) && !before {
            items.push(v);
        }
    }
    Ok(Value::List(List::Owned { items: Arc::new(items), node: Some(node) }))
}

/// What identifies an item of a map list; an absent member is null.
fn keys<'a>(item: &Value<'a>, node: &Node) -> Vec<Key<'a>> {
    let member = |name: &str| {
        let Value::Map(m) = item else { return Key::Null };
        let name = escape(name).unwrap_or_else(|| name.into());
        match m.get(&Value::String(Str::Borrowed(&name))) {
            Some(Ok(v)) => scalar(&v).unwrap_or(Key::Null),
            _ => Key::Null,
        }
    };
    node.list_map_keys.iter().map(|k| member(k)).collect()
}

/// The same of an item as the object has it. Upstream looks for escaped names in it, where they are not.
fn raw_keys<'a>(item: &Value<'a>, node: &Node) -> Option<Vec<Key<'a>>> {
    let Value::Map(Map::Json(m)) = item else { return None };
    let member = |name: &str| match m.map.get(&*escape(name).unwrap_or_else(|| name.into())) {
        Some(Json::String(s)) => Key::String(Str::Borrowed(s)),
        Some(Json::Bool(b)) => Key::Bool(*b),
        Some(Json::Number(n)) => match n.as_i64() {
            Some(i) => Key::Int(i),
            None => Key::Double(n.as_f64().unwrap_or_default()),
        },
        _ => Key::Null,
    };
    Some(node.list_map_keys.iter().map(|k| member(k)).collect())
}

pub(super) fn equal_maps<'a>(a: &List<'a>, b: &List<'a>, node: &Node) -> std::result::Result<bool, Error> {
    let key = |v: &Value<'a>| match a {
        List::Json { .. } => raw_keys(v, node),
        _ => Some(keys(v, node)),
    };
    let mut mine = BTreeMap::new();
    for v in a.iter() {
        let v = v?;
        mine.insert(key(&v), v);
    }
    let mut seen = BTreeSet::new();
    for v in b.iter() {
        let v = v?;
        let k = key(&v);
        let Some(same) = k.is_some().then(|| mine.get(&k)).flatten() else { return Ok(false) };
        if !same.equals(&v)? {
            return Ok(false);
        }
        seen.insert(k);
    }
    Ok(seen.len() == mine.len())
}

pub(super) fn merge<'a>(a: &List<'a>, b: &List<'a>, node: &'a Node) -> Result<'a> {
    let mut items = a.to_vec()?;
    let known: BTreeMap<_, _> = items.iter().enumerate().map(|(i, v)| (keys(v, node), i)).collect();
    for v in b.iter() {
        let v = v?;
        match known.get(&keys(&v, node)) {
            Some(i) => items[*i] = v,
            None => items.push(v),
        }
    }
    Ok(Value::List(List::Owned { items: Arc::new(items), node: Some(node) }))
}
