//! Patterns of schemas: Go's regular expressions, run by the `regex` crate. Their syntax is `kubegraft_syntax::re2`'s.

use kubegraft_syntax::re2::{NEST_LIMIT, translate};
use regex::{Regex, RegexBuilder};
use std::sync::{Arc, OnceLock};

/// A regular expression, compiled at first use.
#[derive(Debug)]
pub struct Pattern {
    source: Arc<str>,
    compiled: OnceLock<Result<Regex, Box<str>>>,
}

impl Pattern {
    /// The expression as written.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// A pattern by itself.
    pub(crate) fn of(source: impl Into<Arc<str>>) -> Self {
        Self { source: source.into(), compiled: OnceLock::new() }
    }

    /// Whether the text has a match.
    ///
    /// # Errors
    /// Why the expression cannot be used, in Go's words: it is none, or too large.
    pub fn is_match(&self, text: &str) -> Result<bool, &str> {
        self.built().map(|r| r.is_match(text))
    }

    /// Builds it, if that has not been done.
    ///
    /// # Errors
    /// See [`Pattern::is_match`].
    pub(crate) fn built(&self) -> Result<&Regex, &str> {
        let compiled = self.compiled.get_or_init(|| {
            let source = translate(&self.source).map_err(|e| e.to_string())?;
            // RE2 counts nothing of what the regex crate counts, so the size limit is generous.
            let built = RegexBuilder::new(&source).size_limit(64 << 20).nest_limit(NEST_LIMIT).build();
            Ok(built.map_err(|_| format!("error parsing regexp: expression too large: `{}`", self.source))?)
        });
        compiled.as_ref().map_err(|why| &**why)
    }
}

#[cfg(test)]
mod tests {
    use super::Pattern;

    #[test]
    fn texts_match_as_they_do_in_go() {
        for (pattern, yes, no) in [
            (r"^\w+$", &["aZ_9"][..], &["é", "a b", "١", "a\n"][..]),
            (r"^\d$", &["7"], &["٣"]),
            (r"^\s$", &[" ", "\t", "\u{c}"], &["\u{b}", "\u{a0}"]),
            (r"^.$", &["é", "\r", "\u{10ffff}"], &["\n", "ab"]),
            (r"(?s)^.$", &["\n"], &[]),
            (r"(?m)^b$", &["a\nb\nc"], &["ab"]),
            (r"^a$", &["a"], &["a\n", "b\na"]),
            (r"(?i)^straße\w$", &["STRAßEk", "STRAẞE\u{212a}"], &["STRASSEx"]),
            (r"(?i)^[^k]$", &["x"], &["K", "k", "\u{212a}"]),
            (r"\bcafé\b", &["un café1"], &["un café "]),
            (r"^\pL\pM?\p{Nd}$", &["e\u{301}٣", "e3"], &["33"]),
            (r"^[[:punct:]]$", &["~", "-"], &["a", "«"]),
            (r"^[a&&b]$", &["&", "a", "b"], &[""]),
            (r"^[\w--b]$", &["-", ".", "9", "B", "_"], &["~", " "]),
            (r"^a{,2}$", &["a{,2}"], &["aa", ""]),
            (r"^(a{2}){500}$", &[], &["aa"]),
            (r"^\x{1F600}\Q.*\E$", &["😀.*"], &["😀ab"]),
            (r"^[\x{D000}-\x{E000}]$", &["\u{d123}", "\u{e000}"], &["\u{e001}"]),
            (r"\B", &["é"], &["a"]),
            ("", &["", "x"], &[]),
        ] {
            let compiled = Pattern::of(pattern);
            yes.iter().for_each(|text| assert_eq!(compiled.is_match(text), Ok(true), "{pattern} of {text:?}"));
            no.iter().for_each(|text| assert_eq!(compiled.is_match(text), Ok(false), "{pattern} of {text:?}"));
        }
    }
}
