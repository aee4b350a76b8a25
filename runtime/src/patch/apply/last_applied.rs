//! The upgrade from client-side apply: what the annotation of `kubectl apply` shows to have been applied may be overwritten
//! by kubectl's own server-side apply, and the annotation follows it from then on (P53,
//! M/util/managedfields/internal/lastapplied*.go).

use super::conflict::Conflict;
use super::typed::{self, Type};
use crate::resource::Object;
use crate::resource::codec::json;
use serde_json::{Map, Value};
use std::collections::HashSet;

/// The only manager that this is done for.
pub(super) const KUBECTL: &str = "kubectl";
const ANNOTATION: &str = "kubectl.kubernetes.io/last-applied-configuration";
/// Annotations of an object may not be larger in all.
const MAX_ANNOTATIONS: usize = 256 << 10;

fn last_applied(object: &Object) -> Option<&str> {
    let annotations = object.meta("annotations").and_then(Value::as_object)?;
    annotations.get(ANNOTATION).and_then(Value::as_str).filter(|s| !s.is_empty())
}

/// The conflicts that are left when the fields that the annotation shows, and that are still as it has them, may be
/// overwritten.
pub(super) fn allow(root: Type<'_>, api_version: &str, live: &Object, all: Vec<Conflict>) -> Vec<Conflict> {
    let Some(allowed) = allowed(root, api_version, live) else { return all };
    all.into_iter().filter(|c| !allowed.contains(&c.field)).collect()
}

fn allowed(root: Type<'_>, api_version: &str, live: &Object) -> Option<HashSet<String>> {
    typed::check(root, &live.0, false).ok()?;
    let decoded = json::decode(last_applied(live)?.as_bytes()).ok()?;
    let last = Object::from_value(decoded.value).ok()?;
    if last.kind() != live.kind() || last.api_version() != api_version {
        return None;
    }
    typed::check(root, &last.0, false).ok()?;
    let changes = typed::compare(root, &last.0, &live.0);
    let fields = typed::fields(root, &last.0, false).difference(&changes.changed).difference(&changes.removed);
    Some(fields.paths().into_iter().collect())
}

/// Brings the annotation of an object, where it has one, to what was applied now.
pub(super) fn follow(object: &mut Object, applied: &Object) {
    if last_applied(object).is_none() {
        return;
    }
    let mut config = applied.clone();
    if let Some(Value::Object(annotations)) = config.0.get_mut("metadata").and_then(|m| m.get_mut("annotations")) {
        annotations.remove(ANNOTATION);
    }
    // kubectl ends it with a line feed too.
    let mut text = String::from_utf8_lossy(&json::encode(&Value::Object(config.0))).into_owned();
    text.push('\n');
    let Some(Value::Object(annotations)) = object.0.get_mut("metadata").and_then(|m| m.get_mut("annotations")) else {
        return;
    };
    annotations.insert(ANNOTATION.into(), text.into());
    let size =
        |m: &Map<String, Value>| -> usize { m.iter().map(|(k, v)| k.len() + v.as_str().map_or(0, str::len)).sum() };
    if size(annotations) > MAX_ANNOTATIONS {
        annotations.remove(ANNOTATION);
    }
}
