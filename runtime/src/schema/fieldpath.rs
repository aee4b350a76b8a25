//! Paths to declared fields, `.spec.a['b.c']`, as rules and selectable fields write them (apiextensions `schema/cel`,
//! `ValidFieldPath`). A path is resolved against a schema; objects are not looked at.

use super::crd::props::{Additional, Props};
use super::node::Node;

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// A declared property; prints as `.name`.
    Field(String),
    /// A key of a map; prints as `[key]`.
    Key(String),
}

/// What a path can be resolved against.
pub(crate) trait Fields: Copy {
    /// Whether properties are declared.
    fn has_properties(self) -> bool;
    /// A declared property.
    fn property(self, name: &str) -> Option<Self>;
    /// Whether additionalProperties is there, and its schema if it is one.
    fn additional(self) -> Option<Option<Self>>;
}

impl Fields for Props<'_> {
    fn has_properties(self) -> bool {
        self.has("properties")
    }

    fn property(self, name: &str) -> Option<Self> {
        Props::property(self, name)
    }

    fn additional(self) -> Option<Option<Self>> {
        Some(match Props::additional(self)? {
            Additional::Schema(s) => Some(s),
            Additional::Allowed(_) => None,
        })
    }
}

impl Fields for &Node {
    fn has_properties(self) -> bool {
        !self.properties.is_empty()
    }

    fn property(self, name: &str) -> Option<Self> {
        Node::property(self, name)
    }

    fn additional(self) -> Option<Option<Self>> {
        self.additional.as_ref().map(|_| self.additional_schema())
    }
}

/// The steps of a path and the schema it leads to, which is none below `additionalProperties: true`.
///
/// # Errors
/// Why it leads nowhere, in upstream's words.
pub(crate) fn resolve<F: Fields>(path: &str, schema: F, brackets: bool) -> Result<(Vec<Step>, Option<F>), String> {
    let mut tokens = Tokens(path);
    let mut steps = Vec::new();
    let mut at = Some(schema);
    let end = || "unexpected end of JSON path".to_owned();
    while let Some(token) = tokens.next() {
        match token {
            "[" if !brackets => return Err("array notation is not allowed".into()),
            "[" => {
                let quoted = tokens.next().ok_or_else(end)?;
                let inner = quoted.strip_prefix('\'').and_then(|q| q.strip_suffix('\''));
                let inner = inner.ok_or_else(|| format!("expected single quoted string but got {quoted}"))?;
                at = step(at, &unescaped(inner)?, &mut steps)?;
                match tokens.next().ok_or_else(end)? {
                    "]" => {}
                    other => return Err(format!("expected ] but got {other}")),
                }
            }
            "." => at = step(at, tokens.next().ok_or_else(end)?, &mut steps)?,
            other => return Err(format!("expected [ or . but got: {other}")),
        }
    }
    Ok((steps, at))
}

fn step<F: Fields>(at: Option<F>, name: &str, steps: &mut Vec<Step>) -> Result<Option<F>, String> {
    let nowhere = || "does not refer to a valid field".to_owned();
    let schema = at.ok_or_else(nowhere)?;
    if schema.has_properties() {
        let next = schema.property(name).ok_or_else(nowhere)?;
        steps.push(Step::Field(name.to_owned()));
        return Ok(Some(next));
    }
    let next = schema.additional().ok_or_else(nowhere)?;
    steps.push(Step::Key(name.to_owned()));
    Ok(next)
}

/// Delimiters one by one, quoted strings whole, and the text between.
struct Tokens<'a>(&'a str);

impl<'a> Iterator for Tokens<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let text = self.0;
        let first = text.chars().next()?;
        let end = match first {
            '.' | '[' | ']' => 1,
            '\'' => {
                let bytes = text.as_bytes();
                (1..bytes.len()).find(|i| bytes[*i] == b'\'' && bytes[i - 1] != b'\\').map_or(text.len(), |i| i + 1)
            }
            _ => text.find(['.', '[', ']']).unwrap_or(text.len()),
        };
        let (token, rest) = text.split_at(end);
        self.0 = rest;
        Some(token)
    }
}

fn unescaped(text: &str) -> Result<String, String> {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        out.push(match chars.next() {
            Some('a') => '\x07',
            Some('b') => '\x08',
            Some('f') => '\x0c',
            Some('n') => '\n',
            Some('r') => '\r',
            Some('t') => '\t',
            Some('v') => '\x0b',
            Some(c @ ('\'' | '\\')) => c,
            Some(c) => return Err(format!("invalid string literal: invalid escape char \\{c}")),
            None => return Err("invalid string literal: it ends in a backslash".into()),
        });
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn paths_lead_to_declared_fields_only() {
        let schema = json!({"properties": {"spec": {"properties": {"a.b": {"type": "string"}}},
            "m": {"additionalProperties": {"type": "string"}}, "free": {"additionalProperties": true}}});
        let node = Node::parse(&schema);
        let to =
            |path: &str, brackets: bool| resolve(path, &node, brackets).map(|(steps, found)| (steps, found.is_some()));
        let field = |n: &str| Step::Field(n.into());
        assert_eq!(to(".spec['a.b']", true), Ok((vec![field("spec"), field("a.b")], true)));
        assert_eq!(to(".m.any", false), Ok((vec![field("m"), Step::Key("any".into())], true)));
        assert_eq!(to(".free.any", false), Ok((vec![field("free"), Step::Key("any".into())], false)));
        let no = |path: &str, brackets| to(path, brackets).expect_err("no such path");
        assert_eq!(no("spec", true), "expected [ or . but got: spec");
        assert_eq!(no(".spec['a.b']", false), "array notation is not allowed");
        assert_eq!(no(".spec[0]", true), "expected single quoted string but got 0");
        assert_eq!(no(".free.any.more", true), "does not refer to a valid field");
        assert_eq!(no(".spec.", true), "unexpected end of JSON path");
    }
}
