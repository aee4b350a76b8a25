//! Watches over HTTP: the events of a running watch as frames of a streaming body, in the form that was negotiated (wire
//! contract 5.1). A frame that all watchers of one form share is encoded once.

use super::body::Body;
use super::metrics::Watched;
use super::negotiate::{Accepted, Encoding, Form};
use super::respond::{encoded, parsed, partial};
use super::table::{Columns, Include};
use super::websocket;
use crate::resource::Object;
use crate::resource::codec::protobuf;
use crate::status::Status;
use crate::storage::cache::{Batch, Change, Chunks, Event};
use crate::verbs::Entry;
use crate::verbs::context::Target;
use crate::verbs::watch::{Told, Watch, shown};
use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Response, request};
use serde_json::{Value, json};
use std::sync::Arc;

/// Frames told at once are joined up to this size: with what HTTP writes around it, one TLS record.
const CHUNK: usize = (16 << 10) - 16;
/// A larger frame goes by itself, so that all watchers go on sharing it however slow they are.
const SHARED: usize = 4 << 10;
/// What is joined for all who are told the same: whole TLS records, as many as go out at once.
const SHARED_CHUNK: usize = (64 << 10) - 16;
/// Events that are larger together are not joined for all: a slow watcher would hold them.
const SHARED_BATCH: usize = 256 << 10;

/// A watch that is being answered.
struct Running {
    watch: Watch,
    events: Events,
    counted: Watched,
    /// Frames are joined up to this size.
    joined: usize,
    telling: Telling,
    /// A frame that did not go with those before it.
    ahead: Option<Bytes>,
}

/// What is being told. A reader that takes its time holds no more than this.
enum Telling {
    Nothing,
    State(std::vec::IntoIter<Arc<Entry>>),
    Changes { batch: Arc<Batch<Entry>>, changes: Vec<Option<Change>>, at: usize },
    Shared { chunks: Arc<Chunks>, at: usize },
    Frame(Option<Bytes>),
}

impl Running {
    /// What is sent next.
    async fn next(mut self: Box<Self>) -> Option<(Bytes, Box<Self>)> {
        loop {
            if let Some(chunk) = self.chunk() {
                return Some((chunk, self));
            }
            // Who waits holds nothing.
            self.telling = Telling::Nothing;
            let told = self.watch.next().await?;
            self.counted.sent(told.events());
            self.telling = self.begin(told);
        }
    }

    fn begin(&mut self, told: Told) -> Telling {
        match told {
            Told::State(entries) => Telling::State(entries.into_iter()),
            Told::Changes(batch, changes) => {
                let size: usize =
                    batch.events.iter().filter_map(|e| e.new.as_ref()).map(|e| e.encoded.bytes.len()).sum();
                if self.joined == 0 || !self.events.shares() || size > SHARED_BATCH {
                    return Telling::Changes { batch, changes, at: 0 };
                }
                let version = self.events.target.version;
                let chunks = batch.chunks(version, &changes, || self.events.chunks(&batch, &changes));
                Telling::Shared { chunks, at: 0 }
            }
            Told::Bookmark(revision, initial) => self.one(|events| events.bookmark(revision, initial)),
            Told::Error(status) => self.one(|events| Some(events.frame("ERROR", &status.to_value()))),
        }
    }

    fn one(&mut self, frame: impl FnOnce(&mut Events) -> Option<Bytes>) -> Telling {
        let frame = frame(&mut self.events);
        if frame.is_none() {
            self.watch.end();
        }
        Telling::Frame(frame)
    }

    /// The next of what is being told: one frame as it is, without a copy, or small ones joined.
    fn chunk(&mut self) -> Option<Bytes> {
        if let Telling::Shared { chunks, at } = &mut self.telling {
            let chunk = chunks.parts.get(*at).cloned();
            *at += 1;
            if chunk.is_none() && !chunks.whole {
                self.end();
            }
            return chunk;
        }
        let mut ahead = self.ahead.take();
        let chunk = join(self.joined, &mut ahead, || self.frame());
        self.ahead = ahead;
        chunk
    }

    fn frame(&mut self) -> Option<Bytes> {
        let frame = match &mut self.telling {
            Telling::Nothing | Telling::Shared { .. } => return None,
            Telling::Frame(frame) => return frame.take(),
            Telling::State(entries) => {
                let entry = entries.next()?;
                self.events.object(Change::Added, &entry, None)
            }
            Telling::Changes { batch, changes, at } => loop {
                let (event, change) = (batch.events.get(*at)?, changes.get(*at)?);
                *at += 1;
                if let Some(change) = change {
                    break self.events.change(event, *change);
                }
            },
        };
        // What cannot be shown in the version or form asked for ends the watch, as upstream does.
        if frame.is_none() || self.events.failed {
            self.end();
        }
        frame
    }

    fn end(&mut self) {
        self.telling = Telling::Nothing;
        self.watch.end();
    }
}

/// Frames up to a size as one, beginning with that which did not go with those before; a large one by itself.
fn join(most: usize, ahead: &mut Option<Bytes>, mut frame: impl FnMut() -> Option<Bytes>) -> Option<Bytes> {
    let first = ahead.take().or_else(&mut frame)?;
    if first.len() >= SHARED || most == 0 {
        return Some(first);
    }
    let Some(mut next) = frame() else { return Some(first) };
    let mut chunk = BytesMut::new();
    loop {
        if next.len() >= SHARED || first.len().max(chunk.len()) + next.len() > most {
            *ahead = Some(next);
            break;
        }
        if chunk.is_empty() {
            chunk.reserve(most.min(4 * (first.len() + next.len())));
            chunk.extend_from_slice(&first);
        }
        chunk.extend_from_slice(&next);
        match frame() {
            Some(frame) => next = frame,
            None => break,
        }
    }
    Some(if chunk.is_empty() { first } else { chunk.freeze() })
}

/// Answers with a running watch, until it ends or the client is gone. The task of the connection drives it: there is no queue
/// between cache and socket.
pub(super) fn stream(parts: &request::Parts, watch: Watch, events: Events, counted: Watched) -> Response<Body> {
    let encoding = events.accepted.encoding;
    let content = match encoding {
        Encoding::Protobuf => "application/vnd.kubernetes.protobuf;stream=watch",
        _ => "application/json",
    };
    let socket = websocket::asked(parts);
    // A message of a websocket is one event.
    let joined = if socket.is_some() { 0 } else { CHUNK };
    // In a box: it stays where it is from frame to frame.
    let running = Box::new(Running { watch, events, counted, joined, telling: Telling::Nothing, ahead: None });
    let frames = Box::pin(futures::stream::unfold(running, Running::next));
    let mut response = match socket {
        Some(upgrade) => websocket::answer(parts, upgrade, frames, encoding == Encoding::Json),
        None => Response::new(Body::Stream(frames)),
    };
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content));
    response
}

/// Writes watch events as frames.
pub(super) struct Events {
    /// What is watched.
    target: Target,
    /// In which form.
    accepted: Accepted,
    /// For tables.
    include: Include,
    columns: Columns,
    heads_sent: bool,
    /// Whether an object could not be converted: its error was the last frame.
    failed: bool,
}

impl Events {
    /// For a watch that starts.
    pub(super) fn new(target: Target, accepted: Accepted, include: Include) -> Self {
        let columns = Columns::of(target.version());
        Self { target, accepted, include, columns, heads_sent: false, failed: false }
    }

    /// Whether what is sent is the same for all who are told the same.
    fn shares(&self) -> bool {
        self.accepted.form == Form::Whole
    }

    fn chunks(&mut self, batch: &Batch<Entry>, changes: &[Option<Change>]) -> Chunks {
        let mut whole = true;
        let mut told = batch.events.iter().zip(changes).filter_map(|(event, change)| Some((event, (*change)?)));
        let mut ahead = None;
        let mut frame = || {
            let (event, change) = told.next().filter(|_| whole)?;
            let frame = self.change(event, change);
            whole = frame.is_some() && !self.failed;
            frame
        };
        let parts = std::iter::from_fn(|| join(SHARED_CHUNK, &mut ahead, &mut frame)).collect();
        Chunks { parts, whole }
    }

    fn bookmark(&mut self, revision: u64, initial: bool) -> Option<Bytes> {
        let mut bookmark = Object::default();
        bookmark.0.insert("apiVersion".into(), self.target.group_version().to_string().into());
        bookmark.0.insert("kind".into(), self.target.kind().into());
        bookmark.set_meta("resourceVersion", revision.to_string());
        if initial {
            bookmark.set_meta("annotations", json!({"k8s.io/initial-events-end": "true"}));
        }
        // The end of the initial state is told by its metadata, whatever a table includes.
        let include = if initial { Include::Metadata } else { self.include };
        let shown = self.shown(&bookmark, include)?;
        Some(self.frame("BOOKMARK", &shown))
    }

    fn shown(&mut self, object: &Object, include: Include) -> Option<Value> {
        Some(match self.accepted.form {
            Form::Whole => Value::Object(object.0.clone()),
            Form::Partial { list: false, version } => partial(object, version),
            Form::Table(version) => {
                let heads = !std::mem::replace(&mut self.heads_sent, true);
                let meta = json!({"resourceVersion": object.resource_version()});
                self.columns.table(vec![self.columns.row(object, include, version)], meta, version, heads)
            }
            Form::Partial { list: true, .. } | Form::Discovery => return None,
        })
    }

    fn frame(&self, kind: &str, object: &Value) -> Bytes {
        let plain = Accepted { pretty: false, ..self.accepted };
        self.framed(kind, &encoded(object, plain))
    }

    fn framed(&self, kind: &str, object: &[u8]) -> Bytes {
        match self.accepted.encoding {
            Encoding::Protobuf => protobuf::frame(kind, object).into(),
            _ => line(kind, object),
        }
    }

    /// An event's frame; `None` when there is no such form of it.
    fn change(&mut self, event: &Event<Entry>, change: Change) -> Option<Bytes> {
        self.object(change, shown(event, change)?, Some(event))
    }

    /// An object's frame. All watchers of whole objects in one version share it.
    fn object(&mut self, change: Change, entry: &Entry, event: Option<&Event<Entry>>) -> Option<Bytes> {
        match self.converted(change, entry, event) {
            Ok(frame) => frame,
            Err(status) => {
                self.failed = true;
                Some(self.frame("ERROR", &status.to_value()))
            }
        }
    }

    fn converted(
        &mut self,
        change: Change,
        entry: &Entry,
        event: Option<&Event<Entry>>,
    ) -> Result<Option<Bytes>, Status> {
        let (kind, slot) = match change {
            Change::Added => ("ADDED", 0),
            Change::Modified => ("MODIFIED", 1),
            Change::Deleted => ("DELETED", 2),
        };
        if self.accepted.form != Form::Whole {
            let object = parsed(&self.target, entry)?;
            return Ok(self.shown(&object, self.include).map(|shown| self.frame(kind, &shown)));
        }
        let make = || self.target.served.bytes(entry, self.target.version).map(|bytes| line(kind, &bytes));
        match event {
            Some(event) => event.frame(self.target.version, slot, make),
            None => make(),
        }
        .map(Some)
    }
}

/// A line of JSON.
fn line(kind: &str, object: &[u8]) -> Bytes {
    let mut out = Vec::with_capacity(object.len() + 40);
    out.extend_from_slice(b"{\"type\":\"");
    out.extend_from_slice(kind.as_bytes());
    out.extend_from_slice(b"\",\"object\":");
    out.extend_from_slice(object);
    out.extend_from_slice(b"}\n");
    out.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Frames of these sizes, joined up to 10,000 bytes, go out in pieces of those.
    fn check(frames: &[usize], pieces: &[usize]) {
        let frame = |(i, n): (usize, &usize)| Bytes::from(vec![i as u8; *n]);
        let all: Vec<Bytes> = frames.iter().enumerate().map(frame).collect();
        let (mut left, mut ahead) = (all.clone().into_iter(), None);
        let sent: Vec<Bytes> = std::iter::from_fn(|| join(10_000, &mut ahead, || left.next())).collect();
        assert_eq!(sent.iter().map(Bytes::len).collect::<Vec<_>>(), pieces);
        assert_eq!(sent.concat(), all.concat(), "nothing lost, all in order");
    }

    #[test]
    fn small_frames_are_joined_and_large_ones_go_by_themselves() {
        check(&[], &[]);
        check(&[5], &[5]);
        check(&[SHARED, 5], &[SHARED, 5]);
        check(&[5, SHARED, 6, 7], &[5, SHARED, 13]);
        check(&[3000, 3000, 3000, 3000, 1], &[9000, 3001]);
        check(&[20_000, 20_000], &[20_000, 20_000]);
    }

    #[test]
    fn nothing_is_joined_for_who_wants_single_frames() {
        let mut frames = [3, 4].map(|n| Bytes::from(vec![0; n])).into_iter();
        let sent: Vec<_> = std::iter::from_fn(|| join(0, &mut None, || frames.next())).map(|b| b.len()).collect();
        assert_eq!(sent, [3, 4]);
    }
}
