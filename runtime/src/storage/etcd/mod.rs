//! The etcd backend: objects in an etcd cluster under kube-apiserver's keys, shared by any number of processes. It keeps no
//! state but the newest events; `client` owns the calls, `follow` the one watch that all sinks of this process hang on.

mod client;
mod follow;
#[cfg(test)]
mod tests;
mod wire;

use super::contract::{
    Attachment, Backend, BoxFuture, Error, Event, History, KeyValue, Outcome, Range, Revision, Sink, Subscription,
    Write,
};
use super::dispatch::Dispatch;
use bytes::Bytes;
use client::{Client, Refusal, refusal};
use std::collections::{HashMap, VecDeque};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::watch;
use wire::{CompactionRequest, CompactionResponse, Compare, Op, RangeRequest, TxnRequest, TxnResponse};

/// Where etcd is and how it is spoken to; the fields are kube-apiserver's flags.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// `--etcd-servers`: URLs of the members; without a scheme `http`.
    pub servers: Vec<String>,
    /// `--etcd-prefix`: what all keys start with, `/registry` for kube-apiserver.
    pub prefix: String,
    /// `--etcd-cafile`: the CA of the servers' certificates, PEM.
    pub ca: Option<PathBuf>,
    /// `--etcd-certfile`: the client certificate, PEM.
    pub cert: Option<PathBuf>,
    /// `--etcd-keyfile`: its key, PEM.
    pub key: Option<PathBuf>,
}

/// Items of one answer: a range is read in pages of this size.
const PAGE: i64 = 2000;
/// How long a committed write may take to come back by the watch.
const DELIVERY: Duration = Duration::from_secs(10);
/// How long loading may take at the start.
const LOADING: Duration = Duration::from_secs(30);
/// A connection lost for this long is a degraded state.
const PATIENCE: Duration = Duration::from_secs(3);
/// Events kept whatever their age, and at most, for kinds whose caches start later.
const KEEP: std::ops::Range<usize> = 1024..20_000;
/// Events kept whatever their age are of so many bytes at most, the newest one excepted.
const BYTES: usize = 64 << 20;
/// Beyond those, events younger than this are kept: kube-apiserver's compaction interval.
const AGE: Duration = Duration::from_secs(300);
/// The key, below the prefix, whose writes push the watch on where etcd cannot tell how far it has got.
const FENCE: &str = "kubegraft-fence";
/// The key by which all API servers of a cluster agree who compacts; kube-apiserver's own.
const COMPACTOR: &[u8] = b"compact_rev_key";

#[derive(Default)]
struct State {
    dispatch: Dispatch,
    log: VecDeque<(Instant, Event)>,
    /// Of the log's values.
    bytes: usize,
    /// All events after this revision are in the log.
    oldest: Revision,
    /// Where the watch goes on.
    next: Revision,
}

fn bytes(event: &Event) -> usize {
    event.value.as_ref().map_or(0, Bytes::len)
}

impl State {
    fn keep(&mut self, now: Instant, events: &[Event]) {
        self.bytes += events.iter().map(bytes).sum::<usize>();
        self.log.extend(events.iter().map(|e| (now, Event { attachment: None, ..e.clone() })));
        while let Some((at, event)) = self.log.front() {
            let many = self.log.len() > KEEP.end || (self.bytes > BYTES && self.log.len() > 1);
            let old = self.log.len() > KEEP.start && now.saturating_duration_since(*at) > AGE;
            if !many && !old {
                break;
            }
            self.forget(event.revision);
        }
    }

    fn forget(&mut self, up_to: Revision) {
        while let Some((_, event)) = self.log.front()
            && event.revision <= up_to
        {
            self.bytes -= bytes(event);
            self.log.pop_front();
        }
        self.oldest = self.oldest.max(up_to);
    }

    /// Nothing is known of what led to a revision.
    fn begin(&mut self, revision: Revision) {
        self.log.clear();
        self.bytes = 0;
        (self.oldest, self.next) = (revision, revision + 1);
    }
}

struct Shared {
    client: Client,
    /// With a slash at the end.
    prefix: String,
    state: Mutex<State>,
    delivered: watch::Sender<Revision>,
    /// A revision that somebody waits for.
    wanted: watch::Sender<Revision>,
    /// What writes of this process attached, until they come back.
    attachments: Mutex<HashMap<Arc<str>, (Bytes, Attachment)>>,
    /// Whether etcd's progress answers are to be believed.
    progress: bool,
    /// Since when the watch is down, and why.
    trouble: Mutex<Option<(Instant, String)>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn unsigned(revision: i64) -> Revision {
    u64::try_from(revision).unwrap_or_default()
}

fn signed(revision: Revision) -> i64 {
    i64::try_from(revision).unwrap_or(i64::MAX)
}

/// The first key past all that start with a prefix.
fn past(prefix: &[u8]) -> Bytes {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if last < u8::MAX {
            end.push(last + 1);
            return end.into();
        }
    }
    // All keys.
    Bytes::from_static(&[0])
}

/// Until which releases a progress answer could overtake events on their way (etcd issue 15220); the bounds are those that
/// kube-apiserver trusts.
fn progress_is_true(version: &str) -> bool {
    let mut parts = version.split(['.', '-']).map(|p| p.parse::<u64>().unwrap_or_default());
    let mut next = || parts.next().unwrap_or_default();
    match (next(), next(), next()) {
        (3, 4, patch) => patch >= 31,
        (3, 5, patch) => patch >= 13,
        (major, minor, _) => (major, minor) > (3, 5),
    }
}

impl Shared {
    fn key(&self, key: &str) -> Bytes {
        format!("{}{key}", self.prefix).into()
    }

    /// The revision of the whole store, as of some moment during the call.
    async fn current(&self) -> Result<Revision, Error> {
        let key = self.key(FENCE);
        let request = RangeRequest { key, count_only: true, ..RangeRequest::default() };
        match self.client.range(request).await {
            Ok(answer) => Ok(unsigned(answer.header.unwrap_or_default().revision)),
            Err(status) => Err(plain(&status)),
        }
    }

    /// Has the watch pushed on to a revision, which may be that of a write elsewhere in the cluster.
    fn push(&self, wanted: Revision) {
        if wanted > *self.delivered.borrow() {
            self.wanted.send_if_modified(|w| std::mem::replace(w, wanted.max(*w)) < wanted);
        }
    }

    /// Waits until all sinks have been told everything up to a revision.
    async fn told(&self, wanted: Revision, patience: Duration) -> bool {
        let mut delivered = self.delivered.subscribe();
        tokio::time::timeout(patience, delivered.wait_for(|d| *d >= wanted)).await.is_ok_and(|r| r.is_ok())
    }

    async fn range(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
        at: Option<Revision>,
    ) -> Result<Range, Error> {
        let end = past(self.key(prefix).as_ref());
        let mut from = match after {
            Some(a) if a >= prefix => self.key(&format!("{a}\0")),
            _ => self.key(prefix),
        };
        let mut out = Range { items: Vec::new(), more: false, revision: at.unwrap_or_default() };
        loop {
            let left = if limit == 0 { PAGE } else { PAGE.min(i64::try_from(limit - out.items.len()).unwrap_or(PAGE)) };
            let request = RangeRequest {
                key: from,
                range_end: end.clone(),
                limit: left,
                revision: signed(out.revision),
                count_only: false,
            };
            let answer = match self.client.range(request).await {
                Ok(answer) => answer,
                Err(status) => return Err(self.refused(&status, out.revision).await),
            };
            if out.revision == 0 {
                out.revision = unsigned(answer.header.unwrap_or_default().revision);
            }
            let Some(last) = answer.kvs.last() else { return Ok(out) };
            from = [&last.key[..], b"\0"].concat().into();
            let more = answer.more;
            for kv in answer.kvs {
                // A key that is no text is nobody's object.
                let Some(key) = self.relative(&kv.key) else { continue };
                out.items.push(KeyValue { key, value: kv.value, revision: unsigned(kv.mod_revision) });
            }
            out.more = more;
            if !more || (limit > 0 && out.items.len() >= limit) {
                return Ok(out);
            }
        }
    }

    /// One attempt of a write. These forms are kube-apiserver's, and all that some servers of etcd's API know; a create that
    /// did not happen is not told what was in its way (`None`).
    async fn transact(&self, write: &Write) -> Result<Option<Outcome>, Error> {
        let key = self.key(&write.key);
        let op = match &write.value {
            Some(value) => Op::Put(wire::PutRequest { key: key.clone(), value: value.clone() }),
            None => Op::Delete(wire::DeleteRangeRequest { key: key.clone() }),
        };
        let last = || Op::Range(RangeRequest { key: key.clone(), ..RangeRequest::default() });
        let request = TxnRequest {
            compare: vec![Compare::last_write(key.clone(), signed(write.expected))],
            success: vec![op.into()],
            failure: if write.expected == 0 { Vec::new() } else { vec![last().into()] },
        };
        let answer: TxnResponse =
            self.client.write("/etcdserverpb.KV/Txn", request).await.map_err(|status| plain(&status))?;
        if answer.succeeded {
            let revision = unsigned(answer.header.unwrap_or_default().revision);
            if !self.told(revision, DELIVERY).await {
                return Err(Error::Unavailable(format!("written at revision {revision}, but etcd's watch is behind")));
            }
            return Ok(Some(Outcome::Committed(revision)));
        }
        let conflict = || Outcome::Conflict(found(answer).map_or(0, |kv| unsigned(kv.mod_revision)));
        Ok((write.expected != 0).then(conflict))
    }

    fn relative(&self, key: &[u8]) -> Option<Arc<str>> {
        std::str::from_utf8(key).ok()?.strip_prefix(&self.prefix).map(Arc::from)
    }

    async fn refused(&self, status: &tonic::Status, wanted: Revision) -> Error {
        match refusal(status) {
            Refusal::Other(e) => e,
            Refusal::Future => match self.current().await {
                Ok(current) => Error::FutureRevision { wanted, current },
                Err(e) => e,
            },
            Refusal::Compacted => match self.client.compacted(self.key(FENCE)).await {
                Ok(oldest) => {
                    // Somebody else has compacted: what is kept here must be what etcd can show.
                    let mut state = lock(&self.state);
                    state.forget(unsigned(oldest));
                    Error::Compacted { wanted, oldest: state.oldest }
                }
                Err(status) => plain(&status),
            },
        }
    }
}

fn plain(status: &tonic::Status) -> Error {
    match refusal(status) {
        Refusal::Other(e) => e,
        _ => Error::Unavailable(status.message().to_owned()),
    }
}

/// A member that wants a certificate and gets none may just hang up: whether its reason is read first is chance.
fn bare(options: &Options, error: Error) -> Error {
    match error {
        Error::Unavailable(why)
            if options.cert.is_none() && why.contains("https://") && !why.contains("certificate") =>
        {
            Error::Unavailable(format!("{why}; a member that wants a client certificate needs --etcd-certfile"))
        }
        other => other,
    }
}

/// What a write attached, kept while the write is under way.
struct Attached<'a>(&'a Shared, &'a Arc<str>);

impl<'a> Attached<'a> {
    fn new(shared: &'a Shared, write: &'a Write) -> Self {
        if let (Some(value), Some(attachment)) = (&write.value, &write.attachment) {
            lock(&shared.attachments).insert(write.key.clone(), (value.clone(), attachment.clone()));
        }
        Self(shared, &write.key)
    }
}

impl Drop for Attached<'_> {
    fn drop(&mut self) {
        lock(&self.0.attachments).remove(self.1);
    }
}

/// Objects in an etcd cluster. Dropping the last clone ends its watch.
#[derive(Clone)]
pub struct Etcd {
    shared: Arc<Shared>,
    /// Ends with the last owner.
    _tasks: Arc<Tasks>,
}

#[derive(Default)]
struct Tasks(Mutex<Vec<tokio::task::JoinHandle<()>>>);

impl Drop for Tasks {
    fn drop(&mut self) {
        for task in lock(&self.0).drain(..) {
            task.abort();
        }
    }
}

impl Etcd {
    /// Connects, and reads the events that etcd still has. Needs a tokio runtime, on which it follows the cluster.
    ///
    /// # Errors
    /// `Unavailable` names the flag or the endpoint, and what is wrong with it.
    pub async fn connect(options: &Options) -> Result<Self, Error> {
        let client = Client::new(options)?;
        let prefix = format!("/{}/", options.prefix.trim_matches('/')).replace("//", "/");
        let version = match client.version().await {
            Ok(version) => version,
            // A server of etcd's API that is not etcd need not know its version.
            Err(status) if status.code() == tonic::Code::Unimplemented => String::new(),
            Err(status) => return Err(bare(options, plain(&status))),
        };
        let progress = progress_is_true(&version);
        if !progress {
            tracing::warn!(
                version,
                "this etcd cannot say truly how far a watch has got: reads that wait for writes of others write \
                 {prefix}{FENCE}; etcd 3.4.31, 3.5.13 and 3.6 can"
            );
        }
        let shared = Arc::new(Shared {
            client,
            prefix,
            state: Mutex::new(State { next: 1, ..State::default() }),
            delivered: watch::Sender::new(0),
            wanted: watch::Sender::new(0),
            attachments: Mutex::default(),
            progress,
            trouble: Mutex::default(),
        });
        let tasks = Arc::new(Tasks::default());
        lock(&tasks.0).push(tokio::spawn(follow::follow(shared.clone())));
        let this = Self { shared, _tasks: tasks };
        let current = this.shared.current().await?;
        this.shared.push(current);
        if this.shared.told(current, LOADING).await {
            return Ok(this);
        }
        let why =
            lock(&this.shared.trouble).as_ref().map_or("the watch does not get there".to_owned(), |t| t.1.clone());
        Err(Error::Unavailable(format!("etcd's events cannot be followed up to revision {current}: {why}")))
    }

    /// Compacts etcd once per interval, up to where it was one interval ago, unless another API server does. All of them
    /// agree by kube-apiserver's key.
    pub fn compact_every(&self, interval: Duration) {
        let shared = self.shared.clone();
        let task = tokio::spawn(async move {
            let (mut version, mut due) = (0, 0);
            loop {
                tokio::time::sleep(interval).await;
                if let Err(error) = compact_once(&shared, &mut version, &mut due).await {
                    tracing::warn!(%error, "etcd is not compacted");
                }
            }
        });
        lock(&self._tasks.0).push(task);
    }
}

/// One turn: writes the current revision under the key all compactors share, and compacts to what it held before.
async fn compact_once(shared: &Shared, version: &mut i64, due: &mut Revision) -> Result<(), Error> {
    let current = shared.current().await?;
    let key = Bytes::from_static(COMPACTOR);
    let request = TxnRequest {
        compare: vec![Compare::version(key.clone(), *version)],
        success: vec![Op::Put(wire::PutRequest { key: key.clone(), value: current.to_string().into() }).into()],
        failure: vec![Op::Range(RangeRequest { key, ..RangeRequest::default() }).into()],
    };
    let answer: TxnResponse =
        shared.client.write("/etcdserverpb.KV/Txn", request).await.map_err(|status| plain(&status))?;
    if !answer.succeeded {
        // Somebody else's turn; the next one may be this process's.
        if let Some(kv) = found(answer) {
            *version = kv.version;
            *due = std::str::from_utf8(&kv.value).ok().and_then(|v| v.parse().ok()).unwrap_or_default();
        }
        return Ok(());
    }
    *version += 1;
    let up_to = std::mem::replace(due, current);
    if up_to > 0 { compact(shared, up_to).await } else { Ok(()) }
}

async fn compact(shared: &Shared, up_to: Revision) -> Result<(), Error> {
    let up_to = up_to.min(*shared.delivered.borrow());
    let request = CompactionRequest { revision: signed(up_to) };
    let done: Result<CompactionResponse, _> = shared.client.write("/etcdserverpb.KV/Compact", request).await;
    match done {
        Ok(_) => lock(&shared.state).forget(up_to),
        Err(status) => match refusal(&status) {
            Refusal::Compacted => {}
            _ => return Err(plain(&status)),
        },
    }
    Ok(())
}

fn found(answer: TxnResponse) -> Option<wire::KeyValue> {
    answer.responses.into_iter().next()?.range?.kvs.into_iter().next()
}

impl Backend for Etcd {
    fn revision(&self) -> BoxFuture<'_, Result<Revision, Error>> {
        Box::pin(async move {
            let current = self.shared.current().await?;
            // Who asks wants to read at it.
            self.shared.push(current);
            Ok(current)
        })
    }

    fn delivered(&self) -> Revision {
        *self.shared.delivered.borrow()
    }

    fn write(&self, write: Write) -> BoxFuture<'_, Result<Outcome, Error>> {
        Box::pin(async move {
            let deletes_nothing = write.expected == 0 && write.value.is_none();
            loop {
                if !deletes_nothing {
                    let kept = Attached::new(&self.shared, &write);
                    let tried = self.shared.transact(&write).await;
                    drop(kept);
                    if let Some(outcome) = tried? {
                        return Ok(outcome);
                    }
                }
                let key = self.shared.key(&write.key);
                let answer = self.shared.client.range(RangeRequest { key, ..RangeRequest::default() }).await;
                let last =
                    answer.map_err(|status| plain(&status))?.kvs.first().map_or(0, |kv| unsigned(kv.mod_revision));
                // What kept a create from happening may be gone when it is looked for: then nothing keeps it any more.
                if last > 0 || deletes_nothing {
                    return Ok(Outcome::Conflict(last));
                }
            }
        })
    }

    fn range<'a>(
        &'a self,
        prefix: &'a str,
        after: Option<&'a str>,
        limit: usize,
        at: Option<Revision>,
    ) -> BoxFuture<'a, Result<Range, Error>> {
        Box::pin(self.shared.range(prefix, after, limit, at))
    }

    fn replay<'a>(
        &'a self,
        prefix: &'a str,
        sink: Arc<dyn Sink>,
    ) -> BoxFuture<'a, Result<(Range, Subscription), Error>> {
        Box::pin(async move {
            loop {
                let oldest = lock(&self.shared.state).oldest;
                // Revision 0 is the state before everything, for which etcd has no name.
                let base = match oldest {
                    0 => Ok(Range { items: Vec::new(), more: false, revision: 0 }),
                    at => self.shared.range(prefix, None, 0, Some(at)).await,
                };
                let base = match base {
                    Ok(base) => base,
                    // Compacted meanwhile, and noted: once more from what is kept now.
                    Err(Error::Compacted { .. }) => continue,
                    Err(e) => return Err(e),
                };
                let mut state = lock(&self.shared.state);
                if state.oldest != oldest {
                    continue;
                }
                let early: Vec<_> =
                    state.log.iter().map(|(_, e)| e).filter(|e| e.key.starts_with(prefix)).cloned().collect();
                sink.deliver(&early);
                return Ok((base, state.dispatch.add(prefix, sink)));
            }
        })
    }

    fn compact(&self, up_to: Revision) -> BoxFuture<'_, Result<(), Error>> {
        Box::pin(compact(&self.shared, up_to))
    }

    fn history(&self) -> History {
        let state = lock(&self.shared.state);
        History { events: state.log.len(), bytes: state.bytes }
    }

    fn healthy(&self) -> Result<(), Error> {
        match &*lock(&self.shared.trouble) {
            Some((since, why)) if since.elapsed() > PATIENCE => Err(Error::Unavailable(why.clone())),
            _ => Ok(()),
        }
    }
}
