//! Conflicts: fields of others that an apply would change, and the 409 that tells of them
//! (M/util/managedfields/internal/conflict.go).

use super::managed::Entry;
use super::set::Set;
use crate::resource::codec::go::push_quoted;
use crate::status::{Cause, Status};

/// One field that an apply would change though another manager owns it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// Who owns it, as messages say it: `"m1"`, `"m2" with subresource "status" using ex.io/v1`.
    pub manager: String,
    /// Its path: `.spec.ports[name="a"].port`.
    pub field: String,
}

/// The conflicts of an apply, by manager.
pub(super) fn conflicts(mut of: Vec<(&Entry<'_>, Set<'_>)>) -> Vec<Conflict> {
    of.sort_by(|(a, _), (b, _)| a.identity().order(&b.identity()));
    let all = of.into_iter().flat_map(|(entry, fields)| {
        let manager = name(entry);
        fields.paths().into_iter().map(move |field| Conflict { manager: manager.clone(), field })
    });
    all.collect()
}

fn name(entry: &Entry<'_>) -> String {
    let mut out = String::new();
    push_quoted(entry.manager, &mut out);
    if !entry.subresource.is_empty() {
        out.push_str(" with subresource ");
        push_quoted(entry.subresource, &mut out);
    }
    if !entry.apply {
        out.push_str(" using ");
        out.push_str(entry.api_version);
    }
    out
}

/// The 409.
pub fn conflict_status(all: &[Conflict]) -> Status {
    let causes = all.iter().map(|c| Cause {
        reason: "FieldManagerConflict".into(),
        message: format!("conflict with {}", c.manager),
        field: c.field.clone(),
    });
    Status::apply_conflict(message(all), causes.collect())
}

fn message(all: &[Conflict]) -> String {
    if let [c] = all {
        return format!("Apply failed with 1 conflict: conflict with {}: {}", c.manager, c.field);
    }
    let mut text = format!("Apply failed with {} conflicts: ", all.len());
    let mut last = None;
    for c in all {
        if last != Some(&c.manager) {
            if last.is_some() {
                text.push('\n');
            }
            text.push_str(&format!("conflicts with {}:", c.manager));
            last = Some(&c.manager);
        }
        text.push_str(&format!("\n- {}", c.field));
    }
    text
}
