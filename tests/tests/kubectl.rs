//! A session with kubectl, as a table: tests/kubectl/cases.yaml, run with every kubectl there is. docs/reference/kubectl.md is
//! the table for readers, kept in line here.

use kubegraft_tests::{Server, Shell, kubectls};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::process::Output;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    about: String,
    run: String,
    #[serde(default)]
    out: String,
    #[serde(default)]
    err: String,
    #[serde(default)]
    code: i32,
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ is in the repository").to_owned()
}

fn cases() -> Vec<Case> {
    let text = std::fs::read_to_string(repository().join("tests/kubectl/cases.yaml")).expect("the cases");
    serde_saphyr::from_str(&text).expect("cases that can be read")
}

/// Lines with their words; empty ones at the end do not count.
fn words(text: &str) -> Vec<Vec<&str>> {
    let mut lines: Vec<Vec<&str>> = text.lines().map(|l| l.split_whitespace().collect()).collect();
    while lines.last().is_some_and(Vec::is_empty) {
        lines.pop();
    }
    lines
}

/// Whether a word is as wanted: `*` is any word, `deleted*` any that begins so. A line may go on after a last `...*`.
fn same(want: &[&str], got: &[&str]) -> bool {
    let one = |w: &str, g: &str| w == g || w.strip_suffix('*').is_some_and(|start| g.starts_with(start));
    let open = want.last().is_some_and(|w| w.len() > 1 && w.ends_with('*'));
    (want.len() == got.len() || (open && got.len() > want.len())) && want.iter().zip(got).all(|(w, g)| one(w, g))
}

fn check(case: &Case, output: &Output) -> Result<(), String> {
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let (want, got) = (words(&case.out), words(&out));
    let mut wrong = Vec::new();
    if output.status.code() != Some(case.code) {
        wrong.push(format!("ends with {:?}, wanted {}", output.status.code(), case.code));
    }
    if want.len() != got.len() || !want.iter().zip(&got).all(|(w, g)| same(w, g)) {
        wrong.push(format!("prints\n{out}  wanted\n{}", case.out));
    }
    let missing: Vec<&str> = case.err.lines().filter(|l| !err.contains(l.trim())).collect();
    if !missing.is_empty() || (case.err.is_empty() && !err.is_empty()) {
        wrong.push(format!("says on standard error\n{err}  wanted\n{}", case.err));
    }
    if wrong.is_empty() { Ok(()) } else { Err(format!("{}\n  $ {}\n  {}", case.about, case.run, wrong.join("\n  "))) }
}

#[test]
fn kubectl_does_what_people_know_it_for() {
    let cases = cases();
    // kubectl is slow to start, so they run side by side, each against a server of its own.
    std::thread::scope(|scope| {
        for kubectl in kubectls() {
            let cases = &cases;
            scope.spawn(move || {
                let data = tempfile::tempdir().expect("a directory");
                let server = Server::start("crd-host", data.path(), &[]);
                let shell = Shell::new(&kubectl, &server.kubeconfig);
                for file in std::fs::read_dir(repository().join("tests/kubectl/files")).expect("files").flatten() {
                    std::fs::copy(file.path(), shell.directory().join(file.file_name())).expect("a copy");
                }
                let wrong: Vec<String> = cases.iter().filter_map(|c| check(c, &shell.run(&c.run)).err()).collect();
                assert!(wrong.is_empty(), "{}: {} cases\n\n{}", kubectl.display(), wrong.len(), wrong.join("\n\n"));
            });
        }
    });
}

#[test]
fn the_table_for_readers_is_what_is_tried() {
    let mut table = String::from(
        "# kubectl\n\nWhat the end-to-end tests try with each kubectl (in the gate those that `.ci/tools` brings), in this order, on one \
         server.\nWritten by the test from tests/kubectl/cases.yaml: `UPDATE=1 cargo test -p kubegraft-tests kubectl`.\n\n\
         | what | how |\n|---|---|\n",
    );
    for case in cases() {
        let lines: Vec<&str> = case.run.lines().map(str::trim).filter(|l| l.contains("kubectl")).collect();
        let code: Vec<String> = lines.iter().map(|l| format!("`{}`", l.replace('|', "\\|"))).collect();
        table += &format!("| {} | {} |\n", case.about, code.join("<br>"));
    }
    let path = repository().join("docs/reference/kubectl.md");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        std::fs::write(&path, &table).expect("written");
    }
    let there = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(there == table, "docs/reference/kubectl.md is stale: UPDATE=1 cargo test -p kubegraft-tests kubectl");
}
