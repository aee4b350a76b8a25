//! Kubernetes' libraries of IP addresses and CIDRs.

use super::{Function, T, function, global, method};

const IP: T = T::Opaque("net.IP");
const CIDR: T = T::Opaque("net.CIDR");

pub(super) const FUNCTIONS: &[Function] = &[
    function("ip", &[global("string_to_ip", &[T::String], IP), method("cidr_ip", &[CIDR], IP)]),
    function("family", &[method("ip_family", &[IP], T::Int)]),
    function("ip.isCanonical", &[global("ip_is_canonical", &[T::String], T::Bool)]),
    function("isUnspecified", &[method("ip_is_unspecified", &[IP], T::Bool)]),
    function("isLoopback", &[method("ip_is_loopback", &[IP], T::Bool)]),
    function("isLinkLocalMulticast", &[method("ip_is_link_local_multicast", &[IP], T::Bool)]),
    function("isLinkLocalUnicast", &[method("ip_is_link_local_unicast", &[IP], T::Bool)]),
    function("isGlobalUnicast", &[method("ip_is_global_unicast", &[IP], T::Bool)]),
    function("isIP", &[global("is_ip", &[T::String], T::Bool)]),
    function("string", &[global("ip_to_string", &[IP], T::String), global("cidr_to_string", &[CIDR], T::String)]),
    function("cidr", &[global("string_to_cidr", &[T::String], CIDR)]),
    function(
        "containsIP",
        &[
            method("cidr_contains_ip_string", &[CIDR, T::String], T::Bool),
            method("cidr_contains_ip_ip", &[CIDR, IP], T::Bool),
        ],
    ),
    function(
        "containsCIDR",
        &[
            method("cidr_contains_cidr_string", &[CIDR, T::String], T::Bool),
            method("cidr_contains_cidr", &[CIDR, CIDR], T::Bool),
        ],
    ),
    function("prefixLength", &[method("cidr_prefix_length", &[CIDR], T::Int)]),
    function("masked", &[method("cidr_masked", &[CIDR], CIDR)]),
    function("isCIDR", &[global("is_cidr", &[T::String], T::Bool)]),
];
