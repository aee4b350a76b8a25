//! Users by client certificate: common name and organizations of a certificate that the TLS layer has checked.

use super::{Authenticator, Unauthorized, User};
use http::request::Parts;
use sha2::{Digest, Sha256};
use std::fmt::Write;
use x509_parser::prelude::{FromDer, X509Certificate, X509Name};

/// `1.3.6.1.4.1.57683.2`: the subject attribute that holds a user's uid (KEP-3085).
const UID_OID: &str = "1.3.6.1.4.1.57683.2";
const CREDENTIAL_ID: &str = "authentication.kubernetes.io/credential-id";

/// The client certificate of a connection; the server puts it into the extensions of each request of the connection.
/// The user is worked out once per connection, when it is made.
#[derive(Clone, Debug)]
pub struct PeerCertificate {
    user: Result<Option<User>, Unauthorized>,
}

impl PeerCertificate {
    /// A certificate that chains to the client CA and is valid now.
    pub fn verified(der: &[u8]) -> Self {
        Self { user: user_of(der) }
    }

    /// A certificate that was sent but did not pass the check.
    pub fn refused(cause: impl Into<String>) -> Self {
        Self { user: Err(Unauthorized(cause.into())) }
    }
}

fn texts(name: &X509Name<'_>, oid: &str) -> Vec<String> {
    let attributes = name.iter_attributes().filter(|a| a.attr_type().to_id_string() == oid);
    attributes.filter_map(|a| a.as_str().ok().map(str::to_owned)).collect()
}

fn user_of(der: &[u8]) -> Result<Option<User>, Unauthorized> {
    let refuse = |e: String| Unauthorized(format!("client certificate: {e}"));
    let (_, certificate) = X509Certificate::from_der(der).map_err(|e| refuse(e.to_string()))?;
    let subject = certificate.subject();
    let Some(name) = texts(subject, "2.5.4.3").pop().filter(|n| !n.is_empty()) else { return Ok(None) };
    let mut uids = texts(subject, UID_OID);
    if uids.len() > 1 {
        return Err(refuse("expected at most one uid in the subject".into()));
    }
    let mut id = "X509SHA256=".to_owned();
    for byte in Sha256::digest(der) {
        let _ = write!(id, "{byte:02x}");
    }
    let extra = [(CREDENTIAL_ID.to_owned(), vec![id])].into();
    Ok(Some(User { name, uid: uids.pop().unwrap_or_default(), groups: texts(subject, "2.5.4.10"), extra }))
}

/// Reads the [`PeerCertificate`] of the request.
pub struct ClientCertificate;

impl Authenticator for ClientCertificate {
    fn authenticate(&self, request: &Parts) -> Result<Option<User>, Unauthorized> {
        request.extensions.get::<PeerCertificate>().map_or(Ok(None), |c| c.user.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn certificate(subject: &[(rcgen::DnType, &str)]) -> Vec<u8> {
        let key = rcgen::KeyPair::generate().expect("a key");
        let mut params = rcgen::CertificateParams::default();
        params.distinguished_name = rcgen::DistinguishedName::new();
        for (kind, text) in subject {
            params.distinguished_name.push(kind.clone(), *text);
        }
        params.self_signed(&key).expect("a certificate").der().to_vec()
    }

    #[test]
    fn common_name_is_the_user_and_organization_the_group() {
        let der = certificate(&[
            (rcgen::DnType::CommonName, "ann"),
            (rcgen::DnType::OrganizationName, "dev"),
            (rcgen::DnType::CustomDnType(vec![1, 3, 6, 1, 4, 1, 57683, 2]), "u-1"),
        ]);
        let user = PeerCertificate::verified(&der).user.expect("readable").expect("named");
        assert_eq!(
            (user.name.as_str(), user.uid.as_str(), user.groups.as_slice()),
            ("ann", "u-1", &["dev".into()][..])
        );
        assert!(user.extra[CREDENTIAL_ID][0].starts_with("X509SHA256="));
    }

    #[test]
    fn a_certificate_without_common_name_names_nobody_and_a_bad_one_is_refused() {
        let der = certificate(&[(rcgen::DnType::OrganizationName, "dev")]);
        assert_eq!(PeerCertificate::verified(&der).user, Ok(None));
        assert!(PeerCertificate::verified(b"junk").user.is_err());
    }
}
