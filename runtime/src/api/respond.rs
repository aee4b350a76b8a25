//! Answers: objects, lists and errors in the form that was negotiated. Watch events are `events`'.

use super::blocks::Blocks;
use super::body::Body;
use super::negotiate::{Accepted, Encoding, Form};
use super::table::{Columns, Include};
use crate::resource::Object;
use crate::resource::codec::{json, protobuf, yaml};
use crate::status::{Result, Status};
use crate::verbs::context::Target;
use crate::verbs::list::Listed;
use crate::verbs::{Entry, entry};
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::{
    ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER, VARY, WARNING,
};
use http::{HeaderMap, Response, StatusCode};
use http_body::Body as _;
use serde_json::{Value, json};
use std::io::Write as _;

/// Answers larger than this are compressed for who asks (R17).
const GZIP_FROM: u64 = 128 * 1024;
/// Tells browsers to believe the content type.
pub(super) const NOSNIFF: (HeaderName, HeaderValue) =
    (HeaderName::from_static("x-content-type-options"), HeaderValue::from_static("nosniff"));

fn response(code: u16, content_type: &'static str, body: Body) -> Response<Body> {
    let mut out = Response::new(body);
    *out.status_mut() = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    out.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    out
}

/// A value in an encoding; what has no protobuf form is not negotiated as that.
pub(super) fn encoded(value: &Value, accepted: Accepted) -> Vec<u8> {
    match accepted.encoding {
        Encoding::Yaml => yaml::encode(value),
        Encoding::Protobuf => protobuf::encode(value).unwrap_or_else(|| json::encode(value)),
        Encoding::Json if accepted.pretty => json::encode_pretty(value),
        Encoding::Json => json::encode(value),
    }
}

/// A JSON value in the negotiated encoding.
pub(super) fn value(code: u16, value: &Value, accepted: Accepted) -> Response<Body> {
    response(code, accepted.encoding.media_type(), encoded(value, accepted).into())
}

/// A value that is JSON for people whatever the client asks for.
pub(super) fn raw(value: &Value) -> Response<Body> {
    response(200, "application/json", json::encode_pretty(value).into())
}

/// Plain text.
pub(super) fn text(code: u16, text: impl Into<Bytes>) -> Response<Body> {
    let mut out = response(code, "text/plain; charset=utf-8", text.into().into());
    out.headers_mut().extend([NOSNIFF]);
    out
}

/// What a path that nothing serves gets.
pub(super) fn page_not_found() -> Response<Body> {
    text(404, "404 page not found\n")
}

/// A request that took too long. As upstream, a Status that does not say so, in plain text (R6): clients go by the code.
pub(super) fn timed_out() -> Response<Body> {
    let message = "Timeout: request did not complete within the allotted timeout";
    let body = json!({
        "metadata": {}, "status": "Failure", "message": message, "reason": "Timeout", "details": {}, "code": 504});
    response(504, "text/plain; charset=utf-8", json::encode(&body).into())
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
    out
}

/// Warnings as headers (R12, A/endpoints/filters/warning.go): once past the budget all are cut short, and none is added
/// when they are too much even so. One with a control character has no place in a header.
pub(super) fn warn(response: &mut Response<Body>, warnings: &[String]) {
    const BUDGET: usize = 4096;
    const SHORT: usize = 256;
    let (mut written, mut cut, mut shown) = (0, false, Vec::new());
    for w in warnings.iter().filter(|w| !w.is_empty() && !w.chars().any(char::is_control)) {
        if cut && written >= BUDGET {
            break;
        }
        let length = |w: &str| w.chars().count().min(if cut { SHORT } else { usize::MAX });
        if !cut && written + length(w) > BUDGET {
            cut = true;
            written = shown.iter().chain([&w]).map(|w: &&String| w.chars().count().min(SHORT)).sum();
        } else {
            written += length(w);
        }
        shown.push(w);
    }
    for w in shown {
        let text: String = w.chars().take(if cut { SHORT } else { usize::MAX }).collect();
        let quoted = text.replace('\\', "\\\\").replace('"', "\\\"");
        if let Ok(v) = HeaderValue::from_bytes(format!("299 - \"{quoted}\"").as_bytes()) {
            response.headers_mut().append(WARNING, v);
        }
    }
}

/// Whether a client takes gzip.
fn takes_gzip(request: &HeaderMap) -> bool {
    let accepts = request.get(ACCEPT_ENCODING).and_then(|v| v.to_str().ok()).unwrap_or_default();
    accepts.split(',').any(|token| token.trim() == "gzip")
}

/// Compresses a large answer for a client that takes gzip; watches never (R17).
pub(super) async fn compress(request: &HeaderMap, response: Response<Body>) -> Response<Body> {
    let plain = !response.headers().contains_key(CONTENT_ENCODING);
    let large = response.body().size_hint().exact().is_some_and(|n| n > GZIP_FROM);
    if large && plain && takes_gzip(request) { gzip(response).await } else { response }
}

/// Compresses whatever size an answer has for a client that takes gzip.
pub(super) async fn compress_any(request: &HeaderMap, response: Response<Body>) -> Response<Body> {
    if takes_gzip(request) { gzip(response).await } else { response }
}

async fn gzip(mut response: Response<Body>) -> Response<Body> {
    let blocks: Box<dyn Iterator<Item = Bytes> + Send> = match std::mem::replace(response.body_mut(), Body::empty()) {
        Body::Chunks(chunks) => Box::new(chunks.into_iter()),
        Body::Blocks(blocks, _) => blocks,
        stream @ Body::Stream(_) => {
            *response.body_mut() = stream;
            return response;
        }
    };
    // It takes a while: not on a thread that answers others.
    let work = tokio::task::spawn_blocking(move || {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::new(1));
        for block in blocks {
            encoder.write_all(&block)?;
        }
        encoder.finish()
    });
    match work.await {
        Ok(Ok(small)) => {
            *response.body_mut() = small.into();
            response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            response.headers_mut().append(VARY, HeaderValue::from_static("Accept-Encoding"));
        }
        _ => return nothing(500),
    }
    response
}

/// An object's metadata alone.
pub(super) fn partial(object: &Object, version: &str) -> Value {
    json!({
        "kind": "PartialObjectMetadata", "apiVersion": format!("meta.k8s.io/{version}"),
        "metadata": object.metadata().cloned().unwrap_or_default()})
}

/// An entry in the version that a target asks for.
///
/// # Errors
/// 500 for what cannot be converted.
pub(super) fn parsed(target: &Target, entry: &Entry) -> Result<Object> {
    Ok(entry::decode(&target.served.bytes(entry, target.version)?).unwrap_or_default())
}

fn is_plain(accepted: Accepted) -> bool {
    accepted.encoding == Encoding::Json && !accepted.pretty
}

/// One object of a served kind.
///
/// # Errors
/// Those of [`made`].
pub(super) fn object(
    code: u16,
    target: &Target,
    entry: &Entry,
    accepted: Accepted,
    include: Include,
) -> Result<Response<Body>> {
    if accepted.form == Form::Whole && is_plain(accepted) {
        return Ok(response(code, "application/json", target.served.bytes(entry, target.version)?.into()));
    }
    let compiled = compiled(target, "");
    made(code, &parsed(target, entry)?, compiled.as_deref(), &Columns::of(target.version()), accepted, include)
}

/// The type that upstream has compiled in for a kind or its list, by which some of its refusals call it.
fn compiled(target: &Target, suffix: &str) -> Option<String> {
    let package = if target.resource().group.is_empty() { "core" } else { "apiextensions" };
    target.served.strategy.builtin().then(|| format!("*{package}.{}{suffix}", target.kind()))
}

/// An object that no entry has: a Scale. `compiled` is the type that upstream has for it, if any.
///
/// # Errors
/// Those of upstream when the list form of metadata was asked for: 406, and 500 for what has no type.
pub(super) fn made(
    code: u16,
    object: &Object,
    compiled: Option<&str>,
    columns: &Columns,
    accepted: Accepted,
    include: Include,
) -> Result<Response<Body>> {
    let shown = match accepted.form {
        Form::Whole => Value::Object(object.0.clone()),
        Form::Table(version) => {
            let meta = json!({"resourceVersion": object.resource_version()});
            columns.table(vec![columns.row(object, include, version)], meta, version, true)
        }
        Form::Partial { list: true, .. } => {
            return Err(match compiled {
                None => Status::unclassified("content is not a list"),
                Some(what) => Status::not_acceptable(format!(
                    "you requested PartialObjectMetadataList, but the requested object is not a list ({what})"
                )),
            });
        }
        Form::Partial { version, .. } => partial(object, version),
        Form::Discovery => return Err(Status::internal("a discovery document was asked of an object")),
    };
    Ok(value(code, &shown, accepted))
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
    let objects = || listed.items.iter().map(|e| parsed(target, e));
    // Only custom resources' own lists show that nothing continues them (C41).
    let shows = accepted.form == Form::Whole && !target.served.strategy.builtin();
    if !shows && listed.continue_token.is_empty() {
        meta.as_object_mut().into_iter().for_each(|m| drop(m.remove("continue")));
    }
    let shown = match accepted.form {
        Form::Whole => {
            let blocks = Blocks::new(target, listed, &meta)?;
            if is_plain(accepted) {
                let bytes = blocks.bytes();
                return Ok(response(200, "application/json", Body::Blocks(Box::new(blocks), bytes)));
            }
            let whole: Vec<Bytes> = blocks.collect();
            entry::decode(&whole.concat()).unwrap_or_default().into_value()
        }
        Form::Table(version) => {
            let columns = Columns::of(target.version());
            let rows = objects().map(|o| Ok(columns.row(&o?, include, version))).collect::<Result<_>>()?;
            columns.table(rows, meta, version, true)
        }
        Form::Partial { list: false, .. } => {
            let what = compiled(target, "List").unwrap_or_else(|| "*unstructured.UnstructuredList".into());
            return Err(Status::not_acceptable(format!(
                "you requested PartialObjectMetadata, but the requested object is a list ({what})"
            )));
        }
        Form::Partial { version, .. } => {
            let items = objects().map(|o| Ok(partial(&o?, version))).collect::<Result<Vec<Value>>>()?;
            // Upstream's list of none is null here.
            let items = if items.is_empty() { Value::Null } else { Value::Array(items) };
            let kind = "PartialObjectMetadataList";
            json!({"kind": kind, "apiVersion": format!("meta.k8s.io/{version}"), "metadata": meta, "items": items})
        }
        Form::Discovery => return Err(Status::internal("a discovery document was asked of a list")),
    };
    Ok(value(200, &shown, accepted))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn warned(warnings: &[String]) -> Vec<String> {
        let mut answer = nothing(200);
        warn(&mut answer, warnings);
        let text = |v: &HeaderValue| v.to_str().map(str::to_owned).unwrap_or_default();
        answer.headers().get_all(WARNING).iter().map(text).collect()
    }

    #[test]
    fn warnings_are_quoted_and_those_of_several_lines_left_out() {
        let texts = ["a \"b\" \\c".to_owned(), "two\nlines".to_owned()];
        assert_eq!(warned(&texts), [r#"299 - "a \"b\" \\c""#]);
    }

    #[test]
    fn too_many_warnings_are_cut_short() {
        let all: Vec<String> = (0..30).map(|i| format!("{i:03}{}", "x".repeat(300))).collect();
        assert_eq!(warned(&all[..13]).len(), 13);
        assert!(warned(&all[..13])[0].len() > 300);
        let cut = warned(&all);
        assert_eq!(cut.len(), 16);
        assert!(cut.iter().all(|w| w.len() == "299 - \"\"".len() + 256));
    }
}
