//! Numbers and quoted text as Go reads and writes them, where a value, an error or a cost shows it.

pub(in crate::schema) use crate::resource::codec::go::quote;

/// `%g`, the shortest text that reads back the same.
pub(in crate::schema::cel) fn float(d: f64) -> String {
    if d.is_nan() {
        return "NaN".into();
    }
    if d.is_infinite() {
        return if d > 0.0 { "+Inf" } else { "-Inf" }.into();
    }
    crate::resource::codec::go::float(d)
}

/// A whole double as a signed integer, without loss.
pub(in crate::schema::cel) fn whole_i64(d: f64) -> Option<i64> {
    (d > i64::MIN as f64 && d < i64::MAX as f64 && d.fract() == 0.0).then_some(d as i64)
}

/// A whole double as an unsigned integer, without loss.
pub(super) fn whole_u64(d: f64) -> Option<u64> {
    (d >= 0.0 && d < u64::MAX as f64 && d.fract() == 0.0).then_some(d as u64)
}

/// `strconv.ParseInt(s, 10, 64)`
pub(super) fn parse_int(s: &str) -> Option<i64> {
    let digits = s.strip_prefix(['+', '-']).unwrap_or(s);
    (!digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())).then(|| s.parse().ok()).flatten()
}

/// `strconv.ParseUint(s, 10, 64)`
pub(super) fn parse_uint(s: &str) -> Option<u64> {
    (!s.is_empty() && s.bytes().all(|b| b.is_ascii_digit())).then(|| s.parse().ok()).flatten()
}

/// `strconv.Atoi`, with its error's text.
pub(in crate::schema::cel) fn atoi(s: &str) -> Result<i64, String> {
    parse_int(s).ok_or_else(|| {
        let digits = s.strip_prefix(['+', '-']).unwrap_or(s);
        let number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
        let what = if number { "value out of range" } else { "invalid syntax" };
        format!("strconv.Atoi: parsing {}: {what}", quote(s))
    })
}

/// `strconv.ParseFloat(s, 64)`: decimal and hexadecimal, with underscores, infinities by any of their names.
pub(super) fn parse_float(s: &str) -> Option<f64> {
    let (negative, body) = match s.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, s.strip_prefix('+').unwrap_or(s)),
    };
    let lower = body.to_ascii_lowercase();
    let signed = |d: f64| Some(if negative { -d } else { d });
    match lower.as_str() {
        "inf" | "infinity" => return signed(f64::INFINITY),
        // Go has no signed NaN.
        "nan" => return (body.len() == s.len()).then_some(f64::NAN),
        _ => {}
    }
    if let Some(hex) = lower.strip_prefix("0x") {
        return signed(hex_float(hex)?);
    }
    let first = lower.bytes().next()?;
    if !(first.is_ascii_digit() || first == b'.')
        || lower.bytes().any(|b| !(b.is_ascii_digit() || b".e+-_".contains(&b)))
        || !underscores(&lower)
    {
        return None;
    }
    let d: f64 = lower.replace('_', "").parse().ok()?;
    // Go's range error.
    if d.is_infinite() { None } else { signed(d) }
}

/// Underscores stand between digits.
fn underscores(s: &str) -> bool {
    let b = s.as_bytes();
    let digit = |i: Option<usize>| i.and_then(|i| b.get(i)).is_some_and(u8::is_ascii_digit);
    (0..b.len()).all(|i| b[i] != b'_' || digit(i.checked_sub(1)) && digit(Some(i + 1)))
}

/// `1.8p3`: the exponent must be there.
fn hex_float(s: &str) -> Option<f64> {
    let (mantissa, exponent) = s.split_once('p')?;
    let exponent = i32::try_from(parse_int(exponent)?).ok()?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let mut value = 0.0f64;
    for c in whole.chars().chain(fraction.chars()) {
        value = value * 16.0 + f64::from(c.to_digit(16)?);
    }
    let d = value * 2f64.powi(exponent.checked_sub(4 * i32::try_from(fraction.len()).ok()?)?);
    d.is_finite().then_some(d)
}

/// `strconv.ParseBool`
pub(super) fn parse_bool(s: &str) -> Option<bool> {
    match s {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Some(true),
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{float, parse_float, quote};

    #[test]
    fn floats_are_written_as_go_does() {
        for (d, text) in [
            (1.0, "1"),
            (0.1, "0.1"),
            (1e12, "1e+12"),
            (123_456.0, "123456"),
            (1_234_567.0, "1.234567e+06"),
            (9_007_199_254_740_992.0, "9.007199254740992e+15"),
            (1e-5, "1e-05"),
            (1e-4, "0.0001"),
            (-0.0, "-0"),
            (100_000.0, "100000"),
            (1e6, "1e+06"),
        ] {
            assert_eq!(float(d), text);
        }
    }

    #[test]
    fn text_becomes_a_float_as_in_go() {
        assert_eq!(parse_float("1_000"), Some(1000.0));
        assert_eq!(parse_float("1__0"), None);
        assert_eq!(parse_float("1e999"), None);
        assert_eq!(parse_float("0x1.8p1"), Some(3.0));
        assert_eq!(parse_float("-Infinity"), Some(f64::NEG_INFINITY));
        assert_eq!(parse_float(".5"), Some(0.5));
        assert_eq!(parse_float(""), None);
    }

    #[test]
    fn quotes_escape_what_go_does_not_print() {
        assert_eq!(quote("a\"\\\n\x01é\u{200b}"), r#""a\"\\\n\x01é\u200b""#);
    }
}
