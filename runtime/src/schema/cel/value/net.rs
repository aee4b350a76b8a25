//! Addresses and networks as Go's `net/netip` reads them, with its words for what is wrong.

use super::go::quote;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// An address with the length of a prefix; the bits beyond are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cidr {
    address: IpAddr,
    bits: u8,
}

/// An address and its zone, empty for none.
type Zoned<'a> = (IpAddr, &'a str);

struct Problem<'a> {
    text: &'static str,
    at: &'a str,
}

fn problem<'a>(text: &'static str, at: &'a str) -> Problem<'a> {
    Problem { text, at }
}

/// `netip.ParseAddr`
pub(super) fn parse(s: &str) -> Result<Zoned<'_>, String> {
    let parsed = match s.bytes().find(|b| b".:%".contains(b)) {
        Some(b'.') => v4(s).map(|ip| (IpAddr::V4(ip), "")),
        Some(b':') => v6(s),
        Some(_) => Err(problem("missing IPv6 address", "")),
        None => Err(problem("unable to parse IP", "")),
    };
    parsed.map_err(|p| match p.at {
        "" => format!("ParseAddr({}): {}", quote(s), p.text),
        at => format!("ParseAddr({}): {} (at {})", quote(s), p.text, quote(at)),
    })
}

fn v4(s: &str) -> Result<Ipv4Addr, Problem<'_>> {
    let (mut fields, mut pos, mut value, mut digits) = ([0u8; 4], 0, 0u32, 0);
    let b = s.as_bytes();
    for (i, c) in b.iter().enumerate() {
        match c {
            b'0'..=b'9' => {
                if digits == 1 && value == 0 {
                    return Err(problem("IPv4 field has octet with leading zero", ""));
                }
                value = value * 10 + u32::from(c - b'0');
                digits += 1;
                if value > 255 {
                    return Err(problem("IPv4 field has value >255", ""));
                }
            }
            b'.' => {
                if i == 0 || i == b.len() - 1 || b[i - 1] == b'.' {
                    return Err(problem("IPv4 field must have at least one digit", &s[i..]));
                }
                if pos == 3 {
                    return Err(problem("IPv4 address too long", ""));
                }
                fields[pos] = value as u8;
                pos += 1;
                (value, digits) = (0, 0);
            }
            _ => return Err(problem("unexpected character", s.get(i..).unwrap_or_default())),
        }
    }
    if pos < 3 {
        return Err(problem("IPv4 address too short", ""));
    }
    fields[3] = value as u8;
    Ok(fields.into())
}

fn v6(input: &str) -> Result<Zoned<'_>, Problem<'_>> {
    let (mut s, zone) = match input.split_once('%') {
        Some((_, "")) => return Err(problem("zone must be a non-empty string", "")),
        Some(parts) => parts,
        None => (input, ""),
    };
    let mut ip = [0u8; 16];
    let mut ellipsis = None;
    if let Some(rest) = s.strip_prefix("::") {
        ellipsis = Some(0);
        s = rest;
        if s.is_empty() {
            return Ok((Ipv6Addr::UNSPECIFIED.into(), zone));
        }
    }
    let mut i = 0;
    while i < 16 {
        let digits = s.bytes().take_while(u8::is_ascii_hexdigit).count();
        if digits > 4 {
            return Err(problem("each group must have 4 or less digits", s));
        }
        if digits == 0 {
            return Err(problem("each colon-separated field must have at least one digit", s));
        }
        if s[digits..].starts_with('.') {
            if ellipsis.is_none() && i != 12 {
                return Err(problem("embedded IPv4 address must replace the final 2 fields of the address", s));
            }
            if i + 4 > 16 {
                return Err(problem("too many hex fields to fit an embedded IPv4 at the end of the address", s));
            }
            ip[i..i + 4].copy_from_slice(&v4(s)?.octets());
            s = "";
            i += 4;
            break;
        }
        let group = u16::from_str_radix(&s[..digits], 16).unwrap_or_default();
        ip[i..i + 2].copy_from_slice(&group.to_be_bytes());
        i += 2;
        s = &s[digits..];
        if s.is_empty() {
            break;
        }
        let Some(rest) = s.strip_prefix(':') else { return Err(problem("unexpected character, want colon", s)) };
        if rest.is_empty() {
            return Err(problem("colon must be followed by more characters", s));
        }
        s = rest;
        if let Some(rest) = s.strip_prefix(':') {
            if ellipsis.is_some() {
                return Err(problem("multiple :: in address", s));
            }
            ellipsis = Some(i);
            s = rest;
            if s.is_empty() {
                break;
            }
        }
    }
    if !s.is_empty() {
        return Err(problem("trailing garbage after address", s));
    }
    match ellipsis {
        None if i < 16 => return Err(problem("address string too short", "")),
        Some(at) if i < 16 => {
            ip.copy_within(at..i, at + 16 - i);
            ip[at..at + 16 - i].fill(0);
        }
        Some(_) => return Err(problem("the :: must expand to at least one field of zeros", "")),
        None => {}
    }
    Ok((Ipv6Addr::from(ip).into(), zone))
}

fn mapped(ip: IpAddr) -> bool {
    matches!(ip, IpAddr::V6(v6) if v6.to_ipv4_mapped().is_some())
}

/// An address as the library takes it: no zone, no IPv4 within IPv6.
pub(in crate::schema::cel) fn address(s: &str) -> Result<IpAddr, String> {
    let (ip, zone) =
        parse(s).map_err(|e| format!("IP Address {} parse error during conversion from string: {e}", quote(s)))?;
    if !zone.is_empty() {
        return Err(format!("IP address {} with zone value is not allowed", quote(s)));
    }
    if mapped(ip) {
        return Err(format!("IPv4-mapped IPv6 address {} is not allowed", quote(s)));
    }
    Ok(ip)
}

impl Cidr {
    /// A network as the library takes it.
    pub(in crate::schema::cel) fn parse(s: &str) -> Result<Self, String> {
        const CONTEXT: &str = "network address parse error during conversion from string:";
        let cidr = Self::prefix(s).map_err(|e| format!("{CONTEXT} {CONTEXT} netip.ParsePrefix({}): {e}", quote(s)))?;
        if mapped(cidr.address) {
            return Err(format!("{CONTEXT} IPv4-mapped IPv6 address {} is not allowed", quote(s)));
        }
        Ok(cidr)
    }

    fn prefix(s: &str) -> Result<Self, String> {
        let (address, bits) = s.rsplit_once('/').ok_or("no '/'")?;
        let (address, zone) = parse(address)?;
        if !zone.is_empty() {
            return Err("IPv6 zones cannot be present in a prefix".into());
        }
        let bad = || format!("bad bits after slash: {}", quote(bits));
        if bits.is_empty() || !bits.bytes().all(|b| b.is_ascii_digit()) || (bits.len() > 1 && bits.starts_with('0')) {
            return Err(bad());
        }
        let max = if address.is_ipv6() { 128 } else { 32 };
        match bits.parse::<i64>() {
            Ok(n) if n <= max => Ok(Self { address, bits: n as u8 }),
            Ok(_) => Err("prefix length out of range".into()),
            Err(_) => Err(bad()),
        }
    }

    /// The address.
    pub(in crate::schema::cel) fn address(&self) -> IpAddr {
        self.address
    }

    /// The length of the prefix.
    pub(in crate::schema::cel) fn bits(&self) -> u8 {
        self.bits
    }

    /// The network itself: without the bits beyond the prefix.
    pub(in crate::schema::cel) fn masked(&self) -> Self {
        Self { address: mask(self.address, self.bits), bits: self.bits }
    }

    /// Whether the address lies within.
    pub(in crate::schema::cel) fn contains(&self, ip: IpAddr) -> bool {
        self.address.is_ipv4() == ip.is_ipv4() && mask(self.address, self.bits) == mask(ip, self.bits)
    }

    /// Whether the whole of the other network lies within.
    pub(in crate::schema::cel) fn contains_cidr(&self, other: &Self) -> bool {
        self.bits <= other.bits && self.contains(other.address)
    }
}

fn mask(ip: IpAddr, bits: u8) -> IpAddr {
    match ip {
        IpAddr::V4(v4) => {
            let keep = u32::MAX.checked_shl(32 - u32::from(bits.min(32))).unwrap_or(0);
            Ipv4Addr::from(u32::from(v4) & keep).into()
        }
        IpAddr::V6(v6) => {
            let keep = u128::MAX.checked_shl(128 - u32::from(bits.min(128))).unwrap_or(0);
            Ipv6Addr::from(u128::from(v6) & keep).into()
        }
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.bits)
    }
}
