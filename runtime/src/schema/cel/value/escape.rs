//! Property names as identifiers of expressions, and back (apiserver `cel/escaping.go`).

use std::borrow::Cow;

/// Words of the language that cannot be identifiers.
const RESERVED: [&str; 21] = [
    "true",
    "false",
    "null",
    "in",
    "as",
    "break",
    "const",
    "continue",
    "else",
    "for",
    "function",
    "if",
    "import",
    "let",
    "loop",
    "package",
    "namespace",
    "return",
    "var",
    "void",
    "while",
];

/// A property's name as an identifier; none if it has no such form and so is out of reach for expressions.
pub(crate) fn escape(name: &str) -> Option<Cow<'_, str>> {
    let first = *name.as_bytes().first()?;
    if first.is_ascii_digit() {
        return None;
    }
    if RESERVED.contains(&name) {
        return Some(format!("__{name}__").into());
    }
    if !name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-./".contains(&b)) {
        return None;
    }
    if !name.contains("__") && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
        return Some(name.into());
    }
    let mut out = String::with_capacity(name.len() + 16);
    let mut rest = name;
    while let Some(c) = rest.chars().next() {
        let (text, taken) = match c {
            '_' if rest.starts_with("__") => ("__underscores__", 2),
            '.' => ("__dot__", 1),
            '-' => ("__dash__", 1),
            '/' => ("__slash__", 1),
            _ => (&rest[..1], 1),
        };
        out.push_str(text);
        rest = &rest[taken..];
    }
    Some(out.into())
}

/// The property's name for an identifier; none for an escape that does not exist.
pub(crate) fn unescape(name: &str) -> Option<Cow<'_, str>> {
    if !name.contains("__") {
        return Some(name.into());
    }
    let mut out = String::with_capacity(name.len());
    let mut rest = name;
    while let Some(at) = rest.find("__") {
        // An escape is two underscores, a word without underscores, two underscores.
        let word_end = rest[at + 2..].find('_').map(|i| at + 2 + i);
        let Some(end) = word_end.filter(|e| *e > at + 2 && rest[*e..].starts_with("__")) else {
            out.push_str(&rest[..=at]);
            rest = &rest[at + 1..];
            continue;
        };
        out.push_str(&rest[..at]);
        out.push_str(match &rest[at + 2..end] {
            "underscores" => "__",
            "dot" => ".",
            "dash" => "-",
            "slash" => "/",
            word if RESERVED.contains(&word) && end + 2 - at == name.len() => word,
            _ => return None,
        });
        rest = &rest[end + 2..];
    }
    out.push_str(rest);
    Some(out.into())
}

#[cfg(test)]
mod tests {
    use super::{escape, unescape};

    #[test]
    fn names_survive_both_ways() {
        for (name, escaped) in [
            ("plain_Name1", "plain_Name1"),
            ("a.b-c/d", "a__dot__b__dash__c__slash__d"),
            ("x__y", "x__underscores__y"),
            ("namespace", "__namespace__"),
            ("in", "__in__"),
        ] {
            assert_eq!(escape(name).as_deref(), Some(escaped));
            assert_eq!(unescape(escaped).as_deref(), Some(name));
        }
        for name in ["", "1a", "a b", "é", "a$"] {
            assert_eq!(escape(name), None);
        }
        assert_eq!(unescape("__unknown__"), None);
    }
}
