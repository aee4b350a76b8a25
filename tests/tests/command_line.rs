//! The command line of a program, as a process: what it prints, what it refuses and how, and what outlives it.

use kube::api::{Api, DynamicObject, PostParams};
use kube::core::{ApiResource, GroupVersionKind};
use kubegraft_tests::{Server, program};
use serde_json::json;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};

fn run(args: &[&str], dir: &Path) -> Output {
    Command::new(program("crd-host"))
        .args(args)
        .current_dir(dir)
        .stdin(Stdio::null())
        .output()
        .expect("the program runs")
}

/// Exit code 1, and one line on standard error with these words.
fn refused(args: &[&str], dir: &Path, words: &[&str]) {
    let output = run(args, dir);
    let line = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{args:?}: {line}");
    assert!(line.starts_with("error: ") && line.trim_end().lines().count() == 1, "{args:?}: {line}");
    for word in words {
        assert!(line.contains(word), "{args:?}: {word:?} is not in {line}");
    }
}

#[test]
fn what_cannot_be_served_ends_with_one_line_and_code_1() {
    let dir = tempfile::tempdir().expect("a directory");
    let at = dir.path();
    std::fs::write(at.join("file"), "not a directory").expect("written");
    std::fs::write(at.join("tokens"), "one,two\n").expect("written");
    std::fs::create_dir(at.join("foreign")).expect("a directory");
    std::fs::write(at.join("foreign/kubegraft.redb"), vec![7; 8192]).expect("written");
    refused(&["serve", "--secure-prt", "0"], at, &["--secure-port"]);
    refused(&["serve", "--secure-port", "many"], at, &["--secure-port"]);
    refused(&["serve", "--data-dir", "file"], at, &["file", "--data-dir"]);
    refused(&["serve", "--secure-port", "0", "--token-auth-file", "tokens"], at, &["--token-auth-file", "tokens"]);
    refused(&["serve", "--secure-port", "0", "--token-auth-file", "absent"], at, &["--token-auth-file", "absent"]);
    refused(&["serve", "--secure-port", "0", "--client-ca-file", "file"], at, &["--client-ca-file"]);
    refused(&["serve", "--secure-port", "0", "--tls-cert-file", "file"], at, &["--tls-private-key-file"]);
    refused(
        &["serve", "--secure-port", "0", "--data-dir", "foreign"],
        at,
        &["kubegraft.redb", "not a kubegraft store"],
    );
    refused(&["serve", "--disable-admission-plugins", "Nope"], at, &["NamespaceLifecycle"]);
    refused(&["wat"], at, &["wat"]);
    refused(&[], at, &["serve"]);
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("an address").port().to_string();
    refused(&["serve", "--secure-port", &port], at, &["--secure-port", &port, "in use"]);
}

#[tokio::test]
async fn a_second_process_on_the_same_data_is_refused_and_harms_nothing() {
    let dir = tempfile::tempdir().expect("a directory");
    let server = Server::start("crd-host", dir.path(), &[]);
    let before = std::fs::read(&server.kubeconfig).expect("a kubeconfig");
    let data = dir.path().display().to_string();
    refused(
        &["serve", "--secure-port", "0", "--data-dir", &data],
        dir.path(),
        &["open in another process", "--data-dir"],
    );
    assert_eq!(std::fs::read(&server.kubeconfig).expect("a kubeconfig"), before);
    assert!(server.client().await.expect("a client").apiserver_version().await.is_ok());
}

#[test]
fn help_and_documents_go_to_standard_output() {
    let dir = tempfile::tempdir().expect("a directory");
    for (args, word) in
        [(&["--help"][..], "Examples:"), (&["serve", "--help"], "--data-dir"), (&["openapi", "--v2"], "swagger")]
    {
        let output = run(args, dir.path());
        assert_eq!(output.status.code(), Some(0), "{args:?}");
        assert!(String::from_utf8_lossy(&output.stdout).contains(word), "{args:?}");
        assert!(output.stderr.is_empty(), "{args:?}");
    }
}

#[test]
fn lint_tells_what_to_mend_and_its_exit_code_whether_a_cluster_would_refuse() {
    let dir = tempfile::tempdir().expect("a directory");
    let crd = |type_: &str| {
        json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": {"name": "widgets.ex.io"},
            "spec": {"group": "ex.io", "scope": "Namespaced", "names": {"plural": "widgets", "kind": "Widget"},
                "versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema":
                    {"type": "object", "x-made-up": 1, "properties": {"spec": {"type": type_}}}}}]}})
    };
    for (file, type_) in [("regretted", "object"), ("refused", "strange")] {
        std::fs::write(dir.path().join(file), crd(type_).to_string()).expect("written");
    }
    let output = run(&["lint", "regretted", "-o", "json"], dir.path());
    assert_eq!(output.status.code(), Some(0));
    let reports: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(reports.pointer("/0/findings/0/severity"), Some(&json!("regretted")));
    let output = run(&["lint", "refused"], dir.path());
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8_lossy(&output.stdout);
    let place = "widgets.ex.io: refused: spec.versions[0].schema.openAPIV3Schema.properties[spec].type\n";
    assert!(text.contains(place) && text.contains("mend: set type to one of the supported values"), "{text}");
    refused(&["lint", "absent"], dir.path(), &["absent"]);
    refused(&["lint"], dir.path(), &["name files"]);
}

#[tokio::test]
async fn a_server_tells_where_it_is_keeps_secrets_and_comes_back_with_its_data() {
    let dir = tempfile::tempdir().expect("a directory");
    let namespaces = |client| -> Api<DynamicObject> {
        Api::all_with(client, &ApiResource::from_gvk(&GroupVersionKind::gvk("", "v1", "Namespace")))
    };
    let server = Server::start("crd-host", dir.path(), &[]);
    let lines: Vec<&str> = server.banner.lines().collect();
    assert!(lines.len() <= 4 && lines[0].contains("https://127.0.0.1:"), "{}", server.banner);
    assert!(
        server.banner.contains("customresourcedefinitions.apiextensions.k8s.io")
            && server.banner.contains("try     kubectl")
    );
    for secret in ["admin.kubeconfig", "pki/ca.key", "pki/apiserver.key", "kubegraft.redb"] {
        let mode =
            std::fs::metadata(dir.path().join(secret)).unwrap_or_else(|e| panic!("{secret}: {e}")).permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{secret}");
    }
    let team = serde_json::from_value(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team"}}));
    let made = namespaces(server.client().await.expect("a client"))
        .create(&PostParams::default(), &team.expect("an object"))
        .await;
    let made = made.expect("made");
    let ca = std::fs::read(dir.path().join("pki/ca.crt")).expect("a CA");
    server.terminate();

    let server = Server::start("crd-host", dir.path(), &[]);
    let again = namespaces(server.client().await.expect("a client")).get("team").await.expect("still there");
    assert_eq!(
        (again.metadata.uid, again.metadata.resource_version),
        (made.metadata.uid, made.metadata.resource_version)
    );
    assert_eq!(std::fs::read(dir.path().join("pki/ca.crt")).expect("a CA"), ca, "the CA stays");
}
