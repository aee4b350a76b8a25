//! Handlers of resource requests: which verb a request is, its options, and the answer to what the verb came to. One arm
//! per verb, each in the order in which upstream finds mistakes; what happens inside is `verbs`'.

use super::body::{Body, Incoming};
use super::events::{self, Events};
use super::metrics::{Labels, Metrics};
use super::negotiate::{self, Accepted, Answer, BodyFormat, Form};
use super::query::Query;
use super::request::Info;
use super::routes::{self, Route};
use super::table::{Columns, Include};
use super::{options, respond};
use crate::resource::{Object, codec};
use crate::status::{Details, Result, Status};
use crate::verbs::context::{Context, Part, Target};
use crate::verbs::delete::Deleted;
use crate::verbs::list::ListOptions;
use crate::verbs::options::{DeleteOptions, WriteKind, WriteOptions};
use crate::verbs::patch;
use crate::verbs::subresource::{self, Given};
use crate::verbs::{Engine, create, decode, delete, delete_collection, get, list, update, watch};
use bytes::Bytes;
use http::{Response, request};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

/// A request for a resource.
pub(super) struct Asked<'a> {
    pub(super) parts: &'a request::Parts,
    pub(super) info: &'a Info,
    pub(super) query: &'a Query,
    pub(super) body: Incoming,
    /// What the request is counted as, and where.
    pub(super) labels: &'a Labels<'a>,
    pub(super) metrics: &'a Metrics,
}

impl Asked<'_> {
    fn accepted(&self) -> Result<Accepted> {
        negotiate::negotiate(&self.parts.headers, self.query.get("pretty"), Answer::Resource)
    }

    /// What a table shows of its objects; said last, when everything else is done.
    fn include(&self, accepted: Accepted) -> Result<Include> {
        if !matches!(accepted.form, Form::Table(_)) {
            return Ok(Include::default());
        }
        match self.query.get("includeObject").unwrap_or_default() {
            "" | "Metadata" => Ok(Include::Metadata),
            "None" => Ok(Include::None),
            "Object" => Ok(Include::Object),
            other => Err(Status::bad_request(format!(
                "Unable to convert to Table as requested: includeObject: Invalid value: {other:?}: must be 'Metadata', 'Object', 'None', or empty"
            ))),
        }
    }

    fn write_options(&self, kind: WriteKind) -> Result<WriteOptions> {
        self.query.write_options().validate(kind)
    }

    async fn raw(&mut self) -> Result<Bytes> {
        self.body.read().await
    }

    /// The object in the body of a create or an update.
    fn object(&self, ctx: &Context, target: &Target, raw: &[u8], options: &WriteOptions) -> Result<Object> {
        match negotiate::body_format(&self.parts.headers)? {
            BodyFormat::Text(format) => decode::object(ctx, target, format, raw, options.field_validation),
            BodyFormat::Protobuf => {
                let decoded = codec::protobuf::decode(raw, target.kind()).and_then(|object| {
                    // Compiled-in kinds may come in protobuf; custom ones never do (R28).
                    let spoken = target.served.strategy.builtin().then(|| codec::json::encode(&object));
                    spoken.ok_or_else(|| format!("{} has no protobuf form; send application/json", target.kind()))
                });
                let object = decoded.map_err(|why| decode::unrecognized(target.kind(), &why, raw))?;
                decode::object(ctx, target, codec::Format::Json, &object, options.field_validation)
            }
        }
    }
}

/// Handles a request for a resource.
pub(super) async fn handle(
    engine: &Arc<Engine>,
    ctx: &Context,
    asked: Asked<'_>,
    watch_timeout: Duration,
) -> Result<Response<Body>> {
    let info = asked.info;
    let kinds = engine.kinds();
    // Groups that upstream compiles in have a router of their own, which answers in other words.
    let builtin = routes::is_builtin(&info.group);
    let nowhere = || if builtin { Err(Status::no_such_resource()) } else { Ok(respond::page_not_found()) };
    let Some((served, version)) = kinds.find(&info.group, &info.version, &info.resource) else { return nowhere() };
    if builtin {
        if !served.namespaced() && info.in_namespace {
            return nowhere();
        }
        Route::of(info)?.check(asked.parts)?;
    } else {
        // A namespaced kind is addressed in a namespace, but for lists and watches; others never are (C12).
        let everywhere = info.namespace.is_empty();
        let reads = ["list", "watch"].contains(&info.verb.as_str());
        if if served.namespaced() { everywhere && !reads } else { !everywhere } {
            return nowhere();
        }
    }
    // What follows a subresource is passed over, as upstream does.
    let subresource = info.subresource.first().map(String::as_str).unwrap_or_default();
    let part = match subresource {
        "status" => Part::Status,
        "scale" => Part::Scale,
        _ => Part::Main,
    };
    let namespace = if served.namespaced() { info.namespace.clone() } else { String::new() };
    let target = Target { served, version, namespace, name: info.name.clone(), part };
    warn_deprecated(ctx, &target);
    if info.prefix == Some("proxy") {
        return Err(Status::method_not_allowed(target.resource(), "proxy"));
    }
    match subresource {
        "" => main(engine, ctx, asked, target, watch_timeout).await,
        "status" if target.version().status => status(engine, ctx, asked, target).await,
        "scale" if target.version().scale.is_some() => scale(engine, ctx, asked, target).await,
        "finalize" if target.resource().resource == "namespaces" && info.group.is_empty() => {
            let target = Target { part: Part::Finalize, ..target };
            replace(engine, ctx, asked, target).await
        }
        _ if builtin => Err(Status::no_such_resource()),
        _ => Err(Status::not_found(target.resource(), &target.name)),
    }
}

/// Every answer of a deprecated version says so (S85).
fn warn_deprecated(ctx: &Context, target: &Target) {
    let v = target.version();
    if !v.deprecated {
        return;
    }
    if let Some(text) = &v.deprecation_warning {
        ctx.warn(text.clone());
        return;
    }
    let d = &target.served.definition;
    let kind = &d.names.kind;
    let newer = d
        .versions
        .iter()
        .filter(|o| o.served && !o.deprecated)
        .filter(|o| crate::resource::version::by_priority(&o.name, &v.name).is_lt())
        .min_by(|a, b| crate::resource::version::by_priority(&a.name, &b.name));
    let this = format!("{}/{} {kind} is deprecated", d.group, v.name);
    ctx.warn(match newer {
        Some(n) => format!("{this}; use {}/{} {kind}", d.group, n.name),
        None => this,
    });
}

async fn main(
    engine: &Arc<Engine>,
    ctx: &Context,
    mut asked: Asked<'_>,
    target: Target,
    watch_timeout: Duration,
) -> Result<Response<Body>> {
    let headers = &asked.parts.headers;
    let named = !target.name.is_empty();
    match (asked.info.verb.as_str(), named) {
        ("get", true) => read(engine, asked, &target).await,
        ("list", _) => {
            let accepted = asked.accepted()?;
            let options = options::list(asked.query, &target)?;
            let listed = list::list(engine, &target, &options).await?;
            respond::list(&target, &listed, accepted, asked.include(accepted)?)
        }
        ("watch", _) => watching(engine, asked, target, watch_timeout).await,
        ("create", _) => {
            let accepted = asked.accepted()?;
            negotiate::body_format(headers)?;
            let raw = asked.raw().await?;
            let options = asked.write_options(WriteKind::Create)?;
            let object = asked.object(ctx, &target, &raw, &options)?;
            let entry = create::create(engine, ctx, &target, object, &options).await?;
            respond::object(201, &target, &entry, accepted, asked.include(accepted)?)
        }
        ("update", true) => replace(engine, ctx, asked, target).await,
        ("patch", _) => patched(engine, ctx, asked, target).await,
        ("delete", true) => {
            let (accepted, raw) = (asked.accepted()?, asked.raw().await?);
            let options = options::delete(headers, asked.query, &raw)?.validate()?;
            let deleted = delete::delete(engine, ctx, &target, &options).await?;
            let include = asked.include(accepted)?;
            deleted_answer(&target, deleted, &options, accepted, include)
        }
        ("deletecollection", _) => {
            let accepted = asked.accepted()?;
            let select: ListOptions = options::list(asked.query, &target)?;
            let raw = asked.raw().await?;
            let options = options::delete(headers, asked.query, &raw)?.validate()?;
            let listed = delete_collection::delete_collection(engine, ctx, &target, &select, &options).await?;
            respond::list(&target, &listed, accepted, asked.include(accepted)?)
        }
        ("get" | "update" | "delete", false) => Err(nameless()),
        (verb, _) => Err(Status::method_not_allowed(target.resource(), verb)),
    }
}

fn nameless() -> Status {
    Status::bad_request("name must be provided")
}

async fn read(engine: &Arc<Engine>, asked: Asked<'_>, target: &Target) -> Result<Response<Body>> {
    let accepted = asked.accepted()?;
    options::refuse_export(asked.query)?;
    let entry = get::get(engine, target, &asked.query.text("resourceVersion")).await?;
    respond::object(200, target, &entry, accepted, asked.include(accepted)?)
}

async fn replace(engine: &Arc<Engine>, ctx: &Context, mut asked: Asked<'_>, target: Target) -> Result<Response<Body>> {
    let (accepted, raw) = (asked.accepted()?, asked.raw().await?);
    let options = asked.write_options(WriteKind::Update)?;
    let object = asked.object(ctx, &target, &raw, &options)?;
    let entry = update::update(engine, ctx, &target, object, &options).await?;
    respond::object(200, &target, &entry, accepted, asked.include(accepted)?)
}

fn patch_kind(form: patch::Form) -> WriteKind {
    if form == patch::Form::Apply { WriteKind::Apply } else { WriteKind::Patch }
}

async fn patched(engine: &Arc<Engine>, ctx: &Context, mut asked: Asked<'_>, target: Target) -> Result<Response<Body>> {
    let form = negotiate::patch_form(&asked.parts.headers, target.served.strategy.builtin())?;
    if target.name.is_empty() {
        return Err(nameless());
    }
    let (accepted, raw) = (asked.accepted()?, asked.raw().await?);
    let options = asked.write_options(patch_kind(form))?;
    let done = patch::patch(engine, ctx, &target, form, &raw, &options).await?;
    let code = if done.created { 201 } else { 200 };
    respond::object(code, &target, &done.entry, accepted, asked.include(accepted)?)
}

async fn status(engine: &Arc<Engine>, ctx: &Context, asked: Asked<'_>, target: Target) -> Result<Response<Body>> {
    match asked.info.verb.as_str() {
        "get" => read(engine, asked, &target).await,
        "update" => replace(engine, ctx, asked, target).await,
        "patch" => patched(engine, ctx, asked, target).await,
        verb => Err(Status::method_not_allowed(target.resource(), verb)),
    }
}

async fn scale(engine: &Arc<Engine>, ctx: &Context, mut asked: Asked<'_>, target: Target) -> Result<Response<Body>> {
    let headers = &asked.parts.headers;
    let (accepted, scale) = match asked.info.verb.as_str() {
        "get" => {
            let accepted = asked.accepted()?;
            let entry = get::get(engine, &target, &asked.query.text("resourceVersion")).await?;
            (accepted, subresource::scale_of(&target, &entry)?)
        }
        "update" => {
            let (accepted, raw) = (asked.accepted()?, asked.raw().await?);
            let options = asked.write_options(WriteKind::Update)?;
            let (format, raw) = match negotiate::body_format(headers)? {
                BodyFormat::Text(format) => (format, raw),
                BodyFormat::Protobuf => {
                    let scale = codec::protobuf::decode(&raw, "Scale");
                    let scale = scale.map_err(|why| decode::unrecognized("Scale", &why, &raw))?;
                    (codec::Format::Json, codec::json::encode(&scale).into())
                }
            };
            let given = Given::whole(ctx, format, &raw, options.field_validation)?;
            (accepted, subresource::write_scale(engine, ctx, &target, &given, &options).await?)
        }
        "patch" => {
            let form = negotiate::patch_form(headers, target.served.strategy.builtin())?;
            let (accepted, raw) = (asked.accepted()?, asked.raw().await?);
            let options = asked.write_options(patch_kind(form))?;
            let given = match Given::patch(form, &raw, options.field_validation) {
                Ok(given) => given,
                // What is not there is not there, whatever the patch.
                Err(e) => {
                    engine.current(&target.served, &target.namespace, &target.name).await?;
                    return Err(e);
                }
            };
            (accepted, subresource::write_scale(engine, ctx, &target, &given, &options).await?)
        }
        verb => return Err(Status::method_not_allowed(target.resource(), verb)),
    };
    respond::made(200, &scale, Some("*v1.Scale"), &Columns::of_scale(), accepted, asked.include(accepted)?)
}

async fn watching(
    engine: &Arc<Engine>,
    asked: Asked<'_>,
    mut target: Target,
    most: Duration,
) -> Result<Response<Body>> {
    asked.accepted()?;
    let options = options::watch(asked.query, &mut target, most)?;
    let watch = watch::watch(engine, &target, options).await?;
    let accepted = negotiate::negotiate_watch(&asked.parts.headers, asked.query.get("pretty"))?;
    let include = asked.include(accepted)?;
    let counted = asked.metrics.watch(asked.labels);
    Ok(events::stream(asked.parts, watch, Events::new(target, accepted, include), counted))
}

fn deleted_answer(
    target: &Target,
    deleted: Deleted,
    options: &DeleteOptions,
    accepted: Accepted,
    include: Include,
) -> Result<Response<Body>> {
    match deleted {
        Deleted::Marked(entry) => {
            let code = if options.orphan_dependents == Some(false) { 202 } else { 200 };
            respond::object(code, target, &entry, accepted, include)
        }
        Deleted::Gone(entry) if target.served.definition.group.is_empty() => {
            respond::object(200, target, &entry, accepted, include)
        }
        Deleted::Gone(entry) => {
            let object = entry.decode();
            let details = Details {
                name: entry.name.to_string(),
                group: target.resource().group.clone(),
                kind: target.resource().resource.clone(),
                uid: object.uid().to_owned(),
                ..Details::default()
            };
            let body =
                json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details});
            Ok(respond::value(200, &body, Accepted { form: Form::Whole, ..accepted }))
        }
    }
}
