//! Two schemas of one field beside each other, keyword by keyword. They are read as written: a keyword that is not there says
//! nothing.

use super::{ALL, CONTENT, NOBODY, Place, READERS, WRITERS, flag, list, shown, text};
use serde_json::Value;

const PRESERVE: &str = "x-kubernetes-preserve-unknown-fields";
const INT_OR_STRING: &str = "x-kubernetes-int-or-string";

/// Tells what is different in `is`, a schema of the field `at`, and below.
pub(super) fn compare(was: &Value, is: &Value, at: &str, place: &mut Place<'_>) {
    if was == is {
        return;
    }
    if !types(was, is, at, place) {
        // Nothing below can be compared.
        return;
    }
    values(was, is, at, place);
    bounds(was, is, at, place);
    defaults(was, is, at, place);
    merging(was, is, at, place);
    rules(was, is, at, place);
    members(was, is, at, place);
    match (was.get("items"), is.get("items")) {
        (Some(a), Some(b)) => compare(a, b, &format!("{at}[*]"), place),
        (None, Some(_)) => place.tell(at, CONTENT, "items have a schema now"),
        _ => {}
    }
}

/// Whether the field is still of one type.
fn types(was: &Value, is: &Value, at: &str, place: &mut Place<'_>) -> bool {
    let name = |v| match text(v, "/type") {
        _ if flag(v, INT_OR_STRING) => "integer or string".to_owned(),
        "" => "of any type".to_owned(),
        t => t.to_owned(),
    };
    let (a, b) = (name(was), name(is));
    if a != b {
        let breaks = match (a.as_str(), b.as_str()) {
            ("integer", "number" | "integer or string") | ("string", "integer or string") | (_, "of any type") => {
                READERS
            }
            ("of any type" | "number", _) => CONTENT,
            _ => ALL,
        };
        place.tell(at, breaks, format!("the type is {b} and was {a}"));
        return false;
    }
    let (a, b) = (was.get("format"), is.get("format"));
    if a != b {
        let wider = matches!((text(was, "/format"), text(is, "/format")), ("int32", "int64") | ("float", "double"));
        let breaks = match b {
            _ if wider => READERS,
            Some(_) => CONTENT,
            None => NOBODY,
        };
        place.tell(at, breaks, format!("the format is {} and was {}", shown(b), shown(a)));
    }
    true
}

fn values(was: &Value, is: &Value, at: &str, place: &mut Place<'_>) {
    match (flag(was, "nullable"), flag(is, "nullable")) {
        (true, false) => place.tell(at, CONTENT, "null is not taken any more"),
        (false, true) => place.tell(at, READERS, "the value may be null now"),
        _ => {}
    }
    match (list(was, "/enum"), list(is, "/enum")) {
        (a, b) if a == b => {}
        ([], b) => place.tell(at, CONTENT, format!("only these values are taken now: {}", joined(b))),
        (_, []) => place.tell(at, READERS, "any value is taken now"),
        (a, b) => {
            let gone: Vec<Value> = a.iter().filter(|v| !b.contains(v)).cloned().collect();
            let new: Vec<Value> = b.iter().filter(|v| !a.contains(v)).cloned().collect();
            if !gone.is_empty() {
                place.tell(at, CONTENT, format!("not taken any more: {}", joined(&gone)));
            }
            if !new.is_empty() {
                place.tell(at, READERS, format!("readers may find new values: {}", joined(&new)));
            }
        }
    }
    let (a, b) = (was.get("pattern"), is.get("pattern"));
    if a != b {
        let breaks = if b.is_some() { CONTENT } else { NOBODY };
        place.tell(at, breaks, format!("the pattern is {} and was {}", shown(b), shown(a)));
    }
    for junctor in ["allOf", "anyOf", "oneOf", "not"] {
        let (a, b) = (was.get(junctor), is.get(junctor));
        if a != b {
            let breaks = if b.is_some() { CONTENT } else { READERS };
            place.tell(at, breaks, format!("{junctor} says something else: it may refuse what was taken"));
        }
    }
}

fn joined(values: &[Value]) -> String {
    values.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn bounds(was: &Value, is: &Value, at: &str, place: &mut Place<'_>) {
    let number = |v: &Value, key: &str| v.get(key).and_then(Value::as_f64);
    for (key, lower) in [
        ("minimum", true),
        ("maximum", false),
        ("minLength", true),
        ("maxLength", false),
        ("minItems", true),
        ("maxItems", false),
        ("minProperties", true),
        ("maxProperties", false),
    ] {
        let (a, b) = (number(was, key), number(is, key));
        if a == b {
            continue;
        }
        let tighter = match (a, b) {
            (_, None) => false,
            (None, Some(_)) => true,
            (Some(a), Some(b)) => (b > a) == lower,
        };
        let what = format!("{key} is {} and was {}", shown(is.get(key)), shown(was.get(key)));
        place.tell(at, if tighter { CONTENT } else { NOBODY }, what);
    }
    for key in ["exclusiveMinimum", "exclusiveMaximum", "uniqueItems"] {
        if flag(was, key) != flag(is, key) {
            place.tell(at, if flag(is, key) { CONTENT } else { NOBODY }, format!("{key} is {} now", flag(is, key)));
        }
    }
    let (a, b) = (number(was, "multipleOf"), number(is, "multipleOf"));
    if a != b {
        // Every multiple of 4 is one of 2.
        let wider = b.is_none_or(|b| a.is_some_and(|a| a % b == 0.0));
        let what = format!("multipleOf is {} and was {}", shown(is.get("multipleOf")), shown(was.get("multipleOf")));
        place.tell(at, if wider { NOBODY } else { CONTENT }, what);
    }
}

fn defaults(was: &Value, is: &Value, at: &str, place: &mut Place<'_>) {
    match (was.get("default"), is.get("default")) {
        (a, b) if a == b => {}
        (None, b) => place.tell(at, NOBODY, format!("the default is {} now", shown(b))),
        (a, None) => place.tell(at, READERS, format!("there is no default any more, it was {}", shown(a))),
        (a, b) => {
            let what =
                format!("the default is {} and was {}: who leaves it out gets something else", shown(b), shown(a));
            place.tell(at, WRITERS, what);
        }
    }
}

/// How lists and maps are merged, which apply depends on.
fn merging(was: &Value, is: &Value, at: &str, place: &mut Place<'_>) {
    let named = |v, key: &str, default: &str| match text(v, key) {
        "" => default.to_owned(),
        t => t.to_owned(),
    };
    let (a, b) = (named(was, "/x-kubernetes-list-type", "atomic"), named(is, "/x-kubernetes-list-type", "atomic"));
    if a != b {
        let (breaks, why) = match b.as_str() {
            "atomic" => (WRITERS, "who applies owns it whole now"),
            _ => (CONTENT, "items that repeat are refused, and who applies owns items now"),
        };
        place.tell(at, breaks, format!("the list is of type {b} and was {a}: {why}"));
    }
    let (a, b) = (list(was, "/x-kubernetes-list-map-keys"), list(is, "/x-kubernetes-list-map-keys"));
    if a != b && !a.is_empty() && !b.is_empty() {
        place.tell(at, CONTENT, format!("the keys of items are {} and were {}", joined(b), joined(a)));
    }
    let (a, b) = (named(was, "/x-kubernetes-map-type", "granular"), named(is, "/x-kubernetes-map-type", "granular"));
    if a != b {
        place.tell(at, WRITERS, format!("the map is {b} and was {a}: who applies owns something else"));
    }
    let embedded = "x-kubernetes-embedded-resource";
    if flag(was, embedded) != flag(is, embedded) {
        let (breaks, what) = match flag(is, embedded) {
            true => (CONTENT, "it is to be a whole Kubernetes object now"),
            false => (NOBODY, "it need not be a whole Kubernetes object any more"),
        };
        place.tell(at, breaks, what);
    }
}

fn rules(was: &Value, is: &Value, at: &str, place: &mut Place<'_>) {
    let of = |v| list(v, "/x-kubernetes-validations").to_vec();
    let (old, new) = (of(was), of(is));
    let rule = |v: &Value| text(v, "/rule").to_owned();
    for r in new.iter().filter(|r| !old.iter().any(|o| rule(o) == rule(r))) {
        // What only compares with what was before does not touch objects until they change.
        let breaks = if rule(r).contains("oldSelf") { WRITERS } else { CONTENT };
        place.tell(at, breaks, format!("there is a new rule: {}", rule(r)));
    }
    for r in old.iter().filter(|r| !new.iter().any(|n| rule(n) == rule(r))) {
        place.tell(at, NOBODY, format!("a rule is gone: {}", rule(r)));
    }
}

fn members(was: &Value, is: &Value, at: &str, place: &mut Place<'_>) {
    let below = |name: &str| if at.is_empty() { name.to_owned() } else { format!("{at}.{name}") };
    let properties = |of: &Value| of.get("properties").and_then(Value::as_object).cloned().unwrap_or_default();
    let (old, new) = (properties(was), properties(is));
    let (free, frees) = (flag(was, PRESERVE), flag(is, PRESERVE));
    for (name, was) in &old {
        match new.get(name) {
            Some(is) => compare(was, is, &below(name), place),
            None if frees => {
                place.tell(&below(name), NOBODY, "the field has no schema any more and is taken as it comes")
            }
            None => place.tell(
                &below(name),
                ALL,
                "the field is gone: what clients send is dropped, and what is stored is lost when it is next written",
            ),
        }
    }
    for name in new.keys().filter(|n| !old.contains_key(*n)) {
        match free {
            true => place.tell(&below(name), CONTENT, "the field has a schema now and was taken as it came"),
            false => place.tell(&below(name), NOBODY, "the field is new"),
        }
    }
    let required = |v| list(v, "/required").to_vec();
    let (a, b) = (required(was), required(is));
    for name in b.iter().filter(|n| !a.contains(n)).filter_map(Value::as_str) {
        let filled = new.get(name).is_some_and(|p| p.get("default").is_some());
        let (breaks, what) = match filled {
            true => (NOBODY, "the field is required now, and its default fills it in"),
            false => (CONTENT, "the field is required now"),
        };
        place.tell(&below(name), breaks, what);
    }
    for name in a.iter().filter(|n| !b.contains(n)).filter_map(Value::as_str).filter(|n| new.contains_key(*n)) {
        place.tell(&below(name), READERS, "the field may be absent now");
    }
    match (free, frees) {
        (true, false) => {
            place.tell(at, ALL, "fields without a schema are dropped now, and lost when an object is next written");
        }
        (false, true) => place.tell(at, NOBODY, "fields without a schema are kept now"),
        _ => {}
    }
    entries(was.get("additionalProperties"), is.get("additionalProperties"), at, place);
}

/// The values of a map.
fn entries(was: Option<&Value>, is: Option<&Value>, at: &str, place: &mut Place<'_>) {
    let schema = |v: Option<&Value>| v.filter(|v| v.is_object()).cloned();
    let open = |v: Option<&Value>| v.is_some_and(|v| v.is_object() || *v == Value::Bool(true));
    match (schema(was), schema(is)) {
        (Some(a), Some(b)) => compare(&a, &b, &format!("{at}[*]"), place),
        (None, Some(_)) if open(was) => place.tell(at, CONTENT, "values of the map have a schema now"),
        _ if open(was) && !open(is) => {
            place.tell(at, ALL, "it is no map any more: other fields are dropped");
        }
        _ if !open(was) && open(is) => place.tell(at, NOBODY, "it takes any fields now"),
        _ => {}
    }
}
