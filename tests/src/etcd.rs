//! An etcd cluster of three members on loopback, which lose their lives and get them back.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

/// The etcd that `KUBEGRAFT_ETCD` names, as `.ci/tools` prints it.
///
/// # Panics
/// In CI, when there is none: a test that is not run must not look like one that passed.
pub fn etcd() -> Option<PathBuf> {
    let named = std::env::var_os("KUBEGRAFT_ETCD").map(PathBuf::from);
    assert!(named.is_some() || std::env::var_os("CI").is_none(), "KUBEGRAFT_ETCD names no etcd, and this is CI");
    if named.is_none() {
        eprintln!("\n!!! KUBEGRAFT_ETCD is not set: the tests with etcd are NOT run. See .ci/tools.\n");
    }
    named
}

/// A cluster that goes when dropped.
pub struct Cluster {
    members: Vec<(Command, Option<Child>)>,
    /// The members' URLs, joined by commas.
    pub urls: String,
    _dir: tempfile::TempDir,
}

impl Cluster {
    /// Starts three members.
    ///
    /// # Panics
    /// When one does not start.
    pub fn start(program: &PathBuf) -> Self {
        let dir = tempfile::tempdir().unwrap_or_else(|e| panic!("no temporary directory: {e}"));
        let taken: Vec<_> = (0..6).map(|_| TcpListener::bind("127.0.0.1:0")).collect();
        let ports = taken.iter().map(|t| t.as_ref().ok().and_then(|t| t.local_addr().ok()).map_or(0, |a| a.port()));
        let urls: Vec<String> = ports.map(|port| format!("http://127.0.0.1:{port}")).collect();
        drop(taken);
        let (clients, peers) = urls.split_at(3);
        let all: Vec<String> = peers.iter().enumerate().map(|(i, url)| format!("m{i}={url}")).collect();
        let members = (0..3).map(|i| {
            let mut command = Command::new(program);
            command
                .args(["--name", &format!("m{i}"), "--initial-cluster", &all.join(",")])
                .args(["--listen-client-urls", &clients[i], "--advertise-client-urls", &clients[i]])
                .args(["--listen-peer-urls", &peers[i], "--initial-advertise-peer-urls", &peers[i]])
                .args(["--heartbeat-interval", "50", "--election-timeout", "500", "--log-level", "error"])
                .arg("--data-dir")
                .arg(dir.path().join(i.to_string()))
                .stdout(Stdio::null())
                .stderr(Stdio::null());
            (command, None)
        });
        let mut this = Self { members: members.collect(), urls: clients.join(","), _dir: dir };
        (0..3).for_each(|i| this.restart(i));
        this
    }

    /// SIGKILL, at once.
    pub fn kill(&mut self, member: usize) {
        if let Some(mut child) = self.members[member].1.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Starts a member that was killed.
    ///
    /// # Panics
    /// When it does not start.
    pub fn restart(&mut self, member: usize) {
        let (command, child) = &mut self.members[member];
        *child = Some(command.spawn().unwrap_or_else(|e| panic!("etcd does not start: {e}")));
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        (0..self.members.len()).for_each(|i| self.kill(i));
    }
}
