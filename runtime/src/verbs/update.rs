//! Update (PUT) of an object or its status: the stored object gives what the client may not change, the rest is checked
//! and stored (A/registry/rest/update.go). Patches end here too, once they have made the new object.

use super::context::{Context, Part, Target};
use super::engine::Engine;
use super::entry::Entry;
use super::options::WriteOptions;
use super::store::{Asker, Change, Preconditions};
use crate::patch::apply::{Writer, keep_times, manager_name};
use crate::resource::validate::{self, NameRule};
use crate::resource::{GroupKind, Object};
use crate::status::field::FieldError;
use crate::status::{Result, Status};
use serde_json::Value;
use std::sync::Arc;

/// Replaces an object by `object`, which the caller has decoded, pruned and defaulted.
pub async fn update(
    engine: &Engine,
    ctx: &Context,
    target: &Target,
    object: Object,
    options: &WriteOptions,
) -> Result<Arc<Entry>> {
    let object = super::create::at_home(target, object)?;
    same_name(target, &object)?;
    let manager = manager_name(&options.field_manager, &ctx.user_agent);
    let uid = (!object.uid().is_empty()).then(|| object.uid().to_owned());
    let told = ctx.warnings().len();
    let now = engine.now_text();
    let writer = Writer { manager: &manager, subresource: target.part.name(), time: &now };
    let preconditions = Preconditions { uid, asker: Asker::Update, ..Preconditions::default() };
    let written = engine
        .change(target, &preconditions, options.dry_run, |current, mut old| {
            ctx.restart(told);
            let mut new = object.clone();
            super::create::dedup_owners(ctx, &mut new, "");
            target.served.managers[target.version].on_update(&old, &mut new, writer);
            replace(ctx, target, current, &mut old, new)
        })
        .await?;
    Ok(written.into_entry())
}

/// The name in the body must be that of the URL (C60).
pub(super) fn same_name(target: &Target, object: &Object) -> Result<()> {
    if object.name() == target.name {
        return Ok(());
    }
    let name = &target.name;
    if object.name().is_empty() {
        return Err(Status::bad_request(format!(
            "the name of the object ({name} based on URL) was undeterminable: name must be provided"
        )));
    }
    Err(Status::bad_request(format!(
        "the name of the object ({}) does not match the name on the URL ({})",
        object.name(),
        target.name
    )))
}

/// What every change of an existing object goes through once the new object is made and its owners are noted.
pub(super) fn replace(
    ctx: &Context,
    target: &Target,
    current: &Entry,
    old: &mut Object,
    mut new: Object,
) -> Result<Change> {
    let strategy = &target.served.strategy;
    check_version(target, current, &new)?;
    if new.api_version().is_empty() {
        return Err(Status::internal("Object 'apiVersion' is missing in 'object has no apiVersion field'"));
    }
    server_owned(&mut new, old);
    strategy.prepare_update(target, &mut new, old);
    super::create::dedup_owners(ctx, &mut new, super::create::AFTER_ADMISSION);

    let mut errors: Vec<FieldError> = Vec::new();
    // The status of custom resources alone brings no metadata.
    let metadata = target.part == Part::Main || strategy.builtin();
    if metadata {
        // Names were checked when they were given.
        errors.extend(validate::metadata(&new, target.served.namespaced(), NameRule::Segment));
        // Upstream checks these before and within every kind's strategy, and says what is wrong each time.
        let changed = validate::metadata_update(&new, old);
        errors.extend(changed.iter().chain(&changed).cloned());
    }
    errors.extend(strategy.validate_update(target, &mut new, old, ctx));
    if errors.is_empty() && target.part == Part::Main && !strategy.builtin() {
        for w in validate::finalizer_warnings(&new, Some(old)) {
            ctx.warn(w);
        }
    }
    if !errors.is_empty() {
        let kind = GroupKind::new(&target.served.definition.group, new.kind());
        return Err(Status::invalid(&kind, new.name(), &errors));
    }
    keep_times(old, &mut new);
    new.set_meta("resourceVersion", Value::Null);
    if new.is_terminating() && new.finalizers().is_empty() && !strategy.holds(&new) && grace(&new) == 0 {
        return Ok(Change::Remove(new));
    }
    Ok(Change::Put(new))
}

fn grace(object: &Object) -> i64 {
    object.meta("deletionGracePeriodSeconds").and_then(Value::as_i64).unwrap_or_default()
}

/// Optimistic locking by the resourceVersion in the body (C58, C59).
fn check_version(target: &Target, current: &Entry, new: &Object) -> Result<()> {
    match new.resource_version() {
        "" | "0" if target.served.strategy.unconditional_update() => Ok(()),
        "" | "0" => {
            let error = FieldError::invalid("metadata.resourceVersion", 0, "must be specified for an update");
            let kind = GroupKind::new(&target.served.definition.group, &target.resource().resource);
            Err(Status::invalid(&kind, &target.name, &[error]))
        }
        rv if rv.parse() == Ok(current.revision) => Ok(()),
        rv if rv.parse::<u64>().is_err() => {
            Err(Status::unclassified(format!("resourceVersion {rv:?} is not a number that this server gave out")))
        }
        _ => Err(Status::conflict(
            target.resource(),
            &target.name,
            "the object has been modified; please apply your changes to the latest version and try again",
        )),
    }
}

/// Metadata that clients cannot change is taken from the stored object (C62); an empty uid is filled in.
fn server_owned(new: &mut Object, old: &Object) {
    for field in ["creationTimestamp", "generation", "selfLink"] {
        new.set_meta(field, old.meta(field).cloned().unwrap_or(Value::Null));
    }
    // What says that an object is being deleted can neither be taken back nor moved; setting it is refused later, and so is
    // another grace period.
    if let Some(v) = old.meta("deletionTimestamp") {
        new.set_meta("deletionTimestamp", v.clone());
    }
    if let Some(v) = old.meta("deletionGracePeriodSeconds").filter(|_| new.meta("deletionGracePeriodSeconds").is_none())
    {
        new.set_meta("deletionGracePeriodSeconds", v.clone());
    }
    if new.uid().is_empty() {
        new.set_meta("uid", old.uid());
    }
}
