//! Label selectors (M/labels/selector.go): `k`, `!k`, `k=v`, `k!=v`, `k in (a,b)`, `k notin (a,b)`, `k>1`, `k<1`, joined by
//! commas.

use crate::resource::validate;

/// One requirement.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Requirement {
    key: String,
    operator: Operator,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Operator {
    Exists,
    Absent,
    In(Vec<String>),
    NotIn(Vec<String>),
    Greater(i64),
    Less(i64),
}

/// A parsed label selector; the default matches everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LabelSelector(Vec<Requirement>);

#[derive(Clone, Debug, PartialEq)]
enum Token {
    End,
    Word(String),
    Symbol(&'static str),
}

struct Lexer<'a> {
    rest: &'a str,
}

const SYMBOLS: [&str; 10] = ["==", "!=", "=", "!", ">", "<", "(", ")", ",", ""];

impl Lexer<'_> {
    fn next(&mut self) -> Token {
        self.rest = self.rest.trim_start_matches([' ', '\t', '\r', '\n']);
        if self.rest.is_empty() {
            return Token::End;
        }
        for s in SYMBOLS.into_iter().filter(|s| !s.is_empty()) {
            if let Some(rest) = self.rest.strip_prefix(s) {
                self.rest = rest;
                return Token::Symbol(s);
            }
        }
        let special = |c: char| " \t\r\n=!(),><".contains(c);
        let end = self.rest.find(special).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        Token::Word(word.to_owned())
    }
}

struct Parser<'a> {
    lexer: Lexer<'a>,
    token: Token,
}

impl Parser<'_> {
    fn advance(&mut self) -> Token {
        let next = self.lexer.next();
        std::mem::replace(&mut self.token, next)
    }

    fn found(&self) -> &str {
        match &self.token {
            Token::End => "",
            Token::Word(w) => w,
            Token::Symbol(s) => s,
        }
    }

    fn requirements(&mut self) -> Result<Vec<Requirement>, String> {
        let mut out = Vec::new();
        loop {
            match &self.token {
                Token::End => return Ok(out),
                Token::Word(_) | Token::Symbol("!") => {
                    let r = self.requirement().map_err(|e| format!("unable to parse requirement: {e}"))?;
                    out.push(r);
                    match self.advance() {
                        Token::End => return Ok(out),
                        Token::Symbol(",") => {
                            if !matches!(self.token, Token::Word(_) | Token::Symbol("!")) {
                                return Err(format!("found '{}', expected: identifier after ','", self.found()));
                            }
                        }
                        t => {
                            let found = match &t {
                                Token::Word(w) => w.as_str(),
                                Token::Symbol(s) => s,
                                Token::End => "",
                            };
                            return Err(format!("found '{found}', expected: ',' or 'end of string'"));
                        }
                    }
                }
                _ => return Err(format!("found '{}', expected: !, identifier, or 'end of string'", self.found())),
            }
        }
    }

    fn requirement(&mut self) -> Result<Requirement, String> {
        let negated = self.token == Token::Symbol("!");
        if negated {
            self.advance();
        }
        let key = match self.advance() {
            Token::Word(w) => w,
            t => {
                let found = match &t {
                    Token::Symbol(s) => s,
                    _ => "",
                };
                return Err(format!("found '{found}', expected: identifier"));
            }
        };
        check_key(&key)?;
        let done = matches!(self.token, Token::End | Token::Symbol(","));
        if negated {
            return Ok(Requirement { key, operator: Operator::Absent });
        }
        if done {
            return Ok(Requirement { key, operator: Operator::Exists });
        }
        let operator = match self.advance() {
            Token::Word(w) if w == "in" => Operator::In(self.values(&key)?),
            Token::Word(w) if w == "notin" => Operator::NotIn(self.values(&key)?),
            Token::Symbol("=" | "==") => Operator::In(vec![self.value(&key)?]),
            Token::Symbol("!=") => Operator::NotIn(vec![self.value(&key)?]),
            Token::Symbol(">") => Operator::Greater(self.number(&key)?),
            Token::Symbol("<") => Operator::Less(self.number(&key)?),
            t => {
                let found = match &t {
                    Token::Word(w) => w.as_str(),
                    Token::Symbol(s) => s,
                    Token::End => "",
                };
                return Err(format!("found '{found}', expected: in, notin, =, ==, !=, gt, lt"));
            }
        };
        Ok(Requirement { key, operator })
    }

    /// The right side of `=`: a word, or nothing.
    fn value(&mut self, key: &str) -> Result<String, String> {
        let v = match &self.token {
            Token::End | Token::Symbol(",") => String::new(),
            Token::Word(w) => {
                let w = w.clone();
                self.advance();
                w
            }
            Token::Symbol(s) => return Err(format!("found '{s}', expected: identifier")),
        };
        check_value(key, &v, 0)?;
        Ok(v)
    }

    fn number(&mut self, key: &str) -> Result<i64, String> {
        let v = self.value(key)?;
        v.parse().map_err(|_| {
            format!("values[0]: Invalid value: {v:?}: for 'Gt', 'Lt' operators, the value must be an integer")
        })
    }

    fn values(&mut self, key: &str) -> Result<Vec<String>, String> {
        if self.token != Token::Symbol("(") {
            return Err(format!("found '{}' expected: '('", self.found()));
        }
        self.advance();
        let mut out = Vec::new();
        loop {
            match self.advance() {
                Token::Word(w) => {
                    out.push(w);
                    match self.advance() {
                        Token::Symbol(",") => {
                            if matches!(self.token, Token::Symbol(")")) {
                                out.push(String::new());
                            }
                        }
                        Token::Symbol(")") => break,
                        t => {
                            let found = match &t {
                                Token::Word(w) => w.as_str(),
                                Token::Symbol(s) => s,
                                Token::End => "",
                            };
                            return Err(format!("found '{found}', expected: ',' or ')'"));
                        }
                    }
                }
                Token::Symbol(",") => out.push(String::new()),
                Token::Symbol(")") => {
                    if out.is_empty() {
                        out.push(String::new());
                    }
                    break;
                }
                t => {
                    let found = match &t {
                        Token::Symbol(s) => s,
                        _ => "",
                    };
                    return Err(format!("found '{found}', expected: ',', ')' or identifier"));
                }
            }
        }
        for (i, v) in out.iter().enumerate() {
            check_value(key, v, i)?;
        }
        out.sort();
        out.dedup();
        Ok(out)
    }
}

fn check_key(key: &str) -> Result<(), String> {
    let problems = validate::qualified_name(key);
    if problems.is_empty() { Ok(()) } else { Err(format!("<nil>: Invalid value: {key:?}: {}", problems.join("; "))) }
}

fn check_value(key: &str, value: &str, i: usize) -> Result<(), String> {
    let problems = validate::label_value(value);
    if problems.is_empty() {
        Ok(())
    } else {
        Err(format!("values[{i}][{key}]: Invalid value: {value:?}: {}", problems.join("; ")))
    }
}

impl LabelSelector {
    /// The keys that must have one certain value.
    pub fn equalities(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().filter_map(|r| match &r.operator {
            Operator::In(values) if values.len() == 1 => Some((r.key.as_str(), values[0].as_str())),
            _ => None,
        })
    }

    /// Parses a selector.
    ///
    /// # Errors
    /// Upstream's message.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut lexer = Lexer { rest: text };
        let token = lexer.next();
        Parser { lexer, token }.requirements().map(Self)
    }

    /// Whether it matches everything.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether an object's labels match.
    pub fn matches<'a>(&self, label: impl Fn(&str) -> Option<&'a str>) -> bool {
        self.0.iter().all(|r| {
            let value = label(&r.key);
            let number = || value.and_then(|v| v.parse::<i64>().ok());
            match &r.operator {
                Operator::Exists => value.is_some(),
                Operator::Absent => value.is_none(),
                Operator::In(values) => value.is_some_and(|v| values.iter().any(|x| x == v)),
                Operator::NotIn(values) => value.is_none_or(|v| values.iter().all(|x| x != v)),
                Operator::Greater(n) => number().is_some_and(|v| v > *n),
                Operator::Less(n) => number().is_some_and(|v| v < *n),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::LabelSelector;

    fn check(selector: &str, labels: &[(&str, &str)], want: bool) {
        let s = LabelSelector::parse(selector).expect(selector);
        let got = s.matches(|k| labels.iter().find(|(x, _)| *x == k).map(|(_, v)| *v));
        assert_eq!(got, want, "{selector} on {labels:?}");
    }

    #[test]
    fn every_operator_matches_as_upstream_says() {
        check("", &[], true);
        check("a", &[("a", "")], true);
        check("!a", &[("a", "")], false);
        check("a=b", &[("a", "b")], true);
        check("a==b,c!=d", &[("a", "b")], true);
        check("a in (x, y)", &[("a", "y")], true);
        check("a notin (x,y)", &[], true);
        check("a in (,x)", &[("a", "")], true);
        check("n>3", &[("n", "4")], true);
        check("n<3", &[("n", "4")], false);
    }

    #[test]
    fn mistakes_are_named() {
        let e = LabelSelector::parse("a=b,,c").unwrap_err();
        assert_eq!(e, "found ',', expected: identifier after ','");
        assert!(LabelSelector::parse("a in b").unwrap_err().starts_with("unable to parse requirement: "));
    }
}
