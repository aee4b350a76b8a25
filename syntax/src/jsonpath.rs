//! JSONPath as client-go reads it (printer columns, selectable fields): text in, steps or a positioned error out. Words and
//! comparisons that nobody knows are read by client-go and fail when they are used: `read` takes them, `parse` does not. What a
//! path finds in a value is the runtime's.

/// A path.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Path(pub Vec<Step>);

/// One step of a path.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// `.name`, `['name']`
    Field(String),
    /// `.*`
    Wildcard,
    /// `..`
    Recursive,
    /// `[1]`, `[-1]`, `[0:2]`, `[*]`: from, up to, every so many. A single index has the end after it.
    Slice(Option<i64>, Option<i64>, Option<i64>),
    /// `[a,b]`
    Union(Vec<Path>),
    /// `[?(left operator right)]`; `exists` without an operator.
    Filter(Path, Operator, Path),
    /// A quoted text.
    Text(String),
    /// An integer.
    Int(i64),
    /// A number with a fraction.
    Float(f64),
    /// `true`, `false`
    Bool(bool),
    /// A word or a comparison that means nothing, and why.
    Unknown(Error),
}

/// How a filter compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// The left side finds something.
    Exists,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

/// Why a text is not a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// Byte offset.
    pub at: usize,
    /// What is wrong there.
    pub message: String,
}

/// Parses a path, without the braces that kubectl wants around it.
///
/// # Errors
/// The first mistake.
pub fn parse(text: &str) -> Result<Path, Error> {
    let path = read(text)?;
    match path.unknown() {
        Some(e) => Err(e.clone()),
        None => Ok(path),
    }
}

/// Reads a path as client-go does: what [`Step::Unknown`] stands for is only wrong where it is used.
///
/// # Errors
/// The first mistake.
pub fn read(text: &str) -> Result<Path, Error> {
    let mut parser = Parser { text, at: 0, steps: Vec::new() };
    parser.run()?;
    Ok(Path(parser.steps))
}

impl Path {
    fn unknown(&self) -> Option<&Error> {
        self.0.iter().find_map(|step| match step {
            Step::Unknown(e) => Some(e),
            Step::Union(paths) => paths.iter().find_map(Self::unknown),
            Step::Filter(left, _, right) => left.unknown().or_else(|| right.unknown()),
            _ => None,
        })
    }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    steps: Vec<Step>,
}

fn ends_name(c: char) -> bool {
    " \t\r\n.,[]$@{}".contains(c)
}

impl<'a> Parser<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn error<T>(&self, at: usize, message: impl Into<String>) -> Result<T, Error> {
        Err(Error { at, message: message.into() })
    }

    /// A part of the text as a path of its own; errors keep their place in the whole.
    fn part(&self, at: usize, text: &str) -> Result<Path, Error> {
        read(text).map_err(|e| Error { at: at + e.at, ..e })
    }

    fn run(&mut self) -> Result<(), Error> {
        while let Some(c) = self.rest().chars().next() {
            let rest = self.rest();
            match c {
                _ if rest.starts_with("[?(") => self.filter()?,
                '.' if rest.starts_with("..") => {
                    if self.steps.last() == Some(&Step::Recursive) {
                        return self.error(self.at, "invalid multiple recursive descent");
                    }
                    self.steps.push(Step::Recursive);
                    self.at += 2;
                    if self.rest().starts_with(|c: char| c == '_' || c.is_alphanumeric()) {
                        self.field();
                    }
                }
                ' ' | '@' | '$' => self.at += 1,
                '.' => {
                    self.at += 1;
                    self.field();
                }
                '[' => self.array()?,
                '"' | '\'' => self.quote(c)?,
                '+' | '-' | '0'..='9' => self.number()?,
                '_' => self.word()?,
                c if c.is_alphabetic() => self.word()?,
                c => return self.error(self.at, format!("unrecognized character in action: {c:?}")),
            }
        }
        Ok(())
    }

    /// A name up to what ends it; a backslash takes the next character as it is.
    fn field(&mut self) {
        let (mut name, mut escaped) = (String::new(), false);
        let rest = self.rest();
        let mut end = rest.len();
        for (i, c) in rest.char_indices() {
            match c {
                _ if escaped => {
                    escaped = false;
                    name.push(c);
                }
                '\\' => escaped = true,
                c if ends_name(c) => {
                    end = i;
                    break;
                }
                c => name.push(c),
            }
        }
        self.at += end;
        self.steps.push(if name == "*" { Step::Wildcard } else { Step::Field(name) });
    }

    fn array(&mut self) -> Result<(), Error> {
        let start = self.at;
        let Some(end) = self.rest().find([']', '\n']).filter(|i| self.rest()[*i..].starts_with(']')) else {
            return self.error(start, "unterminated array");
        };
        let inner = &self.rest()[1..end];
        self.at += end + 1;
        if inner.contains(',') {
            let parts = inner.split(',').map(|p| self.part(start, &format!("[{}]", p.trim_matches(' '))));
            let union = parts.collect::<Result<_, _>>()?;
            self.steps.push(Step::Union(union));
            return Ok(());
        }
        let key = inner.strip_prefix('\'').and_then(|k| k.strip_suffix('\'')).filter(|k| !k.contains('\''));
        if let Some(key) = key {
            // As upstream, a key in quotes is read as a field: its dots must be escaped.
            let Path(steps) = self.part(start + 1, &format!(".{key}"))?;
            self.steps.extend(steps);
            return Ok(());
        }
        let number = |s: &str| -> Result<Option<i64>, Error> {
            if s.is_empty() {
                return Ok(None);
            }
            let digits = s.strip_prefix('-').unwrap_or(s);
            match s.parse() {
                Ok(n) if digits.bytes().all(|b| b.is_ascii_digit()) => Ok(Some(n)),
                _ => Err(Error { at: start + 1, message: format!("invalid array index {inner}") }),
            }
        };
        let slice = if inner == "*" {
            Step::Slice(None, None, None)
        } else {
            let parts: Vec<&str> = inner.split(':').collect();
            match parts.as_slice() {
                [one] => match number(one)? {
                    Some(i) => Step::Slice(Some(i), if i == -1 { None } else { Some(i + 1) }, None),
                    None => return self.error(start + 1, format!("invalid array index {inner}")),
                },
                [from, to] => Step::Slice(number(from)?, number(to)?, None),
                [from, to, step] => Step::Slice(number(from)?, number(to)?, number(step)?),
                _ => return self.error(start + 1, format!("invalid array index {inner}")),
            }
        };
        self.steps.push(slice);
        Ok(())
    }

    fn filter(&mut self) -> Result<(), Error> {
        let start = self.at;
        let from = start + "[?(".len();
        let (mut quote, mut before) = (None, ' ');
        let mut end = None;
        for (i, c) in self.text[from..].char_indices() {
            match (quote, c) {
                (None, '"' | '\'') => quote = Some(c),
                (Some(q), c) if c == q && before != '\\' => quote = None,
                (None, ')') => {
                    end = Some(from + i);
                    break;
                }
                _ => {}
            }
            before = c;
        }
        let Some(end) = end else { return self.error(start, "unterminated filter") };
        if !self.text[end + 1..].starts_with(']') {
            return self.error(end + 1, "unclosed array expect ]");
        }
        let inner = &self.text[from..end];
        self.at = end + 2;
        let comparison = |c: char| "!<>=".contains(c);
        let Some(i) = inner.find(comparison).filter(|i| *i > 0) else {
            let left = self.part(from, inner)?;
            self.steps.push(Step::Filter(left, Operator::Exists, Path::default()));
            return Ok(());
        };
        let len = inner[i..].find(|c| !comparison(c)).unwrap_or(inner.len() - i);
        let operator = match &inner[i..i + len] {
            "==" => Operator::Equal,
            "!=" => Operator::NotEqual,
            "<" => Operator::Less,
            "<=" => Operator::LessOrEqual,
            ">" => Operator::Greater,
            ">=" => Operator::GreaterOrEqual,
            other => {
                let message = format!("unrecognized filter operator {other}");
                self.steps.push(Step::Unknown(Error { at: from + i, message }));
                return Ok(());
            }
        };
        let (left, right) = (self.part(from, &inner[..i])?, self.part(from + i + len, &inner[i + len..])?);
        self.steps.push(Step::Filter(left, operator, right));
        Ok(())
    }

    fn quote(&mut self, quote: char) -> Result<(), Error> {
        let (start, mut text, mut escaped) = (self.at, String::new(), false);
        for (i, c) in self.rest().char_indices().skip(1) {
            match c {
                '\n' => break,
                _ if escaped => {
                    escaped = false;
                    text.push(match c {
                        'n' => '\n',
                        't' => '\t',
                        'r' => '\r',
                        c => c,
                    });
                }
                '\\' => escaped = true,
                c if c == quote => {
                    self.at += i + 1;
                    self.steps.push(Step::Text(text));
                    return Ok(());
                }
                c => text.push(c),
            }
        }
        self.error(start, "unterminated quoted string")
    }

    fn number(&mut self) -> Result<(), Error> {
        let signed = usize::from(self.rest().starts_with(['+', '-']));
        let len = self.rest()[signed..].find(|c: char| c != '.' && !c.is_ascii_digit());
        let text = &self.rest()[..len.map_or(self.rest().len(), |l| l + signed)];
        let step = match (text.parse(), text.parse()) {
            (Ok(i), _) => Step::Int(i),
            (_, Ok(f)) => Step::Float(f),
            _ => return self.error(self.at, format!("cannot parse number {text}")),
        };
        self.at += text.len();
        self.steps.push(step);
        Ok(())
    }

    fn word(&mut self) -> Result<(), Error> {
        let end = self.rest().find(ends_name).unwrap_or(self.rest().len());
        let step = match &self.rest()[..end] {
            "true" => Step::Bool(true),
            "false" => Step::Bool(false),
            other => Step::Unknown(Error { at: self.at, message: format!("unrecognized identifier {other}") }),
        };
        self.at += end;
        self.steps.push(step);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(name: &str) -> Step {
        Step::Field(name.into())
    }

    fn check(text: &str, want: Vec<Step>) {
        assert_eq!(parse(text), Ok(Path(want)), "{text}");
    }

    #[test]
    fn every_kind_of_step_is_read() {
        check(".a.b", vec![field("a"), field("b")]);
        check("$.a['b'].c\\.d/e", vec![field("a"), field("b"), field("c.d/e")]);
        check(".a.*", vec![field("a"), Step::Wildcard]);
        check("..a", vec![Step::Recursive, field("a")]);
        check(".a[0]", vec![field("a"), Step::Slice(Some(0), Some(1), None)]);
        check(".a[-1]", vec![field("a"), Step::Slice(Some(-1), None, None)]);
        check(".a[1:]", vec![field("a"), Step::Slice(Some(1), None, None)]);
        check(".a[*]", vec![field("a"), Step::Slice(None, None, None)]);
        let union = vec![Path(vec![field("a")]), Path(vec![field("b")])];
        check("['a','b']", vec![Step::Union(union)]);
        let (left, right) = (Path(vec![field("type")]), Path(vec![Step::Text("Ready (x)".into())]));
        check(".c[?(@.type==\"Ready (x)\")]", vec![field("c"), Step::Filter(left, Operator::Equal, right)]);
        let exists = Step::Filter(Path(vec![field("x")]), Operator::Exists, Path::default());
        check("[?(@.x)]", vec![exists]);
        let (left, right) = (Path(vec![field("n")]), Path(vec![Step::Float(1.5)]));
        check("[?(@.n>=1.5)]", vec![Step::Filter(left, Operator::GreaterOrEqual, right)]);
    }

    #[test]
    fn mistakes_have_a_place() {
        let at = |text: &str| parse(text).map_err(|e| e.at);
        assert_eq!(at(".a[x]"), Err(3));
        assert_eq!(at(".a[1"), Err(2));
        assert_eq!(at(".a[?(@.x==\"y)]"), Err(2));
        assert_eq!(at("a.b"), Err(0));
        assert_eq!(at(".a}"), Err(2));
        assert_eq!(at("......a"), Err(2));
        assert_eq!(at(".a[?(@.x=1)]"), Err(8));
    }

    #[test]
    fn words_without_a_meaning_are_read_and_fail_later() {
        let unknown = |at, message: &str| Step::Unknown(Error { at, message: message.into() });
        let read = |text: &str| read(text).map(|p| p.0);
        assert_eq!(read("range .a"), Ok(vec![unknown(0, "unrecognized identifier range"), field("a")]));
        assert_eq!(read(".a[?(@.x=1)]"), Ok(vec![field("a"), unknown(8, "unrecognized filter operator =")]));
    }
}
