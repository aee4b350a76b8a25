//! URLs as Go's `net/url` reads, escapes and prints them, with its words for what is wrong.

use super::go::quote;
use super::net;
use std::fmt::{self, Write};

/// A URL.
#[derive(Clone, Debug, Default)]
pub struct Url {
    scheme: String,
    opaque: String,
    user: Option<(String, Option<String>)>,
    host: String,
    path: Vec<u8>,
    raw_path: String,
    omit_host: bool,
    force_query: bool,
    query: String,
    fragment: Vec<u8>,
    raw_fragment: String,
}

/// The part of a URL that text is escaped for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Path,
    Host,
    Zone,
    User,
    Query,
    Fragment,
}

fn should_escape(c: u8, part: Part) -> bool {
    if c.is_ascii_alphanumeric() {
        return false;
    }
    if matches!(part, Part::Host | Part::Zone) && b"!$&'()*+,;=:[]<>\"".contains(&c) {
        return false;
    }
    match c {
        b'-' | b'_' | b'.' | b'~' => false,
        b'$' | b'&' | b'+' | b',' | b'/' | b':' | b';' | b'=' | b'?' | b'@' => match part {
            Part::Path => c == b'?',
            Part::User => matches!(c, b'@' | b'/' | b'?' | b':'),
            Part::Query => true,
            Part::Fragment => false,
            Part::Host | Part::Zone => true,
        },
        b'!' | b'(' | b')' | b'*' => part != Part::Fragment,
        _ => true,
    }
}

fn escape(s: &[u8], part: Part) -> String {
    let mut out = String::with_capacity(s.len());
    for &c in s {
        if c == b' ' && part == Part::Query {
            out.push('+');
        } else if should_escape(c, part) {
            _ = write!(out, "%{c:02X}");
        } else {
            out.push(char::from(c));
        }
    }
    out
}

fn unescape(s: &str, part: Part) -> Result<Vec<u8>, String> {
    let b = s.as_bytes();
    let hex = |i: usize| b.get(i).and_then(|c| char::from(*c).to_digit(16)).map(|d| d as u8);
    let mut out = Vec::with_capacity(b.len());
    let mut i = 0;
    while i < b.len() {
        match b[i] {
            b'%' => {
                let (Some(high), Some(low)) = (hex(i + 1), hex(i + 2)) else {
                    let bad = String::from_utf8_lossy(&b[i..(i + 3).min(b.len())]).into_owned();
                    return Err(format!("invalid URL escape {}", quote(&bad)));
                };
                let c = high << 4 | low;
                let escaped = &s[i..i + 3];
                if part == Part::Host && high < 8 && escaped != "%25" {
                    return Err(format!("invalid URL escape {}", quote(escaped)));
                }
                if part == Part::Zone && escaped != "%25" && c != b' ' && should_escape(c, Part::Host) {
                    return Err(format!("invalid URL escape {}", quote(escaped)));
                }
                out.push(c);
                i += 3;
                continue;
            }
            b'+' if part == Part::Query => out.push(b' '),
            c if matches!(part, Part::Host | Part::Zone) && c < 0x80 && should_escape(c, part) => {
                return Err(format!("invalid character {} in host name", quote(&s[i..=i])));
            }
            c => out.push(c),
        }
        i += 1;
    }
    Ok(out)
}

fn text(b: Vec<u8>) -> String {
    String::from_utf8(b).unwrap_or_else(|e| String::from_utf8_lossy(e.as_bytes()).into_owned())
}

/// Scheme and rest.
fn scheme(s: &str) -> Result<(&str, &str), &'static str> {
    for (i, c) in s.bytes().enumerate() {
        match c {
            b'a'..=b'z' | b'A'..=b'Z' => {}
            b'0'..=b'9' | b'+' | b'-' | b'.' if i > 0 => {}
            b':' if i == 0 => return Err("missing protocol scheme"),
            b':' => return Ok((&s[..i], &s[i + 1..])),
            _ => return Ok(("", s)),
        }
    }
    Ok(("", s))
}

fn valid_encoded(s: &str, part: Part) -> bool {
    s.bytes().all(|c| match c {
        b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b';' | b'=' | b':' | b'@' | b'[' | b']'
        | b'%' => true,
        c => !should_escape(c, part),
    })
}

fn valid_port(s: &str) -> bool {
    s.is_empty() || s.strip_prefix(':').is_some_and(|p| p.bytes().all(|b| b.is_ascii_digit()))
}

fn host(s: &str) -> Result<String, String> {
    match s.rfind('[') {
        Some(0) => {
            let close = s.rfind(']').ok_or("missing ']' in host")?;
            let port = &s[close + 1..];
            if !valid_port(port) {
                return Err(format!("invalid port {} after host", quote(port)));
            }
            let name = &s[1..close];
            let name = match name.find("%25") {
                Some(zone) => {
                    let mut host = unescape(&name[..zone], Part::Host)?;
                    host.extend(unescape(&name[zone..], Part::Zone)?);
                    text(host)
                }
                None => text(unescape(name, Part::Host)?),
            };
            let (ip, _) = net::parse(&name).map_err(|e| format!("invalid host: {e}"))?;
            if ip.is_ipv4() {
                return Err("invalid IP-literal".into());
            }
            Ok(format!("[{name}]{port}"))
        }
        Some(_) => Err("invalid IP-literal".into()),
        None => {
            if let Some(colon) = s.find(':')
                && !valid_port(&s[colon..])
            {
                return Err(format!("invalid port {} after host", quote(&s[colon..])));
            }
            unescape(s, Part::Host).map(text)
        }
    }
}

impl Url {
    /// A URL as a request has it: absolute, or a path (`url.ParseRequestURI`).
    pub(in crate::schema::cel) fn check_request(s: &str) -> Result<(), String> {
        Self::read(s, true).map(|_| ()).map_err(|e| format!("parse {}: {e}", quote(s)))
    }

    /// A URL that may have a fragment, after [`Self::check_request`].
    pub(in crate::schema::cel) fn parse(s: &str) -> Result<Self, String> {
        Self::check_request(s)?;
        let (rest, fragment) = s.split_once('#').unwrap_or((s, ""));
        let wrap = |e: String| format!("parse {}: {e}", quote(s));
        let mut url = Self::read(rest, false).map_err(|e| format!("parse {}: {e}", quote(rest)))?;
        if !fragment.is_empty() {
            url.fragment = unescape(fragment, Part::Fragment).map_err(wrap)?;
            if escape(&url.fragment, Part::Fragment) != fragment {
                url.raw_fragment = fragment.to_owned();
            }
        }
        Ok(url)
    }

    fn read(s: &str, request: bool) -> Result<Self, String> {
        if s.bytes().any(|b| b < b' ' || b == 0x7f) {
            return Err("net/url: invalid control character in URL".into());
        }
        if s.is_empty() && request {
            return Err("empty url".into());
        }
        let mut url = Self::default();
        if s == "*" {
            url.path = b"*".into();
            return Ok(url);
        }
        let (scheme, mut rest) = scheme(s)?;
        url.scheme = scheme.to_ascii_lowercase();
        if rest.ends_with('?') && rest.matches('?').count() == 1 {
            url.force_query = true;
            rest = &rest[..rest.len() - 1];
        } else if let Some((before, query)) = rest.split_once('?') {
            url.query = query.to_owned();
            rest = before;
        }
        if !rest.starts_with('/') {
            if !url.scheme.is_empty() {
                url.opaque = rest.to_owned();
                return Ok(url);
            }
            if request {
                return Err("invalid URI for request".into());
            }
            if rest.split('/').next().is_some_and(|segment| segment.contains(':')) {
                return Err("first path segment in URL cannot contain colon".into());
            }
        }
        if (!url.scheme.is_empty() || !request && !rest.starts_with("///")) && rest.starts_with("//") {
            let after = &rest[2..];
            let (authority, path) = after.split_at(after.find('/').unwrap_or(after.len()));
            url.authority(authority)?;
            rest = path;
        } else if !url.scheme.is_empty() && rest.starts_with('/') {
            url.omit_host = true;
        }
        url.path = unescape(rest, Part::Path)?;
        if escape(&url.path, Part::Path) != rest {
            url.raw_path = rest.to_owned();
        }
        Ok(url)
    }

    fn authority(&mut self, s: &str) -> Result<(), String> {
        let Some((user, name)) = s.rsplit_once('@') else {
            self.host = host(s)?;
            return Ok(());
        };
        self.host = host(name)?;
        let valid = |c: u8| c.is_ascii_alphanumeric() || b"-._:~!$&'()*+,;=%@".contains(&c);
        if !user.bytes().all(valid) {
            return Err("net/url: invalid userinfo".into());
        }
        let part = |s: &str| unescape(s, Part::User).map(text);
        self.user = Some(match user.split_once(':') {
            None => (part(user)?, None),
            Some((name, password)) => (part(name)?, Some(part(password)?)),
        });
        Ok(())
    }

    /// The scheme, in lower case.
    pub(in crate::schema::cel) fn scheme(&self) -> &str {
        &self.scheme
    }

    /// Host and port.
    pub(in crate::schema::cel) fn host(&self) -> &str {
        &self.host
    }

    /// The host without port and brackets.
    pub(in crate::schema::cel) fn hostname(&self) -> &str {
        self.split_port().0
    }

    /// The port, empty for none.
    pub(in crate::schema::cel) fn port(&self) -> &str {
        self.split_port().1
    }

    fn split_port(&self) -> (&str, &str) {
        let (mut name, mut port) = (&*self.host, "");
        if let Some(colon) = name.rfind(':').filter(|c| valid_port(&name[*c..])) {
            (name, port) = (&name[..colon], &name[colon + 1..]);
        }
        let name = name.strip_prefix('[').and_then(|n| n.strip_suffix(']')).unwrap_or(name);
        (name, port)
    }

    /// The path, escaped.
    pub(in crate::schema::cel) fn escaped_path(&self) -> String {
        if !self.raw_path.is_empty()
            && valid_encoded(&self.raw_path, Part::Path)
            && unescape(&self.raw_path, Part::Path).is_ok_and(|p| p == self.path)
        {
            return self.raw_path.clone();
        }
        if self.path == b"*" { "*".into() } else { escape(&self.path, Part::Path) }
    }

    fn escaped_fragment(&self) -> String {
        if !self.raw_fragment.is_empty()
            && valid_encoded(&self.raw_fragment, Part::Fragment)
            && unescape(&self.raw_fragment, Part::Fragment).is_ok_and(|p| p == self.fragment)
        {
            return self.raw_fragment.clone();
        }
        escape(&self.fragment, Part::Fragment)
    }

    /// The parameters of the query; what cannot be read is left out.
    pub(in crate::schema::cel) fn query(&self) -> Vec<(String, String)> {
        let pairs = self.query.split('&').filter(|p| !p.is_empty() && !p.contains(';'));
        pairs
            .filter_map(|p| {
                let (k, v) = p.split_once('=').unwrap_or((p, ""));
                Some((text(unescape(k, Part::Query).ok()?), text(unescape(v, Part::Query).ok()?)))
            })
            .collect()
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.scheme.is_empty() {
            write!(f, "{}:", self.scheme)?;
        }
        if !self.opaque.is_empty() {
            f.write_str(&self.opaque)?;
        } else {
            let path = self.escaped_path();
            let named = !self.host.is_empty() || self.user.is_some();
            let hidden = self.omit_host && !named;
            if !hidden && (!self.scheme.is_empty() || named) {
                if named || !self.path.is_empty() {
                    f.write_str("//")?;
                }
                if let Some((name, password)) = &self.user {
                    f.write_str(&escape(name.as_bytes(), Part::User))?;
                    if let Some(password) = password {
                        write!(f, ":{}", escape(password.as_bytes(), Part::User))?;
                    }
                    f.write_str("@")?;
                }
                f.write_str(&escape(self.host.as_bytes(), Part::Host))?;
            }
            if !path.is_empty() && !path.starts_with('/') && !self.host.is_empty() {
                f.write_str("/")?;
            }
            f.write_str(&path)?;
        }
        if self.force_query || !self.query.is_empty() {
            write!(f, "?{}", self.query)?;
        }
        if !self.fragment.is_empty() {
            write!(f, "#{}", self.escaped_fragment())?;
        }
        Ok(())
    }
}
