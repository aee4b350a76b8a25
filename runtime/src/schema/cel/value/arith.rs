//! Order and arithmetic. Integers overflow with an error, never silently.

use super::time;
use super::{Error, List, Result, Value, keyed};
use crate::schema::node::ListType;
use std::cmp::Ordering;
use std::sync::Arc;

fn int<'a>(v: Option<i64>) -> Result<'a> {
    v.map(Value::Int).ok_or_else(|| Error::new("integer overflow"))
}

fn uint<'a>(v: Option<u64>) -> Result<'a> {
    v.map(Value::Uint).ok_or_else(|| Error::new("unsigned integer overflow"))
}

fn duration<'a>(v: Option<i64>) -> Result<'a> {
    v.map(Value::Duration).ok_or_else(|| Error::new("integer overflow"))
}

/// The order of two numbers of any types; none where there is a NaN.
pub(super) fn numbers(a: &Value<'_>, b: &Value<'_>) -> Option<Ordering> {
    match (a, b) {
        (Value::Int(a), Value::Int(b)) => Some(a.cmp(b)),
        (Value::Uint(a), Value::Uint(b)) => Some(a.cmp(b)),
        (Value::Double(a), Value::Double(b)) => a.partial_cmp(b),
        (Value::Int(a), Value::Uint(b)) => Some(i128::from(*a).cmp(&i128::from(*b))),
        (Value::Uint(a), Value::Int(b)) => Some(i128::from(*a).cmp(&i128::from(*b))),
        // Upstream compares as doubles within the range of the integer.
        (Value::Double(a), Value::Int(b)) => double_int(*a, *b),
        (Value::Int(a), Value::Double(b)) => double_int(*b, *a).map(Ordering::reverse),
        (Value::Double(a), Value::Uint(b)) => double_uint(*a, *b),
        (Value::Uint(a), Value::Double(b)) => double_uint(*b, *a).map(Ordering::reverse),
        _ => None,
    }
}

fn double_int(d: f64, i: i64) -> Option<Ordering> {
    if d < i64::MIN as f64 {
        Some(Ordering::Less)
    } else if d > i64::MAX as f64 {
        Some(Ordering::Greater)
    } else {
        d.partial_cmp(&(i as f64))
    }
}

fn double_uint(d: f64, u: u64) -> Option<Ordering> {
    if d < 0.0 {
        Some(Ordering::Less)
    } else if d > u64::MAX as f64 {
        Some(Ordering::Greater)
    } else {
        d.partial_cmp(&(u as f64))
    }
}

impl<'a> Value<'a> {
    /// The order of two values of one type, or of numbers.
    pub(in crate::schema::cel) fn compare(&self, other: &Value<'a>) -> std::result::Result<Ordering, Error> {
        Ok(match (self, other) {
            (Self::Int(_) | Self::Uint(_) | Self::Double(_), Self::Int(_) | Self::Uint(_) | Self::Double(_)) => {
                numbers(self, other).ok_or_else(|| Error::new("NaN values cannot be ordered"))?
            }
            (Self::Bool(a), Self::Bool(b)) => a.cmp(b),
            (Self::String(a), Self::String(b)) => a.as_bytes().cmp(b.as_bytes()),
            (Self::Bytes(a), Self::Bytes(b)) => a.cmp(b),
            (Self::Timestamp(a), Self::Timestamp(b)) => a.cmp(b),
            (Self::Duration(a), Self::Duration(b)) => a.cmp(b),
            _ => return Err(Error::no_such_overload()),
        })
    }

    /// `+`
    pub(in crate::schema::cel) fn add(self, other: Value<'a>) -> Result<'a> {
        Ok(match (self, other) {
            (Self::Int(a), Self::Int(b)) => return int(a.checked_add(b)),
            (Self::Uint(a), Self::Uint(b)) => return uint(a.checked_add(b)),
            (Self::Double(a), Self::Double(b)) => Self::Double(a + b),
            (Self::String(a), Self::String(b)) => Self::string([&*a, &*b].concat()),
            (Self::Bytes(a), Self::Bytes(b)) => Self::Bytes([&*a, &*b].concat().into()),
            (Self::Duration(a), Self::Duration(b)) => return duration(a.checked_add(b)),
            (Self::Duration(d), Self::Timestamp(t)) | (Self::Timestamp(t), Self::Duration(d)) => {
                Self::Timestamp(t.plus(d.into()).ok_or_else(time::overflow)?)
            }
            (Self::List(a), Self::List(b)) => return concat(a, &b),
            _ => return Err(Error::no_such_overload()),
        })
    }

    /// `-`
    pub(in crate::schema::cel) fn subtract(&self, other: &Value<'a>) -> Result<'a> {
        Ok(match (self, other) {
            (Self::Int(a), Self::Int(b)) => return int(a.checked_sub(*b)),
            (Self::Uint(a), Self::Uint(b)) => return uint(a.checked_sub(*b)),
            (Self::Double(a), Self::Double(b)) => Self::Double(a - b),
            (Self::Duration(a), Self::Duration(b)) => return duration(a.checked_sub(*b)),
            (Self::Timestamp(t), Self::Duration(d)) => {
                let d = d.checked_neg().ok_or_else(|| Error::new("integer overflow"))?;
                Self::Timestamp(t.plus(d.into()).ok_or_else(time::overflow)?)
            }
            (Self::Timestamp(a), Self::Timestamp(b)) => {
                return duration(i64::try_from(a.nanos() - b.nanos()).ok());
            }
            _ => return Err(Error::no_such_overload()),
        })
    }

    /// `*`
    pub(in crate::schema::cel) fn multiply(&self, other: &Value<'a>) -> Result<'a> {
        match (self, other) {
            (Self::Int(a), Self::Int(b)) => int(a.checked_mul(*b)),
            (Self::Uint(a), Self::Uint(b)) => uint(a.checked_mul(*b)),
            (Self::Double(a), Self::Double(b)) => Ok(Self::Double(a * b)),
            _ => Err(Error::no_such_overload()),
        }
    }

    /// `/`
    pub(in crate::schema::cel) fn divide(&self, other: &Value<'a>) -> Result<'a> {
        match (self, other) {
            (Self::Int(_), Self::Int(0)) | (Self::Uint(_), Self::Uint(0)) => Err(Error::new("division by zero")),
            (Self::Int(a), Self::Int(b)) => int(a.checked_div(*b)),
            (Self::Uint(a), Self::Uint(b)) => uint(a.checked_div(*b)),
            (Self::Double(a), Self::Double(b)) => Ok(Self::Double(a / b)),
            _ => Err(Error::no_such_overload()),
        }
    }

    /// `%`
    pub(in crate::schema::cel) fn modulo(&self, other: &Value<'a>) -> Result<'a> {
        match (self, other) {
            (Self::Int(_), Self::Int(0)) | (Self::Uint(_), Self::Uint(0)) => Err(Error::new("modulus by zero")),
            (Self::Int(a), Self::Int(b)) => int(a.checked_rem(*b)),
            (Self::Uint(a), Self::Uint(b)) => uint(a.checked_rem(*b)),
            _ => Err(Error::no_such_overload()),
        }
    }

    /// Unary `-`
    pub(in crate::schema::cel) fn negate(&self) -> Result<'a> {
        match self {
            Self::Int(a) => int(a.checked_neg()),
            Self::Double(d) => Ok(Self::Double(-d)),
            Self::Duration(d) => duration(d.checked_neg()),
            Self::Bool(b) => Ok(Self::Bool(!b)),
            _ => Err(Error::no_such_overload()),
        }
    }
}

/// Lists one after the other; a set or map list of an object takes in only what it has not.
fn concat<'a>(a: List<'a>, b: &List<'a>) -> Result<'a> {
    match a.keyed() {
        Some(node) if node.list_type == Some(ListType::Set) => return keyed::union(&a, b, node),
        Some(node) => return keyed::merge(&a, b, node),
        None => {}
    }
    // Upstream gives back the other list as it is, with its kind.
    if b.is_empty() {
        return Ok(Value::List(a));
    }
    if a.is_empty() && !matches!(a, List::Json { .. }) {
        return Ok(Value::List(b.clone()));
    }
    let mut items = match a {
        List::Owned { items, .. } => items,
        a => Arc::new(a.to_vec()?),
    };
    Arc::make_mut(&mut items).extend(b.to_vec()?);
    Ok(Value::List(List::Owned { items, node: None }))
}
