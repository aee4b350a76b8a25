//! A session with kubectl, as a table: tests/kubectl/cases.yaml, run with every kubectl there is. docs/reference/kubectl.md is
//! the table for readers, kept in line here.

use kubegraft_tests::{Server, kubectls};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

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

/// What every script may use.
const PRELUDE: &str = r#"
eventually() { for _ in $(seq 100); do if eval "$1"; then return 0; fi; sleep 0.1; done; echo "never: $1" >&2; return 1; }
"#;

/// A place of its own for one kubectl: its name on the PATH, its cache, and a copy of the files.
struct Place {
    dir: tempfile::TempDir,
    kubeconfig: PathBuf,
}

impl Place {
    fn new(kubectl: &Path, kubeconfig: &Path) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        for sub in ["bin", "home", "work"] {
            std::fs::create_dir(dir.path().join(sub)).expect("a directory");
        }
        let found = Command::new("bash").args(["-c", "command -v \"$0\""]).arg(kubectl).output().expect("bash");
        let path = PathBuf::from(String::from_utf8_lossy(&found.stdout).trim());
        std::os::unix::fs::symlink(path.canonicalize().expect("a kubectl"), dir.path().join("bin/kubectl"))
            .expect("a link");
        for file in std::fs::read_dir(repository().join("tests/kubectl/files")).expect("files").flatten() {
            std::fs::copy(file.path(), dir.path().join("work").join(file.file_name())).expect("a copy");
        }
        Self { dir, kubeconfig: kubeconfig.to_owned() }
    }

    fn run(&self, script: &str) -> Output {
        let path = format!("{}:{}", self.dir.path().join("bin").display(), std::env::var("PATH").unwrap_or_default());
        Command::new("bash")
            .args(["-o", "pipefail", "-c", &format!("{PRELUDE}{script}")])
            .current_dir(self.dir.path().join("work"))
            .env("PATH", path)
            .env("HOME", self.dir.path().join("home"))
            .env("KUBECONFIG", &self.kubeconfig)
            .output()
            .expect("bash")
    }
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
                let place = Place::new(&kubectl, &server.kubeconfig);
                let wrong: Vec<String> = cases.iter().filter_map(|c| check(c, &place.run(&c.run)).err()).collect();
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
