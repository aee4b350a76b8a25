//! YAML events to a JSON value: anchors, merge keys, tags, keys of any scalar type, and the duplicates that a strict reader
//! refuses. One document is read; what follows it is not looked at.

use super::scalar::{self, Scalar};
use crate::resource::codec::{Decoded, MAX_DEPTH, go};
use base64::Engine as _;
use granit_parser::{Event, Parser, ScalarStyle, Tag};
use serde_json::{Map, Value};

/// A node of the document.
struct Node {
    /// 1-based.
    line: usize,
    kind: Kind,
}

enum Kind {
    Scalar {
        text: String,
        plain: bool,
        tag: Option<String>,
    },
    /// Indices of items.
    List(Vec<usize>),
    /// Indices of keys and values in turns.
    Map(Vec<usize>),
    /// What an anchor stands for.
    Alias(usize),
}

/// The nodes of one document by index, and the root's.
struct Document {
    nodes: Vec<Node>,
    root: Option<usize>,
}

/// Decodes one YAML document into JSON values.
///
/// # Errors
/// Where and why it is not YAML, or what it has that JSON cannot say.
pub fn decode(bytes: &[u8]) -> Result<Decoded, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "yaml: invalid UTF-8".to_owned())?;
    let document = read(text)?;
    let mut reader = Reader { document: &document, duplicates: Vec::new(), decoded: 0, aliased: 0, within_alias: 0 };
    let value = match document.root {
        Some(root) => reader.value(root)?,
        None => Value::Null,
    };
    Ok(Decoded { value, duplicates: reader.duplicates })
}

fn read(text: &str) -> Result<Document, String> {
    let mut document = Document { nodes: Vec::new(), root: None };
    let mut anchors: std::collections::HashMap<usize, usize> = Default::default();
    let mut open: Vec<usize> = Vec::new();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|e| format!("yaml: line {}: {e}", e.marker().line()))?;
        let (kind, anchor, opens) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                let kind = Kind::Scalar {
                    text: text.into_owned(),
                    plain: style == ScalarStyle::Plain,
                    tag: tag.as_deref().map(full_tag),
                };
                (kind, anchor, false)
            }
            Event::SequenceStart(_, anchor, _) => (Kind::List(Vec::new()), anchor, true),
            Event::MappingStart(_, anchor, _) => (Kind::Map(Vec::new()), anchor, true),
            Event::Alias(anchor) => {
                let to = anchors.get(&anchor).ok_or("yaml: unknown anchor referenced")?;
                (Kind::Alias(*to), 0, false)
            }
            Event::SequenceEnd | Event::MappingEnd => {
                open.pop();
                continue;
            }
            Event::DocumentEnd => break,
            _ => continue,
        };
        let index = document.nodes.len();
        document.nodes.push(Node { line: span.start.line(), kind });
        match open.last().map(|i| &mut document.nodes[*i].kind) {
            Some(Kind::List(items) | Kind::Map(items)) => items.push(index),
            _ => document.root = Some(index),
        }
        if anchor > 0 {
            anchors.insert(anchor, index);
        }
        if opens {
            open.push(index);
            if open.len() > MAX_DEPTH {
                return Err(format!("yaml: exceeded max depth of {MAX_DEPTH}"));
            }
        }
    }
    Ok(document)
}

fn full_tag(tag: &Tag) -> String {
    format!("{}{}", tag.handle(), tag.suffix())
}

struct Reader<'a> {
    document: &'a Document,
    duplicates: Vec<String>,
    /// Nodes decoded, and those of them that an alias stands for: what bounds the growth by aliases.
    decoded: usize,
    aliased: usize,
    within_alias: usize,
}

impl Reader<'_> {
    fn node(&self, index: usize) -> &Node {
        &self.document.nodes[index]
    }

    /// The node an alias stands for, or the node itself.
    fn target(&self, index: usize) -> usize {
        match self.node(index).kind {
            Kind::Alias(to) => to,
            _ => index,
        }
    }

    /// A document may repeat itself by aliases, but not so that most of a large one is repetition (the limits of `yaml.v2`).
    fn count(&mut self) -> Result<(), String> {
        const FEW: f64 = 400_000.0;
        const MANY: f64 = 4_000_000.0;
        self.decoded += 1;
        self.aliased += usize::from(self.within_alias > 0);
        let (all, aliased) = (self.decoded as f64, self.aliased as f64);
        let allowed = 0.99 - 0.89 * ((all - FEW) / (MANY - FEW)).clamp(0.0, 1.0);
        if self.aliased > 100 && self.decoded > 1000 && aliased / all > allowed {
            return Err("yaml: document contains excessive aliasing".into());
        }
        Ok(())
    }

    fn value(&mut self, index: usize) -> Result<Value, String> {
        self.count()?;
        let document = self.document;
        match &document.nodes[index].kind {
            Kind::Scalar { text, plain, tag } => scalar_value(text, *plain, tag.as_deref()),
            Kind::List(items) => items.iter().map(|i| self.value(*i)).collect::<Result<_, _>>().map(Value::Array),
            Kind::Map(pairs) => {
                let mut out = Map::new();
                self.map(pairs, &mut out)?;
                Ok(Value::Object(out))
            }
            Kind::Alias(to) => {
                if self.within_alias > MAX_DEPTH {
                    return Err("yaml: anchor value contains itself".into());
                }
                self.within_alias += 1;
                let value = self.value(*to);
                self.within_alias -= 1;
                value
            }
        }
    }

    fn map(&mut self, pairs: &[usize], out: &mut Map<String, Value>) -> Result<(), String> {
        for pair in pairs.chunks_exact(2) {
            let (key, of) = (pair[0], pair[1]);
            let Kind::Scalar { text, plain, tag } = &self.document.nodes[self.target(key)].kind else {
                return Err(format!("yaml: invalid map key: line {}: a key must be a scalar", self.node(key).line));
            };
            let resolved = match tag {
                Some(_) => None,
                None if *plain => Some(scalar::resolve(text)),
                None => Some(Scalar::Text),
            };
            if resolved == Some(Scalar::Merge) {
                self.merge(of, out)?;
                continue;
            }
            self.count()?;
            let value = self.value(of)?;
            let (name, shown) = match resolved {
                Some(resolved) => key_text(&resolved, text, &value)?,
                None => match scalar_value(text, *plain, tag.as_deref())? {
                    Value::String(s) => (s.clone(), Value::from(s).to_string()),
                    Value::Null => key_text(&Scalar::Null, text, &value)?,
                    other => (other.to_string(), other.to_string()),
                },
            };
            if out.contains_key(&name) {
                self.duplicates.push(format!("line {}: key {shown} already set in map", self.node(of).line));
            }
            out.insert(name, value);
        }
        Ok(())
    }

    /// The pairs of a map, or of a list of maps of which the first count most.
    fn merge(&mut self, of: usize, out: &mut Map<String, Value>) -> Result<(), String> {
        const WRONG: &str = "yaml: map merge requires map or sequence of maps as the value";
        self.count()?;
        self.within_alias += 1;
        let document = self.document;
        let done = match &document.nodes[self.target(of)].kind {
            Kind::Map(pairs) => self.map(pairs, out),
            Kind::List(items) => items.iter().rev().try_for_each(|i| match &document.nodes[self.target(*i)].kind {
                Kind::Map(pairs) => self.map(pairs, out),
                _ => Err(WRONG.to_owned()),
            }),
            _ => Err(WRONG.to_owned()),
        };
        self.within_alias -= 1;
        done
    }
}

/// A key as JSON has it, and as a strict reader quotes it.
fn key_text(key: &Scalar, text: &str, value: &Value) -> Result<(String, String), String> {
    let same = |s: String| (s.clone(), s);
    Ok(match key {
        Scalar::Text | Scalar::Merge => (text.to_owned(), Value::from(text).to_string()),
        Scalar::Bool(b) => same(b.to_string()),
        Scalar::Int(n) => same(n.to_string()),
        Scalar::Float(f) => same(go::shortest_float(&format!("{:e}", *f as f32))),
        Scalar::Null => {
            return Err(format!("unsupported map key of type: %!s(<nil>), key: <nil>, value: {value}"));
        }
        Scalar::Big(n) => return Err(format!("unsupported map key of type: uint64, key: {n}, value: {value}")),
    })
}

fn scalar_value(text: &str, plain: bool, tag: Option<&str>) -> Result<Value, String> {
    let string = || Ok(Value::from(text));
    let resolved = match tag {
        None if !plain => return string(),
        None => scalar::resolve(text),
        Some(tag) => {
            let Some(kind) = tag.strip_prefix("tag:yaml.org,2002:") else { return string() };
            let found = scalar::resolve(text);
            let fits = match (kind, &found) {
                ("str", _) => return string(),
                ("binary", _) => return binary(text),
                ("null", Scalar::Null) | ("bool", Scalar::Bool(_)) | ("int", Scalar::Int(_) | Scalar::Big(_)) => true,
                ("float", Scalar::Float(_) | Scalar::Int(_) | Scalar::Big(_)) => true,
                ("null" | "bool" | "int" | "float", _) => false,
                // Other tags say nothing to JSON.
                _ => return string(),
            };
            if !fits {
                return Err(format!("yaml: cannot decode `{text}` as a !!{kind}"));
            }
            found
        }
    };
    match resolved {
        Scalar::Null => Ok(Value::Null),
        Scalar::Bool(b) => Ok(Value::Bool(b)),
        Scalar::Int(n) => Ok(Value::from(n)),
        Scalar::Big(n) => scalar::float(n as f64),
        Scalar::Float(f) => scalar::float(f),
        Scalar::Text | Scalar::Merge => string(),
    }
}

fn binary(text: &str) -> Result<Value, String> {
    let packed: String = text.split_whitespace().collect();
    let bytes = base64::prelude::BASE64_STANDARD
        .decode(packed)
        .map_err(|_| "yaml: !!binary value contains invalid base64 data".to_owned())?;
    Ok(Value::from(String::from_utf8_lossy(&bytes)))
}
