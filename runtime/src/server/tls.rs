//! TLS 1.2 and 1.3 by rustls. Client certificates are asked for, not required; one that does not chain to a client CA
//! does not break the handshake but is refused with 401 later, as kube-apiserver does.

use super::config::Error;
use super::pki::Pair;
use crate::access::PeerCertificate;
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{CipherSuite, DigitallySignedStruct, DistinguishedName, RootCertStore, ServerConfig, SignatureScheme};
use std::path::Path;
use std::sync::Arc;

/// What a connection is accepted with.
#[derive(Clone)]
pub(super) struct Tls {
    pub(super) config: Arc<ServerConfig>,
    clients: Arc<dyn ClientCertVerifier>,
}

impl Tls {
    /// The certificate a finished handshake brought, checked against the client CAs.
    pub(super) fn peer(&self, connection: &rustls::ServerConnection) -> Option<PeerCertificate> {
        let (own, chain) = connection.peer_certificates()?.split_first()?;
        Some(match self.clients.verify_client_cert(own, chain, UnixTime::now()) {
            Ok(_) => PeerCertificate::verified(own),
            Err(e) => PeerCertificate::refused(format!("client certificate: {e}")),
        })
    }
}

/// Where a PEM text comes from, for errors.
pub(super) struct Origin<'a> {
    pub(super) flag: &'a str,
    pub(super) path: &'a Path,
}

impl Origin<'_> {
    fn bad(&self, why: &str) -> Error {
        Error::bad_file(self.flag, self.path, why)
    }
}

/// All certificates of a PEM text; none is an error.
pub(super) fn certificates(pem: &str, origin: &Origin<'_>) -> Result<Vec<CertificateDer<'static>>, Error> {
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
    match all {
        Ok(list) if list.is_empty() => Err(origin.bad("holds no certificate in PEM form")),
        Ok(list) => Ok(list),
        Err(e) => Err(origin.bad(&format!("not certificates in PEM form: {e}"))),
    }
}

/// As Go's servers: of the ciphers that a client has, AES-128-GCM is taken first.
fn provider() -> CryptoProvider {
    let mut provider = ring::default_provider();
    provider.cipher_suites.sort_by_key(|suite| match suite.suite() {
        CipherSuite::TLS13_AES_128_GCM_SHA256 => 0,
        CipherSuite::TLS13_AES_256_GCM_SHA384 | CipherSuite::TLS13_CHACHA20_POLY1305_SHA256 => 1,
        CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 | CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 => 2,
        _ => 3,
    });
    provider
}

/// Builds the TLS configuration from checked PEM texts. `serving` errors name the two origins.
pub(super) fn build(
    serving: &Pair,
    certificate_origin: &Origin<'_>,
    key_origin: &Origin<'_>,
    client_cas: Vec<CertificateDer<'static>>,
    client_origin: &Origin<'_>,
) -> Result<Tls, Error> {
    let provider = Arc::new(provider());
    let mut roots = RootCertStore::empty();
    for ca in client_cas {
        roots.add(ca).map_err(|e| client_origin.bad(&format!("holds a certificate that cannot be a CA: {e}")))?;
    }
    let clients = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone())
        .allow_unauthenticated()
        .build()
        .map_err(|e| client_origin.bad(&e.to_string()))?;
    let chain = certificates(&serving.certificate, certificate_origin)?;
    let key = PrivateKeyDer::from_pem_slice(serving.key.as_bytes())
        .map_err(|e| key_origin.bad(&format!("not a private key in PEM form: {e}")))?;
    let verifier = Arc::new(Asking { inner: clients.clone(), provider: provider.clone() });
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| certificate_origin.bad(&e.to_string()))?
        .with_client_cert_verifier(verifier)
        .with_single_cert(chain, key)
        .map_err(|e| match e {
            rustls::Error::InconsistentKeys(_) => {
                key_origin.bad(&format!("is not the key of the certificate in {}", certificate_origin.path.display()))
            }
            other => certificate_origin.bad(&other.to_string()),
        })?;
    config.ignore_client_order = true;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Tls { config: Arc::new(config), clients })
}

/// Asks for a client certificate and proves that the client holds its key, but leaves the chain to [`Tls::peer`].
#[derive(Debug)]
struct Asking {
    inner: Arc<dyn ClientCertVerifier>,
    provider: Arc<CryptoProvider>,
}

impl ClientCertVerifier for Asking {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.inner.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
