//! What a plain scalar is: the types of YAML 1.1 as Go's `yaml.v2` resolves them, and the numbers that JSON makes of them.

use serde_json::{Number, Value};

/// A scalar that has been resolved.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Scalar {
    Null,
    Bool(bool),
    Int(i64),
    /// Past i64, within u64.
    Big(u64),
    Float(f64),
    Text,
    /// `<<`.
    Merge,
}

/// Resolves a plain scalar.
pub(super) fn resolve(text: &str) -> Scalar {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Scalar::Null,
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => Scalar::Bool(true),
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => Scalar::Bool(false),
        ".nan" | ".NaN" | ".NAN" => Scalar::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => Scalar::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => Scalar::Float(f64::NEG_INFINITY),
        "<<" => Scalar::Merge,
        _ if text.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c)) => number(text),
        _ => Scalar::Text,
    }
}

fn number(text: &str) -> Scalar {
    let plain = text.replace('_', "");
    let (negative, digits) = match plain.strip_prefix('-') {
        Some(d) => (true, d),
        None => (false, plain.strip_prefix('+').unwrap_or(&plain)),
    };
    if let Some(size) = unsigned(digits) {
        return match i64::try_from(size) {
            Ok(n) => Scalar::Int(if negative { -n } else { n }),
            Err(_) if negative && size == 1 << 63 => Scalar::Int(i64::MIN),
            // A sign makes it a float.
            Err(_) if plain.len() == digits.len() => Scalar::Big(size),
            Err(_) => plain.parse().map_or(Scalar::Text, Scalar::Float),
        };
    }
    if is_float(digits) { plain.parse().map_or(Scalar::Text, Scalar::Float) } else { Scalar::Text }
}

/// Go's `ParseUint` with base 0: a leading `0x`, `0o`, `0b` or `0` names the base.
fn unsigned(digits: &str) -> Option<u64> {
    let lower = digits.to_ascii_lowercase();
    let (radix, digits) = match (lower.get(..2), lower.strip_prefix('0')) {
        (Some("0x"), _) => (16, &lower[2..]),
        (Some("0o"), _) => (8, &lower[2..]),
        (Some("0b"), _) => (2, &lower[2..]),
        (_, Some(octal)) if !octal.is_empty() => (8, octal),
        _ => (10, lower.as_str()),
    };
    // Rust takes another sign here, Go does not.
    if digits.starts_with(['+', '-']) { None } else { u64::from_str_radix(digits, radix).ok() }
}

/// `[0-9]+(.[0-9]*)?` or `.[0-9]+`, with an exponent perhaps.
fn is_float(text: &str) -> bool {
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        Some(i) => (&text[..i], Some(&text[i + 1..])),
        None => (text, None),
    };
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let some = !whole.is_empty() || !fraction.is_empty();
    let exponent_fits = exponent.is_none_or(|e| {
        let e = e.strip_prefix(['+', '-']).unwrap_or(e);
        !e.is_empty() && digits(e)
    });
    some && digits(whole) && digits(fraction) && exponent_fits
}

/// A float as a JSON number: Go writes one without a fraction as an integer, and reads it back as one.
///
/// # Errors
/// What JSON has no number for.
pub(super) fn float(f: f64) -> Result<Value, String> {
    const EXACT: f64 = 9_223_372_036_854_775_808.0;
    if f.fract() == 0.0 && (-EXACT..EXACT).contains(&f) {
        return Ok(Value::from(f as i64));
    }
    Number::from_f64(f).map(Value::Number).ok_or_else(|| {
        let name = if f.is_nan() {
            "NaN"
        } else if f > 0.0 {
            "+Inf"
        } else {
            "-Inf"
        };
        format!("json: unsupported value: {name}")
    })
}
