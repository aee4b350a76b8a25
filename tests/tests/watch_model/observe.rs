//! Listers and watchers: what they asked, what they saw, and whether the model says the same.

use super::model::{Event, Log, Query, revision};
use super::world::World;
use fastrand::Rng;
use serde_json::Value;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How long a watch waits for its next event. The last ones come within milliseconds of the last write.
const PATIENCE: Duration = Duration::from_secs(1);
const INITIAL_EVENTS_END: &str = "/metadata/annotations/k8s.io~1initial-events-end";

/// What somebody saw.
#[derive(Debug)]
pub(super) enum Observation {
    /// A list, whole or put together from pages.
    Listed {
        query: Query,
        /// What was asked, for the report.
        form: String,
        /// The revision of each page.
        revisions: Vec<u64>,
        /// The least revision it may be of, and the only one if it was exact.
        at_least: u64,
        exact: Option<u64>,
        items: Vec<Value>,
        /// Per page: how many items had been sent, and how many it said remain.
        remaining: Vec<(usize, u64)>,
    },
    /// A watch that went on, over new connections, until the end.
    Followed { query: Query, from: u64, events: Vec<Event> },
    /// A watch that sent the state up to a bookmark, and what came after it.
    Streamed { query: Query, form: String, state: Vec<Value>, at: u64, after: Vec<Event> },
    /// A watch that began with the state of a moment it did not name.
    Began { query: Query, form: String, events: Vec<Event> },
}

impl Observation {
    /// Holds it against the model.
    pub(super) fn check(&self, log: &Log) -> Result<(), String> {
        match self {
            Self::Listed { query, form, revisions, at_least, exact, items, remaining } => {
                let at = revisions[0];
                if revisions.iter().any(|r| *r != at) {
                    return Err(format!("{form}: pages of different revisions {revisions:?}"));
                }
                if at < *at_least || exact.is_some_and(|e| e != at) {
                    return Err(format!("{form}: revision {at}, wanted at least {at_least}, exactly {exact:?}"));
                }
                let want = log.state(query, at);
                same(form, &want, items)?;
                for (sent, left) in remaining {
                    if *sent as u64 + left != want.len() as u64 {
                        return Err(format!("{form}: {sent} sent, {left} said to remain, of {}", want.len()));
                    }
                }
                Ok(())
            }
            Self::Followed { query, from, events } => {
                same(&format!("{query:?} from {from}"), &log.events_after(query, *from), events)
            }
            Self::Streamed { query, form, state, at, after } => {
                same(form, &log.state(query, *at), state)?;
                let want = log.events_after(query, *at);
                same(form, &want[..after.len().min(want.len())], after)
            }
            Self::Began { query, form, events } => match log.is_state_and_after(query, events) {
                true => Ok(()),
                false => Err(format!("{form}: {events:#?} is no state and what came after it")),
            },
        }
    }
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, want: &[T], got: &[T]) -> Result<(), String> {
    if want == got {
        return Ok(());
    }
    let i = want.iter().zip(got).take_while(|(a, b)| a == b).count();
    let (want_len, got_len) = (want.len(), got.len());
    Err(format!("{what}: {got_len} of {want_len}; at {i} expected {:#?}, saw {:#?}", want.get(i), got.get(i)))
}

fn event(value: &Value) -> Event {
    let object = value["object"].clone();
    Event { type_: value["type"].as_str().unwrap_or_default().to_owned(), revision: revision(&object), object }
}

/// Watches from a revision until the last object of the query's namespaces, and resumes from the last one seen whenever the
/// watch ends. Bookmarks count as seen.
pub(super) async fn follow(world: Arc<World>, query: Query, from: u64, over: Arc<AtomicBool>) -> Observation {
    let (mut at, mut events) = (from, Vec::new());
    let mut idle = false;
    // Queries that do not match the last object end when nothing has come for a while after the last write.
    while !events.last().is_some_and(|e| ends(&query, e)) && !idle {
        let path = format!("{}&watch=true&allowWatchBookmarks=true&resourceVersion={at}", query.path());
        let (before, was_over) = (at, over.load(Ordering::SeqCst));
        world
            .watch(&path, PATIENCE, |v| {
                let e = event(&v);
                assert_ne!(e.type_, "ERROR", "{path}: {v}");
                assert!(e.revision >= at, "{path}: {} after {at}", e.revision);
                at = e.revision;
                if e.type_ != "BOOKMARK" {
                    events.push(e);
                }
                !events.last().is_some_and(|e| ends(&query, e))
            })
            .await;
        idle = was_over && at == before;
    }
    Observation::Followed { query, from, events }
}

/// Whether this is the last event a query will see. The last objects are written in the order of the namespaces.
fn ends(query: &Query, e: &Event) -> bool {
    let last = query.namespace.unwrap_or(super::NAMESPACES[1]);
    e.key() == (last.to_owned(), "end".to_owned())
}

/// One list, in a form taken by chance.
pub(super) async fn list_forms(world: &World, query: Query, rng: &mut Rng) -> Observation {
    let acknowledged = world.acknowledged();
    let base = query.path();
    let (mut at_least, mut exact) = (0, None);
    let form = match rng.u8(..6) {
        0 => "&resourceVersion=0".to_owned(),
        1 => {
            exact = Some(acknowledged);
            format!("&resourceVersion={acknowledged}&resourceVersionMatch=Exact")
        }
        2 => {
            at_least = acknowledged;
            format!("&resourceVersion={acknowledged}&resourceVersionMatch=NotOlderThan")
        }
        3 => {
            at_least = acknowledged;
            format!("&limit={}", rng.u8(1..5))
        }
        4 => {
            exact = Some(acknowledged);
            format!("&limit={}&resourceVersion={acknowledged}&resourceVersionMatch=Exact", rng.u8(1..5))
        }
        _ => {
            at_least = acknowledged;
            String::new()
        }
    };
    let limit = form.split("limit=").nth(1).map(|l| l.split('&').next().unwrap_or_default().to_owned());
    let (mut revisions, mut items, mut remaining) = (Vec::new(), Vec::new(), Vec::new());
    let mut path = format!("{base}{form}");
    loop {
        let page = world.call("GET", &path, None).await.unwrap_or_else(|e| panic!("{path}: {e}"));
        revisions.push(revision(&page));
        items.extend(page["items"].as_array().expect("items, never null").iter().cloned());
        let next = page["metadata"]["continue"].as_str().unwrap_or_default();
        if let Some(left) = page["metadata"]["remainingItemCount"].as_u64() {
            assert!(query.is_whole(), "{path}: a count through a selector");
            remaining.push((items.len(), left));
        } else if query.is_whole() && !next.is_empty() {
            panic!("{path}: no remainingItemCount");
        }
        if next.is_empty() {
            break;
        }
        let limit = limit.as_deref().expect("only lists with a limit have pages");
        path = format!("{base}&limit={limit}&continue={next}");
        tokio::time::sleep(Duration::from_millis(rng.u64(..3))).await;
    }
    Observation::Listed { query, form: base + &form, revisions, at_least, exact, items, remaining }
}

/// One short watch that begins with the state, in a form taken by chance; `None` when a restart cut the state short.
pub(super) async fn watch_forms(world: &World, query: Query, rng: &mut Rng) -> Option<Observation> {
    let streaming = rng.bool();
    let form = if streaming {
        "&watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true"
    } else {
        "&watch=true"
    };
    let form = query.path() + form;
    let (mut state, mut at, mut events) = (Vec::new(), None, Vec::new());
    let patience = Duration::from_millis(rng.u64(20..120));
    let least = world.acknowledged();
    let mut left = rng.u8(1..40);
    world
        .watch(&form, patience, |v| {
            let e = event(&v);
            assert_ne!(e.type_, "ERROR", "{form}: {v}");
            if e.object.pointer(INITIAL_EVENTS_END).is_some() {
                assert!(at.is_none() && e.revision >= least, "{form}: state of {}, after {least}", e.revision);
                at = Some(e.revision);
            } else if e.type_ != "BOOKMARK" {
                if streaming && at.is_none() {
                    assert_eq!(e.type_, "ADDED", "{form}: {v}");
                    state.push(e.object);
                    return true;
                }
                events.push(e);
                left -= 1;
            }
            left > 0
        })
        .await;
    state.sort_by_key(super::model::key);
    match (streaming, at) {
        (true, Some(at)) => Some(Observation::Streamed { query, form, state, at, after: events }),
        (true, None) => None,
        (false, _) => Some(Observation::Began { query, form, events }),
    }
}
