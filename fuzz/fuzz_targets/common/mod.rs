//! Choices that targets make out of the bytes they are given, so that small changes of the bytes are small changes of what is
//! made of them. What the choices are about is the targets'.

use serde_json::{Map, Value};

/// Choices, one byte each; the first ones when there are no more bytes.
pub struct Choices<'a>(std::slice::Iter<'a, u8>);

impl<'a> Choices<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(bytes.iter())
    }

    /// A number below `sides`.
    pub fn roll(&mut self, sides: u8) -> u8 {
        self.0.next().map_or(0, |b| b % sides)
    }

    /// One of a few.
    pub fn pick<'t>(&mut self, all: &[&'t str]) -> &'t str {
        all[usize::from(self.roll(all.len() as u8))]
    }

    /// A value of any shape, with members and texts of these.
    pub fn value(&mut self, names: &[&str], texts: &[&str], depth: u8) -> Value {
        match self.roll(if depth == 0 { 6 } else { 10 }) {
            0 => Value::Null,
            1 | 2 => self.pick(texts).into(),
            3 => i64::from(self.roll(5)).into(),
            4 => {
                let all = [-1.5, 0.5, 2.0, 1e9, 4e18, 1e19, 1e300, -0.0];
                all[usize::from(self.roll(8))].into()
            }
            5 => (self.roll(2) == 0).into(),
            6 | 7 => (0..self.roll(4)).map(|_| self.value(names, texts, depth - 1)).collect(),
            _ => self.map(names, texts, depth).into(),
        }
    }

    /// An object of such members.
    pub fn map(&mut self, names: &[&str], texts: &[&str], depth: u8) -> Map<String, Value> {
        let n = self.roll(6);
        (0..n).map(|_| (self.pick(names).to_owned(), self.value(names, texts, depth.saturating_sub(1)))).collect()
    }
}
