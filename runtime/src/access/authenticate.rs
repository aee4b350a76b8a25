//! Authenticators: one per kind of credential, and their union in order. The first that knows the user wins; credentials
//! that none accepts are refused even where anonymous requests are allowed.

use super::User;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use http::header::{AUTHORIZATION, SEC_WEBSOCKET_PROTOCOL, UPGRADE};
use http::request::Parts;
use std::sync::Arc;

/// Credentials were sent and are not valid, or none were sent and anonymous requests are off. The cause is for the log
/// alone; a client only learns `Unauthorized`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unauthorized(pub String);

/// Finds the user of a request.
pub trait Authenticator: Send + Sync {
    /// `Ok(None)`: no credentials of the kind this authenticator reads.
    ///
    /// # Errors
    /// Credentials of its kind that are not valid.
    fn authenticate(&self, request: &Parts) -> Result<Option<User>, Unauthorized>;
}

/// Finds the user a bearer token stands for.
pub trait TokenAuthenticator: Send + Sync {
    /// `None`: not a token this authenticator knows.
    fn user(&self, token: &str) -> Option<User>;
}

/// Reads `Authorization: Bearer`, or for browsers the token among a websocket's protocols, and asks one token authenticator.
pub struct Bearer<T>(pub T);

/// The token of an `Authorization` header's value, as upstream's `bearertoken` reads it: scheme in any case, one token.
fn token(header: &str) -> Option<&str> {
    let mut parts = header.trim().splitn(3, ' ');
    let scheme = parts.next()?;
    let token = parts.next()?;
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

/// What a websocket protocol that is a token begins with; the token follows in base64url.
pub const WEBSOCKET_TOKEN: &str = "base64url.bearer.authorization.k8s.io.";

/// The token among a websocket's protocols (A/authentication/request/websocket/protocol.go): one, and not the only one.
fn websocket_token(request: &Parts) -> Result<Option<String>, Unauthorized> {
    let text = |name| request.headers.get(name).and_then(|v: &http::HeaderValue| v.to_str().ok()).unwrap_or_default();
    if !text(UPGRADE).eq_ignore_ascii_case("websocket") {
        return Ok(None);
    }
    let (tokens, others): (Vec<&str>, Vec<&str>) =
        text(SEC_WEBSOCKET_PROTOCOL).split(',').map(str::trim).partition(|p| p.starts_with(WEBSOCKET_TOKEN));
    let refused = |why: &str| Err(Unauthorized(why.into()));
    let encoded = match tokens.as_slice() {
        [] => return Ok(None),
        [one] => &one[WEBSOCKET_TOKEN.len()..],
        _ => return refused("multiple base64.bearer.authorization tokens specified"),
    };
    if others.iter().all(|p| p.is_empty()) {
        return refused("missing additional subprotocol");
    }
    match BASE64_URL_SAFE_NO_PAD.decode(encoded).ok().and_then(|b| String::from_utf8(b).ok()) {
        Some(token) => Ok(Some(token)),
        None => refused("invalid base64.bearer.authorization token encoding"),
    }
}

impl<T: TokenAuthenticator> Authenticator for Bearer<T> {
    fn authenticate(&self, request: &Parts) -> Result<Option<User>, Unauthorized> {
        let header = request.headers.get(AUTHORIZATION).and_then(|h| h.to_str().ok());
        let token = match header.and_then(token) {
            Some(token) => token.to_owned(),
            None => match websocket_token(request)? {
                Some(token) => token,
                None => return Ok(None),
            },
        };
        match self.0.user(&token) {
            Some(user) => Ok(Some(user)),
            None => Err(Unauthorized("invalid bearer token".into())),
        }
    }
}

/// No token is valid: what stands in where no token file is given, so that a bearer token is still refused.
impl TokenAuthenticator for () {
    fn user(&self, _: &str) -> Option<User> {
        None
    }
}

/// Lets requests without credentials pass as `system:anonymous`.
pub struct Anonymous;

impl Authenticator for Anonymous {
    fn authenticate(&self, _: &Parts) -> Result<Option<User>, Unauthorized> {
        Ok(Some(User::anonymous()))
    }
}

/// Authenticators in order, then anonymous if allowed.
#[derive(Clone, Default)]
pub struct Union {
    members: Vec<Arc<dyn Authenticator>>,
    anonymous: bool,
}

impl Union {
    /// Without members; refuses everybody.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an authenticator after those already here.
    #[must_use]
    pub fn with(mut self, member: impl Authenticator + 'static) -> Self {
        self.members.push(Arc::new(member));
        self
    }

    /// Whether requests without credentials pass as `system:anonymous`.
    #[must_use]
    pub fn anonymous(mut self, allowed: bool) -> Self {
        self.anonymous = allowed;
        self
    }
}

impl Authenticator for Union {
    fn authenticate(&self, request: &Parts) -> Result<Option<User>, Unauthorized> {
        let mut failure: Option<Unauthorized> = None;
        for member in &self.members {
            match member.authenticate(request) {
                Ok(Some(user)) => return Ok(Some(user.authenticated())),
                Ok(None) => {}
                Err(e) => {
                    failure = Some(match failure {
                        None => e,
                        Some(before) => Unauthorized(format!("[{before}, {e}]")),
                    });
                }
            }
        }
        match failure {
            Some(e) => Err(e),
            None if self.anonymous => Ok(Some(User::anonymous())),
            None => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct One;
    impl TokenAuthenticator for One {
        fn user(&self, token: &str) -> Option<User> {
            (token == "good").then(|| User { name: "ann".into(), ..User::default() })
        }
    }

    fn parts(authorization: Option<&str>) -> Parts {
        let mut b = http::Request::builder();
        if let Some(v) = authorization {
            b = b.header(AUTHORIZATION, v);
        }
        b.body(()).expect("a valid request").into_parts().0
    }

    #[test]
    fn header_forms_are_those_upstream_reads() {
        assert_eq!(token("Bearer x"), Some("x"));
        assert_eq!(token("  bEaReR x "), Some("x"));
        assert_eq!(token("Bearer x trailing"), Some("x"));
        assert_eq!(token("Bearer"), None);
        assert_eq!(token("Bearer  x"), None);
        assert_eq!(token("Basic eDp5"), None);
    }

    #[test]
    fn an_invalid_token_is_refused_even_where_anonymous_is_allowed() {
        let union = Union::new().with(Bearer(One)).anonymous(true);
        assert_eq!(union.authenticate(&parts(None)), Ok(Some(User::anonymous())));
        assert!(union.authenticate(&parts(Some("Bearer bad"))).is_err());
        assert_eq!(union.authenticate(&parts(Some("Basic abc"))), Ok(Some(User::anonymous())));
        let closed = Union::new().with(Bearer(())).anonymous(false);
        assert_eq!(closed.authenticate(&parts(None)), Ok(None));
        assert!(closed.authenticate(&parts(Some("Bearer bad"))).is_err());
    }

    #[test]
    fn authenticated_users_are_in_the_group_of_authenticated_users() {
        let union = Union::new().with(Bearer(One));
        let user = union.authenticate(&parts(Some("Bearer good"))).expect("valid").expect("known");
        assert_eq!(user.groups, [super::super::AUTHENTICATED]);
    }

    #[test]
    fn a_later_authenticator_may_accept_what_an_earlier_one_refused() {
        let union = Union::new().with(Bearer(())).with(Bearer(One));
        assert!(matches!(union.authenticate(&parts(Some("Bearer good"))), Ok(Some(_))));
    }
}
