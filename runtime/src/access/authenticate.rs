//! Authenticators: one per kind of credential, and their union in order. The first that knows the user wins; credentials
//! that none accepts are refused even where anonymous requests are allowed.

use super::User;
use http::header::AUTHORIZATION;
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

/// Reads `Authorization: Bearer` and asks one token authenticator.
pub struct Bearer<T>(pub T);

/// The token of an `Authorization` header's value, as upstream's `bearertoken` reads it: scheme in any case, one token.
fn token(header: &str) -> Option<&str> {
    let mut parts = header.trim().splitn(3, ' ');
    let scheme = parts.next()?;
    let token = parts.next()?;
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

impl<T: TokenAuthenticator> Authenticator for Bearer<T> {
    fn authenticate(&self, request: &Parts) -> Result<Option<User>, Unauthorized> {
        let Some(header) = request.headers.get(AUTHORIZATION) else { return Ok(None) };
        let Some(token) = header.to_str().ok().and_then(token) else { return Ok(None) };
        match self.0.user(token) {
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
