//! Values as Go's `fmt` and `strconv` write them, which is how upstream's messages show them.

use serde_json::Value;
use std::fmt::Write;

/// The type that Go decodes a value to, as `%T` writes it.
pub fn type_of(value: &Value) -> &'static str {
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
pub fn prints(c: char) -> bool {
    match c {
        '\0'..='\x7f' => (' '..='~').contains(&c),
        // After another one no character is escaped for being a mark, only for not being printable.
        c => ['.', c].iter().collect::<String>().escape_debug().nth(1) == Some(c),
    }
}

/// Text in quotes, as `%q` has it, which is not JSON's way with control characters.
pub fn quote(s: &str) -> String {
    let mut out = String::with_capacity(s.len() + 2);
    push_quoted(s, &mut out);
    out
}

/// What stands for a character in quotes, if it has an escape of its own.
pub fn escape(c: char) -> Option<&'static str> {
    Some(match c {
        '"' => "\\\"",
        '\\' => "\\\\",
        '\x07' => "\\a",
        '\x08' => "\\b",
        '\x0c' => "\\f",
        '\n' => "\\n",
        '\r' => "\\r",
        '\t' => "\\t",
        '\x0b' => "\\v",
        _ => return None,
    })
}

/// Appends text in quotes.
pub fn push_quoted(s: &str, out: &mut String) {
    out.push('"');
    for c in s.chars() {
        match escape(c) {
            Some(escaped) => out.push_str(escaped),
            None if prints(c) => out.push(c),
            None if (c as u32) < 0x80 => _ = write!(out, "\\x{:02x}", c as u32),
            None if (c as u32) < 0x10000 => _ = write!(out, "\\u{:04x}", c as u32),
            None => _ = write!(out, "\\U{:08x}", c as u32),
        }
    }
    out.push('"');
}

/// A float as Go's `%g` writes it, given its shortest digits in the form `1.5e7`: an exponent below 1e-4 and from 1e6.
pub fn shortest_float(shortest: &str) -> String {
    let Some((digits, exponent)) = shortest.split_once('e') else { return shortest.to_owned() };
    let exponent: i32 = exponent.parse().unwrap_or_default();
    if (-4..6).contains(&exponent) {
        return shortest.parse::<f64>().map_or_else(|_| shortest.to_owned(), |f| f.to_string());
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.abs())
}

/// A float as `%v` shows it.
pub fn float(f: f64) -> String {
    shortest_float(&format!("{f:e}"))
}

/// A value as `%v` shows it.
pub fn shown(value: &Value) -> String {
    match value {
        Value::Null => "<nil>".into(),
        Value::Bool(b) => b.to_string(),
        Value::Number(n) => n.as_i64().map_or_else(|| float(n.as_f64().unwrap_or_default()), |i| i.to_string()),
        Value::String(s) => s.clone(),
        Value::Array(items) => format!("[{}]", items.iter().map(shown).collect::<Vec<_>>().join(" ")),
        Value::Object(map) => {
            let members: Vec<String> = map.iter().map(|(k, v)| format!("{k}:{}", shown(v))).collect();
            format!("map[{}]", members.join(" "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_print_is_escaped() {
        assert_eq!(quote("a\"\\\n\x01é\u{200b}\u{7f}"), r#""a\"\\\n\x01é\u200b\x7f""#);
    }
}
