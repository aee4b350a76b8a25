//! What a server is configured with, and the check that turns it into something that can serve: files read, certificates
//! made, the port bound. Every failure is one line that names the flag or file and the mend.

use super::pki::{self, Names, Pair, Pki};
use super::tls::{self, Origin, Tls};
use crate::access::{Authenticator, Bearer, ClientCertificate, TokenFile, TokenFileError, Union};
use std::fmt::Display;
use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

/// Why a server cannot start; prints as one line.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Error(String);

impl Error {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }

    pub(super) fn make_dir(path: &Path, e: &io::Error) -> Self {
        let mend = "give --data-dir a directory this user may write to";
        Self(format!("cannot make directory {}: {}; {mend}", path.display(), plain(e)))
    }

    pub(super) fn read(flag: &str, path: &Path, e: &io::Error) -> Self {
        Self(format!("{flag}: cannot read {}: {}", path.display(), plain(e)))
    }

    pub(super) fn write(path: &Path, e: &io::Error) -> Self {
        let mend = "give --data-dir a directory this user may write to";
        Self(format!("cannot write {}: {}; {mend}", path.display(), plain(e)))
    }

    pub(super) fn bad_file(flag: &str, path: &Path, why: &str) -> Self {
        Self(format!("{flag}: {}: {why}", path.display()))
    }

    pub(super) fn certificate(e: impl Display) -> Self {
        Self(format!("cannot make certificates: {e}"))
    }
}

impl From<TokenFileError> for Error {
    fn from(e: TokenFileError) -> Self {
        Self(format!("--token-auth-file: {e}"))
    }
}

/// The words of a system error without `(os error N)`.
pub(super) fn plain(e: &io::Error) -> String {
    let text = e.to_string();
    text.split(" (os error").next().unwrap_or_default().to_lowercase()
}

/// What a server is configured with. The names are those of kube-apiserver's flags.
#[derive(Clone, Debug)]
pub struct Config {
    /// Address to listen on.
    pub bind_address: IpAddr,
    /// Port to listen on; 0 takes a free one.
    pub secure_port: u16,
    /// Where the server keeps everything it makes.
    pub data_dir: PathBuf,
    /// Where own certificates are kept; `pki` below the data directory when absent.
    pub cert_dir: Option<PathBuf>,
    /// A serving certificate of the user's.
    pub tls_cert_file: Option<PathBuf>,
    /// Its key.
    pub tls_private_key_file: Option<PathBuf>,
    /// CAs whose client certificates are accepted besides the server's own CA.
    pub client_ca_file: Option<PathBuf>,
    /// Static tokens.
    pub token_auth_file: Option<PathBuf>,
    /// Whether requests without credentials pass as `system:anonymous`.
    pub anonymous_auth: bool,
}

impl Config {
    /// Defaults, with everything kept below `data_dir`.
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        Self {
            bind_address: Ipv4Addr::LOCALHOST.into(),
            secure_port: 6443,
            data_dir: data_dir.into(),
            cert_dir: None,
            tls_cert_file: None,
            tls_private_key_file: None,
            client_ca_file: None,
            token_auth_file: None,
            anonymous_auth: true,
        }
    }

    /// Makes the data directory, reads the files, makes or reads the certificates.
    ///
    /// # Errors
    /// One line that names the flag or file.
    pub fn complete(self) -> Result<Completed, Error> {
        super::files::make_private_dir(&self.data_dir).map_err(|e| Error::make_dir(&self.data_dir, &e))?;
        let tokens = self.token_auth_file.as_deref().map(TokenFile::read).transpose()?;
        let pki_dir = self.cert_dir.clone().unwrap_or_else(|| self.data_dir.join("pki"));
        let own = pki::open(&pki_dir, &Names::of(self.bind_address), SystemTime::now())?;
        let (tls, serving) = self.tls(&own, &pki_dir)?;
        let union = Union::new().with(ClientCertificate);
        let union = match tokens {
            Some(tokens) => union.with(Bearer(tokens)),
            None => union.with(Bearer(())),
        };
        let authenticator = Arc::new(union.anonymous(self.anonymous_auth));
        Ok(Completed { config: self, tls, own, serving, authenticator })
    }

    /// The TLS configuration, and the user's serving certificates where given.
    fn tls(&self, own: &Pki, pki_dir: &Path) -> Result<(Tls, Option<String>), Error> {
        let read = |flag: &str, path: &Path| std::fs::read_to_string(path).map_err(|e| Error::read(flag, path, &e));
        let (own_cert, own_key, own_ca) =
            (pki_dir.join("apiserver.crt"), pki_dir.join("apiserver.key"), pki_dir.join("ca.crt"));
        let given = match (&self.tls_cert_file, &self.tls_private_key_file) {
            (Some(cert), Some(key)) => {
                let (cert_flag, key_flag) = ("--tls-cert-file", "--tls-private-key-file");
                let pair = Pair { certificate: read(cert_flag, cert)?, key: read(key_flag, key)? };
                Some((pair, Origin { flag: cert_flag, path: cert }, Origin { flag: key_flag, path: key }))
            }
            (None, None) => None,
            (Some(_), None) => return Err(Error::new("--tls-cert-file needs --tls-private-key-file as well")),
            (None, Some(_)) => return Err(Error::new("--tls-private-key-file needs --tls-cert-file as well")),
        };
        let own_origin = Origin { flag: "--data-dir", path: &own_ca };
        let mut client_cas = tls::certificates(&own.ca.certificate, &own_origin)?;
        let mut client_origin = own_origin;
        if let Some(path) = &self.client_ca_file {
            client_origin = Origin { flag: "--client-ca-file", path };
            client_cas.extend(tls::certificates(&read(client_origin.flag, path)?, &client_origin)?);
        }
        Ok(match given {
            Some((pair, cert, key)) => {
                (tls::build(&pair, &cert, &key, client_cas, &client_origin)?, Some(pair.certificate))
            }
            None => {
                let cert = Origin { flag: "--data-dir", path: &own_cert };
                let key = Origin { flag: "--data-dir", path: &own_key };
                (tls::build(&own.serving, &cert, &key, client_cas, &client_origin)?, None)
            }
        })
    }
}

/// A configuration that can serve.
pub struct Completed {
    pub(super) config: Config,
    pub(super) tls: Tls,
    pub(super) own: Pki,
    /// The user's serving certificates.
    pub(super) serving: Option<String>,
    pub(super) authenticator: Arc<dyn Authenticator>,
}

impl Completed {
    /// Authenticates as this server does.
    pub fn authenticator(&self) -> Arc<dyn Authenticator> {
        self.authenticator.clone()
    }

    /// The data directory.
    pub fn data_dir(&self) -> &Path {
        &self.config.data_dir
    }
}
