//! `doctor`: whether the program can serve what it has where it is to: its definitions, the data directory, the store,
//! certificates and who can read them. It mends nothing, but that a store of an older format is brought up to date as `serve` does
//! it; exit code 1 if something keeps the program from serving, or lets others in.

use super::definitions::{self, Output};
use super::{App, Failure, backend};
use crate::schema::lint::{self, Severity};
use crate::server::{self, Expiry};
use crate::storage::embedded;
use clap::Args;
use serde::Serialize;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// What is written to see whether there is room: more than file systems keep for those who own them.
const PROBE: usize = 1 << 20;

#[derive(Args)]
pub(super) struct Flags {
    /// Directory of the store, the certificates and the admin kubeconfig
    #[arg(long, default_value = "data", value_name = "DIR")]
    data_dir: PathBuf,
    /// Directory of the certificates made at first start [default: pki in the data directory]
    #[arg(long, value_name = "DIR")]
    cert_dir: Option<PathBuf>,
    #[command(flatten)]
    backend: backend::Flags,
    /// Form of the report
    #[arg(short, long, value_enum, default_value_t, value_name = "FORM")]
    output: Output,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Level {
    Sound,
    Regretted,
    Refused,
}

/// What was looked at, and what is the matter with it.
#[derive(Debug, PartialEq, Serialize)]
struct Finding {
    subject: String,
    level: Level,
    message: String,
    #[serde(skip_serializing_if = "str::is_empty")]
    mend: &'static str,
}

impl Finding {
    fn new(subject: impl std::fmt::Display, level: Level, message: impl Into<String>, mend: &'static str) -> Self {
        Self { subject: subject.to_string(), level, message: message.into(), mend }
    }
}

pub(super) fn run(app: &App, flags: &Flags) -> Result<(), Failure> {
    let looked = || {
        let mut found = definitions_of(app);
        found.extend(directory(&flags.data_dir));
        found.extend(store(flags)?);
        let pki = flags.cert_dir.clone().unwrap_or_else(|| flags.data_dir.join("pki"));
        found.extend(certificates(&pki, SystemTime::now()));
        found.extend(secrets(&flags.data_dir, &pki));
        Ok(found)
    };
    let found = definitions::on_deep_stack("the program could not be looked at", looked)?;
    match flags.output {
        Output::Text => print!("{}", text(&found)),
        Output::Json => println!("{}", serde_json::to_string_pretty(&found)?),
    }
    let bad: Vec<&str> = found.iter().filter(|f| f.level == Level::Refused).map(|f| f.subject.as_str()).collect();
    if bad.is_empty() { Ok(()) } else { Err(format!("to be mended: {}", bad.join(", ")).into()) }
}

fn text(found: &[Finding]) -> String {
    let mut out = String::new();
    for Finding { subject, level, message, mend } in found {
        let word = match level {
            Level::Sound => "sound",
            Level::Regretted => "regretted",
            Level::Refused => "refused",
        };
        out += &format!("{subject}: {word}: {}\n", message.replace('\n', "\n    "));
        if !mend.is_empty() {
            out += &format!("    mend: {mend}\n");
        }
    }
    out
}

fn definitions_of(app: &App) -> Vec<Finding> {
    let one = |crd| {
        let report = lint::definition(crd);
        let count = |severity| report.of(severity).count();
        let (refused, regretted) = (count(Severity::Refused), count(Severity::Regretted));
        let (level, mend) = match (refused, regretted) {
            (0, 0) => (Level::Sound, ""),
            (0, _) => (Level::Regretted, "lint says what and how"),
            _ => (Level::Refused, "lint says what and how"),
        };
        let message = match report.findings.first() {
            None => "a cluster takes it".to_owned(),
            Some(first) => format!("{} to mend, first {}: {}", refused + regretted, first.field, first.message),
        };
        Finding::new(&report.definition, level, message, mend)
    };
    app.definitions.iter().map(one).collect()
}

/// Whether the directory can be written to, and has room.
fn directory(dir: &Path) -> Option<Finding> {
    let subject = dir.display();
    if !dir.exists() {
        return Some(Finding::new(subject, Level::Sound, "not there yet; serve makes it", ""));
    }
    let probe = dir.join(".doctor");
    let written = std::fs::File::create(&probe).and_then(|mut file| {
        file.write_all(&vec![0; PROBE])?;
        file.sync_all()
    });
    let _ = std::fs::remove_file(&probe);
    let why = written.err()?;
    let mend = "give --data-dir a directory that this user may write to and that has room";
    Some(Finding::new(subject, Level::Refused, format!("cannot be written to: {why}"), mend))
}

fn store(flags: &Flags) -> Result<Option<Finding>, Failure> {
    if flags.backend.is_embedded() {
        return Ok(embedded_store(&flags.data_dir));
    }
    let runtime = server::runtime()?;
    Ok(Some(match runtime.block_on(flags.backend.probe()) {
        Ok(()) => Finding::new("the store", Level::Sound, "can be reached", ""),
        Err(e) => Finding::new("the store", Level::Refused, e.to_string(), "see to the servers of --etcd-servers"),
    }))
}

fn embedded_store(dir: &Path) -> Option<Finding> {
    let path = embedded::path(dir);
    let subject = path.display();
    if !path.exists() {
        return dir.exists().then(|| Finding::new(subject, Level::Sound, "not there yet; serve makes it", ""));
    }
    if super::store::is_served(dir) {
        return Some(Finding::new(subject, Level::Sound, "a server has it open", ""));
    }
    let size = path.metadata().map_or(0, |m| m.len());
    Some(match embedded::examine(dir) {
        Ok(revision) => {
            let message = format!("revision {revision}, {size} bytes, checksums right");
            Finding::new(subject, Level::Sound, message, "")
        }
        Err(e) => {
            let mend = "restore a backup into a directory without a store, or give --data-dir another one";
            Finding::new(subject, Level::Refused, e.to_string(), mend)
        }
    })
}

/// How long certificates are valid yet. The server makes its own anew when it starts and they near their end.
fn certificates(pki: &Path, now: SystemTime) -> Vec<Finding> {
    let one = |(path, read): (PathBuf, Result<Expiry, server::Error>)| {
        let subject = path.display();
        match read {
            Err(e) => Finding::new(subject, Level::Refused, e.to_string(), "remove the file, and serve makes it anew"),
            Ok(Expiry { not_after, renewed }) => {
                let left = not_after.duration_since(now).map(|left| left.as_secs() / DAY.as_secs());
                let mend = "start serve anew, which makes it and the admin kubeconfig anew";
                match left {
                    Err(_) => Finding::new(subject, Level::Refused, "is no longer valid", mend),
                    Ok(days) if renewed <= now => {
                        Finding::new(subject, Level::Regretted, format!("is valid for {days} days only"), mend)
                    }
                    Ok(days) => Finding::new(subject, Level::Sound, format!("valid for {days} days"), ""),
                }
            }
        }
    };
    server::expiries(pki).into_iter().map(one).collect()
}

/// Whether others can read what makes one the administrator.
#[cfg(unix)]
fn secrets(dir: &Path, pki: &Path) -> Vec<Finding> {
    use std::os::unix::fs::PermissionsExt;
    let keys = ["ca.key", "apiserver.key", "admin.key"].map(|name| pki.join(name));
    let files = keys.into_iter().chain([dir.join("admin.kubeconfig"), embedded::path(dir)]);
    let open = files.filter_map(|path| {
        let mode = path.metadata().ok()?.permissions().mode() & 0o777;
        let message = format!("others can read it: its mode is {mode:o}");
        (mode & 0o077 != 0).then(|| Finding::new(path.display(), Level::Refused, message, "chmod 600"))
    });
    open.collect()
}

#[cfg(not(unix))]
fn secrets(_: &Path, _: &Path) -> Vec<Finding> {
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::Embedded;
    use serde_json::json;

    fn levels(found: &[Finding]) -> Vec<(Level, &str)> {
        found.iter().map(|f| (f.level, f.message.as_str())).collect()
    }

    #[test]
    fn definitions_are_told_with_the_worst_of_them() {
        let mut crd = json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": {"name": "widgets.ex.io"},
            "spec": {"group": "ex.io", "scope": "Cluster", "names": {"plural": "widgets", "kind": "Widget"},
                "versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": {"type": "object"}}}]}});
        let of =
            |crd: &serde_json::Value| definitions_of(&App { definitions: vec![crd.clone()], ..App::new("widgets") });
        assert_eq!(text(&of(&crd)), "widgets.ex.io: sound: a cluster takes it\n");
        crd["spec"]["scope"] = json!("Galaxy");
        assert_eq!(
            text(&of(&crd)),
            "widgets.ex.io: refused: 1 to mend, first spec.scope: Unsupported value: \"Galaxy\": supported values: \
             \"Cluster\", \"Namespaced\"\n    mend: lint says what and how\n"
        );
    }

    #[test]
    fn a_store_is_opened_and_neither_made_nor_taken_from_its_server() {
        let dir = tempfile::tempdir().expect("a directory");
        let at = dir.path();
        let not_yet = embedded_store(at).expect("a finding");
        assert_eq!((not_yet.level, embedded::path(at).exists()), (Level::Sound, false));
        let store = Embedded::open(at, embedded::Retention::default()).expect("a store");
        let taken = embedded_store(at).expect("a finding");
        assert!(taken.level == Level::Refused && taken.message.contains("open in another process"), "{taken:?}");
        drop(store);
        let whole = embedded_store(at).expect("a finding");
        assert!(whole.level == Level::Sound && whole.message.ends_with("checksums right"), "{whole:?}");
        std::fs::write(embedded::path(at), vec![7; 8192]).expect("written");
        let foreign = embedded_store(at).expect("a finding");
        assert!(foreign.level == Level::Refused && foreign.message.contains("not a kubegraft store"), "{foreign:?}");
    }

    #[test]
    fn a_directory_is_written_to_and_left_as_it_was() {
        let dir = tempfile::tempdir().expect("a directory");
        assert_eq!(directory(dir.path()), None);
        assert_eq!(std::fs::read_dir(dir.path()).expect("a directory").count(), 0);
        let absent = directory(&dir.path().join("data")).expect("a finding");
        assert_eq!(absent.level, Level::Sound);
        let file = dir.path().join("file");
        std::fs::write(&file, "").expect("written");
        assert_eq!(directory(&file).map(|f| f.level), Some(Level::Refused));
    }

    #[cfg(unix)]
    #[test]
    fn certificates_are_told_before_they_end_and_secrets_when_others_can_read_them() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().expect("a directory");
        let (at, pki) = (dir.path(), dir.path().join("pki"));
        assert_eq!(certificates(&pki, SystemTime::now()), []);
        server::Config::new(at).complete().expect("certificates");
        let now = SystemTime::now();
        let at_days = |days: u32| certificates(&pki, now + days * DAY);
        assert_eq!(levels(&at_days(1)).iter().map(|(l, _)| *l).collect::<Vec<_>>(), [Level::Sound; 3]);
        let near = at_days(350);
        assert_eq!(levels(&near)[1], (Level::Regretted, "is valid for 14 days only"), "{near:?}");
        assert_eq!(levels(&at_days(400))[2], (Level::Refused, "is no longer valid"));
        assert_eq!(secrets(at, &pki), []);
        std::fs::set_permissions(pki.join("admin.key"), std::fs::Permissions::from_mode(0o644)).expect("set");
        assert_eq!(levels(&secrets(at, &pki)), [(Level::Refused, "others can read it: its mode is 644")]);
        std::fs::write(pki.join("apiserver.crt"), "junk").expect("written");
        assert_eq!(at_days(1)[1].level, Level::Refused);
    }
}
