//! JSONPath as printer columns write it: the grammar of client-go's `util/jsonpath`, without its templates and ranges. Text
//! to steps, or an error with its place; looking a path up is the runtime's.

use std::fmt;

/// What is wrong with a path, and at which byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// Byte offset into the path.
    pub offset: usize,
    /// What is wrong.
    pub message: String,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}", self.message, self.offset)
    }
}

impl std::error::Error for Error {}

/// One step of a path.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// `.name` or `['name']`.
    Field(String),
    /// `.*` or `[*]`.
    Wildcard,
    /// `..`: at any depth.
    Recursive,
    /// `[0]`, `[-1]`, `[1:3]`, `[::2]`.
    Slice(Slice),
    /// `[a, b]`, each a path of its own.
    Union(Vec<Path>),
    /// `[?(@.a == 'b')]`.
    Filter(Filter),
}

/// A range of list items; a single index is a range of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slice {
    /// First item; counted from the end if negative.
    pub start: Option<i64>,
    /// After the last item.
    pub end: Option<i64>,
    /// Every how many.
    pub step: Option<i64>,
    /// Written without a colon.
    pub single: bool,
}

/// A condition on items.
#[derive(Clone, Debug, PartialEq)]
pub struct Filter {
    /// Left side.
    pub left: Operand,
    /// `exists`, `==`, `!=`, `<`, `<=`, `>`, `>=`.
    pub operator: String,
    /// Right side; none for `exists`.
    pub right: Option<Operand>,
}

/// A side of a condition.
#[derive(Clone, Debug, PartialEq)]
pub enum Operand {
    /// `@.a.b`
    Path(Path),
    /// `'text'` or `"text"`
    Text(String),
    /// A number, as written.
    Number(String),
    /// `true` or `false`
    Bool(bool),
}

/// Steps from where the path starts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Path(pub Vec<Step>);

/// Parses the path of a column, such as `.status.conditions[?(@.type=="Ready")].status`.
///
/// # Errors
/// The first mistake and its place.
pub fn parse(path: &str) -> Result<Path, Error> {
    let mut p = Parser { text: path, at: 0 };
    let out = p.path(false)?;
    match p.peek() {
        None => Ok(out),
        Some(c) => Err(p.error(format!("unexpected character {c:?}"))),
    }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Parser<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn eat(&mut self, prefix: &str) -> bool {
        let found = self.rest().starts_with(prefix);
        if found {
            self.at += prefix.len();
        }
        found
    }

    fn spaces(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start().len();
    }

    fn error(&self, message: impl Into<String>) -> Error {
        Error { offset: self.at, message: message.into() }
    }

    /// Steps until something that is none. `@` and `$` stand for the start.
    fn path(&mut self, inside: bool) -> Result<Path, Error> {
        let mut steps = Vec::new();
        if !self.eat("@") {
            self.eat("$");
        }
        loop {
            if self.eat("..") {
                steps.push(Step::Recursive);
                if let Some(name) = self.name(inside) {
                    steps.push(Step::Field(name));
                } else if self.eat("*") {
                    steps.push(Step::Wildcard);
                } else if self.peek() != Some('[') {
                    return Err(self.error("a name belongs after `..`"));
                }
            } else if self.eat(".") {
                if self.eat("*") {
                    steps.push(Step::Wildcard);
                } else if let Some(name) = self.name(inside) {
                    steps.push(Step::Field(name));
                } else if self.rest().is_empty() && steps.is_empty() {
                    return Ok(Path(steps));
                } else if self.peek() != Some('[') {
                    return Err(self.error("a name belongs after the dot"));
                }
            } else if self.peek() == Some('[') {
                steps.push(self.bracket()?);
            } else if !inside && steps.is_empty() && self.peek().is_some() {
                return Err(self.error("a path starts with a dot"));
            } else {
                return Ok(Path(steps));
            }
        }
    }

    /// A field name; a backslash takes the next character as it is. Operators end it only where a comparison may follow.
    fn name(&mut self, inside: bool) -> Option<String> {
        let mut out = String::new();
        while let Some(c) = self.peek() {
            match c {
                '\\' => {
                    self.at += 1;
                    let next = self.peek()?;
                    out.push(next);
                    self.at += next.len_utf8();
                }
                '.' | ',' | '[' | ']' | '$' | '@' | '{' | '}' => break,
                '(' | ')' | '=' | '!' | '<' | '>' if inside => break,
                '*' if out.is_empty() => break,
                c if c.is_whitespace() => break,
                c => {
                    out.push(c);
                    self.at += c.len_utf8();
                }
            }
        }
        (!out.is_empty()).then_some(out)
    }

    fn bracket(&mut self) -> Result<Step, Error> {
        let open = self.at;
        self.at += 1;
        self.spaces();
        if self.eat("?(") {
            let filter = self.filter()?;
            self.spaces();
            if !self.eat(")") {
                return Err(self.error("the filter is not closed; `)` belongs here"));
            }
            return self.close(open).map(|()| Step::Filter(filter));
        }
        let mut members = vec![self.member()?];
        self.spaces();
        while self.eat(",") {
            members.push(self.member()?);
            self.spaces();
        }
        self.close(open)?;
        if members.len() == 1 {
            return Ok(members.remove(0));
        }
        Ok(Step::Union(members.into_iter().map(|m| Path(vec![m])).collect()))
    }

    fn close(&mut self, open: usize) -> Result<(), Error> {
        self.spaces();
        if self.eat("]") {
            return Ok(());
        }
        match self.peek() {
            None => Err(Error { offset: open, message: "the bracket is not closed".into() }),
            Some(c) => Err(self.error(format!("unexpected character {c:?} in brackets"))),
        }
    }

    fn member(&mut self) -> Result<Step, Error> {
        self.spaces();
        match self.peek() {
            Some('*') => {
                self.at += 1;
                Ok(Step::Wildcard)
            }
            Some('\'' | '"') => self.quoted().map(Step::Field),
            Some(c) if c.is_ascii_digit() || c == '-' || c == ':' => self.slice(),
            Some('@' | '.' | '$') => {
                let at = self.at;
                let path = self.path(true)?;
                match path.0.as_slice() {
                    [one] => Ok(one.clone()),
                    _ => Err(Error { offset: at, message: "a single name belongs here".into() }),
                }
            }
            _ => Err(self.error("an index, a range, `*`, a quoted name or a filter `?(...)` belongs in brackets")),
        }
    }

    fn slice(&mut self) -> Result<Step, Error> {
        let start = self.integer()?;
        if !self.eat(":") {
            return Ok(Step::Slice(Slice { start, end: None, step: None, single: true }));
        }
        let end = self.integer()?;
        let step = if self.eat(":") { self.integer()? } else { None };
        if step.is_some_and(|s| s <= 0) {
            return Err(self.error("the step of a range is above 0"));
        }
        Ok(Step::Slice(Slice { start, end, step, single: false }))
    }

    fn integer(&mut self) -> Result<Option<i64>, Error> {
        let rest = self.rest();
        let len = rest.find(|c: char| !(c.is_ascii_digit() || c == '-')).unwrap_or(rest.len());
        if len == 0 {
            return Ok(None);
        }
        let n = rest[..len].parse().map_err(|_| self.error(format!("{:?} is no index", &rest[..len])))?;
        self.at += len;
        Ok(Some(n))
    }

    fn quoted(&mut self) -> Result<String, Error> {
        let open = self.at;
        let Some(quote) = self.peek() else { return Err(self.error("a quoted text belongs here")) };
        self.at += 1;
        let mut out = String::new();
        while let Some(c) = self.peek() {
            self.at += c.len_utf8();
            if c == quote {
                return Ok(out);
            }
            if c != '\\' {
                out.push(c);
            } else if let Some(next) = self.peek() {
                out.push(next);
                self.at += next.len_utf8();
            }
        }
        Err(Error { offset: open, message: "the quote is not closed".into() })
    }

    fn filter(&mut self) -> Result<Filter, Error> {
        let left = self.operand()?;
        self.spaces();
        let found = ["==", "!=", "<=", ">=", "<", ">"].into_iter().find(|o| self.eat(o));
        let Some(operator) = found else {
            return match (self.peek(), &left) {
                (Some(')'), Operand::Path(_)) => Ok(Filter { left, operator: "exists".into(), right: None }),
                _ => Err(self.error("a comparison belongs here: ==, !=, <, <=, > or >=")),
            };
        };
        self.spaces();
        let right = self.operand()?;
        Ok(Filter { left, operator: operator.into(), right: Some(right) })
    }

    fn operand(&mut self) -> Result<Operand, Error> {
        self.spaces();
        match self.peek() {
            Some('\'' | '"') => self.quoted().map(Operand::Text),
            Some('@' | '.' | '$') => self.path(true).map(Operand::Path),
            Some(c) if c.is_ascii_digit() || c == '-' || c == '+' => {
                let rest = self.rest();
                let len = rest
                    .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '+')))
                    .unwrap_or(rest.len());
                let number = &rest[..len];
                if number.parse::<f64>().is_err() {
                    return Err(self.error(format!("{number:?} is no number")));
                }
                self.at += len;
                Ok(Operand::Number(number.to_owned()))
            }
            _ if self.eat("true") => Ok(Operand::Bool(true)),
            _ if self.eat("false") => Ok(Operand::Bool(false)),
            _ => Err(self.error("a path (@.name), a quoted text, a number, true or false belongs here")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(path: &str) -> (usize, String) {
        let e = parse(path).expect_err(path);
        (e.offset, e.message)
    }

    #[test]
    fn columns_of_real_definitions_parse() {
        for path in [
            ".metadata.creationTimestamp",
            ".status.conditions[?(@.type==\"Ready\")].status",
            ".status.conditions[?(@.type == 'Ready')].status",
            ".status.loadBalancer.ingress[0].ip",
            ".spec.hosts[*]",
            ".spec['a.b/c']",
            ".metadata.labels.app\\.kubernetes\\.io/name",
            ".status.list[-1:].name",
            ".spec..name",
            ".status.conditions[?(@.ready)].type",
            ".spec.rules[0]['host','port']",
            ".",
        ] {
            assert!(parse(path).is_ok(), "{path}: {:?}", parse(path));
        }
    }

    #[test]
    fn steps_are_what_is_written() {
        let p = parse(".a[1:3]['b.c'].d\\.e").map(|p| p.0);
        let slice = Slice { start: Some(1), end: Some(3), step: None, single: false };
        let wanted =
            [Step::Field("a".into()), Step::Slice(slice), Step::Field("b.c".into()), Step::Field("d.e".into())];
        assert_eq!(p.as_deref(), Ok(wanted.as_slice()));
    }

    #[test]
    fn mistakes_have_a_place() {
        assert_eq!(error("spec").0, 0);
        assert_eq!(error(".spec.").0, 6);
        assert_eq!(error(".spec[0").0, 5);
        assert_eq!(error(".spec[x]").0, 6);
        assert_eq!(error(".s[?(@.type='a')]").0, 11);
        assert_eq!(error(".s[?(@.type=='a]").0, 13);
        assert_eq!(error(".spec}").0, 5);
        assert_eq!(error(".list[1:4:0]").0, 11);
    }
}
