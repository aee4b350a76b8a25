//! The multi-version state that in-process backends keep in memory: keys with their versions, and the log of writes since
//! the last compaction. Pure data, no locks, no durability.

use super::contract::{Error, Event, KeyValue, Range, Revision};
use bytes::Bytes;
use std::collections::{BTreeMap, VecDeque};
use std::ops::Bound;
use std::sync::Arc;

struct Versions(Vec<(Revision, Option<Bytes>)>);

impl Versions {
    fn at(&self, revision: Revision) -> Option<(Revision, &Bytes)> {
        let (r, v) = self.0.iter().rev().find(|(r, _)| *r <= revision)?;
        v.as_ref().map(|v| (*r, v))
    }
}

/// The revision of the empty store. Not 1, so that 1 is in the past of every store, as it is with kube-apiserver on etcd.
pub(super) const EMPTY: Revision = 2;

/// The state of a store.
pub(super) struct Mvcc {
    keys: BTreeMap<Arc<str>, Versions>,
    log: VecDeque<Event>,
    pub(super) revision: Revision,
    pub(super) compacted: Revision,
}

impl Default for Mvcc {
    fn default() -> Self {
        Self { keys: BTreeMap::new(), log: VecDeque::new(), revision: EMPTY, compacted: EMPTY }
    }
}

impl Mvcc {
    /// The revision of a key's last write, 0 when it is absent.
    pub(super) fn last_write(&self, key: &str) -> Revision {
        match self.keys.get(key).and_then(|v| v.0.last()) {
            Some((r, Some(_))) => *r,
            _ => 0,
        }
    }

    /// Takes a write whose revision is past all others.
    pub(super) fn apply(&mut self, event: Event) {
        self.revision = event.revision;
        self.keys
            .entry(event.key.clone())
            .or_insert_with(|| Versions(Vec::with_capacity(1)))
            .0
            .push((event.revision, event.value.clone()));
        self.log.push_back(Event { attachment: None, ..event });
    }

    /// Restores a value written before the oldest kept history.
    pub(super) fn restore(&mut self, kv: KeyValue) {
        self.revision = self.revision.max(kv.revision);
        self.keys.insert(kv.key, Versions(vec![(kv.revision, Some(kv.value))]));
    }

    pub(super) fn range(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
        at: Option<Revision>,
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
            let Some((r, value)) = versions.at(revision) else { continue };
            if limit > 0 && out.items.len() == limit {
                out.more = true;
                break;
            }
            out.items.push(KeyValue { key: key.clone(), value: value.clone(), revision: r });
        }
        Ok(out)
    }

    /// The kept events under a prefix, oldest first.
    pub(super) fn events(&self, prefix: &str) -> Vec<Event> {
        self.log.iter().filter(|e| e.key.starts_with(prefix)).cloned().collect()
    }

    /// How many events are kept.
    pub(super) fn kept(&self) -> usize {
        self.log.len()
    }

    /// The revision that leaves `keep` events.
    pub(super) fn revision_leaving(&self, keep: usize) -> Revision {
        match self.log.len().checked_sub(keep) {
            Some(n) if n > 0 => self.log[n - 1].revision,
            _ => self.compacted,
        }
    }

    /// Forgets history up to `up_to`. Returns the revisions whose writes nothing shows any more.
    pub(super) fn compact(&mut self, up_to: Revision) -> Vec<Revision> {
        let up_to = up_to.min(self.revision);
        let mut gone = Vec::new();
        while let Some(e) = self.log.front() {
            if e.revision > up_to {
                break;
            }
            let key = e.key.clone();
            self.log.pop_front();
            let Some(versions) = self.keys.get_mut(&key) else { continue };
            // What counts at `up_to` is the last version not past it; those before it are shown by no revision kept.
            if let Some(last) = versions.0.iter().rposition(|(r, _)| *r <= up_to) {
                let dead = versions.0[last].1.is_none();
                gone.extend(versions.0.drain(..if dead { last + 1 } else { last }).map(|(r, _)| r));
            }
            if versions.0.is_empty() {
                self.keys.remove(&key);
            }
        }
        self.compacted = self.compacted.max(up_to);
        gone
    }
}
