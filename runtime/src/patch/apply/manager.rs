//! `FieldManager`: keeps ownership through every write of a kind's objects, and merges what is applied.

use super::managed::{self, Entry};
use super::set::Set;
use super::typed::{self, Changes, Kind};
use crate::resource::Object;
use crate::schema::Schema;
use crate::status::{Cause, Status};
use serde_json::Value;
use std::sync::Arc;

/// Field management for one version of a kind.
#[derive(Clone)]
pub struct FieldManager {
    schema: Arc<Schema>,
    api_version: String,
    kind: String,
    /// What an object has before anything is set: parts that are never absent and so never owned.
    blank: Object,
    status: bool,
}

/// Who writes, through which part of the object, when.
#[derive(Clone, Copy)]
pub struct Writer<'a> {
    /// Manager name.
    pub manager: &'a str,
    /// Subresource, or empty.
    pub subresource: &'a str,
    /// RFC 3339, in seconds.
    pub time: &'a str,
}

/// What an apply came to.
pub enum Applied {
    /// The object to store.
    Changed(Object),
    /// Nothing to do.
    Unchanged,
}

/// Why an apply is refused.
#[derive(Clone, Debug, PartialEq)]
pub enum ApplyError {
    /// Others own what it would change: the 409.
    Conflict(Status),
    /// It cannot be typed by the schema.
    Untyped(String),
}

/// The manager's name: the one given, or the first part of the user agent (P36).
pub fn manager_name(given: &str, user_agent: &str) -> String {
    if !given.is_empty() {
        return given.to_owned();
    }
    let prefix: String = user_agent.split('/').next().unwrap_or_default().chars().filter(|c| !c.is_control()).collect();
    let mut end = prefix.len().min(128);
    while !prefix.is_char_boundary(end) {
        end -= 1;
    }
    if end == 0 { "unknown".to_owned() } else { prefix[..end].to_owned() }
}

/// Fields that nobody owns (P29).
fn unowned() -> Set {
    let mut set = Set::default();
    for f in ["f:apiVersion", "f:kind"] {
        set.child(f).member = true;
    }
    let meta = set.child("f:metadata");
    for f in [
        "name",
        "namespace",
        "creationTimestamp",
        "selfLink",
        "uid",
        "clusterName",
        "generation",
        "managedFields",
        "resourceVersion",
    ] {
        meta.child(&format!("f:{f}")).member = true;
    }
    set
}

impl FieldManager {
    /// For objects of a kind in one version. `blank` is what an object of the kind has when nothing is set.
    pub fn new(schema: Arc<Schema>, api_version: String, kind: String, blank: Object, status: bool) -> Self {
        Self { schema, api_version, kind, blank, status }
    }

    fn root(&self) -> Kind<'_> {
        Kind::Node(self.schema.node())
    }

    fn strip(&self, set: &mut Set, subresource: &str) {
        let mut out = unowned();
        if self.status {
            // The endpoint resets the other part, so no write through it owns that (P37).
            match subresource {
                "status" => {
                    out.child("f:spec").member = true;
                    let meta = out.child("f:metadata");
                    meta.child("f:labels").member = true;
                    meta.child("f:annotations").member = true;
                    meta.child("f:finalizers").member = true;
                    meta.child("f:ownerReferences").member = true;
                }
                _ => out.child("f:status").member = true,
            }
        }
        set.subtract_trees(&out);
        if let Some(meta) = set.children.get_mut("f:metadata") {
            meta.member = false;
            if meta.is_empty() {
                set.children.remove("f:metadata");
            }
        }
        set.member = false;
    }

    fn changes(&self, old: &Value, new: &Value, subresource: &str) -> Changes {
        let mut c = Changes::default();
        typed::compare(self.root(), Some(old), Some(new), true, &mut c.set, &mut c.removed);
        self.strip(&mut c.set, subresource);
        self.strip(&mut c.removed, subresource);
        c
    }

    /// Books a new object under its creator.
    pub fn on_create(&self, object: &mut Object, writer: Writer<'_>) {
        if managed::is_reset(object) {
            object.set_meta("managedFields", Value::Null);
            return;
        }
        let mut entries = managed::read(object).unwrap_or_default();
        object.set_meta("managedFields", Value::Null);
        self.book(&self.blank.clone(), object, &mut entries, writer);
        managed::write(object, entries);
    }

    /// Books a change. The old entries count when the new ones are missing or cannot be read; a status write cannot
    /// change them.
    pub fn on_update(&self, old: &Object, new: &mut Object, writer: Writer<'_>) {
        let before = managed::read(old).unwrap_or_default();
        if managed::is_reset(new) && writer.subresource.is_empty() {
            new.set_meta("managedFields", Value::Null);
            return;
        }
        let given = new.meta("managedFields").is_some() && writer.subresource.is_empty();
        let mut entries = match managed::read(new) {
            Some(e) if given => e,
            _ => before.clone(),
        };
        // An object that nobody tracks stays so until it is applied (P32).
        if entries.is_empty() && before.is_empty() {
            new.set_meta("managedFields", Value::Null);
            return;
        }
        self.book(old, new, &mut entries, writer);
        managed::write(new, entries);
    }

    fn book(&self, old: &Object, new: &Object, entries: &mut Vec<Entry>, writer: Writer<'_>) {
        let bare = |o: &Object| {
            let mut o = o.clone();
            o.set_meta("managedFields", Value::Null);
            o.into_value()
        };
        let changes = self.changes(&bare(old), &bare(new), writer.subresource);
        if changes.set.is_empty() && changes.removed.is_empty() {
            return;
        }
        let own = |e: &Entry| e.is(writer.manager, false, writer.subresource, &self.api_version);
        for e in entries.iter_mut().filter(|e| !own(e)) {
            e.set.subtract(&changes.set);
            e.set.subtract(&changes.removed);
        }
        match entries.iter_mut().find(|e| own(e)) {
            Some(e) => {
                let before = e.set.clone();
                e.set.subtract(&changes.removed);
                e.set.union(&changes.set);
                if e.set != before {
                    e.time = writer.time.to_owned();
                }
            }
            None => entries.push(Entry {
                manager: writer.manager.to_owned(),
                apply: false,
                subresource: writer.subresource.to_owned(),
                api_version: self.api_version.clone(),
                time: writer.time.to_owned(),
                set: changes.set,
            }),
        }
    }

    /// Merges an applied configuration into the live object, or into nothing.
    ///
    /// # Errors
    /// Conflicts, unless `force`, and what the schema cannot type.
    pub fn apply(
        &self,
        live: Option<&Object>,
        applied: &Object,
        force: bool,
        writer: Writer<'_>,
    ) -> Result<Applied, ApplyError> {
        let config = applied.clone().into_value();
        let (mut set, mut errors) = (Set::default(), Vec::new());
        typed::fields(self.root(), &config, true, "", &mut set, &mut errors);
        if !errors.is_empty() {
            let text = match errors.as_slice() {
                [one] => one.clone(),
                many => format!("errors:\n  {}", many.join("\n  ")),
            };
            let gv = &self.api_version;
            let (ns, name) = (applied.namespace(), applied.name());
            return Err(ApplyError::Untyped(format!(
                "failed to create typed patch object ({ns}/{name}; {gv}, Kind={}): {text}",
                self.kind
            )));
        }
        self.strip(&mut set, writer.subresource);
        let mut entries = live.map_or_else(Vec::new, |l| self.entries_before_apply(l));
        let base = live.cloned().unwrap_or_else(|| self.blank.clone());
        let mut bare = base.clone();
        bare.set_meta("managedFields", Value::Null);
        let before = bare.into_value();
        let mut merged = typed::merge(self.root(), Some(&before), &config, true);

        let own = |e: &Entry| e.is(writer.manager, true, writer.subresource, &self.api_version);
        let last = entries.iter().find(|e| own(e)).cloned();
        if let Some(last) = &last {
            let mut kept = set.with_parents();
            for e in entries.iter().filter(|e| !own(e)) {
                kept.union(&e.set.with_parents());
            }
            let mut dropped = last.set.with_parents();
            dropped.subtract(&kept);
            typed::remove(self.root(), &mut merged, &dropped, true);
        }
        let changes = self.changes(&before, &merged, writer.subresource);
        let mut conflicts = Vec::new();
        for e in entries.iter_mut().filter(|e| !own(e)) {
            let contested = e.set.intersection(&changes.set);
            if !contested.is_empty() {
                conflicts.push((e.clone(), contested.clone()));
                e.set.subtract(&contested);
            }
            e.set.subtract(&changes.removed);
        }
        if !force && !conflicts.is_empty() {
            return Err(ApplyError::Conflict(conflict(&conflicts)));
        }
        let same_owner = last.as_ref().is_some_and(|l| l.set == set && l.api_version == self.api_version);
        let time = last.filter(|_| same_owner).map_or_else(|| writer.time.to_owned(), |l| l.time);
        entries.retain(|e| !own(e));
        entries.push(Entry {
            manager: writer.manager.to_owned(),
            apply: true,
            subresource: writer.subresource.to_owned(),
            api_version: self.api_version.clone(),
            time,
            set,
        });
        let mut object = Object::from_value(merged).unwrap_or_default();
        managed::write(&mut object, entries);
        if live.is_some_and(|l| *l == object) { Ok(Applied::Unchanged) } else { Ok(Applied::Changed(object)) }
    }

    /// The entries of a live object; one that nobody tracks is booked under `before-first-apply` (P31).
    fn entries_before_apply(&self, live: &Object) -> Vec<Entry> {
        let entries = managed::read(live).unwrap_or_default();
        if !entries.is_empty() {
            return entries;
        }
        let mut set = Set::default();
        typed::fields(self.root(), &live.clone().into_value(), true, "", &mut set, &mut Vec::new());
        self.strip(&mut set, "");
        let created = live.meta_str("creationTimestamp").to_owned();
        vec![Entry {
            manager: "before-first-apply".into(),
            apply: false,
            subresource: String::new(),
            api_version: self.api_version.clone(),
            time: created,
            set,
        }]
    }
}

/// The 409 of M/util/managedfields/internal/conflict.go.
fn conflict(conflicts: &[(Entry, Set)]) -> Status {
    let name = |e: &Entry| {
        let sub =
            if e.subresource.is_empty() { String::new() } else { format!(" with subresource \"{}\"", e.subresource) };
        let how = if e.apply {
            String::new()
        } else if e.time.is_empty() {
            format!(" using {}", e.api_version)
        } else {
            format!(" using {} at {}", e.api_version, e.time)
        };
        format!("\"{}\"{sub}{how}", e.manager)
    };
    let mut all: Vec<(String, String)> = Vec::new();
    for (e, set) in conflicts {
        all.extend(set.paths().into_iter().map(|p| (name(e), p)));
    }
    all.sort();
    let causes = all.iter().map(|(who, path)| Cause {
        reason: "FieldManagerConflict".into(),
        message: format!("conflict with {who}"),
        field: path.clone(),
    });
    let causes: Vec<Cause> = causes.collect();
    let n = all.len();
    let mut message = format!("Apply failed with {n} conflict{}: ", if n == 1 { "" } else { "s" });
    if let [(who, path)] = all.as_slice() {
        message += &format!("conflict with {who}: {path}");
    } else {
        let mut managers: Vec<&String> = all.iter().map(|(w, _)| w).collect();
        managers.dedup();
        let parts = managers.into_iter().map(|w| {
            let paths: Vec<&str> = all.iter().filter(|(x, _)| x == w).map(|(_, p)| p.as_str()).collect();
            match paths.as_slice() {
                [one] => format!("conflict with {w}: {one}"),
                many => format!("conflicts with {w}:\n- {}", many.join("\n- ")),
            }
        });
        message += &parts.collect::<Vec<_>>().join("\n");
    }
    Status::apply_conflict(message, causes)
}
