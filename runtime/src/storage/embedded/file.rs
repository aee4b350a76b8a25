//! The bytes on disk: a redb file with the log of writes by revision, and the format's mark. Opening replays the log. Each record
//! has a checksum of its own, which whoever reads it checks: nobody need read the file for that alone.

use crate::storage::contract::{Error, Event, KeyValue, Revision};
use crate::storage::mvcc::{EMPTY, Mvcc};
use bytes::Bytes;
use redb::{
    Database, DatabaseError, ReadOnlyTable, ReadableDatabase, ReadableTable, ReadableTableMetadata, StorageError,
    TableDefinition, TableHandle,
};
use std::cell::Cell;
use std::path::Path;
use std::sync::{Arc, Once};

/// Revision to record: the checksum of what follows and of the revision (CRC-32, u32 LE), a tag byte (0 delete, 1 put), the key's
/// length as u32 LE, the key, the value.
pub(super) const LOG: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("log");
/// `format` and `compacted`.
pub(super) const META: TableDefinition<'_, &str, u64> = TableDefinition::new("meta");
const FORMAT: u64 = 2;
/// Its records had no checksums.
const WITHOUT_CHECKSUMS: u64 = 1;
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

fn sum(revision: Revision, record: &[u8]) -> [u8; 4] {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&revision.to_le_bytes());
    hasher.update(record);
    hasher.finalize().to_le_bytes()
}

fn record(event: &Event, out: &mut Vec<u8>) {
    out.clear();
    out.extend_from_slice(&[0; 4]);
    out.push(u8::from(event.value.is_some()));
    out.extend_from_slice(&u32::try_from(event.key.len()).unwrap_or(u32::MAX).to_le_bytes());
    out.extend_from_slice(event.key.as_bytes());
    out.extend_from_slice(event.value.as_deref().unwrap_or_default());
    let sum = sum(event.revision, &out[4..]);
    out[..4].copy_from_slice(&sum);
}

/// A record whose checksum holds.
pub(super) fn parse(revision: Revision, record: &[u8]) -> Result<Event, Error> {
    let whole = record.split_at_checked(4).filter(|(kept, rest)| *kept == sum(revision, rest));
    let event = whole.and_then(|(_, rest)| parse_unchecked(revision, rest));
    event.ok_or_else(|| damaged(&format!("the record of revision {revision} is not what was written")))
}

fn parse_unchecked(revision: Revision, record: &[u8]) -> Option<Event> {
    let (tag, rest) = record.split_first()?;
    let (len, rest) = rest.split_at_checked(4)?;
    let len = u32::from_le_bytes(len.try_into().ok()?) as usize;
    let (key, value) = rest.split_at_checked(len)?;
    let value = (*tag == 1).then(|| Bytes::copy_from_slice(value));
    Some(Event { revision, key: std::str::from_utf8(key).ok()?.into(), value, attachment: None })
}

/// Reads values by the revisions they were put at, all as of one moment.
pub(super) struct Reader<'a> {
    db: &'a Database,
    log: Option<ReadOnlyTable<u64, &'static [u8]>>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(db: &'a Database) -> Self {
        Self { db, log: None }
    }

    /// `None` when there is no such record any more.
    pub(super) fn find(&mut self, revision: Revision) -> Result<Option<Bytes>, Error> {
        contained(|| {
            let log = match self.log.take() {
                Some(log) => log,
                None => self.db.begin_read().map_err(failed)?.open_table(LOG).map_err(failed)?,
            };
            let row = log.get(revision).map_err(failed)?;
            let event = row.map(|row| parse(revision, row.value())).transpose()?;
            self.log = Some(log);
            Ok(event.and_then(|e| e.value))
        })
    }

    /// For what must be there.
    pub(super) fn value(&mut self, revision: Revision) -> Result<Bytes, Error> {
        self.find(revision)?.ok_or_else(|| damaged(&format!("it has no value of revision {revision}")))
    }
}

thread_local! {
    static CONTAINED: Cell<bool> = const { Cell::new(false) };
}

/// What redb makes of a damaged page may be a panic: here it is an error like others, and not told twice.
pub(super) fn contained<T>(read: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    static QUIET: Once = Once::new();
    QUIET.call_once(|| {
        let others = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if !CONTAINED.get() {
                others(info);
            }
        }));
    });
    let outer = CONTAINED.replace(true);
    let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(read));
    CONTAINED.set(outer);
    done.unwrap_or_else(|_| Err(damaged("it cannot be read")))
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
        contained(|| Self::read(path, mvcc)).map_err(|e| match e {
            Error::Corrupt(m) => Error::Corrupt(format!("{name}: {m}")),
            other => other,
        })
    }

    fn read(path: &Path, mvcc: &mut Mvcc) -> Result<Self, Error> {
        let name = path.display();
        let fresh = !path.exists();
        let mut builder = Database::builder();
        builder.set_cache_size(CACHE).set_repair_callback(|session| {
            let done = session.progress();
            tracing::info!(done, "the store was not closed by its last process: its file is checked");
        });
        let db = builder.create(path).map_err(|e| match e {
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
        Self::over(db, mvcc)
    }

    /// On a database that is open already.
    pub(super) fn over(mut db: Database, mvcc: &mut Mvcc) -> Result<Self, Error> {
        if own(&db)? == WITHOUT_CHECKSUMS {
            add_checksums(&mut db)?;
        }
        let file = Self { db: Arc::new(db) };
        file.load(mvcc)?;
        Ok(file)
    }

    fn load(&self, mvcc: &mut Mvcc) -> Result<(), Error> {
        let txn = self.db.begin_read().map_err(failed)?;
        let compacted =
            txn.open_table(META).map_err(failed)?.get("compacted").map_err(failed)?.map_or(EMPTY, |v| v.value());
        mvcc.compacted = compacted;
        mvcc.revision = compacted;
        let log = txn.open_table(LOG).map_err(failed)?;
        let (wanted, mut found) = (log.len().map_err(failed)?, 0);
        for row in log.iter().map_err(failed)? {
            let (revision, value) = row.map_err(failed)?;
            let revision = revision.value();
            let event = parse(revision, value.value())?;
            found += 1;
            match event.value {
                Some(value) if revision <= compacted => {
                    mvcc.restore(KeyValue { key: event.key, value, revision });
                }
                None if revision <= compacted => {}
                _ => mvcc.apply(&event),
            }
        }
        if found != wanted {
            return Err(damaged(&format!("{found} of its {wanted} records are there")));
        }
        Ok(())
    }

    /// Appends events and waits until they are on disk.
    pub(super) fn append(&mut self, events: &[Event]) -> Result<(), Error> {
        contained(|| {
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
        })
    }

    /// Gives unused room back to the file system.
    pub(super) fn shrink(&mut self) -> Result<(), Error> {
        let Some(db) = Arc::get_mut(&mut self.db) else { return Ok(()) };
        while db.compact().map_err(|e| Error::Unavailable(format!("the file does not shrink: {e}")))? {}
        Ok(())
    }

    /// Drops the records of revisions that no state kept shows.
    pub(super) fn forget(&mut self, gone: &[Revision], compacted: Revision) -> Result<(), Error> {
        contained(|| {
            let txn = self.db.begin_write().map_err(failed)?;
            {
                let mut log = txn.open_table(LOG).map_err(failed)?;
                for r in gone {
                    log.remove(r).map_err(failed)?;
                }
                txn.open_table(META).map_err(failed)?.insert("compacted", compacted).map_err(failed)?;
            }
            txn.commit().map_err(failed)
        })
    }
}

/// The format of a database, which is given the newest when it has none yet.
fn own(db: &Database) -> Result<u64, Error> {
    let txn = db.begin_write().map_err(failed)?;
    let tables: Vec<_> = txn.list_tables().map_err(failed)?.collect();
    if !tables.is_empty() && !tables.iter().any(|t| t.name() == META.name()) {
        return Err(Error::Corrupt("a database of another program, not a kubegraft store".into()));
    }
    drop(tables);
    let format = {
        let mut meta = txn.open_table(META).map_err(failed)?;
        let format = meta.get("format").map_err(failed)?.map(|v| v.value());
        match format {
            None => {
                meta.insert("format", FORMAT).map_err(failed)?;
            }
            Some(WITHOUT_CHECKSUMS | FORMAT) => {}
            Some(other) => {
                return Err(Error::Corrupt(format!(
                    "written in format {other}, this program reads formats up to {FORMAT}; use the release that wrote it or a newer one"
                )));
            }
        }
        txn.open_table(LOG).map_err(failed)?;
        format.unwrap_or(FORMAT)
    };
    txn.commit().map_err(failed)?;
    Ok(format)
}

/// Makes a store of the newest format of one whose records have no checksums; those of redb's pages are checked for a last time.
fn add_checksums(db: &mut Database) -> Result<(), Error> {
    match db.check_integrity() {
        Ok(true) => {}
        Ok(false) => return Err(damaged("its newest state was")),
        Err(e) => return Err(damaged(&e.to_string())),
    }
    let txn = db.begin_write().map_err(failed)?;
    {
        let mut log = txn.open_table(LOG).map_err(failed)?;
        let revisions: Result<Vec<_>, _> = log.iter().map_err(failed)?.map(|row| row.map(|(r, _)| r.value())).collect();
        let mut buffer = Vec::new();
        for revision in revisions.map_err(failed)? {
            let event = log.get(revision).map_err(failed)?.and_then(|row| parse_unchecked(revision, row.value()));
            let event = event.ok_or_else(|| damaged(&format!("the record of revision {revision} cannot be read")))?;
            record(&event, &mut buffer);
            log.insert(revision, buffer.as_slice()).map_err(failed)?;
        }
        txn.open_table(META).map_err(failed)?.insert("format", FORMAT).map_err(failed)?;
    }
    txn.commit().map_err(failed)
}
