//! When watchers are told that there is something new: in rounds, a few at a time, so that requests find their way between
//! them, and the write that made the news is answered before the last of a crowd has it. After a round there is a rest as long as
//! the round was: watchers never take more than half of the time, and what comes in the meantime they see together.

use super::{Cache, Codec};
use crate::storage::contract::Revision;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio::time::Instant;

/// So many are woken before others have their turn.
const GROUP: usize = 32;
/// A shorter rest is none: timers cannot tell it.
const SHORTEST_REST: Duration = Duration::from_millis(1);
/// Nobody waits longer for a round to begin.
const LONGEST_REST: Duration = Duration::from_millis(50);

/// All who watch a kind.
#[derive(Default)]
pub(super) struct Crowd {
    groups: Mutex<Groups>,
    news: Arc<Notify>,
}

#[derive(Default)]
struct Groups {
    /// The revision of the last round.
    told: Revision,
    all: Vec<watch::Sender<Revision>>,
}

impl Crowd {
    fn groups(&self) -> MutexGuard<'_, Groups> {
        self.groups.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// There is something new; any thread may say so.
    pub(super) fn news(&self) {
        self.news.notify_one();
    }

    /// One more. What is received are the revisions up to which there is something to see.
    pub(super) fn join(&self) -> watch::Receiver<Revision> {
        let mut groups = self.groups();
        let told = groups.told;
        let roomy = groups.all.iter().position(|g| g.receiver_count() < GROUP);
        let place = roomy.unwrap_or(groups.all.len());
        if place == groups.all.len() {
            groups.all.push(watch::Sender::new(told));
        }
        groups.all[place].subscribe()
    }

    /// Tells one group; false when there is no such group.
    fn tell(&self, place: usize, upto: Revision) -> bool {
        let mut groups = self.groups();
        groups.told = upto;
        groups.all.get(place).map(|group| group.send_replace(upto)).is_some()
    }
}

impl Drop for Crowd {
    /// Whoever tells ends.
    fn drop(&mut self) {
        self.news();
    }
}

impl<C: Codec> Cache<C> {
    /// Tells the crowd for as long as the cache is there.
    pub(super) fn tell_for_ever(self: &Arc<Self>) {
        let (cache, news) = (Arc::downgrade(self), self.crowd.news.clone());
        tokio::spawn(async move {
            loop {
                news.notified().await;
                let begun = Instant::now();
                let Some(upto) = cache.upgrade().map(|cache| cache.read().revision) else { return };
                let mut place = 0;
                while cache.upgrade().is_some_and(|cache| cache.crowd.tell(place, upto)) {
                    place += 1;
                    tokio::task::yield_now().await;
                }
                let took = begun.elapsed();
                if took >= SHORTEST_REST {
                    tokio::time::sleep(took.min(LONGEST_REST)).await;
                }
            }
        });
    }
}
