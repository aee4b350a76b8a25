//! The server's own certificates: a CA, a serving certificate and an admin client certificate, made at first start, kept
//! in files, made anew when they near their end or no longer cover the server's names.

use super::config::Error;
use super::files;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    SanType,
};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer, X509Certificate};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const CA_LIFE: Duration = Duration::from_secs(3650 * 24 * 60 * 60);
const LEAF_LIFE: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// A certificate and its key in PEM.
#[derive(Clone, Debug)]
pub(super) struct Pair {
    pub(super) certificate: String,
    pub(super) key: String,
}

/// The certificates of a server.
#[derive(Clone, Debug)]
pub(super) struct Pki {
    pub(super) ca: Pair,
    pub(super) serving: Pair,
    pub(super) admin: Pair,
}

/// What a serving certificate is valid for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Names {
    pub(super) dns: Vec<String>,
    pub(super) ips: Vec<IpAddr>,
}

impl Names {
    /// The names under which a server with this bind address is reached.
    pub(super) fn of(bind: IpAddr) -> Self {
        let host = std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
        let host = host.or_else(|| std::env::var("HOSTNAME").ok()).map(|h| h.trim().to_ascii_lowercase());
        let mut dns: Vec<String> = ["localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc"]
            .into_iter()
            .chain(["kubernetes.default.svc.cluster.local"])
            .map(str::to_owned)
            .collect();
        dns.extend(host.filter(|h| is_dns_name(h) && !dns.contains(h)));
        let mut ips: Vec<IpAddr> = vec![IpAddr::from([127, 0, 0, 1]), std::net::Ipv6Addr::LOCALHOST.into()];
        if !bind.is_unspecified() && !ips.contains(&bind) {
            ips.push(bind);
        }
        Self { dns, ips }
    }

    fn cover(&self, wanted: &Self) -> bool {
        wanted.dns.iter().all(|n| self.dns.contains(n)) && wanted.ips.iter().all(|i| self.ips.contains(i))
    }
}

fn is_dns_name(name: &str) -> bool {
    let label = |l: &str| {
        !l.is_empty() && l.len() <= 63 && l.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    };
    name.len() <= 253 && name.split('.').all(label)
}

/// What of a certificate decides whether it can stay in use.
pub(super) struct Facts {
    issuer: Vec<u8>,
    subject: Vec<u8>,
    not_after: u64,
    pub(super) names: Names,
}

/// Reads the first certificate of a PEM text.
pub(super) fn facts(pem: &str) -> Option<Facts> {
    let (_, block) = x509_parser::pem::parse_x509_pem(pem.as_bytes()).ok()?;
    let (_, certificate) = X509Certificate::from_der(&block.contents).ok()?;
    let mut names = Names::default();
    for name in certificate.subject_alternative_name().ok().flatten().into_iter().flat_map(|s| &s.value.general_names) {
        match name {
            GeneralName::DNSName(n) => names.dns.push((*n).to_owned()),
            GeneralName::IPAddress(bytes) => {
                let v4 = <[u8; 4]>::try_from(*bytes).map(IpAddr::from);
                names.ips.extend(v4.or_else(|_| <[u8; 16]>::try_from(*bytes).map(IpAddr::from)));
            }
            _ => {}
        }
    }
    Some(Facts {
        issuer: certificate.issuer().as_raw().to_vec(),
        subject: certificate.subject().as_raw().to_vec(),
        not_after: u64::try_from(certificate.validity().not_after.timestamp()).unwrap_or_default(),
        names,
    })
}

fn unix(now: SystemTime) -> Duration {
    now.duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// Reads or makes the certificates in `dir`.
pub(super) fn open(dir: &Path, wanted: &Names, now: SystemTime) -> Result<Pki, Error> {
    files::make_private_dir(dir).map_err(|e| Error::make_dir(dir, &e))?;
    let store = Store { dir: dir.to_owned(), now };
    let ca = match store.read("ca", CA_LIFE / 10)? {
        Some((pair, _)) => pair,
        None => store.make_ca()?,
    };
    let subject = facts(&ca.certificate).map(|f| f.subject);
    let ours = |f: &Facts| Some(&f.issuer) == subject.as_ref();
    let serving = match store.read("apiserver", 30 * DAY)? {
        Some((pair, f)) if ours(&f) && f.names.cover(wanted) => pair,
        _ => {
            let sans = wanted.dns.iter().filter_map(|n| Some(SanType::DnsName(n.as_str().try_into().ok()?)));
            let sans = sans.chain(wanted.ips.iter().copied().map(SanType::IpAddress)).collect();
            store.make_leaf("apiserver", &ca, "kube-apiserver", None, sans)?
        }
    };
    let admin = match store.read("admin", 30 * DAY)? {
        Some((pair, f)) if ours(&f) => pair,
        _ => store.make_leaf("admin", &ca, "kubegraft-admin", Some(crate::access::MASTERS), Vec::new())?,
    };
    Ok(Pki { ca, serving, admin })
}

/// Until when a certificate is valid, and from when on one that starts anew makes it anew.
pub(crate) struct Expiry {
    pub(crate) not_after: SystemTime,
    pub(crate) renewed: SystemTime,
}

/// The certificates that are in `dir`, which need not be there.
pub(crate) fn expiries(dir: &Path) -> Vec<(PathBuf, Result<Expiry, Error>)> {
    let store = Store { dir: dir.to_owned(), now: UNIX_EPOCH };
    let margins = [("ca", CA_LIFE / 10), ("apiserver", 30 * DAY), ("admin", 30 * DAY)];
    let found = margins.into_iter().filter_map(|(name, margin)| {
        let read = store.read(name, Duration::ZERO).transpose()?;
        let expiry = |(_, f): (Pair, Facts)| {
            let end = Duration::from_secs(f.not_after);
            Expiry { not_after: UNIX_EPOCH + end, renewed: UNIX_EPOCH + end.saturating_sub(margin) }
        };
        Some((store.paths(name).0, read.map(expiry)))
    });
    found.collect()
}

struct Store {
    dir: PathBuf,
    now: SystemTime,
}

impl Store {
    fn paths(&self, name: &str) -> (PathBuf, PathBuf) {
        (self.dir.join(format!("{name}.crt")), self.dir.join(format!("{name}.key")))
    }

    /// `None` when a file is missing, or the certificate ends within `margin`. A file that does not parse is an error:
    /// it may be something a person put there.
    fn read(&self, name: &str, margin: Duration) -> Result<Option<(Pair, Facts)>, Error> {
        let (crt, key) = self.paths(name);
        if !(crt.exists() && key.exists()) {
            return Ok(None);
        }
        let text = |path: &Path| std::fs::read_to_string(path).map_err(|e| Error::read("--data-dir", path, &e));
        let pair = Pair { certificate: text(&crt)?, key: text(&key)? };
        let damaged = |path: &Path, what: &str| {
            Error::bad_file("--data-dir", path, &format!("{what}; remove it to have it made anew"))
        };
        let facts = facts(&pair.certificate).ok_or_else(|| damaged(&crt, "not a certificate in PEM form"))?;
        KeyPair::from_pem(&pair.key).map_err(|_| damaged(&key, "not a private key in PEM form"))?;
        let stays = facts.not_after > (unix(self.now) + margin).as_secs();
        Ok(stays.then_some((pair, facts)))
    }

    fn save(&self, name: &str, pair: Pair) -> Result<Pair, Error> {
        let (crt, key) = self.paths(name);
        for (path, text) in [(&key, &pair.key), (&crt, &pair.certificate)] {
            files::write_private(path, text.as_bytes()).map_err(|e| Error::write(path, &e))?;
        }
        Ok(pair)
    }

    fn params(&self, life: Duration, name: &str) -> CertificateParams {
        let mut params = CertificateParams::default();
        // Five minutes back for clients whose clock is a little behind.
        let start = unix(self.now).saturating_sub(Duration::from_secs(300));
        params.not_before = rcgen::date_time_ymd(1970, 1, 1) + start;
        params.not_after = rcgen::date_time_ymd(1970, 1, 1) + start + life;
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, name);
        params
    }

    fn make_ca(&self) -> Result<Pair, Error> {
        // The name holds the time, so that a leaf signed by an earlier CA is told apart by its issuer.
        let mut params = self.params(CA_LIFE, &format!("kubegraft-ca@{}", unix(self.now).as_secs()));
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages =
            vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().map_err(Error::certificate)?;
        let certificate = params.self_signed(&key).map_err(Error::certificate)?;
        self.save("ca", Pair { certificate: certificate.pem(), key: key.serialize_pem() })
    }

    fn make_leaf(
        &self,
        file: &str,
        ca: &Pair,
        name: &str,
        group: Option<&str>,
        sans: Vec<SanType>,
    ) -> Result<Pair, Error> {
        let ca_key = KeyPair::from_pem(&ca.key).map_err(Error::certificate)?;
        let issuer = Issuer::from_ca_cert_pem(&ca.certificate, ca_key).map_err(Error::certificate)?;
        let mut params = self.params(LEAF_LIFE, name);
        if let Some(group) = group {
            params.distinguished_name.push(DnType::OrganizationName, group);
        }
        let client = sans.is_empty();
        params.subject_alt_names = sans;
        params.is_ca = IsCa::ExplicitNoCa;
        params.use_authority_key_identifier_extension = true;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages =
            vec![if client { ExtendedKeyUsagePurpose::ClientAuth } else { ExtendedKeyUsagePurpose::ServerAuth }];
        let key = KeyPair::generate().map_err(Error::certificate)?;
        let certificate = params.signed_by(&key, &issuer).map_err(Error::certificate)?;
        self.save(file, Pair { certificate: certificate.pem(), key: key.serialize_pem() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(ip: [u8; 4]) -> Names {
        Names::of(IpAddr::from(ip))
    }

    #[test]
    fn certificates_are_reused_until_they_near_their_end_or_miss_a_name() {
        let dir = tempfile::tempdir().expect("a directory");
        let dir = dir.path().join("pki");
        let now = SystemTime::now();
        let first = open(&dir, &names([127, 0, 0, 1]), now).expect("made");
        let again = open(&dir, &names([0, 0, 0, 0]), now).expect("read");
        assert_eq!(first.serving.certificate, again.serving.certificate);
        let moved = open(&dir, &names([10, 0, 0, 7]), now).expect("made");
        assert_ne!(first.serving.certificate, moved.serving.certificate);
        assert_eq!(first.ca.certificate, moved.ca.certificate);
        assert_eq!(first.admin.certificate, moved.admin.certificate);
        let later = open(&dir, &names([10, 0, 0, 7]), now + 340 * DAY).expect("renewed");
        assert_eq!(first.ca.certificate, later.ca.certificate);
        assert_ne!(moved.admin.certificate, later.admin.certificate);
        let much_later = open(&dir, &names([10, 0, 0, 7]), now + 3600 * DAY).expect("renewed");
        assert_ne!(first.ca.certificate, much_later.ca.certificate);
    }

    #[cfg(unix)]
    #[test]
    fn keys_are_private() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().expect("a directory");
        let dir = dir.path().join("pki");
        open(&dir, &names([127, 0, 0, 1]), SystemTime::now()).expect("made");
        let mode = |p: &Path| p.metadata().expect("exists").permissions().mode() & 0o777;
        assert_eq!(mode(&dir), 0o700);
        assert_eq!(mode(&dir.join("ca.key")), 0o600);
        assert_eq!(mode(&dir.join("admin.key")), 0o600);
    }

    #[test]
    fn a_damaged_file_is_named() {
        let dir = tempfile::tempdir().expect("a directory");
        open(dir.path(), &names([127, 0, 0, 1]), SystemTime::now()).expect("made");
        std::fs::write(dir.path().join("ca.crt"), "junk").expect("written");
        let error = open(dir.path(), &names([127, 0, 0, 1]), SystemTime::now()).expect_err("junk").to_string();
        assert!(error.contains("ca.crt") && error.contains("remove it"), "{error}");
    }
}
