//! Copies of a store as files of the same format: taken while it serves, or from a store that is not open. A copy is whole or
//! not there.

use super::file::{self, File, LOG, META, failed};
use crate::storage::contract::{Error, Revision};
use crate::storage::mvcc::Mvcc;
use redb::{Database, ReadableDatabase, ReadableTable};
use std::path::{Path, PathBuf};

/// The file of a store in its directory.
pub(super) const NAME: &str = "kubegraft.redb";

fn named(what: &str, path: &Path, why: impl std::fmt::Display) -> Error {
    Error::Unavailable(format!("cannot {what} {}: {why}", path.display()))
}

fn part(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".part");
    name.into()
}

/// Puts a finished part in its place, unless something is there already.
fn place(part: &Path, path: &Path) -> Result<(), Error> {
    file::secure(part).and_then(|()| std::fs::hard_link(part, path)).map_err(|e| named("write", path, e))?;
    std::fs::remove_file(part).map_err(|e| named("remove", part, e))?;
    file::secure(path).map_err(|e| named("write", path, e))
}

/// Copies what is committed now: history too, and room that the store no longer needs not. Writes go on meanwhile.
pub(super) fn copy(db: &Database, to: &Path) -> Result<Revision, Error> {
    if to.exists() {
        return Err(named("write", to, "it exists already; backups replace nothing"));
    }
    let part = part(to);
    let _ = std::fs::remove_file(&part);
    let copied = copy_into(db, &part);
    let done = copied.and_then(|revision| place(&part, to).map(|()| revision));
    if done.is_err() {
        let _ = std::fs::remove_file(&part);
    }
    done
}

fn copy_into(db: &Database, part: &Path) -> Result<Revision, Error> {
    let from = db.begin_read().map_err(failed)?;
    let copy = Database::create(part).map_err(|e| named("write", part, e))?;
    let txn = copy.begin_write().map_err(failed)?;
    let mut last = 0;
    {
        let mut meta = txn.open_table(META).map_err(failed)?;
        for row in from.open_table(META).map_err(failed)?.iter().map_err(failed)? {
            let (key, value) = row.map_err(failed)?;
            last = if key.value() == "compacted" { value.value() } else { last };
            meta.insert(key.value(), value.value()).map_err(failed)?;
        }
        let mut log = txn.open_table(LOG).map_err(failed)?;
        for row in from.open_table(LOG).map_err(failed)?.iter().map_err(failed)? {
            let (revision, record) = row.map_err(failed)?;
            last = revision.value().max(last);
            file::parse(revision.value(), record.value())?;
            log.insert(revision.value(), record.value()).map_err(failed)?;
        }
    }
    txn.commit().map_err(failed)?;
    Ok(last)
}

/// Where the store of a directory is.
pub fn path(dir: &Path) -> PathBuf {
    dir.join(NAME)
}

/// Reads all of the store of a directory that no process serves, and checks it. Returns its revision.
///
/// # Errors
/// Those of [`super::Embedded::open`], and that there is none.
pub fn examine(dir: &Path) -> Result<Revision, Error> {
    let mut mvcc = Mvcc::over_a_file();
    let opened = existing(dir, &mut mvcc)?;
    file::contained(|| {
        let from = opened.db.begin_read().map_err(failed)?;
        for row in from.open_table(LOG).map_err(failed)?.iter().map_err(failed)? {
            let (revision, record) = row.map_err(failed)?;
            file::parse(revision.value(), record.value())?;
        }
        Ok(mvcc.revision)
    })
}

/// Backs up the store of a directory that no process serves.
///
/// # Errors
/// Those of [`super::Embedded::open`], and a file that cannot be written.
pub fn backup(dir: &Path, to: &Path) -> Result<Revision, Error> {
    let file = existing(dir, &mut Mvcc::over_a_file())?;
    copy(&file.db, to)
}

/// Puts a backup into a directory that has no store.
///
/// # Errors
/// When the directory has a store, or the file is none.
pub fn restore(from: &Path, dir: &Path) -> Result<Revision, Error> {
    let path = dir.join(NAME);
    if path.exists() {
        return Err(named("restore to", &path, "a store is there; move it away, or use another --data-dir"));
    }
    if !from.is_file() {
        return Err(named("read", from, "no such file"));
    }
    std::fs::create_dir_all(dir).map_err(|e| named("make", dir, e))?;
    let part = part(&path);
    let _ = std::fs::remove_file(&part);
    std::fs::copy(from, &part).map_err(|e| named("write", &part, e))?;
    let mut mvcc = Mvcc::over_a_file();
    let checked = File::open(&part, &mut mvcc).map(drop);
    let done = checked.and_then(|()| place(&part, &path)).map(|()| mvcc.revision);
    if done.is_err() {
        let _ = std::fs::remove_file(&part);
    }
    // The copy was checked, but it is the backup that is wrong.
    done.map_err(|e| match e {
        Error::Corrupt(why) => Error::Corrupt(why.replace(&part.display().to_string(), &from.display().to_string())),
        other => other,
    })
}

/// Forgets the history of a store that no process serves, and gives its room back to the file system. Returns how large the
/// file was, and is.
///
/// # Errors
/// Those of [`super::Embedded::open`].
pub fn compact(dir: &Path) -> Result<(u64, u64), Error> {
    let path = dir.join(NAME);
    let size = || std::fs::metadata(&path).map(|m| m.len()).map_err(|e| named("read", &path, e));
    let mut mvcc = Mvcc::over_a_file();
    let mut file = existing(dir, &mut mvcc)?;
    let before = size()?;
    let gone = mvcc.compact(mvcc.revision);
    file.forget(&gone, mvcc.compacted)?;
    file.shrink()?;
    drop(file);
    Ok((before, size()?))
}

fn existing(dir: &Path, mvcc: &mut Mvcc) -> Result<File, Error> {
    let path = dir.join(NAME);
    if !path.exists() {
        return Err(named("open", &path, "no such file; --data-dir names the directory of the store"));
    }
    File::open(&path, mvcc)
}
