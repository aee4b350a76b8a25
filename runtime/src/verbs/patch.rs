//! Patch: JSON patch, merge patch and apply make a new object of the stored one; from there on it is an update, or for an
//! apply to nothing a create (A/endpoints/handlers/patch.go).

use super::context::{Context, Part, Target};
use super::decode;
use super::engine::Engine;
use super::entry::Entry;
use super::options::{FieldValidation, WriteOptions};
use super::store::Preconditions;
use super::update;
use crate::patch::apply::{Applied, ApplyError, Writer, manager_name};
use crate::patch::{json, merge};
use crate::resource::codec::{self, Format};
use crate::resource::{GroupVersion, GroupVersionKind, Object};
use crate::status::{Details, Reason, Result, Status};
use serde_json::Value;
use std::sync::Arc;

/// A patch's form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `application/json-patch+json`
    Json,
    /// `application/merge-patch+json`
    Merge,
    /// `application/apply-patch+yaml`
    Apply,
}

/// What came of a patch.
pub struct Patched {
    /// The object.
    pub entry: Arc<Entry>,
    /// Whether an apply has created it.
    pub created: bool,
}

/// A patch that has been read.
enum Ready {
    Json(json::Patch),
    Merge(Value),
}

/// Patches the target's object.
pub async fn patch(
    engine: &Engine,
    ctx: &Context,
    target: &Target,
    form: Form,
    raw: &[u8],
    options: &WriteOptions,
) -> Result<Patched> {
    if form == Form::Apply {
        return apply(engine, ctx, target, raw, options).await;
    }
    let (ready, objections) = match read(form, raw) {
        Ok(read) => read,
        // What is not there is not there, whatever the patch.
        Err(e) => {
            engine.current(&target.served, &target.namespace, &target.name).await?;
            return Err(e);
        }
    };
    let manager = manager_name(&options.field_manager, &ctx.user_agent);
    let now = engine.now_text();
    let writer = Writer { manager: &manager, subresource: target.part.name(), time: &now };
    let told = ctx.warnings().len();
    let written = engine
        .change(target, &Preconditions::default(), options.dry_run, |current, old| {
            ctx.restart(told);
            let value = ready.apply(Value::Object(old.0.clone()))?;
            let mut new = decode::patched(ctx, target, value, raw, &objections, options.field_validation)?;
            update::same_name(target, &new)?;
            new = super::create::at_home(target, new)?;
            target.served.managers[target.version].on_update(&old, &mut new, writer);
            update::replace(ctx, target, current, &old, new)
        })
        .await?;
    Ok(Patched { entry: written.into_entry(), created: false })
}

fn read(form: Form, raw: &[u8]) -> Result<(Ready, Vec<String>)> {
    let undecodable = |e: String| Status::bad_request(format!("error decoding patch: {e}"));
    let decoded = codec::decode(Format::Json, raw).map_err(undecodable)?;
    if form == Form::Merge {
        if !decoded.value.is_object() {
            return Err(Status::bad_request("Invalid JSON Patch"));
        }
        return Ok((Ready::Merge(decoded.value), decoded.duplicates));
    }
    let patch = json::Patch::parse(decoded.value).map_err(patch_error)?;
    let mut objections: Vec<String> = decoded.duplicates.iter().map(|d| format!("json patch {d}")).collect();
    objections.extend(patch.unknown.iter().cloned());
    Ok((Ready::Json(patch), objections))
}

pub(super) fn patch_error(e: json::Error) -> Status {
    match e {
        json::Error::Malformed(why) => Status::bad_request(format!("error decoding patch: json: {why}")),
        json::Error::TooMany(n) => Status::too_large(format!(
            "The allowed maximum operations in a JSON patch is {}, got {n}",
            json::MAX_OPERATIONS
        )),
        json::Error::TooLarge => Status::too_large("the copies of the JSON patch make the object too large"),
        // What exactly failed is not told: the answer is generic upstream too (P8).
        json::Error::Failed(_) => Status {
            code: 422,
            reason: Some(Reason::Invalid),
            message: "the server rejected our request due to an error in our request".into(),
            details: Some(Box::new(Details::default())),
            continue_token: None,
        },
    }
}

impl Ready {
    fn apply(&self, mut value: Value) -> Result<Value> {
        match self {
            Self::Json(patch) => patch.apply(&value).map_err(patch_error),
            Self::Merge(patch) => {
                merge::merge(&mut value, patch.clone());
                Ok(value)
            }
        }
    }
}

async fn apply(engine: &Engine, ctx: &Context, target: &Target, raw: &[u8], options: &WriteOptions) -> Result<Patched> {
    let applied = read_applied(ctx, target, raw, options.field_validation)?;
    let now = engine.now_text();
    let writer = Writer { manager: &options.field_manager, subresource: target.part.name(), time: &now };
    let manager = &target.served.managers[target.version];
    let force = options.force.unwrap_or_default();
    let told = ctx.warnings().len();
    loop {
        let changed = engine
            .change(target, &Preconditions::default(), options.dry_run, |current, old| {
                ctx.restart(told);
                let merged = match manager.apply(Some(&old), &applied, force, writer).map_err(apply_error)? {
                    Applied::Changed(o) => o,
                    Applied::Unchanged => old.clone(),
                };
                let new = decode::shape(target, merged, &mut Vec::new()).map_err(Status::bad_request)?;
                update::replace(ctx, target, current, &old, new)
            })
            .await;
        match changed {
            Ok(written) => return Ok(Patched { entry: written.into_entry(), created: false }),
            Err(e) if e.code == 404 && e.reason == Some(Reason::NotFound) && target.part == Part::Main => {}
            Err(e) => return Err(e),
        }
        // There is nothing yet: apply creates it (P21).
        if !applied.uid().is_empty() {
            let why = format!(
                "uid mismatch: the provided object specified uid {}, and no existing object was found",
                applied.uid()
            );
            return Err(Status::conflict(target.resource(), &target.name, &why));
        }
        let mut config = applied.clone();
        config.set_meta("resourceVersion", Value::Null);
        let object = match manager.apply(None, &config, force, writer).map_err(apply_error)? {
            Applied::Changed(o) => o,
            Applied::Unchanged => config,
        };
        let object = decode::shape(target, object, &mut Vec::new()).map_err(Status::bad_request)?;
        match super::create::store_new(engine, ctx, target, object, options).await {
            // Somebody else was faster: it is a merge after all.
            Err(e) if e.reason == Some(Reason::AlreadyExists) && !e.message.starts_with("object is being") => {}
            done => return Ok(Patched { entry: done?, created: true }),
        }
    }
}

fn apply_error(e: ApplyError) -> Status {
    match e {
        ApplyError::Conflict(status) => status,
        ApplyError::Untyped(why) => Status::unclassified(why),
    }
}

/// Reads an applied configuration: an object of the target, partial (P16-P20).
fn read_applied(ctx: &Context, target: &Target, raw: &[u8], mode: FieldValidation) -> Result<Object> {
    let decoded =
        codec::decode(Format::Yaml, raw).map_err(|e| Status::bad_request(format!("error decoding YAML: {e}")))?;
    match mode {
        FieldValidation::Strict if !decoded.duplicates.is_empty() => {
            let why = decoded.duplicates.join(", ");
            return Err(Status::bad_request(format!(
                "error strict decoding YAML: error converting YAML to JSON: {why}"
            )));
        }
        FieldValidation::Warn => decoded.duplicates.iter().for_each(|d| ctx.warn(d.clone())),
        _ => {}
    }
    let Ok(object) = Object::from_value(decoded.value) else {
        return Err(Status::bad_request("error decoding YAML: the body is not an object"));
    };
    let given = GroupVersion::parse(object.api_version()).unwrap_or_default().with_kind(object.kind());
    let wanted: GroupVersionKind = target.group_version().with_kind(target.kind());
    if given != wanted {
        return Err(Status::bad_request(format!("invalid object type: {given}")));
    }
    if object.meta("managedFields").is_some_and(|m| !m.is_null()) {
        return Err(Status::bad_request("metadata.managedFields must be nil"));
    }
    if object.name().is_empty() {
        let name = &target.name;
        return Err(Status::bad_request(format!(
            "the name of the object ({name} based on URL) was undeterminable: name must be provided"
        )));
    }
    update::same_name(target, &object)?;
    super::create::at_home(target, object)
}
