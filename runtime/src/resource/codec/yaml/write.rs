//! JSON values as YAML in the style of `sigs.k8s.io/yaml`: block style, lists at the indent of their key, keys in natural
//! order, lines folded past column 80, quotes only where a reader would take the text for something else.

use super::scalar::{self, Scalar};
use crate::resource::codec::go;
use serde_json::{Map, Value};
use std::cmp::Ordering;

/// Past this column a space becomes a line break.
const WIDTH: usize = 80;
/// A longer key is written in the form `? key`.
const SIMPLE_KEY: usize = 128;

/// The YAML of a value.
pub fn encode(value: &Value) -> Vec<u8> {
    let mut out = Writer { out: String::with_capacity(256), column: 0 };
    match value {
        Value::Object(m) if !m.is_empty() => out.map(m, 0, false),
        Value::Array(a) if !a.is_empty() => out.list(a, 0, false),
        other => {
            out.leaf(other, 2);
            out.put("\n");
        }
    }
    out.out.into_bytes()
}

struct Writer {
    out: String,
    column: usize,
}

impl Writer {
    fn put(&mut self, text: &str) {
        self.out.push_str(text);
        self.column = match text.rfind('\n') {
            Some(i) => text[i + 1..].chars().count(),
            None => self.column + text.chars().count(),
        };
    }

    fn put_char(&mut self, c: char) {
        self.out.push(c);
        self.column = if c == '\n' { 0 } else { self.column + 1 };
    }

    /// A new line at an indent.
    fn line(&mut self, indent: usize) {
        self.put("\n");
        for _ in 0..indent {
            self.put_char(' ');
        }
    }

    /// The pairs of a map; `inline` when the first stands behind `- ` or `? ` already.
    fn map(&mut self, map: &Map<String, Value>, indent: usize, inline: bool) {
        let mut pairs: Vec<_> = map.iter().collect();
        pairs.sort_by(|a, b| natural(a.0, b.0));
        for (i, (key, value)) in pairs.into_iter().enumerate() {
            if i > 0 || !inline {
                self.start(indent);
            }
            if key.len() <= SIMPLE_KEY && !key.contains(['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}']) {
                self.text(key, indent + 2, true);
                self.put(":");
            } else {
                self.put("? ");
                self.text(key, indent + 2, false);
                self.start_next(indent);
                self.put(":");
            }
            self.below(value, indent, indent);
        }
    }

    fn list(&mut self, list: &[Value], indent: usize, inline: bool) {
        for (i, item) in list.iter().enumerate() {
            if i > 0 || !inline {
                self.start(indent);
            }
            self.put("-");
            match item {
                Value::Object(m) if !m.is_empty() => {
                    self.put(" ");
                    self.map(m, indent + 2, true);
                }
                Value::Array(a) if !a.is_empty() => {
                    self.put(" ");
                    self.list(a, indent + 2, true);
                }
                other => {
                    self.put(" ");
                    self.leaf(other, indent + 2);
                    self.end();
                }
            }
        }
    }

    /// A key's value: a list stands at the key's indent, a map two further.
    fn below(&mut self, value: &Value, list_indent: usize, indent: usize) {
        match value {
            Value::Object(m) if !m.is_empty() => {
                self.end();
                self.map(m, indent + 2, false);
            }
            Value::Array(a) if !a.is_empty() => {
                self.end();
                self.list(a, list_indent, false);
            }
            other => {
                self.put(" ");
                self.leaf(other, indent + 2);
                self.end();
            }
        }
    }

    fn start(&mut self, indent: usize) {
        for _ in 0..indent {
            self.put_char(' ');
        }
    }

    fn start_next(&mut self, indent: usize) {
        self.end();
        self.start(indent);
    }

    fn end(&mut self) {
        if !self.out.ends_with('\n') {
            self.put("\n");
        }
    }

    fn leaf(&mut self, value: &Value, indent: usize) {
        match value {
            Value::Null => self.put("null"),
            Value::Bool(b) => self.put(if *b { "true" } else { "false" }),
            Value::Number(n) => match n.as_f64().filter(|_| !n.is_i64() && !n.is_u64()) {
                // What fits u64 is an integer to the writer upstream.
                Some(f) if f.fract() == 0.0 && (0.0..18_446_744_073_709_551_616.0).contains(&f) => {
                    self.put(&f.to_string());
                }
                Some(f) => self.put(&go::float(f)),
                None => self.put(&n.to_string()),
            },
            Value::String(s) => self.text(s, indent, false),
            Value::Array(_) => self.put("[]"),
            Value::Object(_) => self.put("{}"),
        }
    }

    fn text(&mut self, text: &str, indent: usize, key: bool) {
        let facts = Facts::of(text);
        let reads_as_text = scalar::resolve(text) == Scalar::Text && !is_base_60(text);
        let breaks = !key;
        if text.contains('\n') {
            if key || !facts.block_allowed() {
                self.double_quoted(text, indent, breaks);
            } else {
                self.literal(text, indent);
            }
        } else if !reads_as_text {
            self.double_quoted(text, indent, breaks);
        } else if facts.plain_allowed() && !(key && facts.breaks) {
            self.folded(text, indent, breaks);
        } else if facts.single_allowed() && !(key && facts.breaks) {
            self.put("'");
            let doubled = text.replace('\'', "''");
            self.folded(&doubled, indent, breaks);
            self.put("'");
        } else {
            self.double_quoted(text, indent, breaks);
        }
    }

    /// Text on one line, or on several broken at single spaces.
    fn folded(&mut self, text: &str, indent: usize, breaks: bool) {
        let mut spaces = false;
        let mut chars = text.chars().enumerate().peekable();
        while let Some((i, c)) = chars.next() {
            let last = chars.peek().is_none();
            if c == ' ' {
                let next_is_space = chars.peek().is_some_and(|(_, n)| *n == ' ');
                if breaks && !spaces && self.column > WIDTH && i > 0 && !last && !next_is_space {
                    self.line(indent);
                } else {
                    self.put_char(' ');
                }
                spaces = true;
            } else {
                self.put_char(c);
                spaces = false;
            }
        }
    }

    fn double_quoted(&mut self, text: &str, indent: usize, breaks: bool) {
        self.put("\"");
        let mut spaces = false;
        let mut chars = text.chars().enumerate().peekable();
        while let Some((i, c)) = chars.next() {
            let next = chars.peek().map(|(_, n)| *n);
            if c == ' ' {
                if breaks && !spaces && self.column > WIDTH && i > 0 && next.is_some() {
                    self.line(indent);
                    if next == Some(' ') {
                        self.put("\\");
                    }
                } else {
                    self.put_char(' ');
                }
                spaces = true;
                continue;
            }
            spaces = false;
            let short = match c {
                '\0' => Some('0'),
                '\u{7}' => Some('a'),
                '\u{8}' => Some('b'),
                '\t' => Some('t'),
                '\n' => Some('n'),
                '\u{b}' => Some('v'),
                '\u{c}' => Some('f'),
                '\r' => Some('r'),
                '\u{1b}' => Some('e'),
                '"' => Some('"'),
                '\\' => Some('\\'),
                '\u{85}' => Some('N'),
                '\u{a0}' => Some('_'),
                '\u{2028}' => Some('L'),
                '\u{2029}' => Some('P'),
                _ => None,
            };
            match (short, u32::from(c)) {
                (Some('_'), _) => self.put_char(c),
                (Some(s), _) => {
                    self.put("\\");
                    self.put_char(s);
                }
                (None, _) if printable(c) => self.put_char(c),
                (None, n @ ..=0xff) => self.put(&format!("\\x{n:02X}")),
                (None, n @ ..=0xffff) => self.put(&format!("\\u{n:04X}")),
                (None, n) => self.put(&format!("\\U{n:08X}")),
            }
        }
        self.put("\"");
    }

    fn literal(&mut self, text: &str, indent: usize) {
        self.put("|");
        if text.starts_with([' ', '\n']) {
            self.put("2");
        }
        if !text.ends_with('\n') {
            self.put("-");
        } else if text == "\n" || text.ends_with("\n\n") {
            self.put("+");
        }
        for part in text.strip_suffix('\n').unwrap_or(text).split('\n') {
            if part.is_empty() {
                self.put("\n");
            } else {
                self.line(indent);
                self.put(part);
            }
        }
        self.put("\n");
    }
}

/// What stands against a style for a text (after libyaml's analysis).
#[derive(Default)]
struct Facts {
    breaks: bool,
    block_indicators: bool,
    special: bool,
    space_at_edge: bool,
    break_at_edge: bool,
    trailing_space: bool,
    space_after_break: bool,
    break_after_space: bool,
    empty: bool,
}

impl Facts {
    fn of(text: &str) -> Self {
        let mut f = Self { empty: text.is_empty(), ..Self::default() };
        f.block_indicators = text.starts_with("---") || text.starts_with("...");
        let chars: Vec<char> = text.chars().collect();
        let blank = |c: Option<&char>| c.is_none_or(|c| " \t\r\n\u{85}\u{2028}\u{2029}".contains(*c));
        let (mut after_space, mut after_break) = (false, false);
        for (i, c) in chars.iter().enumerate() {
            let (first, last) = (i == 0, i + 1 == chars.len());
            let before_blank = blank(chars.get(i + 1));
            let after_blank = first || blank(chars.get(i - 1));
            f.block_indicators |= match c {
                '#' | ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%' | '@' | '`'
                    if first =>
                {
                    true
                }
                '?' | '-' if first => before_blank,
                ':' => before_blank,
                '#' => after_blank,
                _ => false,
            };
            f.special |= !printable(*c) && *c != '\n';
            match c {
                ' ' => {
                    f.space_at_edge |= first || last;
                    f.trailing_space |= last;
                    f.space_after_break |= after_break;
                    (after_space, after_break) = (true, false);
                }
                '\n' | '\u{85}' | '\u{2028}' | '\u{2029}' => {
                    f.breaks = true;
                    f.break_at_edge |= first || last;
                    f.break_after_space |= after_space;
                    (after_space, after_break) = (false, true);
                }
                _ => (after_space, after_break) = (false, false),
            }
        }
        f
    }

    fn plain_allowed(&self) -> bool {
        let edges = self.space_at_edge || self.break_at_edge;
        let odd = self.space_after_break || self.break_after_space || self.special;
        !(edges || odd || self.breaks || self.block_indicators || self.empty)
    }

    fn single_allowed(&self) -> bool {
        !(self.space_after_break || self.break_after_space || self.special)
    }

    fn block_allowed(&self) -> bool {
        !(self.trailing_space || self.break_after_space || self.special)
    }
}

fn printable(c: char) -> bool {
    matches!(c, '\n' | ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..) && c != '\u{feff}'
}

/// `1:30` and the like, which old readers take for a number.
fn is_base_60(text: &str) -> bool {
    let text = text.strip_prefix(['+', '-']).unwrap_or(text);
    let mut parts = text.split(':');
    let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit() || b == b'_');
    let Some(first) = parts.next().filter(|p| digits(p) && p.starts_with(|c: char| c.is_ascii_digit())) else {
        return false;
    };
    let rest: Vec<&str> = parts.collect();
    let Some((last, middle)) = rest.split_last() else { return false };
    let sixty = |p: &str| p.len() <= 2 && digits(p) && p.parse::<u8>().is_ok_and(|n| n < 60);
    let (whole, fraction) = last.split_once('.').unwrap_or((last, ""));
    !first.is_empty() && middle.iter().all(|p| sixty(p)) && sixty(whole) && (fraction.is_empty() || digits(fraction))
}

/// The order of keys: letters after all else, numbers inside by their value.
fn natural(a: &str, b: &str) -> Ordering {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    for i in 0..a.len().min(b.len()) {
        let (x, y) = (a[i], b[i]);
        if x == y {
            continue;
        }
        match (x.is_alphabetic(), y.is_alphabetic()) {
            (true, true) => return x.cmp(&y),
            (true, false) => return Ordering::Greater,
            (false, true) => return Ordering::Less,
            (false, false) => {}
        }
        // A number in whose middle they part counts as one.
        let inside =
            (x == '0' || y == '0') && a[..i].iter().rev().take_while(|c| c.is_ascii_digit()).any(|c| *c != '0');
        let run = |chars: &[char]| {
            let digits = chars[i..].iter().take_while(|c| c.is_ascii_digit()).count();
            let start = i64::from(inside);
            let value = chars[i..i + digits]
                .iter()
                .fold(start, |n, c| n.wrapping_mul(10).wrapping_add(i64::from(c.to_digit(10).unwrap_or_default())));
            (value, digits)
        };
        return run(&a).cmp(&run(&b)).then(x.cmp(&y));
    }
    a.len().cmp(&b.len())
}
