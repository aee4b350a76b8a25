//! `diff`: which changes of definitions break whom. Exit code 0 when none does, 1 when one does, 2 when that cannot be told.

use super::definitions::{self, Output};
use super::described::as_if_served;
use super::{App, Failure, fail};
use crate::resource::codec::yaml;
use crate::schema::crd;
use crate::schema::diff::diff;
use clap::Args;
use serde_json::{Value, json};
use std::io::ErrorKind;
use std::process::ExitCode;

pub(super) const ABOUT: &str = "Tell which changes of definitions break readers, writers or stored objects

Files hold CustomResourceDefinitions as YAML or JSON, also many or a List; - is standard input:
  kubectl get crd -o yaml | PROGRAM diff -          what this program changes in a cluster
  git show v1.0:crds.yaml | PROGRAM diff - crds.yaml

A running server is named by its URL or by a kubeconfig, and is then what there is; credentials are of the kubeconfig:
  PROGRAM diff https://127.0.0.1:6443 crds.yaml
  PROGRAM diff --kubeconfig data/admin.kubeconfig --context admin crds.yaml
One that has no CustomResourceDefinitions, such as a program that serves its own kinds, is compared by what its discovery and
OpenAPI tell: not by columns, deprecations, paths of scale or versions that it does not serve.

Exit code: 0 nothing breaks, 1 something does, 2 that cannot be told.";

#[derive(Args)]
pub(super) struct Flags {
    /// Definitions as they are: a file, or the URL of a server; left out with --kubeconfig or --context
    #[arg(value_name = "OLD")]
    old: Option<String>,
    /// Definitions as they will be [default: those of this program]
    #[arg(value_name = "NEW")]
    new: Option<String>,
    /// Form of the answer
    #[arg(short, long, value_enum, default_value_t, value_name = "FORM")]
    output: Output,
    #[cfg(feature = "client")]
    #[command(flatten)]
    access: super::remote::Access,
}

/// The definitions of one side.
struct Side {
    definitions: Vec<Value>,
    /// Whether they are only what discovery and OpenAPI tell.
    described: bool,
}

/// Where definitions come from.
#[derive(Clone, Copy)]
enum Source<'a> {
    File(&'a str),
    /// A running server: of this URL, or of the kubeconfig.
    Server(Option<&'a str>),
}

impl Flags {
    /// Old and new; `None` is this program.
    fn sources(&self) -> Result<(Source<'_>, Option<Source<'_>>), Failure> {
        fn of<'a>(operand: &'a str) -> Source<'a> {
            match operand.starts_with("https://") || operand.starts_with("http://") {
                true => Source::Server(Some(operand)),
                false => Source::File(operand),
            }
        }
        let (old, new) = (self.old.as_deref().map(of), self.new.as_deref().map(of));
        let server = [old, new].iter().flatten().any(|s| matches!(s, Source::Server(_)));
        match (old, new) {
            (Some(old), new) if server || !self.names_server() => Ok((old, new)),
            (Some(_), Some(_)) => Err("the kubeconfig names a third side: leave one of the files out".into()),
            (new, None) if self.names_server() => Ok((Source::Server(None), new)),
            _ => Err("OLD is missing: name a file with definitions, or a running server by --kubeconfig".into()),
        }
    }

    #[cfg(feature = "client")]
    fn names_server(&self) -> bool {
        self.access.is_given()
    }

    #[cfg(not(feature = "client"))]
    fn names_server(&self) -> bool {
        false
    }

    fn read(&self, source: Source<'_>) -> Result<Side, Failure> {
        match source {
            Source::File(file) => Ok(Side { definitions: read(file)?, described: false }),
            Source::Server(url) => self.of_server(url),
        }
    }

    /// The definitions of a running server, or what it tells of its kinds when it has none.
    #[cfg(feature = "client")]
    fn of_server(&self, url: Option<&str>) -> Result<Side, Failure> {
        use super::remote::Remote;
        let runtime = crate::server::runtime()?;
        runtime.block_on(async {
            let remote = Remote::connect(&self.access, url).await?;
            match remote.definitions().await? {
                Some(crds) => {
                    let definitions =
                        crds.into_iter().map(|crd| decoded(crd, remote.url())).collect::<Result<_, _>>()?;
                    Ok(Side { definitions, described: false })
                }
                None => Ok(Side { definitions: super::described::by(&remote).await?, described: true }),
            }
        })
    }

    #[cfg(not(feature = "client"))]
    fn of_server(&self, _: Option<&str>) -> Result<Side, Failure> {
        Err("this program was built without the feature `client`, which speaks to servers".into())
    }
}

/// The exit code when nothing could be compared: 1 is an answer.
pub(super) const FAILED: u8 = 2;

pub(super) fn run(app: &App, flags: &Flags) -> ExitCode {
    match definitions::on_deep_stack("the definitions could not be compared", || changes(app, flags)) {
        Ok(false) => ExitCode::SUCCESS,
        Ok(true) => ExitCode::from(1),
        Err(e) => fail(&e.to_string(), FAILED),
    }
}

/// Prints what is different; whether something breaks.
fn changes(app: &App, flags: &Flags) -> Result<bool, Failure> {
    let (old, new) = flags.sources()?;
    let mut old = flags.read(old)?;
    let new = match new {
        Some(source) => flags.read(source)?,
        None if app.definitions.is_empty() => {
            return Err(format!("{} has no definitions of its own: name a second file", app.name).into());
        }
        None => {
            // A cluster has definitions of others too.
            let new: Vec<Value> =
                app.definitions.iter().map(|crd| decoded(crd.clone(), &app.name)).collect::<Result<_, _>>()?;
            let name = |crd: &Value| crd.pointer("/metadata/name").cloned();
            old.definitions.retain(|crd| new.iter().any(|n| name(n) == name(crd)));
            Side { definitions: new, described: false }
        }
    };
    let (old, new) = alike(old, new)?;
    let changes = diff(&old, &new);
    let breaking = changes.iter().any(|c| !c.breaks.is_empty());
    match flags.output {
        Output::Json => {
            println!("{}", serde_json::to_string_pretty(&json!({"breaking": breaking, "changes": changes}))?)
        }
        Output::Text => changes.iter().for_each(|c| println!("{c}")),
    }
    Ok(breaking)
}

/// Both sides in one form: where one is only described, the other is taken as a server would describe it.
fn alike(old: Side, new: Side) -> Result<(Vec<Value>, Vec<Value>), Failure> {
    Ok(match (old.described, new.described) {
        (true, false) => (old.definitions, as_if_served(&new.definitions)?),
        (false, true) => (as_if_served(&old.definitions)?, new.definitions),
        _ => (old.definitions, new.definitions),
    })
}

/// The definitions of a file; other objects in it are passed over.
fn read(file: &str) -> Result<Vec<Value>, Failure> {
    let text = definitions::read(file).map_err(|e| match e.kind() {
        ErrorKind::InvalidData => format!("{file}: not text"),
        _ => format!("{file}: {e}"),
    })?;
    let mut out = Vec::new();
    for document in yaml::documents(&text) {
        let value = yaml::decode(document.as_bytes()).map_err(|e| format!("{file}: {e}"))?.value;
        let many = value.get("items").and_then(Value::as_array).cloned();
        for object in many.unwrap_or_else(|| vec![value]) {
            if object.get("kind").and_then(Value::as_str) == Some("CustomResourceDefinition") {
                out.push(decoded(object, file)?);
            }
        }
    }
    if out.is_empty() {
        return Err(format!("{file}: there is no CustomResourceDefinition in it").into());
    }
    Ok(out)
}

/// With its defaults, so that saying one or leaving it out is the same.
fn decoded(mut crd: Value, file: &str) -> Result<Value, Failure> {
    let version = crd.get("apiVersion").and_then(Value::as_str).unwrap_or_default();
    if version != "apiextensions.k8s.io/v1" {
        return Err(format!("{file}: apiVersion: {version:?} is not apiextensions.k8s.io/v1").into());
    }
    crd::decode(&mut crd, &mut Vec::new()).map_err(|e| format!("{file}: {e}"))?;
    Ok(crd)
}
