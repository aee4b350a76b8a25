//! The suite of the contract itself: a store with one fault is caught, whatever the fault.

use crate::storage::contract::{
    Backend, BoxFuture, Error, Event, KeyValue, Outcome, Range, Revision, Sink, Subscription, Write,
};
use crate::storage::{Memory, conformance};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

/// What is wrong with a store.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    /// None, to see that it is the faults that are caught.
    Nothing,
    WritesWithoutComparing,
    WritesWhatConflicts,
    AcknowledgesWhatItDoesNotWrite,
    AcknowledgesAtAnotherRevision,
    SkipsRevisions,
    LosesEvents,
    RepeatsEvents,
    SwapsEvents,
    TellsAnotherValue,
    TellsLate,
    TellsOfNeighbours,
    ReplaysFromNothing,
    ReplaysWithoutHistory,
    RangesBackwards,
    RangesFromTheFirst,
    RangesPastTheLimit,
    RangesOverNeighbours,
    RangesOverTheNewest,
    SaysThatNoMoreFollow,
    ReadsTheFuture,
    ReadsWhatIsCompacted,
    CompactsNothing,
    CompactsTheNewest,
    SaysThatItIsIll,
}

const ALL: [Fault; 25] = [
    Fault::Nothing,
    Fault::WritesWithoutComparing,
    Fault::WritesWhatConflicts,
    Fault::AcknowledgesWhatItDoesNotWrite,
    Fault::AcknowledgesAtAnotherRevision,
    Fault::SkipsRevisions,
    Fault::LosesEvents,
    Fault::RepeatsEvents,
    Fault::SwapsEvents,
    Fault::TellsAnotherValue,
    Fault::TellsLate,
    Fault::TellsOfNeighbours,
    Fault::ReplaysFromNothing,
    Fault::ReplaysWithoutHistory,
    Fault::RangesBackwards,
    Fault::RangesFromTheFirst,
    Fault::RangesPastTheLimit,
    Fault::RangesOverNeighbours,
    Fault::RangesOverTheNewest,
    Fault::SaysThatNoMoreFollow,
    Fault::ReadsTheFuture,
    Fault::ReadsWhatIsCompacted,
    Fault::CompactsNothing,
    Fault::CompactsTheNewest,
    Fault::SaysThatItIsIll,
];

/// A store in memory with a fault, which shows now and then: at every 16th of what it touches.
struct Faulty {
    inner: Memory,
    fault: Fault,
    turns: Arc<AtomicU64>,
}

fn turn(turns: &AtomicU64) -> bool {
    turns.fetch_add(1, Ordering::Relaxed) % 16 == 15
}

impl Faulty {
    fn new(fault: Fault) -> Self {
        Self { inner: Memory::new(), fault, turns: Arc::default() }
    }

    fn is(&self, fault: Fault) -> bool {
        self.fault == fault && turn(&self.turns)
    }

    async fn found(&self, key: &str) -> Option<KeyValue> {
        let range = self.inner.range(key, None, 1, None).await.ok()?;
        range.items.into_iter().find(|kv| &*kv.key == key)
    }
}

/// Hands on what it is told, with the fault.
struct Telling {
    sink: Arc<dyn Sink>,
    fault: Fault,
    turns: Arc<AtomicU64>,
}

impl Sink for Telling {
    fn deliver(&self, events: &[Event]) {
        let mut told = events.to_vec();
        let faulty = !told.is_empty() && turn(&self.turns);
        match self.fault {
            Fault::LosesEvents if faulty => drop(told.pop()),
            Fault::RepeatsEvents if faulty => told.extend(events.last().cloned()),
            Fault::SwapsEvents if told.len() > 1 => told.swap(0, 1),
            Fault::TellsAnotherValue if faulty => {
                told.iter_mut().for_each(|e| e.value = e.value.as_ref().map(|_| "another".into()));
            }
            Fault::TellsLate => {
                let sink = self.sink.clone();
                drop(std::thread::spawn(move || {
                    std::thread::sleep(Duration::from_millis(5));
                    sink.deliver(&told);
                }));
                return;
            }
            _ => {}
        }
        self.sink.deliver(&told);
    }

    fn restart(&self, state: &Range) {
        self.sink.restart(state);
    }
}

impl Backend for Faulty {
    fn revision(&self) -> BoxFuture<'_, Result<Revision, Error>> {
        self.inner.revision()
    }

    fn delivered(&self) -> Revision {
        self.inner.delivered()
    }

    fn write(&self, mut write: Write) -> BoxFuture<'_, Result<Outcome, Error>> {
        Box::pin(async move {
            let outcome = match self.fault {
                Fault::WritesWithoutComparing => {
                    write.expected = self.found(&write.key).await.map_or(0, |kv| kv.revision);
                    self.inner.write(write).await?
                }
                Fault::WritesWhatConflicts => {
                    let (key, value) = (write.key.clone(), write.value.clone());
                    let outcome = self.inner.write(write).await?;
                    if let Outcome::Conflict(expected) = outcome {
                        self.inner.write(Write { key, expected, value, attachment: None }).await?;
                    }
                    outcome
                }
                Fault::AcknowledgesWhatItDoesNotWrite if self.is(self.fault) => {
                    Outcome::Committed(self.inner.revision().await? + 1)
                }
                Fault::SkipsRevisions if self.is(self.fault) => {
                    let other = Write { key: "other/things/x".into(), expected: 0, value: None, attachment: None };
                    let (key, value) = (other.key.clone(), Some("x".into()));
                    let expected = self.found(&key).await.map_or(0, |kv| kv.revision);
                    self.inner.write(Write { value, expected, ..other }).await?;
                    self.inner.write(write).await?
                }
                _ => self.inner.write(write).await?,
            };
            Ok(match outcome {
                Outcome::Committed(r) if self.is(Fault::AcknowledgesAtAnotherRevision) => Outcome::Committed(r + 1),
                outcome => outcome,
            })
        })
    }

    fn range<'a>(
        &'a self,
        prefix: &'a str,
        after: Option<&'a str>,
        limit: usize,
        at: Option<Revision>,
    ) -> BoxFuture<'a, Result<Range, Error>> {
        Box::pin(async move {
            let (mut prefix, mut after, mut limit, mut at) = (prefix, after, limit, at);
            match self.fault {
                Fault::RangesFromTheFirst if self.is(self.fault) => after = None,
                Fault::RangesPastTheLimit if limit > 0 => limit += 1,
                Fault::RangesOverNeighbours => prefix = prefix.trim_end_matches('/'),
                Fault::RangesOverTheNewest if self.is(self.fault) => at = None,
                Fault::ReadsTheFuture => at = at.map(|at| at.min(self.inner.delivered())),
                _ => {}
            }
            let wanted = at;
            let mut range = match self.inner.range(prefix, after, limit, at).await {
                Err(Error::Compacted { oldest, .. }) if self.fault == Fault::ReadsWhatIsCompacted => {
                    self.inner.range(prefix, after, limit, Some(oldest)).await?
                }
                range => range?,
            };
            if let Some(wanted) = wanted {
                range.revision = wanted;
            }
            match self.fault {
                Fault::RangesBackwards => range.items.reverse(),
                Fault::SaysThatNoMoreFollow => range.more = false,
                _ => {}
            }
            Ok(range)
        })
    }

    fn replay<'a>(
        &'a self,
        prefix: &'a str,
        sink: Arc<dyn Sink>,
    ) -> BoxFuture<'a, Result<(Range, Subscription), Error>> {
        Box::pin(async move {
            if self.fault == Fault::ReplaysWithoutHistory {
                self.inner.compact(self.inner.delivered()).await?;
            }
            let telling = Arc::new(Telling { sink, fault: self.fault, turns: self.turns.clone() });
            let prefix = match self.fault {
                Fault::TellsOfNeighbours => prefix.trim_end_matches('/'),
                _ => prefix,
            };
            let (mut range, subscription) = self.inner.replay(prefix, telling).await?;
            if self.fault == Fault::ReplaysFromNothing {
                range.items.clear();
            }
            Ok((range, subscription))
        })
    }

    fn compact(&self, up_to: Revision) -> BoxFuture<'_, Result<(), Error>> {
        match self.fault {
            Fault::CompactsNothing => Box::pin(async { Ok(()) }),
            Fault::CompactsTheNewest => self.inner.compact(up_to + 1),
            _ => self.inner.compact(up_to),
        }
    }

    fn healthy(&self) -> Result<(), Error> {
        match self.fault {
            Fault::SaysThatItIsIll => Err(Error::Unavailable("it is ill".into())),
            _ => self.inner.healthy(),
        }
    }
}

/// Whether the suite refuses a store.
fn caught(fault: Fault) -> bool {
    let (done, ended) = mpsc::channel();
    let suite = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        let make = async || Arc::new(Faulty::new(fault)) as Arc<dyn Backend>;
        runtime.expect("threads").block_on(conformance::run(make, conformance::nothing_happens));
        let _ = done.send(());
    });
    // The suite says so, and does not wait for ever: a panic closes the channel.
    match ended.recv_timeout(Duration::from_secs(120)) {
        Ok(()) => false,
        Err(mpsc::RecvTimeoutError::Disconnected) => suite.join().is_err(),
        Err(mpsc::RecvTimeoutError::Timeout) => panic!("{fault:?}: the suite does not end"),
    }
}

#[test]
fn a_store_with_a_fault_does_not_pass_the_suite() {
    let missed: Vec<Fault> = ALL.into_iter().filter(|f| caught(*f) != (*f != Fault::Nothing)).collect();
    assert!(missed.is_empty(), "{missed:?}");
}
