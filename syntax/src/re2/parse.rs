//! The parser: groups, choices, repetitions and flags, in the order in which Go looks at them, so that the first mistake is
//! Go's first mistake. What is in brackets is `class`'s.

use super::class::{self, NOTHING};
use super::weight::{Form, MAX_HEIGHT, MAX_REPEAT, MAX_SIZE, Parts, Weight};
use super::{Error, class::escape};

/// What `(?flags)` sets.
#[derive(Clone, Copy, Default)]
struct Flags {
    fold: bool,
    multi_line: bool,
    dot_newline: bool,
    non_greedy: bool,
}

/// The last part of a sequence, which a repetition is about.
#[derive(Clone, Copy)]
struct Last {
    /// Where it begins in what has been written.
    start: usize,
    weight: Weight,
    /// It is a repetition already.
    repeated: bool,
}

/// A group that is open, or the whole.
struct Group {
    /// What holds after it.
    flags: Flags,
    written_fold: bool,
    start: usize,
    captures: bool,
    choices: Parts,
    sequence: Parts,
    last: Option<Last>,
}

pub(super) struct Parser<'p> {
    pattern: &'p str,
    rest: &'p str,
    out: String,
    flags: Flags,
    /// Whether what has been written last ignores case.
    written_fold: bool,
    groups: Vec<Group>,
    /// How many parts there are.
    parts: u32,
}

impl<'p> Parser<'p> {
    pub(super) fn new(pattern: &'p str) -> Self {
        let mut parser = Self {
            pattern,
            rest: pattern,
            out: String::with_capacity(pattern.len() + 8),
            flags: Flags::default(),
            written_fold: false,
            groups: Vec::new(),
            parts: 0,
        };
        parser.open(false);
        parser
    }

    pub(super) fn run(mut self) -> Result<String, Error> {
        let mut repetition = None;
        while let Some(c) = self.rest.chars().next() {
            let before = self.rest;
            let mut repeated = None;
            self.rest = &before[c.len_utf8()..];
            match c {
                '(' if self.rest.starts_with('?') => self.flags_or_group(before)?,
                '(' => {
                    self.out.push_str("(?:");
                    self.open(true);
                }
                '|' => {
                    self.end_of_sequence()?;
                    self.out.push('|');
                }
                ')' => self.close()?,
                '^' | '$' if self.flags.multi_line => self.part(&format!("(?m:{c})"), Form::Other),
                '^' => self.part("^", Form::Other),
                '$' => self.part("$", Form::Other),
                '.' => self.part(if self.flags.dot_newline { "(?s:.)" } else { "." }, Form::Other),
                '[' => {
                    let (class, rest) = class::bracketed(before)?;
                    self.rest = rest;
                    self.folding(&class, Form::Other);
                }
                '*' | '+' | '?' => {
                    let (min, max) = match c {
                        '*' => (0, None),
                        '+' => (1, None),
                        _ => (0, Some(1)),
                    };
                    self.repeat(&before[..1], min, max, before, repetition)?;
                    repeated = Some(before);
                }
                '{' => match count(self.rest) {
                    None => self.literal(u32::from('{')),
                    Some((min, max, rest)) => {
                        let operator = &before[..before.len() - rest.len()];
                        let bad = |n: u32| n > MAX_REPEAT;
                        if bad(min) || max.is_some_and(|max| bad(max) || min > max) {
                            return Err(Error::new("invalid repeat count", operator));
                        }
                        self.rest = rest;
                        self.repeat(operator, min, max, before, repetition)?;
                        repeated = Some(before);
                    }
                },
                '\\' => self.escape(before)?,
                c => self.literal(u32::from(c)),
            }
            repetition = repeated;
        }
        self.end_of_sequence()?;
        self.end_of_choices()?;
        if self.groups.len() != 1 {
            return Err(Error::new("missing closing )", self.pattern));
        }
        Ok(self.out)
    }

    fn group(&mut self) -> &mut Group {
        // The whole is a group that is never closed.
        let last = self.groups.len().saturating_sub(1);
        &mut self.groups[last]
    }

    /// What has begun with what was written last.
    fn open(&mut self, captures: bool) {
        let start = self.out.len().saturating_sub("(?:".len());
        self.groups.push(Group {
            flags: self.flags,
            written_fold: self.written_fold,
            start,
            captures,
            choices: Parts::none(Form::Choice),
            sequence: Parts::none(Form::Sequence),
            last: None,
        });
    }

    fn close(&mut self) -> Result<(), Error> {
        self.end_of_sequence()?;
        let weight = self.end_of_choices()?;
        let closed = match self.groups.pop() {
            Some(group) if !self.groups.is_empty() => group,
            _ => return Err(Error::new("unexpected )", self.pattern)),
        };
        self.out.push(')');
        (self.flags, self.written_fold) = (closed.flags, closed.written_fold);
        let weight = if closed.captures { self.bearable(weight.around(2))? } else { weight };
        self.last(Last { start: closed.start, weight, repeated: false });
        Ok(())
    }

    fn end_of_sequence(&mut self) -> Result<(), Error> {
        self.settle();
        let sum = self.group().sequence.sum();
        let sum = self.bearable(sum)?;
        let group = self.group();
        group.choices.add(sum);
        group.sequence = Parts::none(Form::Sequence);
        Ok(())
    }

    fn end_of_choices(&mut self) -> Result<Weight, Error> {
        let sum = self.group().choices.sum();
        self.bearable(sum)
    }

    /// The last part can no longer be repeated.
    fn settle(&mut self) {
        let group = self.group();
        if let Some(last) = group.last.take() {
            group.sequence.add(last.weight);
        }
    }

    fn last(&mut self, last: Last) {
        self.settle();
        self.parts = self.parts.saturating_add(1);
        self.group().last = Some(last);
    }

    fn part(&mut self, text: &str, form: Form) {
        let start = self.out.len();
        self.out.push_str(text);
        self.last(Last { start, weight: Weight::leaf(form), repeated: false });
    }

    /// A part in which case may be ignored.
    fn folding(&mut self, text: &str, form: Form) {
        if self.written_fold != self.flags.fold {
            self.out.push_str(if self.flags.fold { "(?i)" } else { "(?-i)" });
            self.written_fold = self.flags.fold;
        }
        self.part(text, form);
    }

    fn literal(&mut self, code: u32) {
        match char::from_u32(code) {
            Some(c) if regex_syntax::is_meta_character(c) => self.folding(&format!("\\{c}"), Form::Literal),
            Some(c) => self.folding(c.encode_utf8(&mut [0; 4]), Form::Literal),
            // Half of a character is in no text.
            None => self.part(NOTHING, Form::Literal),
        }
    }

    fn bearable(&self, weight: Weight) -> Result<Weight, Error> {
        if weight.size > MAX_SIZE {
            return Err(Error::new("expression too large", self.pattern));
        }
        if self.parts >= MAX_HEIGHT && weight.height > MAX_HEIGHT {
            return Err(Error::new("expression nests too deeply", self.pattern));
        }
        Ok(weight)
    }

    /// Repeats the last part. `before` is the pattern from the operator on, and `previous` that of a repetition right before.
    fn repeat(
        &mut self,
        operator: &str,
        min: u32,
        max: Option<u32>,
        before: &str,
        previous: Option<&str>,
    ) -> Result<(), Error> {
        let mut non_greedy = self.flags.non_greedy;
        if let Some(rest) = self.rest.strip_prefix('?') {
            self.rest = rest;
            non_greedy = !non_greedy;
        }
        let up_to_here = |from: &str| from[..from.len() - self.rest.len()].to_owned();
        if let Some(previous) = previous {
            return Err(Error::new("invalid nested repetition operator", &up_to_here(previous)));
        }
        let whole = up_to_here(before);
        let Some(last) = self.group().last else {
            return Err(Error::new("missing argument to repetition operator", &whole));
        };
        let counted = operator.starts_with('{');
        let weight = match max {
            _ if counted => last.weight.times(min, max),
            None if min == 0 => last.weight.around(2),
            _ => last.weight.around(1),
        };
        let weight = self.bearable(weight)?;
        if counted && (min >= 2 || max.is_some_and(|m| m >= 2)) && weight.repeats > MAX_REPEAT {
            return Err(Error::new("invalid repeat count", &whole));
        }
        if last.repeated {
            self.out.insert_str(last.start, "(?:");
            self.out.push(')');
        }
        self.out.push_str(operator);
        if non_greedy {
            self.out.push('?');
        }
        self.parts = self.parts.saturating_add(1);
        self.group().last = Some(Last { weight, repeated: true, ..last });
        Ok(())
    }

    /// After a backslash; `text` begins with it.
    fn escape(&mut self, text: &'p str) -> Result<(), Error> {
        let after = text.get(2..).unwrap_or_default();
        match text.get(..2) {
            Some(r"\A") => self.part(r"\A", Form::Other),
            Some(r"\b") => self.part(r"(?-u:\b)", Form::Other),
            Some(r"\B") => self.part(r"(?-u:\B)", Form::Other),
            Some(r"\z") => self.part(r"\z", Form::Other),
            Some(r"\C") => return Err(Error::new("invalid escape sequence", r"\C")),
            Some(r"\Q") => {
                let (quoted, rest) = after.split_once(r"\E").unwrap_or((after, ""));
                self.rest = rest;
                quoted.chars().for_each(|c| self.literal(u32::from(c)));
                return Ok(());
            }
            Some(r"\p" | r"\P") => {
                let (class, rest) = class::unicode(text)?;
                self.rest = rest;
                self.folding(&class, Form::Other);
                return Ok(());
            }
            _ => match class::perl(text) {
                Some(class) => self.folding(class, Form::Other),
                None => {
                    let (code, rest) = escape(text)?;
                    self.rest = rest;
                    self.literal(code);
                    return Ok(());
                }
            },
        }
        self.rest = after;
        Ok(())
    }

    /// After `(?`: a name, flags, or just a group. `text` begins with the parenthesis.
    fn flags_or_group(&mut self, text: &'p str) -> Result<(), Error> {
        let invalid_name = |part: &str| Error::new("invalid named capture", part);
        let named =
            [("(?P<", 4), ("(?<", 3)].iter().find(|(start, _)| text.starts_with(start) && text.len() > start.len());
        if let Some((start, _)) = named {
            let end = text.find('>').ok_or_else(|| invalid_name(text))?;
            let name = text.get(start.len()..end).unwrap_or_default();
            if name.is_empty() || !name.bytes().all(|b| b == b'_' || b.is_ascii_alphanumeric()) {
                return Err(invalid_name(&text[..=end]));
            }
            self.rest = &text[end + 1..];
            self.out.push_str("(?:");
            self.open(true);
            return Ok(());
        }
        let (mut flags, mut set, mut seen) = (self.flags, true, false);
        let mut rest = text[2..].chars();
        for c in rest.by_ref() {
            match c {
                'i' => flags.fold = set,
                'm' => flags.multi_line = set,
                's' => flags.dot_newline = set,
                'U' => flags.non_greedy = set,
                '-' if set => {
                    (set, seen) = (false, false);
                    continue;
                }
                ':' | ')' if set || seen => {
                    self.rest = &text[text.len() - rest.as_str().len()..];
                    if c == ':' {
                        self.out.push_str("(?:");
                        self.open(false);
                    }
                    self.flags = flags;
                    return Ok(());
                }
                _ => break,
            }
            seen = true;
        }
        let read = text.len() - rest.as_str().len();
        Err(Error::new("invalid or unsupported Perl syntax", &text[..read]))
    }
}

/// The numbers of `min}`, `min,}` or `min,max}`, and what follows. What is none of these is no repetition.
fn count(text: &str) -> Option<(u32, Option<u32>, &str)> {
    let (min, rest) = number(text)?;
    let (max, rest) = match rest.strip_prefix(',') {
        None => (Some(min), rest),
        Some(rest) if rest.starts_with('}') => (None, rest),
        Some(rest) => {
            let (max, rest) = number(rest)?;
            (Some(max), rest)
        }
    };
    Some((min, max, rest.strip_prefix('}')?))
}

/// A number without leading zeros; one that is too large for any repetition is the largest there is.
fn number(text: &str) -> Option<(u32, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    if digits.is_empty() || (digits.len() > 1 && digits.starts_with('0')) {
        return None;
    }
    Some((digits.parse().unwrap_or(u32::MAX), rest))
}
