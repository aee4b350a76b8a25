//! String formats as kube-openapi's `validation/strfmt` checks them. Some are patterns, which are matched by what the caller has:
//! a compiled expression when objects are validated, `re2::matches` when a literal is looked at once.

use std::net::{Ipv4Addr, Ipv6Addr};

/// The patterns that formats are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pattern {
    /// Any UUID.
    Uuid,
    /// A UUID of version 3.
    Uuid3,
    /// A UUID of version 4.
    Uuid4,
    /// A UUID of version 5.
    Uuid5,
    /// The name of a host.
    Host,
    /// The number of a credit card.
    Card,
    /// A social security number.
    Ssn,
    /// A colour, in hexadecimal digits.
    Hex,
    /// A colour, in three numbers.
    Rgb,
    /// A time of day with its zone, in lower case.
    Time,
}

impl Pattern {
    /// All of them, in their order.
    pub const ALL: [Self; 10] = [
        Self::Uuid,
        Self::Uuid3,
        Self::Uuid4,
        Self::Uuid5,
        Self::Host,
        Self::Card,
        Self::Ssn,
        Self::Hex,
        Self::Rgb,
        Self::Time,
    ];

    /// The expression.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Uuid => "(?i)^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$",
            Self::Uuid3 => "(?i)^[0-9a-f]{8}-?[0-9a-f]{4}-?3[0-9a-f]{3}-?[0-9a-f]{4}-?[0-9a-f]{12}$",
            Self::Uuid4 => "(?i)^[0-9a-f]{8}-?[0-9a-f]{4}-?4[0-9a-f]{3}-?[89ab][0-9a-f]{3}-?[0-9a-f]{12}$",
            Self::Uuid5 => "(?i)^[0-9a-f]{8}-?[0-9a-f]{4}-?5[0-9a-f]{3}-?[89ab][0-9a-f]{3}-?[0-9a-f]{12}$",
            Self::Host => {
                r"^([a-zA-Z0-9\p{S}\p{L}]((-?[a-zA-Z0-9\p{S}\p{L}]{0,62})?)|([a-zA-Z0-9\p{S}\p{L}](([a-zA-Z0-9-\p{S}\p{L}]{0,61}[a-zA-Z0-9\p{S}\p{L}])?)(\.)){1,}([a-zA-Z\p{L}]){2,63})$"
            }
            Self::Card => {
                r"^(?:4[0-9]{12}(?:[0-9]{3})?|5[1-5][0-9]{14}|6(?:011|5[0-9][0-9])[0-9]{12}|3[47][0-9]{13}|3(?:0[0-5]|[68][0-9])[0-9]{11}|(?:2131|1800|35[0-9]{3})[0-9]{11})$"
            }
            Self::Ssn => r"^[0-9]{3}[- ]?[0-9]{2}[- ]?[0-9]{4}$",
            Self::Hex => "^#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$",
            Self::Rgb => {
                r"^rgb\([\t\n\f\r ]*(0|[1-9][0-9]?|1[0-9][0-9]?|2[0-4][0-9]|25[0-5])[\t\n\f\r ]*,[\t\n\f\r ]*(0|[1-9][0-9]?|1[0-9][0-9]?|2[0-4][0-9]|25[0-5])[\t\n\f\r ]*,[\t\n\f\r ]*(0|[1-9][0-9]?|1[0-9][0-9]?|2[0-4][0-9]|25[0-5])[\t\n\f\r ]*\)$"
            }
            Self::Time => r"^([0-9]{2}):([0-9]{2}):([0-9]{2})(.[0-9]+)?(z|([+-][0-9]{2}:[0-9]{2}))$",
        }
    }
}

/// Whether a text matches a pattern.
pub type Engine<'a> = &'a dyn Fn(Pattern, &str) -> bool;

/// Whether the format is one of texts.
pub fn is_known(format: &str) -> bool {
    TEXT.iter().any(|(name, _)| undashed(format, name))
}

/// Whether the text has the format; none for formats that are not for text.
pub fn check(format: &str, s: &str, matches: Engine<'_>) -> Option<bool> {
    TEXT.iter().find(|(name, _)| undashed(format, name)).map(|(_, f)| f(s, matches))
}

fn undashed(format: &str, name: &str) -> bool {
    format.bytes().filter(|b| *b != b'-').eq(name.bytes())
}

type Check = fn(&str, Engine<'_>) -> bool;

const TEXT: [(&str, Check); 26] = [
    ("bsonobjectid", |s, _| s.len() == 24 && s.bytes().all(|b| b.is_ascii_hexdigit())),
    ("uri", |s, _| request_uri(s)),
    ("email", |s, _| email(s)),
    ("hostname", hostname),
    ("ipv4", |s, _| s.contains('.') && ip_sloppy(s)),
    ("ipv6", |s, _| s.contains(':') && s.parse::<Ipv6Addr>().is_ok()),
    ("cidr", |s, _| cidr(s)),
    ("mac", |s, _| mac(s)),
    ("uuid", |s, m| m(Pattern::Uuid, s)),
    ("uuid3", |s, m| m(Pattern::Uuid3, s)),
    ("uuid4", |s, m| m(Pattern::Uuid4, s)),
    ("uuid5", |s, m| m(Pattern::Uuid5, s)),
    ("isbn", |s, _| isbn10(s) || isbn13(s)),
    ("isbn10", |s, _| isbn10(s)),
    ("isbn13", |s, _| isbn13(s)),
    ("creditcard", credit_card),
    ("ssn", |s, m| s.len() == 11 && m(Pattern::Ssn, s)),
    ("hexcolor", |s, m| m(Pattern::Hex, s)),
    ("rgbcolor", |s, m| m(Pattern::Rgb, s)),
    ("byte", |s, _| base64(s)),
    ("password", |_, _| true),
    ("date", |s, _| date(s)),
    ("duration", |s, _| duration(s)),
    ("datetime", datetime),
    ("k8sshortname", |s, _| short_name(s)),
    ("k8slongname", |s, _| s.len() <= 253 && s.split('.').all(label)),
];

fn hostname(s: &str, matches: Engine<'_>) -> bool {
    s.len() <= 255 && matches(Pattern::Host, s) && s.split('.').all(|p| p.len() <= 63)
}

fn label(s: &str) -> bool {
    let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    !s.is_empty() && s.bytes().all(|b| inner(b) || b == b'-') && !s.starts_with('-') && !s.ends_with('-')
}

fn short_name(s: &str) -> bool {
    s.len() <= 63 && label(s)
}

/// Addresses with leading zeros in their decimal parts are tolerated.
fn ip_sloppy(s: &str) -> bool {
    if s.contains(':') {
        return s.parse::<Ipv6Addr>().is_ok();
    }
    let parts: Vec<&str> = s.split('.').collect();
    parts.len() == 4
        && parts.iter().all(|p| {
            !p.is_empty()
                && p.bytes().all(|b| b.is_ascii_digit())
                && p.trim_start_matches('0').len() <= 3
                && p.parse::<u32>().is_ok_and(|n| n <= 255)
        })
}

fn cidr(s: &str) -> bool {
    let Some((ip, bits)) = s.split_once('/') else { return false };
    let max = if ip.contains(':') { 128 } else { 32 };
    ip_sloppy(ip)
        && !bits.is_empty()
        && bits.bytes().all(|b| b.is_ascii_digit())
        && bits.parse::<u32>().is_ok_and(|n| n <= max)
}

fn mac(s: &str) -> bool {
    let b = s.as_bytes();
    let groups = |sep: char, digits: usize, counts: &[usize]| {
        let parts: Vec<&str> = s.split(sep).collect();
        counts.contains(&parts.len())
            && parts.iter().all(|p| p.len() == digits && p.bytes().all(|b| b.is_ascii_hexdigit()))
    };
    match (b.get(2), b.get(4)) {
        (Some(b':'), _) => groups(':', 2, &[6, 8, 20]),
        (Some(b'-'), _) => groups('-', 2, &[6, 8, 20]),
        (_, Some(b'.')) => groups('.', 4, &[3, 4, 10]),
        _ => false,
    }
}

fn isbn10(s: &str) -> bool {
    let s: Vec<u8> = s.bytes().filter(|b| !matches!(b, b' ' | b'-' | b'\t' | b'\n' | b'\r' | 0x0c)).collect();
    let Some((last, digits)) = s.split_last() else { return false };
    if digits.len() != 9 || !digits.iter().all(u8::is_ascii_digit) {
        return false;
    }
    let sum: u32 = (1..).zip(digits).map(|(i, d)| i * u32::from(d - b'0')).sum();
    let last = match last {
        b'X' => 10,
        d if d.is_ascii_digit() => u32::from(d - b'0'),
        _ => return false,
    };
    (sum + 10 * last).is_multiple_of(11)
}

fn isbn13(s: &str) -> bool {
    let s: Vec<u8> = s.bytes().filter(|b| !matches!(b, b' ' | b'-' | b'\t' | b'\n' | b'\r' | 0x0c)).collect();
    if s.len() != 13 || !s.iter().all(u8::is_ascii_digit) {
        return false;
    }
    let sum: u32 = s.iter().enumerate().map(|(i, d)| (if i % 2 == 0 { 1 } else { 3 }) * u32::from(d - b'0')).sum();
    sum.is_multiple_of(10)
}

fn credit_card(s: &str, matches: Engine<'_>) -> bool {
    let digits: String = s.chars().filter(char::is_ascii_digit).collect();
    if !matches(Pattern::Card, &digits) {
        return false;
    }
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(i, b)| {
            let d = u32::from(b - b'0') * if i % 2 == 1 { 2 } else { 1 };
            d / 10 + d % 10
        })
        .sum();
    sum.is_multiple_of(10)
}

fn base64(s: &str) -> bool {
    let b = s.as_bytes();
    if b.is_empty() || !b.len().is_multiple_of(4) {
        return false;
    }
    let body = s.trim_end_matches('=');
    b.len() - body.len() <= 2 && body.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'+' || b == b'/')
}

fn date(s: &str) -> bool {
    let b = s.as_bytes();
    if b.len() != 10 || b.get(4) != Some(&b'-') || b.get(7) != Some(&b'-') {
        return false;
    }
    let number = |range: std::ops::Range<usize>| -> Option<u16> {
        s.get(range).filter(|t| t.bytes().all(|b| b.is_ascii_digit())).and_then(|t| t.parse().ok())
    };
    let (Some(y), Some(m), Some(d)) = (number(0..4), number(5..7), number(8..10)) else { return false };
    let leap = y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);
    let days = match m {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => return false,
    };
    (1..=days).contains(&d)
}

fn datetime(s: &str, matches: Engine<'_>) -> bool {
    let lower = s.to_lowercase();
    let mut parts = lower.split('t');
    let (Some(day), Some(time)) = (parts.next(), parts.next()) else { return false };
    let below = |at: usize, most: &str| time.get(at..at + 2).is_some_and(|part| part <= most);
    date(day) && matches(Pattern::Time, time) && below(0, "23") && below(3, "59") && below(6, "59")
}

/// Go's `time.ParseDuration`, or any text with a number and a unit in it.
fn duration(s: &str) -> bool {
    if go_duration(s) {
        return true;
    }
    const UNITS: [(&[&str], &str); 8] = [
        (&["ns"], "nano"),
        (&["us", "µs"], "micro"),
        (&["ms"], "milli"),
        (&["s"], "sec"),
        (&["m"], "min"),
        (&["h", "hr"], "hour"),
        (&["d"], "day"),
        (&["w", "wk"], "week"),
    ];
    let mut ok = false;
    let mut rest = s;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let from = &rest[start..];
        let (number, after) = from.split_at(from.find(|c: char| !c.is_ascii_digit()).unwrap_or(from.len()));
        let after = after.trim_start_matches(['\t', '\n', '\x0c', '\r', ' ']);
        let end = after.find(|c: char| !c.is_ascii_alphabetic() && c != 'µ').unwrap_or(after.len());
        let (unit, after) = after.split_at(end);
        rest = after;
        if unit.is_empty() {
            continue;
        }
        if number.parse::<i64>().is_err() {
            return false;
        }
        let unit = unit.to_lowercase();
        ok |= UNITS.iter().any(|(exact, prefix)| exact.contains(&unit.as_str()) || unit.starts_with(prefix));
    }
    ok
}

fn go_duration(s: &str) -> bool {
    let mut rest = s.strip_prefix(['-', '+']).unwrap_or(s);
    if rest == "0" {
        return true;
    }
    if rest.is_empty() {
        return false;
    }
    let mut total = 0f64;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (digits, tail) = rest.split_at(end);
        if digits.matches('.').count() > 1 || !digits.bytes().any(|b| b.is_ascii_digit()) {
            return false;
        }
        let end = tail.find(|c: char| c == '.' || c.is_ascii_digit()).unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(end);
        let nanos = match unit {
            "ns" => 1.0,
            "us" | "µs" | "μs" => 1e3,
            "ms" => 1e6,
            "s" => 1e9,
            "m" => 6e10,
            "h" => 3.6e12,
            _ => return false,
        };
        total += digits.trim_end_matches('.').parse::<f64>().or_else(|_| format!("0{digits}").parse()).unwrap_or(0.0)
            * nanos;
        rest = tail;
    }
    total <= 9.223_372_036_854_776e18
}

/// Go's `url.ParseRequestURI`: an absolute URI or an absolute path.
fn request_uri(s: &str) -> bool {
    if s.is_empty() || s.bytes().any(|b| b < 0x20 || b == 0x7f) {
        return false;
    }
    if s == "*" {
        return true;
    }
    let (scheme, rest) = match scheme(s) {
        Some(parts) => parts,
        None => return false,
    };
    let (rest, _query) = rest.split_once('?').unwrap_or((rest, ""));
    if !rest.starts_with('/') {
        // A rootless path is opaque after a scheme, and invalid without one.
        return !scheme.is_empty();
    }
    let (authority, path) = match rest.strip_prefix("//") {
        // Without a scheme only three slashes are no authority.
        Some(tail) if !scheme.is_empty() || !rest.starts_with("///") => {
            let end = tail.find('/').unwrap_or(tail.len());
            // In a request URI two leading slashes start a path, unless a scheme came before.
            if scheme.is_empty() { (None, rest) } else { (Some(&tail[..end]), &tail[end..]) }
        }
        _ => (None, rest),
    };
    authority.is_none_or(authority_ok) && escapes_ok(path)
}

/// Splits off the scheme; an empty one where there is none. No result for a colon without a scheme.
fn scheme(s: &str) -> Option<(&str, &str)> {
    for (i, b) in s.bytes().enumerate() {
        match b {
            b'a'..=b'z' | b'A'..=b'Z' => {}
            b'0'..=b'9' | b'+' | b'-' | b'.' if i > 0 => {}
            b':' if i == 0 => return None,
            b':' => return Some((&s[..i], &s[i + 1..])),
            _ => return Some(("", s)),
        }
    }
    Some(("", s))
}

fn escapes_ok(s: &str) -> bool {
    let b = s.as_bytes();
    b.iter()
        .enumerate()
        .all(|(i, c)| *c != b'%' || b.get(i + 1..i + 3).is_some_and(|h| h.iter().all(u8::is_ascii_hexdigit)))
}

fn authority_ok(a: &str) -> bool {
    let (user, host) = match a.rsplit_once('@') {
        Some((u, h)) => (u, h),
        None => ("", a),
    };
    let user_ok =
        user.chars().all(|c| c.is_ascii_alphanumeric() || "-._:~!$&'()*+,;=%@".contains(c)) && escapes_ok(user);
    let port_ok = |p: &str| p.is_empty() || p.strip_prefix(':').is_some_and(|d| d.bytes().all(|b| b.is_ascii_digit()));
    let host_ok = if let Some(inner) = host.strip_prefix('[') {
        inner.rsplit_once(']').is_some_and(|(_, port)| port_ok(port))
    } else {
        let port = host.rfind(':').map_or("", |i| &host[i..]);
        // Escapes in a host may only spell what could not stand there: non-ASCII bytes.
        let name_ok =
            host.bytes().all(|b| b.is_ascii_alphanumeric() || b >= 0x80 || b"-._~!$&'()*+,;=:[]<>\"%".contains(&b));
        port_ok(port) && name_ok && escapes_ok(host)
    };
    user_ok && host_ok
}

/// Go's `mail.ParseAddress`: `a@b` or `Name <a@b>`.
fn email(s: &str) -> bool {
    let s = s.trim_matches([' ', '\t']);
    if let Some(start) = s.rfind('<') {
        let Some(inner) = s[start + 1..].strip_suffix('>') else { return false };
        return phrase(s[..start].trim_matches([' ', '\t'])) && address(inner.trim_matches([' ', '\t']));
    }
    address(s)
}

fn atext(c: char) -> bool {
    c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c) || (!c.is_ascii() && !c.is_control())
}

fn dot_atom(s: &str) -> bool {
    !s.is_empty() && s.split('.').all(|p| !p.is_empty() && p.chars().all(atext))
}

fn quoted(s: &str) -> bool {
    let Some(inner) = s.strip_prefix('"').and_then(|s| s.strip_suffix('"')) else { return false };
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' if chars.next().is_none() => return false,
            '"' | '\r' | '\n' => return false,
            _ => {}
        }
    }
    true
}

fn phrase(s: &str) -> bool {
    s.is_empty()
        || quoted(s)
        || s.split([' ', '\t']).filter(|w| !w.is_empty()).all(|w| quoted(w) || w.chars().all(|c| atext(c) || c == '.'))
}

fn address(s: &str) -> bool {
    let Some((local, domain)) = s.rsplit_once('@') else { return false };
    let domain_ok = match domain.strip_prefix('[') {
        Some(d) => d.strip_suffix(']').is_some_and(|ip| {
            ip.parse::<Ipv4Addr>().is_ok() || ip.strip_prefix("IPv6:").is_some_and(|v6| v6.parse::<Ipv6Addr>().is_ok())
        }),
        None => dot_atom(domain),
    };
    (dot_atom(local) || (quoted(local) && local.len() > 2)) && domain_ok
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn formats_accept_and_refuse_what_strfmt_does() {
        let engine = |p: super::Pattern, s: &str| crate::re2::matches(p.text(), s) == Some(true);
        for (format, good, wrong) in [
            ("date-time", "2014-12-15T19:30:20.000Z", "2014-12-15 19:30:20"),
            ("date", "2024-02-29", "2023-02-29"),
            ("duration", "1h30m", "soon"),
            ("ipv4", "010.1.1.1", "1.1.1"),
            ("cidr", "10.0.0.0/8", "10.0.0.0/33"),
            ("mac", "0123.4567.89ab", "01:23:45"),
            ("uri", "http://a/b", "a b"),
            ("email", "Jo <jo@example.com>", "jo@"),
            ("isbn", "978-0321751041", "978-0321751042"),
            ("creditcard", "4111 1111 1111 1111", "4111 1111 1111 1112"),
            ("byte", "aGVsbG8=", "aGVsbG8"),
            ("k8s-short-name", "a-b", "A"),
            ("k8s-long-name", "a.b", "a..b"),
            ("uuid4", "67e55044-10b1-426f-9247-bb680e5fe0c8", "67e55044-10b1-326f-9247-bb680e5fe0c8"),
            ("hostname", "a.example", "a_b"),
            ("hexcolor", "#fff", "#ffff"),
            ("rgbcolor", "rgb(1, 2, 255)", "rgb(1, 2, 256)"),
            ("ssn", "111-22-3333", "111-22-333"),
            ("date-time", "2014-12-15T23:59:59+01:00", "2014-12-15T24:00:00Z"),
            ("duration", "about 3 weeks", "3 99999999999999999999 weeks"),
        ] {
            assert_eq!(check(format, good, &engine), Some(true), "{format} {good}");
            assert_eq!(check(format, wrong, &engine), Some(false), "{format} {wrong}");
        }
    }
}
