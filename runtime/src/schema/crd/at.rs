//! Where in a definition something is: a path that costs nothing until an error prints it.

use std::fmt;

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
