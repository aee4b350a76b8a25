//! The embedded durable store: one redb file holding the log of writes, the state in memory. Waiting writes share one
//! fsync (group commit); what is acknowledged is on disk. `file` owns the bytes on disk.

mod ages;
mod backup;
mod file;

use super::contract::{Backend, BoxFuture, Error, Event, History, Outcome, Range, Revision, Sink, Subscription, Write};
use super::dispatch::Dispatch;
use super::mvcc::Mvcc;
use ages::Ages;
pub use backup::{backup, compact, examine, path, restore};
use bytes::Bytes;
use file::{File, Reader};
use redb::Database;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// How much history is kept.
#[derive(Clone, Copy, Debug)]
pub struct Retention {
    /// Events younger than this are kept, within twice `events`.
    pub age: Duration,
    /// That many events are kept whatever their age.
    pub events: usize,
}

impl Default for Retention {
    /// Five minutes, as kube-apiserver's compaction interval, or 10,000 events.
    fn default() -> Self {
        Self { age: Duration::from_secs(300), events: 10_000 }
    }
}

/// Writes waiting for one fsync, at most.
const BATCH: usize = 1024;
/// Events that whoever begins to follow is told of the past at most: more cost a start more than they are worth.
const REPLAYED: usize = 10_000;
/// How often old history is looked for.
const COMPACT_EVERY: Duration = Duration::from_secs(30);

#[derive(Default)]
struct State {
    mvcc: Mvcc,
    dispatch: Dispatch,
    failed: Option<Error>,
}

struct Shared {
    state: Mutex<State>,
    delivered: AtomicU64,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Damage that a reader met: the store is not ready from here on, as after a failed write.
    fn meet<T>(&mut self, read: Result<T, Error>) -> Result<T, Error> {
        if let Err(e @ Error::Corrupt(why)) = &read
            && self.failed.is_none()
        {
            tracing::error!("{why}");
            self.failed = Some(e.clone());
        }
        read
    }
}

enum Job {
    Write(Write, oneshot::Sender<Result<Outcome, Error>>),
    Compact(Revision, oneshot::Sender<Result<(), Error>>),
}

/// The embedded store. Dropping the last clone waits for the writer and closes the file.
#[derive(Clone)]
pub struct Embedded {
    shared: Arc<Shared>,
    jobs: mpsc::Sender<Job>,
    /// Dropped after `jobs`, whose end is the writer's.
    thread: Arc<Thread>,
    /// For backups and history.
    db: Arc<Database>,
}

struct Thread(Option<std::thread::JoinHandle<()>>);

impl Drop for Thread {
    fn drop(&mut self) {
        // The last owner may be let go inside a delivery, which is the writer itself.
        if let Some(handle) = self.0.take()
            && handle.thread().id() != std::thread::current().id()
        {
            let _ = handle.join();
        }
    }
}

impl Embedded {
    /// Opens or makes the store `kubegraft.redb` in a directory.
    ///
    /// # Errors
    /// When the directory cannot be used, the file is another program's, of a newer format, damaged, or open elsewhere.
    pub fn open(dir: &Path, retention: Retention) -> Result<Self, Error> {
        let mut mvcc = Mvcc::over_a_file();
        let file = File::open(&dir.join(backup::NAME), &mut mvcc)?;
        Self::start(file, mvcc, retention)
    }

    /// Copies the store, as it is now, to a file that is not there yet; it serves on meanwhile. Blocks.
    ///
    /// # Errors
    /// The file exists or cannot be written.
    pub fn backup(&self, to: &Path) -> Result<Revision, Error> {
        backup::copy(&self.db, to)
    }

    /// On a disk of the tests' making, of which nothing is kept in memory.
    #[cfg(test)]
    pub(super) fn over(disk: impl redb::StorageBackend) -> Result<Self, Error> {
        let db = redb::Database::builder().set_cache_size(0).create_with_backend(disk);
        let mut mvcc = Mvcc::over_a_file();
        let file = File::over(db.map_err(|e| Error::Unavailable(e.to_string()))?, &mut mvcc)?;
        Self::start(file, mvcc, Retention::default())
    }

    fn start(file: File, mvcc: Mvcc, retention: Retention) -> Result<Self, Error> {
        let shared = Arc::new(Shared {
            delivered: AtomicU64::new(mvcc.revision),
            state: Mutex::new(State { mvcc, ..State::default() }),
        });
        let (jobs, rx) = mpsc::channel();
        let db = file.db.clone();
        let writer = Writer { file, shared: shared.clone(), retention, ages: Ages::default(), looked: Instant::now() };
        let thread = std::thread::Builder::new()
            .name("kubegraft-store".into())
            .spawn(move || writer.run(&rx))
            .map_err(|e| Error::Unavailable(format!("cannot start the store's writer: {e}")))?;
        Ok(Self { shared, jobs, thread: Arc::new(Thread(Some(thread))), db })
    }
}

struct Writer {
    file: File,
    shared: Arc<Shared>,
    retention: Retention,
    ages: Ages,
    looked: Instant,
}

impl Writer {
    fn run(mut self, jobs: &mpsc::Receiver<Job>) {
        while let Ok(first) = jobs.recv() {
            let mut batch = vec![first];
            while batch.len() < BATCH
                && let Ok(job) = jobs.try_recv()
            {
                batch.push(job);
            }
            self.batch(batch);
            if self.looked.elapsed() > COMPACT_EVERY {
                self.looked = Instant::now();
                self.compact_by_age();
            }
        }
    }

    fn batch(&mut self, batch: Vec<Job>) {
        let (mut events, mut acks) = (Vec::new(), Vec::new());
        {
            let state = self.shared.state();
            let mut pending = std::collections::HashMap::new();
            let mut revision = state.mvcc.revision;
            for job in batch {
                let (write, ack) = match job {
                    Job::Compact(up_to, ack) => {
                        acks.push(Ack::Compact(up_to, ack));
                        continue;
                    }
                    Job::Write(write, ack) => (write, ack),
                };
                if let Some(e) = &state.failed {
                    let _ = ack.send(Err(e.clone()));
                    continue;
                }
                let last = pending.get(&write.key).copied().unwrap_or_else(|| state.mvcc.last_write(&write.key));
                if last != write.expected || (last == 0 && write.value.is_none()) {
                    // Not before what it lost against is durable.
                    acks.push(Ack::Conflict(last, ack));
                    continue;
                }
                revision += 1;
                pending.insert(write.key.clone(), if write.value.is_some() { revision } else { 0 });
                events.push(Event { revision, key: write.key, value: write.value, attachment: write.attachment });
                acks.push(Ack::Write(revision, ack));
            }
        }
        let stored = if events.is_empty() { Ok(()) } else { self.file.append(&events) };
        let mut state = self.shared.state();
        match &stored {
            Ok(()) => {
                for e in &events {
                    state.mvcc.apply(e);
                }
                state.dispatch.deliver(&events);
                self.shared.delivered.store(state.mvcc.revision, Ordering::Release);
            }
            // What is on disk is unknown now: nothing more is written until the file is opened anew.
            Err(e) => state.failed = Some(e.clone()),
        }
        drop(state);
        for ack in acks {
            match ack {
                Ack::Write(revision, ack) => {
                    let _ = ack.send(stored.clone().map(|()| Outcome::Committed(revision)));
                }
                Ack::Conflict(last, ack) => {
                    let _ = ack.send(stored.clone().map(|()| Outcome::Conflict(last)));
                }
                Ack::Compact(up_to, ack) => {
                    let _ = ack.send(self.compact(up_to));
                }
            }
        }
    }

    fn compact_by_age(&mut self) {
        let (revision, by_count) = {
            let state = self.shared.state();
            (
                state.mvcc.revision,
                (
                    state.mvcc.revision_leaving(self.retention.events),
                    state.mvcc.revision_leaving(20 * self.retention.events),
                ),
            )
        };
        let old = self.ages.look(Instant::now(), revision, &self.retention);
        let up_to = old.min(by_count.0).max(by_count.1);
        // A failure is kept in the state and shown by `healthy`.
        let _ = self.compact(up_to);
    }

    fn compact(&mut self, up_to: Revision) -> Result<(), Error> {
        let (gone, compacted) = {
            let mut state = self.shared.state();
            if up_to <= state.mvcc.compacted {
                return Ok(());
            }
            (state.mvcc.compact(up_to), state.mvcc.compacted)
        };
        let done = self.file.forget(&gone, compacted);
        if let Err(e) = &done {
            self.shared.state().failed = Some(e.clone());
        }
        done
    }
}

enum Ack {
    Conflict(Revision, oneshot::Sender<Result<Outcome, Error>>),
    Write(Revision, oneshot::Sender<Result<Outcome, Error>>),
    Compact(Revision, oneshot::Sender<Result<(), Error>>),
}

fn stopped<E>(_: E) -> Error {
    Error::Unavailable("the store's writer has stopped".into())
}

impl Backend for Embedded {
    fn revision(&self) -> BoxFuture<'_, Result<Revision, Error>> {
        let revision = self.delivered();
        Box::pin(async move { Ok(revision) })
    }

    fn delivered(&self) -> Revision {
        self.shared.delivered.load(Ordering::Acquire)
    }

    fn write(&self, write: Write) -> BoxFuture<'_, Result<Outcome, Error>> {
        Box::pin(async move {
            let (ack, done) = oneshot::channel();
            self.jobs.send(Job::Write(write, ack)).map_err(stopped)?;
            done.await.map_err(stopped)?
        })
    }

    fn range<'a>(
        &'a self,
        prefix: &'a str,
        after: Option<&'a str>,
        limit: usize,
        at: Option<Revision>,
    ) -> BoxFuture<'a, Result<Range, Error>> {
        let mut reader = Reader::new(&self.db);
        let mut state = self.shared.state();
        let range = state.mvcc.range(prefix, after, limit, at, &mut |revision| reader.value(revision));
        let range = state.meet(range);
        Box::pin(async move { range })
    }

    fn replay<'a>(
        &'a self,
        prefix: &'a str,
        sink: Arc<dyn Sink>,
    ) -> BoxFuture<'a, Result<(Range, Subscription), Error>> {
        let mut reader = Reader::new(&self.db);
        let mut read = |revision| reader.value(revision);
        let mut state = self.shared.state();
        let from = state.mvcc.revision_leaving(REPLAYED);
        let base = state.mvcc.range(prefix, None, 0, Some(from), &mut read);
        let base = base.and_then(|range| {
            sink.deliver(&state.mvcc.events(prefix, from, &mut read)?);
            Ok((range, state.dispatch.add(prefix, sink)))
        });
        let base = state.meet(base);
        Box::pin(async move { base })
    }

    fn compact(&self, up_to: Revision) -> BoxFuture<'_, Result<(), Error>> {
        Box::pin(async move {
            let (ack, done) = oneshot::channel();
            self.jobs.send(Job::Compact(up_to, ack)).map_err(stopped)?;
            done.await.map_err(stopped)?
        })
    }

    fn recalls(&self) -> bool {
        true
    }

    fn recall(&self, revision: Revision) -> Option<Bytes> {
        let found = Reader::new(&self.db).find(revision);
        if found.is_err() {
            return self.shared.state().meet(found).ok().flatten();
        }
        found.ok().flatten()
    }

    fn history(&self) -> History {
        self.shared.state().mvcc.history()
    }

    fn healthy(&self) -> Result<(), Error> {
        if self.thread.0.as_ref().is_none_or(std::thread::JoinHandle::is_finished) {
            return Err(stopped(()));
        }
        self.shared.state().failed.clone().map_or(Ok(()), Err)
    }
}
