//! What an evaluation fails with. Its text is what rules' errors quote, so it is upstream's; who quotes it is the caller's
//! affair.

use std::borrow::Cow;
use std::fmt;

/// An error of an evaluation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error(Box<Inner>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Inner {
    text: Cow<'static, str>,
    cancelled: bool,
}

impl Error {
    /// An error that `||`, `&&` and comprehensions may absorb.
    pub fn new(text: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Inner { text: text.into(), cancelled: false }))
    }

    /// The end of the whole evaluation: its cost is above the limit.
    pub fn cancelled() -> Self {
        let text = "operation cancelled: actual cost limit exceeded".into();
        Self(Box::new(Inner { text, cancelled: true }))
    }

    /// The end of the whole evaluation: it takes too long.
    pub fn interrupted() -> Self {
        Self::fatal("operation interrupted")
    }

    /// The end of the whole evaluation where upstream's own code would fail.
    pub(in crate::schema::cel) fn fatal(text: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Inner { text: text.into(), cancelled: true }))
    }

    /// Values of types that an operator or function does not take.
    pub fn no_such_overload() -> Self {
        Self::new("no such overload")
    }

    /// Whether nothing may absorb it.
    pub fn is_cancelled(&self) -> bool {
        self.0.cancelled
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.0.text
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.text)
    }
}

impl std::error::Error for Error {}
