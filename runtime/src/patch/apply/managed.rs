//! `metadata.managedFields`: entries with their identity, order, number and times, read and written (P25-P35). What an
//! entry owns after a write is `update`'s.

use super::set::Set;
use crate::resource::Object;
use serde_json::{Map, Value};
use std::cmp::Ordering;

/// Update entries past these are merged into [`ANCIENT`] (P30).
const MAX_UPDATE_ENTRIES: usize = 10;
const ANCIENT: &str = "ancient-changes";

/// What tells managers apart: an Apply manager is its name and subresource, an Update manager also the version it wrote
/// (P28).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Identity<'a> {
    pub(super) manager: &'a str,
    pub(super) apply: bool,
    /// Empty for Apply managers.
    version: &'a str,
    pub(super) subresource: &'a str,
}

impl Identity<'_> {
    /// The order of upstream's identifiers, which are JSON: a name ends with a quote.
    pub(super) fn order(&self, other: &Self) -> Ordering {
        let text = |s: &str| s.bytes().chain([b'"']).collect::<Vec<u8>>();
        text(self.manager)
            .cmp(&text(other.manager))
            .then(other.apply.cmp(&self.apply))
            .then_with(|| text(self.version).cmp(&text(other.version)))
            .then_with(|| text(self.subresource).cmp(&text(other.subresource)))
    }
}

/// One manager's fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry<'a> {
    pub(super) manager: &'a str,
    pub(super) apply: bool,
    pub(super) subresource: &'a str,
    pub(super) api_version: &'a str,
    pub(super) time: Option<&'a str>,
    pub(super) set: Set<'a>,
    /// The FieldsV1 that the set was read from, for as long as it would be written the same.
    pub(super) written: Option<&'a Value>,
}

impl<'a> Entry<'a> {
    pub(super) fn identity(&self) -> Identity<'a> {
        let version = if self.apply { "" } else { self.api_version };
        Identity { manager: self.manager, apply: self.apply, version, subresource: self.subresource }
    }

    fn read(value: &'a Value) -> Result<Self, String> {
        let text = |field: &str| value.get(field).and_then(Value::as_str).unwrap_or_default();
        let apply = match text("operation") {
            "Apply" => true,
            "Update" => false,
            _ => return Err("operation must be `Apply` or `Update`".to_owned()),
        };
        if text("apiVersion").is_empty() {
            return Err("apiVersion must not be empty".to_owned());
        }
        if text("fieldsType") != "FieldsV1" {
            return Err(format!("invalid fieldsType {:?}: must be \"FieldsV1\"", text("fieldsType")));
        }
        let fields = value.get("fieldsV1").unwrap_or(&Value::Null);
        let (set, exact) = Set::parse_exactly(fields).map_err(|e| format!("error decoding set: {e}"))?;
        Ok(Self {
            manager: text("manager"),
            apply,
            subresource: text("subresource"),
            api_version: text("apiVersion"),
            time: value.get("time").and_then(Value::as_str),
            set,
            written: exact.then_some(fields),
        })
    }

    /// Changes the set.
    pub(super) fn change(&mut self, to: impl FnOnce(Set<'a>) -> Set<'a>) {
        self.set = to(std::mem::take(&mut self.set));
        self.written = None;
    }

    fn write(&self) -> Value {
        let mut m = Map::new();
        m.insert("apiVersion".into(), self.api_version.into());
        m.insert("fieldsType".into(), "FieldsV1".into());
        m.insert("fieldsV1".into(), self.written.map_or_else(|| self.set.to_value(), Value::clone));
        m.insert("manager".into(), self.manager.into());
        m.insert("operation".into(), if self.apply { "Apply" } else { "Update" }.into());
        if !self.subresource.is_empty() {
            m.insert("subresource".into(), self.subresource.into());
        }
        if let Some(time) = self.time {
            m.insert("time".into(), time.into());
        }
        Value::Object(m)
    }
}

/// The managers of an object.
#[derive(Clone, Debug, Default)]
pub(super) struct Managed<'a> {
    pub(super) entries: Vec<Entry<'a>>,
}

impl<'a> Managed<'a> {
    /// The entries of a `managedFields`; of two of one manager the last.
    ///
    /// # Errors
    /// An entry that cannot be read.
    pub(super) fn read(list: Option<&'a Value>) -> Result<Self, String> {
        let mut all = Self::default();
        for value in list.and_then(Value::as_array).into_iter().flatten() {
            let entry = Entry::read(value)?;
            all.put(entry);
        }
        Ok(all)
    }

    pub(super) fn position(&self, identity: &Identity<'_>) -> Option<usize> {
        self.entries.iter().position(|e| e.identity() == *identity)
    }

    /// Takes a manager's entry out.
    pub(super) fn take(&mut self, identity: &Identity<'_>) -> Option<Entry<'a>> {
        self.position(identity).map(|i| self.entries.remove(i))
    }

    /// Puts an entry in, in the place of one of the same manager.
    pub(super) fn put(&mut self, entry: Entry<'a>) {
        match self.position(&entry.identity()) {
            Some(i) => self.entries[i] = entry,
            None => self.entries.push(entry),
        }
    }

    /// Writes the entries in order: by operation, time, manager, version and subresource (P27).
    pub(super) fn write(mut self, object: &mut Object) {
        self.entries.retain(|e| !e.set.is_empty());
        let key = |e: &Entry<'a>| (!e.apply, e.time.unwrap_or_default(), e.manager, e.api_version, e.subresource);
        self.entries.sort_by(|a, b| key(a).cmp(&key(b)));
        object.set_meta("managedFields", self.entries.iter().map(Entry::write).collect::<Vec<_>>());
    }

    /// Merges the oldest Update entries until there are no more than there may be (P30).
    pub(super) fn cap(&mut self) {
        let mut updates: Vec<Identity<'a>> = self.entries.iter().filter(|e| !e.apply).map(Entry::identity).collect();
        let mut count = updates.len();
        if count <= MAX_UPDATE_ENTRIES {
            return;
        }
        let time =
            |all: &Self, id: &Identity<'_>| all.position(id).and_then(|i| all.entries[i].time).unwrap_or_default();
        updates.sort_by(|a, b| time(self, a).cmp(time(self, b)).then_with(|| a.order(b)));
        let mut firsts: Vec<Identity<'a>> = Vec::new();
        for id in updates {
            if count <= MAX_UPDATE_ENTRIES {
                return;
            }
            // The first of a version stays, until a second one joins it.
            let Some(first) = firsts.iter().find(|f| f.version == id.version).copied() else {
                firsts.push(id);
                continue;
            };
            let bucket = Identity { manager: ANCIENT, apply: false, version: id.version, subresource: "" };
            if id == bucket {
                continue;
            }
            let Some(old) = self.take(&id) else { continue };
            if self.position(&bucket).is_none()
                && let Some(first) = self.take(&first)
            {
                self.entries.push(Entry { manager: ANCIENT, subresource: "", ..first });
            }
            if let Some(at) = self.position(&bucket) {
                let into = &mut self.entries[at];
                into.change(|set| old.set.union(set));
                // The one that joins is the younger.
                into.time = old.time;
            }
            count -= 1;
        }
    }
}

/// Whether a value has the form of an entry, whatever it says.
pub(super) fn is_entry(value: &Value) -> bool {
    const TEXTS: [&str; 5] = ["apiVersion", "fieldsType", "manager", "operation", "subresource"];
    let text = |field: &str| value.get(field).is_none_or(|v| v.is_string() || v.is_null());
    let time = value.get("time").filter(|v| !v.is_null());
    value.is_object()
        && TEXTS.into_iter().all(text)
        && time.is_none_or(|v| v.as_str().is_some_and(|s| s.parse::<jiff::Timestamp>().is_ok()))
}

/// Whether a client asks for all entries to be dropped: `[]` or `[{}]` (P33).
pub(super) fn is_reset(list: &Value) -> bool {
    match list {
        Value::Array(a) => match a.as_slice() {
            [] => true,
            [Value::Object(m)] => m.is_empty(),
            _ => false,
        },
        _ => false,
    }
}

/// Gives entries their old times back when a write would change nothing but times (P35). What resourceVersion the new
/// object asks for does not matter.
pub fn keep_times(old: &Object, new: &mut Object) {
    let (Some(Value::Array(before)), Some(Value::Array(after))) =
        (old.meta("managedFields"), new.meta("managedFields"))
    else {
        return;
    };
    if before == after || before.len() != after.len() || !before.iter().zip(after).all(|(a, b)| same_but_time(a, b)) {
        return;
    }
    let rest = |o: &'_ Object| -> bool {
        let top = |k: &String| k != "metadata";
        let meta = |k: &String| !["managedFields", "resourceVersion"].contains(&k.as_str());
        let (a, b) = (old, o);
        a.0.iter().filter(|(k, _)| top(k)).eq(b.0.iter().filter(|(k, _)| top(k)))
            && a.metadata().into_iter().flatten().filter(|(k, _)| meta(k)).eq(b
                .metadata()
                .into_iter()
                .flatten()
                .filter(|(k, _)| meta(k)))
    };
    if rest(new) {
        let before = before.clone();
        new.set_meta("managedFields", before);
    }
}

fn same_but_time(a: &Value, b: &Value) -> bool {
    let (Some(a), Some(b)) = (a.as_object(), b.as_object()) else { return false };
    a.iter().filter(|(k, _)| *k != "time").eq(b.iter().filter(|(k, _)| *k != "time"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn updates(n: usize) -> Object {
        let entry = |i: usize| {
            json!({"manager": format!("m{i:02}"), "operation": "Update", "apiVersion": "v1", "fieldsType": "FieldsV1",
                "fieldsV1": {format!("f:f{i}"): {}}, "time": format!("2026-01-01T00:00:{i:02}Z")})
        };
        Object::from_value(json!({"metadata": {"managedFields": (0..n).map(entry).collect::<Vec<_>>()}}))
            .expect("object")
    }

    #[test]
    fn the_oldest_updates_are_merged() {
        let object = updates(12);
        let mut all = Managed::read(object.meta("managedFields")).expect("entries");
        all.cap();
        let mut out = Object::default();
        all.write(&mut out);
        let list = out.meta("managedFields").and_then(Value::as_array).expect("a list").clone();
        assert_eq!(list.len(), 10);
        assert_eq!(list[0]["manager"], "ancient-changes");
        assert_eq!(list[0]["fieldsV1"], json!({"f:f0": {}, "f:f1": {}, "f:f2": {}}));
        assert_eq!(list[0]["time"], "2026-01-01T00:00:02Z");
    }

    #[test]
    fn as_many_as_there_may_be_stay() {
        let object = updates(10);
        let mut all = Managed::read(object.meta("managedFields")).expect("entries");
        all.cap();
        assert!(all.entries.iter().all(|e| e.manager != ANCIENT));
    }

    #[test]
    fn times_are_kept_when_nothing_else_changes() {
        let old = updates(2);
        let mut new = old.clone();
        let list = new.metadata_mut().get_mut("managedFields").expect("some");
        list[1]["time"] = "2027-01-01T00:00:00Z".into();
        let mut changed = new.clone();
        keep_times(&old, &mut new);
        assert_eq!(new, old);
        changed.0.insert("spec".into(), json!(1));
        let before = changed.clone();
        keep_times(&old, &mut changed);
        assert_eq!(changed, before);
    }
}
