//! The command line that every program made with kubegraft has: a user's `main` is one line, [`App`]. One file per command;
//! here is what they share, and how a command ends: with exit code 0, or with one line on standard error and exit code 1.

mod backend;
mod crd;
mod definitions;
mod described;
mod diff;
mod doctor;
mod lint;
mod migrate;
mod openapi;
#[cfg(feature = "client")]
mod remote;
#[cfg(feature = "client")]
mod rewrite;
mod serve;
mod store;

use crate::generate::Versions;
use crate::resource::conversion::Graph;
use crate::schema::Definition;
use crate::schema::lint::Severity;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use serde_json::Value;
use std::collections::BTreeMap;
use std::process::ExitCode;

/// A program: the resources it serves, and a command line for them.
///
/// ```no_run
/// # use std::process::ExitCode;
/// fn main() -> ExitCode {
///     kubegraft::App::new("crd-host").host_crds().main()
/// }
/// ```
pub struct App {
    name: String,
    definitions: Vec<Value>,
    conversions: BTreeMap<String, Graph>,
    host: bool,
    unreadable: Option<String>,
}

#[derive(Parser)]
#[command(version, disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the API over HTTPS, from a durable store in a directory
    Serve(Box<serve::Flags>),
    /// Print the CustomResourceDefinitions, for `kubectl apply -f -` to a cluster
    Crd,
    /// Say what a cluster would refuse in definitions, and what their owner would regret
    Lint(lint::Flags),
    /// Say what would keep the program from serving: definitions, store, certificates, who can read them
    Doctor(Box<doctor::Flags>),
    /// Print the OpenAPI document
    Openapi(openapi::Flags),
    /// Copy the store to a file, while it is served or not
    Backup(store::File),
    /// Make a store of a backup, in a directory that has none
    Restore(store::File),
    /// Forget a store's history and shrink its file, while it is not served
    Compact(store::Directory),
    /// Rewrite objects that are stored in old versions, so that those can be given up
    #[command(long_about = migrate::ABOUT)]
    Migrate(Box<migrate::Flags>),
    /// Tell which changes of definitions break readers, writers or stored objects
    #[command(long_about = diff::ABOUT)]
    Diff(diff::Flags),
}

/// What ends a command with exit code 1: one line.
type Failure = Box<dyn std::error::Error + Send + Sync>;

impl App {
    /// A program of this name.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), definitions: Vec::new(), conversions: BTreeMap::new(), host: false, unreadable: None }
    }

    /// Serves a type: one of our derive or of kube's.
    #[must_use]
    pub fn resource<T: kube_core::CustomResourceExt>(mut self) -> Self {
        match serde_json::to_value(T::crd()) {
            Ok(crd) => self.definitions.push(crd),
            Err(e) => self.unreadable = Some(format!("a definition is no JSON: {e}")),
        }
        self
    }

    /// Serves a kind in several versions, with conversion between them.
    #[must_use]
    pub fn versions<Newest>(mut self, versions: Versions<Newest>) -> Self {
        match versions.finish() {
            Ok((crd, graph)) => {
                let name = crd.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default();
                self.conversions.insert(name.to_owned(), graph);
                self.definitions.push(crd);
            }
            Err(why) => self.unreadable = Some(why),
        }
        self
    }

    /// Serves CustomResourceDefinitions as a resource, so that kinds come and go at run time.
    #[must_use]
    pub fn host_crds(mut self) -> Self {
        self.host = true;
        self
    }

    /// Runs the command line of this process.
    pub fn main(self) -> ExitCode {
        // Code 1 of diff is an answer.
        let compares = std::env::args_os().nth(1).is_some_and(|command| command == "diff");
        let failure = |why: &str| fail(why, if compares { diff::FAILED } else { 1 });
        let cli = match self.parse(std::env::args_os()) {
            Ok(cli) => cli,
            Err(e) if matches!(e.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) => {
                print!("{e}");
                return ExitCode::SUCCESS;
            }
            Err(e) => return failure(&usage(&e)),
        };
        if let Some(why) = self.unreadable {
            return failure(&why);
        }
        let done = match cli.command {
            Command::Serve(flags) => serve::run(self, *flags),
            Command::Crd => crd::run(&self),
            Command::Lint(flags) => lint::run(&self, &flags),
            Command::Doctor(flags) => doctor::run(&self, &flags),
            Command::Openapi(flags) => openapi::run(&self, &flags),
            Command::Backup(flags) => store::backup(&flags),
            Command::Restore(flags) => store::restore(&flags),
            Command::Compact(flags) => store::compact(&flags),
            Command::Migrate(flags) => migrate::run(self, *flags),
            Command::Diff(flags) => return diff::run(&self, &flags),
        };
        match done {
            Ok(()) => ExitCode::SUCCESS,
            Err(e) => fail(&e.to_string(), 1),
        }
    }

    fn parse<I: Into<std::ffi::OsString> + Clone>(
        &self,
        args: impl IntoIterator<Item = I>,
    ) -> Result<Cli, clap::Error> {
        let name = &self.name;
        let about = match (self.definitions.len(), self.host) {
            (0, true) => "An API server for Kubernetes clients that serves any CustomResourceDefinition".to_owned(),
            _ => format!("An API server for Kubernetes clients that serves {}", self.kinds().join(", ")),
        };
        let mut examples = format!(
            "Examples:\n  {name} serve                      https://127.0.0.1:6443, everything kept in ./data\n  \
             {name} serve --secure-port 0      on a free port, which it prints\n"
        );
        if !self.definitions.is_empty() {
            examples += &format!("  {name} crd | kubectl apply -f -   let a cluster serve the kinds instead\n");
        }
        examples += "\nEvery command has more with --help.";
        let command = Cli::command().name(name.clone()).bin_name(name.clone()).about(about).after_help(examples);
        Cli::from_arg_matches(&command.try_get_matches_from(args)?)
    }

    /// `Widget (widgets.example.com)` of each definition.
    fn kinds(&self) -> Vec<String> {
        let text = |crd: &Value, pointer: &str| crd.pointer(pointer).and_then(Value::as_str).unwrap_or("?").to_owned();
        self.definitions
            .iter()
            .map(|crd| format!("{} ({})", text(crd, "/spec/names/kind"), text(crd, "/metadata/name")))
            .collect()
    }

    /// The definitions as they are served: with defaults, and checked as a client's would be.
    fn checked(&self) -> Result<Vec<(Value, Definition)>, Failure> {
        let checked = self.definitions.iter().map(|crd| {
            let name = crd.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default();
            let refused =
                |why: Vec<String>| Failure::from(format!("the definition {name} cannot be served: {}", why.join("; ")));
            let report = crate::schema::lint::definition(crd);
            if report.is_refused() {
                return Err(refused(report.of(Severity::Refused).map(ToString::to_string).collect()));
            }
            for regret in report.of(Severity::Regretted) {
                tracing::warn!("the definition {name}: {regret}");
            }
            // The report has checked it.
            let crd = crate::schema::crd::received(crd, &mut Vec::new()).map_err(|why| refused(vec![why]))?;
            let definition = Definition::from_crd(&crd);
            let definition = definition.map_err(|e| refused(e.iter().map(ToString::to_string).collect()))?;
            Ok((crd, definition))
        });
        checked.collect()
    }
}

fn fail(why: &str, code: u8) -> ExitCode {
    eprintln!("error: {}", in_one_line(why));
    ExitCode::from(code)
}

/// A reason without its line breaks. Rules that do not compile are quoted with a caret below; their line and column are told
/// in words too, so the quotation goes.
fn in_one_line(why: &str) -> String {
    let lines = why.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("| "));
    lines.collect::<Vec<_>>().join(" ")
}

/// What clap says in a paragraph: what is wrong, and what may have been meant.
fn usage(error: &clap::Error) -> String {
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        return "a command is missing: serve, crd, lint, doctor, openapi, backup, restore, compact, migrate or diff; --help says more".into();
    }
    let text = error.render().to_string();
    let first = text.split("\n\n").next().unwrap_or_default();
    let first: Vec<&str> = first.trim_start_matches("error:").split_whitespace().collect();
    let meant = [ContextKind::SuggestedArg, ContextKind::SuggestedSubcommand, ContextKind::SuggestedValue];
    let meant = meant.iter().find_map(|kind| match error.get(*kind)? {
        ContextValue::String(s) => Some(s.clone()),
        // The nearest comes last.
        ContextValue::Strings(s) => s.last().cloned(),
        _ => None,
    });
    match meant {
        Some(meant) => format!("{}; did you mean {meant}?", first.join(" ")),
        None => format!("{}; --help says more", first.join(" ")),
    }
}

#[cfg(test)]
mod tests;
