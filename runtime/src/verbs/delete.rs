//! Delete of one object: at once, or by marking it when finalizers or a policy hold it
//! (A/registry/generic/registry/store.go, A/registry/rest/delete.go).

use super::context::{Context, Target};
use super::engine::Engine;
use super::entry::Entry;
use super::options::{DeleteOptions, Propagation};
use super::store::{Asker, Change, Preconditions, Written};
use crate::resource::Object;
use crate::status::Result;
use serde_json::Value;
use std::sync::Arc;

const FOREGROUND: &str = "foregroundDeletion";
const ORPHAN: &str = "orphan";

/// What a delete came to.
pub enum Deleted {
    /// Gone; its last state.
    Gone(Arc<Entry>),
    /// Still there, marked for deletion.
    Marked(Arc<Entry>),
}

/// Deletes the target's object.
pub async fn delete(engine: &Engine, ctx: &Context, target: &Target, options: &DeleteOptions) -> Result<Deleted> {
    let strategy = &target.served.strategy;
    let asker = if strategy.deletes_itself() { Asker::OwnDelete } else { Asker::Delete };
    let preconditions = Preconditions::of_delete(options, asker);
    let _ = ctx;
    let written = engine
        .change(target, &preconditions, options.dry_run, |_, old| {
            let mut new = old.clone();
            if strategy.mark_deleted(target, &mut new, options, &engine.now_text())? {
                new.set_meta("resourceVersion", Value::Null);
                return Ok(Change::Put(new));
            }
            set_policy_finalizers(&mut new, options, strategy.default_propagation());
            let waits = !new.finalizers().is_empty() || strategy.holds(&new);
            if !waits {
                return Ok(Change::Remove(new));
            }
            if !new.is_terminating() {
                new.set_meta("deletionTimestamp", engine.now_text());
                if new.generation() > 0 {
                    new.set_meta("generation", new.generation() + 1);
                }
            }
            new.set_meta("deletionGracePeriodSeconds", 0);
            new.set_meta("resourceVersion", Value::Null);
            Ok(Change::Put(new))
        })
        .await?;
    Ok(match written {
        Written::Removed(e) => Deleted::Gone(e),
        Written::Stored(e) => Deleted::Marked(e),
    })
}

/// The finalizers by which a policy is carried out (C74). Without a policy, finalizers that are there stay.
pub(super) fn set_policy_finalizers(object: &mut Object, options: &DeleteOptions, default: Propagation) {
    let policy = match (options.propagation, options.orphan_dependents) {
        (Some(p), _) => p,
        (None, Some(true)) => Propagation::Orphan,
        (None, Some(false)) => Propagation::Background,
        (None, None) if object.finalizers().iter().any(|f| [FOREGROUND, ORPHAN].contains(f)) => return,
        (None, None) => default,
    };
    let wanted = match policy {
        Propagation::Background => None,
        Propagation::Foreground => Some(FOREGROUND),
        Propagation::Orphan => Some(ORPHAN),
    };
    let had = object.finalizers();
    let mut now: Vec<&str> = had.iter().copied().filter(|f| ![FOREGROUND, ORPHAN].contains(f)).collect();
    now.extend(wanted);
    let mut sorted = (had.clone(), now.clone());
    sorted.0.sort_unstable();
    sorted.1.sort_unstable();
    if sorted.0 != sorted.1 {
        let now: Vec<Value> = now.into_iter().map(Value::from).collect();
        object.set_meta("finalizers", now);
    }
}
