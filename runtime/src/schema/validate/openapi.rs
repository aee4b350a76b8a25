//! The OpenAPI keywords, checked in the order and with the texts of kube-openapi's `validation/validate`.

use super::correlate::Pair;
use super::keys::repeated_values;
use super::number::{Num, float_v, is_json_integer};
use super::{bad, formats};
use crate::schema::node::{Additional, Checks, Node, Type};
use crate::status::field::{BadValue, FieldError, Kind, Path};
use serde_json::{Map, Value};
use std::cmp::Ordering;
use std::collections::HashSet;
use std::fmt::Write;

/// Validates a value; error paths hang below `base`, whose name the texts do not repeat.
pub(super) fn validate<'a>(node: &'a Node, x: &'a Value, pair: Option<Pair<'a>>, base: &Path) -> Vec<FieldError> {
    // Most objects have nothing to forgive, so old values are only looked at if there is.
    let mut result = checked(node, x, &At::Root);
    if pair.is_some() && !result.errors.is_empty() {
        result = Found::default();
        check(node, x, &At::Root, pair, &mut result);
    }
    result.errors.into_iter().map(|e| e.into_field_error(base)).collect()
}

/// Where a value is, spelled out only when there is an error.
enum At<'a> {
    Root,
    Field(&'a At<'a>, &'a str),
    /// A value under additionalProperties: always with a dot, even at the root.
    Entry(&'a At<'a>, &'a str),
    Index(&'a At<'a>, usize),
}

impl At<'_> {
    fn text(&self) -> String {
        let mut out = String::new();
        self.write(&mut out);
        out
    }

    fn write(&self, out: &mut String) {
        match self {
            Self::Root => {}
            Self::Field(up, name) => {
                up.write(out);
                if !out.is_empty() {
                    out.push('.');
                }
                out.push_str(name);
            }
            Self::Entry(up, name) => {
                up.write(out);
                out.push('.');
                out.push_str(name);
            }
            Self::Index(up, i) => {
                up.write(out);
                let _ = write!(out, "[{i}]");
            }
        }
    }
}

/// An error before it has a place: upstream's `errors.Validation`, or a bare error without a name.
struct Failure {
    name: Option<String>,
    kind: Kind,
    value: BadValue,
    /// For the caller; equal texts are reported once.
    text: String,
    detail: Option<String>,
}

impl Failure {
    fn invalid(at: &At<'_>, value: BadValue, words: std::fmt::Arguments<'_>) -> Self {
        let name = at.text();
        let text = format!("{name} in body {words}");
        Self { name: Some(name), kind: Kind::Invalid, value, text, detail: None }
    }

    fn wrong_type(at: &At<'_>, wanted: &str, got: &str) -> Self {
        let mut e = Self::invalid(
            at,
            BadValue::Json(got.into()),
            format_args!("must be of type {wanted}: {}", Value::from(got)),
        );
        e.kind = Kind::TypeInvalid;
        e
    }

    fn bare(text: String) -> Self {
        Self { name: None, kind: Kind::Invalid, value: BadValue::Json("".into()), text, detail: None }
    }

    fn into_field_error(self, base: &Path) -> FieldError {
        let path = match self.name.as_deref() {
            None | Some("" | ".") => base.clone(),
            Some(n) => base.child(n.strip_prefix('.').unwrap_or(n)),
        };
        let detail = self.detail.unwrap_or(self.text);
        FieldError { kind: self.kind, field: path.to_string(), value: self.value, detail }
    }
}

/// With more errors than these their texts are looked up.
const FEW: usize = 32;

#[derive(Default)]
struct Found {
    errors: Vec<Failure>,
    /// The texts of the errors, if there are many.
    texts: HashSet<String>,
    /// How much was looked at; the branch of a union that got furthest is the one reported.
    matches: usize,
}

impl Found {
    fn add(&mut self, e: Failure) {
        if self.errors.len() < FEW {
            if !self.errors.iter().any(|known| known.text == e.text) {
                self.errors.push(e);
            }
            return;
        }
        if self.texts.is_empty() {
            self.texts.extend(self.errors.iter().map(|e| e.text.clone()));
        }
        if self.texts.insert(e.text.clone()) {
            self.errors.push(e);
        }
    }

    /// Takes back the errors from that one on.
    fn forgive(&mut self, from: usize) {
        for e in self.errors.drain(from..) {
            self.texts.remove(&e.text);
        }
        if self.errors.len() < FEW {
            self.texts.clear();
        }
    }

    fn merge(&mut self, other: Self) {
        self.matches += other.matches;
        other.errors.into_iter().for_each(|e| self.add(e));
    }
}

/// Errors of a value that did not change are forgiven, if it is known what it was.
fn ratchet<'a>(node: &'a Node, x: &'a Value, at: &At<'_>, pair: Option<Pair<'a>>, found: &mut Found) {
    let before = found.errors.len();
    check(node, x, at, pair, found);
    if found.errors.len() > before && pair.is_some_and(|p| p.equal()) {
        found.forgive(before);
    }
}

/// What is found by one schema alone.
fn checked(node: &Node, x: &Value, at: &At<'_>) -> Found {
    let mut found = Found::default();
    check(node, x, at, None, &mut found);
    found
}

fn type_name(x: &Value) -> (&'static str, &'static str) {
    match x {
        Value::Null => ("null", ""),
        Value::Bool(_) => ("boolean", ""),
        Value::String(_) => ("string", ""),
        Value::Array(_) => ("array", ""),
        Value::Object(_) => ("object", ""),
        Value::Number(n) => match Num::of(n) {
            Num::Int(_) => ("integer", "int64"),
            Num::Float(_) => ("number", "float64"),
        },
    }
}

fn check<'a>(node: &'a Node, x: &'a Value, at: &At<'_>, pair: Option<Pair<'a>>, found: &mut Found) {
    let typed = node.type_.is_some() || node.int_or_string;
    let format = node.format.as_deref().filter(|f| formats::recognized(node.checked_type(), f));
    let checks = node.checks.as_deref();
    if x.is_null() {
        if typed && !node.nullable {
            found.add(Failure::wrong_type(at, node.type_text(), "null"));
        } else {
            found.matches += 1;
        }
        if let Some(c) = checks {
            enumeration(c, x, at, found);
        }
        return;
    }
    if typed || format.is_some() {
        match type_error(node, format, x, at) {
            Some(e) => found.add(e),
            None => found.matches += 1,
        }
        found.matches += 1;
    }
    if let Some(c) = checks.filter(|c| c.has_branches()) {
        logic(c, x, at, found);
    }
    found.matches += 2;
    match x {
        Value::String(s) => {
            if let Some(c) = checks {
                string(c, s, at, found);
            }
            found.matches += 1;
            if let Some(f) = format
                && let Some(valid) = formats::check(f, s)
            {
                if !valid {
                    found.add(Failure::wrong_type(at, f, s));
                }
                found.matches += 1;
            }
        }
        Value::Number(n) => {
            number(node, checks, format, Num::of(n), at, found);
            found.matches += 2;
        }
        Value::Array(items) => {
            if let Some(n) = &node.items {
                let old = pair.and_then(|p| p.items());
                for (i, v) in items.iter().enumerate() {
                    ratchet(n, v, &At::Index(at, i), old.as_ref().and_then(|old| old.of(v)), found);
                }
            }
            if let Some(c) = checks {
                list(c, items, at, found);
            }
            found.matches += 2;
        }
        _ => {}
    }
    if let Some(c) = checks.filter(|c| !c.enum_.is_empty()) {
        enumeration(c, x, at, found);
    }
    found.matches += 1;
    if let Value::Object(map) = x {
        object(node, checks, map, at, pair, found);
        found.matches += 1;
    }
    found.matches += 1;
}

fn type_error(node: &Node, format: Option<&str>, x: &Value, at: &At<'_>) -> Option<Failure> {
    let has = |t: Type| node.type_is(t);
    let is = match x {
        Value::Bool(_) => has(Type::Boolean),
        Value::String(_) => has(Type::String),
        Value::Array(_) => has(Type::Array),
        Value::Object(_) => has(Type::Object),
        Value::Number(n) => match Num::of(n) {
            Num::Int(_) => has(Type::Integer) || has(Type::Number),
            Num::Float(f) => has(Type::Number) || (has(Type::Integer) && is_json_integer(f)),
        },
        Value::Null => false,
    };
    if is {
        return None;
    }
    let (name, actual_format) = type_name(x);
    let text_like = matches!(x, Value::String(_) | Value::Array(_));
    if let Some(f) = format {
        if !text_like && f != actual_format {
            return Some(Failure::wrong_type(at, f, actual_format));
        }
        // Upstream leaves texts (and lists) with a format to the format's own check.
        if text_like && !has(Type::Number) && !has(Type::Integer) {
            return None;
        }
    }
    Some(Failure::wrong_type(at, node.type_text(), name))
}

fn logic(c: &Checks, x: &Value, at: &At<'_>, found: &mut Found) {
    if !c.any_of.is_empty() {
        let mut best: Option<Found> = None;
        let mut success = None;
        for branch in &c.any_of {
            let r = checked(branch, x, at);
            if r.errors.is_empty() {
                success = Some(r);
                break;
            }
            if best.as_ref().is_none_or(|b| r.matches > b.matches) {
                best = Some(r);
            }
        }
        match success {
            Some(r) => found.merge(r),
            None => {
                found.add(Failure::bare(format!("{} must validate at least one schema (anyOf)", quoted(at))));
                best.into_iter().for_each(|b| found.merge(b));
            }
        }
    }
    if !c.one_of.is_empty() {
        let (mut best, mut first, mut valid): (Option<Found>, Option<Found>, usize) = (None, None, 0);
        for branch in &c.one_of {
            let r = checked(branch, x, at);
            if r.errors.is_empty() {
                valid += 1;
                best = None;
                first.get_or_insert(r);
            } else if valid == 0 && best.as_ref().is_none_or(|b| r.matches > b.matches) {
                best = Some(r);
            }
        }
        if valid == 1 {
            first.into_iter().for_each(|r| found.merge(r));
        } else {
            let more =
                if valid == 0 { "Found none valid".to_owned() } else { format!("Found {valid} valid alternatives") };
            let text = format!("{} must validate one and only one schema (oneOf). {more}", quoted(at));
            found.add(Failure::bare(text));
            best.into_iter().for_each(|b| found.merge(b));
        }
    }
    if !c.all_of.is_empty() {
        let mut valid = 0;
        for branch in &c.all_of {
            let r = checked(branch, x, at);
            valid += usize::from(r.errors.is_empty());
            found.merge(r);
        }
        if valid != c.all_of.len() {
            let more = if valid == 0 { ". None validated" } else { "" };
            found.add(Failure::bare(format!("{} must validate all the schemas (allOf){more}", quoted(at))));
        }
    }
    if let Some(not) = &c.not
        && checked(not, x, at).errors.is_empty()
    {
        found.add(Failure::bare(format!("{} must not validate the schema (not)", quoted(at))));
    }
}

fn quoted(at: &At<'_>) -> Value {
    at.text().into()
}

/// At most one of these is reported.
fn string(c: &Checks, s: &str, at: &At<'_>, found: &mut Found) {
    let (mut length, mut counted) = (0, false);
    let mut chars = || {
        if !counted {
            length = i64::try_from(s.chars().count()).unwrap_or(i64::MAX);
            counted = true;
        }
        length
    };
    // There are never more characters than bytes.
    let bytes = i64::try_from(s.len()).unwrap_or(i64::MAX);
    if let Some(max) = c.max_length.filter(|max| bytes > *max && chars() > *max) {
        let mut e = Failure::invalid(at, BadValue::Omitted, format_args!("should be at most {max} chars long"));
        (e.kind, e.detail) = (Kind::TooLong, Some(too_long(max)));
        found.add(e);
    } else if let Some(min) = c.min_length.filter(|min| chars() < *min) {
        found.add(Failure::invalid(at, BadValue::Json(s.into()), format_args!("should be at least {min} chars long")));
    } else if let Some(p) = &c.pattern {
        let value = || BadValue::Json(s.into());
        match p.is_match(s) {
            Ok(true) => {}
            Ok(false) => found.add(Failure::invalid(at, value(), format_args!("should match '{}'", p.source()))),
            // Nothing is taken that could not be checked.
            Err(why) => {
                let words = format_args!("should match '{}, but pattern is invalid: {why}'", p.source());
                found.add(Failure::invalid(at, value(), words));
            }
        }
    }
}

fn too_long(max: i64) -> String {
    FieldError::too_long("", usize::try_from(max).unwrap_or(0)).detail
}

fn number(node: &Node, c: Option<&Checks>, format: Option<&str>, x: Num, at: &At<'_>, found: &mut Found) {
    let integer = !node.int_or_string && node.type_ == Some(Type::Integer);
    let format = format.filter(|f| match node.type_ {
        _ if node.int_or_string => false,
        Some(Type::Integer) => matches!(*f, "int32" | "int64"),
        Some(Type::Number) => matches!(*f, "float" | "double"),
        _ => false,
    });
    let out_of_range = |prefix: &str| {
        let name = if integer {
            "integer"
        } else if format.is_some() {
            "number"
        } else {
            ""
        };
        let form = match format {
            Some(f) => format!("with format {f}"),
            None => "(default format)".to_owned(),
        };
        Failure::bare(format!("{prefix} value must be of type {name} {form} in {}", at.text()))
    };
    if !x.fits(integer, format) {
        found.add(out_of_range("Checked"));
    }
    let Some(c) = c else { return };
    // A bound that is no value of the type is complained about, and then compared as a float.
    let native = |bound: f64, prefix: &str, found: &mut Found| {
        let fits = Num::Float(bound).fits(integer, format);
        if !fits {
            found.add(out_of_range(prefix));
        }
        fits
    };
    // A bound, and the number beside it, as errors print them.
    let shown = |bound: f64, native: bool| match x {
        Num::Int(_) if native => ((bound as i64).to_string(), BadValue::Raw(x.v())),
        _ => (float_v(bound), BadValue::Raw(Num::Float(x.float()).v())),
    };
    let compared = |bound: f64, native: bool| match x {
        Num::Int(i) if native => Some(i.cmp(&(bound as i64))),
        _ => x.float().partial_cmp(&bound),
    };
    if let Some(factor) = c.multiple_of {
        let native = native(factor, "MultipleOf", found);
        let (divides, positive) = match x {
            Num::Int(i) if native => (factor as i64 > 0 && i % factor as i64 == 0, factor as i64 > 0),
            _ => {
                let f = x.float();
                let quotient = if factor < 1.0 { 1.0 / factor * f } else { f / factor };
                (is_json_integer(quotient), factor > 0.0)
            }
        };
        if !positive {
            let (factor, _) = shown(factor, native);
            let text = format!("factor MultipleOf declared for {} must be positive: {factor}", at.text());
            found.add(Failure {
                name: Some(at.text()),
                kind: Kind::Invalid,
                value: BadValue::Raw(factor),
                text,
                detail: None,
            });
        } else if !divides {
            let (factor, shown) = shown(factor, native);
            found.add(Failure::invalid(at, shown, format_args!("should be a multiple of {factor}")));
        }
    }
    if let Some(min) = c.minimum {
        let native = native(min, "Minimum boundary", found);
        let order = compared(min, native);
        if order == Some(Ordering::Less) || (c.exclusive_minimum && order == Some(Ordering::Equal)) {
            let or = if c.exclusive_minimum { "" } else { "or equal to " };
            let (bound, shown) = shown(min, native);
            found.add(Failure::invalid(at, shown, format_args!("should be greater than {or}{bound}")));
        }
    }
    if let Some(max) = c.maximum {
        let native = native(max, "Maximum boundary", found);
        let order = compared(max, native);
        if order == Some(Ordering::Greater) || (c.exclusive_maximum && order == Some(Ordering::Equal)) {
            let or = if c.exclusive_maximum { "" } else { "or equal to " };
            let (bound, shown) = shown(max, native);
            found.add(Failure::invalid(at, shown, format_args!("should be less than {or}{bound}")));
        }
    }
}

fn list(c: &Checks, items: &[Value], at: &At<'_>, found: &mut Found) {
    let size = i64::try_from(items.len()).unwrap_or(i64::MAX);
    if let Some(min) = c.min_items.filter(|min| size < *min) {
        let value = BadValue::Raw(size.to_string());
        found.add(Failure::invalid(at, value, format_args!("should have at least {min} items")));
    }
    if let Some(max) = c.max_items.filter(|max| size > *max) {
        let value = BadValue::Raw(size.to_string());
        let mut e = Failure::invalid(at, value, format_args!("should have at most {max} items"));
        (e.kind, e.detail) = (Kind::TooMany, Some(too_many(max)));
        found.add(e);
    }
    if c.unique_items && !repeated_values(items).is_empty() {
        let value = BadValue::Json("".into());
        found.add(Failure::invalid(at, value, format_args!("shouldn't contain duplicates")));
    }
}

fn too_many(max: i64) -> String {
    FieldError::too_many("", 0, usize::try_from(max).unwrap_or(0)).detail
}

fn enumeration(c: &Checks, x: &Value, at: &At<'_>, found: &mut Found) {
    if c.enum_.is_empty() || c.enum_.iter().any(|e| same(x, e)) {
        return;
    }
    let words: Vec<String> = c
        .enum_
        .iter()
        .map(|v| match v {
            Value::String(s) => s.clone(),
            v => v.to_string(),
        })
        .collect();
    let mut e = Failure::invalid(at, bad(x), format_args!("should be one of [{}]", words.join(" ")));
    (e.kind, e.detail) = (Kind::NotSupported, Some(FieldError::not_supported("", "", &words).detail));
    found.add(e);
}

/// Equal after Go's conversion of the value to the type of the enum's member.
fn same(x: &Value, member: &Value) -> bool {
    match (x, member) {
        (_, Value::Null) => false,
        (Value::Number(x), Value::Number(m)) => match (Num::of(x), Num::of(m)) {
            (Num::Float(x), Num::Int(m)) => x as i64 == m,
            (x, Num::Float(m)) => x.float() == m,
            (x, m) => x == m,
        },
        // An integer converts to the string of that code point.
        (Value::Number(x), Value::String(m)) => match Num::of(x) {
            Num::Int(i) => {
                let c = u32::try_from(i).ok().and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER);
                m.chars().eq([c])
            }
            Num::Float(_) => false,
        },
        (x, m) => x == m,
    }
}

fn object<'a>(
    node: &'a Node,
    c: Option<&Checks>,
    map: &'a Map<String, Value>,
    at: &At<'_>,
    pair: Option<Pair<'a>>,
    found: &mut Found,
) {
    let size = i64::try_from(map.len()).unwrap_or(i64::MAX);
    if let Some(min) = c.and_then(|c| c.min_properties).filter(|min| size < *min) {
        let value = BadValue::Raw(size.to_string());
        found.add(Failure::invalid(at, value, format_args!("should have at least {min} properties")));
    }
    if let Some(max) = c.and_then(|c| c.max_properties).filter(|max| size > *max) {
        let value = BadValue::Raw(size.to_string());
        let mut e = Failure::invalid(at, value, format_args!("should have at most {max} properties"));
        (e.kind, e.detail) = (Kind::TooMany, Some(too_many(max)));
        found.add(e);
    }
    let below = |k: &str| {
        // The type's own members cannot have changed, so their errors are never forgiven.
        let type_meta = matches!(at, At::Root) && matches!(k, "kind" | "apiVersion");
        if type_meta { None } else { pair.and_then(|p| p.key(k)) }
    };
    match &node.additional {
        Some(Additional::Allowed(false)) => {
            for k in map.keys().filter(|k| node.property(k).is_none()) {
                let name = at.text();
                let text = format!("{name}.{k} in body is a forbidden property");
                let value = BadValue::Json("".into());
                found.add(Failure { name: Some(name), kind: Kind::Invalid, value, text, detail: None });
            }
        }
        Some(Additional::Schema(n)) => {
            for (k, v) in map.iter().filter(|(k, _)| node.property(k).is_none()) {
                ratchet(n, v, &At::Entry(at, k), below(k), found);
            }
        }
        _ => {}
    }
    // Both are sorted, so no search need go back; and mostly the next one is the one.
    let (mut rest, mut required) = (&*node.properties, 0);
    for (k, v) in map {
        let i = match rest {
            [] => break,
            [(name, _), ..] if **name == **k => 0,
            _ => match rest.binary_search_by(|(name, _)| name.as_ref().cmp(k)) {
                Ok(i) => i,
                Err(i) => {
                    rest = &rest[i..];
                    continue;
                }
            },
        };
        let property = &rest[i].1;
        required += usize::from(property.is_required);
        ratchet(property, v, &At::Field(at, k), below(k), found);
        rest = &rest[i + 1..];
    }
    if node.requires_declared && required == node.required.len() {
        return;
    }
    for k in node.required.iter().filter(|k| !map.contains_key(k.as_ref())) {
        let at = At::Entry(at, k);
        let mut e = Failure::invalid(&at, BadValue::Omitted, format_args!("is required"));
        (e.kind, e.detail) = (Kind::Required, Some(String::new()));
        found.add(e);
    }
}
