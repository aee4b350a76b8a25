//! OpenAPI over HTTP (wire contract 1.5, 1.6): the index of version 3 with hashed addresses, its documents, and version 2. The
//! documents are `generate`'s. They are made when they are asked for, once per change of their kinds, away from the
//! threads that answer requests; a document whose kinds did not change is kept across changes of others.

use super::discovery::Served;
use super::{media, version};
use crate::generate::openapi::{self, Published, Root};
use crate::schema::Definition;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::{
    ACCEPT, ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, EXPIRES, HeaderName,
    IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED, LOCATION, VARY,
};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use serde_json::{Value, json};
use sha2::{Digest, Sha512};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// The documents of the kinds that are served.
#[derive(Default)]
pub(super) struct Documents(Mutex<Arc<Set>>);

/// The documents of one generation of kinds.
#[derive(Default)]
struct Set {
    generation: Option<u64>,
    kinds: Arc<Vec<Served>>,
    /// Version 3 by the key of its index: `api`, `api/v1`, `apis`, `apis/GROUP/VERSION`, `version`.
    v3: BTreeMap<String, Arc<Document>>,
    index: OnceLock<Made>,
    v2: OnceLock<Made>,
    v2_protobuf: OnceLock<Bytes>,
}

/// What a version 3 document is about.
enum Subject {
    /// The kinds of a group and version.
    Kinds(String, String, Vec<Arc<Definition>>),
    Root(Root),
}

/// A version 3 document.
struct Document {
    subject: Subject,
    json: OnceLock<Made>,
    protobuf: OnceLock<Bytes>,
}

impl Document {
    fn new(subject: Subject) -> Arc<Self> {
        Arc::new(Self { subject, json: OnceLock::new(), protobuf: OnceLock::new() })
    }

    /// Whether it is about just this, so that it need not be made again.
    fn is_about(&self, other: &Subject) -> bool {
        match (&self.subject, other) {
            (Subject::Root(a), Subject::Root(b)) => a == b,
            (Subject::Kinds(_, _, a), Subject::Kinds(_, _, b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| Arc::ptr_eq(a, b))
            }
            _ => false,
        }
    }
}

/// A document and its hash.
struct Made {
    body: Bytes,
    /// SHA-512, upper-case hexadecimal.
    hash: String,
    /// When it was made, to the second.
    time: jiff::Timestamp,
}

impl Made {
    fn new(document: &Value) -> Self {
        let body = Bytes::from(document.to_string());
        let mut hash = String::with_capacity(128);
        for byte in Sha512::digest(&body) {
            let _ = write!(hash, "{byte:02X}");
        }
        let now = jiff::Timestamp::from_second(jiff::Timestamp::now().as_second()).unwrap_or_default();
        Self { body, hash, time: now }
    }
}

const HTTP_DATE: &str = "%a, %d %b %Y %H:%M:%S GMT";

fn http_date(at: jiff::Timestamp) -> String {
    at.strftime(HTTP_DATE).to_string()
}

fn parse_http_date(text: &str) -> Option<jiff::Timestamp> {
    let at = jiff::civil::DateTime::strptime(HTTP_DATE, text).ok()?;
    at.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|z| z.timestamp())
}

impl Documents {
    /// Answers a path below `/openapi/`; `None` for one that is not served.
    pub(super) fn answer(
        &self,
        generation: Option<u64>,
        kinds: Arc<Vec<Served>>,
        request: &Request,
    ) -> Option<Response<Bytes>> {
        let set = self.set(generation, kinds);
        match request.path.as_str() {
            "/openapi/v2" => Some(set.v2(request)),
            // What upstream merges its indices into has no content type, and is taken for text.
            "/openapi/v3" => {
                Some(send(set.index(), Some(&set.index().body), "text/plain; charset=utf-8", &request.headers))
            }
            path => set.v3(path.strip_prefix("/openapi/v3/")?, request),
        }
    }

    /// The documents of a generation; those of the one before are kept where their kinds are the same.
    fn set(&self, generation: Option<u64>, kinds: Arc<Vec<Served>>) -> Arc<Set> {
        let mut slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if slot.generation != generation {
            *slot = Arc::new(Set::new(generation, kinds, &slot));
        }
        slot.clone()
    }
}

/// What a request for a document says.
pub(super) struct Request {
    pub(super) path: String,
    pub(super) headers: HeaderMap,
    pub(super) hash: Option<String>,
}

impl Set {
    fn new(generation: Option<u64>, kinds: Arc<Vec<Served>>, before: &Self) -> Self {
        let versions: BTreeSet<(String, String)> = kinds
            .iter()
            .flat_map(|k| k.definition.versions.iter().filter(|v| v.served).map(|v| (&k.definition.group, &v.name)))
            .map(|(g, v)| (g.clone(), v.clone()))
            .collect();
        let roots = Root::all(versions.iter().map(|(group, _)| group.as_str()).collect::<BTreeSet<_>>().into_iter());
        let roots = roots.into_iter().map(|root| (root.key(), Subject::Root(root)));
        let subjects = versions.iter().map(|(group, version)| {
            let key = if group.is_empty() { format!("api/{version}") } else { format!("apis/{group}/{version}") };
            let mine = kinds
                .iter()
                .filter(|k| k.definition.group == *group && k.definition.version(version).is_some_and(|v| v.served));
            let mine = mine.map(|k| k.definition.clone()).collect();
            (key, Subject::Kinds(group.clone(), version.clone(), mine))
        });
        let documents = subjects.chain(roots).map(|(key, subject)| {
            let same = before.v3.get(&key).filter(|d| d.is_about(&subject)).cloned();
            (key, same.unwrap_or_else(|| Document::new(subject)))
        });
        let v3 = documents.collect();
        Self { generation, v3, kinds, ..Self::default() }
    }

    fn published(&self) -> Vec<Published<'_>> {
        self.kinds.iter().map(|k| Published { definition: &k.definition, verbs: k.verbs() }).collect()
    }

    fn made<'a>(&self, document: &'a Document) -> &'a Made {
        document.json.get_or_init(|| {
            Made::new(&match &document.subject {
                Subject::Root(root) => root.v3(),
                Subject::Kinds(group, version, _) => openapi::v3(&self.published(), group, version).unwrap_or_default(),
            })
        })
    }

    fn index(&self) -> &Made {
        self.index.get_or_init(|| {
            let paths: BTreeMap<&str, Value> = self
                .v3
                .iter()
                .map(|(key, d)| (key.as_str(), json!({"serverRelativeURL": address(key, &self.made(d).hash)})))
                .collect();
            Made::new(&json!({"paths": paths}))
        })
    }

    fn v3(&self, key: &str, request: &Request) -> Option<Response<Bytes>> {
        let document = self.v3.get(key)?;
        let Some(form) = Form::of(&request.headers, 3) else { return Some(not_acceptable()) };
        let made = self.made(document);
        let body = match form {
            Form::Json => &made.body,
            Form::Protobuf => document.protobuf.get_or_init(|| {
                openapi::protobuf::encode_v3(&serde_json::from_slice(&made.body).unwrap_or_default()).into()
            }),
        };
        let hash = request.hash.as_deref().unwrap_or_default();
        if !hash.is_empty() && hash != made.hash {
            let mut moved = send(made, None, form.content(3), &HeaderMap::new());
            *moved.status_mut() = StatusCode::MOVED_PERMANENTLY;
            put(&mut moved, LOCATION, &address(key, &made.hash));
            return Some(moved);
        }
        let mut response = send(made, Some(body), form.content(3), &request.headers);
        if !hash.is_empty() {
            put(&mut response, CACHE_CONTROL, "public, immutable");
            let year = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(365 * 24);
            put(&mut response, EXPIRES, &http_date(year));
        }
        Some(response)
    }

    fn v2(&self, request: &Request) -> Response<Bytes> {
        let Some(form) = Form::of(&request.headers, 2) else { return not_acceptable() };
        let made = self.v2.get_or_init(|| Made::new(&openapi::v2(&self.published(), &version::git_version())));
        let body = match form {
            Form::Json => &made.body,
            Form::Protobuf => self.v2_protobuf.get_or_init(|| {
                openapi::protobuf::encode_v2(&serde_json::from_slice(&made.body).unwrap_or_default()).into()
            }),
        };
        let mut response = send(made, Some(body), form.content(2), &request.headers);
        put(&mut response, VARY, "Accept-Encoding");
        response.headers_mut().append(VARY, HeaderValue::from_static("Accept"));
        let gzip =
            request.headers.get(ACCEPT_ENCODING).and_then(|v| v.to_str().ok()).is_some_and(|v| v.contains("gzip"));
        if gzip && response.status() == StatusCode::OK {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
            // Writing to memory does not fail; if it did, the plain body would be sent.
            if encoder.write_all(body).is_ok()
                && let Ok(small) = encoder.finish()
            {
                *response.body_mut() = small.into();
                put(&mut response, CONTENT_ENCODING, "gzip");
            }
        }
        response
    }
}

/// The address of a version 3 document, which changes with its content (D53).
fn address(key: &str, hash: &str) -> String {
    format!("/openapi/v3/{key}?hash={hash}")
}

/// The encodings documents come in.
#[derive(Clone, Copy)]
enum Form {
    Json,
    Protobuf,
}

impl Form {
    /// What is asked for first; the spelling with `@` is an older one for the same (D47, D54).
    fn of(headers: &HeaderMap, version: u8) -> Option<Self> {
        let given = headers.get(ACCEPT).map_or("", |v| v.to_str().unwrap_or("?"));
        if given.is_empty() {
            return Some(Self::Json);
        }
        let protobuf = Self::Protobuf.content(version);
        let older = protobuf.replace(".v1.0", "@v1.0");
        let known = [(Self::Json.content(version), Self::Json), (protobuf, Self::Protobuf), (&older, Self::Protobuf)];
        let taken = |c: media::Clause<'_>| known.iter().find(|(media, _)| c.takes(media)).map(|(_, form)| *form);
        media::clauses(given).into_iter().find_map(taken)
    }

    fn content(self, version: u8) -> &'static str {
        match (self, version) {
            (Self::Json, _) => "application/json",
            (Self::Protobuf, 2) => "application/com.github.proto-openapi.spec.v2.v1.0+protobuf",
            (Self::Protobuf, _) => "application/com.github.proto-openapi.spec.v3.v1.0+protobuf",
        }
    }
}

fn put(response: &mut Response<Bytes>, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

/// A document, or 304 when the client has it.
fn send(made: &Made, body: Option<&Bytes>, content: &'static str, request: &HeaderMap) -> Response<Bytes> {
    let tag = format!("\"{}\"", made.hash);
    let text = |name: HeaderName| request.get(name).and_then(|v| v.to_str().ok());
    let known = match (text(IF_NONE_MATCH), text(IF_MODIFIED_SINCE)) {
        (Some(tags), _) => tags.split(',').any(|t| t.trim() == "*" || t.trim().trim_start_matches("W/") == tag),
        (None, Some(since)) => parse_http_date(since).is_some_and(|since| made.time <= since),
        (None, None) => false,
    };
    let mut response = Response::new(Bytes::new());
    put(&mut response, ETAG, &tag);
    put(&mut response, VARY, "Accept");
    if known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        return response;
    }
    put(&mut response, CONTENT_TYPE, content);
    put(&mut response, LAST_MODIFIED, &http_date(made.time));
    *response.body_mut() = body.cloned().unwrap_or_default();
    response
}

fn not_acceptable() -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::NOT_ACCEPTABLE;
    put(&mut response, VARY, "Accept");
    response
}

#[cfg(test)]
mod tests;
