//! Go's RE2 patterns in the syntax of the `regex` crate. Go's parser (`regexp/syntax`) is followed step by step: what it
//! refuses is refused, in its words, and what it takes means the same. Whether the engine can build so large a pattern is the
//! engine's to say.

mod class;
mod matches;
mod parse;
mod weight;

/// How deep translated patterns may nest for the engine: Go's limit of 1000, each level of which may be some of the engine's.
pub const NEST_LIMIT: u32 = 5_000;

/// A pattern that Go would not compile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// In the words of Go's regexp/syntax.
    pub message: String,
}

impl Error {
    /// What is wrong, and the part of the pattern that is.
    fn new(code: &str, part: &str) -> Self {
        Self { message: format!("{code}: `{part}`") }
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "error parsing regexp: {}", self.message)
    }
}

impl std::error::Error for Error {}

/// Translates a Go pattern. Groups no longer capture, as nobody asks what they captured.
///
/// # Errors
/// When Go refuses it: what is wrong, and where, in Go's words.
pub fn translate(pattern: &str) -> Result<String, Error> {
    parse::Parser::new(pattern).run()
}

pub use matches::matches;

#[cfg(test)]
mod tests;
