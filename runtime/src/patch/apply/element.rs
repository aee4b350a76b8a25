//! `Element`: one step of a field's path, in the terms of FieldsV1: `f:name`, `k:{"name":"a"}`, `v:"a"`, `i:0`. It owns the
//! canonical text of a step, how steps are read and shown, and the order in which they are listed.

use crate::resource::codec::go::{self, push_quoted};
use crate::resource::codec::json;
use serde_json::{Number, Value};
use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt::Write;

/// What a step selects by. In the order of the letters, so that canonical FieldsV1 is sorted as it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Kind {
    /// `f:`, a field of a map.
    Field,
    /// `i:`, an index of a list.
    Index,
    /// `k:`, the item of a list with these keys.
    Key,
    /// `v:`, the item of a set with this value.
    Value,
}

/// One step of a path. Equal steps have equal text: JSON in it is canonical.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Element<'a> {
    kind: Kind,
    text: Cow<'a, str>,
}

impl<'a> Element<'a> {
    /// A field by name.
    pub(super) fn field(name: &'a str) -> Self {
        Self { kind: Kind::Field, text: Cow::Borrowed(name) }
    }

    /// The item of a set.
    pub(super) fn value(value: &Value) -> Self {
        let mut text = String::new();
        push_json(&mut text, value);
        Self { kind: Kind::Value, text: Cow::Owned(text) }
    }

    /// The item of a keyed list; `keys` are sorted by name.
    pub(super) fn key<'k>(keys: impl Iterator<Item = (&'k str, &'k Value)>) -> Self {
        let mut text = String::with_capacity(32);
        text.push('{');
        for (i, (name, value)) in keys.enumerate() {
            if i > 0 {
                text.push(',');
            }
            push_string(&mut text, name, false);
            text.push(':');
            push_json(&mut text, value);
        }
        text.push('}');
        Self { kind: Kind::Key, text: Cow::Owned(text) }
    }

    /// Reads a step of FieldsV1; `None` for a kind of step that is not known, which is to be skipped.
    ///
    /// # Errors
    /// What is not a step.
    pub(super) fn parse(text: &'a str) -> Result<Option<Self>, String> {
        let bytes = text.as_bytes();
        if bytes.len() < 2 {
            return Err(format!("{text:?}: a field key is a letter, a colon and what they select"));
        }
        if bytes[1] != b':' {
            return Err(format!("{text:?}: missing colon after the letter"));
        }
        let (kind, body) = match bytes[0] {
            b'f' => return Ok(Some(Self::field(&text[2..]))),
            b'i' => (Kind::Index, &text[2..]),
            b'k' => (Kind::Key, &text[2..]),
            b'v' => (Kind::Value, &text[2..]),
            _ => return Ok(None),
        };
        if kind == Kind::Index {
            let index: i64 = body.parse().map_err(|e| format!("{text:?}: {e}"))?;
            let canonical = index.to_string();
            let text = if canonical == body { Cow::Borrowed(body) } else { Cow::Owned(canonical) };
            return Ok(Some(Self { kind, text }));
        }
        if is_canonical(kind, body) {
            return Ok(Some(Self { kind, text: Cow::Borrowed(body) }));
        }
        let value = json::decode(body.as_bytes()).map_err(|e| format!("{text:?}: {e}"))?.value;
        let canonical = match (kind, value) {
            (Kind::Key, Value::Object(map)) => Self::key(map.iter().map(|(k, v)| (k.as_str(), v))),
            (Kind::Key, _) => return Err(format!("{text:?}: the keys of a list item are a JSON object")),
            (_, value) => Self::value(&value),
        };
        Ok(Some(if canonical.text == body { Self { kind, text: Cow::Borrowed(body) } } else { canonical }))
    }

    /// Whether it is as it was read.
    pub(super) fn is_borrowed(&self) -> bool {
        matches!(self.text, Cow::Borrowed(_))
    }

    /// The step as FieldsV1 writes it.
    pub(super) fn to_text(&self) -> String {
        let letter = match self.kind {
            Kind::Field => "f:",
            Kind::Index => "i:",
            Kind::Key => "k:",
            Kind::Value => "v:",
        };
        let mut out = String::with_capacity(2 + self.text.len());
        out.push_str(letter);
        out.push_str(&self.text);
        out
    }

    /// The name, of a field.
    pub(super) fn name(&self) -> Option<&str> {
        (self.kind == Kind::Field).then_some(&*self.text)
    }

    /// Whether it selects an item by keys.
    pub(super) fn is_key(&self) -> bool {
        self.kind == Kind::Key
    }

    /// The same step, independent of what it was read from.
    pub(super) fn into_owned(self) -> Element<'static> {
        Element { kind: self.kind, text: Cow::Owned(self.text.into_owned()) }
    }

    fn json(&self) -> Value {
        json::decode(self.text.as_bytes()).map(|d| d.value).unwrap_or_default()
    }

    /// The order in which conflicts are listed: fields by name, then items by keys and values, numbers before strings
    /// (SMD/fieldpath/element.go).
    pub(super) fn listing_order(&self, other: &Self) -> Ordering {
        let rank = |k: Kind| match k {
            Kind::Field => 0,
            Kind::Key => 1,
            Kind::Value => 2,
            Kind::Index => 3,
        };
        match (self.kind, other.kind) {
            (Kind::Field, Kind::Field) => self.text.cmp(&other.text),
            (a, b) if a == b => compare(&self.json(), &other.json()),
            (a, b) => rank(a).cmp(&rank(b)),
        }
    }

    /// Appends the step as conflicts show it: `.name`, `[name="a"]`, `[="a"]`, `[0]`. Numbers in FieldsV1 are floats to
    /// upstream.
    pub(super) fn show(&self, out: &mut String) {
        self.show_with(&|n| go::float(n.as_f64().unwrap_or_default()), out);
    }

    /// The same of a step that was made of an applied value.
    pub(super) fn show_applied(&self, out: &mut String) {
        let float = |n: &Number| go::float(n.as_f64().unwrap_or_default());
        self.show_with(&|n| n.as_i64().map_or_else(|| float(n), |i| i.to_string()), out);
    }

    fn show_with(&self, number: &dyn Fn(&Number) -> String, out: &mut String) {
        match (self.kind, self.json_unless_field()) {
            (Kind::Field, _) => {
                out.push('.');
                out.push_str(&self.text);
            }
            (Kind::Key, Value::Object(map)) => {
                out.push('[');
                for (i, (k, v)) in map.iter().enumerate() {
                    if i > 0 {
                        out.push(',');
                    }
                    out.push_str(k);
                    out.push('=');
                    show_value(v, number, out);
                }
                out.push(']');
            }
            (Kind::Value, v) => {
                out.push_str("[=");
                show_value(&v, number, out);
                out.push(']');
            }
            _ => {
                let _ = write!(out, "[{}]", self.text);
            }
        }
    }

    fn json_unless_field(&self) -> Value {
        if self.kind == Kind::Field { Value::Null } else { self.json() }
    }
}

/// Whether the JSON of a step is certainly canonical: one key with a plain string, or a plain string. What is not
/// certain is read and written anew.
fn is_canonical(kind: Kind, body: &str) -> bool {
    fn string(s: &str) -> Option<&str> {
        let s = s.strip_prefix('"')?;
        let end = s.bytes().position(|b| b == b'"')?;
        let plain = |b: u8| (0x20..0x7f).contains(&b) && !matches!(b, b'\\' | b'<' | b'>' | b'&');
        s[..end].bytes().all(plain).then(|| &s[end + 1..])
    }
    let whole = match kind {
        Kind::Key => || -> Option<bool> {
            let rest = string(body.strip_prefix('{')?)?;
            Some(string(rest.strip_prefix(':')?)? == "}")
        }(),
        _ => string(body).map(str::is_empty),
    };
    whole.unwrap_or(false)
}

/// JSON as Go writes it into FieldsV1: `<`, `>`, `&` and the two line separators escaped.
fn push_json(out: &mut String, value: &Value) {
    match value {
        Value::String(s) => push_string(out, s, true),
        Value::Array(items) => {
            out.push('[');
            for (i, v) in items.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                push_json(out, v);
            }
            out.push(']');
        }
        Value::Object(map) => {
            out.push('{');
            for (i, (k, v)) in map.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                push_string(out, k, true);
                out.push(':');
                push_json(out, v);
            }
            out.push('}');
        }
        scalar => out.push_str(&String::from_utf8_lossy(&json::encode(scalar))),
    }
}

fn push_string(out: &mut String, s: &str, html: bool) {
    // The first byte of what may be another character than itself.
    let special = |b: u8| match b {
        b'"' | b'\\' | ..=0x1f => true,
        b'<' | b'>' | b'&' | 0xe2 => html,
        _ => false,
    };
    out.push('"');
    let mut rest = s;
    while let Some(at) = rest.bytes().position(special) {
        let (plain, from) = rest.split_at(at);
        out.push_str(plain);
        let mut chars = from.chars();
        match chars.next() {
            Some('"') => out.push_str("\\\""),
            Some('\\') => out.push_str("\\\\"),
            Some('\n') => out.push_str("\\n"),
            Some('\r') => out.push_str("\\r"),
            Some('\t') => out.push_str("\\t"),
            Some(c @ ('<' | '>' | '&' | '\u{2028}' | '\u{2029}' | ..'\u{20}')) => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.extend(c),
        }
        rest = chars.as_str();
    }
    out.push_str(rest);
    out.push('"');
}

/// Go's total order of values: numbers, strings, booleans, lists, maps, null (SMD/value/value.go).
fn compare(a: &Value, b: &Value) -> Ordering {
    let rank = |v: &Value| match v {
        Value::Number(_) => 0,
        Value::String(_) => 1,
        Value::Bool(_) => 2,
        Value::Array(_) => 3,
        Value::Object(_) => 4,
        Value::Null => 5,
    };
    match (a, b) {
        (Value::Number(x), Value::Number(y)) => match (x.as_i64(), y.as_i64()) {
            (Some(x), Some(y)) => x.cmp(&y),
            _ => x.as_f64().partial_cmp(&y.as_f64()).unwrap_or(Ordering::Equal),
        },
        (Value::String(x), Value::String(y)) => x.cmp(y),
        (Value::Bool(x), Value::Bool(y)) => x.cmp(y),
        (Value::Array(x), Value::Array(y)) => {
            x.iter().zip(y).map(|(x, y)| compare(x, y)).find(|o| o.is_ne()).unwrap_or(x.len().cmp(&y.len()))
        }
        (Value::Object(x), Value::Object(y)) => x
            .iter()
            .zip(y)
            .map(|((k, x), (l, y))| k.cmp(l).then_with(|| compare(x, y)))
            .find(|o| o.is_ne())
            .unwrap_or(x.len().cmp(&y.len())),
        (a, b) => rank(a).cmp(&rank(b)),
    }
}

/// A value within a path, as Go prints it.
fn show_value(v: &Value, number: &dyn Fn(&Number) -> String, out: &mut String) {
    match v {
        Value::Number(n) => out.push_str(&number(n)),
        Value::String(s) => push_quoted(s, out),
        Value::Array(items) => {
            out.push('[');
            for (i, v) in items.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                show_value(v, number, out);
            }
            out.push(']');
        }
        Value::Object(map) => {
            for (k, v) in map {
                out.push_str(k);
                out.push('=');
                show_value(v, number, out);
            }
        }
        scalar => out.push_str(&String::from_utf8_lossy(&json::encode(scalar))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(text: &str, canonical: &str, shown: &str) {
        let e = Element::parse(text).expect("a step").expect("of a known kind");
        assert_eq!(e.to_text(), canonical);
        let mut out = String::new();
        e.show(&mut out);
        assert_eq!(out, shown);
    }

    #[test]
    fn steps_are_read_into_canonical_form() {
        check("f:spec", "f:spec", ".spec");
        check("f:", "f:", ".");
        check("i:07", "i:7", "[7]");
        check("v:\"a\"", "v:\"a\"", "[=\"a\"]");
        check("v: 1.0", "v:1", "[=1]");
        check("k:{\"name\":\"a\"}", "k:{\"name\":\"a\"}", "[name=\"a\"]");
        check("k:{\"port\": 1, \"name\":\"a\"}", "k:{\"name\":\"a\",\"port\":1}", "[name=\"a\",port=1]");
        check("k:{}", "k:{}", "[]");
        check("k:{\"id\":999999}", "k:{\"id\":999999}", "[id=999999]");
        check("k:{\"id\":1000000}", "k:{\"id\":1000000}", "[id=1e+06]");
        check("v:[1234567,0.5,true]", "v:[1234567,0.5,true]", "[=[1.234567e+06,0.5,true]]");
    }

    #[test]
    fn whole_numbers_that_were_applied_are_shown_whole() {
        let (element, mut out) = (Element::value(&json!([1_000_000, 2.5, 1e21])), String::new());
        element.show_applied(&mut out);
        assert_eq!(out, "[=[1000000,2.5,1e+21]]");
    }

    #[test]
    fn markup_is_escaped_as_go_does() {
        assert_eq!(Element::value(&json!("a<b&\"é\n")).to_text(), "v:\"a\\u003cb\\u0026\\\"é\\n\"");
        assert_eq!(Element::value(&json!("…\u{2028}\u{2030}\u{1}\\")).to_text(), "v:\"…\\u2028\u{2030}\\u0001\\\\\"");
        check("v:\"a<b\"", "v:\"a\\u003cb\"", "[=\"a<b\"]");
    }

    #[test]
    fn what_is_no_step_is_refused_and_unknown_kinds_are_skipped() {
        for bad in ["", "f", "fx", "i:x", "k:[]", "k:{", "v:", "v:1 2"] {
            assert!(Element::parse(bad).is_err(), "{bad}");
        }
        assert_eq!(Element::parse("x:1"), Ok(None));
    }

    #[test]
    fn items_are_listed_by_value_and_not_by_text() {
        let order = |a: &Value, b: &Value| Element::value(a).listing_order(&Element::value(b));
        assert_eq!(order(&json!(2), &json!(10)), Ordering::Less);
        assert_eq!(order(&json!("a"), &json!("a!")), Ordering::Less);
        assert_eq!(order(&json!(9.5), &json!("a")), Ordering::Less);
        assert_eq!(Element::field("z").listing_order(&Element::value(&json!(1))), Ordering::Less);
    }
}
