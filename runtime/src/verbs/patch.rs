//! Patch: JSON patch, merge patch and apply make a new object of the stored one; from there on it is an update, or for an
//! apply to nothing a create (A/endpoints/handlers/patch.go).

use super::context::{Context, Part, Target};
use super::decode;
use super::engine::Engine;
use super::entry::Entry;
use super::options::{FieldValidation, WriteOptions};
use super::store::{Change, Owners, Preconditions};
use super::update;
use crate::patch::apply::{ApplyError, Writer, manager_name};
use crate::patch::{json, merge, strategic};
use crate::resource::Object;
use crate::resource::codec::{self, Format, go};
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
    /// `application/strategic-merge-patch+json`, for built-in kinds.
    Strategic,
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

/// A patch, but an apply, that has been read.
pub struct Ready {
    patch: Operations,
    /// What a strict reader objects to in it.
    objections: Vec<String>,
}

enum Operations {
    Json(json::Patch),
    Merge(Value),
    /// With the schema that says how lists merge.
    Strategic(Value, Arc<Value>),
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
    let ready = match form {
        Form::Strategic => Ready::strategic(raw, Arc::new(target.version().open_api())),
        form => Ready::read(form, raw, options.field_validation),
    };
    let ready = match ready {
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
        .change(target, &Preconditions::default(), options.dry_run, |current, mut old| {
            ctx.restart(told);
            let patched = ready.apply(&target.served.bytes(current, target.version)?, || old.clone().into_value())?;
            let mut new = decode::patched(ctx, target, &patched, options.field_validation)?;
            new = super::create::at_home(target, new)?;
            update::same_name(target, &new)?;
            target.served.managers[target.version].on_update(&old, &mut new, writer);
            update::replace(ctx, target, current, &mut old, new)
        })
        .await?;
    Ok(Patched { entry: written.into_entry(), created: false })
}

impl Ready {
    /// Reads a JSON or merge patch.
    ///
    /// # Errors
    /// 400, and 413 for one of too many operations.
    pub fn read(form: Form, raw: &[u8], mode: FieldValidation) -> Result<Self> {
        // Whoever asks for strictness is told that decoding failed; upstream decodes with another library otherwise.
        let undecodable = |e: String| match (mode, form) {
            (FieldValidation::Ignore, Form::Merge) => Status::bad_request("Invalid JSON Patch"),
            (FieldValidation::Ignore, _) => Status::bad_request(e),
            _ => Status::bad_request(format!("error decoding patch: {e}")),
        };
        let decoded = codec::decode(Format::Json, raw).map_err(undecodable)?;
        if form == Form::Merge {
            return match decoded.value {
                Value::Object(_) => {
                    Ok(Self { patch: Operations::Merge(decoded.value), objections: decoded.duplicates })
                }
                // Go reads null into a map, which leaves none; who is not strict may have all replaced by a list.
                Value::Array(_) if mode == FieldValidation::Ignore => {
                    Ok(Self { patch: Operations::Merge(decoded.value), objections: Vec::new() })
                }
                Value::Null => Err(Status::bad_request("Invalid JSON Patch")),
                _ => Err(undecodable("json: a merge patch is an object".into())),
            };
        }
        let patch = json::Patch::parse(raw, &decoded.value, &decoded.duplicates).map_err(|e| match e {
            json::Error::Malformed(why) => undecodable(format!("json: {why}")),
            e => patch_error(e),
        })?;
        Ok(Self { objections: patch.objections.clone(), patch: Operations::Json(patch) })
    }

    /// Reads a strategic merge patch.
    ///
    /// # Errors
    /// 400.
    fn strategic(raw: &[u8], schema: Arc<Value>) -> Result<Self> {
        let decoded = codec::decode(Format::Json, raw).map_err(Status::bad_request)?;
        let patch = match decoded.value {
            Value::Null => Value::Object(serde_json::Map::new()),
            patch => patch,
        };
        Ok(Self { patch: Operations::Strategic(patch, schema), objections: decoded.duplicates })
    }

    /// Applies it to a document: its text, or its value, whichever the patch works on.
    ///
    /// # Errors
    /// 422 for a JSON patch that does not fit.
    pub fn apply(&self, text: &[u8], value: impl FnOnce() -> Value) -> Result<decode::Patched> {
        let mut objections = self.objections.clone();
        match &self.patch {
            Operations::Json(patch) => {
                let text = patch.apply(text).map_err(patch_error)?;
                let decoded = codec::json::decode(text.as_bytes()).map_err(Status::bad_request)?;
                objections.extend(decoded.duplicates);
                Ok(decode::Patched { value: decoded.value, text, objections })
            }
            Operations::Merge(patch) => {
                let mut value = value();
                merge::merge(&mut value, patch.clone());
                let text = codec::json::compact(&String::from_utf8_lossy(&codec::json::encode(&value)));
                Ok(decode::Patched { value, text, objections })
            }
            // Refusals quote the patch itself, as Go prints it.
            Operations::Strategic(patch, schema) => {
                let mut value = value();
                let (kind, api_version) = (value["kind"].clone(), value["apiVersion"].clone());
                strategic::merge(schema, &mut value, patch.clone()).map_err(strategic_error)?;
                // Of what kind the result is does not depend on what it says to be.
                (value["kind"], value["apiVersion"]) = (kind, api_version);
                let text = go::shown(patch);
                Ok(decode::Patched { value, text, objections })
            }
        }
    }
}

fn patch_error(e: json::Error) -> Status {
    match e {
        json::Error::Malformed(why) => Status::bad_request(format!("error decoding patch: json: {why}")),
        json::Error::TooMany(n) => Status::too_large(format!(
            "The allowed maximum operations in a JSON patch is {}, got {n}",
            json::MAX_OPERATIONS
        )),
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

fn strategic_error(e: strategic::Error) -> Status {
    match e {
        strategic::Error::Malformed(why) => Status::bad_request(why),
        strategic::Error::Unprocessable(why) => patch_error(json::Error::Failed(why.to_owned())),
        strategic::Error::Unfit(why) => Status::unclassified(why),
    }
}

/// An applied configuration as it was read.
struct Configuration {
    object: Object,
    /// Keys that are there twice, as a warning and as a refusal say it.
    duplicates: Vec<String>,
    refusals: Vec<String>,
}

async fn apply(engine: &Engine, ctx: &Context, target: &Target, raw: &[u8], options: &WriteOptions) -> Result<Patched> {
    let config = Configuration::read(raw)?;
    let now = engine.now_text();
    let writer = Writer { manager: &options.field_manager, subresource: target.part.name(), time: &now };
    let manager = &target.served.managers[target.version];
    let force = options.force.unwrap_or_default();
    let told = ctx.warnings().len();
    let merge = |live: Option<&Object>| {
        ctx.restart(told);
        let merged = manager.apply(live, &config.object, force, writer);
        let undeclared = match merged {
            Ok(_) | Err(ApplyError::Conflict(_)) => config.undeclared(target),
            Err(_) => None,
        };
        let merged = match undeclared {
            Some(path) => Err(manager.undeclared(&config.object, &path)),
            None => merged,
        };
        let merged = merged.map_err(ApplyError::into_status)?;
        config.judge_duplicates(ctx, options.field_validation)?;
        decode::merged(target, merged)
    };
    loop {
        let changed = engine
            .change(target, &Preconditions::default(), options.dry_run, |current, mut old| {
                let new = super::create::at_home(target, merge(Some(&old))?)?;
                update::same_name(target, &new)?;
                match update::replace(ctx, target, current, &mut old, new)? {
                    Change::Put(merged) => Ok(Change::Merge(merged)),
                    other => Ok(other),
                }
            })
            .await;
        match changed {
            Ok(written) => return Ok(Patched { entry: written.into_entry(), created: false }),
            Err(e) if e.code == 404 && e.reason == Some(Reason::NotFound) && target.part == Part::Main => {}
            Err(e) => return Err(e),
        }
        // There is nothing yet: apply creates it (P21).
        let mut object = merge(None)?;
        if !object.uid().is_empty() {
            let why = format!(
                "uid mismatch: the provided object specified uid {}, and no existing object was found",
                object.uid()
            );
            return Err(Status::conflict(target.resource(), &target.name, &why));
        }
        object = super::create::at_home(target, object)?;
        update::same_name(target, &object)?;
        object.set_meta("resourceVersion", Value::Null);
        match super::create::store_new(engine, ctx, target, object, Owners::Kept, options).await {
            // Somebody else was faster: it is a merge after all.
            Err(e) if e.reason == Some(Reason::AlreadyExists) && !e.message.starts_with("object is being") => {}
            done => return Ok(Patched { entry: done?, created: true }),
        }
    }
}

impl Configuration {
    /// Reads an object, perhaps a partial one (P16). What kind it is, is the field manager's to check.
    fn read(raw: &[u8]) -> Result<Self> {
        let bad = |e: &str| Status::bad_request(format!("error decoding YAML: {e}"));
        let decoded =
            codec::decode(Format::Yaml, raw).map_err(|e| bad(&format!("error converting YAML to JSON: {e}")))?;
        let refusals = decoded.refusals(Format::Yaml);
        let object = match decoded.value {
            Value::Null => Object::default(),
            value => Object::from_value(value)
                .map_err(|_| bad("error unmarshaling JSON: while decoding JSON: the body is not a map"))?,
        };
        Ok(Self { object, duplicates: decoded.duplicates, refusals })
    }

    /// A field that a kind of Kubernetes' own has not, where its schema takes anything.
    fn undeclared(&self, target: &Target) -> Option<String> {
        let strategy = &target.served.strategy;
        let mut unknown = Vec::new();
        if strategy.builtin() {
            let mut object = self.object.clone().into_value();
            strategy.shape(&target.version().schema, &mut object, &mut unknown).ok()?;
        }
        unknown.into_iter().next()
    }

    /// Refuses or warns of keys that are there twice, once all else is well (P20).
    fn judge_duplicates(&self, ctx: &Context, mode: FieldValidation) -> Result<()> {
        match mode {
            FieldValidation::Strict if !self.refusals.is_empty() => {
                let why = self.refusals.join(", ");
                Err(Status::bad_request(format!("error strict decoding YAML: error converting YAML to JSON: {why}")))
            }
            FieldValidation::Warn => {
                self.duplicates.iter().for_each(|d| ctx.warn(d.clone()));
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

/// Reads an applied Scale.
pub(super) fn read_applied(raw: &[u8]) -> Result<Object> {
    Configuration::read(raw).map(|c| c.object)
}
