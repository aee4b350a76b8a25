//! Semantic versions as blang/semver reads and orders them, with its words for what is wrong.

use super::go::quote;
use std::cmp::Ordering;
use std::fmt;

/// A version.
#[derive(Clone, Debug)]
pub struct Semver {
    pub(in crate::schema::cel) major: u64,
    pub(in crate::schema::cel) minor: u64,
    pub(in crate::schema::cel) patch: u64,
    pre: Vec<Pre>,
    build: Vec<String>,
}

/// A part of a pre-release: numbers come before text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Pre {
    Number(u64),
    Text(String),
}

fn numeric(s: &str) -> bool {
    s.bytes().all(|b| b.is_ascii_digit())
}

fn alphanumeric(s: &str) -> bool {
    s.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

fn leading_zeroes(s: &str) -> bool {
    s.len() > 1 && s.starts_with('0')
}

fn parse_uint(s: &str) -> Result<u64, String> {
    s.parse().map_err(|_| {
        let what = if s.is_empty() { "invalid syntax" } else { "value out of range" };
        format!("strconv.ParseUint: parsing {}: {what}", quote(s))
    })
}

fn number(s: &str, lower: &str, upper: &str) -> Result<u64, String> {
    if !numeric(s) {
        return Err(format!("Invalid character(s) found in {lower} number {}", quote(s)));
    }
    if leading_zeroes(s) {
        return Err(format!("{upper} number must not contain leading zeroes {}", quote(s)));
    }
    parse_uint(s)
}

impl Semver {
    /// Reads a version as it stands.
    pub(in crate::schema::cel) fn parse(s: &str) -> Result<Self, String> {
        if s.is_empty() {
            return Err("Version string empty".into());
        }
        let parts: Vec<&str> = s.splitn(3, '.').collect();
        let [major, minor, rest] = parts[..] else { return Err("No Major.Minor.Patch elements found".into()) };
        let major = number(major, "major", "Major")?;
        let minor = number(minor, "minor", "Minor")?;
        let (rest, build) = match rest.split_once('+') {
            Some((rest, build)) => (rest, Some(build)),
            None => (rest, None),
        };
        let (patch, pre) = match rest.split_once('-') {
            Some((patch, pre)) => (patch, Some(pre)),
            None => (rest, None),
        };
        let patch = number(patch, "patch", "Patch")?;
        let pre = pre.map(|p| p.split('.').map(prerelease).collect()).transpose()?.unwrap_or_default();
        let build = build.map(|b| b.split('.').map(metadata).collect()).transpose()?.unwrap_or_default();
        Ok(Self { major, minor, patch, pre, build })
    }

    /// Reads a version after making it whole: a `v` before it goes, missing numbers are 0, leading zeros go.
    pub(in crate::schema::cel) fn parse_tolerant(s: &str) -> Result<Self, String> {
        let s = s.strip_prefix('v').unwrap_or(s);
        let mut parts: Vec<String> = s.splitn(3, '.').map(str::to_owned).collect();
        for part in &mut parts {
            if part.len() > 1 {
                let trimmed = part.trim_start_matches('0');
                *part = if trimmed.starts_with(|c: char| c.is_ascii_digit()) {
                    trimmed.to_owned()
                } else {
                    format!("0{trimmed}")
                };
            }
        }
        if parts.len() < 3 {
            if parts.last().is_some_and(|p| p.contains(['+', '-'])) {
                return Err("short version cannot contain PreRelease/Build meta data".into());
            }
            parts.resize(3, "0".into());
        }
        Self::parse(&parts.join("."))
    }

    /// The order of versions; build metadata does not count.
    pub(in crate::schema::cel) fn cmp(&self, other: &Self) -> Ordering {
        let numbers = |v: &Self| (v.major, v.minor, v.patch);
        numbers(self).cmp(&numbers(other)).then_with(|| match (self.pre.is_empty(), other.pre.is_empty()) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Greater,
            (false, true) => Ordering::Less,
            (false, false) => self.pre.cmp(&other.pre),
        })
    }
}

fn prerelease(s: &str) -> Result<Pre, String> {
    if s.is_empty() {
        return Err("Prerelease is empty".into());
    }
    if numeric(s) {
        if leading_zeroes(s) {
            return Err(format!("Numeric PreRelease version must not contain leading zeroes {}", quote(s)));
        }
        return parse_uint(s).map(Pre::Number);
    }
    if !alphanumeric(s) {
        return Err(format!("Invalid character(s) found in prerelease {}", quote(s)));
    }
    Ok(Pre::Text(s.to_owned()))
}

fn metadata(s: &str) -> Result<String, String> {
    if s.is_empty() {
        return Err("Build meta data is empty".into());
    }
    if !alphanumeric(s) {
        return Err(format!("Invalid character(s) found in build meta data {}", quote(s)));
    }
    Ok(s.to_owned())
}

impl fmt::Display for Semver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)?;
        for (i, p) in self.pre.iter().enumerate() {
            f.write_str(if i == 0 { "-" } else { "." })?;
            match p {
                Pre::Number(n) => write!(f, "{n}")?,
                Pre::Text(s) => f.write_str(s)?,
            }
        }
        for (i, b) in self.build.iter().enumerate() {
            write!(f, "{}{b}", if i == 0 { "+" } else { "." })?;
        }
        Ok(())
    }
}
