//! The one watch over the whole prefix: it tells the sinks of every event once and in order, goes on where it was when the
//! connection or a leader is lost, and starts the sinks anew when etcd has forgotten what came in between.

use super::client::Client;
use super::wire::{self, Ask, PutRequest, RangeResponse, WatchCreateRequest, WatchProgressRequest, WatchRequest};
use super::{FENCE, Shared, lock, past, signed, unsigned};
use crate::storage::contract::{Error, Event, Revision};
use bytes::Bytes;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::time::sleep;
use tonic::Status;

/// A revision that is waited for mostly comes by itself; after this long etcd is asked, or written to.
const GRACE: Duration = Duration::from_millis(5);
const GRACE_OF_FENCES: Duration = Duration::from_millis(30);
/// Between questions.
const AGAIN: Duration = Duration::from_millis(100);
/// With nothing to tell, the place to go on from is renewed this often, so that compaction does not pass it.
const IDLE: Duration = Duration::from_secs(60);
/// Before a broken watch is opened again.
const PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

enum Ended {
    Broken(String),
    /// What comes next is gone up to this revision.
    Compacted(Revision),
}

/// Follows etcd until the task is aborted.
pub(super) async fn follow(shared: Arc<Shared>) {
    let mut pause = PAUSE;
    loop {
        let before = *shared.delivered.borrow();
        let why = match stream(&shared).await {
            Ended::Compacted(up_to) => match start_anew(&shared, up_to).await {
                Ok(()) => continue,
                Err(e) => e.to_string(),
            },
            Ended::Broken(why) => why,
        };
        if *shared.delivered.borrow() > before {
            pause = PAUSE;
        }
        tracing::warn!("the watch on etcd is opened again: {why}");
        lock(&shared.trouble).get_or_insert_with(|| (Instant::now(), String::new())).1 = why;
        shared.client.move_on();
        sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

async fn stream(shared: &Arc<Shared>) -> Ended {
    let key = shared.key("");
    let range_end = past(&key);
    let start_revision = signed(lock(&shared.state).next);
    let create = WatchCreateRequest { key, range_end, start_revision, progress_notify: true, fragment: true };
    let (mut asks, mut answers) = match shared.client.watch(Ask::Create(create)).await {
        Ok(opened) => opened,
        Err(status) => return Ended::Broken(status.message().to_owned()),
    };
    let mut wanted = shared.wanted.subscribe();
    let grace = if shared.progress { GRACE } else { GRACE_OF_FENCES };
    let mut patience = grace;
    // A large answer comes in parts, which may cut a transaction in two: sinks are told when it is whole.
    let mut parts: Vec<wire::Event> = Vec::new();
    loop {
        let behind = *wanted.borrow_and_update() > *shared.delivered.borrow();
        if !behind {
            patience = grace;
        }
        let answer = tokio::select! {
            answer = answers.message() => answer,
            _ = wanted.changed() => continue,
            () = sleep(if behind { patience } else { IDLE }) => {
                patience = AGAIN;
                if shared.progress {
                    let _ = asks.try_send(WatchRequest { ask: Some(Ask::Progress(WatchProgressRequest {})) });
                } else if behind {
                    tokio::spawn(fence(shared.clone()));
                }
                continue;
            }
        };
        let answer = match answer {
            Ok(Some(answer)) => answer,
            Ok(None) => return Ended::Broken("etcd ended the watch".into()),
            Err(status) => return Ended::Broken(status.message().to_owned()),
        };
        if answer.canceled {
            return match unsigned(answer.compact_revision) {
                0 => Ended::Broken(format!("etcd ended the watch: {}", answer.cancel_reason)),
                up_to => Ended::Compacted(up_to),
            };
        }
        *lock(&shared.trouble) = None;
        parts.extend(answer.events);
        if answer.fragment {
            continue;
        }
        if !parts.is_empty() {
            take(shared, std::mem::take(&mut parts));
        } else if !answer.created && shared.progress {
            reached(shared, unsigned(answer.header.unwrap_or_default().revision));
        }
    }
}

/// Tells the sinks.
fn take(shared: &Shared, raw: Vec<wire::Event>) {
    let mut events = Vec::with_capacity(raw.len());
    let mut last = 0;
    let mut state = lock(&shared.state);
    for e in raw {
        let Some(kv) = e.kv else { continue };
        let revision = unsigned(kv.mod_revision);
        if revision < state.next {
            continue;
        }
        last = last.max(revision);
        let Some(key) = shared.relative(&kv.key).filter(|k| &**k != FENCE) else { continue };
        let value = (e.kind == 0).then_some(kv.value);
        let attachment = value.as_ref().and_then(|value| {
            let attached = lock(&shared.attachments);
            attached.get(&key).filter(|(written, _)| written == value).map(|(_, a)| a.clone())
        });
        events.push(Event { revision, key, value, attachment });
    }
    state.keep(Instant::now(), &events);
    state.next = state.next.max(last + 1);
    state.dispatch.deliver(&events);
    drop(state);
    shared.delivered.send_if_modified(|d| std::mem::replace(d, last.max(*d)) < last);
}

/// Nothing is left to tell up to a revision.
fn reached(shared: &Shared, revision: Revision) {
    let mut state = lock(&shared.state);
    state.next = state.next.max(revision + 1);
    drop(state);
    shared.delivered.send_if_modified(|d| std::mem::replace(d, revision.max(*d)) < revision);
}

/// Writes below the prefix, so that the watch gets to a revision past what is waited for.
pub(super) async fn fence(shared: Arc<Shared>) {
    let put = PutRequest { key: shared.key(FENCE), value: Bytes::new() };
    if let Err(status) = put_plainly(&shared.client, put).await {
        tracing::debug!("no fence: {}", status.message());
    }
}

async fn put_plainly(client: &Client, put: PutRequest) -> Result<RangeResponse, Status> {
    // The answer's header is the same message for every call.
    client.write("/etcdserverpb.KV/Put", put).await
}

/// Events are lost to compaction: every sink is given the state as it is now. Nothing is made up for what came in between;
/// clients that were watching list again.
async fn start_anew(shared: &Arc<Shared>, compacted: Revision) -> Result<(), Error> {
    loop {
        let sinks = {
            let mut state = lock(&shared.state);
            let sinks = state.dispatch.all();
            if sinks.is_empty() {
                // The start, or nobody to tell: what etcd still has is the history.
                state.begin(compacted);
                return Ok(());
            }
            sinks
        };
        let revision = shared.current().await?;
        let mut states = Vec::with_capacity(sinks.len());
        for (prefix, sink) in &sinks {
            states.push((sink, shared.range(prefix, None, 0, Some(revision)).await?));
        }
        let mut state = lock(&shared.state);
        if state.dispatch.all().len() != sinks.len() {
            continue;
        }
        tracing::warn!(compacted, revision, "etcd compacted what this process had not seen: caches start anew");
        for (sink, base) in &states {
            sink.restart(base);
        }
        state.begin(revision);
        drop(state);
        shared.delivered.send_if_modified(|d| std::mem::replace(d, revision.max(*d)) < revision);
        return Ok(());
    }
}
