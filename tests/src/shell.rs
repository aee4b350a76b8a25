//! Scripts with one kubectl under test, as a person would type them.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// What every script may use.
const PRELUDE: &str = r#"
eventually() { for _ in $(seq 100); do if eval "$1"; then return 0; fi; sleep 0.1; done; echo "never: $1" >&2; return 1; }
"#;

/// A place of its own for one kubectl: its name on the PATH, its cache, and a directory to work in.
pub struct Shell {
    dir: tempfile::TempDir,
    kubeconfig: PathBuf,
}

impl Shell {
    /// For that kubectl and that server.
    ///
    /// # Panics
    /// Without bash, or without that kubectl.
    pub fn new(kubectl: &Path, kubeconfig: &Path) -> Self {
        let dir = tempfile::tempdir().unwrap_or_else(|e| panic!("no temporary directory: {e}"));
        let made = ["bin", "home", "work"].iter().try_for_each(|sub| std::fs::create_dir(dir.path().join(sub)));
        let found = Command::new("bash").args(["-c", "command -v \"$0\""]).arg(kubectl).output();
        let found = found.unwrap_or_else(|e| panic!("the tests of kubectl need bash: {e}"));
        let path = PathBuf::from(String::from_utf8_lossy(&found.stdout).trim());
        let linked = path.canonicalize().and_then(|p| std::os::unix::fs::symlink(p, dir.path().join("bin/kubectl")));
        made.and(linked).unwrap_or_else(|e| panic!("no place for {}: {e}", kubectl.display()));
        Self { dir, kubeconfig: kubeconfig.to_owned() }
    }

    /// Where scripts run.
    pub fn directory(&self) -> PathBuf {
        self.dir.path().join("work")
    }

    /// Runs a script.
    ///
    /// # Panics
    /// Without bash.
    pub fn run(&self, script: &str) -> Output {
        let path = format!("{}:{}", self.dir.path().join("bin").display(), std::env::var("PATH").unwrap_or_default());
        let mut bash = Command::new("bash");
        bash.args(["-o", "pipefail", "-c", &format!("{PRELUDE}{script}")]).current_dir(self.directory());
        bash.env("PATH", path).env("HOME", self.dir.path().join("home")).env("KUBECONFIG", &self.kubeconfig);
        bash.output().unwrap_or_else(|e| panic!("the tests of kubectl need bash: {e}"))
    }
}
