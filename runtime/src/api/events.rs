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
use crate::storage::cache::Event;
use crate::verbs::Entry;
use crate::verbs::context::Target;
use crate::verbs::watch::{Told, Watch};
use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Response, request};
use serde_json::{Value, json};
use std::sync::Arc;

/// Events told at once are joined up to this size: with what HTTP writes around it, one TLS record.
const CHUNK: usize = (16 << 10) - 16;
/// A larger frame goes by itself, so that all watchers go on sharing it however slow they are.
const SHARED: usize = 4 << 10;

/// A watch that is being answered.
struct Running {
    watch: Watch,
    events: Events,
    counted: Watched,
    /// Frames are joined up to this size.
    joined: usize,
    told: std::vec::IntoIter<Told>,
    /// A frame that did not go with those before it.
    ahead: Option<Bytes>,
}

impl Running {
    /// What is sent next: one frame as it is, without a copy, or small ones that were told at once.
    async fn next(mut self: Box<Self>) -> Option<(Bytes, Box<Self>)> {
        let first = match self.ahead.take() {
            Some(frame) => frame,
            None => self.frame().await?,
        };
        if first.len() >= SHARED || self.joined == 0 || self.told.as_slice().is_empty() {
            return Some((first, self));
        }
        let all = first.len() * (1 + self.told.as_slice().len());
        let mut chunk = BytesMut::with_capacity(all.clamp(first.len(), self.joined));
        chunk.extend_from_slice(&first);
        while let Some(told) = self.told.next() {
            let Some(frame) = self.encode(&told) else { break };
            if frame.len() >= SHARED || chunk.len() + frame.len() > self.joined {
                self.ahead = Some(frame);
                break;
            }
            chunk.extend_from_slice(&frame);
        }
        Some((chunk.freeze(), self))
    }

    async fn frame(&mut self) -> Option<Bytes> {
        if self.told.as_slice().is_empty() {
            let told = self.watch.next().await?;
            self.counted.sent(told.len());
            self.told = told.into_iter();
        }
        let told = self.told.next()?;
        self.encode(&told)
    }

    /// One event's frame. What cannot be shown in the version or form asked for ends the watch, as upstream does.
    fn encode(&mut self, told: &Told) -> Option<Bytes> {
        let frame = self.events.encode(told);
        if frame.is_none() || self.events.failed {
            self.end();
        }
        frame
    }

    fn end(&mut self) {
        self.told = Vec::new().into_iter();
        self.watch.end();
    }
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
    let running = Box::new(Running { watch, events, counted, joined, told: Vec::new().into_iter(), ahead: None });
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

    /// One event's frame; `None` when there is no such form of it.
    fn encode(&mut self, told: &Told) -> Option<Bytes> {
        match told {
            Told::Added(e, event) => self.object("ADDED", e, event.as_ref(), 0),
            Told::Modified(e, event) => self.object("MODIFIED", e, event.as_ref(), 1),
            Told::Deleted(e, event) => self.object("DELETED", e, event.as_ref(), 2),
            Told::Bookmark(revision, initial) => {
                let mut bookmark = Object::default();
                bookmark.0.insert("apiVersion".into(), self.target.group_version().to_string().into());
                bookmark.0.insert("kind".into(), self.target.kind().into());
                bookmark.set_meta("resourceVersion", revision.to_string());
                if *initial {
                    bookmark.set_meta("annotations", json!({"k8s.io/initial-events-end": "true"}));
                }
                // The end of the initial state is told by its metadata, whatever a table includes.
                let include = if *initial { Include::Metadata } else { self.include };
                let shown = self.shown(&bookmark, include)?;
                Some(self.frame("BOOKMARK", &shown))
            }
            Told::Error(status) => Some(self.frame("ERROR", &status.to_value())),
        }
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

    /// An object's frame. All watchers of whole objects in one version share it.
    fn object(&mut self, kind: &str, entry: &Entry, event: Option<&Arc<Event<Entry>>>, slot: u8) -> Option<Bytes> {
        match self.converted(kind, entry, event, slot) {
            Ok(frame) => frame,
            Err(status) => {
                self.failed = true;
                Some(self.frame("ERROR", &status.to_value()))
            }
        }
    }

    fn converted(
        &mut self,
        kind: &str,
        entry: &Entry,
        event: Option<&Arc<Event<Entry>>>,
        slot: u8,
    ) -> Result<Option<Bytes>, Status> {
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
