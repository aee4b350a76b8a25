//! May this user do this: the attributes of a request, the decision, the standalone default and the words of a refusal.

use super::{AUTHENTICATED, MASTERS, User};
use crate::resource::GroupResource;
use crate::status::{Details, Reason, Status};

/// What is asked for. Non-resource requests have `path` and a verb that is the lower-cased method.
#[derive(Clone, Debug, Default)]
pub struct Attributes<'a> {
    /// Verb: `get`, `list`, `deletecollection`, ...
    pub verb: &'a str,
    /// API group, empty for core.
    pub group: &'a str,
    /// API version.
    pub version: &'a str,
    /// Plural.
    pub resource: &'a str,
    /// Empty for the main resource.
    pub subresource: &'a str,
    /// Empty for cluster-scoped requests.
    pub namespace: &'a str,
    /// Empty for collections.
    pub name: &'a str,
    /// The path of the request.
    pub path: &'a str,
    /// Whether the request is for a resource.
    pub is_resource: bool,
}

/// What an authorizer says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Allowed.
    Allow,
    /// Denied, with a reason for the user, perhaps empty.
    Deny(String),
    /// Neither: the next authorizer decides; alone it is a denial.
    NoOpinion,
}

/// Decides whether a user may do what a request asks.
pub trait Authorizer: Send + Sync {
    /// The decision.
    fn authorize(&self, user: &User, attributes: &Attributes<'_>) -> Decision;

    /// What a user may do in a namespace, as far as that can be told.
    fn rules(&self, user: &User, namespace: &str) -> Rules {
        let _ = (user, namespace);
        Rules { incomplete: true, ..Rules::default() }
    }
}

/// What a user may do, as `kubectl auth can-i --list` shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// On resources.
    pub resources: Vec<ResourceRule>,
    /// On paths: verbs, and paths with a star at the end or none.
    pub paths: Vec<(Vec<String>, Vec<String>)>,
    /// Whether there may be more.
    pub incomplete: bool,
}

/// What may be done with which resources; a star is all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResourceRule {
    /// Verbs.
    pub verbs: Vec<String>,
    /// API groups.
    pub groups: Vec<String>,
    /// Plurals.
    pub resources: Vec<String>,
    /// Names of objects; all where there are none.
    pub names: Vec<String>,
}

/// The default of a server that stands alone: every authenticated user is an admin, anonymous requests reach health and
/// version only.
#[derive(Clone, Copy, Debug, Default)]
pub struct Standalone;

impl Authorizer for Standalone {
    fn authorize(&self, user: &User, attributes: &Attributes<'_>) -> Decision {
        if user.in_group(MASTERS) || user.in_group(AUTHENTICATED) || open_to_all(attributes) {
            Decision::Allow
        } else {
            Decision::NoOpinion
        }
    }

    fn rules(&self, user: &User, _: &str) -> Rules {
        let list = |items: &[&str]| items.iter().map(|i| (*i).to_owned()).collect::<Vec<_>>();
        if user.in_group(MASTERS) || user.in_group(AUTHENTICATED) {
            let all = || list(&["*"]);
            let resources = vec![ResourceRule { verbs: all(), groups: all(), resources: all(), names: Vec::new() }];
            return Rules { resources, paths: vec![(all(), all())], incomplete: false };
        }
        let open =
            list(&["/healthz", "/healthz/*", "/livez", "/livez/*", "/readyz", "/readyz/*", "/version", "/version/"]);
        Rules { paths: vec![(list(&["get"]), open)], ..Rules::default() }
    }
}

fn open_to_all(attributes: &Attributes<'_>) -> bool {
    let root = attributes.path.split('/').nth(1).unwrap_or_default();
    let health = matches!(root, "healthz" | "livez" | "readyz");
    !attributes.is_resource
        && attributes.verb == "get"
        && (health || ["/version", "/version/"].contains(&attributes.path))
}

/// The 403 answer to a request that is not allowed; `reason` is the authorizer's, perhaps empty.
pub fn forbidden(user: &User, a: &Attributes<'_>, reason: &str) -> Status {
    if !a.is_resource {
        let text = format!("User {:?} cannot {} path {:?}", user.name, a.verb, a.path);
        let message = format!("forbidden: {}", with_reason(text, reason));
        let details = Some(Box::new(Details::default()));
        return Status { code: 403, reason: Some(Reason::Forbidden), message, details, continue_token: None };
    }
    let resource = match a.subresource {
        "" => a.resource.to_owned(),
        sub => format!("{}/{sub}", a.resource),
    };
    let place = match a.namespace {
        "" => "at the cluster scope".to_owned(),
        ns => format!("in the namespace {ns:?}"),
    };
    let text =
        format!("User {:?} cannot {} resource {resource:?} in API group {:?} {place}", user.name, a.verb, a.group);
    Status::forbidden(&GroupResource::new(a.group, a.resource), a.name, &with_reason(text, reason))
}

fn with_reason(text: String, reason: &str) -> String {
    // It must not be taken for HTML.
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    if reason.is_empty() { text } else { format!("{text}: {reason}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(path: &str) -> Attributes<'_> {
        Attributes { verb: "get", path, ..Attributes::default() }
    }

    #[test]
    fn anonymous_reaches_health_and_version_alone() {
        let ask = |p| Standalone.authorize(&User::anonymous(), &path(p));
        for open in ["/healthz", "/livez", "/readyz", "/readyz/ping", "/version", "/version/"] {
            assert_eq!(ask(open), Decision::Allow, "{open}");
        }
        for closed in ["/", "/api", "/metrics", "/version/x", "/healthzz", "/openapi/v3"] {
            assert_eq!(ask(closed), Decision::NoOpinion, "{closed}");
        }
        assert_eq!(Standalone.authorize(&User::admin("x"), &path("/metrics")), Decision::Allow);
    }

    #[test]
    fn rules_say_what_is_allowed() {
        let admin = Standalone.rules(&User::admin("x"), "default");
        assert_eq!((admin.resources[0].verbs.as_slice(), admin.incomplete), (&["*".to_owned()][..], false));
        let anonymous = Standalone.rules(&User::anonymous(), "default");
        assert!(anonymous.resources.is_empty() && anonymous.paths[0].1.contains(&"/version".to_owned()));
    }

    #[test]
    fn refusals_have_upstreams_words() {
        let bob = User { name: "bob".into(), ..User::default() };
        let status = Attributes {
            verb: "update",
            group: "ex.io",
            resource: "widgets",
            subresource: "status",
            namespace: "default",
            name: "x",
            is_resource: true,
            ..Attributes::default()
        };
        assert_eq!(
            forbidden(&bob, &status, "").message,
            "widgets.ex.io \"x\" is forbidden: User \"bob\" cannot update resource \"widgets/status\" in API group \
             \"ex.io\" in the namespace \"default\""
        );
        let list = Attributes { verb: "list", namespace: "", name: "", subresource: "", ..status };
        assert_eq!(
            forbidden(&bob, &list, "no quota").message,
            "widgets.ex.io is forbidden: User \"bob\" cannot list resource \"widgets\" in API group \"ex.io\" at the \
             cluster scope: no quota"
        );
        let raw = forbidden(&User::anonymous(), &path("/foo/bar"), "");
        assert_eq!(raw.message, "forbidden: User \"system:anonymous\" cannot get path \"/foo/bar\"");
        assert_eq!(raw.details, Some(Box::default()));
        let html = forbidden(&User::anonymous(), &path("/<b>&"), "a > b");
        assert_eq!(html.message, "forbidden: User \"system:anonymous\" cannot get path \"/&lt;b&gt;&amp;\": a > b");
    }
}
