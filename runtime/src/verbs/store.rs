//! How the verbs read and write one object: compare-and-write with retries, dry run, no-op writes, preconditions. The
//! storage contract is `storage`'s; what an object turns into is the calling verb's.

use super::context::Target;
use super::engine::Engine;
use super::entry::Entry;
use super::options::DeleteOptions;
use super::served::{Served, not_found, relative_key};
use crate::resource::{GroupResource, Object};
use crate::status::{Result, Status};
use crate::storage::{self, Outcome, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long a mutating request may keep trying (R8).
const PATIENCE: Duration = Duration::from_secs(34);

/// What a verb makes of the current object.
pub enum Change {
    /// Store this (an object of the target's version).
    Put(Object),
    /// Remove it; the object as it is shown in the answer.
    Remove(Object),
    /// Leave it as it is.
    Keep,
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
    /// Whether an update asks: it is told in other words.
    pub of_update: bool,
}

impl From<&DeleteOptions> for Preconditions {
    fn from(o: &DeleteOptions) -> Self {
        Self { uid: o.uid.clone(), resource_version: o.resource_version.clone(), of_update: false }
    }
}

impl Preconditions {
    /// 409 with the texts of A/storage/interfaces.go; its details name the Kind.
    pub fn check(&self, served: &Served, current: &Entry, object: &Object) -> Result<()> {
        let conflict = |why: String| {
            let d = &served.definition;
            Status::conflict(&GroupResource::new(&d.group, &d.names.kind), &current.name, &why)
        };
        if let Some(uid) = self.uid.as_ref().filter(|u| self.of_update && *u != object.uid()) {
            let key = served.key(&current.namespace, &current.name);
            let why = format!(
                "StorageError: invalid object, Code: 4, Key: /registry/{key}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: {uid}, UID in object meta: {}",
                object.uid()
            );
            return Err(Status::conflict(&served.resource, &current.name, &why));
        }
        if let Some(uid) = &self.uid
            && uid != object.uid()
        {
            return Err(conflict(format!(
                "the UID in the precondition ({uid}) does not match the UID in record ({}). The object might have been deleted and then recreated",
                object.uid()
            )));
        }
        if let Some(rv) = &self.resource_version
            && *rv != current.revision.to_string()
        {
            return Err(conflict(format!(
                "the ResourceVersion in the precondition ({rv}) does not match the ResourceVersion in record ({}). The object might have been modified",
                current.revision
            )));
        }
        Ok(())
    }
}

/// A storage failure as a client is told it (E16, E19).
pub fn storage_error(e: storage::Error) -> Status {
    match e {
        storage::Error::Compacted { .. } => Status::expired("The resourceVersion for the provided list is too old."),
        storage::Error::FutureRevision { wanted, current } => Status::too_large_resource_version(wanted, current),
        storage::Error::Unavailable(_) | storage::Error::NoSpace(_) => Status::unavailable(e.to_string()),
        other => Status::internal(other),
    }
}

impl Engine {
    /// The current entry of an object; 404 when it is not there.
    pub async fn current(&self, served: &Served, namespace: &str, name: &str) -> Result<Arc<Entry>> {
        self.fresh(served).await?;
        served.objects.get(&relative_key(namespace, name)).ok_or_else(|| not_found(served, name))
    }

    /// Waits until the cache has seen every write acknowledged before this call.
    pub async fn fresh(&self, served: &Served) -> Result<()> {
        served.objects.catch_up().await.map(drop).map_err(storage_error)
    }

    /// Stores a new object. `None` when its name is taken.
    pub async fn insert(&self, target: &Target, object: &Object, dry_run: bool) -> Result<Option<Arc<Entry>>> {
        let served = &target.served;
        let pending = served.encode(object, target.version)?;
        let versions = served.definition.versions.len();
        if dry_run {
            self.fresh(served).await?;
            let taken = served.objects.get(&relative_key(object.namespace(), object.name())).is_some();
            return Ok((!taken).then(|| Arc::new(pending.at(0, versions))));
        }
        let write = Write {
            key: served.key(object.namespace(), object.name()).into(),
            expected: 0,
            value: Some(pending.encoded.bytes.clone()),
            attachment: Some(served.attachment(&pending)),
        };
        match self.backend().write(write).await.map_err(storage_error)? {
            Outcome::Committed(revision) => Ok(Some(Arc::new(pending.at(revision, versions)))),
            Outcome::Conflict(_) => Ok(None),
        }
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
            let (pending, removed) = match change(&current, object)? {
                Change::Keep => return Ok(Written::Stored(current)),
                Change::Remove(last) => (served.encode(&last, target.version)?, true),
                Change::Put(object) => {
                    let mut pending = served.encode(&object, target.version)?;
                    pending.share(&current);
                    if current.as_stored && pending.encoded.bytes == current.encoded.bytes {
                        return Ok(Written::Stored(current));
                    }
                    (pending, false)
                }
            };
            let done = |revision: u64| {
                let entry = Arc::new(pending.at(revision, versions));
                if removed { Written::Removed(entry) } else { Written::Stored(entry) }
            };
            if dry_run {
                return Ok(done(current.revision));
            }
            let write = Write {
                key: key.clone(),
                expected: current.revision,
                value: (!removed).then(|| pending.encoded.bytes.clone()),
                attachment: (!removed).then(|| served.attachment(&pending)),
            };
            match self.backend().write(write).await.map_err(storage_error)? {
                // The answer to a removal shows the object as it last was (C69).
                Outcome::Committed(revision) => return Ok(done(if removed { current.revision } else { revision })),
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
