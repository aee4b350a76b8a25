//! The scale subresource: an autoscaling/v1 Scale made from an object, and the object's replicas from a Scale (C89-C94).

use super::context::{Context, Target};
use super::decode;
use super::engine::Engine;
use super::entry::Entry;
use super::options::WriteOptions;
use super::store::Preconditions;
use super::update;
use crate::patch::apply::{self, ApplyError, FieldManager, Writer, manager_name};
use crate::patch::{json, merge};
use crate::resource::codec::{self, Format};
use crate::resource::{GroupKind, Object};
use crate::schema::definition::Scale;
use crate::status::field::FieldError;
use crate::status::{Result, Status};
use serde_json::{Map, Value, json};
use std::sync::{Arc, LazyLock};

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

/// What stands for replicas that are not there, so that a write which does not set them is told from one to 0.
const UNSET: i64 = i32::MIN as i64;

/// The Scale that a write starts from, with the managers that it shares with the object.
fn scale_to_write(target: &Target, object: &Object) -> Result<Object> {
    let path = paths(target)?.spec_replicas_path;
    let mut given = object.clone();
    if at(&given, &path).is_none() {
        set(&mut given, &path, UNSET.into());
    }
    let mut scale = Object::from_value(scale(target, &given)?).unwrap_or_default();
    apply::to_scale(&target.served.definition, object, &mut scale).map_err(Status::unclassified)?;
    Ok(scale)
}

/// Field management of Scales.
fn scale_manager() -> &'static FieldManager {
    static MANAGER: LazyLock<FieldManager> =
        LazyLock::new(|| FieldManager::new(Arc::new(apply::scale_definition()), 0, Object::default(), true));
    &MANAGER
}

/// How a Scale is given.
pub enum Given {
    /// A whole Scale (PUT).
    Whole(Value),
    /// A merge patch of it.
    Merge(Value),
    /// A JSON patch of it.
    Json(json::Patch),
    /// An applied configuration of it.
    Apply(Object),
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
        if form == super::patch::Form::Apply {
            return super::patch::read_applied(raw).map(Self::Apply);
        }
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
    let path = paths(target)?.spec_replicas_path;
    let manager = manager_name(&options.field_manager, &ctx.user_agent);
    let now = engine.now_text();
    let writer = Writer { manager: &manager, subresource: "scale", time: &now };
    let written = engine
        .change(target, &Preconditions::default(), options.dry_run, |current, old| {
            let before = scale_to_write(target, &old)?;
            let scale = given.write(&before, options, writer)?;
            let version = scale.resource_version();
            if !version.is_empty() && version != current.revision.to_string() {
                let why = "the object has been modified; please apply your changes to the latest version and try again";
                return Err(Status::conflict(target.resource(), &target.name, why));
            }
            let replicas =
                scale.0.get("spec").and_then(|s| s.get("replicas")).and_then(Value::as_i64).unwrap_or_default();
            if replicas == UNSET {
                return Err(Status::bad_request(format!("the spec replicas field {path:?} cannot be empty")));
            }
            let mut new = old.clone();
            set(&mut new, &path, replicas.into());
            let mut new = decode::shape(target, new, &mut Vec::new()).map_err(Status::bad_request)?;
            apply::to_parent(&target.served.definition, target.version, &scale, &mut new)
                .map_err(Status::unclassified)?;
            let main = Target { part: super::context::Part::Main, ..target.clone() };
            let replaced = update::replace(ctx, &main, current, &old, new);
            if replicas >= 0 {
                return replaced;
            }
            let error = FieldError::invalid(&path, replicas, "should be a non-negative integer");
            let kind = GroupKind::new(&target.served.definition.group, target.kind());
            let mut status = Status::invalid(&kind, &target.name, &[error]);
            if let (Err(Status { details: Some(more), .. }), Some(own)) = (replaced, &mut status.details) {
                own.causes.extend(more.causes);
                let all: Vec<String> = own.causes.iter().map(|c| format!("{}: {}", c.field, c.message)).collect();
                status.message = format!("{kind} \"{}\" is invalid: [{}]", target.name, all.join(", "));
            }
            Err(status)
        })
        .await?;
    scale_of(target, &written.into_entry())
}

impl Given {
    /// The Scale that is asked for, with who owns what of it.
    fn write(&self, before: &Object, options: &WriteOptions, writer: Writer<'_>) -> Result<Object> {
        let value = match self {
            Self::Whole(v) => v.clone(),
            Self::Merge(p) => {
                let mut v = before.clone().into_value();
                merge::merge(&mut v, p.clone());
                v
            }
            Self::Json(p) => p.apply(&before.clone().into_value()).map_err(super::patch::patch_error)?,
            Self::Apply(config) => {
                let force = options.force.unwrap_or_default();
                let writer = Writer { manager: &options.field_manager, ..writer };
                let merged =
                    scale_manager().apply(Some(before), config, force, writer).map_err(ApplyError::into_status)?;
                if merged.0.get("spec") == before.0.get("spec") {
                    return Ok(merged);
                }
                // Upstream cannot convert a Scale that it has merged, and says so to whoever applies a change.
                let (ns, name) = (config.namespace(), config.name());
                return Err(Status::unclassified(format!(
                    "failed to convert new object ({ns}/{name}; autoscaling/v1, Kind=Scale) to proper version: request to convert CR to an invalid group/version: autoscaling/v1"
                )));
            }
        };
        let mut scale = Object::from_value(value).map_err(|_| Status::bad_request("the Scale is not an object"))?;
        scale_manager().on_update(before, &mut scale, writer);
        Ok(scale)
    }
}
