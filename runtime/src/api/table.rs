//! Objects and lists as tables, for kubectl: the columns of a definition's version, and each object's cells (6.10).

use crate::resource::codec::{self, go};
use crate::resource::{Object, jsonpath};
use crate::schema::definition::{Column, Version};
use crate::schema::go_time;
use kubegraft_syntax::jsonpath::Path;
use serde_json::{Number, Value, json};

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

const NAME: &str = "Name must be unique within a namespace. Is required when creating resources, although some resources may allow a client to request the generation of an appropriate name automatically. Name is primarily intended for creation idempotence and configuration definition. Cannot be updated. More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/names#names";
const CREATED: &str = "CreationTimestamp is a timestamp representing the server time when this object was created. It is not guaranteed to be set in happens-before order across separate operations. Clients may not set this value. It is represented in RFC3339 form and is in UTC.\n\nPopulated by the system. Read-only. Null for lists. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata";

fn column(name: &str, type_: &str, description: &str, json_path: &str) -> Column {
    Column {
        name: name.into(),
        type_: type_.into(),
        description: description.into(),
        json_path: json_path.into(),
        ..Column::default()
    }
}

/// The columns of one table, their paths parsed.
pub struct Columns(Vec<(Column, Path)>);

impl Columns {
    /// Those of a version; the age of objects where it says none.
    pub fn of(version: &Version) -> Self {
        if version.columns.is_empty() {
            return Self::new(vec![column("Age", "date", CREATED, ".metadata.creationTimestamp")]);
        }
        Self::new(version.columns.clone())
    }

    /// Those of Scale (R43).
    pub fn of_scale() -> Self {
        Self::new(vec![
            column("Desired", "integer", "Number of desired replicas", ".spec.replicas"),
            column("Available", "integer", "Number of actual replicas", ".status.replicas"),
            column("Age", "date", CREATED, ".metadata.creationTimestamp"),
        ])
    }

    /// As upstream, a table ends before the first column whose path cannot be read.
    fn new(columns: Vec<Column>) -> Self {
        let parse = |c: Column| kubegraft_syntax::jsonpath::read(&c.json_path).ok().map(|path| (c, path));
        Self(columns.into_iter().map_while(parse).collect())
    }

    /// The heads.
    fn definitions(&self) -> Value {
        let name = json!({"name": "Name", "type": "string", "format": "name", "description": NAME, "priority": 0});
        let others = self.0.iter().map(|(c, _)| {
            let description = match c.description.as_str() {
                "" if c.verbatim => CREATED.to_owned(),
                "" => format!("Custom resource definition column (in JSONPath format): {}", c.json_path),
                d => d.to_owned(),
            };
            json!({"name": c.name, "type": c.type_, "format": c.format, "description": description, "priority": c.priority})
        });
        std::iter::once(name).chain(others).collect()
    }

    /// One object's row; `version` is that of `meta.k8s.io`.
    pub fn row(&self, object: &Object, include: Include, version: &str) -> Value {
        let root = Value::Object(object.0.clone());
        let mut cells = vec![Value::from(object.name())];
        cells.extend(self.0.iter().map(|(c, path)| cell(if c.verbatim { "string" } else { &c.type_ }, path, &root)));
        let shown = match include {
            Include::None => Value::Null,
            Include::Metadata => json!({
                "kind": "PartialObjectMetadata", "apiVersion": format!("meta.k8s.io/{version}"),
                "metadata": object.metadata().cloned().unwrap_or_default()}),
            Include::Object => root,
        };
        json!({"cells": cells, "object": shown})
    }

    /// A table of these rows, with or without its heads.
    pub fn table(&self, rows: Vec<Value>, metadata: Value, version: &str, heads: bool) -> Value {
        let columns = if heads { self.definitions() } else { Value::Null };
        json!({
            "kind": "Table", "apiVersion": format!("meta.k8s.io/{version}"), "metadata": metadata,
            "columnDefinitions": columns, "rows": rows})
    }
}

fn cell(type_: &str, path: &Path, root: &Value) -> Value {
    let found = jsonpath::find(path, root).unwrap_or_default();
    let Some(first) = found.first() else { return Value::Null };
    match (type_, &**first) {
        ("string", v) => text(v).into(),
        ("integer", Value::Number(n)) => n.as_i64().or_else(|| n.as_f64().map(whole)).into(),
        ("number", Value::Number(n)) => n.as_f64().and_then(Number::from_f64).map_or(Value::Null, Value::Number),
        ("boolean", Value::Bool(b)) => Value::Bool(*b),
        ("date", Value::String(s)) => age(s).into(),
        _ => Value::Null,
    }
}

/// A number as Go makes an integer of it: what is too large becomes the least one.
fn whole(f: f64) -> i64 {
    const END: f64 = 9_223_372_036_854_775_808.0;
    if (-END..END).contains(&f) { f as i64 } else { i64::MIN }
}

/// A value as Go prints it.
fn text(value: &Value) -> String {
    match value {
        Value::Null => "<no value>".into(),
        Value::Bool(b) => b.to_string(),
        Value::Number(n) => match n.as_f64().filter(|_| n.is_f64()) {
            Some(f) => go::float(f),
            None => n.to_string(),
        },
        Value::String(s) => s.clone(),
        other => codec::json::compact(&String::from_utf8_lossy(&codec::json::encode(other))),
    }
}

/// How long ago a time was, as kubectl says it (`duration.HumanDuration`).
fn age(text: &str) -> String {
    /// The first second of year 1, Go's time before any is set.
    const ZERO: i64 = -62_135_596_800;
    if matches!(text, "" | "null") {
        return "<unknown>".into();
    }
    let Ok(t) = go_time::rfc3339(text) else { return "<invalid>".into() };
    if t.as_second() == ZERO {
        return "<unknown>".into();
    }
    // A Go duration ends after 292 years.
    const MOST: i64 = i64::MAX / 1_000_000_000;
    human((jiff::Timestamp::now().as_second() - t.as_second()).min(MOST))
}

fn human(s: i64) -> String {
    let (m, h, d) = (s / 60, s / 3600, s / 86400);
    let two = |a: i64, au: &str, b: i64, bu: &str| if b == 0 { format!("{a}{au}") } else { format!("{a}{au}{b}{bu}") };
    match () {
        // Clocks may differ a little.
        () if s < -1 => "<invalid>".into(),
        () if s < 0 => "0s".into(),
        () if s < 120 => format!("{s}s"),
        () if m < 10 => two(m, "m", s % 60, "s"),
        () if m < 180 => format!("{m}m"),
        () if h < 8 => two(h, "h", m % 60, "m"),
        () if h < 48 => format!("{h}h"),
        () if d < 8 => two(d, "d", h % 24, "h"),
        () if d < 730 => format!("{d}d"),
        () if d < 8 * 365 => two(d / 365, "y", d % 365, "d"),
        () => format!("{}y", d / 365),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_have_two_figures_at_most() {
        let ages =
            [-5, -1, 0, 119, 120, 125, 3600, 3 * 3600, 8 * 3600, 49 * 3600, 9 * 86400, 731 * 86400, i64::MAX / 2];
        let words: Vec<String> = ages.into_iter().map(human).collect();
        let want = ["<invalid>", "0s", "0s", "119s", "2m", "2m5s", "60m", "3h", "8h", "2d1h", "9d", "2y1d"];
        assert_eq!(words[..12], want);
    }

    #[test]
    fn cells_are_of_their_columns_type_or_empty() {
        let root = json!({"s": "x", "n": 1.5, "i": 7, "b": true, "m": {"k": [1]}, "z": null, "d": "someday", "e": "",
            "huge": 1e30, "first": "0001-01-01T00:00:00Z", "nil": "null", "loose": "1700-01-1T1:00:00,5Z", "wide": "2999-01-01 00:00:00Z"});
        let check = |type_: &str, path: &str, want: Value| {
            let parsed = kubegraft_syntax::jsonpath::read(path).expect(path);
            assert_eq!(cell(type_, &parsed, &root), want, "{type_} {path}");
        };
        check("string", ".s", json!("x"));
        check("string", ".n", json!("1.5"));
        check("string", ".m", json!("{\"k\":[1]}"));
        check("string", ".z", json!("<no value>"));
        check("string", ".none", Value::Null);
        check("integer", ".n", json!(1));
        check("integer", ".s", Value::Null);
        check("number", ".i", json!(7.0));
        check("boolean", ".i", Value::Null);
        check("date", ".d", json!("<invalid>"));
        check("date", ".e", json!("<unknown>"));
        check("date", ".i", Value::Null);
        check("date", ".first", json!("<unknown>"));
        check("date", ".nil", json!("<unknown>"));
        check("date", ".wide", json!("<invalid>"));
        check("date", ".loose", json!("292y"));
        check("integer", ".huge", json!(i64::MIN));
        check("string", ".m range", Value::Null);
    }

    #[test]
    fn a_table_ends_before_a_path_that_cannot_be_read() {
        let check = |paths: &[&str], want: &[&str]| {
            let columns = Columns::new(paths.iter().map(|p| column(p, "string", "", p)).collect());
            let heads = columns.definitions();
            let names: Vec<&str> = heads.as_array().into_iter().flatten().filter_map(|h| h["name"].as_str()).collect();
            assert_eq!(names, want, "{paths:?}");
        };
        check(&[".a", ".b[?(@.c=1)]", ".d"], &["Name", ".a", ".b[?(@.c=1)]", ".d"]);
        check(&[".a", ".b[", ".d"], &["Name", ".a"]);
        check(&[".b[x]", ".d"], &["Name"]);
    }
}
