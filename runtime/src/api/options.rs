//! The options of reads and deletes out of the query and the body. What they mean and which go together is `verbs`'.

use super::negotiate::{self, BodyFormat};
use super::query::Query;
use crate::resource::codec;
use crate::resource::selector::FieldSelector;
use crate::status::{Result, Status};
use crate::verbs::context::Target;
use crate::verbs::list::{ListOptions, Selection};
use crate::verbs::options::RawDeleteOptions;
use crate::verbs::watch::WatchOptions;
use http::HeaderMap;
use serde_json::{Map, Value};
use std::time::Duration;

/// Options of a list, and of what a deletecollection selects.
///
/// # Errors
/// 400 and 422.
pub(super) fn list(query: &Query, target: &Target) -> Result<ListOptions> {
    query.integer("timeoutSeconds")?;
    let limit = query.integer("limit")?.unwrap_or_default();
    let (labels, fields) = selectors(query)?;
    let options = ListOptions {
        selection: Selection::default(),
        limit: usize::try_from(limit).unwrap_or_default(),
        continue_token: query.text("continue"),
        resource_version: query.text("resourceVersion"),
        resource_version_match: query.text("resourceVersionMatch"),
        send_initial_events: query.flag("sendInitialEvents"),
    };
    options.validate()?;
    Ok(ListOptions { selection: Selection::new(target, labels, fields)?, ..options })
}

fn selectors(query: &Query) -> Result<(crate::resource::selector::LabelSelector, FieldSelector)> {
    let labels = crate::resource::selector::LabelSelector::parse(&query.text("labelSelector"));
    let fields = FieldSelector::parse(&query.text("fieldSelector"));
    Ok((labels.map_err(Status::bad_request)?, fields.map_err(Status::bad_request)?))
}

/// Options of a watch. One that the path names an object of watches its collection, selected by that name. Without a time
/// of its own it ends after `most` to twice that.
///
/// # Errors
/// 400 and 422.
pub(super) fn watch(query: &Query, target: &mut Target, most: Duration) -> Result<WatchOptions> {
    let seconds = query.integer("timeoutSeconds")?.unwrap_or_default();
    query.integer("limit")?;
    let timeout = match seconds {
        0 => most.mul_f64(1.0 + f64::from(uuid::Uuid::new_v4().as_bytes()[0]) / 256.0),
        // In the past: it ends at once.
        s => Duration::from_secs(u64::try_from(s).unwrap_or_default()),
    };
    let (labels, mut fields) = selectors(query)?;
    let mut options = WatchOptions {
        selection: Selection::default(),
        resource_version: query.text("resourceVersion"),
        resource_version_match: query.text("resourceVersionMatch"),
        send_initial_events: query.flag("sendInitialEvents"),
        bookmarks: query.flag("allowWatchBookmarks").unwrap_or_default(),
        continue_token: query.text("continue"),
        timeout,
    };
    // Upstream checks what only the path says to be a watch as it checks a list, and gives it no mark of its state's end.
    if query.watch() {
        options.complete();
        options.validate()?;
    } else {
        options.validate_as_list()?;
    }
    if !target.name.is_empty() {
        let name = std::mem::take(&mut target.name);
        if fields.is_empty() {
            fields = FieldSelector::named(&name);
        } else if fields.pinned("metadata.name") != Some(&name) {
            return Err(Status::bad_request("fieldSelector metadata.name doesn't match requested name"));
        }
    }
    options.selection = Selection::new(target, labels, fields)?;
    Ok(options)
}

/// `export` has not been understood for long, and must not be taken for something else.
///
/// # Errors
/// 400.
pub(super) fn refuse_export(query: &Query) -> Result<()> {
    if query.flag("export") == Some(true) {
        return Err(Status::bad_request("the export parameter, deprecated since v1.14, is no longer supported"));
    }
    Ok(())
}

/// Delete options come from the body, of whatever group and version it says to be, or else from the query (C71).
///
/// # Errors
/// 400 and 415.
pub(super) fn delete(headers: &HeaderMap, query: &Query, raw: &[u8]) -> Result<RawDeleteOptions> {
    if raw.is_empty() {
        return query.delete_options();
    }
    let value = match negotiate::body_format(headers)? {
        BodyFormat::Text(format) => codec::decode_typed(format, raw).map(|d| d.value),
        BodyFormat::Protobuf => codec::protobuf::decode(raw, "DeleteOptions"),
    };
    let body = match value.map_err(Status::bad_request)? {
        Value::Object(m) => m,
        _ => return Ok(RawDeleteOptions::default()),
    };
    let text = |k: &str| body.get(k).and_then(Value::as_str).unwrap_or_default();
    let (kind, api_version) = (text("kind"), text("apiVersion"));
    if !["", "DeleteOptions"].contains(&kind) {
        return Err(Status::bad_request(format!(
            "decoded object cannot be converted to DeleteOptions: {api_version} {kind}"
        )));
    }
    delete_options(&body)
}

fn wrong(field: &str, wanted: &str) -> Status {
    Status::bad_request(format!("json: the field DeleteOptions.{field} must be of type {wanted}"))
}

fn delete_options(body: &Map<String, Value>) -> Result<RawDeleteOptions> {
    fn given<T>(
        map: &Map<String, Value>,
        field: &str,
        wanted: &str,
        read: impl Fn(&Value) -> Option<T>,
    ) -> Result<Option<T>> {
        match map.get(field) {
            None | Some(Value::Null) => Ok(None),
            Some(v) => read(v).map(Some).ok_or_else(|| wrong(field, wanted)),
        }
    }
    let text = |v: &Value| v.as_str().map(str::to_owned);
    let preconditions = given(body, "preconditions", "Preconditions", |v| v.as_object().cloned())?.unwrap_or_default();
    let dry_run = given(body, "dryRun", "[]string", |v| v.as_array()?.iter().map(text).collect())?;
    Ok(RawDeleteOptions {
        dry_run: dry_run.unwrap_or_default(),
        grace_period_seconds: given(body, "gracePeriodSeconds", "int64", Value::as_i64)?,
        uid: given(&preconditions, "uid", "string", text)?,
        resource_version: given(&preconditions, "resourceVersion", "string", text)?,
        propagation_policy: given(body, "propagationPolicy", "string", text)?,
        orphan_dependents: given(body, "orphanDependents", "bool", Value::as_bool)?,
    })
}
