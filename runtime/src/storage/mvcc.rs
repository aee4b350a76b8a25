//! The multi-version state that in-process backends keep in memory: keys with their versions, and the log of writes since
//! the last compaction. Pure data, no locks, no durability. Values that a file has too need not be here twice.

use super::contract::{Error, Event, History, KeyValue, Range, Revision};
use bytes::Bytes;
use smallvec::SmallVec;
use std::collections::{BTreeMap, VecDeque};
use std::ops::Bound;
use std::sync::Arc;

/// What a key held from a revision on.
enum Version {
    Here(Bytes),
    /// The owner of the state reads it by its revision.
    Filed,
    Deleted,
}

/// Newest last. Most keys have one.
type Versions = SmallVec<[(Revision, Version); 1]>;

/// Reads the value that was written at a revision.
pub(super) type Read<'a> = &'a mut dyn FnMut(Revision) -> Result<Bytes, Error>;

/// For states that keep every value.
pub(super) fn all_here(revision: Revision) -> Result<Bytes, Error> {
    Err(Error::Corrupt(format!("the value of revision {revision} is not kept")))
}

impl Version {
    fn bytes(&self) -> usize {
        if let Self::Here(value) = self { value.len() } else { 0 }
    }

    fn value(&self, revision: Revision, read: Read<'_>) -> Result<Option<Bytes>, Error> {
        match self {
            Self::Here(value) => Ok(Some(value.clone())),
            Self::Filed => read(revision).map(Some),
            Self::Deleted => Ok(None),
        }
    }
}

/// The revision of the empty store. Not 1, so that 1 is in the past of every store, as it is with kube-apiserver on etcd.
pub(super) const EMPTY: Revision = 2;

/// The state of a store.
pub(super) struct Mvcc {
    keys: BTreeMap<Arc<str>, Versions>,
    log: VecDeque<(Revision, Arc<str>)>,
    pub(super) revision: Revision,
    pub(super) compacted: Revision,
    /// Whether only the newest value of a key is kept here.
    filed: bool,
    /// Of values kept here that are not the newest.
    past: usize,
}

impl Default for Mvcc {
    fn default() -> Self {
        Self { keys: BTreeMap::new(), log: VecDeque::new(), revision: EMPTY, compacted: EMPTY, filed: false, past: 0 }
    }
}

impl Mvcc {
    /// For an owner who has every value in a file.
    pub(super) fn over_a_file() -> Self {
        Self { filed: true, ..Self::default() }
    }

    /// The revision of a key's last write, 0 when it is absent.
    pub(super) fn last_write(&self, key: &str) -> Revision {
        match self.keys.get(key).and_then(|v| v.last()) {
            Some((r, Version::Here(_) | Version::Filed)) => *r,
            _ => 0,
        }
    }

    /// Takes a write whose revision is past all others.
    pub(super) fn apply(&mut self, event: &Event) {
        self.revision = event.revision;
        // One copy of a key, however many versions there are.
        let key = self.keys.get_key_value(&event.key).map_or_else(|| event.key.clone(), |(key, _)| key.clone());
        let versions = self.keys.entry(key.clone()).or_default();
        if let Some((_, last @ Version::Here(_))) = versions.last_mut() {
            if self.filed {
                *last = Version::Filed;
            } else {
                self.past += last.bytes();
            }
        }
        versions.push((event.revision, event.value.clone().map_or(Version::Deleted, Version::Here)));
        self.log.push_back((event.revision, key));
    }

    /// Restores a value written before the oldest kept history.
    pub(super) fn restore(&mut self, kv: KeyValue) {
        self.revision = self.revision.max(kv.revision);
        self.keys.insert(kv.key, Versions::from_iter([(kv.revision, Version::Here(kv.value))]));
    }

    pub(super) fn range(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
        at: Option<Revision>,
        read: Read<'_>,
    ) -> Result<Range, Error> {
        let revision = at.unwrap_or(self.revision);
        if revision > self.revision {
            return Err(Error::FutureRevision { wanted: revision, current: self.revision });
        }
        if revision < self.compacted {
            return Err(Error::Compacted { wanted: revision, oldest: self.compacted });
        }
        let from = match after {
            Some(a) if a >= prefix => Bound::Excluded(a),
            _ => Bound::Included(prefix),
        };
        let mut out = Range { items: Vec::new(), more: false, revision };
        for (key, versions) in self.keys.range::<str, _>((from, Bound::Unbounded)) {
            if !key.starts_with(prefix) {
                break;
            }
            let Some((r, version)) = versions.iter().rev().find(|(r, _)| *r <= revision) else { continue };
            if matches!(version, Version::Deleted) {
                continue;
            }
            if limit > 0 && out.items.len() == limit {
                out.more = true;
                break;
            }
            if let Some(value) = version.value(*r, read)? {
                out.items.push(KeyValue { key: key.clone(), value, revision: *r });
            }
        }
        Ok(out)
    }

    /// The kept events under a prefix past a revision, oldest first.
    pub(super) fn events(&self, prefix: &str, after: Revision, read: Read<'_>) -> Result<Vec<Event>, Error> {
        let mut out = Vec::new();
        let from = self.log.partition_point(|(revision, _)| *revision <= after);
        for (revision, key) in self.log.range(from..).filter(|(_, key)| key.starts_with(prefix)) {
            // A version that the log has is never compacted before the log.
            let version = self.keys.get(key).and_then(|v| Some(&v[v.binary_search_by_key(revision, |v| v.0).ok()?].1));
            let value = version.map_or(Ok(None), |v| v.value(*revision, read))?;
            out.push(Event { revision: *revision, key: key.clone(), value, attachment: None });
        }
        Ok(out)
    }

    /// What is kept of the past.
    pub(super) fn history(&self) -> History {
        History { events: self.log.len(), bytes: self.past }
    }

    /// The revision that leaves `keep` events.
    pub(super) fn revision_leaving(&self, keep: usize) -> Revision {
        match self.log.len().checked_sub(keep) {
            Some(n) if n > 0 => self.log[n - 1].0,
            _ => self.compacted,
        }
    }

    /// Forgets history up to `up_to`. Returns the revisions whose writes nothing shows any more.
    pub(super) fn compact(&mut self, up_to: Revision) -> Vec<Revision> {
        let up_to = up_to.min(self.revision);
        let mut gone = Vec::new();
        while self.log.front().is_some_and(|(revision, _)| *revision <= up_to) {
            let Some((_, key)) = self.log.pop_front() else { break };
            let Some(versions) = self.keys.get_mut(&key) else { continue };
            // What counts at `up_to` is the last version not past it; those before it are shown by no revision kept.
            if let Some(last) = versions.iter().rposition(|(r, _)| *r <= up_to) {
                let dead = matches!(versions[last].1, Version::Deleted);
                for (revision, version) in versions.drain(..if dead { last + 1 } else { last }) {
                    self.past -= version.bytes();
                    gone.push(revision);
                }
            }
            if versions.is_empty() {
                self.keys.remove(&key);
            }
        }
        self.compacted = self.compacted.max(up_to);
        gone
    }
}
