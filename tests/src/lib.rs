//! What the end-to-end tests share: programs of `examples/` as real processes, and the kubectls to drive them with. What is
//! promised is in the tests.

mod etcd;
mod shell;

pub use etcd::{Cluster, etcd};
pub use shell::Shell;

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

/// The programs of `examples/`, built once per test run.
pub fn program(name: &str) -> PathBuf {
    static BUILT: OnceLock<()> = OnceLock::new();
    BUILT.get_or_init(|| {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let status = Command::new(cargo).args(["build", "--quiet", "-p", "kubegraft-examples", "--bins"]).status();
        assert!(status.is_ok_and(|s| s.success()), "the programs of examples/ do not build");
    });
    // target/debug/deps/main-HASH -> target/debug/NAME
    let mut dir = std::env::current_exe().unwrap_or_default();
    dir.pop();
    dir.pop();
    dir.join(name)
}

/// A program that serves, killed when dropped.
pub struct Server {
    child: Child,
    /// What it printed before it was ready.
    pub banner: String,
    /// The admin kubeconfig.
    pub kubeconfig: PathBuf,
}

impl Server {
    /// Starts `program serve` on a free port and a data directory, and waits until it listens.
    ///
    /// # Panics
    /// When it ends instead.
    pub fn start(name: &str, data_dir: &Path, flags: &[&str]) -> Self {
        Self::run(Command::new(program(name)), name, data_dir, flags)
    }

    /// As `start`, on a disk on which no file gets larger than so many KiB.
    ///
    /// # Panics
    /// When it ends instead, or without bash.
    pub fn start_on_small_disk(name: &str, data_dir: &Path, kib: u32) -> Self {
        let mut bash = Command::new("bash");
        bash.args(["-c", &format!("ulimit -f {kib}; exec \"$0\" \"$@\"")]).arg(program(name));
        Self::run(bash, name, data_dir, &[])
    }

    fn run(mut command: Command, name: &str, data_dir: &Path, flags: &[&str]) -> Self {
        let mut child = command
            .args(["serve", "--secure-port", "0", "--bind-address", "127.0.0.1", "--data-dir"])
            .arg(data_dir)
            .args(flags)
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap_or_else(|e| panic!("{name} does not start: {e}"));
        let mut lines = BufReader::new(child.stdout.take().unwrap_or_else(|| panic!("{name} has no output"))).lines();
        let mut banner = String::new();
        // The command to try is the last line of the banner.
        loop {
            match lines.next() {
                Some(Ok(line)) => {
                    banner += &line;
                    banner.push('\n');
                    if line.contains("kubectl") {
                        break;
                    }
                }
                _ => panic!("{name} ended before it served; it printed:\n{banner}"),
            }
        }
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, banner, kubeconfig: data_dir.join("admin.kubeconfig") }
    }

    /// SIGKILL, at once.
    pub fn kill(mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// SIGTERM, and waits for the end; the exit code.
    pub fn terminate(mut self) -> Option<i32> {
        let _ = Command::new("kill").arg(self.child.id().to_string()).status();
        self.child.wait().ok()?.code()
    }

    /// A client with the admin kubeconfig.
    ///
    /// # Errors
    /// The kubeconfig cannot be read.
    pub async fn client(&self) -> Result<kube::Client, Box<dyn std::error::Error + Send + Sync>> {
        Ok(kube::Client::try_from(self.config().await?)?)
    }

    /// A client that tells of a 429, 503 or 504 at once, instead of asking again for minutes.
    ///
    /// # Errors
    /// The kubeconfig cannot be read.
    pub async fn client_that_gives_up(&self) -> Result<kube::Client, Box<dyn std::error::Error + Send + Sync>> {
        let mut config = self.config().await?;
        config.default_retry = false;
        Ok(kube::Client::try_from(config)?)
    }

    async fn config(&self) -> Result<kube::Config, Box<dyn std::error::Error + Send + Sync>> {
        let config = kube::config::Kubeconfig::read_from(&self.kubeconfig)?;
        Ok(kube::Config::from_custom_kubeconfig(config, &Default::default()).await?)
    }

    /// The process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The kubectls to test with: those named in `KUBECTLS` (paths joined by colons), else the one on the PATH.
///
/// # Panics
/// In CI, when there is none: a test that is not run must not look like one that passed.
pub fn kubectls() -> Vec<PathBuf> {
    if let Ok(named) = std::env::var("KUBECTLS") {
        return named.split(':').filter(|p| !p.is_empty()).map(PathBuf::from).collect();
    }
    let found = Command::new("kubectl").args(["version", "--client"]).output();
    if found.is_ok_and(|o| o.status.success()) {
        return vec!["kubectl".into()];
    }
    assert!(std::env::var_os("CI").is_none(), "there is no kubectl, and this is CI: its tests must run");
    eprintln!("\n!!! There is no kubectl on the PATH: the tests that need it are NOT run. Set KUBECTLS to name one.\n");
    Vec::new()
}

/// The helm that `KUBEGRAFT_HELM` names, as `.ci/tools` prints it.
///
/// # Panics
/// In CI, when there is none: a test that is not run must not look like one that passed.
pub fn helm() -> Option<PathBuf> {
    let named = std::env::var_os("KUBEGRAFT_HELM").map(PathBuf::from);
    assert!(named.is_some() || std::env::var_os("CI").is_none(), "KUBEGRAFT_HELM names no helm, and this is CI");
    if named.is_none() {
        eprintln!("\n!!! KUBEGRAFT_HELM is not set: the tests with helm are NOT run. See .ci/tools.\n");
    }
    named
}

/// The Python with the `kubernetes` client that `KUBEGRAFT_PYTHON` names, as `.ci/tools` prints it.
///
/// # Panics
/// In CI, when there is none: a test that is not run must not look like one that passed.
pub fn python() -> Option<PathBuf> {
    let named = std::env::var_os("KUBEGRAFT_PYTHON").map(PathBuf::from);
    assert!(named.is_some() || std::env::var_os("CI").is_none(), "KUBEGRAFT_PYTHON names no Python, and this is CI");
    if named.is_none() {
        eprintln!("\n!!! KUBEGRAFT_PYTHON is not set: the tests with the Python client are NOT run. See .ci/tools.\n");
    }
    named
}
