//! Whether one order of all writes, which respects real time, explains every answer that clients got (linearizability). A
//! store names that order itself, by its revisions: nothing is searched, every answer is held against the store's own log.

use super::State;
use crate::storage::contract::Revision;
use bytes::Bytes;
use std::collections::BTreeMap;

/// What a client asked, and what it was told.
#[derive(Clone, Debug)]
pub(super) enum Call {
    /// A write; its value is nobody else's.
    Write { key: String, expected: Revision, value: Option<Bytes>, told: Told },
    /// All keys, as of the revision that the answer names.
    Read { at: Revision, state: State },
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Told {
    Committed(Revision),
    Conflict(Revision),
    /// An error: it may have happened or not.
    Nothing,
}

/// A call, and the moments of its beginning and end on the clock that all clients share.
#[derive(Clone, Debug)]
pub(super) struct Operation {
    pub(super) call: Call,
    pub(super) began: u64,
    pub(super) ended: u64,
}

/// A write in the store's log.
#[derive(Clone, Debug)]
pub(super) struct Logged {
    pub(super) revision: Revision,
    pub(super) key: String,
    pub(super) value: Option<Bytes>,
}

/// A write in the log, with who made it.
struct Made {
    key: String,
    value: Option<Bytes>,
    /// What the key's revision was before; 0 when it was absent.
    before: Revision,
    /// When its client asked and was told; the last is the end of time when it never was.
    by: Option<(u64, u64)>,
}

type Log = BTreeMap<Revision, Made>;

/// Holds the answers against the log.
///
/// # Errors
/// Says which answer cannot be.
pub(super) fn check(log: &[Logged], operations: &[Operation]) -> Result<(), String> {
    let mut made = chained(log)?;
    claim(&mut made, operations)?;
    in_real_time(&made)?;
    let reads: Vec<_> = operations
        .iter()
        .filter_map(|o| match &o.call {
            Call::Read { at, state } => Some((*at, state, o)),
            Call::Write { .. } => None,
        })
        .collect();
    reads_are_the_log(&made, reads)?;
    for o in operations {
        if let Call::Write { key, expected, told: Told::Conflict(last), .. } = &o.call {
            conflict_was_true(&made, key, *expected, *last, o)?;
        }
    }
    Ok(())
}

fn chained(log: &[Logged]) -> Result<Log, String> {
    let (mut made, mut last) = (Log::new(), BTreeMap::<&str, Revision>::new());
    let mut newest = 0;
    for e in log {
        if e.revision <= newest {
            return Err(format!("the log has revision {} after {newest}", e.revision));
        }
        newest = e.revision;
        let now = if e.value.is_some() { e.revision } else { 0 };
        let before = last.insert(&e.key, now).unwrap_or(0);
        made.insert(e.revision, Made { key: e.key.clone(), value: e.value.clone(), before, by: None });
    }
    Ok(made)
}

/// Every write of the log is somebody's, and every acknowledged one is in the log.
fn claim(log: &mut Log, operations: &[Operation]) -> Result<(), String> {
    let mut unknown = Vec::new();
    for o in operations {
        let Call::Write { key, expected, value, told } = &o.call else { continue };
        match told {
            Told::Committed(r) => match log.get_mut(r) {
                Some(m) if m.key == *key && m.value == *value && m.before == *expected && m.by.is_none() => {
                    m.by = Some((o.began, o.ended));
                }
                _ => return Err(format!("acknowledged at revision {r}, but that is not what the log has: {o:?}")),
            },
            Told::Nothing => unknown.push((key, expected, value, o.began)),
            Told::Conflict(_) => {}
        }
    }
    for (key, expected, value, began) in unknown {
        let is_it = |m: &Made| m.by.is_none() && m.key == *key && m.value == *value && m.before == *expected;
        if let Some(m) = log.values_mut().find(|m| is_it(m)) {
            m.by = Some((began, u64::MAX));
        }
    }
    match log.iter().find(|(_, m)| m.by.is_none()) {
        Some((r, m)) => Err(format!("nobody made the write of revision {r} to {}", m.key)),
        None => Ok(()),
    }
}

fn times(m: &Made) -> (u64, u64) {
    m.by.unwrap_or((0, u64::MAX))
}

/// No write comes after one that was asked for only when it had been acknowledged.
fn in_real_time(log: &Log) -> Result<(), String> {
    let (mut first_end, mut whose) = (u64::MAX, 0);
    for (r, m) in log.iter().rev() {
        let (began, ended) = times(m);
        if first_end < began {
            return Err(format!("revision {r} was asked for when the later revision {whose} had been acknowledged"));
        }
        if ended < first_end {
            (first_end, whose) = (ended, *r);
        }
    }
    Ok(())
}

/// A read shows the state of its revision, all that was acknowledged before it, nothing that was asked for after it, and no less
/// than an earlier read.
fn reads_are_the_log(log: &Log, mut reads: Vec<(Revision, &State, &Operation)>) -> Result<(), String> {
    reads.sort_by_key(|(at, ..)| *at);
    let (mut state, mut rest) = (State::new(), log.iter().peekable());
    let mut last_begin = 0;
    for (at, shown, o) in &reads {
        while let Some((r, m)) = rest.next_if(|(r, _)| *r <= at) {
            match &m.value {
                Some(v) => state.insert(m.key.clone(), (*r, v.clone())),
                None => state.remove(&m.key),
            };
            last_begin = last_begin.max(times(m).0);
        }
        if **shown != state {
            return Err(format!("a read at revision {at} shows {shown:?}, but the log leads to {state:?}"));
        }
        if last_begin > o.ended {
            return Err(format!("a read at revision {at} shows a write that was not yet asked for"));
        }
        let missed = log.range(at + 1..).find(|(_, m)| times(m).1 < o.began);
        if let Some((r, _)) = missed {
            return Err(format!("a read at revision {at} misses revision {r}, acknowledged before it began"));
        }
    }
    let mut first_end = u64::MAX;
    for same in reads.chunk_by(|a, b| a.0 == b.0).rev() {
        if let Some((at, ..)) = same.iter().find(|(_, _, o)| first_end < o.began) {
            return Err(format!("a read at revision {at} began when a read of a later revision had ended"));
        }
        first_end = same.iter().map(|(_, _, o)| o.ended).fold(first_end, u64::min);
    }
    Ok(())
}

/// At some moment of the call, the key was as the conflict says.
fn conflict_was_true(log: &Log, key: &str, expected: Revision, last: Revision, o: &Operation) -> Result<(), String> {
    let Call::Write { value, .. } = &o.call else { return Ok(()) };
    if last == expected && (last > 0 || value.is_some()) {
        return Err(format!("a write to {key} that expected {expected} was refused by {last}"));
    }
    // The states of the key, each with when it can first have been and when it must have been over.
    let mut since = 0;
    let mut now = 0;
    for (r, m) in log.iter().filter(|(_, m)| m.key == key) {
        let (began, ended) = times(m);
        if now == last && since <= o.ended && o.began <= ended {
            return Ok(());
        }
        (now, since) = (if m.value.is_some() { *r } else { 0 }, began);
    }
    if now == last && since <= o.ended {
        return Ok(());
    }
    Err(format!("{key} was never at revision {last} while a write conflicted with that: {o:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(v: &str) -> Option<Bytes> {
        Some(Bytes::from(v.to_owned()))
    }

    fn write(key: &str, expected: Revision, v: Option<&str>, told: Told, began: u64, ended: u64) -> Operation {
        let call = Call::Write { key: key.into(), expected, value: v.and_then(value), told };
        Operation { call, began, ended }
    }

    fn read(at: Revision, items: &[(&str, Revision, &str)], began: u64, ended: u64) -> Operation {
        let state = items.iter().map(|(k, r, v)| ((*k).to_owned(), (*r, Bytes::from((*v).to_owned())))).collect();
        Operation { call: Call::Read { at, state }, began, ended }
    }

    fn log(entries: &[(Revision, &str, Option<&str>)]) -> Vec<Logged> {
        let logged = |(revision, key, v): &(Revision, &str, Option<&str>)| Logged {
            revision: *revision,
            key: (*key).into(),
            value: v.and_then(value),
        };
        entries.iter().map(logged).collect()
    }

    const LOG: [(Revision, &str, Option<&str>); 3] = [(5, "a", Some("1")), (6, "b", Some("2")), (8, "a", None)];

    fn writes() -> Vec<Operation> {
        vec![
            write("a", 0, Some("1"), Told::Committed(5), 1, 4),
            // Overlaps with both, and its client never heard of it.
            write("b", 0, Some("2"), Told::Nothing, 2, 3),
            write("a", 5, None, Told::Committed(8), 6, 9),
        ]
    }

    #[track_caller]
    fn refused(wrong: Vec<Operation>, why: &str) {
        let all = [writes(), wrong].concat();
        let error = check(&log(&LOG), &all).expect_err("not linearizable");
        assert!(error.contains(why), "{error}");
    }

    #[test]
    fn a_history_that_can_be_is_taken() {
        let mut all = writes();
        all.push(read(5, &[("a", 5, "1")], 3, 5));
        all.push(read(7, &[("a", 5, "1"), ("b", 6, "2")], 7, 8));
        all.push(read(8, &[("b", 6, "2")], 8, 12));
        all.push(write("a", 3, Some("3"), Told::Conflict(5), 5, 7));
        all.push(write("a", 5, Some("4"), Told::Conflict(0), 7, 12));
        all.push(write("c", 1, Some("5"), Told::Conflict(0), 10, 12));
        all.push(write("c", 0, Some("6"), Told::Nothing, 10, 12));
        assert_eq!(check(&log(&LOG), &all), Ok(()));
    }

    #[test]
    fn lost_and_made_up_writes_are_found() {
        refused(vec![write("c", 0, Some("3"), Told::Committed(9), 10, 11)], "not what the log has");
        refused(vec![write("a", 0, Some("1"), Told::Committed(5), 1, 4)], "not what the log has");
        let error = check(&log(&LOG), &writes()[..2]).expect_err("nobody deleted it");
        assert!(error.contains("nobody made the write of revision 8"), "{error}");
    }

    #[test]
    fn orders_against_real_time_are_found() {
        let swapped = log(&[(5, "b", Some("2")), (6, "a", Some("1"))]);
        let all =
            [write("a", 0, Some("1"), Told::Committed(6), 1, 2), write("b", 0, Some("2"), Told::Committed(5), 3, 4)];
        assert!(check(&swapped, &all).expect_err("out of order").contains("had been acknowledged"));
    }

    #[test]
    fn stale_early_wrong_and_backward_reads_are_found() {
        refused(vec![read(6, &[("a", 5, "1"), ("b", 6, "2")], 10, 11)], "misses revision 8");
        refused(vec![read(8, &[("b", 6, "2")], 4, 5)], "not yet asked for");
        refused(vec![read(6, &[("a", 5, "1")], 5, 6)], "the log leads to");
        let backward = vec![read(8, &[("b", 6, "2")], 6, 7), read(6, &[("a", 5, "1"), ("b", 6, "2")], 8, 9)];
        refused(backward, "a read of a later revision had ended");
    }

    #[test]
    fn conflicts_with_what_was_not_there_are_found() {
        refused(vec![write("a", 3, Some("3"), Told::Conflict(5), 10, 11)], "never at revision 5");
        refused(vec![write("b", 0, Some("3"), Told::Conflict(9), 10, 11)], "never at revision 9");
        refused(vec![write("b", 6, Some("3"), Told::Conflict(6), 10, 11)], "was refused by 6");
    }
}
