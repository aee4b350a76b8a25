//! `FieldManager`: keeps ownership through every write of a kind's objects, and merges what is applied. The order of its
//! steps is upstream's (M/util/managedfields/internal/fieldmanager.go); the rules are in `update`.

use super::conflict::{Conflict, conflict_status};
use super::last_applied;
use super::managed::{self, Entry, Managed};
use super::set::Set;
use super::typed;
use super::update::{Applied, Failure, View};
use crate::resource::codec::go;
use crate::resource::conversion::{Graph, KEPT};
use crate::resource::{GroupVersion, Object};
use crate::schema::Definition;
use crate::status::Status;
use serde_json::{Map, Value};
use std::sync::{Arc, LazyLock};

/// Whom the content of an object that nobody tracked belongs to when it is first applied (P31).
const BEFORE_FIRST_APPLY: &str = "before-first-apply";

/// Field management for one version of a kind. See the [module](super) for how it is used.
#[derive(Clone, Debug)]
pub struct FieldManager {
    definition: Arc<Definition>,
    conversion: Option<Arc<Graph>>,
    version: usize,
    api_version: String,
    blank: Object,
    builtin: bool,
}

/// Who writes, through which part of the object, when.
#[derive(Clone, Copy, Debug)]
pub struct Writer<'a> {
    /// Manager name; [`manager_name`] makes one of what a request says.
    pub manager: &'a str,
    /// Subresource, or empty for the object itself.
    pub subresource: &'a str,
    /// RFC 3339 in UTC, in seconds.
    pub time: &'a str,
}

/// Why an apply is refused.
#[derive(Clone, Debug, PartialEq)]
pub enum ApplyError {
    /// Others own what it would change.
    Conflict(Vec<Conflict>),
    /// It is not a configuration of this kind and version: a bad request.
    Refused(String),
    /// The schema, or what managedFields say, is at odds with it. Upstream answers this with 500.
    Failed(String),
}

impl ApplyError {
    /// The answer to a client.
    pub fn into_status(self) -> Status {
        match self {
            Self::Conflict(all) => conflict_status(&all),
            Self::Refused(why) => Status::bad_request(why),
            Self::Failed(why) => Status::unclassified(why),
        }
    }
}

/// The manager's name: the one given, or the first part of the user agent (P36). Never empty.
pub fn manager_name(given: &str, user_agent: &str) -> String {
    if !given.is_empty() {
        return given.to_owned();
    }
    let prefix: String = user_agent.split('/').next().unwrap_or_default().chars().filter(|c| go::prints(*c)).collect();
    let mut end = prefix.len().min(128);
    while !prefix.is_char_boundary(end) {
        end -= 1;
    }
    if end == 0 { "unknown".to_owned() } else { prefix[..end].to_owned() }
}

/// Fields that nobody owns (P29).
static UNOWNED: LazyLock<Set<'static>> = LazyLock::new(|| {
    const META: [&str; 9] = [
        "clusterName",
        "creationTimestamp",
        "generation",
        "managedFields",
        "name",
        "namespace",
        "resourceVersion",
        "selfLink",
        "uid",
    ];
    let all = ["apiVersion", "kind", "metadata"].map(|f| Set::of_path(&[f]));
    let meta = META.map(|f| Set::of_path(&["metadata", f]));
    // What conversion keeps there comes and goes with the version an object is seen in.
    let kept = Set::of_path(&["metadata", "annotations", KEPT]);
    all.into_iter().chain(meta).chain([kept]).fold(Set::default(), Set::union)
});

impl FieldManager {
    /// For objects of one version of a definition, by its index. `blank` is what an object of the kind has when nothing is
    /// set: parts that are never absent and so never owned. Of `builtin` kinds, entries of unknown versions are dropped;
    /// with custom resources they stop an apply.
    pub fn new(definition: Arc<Definition>, version: usize, mut blank: Object, builtin: bool) -> Self {
        let api_version = GroupVersion::new(&definition.group, &definition.versions[version].name).to_string();
        blank.0.insert("apiVersion".into(), api_version.clone().into());
        blank.0.insert("kind".into(), definition.names.kind.clone().into());
        Self { definition, conversion: None, version, api_version, blank, builtin }
    }

    /// For a kind whose versions differ in more than their schemas: what a manager owns in one version is found in another
    /// one by converting the object.
    #[must_use]
    pub fn converting(mut self, conversion: Option<Arc<Graph>>) -> Self {
        self.conversion = conversion;
        self
    }

    /// An object of the kind in another version, by its index.
    #[cfg(test)]
    pub(super) fn convert(
        &self,
        object: Object,
        to: usize,
    ) -> Result<Object, crate::resource::conversion::ConversionError> {
        self.definition.convert(self.conversion.as_deref(), object, to)
    }

    fn view<'a>(&'a self, subresource: &'a str) -> View<'a> {
        View {
            definition: &self.definition,
            conversion: self.conversion.as_deref(),
            version: self.version,
            api_version: &self.api_version,
            drop_unknown: self.builtin,
            subresource,
        }
    }

    /// Books a new object under its creator.
    pub fn on_create(&self, object: &mut Object, writer: Writer<'_>) {
        self.track(&self.blank, object, writer, true);
    }

    /// Books a change. The entries of `new` count when it has some that can be read, else those of `old`; a write through a
    /// subresource cannot change them. An object that nobody tracks stays so until it is applied (P32), and `[{}]` for
    /// entries makes it one (P33). What the schema cannot type is not booked.
    pub fn on_update(&self, old: &Object, new: &mut Object, writer: Writer<'_>) {
        self.track(old, new, writer, false);
    }

    fn track(&self, old: &Object, new: &mut Object, writer: Writer<'_>, created: bool) {
        let given = new.metadata_mut().remove("managedFields").unwrap_or_default();
        let before = || Managed::read(old.meta("managedFields")).unwrap_or_default();
        let mut managed = if !writer.subresource.is_empty() {
            before()
        } else if managed::is_reset(&given) {
            Managed::default()
        } else {
            match Managed::read(Some(&given)) {
                Ok(all) if !all.entries.is_empty() => all,
                _ => before(),
            }
        };
        if managed.entries.is_empty() && !created {
            return;
        }
        let entries = match self.book(old, new, &mut managed, writer) {
            Ok(()) => {
                let mut out = Object::default();
                managed.write(&mut out);
                out.metadata_mut().remove("managedFields")
            }
            // Who owned what in a version that cannot be had now is not forgotten.
            Err(_) if self.conversion.is_some() => old.meta("managedFields").cloned(),
            // Upstream drops the entries rather than refuse the write.
            Err(_) => None,
        };
        if let Some(entries) = entries {
            new.metadata_mut().insert("managedFields".into(), entries);
        }
    }

    fn book<'a>(
        &'a self,
        old: &'a Object,
        new: &'a Object,
        managed: &mut Managed<'a>,
        writer: Writer<'a>,
    ) -> Result<(), Failure> {
        let view = self.view(writer.subresource);
        typed::check(view.root(), &new.0, true)
            .map_err(|e| format!("failed to convert new object ({}) to smd typed: {e}", self.named(new)))?;
        typed::check(view.root(), &old.0, true)
            .map_err(|e| format!("failed to convert live object ({}) to smd typed: {e}", self.named(old)))?;
        let failed = |e| match e {
            Failure::Other(why) => format!("failed to update ManagedFields ({}): {why}", self.named(new)),
            Failure::Conflicts(_) => unreachable!("an update takes what it changes"),
        };
        let set = view.update(&old.0, &new.0, managed).map_err(failed)?.difference(&UNOWNED);
        // A write that changes nothing of its own leaves the manager's time alone.
        if !set.is_empty() {
            let entry = Entry {
                manager: writer.manager,
                apply: false,
                subresource: writer.subresource,
                api_version: &self.api_version,
                time: Some(writer.time),
                set,
                written: None,
            };
            let previous = managed.take(&entry.identity()).map(|e| e.set).unwrap_or_default();
            managed.put(Entry { set: entry.set.union(previous), ..entry });
        }
        managed.cap();
        Ok(())
    }

    /// Merges an applied configuration into the live object, or into nothing, and books it. The result is neither
    /// defaulted nor validated.
    ///
    /// # Errors
    /// Conflicts, unless `force`, and what cannot be applied.
    pub fn apply(
        &self,
        live: Option<&Object>,
        applied: &Object,
        force: bool,
        writer: Writer<'_>,
    ) -> Result<Object, ApplyError> {
        let live = live.unwrap_or(&self.blank);
        let mut done = self.merge(live, applied, force, writer);
        if writer.manager == last_applied::KUBECTL {
            if let Err(ApplyError::Conflict(all)) = done {
                let root = self.view(writer.subresource).root();
                let left = last_applied::allow(root, &self.api_version, live, all);
                done = match left.is_empty() {
                    true => self.merge(live, applied, true, writer),
                    false => Err(ApplyError::Conflict(left)),
                };
            }
            if let Ok(object) = &mut done {
                last_applied::follow(object, applied);
            }
        }
        done
    }

    fn merge(&self, live: &Object, applied: &Object, force: bool, writer: Writer<'_>) -> Result<Object, ApplyError> {
        let failed = |e: Failure| match e {
            Failure::Conflicts(all) => ApplyError::Conflict(all),
            Failure::Other(why) => ApplyError::Failed(why),
        };
        let mut managed = Managed::read(live.meta("managedFields"))
            .map_err(|e| ApplyError::Failed(format!("failed to decode managed fields: {e}")))?;
        self.check_kind(applied)?;
        if managed.entries.is_empty() {
            let before = Writer { manager: BEFORE_FIRST_APPLY, ..writer };
            self.book(&self.blank, live, &mut managed, before).map_err(|e| match e {
                Failure::Other(why) => {
                    ApplyError::Failed(format!("failed to create manager for existing fields: {why}"))
                }
                e => failed(e),
            })?;
        }
        // What is no list of entries is found by the schema.
        let entries = applied.meta("managedFields").and_then(Value::as_array);
        if entries.is_some_and(|all| all.iter().all(managed::is_entry)) {
            return Err(ApplyError::Refused("metadata.managedFields must be nil".to_owned()));
        }
        let view = self.view(writer.subresource);
        typed::check(view.root(), &applied.0, false).map_err(|e| {
            ApplyError::Failed(format!("failed to create typed patch object ({}): {e}", self.named(applied)))
        })?;
        typed::check(view.root(), &live.0, true).map_err(|e| {
            ApplyError::Failed(format!("failed to create typed live object ({}): {e}", self.named(live)))
        })?;
        let own = Entry {
            manager: writer.manager,
            apply: true,
            subresource: writer.subresource,
            api_version: &self.api_version,
            time: None,
            set: Set::default(),
            written: None,
        };
        let identity = own.identity();
        let Applied { merged, changed, last } =
            view.apply(&live.0, &applied.0, &mut managed, own, force).map_err(failed)?;
        if let Some(at) = managed.position(&identity) {
            let own = &mut managed.entries[at];
            own.change(|set| set.difference(&UNOWNED));
            own.written = last.filter(|last| last.set == own.set).and_then(|last| last.written);
            // An apply that changes nothing leaves the manager's time alone, and a new manager without one.
            if changed || differs(&merged, &live.0) {
                own.time = Some(writer.time);
            }
        }
        let mut object = Object(merged);
        managed.write(&mut object);
        Ok(object)
    }

    /// An object as errors name it.
    fn named(&self, object: &Object) -> String {
        let (ns, name, gv, kind) = (object.namespace(), object.name(), &self.api_version, &self.definition.names.kind);
        format!("{ns}/{name}; {gv}, Kind={kind}")
    }

    /// What an applied configuration is refused with that has a field which is not declared, where types other than the
    /// schema's say so.
    pub fn undeclared(&self, applied: &Object, path: &str) -> ApplyError {
        let named = self.named(applied);
        ApplyError::Failed(format!(
            "failed to create typed patch object ({named}): .{path}: field not declared in schema"
        ))
    }

    fn check_kind(&self, applied: &Object) -> Result<(), ApplyError> {
        let kind = applied.kind();
        if applied.api_version() == self.api_version && kind == self.definition.names.kind {
            return Ok(());
        }
        // Of what is no group and version, upstream knows no kind either.
        let (given, kind) = match GroupVersion::parse(applied.api_version()) {
            Ok(given) => (given, kind),
            Err(_) => (GroupVersion::default(), ""),
        };
        Err(ApplyError::Refused(format!("invalid object type: {}/{}, Kind={kind}", given.group, given.version)))
    }
}

/// Whether anything but managedFields differs.
fn differs(a: &Map<String, Value>, b: &Map<String, Value>) -> bool {
    a.len() != b.len()
        || a.iter().zip(b).any(|((k, a), (l, b))| {
            k != l
                || match (a.as_object(), b.as_object()) {
                    (Some(x), Some(y)) if k == "metadata" => {
                        let other = |(k, _): &(&String, &Value)| *k != "managedFields";
                        !x.iter().filter(other).eq(y.iter().filter(other))
                    }
                    _ => a != b,
                }
        })
}
