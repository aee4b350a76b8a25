//! Who is told of writes in this process: sinks by the prefix of a whole kind.

use super::contract::{Event, Sink};
use std::collections::HashMap;
use std::sync::Arc;

type Registered = Vec<(u64, Arc<dyn Sink>)>;

/// The sinks of a backend. Its owner calls it in revision order.
#[derive(Default)]
pub(super) struct Dispatch {
    sinks: HashMap<String, Registered>,
    next: u64,
}

/// `group/plural/` of a key, and `plural/` for kinds of the core group.
fn prefixes(key: &str) -> impl Iterator<Item = &str> {
    key.match_indices('/').take(2).map(|(i, _)| &key[..=i])
}

impl Dispatch {
    pub(super) fn add(&mut self, prefix: &str, sink: Arc<dyn Sink>) -> u64 {
        self.next += 1;
        self.sinks.entry(prefix.to_owned()).or_default().push((self.next, sink));
        self.next
    }

    pub(super) fn remove(&mut self, prefix: &str, id: u64) {
        if let Some(v) = self.sinks.get_mut(prefix) {
            v.retain(|(i, _)| *i != id);
            if v.is_empty() {
                self.sinks.remove(prefix);
            }
        }
    }

    /// Delivers events in order; runs of one kind go in one call.
    pub(super) fn deliver(&self, events: &[Event]) {
        let mut rest = events;
        while let Some(first) = rest.first() {
            let kind = prefixes(&first.key).last().unwrap_or_default();
            let n = rest.iter().take_while(|e| e.key.starts_with(kind)).count().max(1);
            let (run, after) = rest.split_at(n);
            for prefix in prefixes(&first.key) {
                for (_, sink) in self.sinks.get(prefix).into_iter().flatten() {
                    sink.deliver(run);
                }
            }
            rest = after;
        }
    }
}
