//! `matches()` and Kubernetes' regex library, with Go's patterns. Patterns that are constants are compiled once, when the
//! expression is planned.

use super::super::cost::{self, Clock};
use super::super::value::{Error, Result, Value};
use super::{Arg, Function, Overload, int, overloads, strings, text, whole};
use ::regex::{Regex, RegexBuilder};
use kubegraft_syntax::re2;

/// A pattern compiled ahead, and the function it is for.
#[derive(Debug)]
pub(in crate::schema::cel) struct Compiled {
    regex: Regex,
    function: Named,
    /// What it adds to the cost of a call.
    pub(in crate::schema::cel) cost: u64,
}

#[derive(Debug, Clone, Copy)]
enum Named {
    Matches,
    Find,
    FindAll,
}

/// How large a pattern may be that is compiled while an expression runs, and one that is compiled ahead, in bytes.
const LIMITS: [usize; 2] = [16 << 20, 64 << 20];

fn compile(pattern: &str) -> std::result::Result<Regex, String> {
    build(pattern, LIMITS[0])
}

fn build(pattern: &str, limit: usize) -> std::result::Result<Regex, String> {
    let source = re2::translate(pattern).map_err(|e| e.to_string())?;
    let compiled = RegexBuilder::new(&source).size_limit(limit).nest_limit(re2::NEST_LIMIT).build();
    compiled.map_err(|_| format!("error parsing regexp: expression too large: `{pattern}`"))
}

fn matches<'a>(a: &mut [Value<'a>]) -> Result<'a> {
    let (s, pattern) = (text(&a[0])?, text(&a[1])?);
    Ok(Value::Bool(compile(pattern).map_err(Error::new)?.is_match(s)))
}

fn illegal(e: String) -> Error {
    Error::new(format!("Illegal regex: {e}"))
}

fn find<'a>(r: &Regex, s: &str) -> Result<'a> {
    Ok(Value::string(r.find(s).map_or("", |m| m.as_str())))
}

fn find_all<'a>(r: &Regex, s: &str, n: i64) -> Result<'a> {
    let n = usize::try_from(n).unwrap_or(usize::MAX);
    let (mut found, mut clock) = (Vec::new(), Clock::default());
    for m in r.find_iter(s).take(n) {
        found.push(m.as_str().to_owned());
        // Some patterns read all that remains for each match.
        if found.len() % 64 == 0 && clock.is_over() {
            return Err(Error::interrupted());
        }
    }
    Ok(strings(found))
}

impl Compiled {
    /// Compiles the constant pattern of a call; none if the function takes no pattern.
    pub(in crate::schema::cel) fn of(function: &str, pattern: &str) -> Option<std::result::Result<Self, Error>> {
        let function = match function {
            "matches" => Named::Matches,
            "find" => Named::Find,
            "findAll" => Named::FindAll,
            _ => return None,
        };
        let cost = cost::pattern(pattern.chars().count() as u64);
        Some(build(pattern, LIMITS[1]).map(|regex| Self { regex, function, cost }).map_err(Error::new))
    }

    /// Whether it is only asked whether there is a match.
    pub(in crate::schema::cel) fn is_test(&self) -> bool {
        matches!(self.function, Named::Matches)
    }

    /// Whether there is a match.
    pub(in crate::schema::cel) fn is_match(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }

    /// Calls the function for a text, with how many matches are wanted where that is said.
    pub(in crate::schema::cel) fn run<'a>(&self, text: &str, most: Option<&Value<'_>>) -> Result<'a> {
        match self.function {
            Named::Matches => Ok(Value::Bool(self.is_match(text))),
            Named::Find => find(&self.regex, text),
            Named::FindAll => find_all(&self.regex, text, most.map_or(Ok(-1), int)?),
        }
    }
}

pub(super) const FUNCTIONS: &[Function] = &[
    whole("matches", |v| matches!(v, Value::String(_)), matches),
    overloads(
        "find",
        &[Overload("string_find_string", &[Arg::Str, Arg::Str], |a| {
            find(&compile(text(&a[1])?).map_err(illegal)?, text(&a[0])?)
        })],
    ),
    overloads(
        "findAll",
        &[
            Overload("string_find_all_string", &[Arg::Str, Arg::Str], |a| {
                find_all(&compile(text(&a[1])?).map_err(illegal)?, text(&a[0])?, -1)
            }),
            Overload("string_find_all_string_int", &[Arg::Str, Arg::Str, Arg::Int], |a| {
                find_all(&compile(text(&a[1])?).map_err(illegal)?, text(&a[0])?, int(&a[2])?)
            }),
        ],
    ),
];
