//! How old history is: where the store was at past moments, by a clock that only goes forward. What the wall clock does, and how
//! long nobody looked, makes no history older than it is.

use super::Retention;
use crate::storage::contract::Revision;
use std::time::Instant;

/// Revisions reached at past moments, oldest first.
#[derive(Default)]
pub(super) struct Ages(Vec<(Instant, Revision)>);

impl Ages {
    /// Notes where the store is, and returns up to where history is older than it is kept for its age; 0 when none is.
    pub(super) fn look(&mut self, now: Instant, current: Revision, retention: &Retention) -> Revision {
        let now = self.0.last().map_or(now, |(last, _)| now.max(*last));
        let old = |t: &Instant| now.saturating_duration_since(*t) > retention.age;
        let passed = self.0.iter().rposition(|(t, _)| old(t));
        if let Some(i) = passed {
            // The newest that is too old says it for all before.
            self.0.drain(..i);
        }
        let up_to = passed.and_then(|_| self.0.first()).map_or(0, |(_, r)| *r);
        self.0.push((now, current));
        up_to
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const MINUTES: Retention = Retention { age: Duration::from_secs(300), events: 10 };

    /// Looks at some seconds after the start, when the store is at some revision, and says what is too old.
    fn check(looks: &[(u64, Revision, Revision)]) {
        let (start, mut ages) = (Instant::now() + Duration::from_secs(1_000_000), Ages::default());
        for (seconds, current, too_old) in looks {
            let now = start + Duration::from_secs(*seconds);
            assert_eq!(ages.look(now, *current, &MINUTES), *too_old, "after {seconds} seconds at {current}: {looks:?}");
            assert!(ages.0.len() <= 2 + 300 / 30 + 1, "moments that say nothing go: {}", ages.0.len());
        }
    }

    #[test]
    fn history_is_too_old_only_when_it_was_seen_and_its_age_has_passed() {
        let every_30: Vec<_> = (0..100).map(|i| (i * 30, 100 + i, if i > 10 { 100 + i - 11 } else { 0 })).collect();
        check(&every_30);
        // Nobody looked for a day: what was written meanwhile is of unknown age, and kept.
        check(&[(0, 10, 0), (86_400, 5_000, 10), (86_430, 5_001, 10), (86_701, 5_002, 5_000)]);
    }

    #[test]
    fn a_clock_that_stands_still_or_goes_back_loses_nothing() {
        check(&[(600, 10, 0), (600, 20, 0), (0, 30, 0), (599, 40, 0), (700, 50, 0), (901, 60, 40)]);
    }
}
