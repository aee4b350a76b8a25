//! The Python client on the real server: typed APIs, the dynamic client and watches. What it does is in `python/session.py`.

use kubegraft_tests::{Server, python};
use std::path::Path;
use std::process::Command;

#[test]
fn the_python_client_finds_a_server_it_knows() {
    let Some(python) = python() else { return };
    let data = tempfile::tempdir().expect("a directory");
    let server = Server::start("crd-host", data.path(), &[]);
    let session = Path::new(env!("CARGO_MANIFEST_DIR")).join("python/session.py");
    let done = Command::new(python).arg(session).arg(&server.kubeconfig).output().expect("python runs");
    assert!(
        done.status.success(),
        "{}{}",
        String::from_utf8_lossy(&done.stdout),
        String::from_utf8_lossy(&done.stderr)
    );
}
