//! Property names as identifiers of CEL.
//!
//! Source: Kubernetes, `apiserver/pkg/cel/escaping.go`.

use std::borrow::Cow;

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

/// Whether the name is a reserved word of CEL.
pub fn is_reserved(name: &str) -> bool {
    RESERVED.contains(&name)
}

/// The identifier for a property, or none if expressions cannot name it: `__` becomes `__underscores__`, `.` `__dot__`, `-`
/// `__dash__`, `/` `__slash__`, and a reserved word is put between two pairs of underscores.
pub fn escape(name: &str) -> Option<Cow<'_, str>> {
    if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    if is_reserved(name) {
        return Some(Cow::Owned(format!("__{name}__")));
    }
    if !name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-' | '/')) {
        return None;
    }
    if !name.contains(['.', '-', '/']) && !name.contains("__") {
        return Some(Cow::Borrowed(name));
    }
    let underscores = name.replace("__", "__underscores__");
    let mut out = String::with_capacity(underscores.len() + 8);
    for c in underscores.chars() {
        match c {
            '.' => out.push_str("__dot__"),
            '-' => out.push_str("__dash__"),
            '/' => out.push_str("__slash__"),
            c => out.push(c),
        }
    }
    Some(Cow::Owned(out))
}

/// The property's name for an identifier; none for an escape that does not exist.
pub(super) fn unescape(name: &str) -> Option<Cow<'_, str>> {
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
            word if is_reserved(word) && end + 2 - at == name.len() => word,
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
    fn names_become_identifiers_or_cannot_be_named() {
        for (name, want) in [
            ("plain", Some("plain")),
            ("a_b", Some("a_b")),
            ("a__b", Some("a__underscores__b")),
            ("a.b-c/d", Some("a__dot__b__dash__c__slash__d")),
            ("namespace", Some("__namespace__")),
            ("int", Some("int")),
            ("___", Some("__underscores___")),
            ("1a", None),
            ("", None),
            ("ü", None),
            ("a b", None),
        ] {
            assert_eq!(escape(name).as_deref(), want, "{name}");
            if let Some(want) = want {
                assert_eq!(unescape(want).as_deref(), Some(name), "{want}");
            }
        }
    }

    #[test]
    fn an_escape_that_does_not_exist_names_nothing() {
        assert_eq!(unescape("a__unknown__b"), None);
        assert_eq!(unescape("a__in__"), None);
    }
}
