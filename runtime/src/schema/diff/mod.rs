//! What a change of a CustomResourceDefinition means for those who depend on it: clients that read, clients that write, and
//! objects that are stored already. Here is what is said of whole definitions and of versions; `node` compares schemas.
//!
//! ```
//! use kubegraft::schema::diff::{Breaks, diff};
//! use serde_json::json;
//!
//! let widgets = |maximum: u32| json!({
//!     "metadata": {"name": "widgets.ex.io"},
//!     "spec": {"group": "ex.io", "scope": "Namespaced", "names": {"plural": "widgets", "kind": "Widget"}, "versions": [
//!         {"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": {"type": "object", "properties": {
//!             "spec": {"type": "object", "properties": {"replicas": {"type": "integer", "maximum": maximum}}}}}}}]},
//! });
//! let changes = diff(&[widgets(10)], &[widgets(5)]);
//! assert_eq!(changes[0].breaks, [Breaks::Writers, Breaks::StoredObjects]);
//! assert_eq!(changes[0].to_string(), "widgets.ex.io v1 spec.replicas: maximum is 5 and was 10 (breaks writers, stored objects)");
//! ```

mod node;
#[cfg(test)]
mod tests;

use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fmt;

/// Whom a change breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Breaks {
    /// Clients that get, list or watch: they find less, or what they do not know.
    Readers,
    /// Clients that create, update, patch or apply as they did: they are refused, or what they send is dropped.
    Writers,
    /// Objects that are there: they lose something, or are refused when they are next written.
    StoredObjects,
}

impl fmt::Display for Breaks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Readers => "readers",
            Self::Writers => "writers",
            Self::StoredObjects => "stored objects",
        })
    }
}

/// One difference between two definitions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    /// The definition's name.
    pub definition: String,
    /// The version; empty where the change is of all.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub version: String,
    /// The field of an object, `spec.ports[*].name`; empty where the change is of no field.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub field: String,
    /// What is different, in words.
    pub what: String,
    /// Whom it breaks; nobody when empty.
    pub breaks: Vec<Breaks>,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.definition)?;
        for part in [&self.version, &self.field] {
            if !part.is_empty() {
                write!(f, " {part}")?;
            }
        }
        let breaks: Vec<String> = self.breaks.iter().map(ToString::to_string).collect();
        write!(
            f,
            ": {} ({})",
            self.what,
            match breaks.is_empty() {
                true => "harmless".to_owned(),
                false => format!("breaks {}", breaks.join(", ")),
            }
        )
    }
}

/// Everybody: who reads, who writes, and what is stored.
const ALL: &[Breaks] = &[Breaks::Readers, Breaks::Writers, Breaks::StoredObjects];
const CLIENTS: &[Breaks] = &[Breaks::Readers, Breaks::Writers];
const READERS: &[Breaks] = &[Breaks::Readers];
const WRITERS: &[Breaks] = &[Breaks::Writers];
/// What is refused when it is written, and so also what is stored and written again.
const CONTENT: &[Breaks] = &[Breaks::Writers, Breaks::StoredObjects];
const NOBODY: &[Breaks] = &[];

/// Where a change is, and where it is told.
struct Place<'a> {
    definition: &'a str,
    version: &'a str,
    /// Whether objects are stored in this version.
    stored: bool,
    changes: &'a mut Vec<Change>,
}

impl Place<'_> {
    fn tell(&mut self, field: &str, breaks: &[Breaks], what: impl Into<String>) {
        let breaks = breaks.iter().copied().filter(|b| self.stored || *b != Breaks::StoredObjects);
        self.changes.push(Change {
            definition: self.definition.to_owned(),
            version: self.version.to_owned(),
            field: field.to_owned(),
            what: what.into(),
            breaks: breaks.collect(),
        });
    }
}

/// What is different in `new`, definition by definition as in `old`, and whom it breaks. The definitions are
/// CustomResourceDefinition objects of apiextensions.k8s.io/v1; what else is wrong with them is not told here.
pub fn diff(old: &[Value], new: &[Value]) -> Vec<Change> {
    let mut changes = Vec::new();
    for was in old {
        let definition = text(was, "/metadata/name");
        let is = new.iter().find(|is| text(is, "/metadata/name") == definition);
        let mut place = Place { definition, version: "", stored: true, changes: &mut changes };
        match is {
            Some(is) => definitions(was, is, &mut place),
            None => place.tell("", ALL, "the definition is gone, and with it all objects"),
        }
    }
    for is in new {
        let definition = text(is, "/metadata/name");
        if !old.iter().any(|was| text(was, "/metadata/name") == definition) {
            let mut place = Place { definition, version: "", stored: true, changes: &mut changes };
            place.tell("", NOBODY, "the definition is new");
        }
    }
    changes
}

fn text<'a>(v: &'a Value, pointer: &str) -> &'a str {
    v.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

fn list<'a>(v: &'a Value, pointer: &str) -> &'a [Value] {
    v.pointer(pointer).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn flag(v: &Value, key: &str) -> bool {
    v.get(key) == Some(&Value::Bool(true))
}

/// As it would be written in a file, in one line.
fn shown(v: Option<&Value>) -> String {
    match v {
        None | Some(Value::Null) => "nothing".into(),
        Some(v) => v.to_string(),
    }
}

fn definitions(was: &Value, is: &Value, place: &mut Place<'_>) {
    for (pointer, what) in [
        ("/spec/group", "group"),
        ("/spec/scope", "scope"),
        ("/spec/names/plural", "plural"),
        ("/spec/names/kind", "kind"),
    ] {
        let (a, b) = (text(was, pointer), text(is, pointer));
        if a != b {
            place.tell("", ALL, format!("{what} is {b} and was {a}: a cluster takes it only as another definition"));
        }
    }
    for (pointer, what) in [("/spec/names/listKind", "listKind"), ("/spec/names/singular", "singular")] {
        let (a, b) = (text(was, pointer), text(is, pointer));
        if a != b && !a.is_empty() {
            place.tell("", if what == "listKind" { READERS } else { NOBODY }, format!("{what} is {b} and was {a}"));
        }
    }
    for (pointer, what) in [("/spec/names/shortNames", "short name"), ("/spec/names/categories", "category")] {
        for gone in list(was, pointer).iter().filter(|n| !list(is, pointer).contains(n)) {
            place.tell(
                "",
                NOBODY,
                format!("the {what} {} is gone; scripts may use it", gone.as_str().unwrap_or_default()),
            );
        }
    }
    let strategy = |v| match text(v, "/spec/conversion/strategy") {
        "" => "None".to_owned(),
        s => s.to_owned(),
    };
    let (a, b) = (strategy(was), strategy(is));
    if a != b {
        let breaks = if b == "None" { CLIENTS } else { NOBODY };
        place.tell("", breaks, format!("conversion between versions is {b} and was {a}"));
    }
    versions(was, is, place);
}

fn versions(was: &Value, is: &Value, place: &mut Place<'_>) {
    let name = |v: &Value| text(v, "/name").to_owned();
    let storage = |crd| list(crd, "/spec/versions").iter().find(|v| flag(v, "storage")).map(name).unwrap_or_default();
    // What may be stored: what the cluster says, and what is stored now.
    let mut stored: BTreeSet<String> =
        list(was, "/status/storedVersions").iter().filter_map(|v| v.as_str().map(str::to_owned)).collect();
    stored.insert(storage(was));
    let definition = place.definition;
    let new = list(is, "/spec/versions");
    for old in list(was, "/spec/versions") {
        let version = name(old);
        let holds = stored.contains(&version);
        let mut place = Place { definition, version: &version, stored: holds, changes: place.changes };
        match new.iter().find(|v| name(v) == version) {
            Some(new) => versions_of_one_name(old, new, &mut place),
            None if holds => place.tell(
                "",
                if flag(old, "served") { ALL } else { &[Breaks::StoredObjects] },
                "the version is gone, and objects may be stored in it: migrate them first",
            ),
            None => place.tell("", if flag(old, "served") { CLIENTS } else { NOBODY }, "the version is gone"),
        }
    }
    for v in new.iter().filter(|v| !list(was, "/spec/versions").iter().any(|o| name(o) == name(v))) {
        let version = name(v);
        let mut place = Place { definition, version: &version, stored: true, changes: place.changes };
        place.tell("", NOBODY, "the version is new");
    }
    let (a, b) = (storage(was), storage(is));
    if a != b {
        place.tell("", NOBODY, format!("objects are stored as {b} and were as {a}: migrate them before {a} goes"));
    }
}

fn versions_of_one_name(was: &Value, is: &Value, place: &mut Place<'_>) {
    match (flag(was, "served"), flag(is, "served")) {
        (true, false) => place.tell("", CLIENTS, "the version is not served any more"),
        (false, true) => place.tell("", NOBODY, "the version is served now"),
        _ => {}
    }
    if flag(is, "deprecated") && !flag(was, "deprecated") {
        place.tell("", NOBODY, "the version is deprecated: clients are warned");
    }
    subresources(was, is, place);
    for gone in list(was, "/selectableFields").iter().filter(|f| !list(is, "/selectableFields").contains(f)) {
        place.tell("", READERS, format!("{} cannot be selected by any more", text(gone, "/jsonPath")));
    }
    if was.get("additionalPrinterColumns") != is.get("additionalPrinterColumns") {
        place.tell("", NOBODY, "the columns of kubectl get are others");
    }
    let schema = |v: &Value| v.pointer("/schema/openAPIV3Schema").cloned().unwrap_or_default();
    node::compare(&schema(was), &schema(is), "", place);
}

fn subresources(was: &Value, is: &Value, place: &mut Place<'_>) {
    let there =
        |v: &Value, name: &str| v.get("subresources").and_then(|s| s.get(name)).filter(|s| !s.is_null()).cloned();
    match (there(was, "status"), there(is, "status")) {
        (Some(_), None) => place.tell("", WRITERS, "there is no status subresource any more"),
        (None, Some(_)) => {
            place.tell("", WRITERS, "status is a subresource now: what is sent of it with the object is ignored");
        }
        _ => {}
    }
    match (there(was, "scale"), there(is, "scale")) {
        (Some(_), None) => place.tell("", CLIENTS, "there is no scale subresource any more"),
        (Some(a), Some(b)) if a != b => place.tell("", CLIENTS, "the scale subresource reads and writes other fields"),
        _ => {}
    }
}
