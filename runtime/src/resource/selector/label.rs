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
                                return Err(format!("found '{}', expected: identifier after ','", shown(&self.token)));
                            }
                        }
                        t => return Err(format!("found '{}', expected: ',' or 'end of string'", shown(&t))),
                    }
                }
                _ => {
                    return Err(format!("found '{}', expected: !, identifier, or 'end of string'", shown(&self.token)));
                }
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
            t => return Err(format!("found '{}', expected: identifier", shown(&t))),
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
            Token::Word(w) if w == "in" => Operator::In(self.values()?),
            Token::Word(w) if w == "notin" => Operator::NotIn(self.values()?),
            Token::Symbol("=" | "==") => Operator::In(vec![self.value()?]),
            Token::Symbol("!=") => Operator::NotIn(vec![self.value()?]),
            Token::Symbol(s @ (">" | "<")) => return Self::compared(key, s, self.value()?),
            t => return Err(format!("found '{}', expected: in, notin, =, ==, !=, gt, lt", shown(&t))),
        };
        if let Operator::In(values) | Operator::NotIn(values) = &operator {
            all(check_values(&key, values))?;
        }
        Ok(Requirement { key, operator })
    }

    /// `k>1` and `k<1`: what is wrong with the value is said before what is wrong with it as a label's.
    fn compared(key: String, symbol: &str, value: String) -> Result<Requirement, String> {
        let number = value.parse();
        let not_a_number = number.is_err().then(|| {
            format!("values[0]: Invalid value: {value:?}: for 'Gt', 'Lt' operators, the value must be an integer")
        });
        all(not_a_number.into_iter().chain(check_values(&key, std::slice::from_ref(&value))).collect())?;
        let number = number.unwrap_or_default();
        let operator = if symbol == ">" { Operator::Greater(number) } else { Operator::Less(number) };
        Ok(Requirement { key, operator })
    }

    /// The right side of `=`: a word, or nothing.
    fn value(&mut self) -> Result<String, String> {
        if matches!(self.token, Token::End | Token::Symbol(",")) {
            return Ok(String::new());
        }
        match self.advance() {
            Token::Word(w) => Ok(w),
            t => Err(format!("found '{}', expected: identifier", shown(&t))),
        }
    }

    /// A set in parentheses, sorted; two commas have nothing between them, which is a value.
    fn values(&mut self) -> Result<Vec<String>, String> {
        match self.advance() {
            Token::Symbol("(") => {}
            t => return Err(format!("found '{}' expected: '('", shown(&t))),
        }
        let mut out = Vec::new();
        match &self.token {
            Token::Word(_) | Token::Symbol(",") => {}
            Token::Symbol(")") => out.push(String::new()),
            t => return Err(format!("found '{}', expected: ',', ')' or identifier", shown(t))),
        }
        while self.token != Token::Symbol(")") {
            match self.advance() {
                Token::Word(w) => {
                    out.push(w);
                    if !matches!(self.token, Token::Symbol("," | ")")) {
                        return Err(format!("found '{}', expected: ',' or ')'", shown(&self.token)));
                    }
                }
                Token::Symbol(",") => {
                    if out.is_empty() || matches!(self.token, Token::Symbol("," | ")")) {
                        out.push(String::new());
                    }
                }
                t => return Err(format!("found '{}', expected: ',', or identifier", shown(&t))),
            }
        }
        self.advance();
        out.sort();
        out.dedup();
        Ok(out)
    }
}

/// A token as errors show it.
fn shown(token: &Token) -> &str {
    match token {
        Token::End => "",
        Token::Word(w) => w,
        Token::Symbol(s) => s,
    }
}

/// All that is wrong at once: one text as it is, several in brackets.
fn all(problems: Vec<String>) -> Result<(), String> {
    match problems.as_slice() {
        [] => Ok(()),
        [one] => Err(one.clone()),
        many => Err(format!("[{}]", many.join(", "))),
    }
}

fn check_key(key: &str) -> Result<(), String> {
    let problems = validate::qualified_name(key);
    if problems.is_empty() { Ok(()) } else { Err(format!("<nil>: Invalid value: {key:?}: {}", problems.join("; "))) }
}

fn check_values(key: &str, values: &[String]) -> Vec<String> {
    let check = |(i, value): (usize, &String)| {
        let problems = validate::label_value(value);
        let why = problems.join("; ");
        (!problems.is_empty()).then(|| format!("values[{i}][{key}]: Invalid value: {value:?}: {why}"))
    };
    values.iter().enumerate().filter_map(check).collect()
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
        let refused = |selector: &str, want: &str| {
            let found = LabelSelector::parse(selector).expect_err(selector);
            assert_eq!(found.strip_prefix("unable to parse requirement: ").unwrap_or(&found), want, "{selector}");
        };
        refused("a=b,,c", "found ',', expected: identifier after ','");
        refused("a in b", "found 'b' expected: '('");
        refused("a in (", "found '', expected: ',', ')' or identifier");
        refused("a in (!", "found '!', expected: ',', ')' or identifier");
        refused("a in (b", "found '', expected: ',' or ')'");
        refused("a in (b c)", "found 'c', expected: ',' or ')'");
        refused("a in (b,", "found '', expected: ',', or identifier");
        refused("a in (,=)", "found '=', expected: ',', or identifier");
        refused("a=b c", "found 'c', expected: ',' or 'end of string'");
        refused("!", "found '', expected: identifier");
        refused("a=(", "found '(', expected: identifier");
        refused("a>", "values[0]: Invalid value: \"\": for 'Gt', 'Lt' operators, the value must be an integer");
    }

    #[test]
    fn all_bad_values_are_named_in_their_order() {
        let e = LabelSelector::parse("a in (z@,c,b@)").unwrap_err();
        let named: Vec<&str> = e.matches("values[").collect();
        assert_eq!(named.len(), 2, "{e}");
        assert!(
            e.starts_with("unable to parse requirement: [values[0][a]: Invalid value: \"b@\": a valid label"),
            "{e}"
        );
        assert!(e.contains(", values[2][a]: Invalid value: \"z@\": a valid label"), "{e}");
        let e = LabelSelector::parse("a>@").unwrap_err();
        assert!(e.starts_with("unable to parse requirement: [values[0]: Invalid value: \"@\": for 'Gt'"), "{e}");
        let labels = |_: &str| Some("");
        assert!(LabelSelector::parse("a in (,x)").expect("a set").matches(labels));
        assert!(LabelSelector::parse("a in (x,,y)").expect("a set").matches(labels));
        assert!(LabelSelector::parse("a in (x,)").expect("a set").matches(labels));
        assert!(!LabelSelector::parse("a in (x,y)").expect("a set").matches(labels));
    }
}
