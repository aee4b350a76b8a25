//! Reviews: what a client asks about itself. They are answered and never stored, so they are no kinds of the engine's.
//! `authentication.k8s.io/v1` SelfSubjectReview is who the server takes the client for (`kubectl auth whoami`),
//! `authorization.k8s.io/v1` SelfSubjectAccessReview whether the client may do something (`kubectl auth can-i`), and
//! SelfSubjectRulesReview what it may (`kubectl auth can-i --list`).

use super::body::{Body, Incoming};
use super::discovery::Served;
use super::negotiate::{self, Answer, BodyFormat};
use super::query::Query;
use super::request::Info;
use super::respond;
use super::routes::Route;
use crate::access::{Attributes, Authorizer, Decision, ResourceRule, Rules, User};
use crate::resource::{GroupKind, codec};
use crate::schema::Definition;
use crate::status::field::FieldError;
use crate::status::{Result, Status};
use crate::verbs::options::WriteKind;
use http::{Response, request};
use serde_json::{Value, json};
use std::sync::{Arc, LazyLock};

/// Which question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Review {
    /// Who am I?
    Subject,
    /// May I?
    Access,
    /// What may I?
    Rules,
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

/// Whether a group is one of reviews.
pub(super) fn is_group(group: &str) -> bool {
    Review::ALL.iter().any(|r| r.group() == group)
}

impl Review {
    const ALL: [Self; 3] = [Self::Subject, Self::Access, Self::Rules];

    /// The one that a request is for.
    pub(super) fn asked(info: &Info) -> Option<Self> {
        let is = |r: &Self| info.group == r.group() && info.resource == r.plural();
        let route = info.version == "v1" && info.depth == 1 && info.prefix.is_none() && !info.in_namespace;
        Self::ALL.into_iter().find(is).filter(|_| route)
    }

    fn group(self) -> &'static str {
        match self {
            Self::Subject => "authentication.k8s.io",
            Self::Access | Self::Rules => "authorization.k8s.io",
        }
    }

    fn kind(self) -> &'static str {
        match self {
            Self::Subject => "SelfSubjectReview",
            Self::Access => "SelfSubjectAccessReview",
            Self::Rules => "SelfSubjectRulesReview",
        }
    }

    fn plural(self) -> &'static str {
        match self {
            Self::Subject => "selfsubjectreviews",
            Self::Access => "selfsubjectaccessreviews",
            Self::Rules => "selfsubjectrulesreviews",
        }
    }

    fn api_version(self) -> String {
        format!("{}/v1", self.group())
    }

    /// Answers a request for it.
    ///
    /// # Errors
    /// Any other method than POST, a body that is not a review of this kind, and a question that is none.
    pub(super) async fn answer(
        self,
        parts: &request::Parts,
        query: &Query,
        body: &mut Incoming,
        (user, authorizer): (&User, &dyn Authorizer),
        now: &str,
    ) -> Result<Response<Body>> {
        Route::REVIEW.check(parts)?;
        let accepted = negotiate::negotiate(&parts.headers, query.get("pretty"), Answer::Resource)?;
        let format = negotiate::body_format(&parts.headers)?;
        let raw = body.read().await?;
        query.write_options().validate(WriteKind::Create)?;
        let asked = self.decode(format, &raw)?;
        let mut review = json!({"kind": self.kind(), "apiVersion": self.api_version(), "metadata": {}});
        match self {
            Self::Subject => {
                review["metadata"]["creationTimestamp"] = now.into();
                review["status"] = json!({"userInfo": about(user)});
            }
            Self::Access => {
                let spec = asked.get("spec").cloned().unwrap_or_default();
                review["status"] = decide(&spec, user, authorizer)?;
                review["spec"] = spec;
            }
            Self::Rules => {
                let namespace = asked.pointer("/spec/namespace").and_then(Value::as_str).unwrap_or_default();
                if namespace.is_empty() {
                    return Err(Status::bad_request("no namespace on request"));
                }
                review["status"] = rules(&authorizer.rules(user, namespace));
                review["spec"] = json!({});
            }
        }
        Ok(respond::value(201, &review, accepted))
    }

    fn decode(self, format: BodyFormat, body: &[u8]) -> Result<Value> {
        let asked = match format {
            BodyFormat::Protobuf => codec::protobuf::decode(body, self.kind()).map_err(Status::bad_request)?,
            BodyFormat::Text(format) => codec::decode(format, body).map_err(Status::bad_request)?.value,
        };
        let is = |key: &str, want: &str| asked.get(key).and_then(Value::as_str).is_none_or(|v| v == want);
        if asked.is_object() && is("kind", self.kind()) && is("apiVersion", &self.api_version()) {
            return Ok(asked);
        }
        Err(Status::bad_request(format!("the body must be a {} of {}", self.kind(), self.api_version())))
    }
}

/// The status of an access review: what the authorizer says of a request with these attributes.
fn decide(spec: &Value, user: &User, authorizer: &dyn Authorizer) -> Result<Value> {
    let part = |key: &str| spec.get(key).filter(|v| !v.is_null());
    let (resource, path) = (part("resourceAttributes"), part("nonResourceAttributes"));
    let refused = |field: &str, value: Value, why: &str| {
        let error = FieldError::invalid(format!("spec.{field}"), value, why);
        Err(Status::invalid(&GroupKind::new(Review::Access.group(), Review::Access.kind()), "", &[error]))
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

/// The status of a review of rules.
fn rules(rules: &Rules) -> Value {
    let resource = |r: &ResourceRule| {
        let mut rule = json!({"verbs": r.verbs, "apiGroups": r.groups, "resources": r.resources});
        if !r.names.is_empty() {
            rule["resourceNames"] = json!(r.names);
        }
        rule
    };
    let path = |(verbs, paths): &(Vec<String>, Vec<String>)| json!({"verbs": verbs, "nonResourceURLs": paths});
    json!({
        "resourceRules": rules.resources.iter().map(resource).collect::<Vec<_>>(),
        "nonResourceRules": rules.paths.iter().map(path).collect::<Vec<_>>(),
        "incomplete": rules.incomplete,
    })
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
