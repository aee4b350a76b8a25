//! `metadata.managedFields`: entries with their identity and order, decoded and encoded (P25-P35).

use super::set::Set;
use crate::resource::Object;
use serde_json::{Map, Value};

/// One manager's fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) manager: String,
    pub(super) apply: bool,
    pub(super) subresource: String,
    pub(super) api_version: String,
    pub(super) time: String,
    pub(super) set: Set,
}

impl Entry {
    /// An Apply manager is its name and subresource, an Update manager also the version it wrote (P28).
    pub(super) fn is(&self, manager: &str, apply: bool, subresource: &str, api_version: &str) -> bool {
        self.manager == manager
            && self.apply == apply
            && self.subresource == subresource
            && (apply || self.api_version == api_version)
    }
}

/// Update entries past these are merged into `ancient-changes` (P30).
const MAX_UPDATE_ENTRIES: usize = 10;
const ANCIENT: &str = "ancient-changes";

/// The entries of an object. `None` when they cannot be read.
pub(super) fn read(object: &Object) -> Option<Vec<Entry>> {
    let Some(list) = object.meta("managedFields").and_then(Value::as_array) else { return Some(Vec::new()) };
    let text = |v: &Value, f: &str| v.get(f).and_then(Value::as_str).unwrap_or_default().to_owned();
    list.iter()
        .map(|v| {
            let apply = match v.get("operation").and_then(Value::as_str)? {
                "Apply" => true,
                "Update" => false,
                _ => return None,
            };
            if v.get("fieldsType").and_then(Value::as_str).is_some_and(|t| t != "FieldsV1") {
                return None;
            }
            let empty = Value::Object(Map::new());
            Some(Entry {
                manager: text(v, "manager"),
                apply,
                subresource: text(v, "subresource"),
                api_version: text(v, "apiVersion"),
                time: text(v, "time"),
                set: Set::from_value(v.get("fieldsV1").unwrap_or(&empty)).ok()?,
            })
        })
        .collect()
}

/// Whether a client asks for all entries to be dropped: `[]` or `[{}]` (P33).
pub(super) fn is_reset(object: &Object) -> bool {
    match object.meta("managedFields") {
        Some(Value::Array(a)) => match a.as_slice() {
            [] => true,
            [Value::Object(m)] => m.is_empty(),
            _ => false,
        },
        _ => false,
    }
}

/// Writes the entries, in order, the oldest Update ones merged when they are too many.
pub(super) fn write(object: &mut Object, mut entries: Vec<Entry>) {
    entries.retain(|e| !e.set.is_empty());
    cap(&mut entries);
    entries.sort_by(|a, b| {
        let key =
            |e: &Entry| (!e.apply, e.time.clone(), e.manager.clone(), e.api_version.clone(), e.subresource.clone());
        key(a).cmp(&key(b))
    });
    let list: Vec<Value> = entries.iter().map(encode).collect();
    object.set_meta("managedFields", list);
}

fn encode(e: &Entry) -> Value {
    let mut m = Map::new();
    m.insert("apiVersion".into(), e.api_version.clone().into());
    m.insert("fieldsType".into(), "FieldsV1".into());
    m.insert("fieldsV1".into(), e.set.to_value());
    m.insert("manager".into(), e.manager.clone().into());
    m.insert("operation".into(), if e.apply { "Apply" } else { "Update" }.into());
    if !e.subresource.is_empty() {
        m.insert("subresource".into(), e.subresource.clone().into());
    }
    if !e.time.is_empty() {
        m.insert("time".into(), e.time.clone().into());
    }
    Value::Object(m)
}

fn cap(entries: &mut Vec<Entry>) {
    let mut updates: Vec<Entry> = Vec::new();
    let mut rest = Vec::new();
    for e in std::mem::take(entries) {
        if e.apply { rest.push(e) } else { updates.push(e) }
    }
    let surplus = updates.len().saturating_sub(MAX_UPDATE_ENTRIES);
    if surplus > 0 {
        updates.sort_by(|a, b| (a.time.as_str(), a.manager.as_str()).cmp(&(b.time.as_str(), b.manager.as_str())));
        // Merging makes entries of their own, one per version, so as many more go in.
        let mut ancient: Vec<Entry> = Vec::new();
        while updates.len() + ancient.len() > MAX_UPDATE_ENTRIES && !updates.is_empty() {
            let old = updates.remove(0);
            match ancient.iter_mut().find(|a| a.api_version == old.api_version && a.subresource == old.subresource) {
                Some(a) => {
                    a.set.union(&old.set);
                    a.time = a.time.clone().max(old.time);
                }
                None => ancient.push(Entry { manager: ANCIENT.into(), ..old }),
            }
        }
        updates.extend(ancient);
    }
    rest.extend(updates);
    *entries = rest;
}
