//! The text of an expression, places in it, and errors that quote it with a caret, as cel-go prints them.

use std::fmt;
use std::sync::Arc;

/// The most errors that are kept; of the rest only the number is told.
const MAX_ERRORS: usize = 100;
/// The longest line that is quoted, in bytes.
const MAX_SNIPPET: usize = 16384;

/// The characters of an expression and where its lines begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    chars: Vec<char>,
    lines: Vec<u32>,
}

impl Source {
    /// Reads a text.
    pub fn new(text: &str) -> Self {
        let chars: Vec<char> = text.chars().collect();
        let lines = chars.iter().enumerate().filter(|(_, c)| **c == '\n').map(|(i, _)| i as u32 + 1).collect();
        Self { chars, lines }
    }

    /// Its characters.
    pub fn chars(&self) -> &[char] {
        &self.chars
    }

    /// The line and column of a character.
    pub fn location(&self, offset: u32) -> Location {
        let line = self.lines.partition_point(|start| *start <= offset);
        let start = if line == 0 { 0 } else { self.lines[line - 1] };
        Location { line: line as i32 + 1, column: (offset - start) as i32 }
    }

    fn snippet(&self, line: i32) -> Option<String> {
        let line = usize::try_from(line).ok()?;
        if self.chars.is_empty() || line == 0 || line > self.lines.len() + 1 {
            return None;
        }
        let start = if line == 1 { 0 } else { self.lines[line - 2] as usize };
        let end = self.lines.get(line - 1).map_or(self.chars.len(), |next| *next as usize - 1);
        Some(self.chars[start..end].iter().collect())
    }
}

/// A place in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Location {
    /// The line from 1, or -1 where an error is about no place.
    pub line: i32,
    /// The column from 0.
    pub column: i32,
}

impl Location {
    /// Of errors about the whole.
    pub const NONE: Self = Self { line: -1, column: -1 };
}

/// What is wrong with an expression, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// Where.
    pub location: Location,
    /// What.
    pub message: String,
}

/// All that is wrong with an expression. Printed as cel-go does: by place, with the line and a caret below.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Errors {
    source: Arc<Source>,
    list: Vec<Error>,
    dropped: usize,
}

impl Errors {
    /// None yet.
    pub fn new(source: Arc<Source>) -> Self {
        Self { source, list: Vec::new(), dropped: 0 }
    }

    /// The text they are about.
    pub fn source(&self) -> &Arc<Source> {
        &self.source
    }

    /// Adds one; past a hundred they are only counted.
    pub fn report(&mut self, location: Location, message: impl Into<String>) {
        if self.list.len() >= MAX_ERRORS {
            self.dropped += 1;
        } else {
            self.list.push(Error { location, message: message.into() });
        }
    }

    /// Adds one at a character.
    pub fn report_at(&mut self, offset: u32, message: impl Into<String>) {
        self.report(self.source.location(offset), message);
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// They, in the order in which they were found.
    pub fn list(&self) -> &[Error] {
        &self.list
    }
}

impl fmt::Display for Errors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut sorted: Vec<&Error> = self.list.iter().collect();
        sorted.sort_by_key(|e| e.location);
        for (i, error) in sorted.into_iter().enumerate() {
            if i > 0 {
                f.write_str("\n")?;
            }
            quote(f, &self.source, error)?;
        }
        match self.dropped {
            0 => Ok(()),
            n => write!(f, "\n{n} more errors were truncated"),
        }
    }
}

impl std::error::Error for Errors {}

fn quote(f: &mut fmt::Formatter<'_>, source: &Source, error: &Error) -> fmt::Result {
    let Location { line, column } = error.location;
    write!(f, "ERROR: <input>:{line}:{}: {}", column + 1, error.message)?;
    let Some(snippet) = source.snippet(line).filter(|s| s.len() <= MAX_SNIPPET) else { return Ok(()) };
    let snippet = snippet.replace('\t', " ");
    write!(f, "\n | {snippet}\n | ")?;
    // Characters of more than one byte are taken to be wide.
    let mut chars = snippet.chars();
    for c in chars.by_ref().take(column.max(0) as usize) {
        f.write_str(if c.len_utf8() > 1 { "\u{ff0e}" } else { "." })?;
    }
    f.write_str(if chars.next().is_some_and(|c| c.len_utf8() > 1) { "\u{ff3e}" } else { "^" })
}
