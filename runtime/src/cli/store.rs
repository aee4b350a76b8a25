//! `backup`, `restore` and `compact` of the embedded store. A store that is being served is backed up by its server, which is
//! asked over a socket in the data directory that only its owner can use.

use super::Failure;
use crate::storage::Embedded;
use crate::storage::embedded;
use clap::Args;
use std::path::{Path, PathBuf};

#[derive(Args)]
pub(super) struct Directory {
    /// Directory of the store
    #[arg(long, default_value = "data", value_name = "DIR")]
    data_dir: PathBuf,
}

#[derive(Args)]
pub(super) struct File {
    /// The backup
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    directory: Directory,
}

/// The socket in a data directory.
const SOCKET: &str = "control.sock";

pub(super) fn backup(flags: &File) -> Result<(), Failure> {
    let to = std::path::absolute(&flags.file).map_err(|e| format!("{}: {e}", flags.file.display()))?;
    let dir = &flags.directory.data_dir;
    let revision = match ask(dir, &to) {
        Some(answer) => answer?,
        None => embedded::backup(dir, &to)?,
    };
    println!("revision {revision} is in {}", flags.file.display());
    Ok(())
}

pub(super) fn restore(flags: &File) -> Result<(), Failure> {
    let dir = &flags.directory.data_dir;
    let revision = embedded::restore(&flags.file, dir)?;
    println!("{} has revision {revision} of {}", dir.display(), flags.file.display());
    Ok(())
}

pub(super) fn compact(flags: &Directory) -> Result<(), Failure> {
    let (before, after) = embedded::compact(&flags.data_dir)?;
    println!("history is gone; the file had {before} bytes and has {after}");
    Ok(())
}

/// Whether a server has the store of a directory open.
#[cfg(unix)]
pub(super) fn is_served(dir: &Path) -> bool {
    std::os::unix::net::UnixStream::connect(dir.join(SOCKET)).is_ok()
}

#[cfg(not(unix))]
pub(super) fn is_served(_: &Path) -> bool {
    false
}

/// Has the server of a directory write the backup; `None` when none serves it.
#[cfg(unix)]
fn ask(dir: &Path, to: &Path) -> Option<Result<u64, Failure>> {
    use std::io::{BufRead, BufReader, Write};
    let mut socket = std::os::unix::net::UnixStream::connect(dir.join(SOCKET)).ok()?;
    let mut asked = || {
        let Some(to) = to.to_str().filter(|t| !t.contains('\n')) else {
            return Err(Failure::from(format!("{}: a server takes only names of plain text", to.display())));
        };
        writeln!(socket, "backup {to}")?;
        let mut answer = String::new();
        BufReader::new(&socket).read_line(&mut answer)?;
        match answer.trim_end().split_once(' ') {
            Some(("done", revision)) => Ok(revision.parse()?),
            Some(("error", why)) => Err(why.into()),
            _ => Err("the server ended before the backup was complete".into()),
        }
    };
    Some(asked())
}

#[cfg(not(unix))]
fn ask(_: &Path, _: &Path) -> Option<Result<u64, Failure>> {
    None
}

/// Answers `backup` for the store of a directory, until the process ends. Whoever has the store has the socket's name.
#[cfg(unix)]
pub(super) fn listen(dir: &Path, store: Embedded) {
    use std::os::unix::fs::PermissionsExt;
    let path = dir.join(SOCKET);
    let _ = std::fs::remove_file(&path);
    let bound = tokio::net::UnixListener::bind(&path);
    let private = bound.and_then(|listener| {
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
        Ok(listener)
    });
    let listener = match private {
        Ok(listener) => listener,
        Err(error) => return tracing::warn!(%error, path = %path.display(), "no backups while serving"),
    };
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            tokio::spawn(answer(socket, store.clone()));
        }
    });
}

#[cfg(not(unix))]
pub(super) fn listen(_: &Path, _: Embedded) {}

#[cfg(unix)]
async fn answer(mut socket: tokio::net::UnixStream, store: Embedded) {
    use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
    let (read, mut write) = socket.split();
    let mut line = String::new();
    let mut read = BufReader::new(read.take(8192));
    let asked = read.read_line(&mut line);
    if !matches!(tokio::time::timeout(std::time::Duration::from_secs(10), asked).await, Ok(Ok(_))) {
        return;
    }
    let text = match line.trim_end_matches('\n').strip_prefix("backup ").map(PathBuf::from) {
        None => "error the server does not know this command".to_owned(),
        Some(to) => match tokio::task::spawn_blocking(move || store.backup(&to)).await {
            Ok(Ok(revision)) => format!("done {revision}"),
            Ok(Err(e)) => format!("error {}", e.to_string().replace('\n', " ")),
            Err(e) => format!("error {e}"),
        },
    };
    let _ = write.write_all(format!("{text}\n").as_bytes()).await;
}
