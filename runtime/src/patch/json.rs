//! JSON patch (RFC 6902) as kube-apiserver applies it, with the limits it sets: on the text of a document, of which only the
//! containers that paths lead through are taken apart. So `replace` sets what is absent, an index may count from the end,
//! `test` compares numbers as they are written, and what nothing touches comes out as it went in.

use crate::resource::codec::json::compact;
use serde_json::Value;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// Operations a patch may have.
pub const MAX_OPERATIONS: usize = 10_000;
/// Bytes that copies may add to a document.
const MAX_COPIED: usize = 3 * 1024 * 1024;

/// Why a patch is not applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// It is not a patch.
    Malformed(String),
    /// More than [`MAX_OPERATIONS`]: how many.
    TooMany(usize),
    /// It does not fit the document.
    Failed(String),
}

/// A value whose text is only read where a path leads into it; `None` is null.
type Slot = Option<Node>;

#[derive(Clone)]
enum Node {
    Text(Box<str>),
    Map(BTreeMap<String, Slot>),
    List(Vec<Slot>),
}

/// An operation as it was sent; what is wrong with one is found when its turn comes.
struct Operation {
    kind: String,
    path: Option<String>,
    from: Option<String>,
    value: Option<Slot>,
}

/// A patch that has been read.
pub struct Patch {
    operations: Vec<Operation>,
    /// What a strict reader of the patch objects to: `json patch unknown field "[0].zip"`, in the order of the operations.
    pub objections: Vec<String>,
}

fn slot(raw: Option<Box<RawValue>>) -> Slot {
    raw.map(|r| Node::Text(compact(r.get()).into()))
}

impl Patch {
    /// Reads a patch: its text, and what decoding that came to.
    ///
    /// # Errors
    /// `Malformed` and `TooMany`.
    pub fn parse(text: &[u8], decoded: &Value, duplicates: &[String]) -> Result<Self, Error> {
        let items = match decoded {
            Value::Null => return Ok(Self { operations: Vec::new(), objections: Vec::new() }),
            Value::Array(items) => items,
            _ => return Err(Error::Malformed("a JSON patch is a list of operations".into())),
        };
        let mut objections = Vec::new();
        for (i, item) in items.iter().enumerate() {
            let fields = match item {
                Value::Object(fields) => fields,
                Value::Null => continue,
                _ => return Err(Error::Malformed(format!("operation {i} is not an object"))),
            };
            for k in ["op", "path", "from"] {
                if fields.get(k).is_some_and(|v| !v.is_string() && !v.is_null()) {
                    return Err(Error::Malformed(format!("{k} of operation {i} is not a string")));
                }
            }
            let unknown = fields.keys().filter(|k| !["op", "path", "from", "value"].contains(&k.as_str()));
            objections.extend(unknown.map(|k| format!("json patch unknown field \"[{i}].{k}\"")));
            let own = format!("duplicate field \"[{i}]");
            objections.extend(duplicates.iter().filter(|d| d.starts_with(&own)).map(|d| format!("json patch {d}")));
        }
        if items.len() > MAX_OPERATIONS {
            return Err(Error::TooMany(items.len()));
        }
        let raw: Vec<Option<BTreeMap<String, Option<Box<RawValue>>>>> =
            serde_json::from_slice(text).map_err(|e| Error::Malformed(e.to_string()))?;
        let operations = raw.into_iter().map(|fields| {
            let mut fields = fields.unwrap_or_default();
            let mut text = |k: &str| serde_json::from_str(fields.remove(k)??.get()).ok();
            let (kind, path, from) = (text("op").unwrap_or_default(), text("path"), text("from"));
            Operation { kind, path, from, value: fields.remove("value").map(slot) }
        });
        Ok(Self { operations: operations.collect(), objections })
    }

    /// Applies all operations in order to a document's text, or none.
    ///
    /// # Errors
    /// `Failed`.
    pub fn apply(&self, document: &[u8]) -> Result<String, Error> {
        let text = std::str::from_utf8(document).map_err(|e| Error::Failed(e.to_string()))?;
        let mut root = Node::Text(text.into());
        open(&mut root).ok_or_else(|| Error::Failed("the document is neither an object nor a list".into()))?;
        let mut copied = 0;
        for op in &self.operations {
            op.apply(&mut root, &mut copied)?;
        }
        let mut out = String::with_capacity(document.len());
        write(&root, &mut out);
        Ok(out)
    }
}

impl Operation {
    fn apply(&self, root: &mut Node, copied: &mut usize) -> Result<(), Error> {
        let failed = |why: &str| Error::Failed(format!("{} at {:?}: {why}", self.kind, self.path));
        let path = || self.path.as_deref().ok_or_else(|| failed("the path is missing"));
        let from = || self.from.as_deref().ok_or_else(|| failed("the field from is missing"));
        let value = || self.value.clone().unwrap_or_default();
        match self.kind.as_str() {
            "add" => add(root, path()?, value()),
            "remove" => remove(root, path()?).map(drop),
            "replace" if path()?.is_empty() => {
                let mut new = value().ok_or_else(|| failed("the value must be an object or a list"))?;
                open(&mut new).ok_or_else(|| failed("the value must be an object or a list"))?;
                *root = new;
                Ok(())
            }
            "replace" => {
                let (container, key) = container(root, path()?)?;
                match container {
                    Node::Map(map) => {
                        map.insert(key, value());
                    }
                    Node::List(list) => *at(list, &key)? = value(),
                    Node::Text(_) => return Err(failed("it leads nowhere")),
                }
                Ok(())
            }
            "move" => {
                let moved = remove(root, from()?)?;
                add(root, path()?, moved)
            }
            "copy" => {
                let copy = get(root, from()?)?.cloned();
                *copied += copy.as_ref().map_or(0, |c| {
                    let mut text = String::new();
                    write(c, &mut text);
                    text.len()
                });
                container(root, path()?)?;
                if *copied > MAX_COPIED {
                    return Err(failed("the copies make the document too large"));
                }
                add(root, path()?, copy)
            }
            "test" => {
                let mut wanted = value();
                let found = if path()?.is_empty() { Some(&mut *root) } else { get(root, path()?)? };
                if equal(found, wanted.as_mut()) { Ok(()) } else { Err(failed("the value is another one")) }
            }
            _ => Err(failed("there is no such operation")),
        }
    }
}

/// Takes a text apart one level, when it is an object or a list.
fn open(node: &mut Node) -> Option<&mut Node> {
    if let Node::Text(text) = node {
        *node = match text.trim_start().chars().next() {
            Some('{') => {
                let map: BTreeMap<String, Option<Box<RawValue>>> = serde_json::from_str(text).ok()?;
                Node::Map(map.into_iter().map(|(k, v)| (k, slot(v))).collect())
            }
            Some('[') => {
                let list: Vec<Option<Box<RawValue>>> = serde_json::from_str(text).ok()?;
                Node::List(list.into_iter().map(slot).collect())
            }
            _ => return None,
        };
    }
    Some(node)
}

fn leads_nowhere(path: &str) -> Error {
    Error::Failed(format!("{path} leads nowhere"))
}

/// The container a path ends in, and the last step.
fn container<'a>(root: &'a mut Node, path: &str) -> Result<(&'a mut Node, String), Error> {
    let unescape = |step: &str| step.replace("~1", "/").replace("~0", "~");
    let mut steps = path.split('/');
    steps.next();
    let last = steps.next_back().ok_or_else(|| leads_nowhere(path))?;
    let mut node = root;
    for step in steps {
        let next = match node {
            Node::Map(map) => map.get_mut(&unescape(step)),
            Node::List(list) => Some(at(list, &unescape(step))?),
            Node::Text(_) => None,
        };
        node = next.and_then(Option::as_mut).and_then(open).ok_or_else(|| leads_nowhere(path))?;
    }
    Ok((node, unescape(last)))
}

/// An index; a negative one counts from the end.
fn index(key: &str, len: usize) -> Result<usize, Error> {
    let wrong = || Error::Failed(format!("{key} is not an index of a list of {len}"));
    let i: i64 = key.parse().map_err(|_| wrong())?;
    let i = if i < 0 { i + i64::try_from(len).unwrap_or(i64::MAX) } else { i };
    usize::try_from(i).map_err(|_| wrong())
}

fn at<'a>(list: &'a mut [Slot], key: &str) -> Result<&'a mut Slot, Error> {
    let i = index(key, list.len())?;
    list.get_mut(i).ok_or_else(|| Error::Failed(format!("there is no item {key}")))
}

/// What is at a path: `None` where an object has nothing, or null.
fn get<'a>(root: &'a mut Node, path: &str) -> Result<Option<&'a mut Node>, Error> {
    let (container, key) = container(root, path)?;
    match container {
        Node::Map(map) => Ok(map.get_mut(&key).and_then(Option::as_mut)),
        Node::List(list) => Ok(at(list, &key)?.as_mut()),
        Node::Text(_) => Err(leads_nowhere(path)),
    }
}

fn add(root: &mut Node, path: &str, value: Slot) -> Result<(), Error> {
    let (container, key) = container(root, path)?;
    match container {
        Node::Map(map) => {
            map.insert(key, value);
        }
        Node::List(list) if key == "-" => list.push(value),
        Node::List(list) => {
            let i = index(&key, list.len() + 1)?;
            if i > list.len() {
                return Err(Error::Failed(format!("{key} is past the end of {path}")));
            }
            list.insert(i, value);
        }
        Node::Text(_) => return Err(leads_nowhere(path)),
    }
    Ok(())
}

fn remove(root: &mut Node, path: &str) -> Result<Slot, Error> {
    let (container, key) = container(root, path)?;
    match container {
        Node::Map(map) => map.remove(&key).ok_or_else(|| leads_nowhere(path)),
        Node::List(list) => {
            at(list, &key)?;
            let i = index(&key, list.len())?;
            Ok(list.remove(i))
        }
        Node::Text(_) => Err(leads_nowhere(path)),
    }
}

/// Whether two values are the same: objects and lists part by part, all else as it is written.
fn equal(a: Option<&mut Node>, b: Option<&mut Node>) -> bool {
    let (a, b) = match (a, b) {
        (Some(a), Some(b)) => (a, b),
        (a, b) => return a.is_none() && b.is_none(),
    };
    if open(a).is_some() != open(b).is_some() {
        return false;
    }
    let same = |v: &mut Slot, w: &mut Slot| equal(v.as_mut(), w.as_mut());
    match (a, b) {
        (Node::Map(a), Node::Map(b)) => {
            a.len() == b.len() && a.iter_mut().all(|(k, v)| b.get_mut(k).is_some_and(|w| same(v, w)))
        }
        (Node::List(a), Node::List(b)) => a.len() == b.len() && a.iter_mut().zip(b).all(|(v, w)| same(v, w)),
        (Node::Text(a), Node::Text(b)) => a == b,
        _ => false,
    }
}

fn write(node: &Node, out: &mut String) {
    let slot = |slot: &Slot, out: &mut String| match slot {
        Some(node) => write(node, out),
        None => out.push_str("null"),
    };
    match node {
        Node::Text(text) => out.push_str(text),
        Node::Map(map) => {
            out.push('{');
            for (i, (k, v)) in map.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                out.push_str(&compact(&Value::from(k.as_str()).to_string()));
                out.push(':');
                slot(v, out);
            }
            out.push('}');
        }
        Node::List(list) => {
            out.push('[');
            for (i, v) in list.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                slot(v, out);
            }
            out.push(']');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn apply(document: &str, patch: &Value) -> Result<String, Error> {
        Patch::parse(patch.to_string().as_bytes(), patch, &[])?.apply(document.as_bytes())
    }

    fn check(document: &str, patch: Value, want: &str) {
        assert_eq!(apply(document, &patch).as_deref(), Ok(want), "{patch}");
    }

    #[test]
    fn each_operation_does_its_part() {
        let patch = json!([
            {"op": "test", "path": "/a", "value": 1}, {"op": "add", "path": "/l/-", "value": 3},
            {"op": "replace", "path": "/a", "value": 2}, {"op": "move", "from": "/a", "path": "/b"},
            {"op": "copy", "from": "/b", "path": "/c~1d"}, {"op": "remove", "path": "/l/0"}]);
        check(r#"{"a":1,"l":[1,2]}"#, patch, r#"{"b":2,"c/d":2,"l":[2,3]}"#);
    }

    #[test]
    fn oddities_are_those_of_upstream() {
        check("{}", json!([{"op": "replace", "path": "/a", "value": 1}]), r#"{"a":1}"#);
        check("{}", json!([{"op": "copy", "from": "/x", "path": "/a"}]), r#"{"a":null}"#);
        check("{}", json!([{"op": "add", "path": "/a"}]), r#"{"a":null}"#);
        check("{}", json!([{"op": "test", "path": "/a"}, {"op": "test", "path": "/a", "value": null}]), "{}");
        check("{}", json!([{"op": "add", "path": "x/a", "value": 1}]), r#"{"a":1}"#);
        check("[1,2]", json!([{"op": "replace", "path": "/-1", "value": 3}]), "[1,3]");
        check("[1,2]", json!([{"op": "add", "path": "/-1", "value": 3}]), "[1,2,3]");
        check("{}", json!([{"op": "replace", "path": "", "value": []}]), "[]");
        check(r#"{"a":{"z":1,"b":2}}"#, json!([]), r#"{"a":{"z":1,"b":2}}"#);
    }

    #[test]
    fn what_does_not_fit_changes_nothing() {
        for op in [
            json!({"op": "remove", "path": "/x"}),
            json!({"op": "remove", "path": ""}),
            json!({"op": "add", "path": "", "value": {}}),
            json!({"op": "add", "path": "/x/y", "value": 1}),
            json!({"op": "test", "path": "/a", "value": 2}),
            json!({"op": "test", "path": "/a", "value": 1.0}),
            json!({"op": "add", "path": "/l/5", "value": 1}),
            json!({"op": "replace", "path": "/l/0", "value": 1}),
            json!({"op": "move", "from": "/x", "path": "/a"}),
            json!({"op": "explode", "path": "/a"}),
            json!({"path": "/a"}),
            json!(null),
        ] {
            let got = apply(r#"{"a":1,"l":[]}"#, &json!([op]));
            assert!(matches!(got, Err(Error::Failed(_))), "{op}: {got:?}");
        }
    }

    #[test]
    fn objections_come_in_the_order_of_the_operations() {
        let text = br#"[{"op":"add","path":"/a","value":1,"why":1},{"op":"add","path":"/b","value":1,"value":2}]"#;
        let decoded = crate::resource::codec::json::decode(text).expect("JSON");
        let patch = Patch::parse(text, &decoded.value, &decoded.duplicates).expect("a patch");
        let want = ["json patch unknown field \"[0].why\"", "json patch duplicate field \"[1].value\""];
        assert_eq!(patch.objections, want);
    }
}
