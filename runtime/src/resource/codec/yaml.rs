//! YAML bodies and answers. Bodies are read as the API server of Kubernetes reads them: the first document only, plain
//! scalars by YAML 1.1 (`yes` is true, `0x10` is 16), keys of any scalar type as text, merge keys, numbers as JSON has them.
//! What there is twice is reported by line; the last one counts.

use super::{Decoded, MAX_DEPTH, json};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use granit_parser::{Event, Parser, ScalarStyle, Span};
use serde_json::{Map, Number, Value};
use std::collections::HashMap;

/// How many values aliases may stand for in all: what is small must not become huge.
const MAX_ALIASED: usize = 1 << 20;

/// Decodes the first YAML document into JSON values; nothing at all is null.
///
/// # Errors
/// Where and why it is not YAML, or what it has that JSON cannot say.
pub fn decode(bytes: &[u8]) -> Result<Decoded, String> {
    // Most clients send JSON, which is YAML but much faster to read. Equal keys are reported in YAML's way.
    if bytes.first() == Some(&b'{')
        && let Ok(mut decoded) = json::decode(bytes)
        && decoded.duplicates.is_empty()
    {
        whole_numbers(&mut decoded.value);
        return Ok(decoded);
    }
    let wrong = |e: String| format!("error converting YAML to JSON: yaml: {e}");
    let text = std::str::from_utf8(bytes).map_err(|e| wrong(e.to_string()))?;
    let mut reader = Reader::default();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|e| wrong(e.to_string()))?;
        if matches!(event, Event::DocumentEnd | Event::StreamEnd) {
            break;
        }
        reader.take(event, &span).map_err(|e| wrong(format!("line {}: {e}", span.start.line())))?;
    }
    Ok(Decoded { value: reader.root.unwrap_or_default(), duplicates: reader.duplicates })
}

/// The YAML of a value, keys sorted.
pub fn encode(value: &Value) -> Vec<u8> {
    serde_saphyr::to_string(value).unwrap_or_default().into_bytes()
}

/// A number without a fraction is an integer once it has been through JSON.
fn whole_numbers(value: &mut Value) {
    match value {
        Value::Number(n) if n.is_f64() => *value = number(n.as_f64().unwrap_or_default()),
        Value::Array(items) => items.iter_mut().for_each(whole_numbers),
        Value::Object(map) => map.values_mut().for_each(whole_numbers),
        _ => {}
    }
}

fn number(f: f64) -> Value {
    // Every f64 in this range is exact as an i64.
    const EXACT: f64 = 9.2e18;
    if f.fract() == 0.0 && f.abs() < EXACT {
        return Value::from(f as i64);
    }
    Number::from_f64(f).map_or(Value::Null, Value::Number)
}

/// What is being read.
#[derive(Default)]
struct Reader {
    open: Vec<Open>,
    root: Option<Value>,
    anchors: HashMap<usize, Value>,
    aliased: usize,
    duplicates: Vec<String>,
}

/// A collection that has not ended.
struct Open {
    anchor: usize,
    kind: Kind,
}

enum Kind {
    List(Vec<Value>),
    Map { map: Map<String, Value>, key: Option<Key> },
}

/// A key that waits for its value.
enum Key {
    /// Its text, and how reports show it.
    Name(String, String),
    Merge,
}

impl Reader {
    fn take(&mut self, event: Event<'_>, span: &Span) -> Result<(), String> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let plain = style == ScalarStyle::Plain;
                let is_text = tag
                    .as_ref()
                    .map_or(!plain, |t| !matches!(t.core_suffix(), Some("int" | "float" | "bool" | "null")));
                if tag
                    .as_ref()
                    .is_some_and(|t| t.suffix_in_namespace("tag:yaml.org,2002:").as_deref() == Some("binary"))
                {
                    let bytes: String = text.split_ascii_whitespace().collect();
                    let bytes = BASE64
                        .decode(bytes)
                        .map_err(|e| format!("!!binary value contains invalid base64 data: {e}"))?;
                    let text = String::from_utf8_lossy(&bytes).into_owned();
                    return self.value(text.into(), anchor, span);
                }
                if self.waits_for_key() {
                    let key = match resolve(&text, is_text)? {
                        _ if plain && text == "<<" => Key::Merge,
                        Value::String(s) => Key::quoted(s),
                        Value::Null => return Err("a key cannot be null".to_owned()),
                        scalar => {
                            let text = String::from_utf8_lossy(&json::encode(&scalar)).into_owned();
                            Key::Name(text.clone(), text)
                        }
                    };
                    self.key(key);
                    return Ok(());
                }
                self.value(resolve(&text, is_text)?, anchor, span)
            }
            Event::SequenceStart(_, anchor, _) => self.start(anchor, Kind::List(Vec::new())),
            Event::MappingStart(_, anchor, _) => self.start(anchor, Kind::Map { map: Map::new(), key: None }),
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some(Open { anchor, kind: Kind::List(items) }) => self.value(Value::Array(items), anchor, span),
                Some(Open { anchor, kind: Kind::Map { map, .. } }) => self.value(Value::Object(map), anchor, span),
                None => Ok(()),
            },
            Event::Alias(id) => {
                let value = self.anchors.get(&id).cloned().ok_or("an anchor that contains itself")?;
                self.aliased += size(&value);
                if self.aliased > MAX_ALIASED {
                    return Err("document contains excessive aliasing".to_owned());
                }
                if self.waits_for_key() {
                    return match value {
                        Value::String(s) => {
                            self.key(Key::quoted(s));
                            Ok(())
                        }
                        _ => Err("a key must be a scalar".to_owned()),
                    };
                }
                self.value(value, 0, span)
            }
            _ => Ok(()),
        }
    }

    fn waits_for_key(&self) -> bool {
        matches!(self.open.last(), Some(Open { kind: Kind::Map { key: None, .. }, .. }))
    }

    fn start(&mut self, anchor: usize, kind: Kind) -> Result<(), String> {
        if self.waits_for_key() {
            return Err("a key must be a scalar".to_owned());
        }
        if self.open.len() >= MAX_DEPTH {
            return Err("exceeded max depth".to_owned());
        }
        self.open.push(Open { anchor, kind });
        Ok(())
    }

    fn key(&mut self, new: Key) {
        if let Some(Open { kind: Kind::Map { key, .. }, .. }) = self.open.last_mut() {
            *key = Some(new);
        }
    }

    fn value(&mut self, value: Value, anchor: usize, span: &Span) -> Result<(), String> {
        if anchor > 0 {
            self.anchors.insert(anchor, value.clone());
        }
        let duplicates = &mut self.duplicates;
        let mut set = |map: &mut Map<String, Value>, key: String, shown: &str, value: Value| {
            if map.insert(key, value).is_some() {
                duplicates.push(format!("line {}: key {shown} already set in map", span.start.line()));
            }
        };
        match self.open.last_mut().map(|o| &mut o.kind) {
            None => self.root = Some(value),
            Some(Kind::List(items)) => items.push(value),
            Some(Kind::Map { map, key }) => match key.take() {
                Some(Key::Name(name, shown)) => set(map, name, &shown, value),
                // Keys are merged where they stand: what comes later counts, as with any other key.
                Some(Key::Merge) => {
                    let all = match value {
                        // Of several maps the first counts.
                        Value::Array(items) => items.into_iter().rev().collect(),
                        one => vec![one],
                    };
                    let mut merged = Map::new();
                    for one in all {
                        let Value::Object(one) = one else {
                            return Err("map merge requires map or sequence of maps as the value".to_owned());
                        };
                        merged.extend(one);
                    }
                    for (k, v) in merged {
                        let shown = format!("{k:?}");
                        set(map, k, &shown, v);
                    }
                }
                // Keys go to `key`.
                None => {}
            },
        }
        Ok(())
    }
}

impl Key {
    fn quoted(name: String) -> Self {
        let shown = format!("{name:?}");
        Self::Name(name, shown)
    }
}

fn size(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(size).sum::<usize>(),
        Value::Object(map) => 1 + map.values().map(size).sum::<usize>(),
        _ => 1,
    }
}

/// The value of a scalar by YAML 1.1, as go-yaml resolves it.
fn resolve(text: &str, is_text: bool) -> Result<Value, String> {
    if is_text {
        return Ok(text.into());
    }
    Ok(match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => true.into(),
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => false.into(),
        ".nan" | ".NaN" | ".NAN" | ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" | "-.inf" | "-.Inf"
        | "-.INF" => return Err(format!("unsupported value: {text}")),
        _ if text.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c)) => numeric(text),
        _ => text.into(),
    })
}

fn numeric(text: &str) -> Value {
    let plain = text.replace('_', "");
    let (sign, digits) = match plain.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, plain.strip_prefix('+').unwrap_or(&plain)),
    };
    let lower = digits.to_ascii_lowercase();
    let (radix, body) = match lower.get(..2) {
        Some("0x") => (16, &lower[2..]),
        Some("0b") => (2, &lower[2..]),
        Some("0o") => (8, &lower[2..]),
        _ if lower.len() > 1 && lower.starts_with('0') => (8, &lower[1..]),
        _ => (10, lower.as_str()),
    };
    // A second sign is no number.
    if !body.starts_with(['+', '-'])
        && let Ok(n) = i128::from_str_radix(body, radix)
    {
        let n = sign * n;
        return match i64::try_from(n) {
            Ok(n) => n.into(),
            Err(_) => number(n as f64),
        };
    }
    if is_float(digits)
        && let Ok(f) = plain.parse::<f64>()
        && f.is_finite()
    {
        return number(f);
    }
    text.into()
}

/// `1.5`, `.5`, `1.`, each with an exponent or without.
fn is_float(s: &str) -> bool {
    let (mantissa, exponent) = match s.split_once(['e', 'E']) {
        Some((m, e)) => (m, Some(e.strip_prefix(['+', '-']).unwrap_or(e))),
        None => (s, None),
    };
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    digits(whole)
        && digits(fraction)
        && !(whole.is_empty() && fraction.is_empty())
        && exponent.is_none_or(|e| !e.is_empty() && digits(e))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(text: &str, want: Value) {
        assert_eq!(decode(text.as_bytes()).map(|d| d.value), Ok(want), "{text}");
    }

    #[test]
    fn documents_round_trip() {
        let v = json!({"a": "yes", "b": [1, 2.5, null, true], "c": {"d": "x: y"}});
        assert_eq!(decode(&encode(&v)).expect("its own output").value, v);
    }

    #[test]
    fn plain_scalars_are_those_of_yaml_1_1() {
        check("[yes, off, ~, y, 'yes', !!str no]", json!([true, false, null, true, "yes", "no"]));
        check("[42, -7, 0x10, 0b11, 010, 0o17, 1_000, +5, 08]", json!([42, -7, 16, 3, 8, 15, 1000, 5, 8]));
        check(
            "[1.50, 1e3, 1.0e+3, .5, 1e400, 1.2.3, 0x, --1]",
            json!([1.5, 1000, 1000, 0.5, "1e400", "1.2.3", "0x", "--1"]),
        );
        check("[2024-01-02, 12:30:45, 99999999999999999999]", json!(["2024-01-02", "12:30:45", 1e20]));
    }

    #[test]
    fn keys_are_text_whatever_they_look_like() {
        check("{n: 1, 1: 2, 1.5: 3, yes: 4}", json!({"false": 1, "1": 2, "1.5": 3, "true": 4}));
        assert!(decode(b"{[a]: 1}").is_err());
        assert!(decode(b"~: 1").is_err());
    }

    #[test]
    fn anchors_and_merge_keys_are_filled_in() {
        check(
            "a: &x {b: 1, c: 2}\nd: *x\ne: {<<: *x, c: 3}",
            json!({"a": {"b": 1, "c": 2}, "d": {"b": 1, "c": 2}, "e": {"b": 1, "c": 3}}),
        );
        check("- &x {b: 1}\n- <<: [*x, {b: 2, c: 2}]", json!([{"b": 1}, {"b": 1, "c": 2}]));
    }

    #[test]
    fn only_the_first_document_is_read() {
        check("---\na: 1\n---\na: 2\n", json!({"a": 1}));
        check("", json!(null));
        check("# nothing\n", json!(null));
    }

    #[test]
    fn equal_keys_are_reported_by_line_and_the_last_counts() {
        let decoded = decode(b"a: 1\nb: {c: 1, c: 2}\na: 3\n").expect("YAML");
        assert_eq!(decoded.value, json!({"a": 3, "b": {"c": 2}}));
        assert_eq!(
            decoded.duplicates,
            ["line 2: key \"c\" already set in map", "line 3: key \"a\" already set in map"]
        );
        let decoded = decode(b"{\"a\": 1, \"a\": 2}").expect("YAML");
        assert_eq!(decoded.duplicates, ["line 1: key \"a\" already set in map"]);
    }

    #[test]
    fn json_is_read_as_yaml_would() {
        check("{\"a\": 1.0, \"b\": [2.5, \"yes\"]}", json!({"a": 1, "b": [2.5, "yes"]}));
    }

    #[test]
    fn aliases_cannot_make_much_of_little() {
        let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for i in 1..12 {
            let of = format!("*a{}", i - 1);
            text += &format!("a{i}: &a{i} [{}]\n", vec![of; 10].join(", "));
        }
        assert!(decode(text.as_bytes()).is_err_and(|e| e.contains("excessive aliasing")));
        assert!(decode(b"a: &x [*x]").is_err());
    }
}
