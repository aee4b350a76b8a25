//! Kubernetes' libraries of IP addresses and of CIDR networks.

use super::super::value::net::{self, Cidr};
use super::super::value::{Error, Opaque, Result, Value};
use super::{Arg, Function, Overload, overloads, text};
use std::net::IpAddr;

fn ip(v: &Value<'_>) -> std::result::Result<IpAddr, Error> {
    match v {
        Value::Opaque(o) => match &**o {
            Opaque::Ip(ip) => Ok(*ip),
            _ => Err(Error::no_such_overload()),
        },
        _ => Err(Error::no_such_overload()),
    }
}

fn cidr(v: &Value<'_>) -> std::result::Result<Cidr, Error> {
    match v {
        Value::Opaque(o) => match &**o {
            Opaque::Cidr(c) => Ok(*c),
            _ => Err(Error::no_such_overload()),
        },
        _ => Err(Error::no_such_overload()),
    }
}

fn link_local(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(v4) => v4.is_link_local(),
        IpAddr::V6(v6) => v6.segments()[0] & 0xffc0 == 0xfe80,
    }
}

fn link_local_multicast(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(v4) => v4.octets()[..3] == [224, 0, 0],
        IpAddr::V6(v6) => v6.segments()[0] & 0xff0f == 0xff02,
    }
}

fn global(ip: IpAddr) -> bool {
    let broadcast = matches!(ip, IpAddr::V4(v4) if v4.is_broadcast());
    !(broadcast || ip.is_unspecified() || ip.is_loopback() || ip.is_multicast() || link_local(ip))
}

const IP: &[Arg] = &[Arg::Ip];
const CIDR: &[Arg] = &[Arg::Cidr];
const STR: &[Arg] = &[Arg::Str];

macro_rules! test {
    ($name:expr, $id:expr, $test:expr) => {
        overloads($name, &[Overload($id, IP, |a| ip(&a[0]).map(|ip| Value::Bool($test(ip))))])
    };
}

fn parse<'a>(s: &str) -> Result<'a> {
    net::address(s).map(|ip| Value::opaque(Opaque::Ip(ip))).map_err(Error::new)
}

pub(super) const FUNCTIONS: &[Function] = &[
    overloads(
        "ip",
        &[
            Overload("string_to_ip", STR, |a| parse(text(&a[0])?)),
            Overload("cidr_ip", CIDR, |a| Ok(Value::opaque(Opaque::Ip(cidr(&a[0])?.address())))),
        ],
    ),
    overloads("isIP", &[Overload("is_ip", STR, |a| Ok(Value::Bool(net::address(text(&a[0])?).is_ok())))]),
    overloads(
        "ip.isCanonical",
        &[Overload("ip_is_canonical", STR, |a| {
            let s = text(&a[0])?;
            net::address(s).map(|ip| Value::Bool(ip.to_string() == s)).map_err(Error::new)
        })],
    ),
    overloads("family", &[Overload("ip_family", IP, |a| Ok(Value::Int(if ip(&a[0])?.is_ipv4() { 4 } else { 6 })))]),
    test!("isUnspecified", "ip_is_unspecified", |ip: IpAddr| ip.is_unspecified()),
    test!("isLoopback", "ip_is_loopback", |ip: IpAddr| ip.is_loopback()),
    test!("isLinkLocalMulticast", "ip_is_link_local_multicast", link_local_multicast),
    test!("isLinkLocalUnicast", "ip_is_link_local_unicast", link_local),
    test!("isGlobalUnicast", "ip_is_global_unicast", global),
    overloads(
        "string",
        &[
            Overload("ip_to_string", IP, |a| Ok(Value::string(ip(&a[0])?.to_string()))),
            Overload("cidr_to_string", CIDR, |a| Ok(Value::string(cidr(&a[0])?.to_string()))),
        ],
    ),
    overloads(
        "cidr",
        &[Overload("string_to_cidr", STR, |a| {
            Cidr::parse(text(&a[0])?).map(|c| Value::opaque(Opaque::Cidr(c))).map_err(Error::new)
        })],
    ),
    overloads("isCIDR", &[Overload("is_cidr", STR, |a| Ok(Value::Bool(Cidr::parse(text(&a[0])?).is_ok())))]),
    overloads(
        "containsIP",
        &[
            // Upstream answers a text that is no address with a mismatch, not with what is wrong.
            Overload("cidr_contains_ip_string", &[Arg::Cidr, Arg::Str], |a| {
                let ip = net::address(text(&a[1])?).map_err(|_| Error::no_such_overload())?;
                Ok(Value::Bool(cidr(&a[0])?.contains(ip)))
            }),
            Overload("cidr_contains_ip_ip", &[Arg::Cidr, Arg::Ip], |a| {
                Ok(Value::Bool(cidr(&a[0])?.contains(ip(&a[1])?)))
            }),
        ],
    ),
    overloads(
        "containsCIDR",
        &[
            Overload("cidr_contains_cidr_string", &[Arg::Cidr, Arg::Str], |a| {
                let other = Cidr::parse(text(&a[1])?).map_err(Error::new)?;
                Ok(Value::Bool(cidr(&a[0])?.contains_cidr(&other)))
            }),
            Overload("cidr_contains_cidr", &[Arg::Cidr, Arg::Cidr], |a| {
                Ok(Value::Bool(cidr(&a[0])?.contains_cidr(&cidr(&a[1])?)))
            }),
        ],
    ),
    overloads("prefixLength", &[Overload("cidr_prefix_length", CIDR, |a| Ok(Value::Int(cidr(&a[0])?.bits().into())))]),
    overloads("masked", &[Overload("cidr_masked", CIDR, |a| Ok(Value::opaque(Opaque::Cidr(cidr(&a[0])?.masked()))))]),
];
