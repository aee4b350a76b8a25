//! What generated conversions stand on: an error that knows its field, containers that are converted item by item, and
//! functions of the user's that may fail or not. Which values convert to which is generated.

use serde::Serialize;
use std::any::Any;
use std::collections::{BTreeMap, BTreeSet, HashMap, LinkedList, VecDeque};
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

    /// Of this field, unless it says already of which.
    #[must_use]
    pub fn or_in_field(self, name: &str) -> Self {
        if self.path.is_empty() { self.in_field(name) } else { self }
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

/// What holds values that are converted one by one, into the same holding `T`.
#[diagnostic::on_unimplemented(
    message = "it is not known how values in a `{Self}` are converted to another version, or they cannot be in one",
    note = "items of sets must be `Ord` in every version",
    note = "else say it by functions: `changed(since = \"...\", upgrade_with = ..., downgrade_with = ...)`"
)]
pub trait Container<T> {
    /// What it holds.
    type Item;
    /// The same, holding others.
    type With;

    /// Converts all it holds.
    ///
    /// # Errors
    /// The first of an item, with its place.
    fn each(self, convert: impl FnMut(Self::Item) -> Result<T, Misfit>) -> Result<Self::With, Misfit>;
}

impl<I, T> Container<T> for Option<I> {
    type Item = I;
    type With = Option<T>;

    fn each(self, convert: impl FnMut(I) -> Result<T, Misfit>) -> Result<Option<T>, Misfit> {
        self.map(convert).transpose()
    }
}

impl<I, T> Container<T> for Box<I> {
    type Item = I;
    type With = Box<T>;

    fn each(self, mut convert: impl FnMut(I) -> Result<T, Misfit>) -> Result<Box<T>, Misfit> {
        convert(*self).map(Box::new)
    }
}

fn listed<I, T, C: FromIterator<T>>(
    items: impl IntoIterator<Item = I>,
    mut convert: impl FnMut(I) -> Result<T, Misfit>,
) -> Result<C, Misfit> {
    items.into_iter().enumerate().map(|(i, item)| convert(item).map_err(|e| e.in_item(i))).collect()
}

macro_rules! lists {
    ($($list:ident $(where $bound:path)?;)*) => {$(
        impl<I, T $(: $bound)?> Container<T> for $list<I> {
            type Item = I;
            type With = $list<T>;

            fn each(self, convert: impl FnMut(I) -> Result<T, Misfit>) -> Result<Self::With, Misfit> {
                listed(self, convert)
            }
        }
    )*};
}

lists! {
    Vec;
    VecDeque;
    LinkedList;
    BTreeSet where Ord;
}

impl<I, T, const N: usize> Container<T> for [I; N] {
    type Item = I;
    type With = [T; N];

    fn each(self, convert: impl FnMut(I) -> Result<T, Misfit>) -> Result<[T; N], Misfit> {
        let all: Vec<T> = listed(self, convert)?;
        // There are as many as there were.
        all.try_into().map_err(|all: Vec<T>| Misfit::new(format!("{} items, where there are to be {N}", all.len())))
    }
}

impl<K: Ord + Serialize, I, T> Container<T> for BTreeMap<K, I> {
    type Item = I;
    type With = BTreeMap<K, T>;

    fn each(self, convert: impl FnMut(I) -> Result<T, Misfit>) -> Result<BTreeMap<K, T>, Misfit> {
        self.entries(Ok, convert)
    }
}

impl<K: Eq + Hash + Serialize, I, T, S: BuildHasher + Default> Container<T> for HashMap<K, I, S> {
    type Item = I;
    type With = HashMap<K, T, S>;

    fn each(self, convert: impl FnMut(I) -> Result<T, Misfit>) -> Result<HashMap<K, T, S>, Misfit> {
        self.entries(Ok, convert)
    }
}

/// A map of which keys are converted too, into one from `K` to `T`.
pub trait Keyed<K, T> {
    /// What it is by.
    type Key;
    /// What it holds.
    type Item;
    /// The same, from other keys to other values.
    type With;

    /// Converts all keys and values.
    ///
    /// # Errors
    /// The first of a key or value, with its place.
    fn entries(
        self,
        key: impl FnMut(Self::Key) -> Result<K, Misfit>,
        convert: impl FnMut(Self::Item) -> Result<T, Misfit>,
    ) -> Result<Self::With, Misfit>;
}

fn mapped<A: Serialize, B, I, T, C: FromIterator<(B, T)>>(
    members: impl IntoIterator<Item = (A, I)>,
    mut key: impl FnMut(A) -> Result<B, Misfit>,
    mut convert: impl FnMut(I) -> Result<T, Misfit>,
) -> Result<C, Misfit> {
    let one = |(name, value): (A, I)| {
        // As it is written in an object.
        let at = match serde_json::to_value(&name) {
            Ok(serde_json::Value::String(text)) => format!("[{text}]"),
            Ok(other) => format!("[{other}]"),
            Err(_) => "[?]".to_owned(),
        };
        let converted = convert(value).and_then(|value| Ok((key(name)?, value)));
        converted.map_err(|e| e.in_field(&at))
    };
    members.into_iter().map(one).collect()
}

impl<A: Serialize + Ord, B: Ord, I, T> Keyed<B, T> for BTreeMap<A, I> {
    type Key = A;
    type Item = I;
    type With = BTreeMap<B, T>;

    fn entries(
        self,
        key: impl FnMut(A) -> Result<B, Misfit>,
        convert: impl FnMut(I) -> Result<T, Misfit>,
    ) -> Result<BTreeMap<B, T>, Misfit> {
        mapped(self, key, convert)
    }
}

impl<A: Serialize + Eq + Hash, B: Eq + Hash, I, T, S: BuildHasher + Default> Keyed<B, T> for HashMap<A, I, S> {
    type Key = A;
    type Item = I;
    type With = HashMap<B, T, S>;

    fn entries(
        self,
        key: impl FnMut(A) -> Result<B, Misfit>,
        convert: impl FnMut(I) -> Result<T, Misfit>,
    ) -> Result<HashMap<B, T, S>, Misfit> {
        mapped(self, key, convert)
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
        let failed = [4_i64, 5].each(even).expect_err("5");
        assert_eq!(failed.to_string(), "[1].size: 5 is odd");
        let keyed = HashMap::from([(7_i64, 1)]).entries(even, Ok::<i32, _>).expect_err("7");
        assert_eq!(keyed.to_string(), "[7].size: 7 is odd");
        let all = BTreeSet::from([1_i64, 2]).each(|n| Ok(n / 2)).expect("halves");
        assert_eq!(all, BTreeSet::from([0, 1]));
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
        let (of_none, of_one) = (Misfit::new("no"), Misfit::new("no").in_field("a"));
        assert_eq!([of_none.or_in_field("b"), of_one.or_in_field("b")].map(|e| e.to_string()), ["b: no", "a: no"]);
    }
}
