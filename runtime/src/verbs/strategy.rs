//! What differs between kinds inside the verbs: how an object is prepared and what else is checked. Custom resources have
//! [`CustomResource`]; built-in kinds bring their own (`kinds`). The order of things is the verbs'.

use super::context::{Context, Part, Target};
use super::options::{DeleteOptions, Propagation};
use crate::resource::Object;
use crate::resource::validate::NameRule;
use crate::schema::Schema;
use crate::status::Result;
use crate::status::field::FieldError;
use serde_json::Value;

/// The particulars of a kind.
pub trait Strategy: Send + Sync {
    /// Whether the kind is one that Kubernetes has itself: only those take strategic merge patches, and their managed
    /// fields lose entries of versions that are not known.
    fn builtin(&self) -> bool;
    /// What an object of the kind has when nothing is set: parts that are never absent, and so belong to nobody.
    fn blank(&self) -> Object;
    /// What names look like.
    fn name_rule(&self) -> NameRule;
    /// Types, prunes and defaults a decoded object; paths of dropped fields go to `unknown`, text of the wrong type is an error.
    fn shape(&self, schema: &Schema, object: &mut Value, unknown: &mut Vec<String>) -> std::result::Result<(), String>;
    /// Types and defaults what an apply has merged, without pruning.
    fn complete(&self, schema: &Schema, object: &mut Value) -> std::result::Result<(), String>;
    /// Makes a decoded object ready to be created: server-owned parts are set, others dropped.
    fn prepare_create(&self, target: &Target, new: &mut Object);
    /// Makes a decoded object ready to replace `old`.
    fn prepare_update(&self, target: &Target, new: &mut Object, old: &Object);
    /// Checks an object beyond its metadata. It is handed over to be looked at as a value, and stays as it is.
    fn validate_create(&self, target: &Target, new: &mut Object, ctx: &Context) -> Vec<FieldError>;
    /// Checks a change beyond the metadata's rules; neither object changes.
    fn validate_update(&self, target: &Target, new: &mut Object, old: &mut Object, ctx: &Context) -> Vec<FieldError>;
    /// What a delete without a policy does.
    fn default_propagation(&self) -> Propagation;
    /// Whether the kind has a way of its own to be deleted ([`Strategy::mark_deleted`]), and so checks preconditions itself.
    fn deletes_itself(&self) -> bool {
        false
    }
    /// A refusal to delete an object, or its deletion in the kind's own way. `false` when it is to go the way of all others.
    fn mark_deleted(&self, _: &Target, _: &mut Object, _: &DeleteOptions, _now: &str) -> Result<bool> {
        Ok(false)
    }
    /// Whether anything but finalizers keeps a terminating object (a namespace's `spec.finalizers`).
    fn holds(&self, object: &Object) -> bool;
    /// Whether an update may leave the resourceVersion out.
    fn unconditional_update(&self) -> bool;
    /// Whether name and namespace are all that objects can be selected by, the namespace even where there is none: what
    /// Kubernetes does for kinds that say nothing of fields.
    fn selects_by_metadata_alone(&self) -> bool {
        false
    }
}

/// The strategy of custom resources (X/registry/customresource/strategy.go).
pub struct CustomResource;

/// Takes all but `status` and the metadata from the old object, for writes of the status of kinds that Kubernetes has
/// itself, which let the metadata through.
pub fn keep_content(new: &mut Object, old: &Object) {
    let (status, metadata) = (new.0.remove("status"), new.0.remove("metadata"));
    new.0 = old.0.clone();
    new.0.remove("status");
    new.0.extend(status.map(|s| ("status".to_owned(), s)));
    new.0.extend(metadata.map(|m| ("metadata".to_owned(), m)));
}

/// Takes all but `status` from the old object, for writes of the status subresource.
pub fn keep_all_but_status(new: &mut Object, old: &Object) {
    let status = new.0.get("status").cloned();
    let managed = new.meta("managedFields").cloned();
    new.0 = old.0.clone();
    match status {
        Some(s) => new.0.insert("status".into(), s),
        None => new.0.remove("status"),
    };
    new.set_meta("managedFields", managed.unwrap_or(Value::Null));
}

/// Takes `status` from the old object, for writes of the object itself.
pub fn keep_status(new: &mut Object, old: &Object) {
    match old.0.get("status") {
        Some(s) => new.0.insert("status".into(), s.clone()),
        None => new.0.remove("status"),
    };
}

/// Whether anything but metadata, and status where `with_status` is false, differs.
pub fn content_differs(a: &Object, b: &Object, with_status: bool) -> bool {
    let skip = |k: &str| k == "metadata" || (k == "status" && !with_status);
    a.0.keys().chain(b.0.keys()).any(|k| !skip(k) && a.0.get(k) != b.0.get(k))
}

impl Strategy for CustomResource {
    fn builtin(&self) -> bool {
        false
    }

    fn blank(&self) -> Object {
        Object::default()
    }

    fn name_rule(&self) -> NameRule {
        NameRule::Subdomain
    }

    fn shape(&self, schema: &Schema, object: &mut Value, unknown: &mut Vec<String>) -> std::result::Result<(), String> {
        schema.shape(object, unknown)
    }

    fn complete(&self, schema: &Schema, object: &mut Value) -> std::result::Result<(), String> {
        schema.complete(object)
    }

    fn prepare_create(&self, target: &Target, new: &mut Object) {
        if target.version().status {
            new.0.remove("status");
        }
        new.set_meta("generation", 1);
    }

    fn prepare_update(&self, target: &Target, new: &mut Object, old: &Object) {
        let has_status = target.version().status;
        if target.part == Part::Status {
            keep_all_but_status(new, old);
            return;
        }
        if has_status {
            keep_status(new, old);
        }
        let bump = content_differs(new, old, !has_status);
        new.set_meta("generation", old.generation() + i64::from(bump));
    }

    fn validate_create(&self, target: &Target, new: &mut Object, ctx: &Context) -> Vec<FieldError> {
        validate(target, new, None, ctx)
    }

    fn validate_update(&self, target: &Target, new: &mut Object, old: &mut Object, ctx: &Context) -> Vec<FieldError> {
        validate(target, new, Some(old), ctx)
    }

    fn default_propagation(&self) -> Propagation {
        Propagation::Background
    }

    fn holds(&self, _: &Object) -> bool {
        false
    }

    fn unconditional_update(&self) -> bool {
        false
    }
}

/// Checks an object by the requested version's schema; its warnings go to the client.
pub fn validate(target: &Target, new: &mut Object, old: Option<&mut Object>, ctx: &Context) -> Vec<FieldError> {
    if new.kind() != target.kind() {
        return vec![FieldError::invalid("kind", new.kind(), format!("must be {}", target.kind()))];
    }
    let gv = target.group_version().to_string();
    if new.api_version() != gv {
        return vec![FieldError::invalid("apiVersion", new.api_version(), format!("must be {gv}"))];
    }
    let version = target.version();
    let outcome = match old {
        Some(old) if target.part == Part::Status => new.lend(|new| old.lend(|old| version.validate_status(new, old))),
        Some(old) => new.lend(|new| old.lend(|old| version.validate(new, Some(old)))),
        None => new.lend(|new| version.validate(new, None)),
    };
    for w in outcome.warnings {
        ctx.warn(w);
    }
    outcome.errors
}
