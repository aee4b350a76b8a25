//! Impersonation: a user who may asks in the name of another (R19). Each thing that the headers claim is authorized by itself,
//! for the verb `impersonate`.

use crate::access::{ANONYMOUS, AUTHENTICATED, Attributes, Authorizer, Decision, UNAUTHENTICATED, User, forbidden};
use crate::status::{Result, Status};
use http::{HeaderMap, HeaderValue};

const USER: &str = "impersonate-user";
const GROUP: &str = "impersonate-group";
const UID: &str = "impersonate-uid";
/// What follows is the key, percent-encoded.
const EXTRA: &str = "impersonate-extra-";
const AUTHENTICATION: &str = "authentication.k8s.io";
const SERVICE_ACCOUNT: &str = "system:serviceaccount:";

/// One claim: a kind, and in the words of authorization what it is.
struct Claim<'a> {
    kind: &'static str,
    resource: &'static str,
    group: &'static str,
    namespace: &'a str,
    name: &'a str,
    key: String,
}

impl Claim<'_> {
    /// As Go prints the reference it keeps of it.
    fn text(&self) -> String {
        let version = if self.group.is_empty() { String::new() } else { format!("{}/v1", self.group) };
        format!("{{{} {} {}  {version}  {}}}", self.kind, self.namespace, self.name, self.key)
    }
}

fn text(value: &HeaderValue) -> &str {
    value.to_str().unwrap_or_default()
}

/// The namespace and name of a service account's user name.
fn service_account(user: &str) -> Option<(&str, &str)> {
    let (namespace, name) = user.strip_prefix(SERVICE_ACCOUNT)?.split_once(':')?;
    let fits = !namespace.is_empty() && !name.is_empty() && !name.contains(':');
    fits.then_some((namespace, name))
}

fn claims(headers: &HeaderMap) -> Vec<Claim<'_>> {
    let claim = |kind, resource, name| Claim { kind, resource, group: "", namespace: "", name, key: String::new() };
    let one = |name| headers.get(name).map(text).filter(|v| !v.is_empty());
    let mut out = Vec::new();
    out.extend(one(USER).map(|user| match service_account(user) {
        Some((namespace, name)) => Claim { namespace, ..claim("ServiceAccount", "serviceaccounts", name) },
        None => claim("User", "users", user),
    }));
    out.extend(headers.get_all(GROUP).iter().map(|g| claim("Group", "groups", text(g))));
    for (header, value) in headers {
        if let Some(key) = header.as_str().strip_prefix(EXTRA) {
            let key = super::query::unescape(key).unwrap_or_else(|| key.to_owned());
            out.push(Claim { key, group: AUTHENTICATION, ..claim("UserExtra", "userextras", text(value)) });
        }
    }
    out.extend(one(UID).map(|uid| Claim { group: AUTHENTICATION, ..claim("UID", "uids", uid) }));
    out
}

/// In whose name a request is made, where that is not the user's own.
///
/// # Errors
/// 403 for the first claim that the user may not make; 400 for claims without a user.
pub(super) fn user(headers: &HeaderMap, asking: &User, authorizer: &dyn Authorizer) -> Result<Option<User>> {
    let claims = claims(headers);
    if claims.is_empty() {
        return Ok(None);
    }
    if !["User", "ServiceAccount"].contains(&claims[0].kind) {
        let all: Vec<String> = claims.iter().map(Claim::text).collect();
        return Err(Status::bad_request(format!("requested [{}] without impersonating a user", all.join(" "))));
    }
    let mut user = User::default();
    for claim in &claims {
        let attributes = Attributes {
            verb: "impersonate",
            group: claim.group,
            version: "v1",
            resource: claim.resource,
            subresource: &claim.key,
            namespace: claim.namespace,
            name: claim.name,
            is_resource: true,
            ..Attributes::default()
        };
        match authorizer.authorize(asking, &attributes) {
            Decision::Allow => {}
            Decision::Deny(reason) => return Err(forbidden(asking, &attributes, &reason)),
            Decision::NoOpinion => return Err(forbidden(asking, &attributes, "")),
        }
        match claim.kind {
            "User" => user.name = claim.name.into(),
            "ServiceAccount" => {
                user.name = format!("{SERVICE_ACCOUNT}{}:{}", claim.namespace, claim.name);
                if !headers.contains_key(GROUP) {
                    user.groups =
                        vec!["system:serviceaccounts".into(), format!("system:serviceaccounts:{}", claim.namespace)];
                }
            }
            "Group" => user.groups.push(claim.name.into()),
            "UID" => user.uid = claim.name.into(),
            _ => user.extra.entry(claim.key.clone()).or_default().push(claim.name.into()),
        }
    }
    let settled = |groups: &[&str]| user.groups.iter().any(|g| groups.contains(&g.as_str()));
    let implied = match user.name == ANONYMOUS {
        true => (!settled(&[UNAUTHENTICATED])).then_some(UNAUTHENTICATED),
        false => (!settled(&[AUTHENTICATED, UNAUTHENTICATED])).then_some(AUTHENTICATED),
    };
    user.groups.extend(implied.map(str::to_owned));
    Ok(Some(user))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// May be anybody but root.
    struct NotRoot;

    impl Authorizer for NotRoot {
        fn authorize(&self, _: &User, attributes: &Attributes<'_>) -> Decision {
            if attributes.name == "root" { Decision::NoOpinion } else { Decision::Allow }
        }
    }

    fn asked(headers: &[(&'static str, &'static str)]) -> Result<Option<User>> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, HeaderValue::from_static(value));
        }
        user(&map, &User { name: "ann".into(), ..User::default() }, &NotRoot)
    }

    #[test]
    fn a_user_is_made_of_what_the_headers_claim() {
        assert_eq!(asked(&[]), Ok(None));
        let bob = asked(&[(USER, "bob"), (GROUP, "a"), (GROUP, "b"), (UID, "7"), ("impersonate-extra-a%2fb", "x")]);
        let bob = bob.expect("allowed").expect("somebody");
        assert_eq!((bob.name.as_str(), bob.uid.as_str()), ("bob", "7"));
        assert_eq!(bob.groups, ["a", "b", AUTHENTICATED]);
        assert_eq!(bob.extra["a/b"], ["x"]);
        let robot = asked(&[(USER, "system:serviceaccount:ns:robot")]).expect("allowed").expect("somebody");
        assert_eq!(robot.groups, ["system:serviceaccounts", "system:serviceaccounts:ns", AUTHENTICATED]);
        let nobody = asked(&[(USER, ANONYMOUS)]).expect("allowed").expect("somebody");
        assert_eq!(nobody.groups, [UNAUTHENTICATED]);
    }

    #[test]
    fn each_claim_has_to_be_allowed_and_one_has_to_be_a_user() {
        let refused = |headers| asked(headers).expect_err("refused");
        let message = "groups \"root\" is forbidden: User \"ann\" cannot impersonate resource \"groups\" in API group \"\" \
                       at the cluster scope";
        assert_eq!(refused(&[(USER, "bob"), (GROUP, "root")]).message, message);
        let groups = refused(&[(GROUP, "g")]);
        assert_eq!(
            (groups.code, groups.message.as_str()),
            (400, "requested [{Group  g    }] without impersonating a user")
        );
    }
}
