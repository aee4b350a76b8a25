//! The grammar of CEL by recursive descent: one function per rule of cel-go's grammar, but for the binary operators, which
//! share one; what stands between brackets is `aggregate`'s. Ids and offsets are given in cel-go's order. The nesting of what is read is bounded, so the stack is too.

use super::ast::{Ast, Expr, Id, Kind, Literal};
use super::ids::Ids;
use super::literal;
use super::recover::{Stop, Stream};
use super::source::{Errors, Location, Source};
use super::token::{Kind as T, Set, Token};
use std::sync::Arc;

/// The most characters of an expression.
const MAX_SIZE: usize = 100_000;
/// The deepest nesting, of brackets and of operators.
const MAX_DEPTH: u32 = 250;

const PRIMARY: Set = Set::of(&[
    T::LBracket,
    T::LBrace,
    T::LParen,
    T::Dot,
    T::Minus,
    T::True,
    T::False,
    T::Null,
    T::Float,
    T::Int,
    T::Uint,
    T::String,
    T::Bytes,
    T::Identifier,
]);
pub(super) const EXPR: Set = PRIMARY.with(Set::of(&[T::Exclam]));
pub(super) const OPTIONAL_EXPR: Set = EXPR.with(Set::of(&[T::Question]));
pub(super) const NAME: Set = Set::of(&[T::Identifier, T::Escaped]);
const OPERATORS: Set = Set::of(&[
    T::Or,
    T::And,
    T::Equals,
    T::NotEquals,
    T::In,
    T::Less,
    T::LessEquals,
    T::GreaterEquals,
    T::Greater,
    T::Plus,
    T::Minus,
    T::Star,
    T::Slash,
    T::Percent,
]);
const MEMBERS: Set = Set::of(&[T::Dot, T::LBracket]);

/// Names that stand for nothing, so that they can come to mean something.
const RESERVED: [&str; 21] = [
    "as",
    "break",
    "const",
    "continue",
    "else",
    "false",
    "for",
    "function",
    "if",
    "import",
    "in",
    "let",
    "loop",
    "package",
    "namespace",
    "null",
    "return",
    "true",
    "var",
    "void",
    "while",
];

/// Parses an expression and expands its macros.
///
/// # Errors
/// Everything wrong with it, in cel-go's words.
pub fn parse(text: &str) -> Result<Ast, Errors> {
    let source = Arc::new(Source::new(text));
    if source.chars().len() > MAX_SIZE {
        let mut errors = Errors::new(Arc::clone(&source));
        let size = source.chars().len();
        errors.report(
            Location::NONE,
            format!("expression code point size exceeds limit: size: {size}, limit {MAX_SIZE}"),
        );
        return Err(errors);
    }
    let mut parser = Parser { stream: Stream::new(&source), ids: Ids::default(), depth: 0 };
    let node = parser.start();
    let Parser { stream, ids, .. } = parser;
    let mut errors = stream.errors;
    if let Ok(node) = &node {
        for (offset, message) in ids.errors {
            errors.report_at(offset, message);
        }
        if node.height > MAX_DEPTH {
            errors.report(Location::NONE, "max recursion depth exceeded");
        }
    }
    match node {
        Ok(node) if errors.is_empty() => Ok(Ast { root: node.expr, offsets: ids.offsets }),
        _ => Err(errors),
    }
}

/// An expression and how deep it nests as cel-go counts: choices, arithmetic, relations, selections, calls and indexes do.
pub(super) struct Node {
    pub(super) expr: Expr,
    pub(super) height: u32,
}

impl Node {
    fn leaf(expr: Expr) -> Self {
        Self { expr, height: 0 }
    }
}

pub(super) struct Parser<'a> {
    pub(super) stream: Stream<'a>,
    pub(super) ids: Ids,
    depth: u32,
}

pub(super) type Rule<R> = Result<R, Stop>;

impl Parser<'_> {
    fn start(&mut self) -> Rule<Node> {
        let node = self.expr(Set::of(&[T::Eof]))?;
        if let Err(stop) = self.stream.expect(T::Eof, Set::of(&[])) {
            self.stream.recover(stop)?;
        }
        self.stream.check()?;
        Ok(node)
    }

    /// What stands where something could not be read.
    pub(super) fn missing(&mut self) -> Node {
        let offset = self.stream.peek(1).start;
        Node::leaf(self.ids.expr(offset, Kind::Literal(Literal::Null)))
    }

    /// One level up. What nests too deep is not built, so that no tree is deeper than the stack bears.
    fn above(&mut self, expr: Expr, height: u32) -> Node {
        if height > MAX_DEPTH {
            let placeholder = Expr { id: expr.id, kind: Kind::Literal(Literal::Null) };
            return Node { expr: placeholder, height };
        }
        Node { expr, height: height + 1 }
    }

    /// `a`, or `a ? b : c`.
    pub(super) fn expr(&mut self, follow: Set) -> Rule<Node> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            let message = format!("expression recursion limit exceeded: {MAX_DEPTH}");
            self.stream.errors.report(Location::NONE, message);
            return Err(Stop::Fatal);
        }
        self.stream.enter(follow);
        let node = self.conditional();
        self.stream.leave();
        self.depth -= 1;
        node
    }

    fn conditional(&mut self) -> Rule<Node> {
        let test = self.binary(0, Set::of(&[T::Question]).with(Set::END))?;
        if self.stream.kind() != T::Question {
            return Ok(test);
        }
        let op = self.stream.take();
        let id = self.ids.new_id(op.start);
        let yes = self.binary(0, Set::of(&[T::Colon]))?;
        if let Err(stop) = self.stream.expect(T::Colon, EXPR) {
            self.stream.recover(stop)?;
            return Ok(test);
        }
        let no = self.expr(Set::END)?;
        let height = test.height.max(yes.height).max(no.height);
        let args = vec![test.expr, yes.expr, no.expr];
        Ok(self.above(call(id, "_?_:_", args), height))
    }

    /// Operators of at least this level: `||`, `&&`, relations, sums, products.
    fn binary(&mut self, min: u8, follow: Set) -> Rule<Node> {
        self.stream.enter(OPERATORS.with(follow));
        let node = self.binary_rest(min);
        self.stream.leave();
        node
    }

    fn binary_rest(&mut self, min: u8) -> Rule<Node> {
        let mut left = self.unary()?;
        while let Some((level, function)) = operator(self.stream.kind()).filter(|(level, _)| *level >= min) {
            left = if level < 2 { self.logical(left, level, function)? } else { self.infix(left, level, function)? };
        }
        Ok(left)
    }

    fn infix(&mut self, left: Node, level: u8, function: &'static str) -> Rule<Node> {
        let op = self.stream.take();
        let id = self.ids.new_id(op.start);
        let right = self.binary(level + 1, Set::END)?;
        let height = left.height.max(right.height);
        Ok(self.above(call(id, function, vec![left.expr, right.expr]), height))
    }

    /// Terms joined by one logical operator, as a balanced tree.
    fn logical(&mut self, first: Node, level: u8, function: &'static str) -> Rule<Node> {
        let kind = self.stream.kind();
        let mut height = first.height;
        let mut terms = vec![Some(first.expr)];
        let mut ops = Vec::new();
        while self.stream.kind() == kind {
            let op = self.stream.take();
            let term = self.binary(level + 1, Set::END)?;
            ops.push(self.ids.new_id(op.start));
            height = height.max(term.height);
            terms.push(Some(term.expr));
        }
        Ok(Node { expr: balanced(&mut terms, &ops, function), height })
    }

    fn unary(&mut self) -> Rule<Node> {
        let (ops, function) = match self.prefix() {
            Ok(prefix) => prefix,
            Err(stop) => {
                self.stream.recover(stop)?;
                return Ok(self.missing());
            }
        };
        let Some(first) = ops else { return self.member() };
        let id = self.ids.new_id(first.start);
        let operand = self.member()?;
        Ok(Node { expr: call(id, function, vec![operand.expr]), height: operand.height })
    }

    /// The first of an odd number of `!` or `-`.
    fn prefix(&mut self) -> Rule<(Option<Token>, &'static str)> {
        self.stream.sync(EXPR)?;
        let kind = self.stream.kind();
        let function = match kind {
            T::Exclam => "!_",
            T::Minus => "-_",
            _ => return Ok((None, "")),
        };
        if kind == T::Minus {
            let next = self.stream.peek(2).kind;
            if matches!(next, T::Int | T::Float) {
                return Ok((None, ""));
            }
            if !PRIMARY.has(next) {
                return Err(Stop::NoAlternative(1));
            }
        }
        let first = self.stream.peek(1);
        let mut odd = false;
        while self.stream.kind() == kind {
            self.stream.take();
            odd = !odd;
            self.stream.sync_loop(PRIMARY.with(Set::of(&[kind])))?;
        }
        Ok((odd.then_some(first), function))
    }

    /// A primary with what is selected from it.
    fn member(&mut self) -> Rule<Node> {
        self.stream.enter(MEMBERS.with(Set::END));
        let node = self.primary();
        let node = match node {
            Ok(mut node) => loop {
                match self.stream.kind() {
                    T::Dot => match self.selection(node) {
                        Ok(n) => node = n,
                        Err(stop) => break Err(stop),
                    },
                    T::LBracket => match self.index(node) {
                        Ok(n) => node = n,
                        Err(stop) => break Err(stop),
                    },
                    _ => break Ok(node),
                }
            },
            // Mistakes of a primary are mended there: this is fatal.
            Err(stop) => {
                self.stream.leave();
                return Err(stop);
            }
        };
        self.stream.leave();
        match node {
            Ok(node) => Ok(node),
            Err(stop) => {
                self.stream.recover(stop)?;
                Ok(self.missing())
            }
        }
    }

    fn selection(&mut self, operand: Node) -> Rule<Node> {
        let next = self.stream.peek(2).kind;
        if next == T::Identifier && self.stream.peek(3).kind == T::LParen {
            return self.method(operand);
        }
        if next != T::Question && !NAME.has(next) {
            return Err(Stop::NoAlternative(1));
        }
        let dot = self.stream.take();
        let optional = self.stream.kind() == T::Question;
        if optional {
            self.stream.take();
        }
        let Some((name, field)) = self.name(MEMBERS.with(Set::END))? else { return Ok(operand) };
        let expr = if optional {
            let id = self.ids.new_id(dot.start);
            let field = self.ids.expr(name.start, Kind::Literal(Literal::String(field)));
            call(id, "_?._", vec![operand.expr, field])
        } else {
            self.ids.expr(dot.start, Kind::Select { operand: Box::new(operand.expr), field, test: false })
        };
        Ok(self.above(expr, operand.height))
    }

    fn method(&mut self, operand: Node) -> Rule<Node> {
        self.stream.take();
        let name = self.stream.take();
        let function = self.stream.text(name);
        let open = self.stream.take();
        let id = self.ids.new_id(open.start);
        let (args, height) = self.arguments(MEMBERS.with(Set::END))?;
        let height = height.max(operand.height);
        let expr = self.call_or_macro(id, function, Some(operand.expr), args);
        Ok(self.above(expr, height))
    }

    fn index(&mut self, operand: Node) -> Rule<Node> {
        let open = self.stream.take();
        let id = self.ids.new_id(open.start);
        self.stream.sync(OPTIONAL_EXPR)?;
        let optional = self.stream.kind() == T::Question;
        if optional {
            self.stream.take();
        }
        let index = self.expr(Set::of(&[T::RBracket]))?;
        self.stream.expect(T::RBracket, MEMBERS.with(Set::END))?;
        let height = operand.height.max(index.height);
        let function = if optional { "_[?_]" } else { "_[_]" };
        Ok(self.above(call(id, function, vec![operand.expr, index.expr]), height))
    }

    /// A field's name, plain or in backquotes (which Kubernetes does not switch on); none if it was mended.
    pub(super) fn name(&mut self, follow: Set) -> Rule<Option<(Token, String)>> {
        self.stream.enter(follow);
        let synced = self.stream.sync(NAME);
        let result = match synced {
            Ok(()) if NAME.has(self.stream.kind()) => {
                let token = self.stream.take();
                let mut text = self.stream.text(token);
                if token.kind == T::Escaped {
                    self.ids.error(token.start, "unsupported syntax: '`'");
                    text = String::new();
                }
                Ok(Some((token, text)))
            }
            Ok(()) => self.stream.recover(Stop::Mismatch(NAME)).map(|()| None),
            Err(stop) => self.stream.recover(stop).map(|()| None),
        };
        self.stream.leave();
        result
    }

    fn primary(&mut self) -> Rule<Node> {
        let node = match self.stream.kind() {
            T::Identifier | T::Dot => self.ident(),
            T::LParen => self.nested(),
            T::LBracket => self.list(),
            T::LBrace => self.map(),
            _ => self.literal(),
        };
        match node {
            Ok(node) => Ok(node),
            Err(stop) => {
                self.stream.recover(stop)?;
                Ok(self.missing())
            }
        }
    }

    fn nested(&mut self) -> Rule<Node> {
        self.stream.take();
        let node = self.expr(Set::of(&[T::RParen]))?;
        self.stream.expect(T::RParen, Set::END)?;
        Ok(node)
    }

    /// A name, a call, or a message `a.b.C{...}`.
    fn ident(&mut self) -> Rule<Node> {
        let start = self.stream.peek(1);
        let dotted = usize::from(start.kind == T::Dot);
        if self.stream.peek(1 + dotted).kind != T::Identifier {
            return Err(Stop::NoAlternative(dotted));
        }
        let mut ahead = 2 + dotted;
        while self.stream.peek(ahead).kind == T::Dot && self.stream.peek(ahead + 1).kind == T::Identifier {
            ahead += 2;
        }
        if self.stream.peek(ahead).kind == T::LBrace {
            return self.message(ahead - 1);
        }
        let mut name = String::new();
        if dotted == 1 {
            self.stream.take();
            name.push('.');
        }
        let token = self.stream.take();
        let word = self.stream.text(token);
        let reserved = RESERVED.contains(&word.as_str()).then(|| format!("reserved identifier: {word}"));
        name.push_str(&word);
        if self.stream.kind() != T::LParen {
            return Ok(Node::leaf(match reserved {
                Some(message) => self.ids.error(start.start, message),
                None => self.ids.expr(token.start, Kind::Ident(name)),
            }));
        }
        let open = self.stream.take();
        let id = self.ids.new_id(open.start);
        let (args, height) = self.arguments(Set::END)?;
        let expr = match reserved {
            Some(message) => self.ids.error(start.start, message),
            None => self.call_or_macro(id, name, None, args),
        };
        Ok(Node { expr, height })
    }

    /// Arguments after `(`, with the `)`.
    fn arguments(&mut self, then: Set) -> Rule<(Vec<Expr>, u32)> {
        self.stream.sync(EXPR.with(Set::of(&[T::RParen])))?;
        let mut args = Vec::new();
        let mut height = 0;
        if EXPR.has(self.stream.kind()) {
            self.stream.enter(Set::of(&[T::RParen]));
            let read = self.argument_list(&mut args, &mut height);
            self.stream.leave();
            read?;
        }
        self.stream.expect(T::RParen, then)?;
        Ok((args, height))
    }

    fn argument_list(&mut self, args: &mut Vec<Expr>, height: &mut u32) -> Rule<()> {
        loop {
            let arg = self.expr(Set::of(&[T::Comma]).with(Set::END))?;
            *height = arg.height.max(*height);
            args.push(arg.expr);
            if self.stream.kind() != T::Comma {
                return Ok(());
            }
            self.stream.take();
        }
    }

    fn literal(&mut self) -> Rule<Node> {
        let start = self.stream.peek(1);
        let signed = start.kind == T::Minus;
        let kind = self.stream.peek(1 + usize::from(signed)).kind;
        if signed && !matches!(kind, T::Int | T::Float) {
            return Err(Stop::NoAlternative(1));
        }
        if !PRIMARY.has(start.kind) {
            return Err(Stop::NoAlternative(0));
        }
        let mut text = String::new();
        if signed {
            self.stream.take();
            text.push('-');
        }
        let token = self.stream.take();
        text.push_str(&self.stream.text(token));
        let value = match kind {
            T::Int => literal::int(&text).map(Literal::Int).ok_or("invalid int literal"),
            T::Uint => literal::uint(&text[..text.len() - 1]).map(Literal::Uint).ok_or("invalid uint literal"),
            T::Float => literal::double(&text).map(Literal::Double).ok_or("invalid double literal"),
            T::String => literal::unescape(&text, false)
                .and_then(|s| String::from_utf8(s).map_err(|_| "invalid unicode code point"))
                .map(Literal::String),
            T::Bytes => literal::unescape(&text[1..], true).map(Literal::Bytes),
            T::True => Ok(Literal::Bool(true)),
            T::False => Ok(Literal::Bool(false)),
            _ => Ok(Literal::Null),
        };
        Ok(Node::leaf(match value {
            Ok(value) => self.ids.expr(start.start, Kind::Literal(value)),
            Err(message) => self.ids.error(start.start, message),
        }))
    }

    fn call_or_macro(&mut self, id: Id, function: String, target: Option<Expr>, args: Vec<Expr>) -> Expr {
        match super::macros::find(&function, args.len(), target.is_some()) {
            Some(expand) => {
                let at = self.ids.offset(id);
                match expand(&mut super::macros::Expansion { ids: &mut self.ids, at }, target, args) {
                    Ok(expr) => expr,
                    Err((offset, message)) => self.ids.error(offset, message),
                }
            }
            None => Expr { id, kind: Kind::Call { target: target.map(Box::new), function, args } },
        }
    }
}

/// The level and the function of a binary operator.
fn operator(kind: T) -> Option<(u8, &'static str)> {
    Some(match kind {
        T::Or => (0, "_||_"),
        T::And => (1, "_&&_"),
        T::Equals => (2, "_==_"),
        T::NotEquals => (2, "_!=_"),
        T::In => (2, "@in"),
        T::Less => (2, "_<_"),
        T::LessEquals => (2, "_<=_"),
        T::GreaterEquals => (2, "_>=_"),
        T::Greater => (2, "_>_"),
        T::Plus => (3, "_+_"),
        T::Minus => (3, "_-_"),
        T::Star => (4, "_*_"),
        T::Slash => (4, "_/_"),
        T::Percent => (4, "_%_"),
        _ => return None,
    })
}

fn call(id: Id, function: &str, args: Vec<Expr>) -> Expr {
    Expr { id, kind: Kind::Call { target: None, function: function.to_owned(), args } }
}

/// The terms as a tree of binary calls that is as flat as can be. Each term is taken once.
fn balanced(terms: &mut [Option<Expr>], ops: &[Id], function: &str) -> Expr {
    if ops.is_empty() {
        return terms[0].take().unwrap_or(Expr { id: 0, kind: Kind::Literal(Literal::Null) });
    }
    let middle = ops.len() / 2;
    let left = balanced(&mut terms[..=middle], &ops[..middle], function);
    let right = balanced(&mut terms[middle + 1..], &ops[middle + 1..], function);
    call(ops[middle], function, vec![left, right])
}
