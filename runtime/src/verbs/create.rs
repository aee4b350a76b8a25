//! Create: from a decoded object to a stored one. The order is upstream's (A/endpoints/handlers/create.go,
//! A/registry/rest/create.go): namespace, field ownership, admission, server-owned metadata, name, checks, store.

use super::context::{Context, Target};
use super::engine::Engine;
use super::entry::Entry;
use super::options::WriteOptions;
use super::store::Owners;
use crate::patch::apply::{Writer, manager_name};
use crate::resource::{Object, validate};
use crate::status::field::FieldError;
use crate::status::{Result, Status};
use serde_json::Value;
use std::sync::Arc;

/// Attempts to find a free name for generateName (C6).
const NAME_ATTEMPTS: usize = 8;
/// What generated names are made of: no vowels, no look-alikes.
const ALPHABET: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
const SUFFIX: usize = 5;
const MAX_GENERATED_BASE: usize = 63 - SUFFIX;

/// Creates `object`, which the caller has decoded, pruned and defaulted for the target's version.
pub async fn create(
    engine: &Engine,
    ctx: &Context,
    target: &Target,
    object: Object,
    options: &WriteOptions,
) -> Result<Arc<Entry>> {
    let mut object = at_home(target, object)?;
    wipe(&mut object);
    let manager = manager_name(&options.field_manager, &ctx.user_agent);
    let now = engine.now_text();
    let writer = Writer { manager: &manager, subresource: "", time: &now };
    dedup_owners(ctx, &mut object, "");
    target.served.managers[target.version].on_create(&mut object, writer);
    store_new(engine, ctx, target, object, Owners::Expendable, options).await
}

/// What create and create-by-apply share: everything after field ownership is settled.
pub(super) async fn store_new(
    engine: &Engine,
    ctx: &Context,
    target: &Target,
    mut object: Object,
    owners: Owners,
    options: &WriteOptions,
) -> Result<Arc<Entry>> {
    if target.served.terminating {
        let why = "create not allowed while custom resource definition is terminating";
        return Err(Status::forbidden(target.resource(), object.name(), why));
    }
    let namespace = object.namespace();
    // There is no name yet where one is to be generated.
    let name = Some(object.name()).filter(|n| !n.is_empty()).unwrap_or(object.meta_str("generateName"));
    engine.admission().admit_create(target.resource(), namespace, name, || engine.namespace_state(namespace))?;
    own_metadata(&mut object, engine);
    dedup_owners(ctx, &mut object, AFTER_ADMISSION);

    let generated = object.name().is_empty() && !object.meta_str("generateName").is_empty();
    for _ in 0..if generated { NAME_ATTEMPTS } else { 1 } {
        if generated {
            let name = generate_name(object.meta_str("generateName"));
            object.set_meta("name", name);
        }
        target.served.strategy.prepare_create(target, &mut object);
        check(ctx, target, &mut object)?;
        if object.resource_version().parse::<u64>().is_ok_and(|v| v != 0) {
            return Err(Status::unclassified("resourceVersion should not be set on objects to be created"));
        }
        object.set_meta("resourceVersion", Value::Null);
        if let Some(entry) = engine.insert(target, &object, owners, options.dry_run).await? {
            return Ok(entry);
        }
    }
    // Whoever gave a generateName beside a name is told of that.
    let mut status = match object.meta_str("generateName") {
        "" => Status::already_exists(target.resource(), object.name()),
        _ => Status::generate_name_conflict(target.resource(), object.name()),
    };
    let there = engine.current(&target.served, object.namespace(), object.name()).await;
    if there.is_ok_and(|e| e.decode().is_terminating()) {
        status.message = format!("object is being deleted: {}", status.message);
    }
    Err(status)
}

/// Puts an object into the namespace of its URL (C11, C12).
pub(super) fn at_home(target: &Target, mut object: Object) -> Result<Object> {
    if !target.served.namespaced() {
        object.set_meta("namespace", Value::Null);
    } else if object.namespace().is_empty() {
        object.set_meta("namespace", target.namespace.clone());
    } else if object.namespace() != target.namespace {
        return Err(Status::bad_request(
            "the namespace of the provided object does not match the namespace sent on the request",
        ));
    }
    Ok(object)
}

/// Drops metadata that only the server writes, before anybody could be said to own it (C4).
fn wipe(object: &mut Object) {
    for field in ["deletionTimestamp", "deletionGracePeriodSeconds", "selfLink"] {
        object.set_meta(field, Value::Null);
    }
}

/// Sets the metadata that only the server writes (C4).
fn own_metadata(object: &mut Object, engine: &Engine) {
    wipe(object);
    object.set_meta("uid", uuid::Uuid::new_v4().to_string());
    object.set_meta("creationTimestamp", engine.now_text());
}

/// Refuses an object whose metadata or content is not valid.
fn check(ctx: &Context, target: &Target, object: &mut Object) -> Result<()> {
    let strategy = &target.served.strategy;
    // An object of another kind is told just that.
    let mut errors: Vec<FieldError> = match object.kind() == target.kind() {
        true => validate::metadata(object, target.served.namespaced(), strategy.name_rule()),
        false => Vec::new(),
    };
    errors.extend(strategy.validate_create(target, object, ctx));
    if errors.is_empty() {
        if !strategy.builtin() {
            validate::finalizer_warnings(object, None).into_iter().for_each(|w| ctx.warn(w));
        }
        return Ok(());
    }
    let kind = crate::resource::GroupKind::new(&target.served.definition.group, object.kind());
    Err(Status::invalid(&kind, object.name(), &errors))
}

/// When owner references are seen that are there twice, if not in what was sent.
pub(super) const AFTER_ADMISSION: &str = " after mutating admission happens";

/// Owner references that are there already are dropped, with a warning (C21) that says when they were seen.
pub(super) fn dedup_owners(ctx: &Context, object: &mut Object, when: &str) {
    let Some(Value::Array(owners)) = object.0.get_mut("metadata").and_then(|m| m.get_mut("ownerReferences")) else {
        return;
    };
    let (mut seen, mut twice): (Vec<Value>, Vec<String>) = (Vec::new(), Vec::new());
    for owner in std::mem::take(owners) {
        let uid = owner.get("uid").and_then(Value::as_str).unwrap_or_default().to_owned();
        if seen.contains(&owner) {
            twice.push(uid);
        } else {
            seen.push(owner);
        }
    }
    *owners = seen;
    if !twice.is_empty() {
        ctx.warn(format!(
            ".metadata.ownerReferences contains duplicate entries{when}; API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: {}",
            twice.join(", ")
        ));
    }
}

/// The base, cut to fit, and five characters that say nothing.
fn generate_name(base: &str) -> String {
    let mut end = base.len().min(MAX_GENERATED_BASE);
    while !base.is_char_boundary(end) {
        end -= 1;
    }
    let random = uuid::Uuid::new_v4();
    let suffix = random.as_bytes().iter().take(SUFFIX).map(|b| ALPHABET[usize::from(*b) % ALPHABET.len()] as char);
    base[..end].chars().chain(suffix).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generated_names_fit_into_a_label() {
        let name = generate_name(&"a".repeat(80));
        assert_eq!(name.len(), 63);
        assert!(name[58..].bytes().all(|b| ALPHABET.contains(&b)));
    }
}
