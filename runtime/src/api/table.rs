//! Objects and lists as tables, for kubectl: the columns of a definition's version, and each object's cells (6.10).

use crate::resource::Object;
use crate::schema::definition::{Column, Version};
use serde_json::{Value, json};

/// What goes into a row beside the cells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Include {
    /// Nothing.
    None,
    /// The object's metadata.
    #[default]
    Metadata,
    /// The object.
    Object,
}

fn age_column() -> Column {
    Column {
        name: "Age".into(),
        type_: "date".into(),
        json_path: ".metadata.creationTimestamp".into(),
        ..Column::default()
    }
}

fn columns(version: &Version) -> Vec<Column> {
    if version.columns.is_empty() { vec![age_column()] } else { version.columns.clone() }
}

/// The heads of a version's columns.
pub fn definitions(version: &Version) -> Value {
    const NAME: &str = "Name must be unique within a namespace. Is required when creating resources, although some resources may allow a client to request the generation of an appropriate name automatically. Name is primarily intended for creation idempotence and configuration definition. Cannot be updated. More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/names#names";
    let mut out = vec![json!({"name": "Name", "type": "string", "format": "name", "description": NAME, "priority": 0})];
    for c in columns(version) {
        let description = match c.description.as_str() {
            "" if version.columns.is_empty() => "CreationTimestamp is a timestamp representing the server time when this object was created. It is not guaranteed to be set in happens-before order across separate operations. Clients may not set this value. It is represented in RFC3339 form and is in UTC.\n\nPopulated by the system. Read-only. Null for lists. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata".to_owned(),
            "" => format!("Custom resource definition column (in JSONPath format): {}", c.json_path),
            d => d.to_owned(),
        };
        out.push(json!({"name": c.name, "type": c.type_, "format": c.format, "description": description, "priority": c.priority}));
    }
    Value::Array(out)
}

/// One object's row.
pub fn row(version: &Version, object: &Object, include: Include) -> Value {
    let root = Value::Object(object.0.clone());
    let mut cells = vec![Value::from(object.name())];
    cells.extend(columns(version).iter().map(|c| cell(c, &root)));
    let shown = match include {
        Include::None => Value::Null,
        Include::Metadata => json!({
            "kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1",
            "metadata": object.metadata().cloned().unwrap_or_default()}),
        Include::Object => root,
    };
    json!({"cells": cells, "object": shown})
}

fn cell(column: &Column, root: &Value) -> Value {
    let found = find(root, &column.json_path);
    let Some(first) = found.first() else { return Value::Null };
    match column.type_.as_str() {
        "integer" => match first {
            Value::Number(n) if n.is_i64() => (*first).clone(),
            Value::Number(n) => n.as_f64().map_or(Value::Null, |f| Value::from(f as i64)),
            _ => Value::Null,
        },
        "number" => {
            if first.is_number() {
                (*first).clone()
            } else {
                Value::Null
            }
        }
        "boolean" => {
            if first.is_boolean() {
                (*first).clone()
            } else {
                Value::Null
            }
        }
        "date" => first.as_str().map_or(Value::Null, |s| age(s).into()),
        _ => Value::from(
            found.iter().map(|v| v.as_str().map_or_else(|| v.to_string(), str::to_owned)).collect::<Vec<_>>().join(" "),
        ),
    }
}

/// Values at a simple JSONPath: `.a.b`, `['a.b']`, `[0]`, `[*]`, `[?(@.type=="Ready")]`.
fn find<'a>(root: &'a Value, path: &str) -> Vec<&'a Value> {
    let mut at = vec![root];
    let mut rest = path;
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix('.') {
            let end = after.find(['.', '[']).unwrap_or(after.len());
            let (name, next) = after.split_at(end);
            if !name.is_empty() {
                at = at.into_iter().filter_map(|v| v.get(name)).collect();
            }
            rest = next;
        } else if let Some(after) = rest.strip_prefix('[') {
            let Some(end) = after.find(']') else { return Vec::new() };
            let (body, next) = (&after[..end], &after[end + 1..]);
            at = index(at, body);
            rest = next;
        } else {
            return Vec::new();
        }
    }
    at
}

fn index<'a>(at: Vec<&'a Value>, body: &str) -> Vec<&'a Value> {
    let items = |v: &'a Value| -> Vec<&'a Value> {
        match v {
            Value::Array(a) => a.iter().collect(),
            Value::Object(o) => o.values().collect(),
            _ => Vec::new(),
        }
    };
    if body == "*" {
        return at.into_iter().flat_map(items).collect();
    }
    if let Some(condition) = body.strip_prefix("?(").and_then(|b| b.strip_suffix(')')) {
        let Some((left, right)) = condition.split_once("==") else { return Vec::new() };
        let want = right.trim().trim_matches(['"', '\'']);
        let path = left.trim().trim_start_matches('@');
        let fits =
            |v: &&'a Value| find(v, path).first().is_some_and(|x| x.as_str().map_or_else(|| *x == want, |s| s == want));
        return at.into_iter().flat_map(items).filter(fits).collect();
    }
    if let Ok(i) = body.parse::<i64>() {
        let pick = |v: &'a Value| {
            let a = v.as_array()?;
            let i = if i < 0 { a.len() as i64 + i } else { i };
            a.get(usize::try_from(i).ok()?)
        };
        return at.into_iter().filter_map(pick).collect();
    }
    let name = body.trim_matches(['"', '\'']);
    at.into_iter().filter_map(|v| v.get(name)).collect()
}

/// How long ago a time was, as kubectl says it (`duration.HumanDuration`).
fn age(text: &str) -> String {
    let Ok(t) = text.parse::<jiff::Timestamp>() else { return "<invalid>".into() };
    let s = (jiff::Timestamp::now().as_second() - t.as_second()).max(0);
    let (m, h, d) = (s / 60, s / 3600, s / 86400);
    let two = |a: i64, au: &str, b: i64, bu: &str| if b == 0 { format!("{a}{au}") } else { format!("{a}{au}{b}{bu}") };
    match () {
        () if s < 120 => format!("{s}s"),
        () if m < 10 => two(m, "m", s % 60, "s"),
        () if m < 180 => format!("{m}m"),
        () if h < 8 => two(h, "h", m % 60, "m"),
        () if h < 48 => format!("{h}h"),
        () if d < 8 => two(d, "d", h % 24, "h"),
        () if d < 730 => format!("{d}d"),
        () => two(d / 365, "y", d % 365, "d"),
    }
}
