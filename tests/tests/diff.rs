//! `diff` on the command line: words, JSON and exit codes. Which change breaks whom is `schema::diff`'s cases.

use kubegraft_tests::{Server, Shell, kubectls, program};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// Exit code, standard output, standard error.
fn run(name: &str, args: &[&str], dir: &Path, input: &str) -> (i32, String, String) {
    let mut child = Command::new(program(name))
        .args(args)
        .current_dir(dir)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it runs");
    // A program that ends before it has read everything has its own reason.
    let _ = child.stdin.take().map(|mut stdin| stdin.write_all(input.as_bytes()));
    let done = child.wait_with_output().expect("it ends");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (done.status.code().unwrap_or(-1), text(&done.stdout), text(&done.stderr))
}

#[test]
fn changes_are_told_in_words_as_json_and_by_exit_code() {
    let dir = tempfile::tempdir().expect("a directory");
    let at = dir.path();
    let (_, released, _) = run("widgets", &["crd"], at, "");
    std::fs::write(at.join("released.yaml"), &released).expect("written");
    assert_eq!(run("widgets", &["diff", "released.yaml"], at, ""), (0, String::new(), String::new()));

    let looser = released.replace("maxLength: 20", "maxLength: 30");
    std::fs::write(at.join("looser.yaml"), &looser).expect("written");
    let tighter = "widgets.example.com v1 spec.colour: maxLength is 20 and was 30 (breaks writers, stored objects)\n";
    assert_eq!(run("widgets", &["diff", "looser.yaml"], at, ""), (1, tighter.into(), String::new()));
    assert_eq!(run("crd-host", &["diff", "-", "released.yaml"], at, &looser), (1, tighter.into(), String::new()));
    let loose = "widgets.example.com v1 spec.colour: maxLength is 30 and was 20 (harmless)\n";
    assert_eq!(run("crd-host", &["diff", "released.yaml", "looser.yaml"], at, ""), (0, loose.into(), String::new()));

    let (code, out, _) = run("widgets", &["diff", "looser.yaml", "-o", "json"], at, "");
    let out: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!(code, 1);
    assert_eq!(
        out,
        serde_json::json!({"breaking": true, "changes": [{
            "definition": "widgets.example.com", "version": "v1", "field": "spec.colour",
            "what": "maxLength is 20 and was 30", "breaks": ["writers", "storedObjects"]}]})
    );
    let list = format!("{{\"kind\": \"List\", \"items\": [{}]}}", serde_json::to_string(&crd(&looser)).expect("JSON"));
    assert_eq!(run("widgets", &["diff", "-"], at, &list).0, 1, "as kubectl get prints many");
}

fn crd(yaml: &str) -> serde_json::Value {
    serde_saphyr::from_str(yaml.trim_start_matches("---\n")).expect("YAML")
}

#[test]
fn what_cannot_be_compared_ends_with_code_2() {
    let dir = tempfile::tempdir().expect("a directory");
    for (args, input, words) in [
        (&["diff", "absent.yaml"][..], "", "absent.yaml"),
        (&["diff", "-"], "kind: ConfigMap", "no CustomResourceDefinition"),
        (
            &["diff", "-"],
            "{kind: CustomResourceDefinition, apiVersion: apiextensions.k8s.io/v1beta1}",
            "apiextensions.k8s.io/v1",
        ),
        (&["diff", "-"], "a: [", "yaml"),
        (&["diff"], "", "OLD"),
        (&["diff", "-", "-o", "xml"], "", "xml"),
    ] {
        let (code, out, err) = run("widgets", args, dir.path(), input);
        assert_eq!((code, out.as_str()), (2, ""), "{args:?}: {err}");
        assert!(err.starts_with("error: ") && err.contains(words) && err.lines().count() == 1, "{args:?}: {err}");
    }
    let (code, _, err) = run(
        "crd-host",
        &["diff", "-"],
        dir.path(),
        "{kind: CustomResourceDefinition, apiVersion: apiextensions.k8s.io/v1}",
    );
    assert_eq!(code, 2);
    assert!(err.contains("name a second file"), "{err}");
}

#[test]
fn a_running_server_is_compared_by_its_url_or_a_kubeconfig() {
    let data = tempfile::tempdir().expect("a directory");
    let at = data.path();
    let server = Server::start("crd-host", &at.join("data"), &[]);
    let (_, released, _) = run("widgets", &["crd"], at, "");
    std::fs::write(at.join("released.yaml"), &released).expect("written");
    std::fs::write(at.join("tighter.yaml"), released.replace("maxLength: 20", "maxLength: 10")).expect("written");
    let kubectl = &kubectls()[0];
    let done = Shell::new(kubectl, &server.kubeconfig)
        .run(&format!("kubectl create -f {}", at.join("released.yaml").display()));
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));

    let kubeconfig = server.kubeconfig.display().to_string();
    let text = std::fs::read_to_string(&server.kubeconfig).expect("a kubeconfig");
    let url =
        text.split("server: ").nth(1).and_then(|t| t.split_whitespace().next()).expect("a server").trim_matches('"');
    let by_file = ["diff", "--kubeconfig", &kubeconfig];
    let by_url = ["diff", url, "--kubeconfig", &kubeconfig];
    let tighter = "widgets.example.com v1 spec.colour: maxLength is 10 and was 20 (breaks writers, stored objects)\n";
    for server in [&by_file[..], &by_url] {
        let with = |more: &[&'static str]| [server, more].concat();
        assert_eq!(
            run("widgets", &with(&[]), at, ""),
            (0, String::new(), String::new()),
            "it has what the program has"
        );
        assert_eq!(run("crd-host", &with(&["tighter.yaml"]), at, ""), (1, tighter.into(), String::new()));
    }
    // The server may be the new one.
    let looser = "widgets.example.com v1 spec.colour: maxLength is 20 and was 10 (harmless)\n";
    let args = ["diff", "tighter.yaml", url, "--kubeconfig", &kubeconfig];
    assert_eq!(run("crd-host", &args, at, ""), (0, looser.into(), String::new()));
    for (args, words) in [
        (&["diff", "--kubeconfig", &kubeconfig, "released.yaml", "tighter.yaml"][..], "third side"),
        (
            &["diff", "https://127.0.0.1:1", "--kubeconfig", &kubeconfig],
            "no context of the kubeconfig is of this server",
        ),
        (&["diff", "--kubeconfig", &kubeconfig, "--context", "nobody"], "nobody"),
    ] {
        let (code, _, err) = run("widgets", args, at, "");
        assert_eq!(code, 2, "{err}");
        assert!(err.contains(words) && err.lines().count() == 1, "{err}");
    }
}

#[test]
fn a_server_without_definitions_is_compared_by_what_it_tells_of_its_kinds() {
    let data = tempfile::tempdir().expect("a directory");
    let at = data.path();
    let server = Server::start("widgets", &at.join("data"), &[]);
    let (_, released, _) = run("widgets", &["crd"], at, "");
    std::fs::write(at.join("released.yaml"), &released).expect("written");
    std::fs::write(at.join("tighter.yaml"), released.replace("maxLength: 20", "maxLength: 10")).expect("written");
    std::fs::write(at.join("none.yaml"), released.replace("widgets", "gadgets")).expect("written");
    let kubeconfig = server.kubeconfig.display().to_string();
    let with = |more: &[&'static str]| [&["diff", "--kubeconfig", &kubeconfig], more].concat();
    assert_eq!(run("widgets", &with(&[]), at, ""), (0, String::new(), String::new()), "it serves what the program has");
    assert_eq!(run("crd-host", &with(&["released.yaml"]), at, ""), (0, String::new(), String::new()));
    let tighter = "widgets.example.com v1 spec.colour: maxLength is 10 and was 20 (breaks writers, stored objects)\n";
    assert_eq!(run("crd-host", &with(&["tighter.yaml"]), at, ""), (1, tighter.into(), String::new()));
    let (code, out, _) = run("crd-host", &with(&["none.yaml"]), at, "");
    assert_eq!((code, out.lines().count()), (1, 2), "{out}");
    let versions = Server::start("versions", &at.join("versions"), &[]);
    let args = ["diff", "--kubeconfig", &versions.kubeconfig.display().to_string()];
    assert_eq!(run("versions", &args, at, ""), (0, String::new(), String::new()), "in all versions");
}
