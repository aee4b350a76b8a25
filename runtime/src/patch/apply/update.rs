//! Who owns what after a write, and what an apply removes (SMD/merge/update.go): the rules by which sets of fields change
//! hands. Every manager's fields are names of the version it wrote in, so that objects are converted to that version before
//! they are held against them.

use super::conflict::{Conflict, conflicts};
use super::managed::{Entry, Identity, Managed};
use super::set::Set;
use super::typed::{self, Changes, Type};
use crate::resource::conversion::Graph;
use crate::resource::{GroupVersion, Object};
use crate::schema::Definition;
use serde_json::{Map, Value};
use std::borrow::Cow;

/// What an update or apply cannot go on from.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Failure {
    Conflicts(Vec<Conflict>),
    Other(String),
}

impl From<String> for Failure {
    fn from(why: String) -> Self {
        Self::Other(why)
    }
}

/// What came of an apply.
pub(super) struct Applied<'a> {
    pub(super) merged: Map<String, Value>,
    /// Whether a field that is not ignored changed; if not, others may have.
    pub(super) changed: bool,
    /// What the manager owned before.
    pub(super) last: Option<Entry<'a>>,
}

/// The versions of a kind, and the one that is written.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    pub(super) definition: &'a Definition,
    /// How objects get from version to version, where more than apiVersion changes.
    pub(super) conversion: Option<&'a Graph>,
    /// Index of the version that is written.
    pub(super) version: usize,
    /// Group and version that is written.
    pub(super) api_version: &'a str,
    /// Whether entries of versions that are not known are dropped; otherwise the write cannot go on.
    pub(super) drop_unknown: bool,
    pub(super) subresource: &'a str,
}

impl<'a> View<'a> {
    fn type_of(&self, version: usize) -> Type<'a> {
        Type::root(self.definition.versions[version].schema.node())
    }

    /// The type of the version that is written.
    pub(super) fn root(&self) -> Type<'a> {
        self.type_of(self.version)
    }

    /// The version of an entry; `None` when its entries are to be dropped.
    fn find(&self, api_version: &str) -> Result<Option<usize>, String> {
        if api_version == self.api_version {
            return Ok(Some(self.version));
        }
        let known = GroupVersion::parse(api_version).ok().filter(|gv| gv.group == self.definition.group);
        let at = known.and_then(|gv| self.definition.versions.iter().position(|v| v.name == gv.version));
        match at {
            None if !self.drop_unknown => {
                Err(format!("request to convert CR to an invalid group/version: {api_version}"))
            }
            at => Ok(at),
        }
    }

    /// An object of one version in another, which must be able to type it. Where conversion changes nothing but apiVersion,
    /// which nobody owns, the object is taken as it is.
    fn seen<'o>(
        &self,
        object: &'o Map<String, Value>,
        from: usize,
        to: usize,
    ) -> Result<Cow<'o, Map<String, Value>>, String> {
        if from == to {
            return Ok(Cow::Borrowed(object));
        }
        let object = match self.conversion {
            None => Cow::Borrowed(object),
            graph => {
                let converted = self.definition.convert(graph, Object(object.clone()), to);
                Cow::Owned(converted.map_err(|e| e.to_string())?.0)
            }
        };
        typed::check(self.type_of(to), &object, false)?;
        Ok(object)
    }

    /// What is left of an object after a removal, in another version. What that version cannot be made without stays: half
    /// of an object need not be one that can be converted.
    fn pruned_seen<'o>(
        &self,
        whole: &Map<String, Value>,
        pruned: &'o Map<String, Value>,
        from: usize,
        to: usize,
    ) -> Result<Cow<'o, Map<String, Value>>, String> {
        let plain = self.seen(pruned, from, to);
        if plain.is_ok() || self.conversion.is_none() {
            return plain;
        }
        let root = self.type_of(from);
        let named = |object| typed::with_named_fields(root, &typed::fields(root, object, true)).into_owned();
        let gone = named(whole).difference(&named(pruned)).singles();
        let mut left = whole.clone();
        // As much at once as can go.
        let mut groups = vec![&gone[..]];
        while let Some(group) = groups.pop() {
            let mut less = left.clone();
            group.iter().for_each(|field| typed::remove(root, &mut less, field));
            if self.seen(&less, from, to).is_ok() {
                left = less;
            } else if group.len() > 1 {
                let (first, second) = group.split_at(group.len() / 2);
                groups.extend([second, first]);
            }
        }
        self.seen(&left, from, to).map(|seen| Cow::Owned(seen.into_owned()))
    }

    /// What the endpoint resets, and so nobody owns through it (P37).
    pub(super) fn ignored(&self, version: usize) -> Set<'static> {
        match self.subresource {
            _ if !self.definition.versions[version].status => Set::default(),
            "" => Set::of_path(&["status"]),
            "status" => Set::of_path(&["metadata"]).union(Set::of_path(&["spec"])),
            _ => Set::default(),
        }
    }

    /// Books a change of an object under a manager that is not among `managed` yet: from everybody what changed, to it what
    /// it changed.
    pub(super) fn update(
        &self,
        old: &'a Map<String, Value>,
        new: &'a Map<String, Value>,
        managed: &mut Managed<'a>,
    ) -> Result<Set<'a>, Failure> {
        self.reconcile(old, managed)?;
        let changes = self.change_hands(old, new, managed, None, true)?;
        Ok(changes.changed)
    }

    /// Merges an applied configuration into the live object, and books it.
    pub(super) fn apply(
        &self,
        live: &'a Map<String, Value>,
        config: &'a Map<String, Value>,
        managed: &mut Managed<'a>,
        own: Entry<'a>,
        force: bool,
    ) -> Result<Applied<'a>, Failure> {
        self.reconcile(live, managed)?;
        let mut merged = typed::merge(self.root(), without_entries(live), config);
        let own = Entry {
            set: typed::fields(self.root(), config, false).recursive_difference(&self.ignored(self.version)),
            ..own
        };
        let identity = own.identity();
        let last = managed.take(&identity);
        let time = last.as_ref().and_then(|l| l.time);
        managed.put(Entry { time, ..own });
        if let Some(last) = &last {
            self.prune(&mut merged, managed, last)?;
        }
        let changes = self.change_hands(live, &merged, managed, Some(&identity), force)?;
        let changed = !changes.changed.is_empty() || !changes.removed.is_empty();
        Ok(Applied { merged, changed, last })
    }

    /// Brings all sets to what the schemas of now say.
    fn reconcile(&self, live: &Map<String, Value>, managed: &mut Managed<'a>) -> Result<(), Failure> {
        let mut kept = Vec::with_capacity(managed.entries.len());
        let mut checked = vec![self.version];
        for mut entry in std::mem::take(&mut managed.entries) {
            let Some(version) = self.find(entry.api_version)? else { continue };
            if !checked.contains(&version) {
                self.seen(live, self.version, version)?;
                checked.push(version);
            }
            if let Some(set) = typed::reconcile(self.type_of(version), &entry.set) {
                entry.change(|_| set);
            }
            kept.push(entry);
        }
        managed.entries = kept;
        Ok(())
    }

    /// Takes what changed from all managers but one, unless that is a conflict.
    fn change_hands<'v>(
        &self,
        old: &'v Map<String, Value>,
        new: &'v Map<String, Value>,
        managed: &mut Managed<'a>,
        but: Option<&Identity<'_>>,
        force: bool,
    ) -> Result<Changes<'v>, Failure> {
        fn compared<'v>(
            view: &View<'_>,
            version: usize,
            old: &'v Map<String, Value>,
            new: &'v Map<String, Value>,
        ) -> Changes<'v> {
            let ignored = view.ignored(version).union(Set::of_path(&["metadata", "managedFields"]));
            typed::compare(view.type_of(version), old, new).without(&ignored)
        }
        if but.is_some_and(|b| managed.entries.iter().all(|e| e.identity() == *b)) {
            // Nobody else is there to lose anything.
            managed.entries.retain(|e| !e.set.is_empty());
            return Ok(Changes::default());
        }
        let mut seen: Vec<(usize, Changes<'v>)> = vec![(self.version, compared(self, self.version, old, new))];
        let mut taken: Vec<(usize, Set<'a>)> = Vec::new();
        let mut versions = Vec::with_capacity(managed.entries.len());
        for (i, entry) in managed.entries.iter().enumerate() {
            let version = self.find(entry.api_version)?.unwrap_or(self.version);
            versions.push(version);
            if but.is_some_and(|b| entry.identity() == *b) {
                continue;
            }
            let at = match seen.iter().position(|(v, _)| *v == version) {
                Some(at) => at,
                None => {
                    let failed = |what: &str, e: String| format!("failed to convert {what} object: {e}");
                    let was = self.seen(old, self.version, version).map_err(|e| failed("old", e))?;
                    let is = self.seen(new, self.version, version).map_err(|e| failed("new", e))?;
                    seen.push((version, compared(self, version, &was, &is).into_owned()));
                    seen.len() - 1
                }
            };
            let contested = entry.set.intersection(&seen[at].1.changed);
            if !contested.is_empty() {
                taken.push((i, contested));
            }
        }
        if !force && !taken.is_empty() {
            return Err(Failure::Conflicts(conflicts(
                taken.into_iter().map(|(i, set)| (&managed.entries[i], set)).collect(),
            )));
        }
        for (i, contested) in taken {
            managed.entries[i].change(|set| set.difference(&contested));
        }
        for (entry, version) in managed.entries.iter_mut().zip(versions) {
            let changes = seen.iter().find(|(v, _)| *v == version);
            if let Some((_, changes)) = changes.filter(|(_, c)| !c.removed.is_empty())
                && but.is_none_or(|b| entry.identity() != *b)
                && !entry.set.intersection(&changes.removed).is_empty()
            {
                entry.change(|set| set.difference(&changes.removed));
            }
        }
        managed.entries.retain(|e| !e.set.is_empty());
        Ok(seen.swap_remove(0).1)
    }

    /// Removes what the manager applied last time and not now, unless somebody else owns it.
    fn prune(&self, merged: &mut Map<String, Value>, managed: &Managed<'a>, last: &Entry<'a>) -> Result<(), Failure> {
        let Some(of_last) = self.find(last.api_version)? else { return Ok(()) };
        // What is still owned is not removed, and all on the way to it is owned too.
        let owns_all = |e: &Entry<'_>| e.api_version == last.api_version && last.set.is_subset(&e.set);
        // Other versions must be able to tell what they own all the same.
        let alone = managed.entries.iter().all(|e| e.api_version == last.api_version);
        if alone && managed.entries.iter().any(owns_all) {
            return Ok(());
        }
        let mut owned: Vec<(usize, Set<'a>)> = vec![(of_last, Set::default())];
        for entry in &managed.entries {
            let Some(version) = self.find(entry.api_version)? else { continue };
            match owned.iter_mut().find(|(v, _)| *v == version) {
                Some((_, set)) => *set = std::mem::take(set).union(entry.set.clone()),
                None => owned.push((version, entry.set.clone())),
            }
        }
        let failed = |why: String| format!("failed to prune fields: {why}");
        let whole = self
            .seen(merged, self.version, of_last)
            .map_err(|e| failed(format!("failed to convert merged object to last applied version: {e}")))?;
        let last_set = typed::with_named_fields(self.type_of(of_last), &last.set);
        let mut pruned = whole.clone().into_owned();
        typed::remove(self.type_of(of_last), &mut pruned, &last_set);
        // Back comes what anybody owns, in each version that somebody owns something in: first in that of the last time,
        // as what was taken may be what conversion needs.
        let (mut at, mut converted) = (of_last, None::<Map<String, Value>>);
        for (version, set) in &owned {
            let root = self.type_of(*version);
            let named = |set: &Set<'a>| typed::with_named_fields(root, set);
            let lost = |what: &str, e: String| {
                let name = GroupVersion::new(&self.definition.group, &self.definition.versions[*version].name);
                failed(format!("failed add back owned items: failed to convert {what} object at version {name}: {e}"))
            };
            let all = converted.as_ref().unwrap_or(&whole);
            let there = owned_only(self.seen(all, at, *version).map_err(|e| lost("merged", e))?);
            let here = there.as_ref().unwrap_or(all);
            let left = self.pruned_seen(all, &pruned, at, *version).map_err(|e| lost("pruned", e))?;
            let gone = {
                let before = typed::with_named_fields(root, &typed::fields(root, here, true));
                let after = typed::with_named_fields(root, &typed::fields(root, &left, true));
                before.difference(&after).difference(&named(set)).into_owned()
            };
            pruned.clone_from(here);
            typed::remove(root, &mut pruned, &gone);
            (at, converted) = (*version, there.or(converted));
        }
        // And what it did not apply itself.
        let root = self.type_of(of_last);
        let all = converted.as_ref().unwrap_or(&whole);
        let pruned = self.pruned_seen(all, &pruned, at, of_last).map_err(|e| {
            failed(format!(
                "failed add back dangling items: failed to convert pruned object to last applied version: {e}"
            ))
        })?;
        let gone = {
            let before = typed::with_named_fields(root, &typed::fields(root, &whole, true));
            let after = typed::with_named_fields(root, &typed::fields(root, &pruned, true));
            before.difference(&after).intersection(&last_set).into_owned()
        };
        match owned_only(whole) {
            None => typed::remove(root, merged, &gone),
            Some(whole) => {
                let mut pruned = whole.clone();
                typed::remove(root, &mut pruned, &gone);
                *merged = self.pruned_seen(&whole, &pruned, of_last, self.version).map_err(failed)?.into_owned();
            }
        }
        Ok(())
    }
}

/// What conversion has made; nothing when it had nothing to do.
fn owned_only(object: Cow<'_, Map<String, Value>>) -> Option<Map<String, Value>> {
    match object {
        Cow::Owned(object) => Some(object),
        Cow::Borrowed(_) => None,
    }
}

/// A copy of an object without its managedFields, which are written anew and of which there is much.
fn without_entries(object: &Map<String, Value>) -> Map<String, Value> {
    let copy = |(k, v): (&String, &Value)| {
        let v = match v {
            Value::Object(meta) if k == "metadata" => {
                let rest = meta.iter().filter(|(k, _)| *k != "managedFields");
                Value::Object(rest.map(|(k, v)| (k.clone(), v.clone())).collect())
            }
            v => v.clone(),
        };
        (k.clone(), v)
    };
    object.iter().map(copy).collect()
}
