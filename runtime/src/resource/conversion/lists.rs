//! Lists that came back from another version as others than they were: each item finds the one it came from, with what it had
//! besides, and items that the other version could not hold stand after those they stood after. Items that have keys are told
//! apart by those, others by what they are and where they stand.

use super::keep::{self, Kept};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, HashSet};

/// Beyond this many pairs of items, plain lists are compared place by place.
const PAIRS: usize = 250_000;

/// Members that tell items apart where no schema says which.
const USUAL: &[&str] = &["name", "key", "id"];

/// A list that differs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct List {
    /// The members that tell items apart, if any do.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    keys: Vec<String>,
    /// The items that came back: of those with keys only these.
    was: Vec<Value>,
    /// The items that there were.
    is: Vec<Item>,
    /// Those with keys that came back and had not been there, by their place.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    invented: BTreeMap<usize, Value>,
}

/// An item of the original list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Item {
    /// It came back at this place.
    Same(usize),
    /// It came back at this place with another content.
    Changed(usize, Kept),
    /// As before, but the other version gave it another key.
    Renamed(usize, Kept),
    /// It did not come back.
    Hidden(Value),
}

impl Item {
    fn place(&self) -> Option<usize> {
        match self {
            Self::Same(at) | Self::Changed(at, _) | Self::Renamed(at, _) => Some(*at),
            Self::Hidden(_) => None,
        }
    }
}

/// The keys of items, which all have some, and each others.
fn keys_of(list: &[Value], keys: &[String]) -> Option<Vec<Value>> {
    let of = |item: &Value| {
        let item = item.as_object()?;
        let all: Vec<Value> = keys.iter().map(|k| item.get(k).cloned().unwrap_or_default()).collect();
        let plain = |v: &Value| !v.is_object() && !v.is_array();
        (all.iter().all(plain) && all.iter().any(|v| !v.is_null())).then_some(Value::Array(all))
    };
    let all: Vec<Value> = list.iter().map(of).collect::<Option<_>>()?;
    let mut seen = HashSet::new();
    all.iter().all(|k| seen.insert(k)).then_some(all)
}

/// By which keys the items of both lists are told apart, and those of either.
fn keyed(a: &[Value], b: &[Value], schema: Option<&Value>) -> Option<(Vec<String>, Vec<Value>, Vec<Value>)> {
    let told = schema.and_then(|s| s.get("x-kubernetes-list-map-keys")).and_then(Value::as_array);
    let told = told.map(|all| all.iter().filter_map(|k| k.as_str().map(str::to_owned)).collect::<Vec<_>>());
    let usual = USUAL.iter().map(|k| vec![(*k).to_owned()]);
    let mut candidates = told.into_iter().chain(usual);
    candidates.find_map(|keys| {
        let (a, b) = (keys_of(a, &keys)?, keys_of(b, &keys)?);
        Some((keys, a, b))
    })
}

/// What must be known beside the list that came back to have the original again.
pub(super) fn difference(came_back: &[Value], original: &[Value], schema: Option<&Value>) -> Option<List> {
    let by_key = keyed(came_back, original, schema);
    let (places, renamed) = match &by_key {
        Some((_, a, b)) => by_keys(a, b),
        None => (by_place(original, came_back, true), HashSet::new()),
    };
    let items = schema.and_then(|s| s.get("items"));
    let item = |(i, at): (usize, &Option<usize>)| match at {
        None => Item::Hidden(original[i].clone()),
        Some(at) => match keep::difference(Some(&came_back[*at]), Some(&original[i]), items) {
            None => Item::Same(*at),
            Some(kept) if renamed.contains(at) => Item::Renamed(*at, kept),
            Some(kept) => Item::Changed(*at, kept),
        },
    };
    let is: Vec<Item> = places.iter().enumerate().map(item).collect();
    let in_place = is.iter().enumerate().all(|(i, item)| *item == Item::Same(i));
    if in_place && came_back.len() == original.len() {
        return None;
    }
    let came: HashSet<usize> = places.iter().flatten().copied().collect();
    Some(match by_key {
        Some((keys, was, _)) => {
            let invented = (0..came_back.len()).filter(|at| !came.contains(at));
            List { keys, was, is, invented: invented.map(|at| (at, came_back[at].clone())).collect() }
        }
        None => List { keys: Vec::new(), was: came_back.to_vec(), is, invented: BTreeMap::new() },
    })
}

/// Where each of the original keys came back. Those that did not are taken for those that came back besides, in order.
fn by_keys(came_back: &[Value], original: &[Value]) -> (Vec<Option<usize>>, HashSet<usize>) {
    let mut places: Vec<Option<usize>> =
        original.iter().map(|key| came_back.iter().position(|other| other == key)).collect();
    let known: HashSet<usize> = places.iter().flatten().copied().collect();
    let besides: Vec<usize> = (0..came_back.len()).filter(|at| !known.contains(at)).collect();
    let lacking = places.iter_mut().filter(|p| p.is_none());
    lacking.zip(&besides).for_each(|(place, at)| *place = Some(*at));
    let renamed = places.iter().flatten().filter(|at| !known.contains(at)).copied().collect();
    (places, renamed)
}

/// Where each item of `a` is in `b`: the longest common run of equal items, and between those what stands in the same place.
/// `loose` also pairs as many as there are where there are not as many of both.
fn by_place(a: &[Value], b: &[Value], loose: bool) -> Vec<Option<usize>> {
    let mut out = vec![None; a.len()];
    let start = a.iter().zip(b).take_while(|(x, y)| x == y).count();
    let end = a[start..].iter().rev().zip(b[start..].iter().rev()).take_while(|(x, y)| x == y).count();
    (0..start).for_each(|i| out[i] = Some(i));
    (0..end).for_each(|i| out[a.len() - 1 - i] = Some(b.len() - 1 - i));
    let (rows, columns) = (a.len() - start - end, b.len() - start - end);
    let mut equal = Vec::new();
    if rows.saturating_mul(columns) <= PAIRS {
        equal = common(&a[start..start + rows], &b[start..start + columns]);
    }
    equal.push((rows, columns));
    let (mut i, mut j) = (0, 0);
    for (next_i, next_j) in equal {
        if loose || next_i - i == next_j - j {
            (i..next_i).zip(j..next_j).for_each(|(x, y)| out[start + x] = Some(start + y));
        }
        if next_i < rows {
            out[start + next_i] = Some(start + next_j);
        }
        (i, j) = (next_i + 1, next_j + 1);
    }
    out
}

/// The longest common subsequence.
fn common(a: &[Value], b: &[Value]) -> Vec<(usize, usize)> {
    let width = b.len() + 1;
    let mut longest = vec![0_u32; (a.len() + 1) * width];
    for i in (0..a.len()).rev() {
        for j in (0..b.len()).rev() {
            longest[i * width + j] = match a[i] == b[j] {
                true => longest[(i + 1) * width + j + 1] + 1,
                false => longest[(i + 1) * width + j].max(longest[i * width + j + 1]),
            };
        }
    }
    let (mut i, mut j, mut out) = (0, 0, Vec::new());
    while i < a.len() && j < b.len() {
        if a[i] == b[j] {
            out.push((i, j));
            (i, j) = (i + 1, j + 1);
        } else if longest[(i + 1) * width + j] >= longest[i * width + j + 1] {
            i += 1;
        } else {
            j += 1;
        }
    }
    out
}

/// The client's list, each item with what it had besides, and with those that the client could not see.
pub(super) fn restore(now: Vec<Value>, list: &List) -> Vec<Value> {
    let Some(places) = list.places(&now) else { return now };
    let keys = keys_of(&now, &list.keys).unwrap_or_default();
    let homes: BTreeMap<usize, usize> =
        list.is.iter().enumerate().filter_map(|(home, item)| Some((item.place()?, home))).collect();
    let mut out: Vec<(Option<usize>, Value)> = Vec::new();
    for (item, place) in now.into_iter().zip(&places) {
        let home = place.and_then(|at| homes.get(&at).copied());
        match (place, home.map(|home| &list.is[home])) {
            (_, Some(Item::Changed(_, kept) | Item::Renamed(_, kept))) => {
                // An item stays one, and there is one of its key: what is kept of it never changes that.
                let whole = keep::restore(Some(item.clone()), kept);
                let whole = whole
                    .filter(|w| list.key(w) == list.key(&item) || !keys.iter().any(|k| list.key(w) == Some(k.clone())));
                out.push((home, whole.unwrap_or(item)));
            }
            (_, Some(_)) => out.push((home, item)),
            // The way back invented it: it goes, unless the client made something of it.
            (Some(at), None) if list.is_as_invented(*at, &item) => {}
            (_, None) => out.push((None, item)),
        }
    }
    for (home, item) in list.is.iter().enumerate() {
        let Item::Hidden(item) = item else { continue };
        if list.has(&out, item) {
            continue;
        }
        let before = (0..home).rev().find_map(|before| out.iter().position(|(h, _)| *h == Some(before)));
        out.insert(before.map_or(0, |at| at + 1), (Some(home), item.clone()));
    }
    // Where the order was lost on the way too, it is that of the original, unless the client made another.
    if places.iter().flatten().is_sorted() {
        let at: Vec<usize> = (0..out.len()).filter(|i| out[*i].0.is_some()).collect();
        let mut known: Vec<_> = at.iter().map(|i| std::mem::take(&mut out[*i])).collect();
        known.sort_by_key(|(home, _)| *home);
        at.into_iter().zip(known).for_each(|(i, item)| out[i] = item);
    }
    out.into_iter().map(|(_, item)| item).collect()
}

impl List {
    /// Which of the items that came back each item is now; `None` when that cannot be told.
    fn places(&self, now: &[Value]) -> Option<Vec<Option<usize>>> {
        if self.keys.is_empty() {
            return Some(by_place(now, &self.was, false));
        }
        let keys = keys_of(now, &self.keys)?;
        let mut places: Vec<Option<usize>> = keys.iter().map(|key| self.was.iter().position(|k| k == key)).collect();
        // A key that the other version made up is none of the client's: if it is gone, so are the others like it, and what is
        // new stands in their place.
        let renamed = self.is.iter().filter_map(|i| if let Item::Renamed(at, _) = i { Some(*at) } else { None });
        let gone: Vec<usize> = renamed.filter(|at| !places.contains(&Some(*at))).collect();
        let new = places.iter_mut().filter(|p| p.is_none());
        new.zip(gone).for_each(|(place, at)| *place = Some(at));
        Some(places)
    }

    fn is_as_invented(&self, at: usize, item: &Value) -> bool {
        if self.keys.is_empty() { self.was.get(at) == Some(item) } else { self.invented.get(&at) == Some(item) }
    }

    /// Whether there is an item of the same key.
    fn has(&self, all: &[(Option<usize>, Value)], item: &Value) -> bool {
        !self.keys.is_empty() && all.iter().any(|(_, other)| self.key(other) == self.key(item))
    }

    /// The key of an item, if items have some.
    fn key(&self, item: &Value) -> Option<Value> {
        keys_of(std::slice::from_ref(item), &self.keys)?.pop()
    }

    /// The same without items that did not come back.
    pub(super) fn of_seen_items(&self) -> Self {
        let seen = self.is.iter().filter(|i| i.place().is_some()).map(|item| match item {
            Item::Changed(at, kept) => Item::Changed(*at, kept.of_seen_items()),
            Item::Renamed(at, kept) => Item::Renamed(*at, kept.of_seen_items()),
            other => other.clone(),
        });
        Self { is: seen.collect(), ..self.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn by_port() -> Value {
        json!({"x-kubernetes-list-map-keys": ["port", "protocol"]})
    }

    /// After a way through another version `original` was `came_back`; the client made `now` of it, which is `wanted` then.
    fn check(original: Value, came_back: Value, now: Value, wanted: Value, schema: Option<&Value>) {
        let list = |v: &Value| v.as_array().cloned().expect("a list");
        let kept = difference(&list(&came_back), &list(&original), schema).expect("they differ");
        let text = serde_json::to_string(&kept).expect("JSON");
        let kept: List = serde_json::from_str(&text).expect("it reads what it writes");
        assert_eq!(Value::Array(restore(list(&came_back), &kept)), original, "{text}");
        assert_eq!(Value::Array(restore(list(&now), &kept)), wanted, "{text}");
    }

    #[test]
    fn items_are_found_by_their_keys_after_others_came_and_went() {
        let (original, came_back) =
            (json!([{"name": "a"}, {"name": "b", "n": 1, "x": 9}]), json!([{"name": "a"}, {"name": "b", "n": 1}]));
        let now = json!([{"name": "new"}, {"name": "b", "n": 2}]);
        check(original.clone(), came_back.clone(), now, json!([{"name": "new"}, {"name": "b", "n": 2, "x": 9}]), None);
        // Another order is the client's.
        let now = json!([{"name": "b", "n": 1}, {"name": "a"}]);
        check(original, came_back, now, json!([{"name": "b", "n": 1, "x": 9}, {"name": "a"}]), None);
    }

    #[test]
    fn keys_are_those_of_the_schema() {
        let original = json!([{"port": 1, "name": "n", "x": 1}, {"port": 1, "protocol": "UDP", "name": "n", "x": 2}]);
        let came_back = json!([{"port": 1, "name": "n"}, {"port": 1, "protocol": "UDP", "name": "n"}]);
        let now = json!([{"port": 2, "name": "n"}, {"port": 1, "protocol": "UDP", "name": "m"}]);
        let wanted = json!([{"port": 2, "name": "n"}, {"port": 1, "protocol": "UDP", "name": "m", "x": 2}]);
        check(original, came_back, now, wanted, Some(&by_port()));
    }

    #[test]
    fn items_that_could_not_be_seen_stay_after_those_they_stood_after() {
        let (original, came_back) =
            (json!([{"name": "a"}, {"name": "h"}, {"name": "b"}]), json!([{"name": "a"}, {"name": "b"}]));
        let named = |names: &[&str]| Value::from(names.iter().map(|n| json!({"name": n})).collect::<Vec<_>>());
        for (now, wanted) in [
            (&["new", "a", "b"][..], &["new", "a", "h", "b"][..]),
            (&["b"], &["h", "b"]),
            (&["a"], &["a", "h"]),
            (&["b", "a"], &["b", "a", "h"]),
            (&[], &["h"]),
            // Somebody made one of that name: it is theirs.
            (&["a", "b", "h"], &["a", "b", "h"]),
        ] {
            check(original.clone(), came_back.clone(), named(now), named(wanted), None);
        }
    }

    #[test]
    fn an_item_under_a_key_that_was_made_up_is_still_that_item() {
        let original = json!([{"name": "web", "port": 80}, {"name": "admin", "port": 8080}]);
        let came_back = json!([{"name": "port-80", "port": 80}]);
        let wanted = json!([{"name": "port-81", "port": 81}, {"name": "admin", "port": 8080}]);
        check(original.clone(), came_back.clone(), json!([{"name": "port-81", "port": 81}]), wanted, None);
        check(original, came_back, json!([]), json!([{"name": "admin", "port": 8080}]), None);
    }

    #[test]
    fn the_order_that_was_lost_comes_back() {
        let (original, came_back) = (json!([{"id": "b"}, {"id": "a"}]), json!([{"id": "a"}, {"id": "b"}]));
        let now = json!([{"id": "a"}, {"id": "b"}, {"id": "c"}]);
        check(original, came_back, now, json!([{"id": "b"}, {"id": "a"}, {"id": "c"}]), None);
    }

    #[test]
    fn what_the_way_back_invented_goes_unless_it_was_edited() {
        let (original, came_back) = (json!([{"name": "a"}]), json!([{"name": "a"}, {"name": "default", "n": 1}]));
        check(original.clone(), came_back.clone(), json!([{"name": "default", "n": 1}]), json!([]), None);
        check(original, came_back, json!([{"name": "default", "n": 2}]), json!([{"name": "default", "n": 2}]), None);
    }

    #[test]
    fn plain_items_are_found_by_what_they_are_and_where_they_stand() {
        for (original, came_back, now, wanted) in [
            (json!(["1", 2]), json!(["1", "2"]), json!(["0", "1", "2"]), json!(["0", "1", 2])),
            (json!(["1", 2]), json!(["1", "2"]), json!(["0"]), json!(["0"])),
            (json!(["a", 1, "b"]), json!(["a", "b"]), json!(["x", "a", "b"]), json!(["x", "a", 1, "b"])),
            (json!(["a", 1, "b"]), json!(["a", "b"]), json!(["a", "y", "b"]), json!(["a", 1, "y", "b"])),
            (json!([1, "a"]), json!(["a"]), json!([]), json!([1])),
            // One in the place of another is that one, edited.
            (json!([{"n": 1, "x": 1}]), json!([{"n": 1}]), json!([{"n": 2}]), json!([{"n": 2, "x": 1}])),
            // Of two in the place of one it cannot be told which it is.
            (json!([{"n": 1, "x": 1}]), json!([{"n": 1}]), json!([{"n": 2}, {"n": 3}]), json!([{"n": 2}, {"n": 3}])),
        ] {
            check(original, came_back, now, wanted, None);
        }
    }

    fn named() -> impl Strategy<Value = Vec<Value>> {
        prop::collection::btree_map("[a-e]", 0..3, 0..5).prop_flat_map(|m| {
            let all: Vec<Value> = m.into_iter().map(|(name, n)| json!({"name": name, "n": n})).collect();
            Just(all).prop_shuffle()
        })
    }

    proptest! {
        #[test]
        fn any_difference_of_lists_restores_the_original(a in named(), b in named()) {
            let back = match difference(&a, &b, None) {
                None => a,
                Some(list) => restore(a, &list),
            };
            prop_assert_eq!(back, b);
        }

        #[test]
        fn what_the_client_added_is_there_and_no_key_twice(a in named(), b in named(), now in named()) {
            let Some(list) = difference(&a, &b, None) else { return Ok(()) };
            let out = restore(now.clone(), &list);
            let name = |v: &Value| v["name"].clone();
            let names: Vec<Value> = out.iter().map(name).collect();
            let mut seen = HashSet::new();
            prop_assert!(names.iter().all(|n| seen.insert(n)), "twice: {out:?}");
            for item in &now {
                let seen = a.iter().chain(&b).any(|other| name(other) == name(item));
                prop_assert!(seen || names.contains(&name(item)), "{item} of {now:?} is not in {out:?}");
            }
        }
    }
}
