//! Who is told of writes in this process: sinks by the prefix of a whole kind.

use super::contract::{Event, Sink, Subscription};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A sink and whether its subscription has ended. Ending one takes no lock: it may happen inside a delivery.
type Registered = Vec<(Arc<AtomicBool>, Arc<dyn Sink>)>;

/// The sinks of a backend. Its owner calls it in revision order.
#[derive(Default)]
pub(super) struct Dispatch {
    sinks: HashMap<String, Registered>,
}

/// `group/plural/` of a key, and `plural/` for kinds of the core group.
fn prefixes(key: &str) -> impl Iterator<Item = &str> {
    key.match_indices('/').take(2).map(|(i, _)| &key[..=i])
}

impl Dispatch {
    pub(super) fn add(&mut self, prefix: &str, sink: Arc<dyn Sink>) -> Subscription {
        self.sinks.retain(|_, sinks| {
            sinks.retain(|(ended, _)| !ended.load(Ordering::Acquire));
            !sinks.is_empty()
        });
        let ended = Arc::new(AtomicBool::new(false));
        self.sinks.entry(prefix.to_owned()).or_default().push((ended.clone(), sink));
        Subscription(Some(Box::new(move || ended.store(true, Ordering::Release))))
    }

    /// All sinks whose subscriptions go on, with their prefixes.
    #[cfg(feature = "etcd")]
    pub(super) fn all(&self) -> Vec<(String, Arc<dyn Sink>)> {
        let live = |sinks: &Registered| -> Vec<_> {
            sinks.iter().filter(|(ended, _)| !ended.load(Ordering::Acquire)).map(|(_, sink)| sink.clone()).collect()
        };
        self.sinks.iter().flat_map(|(p, sinks)| live(sinks).into_iter().map(move |s| (p.clone(), s))).collect()
    }

    /// Delivers events in order; runs of one kind go in one call.
    pub(super) fn deliver(&self, events: &[Event]) {
        let mut rest = events;
        while let Some(first) = rest.first() {
            let kind = prefixes(&first.key).last().unwrap_or_default();
            let n = rest.iter().take_while(|e| e.key.starts_with(kind)).count().max(1);
            let (run, after) = rest.split_at(n);
            for prefix in prefixes(&first.key) {
                for (ended, sink) in self.sinks.get(prefix).into_iter().flatten() {
                    if !ended.load(Ordering::Acquire) {
                        sink.deliver(run);
                    }
                }
            }
            rest = after;
        }
    }
}
