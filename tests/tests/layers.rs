//! ARCHITECTURE.md's layer table holds: a module of the runtime names modules of lower layers only.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ is in the repository").to_owned()
}

/// Module to layer, read from the table.
fn layers() -> BTreeMap<String, u32> {
    let text = std::fs::read_to_string(repository().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md");
    let mut out = BTreeMap::new();
    for line in text.lines().filter(|l| l.starts_with('|')) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [layer, modules] = cells[..] else { continue };
        let Ok(layer) = layer.parse::<u32>() else { continue };
        out.extend(modules.split(',').map(|m| (m.trim().to_owned(), layer)));
    }
    out
}

fn sources(dir: &Path, out: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).expect("a directory").flatten() {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, out);
        } else if path.extension().is_some_and(|e| e == "rs") {
            out.push(path);
        }
    }
}

#[test]
fn modules_import_from_lower_layers_only() {
    let layers = layers();
    let src = repository().join("runtime/src");
    let mut wrong = Vec::new();
    for (module, layer) in &layers {
        let mut files = Vec::new();
        let dir = src.join(module);
        assert!(dir.is_dir(), "{module} of the layer table is no directory of runtime/src");
        sources(&dir, &mut files);
        for file in files {
            let text = std::fs::read_to_string(&file).expect("a source file");
            for (n, line) in text.lines().enumerate() {
                for (at, _) in line.match_indices("crate::") {
                    let name: String =
                        line[at + 7..].chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
                    if let Some(other) = layers.get(&name).filter(|other| {
                        // Layer 0 is the vocabulary: its modules may name each other (ARCHITECTURE.md).
                        name != *module && (*other > layer || (*other == layer && *layer > 0))
                    }) {
                        wrong.push(format!("{}:{}: {module} ({layer}) names {name} ({other})", file.display(), n + 1));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_file_says_what_it_owns() {
    let mut files = Vec::new();
    for dir in ["runtime/src", "macros/src", "syntax/src", "examples/src", "tests/src", "tests/tests"] {
        sources(&repository().join(dir), &mut files);
    }
    let silent: Vec<_> = files
        .iter()
        .filter(|f| !f.components().any(|c| c.as_os_str() == "ui"))
        .filter(|f| !std::fs::read_to_string(f).is_ok_and(|t| t.starts_with("//!")))
        .collect();
    assert!(silent.is_empty(), "files without a `//!` opening: {silent:?}");
}
