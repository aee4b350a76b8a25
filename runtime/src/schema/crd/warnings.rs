//! What a definition is warned about, though it is taken: formats that nothing checks.

use super::props::Props;
use super::view::Spec;
use crate::schema::node::Type;
use crate::schema::validate::formats;

/// Warnings about a new definition.
pub(super) fn create(spec: &Spec<'_>) -> Vec<String> {
    let mut found = Vec::new();
    for s in spec.schemas() {
        s.each(&mut |s| {
            let format = s.text("format");
            if !format.is_empty() && !recognized(s, format) {
                found.push(format!("unrecognized format {}", serde_json::Value::from(format)));
            }
        });
    }
    found
}

/// Warnings about what a change brings.
pub(super) fn update(new: &Spec<'_>, old: &Spec<'_>) -> Vec<String> {
    let known = create(old);
    create(new).into_iter().filter(|w| !known.contains(w)).collect()
}

fn recognized(s: Props<'_>, format: &str) -> bool {
    match Type::parse(s.type_()) {
        None if !s.type_().is_empty() => false,
        type_ => formats::recognized(type_, format),
    }
}
