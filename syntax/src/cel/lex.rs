//! Characters to tokens, longest match first. Comments and white space are dropped. What begins no token is reported and
//! skipped together with the character that spoiled it, as ANTLR's lexers do.

use super::token::{Kind, Token};

pub(super) struct Lexer<'a> {
    chars: &'a [char],
    at: usize,
}

/// A stretch of text that is no token: from, to (exclusive, the spoiling character included).
pub(super) struct Unknown {
    pub(super) start: usize,
    pub(super) end: usize,
}

/// How a try at one token went.
struct Scan {
    /// The longest token found, and its end.
    token: Option<(Kind, usize)>,
    /// The character at which no token could go on.
    stuck: usize,
}

impl Scan {
    fn found(kind: Kind, end: usize) -> Self {
        Self { token: Some((kind, end)), stuck: end }
    }

    fn failed(stuck: usize) -> Self {
        Self { token: None, stuck }
    }
}

impl<'a> Lexer<'a> {
    pub(super) fn new(chars: &'a [char]) -> Self {
        Self { chars, at: 0 }
    }

    /// The next token, or what is none; at the end `Eof`, for ever.
    pub(super) fn next(&mut self) -> Result<Token, Unknown> {
        self.skip();
        let start = self.at;
        if start >= self.chars.len() {
            return Ok(Token { kind: Kind::Eof, start: start as u32, end: start as u32 });
        }
        let scan = self.scan(start);
        match scan.token {
            Some((kind, end)) => {
                self.at = end;
                Ok(Token { kind, start: start as u32, end: end as u32 })
            }
            None => {
                self.at = (scan.stuck + 1).min(self.chars.len());
                Err(Unknown { start, end: self.at })
            }
        }
    }

    fn peek(&self, at: usize) -> Option<char> {
        self.chars.get(at).copied()
    }

    fn skip(&mut self) {
        while let Some(c) = self.peek(self.at) {
            match c {
                '\t' | ' ' | '\r' | '\n' | '\u{c}' => self.at += 1,
                '/' if self.peek(self.at + 1) == Some('/') => {
                    while self.peek(self.at).is_some_and(|c| c != '\n') {
                        self.at += 1;
                    }
                }
                _ => return,
            }
        }
    }

    fn run(&self, mut at: usize, wanted: impl Fn(char) -> bool) -> usize {
        while self.peek(at).is_some_and(&wanted) {
            at += 1;
        }
        at
    }

    fn scan(&self, at: usize) -> Scan {
        let next = self.peek(at + 1);
        let one = |kind| Scan::found(kind, at + 1);
        let pair = |second, both, single: Option<Kind>| match (next == Some(second), single) {
            (true, _) => Scan::found(both, at + 2),
            (false, Some(kind)) => Scan::found(kind, at + 1),
            (false, None) => Scan::failed(at + 1),
        };
        match self.chars[at] {
            '=' => pair('=', Kind::Equals, None),
            '!' => pair('=', Kind::NotEquals, Some(Kind::Exclam)),
            '<' => pair('=', Kind::LessEquals, Some(Kind::Less)),
            '>' => pair('=', Kind::GreaterEquals, Some(Kind::Greater)),
            '&' => pair('&', Kind::And, None),
            '|' => pair('|', Kind::Or, None),
            '[' => one(Kind::LBracket),
            ']' => one(Kind::RBracket),
            '{' => one(Kind::LBrace),
            '}' => one(Kind::RBrace),
            '(' => one(Kind::LParen),
            ')' => one(Kind::RParen),
            '.' if next.is_some_and(|c| c.is_ascii_digit()) => self.number(at),
            '.' => one(Kind::Dot),
            ',' => one(Kind::Comma),
            '-' => one(Kind::Minus),
            '?' => one(Kind::Question),
            ':' => one(Kind::Colon),
            '+' => one(Kind::Plus),
            '*' => one(Kind::Star),
            '/' => one(Kind::Slash),
            '%' => one(Kind::Percent),
            '0'..='9' => self.number(at),
            '\'' | '"' => self.string(at, false, Kind::String),
            '`' => self.escaped(at),
            'A'..='Z' | 'a'..='z' | '_' => self.word(at),
            _ => Scan::failed(at),
        }
    }

    fn number(&self, start: usize) -> Scan {
        let digit = |c: char| c.is_ascii_digit();
        if self.peek(start) == Some('0')
            && self.peek(start + 1) == Some('x')
            && self.peek(start + 2).is_some_and(|c| c.is_ascii_hexdigit())
        {
            let end = self.run(start + 2, |c| c.is_ascii_hexdigit());
            return self.unsigned(end);
        }
        let whole = self.run(start, digit);
        let mut end = whole;
        if self.peek(end) == Some('.') && self.peek(end + 1).is_some_and(digit) {
            end = self.run(end + 1, digit);
        }
        if matches!(self.peek(end), Some('e' | 'E')) {
            let sign = usize::from(matches!(self.peek(end + 1), Some('+' | '-')));
            if self.peek(end + 1 + sign).is_some_and(digit) {
                end = self.run(end + 1 + sign, digit);
            }
        }
        if end > whole { Scan::found(Kind::Float, end) } else { self.unsigned(end) }
    }

    fn unsigned(&self, end: usize) -> Scan {
        match self.peek(end) {
            Some('u' | 'U') => Scan::found(Kind::Uint, end + 1),
            _ => Scan::found(Kind::Int, end),
        }
    }

    fn word(&self, start: usize) -> Scan {
        let end = self.run(start, |c| c.is_ascii_alphanumeric() || c == '_');
        // A prefix of a string makes the string if it is whole, and a name otherwise.
        let string = match self.chars[start..end] {
            ['b' | 'B'] => Some((false, Kind::Bytes)),
            ['r' | 'R'] => Some((true, Kind::String)),
            ['b' | 'B', 'r' | 'R'] => Some((true, Kind::Bytes)),
            _ => None,
        };
        if let (Some((raw, kind)), Some('\'' | '"')) = (string, self.peek(end)) {
            let scan = self.string(end, raw, kind);
            if scan.token.is_some() {
                return scan;
            }
        }
        let kind = match self.chars[start..end] {
            ['i', 'n'] => Kind::In,
            ['t', 'r', 'u', 'e'] => Kind::True,
            ['f', 'a', 'l', 's', 'e'] => Kind::False,
            ['n', 'u', 'l', 'l'] => Kind::Null,
            _ => Kind::Identifier,
        };
        Scan::found(kind, end)
    }

    fn escaped(&self, start: usize) -> Scan {
        let end = self.run(start + 1, |c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-' | '/' | ' '));
        match self.peek(end) {
            Some('`') if end > start + 1 => Scan::found(Kind::Escaped, end + 1),
            _ => Scan::failed(end),
        }
    }

    /// A string that opens at `open`: of the forms with one and with three quotes the longer.
    fn string(&self, open: usize, raw: bool, kind: Kind) -> Scan {
        let single = self.quoted(open, 1, raw);
        let quote = self.chars[open];
        let triple = (self.peek(open + 1) == Some(quote) && self.peek(open + 2) == Some(quote))
            .then(|| self.quoted(open, 3, raw));
        match (single, triple) {
            (_, Some(Ok(end))) | (Ok(end), _) => Scan::found(kind, end),
            (Err(a), b) => Scan::failed(b.map_or(a, |b| b.unwrap_or_else(|stuck| stuck.max(a)))),
        }
    }

    /// The end of a string in quotes, or where it goes wrong.
    fn quoted(&self, open: usize, quotes: usize, raw: bool) -> Result<usize, usize> {
        let quote = self.chars[open];
        let mut at = open + quotes;
        loop {
            let Some(c) = self.peek(at) else { return Err(at) };
            if c == quote && (at..at + quotes).all(|i| self.peek(i) == Some(quote)) {
                return Ok(at + quotes);
            }
            match c {
                '\n' | '\r' if quotes == 1 => return Err(at),
                '\\' if !raw => at = self.escape(at)?,
                _ => at += 1,
            }
        }
    }

    fn escape(&self, backslash: usize) -> Result<usize, usize> {
        let at = backslash + 1;
        let follow = |count: usize, wanted: fn(char) -> bool| {
            let end = (at + 1..=at + count).find(|i| !self.peek(*i).is_some_and(wanted));
            end.map_or(Ok(at + count + 1), Err)
        };
        match self.peek(at) {
            Some('a' | 'b' | 'f' | 'n' | 'r' | 't' | 'v' | '"' | '\'' | '\\' | '?' | '`') => Ok(at + 1),
            Some('x' | 'X') => follow(2, |c| c.is_ascii_hexdigit()),
            Some('u') => follow(4, |c| c.is_ascii_hexdigit()),
            Some('U') => follow(8, |c| c.is_ascii_hexdigit()),
            Some('0'..='3') => follow(2, |c| ('0'..='7').contains(&c)),
            _ => Err(at),
        }
    }
}
