//! `serve`: configuration from flags, named as kube-apiserver's are, then store, engine, API and server, in that order; the
//! banner; and the end by signal.

use super::{App, Failure, backend};
use crate::access::Standalone;
use crate::api::health::{Health, Lifecycle};
use crate::api::{self, Api};
use crate::server;
use crate::verbs::{self, Engine};
use clap::{ArgAction, Args, ValueEnum};
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tracing_subscriber::EnvFilter;

/// How long requests that are in flight may take once shutdown has begun: kube-apiserver's.
const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Args)]
#[command(next_line_help = false)]
pub(super) struct Flags {
    /// Directory of the store, the certificates and the admin kubeconfig
    #[arg(long, default_value = "data", value_name = "DIR", help_heading = "Storage")]
    data_dir: PathBuf,
    #[command(flatten)]
    backend: backend::Flags,

    /// Address to listen on
    #[arg(long, default_value = "127.0.0.1", value_name = "ADDRESS", help_heading = "Serving")]
    bind_address: IpAddr,
    /// Port to listen on; 0 takes a free one and prints it
    #[arg(long, default_value_t = 6443, value_name = "PORT", help_heading = "Serving")]
    secure_port: u16,
    /// Directory of the certificates made at first start [default: pki in the data directory]
    #[arg(long, value_name = "DIR", help_heading = "Serving")]
    cert_dir: Option<PathBuf>,
    /// Serving certificate of your own, PEM; needs --tls-private-key-file
    #[arg(long, value_name = "FILE", help_heading = "Serving")]
    tls_cert_file: Option<PathBuf>,
    /// Its key, PEM
    #[arg(long, value_name = "FILE", help_heading = "Serving")]
    tls_private_key_file: Option<PathBuf>,
    /// Reads in flight at most; 0 for no limit
    #[arg(long, default_value_t = 400, value_name = "N", help_heading = "Serving")]
    max_requests_inflight: usize,
    /// Writes in flight at most; 0 for no limit
    #[arg(long, default_value_t = 200, value_name = "N", help_heading = "Serving")]
    max_mutating_requests_inflight: usize,
    /// How long a request may take, watches excepted: 1m, 90s
    #[arg(long, default_value = "1m", value_name = "DURATION", value_parser = duration, help_heading = "Serving")]
    request_timeout: Duration,
    /// Watches without a timeout of their own end after once to twice this many seconds
    #[arg(long, default_value_t = 1800, value_name = "SECONDS", help_heading = "Serving")]
    min_request_timeout: u64,

    /// CA of client certificates, PEM, beside the server's own
    #[arg(long, value_name = "FILE", help_heading = "Access")]
    client_ca_file: Option<PathBuf>,
    /// Tokens as csv: token,user,uid,"group1,group2"
    #[arg(long, value_name = "FILE", help_heading = "Access")]
    token_auth_file: Option<PathBuf>,
    /// Whether requests without credentials reach health and version, as system:anonymous
    #[arg(long, default_value_t = true, value_name = "BOOL", action = ArgAction::Set, help_heading = "Access")]
    anonymous_auth: bool,
    /// Admission plugins to turn off: NamespaceLifecycle
    #[arg(long, value_name = "PLUGINS", value_delimiter = ',', value_parser = crate::admission::PLUGINS, help_heading = "Access")]
    disable_admission_plugins: Vec<String>,

    /// How much is logged: 0 what went wrong, 2 a line per request too, 4 for debugging; RUST_LOG says it per module
    #[arg(short = 'v', long = "v", default_value_t = 0, value_name = "LEVEL", help_heading = "Logging")]
    verbosity: u8,
    /// Form of the log
    #[arg(long, value_enum, default_value_t, value_name = "FORM", help_heading = "Logging")]
    logging_format: LogFormat,
}

#[derive(Clone, Copy, Default, ValueEnum)]
enum LogFormat {
    #[default]
    Text,
    Json,
}

pub(super) fn duration(text: &str) -> Result<Duration, String> {
    api::go_duration::parse(text).map_err(|_| "not a duration such as 1m or 90s".into())
}

pub(super) fn run(app: App, flags: Flags) -> Result<(), Failure> {
    log(&flags);
    let runtime = server::runtime().map_err(|e| format!("the server's threads cannot be started: {e}"))?;
    // On the runtime's own threads, whose stacks bear deep objects.
    runtime.block_on(async { tokio::spawn(serve(app, flags)).await })?
}

fn log(flags: &Flags) {
    let level = match flags.verbosity {
        0 | 1 => "warn",
        2 | 3 => "info",
        _ => "kubegraft=debug,info",
    };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| level.into());
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match flags.logging_format {
        LogFormat::Text => log.init(),
        LogFormat::Json => log.json().init(),
    }
}

async fn serve(app: App, flags: Flags) -> Result<(), Failure> {
    server::limits_are_errors().map_err(|e| format!("signals cannot be handled: {e}"))?;
    let definitions: Vec<_> = app.checked()?.into_iter().map(|(crd, _)| crd).collect();
    let config = server::Config {
        bind_address: flags.bind_address,
        secure_port: flags.secure_port,
        cert_dir: flags.cert_dir,
        tls_cert_file: flags.tls_cert_file,
        tls_private_key_file: flags.tls_private_key_file,
        client_ca_file: flags.client_ca_file,
        token_auth_file: flags.token_auth_file,
        anonymous_auth: flags.anonymous_auth,
        ..server::Config::new(&flags.data_dir)
    };
    let completed = config.complete()?;
    // The store is one process's: who has it may write the kubeconfig, which `bind` does.
    let backend = flags.backend.open(&flags.data_dir).await?;
    let bound = completed.bind().await?;
    let kinds = verbs::Config {
        definitions,
        conversions: app.conversions,
        host_definitions: app.host,
        disabled_admission: flags.disable_admission_plugins,
    };
    let engine = Engine::start(backend.clone(), kinds).await?;
    let lifecycle = Lifecycle::new();
    let health = Health::new(lifecycle.clone()).with("etcd", move || backend.healthy().map_err(|e| e.to_string()));
    let config = api::Config {
        max_requests_inflight: flags.max_requests_inflight,
        max_mutating_requests_inflight: flags.max_mutating_requests_inflight,
        request_timeout: flags.request_timeout,
        min_request_timeout: Duration::from_secs(flags.min_request_timeout),
    };
    let api = Api::new(engine.clone(), health, Arc::new(Standalone), config);
    let ending = lifecycle.clone();
    tokio::spawn(async move {
        if server::termination().await.is_ok() {
            tracing::info!("shutdown begins");
            ending.begin_shutdown();
        }
    });
    print!("{}", banner(&app.name, &engine, &bound));
    bound.serve(api, lifecycle, PATIENCE).await;
    Ok(())
}

/// Where, what, and the command to try, which is the last line.
fn banner(name: &str, engine: &Engine, bound: &server::Bound) -> String {
    let kinds = engine.kinds();
    let names: Vec<String> = kinds.all.keys().map(ToString::to_string).collect();
    // The program's own kinds are what one wants to see; then definitions, then namespaces.
    let rank = |group: &str| ["", "apiextensions.k8s.io"].iter().position(|g| *g == group).unwrap_or(2);
    let tried = kinds.all.keys().max_by_key(|r| rank(&r.group)).map_or("namespaces", |r| r.resource.as_str());
    let shown = match names.len() {
        0..=8 => names.join(", "),
        more => format!("{}, and {} more", names[..8].join(", "), more - 8),
    };
    let kubeconfig = bound.kubeconfig().display();
    format!(
        "{name} listens on https://{}\n  serves  {shown}\n  try     kubectl --kubeconfig {kubeconfig} get {tried}\n",
        bound.address()
    )
}
