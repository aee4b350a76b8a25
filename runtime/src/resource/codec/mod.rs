//! Bytes of requests to JSON values, with what a strict reader objects to. Formats and their quirks are in `json`,
//! `yaml` and `protobuf`; what a value means is the callers'.

pub mod json;
pub mod protobuf;
pub mod yaml;

use serde_json::Value;

/// How deep a body may nest: the limit of Go's JSON decoder (R53).
pub const MAX_DEPTH: usize = 10_000;

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
