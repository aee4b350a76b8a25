//! Go's RE2 patterns in the syntax of the `regex` crate: ASCII classes, Go's literals where Rust has operators. Whether a
//! pattern compiles is the regex engine's to say; this is the translation before.

/// Go's longest counted repetition.
const MAX_REPEAT: u32 = 1000;

/// A pattern that Go would not compile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// In the words of Go's regexp/syntax.
    pub message: String,
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "error parsing regexp: {}", self.message)
    }
}

impl std::error::Error for Error {}

/// Translates a Go pattern and checks that it parses.
///
/// # Errors
/// When Go refuses it: what is wrong, and where, in Go's words.
pub fn translate(pattern: &str) -> Result<String, Error> {
    let chars: Vec<char> = pattern.chars().collect();
    let mut out = String::with_capacity(pattern.len() + 8);
    let mut t = Translation { chars: &chars, at: 0, out: &mut out };
    t.run()?;
    match regex_syntax::Parser::new().parse(&out) {
        Ok(_) => Ok(out),
        Err(e) => Err(Error { message: go_words(&e, pattern) }),
    }
}

struct Translation<'a> {
    chars: &'a [char],
    at: usize,
    out: &'a mut String,
}

impl Translation<'_> {
    fn peek(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.at + ahead).copied()
    }

    fn rest(&self) -> String {
        self.chars[self.at..].iter().collect()
    }

    fn run(&mut self) -> Result<(), Error> {
        while let Some(c) = self.peek(0) {
            match c {
                '\\' => self.escape(false)?,
                '[' => self.class()?,
                '{' => self.brace()?,
                '(' if self.peek(1) == Some('?') => self.group()?,
                '}' | ']' => {
                    self.out.push('\\');
                    self.out.push(c);
                    self.at += 1;
                }
                _ => {
                    self.out.push(c);
                    self.at += 1;
                }
            }
        }
        Ok(())
    }

    /// `(?...`: look-around does not exist in RE2.
    fn group(&mut self) -> Result<(), Error> {
        let look = matches!((self.peek(2), self.peek(3)), (Some('=' | '!'), _) | (Some('<'), Some('=' | '!')));
        if look || self.peek(2) == Some('>') || self.peek(2) == Some('#') {
            let end = if self.peek(2) == Some('<') { 4 } else { 3 };
            let bad: String = self.chars[self.at..(self.at + end).min(self.chars.len())].iter().collect();
            return Err(Error { message: format!("invalid or unsupported Perl syntax: `{bad}`") });
        }
        self.out.push_str("(?");
        self.at += 2;
        Ok(())
    }

    /// `{`: a repetition, or just a brace.
    fn brace(&mut self) -> Result<(), Error> {
        let body: String = self.chars[self.at + 1..].iter().take_while(|c| **c != '}').collect();
        let closed = self.chars[self.at + 1..].contains(&'}');
        let number = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
        let valid = closed
            && match body.split_once(',') {
                None => number(&body),
                Some((a, b)) => number(a) && (b.is_empty() || number(b)),
            };
        if !valid {
            self.out.push_str("\\{");
            self.at += 1;
            return Ok(());
        }
        let too_large =
            body.split(',').filter(|s| !s.is_empty()).any(|s| s.parse().map_or(true, |n: u32| n > MAX_REPEAT));
        let whole = format!("{{{body}}}");
        if too_large {
            return Err(Error { message: format!("invalid repeat count: `{whole}`") });
        }
        self.at += whole.chars().count();
        self.out.push_str(&whole);
        Ok(())
    }

    fn escape(&mut self, in_class: bool) -> Result<(), Error> {
        let Some(c) = self.peek(1) else {
            return Err(Error { message: "trailing backslash at end of expression: ``".into() });
        };
        let class = |body: &str, negated: bool| match (in_class, negated) {
            (true, false) => body.to_owned(),
            (_, true) => format!("[^{body}]"),
            (false, false) => format!("[{body}]"),
        };
        let text = match c {
            'd' | 'D' => class("0-9", c == 'D'),
            'w' | 'W' => class("0-9A-Za-z_", c == 'W'),
            's' | 'S' => class("\\t\\n\\f\\r ", c == 'S'),
            'b' if !in_class => "(?-u:\\b)".into(),
            'B' if !in_class => "(?-u:\\B)".into(),
            'Q' if !in_class => {
                let quoted = self.rest();
                let body = &quoted[2..];
                let (body, skip) = match body.find("\\E") {
                    Some(i) => (&body[..i], 2),
                    None => (body, 0),
                };
                self.out.push_str(&regex_syntax::escape(body));
                self.at += 2 + body.chars().count() + skip;
                return Ok(());
            }
            'p' | 'P' | 'x' if self.peek(2) == Some('{') => {
                // What stands in braces is a name or a number, and no repetition.
                let name: String = self.chars[self.at + 2..].iter().take_while(|c| **c != '}').collect();
                if self.at + 2 + name.chars().count() == self.chars.len() {
                    return Err(Error { message: format!("invalid escape sequence: `\\{c}`") });
                }
                let whole = format!("\\{c}{name}}}");
                self.at += whole.chars().count();
                // Go writes a negated class inside, as in `\p{^Greek}`.
                self.out.push_str(&match (name.strip_prefix("{^"), c) {
                    (Some(name), 'p') => format!("\\P{{{name}}}"),
                    (Some(name), _) => format!("\\p{{{name}}}"),
                    (None, _) => whole,
                });
                return Ok(());
            }
            'a' | 'f' | 't' | 'n' | 'r' | 'v' | 'x' | 'p' | 'P' => format!("\\{c}"),
            'A' | 'z' if !in_class => format!("\\{c}"),
            '0'..='7' => {
                let digits: String =
                    self.chars[self.at + 1..].iter().take(3).take_while(|d| ('0'..='7').contains(*d)).collect();
                if c != '0' && digits.len() < 2 {
                    return Err(Error { message: format!("invalid escape sequence: `\\{c}`") });
                }
                let code = u32::from_str_radix(&digits, 8).unwrap_or_default();
                self.out.push_str(&format!("\\x{{{code:x}}}"));
                self.at += 1 + digits.len();
                return Ok(());
            }
            c if c.is_ascii_punctuation() => regex_syntax::escape(&c.to_string()),
            c => return Err(Error { message: format!("invalid escape sequence: `\\{c}`") }),
        };
        // A name or a number in braces belongs to the escape.
        if matches!(c, 'p' | 'P' | 'x') && self.peek(2) == Some('{') {
            let body: String = self.chars[self.at + 2..].iter().take_while(|c| **c != '}').collect();
            self.out.push_str(&format!("\\{c}{body}"));
            self.at += 2 + body.chars().count();
            if self.peek(0) == Some('}') {
                self.out.push('}');
                self.at += 1;
            }
            return Ok(());
        }
        // A dash that was escaped inside a class must stay so.
        let text = if in_class && c == '-' { "\\-".into() } else { text };
        self.out.push_str(&text);
        self.at += 2;
        Ok(())
    }

    fn class(&mut self) -> Result<(), Error> {
        let start = self.rest();
        self.out.push('[');
        self.at += 1;
        if self.peek(0) == Some('^') {
            self.out.push('^');
            self.at += 1;
        }
        let mut first = true;
        loop {
            let Some(c) = self.peek(0) else {
                return Err(Error { message: format!("missing closing ]: `{start}`") });
            };
            match c {
                ']' if !first => {
                    self.out.push(']');
                    self.at += 1;
                    return Ok(());
                }
                '[' if self.peek(1) == Some(':') => {
                    let name: String = self.chars[self.at..].iter().take_while(|c| **c != ']').collect();
                    if !name.ends_with(':') || name.len() < 4 {
                        return Err(Error { message: format!("invalid character class range: `{name}]`") });
                    }
                    self.at += name.chars().count() + 1;
                    self.out.push_str(&name);
                    self.out.push(']');
                }
                '\\' => self.escape(true)?,
                '[' | ']' | '&' | '~' => {
                    self.out.push('\\');
                    self.out.push(c);
                    self.at += 1;
                }
                '-' if first || self.peek(1) == Some(']') => {
                    self.out.push_str("\\-");
                    self.at += 1;
                }
                _ => {
                    self.out.push(c);
                    self.at += 1;
                }
            }
            first = false;
        }
    }
}

/// The nearest of Go's messages.
fn go_words(e: &regex_syntax::Error, pattern: &str) -> String {
    use regex_syntax::ast::ErrorKind as K;
    let regex_syntax::Error::Parse(e) = e else { return format!("invalid character class range: `{pattern}`") };
    match e.kind() {
        K::GroupUnclosed => format!("missing closing ): `{pattern}`"),
        K::GroupUnopened => format!("unexpected ): `{pattern}`"),
        K::RepetitionMissing => {
            let op: String = e.pattern()[e.span().start.offset..].chars().take(1).collect();
            format!("missing argument to repetition operator: `{op}`")
        }
        K::ClassRangeInvalid => {
            let range = &e.pattern()[e.span().start.offset..e.span().end.offset];
            format!("invalid character class range: `{range}`")
        }
        K::GroupNameDuplicate { .. } => format!("duplicate capture group name: `{pattern}`"),
        _ => format!("invalid or unsupported Perl syntax: `{pattern}`"),
    }
}

#[cfg(test)]
mod tests {
    use super::translate;

    #[test]
    fn classes_are_ascii() {
        assert_eq!(translate(r"^\d+\w[\s\d-]$").as_deref(), Ok(r"^[0-9]+[0-9A-Za-z_][\t\n\f\r 0-9\-]$"));
    }

    #[test]
    fn names_of_unicode_classes_and_code_points_stay_in_their_braces() {
        assert_eq!(translate(r"^\p{Cyrillic}+[\x{10}]$").as_deref(), Ok(r"^\p{Cyrillic}+[\x{10}]$"));
    }

    #[test]
    fn braces_that_repeat_nothing_are_braces() {
        assert_eq!(translate("a{,2}").as_deref(), Ok("a\\{,2\\}"));
        assert_eq!(translate("a{2,3}").as_deref(), Ok("a{2,3}"));
    }

    #[test]
    fn unicode_classes_keep_their_names() {
        assert_eq!(translate(r"^\p{Greek}+\x{3b1}[\pL\P{^Nd}]$").as_deref(), Ok(r"^\p{Greek}+\x{3b1}[\pL\p{Nd}]$"));
        assert!(translate(r"\p{NoSuchClass}").is_err());
    }

    #[test]
    fn refusals_are_in_gos_words() {
        let text = |p: &str| translate(p).map_err(|e| e.to_string());
        assert_eq!(text("[a"), Err("error parsing regexp: missing closing ]: `[a`".into()));
        assert_eq!(text("a(?=b)"), Err("error parsing regexp: invalid or unsupported Perl syntax: `(?=`".into()));
        assert_eq!(text("a{2000}"), Err("error parsing regexp: invalid repeat count: `{2000}`".into()));
        assert_eq!(text("(a"), Err("error parsing regexp: missing closing ): `(a`".into()));
    }
}
