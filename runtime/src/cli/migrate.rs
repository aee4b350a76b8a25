//! `migrate`: rewrites what is stored in old versions, so that those can be given up: in a store that nobody serves, or by the
//! API of a running server (`rewrite`).

use super::{App, Failure, backend};
use crate::resource::GroupResource;
use crate::server;
use crate::verbs::migrate::{self, Progress};
use crate::verbs::{Config, Engine};
use clap::Args;
use std::path::PathBuf;

/// Objects between two lines of progress.
const PAGE: usize = 500;

#[derive(Args)]
pub(super) struct Flags {
    /// Directory of the store
    #[arg(long, default_value = "data", value_name = "DIR", help_heading = "Storage")]
    data_dir: PathBuf,
    #[command(flatten)]
    backend: backend::Flags,
    /// Only tell how many objects are stored in which version
    #[arg(long)]
    dry_run: bool,
    #[cfg(feature = "client")]
    #[command(flatten)]
    access: super::remote::Access,
}

pub(super) const ABOUT: &str = "Rewrite objects that are stored in old versions, so that those can be given up

Of a store that is not served:
  PROGRAM migrate --data-dir data
Of a running server, beside its other clients:
  PROGRAM migrate --kubeconfig data/admin.kubeconfig

It can be cut off at any time and begun again. When everything is rewritten, definitions that the server has as objects forget
the old versions (status.storedVersions).";

pub(super) fn run(app: App, flags: Flags) -> Result<(), Failure> {
    let runtime = server::runtime().map_err(|e| format!("the threads of the migration cannot be started: {e}"))?;
    // On the runtime's own threads, whose stacks bear deep objects.
    runtime.block_on(async { tokio::spawn(migrate(app, flags)).await })?
}

async fn migrate(app: App, flags: Flags) -> Result<(), Failure> {
    #[cfg(feature = "client")]
    if flags.access.is_given() {
        let remote = super::remote::Remote::connect(&flags.access, None).await?;
        return super::rewrite::run(&app, &remote, flags.dry_run).await;
    }
    let definitions = app.checked()?.into_iter().map(|(crd, _)| crd).collect();
    let backend = flags.backend.open(&flags.data_dir).await?;
    let config = Config { definitions, conversions: app.conversions, host_definitions: app.host, ..Config::default() };
    let engine = Engine::start(backend, config).await?;
    let mut failed = 0;
    for resource in migrate::kinds(&engine) {
        if flags.dry_run {
            let counts = migrate::stored_versions(&engine, &resource).await?;
            let counts: Vec<String> = counts.iter().map(|(version, n)| format!("{n} in {version}")).collect();
            println!("{resource}: {}", if counts.is_empty() { "none".into() } else { counts.join(", ") });
            continue;
        }
        let done = migrate::migrate(&engine, &resource, PAGE, |p| {
            if p.seen > 0 && p.seen.is_multiple_of(PAGE as u64) {
                println!("{}", line(&resource, p));
            }
        });
        let done = done.await.map_err(|e| format!("{resource}: {e}"))?;
        println!("{}, done", line(&resource, &done));
        for why in &done.failed {
            eprintln!("{why}");
        }
        failed += done.failed.len();
    }
    match failed {
        0 => Ok(()),
        n => Err(format!("{n} objects cannot be converted and stay as they are; the lines above say why").into()),
    }
}

fn line(resource: &GroupResource, p: &Progress) -> String {
    format!("{resource}: {} seen, {} rewritten", p.seen, p.rewritten)
}
