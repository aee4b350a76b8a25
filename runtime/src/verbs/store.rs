//! How the verbs read and write one object: compare-and-write with retries, dry run, no-op writes, preconditions. The
//! storage contract is `storage`'s; what an object turns into is the calling verb's.

use super::context::Target;
use super::engine::Engine;
use super::entry::Entry;
use super::options::DeleteOptions;
use super::served::{Pending, Served, not_found, relative_key};
use crate::resource::codec::go::push_quoted;
use crate::resource::validate::path_segment;
use crate::resource::{GroupResource, Object};
use crate::status::{Result, Status};
use crate::storage::{self, Outcome, Write};
use serde_json::Value;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long a mutating request may keep trying (R8).
const PATIENCE: Duration = Duration::from_secs(34);

/// What a verb makes of the current object.
pub enum Change {
    /// Store this (an object of the target's version); without its managedFields when it is too large with them (P40).
    Put(Object),
    /// Store what an apply has merged, as it is or not at all.
    Merge(Object),
    /// Remove it; the object as it is shown in the answer.
    Remove(Object),
    /// Leave it as it is.
    Keep,
}

/// What becomes of the managedFields of an object that is too large for the store with them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owners {
    /// They are kept: the object is refused.
    Kept,
    /// They go: ownership is of less use than the object.
    Expendable,
}

/// What became of it.
pub enum Written {
    /// Stored, or left as it was.
    Stored(Arc<Entry>),
    /// Removed; its last state.
    Removed(Arc<Entry>),
}

impl Written {
    /// The entry to answer with.
    pub fn into_entry(self) -> Arc<Entry> {
        match self {
            Self::Stored(e) | Self::Removed(e) => e,
        }
    }
}

/// What must hold of the stored object before a write, beyond what the verb itself checks.
#[derive(Clone, Debug, Default)]
pub struct Preconditions {
    /// `uid`.
    pub uid: Option<String>,
    /// `resourceVersion`.
    pub resource_version: Option<String>,
    /// Who asks, and so in which words it is told.
    pub asker: Asker,
}

/// Who has preconditions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Asker {
    /// A delete.
    #[default]
    Delete,
    /// A delete of a kind that checks them itself.
    OwnDelete,
    /// An update.
    Update,
}

impl Preconditions {
    /// Those of a delete.
    pub fn of_delete(o: &DeleteOptions, asker: Asker) -> Self {
        Self { uid: o.uid.clone(), resource_version: o.resource_version.clone(), asker }
    }
}

impl Preconditions {
    /// 409 with the texts of A/storage/interfaces.go; its details name the Kind.
    pub fn check(&self, served: &Served, current: &Entry, object: &Object) -> Result<()> {
        let (uid, revision) = (object.uid(), current.revision.to_string());
        let wrong_uid = self.uid.as_deref().filter(|wanted| *wanted != uid);
        let wrong_revision = self.resource_version.as_deref().filter(|wanted| *wanted != revision);
        let (wanted, is, by_uid) = match (wrong_uid, wrong_revision) {
            (Some(wanted), _) => (wanted, uid, true),
            (None, Some(wanted)) => (wanted, revision.as_str(), false),
            (None, None) => return Ok(()),
        };
        let name = if by_uid { "UID" } else { "ResourceVersion" };
        let failed = format!("Precondition failed: {name} in precondition: {wanted}, {name} in object meta: {is}");
        let conflict = |why: &str| Err(Status::conflict(&served.resource, &current.name, why));
        match self.asker {
            Asker::OwnDelete => conflict(&failed),
            Asker::Update => {
                let key = served.key(&current.namespace, &current.name);
                conflict(&format!(
                    "StorageError: invalid object, Code: 4, Key: /registry/{key}, ResourceVersion: 0, AdditionalErrorMsg: {failed}"
                ))
            }
            Asker::Delete => {
                let kind = GroupResource::new(&served.definition.group, &served.definition.names.kind);
                let happened = if by_uid { "deleted and then recreated" } else { "modified" };
                let why = format!(
                    "the {name} in the precondition ({wanted}) does not match the {name} in record ({is}). The object might have been {happened}"
                );
                Err(Status::conflict(&kind, &current.name, &why))
            }
        }
    }
}

/// A name that a path may hold, whether there is such an object or not.
///
/// # Errors
/// 400.
pub(super) fn addressable(name: &str) -> Result<()> {
    let problems = path_segment(name, true);
    if problems.is_empty() {
        return Ok(());
    }
    let mut text = "Name parameter invalid: ".to_owned();
    push_quoted(name, &mut text);
    Err(Status::bad_request(format!("{text}: {}", problems.join(";"))))
}

/// A storage failure as a client is told it (E16, E19).
pub fn storage_error(e: storage::Error) -> Status {
    match e {
        storage::Error::Compacted { .. } => Status::expired("The resourceVersion for the provided list is too old."),
        storage::Error::FutureRevision { wanted, current } => Status::too_large_resource_version(wanted, current),
        storage::Error::Unavailable(_) | storage::Error::NoSpace(_) => Status::unavailable(e.to_string()),
        storage::Error::TooLarge(why) => Status::unclassified(why),
        other => Status::internal(other),
    }
}

impl Engine {
    /// The current entry of an object; 404 when it is not there.
    ///
    /// # Errors
    /// 400 for what can be no name.
    pub async fn current(&self, served: &Served, namespace: &str, name: &str) -> Result<Arc<Entry>> {
        addressable(name)?;
        self.fresh(served).await?;
        served.objects.get(&relative_key(namespace, name)).ok_or_else(|| not_found(served, name))
    }

    /// Waits until the cache has seen every write acknowledged before this call.
    pub async fn fresh(&self, served: &Served) -> Result<()> {
        served.objects.catch_up().await.map(drop).map_err(storage_error)
    }

    /// Stores a new object, the way of its [`Change`]. `None` when its name is taken.
    pub async fn insert(
        &self,
        target: &Target,
        object: &Object,
        owners: Owners,
        dry_run: bool,
    ) -> Result<Option<Arc<Entry>>> {
        let served = &target.served;
        let pending = served.encode(object, target.version)?;
        let versions = served.definition.versions.len();
        if dry_run {
            self.fresh(served).await?;
            let taken = served.objects.get(&relative_key(object.namespace(), object.name())).is_some();
            return Ok((!taken).then(|| Arc::new(pending.at(0, versions))));
        }
        let key = served.key(object.namespace(), object.name()).into();
        match self.put(target, &key, 0, pending, object, owners).await? {
            (pending, Outcome::Committed(revision)) => Ok(Some(Arc::new(pending.at(revision, versions)))),
            (_, Outcome::Conflict(_)) => Ok(None),
        }
    }

    /// Writes an encoded object, and says what was written in the end.
    async fn put(
        &self,
        target: &Target,
        key: &Arc<str>,
        expected: u64,
        mut pending: Pending,
        object: &Object,
        owners: Owners,
    ) -> Result<(Pending, Outcome)> {
        let write = |pending: &Pending| Write {
            key: key.clone(),
            expected,
            value: Some(pending.encoded.bytes.clone()),
            attachment: Some(target.served.attachment(pending)),
        };
        let mut written = self.backend().write(write(&pending)).await;
        if let (Err(storage::Error::TooLarge(_)), Owners::Expendable) = (&written, owners) {
            let mut bare = object.clone();
            bare.set_meta("managedFields", Value::Null);
            pending = target.served.encode(&bare, target.version)?;
            written = self.backend().write(write(&pending)).await;
        }
        Ok((pending, written.map_err(storage_error)?))
    }

    /// Changes an object: `change` makes of the current state what shall be, and is called again when somebody else was
    /// faster. A change that leaves the stored bytes as they are is not written (C67).
    pub async fn change(
        &self,
        target: &Target,
        preconditions: &Preconditions,
        dry_run: bool,
        mut change: impl FnMut(&Entry, Object) -> Result<Change>,
    ) -> Result<Written> {
        let served = &target.served;
        let versions = served.definition.versions.len();
        let started = Instant::now();
        let key: Arc<str> = served.key(&target.namespace, &target.name).into();
        let mut current = self.current(served, &target.namespace, &target.name).await?;
        loop {
            let object = served.decode(&current, target.version)?;
            preconditions.check(served, &current, &object)?;
            let change = change(&current, object)?;
            let (object, owners) = match change {
                Change::Keep => return Ok(Written::Stored(current)),
                Change::Remove(last) => (last, None),
                Change::Put(object) => (object, Some(Owners::Expendable)),
                Change::Merge(object) => (object, Some(Owners::Kept)),
            };
            let mut pending = match owners {
                Some(_) => served.encode(&object, target.version)?,
                // It is not stored any more: it need not be one that can be.
                None => served.codec().encode_in(&object, target.version),
            };
            pending.share(&current);
            if owners.is_some() && current.as_stored && pending.encoded.bytes == current.encoded.bytes {
                return Ok(Written::Stored(current));
            }
            let done = |pending: &Pending, revision: u64| {
                let entry = Arc::new(pending.at(revision, versions));
                if owners.is_some() { Written::Stored(entry) } else { Written::Removed(entry) }
            };
            if dry_run {
                return Ok(done(&pending, current.revision));
            }
            let (pending, outcome) = match owners {
                Some(owners) => self.put(target, &key, current.revision, pending, &object, owners).await?,
                None => {
                    let removal = Write { key: key.clone(), expected: current.revision, value: None, attachment: None };
                    (pending, self.backend().write(removal).await.map_err(storage_error)?)
                }
            };
            match outcome {
                // The answer to a removal shows the object as it last was (C69).
                Outcome::Committed(_) if owners.is_none() => return Ok(done(&pending, current.revision)),
                Outcome::Committed(revision) => return Ok(done(&pending, revision)),
                Outcome::Conflict(_) => {
                    if started.elapsed() > PATIENCE {
                        return Err(Status::timeout("request did not complete within requested timeout", 0));
                    }
                    current = self.current(served, &target.namespace, &target.name).await?;
                }
            }
        }
    }
}
