//! YAML bodies and answers.

use super::{Decoded, json};
use serde_json::Value;

/// Decodes one YAML document into JSON values.
///
/// # Errors
/// Where and why it is not YAML, or what it has that JSON cannot say.
pub fn decode(bytes: &[u8]) -> Result<Decoded, String> {
    let text = std::str::from_utf8(bytes).map_err(|e| format!("error converting YAML to JSON: yaml: {e}"))?;
    let options = serde_saphyr::options! {
        strict_booleans: false,
        duplicate_keys: serde_saphyr::DuplicateKeyPolicy::LastWins,
    };
    let value: Value = serde_saphyr::from_str_with_options(text, options)
        .map_err(|e| format!("error converting YAML to JSON: yaml: {e}"))?;
    // Through JSON, so that numbers are those of the one decoder.
    json::decode(&json::encode(&value))
}

/// The YAML of a value, keys sorted.
pub fn encode(value: &Value) -> Vec<u8> {
    serde_saphyr::to_string(value).unwrap_or_default().into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn documents_round_trip() {
        let v = json!({"a": "yes", "b": [1, 2.5, null, true], "c": {"d": "x: y"}});
        assert_eq!(decode(&encode(&v)).expect("its own output").value, v);
    }
}
