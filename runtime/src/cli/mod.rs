//! The command line that every program made with kubegraft has. A user's `main` is one line: [`App`].

use crate::access::Standalone;
use crate::api::health::{Health, Lifecycle};
use crate::api::{self, Api};
use crate::server;
use crate::storage::embedded::Retention;
use crate::storage::{Backend, Embedded};
use crate::verbs::{self, Engine};
use clap::{Args, Parser, Subcommand};
use serde_json::Value;
use std::net::IpAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

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
    host: bool,
}

#[derive(Parser)]
#[command(about = "An API server for Kubernetes clients", version, disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the API over HTTPS from an embedded durable store
    Serve(Box<Serve>),
    /// Print the CustomResourceDefinitions as YAML for a cluster
    Crd,
}

#[derive(Args)]
struct Serve {
    /// Directory of the store, certificates and the admin kubeconfig
    #[arg(long, default_value = "data", value_name = "DIR")]
    data_dir: PathBuf,
    /// Address to listen on
    #[arg(long, default_value = "127.0.0.1", value_name = "ADDRESS")]
    bind_address: IpAddr,
    /// Port to listen on; 0 takes a free one and prints it
    #[arg(long, default_value_t = 6443, value_name = "PORT")]
    secure_port: u16,
    /// Directory of generated certificates
    #[arg(long, value_name = "DIR")]
    cert_dir: Option<PathBuf>,
    /// Serving certificate, PEM
    #[arg(long, value_name = "FILE", requires = "tls_private_key_file")]
    tls_cert_file: Option<PathBuf>,
    /// Its key, PEM
    #[arg(long, value_name = "FILE", requires = "tls_cert_file")]
    tls_private_key_file: Option<PathBuf>,
    /// CA of client certificates, PEM
    #[arg(long, value_name = "FILE")]
    client_ca_file: Option<PathBuf>,
    /// Tokens as csv: token,user,uid,"group1,group2"
    #[arg(long, value_name = "FILE")]
    token_auth_file: Option<PathBuf>,
    /// Admission plugins to turn off: NamespaceLifecycle
    #[arg(long, value_name = "PLUGINS", value_delimiter = ',', value_parser = crate::admission::PLUGINS)]
    disable_admission_plugins: Vec<String>,
    /// Reads in flight at most; 0 for no limit
    #[arg(long, default_value_t = 400, value_name = "N")]
    max_requests_inflight: usize,
    /// Writes in flight at most; 0 for no limit
    #[arg(long, default_value_t = 200, value_name = "N")]
    max_mutating_requests_inflight: usize,
}

/// What ends a command with exit code 1: one line.
type Failure = Box<dyn std::error::Error + Send + Sync>;

impl App {
    /// A program of this name.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), definitions: Vec::new(), host: false }
    }

    /// Serves a type: one of our derive or of kube's.
    #[must_use]
    pub fn resource<T: kube_core::CustomResourceExt>(mut self) -> Self {
        let crd = serde_json::to_value(T::crd()).unwrap_or_default();
        self.definitions.push(crd);
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
        let cli = Cli::parse();
        let done = match cli.command {
            Command::Serve(flags) => self.serve(*flags),
            Command::Crd => self.print_crds(),
        };
        match done {
            Ok(()) => ExitCode::SUCCESS,
            Err(e) => {
                eprintln!("error: {e}");
                ExitCode::FAILURE
            }
        }
    }

    fn print_crds(&self) -> Result<(), Failure> {
        for crd in &self.definitions {
            let yaml = crate::resource::codec::yaml::encode(crd);
            println!("---\n{}", String::from_utf8_lossy(&yaml).trim_end());
        }
        Ok(())
    }

    fn serve(self, flags: Serve) -> Result<(), Failure> {
        let filter = tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "warn".into());
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
        let runtime = server::runtime()?;
        // On the runtime's own threads, whose stacks bear deep objects.
        runtime.block_on(async { tokio::spawn(self.run(flags)).await })?
    }

    async fn run(self, flags: Serve) -> Result<(), Failure> {
        let config = server::Config {
            bind_address: flags.bind_address,
            secure_port: flags.secure_port,
            cert_dir: flags.cert_dir,
            tls_cert_file: flags.tls_cert_file,
            tls_private_key_file: flags.tls_private_key_file,
            client_ca_file: flags.client_ca_file,
            token_auth_file: flags.token_auth_file,
            ..server::Config::new(&flags.data_dir)
        };
        let bound = config.complete()?.bind().await?;
        let store = Embedded::open(&flags.data_dir, Retention::default())?;
        let backend: Arc<dyn Backend> = Arc::new(store);
        let definitions = self.definitions.iter().map(|d| {
            let mut d = d.clone();
            crate::schema::crd::default(&mut d);
            d
        });
        let served = verbs::Config {
            definitions: definitions.collect(),
            host_definitions: self.host,
            disabled_admission: flags.disable_admission_plugins,
        };
        let engine = Engine::start(backend.clone(), served).await?;
        let lifecycle = Lifecycle::new();
        let health = Health::new(lifecycle.clone()).with("etcd", move || backend.healthy().map_err(|e| e.to_string()));
        let config = api::Config {
            max_requests_inflight: flags.max_requests_inflight,
            max_mutating_requests_inflight: flags.max_mutating_requests_inflight,
            ..api::Config::default()
        };
        let api = Api::new(engine.clone(), health, Arc::new(Standalone), config);
        println!("{} serves https://{}", self.name, bound.address());
        for (resource, _) in engine.kinds().all.iter() {
            println!("  {resource}");
        }
        println!("try: kubectl --kubeconfig {} get namespaces", bound.kubeconfig().display());
        let ending = lifecycle.clone();
        tokio::spawn(async move {
            if server::termination().await.is_ok() {
                ending.begin_shutdown();
            }
        });
        bound.serve(api, lifecycle, Duration::from_secs(30)).await;
        Ok(())
    }
}
