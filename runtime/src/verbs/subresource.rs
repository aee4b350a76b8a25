//! The scale subresource: an autoscaling/v1 Scale made from an object, and the object's replicas from a Scale (C89-C94).

use super::context::{Context, Target};
use super::decode;
use super::engine::Engine;
use super::entry::Entry;
use super::options::WriteOptions;
use super::store::Preconditions;
use super::update;
use crate::patch::apply::{Writer, manager_name};
use crate::patch::{json, merge};
use crate::resource::codec::{self, Format};
use crate::resource::{GroupKind, Object};
use crate::schema::definition::Scale;
use crate::status::field::FieldError;
use crate::status::{Result, Status};
use serde_json::{Map, Value, json};

fn steps(path: &str) -> impl Iterator<Item = &str> {
    path.split('.').filter(|s| !s.is_empty())
}

fn at<'a>(object: &'a Object, path: &str) -> Option<&'a Value> {
    let mut steps = steps(path);
    let first = object.0.get(steps.next()?)?;
    steps.try_fold(first, |v, s| v.get(s))
}

fn set(object: &mut Object, path: &str, value: Value) {
    let mut steps: Vec<&str> = steps(path).collect();
    let Some(last) = steps.pop() else { return };
    let mut map = &mut object.0;
    for s in steps {
        let slot = map.entry(s).or_insert_with(|| Value::Object(Map::new()));
        if !slot.is_object() {
            *slot = Value::Object(Map::new());
        }
        let Value::Object(next) = slot else { return };
        map = next;
    }
    map.insert(last.to_owned(), value);
}

/// The Scale of an entry.
///
/// # Errors
/// 500 when the object has no replicas (C90).
pub fn scale_of(target: &Target, entry: &Entry) -> Result<Value> {
    let object = target.served.decode(entry, target.version);
    scale(target, &object)
}

fn paths(target: &Target) -> Result<Scale> {
    target.version().scale.clone().ok_or_else(Status::no_such_resource)
}

fn scale(target: &Target, object: &Object) -> Result<Value> {
    let paths = paths(target)?;
    let Some(replicas) = at(object, &paths.spec_replicas_path).and_then(Value::as_i64) else {
        return Err(Status::internal(format!("the spec replicas field {:?} does not exist", paths.spec_replicas_path)));
    };
    let mut status = Map::new();
    let current = at(object, &paths.status_replicas_path).and_then(Value::as_i64).unwrap_or_default();
    status.insert("replicas".into(), current.into());
    if let Some(s) = paths.label_selector_path.as_deref().and_then(|p| at(object, p)).and_then(Value::as_str)
        && !s.is_empty()
    {
        status.insert("selector".into(), s.into());
    }
    let mut metadata = Map::new();
    for field in ["name", "namespace", "uid", "resourceVersion", "creationTimestamp"] {
        if let Some(v) = object.meta(field) {
            metadata.insert(field.into(), v.clone());
        }
    }
    let mut spec = Map::new();
    if replicas != 0 {
        spec.insert("replicas".into(), replicas.into());
    }
    Ok(json!({"kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": metadata, "spec": spec, "status": status}))
}

/// The Scale that a write starts from: replicas that are not there count as none.
fn scale_or_zero(target: &Target, object: &Object) -> Result<Value> {
    let mut object = object.clone();
    let path = paths(target)?.spec_replicas_path;
    if at(&object, &path).is_none() {
        set(&mut object, &path, 0.into());
    }
    scale(target, &object)
}

/// How a Scale is given.
pub enum Given {
    /// A whole Scale (PUT).
    Whole(Value),
    /// A merge patch of it.
    Merge(Value),
    /// A JSON patch of it.
    Json(json::Patch),
}

impl Given {
    /// Reads a body.
    ///
    /// # Errors
    /// 400.
    pub fn whole(format: Format, raw: &[u8]) -> Result<Self> {
        let decoded = codec::decode(format, raw).map_err(Status::bad_request)?;
        Ok(Self::Whole(decoded.value))
    }

    /// Reads a patch.
    ///
    /// # Errors
    /// 400.
    pub fn patch(form: super::patch::Form, raw: &[u8]) -> Result<Self> {
        let decoded =
            codec::decode(Format::Json, raw).map_err(|e| Status::bad_request(format!("error decoding patch: {e}")))?;
        Ok(match form {
            super::patch::Form::Json => {
                Self::Json(json::Patch::parse(decoded.value).map_err(super::patch::patch_error)?)
            }
            _ => Self::Merge(decoded.value),
        })
    }
}

/// Writes the replicas of a Scale into the object, and answers with the new Scale.
pub async fn write_scale(
    engine: &Engine,
    ctx: &Context,
    target: &Target,
    given: &Given,
    options: &WriteOptions,
) -> Result<Value> {
    let paths = paths(target)?;
    let manager = manager_name(&options.field_manager, &ctx.user_agent);
    let now = engine.now_text();
    let writer = Writer { manager: &manager, subresource: "scale", time: &now };
    let written = engine
        .change(target, &Preconditions::default(), options.dry_run, |current, old| {
            let before = scale_or_zero(target, &old);
            let wanted = match given {
                Given::Whole(v) => v.clone(),
                Given::Merge(p) => {
                    let mut v = before?;
                    merge::merge(&mut v, p.clone());
                    v
                }
                Given::Json(p) => p.apply(&before?).map_err(super::patch::patch_error)?,
            };
            let version = wanted.pointer("/metadata/resourceVersion").and_then(Value::as_str).unwrap_or_default();
            if !version.is_empty() && version != current.revision.to_string() {
                let why = "the object has been modified; please apply your changes to the latest version and try again";
                return Err(Status::conflict(target.resource(), &target.name, why));
            }
            let replicas = wanted.pointer("/spec/replicas").and_then(Value::as_i64).unwrap_or_default();
            let mut new = old.clone();
            set(&mut new, &paths.spec_replicas_path, replicas.into());
            let mut new = decode::shape(target, new, &mut Vec::new()).map_err(Status::bad_request)?;
            target.served.managers[target.version].on_update(&old, &mut new, writer);
            let main = Target { part: super::context::Part::Main, ..target.clone() };
            let replaced = update::replace(ctx, &main, current, &old, new);
            if replicas >= 0 {
                return replaced;
            }
            let error = FieldError::invalid(&paths.spec_replicas_path, replicas, "should be a non-negative integer");
            let kind = GroupKind::new(&target.served.definition.group, target.kind());
            let mut status = Status::invalid(&kind, &target.name, &[error]);
            if let (Err(Status { details: Some(more), .. }), Some(own)) = (replaced, &mut status.details) {
                own.causes.extend(more.causes);
            }
            Err(status)
        })
        .await?;
    scale_of(target, &written.into_entry())
}
