//! The attribute reference documents what the macros know, all of it and nothing else.

use super::versioned::{self, Place};
use super::{kube, schema};
use std::collections::BTreeSet;

#[test]
fn the_reference_has_every_attribute() {
    let page = include_str!("../../../docs/reference/attributes.md");
    let mut documented = [BTreeSet::new(), BTreeSet::new()];
    let mut section = None;
    for line in page.lines() {
        if line.starts_with("## ") {
            section = Some(usize::from(line.contains("x_kube")));
        }
        let name = line.strip_prefix("### `").and_then(|l| l.strip_suffix('`'));
        if let (Some(name), Some(s)) = (name, section) {
            documented[s].insert(name);
        }
    }
    let known: BTreeSet<&str> = kube::KNOWN.iter().copied().collect();
    assert_eq!(documented[0], known, "docs/reference/attributes.md, #[kube(...)]");
    let known: BTreeSet<&str> = schema::FIELD.iter().chain(schema::CONTAINER_ONLY).copied().collect();
    assert_eq!(documented[1], known, "docs/reference/attributes.md, #[x_kube(...)]");
}

#[test]
fn the_reference_of_versions_has_every_entry() {
    let page = include_str!("../../../docs/reference/versioned.md");
    let sections: Vec<&str> = page.split("\n## ").skip(1).collect();
    let section = |title: &str| sections.iter().copied().find(|s| s.starts_with(title)).unwrap_or_default();
    let parts = |title: &str| -> Vec<&str> { section(title).split("\n### `").skip(1).collect() };
    let names = |title: &str| -> BTreeSet<&str> { parts(title).iter().filter_map(|p| p.split('`').next()).collect() };
    let set = |all: &[&'static str]| all.iter().copied().collect::<BTreeSet<_>>();
    assert_eq!(names("At the head"), set(versioned::HEAD));
    assert_eq!(names("In `version"), set(versioned::VERSION));
    for (title, place) in [("On a type", Place::Type), ("On a field", Place::Field), ("On a variant", Place::Variant)] {
        assert_eq!(names(title), set(place.known()), "{title}");
        for part in parts(title) {
            let (name, text) = part.split_once('`').unwrap_or_default();
            let entries =
                if ["added", "removed", "changed", "deprecated"].contains(&name) { place.entries(name) } else { &[] };
            for entry in entries {
                assert!(text.contains(&format!("`{entry}`")), "{title}: `{name}` says nothing of `{entry}`");
            }
        }
    }
}
