//! What a JSONPath finds in a JSON value, as client-go's `FindResults` does with missing keys allowed.

use kubegraft_syntax::jsonpath::{Operator, Path, Step};
use serde_json::{Number, Value};
use std::borrow::Cow;
use std::cmp::Ordering;

/// Values that a path leads to, or that stand in it.
pub type Found<'a> = Vec<Cow<'a, Value>>;

/// Everything a path finds, in order; `None` when it does not fit the value (an index out of bounds, a comparison of
/// different types) or has a word in it that means nothing.
pub fn find<'a>(path: &Path, root: &'a Value) -> Option<Found<'a>> {
    walk(path, vec![Cow::Borrowed(root)])
}

fn walk<'a>(path: &Path, input: Found<'a>) -> Option<Found<'a>> {
    path.0.iter().try_fold(input, |at, s| step(s, at))
}

fn children<'a>(value: &Cow<'a, Value>) -> Found<'a> {
    let own = |v: &Value| Cow::Owned(v.clone());
    match value {
        Cow::Borrowed(Value::Array(a)) => a.iter().map(Cow::Borrowed).collect(),
        Cow::Borrowed(Value::Object(o)) => o.values().map(Cow::Borrowed).collect(),
        Cow::Owned(Value::Array(a)) => a.iter().map(own).collect(),
        Cow::Owned(Value::Object(o)) => o.values().map(own).collect(),
        _ => Vec::new(),
    }
}

fn member<'a>(value: Cow<'a, Value>, name: &str) -> Option<Cow<'a, Value>> {
    match value {
        Cow::Borrowed(v) => v.get(name).map(Cow::Borrowed),
        Cow::Owned(v) => v.get(name).cloned().map(Cow::Owned),
    }
}

fn step<'a>(step: &Step, input: Found<'a>) -> Option<Found<'a>> {
    let constant = |v: Value| Some(input.iter().map(|_| Cow::Owned(v.clone())).collect());
    match step {
        Step::Field(name) => Some(input.into_iter().filter_map(|v| member(v, name)).collect()),
        Step::Wildcard => Some(input.iter().flat_map(children).collect()),
        Step::Recursive => {
            let mut out = Vec::new();
            let mut open: Found<'a> = input.into_iter().rev().collect();
            while let Some(v) = open.pop() {
                let below = children(&v);
                if !below.is_empty() {
                    out.push(v);
                    open.extend(below.into_iter().rev());
                }
            }
            Some(out)
        }
        Step::Slice(from, to, every) => {
            let mut out = Vec::new();
            for v in input.into_iter().filter(|v| !v.is_null()) {
                v.as_array()?;
                let items = children(&v);
                let len = i64::try_from(items.len()).ok()?;
                let absolute = |i: i64| if i < 0 { i + len } else { i };
                let (from, to) = (absolute(from.unwrap_or(0)), absolute(to.unwrap_or(len)));
                if from != to && (from >= len || to > len) {
                    return None;
                }
                let (from, to) = (usize::try_from(from).ok()?, usize::try_from(to).ok()?);
                let every = usize::try_from(every.unwrap_or(1)).ok().filter(|n| *n > 0)?;
                out.extend(items.into_iter().take(to).skip(from).step_by(every));
            }
            Some(out)
        }
        Step::Union(paths) => {
            let mut out = Vec::new();
            for p in paths {
                out.extend(walk(p, input.clone())?);
            }
            Some(out)
        }
        Step::Filter(left, operator, right) => {
            let mut out = Vec::new();
            for v in input {
                v.as_array()?;
                for item in children(&v) {
                    if passes(&item, left, *operator, right)? {
                        out.push(item);
                    }
                }
            }
            Some(out)
        }
        Step::Text(s) => Some(vec![Cow::Owned(Value::from(s.as_str()))]),
        Step::Int(i) => constant(Value::from(*i)),
        Step::Float(f) => constant(Number::from_f64(*f).map_or(Value::Null, Value::Number)),
        Step::Bool(b) => constant(Value::Bool(*b)),
        Step::Unknown(_) => None,
    }
}

/// The one value that is compared, if there is one; of many nobody knows which is meant.
fn only(mut found: Found<'_>) -> Option<Option<Cow<'_, Value>>> {
    let value = found.pop();
    found.is_empty().then_some(value)
}

fn passes(item: &Value, left: &Path, operator: Operator, right: &Path) -> Option<bool> {
    let lefts = walk(left, vec![Cow::Borrowed(item)]);
    if operator == Operator::Exists {
        return Some(lefts.is_some_and(|l| !l.is_empty()));
    }
    let Some(left) = only(lefts?)? else { return Some(false) };
    let Some(right) = only(walk(right, vec![Cow::Borrowed(item)])?)? else { return Some(false) };
    let order = match (&*left, &*right) {
        (Value::String(a), Value::String(b)) => a.cmp(b),
        (Value::Number(a), Value::Number(b)) if a.is_i64() == b.is_i64() => match (a.as_i64(), b.as_i64()) {
            (Some(a), Some(b)) => a.cmp(&b),
            _ => a.as_f64()?.partial_cmp(&b.as_f64()?)?,
        },
        (Value::Bool(a), Value::Bool(b)) => match operator {
            Operator::Equal | Operator::NotEqual => a.cmp(b),
            _ => return None,
        },
        _ => return None,
    };
    Some(match operator {
        Operator::Exists => true,
        Operator::Equal => order == Ordering::Equal,
        Operator::NotEqual => order != Ordering::Equal,
        Operator::Less => order == Ordering::Less,
        Operator::LessOrEqual => order != Ordering::Greater,
        Operator::Greater => order == Ordering::Greater,
        Operator::GreaterOrEqual => order != Ordering::Less,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(path: &str, want: Option<Value>) {
        let root = json!({"a": [{"n": 1, "t": "x"}, {"n": 7, "t": "y"}], "m": {"k": {"n": 2}}, "z": null,
            "some": [{"t": "x"}, {"n": 7, "t": "y"}]});
        let parsed = kubegraft_syntax::jsonpath::parse(path).expect(path);
        let found = find(&parsed, &root).map(|f| f.into_iter().map(Cow::into_owned).collect::<Vec<_>>());
        assert_eq!(found.map(Value::from), want, "{path}");
    }

    #[test]
    fn paths_find_what_client_go_finds() {
        check(".a[0].t", Some(json!(["x"])));
        check(".a[-1].t", Some(json!(["y"])));
        check(".a[*].n", Some(json!([1, 7])));
        check(".a[0:1].n", Some(json!([1])));
        check(".a[0:3].n", None);
        check(".a[?(@.t==\"y\")].n", Some(json!([7])));
        check(".a[?(@.n>5)].t", Some(json!(["y"])));
        check(".a[?(@.n>5.5)].t", None);
        check(".a[?(@.none)].t", Some(json!([])));
        check(".a[?(@.none==1)].t", Some(json!([])));
        check(".some[?(@.n==7)].t", Some(json!(["y"])));
        check(".some[?(7==@.n)].t", Some(json!(["y"])));
        check(".a[?(@.*==1)].t", None);
        check(".m.*.n", Some(json!([2])));
        check("..n", Some(json!([1, 7, 2, 7])));
        check(".a[0]['t','n']", Some(json!(["x", 1])));
        check(".nothing.at.all", Some(json!([])));
        check(".z", Some(json!([null])));
        check(".m[0]", None);
    }
}
