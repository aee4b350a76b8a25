//! The contract between the API machinery and a store: revisions, compare-and-write, ranges at a revision, event streams,
//! compaction. `conformance` tests it on any backend.

use bytes::Bytes;
use std::any::Any;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

/// A point in the one total order of all writes of a store, positive: 0 means "absent" or "not given".
pub type Revision = u64;

/// A boxed future of the contract's methods.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Something the writer hands to the sinks of its own process beside the bytes, so that nobody decodes them again.
pub type Attachment = Arc<dyn Any + Send + Sync>;

/// A stored value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyValue {
    /// `GROUP/PLURAL/NAMESPACE/NAME` or shorter; never starts with a slash.
    pub key: Arc<str>,
    /// The value.
    pub value: Bytes,
    /// Revision of its last write.
    pub revision: Revision,
}

/// A write that happened.
#[derive(Clone)]
pub struct Event {
    /// Its revision.
    pub revision: Revision,
    /// The key written.
    pub key: Arc<str>,
    /// The new value; `None` for a delete.
    pub value: Option<Bytes>,
    /// What the writer attached, in the writer's process.
    pub attachment: Option<Attachment>,
}

/// A write that happens only if the key is where the writer believes it to be.
pub struct Write {
    /// The key.
    pub key: Arc<str>,
    /// The revision of the key's last write; 0 when it must be absent.
    pub expected: Revision,
    /// The new value; `None` deletes.
    pub value: Option<Bytes>,
    /// For the sinks of this process.
    pub attachment: Option<Attachment>,
}

/// What came of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Durable, at this revision, and delivered to every sink of this process.
    Committed(Revision),
    /// Not written: the key's last write is another one (0: it is absent).
    Conflict(Revision),
}

/// A part of the keys under a prefix, as of one revision.
#[derive(Clone, Debug)]
pub struct Range {
    /// In byte order of their keys.
    pub items: Vec<KeyValue>,
    /// Whether the limit cut it.
    pub more: bool,
    /// The revision it is exact at.
    pub revision: Revision,
}

/// What is held in memory of the past.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct History {
    /// How many events.
    pub events: usize,
    /// Of values that are not the newest of their keys, or came with those events.
    pub bytes: usize,
}

/// Why a store did not do what was asked.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum Error {
    /// The revision's history is gone.
    #[error("revision {wanted} is compacted, the oldest kept is {oldest}")]
    Compacted {
        /// What was asked for.
        wanted: Revision,
        /// What there is.
        oldest: Revision,
    },
    /// The revision has not happened.
    #[error("revision {wanted} is in the future, the current one is {current}")]
    FutureRevision {
        /// What was asked for.
        wanted: Revision,
        /// What there is.
        current: Revision,
    },
    /// No room left.
    #[error("the store has no room left: {0}")]
    NoSpace(String),
    /// The value is larger than the store takes.
    #[error("{0}")]
    TooLarge(String),
    /// The stored data are damaged or foreign.
    #[error("{0}")]
    Corrupt(String),
    /// The store cannot answer now.
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
}

/// Where a backend delivers events. Called in revision order, from one thread at a time, before the writes it tells of are
/// acknowledged; must be quick and must not call the backend.
pub trait Sink: Send + Sync {
    /// Takes the next events under the subscription's prefix.
    fn deliver(&self, events: &[Event]);
    /// Events are lost to this process: the state under the subscription's prefix is this now, nothing is known of what led
    /// to it, and what is delivered next comes after it.
    fn restart(&self, state: &Range);
}

/// Delivers to its sink until dropped.
pub struct Subscription(pub(super) Option<Box<dyn FnOnce() + Send + Sync>>);

impl Drop for Subscription {
    fn drop(&mut self) {
        if let Some(end) = self.0.take() {
            end();
        }
    }
}

/// A store. All methods may be called concurrently.
pub trait Backend: Send + Sync + 'static {
    /// The revision of the last write acknowledged to anybody, as of some moment during the call.
    fn revision(&self) -> BoxFuture<'_, Result<Revision, Error>>;
    /// Up to which revision all sinks of this process have been told everything.
    fn delivered(&self) -> Revision;
    /// Compares and writes. Acknowledged only when durable.
    fn write(&self, write: Write) -> BoxFuture<'_, Result<Outcome, Error>>;
    /// Keys that start with `prefix` and come after `after`, at most `limit` (0: all), as of `at` (`None`: now).
    fn range<'a>(
        &'a self,
        prefix: &'a str,
        after: Option<&'a str>,
        limit: usize,
        at: Option<Revision>,
    ) -> BoxFuture<'a, Result<Range, Error>>;
    /// The state under a prefix at a revision kept, the oldest or one that the store thinks old enough, and a subscription that
    /// replays every event since and goes on, without gap or repeat. The prefix must end in a slash and name a whole kind.
    fn replay<'a>(
        &'a self,
        prefix: &'a str,
        sink: Arc<dyn Sink>,
    ) -> BoxFuture<'a, Result<(Range, Subscription), Error>>;
    /// Forgets the history up to a revision, that revision's state excepted.
    fn compact(&self, up_to: Revision) -> BoxFuture<'_, Result<(), Error>>;
    /// Whether [`Backend::recall`] has the values of the history kept, so that callers need not hold them.
    fn recalls(&self) -> bool {
        false
    }
    /// The value that was put at a revision, at once: from a file, not over a network. `None` when it is not kept any more.
    fn recall(&self, revision: Revision) -> Option<Bytes> {
        let _ = revision;
        None
    }
    /// What this process holds of the past for the store's sake, for metrics.
    fn history(&self) -> History {
        History::default()
    }
    /// Whether the store can take writes; the reason when not.
    fn healthy(&self) -> Result<(), Error>;
}
