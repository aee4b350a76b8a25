//! The `Status` a Kubernetes API answers with: reasons, codes, details, and one constructor per class of error with the
//! exact words of apimachinery's `api/errors`. How it is put on the wire is `api`'s.

pub mod field;

use crate::resource::{GroupKind, GroupResource};
use field::FieldError;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The machine-readable reason of a failure. Each has one HTTP code in the classes of `api/errors`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reason {
    /// 401
    Unauthorized,
    /// 403
    Forbidden,
    /// 404
    NotFound,
    /// 409
    AlreadyExists,
    /// 409
    Conflict,
    /// 410
    Gone,
    /// 410
    Expired,
    /// 422
    Invalid,
    /// 500
    ServerTimeout,
    /// 504
    Timeout,
    /// 429
    TooManyRequests,
    /// 400
    BadRequest,
    /// 405
    MethodNotAllowed,
    /// 406
    NotAcceptable,
    /// 413
    RequestEntityTooLarge,
    /// 415
    UnsupportedMediaType,
    /// 500
    InternalError,
    /// 503
    ServiceUnavailable,
}

/// One cause in a Status' details.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cause {
    /// Machine-readable cause, e.g. `FieldValueInvalid`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// What a person reads.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// The field's path.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub field: String,
}

/// What a Status is about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Details {
    /// Object name.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// API group.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub group: String,
    /// Resource plural, or the Kind for Invalid and storage preconditions.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub kind: String,
    /// Object uid.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub uid: String,
    /// Single causes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub causes: Vec<Cause>,
    /// Seconds; sent as `Retry-After` too when positive.
    #[serde(default, rename = "retryAfterSeconds", skip_serializing_if = "is_zero")]
    pub retry_after_seconds: u32,
}

fn is_zero(n: &u32) -> bool {
    *n == 0
}

/// A failed request, as `metav1.Status` says it. The error type of verbs and of everything a request passes through.
#[derive(Clone, Debug, PartialEq)]
pub struct Status {
    /// HTTP code.
    pub code: u16,
    /// Absent for bare internal errors (R48 of the wire contract).
    pub reason: Option<Reason>,
    /// What a person reads.
    pub message: String,
    /// Absent, or present and perhaps empty (`details: {}`).
    pub details: Option<Box<Details>>,
    /// `metadata.continue` of an expired list (C44).
    pub continue_token: Option<String>,
}

/// Result of anything that can fail towards a client.
pub type Result<T, E = Status> = std::result::Result<T, E>;

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Status {}

impl Status {
    fn new(code: u16, reason: Option<Reason>, message: impl Into<String>, details: Option<Details>) -> Self {
        Self { code, reason, message: message.into(), details: details.map(Box::new), continue_token: None }
    }

    fn about(gr: &GroupResource, name: &str) -> Details {
        Details { name: name.into(), group: gr.group.clone(), kind: gr.resource.clone(), ..Details::default() }
    }

    /// 404 `widgets.ex.io "x" not found`.
    pub fn not_found(gr: &GroupResource, name: &str) -> Self {
        Self::new(404, Some(Reason::NotFound), format!("{gr} \"{name}\" not found"), Some(Self::about(gr, name)))
    }

    /// 404 for a path below a known group and version that serves no such resource.
    pub fn no_such_resource() -> Self {
        let message = "the server could not find the requested resource";
        Self::new(404, Some(Reason::NotFound), message, Some(Details::default()))
    }

    /// 409 `widgets.ex.io "x" already exists`.
    pub fn already_exists(gr: &GroupResource, name: &str) -> Self {
        let message = format!("{gr} \"{name}\" already exists");
        Self::new(409, Some(Reason::AlreadyExists), message, Some(Self::about(gr, name)))
    }

    /// 409 when generateName found no free name in all its attempts.
    pub fn generate_name_conflict(gr: &GroupResource, name: &str) -> Self {
        let message =
            format!("{gr} \"{name}\" already exists, the server was not able to generate a unique name for the object");
        let details = Details { retry_after_seconds: 1, ..Self::about(gr, name) };
        Self::new(409, Some(Reason::AlreadyExists), message, Some(details))
    }

    /// 409 `Operation cannot be fulfilled on widgets.ex.io "x": <why>`.
    pub fn conflict(gr: &GroupResource, name: &str, why: &str) -> Self {
        let message = format!("Operation cannot be fulfilled on {gr} \"{name}\": {why}");
        Self::new(409, Some(Reason::Conflict), message, Some(Self::about(gr, name)))
    }

    /// 409 of server-side apply: causes only.
    pub fn apply_conflict(message: impl Into<String>, causes: Vec<Cause>) -> Self {
        Self::new(409, Some(Reason::Conflict), message, Some(Details { causes, ..Details::default() }))
    }

    /// 422 `Widget.ex.io "x" is invalid: ...` with one cause per field error. Equal texts stand once in the message.
    pub fn invalid(gk: &GroupKind, name: &str, errors: &[FieldError]) -> Self {
        let causes = errors.iter().map(FieldError::cause).collect();
        let mut message = format!("{gk} \"{name}\" is invalid");
        let mut texts: Vec<String> = Vec::new();
        for e in errors {
            let text = e.to_string();
            if !texts.contains(&text) {
                texts.push(text);
            }
        }
        match texts.as_slice() {
            [] => {}
            [one] => message += &format!(": {one}"),
            many => message += &format!(": [{}]", many.join(", ")),
        }
        let details =
            Details { name: name.into(), group: gk.group.clone(), kind: gk.kind.clone(), causes, ..Details::default() };
        Self::new(422, Some(Reason::Invalid), message, Some(details))
    }

    /// 400 with free text.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(400, Some(Reason::BadRequest), message, None)
    }

    /// 401 `Unauthorized`.
    pub fn unauthorized() -> Self {
        Self::new(401, Some(Reason::Unauthorized), "Unauthorized", None)
    }

    /// 403 `widgets.ex.io "x" is forbidden: <why>`, or without the quoted name where there is none.
    pub fn forbidden(gr: &GroupResource, name: &str, why: &str) -> Self {
        let message = match (gr.resource.is_empty(), name.is_empty()) {
            (true, _) => format!("forbidden: {why}"),
            (false, true) => format!("{gr} is forbidden: {why}"),
            (false, false) => format!("{gr} \"{name}\" is forbidden: {why}"),
        };
        Self::new(403, Some(Reason::Forbidden), message, Some(Self::about(gr, name)))
    }

    /// 405 `delete is not supported on resources of kind "widgets.ex.io"`.
    pub fn method_not_allowed(gr: &GroupResource, verb: &str) -> Self {
        let message = format!("{verb} is not supported on resources of kind \"{gr}\"");
        Self::new(405, Some(Reason::MethodNotAllowed), message, Some(Self::about(gr, "")))
    }

    /// 405 for a method that a built-in path does not have.
    pub fn no_such_method() -> Self {
        let message = "the server does not allow this method on the requested resource";
        Self::new(405, Some(Reason::MethodNotAllowed), message, Some(Details::default()))
    }

    /// 406 or 415 of the router in front of built-in paths.
    pub fn unroutable(code: u16, message: impl Into<String>) -> Self {
        let reason = if code == 406 { Reason::NotAcceptable } else { Reason::UnsupportedMediaType };
        Self::new(code, Some(reason), message, Some(Details::default()))
    }

    /// 406 naming what can be had.
    pub fn not_acceptable(message: impl Into<String>) -> Self {
        Self::new(406, Some(Reason::NotAcceptable), message, None)
    }

    /// 415 naming what is understood.
    pub fn unsupported_media_type(message: impl Into<String>) -> Self {
        Self::new(415, Some(Reason::UnsupportedMediaType), message, None)
    }

    /// 413 `Request entity too large: <why>`.
    pub fn too_large(why: impl fmt::Display) -> Self {
        Self::new(413, Some(Reason::RequestEntityTooLarge), format!("Request entity too large: {why}"), None)
    }

    /// 410 Expired.
    pub fn expired(message: impl Into<String>) -> Self {
        Self::new(410, Some(Reason::Expired), message, None)
    }

    /// 429 with the seconds to wait.
    pub fn too_many_requests(message: impl Into<String>, retry_after_seconds: u32) -> Self {
        let details = Details { retry_after_seconds, ..Details::default() };
        Self::new(429, Some(Reason::TooManyRequests), message, Some(details))
    }

    /// 504 `Timeout: ...`.
    pub fn timeout(message: &str, retry_after_seconds: u32) -> Self {
        let details = Details { retry_after_seconds, ..Details::default() };
        Self::new(504, Some(Reason::Timeout), format!("Timeout: {message}"), Some(details))
    }

    /// 504 for a resourceVersion that the store has not reached (C32).
    pub fn too_large_resource_version(wanted: u64, current: u64) -> Self {
        let mut s = Self::timeout(&format!("Too large resource version: {wanted}, current: {current}"), 1);
        if let Some(d) = &mut s.details {
            d.causes.push(Cause {
                reason: "ResourceVersionTooLarge".into(),
                message: "Too large resource version".into(),
                field: String::new(),
            });
        }
        s
    }

    /// 503.
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self::new(503, Some(Reason::ServiceUnavailable), message, None)
    }

    /// 500 `Internal error occurred: <err>` with the error as its one cause.
    pub fn internal(err: impl fmt::Display) -> Self {
        let err = err.to_string();
        let cause = Cause { message: err.clone(), ..Cause::default() };
        let details = Details { causes: vec![cause], ..Details::default() };
        Self::new(500, Some(Reason::InternalError), format!("Internal error occurred: {err}"), Some(details))
    }

    /// 500 with the bare text and no reason: what upstream answers for an error it has no class for (R48).
    pub fn unclassified(message: impl Into<String>) -> Self {
        Self::new(500, None, message, None)
    }

    /// The JSON object that goes on the wire, keys as `metav1.Status` has them.
    pub fn to_value(&self) -> serde_json::Value {
        let mut metadata = serde_json::Map::new();
        if let Some(token) = &self.continue_token {
            metadata.insert("continue".into(), token.clone().into());
        }
        let mut out = serde_json::json!({
            "kind": "Status", "apiVersion": "v1", "metadata": metadata, "status": "Failure",
            "message": self.message, "code": self.code,
        });
        if let Some(o) = out.as_object_mut() {
            if let Some(Ok(r)) = self.reason.map(serde_json::to_value) {
                o.insert("reason".into(), r);
            }
            if let Some(Ok(d)) = self.details.as_deref().map(serde_json::to_value) {
                o.insert("details".into(), d);
            }
        }
        out
    }
}
