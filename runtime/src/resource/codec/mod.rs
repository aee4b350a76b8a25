//! Bytes of requests to JSON values, with what a strict reader objects to, and in which order. Formats and their quirks are
//! in `json`, `yaml` and `protobuf`; what a value means is the callers'.

pub mod json;
pub mod order;
pub mod protobuf;
pub mod yaml;

use serde_json::Value;

/// How deep a body may nest: the limit of Go's JSON decoder (R53).
pub const MAX_DEPTH: usize = 10_000;

/// How many things a strict reader objects to at most: Go's JSON decoder counts no further.
pub const MAX_OBJECTIONS: usize = 100;

/// A body's format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `application/json`
    Json,
    /// `application/yaml`
    Yaml,
}

/// A decoded body.
#[derive(Clone, Debug, PartialEq)]
pub struct Decoded {
    /// The value; of two equal keys the last counts.
    pub value: Value,
    /// What a strict reader objects to: `duplicate field "spec.color"`, or for YAML `line 5: key "color" already set in map`.
    pub duplicates: Vec<String>,
}

impl Decoded {
    /// The duplicates as one refusal tells them: YAML's together, JSON's one by one.
    pub fn refusals(&self, format: Format) -> Vec<String> {
        match format {
            Format::Yaml if !self.duplicates.is_empty() => {
                vec![format!("yaml: unmarshal errors:\n  {}", self.duplicates.join("\n  "))]
            }
            _ => self.duplicates.clone(),
        }
    }
}

/// Decodes a body.
///
/// # Errors
/// Why it cannot be read, for people.
pub fn decode(format: Format, bytes: &[u8]) -> Result<Decoded, String> {
    match format {
        Format::Json => json::decode(bytes),
        Format::Yaml => yaml::decode(bytes),
    }
}

/// Decodes a body that must say its apiVersion and kind, or may: an object, or null.
///
/// # Errors
/// Why it cannot be read or is none, in the words of upstream's `Interpret`.
pub fn decode_typed(format: Format, bytes: &[u8]) -> Result<Decoded, String> {
    let untyped = |why: &str| format!("couldn't get version/kind; json parse error: {why}");
    let decoded = decode(format, bytes).map_err(|e| if format == Format::Json { untyped(&e) } else { e })?;
    match &decoded.value {
        Value::Null => {}
        Value::Object(fields) => {
            for field in ["apiVersion", "kind"] {
                if fields.get(field).is_some_and(|v| !v.is_string() && !v.is_null()) {
                    return Err(untyped(&format!("json: {field} is not a string")));
                }
            }
        }
        _ => return Err(untyped("json: it is not an object")),
    }
    Ok(decoded)
}

/// The type that Go decodes a value to, as `%T` writes it.
pub fn go_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "<nil>",
        Value::Bool(_) => "bool",
        Value::Number(n) if n.is_i64() => "int64",
        Value::Number(_) => "float64",
        Value::String(_) => "string",
        Value::Array(_) => "[]interface {}",
        Value::Object(_) => "map[string]interface {}",
    }
}

/// Go's `unicode.IsPrint`: letters, marks, numbers, punctuation, symbols and the plain space.
pub fn go_prints(c: char) -> bool {
    match c {
        '\0'..='\x7f' => (' '..='~').contains(&c),
        // After another one no character is escaped for being a mark, only for not being printable.
        c => ['.', c].iter().collect::<String>().escape_debug().nth(1) == Some(c),
    }
}

/// A float as Go's `%g` writes it, given its shortest digits in the form `1.5e7`: an exponent below 1e-4 and from 1e6.
pub fn go_float(shortest: &str) -> String {
    let Some((digits, exponent)) = shortest.split_once('e') else { return shortest.to_owned() };
    let exponent: i32 = exponent.parse().unwrap_or_default();
    if (-4..6).contains(&exponent) {
        return shortest.parse::<f64>().map_or_else(|_| shortest.to_owned(), |f| f.to_string());
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.abs())
}
