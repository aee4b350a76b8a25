//! Where in a definition something is: a path that costs nothing until an error prints it.

use crate::status::field::FieldError;
use std::fmt;

/// The most bytes of paths in errors, more or less. Each level of a deep schema can have an error with a path as long as all
/// above it; no definition that anybody means comes near.
const MAX_PATHS: usize = 4 << 20;

/// Whether so much is wrong already that more would only cost memory.
pub(super) fn enough(errors: &[FieldError]) -> bool {
    errors.last().is_some_and(|last| last.field.len().saturating_mul(errors.len()) > MAX_PATHS)
}

/// A path, linked upwards.
#[derive(Clone, Copy)]
pub(super) enum At<'a> {
    /// Text that stands for all above: `spec.versions[0]`.
    Start(&'a str),
    /// `up.name`
    Child(&'a At<'a>, &'a str),
    /// `up[key]`
    Key(&'a At<'a>, &'a str),
    /// `up[i]`
    Index(&'a At<'a>, usize),
}

impl<'a> At<'a> {
    pub(super) fn child(&'a self, name: &'a str) -> Self {
        Self::Child(self, name)
    }

    pub(super) fn key(&'a self, key: &'a str) -> Self {
        Self::Key(self, key)
    }

    pub(super) fn index(&'a self, i: usize) -> Self {
        Self::Index(self, i)
    }
}

impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Start(text) => f.write_str(text),
            Self::Child(up, name) => write!(f, "{up}.{name}"),
            Self::Key(up, key) => write!(f, "{up}[{key}]"),
            Self::Index(up, i) => write!(f, "{up}[{i}]"),
        }
    }
}
