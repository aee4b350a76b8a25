//! The scale subresource: an autoscaling/v1 Scale made from an object, and the object's replicas from a Scale (C89-C94,
//! X/registry/customresource/etcd.go). A write of a Scale is an update of the object in every other respect.

use super::context::{Context, Part, Target};
use super::decode::Patched;
use super::engine::Engine;
use super::entry::Entry;
use super::options::{FieldValidation, WriteOptions};
use super::patch::{Form, Ready, read_applied};
use super::store::{Asker, Preconditions};
use super::{create, decode, update};
use crate::patch::apply::{self, ApplyError, FieldManager, Writer, manager_name};
use crate::resource::codec::{self, Format};
use crate::resource::{Object, nested};
use crate::schema::typed::{self, Empty, Struct, Type};
use crate::schema::{OBJECT_META, Scale};
use crate::status::{Result, Status};
use serde_json::{Map, Value, json};
use std::sync::{Arc, LazyLock};

const API_VERSION: &str = "autoscaling/v1";
const KIND: &str = "Scale";
/// What replicas are while an object has none: a write that leaves them so has said nothing.
const NONE: i64 = i32::MIN as i64;

static SPEC: Struct = Struct { name: "ScaleSpec", fields: &[("replicas", Type::Int(32), Empty::Omit)] };
static STATUS: Struct = Struct {
    name: "ScaleStatus",
    fields: &[("replicas", Type::Int(32), Empty::Keep), ("selector", Type::Str("string"), Empty::Omit)],
};
static SCALE: Struct = Struct {
    name: "v1.Scale",
    fields: &[
        ("apiVersion", Type::Str("string"), Empty::Omit),
        ("kind", Type::Str("string"), Empty::Omit),
        ("metadata", Type::Struct(&OBJECT_META), Empty::Omit),
        ("spec", Type::Struct(&SPEC), Empty::Omit),
        ("status", Type::Struct(&STATUS), Empty::Omit),
    ],
};

/// Books who owns the parts of a Scale.
static MANAGER: LazyLock<FieldManager> =
    LazyLock::new(|| FieldManager::new(Arc::new(apply::scale_definition()), 0, Object::default(), true));

fn steps(path: &str) -> impl Iterator<Item = &str> {
    path.split('.').filter(|s| !s.is_empty())
}

fn at<'a>(object: &'a Object, path: &str) -> Option<&'a Value> {
    let mut steps = steps(path);
    let first = object.0.get(steps.next()?)?;
    steps.try_fold(first, |v, s| v.get(s))
}

/// Sets what is at a path, with the objects that lead there.
fn set(object: &mut Object, path: &str, value: Value) -> Result<()> {
    let mut steps: Vec<&str> = steps(path).collect();
    let Some(last) = steps.pop() else { return Ok(()) };
    let mut map = &mut object.0;
    for (i, s) in steps.iter().enumerate() {
        let Value::Object(next) = map.entry(*s).or_insert_with(|| Value::Object(Map::new())) else {
            let upto = steps[..=i].join(".");
            let why = format!("value cannot be set because .{upto} is not a map[string]interface{{}}");
            return Err(Status::unclassified(why));
        };
        map = next;
    }
    map.insert(last.to_owned(), value);
    Ok(())
}

fn paths(target: &Target) -> Result<Scale> {
    target.version().scale.clone().ok_or_else(Status::no_such_resource)
}

/// The Scale of an entry.
///
/// # Errors
/// 500 when the object has no replicas (C90).
pub fn scale_of(target: &Target, entry: &Entry) -> Result<Object> {
    let object = target.served.decode(entry, target.version)?;
    let (paths, (scale, found)) = (paths(target)?, scale(target, &object, 0)?);
    if !found {
        return Err(Status::internal(format!("the spec replicas field {:?} does not exist", paths.spec_replicas_path)));
    }
    Ok(scale)
}

/// An object's Scale, and whether the object has replicas; `absent` stands for those it has not.
fn scale(target: &Target, object: &Object, absent: i64) -> Result<(Object, bool)> {
    let paths = paths(target)?;
    let number = |path: &str| nested::int(&object.0, path).map_err(Status::unclassified);
    let replicas = number(&paths.spec_replicas_path)?;
    let mut status = Map::new();
    status.insert("replicas".into(), number(&paths.status_replicas_path)?.unwrap_or_default().into());
    if let Some(path) = paths.label_selector_path.as_deref()
        && let Some(s) = nested::text(&object.0, path).map_err(Status::unclassified)?.filter(|s| !s.is_empty())
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
    if replicas.unwrap_or(absent) != 0 {
        spec.insert("replicas".into(), replicas.unwrap_or(absent).into());
    }
    let scale = json!({"kind": KIND, "apiVersion": API_VERSION, "metadata": metadata, "spec": spec, "status": status});
    Ok((Object::from_value(scale).unwrap_or_default(), replicas.is_some()))
}

/// How a Scale is given.
pub enum Given {
    /// A whole Scale (PUT).
    Whole(Object),
    /// A JSON or merge patch of it.
    Patch(Ready),
    /// An applied configuration of it.
    Applied(Object),
}

impl Given {
    /// Reads a body.
    ///
    /// # Errors
    /// 400 for what is no Scale; with `Strict` for unknown and duplicate fields too.
    pub fn whole(ctx: &Context, format: Format, raw: &[u8], mode: FieldValidation) -> Result<Self> {
        let decoded = codec::decode_typed(format, raw).map_err(|why| decode::unrecognized(KIND, &why, raw))?;
        let duplicates = decoded.refusals(format);
        let object = Object::from_value(decoded.value).unwrap_or_default();
        let (kind, api_version) = (object.kind().to_owned(), object.api_version().to_owned());
        let cannot = |why: String| {
            let (kind, version) = (if kind.is_empty() { KIND } else { &kind }, api_version.rsplit('/').next());
            let version = version.filter(|v| !v.is_empty()).unwrap_or("v1");
            Status::bad_request(format!("{kind} in version \"{version}\" cannot be handled as a {KIND}: {why}"))
        };
        if !["", KIND].contains(&kind.as_str()) || !["", API_VERSION].contains(&api_version.as_str()) {
            return Err(cannot(format!("no kind \"{kind}\" is registered for version \"{api_version}\" here")));
        }
        let mut unknown = Vec::new();
        let scale = typed_scale(object.into_value(), &mut unknown).map_err(&cannot)?;
        let texts: Vec<String> =
            duplicates.into_iter().chain(unknown.iter().map(|p| format!("unknown field \"{p}\""))).collect();
        match mode {
            FieldValidation::Strict if !texts.is_empty() => {
                return Err(cannot(format!("strict decoding error: {}", texts.join(", "))));
            }
            FieldValidation::Warn => texts.into_iter().for_each(|t| ctx.warn(t)),
            _ => {}
        }
        Ok(Self::Whole(scale))
    }

    /// Reads a patch.
    ///
    /// # Errors
    /// 400.
    pub fn patch(form: Form, raw: &[u8], mode: FieldValidation) -> Result<Self> {
        if form != Form::Apply {
            return Ready::read(form, raw, mode).map(Self::Patch);
        }
        read_applied(raw).map(Self::Applied)
    }
}

fn typed_scale(mut value: Value, unknown: &mut Vec<String>) -> std::result::Result<Object, String> {
    typed::decode(&mut value, &SCALE, "", Some(unknown))?;
    let mut scale = Object::from_value(value).map_err(|_| "it is not an object")?;
    for (field, value) in [("apiVersion", API_VERSION), ("kind", KIND)] {
        scale.0.insert(field.into(), value.into());
    }
    Ok(scale)
}

fn replicas_of(scale: &Object) -> i64 {
    at(scale, "spec.replicas").and_then(Value::as_i64).unwrap_or_default()
}

/// Writes the replicas of a Scale into the object, and answers with the new Scale.
pub async fn write_scale(
    engine: &Engine,
    ctx: &Context,
    target: &Target,
    given: &Given,
    options: &WriteOptions,
) -> Result<Object> {
    let paths = paths(target)?;
    let name = manager_name(&options.field_manager, &ctx.user_agent);
    let now = engine.now_text();
    let writer = Writer { manager: &name, subresource: Part::Scale.name(), time: &now };
    let told = ctx.warnings().len();
    let mut preconditions = Preconditions::default();
    if let Given::Whole(scale) = given {
        let scale = create::at_home(target, scale.clone())?;
        update::same_name(target, &scale)?;
        let uid = Some(scale.uid().to_owned()).filter(|u| !u.is_empty());
        preconditions = Preconditions { uid, asker: Asker::Update, ..preconditions };
    }
    let definition = &target.served.definition;
    let written = engine
        .change(target, &preconditions, options.dry_run, |current, mut old| {
            ctx.restart(told);
            let (mut before, _) = scale(target, &old, NONE)?;
            apply::to_scale(definition, &old, &mut before).map_err(Status::unclassified)?;
            let wanted = wanted(ctx, target, given, &before, options, writer)?;
            let replicas = replicas_of(&wanted);
            if replicas == NONE {
                let path = &paths.spec_replicas_path;
                return Err(Status::bad_request(format!("the spec replicas field {path:?} cannot be empty")));
            }
            let mut new = old.clone();
            set(&mut new, &paths.spec_replicas_path, replicas.into())?;
            if !wanted.resource_version().is_empty() {
                new.set_meta("resourceVersion", wanted.resource_version());
            }
            let mut new = decode::shape(target, new, &mut Vec::new()).map_err(Status::bad_request)?;
            apply::to_parent(definition, target.version, &wanted, &mut new).map_err(Status::unclassified)?;
            let main = Target { part: Part::Main, ..target.clone() };
            // Negative replicas are refused there, with what else is wrong.
            update::replace(ctx, &main, current, &mut old, new)
        })
        .await?;
    Ok(scale(target, &target.served.decode(&written.into_entry(), target.version)?, 0)?.0)
}

/// What the Scale shall be, its ownership booked.
fn wanted(
    ctx: &Context,
    target: &Target,
    given: &Given,
    before: &Object,
    options: &WriteOptions,
    writer: Writer<'_>,
) -> Result<Object> {
    let mut wanted = match given {
        Given::Whole(scale) => create::at_home(target, scale.clone())?,
        Given::Patch(patch) => {
            let text = codec::json::encode(&Value::Object(before.0.clone()));
            let patched: Patched = patch.apply(&text, || before.clone().into_value())?;
            let mut unknown = Vec::new();
            let scale = typed_scale(patched.value.clone(), &mut unknown).map_err(|e| patched.refused(e))?;
            patched.strictly(ctx, &unknown, options.field_validation)?;
            let scale = create::at_home(target, scale)?;
            update::same_name(target, &scale)?;
            scale
        }
        Given::Applied(config) => {
            let force = options.force.unwrap_or_default();
            let writer = Writer { manager: &options.field_manager, ..writer };
            let merged = MANAGER.apply(Some(before), config, force, writer).map_err(ApplyError::into_status)?;
            let content = |scale: &Object| {
                let mut scale = scale.clone();
                scale.metadata_mut().remove("managedFields");
                scale
            };
            if content(&merged) == content(before) {
                return Ok(merged);
            }
            // Upstream cannot convert a Scale that it has merged, and says so to whoever applies a change.
            let (ns, name) = (config.namespace(), config.name());
            return Err(Status::unclassified(format!(
                "failed to convert new object ({ns}/{name}; autoscaling/v1, Kind=Scale) to proper version: request to convert CR to an invalid group/version: autoscaling/v1"
            )));
        }
    };
    MANAGER.on_update(before, &mut wanted, writer);
    Ok(wanted)
}
