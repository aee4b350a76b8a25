//! Why a rule costs too much: which lists, maps and texts that it reads, or stands in, have no bound, and with which bounds it
//! would fit. Nothing is looked for before a rule has been found too costly: it is estimated many times over.

use super::at::At;
use super::props::{Additional, Props};
use super::rules::{LIMIT, NAMED_FROM};
use super::view::Spec;
use crate::schema::cel::{Declared, Rule};
use crate::schema::node::Node;
use serde_json::{Map, Value};

/// Places without a bound beyond which none is looked at.
const MOST: usize = 64;
/// Bounds to try, from the least that restricts to the most.
const LADDER: [i64; 16] = [100_000, 50_000, 20_000, 10_000, 5_000, 2_000, 1_000, 500, 200, 100, 50, 20, 10, 5, 2, 1];

/// The bounds that a rule lacks.
#[derive(Debug, PartialEq)]
pub(in crate::schema) struct Missing {
    /// Paths in the definition, each with the keyword that bounds it.
    pub(in crate::schema) places: Vec<(String, &'static str)>,
    /// With this bound for all of them the rule fits; nothing if it does with none.
    pub(in crate::schema) bound: Option<i64>,
}

/// What the rule at that path lacks; nothing if there is no rule that could be estimated.
pub(in crate::schema) fn missing(crd: &Value, field: &str) -> Option<Missing> {
    let spec = Spec::of(crd);
    let start = |schema: Option<&Value>, at: &At<'_>| {
        let schema = schema?.get("openAPIV3Schema").and_then(Props::of)?;
        search(schema, field, true, &mut Vec::new(), &at.child("openAPIV3Schema"))
    };
    let at = At::Start("spec");
    let versions = at.child("versions");
    start(spec.validation, &at.child("validation")).or_else(|| {
        spec.versions.iter().enumerate().find_map(|(i, v)| start(v.schema, &versions.index(i).child("schema")))
    })
}

/// A list, map or text around the rule or below it.
struct Place {
    path: String,
    keyword: &'static str,
    site: Site,
}

enum Site {
    /// It holds the rule's values: so many, if that is bounded.
    Around(Option<i64>),
    /// It is part of the rule's values: the way to it, through the keywords of the schema.
    Within(Vec<String>),
}

fn search(s: Props<'_>, field: &str, root: bool, around: &mut Vec<Place>, at: &At<'_>) -> Option<Missing> {
    if !s.rules().is_empty()
        && let Some(rest) = field.strip_prefix(&at.child("x-kubernetes-validations").to_string())
    {
        let (index, part) = rest.strip_prefix('[')?.split_once("].")?;
        let rule = s.rules().get(index.parse::<usize>().ok()?)?;
        let scene = Scene { schema: s.map(), root, rule, of_message: part == "messageExpression" };
        return scene.missing(std::mem::take(around), at);
    }
    let mut step = |below: Props<'_>, keyword: Option<&'static str>, at_below: &At<'_>| {
        let depth = around.len();
        if let Some(keyword) = keyword {
            around.push(Place { path: at.to_string(), keyword, site: Site::Around(s.int(keyword)) });
        }
        let found = search(below, field, false, around, at_below);
        around.truncate(depth);
        found
    };
    if let Some(items) = s.schema("items")
        && let Some(found) = step(items, Some("maxItems"), &at.child("items"))
    {
        return Some(found);
    }
    if let Some(Additional::Schema(values)) = s.additional()
        && let Some(found) = step(values, Some("maxProperties"), &at.child("additionalProperties"))
    {
        return Some(found);
    }
    let properties = at.child("properties");
    s.properties().find_map(|(name, below)| step(below, None, &properties.key(name)))
}

/// A rule with the schema it stands in.
struct Scene<'a> {
    schema: &'a Map<String, Value>,
    root: bool,
    rule: &'a Value,
    of_message: bool,
}

impl Scene<'_> {
    fn missing(&self, around: Vec<Place>, at: &At<'_>) -> Option<Missing> {
        let mut places = around;
        let mut way = Vec::new();
        unbounded(Props::of_map(self.schema), &mut way, at, &mut places);
        places.truncate(MOST);
        let open = |place: &Place| !matches!(place.site, Site::Around(Some(_)));
        let least = self.cost(&places, |_| Some(1))?;
        // What makes a difference while all else is as small as can be.
        let weighs: Vec<bool> = (0..places.len())
            .map(|i| open(&places[i]) && self.cost(&places, |j| (i != j).then_some(1)).is_some_and(|c| c > least))
            .collect();
        // A rule that fits by itself was named because all together do not.
        let limit = if self.cost(&places, |_| None)? > LIMIT { LIMIT } else { NAMED_FROM };
        let fits = |bound: &i64| self.cost(&places, |i| weighs[i].then_some(*bound)).is_some_and(|c| c <= limit);
        let bound = LADDER.into_iter().find(fits);
        let named = places.into_iter().zip(weighs).filter(|(_, weighs)| *weighs);
        Some(Missing { places: named.map(|(place, _)| (place.path, place.keyword)).collect(), bound })
    }

    /// What the rule is estimated to cost with bounds where there are none.
    fn cost(&self, places: &[Place], bound: impl Fn(usize) -> Option<i64>) -> Option<u64> {
        let mut schema = Value::Object(self.schema.clone());
        let mut times = Some(1_u64);
        for (i, place) in places.iter().enumerate() {
            match &place.site {
                Site::Around(known) => {
                    let most = known.or_else(|| bound(i)).map(|n| u64::try_from(n).unwrap_or(0));
                    times = times.zip(most).map(|(a, b)| a.saturating_mul(b));
                }
                Site::Within(way) => {
                    let below = way.iter().try_fold(&mut schema, |v, key| v.get_mut(key));
                    if let (Some(Value::Object(below)), Some(n)) = (below, bound(i)) {
                        below.insert(place.keyword.to_owned(), n.into());
                    }
                }
            }
        }
        let node = Node::of(schema.as_object()?);
        let declared = Declared::of(&node, self.root || node.embedded)?;
        let compiled = Rule::compile(self.rule, &declared);
        if self.of_message {
            return compiled.message?.ok().map(|(_, cost)| cost);
        }
        let times = times.unwrap_or_else(|| declared.max_cardinality());
        Some(compiled.max_cost.saturating_mul(times))
    }
}

/// All lists, maps and texts without a bound, at and below a schema.
fn unbounded(s: Props<'_>, way: &mut Vec<String>, at: &At<'_>, out: &mut Vec<Place>) {
    let keyword = match s.type_() {
        "array" => Some("maxItems"),
        "object" if s.has("additionalProperties") => Some("maxProperties"),
        "string" if !s.has("enum") => Some("maxLength"),
        _ => None,
    };
    if let Some(keyword) = keyword.filter(|k| !s.has(k)) {
        out.push(Place { path: at.to_string(), keyword, site: Site::Within(way.clone()) });
    }
    for keyword in ["items", "additionalProperties"] {
        if let Some(below) = s.schema(keyword) {
            way.push(keyword.to_owned());
            unbounded(below, way, &at.child(keyword), out);
            way.pop();
        }
    }
    let properties = at.child("properties");
    for (name, below) in s.properties() {
        way.extend(["properties".to_owned(), name.to_owned()]);
        unbounded(below, way, &properties.key(name), out);
        way.truncate(way.len() - 2);
    }
}
