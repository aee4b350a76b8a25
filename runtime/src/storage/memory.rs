//! The store that forgets: the contract in memory, for tests and servers inside a test.

use super::contract::{Backend, BoxFuture, Error, Event, History, Outcome, Range, Revision, Sink, Subscription, Write};
use super::dispatch::Dispatch;
use super::mvcc::{Mvcc, all_here};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// With twice as many events, or bytes of values that are not the newest, the older half is compacted away.
const KEEP: History = History { events: 100_000, bytes: 128 << 20 };

struct State {
    mvcc: Mvcc,
    dispatch: Dispatch,
    keep: History,
}

/// An in-memory store.
#[derive(Clone)]
pub struct Memory(Arc<Mutex<State>>);

impl Default for Memory {
    fn default() -> Self {
        Self::keeping(KEEP)
    }
}

impl Memory {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    pub(super) fn keeping(keep: History) -> Self {
        let state = State { mvcc: Mvcc::default(), dispatch: Dispatch::default(), keep };
        Self(Arc::new(Mutex::new(state)))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write_now(&self, write: Write) -> Outcome {
        let mut state = self.state();
        let last = state.mvcc.last_write(&write.key);
        if last != write.expected || (last == 0 && write.value.is_none()) {
            return Outcome::Conflict(last);
        }
        let revision = state.mvcc.revision + 1;
        let event = Event { revision, key: write.key, value: write.value, attachment: write.attachment };
        state.mvcc.apply(&event);
        let History { events, bytes } = state.mvcc.history();
        if events > 2 * state.keep.events || bytes > 2 * state.keep.bytes {
            let up_to = state.mvcc.revision_leaving(events / 2);
            state.mvcc.compact(up_to);
        }
        state.dispatch.deliver(&[event]);
        Outcome::Committed(revision)
    }
}

impl Backend for Memory {
    fn revision(&self) -> BoxFuture<'_, Result<Revision, Error>> {
        let revision = self.delivered();
        Box::pin(async move { Ok(revision) })
    }

    fn delivered(&self) -> Revision {
        self.state().mvcc.revision
    }

    fn write(&self, write: Write) -> BoxFuture<'_, Result<Outcome, Error>> {
        let outcome = self.write_now(write);
        Box::pin(async move { Ok(outcome) })
    }

    fn range<'a>(
        &'a self,
        prefix: &'a str,
        after: Option<&'a str>,
        limit: usize,
        at: Option<Revision>,
    ) -> BoxFuture<'a, Result<Range, Error>> {
        let range = self.state().mvcc.range(prefix, after, limit, at, &mut all_here);
        Box::pin(async move { range })
    }

    fn replay<'a>(
        &'a self,
        prefix: &'a str,
        sink: Arc<dyn Sink>,
    ) -> BoxFuture<'a, Result<(Range, Subscription), Error>> {
        let mut state = self.state();
        let base = state.mvcc.range(prefix, None, 0, Some(state.mvcc.compacted), &mut all_here);
        let base = base.and_then(|range| {
            sink.deliver(&state.mvcc.events(prefix, range.revision, &mut all_here)?);
            Ok((range, state.dispatch.add(prefix, sink)))
        });
        Box::pin(async move { base })
    }

    fn compact(&self, up_to: Revision) -> BoxFuture<'_, Result<(), Error>> {
        self.state().mvcc.compact(up_to);
        Box::pin(async { Ok(()) })
    }

    fn history(&self) -> History {
        self.state().mvcc.history()
    }

    fn healthy(&self) -> Result<(), Error> {
        Ok(())
    }
}
