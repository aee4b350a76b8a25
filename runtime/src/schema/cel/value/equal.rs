//! Equality: across the types of numbers, of lists by what their schema says of order, and with upstream's errors where two
//! values of Kubernetes' types cannot be compared.

use super::{Error, List, Map, Opaque, Value, keyed};
use crate::schema::node::ListType;
use std::cmp::Ordering;
use std::result::Result;

impl<'a> Value<'a> {
    /// `==` as the operator has it: null is equal to null alone, and comparable with everything.
    pub(in crate::schema::cel) fn equals_or_null(&self, other: &Value<'a>) -> Result<bool, Error> {
        match (self, other) {
            (Self::Null, Self::Null) => Ok(true),
            (Self::Null, _) | (_, Self::Null) => Ok(false),
            _ => self.equals(other),
        }
    }

    /// Whether two values are equal; values of different types are not, but for numbers.
    pub fn equals(&self, other: &Value<'a>) -> Result<bool, Error> {
        Ok(match (self, other) {
            (Self::Null, o) => matches!(o, Self::Null),
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Int(_) | Self::Uint(_) | Self::Double(_), Self::Int(_) | Self::Uint(_) | Self::Double(_)) => {
                super::arith::numbers(self, other) == Some(Ordering::Equal)
            }
            (Self::String(a), Self::String(b)) => **a == **b,
            (Self::Type(a), Self::Type(b)) => **a == **b,
            (Self::Bytes(a), Self::Bytes(b)) => a == b,
            (Self::Timestamp(a), Self::Timestamp(b)) => a == b,
            (Self::Duration(a), Self::Duration(b)) => a == b,
            (Self::List(a), b) => match b {
                Self::List(b) => return lists(a, b),
                _ if matches!(a, List::Json { .. }) => return Err(Error::no_such_overload()),
                _ => false,
            },
            (Self::Map(a), b) => match b {
                Self::Map(b) => return a.equals(b),
                _ if matches!(a, Map::Json(_)) => return Err(Error::no_such_overload()),
                _ => false,
            },
            (Self::Optional(a), Self::Optional(b)) => match (a, b) {
                (Some(a), Some(b)) => return a.equals(b),
                (a, b) => a.is_none() && b.is_none(),
            },
            (Self::Opaque(a), b) => match b {
                Self::Opaque(b) => return opaques(a, b),
                _ => return Err(Error::no_such_overload()),
            },
            (Self::Preserved(a), Self::Preserved(b)) => a == b,
            _ => false,
        })
    }
}

fn opaques(a: &Opaque, b: &Opaque) -> Result<bool, Error> {
    Ok(match (a, b) {
        (Opaque::Quantity { quantity: a, .. }, Opaque::Quantity { quantity: b, derived: false }) => a == b,
        (Opaque::Ip(a), Opaque::Ip(b)) => a == b,
        (Opaque::Cidr(a), Opaque::Cidr(b)) => a == b,
        (Opaque::Url(a), Opaque::Url(b)) => a.to_string() == b.to_string(),
        (Opaque::Semver(a), Opaque::Semver(b)) => a.cmp(b) == Ordering::Equal,
        (Opaque::Format(a), Opaque::Format(b)) => a.label == b.label,
        _ => return Err(Error::no_such_overload()),
    })
}

fn lists<'a>(a: &List<'a>, b: &List<'a>) -> Result<bool, Error> {
    if a.len() != b.len() {
        return Ok(false);
    }
    match a.keyed() {
        Some(node) if node.list_type == Some(ListType::Set) => keyed::equal_sets(a, b),
        Some(node) => keyed::equal_maps(a, b, node),
        None if matches!(a, List::Json { .. }) => {
            for (a, b) in a.iter().zip(b.iter()) {
                if !a?.equals(&b?)? {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        None => made(a, b),
    }
}

/// A list that an expression made: items that cannot be compared do not make lists differ upstream.
fn made<'a>(a: &List<'a>, b: &List<'a>) -> Result<bool, Error> {
    for (a, b) in a.iter().zip(b.iter()) {
        match (a, b) {
            (Ok(a), Ok(b)) if a.equals_or_null(&b) == Ok(false) => return Ok(false),
            _ => {}
        }
    }
    Ok(true)
}
