//! JSON patch (RFC 6902) with the limits of kube-apiserver.

use serde_json::Value;

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
    /// Its copies would make the document too large.
    TooLarge,
}

enum Operation {
    Add(Vec<String>, Value),
    Remove(Vec<String>),
    Replace(Vec<String>, Value),
    Move(Vec<String>, Vec<String>),
    Copy(Vec<String>, Vec<String>),
    Test(Vec<String>, Value),
    Unknown(String),
}

/// A patch that has been read.
pub struct Patch {
    operations: Vec<Operation>,
    /// Members that no operation has: `json patch unknown field "[0].zip"`.
    pub unknown: Vec<String>,
}

fn pointer(v: Option<&Value>) -> Result<Vec<String>, Error> {
    let text = v.and_then(Value::as_str).unwrap_or_default();
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let mut steps = text.split('/');
    steps.next();
    Ok(steps.map(|s| s.replace("~1", "/").replace("~0", "~")).collect())
}

impl Patch {
    /// Reads a decoded patch.
    ///
    /// # Errors
    /// `Malformed` and `TooMany`.
    pub fn parse(patch: Value) -> Result<Self, Error> {
        let Value::Array(items) = patch else {
            return Err(Error::Malformed("a JSON patch is a list of operations".into()));
        };
        if items.len() > MAX_OPERATIONS {
            return Err(Error::TooMany(items.len()));
        }
        let mut out = Self { operations: Vec::new(), unknown: Vec::new() };
        for (i, item) in items.into_iter().enumerate() {
            let Value::Object(mut op) = item else {
                return Err(Error::Malformed(format!("operation {i} is not an object")));
            };
            for k in op.keys().filter(|k| !["op", "path", "from", "value"].contains(&k.as_str())) {
                out.unknown.push(format!("json patch unknown field \"[{i}].{k}\""));
            }
            for k in ["op", "path", "from"] {
                if op.get(k).is_some_and(|v| !v.is_string()) {
                    return Err(Error::Malformed(format!("{k} of operation {i} is not a string")));
                }
            }
            let given = op.remove("value");
            let missing = |what: &str| Operation::Unknown(format!("operation {i} has no {what}"));
            let Some(path) = op.get("path") else {
                out.operations.push(missing("path"));
                continue;
            };
            let path = pointer(Some(path))?;
            let from = pointer(op.get("from"))?;
            let has_from = op.contains_key("from");
            let kind = op.get("op").and_then(Value::as_str).unwrap_or_default();
            out.operations.push(match (kind, given) {
                ("add", Some(v)) => Operation::Add(path, v),
                ("replace", Some(v)) => Operation::Replace(path, v),
                ("test", v) => Operation::Test(path, v.unwrap_or(Value::Null)),
                ("add" | "replace", None) => missing("value"),
                ("remove", _) => Operation::Remove(path),
                ("move", _) if has_from => Operation::Move(from, path),
                ("copy", _) if has_from => Operation::Copy(from, path),
                ("move" | "copy", _) => missing("from"),
                (other, _) => Operation::Unknown(format!("unexpected kind of operation: {other:?}")),
            });
        }
        Ok(out)
    }

    /// Applies all operations in order, or none.
    ///
    /// # Errors
    /// `Failed` and `TooLarge`.
    pub fn apply(&self, document: &Value) -> Result<Value, Error> {
        let mut doc = document.clone();
        let mut copied = 0usize;
        for op in &self.operations {
            match op {
                Operation::Add(path, v) => add(&mut doc, path, v.clone())?,
                Operation::Remove(path) => {
                    remove(&mut doc, path)?;
                }
                Operation::Replace(path, v) => *find_mut(&mut doc, path)? = v.clone(),
                Operation::Move(from, path) => {
                    let v = remove(&mut doc, from)?;
                    add(&mut doc, path, v)?;
                }
                Operation::Copy(from, path) => {
                    let v = find(&doc, from)?.clone();
                    copied += v.to_string().len();
                    if copied > MAX_COPIED {
                        return Err(Error::TooLarge);
                    }
                    add(&mut doc, path, v)?;
                }
                Operation::Test(path, want) => {
                    let got = find(&doc, path).unwrap_or(&Value::Null);
                    if got != want {
                        return Err(Error::Failed(format!("testing value /{} failed", path.join("/"))));
                    }
                }
                Operation::Unknown(why) => return Err(Error::Failed(why.clone())),
            }
        }
        Ok(doc)
    }
}

fn missing(path: &[String]) -> Error {
    Error::Failed(format!("/{} does not exist", path.join("/")))
}

fn index(step: &str, len: usize) -> Option<usize> {
    let valid = step == "0" || (!step.starts_with('0') && step.bytes().all(|b| b.is_ascii_digit()));
    step.parse().ok().filter(|i| valid && *i < len)
}

fn find<'a>(doc: &'a Value, path: &[String]) -> Result<&'a Value, Error> {
    path.iter()
        .try_fold(doc, |at, step| match at {
            Value::Object(m) => m.get(step),
            Value::Array(a) => a.get(index(step, a.len())?),
            _ => None,
        })
        .ok_or_else(|| missing(path))
}

fn find_mut<'a>(doc: &'a mut Value, path: &[String]) -> Result<&'a mut Value, Error> {
    path.iter()
        .try_fold(doc, |at, step| match at {
            Value::Object(m) => m.get_mut(step),
            Value::Array(a) => {
                let i = index(step, a.len())?;
                a.get_mut(i)
            }
            _ => None,
        })
        .ok_or_else(|| missing(path))
}

fn add(doc: &mut Value, path: &[String], value: Value) -> Result<(), Error> {
    let Some((last, parents)) = path.split_last() else {
        *doc = value;
        return Ok(());
    };
    match find_mut(doc, parents)? {
        Value::Object(m) => {
            m.insert(last.clone(), value);
            Ok(())
        }
        Value::Array(a) if last == "-" => {
            a.push(value);
            Ok(())
        }
        Value::Array(a) => {
            let i = index(last, a.len() + 1).ok_or_else(|| missing(path))?;
            a.insert(i, value);
            Ok(())
        }
        _ => Err(missing(path)),
    }
}

fn remove(doc: &mut Value, path: &[String]) -> Result<Value, Error> {
    let Some((last, parents)) = path.split_last() else { return Err(missing(path)) };
    match find_mut(doc, parents)? {
        Value::Object(m) => m.remove(last).ok_or_else(|| missing(path)),
        Value::Array(a) => {
            let i = index(last, a.len()).ok_or_else(|| missing(path))?;
            Ok(a.remove(i))
        }
        _ => Err(missing(path)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn apply(doc: Value, patch: Value) -> Result<Value, Error> {
        Patch::parse(patch)?.apply(&doc)
    }

    #[test]
    fn each_operation_does_its_part() {
        let patch = json!([
            {"op": "test", "path": "/a", "value": 1}, {"op": "add", "path": "/l/-", "value": 3},
            {"op": "replace", "path": "/a", "value": 2}, {"op": "move", "from": "/a", "path": "/b"},
            {"op": "copy", "from": "/b", "path": "/c~1d"}, {"op": "remove", "path": "/l/0"}]);
        assert_eq!(apply(json!({"a": 1, "l": [1, 2]}), patch), Ok(json!({"b": 2, "c/d": 2, "l": [2, 3]})));
    }

    #[test]
    fn what_does_not_fit_changes_nothing() {
        for op in [
            json!({"op": "remove", "path": "/x"}),
            json!({"op": "add", "path": "/x/y", "value": 1}),
            json!({"op": "test", "path": "/a", "value": 2}),
            json!({"op": "add", "path": "/l/5", "value": 1}),
            json!({"op": "explode", "path": "/a"}),
        ] {
            assert!(matches!(apply(json!({"a": 1, "l": []}), json!([op])), Err(Error::Failed(_))));
        }
    }
}
