//! Answers: objects, lists, events and errors in the form that was negotiated.

use super::body::Body;
use super::negotiate::{Accepted, Form};
use super::table::{self, Include};
use crate::resource::codec::{Format, json, yaml};
use crate::status::{Result, Status};
use crate::verbs::context::Target;
use crate::verbs::list::Listed;
use crate::verbs::watch::Told;
use crate::verbs::{Entry, entry};
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER, WARNING};
use http::{Response, StatusCode};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::fmt::Write as _;

fn response(code: u16, content_type: &'static str, body: Body) -> Response<Body> {
    let mut out = Response::new(body);
    *out.status_mut() = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    out.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    out
}

/// A JSON value in the negotiated encoding.
pub(super) fn value(code: u16, value: &Value, accepted: Accepted) -> Response<Body> {
    match accepted.format {
        Format::Yaml => response(code, "application/yaml", yaml::encode(value).into()),
        Format::Json if accepted.pretty => response(code, "application/json", json::encode_pretty(value).into()),
        Format::Json => response(code, "application/json", json::encode(value).into()),
    }
}

/// Plain text.
pub(super) fn text(code: u16, text: &'static str) -> Response<Body> {
    let mut out = response(code, "text/plain; charset=utf-8", Bytes::from_static(text.as_bytes()).into());
    out.headers_mut().insert("x-content-type-options", HeaderValue::from_static("nosniff"));
    out
}

/// A code alone.
pub(super) fn nothing(code: u16) -> Response<Body> {
    let mut out = Response::new(Body::empty());
    *out.status_mut() = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    out
}

/// An error.
pub(super) fn error(status: &Status, accepted: Accepted) -> Response<Body> {
    let mut out = value(status.code, &status.to_value(), accepted);
    if let Some(seconds) = status.details.as_ref().map(|d| d.retry_after_seconds).filter(|s| *s > 0) {
        out.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    if [401, 403].contains(&status.code) {
        out.headers_mut().insert("x-content-type-options", HeaderValue::from_static("nosniff"));
    }
    out
}

/// Warnings as headers (R12).
pub(super) fn warn(response: &mut Response<Body>, warnings: &[String]) {
    let total: usize = warnings.iter().map(|w| w.chars().count()).sum();
    let mut budget = 4096usize;
    for w in warnings {
        let w: String = if total > 4096 { w.chars().take(256).collect() } else { w.clone() };
        let Some(left) = budget.checked_sub(w.chars().count()) else { return };
        budget = left;
        let quoted = w.replace('\\', "\\\\").replace('"', "\\\"").replace(['\n', '\r'], " ");
        if let Ok(v) = HeaderValue::from_bytes(format!("299 - \"{quoted}\"").as_bytes()) {
            response.headers_mut().append(WARNING, v);
        }
    }
}

fn partial(object: &Value, version: &str) -> Value {
    json!({
        "kind": "PartialObjectMetadata", "apiVersion": format!("meta.k8s.io/{version}"),
        "metadata": object.get("metadata").cloned().unwrap_or_else(|| json!({}))})
}

fn parsed(target: &Target, entry: &Entry) -> crate::resource::Object {
    entry::decode(&target.served.bytes(entry, target.version)).unwrap_or_default()
}

/// One object.
///
/// # Errors
/// 406 when the list form of metadata was asked for.
pub(super) fn object(
    code: u16,
    target: &Target,
    entry: &Entry,
    accepted: Accepted,
    include: Include,
) -> Result<Response<Body>> {
    let plain = accepted.format == Format::Json && !accepted.pretty;
    Ok(match accepted.form {
        Form::Whole if plain => response(code, "application/json", target.served.bytes(entry, target.version).into()),
        Form::Whole => value(code, &parsed(target, entry).into_value(), accepted),
        Form::Table(version) => {
            let o = parsed(target, entry);
            let rows = vec![table::row(target.version(), &o, include)];
            let meta = json!({"resourceVersion": o.resource_version()});
            value(code, &table_of(target, rows, meta, version, true), accepted)
        }
        Form::Partial { list: true, .. } => {
            // Upstream's own words and class for a list form of what is none.
            return Err(Status::unclassified("content is not a list"));
        }
        Form::Partial { version, .. } => value(code, &partial(&parsed(target, entry).into_value(), version), accepted),
    })
}

fn table_of(target: &Target, rows: Vec<Value>, metadata: Value, version: &str, heads: bool) -> Value {
    let columns = if heads { table::definitions(target.version()) } else { json!([]) };
    json!({
        "kind": "Table", "apiVersion": format!("meta.k8s.io/{version}"), "metadata": metadata,
        "columnDefinitions": columns, "rows": rows})
}

/// A list.
///
/// # Errors
/// 406 when the single form of metadata was asked for.
pub(super) fn list(target: &Target, listed: &Listed, accepted: Accepted, include: Include) -> Result<Response<Body>> {
    let mut meta = json!({"resourceVersion": listed.revision.to_string(), "continue": listed.continue_token});
    if let Some(n) = listed.remaining {
        meta["remainingItemCount"] = n.into();
    }
    let plain = accepted.format == Format::Json && !accepted.pretty;
    let definition = &target.served.definition;
    if matches!(accepted.form, Form::Whole) {
        let head = format!("{{\"apiVersion\":{},\"items\":[", Value::from(target.group_version().to_string()));
        let mut chunks: VecDeque<Bytes> = VecDeque::with_capacity(2 * listed.items.len() + 2);
        chunks.push_back(head.into());
        for (i, e) in listed.items.iter().enumerate() {
            if i > 0 {
                chunks.push_back(Bytes::from_static(b","));
            }
            chunks.push_back(target.served.bytes(e, target.version));
        }
        let kind = Value::from(definition.names.list_kind.as_str());
        let mut tail = String::new();
        let _ = write!(tail, "],\"kind\":{kind},\"metadata\":{meta}}}");
        chunks.push_back(tail.into());
        if plain {
            return Ok(response(200, "application/json", Body::Chunks(chunks)));
        }
        let whole: Vec<u8> = chunks.iter().flat_map(|c| c.iter().copied()).collect();
        return Ok(value(200, &entry::decode(&whole).unwrap_or_default().into_value(), accepted));
    }
    Ok(match accepted.form {
        Form::Table(version) => {
            let rows = listed.items.iter().map(|e| table::row(target.version(), &parsed(target, e), include)).collect();
            if listed.continue_token.is_empty()
                && let Some(m) = meta.as_object_mut()
            {
                m.remove("continue");
            }
            value(200, &table_of(target, rows, meta, version, true), accepted)
        }
        Form::Partial { list: false, .. } => {
            return Err(Status::not_acceptable(
                "you requested PartialObjectMetadata, but the requested object is a list (*unstructured.UnstructuredList)",
            ));
        }
        Form::Partial { version, .. } => {
            let items: Vec<Value> =
                listed.items.iter().map(|e| partial(&parsed(target, e).into_value(), version)).collect();
            if listed.continue_token.is_empty()
                && let Some(m) = meta.as_object_mut()
            {
                m.remove("continue");
            }
            let kind = "PartialObjectMetadataList";
            let v =
                json!({"kind": kind, "apiVersion": format!("meta.k8s.io/{version}"), "metadata": meta, "items": items});
            value(200, &v, accepted)
        }
        Form::Whole => value(200, &meta, accepted),
    })
}

fn frame(kind: &str, object: &[u8]) -> Bytes {
    let mut out = Vec::with_capacity(object.len() + 40);
    out.extend_from_slice(b"{\"type\":\"");
    out.extend_from_slice(kind.as_bytes());
    out.extend_from_slice(b"\",\"object\":");
    out.extend_from_slice(object);
    out.extend_from_slice(b"}\n");
    out.into()
}

/// Writes watch events as lines of JSON.
pub(super) struct Events {
    /// What is watched.
    pub(super) target: Target,
    /// In which form.
    pub(super) accepted: Accepted,
    /// For tables.
    pub(super) include: Include,
    heads_sent: bool,
}

impl Events {
    /// For a watch that starts.
    pub(super) fn new(target: Target, accepted: Accepted, include: Include) -> Self {
        Self { target, accepted, include, heads_sent: false }
    }

    fn shown(&mut self, entry: &Entry) -> Bytes {
        let bytes = self.target.served.bytes(entry, self.target.version);
        let parse = || entry::decode(&bytes).unwrap_or_default();
        match self.accepted.form {
            Form::Whole => bytes,
            Form::Partial { version, .. } => json::encode(&partial(&parse().into_value(), version)).into(),
            Form::Table(version) => {
                let o = parse();
                let rows = vec![table::row(self.target.version(), &o, self.include)];
                let heads = !std::mem::replace(&mut self.heads_sent, true);
                let meta = json!({"resourceVersion": o.resource_version()});
                json::encode(&table_of(&self.target, rows, meta, version, heads)).into()
            }
        }
    }

    /// One event's line.
    pub(super) fn encode(&mut self, told: &Told) -> Bytes {
        match told {
            Told::Added(e, event) => self.line("ADDED", e, event.as_ref(), 0),
            Told::Modified(e, event) => self.line("MODIFIED", e, event.as_ref(), 1),
            Told::Deleted(e, event) => self.line("DELETED", e, event.as_ref(), 2),
            Told::Bookmark(revision, initial) => {
                let mut meta = json!({"resourceVersion": revision.to_string(), "creationTimestamp": null});
                if *initial {
                    meta["annotations"] = json!({"k8s.io/initial-events-end": "true"});
                }
                let (api_version, kind) = match self.accepted.form {
                    Form::Whole => (self.target.group_version().to_string(), self.target.kind().to_owned()),
                    Form::Partial { version, .. } => (format!("meta.k8s.io/{version}"), "PartialObjectMetadata".into()),
                    Form::Table(version) => {
                        let object =
                            json!({"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": meta});
                        let rows = vec![json!({"cells": [], "object": object})];
                        let heads = !std::mem::replace(&mut self.heads_sent, true);
                        let meta = json!({"resourceVersion": revision.to_string()});
                        return frame("BOOKMARK", &json::encode(&table_of(&self.target, rows, meta, version, heads)));
                    }
                };
                if let (Form::Whole, Some(m)) = (self.accepted.form, meta.as_object_mut()) {
                    m.remove("creationTimestamp");
                }
                frame("BOOKMARK", &json::encode(&json!({"apiVersion": api_version, "kind": kind, "metadata": meta})))
            }
            Told::Error(status) => frame("ERROR", &json::encode(&status.to_value())),
        }
    }

    /// A line that all watchers of whole objects in the storage version share.
    fn line(
        &mut self,
        kind: &str,
        entry: &Entry,
        event: Option<&std::sync::Arc<crate::storage::cache::Event<Entry>>>,
        slot: usize,
    ) -> Bytes {
        let shared = self.accepted.form == Form::Whole && self.target.version == self.target.served.storage_version;
        match event.filter(|_| shared) {
            Some(event) => event.frames[slot]
                .get_or_init(|| frame(kind, &self.target.served.bytes(entry, self.target.version)))
                .clone(),
            None => {
                let object = self.shown(entry);
                frame(kind, &object)
            }
        }
    }
}
