//! Who asks, and whether they may: the verified user, authenticators in union, and the authorizer. Which attributes a
//! request has is for the router to say (`api`); certificates are checked at the TLS layer (`server`).

mod authenticate;
mod authorize;
mod certificate;
mod csv;
mod tokens;

pub use authenticate::{Anonymous, Authenticator, Bearer, TokenAuthenticator, Unauthorized, Union, WEBSOCKET_TOKEN};
pub use authorize::{Attributes, Authorizer, Decision, ResourceRule, Rules, Standalone, forbidden};
pub use certificate::{ClientCertificate, PeerCertificate};
pub use tokens::{TokenFile, TokenFileError};

use std::collections::BTreeMap;

/// The group whose members pass every authorization check.
pub const MASTERS: &str = "system:masters";
/// The group that every authenticated user is in.
pub const AUTHENTICATED: &str = "system:authenticated";
/// The group of requests without credentials.
pub const UNAUTHENTICATED: &str = "system:unauthenticated";
/// The user of requests without credentials.
pub const ANONYMOUS: &str = "system:anonymous";

/// The verified user of a request. Travels in the extensions of the HTTP request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct User {
    /// Name.
    pub name: String,
    /// Uid, perhaps empty.
    pub uid: String,
    /// Groups, `system:authenticated` or `system:unauthenticated` among them.
    pub groups: Vec<String>,
    /// Further attributes by key.
    pub extra: BTreeMap<String, Vec<String>>,
}

impl User {
    /// The identity of the server's own requests and of in-process clients.
    pub fn admin(name: impl Into<String>) -> Self {
        let groups = vec![MASTERS.to_owned(), AUTHENTICATED.to_owned()];
        Self { name: name.into(), groups, ..Self::default() }
    }

    /// The user of requests without credentials.
    pub fn anonymous() -> Self {
        Self { name: ANONYMOUS.into(), groups: vec![UNAUTHENTICATED.into()], ..Self::default() }
    }

    /// Membership in a group.
    pub fn in_group(&self, group: &str) -> bool {
        self.groups.iter().any(|g| g == group)
    }

    /// Adds `system:authenticated` unless the user is anonymous or has a group that says the like (upstream's
    /// `AuthenticatedGroupAdder`).
    fn authenticated(mut self) -> Self {
        let settled = self.groups.iter().any(|g| g == AUTHENTICATED || g == UNAUTHENTICATED);
        if self.name != ANONYMOUS && !settled {
            self.groups.push(AUTHENTICATED.into());
        }
        self
    }
}
