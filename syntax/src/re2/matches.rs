//! Whether one short text matches a pattern, without an engine: the macros ask once for each literal, and are not to wait until
//! an engine is compiled for it. Whoever validates objects compiles the pattern.

use regex_syntax::hir::{Class, Hir, HirKind, Look};
use std::collections::BTreeSet;

/// Positions in a text, in bytes.
type Places = BTreeSet<usize>;

/// More work than a literal is worth: it is left undecided.
const MOST: usize = 100_000;

/// Whether some part of the text matches. None for a pattern that does not compile, and where it takes too long to tell.
pub fn matches(pattern: &str, text: &str) -> Option<bool> {
    let parsed = regex_syntax::Parser::new().parse(&super::translate(pattern).ok()?).ok()?;
    let starts = (0..=text.len()).filter(|i| text.is_char_boundary(*i)).collect();
    let mut matcher = Matcher { text, work: 0 };
    Some(!matcher.ends(&parsed, starts)?.is_empty())
}

struct Matcher<'t> {
    text: &'t str,
    work: usize,
}

impl Matcher<'_> {
    /// Where matches end that begin at these places.
    fn ends(&mut self, part: &Hir, from: Places) -> Option<Places> {
        self.work += from.len() + 1;
        if self.work > MOST {
            return None;
        }
        Some(match part.kind() {
            HirKind::Empty => from,
            HirKind::Literal(bytes) => {
                let rest = |i: &usize| self.text.as_bytes().get(*i..).is_some_and(|t| t.starts_with(&bytes.0));
                from.into_iter().filter(rest).map(|i| i + bytes.0.len()).collect()
            }
            HirKind::Class(class) => {
                let next = |i: usize| self.text.get(i..)?.chars().next().filter(|c| holds(class, *c));
                from.into_iter().filter_map(|i| Some(i + next(i)?.len_utf8())).collect()
            }
            HirKind::Look(look) => from.into_iter().filter(|i| self.looks(*look, *i)).collect(),
            HirKind::Capture(inner) => self.ends(&inner.sub, from)?,
            HirKind::Concat(parts) => {
                let mut at = from;
                for part in parts {
                    at = self.ends(part, at)?;
                }
                at
            }
            HirKind::Alternation(parts) => {
                let mut all = Places::new();
                for part in parts {
                    all.extend(self.ends(part, from.clone())?);
                }
                all
            }
            HirKind::Repetition(r) => {
                let mut at = from;
                for _ in 0..r.min {
                    at = self.ends(&r.sub, at)?;
                }
                let mut all = at.clone();
                let mut times = r.min;
                // Once nothing is new, nothing ever will be.
                while !at.is_empty() && r.max.is_none_or(|max| times < max) {
                    at = self.ends(&r.sub, at)?.difference(&all).copied().collect();
                    all.extend(&at);
                    times += 1;
                }
                all
            }
        })
    }

    fn looks(&self, look: Look, at: usize) -> bool {
        let before = self.text[..at].chars().next_back();
        let after = self.text[at..].chars().next();
        let word = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_');
        match look {
            Look::Start => before.is_none(),
            Look::End => after.is_none(),
            Look::StartLF => before.is_none_or(|c| c == '\n'),
            Look::EndLF => after.is_none_or(|c| c == '\n'),
            Look::WordAscii => word(before) != word(after),
            Look::WordAsciiNegate => word(before) == word(after),
            // Go has no others.
            _ => true,
        }
    }
}

fn holds(class: &Class, c: char) -> bool {
    match class {
        Class::Unicode(class) => class.ranges().iter().any(|r| (r.start()..=r.end()).contains(&c)),
        Class::Bytes(class) => {
            u8::try_from(c).is_ok_and(|b| class.ranges().iter().any(|r| (r.start()..=r.end()).contains(&b)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn a_text_matches_as_an_engine_says() {
        for (pattern, yes, no) in [
            ("^[a-z]+$", "abc", "Abc"),
            ("b", "abc", "ac"),
            ("^(a|bc){2,3}$", "abca", "abcabc"),
            ("^a*?b?c+$", "aacc", "aab"),
            (r"^\d{1,3}(\.\d{1,3}){3}$", "10.0.0.1", "10.0.0"),
            ("(?i)^straße$", "STRAßE", "strase"),
            (r"\bend\b", "the end.", "bending"),
            ("(?m)^b$", "a\nb", "ab"),
            ("^.$", "ß", "\n"),
            ("^$", "", "a"),
            ("^(a?){3}$", "aa", "aaaa"),
            ("^(|a)+$", "aaa", "b"),
            (r"^\p{Lu}[^a-c]$", "Äd", "Äa"),
        ] {
            assert_eq!(matches(pattern, yes), Some(true), "{pattern} {yes}");
            assert_eq!(matches(pattern, no), Some(false), "{pattern} {no}");
        }
    }

    #[test]
    fn what_takes_long_or_does_not_compile_is_undecided() {
        assert_eq!(matches("(", "a"), None);
        assert_eq!(matches("(((a{0,30}){0,30}){0,30}){0,30}b", &"a".repeat(4000)), None);
    }
}
