//! README.md holds: its program is the file it names, and its session with kubectl goes as printed.

use kubegraft_tests::{Server, Shell, kubectls};
use std::path::{Path, PathBuf};

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ is in the repository").to_owned()
}

fn read(path: &str) -> String {
    std::fs::read_to_string(repository().join(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
}

/// The contents of fenced blocks of a language.
fn blocks(language: &str) -> Vec<String> {
    let text = read("README.md");
    let fence = format!("```{language}\n");
    text.split(&fence).skip(1).filter_map(|rest| rest.split("```").next()).map(str::to_owned).collect()
}

#[test]
fn the_program_shown_is_the_example_and_has_fifteen_lines() {
    let example = read("examples/src/bin/widgets.rs");
    assert_eq!(blocks("rust").first(), Some(&example));
    let is_code = |line: &&str| {
        let line = line.trim();
        !(line.is_empty() || line.starts_with("//") || line.starts_with("use "))
    };
    let code = example.lines().filter(is_code).count();
    assert!(code <= 15, "{code} lines");
}

#[test]
fn the_test_shown_is_the_operators() {
    let shown = blocks("rust").into_iter().nth(1).expect("a second program");
    assert!(read("examples/src/fleet/tests.rs").contains(&shown), "{shown}");
}

#[test]
fn the_versions_shown_are_the_references() {
    let shown = blocks("rust").into_iter().nth(2).expect("versions");
    assert!(read("docs/reference/versioned.md").contains(&shown), "{shown}");
}

/// Commands and what they print: a line that begins with `$ ` is a command.
fn session() -> Vec<(String, Vec<String>)> {
    let mut out: Vec<(String, Vec<String>)> = Vec::new();
    for line in blocks("console").concat().lines() {
        match (line.strip_prefix("$ "), out.last_mut()) {
            (Some(command), _) => out.push((command.to_owned(), Vec::new())),
            (None, Some((_, printed))) => printed.push(line.trim_end().to_owned()),
            (None, None) => panic!("the session begins with a command"),
        }
    }
    out
}

#[test]
fn the_session_with_kubectl_goes_as_printed() {
    for kubectl in kubectls() {
        let work = tempfile::tempdir().expect("a directory");
        let server = Server::start("widgets", &work.path().join("data"), &[]);
        let shell = Shell::new(&kubectl, &server.kubeconfig);
        for (name, target) in [("data", work.path().join("data")), ("examples", repository().join("examples"))] {
            std::os::unix::fs::symlink(target, shell.directory().join(name)).expect("a link");
        }
        for (command, want) in session() {
            let output = shell.run(&format!("{{ {command}; }} 2>&1"));
            let text = String::from_utf8_lossy(&output.stdout);
            let got: Vec<&str> = text.lines().map(str::trim_end).collect();
            let got: Vec<&str> = got[..got.iter().rposition(|l| !l.is_empty()).map_or(0, |i| i + 1)].to_vec();
            // Newer kubectls add where something was deleted.
            let same = got.len() == want.len() && got.iter().zip(&want).all(|(g, w)| g.starts_with(w.as_str()));
            assert!(same, "{}: $ {command}\n{}\nREADME.md has\n{}", kubectl.display(), got.join("\n"), want.join("\n"));
        }
    }
}
