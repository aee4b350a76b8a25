//! What values with versions may be in, and how they move: every container, keys of maps, fields that go into a nested struct or
//! come out of one, and a status that another `#[versioned]` has made. `versioned` has the differences themselves.

use kubegraft::resource::conversion::{Graph, KEPT};
use serde_json::{Value, json};

#[kubegraft::versioned(version(name = "v1"), version(name = "v2"))]
mod held {
    use kubegraft::{CustomResource, KubeSchema};
    use serde::{Deserialize, Serialize};
    use std::collections::{BTreeMap, BTreeSet, HashMap, LinkedList, VecDeque};

    #[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
    #[kube(group = "held.example.com", kind = "Rack")]
    #[serde(rename_all = "camelCase", default)]
    #[derive(Default)]
    pub struct RackSpec {
        pub deque: VecDeque<Part>,
        pub linked: LinkedList<Part>,
        pub ordered: BTreeSet<Part>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub pair: Option<[Part; 2]>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub boxed: Option<Box<Part>>,
        pub lists: BTreeMap<String, Vec<Part>>,
        pub maps: HashMap<String, BTreeMap<String, Part>>,
        pub by_slot: BTreeMap<Slot, Part>,
        pub counts: HashMap<Slot, u32>,
        #[versioned(changed(since = "v2", from_type = "BTreeSet<u8>"))]
        #[x_kube(items(minimum = 0, maximum = 255))]
        pub sizes: BTreeSet<u16>,
    }

    #[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub struct Part {
        #[versioned(changed(since = "v2", from_name = "title"))]
        pub name: String,
        /// What older versions lose.
        #[versioned(added(since = "v2"))]
        #[serde(skip_serializing_if = "Option::is_none")]
        pub note: Option<String>,
    }

    #[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    #[serde(rename_all = "camelCase")]
    pub enum Slot {
        #[versioned(changed(since = "v2", from_name = "Upper"))]
        Top,
        Bottom,
    }
}

fn object(group: &str, kind: &str, version: &str, spec: Value) -> Value {
    json!({"apiVersion": format!("{group}/{version}"), "kind": kind, "metadata": {"name": "a"}, "spec": spec})
}

/// What becomes of an object, and of what was kept of it.
#[track_caller]
fn converted(graph: &Graph, object: Value, to: &str) -> (Value, bool) {
    let mut out = graph.convert(object, to).expect("converted");
    let annotations = out.pointer_mut("/metadata/annotations").and_then(Value::as_object_mut);
    let kept = annotations.is_some_and(|a| a.remove(KEPT).is_some());
    (out["spec"].take(), kept)
}

/// A member alone: what it is in both versions, and that nothing is lost of it.
#[track_caller]
fn check(member: &str, old: Value, new: Value) {
    let (_, graph) = held::v2::Rack::versions().finish().expect("one definition");
    let rack = |version: &str, value: &Value| object("held.example.com", "Rack", version, json!({member: value}));
    let (down, kept) = converted(&graph, rack("v2", &new), "v1");
    assert_eq!(down[member], old, "{member} in v1");
    assert!(kept, "{member} has notes");
    let back = graph.convert(rack("v2", &new), "v1").and_then(|old| graph.convert(old, "v2")).expect("and back");
    assert_eq!(back["spec"][member], new, "{member} comes back");
    assert_eq!(converted(&graph, rack("v1", &old), "v2").0[member], bare(&new), "{member} in v2");
}

/// Without notes, which no older object has.
fn bare(value: &Value) -> Value {
    match value {
        Value::Object(m) => m.iter().filter(|(k, _)| *k != "note").map(|(k, v)| (k.clone(), bare(v))).collect(),
        Value::Array(a) => a.iter().map(bare).collect(),
        other => other.clone(),
    }
}

#[test]
fn values_convert_in_every_container_and_what_is_lost_in_it_comes_back() {
    let (old, new) = (json!({"title": "a"}), json!({"name": "a", "note": "n"}));
    for list in ["deque", "linked", "ordered"] {
        check(list, json!([old, {"title": "b"}]), json!([new, {"name": "b", "note": "m"}]));
    }
    check("pair", json!([old, {"title": "b"}]), json!([new, {"name": "b"}]));
    check("boxed", old.clone(), new.clone());
    check("lists", json!({"x": [old], "y": []}), json!({"x": [new], "y": []}));
    check("maps", json!({"x": {"y": old}}), json!({"x": {"y": new}}));
    check("bySlot", json!({"upper": old, "bottom": old}), json!({"top": new, "bottom": new}));
}

#[test]
fn keys_of_maps_have_versions_too() {
    let (_, graph) = held::v2::Rack::versions().finish().expect("one definition");
    let rack = |version: &str, counts: Value| object("held.example.com", "Rack", version, json!({"counts": counts}));
    let (new, _) = converted(&graph, rack("v1", json!({"upper": 1, "bottom": 2})), "v2");
    assert_eq!(new["counts"], json!({"top": 1, "bottom": 2}));
    assert_eq!(
        converted(&graph, rack("v2", new["counts"].clone()), "v1").0["counts"],
        json!({"upper": 1, "bottom": 2})
    );
}

#[test]
fn what_does_not_fit_in_a_set_says_where() {
    let (_, graph) = held::v2::Rack::versions().finish().expect("one definition");
    let rack = object("held.example.com", "Rack", "v2", json!({"sizes": [1, 900]}));
    let why = graph.convert(rack, "v1").expect_err("it does not fit").why;
    assert_eq!(why, "spec.sizes[1]: out of range integral type conversion attempted");
}

#[kubegraft::versioned(version(name = "v1"), version(name = "v2"), version(name = "v3"))]
mod moved {
    use super::moved_by_hand as by_hand;
    use kubegraft::{CustomResource, KubeSchema};
    use serde::{Deserialize, Serialize};

    #[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
    #[kube(group = "moved.example.com", kind = "House")]
    #[serde(rename_all = "camelCase")]
    pub struct HouseSpec {
        /// Merged: one text was two.
        #[versioned(added(since = "v2", upgrade_with = by_hand::owner))]
        #[x_kube(pattern = "^[a-z]+ [a-z]+$")]
        pub owner: String,
        #[versioned(removed(since = "v2", downgrade_with = by_hand::first))]
        #[x_kube(pattern = "^[a-z]+$")]
        pub first_name: String,
        #[versioned(removed(since = "v2", downgrade_with = by_hand::last))]
        #[x_kube(pattern = "^[a-z]+$")]
        pub last_name: String,
        /// Into a struct that is new.
        #[versioned(removed(since = "v2", downgrade_with = by_hand::street))]
        pub street: String,
        /// And then into one that there was: it is another one from then on, under the same name.
        #[versioned(removed(since = "v3", downgrade_with = by_hand::city))]
        pub city: String,
        #[versioned(added(since = "v2", upgrade_with = by_hand::address), removed(since = "v3", downgrade_with = by_hand::no_city))]
        #[serde(rename = "address")]
        pub street_only: StreetOnly,
        #[versioned(added(since = "v3", upgrade_with = by_hand::with_city))]
        pub address: Address,
        /// Out of a struct.
        #[versioned(removed(since = "v3", downgrade_with = by_hand::roof))]
        pub roof: Roof,
        #[versioned(added(since = "v3", upgrade_with = by_hand::tiles))]
        pub tiles: u32,
    }

    #[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
    #[versioned(added(since = "v2"), removed(since = "v3"))]
    pub struct StreetOnly {
        pub street: String,
    }

    #[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
    #[versioned(added(since = "v3"))]
    pub struct Address {
        pub street: String,
        pub city: String,
    }

    #[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
    #[versioned(removed(since = "v3"))]
    pub struct Roof {
        pub tiles: u32,
    }
}

mod moved_by_hand {
    use super::moved::{v1, v2, v3};
    use kubegraft::resource::conversion::Misfit;

    pub(super) fn owner(old: &v1::HouseSpec) -> Result<String, Misfit> {
        if old.first_name == "nobody" {
            return Err(Misfit::new("nobody owns nothing").in_field("firstName"));
        }
        Ok(format!("{} {}", old.first_name, old.last_name))
    }

    fn name(new: &v2::HouseSpec, n: usize) -> Result<String, String> {
        new.owner.split(' ').nth(n).map(str::to_owned).ok_or_else(|| format!("{:?} is not two names", new.owner))
    }

    pub(super) fn first(new: &v2::HouseSpec) -> Result<String, String> {
        name(new, 0)
    }

    pub(super) fn last(new: &v2::HouseSpec) -> Result<String, String> {
        name(new, 1)
    }

    pub(super) fn street(new: &v2::HouseSpec) -> String {
        new.street_only.street.clone()
    }

    pub(super) fn address(old: &v1::HouseSpec) -> v2::StreetOnly {
        v2::StreetOnly { street: old.street.clone() }
    }

    pub(super) fn with_city(old: &v2::HouseSpec) -> v3::Address {
        v3::Address { street: old.street_only.street.clone(), city: old.city.clone() }
    }

    pub(super) fn no_city(new: &v3::HouseSpec) -> v2::StreetOnly {
        v2::StreetOnly { street: new.address.street.clone() }
    }

    pub(super) fn city(new: &v3::HouseSpec) -> String {
        new.address.city.clone()
    }

    pub(super) fn tiles(old: &v2::HouseSpec) -> u32 {
        old.roof.tiles
    }

    pub(super) fn roof(new: &v3::HouseSpec) -> v2::Roof {
        v2::Roof { tiles: new.tiles }
    }
}

#[test]
fn fields_are_merged_and_move_into_structs_and_out_of_them() {
    let (_, graph) = moved::v3::House::versions().finish().expect("one definition");
    let house = |version: &str, spec: &Value| object("moved.example.com", "House", version, spec.clone());
    let all = [
        ("v1", json!({"firstName": "ann", "lastName": "bee", "street": "high", "city": "york", "roof": {"tiles": 9}})),
        ("v2", json!({"owner": "ann bee", "address": {"street": "high"}, "city": "york", "roof": {"tiles": 9}})),
        ("v3", json!({"owner": "ann bee", "address": {"street": "high", "city": "york"}, "tiles": 9})),
    ];
    for (from, was) in &all {
        for (to, is) in &all {
            assert_eq!(converted(&graph, house(from, was), to), (is.clone(), false), "{from} to {to}");
        }
    }
}

#[test]
fn a_function_that_fails_is_at_the_field_it_makes_or_at_the_one_it_names() {
    let (_, graph) = moved::v3::House::versions().finish().expect("one definition");
    let why = |version: &str, spec: Value, to: &str| {
        graph.convert(object("moved.example.com", "House", version, spec), to).expect_err("it fails").why
    };
    let new = json!({"owner": "ann", "address": {"street": "high"}, "city": "york", "roof": {"tiles": 9}});
    assert_eq!(why("v2", new, "v1"), "spec.lastName: \"ann\" is not two names");
    let old = json!({"firstName": "nobody", "lastName": "b", "street": "s", "city": "c", "roof": {"tiles": 9}});
    assert_eq!(why("v1", old, "v3"), "spec.firstName: nobody owns nothing");
}

/// A status with versions beside its spec's, all with the version in their names.
mod apart {
    use kubegraft::{CustomResource, KubeSchema};
    use serde::{Deserialize, Serialize};

    #[kubegraft::versioned(version(name = "v1alpha1"), version(name = "v1"), version(name = "v2"))]
    #[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
    #[kube(group = "apart.example.com", kind = "Desk")]
    #[versioned(nested_status, attr(since = "v1", kube(status = "DeskStatus")))]
    pub(super) struct DeskSpec {
        pub(super) width: u8,
    }

    #[kubegraft::versioned(version(name = "v1"), version(name = "v2"))]
    #[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
    pub(super) struct DeskStatus {
        #[versioned(changed(since = "v2", from_name = "place"))]
        pub(super) room: String,
        #[versioned(nested)]
        pub(super) legs: [Leg; 2],
        #[versioned(added(since = "v2"))]
        pub(super) dusty: Option<bool>,
    }

    #[kubegraft::versioned(version(name = "v1"), version(name = "v2"))]
    #[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
    pub(super) struct Leg {
        #[versioned(changed(since = "v2", from_name = "size", from_type = u8))]
        #[x_kube(maximum = 255)]
        pub(super) length: u16,
    }
}

/// A status from a module of its own.
mod of_another_module {
    #[kubegraft::versioned(version(name = "v1"), version(name = "v2"))]
    pub(super) mod states {
        use kubegraft::KubeSchema;
        use serde::{Deserialize, Serialize};

        #[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
        pub struct State {
            #[versioned(changed(since = "v2", from_name = "opened"))]
            pub open: bool,
        }
    }

    #[kubegraft::versioned(version(name = "v1"), version(name = "v2"))]
    pub(super) mod doors {
        use super::states;
        use kubegraft::{CustomResource, KubeSchema};
        use serde::{Deserialize, Serialize};

        #[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
        #[kube(group = "doors.example.com", kind = "Door", status = "states::State")]
        #[versioned(nested_status)]
        pub struct DoorSpec {
            pub wide: bool,
        }
    }
}

#[test]
fn a_status_that_another_attribute_has_made_converts_with_its_spec() {
    let (crd, graph) = apart::DeskV2::versions().finish().expect("one definition");
    let status = |v: &Value| v.pointer("/subresources/status").is_some();
    let with_status: Vec<bool> = crd["spec"]["versions"].as_array().expect("versions").iter().map(status).collect();
    assert_eq!(with_status, [true, true, false], "newest first; the oldest has none");
    let mut new = object("apart.example.com", "Desk", "v2", json!({"width": 4}));
    new["status"] = json!({"room": "attic", "legs": [{"length": 1}, {"length": 2}], "dusty": true});
    let old = graph.convert(new.clone(), "v1").expect("converted");
    assert_eq!(old["status"], json!({"place": "attic", "legs": [{"size": 1}, {"size": 2}]}));
    assert_eq!(graph.convert(old, "v2").expect("converted")["status"], new["status"]);
    new["status"]["legs"][1]["length"] = 900.into();
    let why = graph.convert(new, "v1").expect_err("it does not fit").why;
    assert_eq!(why, "status.legs[1].length: out of range integral type conversion attempted");

    let (_, graph) = of_another_module::doors::v2::Door::versions().finish().expect("one definition");
    let mut old = object("doors.example.com", "Door", "v1", json!({"wide": true}));
    old["status"] = json!({"opened": true});
    assert_eq!(graph.convert(old, "v2").expect("converted")["status"], json!({"open": true}));
}
