//! Bytes of requests to JSON values, with what a strict reader objects to, and in which order. Formats and their quirks are
//! in `json`, `yaml` and `protobuf`; what a value means is the callers'.

pub mod go;
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
