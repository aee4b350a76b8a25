//! `string.format()` (cel-go `ext/formatting.go`), in the locale en_US as upstream fixes it: thousands are grouped, and
//! exponents are powers of ten.

use super::super::value::{Error, List, Map, To, Value, go};

/// Wider and more precise numbers than this end an evaluation; upstream would write them out.
const MAX_DIGITS: i64 = 10_000;
/// Digits after the point where none are asked for.
const PRECISION: usize = 6;

type Text = std::result::Result<String, Error>;

fn during(text: impl std::fmt::Display) -> Error {
    Error::new(format!("error during formatting: {text}"))
}

fn clause(text: impl std::fmt::Display) -> Error {
    Error::new(format!("could not parse formatting clause: {text}"))
}

/// Fills in the clauses of a text.
pub(super) fn format<'a>(s: &str, args: &List<'a>) -> Text {
    let mut out = String::with_capacity(s.len());
    let (mut rest, mut used) = (s, 0);
    while let Some(at) = rest.find('%') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('%') {
            out.push('%');
            rest = after;
            continue;
        }
        let arg = args.get(used).unwrap_or_else(|| Err(Error::new(format!("index {used} out of range"))))?;
        used += 1;
        if rest.is_empty() {
            return Err(Error::new("unexpected end of string"));
        }
        let (precision, after) = precision(rest)?;
        let mut chars = after.chars();
        let verb = chars.next().ok_or_else(|| Error::new("unexpected end of string"))?;
        rest = chars.as_str();
        out.push_str(&match verb {
            's' => string(&arg).map_err(during)?,
            'd' => decimal(&arg).map_err(during)?,
            'f' => fixed(&arg, precision)?,
            'e' => scientific(&arg, precision)?,
            'b' => binary(&arg)?,
            'x' => hex(&arg)?,
            'X' => hex(&arg)?.to_uppercase(),
            'o' => octal(&arg)?,
            c => return Err(clause(format_args!("unrecognized formatting clause \"{c}\""))),
        });
    }
    out.push_str(rest);
    Ok(out)
}

/// `.3` before a verb.
fn precision(s: &str) -> std::result::Result<(Option<usize>, &str), Error> {
    let Some(digits) = s.strip_prefix('.') else { return Ok((None, s)) };
    let end = digits.bytes().take_while(u8::is_ascii_digit).count();
    let bad = |e: &str| clause(format_args!("error while parsing precision: {e}"));
    if end == digits.len() {
        return Err(bad("could not find end of precision specifier"));
    }
    let n = go::atoi(&digits[..end]).map_err(|e| bad(&format!("error while converting precision to integer: {e}")))?;
    if n > MAX_DIGITS {
        return Err(Error::cancelled());
    }
    Ok((usize::try_from(n).ok(), &digits[end..]))
}

fn converted(v: &Value<'_>) -> Text {
    match v.convert(To::String)? {
        Value::String(s) => Ok(s.to_string()),
        v => Err(Error::new(format!("could not convert argument {v} to string"))),
    }
}

fn string(v: &Value<'_>) -> Text {
    match v {
        Value::List(l) => list(l),
        Value::Map(m) => map(m),
        Value::Bytes(b) => Ok(String::from_utf8(b.to_vec()).map_err(|_| {
            Error::new("could not convert argument \"invalid UTF-8 in bytes, cannot convert to string\" to string")
        })?),
        Value::Null
        | Value::Int(_)
        | Value::Uint(_)
        | Value::Double(_)
        | Value::Bool(_)
        | Value::String(_)
        | Value::Timestamp(_)
        | Value::Duration(_)
        | Value::Type(_) => converted(v),
        v => Err(Error::new(format!(
            "string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and \
             timestamps, was given {}",
            v.type_name()
        ))),
    }
}

/// A value within a list or map: as an expression would write it.
fn literal(v: &Value<'_>) -> Text {
    Ok(match v {
        Value::String(s) => go::quote(s),
        Value::Bytes(_) => format!("b{}", go::quote(&string(v)?)),
        Value::Timestamp(_) => format!("timestamp({})", go::quote(&converted(v)?)),
        Value::Duration(_) => format!("duration({})", go::quote(&converted(v)?)),
        Value::Double(d) if !d.is_finite() => go::quote(&go::float(*d)),
        Value::Double(d) => format!("{d:.6}"),
        Value::Int(_)
        | Value::Uint(_)
        | Value::Bool(_)
        | Value::Null
        | Value::Type(_)
        | Value::List(_)
        | Value::Map(_) => string(v)?,
        v => return Err(Error::new(format!("no formatting function for {}", v.type_name()))),
    })
}

fn list(l: &List<'_>) -> Text {
    let items = l.iter().map(|v| literal(&v?)).collect::<std::result::Result<Vec<_>, _>>()?;
    Ok(format!("[{}]", items.join(", ")))
}

fn map(m: &Map<'_>) -> Text {
    let mut entries = Vec::new();
    for k in m.keys() {
        if !matches!(k, Value::String(_) | Value::Bool(_) | Value::Int(_) | Value::Uint(_)) {
            return Err(Error::new(format!("no formatting function for map key of type {}", k.type_name())));
        }
        let Some(v) = m.get(&k) else { return Err(Error::new(format!("could not find key: {k}"))) };
        entries.push((literal(&k)?, literal(&v?)?));
    }
    entries.sort_by(|a, b| a.0.cmp(&b.0));
    let entries: Vec<String> = entries.into_iter().map(|(k, v)| format!("{k}:{v}")).collect();
    Ok(format!("{{{}}}", entries.join(", ")))
}

fn decimal(v: &Value<'_>) -> Text {
    match v {
        Value::Int(i) => Ok(i.to_string()),
        Value::Uint(u) => Ok(u.to_string()),
        v => Err(Error::new(format!("decimal clause can only be used on integers, was given {}", v.type_name()))),
    }
}

/// Doubles, and the texts of those that are no numbers.
fn double(v: &Value<'_>, what: &str) -> std::result::Result<f64, Error> {
    match v {
        Value::Double(d) => Ok(*d),
        Value::String(s) => match &**s {
            "NaN" => Ok(f64::NAN),
            "Infinity" => Ok(f64::INFINITY),
            "-Infinity" => Ok(f64::NEG_INFINITY),
            _ => Err(during(format_args!("{what} clause can only be used on doubles, was given string"))),
        },
        v => Err(during(format_args!("{what} clause can only be used on doubles, was given {}", v.type_name()))),
    }
}

fn not_a_number(d: f64) -> Option<&'static str> {
    match d {
        d if d.is_nan() => Some("NaN"),
        f64::INFINITY => Some("∞"),
        f64::NEG_INFINITY => Some("-∞"),
        _ => None,
    }
}

fn fixed(v: &Value<'_>, precision: Option<usize>) -> Text {
    let d = double(v, "fixed-point")?;
    if let Some(text) = not_a_number(d) {
        return Ok(text.into());
    }
    let text = format!("{:.*}", precision.unwrap_or(PRECISION), d.abs());
    let (whole, fraction) = text.split_once('.').map_or((&*text, None), |(w, f)| (w, Some(f)));
    let mut out = String::from(if d.is_sign_negative() { "-" } else { "" });
    for (i, c) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i) % 3 == 0 {
            out.push(',');
        }
        out.push(c);
    }
    if let Some(f) = fraction {
        out.push('.');
        out.push_str(f);
    }
    Ok(out)
}

/// What is written as precision is taken as width upstream.
fn scientific(v: &Value<'_>, width: Option<usize>) -> Text {
    let d = double(v, "scientific")?;
    let text = match not_a_number(d) {
        Some(text) => text.to_owned(),
        None => {
            let text = format!("{d:.PRECISION$e}");
            let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
            let exponent: i32 = exponent.parse().unwrap_or(0);
            let digits = format!("{}{:02}", if exponent < 0 { "-" } else { "" }, exponent.abs());
            let raised = |c: char| match c {
                '-' => '⁻',
                '1' => '¹',
                '2' => '²',
                '3' => '³',
                c => char::from_u32('⁰' as u32 + c as u32 - '0' as u32).unwrap_or(c),
            };
            format!("{mantissa}×10{}", digits.chars().map(raised).collect::<String>())
        }
    };
    Ok(format!("{text:>width$}", width = width.unwrap_or(PRECISION)))
}

fn signed(i: i64, digits: impl Fn(u64) -> String) -> String {
    format!("{}{}", if i < 0 { "-" } else { "" }, digits(i.unsigned_abs()))
}

fn binary(v: &Value<'_>) -> Text {
    match v {
        Value::Int(i) => Ok(signed(*i, |u| format!("{u:b}"))),
        Value::Uint(u) => Ok(format!("{u:b}")),
        Value::Bool(b) => Ok(u8::from(*b).to_string()),
        v => {
            Err(during(format_args!("only integers and bools can be formatted as binary, was given {}", v.type_name())))
        }
    }
}

fn hex(v: &Value<'_>) -> Text {
    let bytes = |b: &[u8]| b.iter().map(|b| format!("{b:02x}")).collect();
    match v {
        Value::Int(i) => Ok(signed(*i, |u| format!("{u:x}"))),
        Value::Uint(u) => Ok(format!("{u:x}")),
        Value::String(s) => Ok(bytes(s.as_bytes())),
        Value::Bytes(b) => Ok(bytes(b)),
        v => Err(during(format_args!(
            "only integers, byte buffers, and strings can be formatted as hex, was given {}",
            v.type_name()
        ))),
    }
}

fn octal(v: &Value<'_>) -> Text {
    match v {
        Value::Int(i) => Ok(signed(*i, |u| format!("{u:o}"))),
        Value::Uint(u) => Ok(format!("{u:o}")),
        v => Err(during(format_args!("octal clause can only be used on integers, was given {}", v.type_name()))),
    }
}
