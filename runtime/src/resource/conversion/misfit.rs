//! What generated conversions stand on: an error that knows its field, containers that are converted item by item, and
//! functions of the user's that may fail or not. Which values convert to which is generated.

use std::any::Any;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::fmt::Display;
use std::hash::{BuildHasher, Hash};

/// Why a value has no place in another version, and at which field.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}{colon}{why}", colon = if path.is_empty() { "" } else { ": " })]
pub struct Misfit {
    path: String,
    why: String,
}

impl Misfit {
    /// Of the value itself.
    pub fn new(why: impl Display) -> Self {
        Self { path: String::new(), why: why.to_string() }
    }

    /// Of any error; one of these keeps its path.
    pub fn of<E: Display + 'static>(error: E) -> Self {
        let any: &dyn Any = &error;
        any.downcast_ref::<Self>().cloned().unwrap_or_else(|| Self::new(error))
    }

    /// As seen from the value that has it in this field.
    #[must_use]
    pub fn in_field(mut self, name: &str) -> Self {
        let dot = if self.path.is_empty() || self.path.starts_with('[') { "" } else { "." };
        self.path = format!("{name}{dot}{}", self.path);
        self
    }

    /// As seen from the list that has it at this place.
    #[must_use]
    pub fn in_item(self, index: usize) -> Self {
        self.in_field(&format!("[{index}]"))
    }
}

/// Converts a value by the `From` or `TryFrom` of its type.
///
/// # Errors
/// That of the conversion.
pub fn step<Old, New: TryFrom<Old, Error: Display + 'static>>(old: Old) -> Result<New, Misfit> {
    New::try_from(old).map_err(Misfit::of)
}

/// What a function of the user's gives: a value, or a result.
pub trait Outcome<T> {
    /// As a result.
    ///
    /// # Errors
    /// That of the function.
    fn outcome(self) -> Result<T, Misfit>;
}

impl<T> Outcome<T> for T {
    fn outcome(self) -> Result<T, Misfit> {
        Ok(self)
    }
}

impl<T, E: Display + 'static> Outcome<T> for Result<T, E> {
    fn outcome(self) -> Result<T, Misfit> {
        self.map_err(Misfit::of)
    }
}

/// What holds values that are converted one by one.
pub trait Container {
    /// What it holds.
    type Item;
    /// The same, holding others.
    type With<T>;

    /// Converts all it holds.
    ///
    /// # Errors
    /// The first of an item, with its place.
    fn each<T>(self, convert: impl FnMut(Self::Item) -> Result<T, Misfit>) -> Result<Self::With<T>, Misfit>;
}

impl<I> Container for Option<I> {
    type Item = I;
    type With<T> = Option<T>;

    fn each<T>(self, convert: impl FnMut(I) -> Result<T, Misfit>) -> Result<Option<T>, Misfit> {
        self.map(convert).transpose()
    }
}

impl<I> Container for Box<I> {
    type Item = I;
    type With<T> = Box<T>;

    fn each<T>(self, mut convert: impl FnMut(I) -> Result<T, Misfit>) -> Result<Box<T>, Misfit> {
        convert(*self).map(Box::new)
    }
}

fn listed<I, T, C: FromIterator<T>>(
    items: impl IntoIterator<Item = I>,
    mut convert: impl FnMut(I) -> Result<T, Misfit>,
) -> Result<C, Misfit> {
    items.into_iter().enumerate().map(|(i, item)| convert(item).map_err(|e| e.in_item(i))).collect()
}

fn mapped<K: Display, I, T, C: FromIterator<(K, T)>>(
    members: impl IntoIterator<Item = (K, I)>,
    mut convert: impl FnMut(I) -> Result<T, Misfit>,
) -> Result<C, Misfit> {
    let one = |(key, value): (K, I)| match convert(value) {
        Ok(value) => Ok((key, value)),
        Err(e) => Err(e.in_field(&format!("[{key}]"))),
    };
    members.into_iter().map(one).collect()
}

impl<I> Container for Vec<I> {
    type Item = I;
    type With<T> = Vec<T>;

    fn each<T>(self, convert: impl FnMut(I) -> Result<T, Misfit>) -> Result<Vec<T>, Misfit> {
        listed(self, convert)
    }
}

impl<I> Container for VecDeque<I> {
    type Item = I;
    type With<T> = VecDeque<T>;

    fn each<T>(self, convert: impl FnMut(I) -> Result<T, Misfit>) -> Result<VecDeque<T>, Misfit> {
        listed(self, convert)
    }
}

impl<K: Ord + Display, I> Container for BTreeMap<K, I> {
    type Item = I;
    type With<T> = BTreeMap<K, T>;

    fn each<T>(self, convert: impl FnMut(I) -> Result<T, Misfit>) -> Result<BTreeMap<K, T>, Misfit> {
        mapped(self, convert)
    }
}

impl<K: Eq + Hash + Display, I, S: BuildHasher + Default> Container for HashMap<K, I, S> {
    type Item = I;
    type With<T> = HashMap<K, T, S>;

    fn each<T>(self, convert: impl FnMut(I) -> Result<T, Misfit>) -> Result<HashMap<K, T, S>, Misfit> {
        mapped(self, convert)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn even(n: i64) -> Result<u8, Misfit> {
        let n: u8 = step(n)?;
        if n.is_multiple_of(2) { Ok(n) } else { Err(Misfit::new(format!("{n} is odd")).in_field("size")) }
    }

    #[test]
    fn an_error_says_where_it_is() {
        let nested = BTreeMap::from([("a", Some(vec![2, 4])), ("b", Some(vec![6, 7]))]);
        let of_list = |l: Vec<i64>| l.each(even);
        let failed = nested.each(|o: Option<Vec<i64>>| o.each(of_list)).expect_err("7");
        assert_eq!(failed.in_field("ports").to_string(), "ports[b][1].size: 7 is odd");
        let failed = Box::new(300).each(even).expect_err("300");
        assert_eq!(failed.to_string(), "out of range integral type conversion attempted");
    }

    #[test]
    fn functions_may_fail_or_not() {
        let plain: u32 = Outcome::outcome(3).expect("3");
        let good: u32 = Outcome::outcome(Ok::<u32, String>(4)).expect("4");
        let bad: Result<u32, Misfit> = Outcome::outcome(Err::<u32, _>("no"));
        assert_eq!((plain, good, bad), (3, 4, Err(Misfit::new("no"))));
        let kept: Result<u32, Misfit> = Outcome::outcome(Err::<u32, _>(Misfit::new("no").in_field("a")));
        assert_eq!(kept.expect_err("no").to_string(), "a: no");
    }
}
