//! A place in an object, spelled out only when there is something to say of it.

use crate::status::field::Path;

/// A place below another one.
pub(in crate::schema) enum Place<'p> {
    /// What is above all others.
    Start(&'p Path),
    /// `up.name`
    Child(&'p Place<'p>, &'p str),
    /// `up[key]`
    Key(&'p Place<'p>, &'p str),
    /// `up[i]`
    Index(&'p Place<'p>, usize),
}

impl<'p> Place<'p> {
    pub(in crate::schema) fn child(&'p self, name: &'p str) -> Self {
        Self::Child(self, name)
    }

    pub(in crate::schema) fn key(&'p self, key: &'p str) -> Self {
        Self::Key(self, key)
    }

    pub(in crate::schema) fn index(&'p self, i: usize) -> Self {
        Self::Index(self, i)
    }

    /// The path.
    pub(in crate::schema) fn path(&self) -> Path {
        match self {
            Self::Start(path) => (*path).clone(),
            Self::Child(up, name) => up.path().child(name),
            Self::Key(up, key) => up.path().key(key),
            Self::Index(up, i) => up.path().index(*i),
        }
    }
}
