//! `Set`: a set of fields as a trie, in the terms of FieldsV1: `f:name`, `k:{...}`, `v:...`, `.` for the node itself.

use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// A set of fields.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Set {
    /// Whether the node itself is in the set.
    pub(super) member: bool,
    /// What is below it.
    pub(super) children: BTreeMap<String, Set>,
}

impl Set {
    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        !self.member && self.children.values().all(Self::is_empty)
    }

    pub(super) fn child(&mut self, element: &str) -> &mut Self {
        self.children.entry(element.to_owned()).or_default()
    }

    /// Everything in either.
    pub(super) fn union(&mut self, other: &Self) {
        self.member |= other.member;
        for (k, o) in &other.children {
            match self.children.get_mut(k) {
                Some(s) => s.union(o),
                None => {
                    self.children.insert(k.clone(), o.clone());
                }
            }
        }
    }

    /// Takes out what is in `other`.
    pub(super) fn subtract(&mut self, other: &Self) {
        self.member &= !other.member;
        for (k, o) in &other.children {
            if let Some(s) = self.children.get_mut(k) {
                s.subtract(o);
                if s.is_empty() {
                    self.children.remove(k);
                }
            }
        }
    }

    /// Takes out what is in `other` and all below it.
    pub(super) fn subtract_trees(&mut self, other: &Self) {
        if other.member {
            *self = Self::default();
            return;
        }
        for (k, o) in &other.children {
            if let Some(s) = self.children.get_mut(k) {
                s.subtract_trees(o);
                if s.is_empty() {
                    self.children.remove(k);
                }
            }
        }
    }

    /// What is in both.
    pub(super) fn intersection(&self, other: &Self) -> Self {
        let mut out = Self { member: self.member && other.member, children: BTreeMap::new() };
        for (k, s) in &self.children {
            if let Some(both) = other.children.get(k).map(|o| s.intersection(o)).filter(|b| !b.is_empty()) {
                out.children.insert(k.clone(), both);
            }
        }
        out
    }

    /// With every node on the way to a member a member too.
    pub(super) fn with_parents(&self) -> Self {
        let children: BTreeMap<_, _> = self.children.iter().map(|(k, s)| (k.clone(), s.with_parents())).collect();
        let member = self.member || children.values().any(|c| !c.is_empty());
        Self { member, children }
    }

    /// The members' paths as conflicts print them: `.spec.ports[name="a"].p`.
    pub(super) fn paths(&self) -> Vec<String> {
        let mut out = Vec::new();
        self.collect(String::new(), &mut out);
        out
    }

    fn collect(&self, path: String, out: &mut Vec<String>) {
        if self.member {
            out.push(path.clone());
        }
        for (k, s) in &self.children {
            s.collect(format!("{path}{}", element_text(k)), out);
        }
    }

    /// The FieldsV1 form.
    pub fn to_value(&self) -> Value {
        let mut map = Map::new();
        if self.member && !self.children.is_empty() {
            map.insert(".".into(), Value::Object(Map::new()));
        }
        for (k, s) in &self.children {
            map.insert(k.clone(), s.to_value());
        }
        Value::Object(map)
    }

    /// Reads the FieldsV1 form; keys are brought into canonical form.
    ///
    /// # Errors
    /// Elements that are none.
    pub fn from_value(v: &Value) -> Result<Self, String> {
        let Value::Object(map) = v else { return Err("fieldsV1 is not an object".into()) };
        let mut out = Self { member: map.contains_key("."), children: BTreeMap::new() };
        for (k, v) in map.iter().filter(|(k, _)| *k != ".") {
            let mut child = Self::from_value(v)?;
            child.member |= child.children.is_empty();
            out.children.insert(canonical(k)?, child);
        }
        Ok(out)
    }
}

fn canonical(element: &str) -> Result<String, String> {
    let json = |body: &str| serde_json::from_str::<Value>(body).map_err(|e| format!("field {element:?}: {e}"));
    match element.split_once(':') {
        Some(("f", _)) => Ok(element.to_owned()),
        Some(("i", n)) if n.parse::<u64>().is_ok() => Ok(element.to_owned()),
        Some(("k", body)) => Ok(format!("k:{}", json(body)?)),
        Some(("v", body)) => Ok(format!("v:{}", json(body)?)),
        _ => Err(format!("field {element:?} is of no known form")),
    }
}

fn element_text(element: &str) -> String {
    match element.split_once(':') {
        Some(("f", name)) => format!(".{name}"),
        Some(("k", keys)) => {
            let parts = match serde_json::from_str::<Value>(keys) {
                Ok(Value::Object(m)) => m.iter().map(|(k, v)| format!("{k}={v}")).collect::<Vec<_>>().join(","),
                _ => keys.to_owned(),
            };
            format!("[{parts}]")
        }
        Some(("v", value)) => format!("[={value}]"),
        Some((_, i)) => format!("[{i}]"),
        None => element.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::Set;
    use serde_json::json;

    #[test]
    fn fields_v1_round_trips() {
        let v = json!({"f:spec": {".": {}, "f:ports": {"k:{\"name\":\"a\"}": {".": {}, "f:p": {}}}, "f:tags": {"v:\"x\"": {}}}});
        let set = Set::from_value(&v).expect("valid");
        assert_eq!(set.to_value(), v);
        assert_eq!(
            set.paths(),
            [".spec", ".spec.ports[name=\"a\"]", ".spec.ports[name=\"a\"].p", ".spec.tags[=\"x\"]"]
        );
    }
}
