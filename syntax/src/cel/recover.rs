//! How parsing goes on after a mistake: the rules of ANTLR's default error strategy, so that the second and third error of
//! an expression are those that cel-go reports. The grammar is `parse`'s.

use super::lex::{Lexer, Unknown};
use super::source::{Errors, Location, Source};
use super::token::{Kind, Set, Token};
use std::panic::Location as Place;
use std::sync::Arc;

const MAX_RECOVERIES: usize = 30;
const MAX_SKIPPED: usize = 256;
const MAX_REPORTS: usize = 100;

/// Why a rule was left.
#[derive(Debug)]
pub(super) enum Stop {
    /// The token fits nothing that may come here.
    Mismatch(Set),
    /// From this token on nothing fits; the offending one is so many tokens ahead.
    NoAlternative(usize),
    /// Nothing more can be read.
    Fatal,
}

/// A token stream with errors and recovery.
pub(super) struct Stream<'a> {
    source: &'a Source,
    lexer: Lexer<'a>,
    ahead: std::collections::VecDeque<Token>,
    pub(super) errors: Errors,
    /// What may follow each rule that is being read, in its caller.
    follow: Vec<Set>,
    recovering: bool,
    consumed: usize,
    last_error: Option<(usize, Vec<&'static Place<'static>>)>,
    recoveries: usize,
    reports: usize,
    overflow: bool,
}

impl<'a> Stream<'a> {
    pub(super) fn new(source: &'a Arc<Source>) -> Self {
        Self {
            source,
            lexer: Lexer::new(source.chars()),
            ahead: std::collections::VecDeque::new(),
            errors: Errors::new(Arc::clone(source)),
            follow: Vec::new(),
            recovering: false,
            consumed: 0,
            last_error: None,
            recoveries: 0,
            reports: 0,
            overflow: false,
        }
    }

    /// The token `n` ahead, from 1.
    pub(super) fn peek(&mut self, n: usize) -> Token {
        while self.ahead.len() < n {
            match self.lexer.next() {
                Ok(token) => self.ahead.push_back(token),
                Err(Unknown { start, end }) => {
                    let text: String = self.source.chars()[start..end].iter().collect();
                    self.report(start as u32, format!("token recognition error at: '{text}'"));
                }
            }
        }
        self.ahead[n - 1]
    }

    pub(super) fn kind(&mut self) -> Kind {
        self.peek(1).kind
    }

    /// Takes the current token, which was already seen to fit.
    pub(super) fn take(&mut self) -> Token {
        self.recovering = false;
        self.skip()
    }

    fn skip(&mut self) -> Token {
        let token = self.peek(1);
        if token.kind != Kind::Eof {
            self.ahead.pop_front();
            self.consumed += 1;
        }
        token
    }

    pub(super) fn text(&self, token: Token) -> String {
        self.source.chars()[token.start as usize..token.end as usize].iter().collect()
    }

    /// Enters a rule; its caller accepts `follow` after it.
    pub(super) fn enter(&mut self, follow: Set) {
        self.follow.push(follow);
    }

    pub(super) fn leave(&mut self) {
        self.follow.pop();
    }

    /// Whether too many errors were reported to go on.
    pub(super) fn check(&self) -> Result<(), Stop> {
        if self.overflow { Err(Stop::Fatal) } else { Ok(()) }
    }

    /// Takes a token of this kind, or the one after a superfluous token, or pretends it was there if what comes may follow it.
    /// The place is that of the token taken, or before which one is missing.
    pub(super) fn expect(&mut self, kind: Kind, then: Set) -> Result<Token, Stop> {
        if self.kind() == kind {
            return Ok(self.take());
        }
        self.attempt()?;
        let wanted = Set::of(&[kind]);
        if self.delete(wanted) {
            return Ok(self.take());
        }
        let current = self.peek(1);
        if self.in_context(then).has(current.kind) {
            if !self.recovering {
                self.recovering = true;
                let shown = self.shown(current);
                self.report(current.start, format!("missing {wanted} at {shown}"));
            }
            return Ok(current);
        }
        Err(Stop::Mismatch(wanted))
    }

    /// At a choice: the current token must be one of these, perhaps after dropping one.
    pub(super) fn sync(&mut self, wanted: Set) -> Result<(), Stop> {
        if self.recovering || wanted.has(self.kind()) || self.delete(wanted) {
            return self.check();
        }
        Err(Stop::Mismatch(wanted))
    }

    /// At the end of a turn of a loop: what cannot come is reported and skipped.
    pub(super) fn sync_loop(&mut self, wanted: Set) -> Result<(), Stop> {
        if self.recovering || wanted.has(self.kind()) {
            return self.check();
        }
        self.unwanted(wanted);
        self.skip_until(wanted.with(self.recovery_set()), usize::MAX)
    }

    /// Drops the current token if the next one fits.
    fn delete(&mut self, wanted: Set) -> bool {
        if !wanted.has(self.peek(2).kind) {
            return false;
        }
        self.unwanted(wanted);
        self.skip();
        self.recovering = false;
        true
    }

    fn unwanted(&mut self, wanted: Set) {
        if !self.recovering {
            self.recovering = true;
            let token = self.peek(1);
            let shown = self.shown(token);
            self.report(token.start, format!("extraneous input {shown} expecting {wanted}"));
        }
    }

    /// At the end of a rule that was left early: reports why, and skips to what may follow this rule or one around it.
    /// The caller's place in the code is the place in the grammar: a mistake met there twice is skipped.
    #[track_caller]
    pub(super) fn recover(&mut self, stop: Stop) -> Result<(), Stop> {
        let rule = Place::caller();
        let current = self.peek(1);
        if !self.recovering {
            self.recovering = true;
            match &stop {
                Stop::Fatal => {}
                Stop::Mismatch(wanted) => {
                    let shown = self.shown(current);
                    self.report(current.start, format!("mismatched input {shown} expecting {wanted}"));
                }
                Stop::NoAlternative(ahead) => {
                    let offending = self.peek(1 + ahead);
                    let message = self.no_alternative(current, offending);
                    self.report(offending.start, message);
                }
            }
        }
        if matches!(stop, Stop::Fatal) {
            return Err(stop);
        }
        self.attempt()?;
        let mut budget = MAX_SKIPPED;
        match &mut self.last_error {
            Some((at, rules)) if *at == self.consumed => {
                if rules.contains(&rule) {
                    self.skip();
                    budget -= 1;
                } else {
                    rules.push(rule);
                }
            }
            last => *last = Some((self.consumed, vec![rule])),
        }
        self.skip_until(self.recovery_set(), budget)
    }

    fn recovery_set(&self) -> Set {
        self.follow.iter().fold(Set::of(&[]), |all, set| all.with(*set)).without(Set::END)
    }

    fn skip_until(&mut self, wanted: Set, budget: usize) -> Result<(), Stop> {
        let mut skipped = 0;
        while self.kind() != Kind::Eof && !wanted.has(self.kind()) {
            if skipped == budget {
                let message = format!("error recovery token lookahead limit exceeded: {MAX_SKIPPED}");
                self.errors.report(Location::NONE, message);
                return Err(Stop::Fatal);
            }
            self.skip();
            skipped += 1;
        }
        self.check()
    }

    fn attempt(&mut self) -> Result<(), Stop> {
        if self.recoveries == MAX_RECOVERIES {
            let current = self.peek(1);
            self.report(current.start, format!("error recovery attempt limit exceeded: {MAX_RECOVERIES}"));
            return Err(Stop::Fatal);
        }
        self.recoveries += 1;
        Ok(())
    }

    /// A set as it is where the rule may end: with what may follow in the callers.
    fn in_context(&self, set: Set) -> Set {
        let mut all = set;
        for follow in self.follow.iter().rev() {
            if !all.may_end() {
                return all;
            }
            all = all.without(Set::END).with(*follow);
        }
        if all.may_end() { all.without(Set::END).with(Set::of(&[Kind::Eof])) } else { all }
    }

    fn report(&mut self, offset: u32, message: String) {
        if self.overflow {
            return;
        }
        // cel-go has no column for the end of nothing.
        let location = match self.source.chars() {
            [] => Location { line: 1, column: -1 },
            _ => self.source.location(offset),
        };
        if self.reports == MAX_REPORTS {
            self.overflow = true;
            self.errors.report(location, format!("Syntax error: More than {MAX_REPORTS} syntax errors"));
        } else {
            self.reports += 1;
            self.errors.report(location, format!("Syntax error: {message}"));
        }
    }

    fn shown(&self, token: Token) -> String {
        quoted(&if token.kind == Kind::Eof { "<EOF>".to_owned() } else { self.text(token) })
    }

    fn no_alternative(&self, from: Token, offending: Token) -> String {
        if from.kind == Kind::Eof {
            return "no viable alternative at input '<EOF>'".to_owned();
        }
        let text: String = self.source.chars()[from.start as usize..offending.end as usize].iter().collect();
        // Literals that are words read better as what they are not.
        for word in ["true", "false", "null"] {
            if text.ends_with(word) && text.chars().count() == word.len() + 1 {
                return format!("mismatched input '{word}' expecting IDENTIFIER");
            }
        }
        format!("no viable alternative at input {}", quoted(&text))
    }
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\t', "\\t").replace('\n', "\\n").replace('\r', "\\r"))
}
