//! Classes of characters: in brackets, of Perl (`\d`), of POSIX (`[:alpha:]`) and of Unicode (`\p{Greek}`). Each is written
//! anew for the engine, whose brackets know more operators than Go's.

use super::Error;
use std::fmt::Write;

/// A class that nothing is in.
pub(super) const NOTHING: &str = r"[^\x{0}-\x{10FFFF}]";
/// The class that every character is in.
const ANYTHING: &str = r"[\x{0}-\x{10FFFF}]";

const POSIX: [&str; 14] = [
    "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space", "upper", "word",
    "xdigit",
];

const INVALID_RANGE: &str = "invalid character class range";

/// A class of Perl at the beginning.
pub(super) fn perl(text: &str) -> Option<&'static str> {
    Some(match text.get(..2)? {
        r"\d" => "[0-9]",
        r"\D" => "[^0-9]",
        r"\s" => r"[\t\n\f\r ]",
        r"\S" => r"[^\t\n\f\r ]",
        r"\w" => "[0-9A-Za-z_]",
        r"\W" => "[^0-9A-Za-z_]",
        _ => return None,
    })
}

/// A class of Unicode at the beginning, which is `\p` or `\P`, and what follows.
pub(super) fn unicode(text: &str) -> Result<(String, &str), Error> {
    let after = text.get(2..).unwrap_or_default();
    let (whole, name) = match after.chars().next() {
        Some('{') => {
            let end = text.find('}').ok_or_else(|| Error::new(INVALID_RANGE, text))?;
            (&text[..=end], &text[3..end])
        }
        first => {
            let end = 2 + first.map_or(0, char::len_utf8);
            (&text[..end], &text[2..end])
        }
    };
    let (inverted, name) = name.strip_prefix('^').map_or((false, name), |name| (true, name));
    let negated = text.starts_with(r"\P") != inverted;
    let class = named(name, negated).ok_or_else(|| Error::new(INVALID_RANGE, whole))?;
    Ok((class, &text[whole.len()..]))
}

/// General categories and scripts; the engine knows more properties than Go does, and short names of scripts.
fn named(name: &str, negated: bool) -> Option<String> {
    if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphabetic() || matches!(b, b'_' | b'-' | b' ')) {
        return None;
    }
    let plain: String = name.chars().filter(char::is_ascii_alphabetic).collect::<String>().to_ascii_lowercase();
    let p = if negated { 'P' } else { 'p' };
    match plain.as_str() {
        "any" | "ascii" | "assigned" => return Some(format!("\\{p}{{{plain}}}")),
        // No text has surrogates.
        "cs" | "surrogate" => return Some(if negated { ANYTHING } else { NOTHING }.to_owned()),
        _ => {}
    }
    let short = plain.len() == 4
        && !matches!(plain.as_str(), "ahom" | "cham" | "kawi" | "lisu" | "miao" | "modi" | "thai" | "toto");
    ["gc", "sc"].iter().filter(|kind| **kind == "gc" || !short).find_map(|kind| {
        let class = format!("\\{p}{{{kind}={plain}}}");
        regex_syntax::Parser::new().parse(&class).ok().map(|_| class)
    })
}

/// An escape sequence at the beginning, which is a backslash, that stands for one character: its code, and what follows.
pub(super) fn escape(text: &str) -> Result<(u32, &str), Error> {
    let mut rest = text[1..].chars();
    let Some(c) = rest.next() else { return Err(Error::new("trailing backslash at end of expression", "")) };
    let code = match c {
        '0'..='7' => {
            if c != '0' && !rest.as_str().starts_with(|d: char| d.is_digit(8)) {
                None
            } else {
                let mut code = c as u32 - '0' as u32;
                for _ in 0..2 {
                    let Some(digit) = rest.as_str().chars().next().and_then(|d| d.to_digit(8)) else { break };
                    code = code * 8 + digit;
                    rest.next();
                }
                Some(code)
            }
        }
        'x' => hexadecimal(&mut rest),
        'a' => Some(7),
        'f' => Some(12),
        'n' => Some(10),
        'r' => Some(13),
        't' => Some(9),
        'v' => Some(11),
        c if c.is_ascii() && !c.is_ascii_alphanumeric() => Some(c as u32),
        _ => None,
    };
    let rest = rest.as_str();
    match code {
        Some(code) => Ok((code, rest)),
        None => Err(Error::new("invalid escape sequence", &text[..text.len() - rest.len()])),
    }
}

/// Two digits, or any number of them in braces.
fn hexadecimal(rest: &mut std::str::Chars<'_>) -> Option<u32> {
    let first = rest.next()?;
    if first != '{' {
        let second = rest.next().and_then(|c| c.to_digit(16));
        return Some(first.to_digit(16)? * 16 + second?);
    }
    let mut code = None;
    loop {
        let c = rest.next()?;
        if c == '}' {
            return code;
        }
        let next = code.unwrap_or(0) * 16 + c.to_digit(16)?;
        code = Some(next).filter(|code| *code <= 0x10_FFFF);
        code?;
    }
}

/// A class in brackets at the beginning, and what follows.
pub(super) fn bracketed(text: &str) -> Result<(String, &str), Error> {
    let mut rest = &text[1..];
    let mut out = String::from("[");
    if let Some(after) = rest.strip_prefix('^') {
        out.push('^');
        rest = after;
    }
    let (mut first, empty) = (true, out.len());
    while first || !rest.starts_with(']') {
        first = false;
        if let Some((class, after)) = posix(rest)? {
            out.push_str(class);
            rest = after;
        } else if rest.starts_with(r"\p") || rest.starts_with(r"\P") {
            let (class, after) = unicode(rest)?;
            out.push_str(&class);
            rest = after;
        } else if let Some(class) = perl(rest) {
            out.push_str(class);
            rest = &rest[2..];
        } else {
            let start = rest;
            let (low, after) = character(rest, text)?;
            let mut high = low;
            rest = after;
            // A dash before the closing bracket is one.
            if let Some(after) = rest.strip_prefix('-').filter(|after| !after.is_empty() && !after.starts_with(']')) {
                (high, rest) = character(after, text)?;
                if high < low {
                    return Err(Error::new(INVALID_RANGE, &start[..start.len() - rest.len()]));
                }
            }
            range(low, high, &mut out);
        }
    }
    if out.len() == empty {
        out.push_str(NOTHING);
    }
    out.push(']');
    Ok((out, &rest[1..]))
}

/// A class like `[:alpha:]`, and what follows.
fn posix(text: &str) -> Result<Option<(&str, &str)>, Error> {
    let Some(end) = text.strip_prefix("[:").and_then(|inner| inner.find(":]")) else { return Ok(None) };
    let (whole, rest) = text.split_at(end + 4);
    let name = &whole[2..end + 2];
    if POSIX.contains(&name.strip_prefix('^').unwrap_or(name)) {
        Ok(Some((whole, rest)))
    } else {
        Err(Error::new(INVALID_RANGE, whole))
    }
}

/// One character of the class `whole`, and what follows.
fn character<'t>(text: &'t str, whole: &str) -> Result<(u32, &'t str), Error> {
    match text.chars().next() {
        None => Err(Error::new("missing closing ]", whole)),
        Some('\\') => escape(text),
        Some(c) => Ok((c as u32, &text[c.len_utf8()..])),
    }
}

/// Writes a range without the surrogates, which the engine has no names for.
fn range(low: u32, high: u32, out: &mut String) {
    const SURROGATES: std::ops::RangeInclusive<u32> = 0xD800..=0xDFFF;
    let low = if SURROGATES.contains(&low) { 0xE000 } else { low };
    let high = if SURROGATES.contains(&high) { 0xD7FF } else { high };
    if low == high {
        let _ = write!(out, "\\x{{{low:X}}}");
    } else if low < high {
        let _ = write!(out, "\\x{{{low:X}}}-\\x{{{high:X}}}");
    }
}
