//! JSON as Go's decoder for Kubernetes reads it: duplicate keys are reported, integers that fit are i64 and all other
//! numbers f64 (R54), nesting is bounded.

use super::{Decoded, MAX_DEPTH, MAX_OBJECTIONS};
use serde::Serialize;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::map::Entry;
use serde_json::ser::{CompactFormatter, Formatter, PrettyFormatter};
use serde_json::{Map, Number, Value};
use std::cell::RefCell;
use std::{fmt, io};

/// Decodes one JSON value.
///
/// # Errors
/// Where and why it is not JSON.
pub fn decode(bytes: &[u8]) -> Result<Decoded, String> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err("unexpected end of JSON input".into());
    }
    if too_deep(bytes) {
        return Err("exceeded max depth".into());
    }
    let duplicates = RefCell::default();
    let mut de = serde_json::Deserializer::from_slice(bytes);
    de.disable_recursion_limit();
    let value = Seed { at: &At::Root, duplicates: &duplicates }.deserialize(&mut de).map_err(|e| words(&e, bytes))?;
    de.end().map_err(|e| words(&e, bytes))?;
    Ok(Decoded { value, duplicates: duplicates.into_inner() })
}

/// JSON text without the spaces between its parts, with what HTML would take for its own escaped, as Go writes it.
pub fn compact(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let (mut in_string, mut escaped) = (false, false);
    for c in text.chars() {
        match c {
            ' ' | '\t' | '\r' | '\n' if !in_string => continue,
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                out += &format!("\\u{:04x}", u32::from(c));
                escaped = false;
                continue;
            }
            _ if escaped => escaped = false,
            '\\' if in_string => escaped = true,
            '"' => in_string = !in_string,
            _ => {}
        }
        out.push(c);
    }
    out
}

/// Counts brackets outside of strings; nothing is parsed before the depth is known to be bearable.
fn too_deep(bytes: &[u8]) -> bool {
    let (mut depth, mut in_string, mut escaped) = (0usize, false, false);
    for b in bytes {
        match (in_string, b) {
            (true, _) if escaped => escaped = false,
            (true, b'\\') => escaped = true,
            (true, b'"') => in_string = false,
            (true, _) => {}
            (false, b'"') => in_string = true,
            (false, b'{' | b'[') => {
                depth += 1;
                if depth > MAX_DEPTH {
                    return true;
                }
            }
            (false, b'}' | b']') => depth = depth.saturating_sub(1),
            (false, _) => {}
        }
    }
    false
}

fn words(e: &serde_json::Error, bytes: &[u8]) -> String {
    if e.is_eof() {
        return "unexpected end of JSON input".into();
    }
    let line_start =
        bytes.split_inclusive(|b| *b == b'\n').take(e.line().saturating_sub(1)).map(<[u8]>::len).sum::<usize>();
    let at = line_start + e.column().saturating_sub(1);
    let c = bytes.get(at).map_or(' ', |b| char::from(*b));
    let text = e.to_string();
    if text.starts_with("number out of range") {
        return "json: number out of range".into();
    }
    if text.starts_with("trailing characters") {
        return format!("invalid character {c:?} after top-level value");
    }
    if text.starts_with("key must be a string") || text.starts_with("trailing comma") {
        return format!("invalid character {c:?} looking for beginning of object key string");
    }
    format!("invalid character {c:?} looking for beginning of value")
}

/// Where a value is, spelled out only for a duplicate.
enum At<'a> {
    Root,
    Member(&'a At<'a>, &'a str),
    Item(&'a At<'a>, usize),
}

impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => Ok(()),
            Self::Member(Self::Root, name) => f.write_str(name),
            Self::Member(up, name) => write!(f, "{up}.{name}"),
            Self::Item(up, i) => write!(f, "{up}[{i}]"),
        }
    }
}

/// Reads the value at a place, and says what is there twice.
#[derive(Clone, Copy)]
struct Seed<'a> {
    at: &'a At<'a>,
    duplicates: &'a RefCell<Vec<String>>,
}

impl Seed<'_> {
    fn duplicate(&self, name: &str) {
        let mut all = self.duplicates.borrow_mut();
        if all.len() < MAX_OBJECTIONS {
            let text = format!("duplicate field \"{}\"", At::Member(self.at, name));
            if !all.contains(&text) {
                all.push(text);
            }
        }
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Value;
    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<Value, D::Error> {
        d.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, b: bool) -> Result<Value, E> {
        Ok(Value::Bool(b))
    }

    fn visit_i64<E>(self, n: i64) -> Result<Value, E> {
        Ok(Value::from(n))
    }

    fn visit_u64<E: serde::de::Error>(self, n: u64) -> Result<Value, E> {
        match i64::try_from(n) {
            Ok(n) => Ok(Value::from(n)),
            Err(_) => self.visit_f64(n as f64),
        }
    }

    fn visit_f64<E: serde::de::Error>(self, f: f64) -> Result<Value, E> {
        Number::from_f64(f).map(Value::Number).ok_or_else(|| E::custom("number out of range"))
    }

    fn visit_str<E>(self, s: &str) -> Result<Value, E> {
        Ok(Value::from(s))
    }

    fn visit_string<E>(self, s: String) -> Result<Value, E> {
        Ok(Value::String(s))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut out = Vec::new();
        while let Some(v) = seq.next_element_seed(Seed { at: &At::Item(self.at, out.len()), ..self })? {
            out.push(v);
        }
        Ok(Value::Array(out))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut out = Map::new();
        while let Some(key) = map.next_key::<String>()? {
            let value = map.next_value_seed(Seed { at: &At::Member(self.at, &key), ..self })?;
            match out.entry(key) {
                Entry::Vacant(entry) => {
                    entry.insert(value);
                }
                Entry::Occupied(mut entry) => {
                    self.duplicate(entry.key());
                    entry.insert(value);
                }
            }
        }
        Ok(Value::Object(out))
    }
}

/// Numbers as Go writes them: no fraction where there is none, no exponent below 1e21.
struct GoNumbers<F>(F);

macro_rules! forward {
    ($($name:ident($($arg:ident: $type:ty),*);)*) => {
        $(fn $name<W: ?Sized + io::Write>(&mut self, w: &mut W $(, $arg: $type)*) -> io::Result<()> {
            self.0.$name(w $(, $arg)*)
        })*
    };
}

impl<F: Formatter> Formatter for GoNumbers<F> {
    fn write_f64<W: ?Sized + io::Write>(&mut self, w: &mut W, f: f64) -> io::Result<()> {
        let size = f.abs();
        // Display writes the shortest digits that read back, without an exponent.
        if size == 0.0 || (1e-6..1e21).contains(&size) {
            return write!(w, "{f}");
        }
        let text = format!("{f:e}");
        match text.split_once('e').filter(|(_, exponent)| !exponent.starts_with('-')) {
            Some((digits, exponent)) => write!(w, "{digits}e+{exponent}"),
            None => w.write_all(text.as_bytes()),
        }
    }

    forward! {
        begin_array(); end_array(); begin_array_value(first: bool); end_array_value();
        begin_object(); end_object(); begin_object_key(first: bool); end_object_key();
        begin_object_value(); end_object_value();
    }
}

fn write<F: Formatter>(value: &Value, out: &mut Vec<u8>, formatter: F) {
    let mut serializer = serde_json::Serializer::with_formatter(out, GoNumbers(formatter));
    // A Value has no keys or numbers that JSON lacks, and a Vec takes every write.
    let _ = value.serialize(&mut serializer);
}

/// Appends the compact JSON of a value.
pub fn encode_into(value: &Value, out: &mut Vec<u8>) {
    write(value, out, CompactFormatter);
}

/// The compact JSON of a value.
pub fn encode(value: &Value) -> Vec<u8> {
    let mut out = Vec::with_capacity(128);
    encode_into(value, &mut out);
    out
}

/// JSON for people, as `json.MarshalIndent` with two spaces.
pub fn encode_pretty(value: &Value) -> Vec<u8> {
    let mut out = Vec::with_capacity(256);
    write(value, &mut out, PrettyFormatter::new());
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn duplicates_are_reported_by_path_and_the_last_counts() {
        let d = decode(br#"{"a": 1, "s": {"c": 1, "c": 2, "l": [{"x": 1, "x": 2}]}, "a": 2}"#).expect("valid");
        assert_eq!(d.value, json!({"a": 2, "s": {"c": 2, "l": [{"x": 2}]}}));
        assert_eq!(
            d.duplicates,
            [r#"duplicate field "s.c""#, r#"duplicate field "s.l[0].x""#, r#"duplicate field "a""#]
        );
    }

    #[test]
    fn no_more_than_a_hundred_duplicates_are_reported() {
        let twice: Vec<String> = (0..300).map(|i| format!(r#""f{i}":[{{"a":1,"a":2}}],"f{i}":0"#)).collect();
        let d = decode(format!("{{{}}}", twice.join(",")).as_bytes()).expect("valid");
        assert_eq!(d.duplicates.len(), 100);
        assert_eq!(d.duplicates[..2], [r#"duplicate field "f0[0].a""#, r#"duplicate field "f0""#]);
    }

    #[test]
    fn numbers_are_those_of_go() {
        let d = decode(b"[1, 1.5, 9223372036854775808, 1e3]").expect("valid");
        assert_eq!(d.value, json!([1, 1.5, 9223372036854775808.0, 1000.0]));
    }

    #[test]
    fn numbers_are_written_as_go_writes_them() {
        let v = json!([3.0, 1.5, 1e20, 18446744073709551615.0, 1e21, 1e-7, -2.0]);
        assert_eq!(encode(&v), b"[3,1.5,100000000000000000000,18446744073709552000,1e+21,1e-7,-2]");
    }

    #[test]
    fn text_is_compacted_as_go_does() {
        assert_eq!(compact("{ \"a b\" : \"<\\\" x>\" ,\n \"c\":1 }"), "{\"a b\":\"\\u003c\\\" x\\u003e\",\"c\":1}");
    }

    #[test]
    fn deep_nesting_is_refused_before_it_is_parsed() {
        let deep = "[".repeat(1_500_000);
        assert_eq!(decode(deep.as_bytes()).unwrap_err(), "exceeded max depth");
    }
}
