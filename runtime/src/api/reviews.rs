//! Reviews: what a client asks about itself. They are answered and never stored, so they are no kinds of the engine's.
//! `authentication.k8s.io/v1` SelfSubjectReview is who the server takes the client for (`kubectl auth whoami`),
//! `authorization.k8s.io/v1` SelfSubjectAccessReview whether the client may do something (`kubectl auth can-i`).

use super::body::Body;
use super::discovery::Served;
use super::negotiate::{self, Answer, BodyFormat};
use super::request::Info;
use super::respond;
use crate::access::{Attributes, Authorizer, Decision, User};
use crate::resource::{GroupKind, codec};
use crate::schema::Definition;
use crate::status::field::FieldError;
use crate::status::{Result, Status};
use http::{HeaderMap, Method, Response, request};
use serde_json::{Value, json};
use std::sync::{Arc, LazyLock};

/// Which question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Review {
    /// Who am I?
    Subject,
    /// May I?
    Access,
}

static DEFINITIONS: LazyLock<Vec<Arc<Definition>>> = LazyLock::new(|| {
    let definition = |review: &Review| {
        let kind = review.kind();
        let definition = json!({"spec": {
            "group": review.group(), "scope": "Cluster",
            "names": {"plural": review.plural(), "singular": kind.to_lowercase(), "kind": kind, "listKind": format!("{kind}List")},
            "versions": [{"name": "v1", "served": true, "storage": false}]}});
        Definition::builtin(&definition).ok().map(Arc::new)
    };
    Review::ALL.iter().filter_map(definition).collect()
});

/// The kinds, for documents.
pub(super) fn served() -> impl Iterator<Item = Served> {
    DEFINITIONS.iter().cloned().map(Served::new)
}

/// Whether a group and version holds reviews.
pub(super) fn has_group_version(info: &Info) -> bool {
    info.version == "v1" && Review::ALL.iter().any(|r| r.group() == info.group)
}

impl Review {
    const ALL: [Self; 2] = [Self::Subject, Self::Access];

    /// The one that a request is for.
    pub(super) fn asked(info: &Info) -> Option<Self> {
        let is = |r: &Self| info.group == r.group() && info.version == "v1" && info.resource == r.plural();
        Self::ALL.into_iter().find(is)
    }

    fn group(self) -> &'static str {
        match self {
            Self::Subject => "authentication.k8s.io",
            Self::Access => "authorization.k8s.io",
        }
    }

    fn kind(self) -> &'static str {
        match self {
            Self::Subject => "SelfSubjectReview",
            Self::Access => "SelfSubjectAccessReview",
        }
    }

    fn plural(self) -> &'static str {
        match self {
            Self::Subject => "selfsubjectreviews",
            Self::Access => "selfsubjectaccessreviews",
        }
    }

    fn api_version(self) -> String {
        format!("{}/v1", self.group())
    }

    /// Answers a request for it.
    ///
    /// # Errors
    /// Any other method than POST, a body that is not a review of this kind, and a question that is none.
    pub(super) fn answer(
        self,
        parts: &request::Parts,
        info: &Info,
        (user, authorizer): (&User, &dyn Authorizer),
        body: &[u8],
        now: &str,
    ) -> Result<Response<Body>> {
        if parts.method != Method::POST || !info.name.is_empty() {
            return Err(Status::no_such_method());
        }
        let asked = self.decode(&parts.headers, body)?;
        let mut review = json!({"kind": self.kind(), "apiVersion": self.api_version(), "metadata": {}});
        match self {
            Self::Subject => {
                review["metadata"]["creationTimestamp"] = now.into();
                review["status"] = json!({"userInfo": about(user)});
            }
            Self::Access => {
                let spec = asked.get("spec").cloned().unwrap_or_default();
                review["status"] = self.decide(&spec, user, authorizer)?;
                review["spec"] = spec;
            }
        }
        Ok(respond::value(201, &review, negotiate::negotiate(&parts.headers, None, Answer::Resource)?))
    }

    fn decode(self, headers: &HeaderMap, body: &[u8]) -> Result<Value> {
        let asked = match negotiate::body_format(headers)? {
            BodyFormat::Protobuf => codec::protobuf::decode(body).map_err(Status::bad_request)?,
            BodyFormat::Text(format) => codec::decode(format, body).map_err(Status::bad_request)?.value,
        };
        let is = |key: &str, want: &str| asked.get(key).and_then(Value::as_str).is_none_or(|v| v == want);
        if asked.is_object() && is("kind", self.kind()) && is("apiVersion", &self.api_version()) {
            return Ok(asked);
        }
        Err(Status::bad_request(format!("the body must be a {} of {}", self.kind(), self.api_version())))
    }

    /// The status of an access review: what the authorizer says of a request with these attributes.
    fn decide(self, spec: &Value, user: &User, authorizer: &dyn Authorizer) -> Result<Value> {
        let part = |key: &str| spec.get(key).filter(|v| !v.is_null());
        let (resource, path) = (part("resourceAttributes"), part("nonResourceAttributes"));
        let refused = |field: &str, value: Value, why: &str| {
            let error = FieldError::invalid(format!("spec.{field}"), value, why);
            Err(Status::invalid(&GroupKind::new(self.group(), self.kind()), "", &[error]))
        };
        let asked = match (resource, path) {
            (Some(_), Some(path)) => {
                let why = "cannot be specified in combination with resourceAttributes";
                return refused("nonResourceAttributes", path.clone(), why);
            }
            (None, None) => {
                let why = "exactly one of nonResourceAttributes or resourceAttributes must be specified";
                return refused("resourceAttributes", Value::Null, why);
            }
            (asked, None) | (None, asked) => asked.unwrap_or(&Value::Null),
        };
        let text = |key: &str| asked.get(key).and_then(Value::as_str).unwrap_or_default();
        let attributes = Attributes {
            verb: text("verb"),
            group: text("group"),
            version: text("version"),
            resource: text("resource"),
            subresource: text("subresource"),
            namespace: text("namespace"),
            name: text("name"),
            path: text("path"),
            is_resource: resource.is_some(),
        };
        Ok(match authorizer.authorize(user, &attributes) {
            Decision::Allow => json!({"allowed": true}),
            Decision::NoOpinion => json!({"allowed": false}),
            Decision::Deny(reason) if reason.is_empty() => json!({"allowed": false, "denied": true}),
            Decision::Deny(reason) => json!({"allowed": false, "denied": true, "reason": reason}),
        })
    }
}

fn about(user: &User) -> Value {
    let mut info = json!({"username": user.name, "groups": user.groups});
    if !user.uid.is_empty() {
        info["uid"] = user.uid.clone().into();
    }
    if !user.extra.is_empty() {
        info["extra"] = json!(user.extra);
    }
    info
}
