//! The simple model: the order of all writes, and what lists and watches must show of it. It knows nothing of the server.

use serde_json::Value;
use std::collections::BTreeMap;

/// Namespace and name.
pub(super) type Key = (String, String);

/// What an observer asks for.
#[derive(Clone, Debug, Default)]
pub(super) struct Query {
    /// One namespace, or all.
    pub(super) namespace: Option<&'static str>,
    /// A selector, as written in the query and as the model reads it.
    pub(super) selector: Selector,
}

/// The selectors that observers use.
#[derive(Clone, Copy, Debug, Default)]
pub(super) enum Selector {
    #[default]
    Everything,
    ColourIs(&'static str),
    ColourIsNot(&'static str),
    ColourIn(&'static str, &'static str),
    NoColour,
    SizeIs(i64),
    NameIs(&'static str),
}

impl Query {
    /// The collection's path and the selector's parameters.
    pub(super) fn path(&self) -> String {
        let base = "/apis/model.example.com/v1";
        let path = match self.namespace {
            Some(ns) => format!("{base}/namespaces/{ns}/boxes?"),
            None => format!("{base}/boxes?"),
        };
        let selector = match self.selector {
            Selector::Everything => String::new(),
            Selector::ColourIs(c) => format!("labelSelector=colour%3D{c}"),
            Selector::ColourIsNot(c) => format!("labelSelector=colour%21%3D{c}"),
            Selector::ColourIn(a, b) => format!("labelSelector=colour%20in%20%28{a}%2C{b}%29"),
            Selector::NoColour => "labelSelector=%21colour".into(),
            Selector::SizeIs(n) => format!("fieldSelector=spec.size%3D{n}"),
            Selector::NameIs(n) => format!("fieldSelector=metadata.name%3D{n}"),
        };
        path + &selector
    }

    /// Whether no selector narrows the namespace.
    pub(super) fn is_whole(&self) -> bool {
        matches!(self.selector, Selector::Everything)
    }

    fn matches(&self, object: &Value) -> bool {
        let text = |p: &str| object.pointer(p).and_then(Value::as_str);
        let colour = text("/metadata/labels/colour");
        if self.namespace.is_some_and(|ns| text("/metadata/namespace") != Some(ns)) {
            return false;
        }
        match self.selector {
            Selector::Everything => true,
            Selector::ColourIs(c) => colour == Some(c),
            Selector::ColourIsNot(c) => colour != Some(c),
            Selector::ColourIn(a, b) => colour == Some(a) || colour == Some(b),
            Selector::NoColour => colour.is_none(),
            Selector::SizeIs(n) => object.pointer("/spec/size").and_then(Value::as_i64) == Some(n),
            Selector::NameIs(n) => text("/metadata/name") == Some(n),
        }
    }
}

/// A watch event, as sent or as expected.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Event {
    pub(super) type_: String,
    pub(super) revision: u64,
    pub(super) object: Value,
}

impl Event {
    /// The object's key.
    pub(super) fn key(&self) -> Key {
        key(&self.object)
    }
}

/// An object's key.
pub(super) fn key(object: &Value) -> Key {
    let text = |p: &str| object.pointer(p).and_then(Value::as_str).unwrap_or_default().to_owned();
    (text("/metadata/namespace"), text("/metadata/name"))
}

/// An object's resourceVersion.
pub(super) fn revision(object: &Value) -> u64 {
    object.pointer("/metadata/resourceVersion").and_then(Value::as_str).and_then(|s| s.parse().ok()).unwrap_or(0)
}

/// What a writer did to one key: the stored object, or `None` for a delete.
#[derive(Clone, Debug)]
pub(super) struct Written {
    pub(super) key: Key,
    pub(super) object: Option<Value>,
}

/// All writes, in order.
pub(super) struct Log {
    start: u64,
    events: Vec<Event>,
}

impl Log {
    /// Takes the events that one watch of everything saw since `start`, and holds them against what the writers were told.
    pub(super) fn new(start: u64, events: Vec<Event>, written: &[Vec<Written>]) -> Result<Self, String> {
        let mut last = start;
        for e in &events {
            if e.revision <= last {
                return Err(format!("revision {} comes after {last}: {e:?}", e.revision));
            }
            last = e.revision;
        }
        let mut seen: BTreeMap<Key, Vec<&Event>> = BTreeMap::new();
        for e in &events {
            seen.entry(e.key()).or_default().push(e);
        }
        let mut done: BTreeMap<&Key, Vec<&Written>> = BTreeMap::new();
        for w in written.iter().flatten() {
            done.entry(&w.key).or_default().push(w);
        }
        for (key, events) in &seen {
            let writes = done.remove(key).unwrap_or_default();
            if events.len() != writes.len() {
                return Err(format!("{key:?}: {} writes, {} events", writes.len(), events.len()));
            }
            let mut there = false;
            for (e, w) in events.iter().zip(writes) {
                let type_ = match (&w.object, there) {
                    (None, _) => "DELETED",
                    (Some(_), false) => "ADDED",
                    (Some(_), true) => "MODIFIED",
                };
                there = w.object.is_some();
                let same = w.object.as_ref().is_none_or(|o| *o == e.object && revision(o) == e.revision);
                if e.type_ != type_ || !same {
                    return Err(format!("{key:?}: wrote {type_} {w:?}, saw {e:?}"));
                }
            }
        }
        if let Some((key, _)) = done.iter().next() {
            return Err(format!("{key:?} was written, and no event says so"));
        }
        Ok(Self { start, events })
    }

    /// What a list shows at a revision, in order of keys.
    pub(super) fn state(&self, query: &Query, at: u64) -> Vec<Value> {
        let mut state: BTreeMap<Key, &Value> = BTreeMap::new();
        for e in self.events.iter().take_while(|e| e.revision <= at) {
            match e.type_.as_str() {
                "DELETED" => state.remove(&e.key()),
                _ => state.insert(e.key(), &e.object),
            };
        }
        state.into_values().filter(|o| query.matches(o)).cloned().collect()
    }

    /// What a watch shows after a revision: an object that comes to match is ADDED, one that ceases to is DELETED as it last
    /// matched, with the revision of the write.
    pub(super) fn events_after(&self, query: &Query, after: u64) -> Vec<Event> {
        let mut previous: BTreeMap<Key, &Value> = BTreeMap::new();
        let mut out = Vec::new();
        for e in &self.events {
            let gone = e.type_ == "DELETED";
            let old = previous.remove(&e.key());
            if !gone {
                previous.insert(e.key(), &e.object);
            }
            let before = old.filter(|o| query.matches(o));
            let now = !gone && query.matches(&e.object);
            let event = match (before, now) {
                (None, false) => continue,
                (None, true) => ("ADDED", e.object.clone()),
                (Some(_), true) => ("MODIFIED", e.object.clone()),
                (Some(o), false) => ("DELETED", at_revision(o, e.revision)),
            };
            if e.revision > after {
                out.push(Event { type_: event.0.into(), revision: e.revision, object: event.1 });
            }
        }
        out
    }

    /// Whether a watch without a revision could have seen this: the state of some moment, then what came after it. Either may
    /// be cut off.
    pub(super) fn is_state_and_after(&self, query: &Query, seen: &[Event]) -> bool {
        let moments = std::iter::once(self.start).chain(self.events.iter().map(|e| e.revision));
        for at in moments {
            let state = self.state(query, at);
            let (initial, after) = seen.split_at(seen.len().min(state.len()));
            let is_state = initial.iter().all(|e| e.type_ == "ADDED" && state.contains(&e.object));
            let mut keys: Vec<Key> = initial.iter().map(Event::key).collect();
            keys.sort();
            keys.dedup();
            if is_state && keys.len() == initial.len() && self.events_after(query, at).starts_with(after) {
                return true;
            }
        }
        false
    }
}

fn at_revision(object: &Value, revision: u64) -> Value {
    let mut object = object.clone();
    object["metadata"]["resourceVersion"] = revision.to_string().into();
    object
}
