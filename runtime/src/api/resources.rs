//! Handlers of resource requests: which verb a request is, its options, and the answer to what the verb came to. One arm
//! per verb; what happens inside is `verbs`'.

use super::body::Body;
use super::metrics::{Labels, Metrics};
use super::negotiate::{self, Accepted};
use super::query::Query;
use super::request::Info;
use super::respond::{self, Events};
use super::table::Include;
use crate::resource::codec::{self, Format};
use crate::status::{Details, Result, Status};
use crate::verbs::context::{Context, Part, Target};
use crate::verbs::delete::Deleted;
use crate::verbs::kinds::namespaces;
use crate::verbs::list::{ListOptions, Selection};
use crate::verbs::options::{RawDeleteOptions, WriteKind};
use crate::verbs::patch::Form;
use crate::verbs::subresource::{self, Given};
use crate::verbs::watch::WatchOptions;
use crate::verbs::{Engine, create, decode, delete, delete_collection, get, list, patch, update, watch};
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Method, Response, request};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

/// A request for a resource.
pub(super) struct Asked<'a> {
    pub(super) parts: &'a request::Parts,
    pub(super) info: &'a Info,
    pub(super) query: &'a Query,
    pub(super) raw: Bytes,
    /// What the request is counted as, and where.
    pub(super) labels: &'a Labels<'a>,
    pub(super) metrics: &'a Metrics,
}

impl Asked<'_> {
    fn accepted(&self) -> Result<Accepted> {
        negotiate::negotiate(&self.parts.headers, self.query.get("pretty"))
    }

    fn include(&self) -> Result<Include> {
        match self.query.get("includeObject").unwrap_or_default() {
            "" | "Metadata" => Ok(Include::Metadata),
            "None" => Ok(Include::None),
            "Object" => Ok(Include::Object),
            other => Err(Status::bad_request(format!(
                "Unable to convert to Table as requested: includeObject: Invalid value: {other:?}: must be \"Metadata\", \"Object\", \"None\", or empty"
            ))),
        }
    }

    fn list_options(&self, target: &Target) -> Result<ListOptions> {
        let q = self.query;
        let limit = q.integer("limit")?.unwrap_or_default();
        q.integer("timeoutSeconds")?;
        Ok(ListOptions {
            selection: Selection::parse(target, &q.text("labelSelector"), &q.text("fieldSelector"))?,
            limit: usize::try_from(limit).unwrap_or_default(),
            continue_token: q.text("continue"),
            resource_version: q.text("resourceVersion"),
            resource_version_match: q.text("resourceVersionMatch"),
            send_initial_events: q.flag("sendInitialEvents"),
        })
    }
}

fn page_not_found() -> Response<Body> {
    respond::text(404, "404 page not found\n")
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
    let Some((served, version)) = kinds.find(&info.group, &info.version, &info.resource) else {
        return if info.group.is_empty() && kinds.has_group_version("", &info.version) {
            Err(Status::no_such_resource())
        } else {
            Ok(page_not_found())
        };
    };
    // Compiled-in kinds may come in protobuf; custom ones never do (R28).
    if info.group.is_empty() && negotiate::is_protobuf(&asked.parts.headers) {
        let object = codec::protobuf::decode(&asked.raw).map_err(Status::bad_request)?;
        let mut parts = asked.parts.clone();
        parts.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let asked = Asked { parts: &parts, raw: codec::json::encode(&object).into(), ..asked };
        return Box::pin(handle(engine, ctx, asked, watch_timeout)).await;
    }
    // A namespaced kind is addressed in a namespace, but for lists and watches; others never are (C12).
    let all_namespaces = served.namespaced() && !info.in_namespace;
    let readable = info.name.is_empty() && [Method::GET, Method::HEAD].contains(&asked.parts.method);
    if (all_namespaces && !readable && info.prefix.is_none()) || (!served.namespaced() && info.in_namespace) {
        return Ok(page_not_found());
    }
    let part = match info.subresource.first().map(String::as_str) {
        None => Part::Main,
        Some("status") if info.subresource.len() == 1 => Part::Status,
        Some("scale") if info.subresource.len() == 1 => Part::Scale,
        Some(_) => Part::Main,
    };
    let namespace = if served.namespaced() { info.namespace.clone() } else { String::new() };
    let mut target = Target { served, version, namespace, name: info.name.clone(), part };
    warn_deprecated(ctx, &target);
    if info.prefix == Some("proxy") {
        return Err(Status::method_not_allowed(target.resource(), "proxy"));
    }
    match info.subresource.as_slice() {
        [] => main(engine, ctx, asked, target, watch_timeout).await,
        [s] if s == "status" && target.version().status => status(engine, ctx, asked, target).await,
        [s] if s == "scale" && target.version().scale.is_some() => scale(engine, ctx, asked, target).await,
        [s] if s == "finalize" && target.resource().resource == "namespaces" && info.group.is_empty() => {
            target.part = Part::Main;
            let format = negotiate::body_format(&asked.parts.headers)?;
            let options = asked.query.write_options().validate(WriteKind::Update)?;
            let object = decode::object(ctx, &target, format, &asked.raw, options.field_validation)?;
            let entry = namespaces::finalize(engine, &target, &object, options.dry_run).await?;
            respond::object(200, &target, &entry, asked.accepted()?, asked.include()?)
        }
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
    asked: Asked<'_>,
    target: Target,
    watch_timeout: Duration,
) -> Result<Response<Body>> {
    let headers = &asked.parts.headers;
    let named = !target.name.is_empty();
    match (asked.info.verb.as_str(), named) {
        ("get", true) => {
            let (accepted, include) = (asked.accepted()?, asked.include()?);
            let entry = get::get(engine, &target, &asked.query.text("resourceVersion")).await?;
            respond::object(200, &target, &entry, accepted, include)
        }
        ("list", _) => {
            let options = asked.list_options(&target)?;
            let (accepted, include) = (asked.accepted()?, asked.include()?);
            let listed = list::list(engine, &target, &options).await?;
            respond::list(&target, &listed, accepted, include)
        }
        ("watch", _) => watching(engine, asked, target, watch_timeout).await,
        ("create", _) => {
            let options = asked.query.write_options().validate(WriteKind::Create)?;
            let format = negotiate::body_format(headers)?;
            let accepted = asked.accepted()?;
            let object = decode::object(ctx, &target, format, &asked.raw, options.field_validation)?;
            let entry = create::create(engine, ctx, &target, object, &options).await?;
            respond::object(201, &target, &entry, accepted, asked.include()?)
        }
        ("update", false) => Err(Status::bad_request("name must be provided")),
        ("update", true) => {
            let options = asked.query.write_options().validate(WriteKind::Update)?;
            let format = negotiate::body_format(headers)?;
            let accepted = asked.accepted()?;
            let object = decode::object(ctx, &target, format, &asked.raw, options.field_validation)?;
            let entry = update::update(engine, ctx, &target, object, &options).await?;
            respond::object(200, &target, &entry, accepted, asked.include()?)
        }
        ("patch", named) => {
            let form = negotiate::patch_form(headers)?;
            if !named {
                return Err(Status::bad_request("name must be provided"));
            }
            patched(engine, ctx, asked, target, form).await
        }
        ("delete", true) => {
            let accepted = asked.accepted()?;
            let options = delete_options(&asked)?.validate()?;
            let deleted = delete::delete(engine, ctx, &target, &options).await?;
            deleted_answer(&target, deleted, &options, accepted, asked.include()?)
        }
        ("deletecollection", _) => {
            let accepted = asked.accepted()?;
            let select = asked.list_options(&target)?;
            let options = delete_options(&asked)?.validate()?;
            let listed = delete_collection::delete_collection(engine, ctx, &target, &select, &options).await?;
            respond::list(&target, &listed, accepted, asked.include()?)
        }
        (verb, _) => Err(Status::method_not_allowed(target.resource(), verb)),
    }
}

async fn patched(
    engine: &Arc<Engine>,
    ctx: &Context,
    asked: Asked<'_>,
    target: Target,
    form: Form,
) -> Result<Response<Body>> {
    let kind = if form == Form::Apply { WriteKind::Apply } else { WriteKind::Patch };
    let options = asked.query.write_options().validate(kind)?;
    let accepted = asked.accepted()?;
    let done = patch::patch(engine, ctx, &target, form, &asked.raw, &options).await?;
    respond::object(if done.created { 201 } else { 200 }, &target, &done.entry, accepted, asked.include()?)
}

async fn status(engine: &Arc<Engine>, ctx: &Context, asked: Asked<'_>, target: Target) -> Result<Response<Body>> {
    let headers = &asked.parts.headers;
    match asked.info.verb.as_str() {
        "get" => {
            let entry = get::get(engine, &target, &asked.query.text("resourceVersion")).await?;
            respond::object(200, &target, &entry, asked.accepted()?, asked.include()?)
        }
        "update" => {
            let options = asked.query.write_options().validate(WriteKind::Update)?;
            let format = negotiate::body_format(headers)?;
            let object = decode::object(ctx, &target, format, &asked.raw, options.field_validation)?;
            let entry = update::update(engine, ctx, &target, object, &options).await?;
            respond::object(200, &target, &entry, asked.accepted()?, asked.include()?)
        }
        "patch" => {
            let form = negotiate::patch_form(headers)?;
            patched(engine, ctx, asked, target, form).await
        }
        verb => Err(Status::method_not_allowed(target.resource(), verb)),
    }
}

async fn scale(engine: &Arc<Engine>, ctx: &Context, asked: Asked<'_>, target: Target) -> Result<Response<Body>> {
    let headers = &asked.parts.headers;
    let accepted = Accepted { form: negotiate::Form::Whole, ..asked.accepted()? };
    let (given, kind) = match asked.info.verb.as_str() {
        "get" => {
            let entry = get::get(engine, &target, &asked.query.text("resourceVersion")).await?;
            return Ok(respond::value(200, &subresource::scale_of(&target, &entry)?, accepted));
        }
        "update" => (Given::whole(negotiate::body_format(headers)?, &asked.raw)?, WriteKind::Update),
        "patch" => match negotiate::patch_form(headers)? {
            Form::Apply => (Given::patch(Form::Apply, &asked.raw)?, WriteKind::Apply),
            form => (Given::patch(form, &asked.raw)?, WriteKind::Patch),
        },
        verb => return Err(Status::method_not_allowed(target.resource(), verb)),
    };
    let options = asked.query.write_options().validate(kind)?;
    let scale = subresource::write_scale(engine, ctx, &target, &given, &options).await?;
    Ok(respond::value(200, &scale, accepted))
}

async fn watching(
    engine: &Arc<Engine>,
    asked: Asked<'_>,
    mut target: Target,
    most: Duration,
) -> Result<Response<Body>> {
    let q = asked.query;
    let seconds = q.integer("timeoutSeconds")?.unwrap_or_default();
    q.integer("limit")?;
    let timeout = match u64::try_from(seconds) {
        Ok(s) if s > 0 => Duration::from_secs(s),
        _ => most.mul_f64(1.0 + f64::from(uuid::Uuid::new_v4().as_bytes()[0]) / 256.0),
    };
    let mut fields = q.text("fieldSelector");
    // The deprecated path form watches one object.
    if !target.name.is_empty() {
        let name = std::mem::take(&mut target.name);
        fields =
            if fields.is_empty() { format!("metadata.name={name}") } else { format!("{fields},metadata.name={name}") };
    }
    let options = WatchOptions {
        selection: Selection::parse(&target, &q.text("labelSelector"), &fields)?,
        resource_version: q.text("resourceVersion"),
        resource_version_match: q.text("resourceVersionMatch"),
        send_initial_events: q.flag("sendInitialEvents"),
        bookmarks: q.flag("allowWatchBookmarks").unwrap_or_default(),
        continue_token: q.text("continue"),
        timeout,
    };
    let accepted = asked.accepted()?;
    if accepted.format == Format::Yaml {
        return Err(Status::not_acceptable(
            "only the following media types are accepted: application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch",
        ));
    }
    let include = asked.include()?;
    let mut watch = watch::watch(engine, &target, options).await?;
    let (frames, body) = mpsc::channel(16);
    let mut events = Events::new(target, accepted, include);
    let counted = asked.metrics.watch(asked.labels);
    tokio::spawn(async move {
        loop {
            let told = tokio::select! {
                told = watch.next() => told,
                () = frames.closed() => return,
            };
            let Some(told) = told else { return };
            counted.sent(told.len());
            let mut chunk = bytes::BytesMut::new();
            for (i, one) in told.iter().enumerate() {
                let line = events.encode(one);
                if told.len() == 1 {
                    // One event is sent as it is, without a copy.
                    if frames.send(line).await.is_err() {
                        return;
                    }
                } else {
                    chunk.extend_from_slice(&line);
                    if (chunk.len() > 64 << 10 || i + 1 == told.len())
                        && frames.send(chunk.split().freeze()).await.is_err()
                    {
                        return;
                    }
                }
            }
        }
    });
    let mut response = Response::new(Body::Stream(body));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(response)
}

/// Delete options come from the body, or else from the query (C71).
fn delete_options(asked: &Asked<'_>) -> Result<RawDeleteOptions> {
    let format = negotiate::body_format(&asked.parts.headers);
    if asked.raw.is_empty() {
        return asked.query.delete_options();
    }
    let decoded = codec::decode(format?, &asked.raw)
        .map_err(|e| Status::bad_request(format!("couldn't get version/kind; json parse error: {e}")))?;
    let body = match decoded.value {
        Value::Object(m) => m,
        Value::Null => return Ok(RawDeleteOptions::default()),
        _ => return Err(Status::bad_request("couldn't get version/kind; json parse error: the body is not an object")),
    };
    let kind = body.get("kind").and_then(Value::as_str).unwrap_or_default();
    if !kind.is_empty() && kind != "DeleteOptions" {
        let version = body.get("apiVersion").and_then(Value::as_str).unwrap_or_default();
        return Err(Status::bad_request(format!(
            "decoded object cannot be converted to DeleteOptions: {version} {kind}"
        )));
    }
    let wrong = |field: &str, wanted: &str| {
        Status::bad_request(format!("json: the field DeleteOptions.{field} must be of type {wanted}"))
    };
    let text = |v: Option<&Value>, field: &str| match v {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(s)) => Ok(Some(s.clone())),
        Some(_) => Err(wrong(field, "string")),
    };
    let mut out = RawDeleteOptions {
        propagation_policy: text(body.get("propagationPolicy"), "propagationPolicy")?,
        ..RawDeleteOptions::default()
    };
    match body.get("gracePeriodSeconds") {
        None | Some(Value::Null) => {}
        Some(v) => out.grace_period_seconds = Some(v.as_i64().ok_or_else(|| wrong("gracePeriodSeconds", "int64"))?),
    }
    match body.get("orphanDependents") {
        None | Some(Value::Null) => {}
        Some(v) => out.orphan_dependents = Some(v.as_bool().ok_or_else(|| wrong("orphanDependents", "bool"))?),
    }
    match body.get("dryRun") {
        None | Some(Value::Null) => {}
        Some(Value::Array(a)) => {
            for v in a {
                out.dry_run.push(v.as_str().ok_or_else(|| wrong("dryRun", "[]string"))?.to_owned());
            }
        }
        Some(_) => return Err(wrong("dryRun", "[]string")),
    }
    if let Some(p) = body.get("preconditions").filter(|p| !p.is_null()) {
        out.uid = text(p.get("uid"), "preconditions.uid")?;
        out.resource_version = text(p.get("resourceVersion"), "preconditions.resourceVersion")?;
    }
    Ok(out)
}

fn deleted_answer(
    target: &Target,
    deleted: Deleted,
    options: &crate::verbs::options::DeleteOptions,
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
            Ok(respond::value(200, &body, Accepted { form: negotiate::Form::Whole, ..accepted }))
        }
    }
}
