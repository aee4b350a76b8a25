//! `Set`: a set of fields as a sorted trie, read from and written as FieldsV1. It owns the algebra of sets; which fields a
//! value has is `typed`'s. Every operation walks both tries once, in order.

use super::element::Element;
use serde_json::{Map, Value};

/// A set of fields of an object. It borrows the names in it from what it was made of.
///
/// ```
/// use kubegraft::patch::apply::Set;
/// use serde_json::json;
///
/// let fields = json!({"f:spec": {"f:ports": {"k:{\"name\":\"a\"}": {".": {}, "f:port": {}}}}});
/// let set = Set::parse(&fields).expect("FieldsV1");
/// assert_eq!(set.paths(), [".spec.ports[name=\"a\"]", ".spec.ports[name=\"a\"].port"]);
/// assert_eq!(set.to_value(), fields);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Set<'a> {
    /// Sorted, each a member or with something below it.
    nodes: Vec<Node<'a>>,
}

/// A field that is in the set, or on the way to one that is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Node<'a> {
    pub(super) element: Element<'a>,
    /// Whether the field itself is in the set.
    pub(super) member: bool,
    pub(super) below: Set<'a>,
}

impl Node<'_> {
    fn is_dead(&self) -> bool {
        !self.member && self.below.is_empty()
    }
}

impl<'a> Set<'a> {
    /// A set of these nodes, in any order; of equal ones the union.
    pub(super) fn of(mut nodes: Vec<Node<'a>>) -> Self {
        nodes.retain(|n| !n.is_dead());
        if !nodes.is_sorted_by(|a, b| a.element < b.element) {
            nodes.sort_by(|a, b| a.element.cmp(&b.element));
            nodes.dedup_by(|again, first| {
                let same = again.element == first.element;
                if same {
                    first.member |= again.member;
                    first.below = std::mem::take(&mut first.below).union(std::mem::take(&mut again.below));
                }
                same
            });
        }
        Self { nodes }
    }

    pub(super) fn nodes(&self) -> &[Node<'a>] {
        &self.nodes
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    fn find(&self, element: &Element<'_>) -> Option<&Node<'a>> {
        self.nodes.binary_search_by(|n| n.element.cmp(element)).ok().map(|i| &self.nodes[i])
    }

    /// Whether a step from here is in the set, and what is below it.
    pub(super) fn step(&self, element: &Element<'_>) -> Option<(bool, &Self)> {
        self.find(element).map(|n| (n.member, &n.below))
    }

    /// The set of one field, by the names on the way to it.
    pub(super) fn of_path(path: &[&'a str]) -> Self {
        match path {
            [] => Self::default(),
            [name, rest @ ..] => {
                let below = Self::of_path(rest);
                Self { nodes: vec![Node { element: Element::field(name), member: rest.is_empty(), below }] }
            }
        }
    }

    /// Whether the field at the end of these names is in the set.
    pub(super) fn has(&self, path: &[&str]) -> bool {
        match path {
            [] => false,
            [name, rest @ ..] => match self.step(&Element::field(name)) {
                Some((member, below)) => {
                    if rest.is_empty() {
                        member
                    } else {
                        below.has(rest)
                    }
                }
                None => false,
            },
        }
    }

    /// Everything in either.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        if self.is_empty() || other.is_empty() {
            return if self.is_empty() { other } else { self };
        }
        let mut nodes = Vec::with_capacity(self.nodes.len().max(other.nodes.len()));
        let mut left = self.nodes.into_iter().peekable();
        for node in other.nodes {
            while let Some(first) = left.next_if(|n| n.element < node.element) {
                nodes.push(first);
            }
            match left.next_if(|n| n.element == node.element) {
                None => nodes.push(node),
                Some(n) => nodes.push(Node {
                    element: n.element,
                    member: n.member || node.member,
                    below: n.below.union(node.below),
                }),
            }
        }
        nodes.extend(left);
        Self { nodes }
    }

    /// What is in both.
    #[must_use]
    pub fn intersection(&self, other: &Set<'_>) -> Self {
        let mut nodes = Vec::new();
        let mut right = other.nodes.iter().peekable();
        for n in &self.nodes {
            while right.next_if(|o| o.element < n.element).is_some() {}
            if let Some(o) = right.next_if(|o| o.element == n.element) {
                let below = n.below.intersection(&o.below);
                let member = n.member && o.member;
                if member || !below.is_empty() {
                    nodes.push(Node { element: n.element.clone(), member, below });
                }
            }
        }
        Self { nodes }
    }

    /// What is in this one only. What is below a field of the other stays.
    #[must_use]
    pub fn difference(self, other: &Set<'_>) -> Self {
        self.without(other, |n, o| {
            n.member &= !o.member;
            n.below = std::mem::take(&mut n.below).difference(&o.below);
        })
    }

    /// What is neither in the other nor below a field of it.
    #[must_use]
    pub fn recursive_difference(self, other: &Set<'_>) -> Self {
        self.without(other, |n, o| {
            if o.member {
                n.member = false;
                n.below = Self::default();
            } else {
                n.below = std::mem::take(&mut n.below).recursive_difference(&o.below);
            }
        })
    }

    /// Takes from each node what `take` says, given the other's node of the same element.
    fn without(mut self, other: &Set<'_>, take: impl Fn(&mut Node<'a>, &Node<'_>)) -> Self {
        if other.is_empty() {
            return self;
        }
        let mut right = other.nodes.iter().peekable();
        self.nodes.retain_mut(|n| {
            while right.next_if(|o| o.element < n.element).is_some() {}
            if let Some(o) = right.next_if(|o| o.element == n.element) {
                take(n, o);
            }
            !n.is_dead()
        });
        self
    }

    /// Whether all of it is in the other.
    pub fn is_subset(&self, other: &Set<'_>) -> bool {
        let mut right = other.nodes.iter().peekable();
        self.nodes.iter().all(|n| {
            while right.next_if(|o| o.element < n.element).is_some() {}
            right
                .next_if(|o| o.element == n.element)
                .is_some_and(|o| (!n.member || o.member) && n.below.is_subset(&o.below))
        })
    }

    /// The same set, independent of what it was made of.
    pub fn into_owned(self) -> Set<'static> {
        let own = |n: Node<'_>| Node { element: n.element.into_owned(), member: n.member, below: n.below.into_owned() };
        Set { nodes: self.nodes.into_iter().map(own).collect() }
    }

    /// A set for each of its fields alone.
    pub(super) fn singles(&self) -> Vec<Self> {
        let one =
            |n: &Node<'a>, member, below| Self { nodes: vec![Node { element: n.element.clone(), member, below }] };
        let of = |n: &Node<'a>| {
            let own = n.member.then(|| one(n, true, Self::default()));
            own.into_iter().chain(n.below.singles().into_iter().map(|below| one(n, false, below))).collect::<Vec<_>>()
        };
        self.nodes.iter().flat_map(of).collect()
    }

    /// The paths of its fields as conflicts show and order them: `.spec.ports[name="a"].port`.
    pub fn paths(&self) -> Vec<String> {
        let mut out = Vec::new();
        self.list(&mut String::new(), &mut out);
        out
    }

    fn list(&self, path: &mut String, out: &mut Vec<String>) {
        let mut nodes: Vec<&Node<'_>> = self.nodes.iter().collect();
        nodes.sort_by(|a, b| a.element.listing_order(&b.element));
        let len = path.len();
        // The fields of one level come before those below any of them (SMD/fieldpath/set.go).
        for n in nodes.iter().filter(|n| n.member) {
            n.element.show(path);
            out.push(path.clone());
            path.truncate(len);
        }
        for n in nodes {
            n.element.show(path);
            n.below.list(path, out);
            path.truncate(len);
        }
    }

    /// The FieldsV1 form.
    pub fn to_value(&self) -> Value {
        self.encode(false)
    }

    fn encode(&self, dot: bool) -> Value {
        let own = dot.then(|| (".".to_owned(), Value::Object(Map::new())));
        let rest = self.nodes.iter().map(|n| {
            let value = match n.below.is_empty() {
                true => Value::Object(Map::new()),
                false => n.below.encode(n.member),
            };
            (n.element.to_text(), value)
        });
        Value::Object(own.into_iter().chain(rest).collect())
    }

    /// Reads the FieldsV1 form. Steps of unknown kinds are skipped, as a later version may know them.
    ///
    /// # Errors
    /// What is not FieldsV1, with the step that is wrong.
    pub fn parse(value: &'a Value) -> Result<Self, String> {
        Self::parse_exactly(value).map(|(set, _)| set)
    }

    /// Like [`Set::parse`], and whether writing the set gives the same FieldsV1 again.
    pub(super) fn parse_exactly(value: &'a Value) -> Result<(Self, bool), String> {
        let mut exact = true;
        let (set, _) = Self::read(value, false, &mut exact)?;
        Ok((set, exact))
    }

    /// Also tells whether the place itself is in the set.
    fn read(value: &'a Value, dot: bool, exact: &mut bool) -> Result<(Self, bool), String> {
        let map = match value {
            Value::Null => {
                *exact = false;
                return Ok((Self::default(), false));
            }
            Value::Object(map) => map,
            _ => return Err("fields are a JSON object at every level".to_owned()),
        };
        let (mut nodes, mut own) = (Vec::with_capacity(map.len()), false);
        for (text, value) in map {
            if text == "." {
                own = true;
                *exact &= dot && map.len() > 1 && value.as_object().is_some_and(Map::is_empty);
                continue;
            }
            let Some(element) = Element::parse(text)? else {
                *exact = false;
                continue;
            };
            *exact &= element.is_borrowed();
            let (below, member) = Self::read(value, true, exact)?;
            // What has nothing below it is there for itself.
            let member = member || below.is_empty();
            nodes.push(Node { element, member, below });
        }
        Ok((Self::of(nodes), own))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn fields_v1_is_read_and_written_again() {
        let v = json!({"f:spec": {".": {}, "f:ports": {"k:{\"name\":\"a\"}": {".": {}, "f:p": {}}}, "f:tags": {"v:\"x\"": {}}}});
        let set = Set::parse(&v).expect("valid");
        assert_eq!(set.to_value(), v);
        assert_eq!(
            set.paths(),
            [".spec", ".spec.ports[name=\"a\"]", ".spec.ports[name=\"a\"].p", ".spec.tags[=\"x\"]"]
        );
    }

    #[test]
    fn unknown_steps_are_skipped_and_equal_ones_united() {
        let v = json!({"x:later": {"f:a": {}}, "k:{\"a\":1}": {"f:b": {}}, "k:{\"a\": 1}": {"f:c": {}}, "f:n": null, "f:u": {"y:": {}}});
        let set = Set::parse(&v).expect("valid");
        assert_eq!(set.to_value(), json!({"f:n": {}, "f:u": {}, "k:{\"a\":1}": {"f:b": {}, "f:c": {}}}));
    }

    #[test]
    fn it_is_known_whether_fields_v1_would_be_written_the_same() {
        let exact = |v: Value| Set::parse_exactly(&v).expect("valid").1;
        assert!(exact(json!({"f:a": {".": {}, "f:b": {}}, "f:c": {"v:\"x\"": {}}, "i:3": {}})));
        for v in [
            json!({"f:a": {".": {}}}),
            json!({"f:a": null}),
            json!({".": {}, "f:a": {}}),
            json!({"x:a": {}}),
            json!({"k:{\"a\": 1}": {}}),
        ] {
            assert!(!exact(v.clone()), "{v}");
        }
    }

    #[test]
    fn what_is_no_set_is_refused() {
        for v in [json!(1), json!({"f:a": []}), json!({"a": {}}), json!({"f:a": {"k:x": {}}})] {
            assert!(Set::parse(&v).is_err(), "{v}");
        }
    }

    #[test]
    fn a_difference_keeps_what_is_below_and_a_recursive_one_does_not() {
        let (a, b) = (json!({"f:a": {".": {}, "f:b": {}}, "f:c": {}}), json!({"f:a": {}}));
        let (a, b) = (Set::parse(&a).expect("valid"), Set::parse(&b).expect("valid"));
        assert_eq!(a.clone().difference(&b).to_value(), json!({"f:a": {"f:b": {}}, "f:c": {}}));
        assert_eq!(a.clone().recursive_difference(&b).to_value(), json!({"f:c": {}}));
        assert_eq!(a.intersection(&b).to_value(), json!({"f:a": {}}));
        assert_eq!(a.clone().difference(&b).union(b.clone()), a);
        assert!(b.is_subset(&a) && !a.is_subset(&b));
        let singles: Vec<Value> = a.singles().iter().map(Set::to_value).collect();
        assert_eq!(singles, [json!({"f:a": {}}), json!({"f:a": {"f:b": {}}}), json!({"f:c": {}})]);
    }
}
