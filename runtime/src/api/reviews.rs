//! `authentication.k8s.io/v1` SelfSubjectReview: who the server takes the client for, which is all `kubectl auth whoami` asks.
//! The kind is answered and never stored, so it is no kind of the engine's.

use super::body::Body;
use super::discovery::Served;
use super::negotiate::{self, Answer, BodyFormat};
use super::protobuf;
use super::request::Info;
use super::respond;
use crate::access::User;
use crate::resource::codec;
use crate::schema::Definition;
use crate::status::{Result, Status};
use http::{HeaderMap, Method, Response, request};
use serde_json::{Value, json};
use std::sync::{Arc, LazyLock};

const GROUP: &str = "authentication.k8s.io";
const PLURAL: &str = "selfsubjectreviews";

static DEFINITION: LazyLock<Option<Arc<Definition>>> = LazyLock::new(|| {
    let definition = json!({"spec": {
        "group": GROUP, "scope": "Cluster",
        "names": {"plural": PLURAL, "singular": "selfsubjectreview", "kind": "SelfSubjectReview",
            "listKind": "SelfSubjectReviewList"},
        "versions": [{"name": "v1", "served": true, "storage": false}]}});
    Definition::builtin(&definition).ok().map(Arc::new)
});

/// The kind, for documents.
pub(super) fn served() -> Option<Served> {
    DEFINITION.clone().map(Served::new)
}

/// Whether a request is for it.
pub(super) fn is_asked(info: &Info) -> bool {
    info.group == GROUP && info.version == "v1" && info.resource == PLURAL
}

/// Nothing in a review is the client's to say, so of a body in protobuf (kubectl's choice) the envelope is enough.
fn check(headers: &HeaderMap, body: &[u8]) -> Result<()> {
    let is_review = match negotiate::body_format(headers)? {
        BodyFormat::Protobuf => protobuf::check_prefix(body).is_ok(),
        BodyFormat::Text(format) => {
            let asked = codec::decode(format, body).map_err(Status::bad_request)?.value;
            let is = |key: &str, want: &str| asked.get(key).and_then(Value::as_str).is_none_or(|v| v == want);
            asked.is_object() && is("kind", "SelfSubjectReview") && is("apiVersion", "authentication.k8s.io/v1")
        }
    };
    if is_review {
        Ok(())
    } else {
        Err(Status::bad_request("the body must be a SelfSubjectReview of authentication.k8s.io/v1"))
    }
}

/// Answers a request for it.
///
/// # Errors
/// Any other method than POST, and a body that is not a SelfSubjectReview.
pub(super) fn answer(
    parts: &request::Parts,
    info: &Info,
    user: &User,
    body: &[u8],
    now: &str,
) -> Result<Response<Body>> {
    if parts.method != Method::POST || !info.name.is_empty() {
        return Err(Status::no_such_method());
    }
    check(&parts.headers, body)?;
    let mut info = json!({"username": user.name, "groups": user.groups});
    if !user.uid.is_empty() {
        info["uid"] = user.uid.clone().into();
    }
    if !user.extra.is_empty() {
        info["extra"] = json!(user.extra);
    }
    let review = json!({
        "kind": "SelfSubjectReview", "apiVersion": "authentication.k8s.io/v1",
        "metadata": {"creationTimestamp": now}, "status": {"userInfo": info}});
    Ok(respond::value(201, &review, negotiate::negotiate(&parts.headers, None, Answer::Resource)?))
}
