//! The bytes on disk: a redb file with the log of writes by revision, and the format's mark. Opening replays the log.

use crate::storage::contract::{Error, Event, KeyValue, Revision};
use crate::storage::mvcc::{EMPTY, Mvcc};
use bytes::Bytes;
use redb::{Database, DatabaseError, ReadableDatabase, ReadableTable, StorageError, TableDefinition, TableHandle};
use std::path::Path;
use std::sync::Arc;

/// Revision to record: a tag byte (0 delete, 1 put), the key's length as u32 LE, the key, the value.
pub(super) const LOG: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("log");
/// `format` and `compacted`.
pub(super) const META: TableDefinition<'_, &str, u64> = TableDefinition::new("meta");
const FORMAT: u64 = 1;
/// Pages kept in memory; the state itself is in memory already.
const CACHE: usize = 4 << 20;

pub(super) struct File {
    /// Shared with backups, which read while the writer writes.
    pub(super) db: Arc<Database>,
}

pub(super) fn failed(e: impl Into<redb::Error>) -> Error {
    match e.into() {
        redb::Error::Io(e) if e.kind() == std::io::ErrorKind::StorageFull => Error::NoSpace(e.to_string()),
        redb::Error::Corrupted(m) => damaged(&m),
        other => Error::Unavailable(other.to_string()),
    }
}

fn damaged(why: &str) -> Error {
    Error::Corrupt(format!("the store's file is damaged: {why}; restore a backup"))
}

fn record(event: &Event, out: &mut Vec<u8>) {
    out.clear();
    out.push(u8::from(event.value.is_some()));
    out.extend_from_slice(&u32::try_from(event.key.len()).unwrap_or(u32::MAX).to_le_bytes());
    out.extend_from_slice(event.key.as_bytes());
    out.extend_from_slice(event.value.as_deref().unwrap_or_default());
}

fn parse(revision: Revision, record: &[u8]) -> Option<Event> {
    let (tag, rest) = record.split_first()?;
    let (len, rest) = rest.split_at_checked(4)?;
    let len = u32::from_le_bytes(len.try_into().ok()?) as usize;
    let (key, value) = rest.split_at_checked(len)?;
    let value = (*tag == 1).then(|| Bytes::copy_from_slice(value));
    Some(Event { revision, key: std::str::from_utf8(key).ok()?.into(), value, attachment: None })
}

/// The value that was put at a revision.
pub(super) fn value(db: &Database, revision: Revision) -> Result<Bytes, Error> {
    let txn = db.begin_read().map_err(failed)?;
    let row = txn.open_table(LOG).map_err(failed)?.get(revision).map_err(failed)?;
    let event = row.and_then(|row| parse(revision, row.value()));
    event.and_then(|e| e.value).ok_or_else(|| Error::Corrupt(format!("the file has no value of revision {revision}")))
}

/// A new file is its owner's alone, and its name outlives a power cut.
pub(super) fn secure(path: &Path) -> std::io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
        if let Some(dir) = path.parent().filter(|d| !d.as_os_str().is_empty()) {
            std::fs::File::open(dir)?.sync_all()?;
        }
    }
    Ok(())
}

impl File {
    pub(super) fn open(path: &Path, mvcc: &mut Mvcc) -> Result<Self, Error> {
        let name = path.display();
        // What redb makes of a damaged file may be a panic.
        let opened = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| Self::read(path, mvcc)));
        opened.unwrap_or_else(|_| Err(damaged("it cannot be read"))).map_err(|e| match e {
            Error::Corrupt(m) => Error::Corrupt(format!("{name}: {m}")),
            other => other,
        })
    }

    fn read(path: &Path, mvcc: &mut Mvcc) -> Result<Self, Error> {
        let name = path.display();
        let fresh = !path.exists();
        let mut db = Database::builder().set_cache_size(CACHE).create(path).map_err(|e| match e {
            DatabaseError::DatabaseAlreadyOpen => Error::Unavailable(format!(
                "{name} is open in another process; stop that one or use another --data-dir"
            )),
            DatabaseError::Storage(StorageError::Io(e)) if e.kind() == std::io::ErrorKind::InvalidData => {
                Error::Corrupt(format!("not a kubegraft store: {e}"))
            }
            DatabaseError::Storage(StorageError::Corrupted(why)) => damaged(&why),
            e => Error::Unavailable(format!("cannot open {name}: {e}")),
        })?;
        if fresh {
            secure(path).map_err(|e| Error::Unavailable(format!("cannot make {name}: {e}")))?;
        }
        // Values are not looked into: only their checksums tell that one is another one now.
        match db.check_integrity() {
            Ok(true) => Self::over(db, mvcc),
            Ok(false) => Err(damaged("its newest state was")),
            Err(e) => Err(damaged(&e.to_string())),
        }
    }

    /// On a database that is open already.
    pub(super) fn over(db: Database, mvcc: &mut Mvcc) -> Result<Self, Error> {
        let file = Self { db: Arc::new(db) };
        file.load(mvcc)?;
        Ok(file)
    }

    fn load(&self, mvcc: &mut Mvcc) -> Result<(), Error> {
        let txn = self.db.begin_write().map_err(failed)?;
        let tables: Vec<_> = txn.list_tables().map_err(failed)?.collect();
        if !tables.is_empty() && !tables.iter().any(|t| t.name() == META.name()) {
            return Err(Error::Corrupt("a database of another program, not a kubegraft store".into()));
        }
        {
            let mut meta = txn.open_table(META).map_err(failed)?;
            let format = meta.get("format").map_err(failed)?.map(|v| v.value());
            match format {
                None => {
                    meta.insert("format", FORMAT).map_err(failed)?;
                }
                Some(FORMAT) => {}
                Some(other) => {
                    return Err(Error::Corrupt(format!(
                        "written in format {other}, this program reads format {FORMAT}; use the release that wrote it or a newer one"
                    )));
                }
            }
            txn.open_table(LOG).map_err(failed)?;
        }
        drop(tables);
        txn.commit().map_err(failed)?;

        let txn = self.db.begin_read().map_err(failed)?;
        let compacted =
            txn.open_table(META).map_err(failed)?.get("compacted").map_err(failed)?.map_or(EMPTY, |v| v.value());
        mvcc.compacted = compacted;
        mvcc.revision = compacted;
        for row in txn.open_table(LOG).map_err(failed)?.iter().map_err(failed)? {
            let (revision, value) = row.map_err(failed)?;
            let revision = revision.value();
            let Some(event) = parse(revision, value.value()) else {
                return Err(Error::Corrupt(format!("the record of revision {revision} cannot be read")));
            };
            match event.value {
                Some(value) if revision <= compacted => {
                    mvcc.restore(KeyValue { key: event.key, value, revision });
                }
                None if revision <= compacted => {}
                _ => mvcc.apply(&event),
            }
        }
        Ok(())
    }

    /// Appends events and waits until they are on disk.
    pub(super) fn append(&mut self, events: &[Event]) -> Result<(), Error> {
        let txn = self.db.begin_write().map_err(failed)?;
        {
            let mut log = txn.open_table(LOG).map_err(failed)?;
            let mut buffer = Vec::new();
            for e in events {
                record(e, &mut buffer);
                log.insert(e.revision, buffer.as_slice()).map_err(failed)?;
            }
        }
        txn.commit().map_err(failed)
    }

    /// Gives unused room back to the file system.
    pub(super) fn shrink(&mut self) -> Result<(), Error> {
        let Some(db) = Arc::get_mut(&mut self.db) else { return Ok(()) };
        while db.compact().map_err(|e| Error::Unavailable(format!("the file does not shrink: {e}")))? {}
        Ok(())
    }

    /// Drops the records of revisions that no state kept shows.
    pub(super) fn forget(&mut self, gone: &[Revision], compacted: Revision) -> Result<(), Error> {
        let txn = self.db.begin_write().map_err(failed)?;
        {
            let mut log = txn.open_table(LOG).map_err(failed)?;
            for r in gone {
                log.remove(r).map_err(failed)?;
            }
            txn.open_table(META).map_err(failed)?.insert("compacted", compacted).map_err(failed)?;
        }
        txn.commit().map_err(failed)
    }
}
