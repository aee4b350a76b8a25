//! The strings library (cel-go `ext/strings.go`, version 2). Indexes and sizes count characters.

use super::super::value::{Error, Result, Value};
use super::{Arg, Function, Overload, format, int, list, overloads, strings, text};
use crate::resource::codec::go::escape;

/// What would not fit any object ends an evaluation; upstream has no such bound and would fall over.
const MAX_BYTES: usize = 64 << 20;

fn range_error(i: i64) -> Error {
    Error::new(format!("index out of range: {i}"))
}

/// The byte where the character of an index begins; the end for the number of characters.
fn offset(s: &str, i: i64) -> std::result::Result<usize, Error> {
    let index = usize::try_from(i).map_err(|_| range_error(i))?;
    match s.char_indices().map(|(at, _)| at).chain([s.len()]).nth(index) {
        Some(at) => Ok(at),
        None => Err(range_error(i)),
    }
}

fn index_of<'a>(s: &str, sub: &str, from: i64) -> Result<'a> {
    if from < 0 {
        return Err(range_error(from));
    }
    let count = s.chars().count() as i64;
    if sub.is_empty() {
        return Ok(Value::Int(from));
    }
    if from >= count {
        return Ok(Value::Int(-1));
    }
    let start = offset(s, from)?;
    Ok(Value::Int(s[start..].find(sub).map_or(-1, |at| s[..start + at].chars().count() as i64)))
}

fn last_index_of<'a>(s: &str, sub: &str, from: Option<i64>) -> Result<'a> {
    let count = s.chars().count() as i64;
    if let Some(from) = from
        && from < 0
    {
        return Err(range_error(from));
    }
    if sub.is_empty() {
        return Ok(Value::Int(from.unwrap_or(count)));
    }
    if s.len() < sub.len() && from.is_none() {
        return Ok(Value::Int(-1));
    }
    let from = from.unwrap_or(count - 1);
    if from < 0 {
        return Err(range_error(from));
    }
    if from >= count {
        return Ok(Value::Int(-1));
    }
    // The match begins at `from` at the latest.
    let start = offset(s, from)?;
    let end = s[start..].chars().next().map_or(start, |c| start + c.len_utf8());
    let found = s[..end].char_indices().rev().find(|(at, _)| s[*at..].starts_with(sub));
    Ok(Value::Int(found.map_or(-1, |(at, _)| s[..at].chars().count() as i64)))
}

fn replace<'a>(s: &str, old: &str, new: &str, n: i64) -> Result<'a> {
    let times = match usize::try_from(n) {
        Ok(n) => n,
        Err(_) => usize::MAX,
    };
    let found = s.matches(old).take(times).count();
    if found.saturating_mul(new.len()).saturating_add(s.len()) > MAX_BYTES {
        return Err(Error::cancelled());
    }
    Ok(Value::string(s.replacen(old, new, times)))
}

fn split<'a>(s: &str, separator: &str, n: i64) -> Result<'a> {
    let parts: Vec<String> = match (usize::try_from(n), separator) {
        (Ok(0), _) => Vec::new(),
        (n, "") => {
            // Character by character; the last part holds the rest.
            let limit = n.unwrap_or(usize::MAX).min(s.chars().count());
            let cut = s.char_indices().nth(limit.saturating_sub(1)).map_or(0, |(at, _)| at);
            let rest = (limit > 0).then(|| s[cut..].to_owned());
            s[..cut].chars().map(String::from).chain(rest).collect()
        }
        (Ok(n), separator) => s.splitn(n, separator).map(str::to_owned).collect(),
        (Err(_), separator) => s.split(separator).map(str::to_owned).collect(),
    };
    Ok(strings(parts))
}

fn substring<'a>(s: &str, start: i64, end: Option<i64>) -> Result<'a> {
    let Some(end) = end else { return Ok(Value::string(&s[offset(s, start)?..])) };
    if start > end {
        return Err(Error::new(format!("invalid substring range. start: {start}, end: {end}")));
    }
    let (from, to) = (offset(s, start)?, offset(s, end)?);
    Ok(Value::string(&s[from..to]))
}

fn join<'a>(l: &Value<'a>, separator: &str) -> Result<'a> {
    let mut out = String::new();
    for (i, v) in list(l)?.iter().enumerate() {
        let v = v?;
        if i > 0 {
            out.push_str(separator);
        }
        match v.as_str() {
            Some(s) => out.push_str(s),
            None => return Err(Error::new(format!("join: invalid input: {v}"))),
        }
        if out.len() > MAX_BYTES {
            return Err(Error::cancelled());
        }
    }
    Ok(Value::string(out))
}

fn quote<'a>(s: &str) -> Result<'a> {
    let mut out = String::with_capacity(s.len() + 2);
    out.push('"');
    for c in s.chars() {
        match escape(c) {
            Some(escaped) => out.push_str(escaped),
            None => out.push(c),
        }
    }
    out.push('"');
    Ok(Value::string(out))
}

/// Go's `unicode.IsSpace`.
fn space(c: char) -> bool {
    matches!(c, '\t'..='\r' | ' ' | '\u{85}' | '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{2028}' | '\u{2029}' | '\u{202f}' | '\u{205f}' | '\u{3000}')
}

const STR_STR: &[Arg] = &[Arg::Str, Arg::Str];
const STR_STR_INT: &[Arg] = &[Arg::Str, Arg::Str, Arg::Int];
const TEXTS: Arg = Arg::List(&Arg::Str);

pub(super) const FUNCTIONS: &[Function] = &[
    overloads(
        "charAt",
        &[Overload("string_char_at_int", &[Arg::Str, Arg::Int], |a| {
            let s = text(&a[0])?;
            let at = offset(s, int(&a[1])?)?;
            Ok(Value::string(s[at..].chars().next().map(String::from).unwrap_or_default()))
        })],
    ),
    overloads(
        "indexOf",
        &[
            Overload("string_index_of_string", STR_STR, |a| index_of(text(&a[0])?, text(&a[1])?, 0)),
            Overload("string_index_of_string_int", STR_STR_INT, |a| index_of(text(&a[0])?, text(&a[1])?, int(&a[2])?)),
        ],
    ),
    overloads(
        "lastIndexOf",
        &[
            Overload("string_last_index_of_string", STR_STR, |a| last_index_of(text(&a[0])?, text(&a[1])?, None)),
            Overload("string_last_index_of_string_int", STR_STR_INT, |a| {
                last_index_of(text(&a[0])?, text(&a[1])?, Some(int(&a[2])?))
            }),
        ],
    ),
    overloads(
        "lowerAscii",
        &[Overload("string_lower_ascii", &[Arg::Str], |a| Ok(Value::string(text(&a[0])?.to_ascii_lowercase())))],
    ),
    overloads(
        "upperAscii",
        &[Overload("string_upper_ascii", &[Arg::Str], |a| Ok(Value::string(text(&a[0])?.to_ascii_uppercase())))],
    ),
    overloads(
        "replace",
        &[
            Overload("string_replace_string_string", &[Arg::Str, Arg::Str, Arg::Str], |a| {
                replace(text(&a[0])?, text(&a[1])?, text(&a[2])?, -1)
            }),
            Overload("string_replace_string_string_int", &[Arg::Str, Arg::Str, Arg::Str, Arg::Int], |a| {
                replace(text(&a[0])?, text(&a[1])?, text(&a[2])?, int(&a[3])?)
            }),
        ],
    ),
    overloads(
        "split",
        &[
            Overload("string_split_string", STR_STR, |a| split(text(&a[0])?, text(&a[1])?, -1)),
            Overload("string_split_string_int", STR_STR_INT, |a| split(text(&a[0])?, text(&a[1])?, int(&a[2])?)),
        ],
    ),
    overloads(
        "substring",
        &[
            Overload("string_substring_int", &[Arg::Str, Arg::Int], |a| substring(text(&a[0])?, int(&a[1])?, None)),
            Overload("string_substring_int_int", &[Arg::Str, Arg::Int, Arg::Int], |a| {
                substring(text(&a[0])?, int(&a[1])?, Some(int(&a[2])?))
            }),
        ],
    ),
    overloads("trim", &[Overload("string_trim", &[Arg::Str], |a| Ok(Value::string(text(&a[0])?.trim_matches(space))))]),
    overloads(
        "format",
        &[Overload("string_format", &[Arg::Str, Arg::List(&Arg::Any)], |a| {
            format::format(text(&a[0])?, list(&a[1])?).map(Value::string)
        })],
    ),
    overloads("strings.quote", &[Overload("strings_quote", &[Arg::Str], |a| quote(text(&a[0])?))]),
    overloads(
        "join",
        &[
            Overload("list_join", &[TEXTS], |a| join(&a[0], "")),
            Overload("list_join_string", &[TEXTS, Arg::Str], |a| join(&a[0], text(&a[1])?)),
        ],
    ),
];
