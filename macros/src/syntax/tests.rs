//! The attribute reference documents what the macros know, all of it and nothing else.

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
