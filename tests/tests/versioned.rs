//! Versions written once: every difference that `#[versioned]` knows, through the conversions that it makes. That nothing is
//! lost between the versions is proved by tests that it makes itself.

use kubegraft::resource::conversion::KEPT;
use kubegraft::testing::Server;
use serde_json::{Value, json};

#[kubegraft::versioned(
    version(name = "v1alpha1", served = false),
    version(name = "v1beta1", deprecated = "use v1"),
    version(name = "v1", storage),
    version(name = "v2alpha1", deprecated)
)]
mod shops {
    use super::shops_by_hand;
    use kubegraft::{CustomResource, KubeSchema};
    use serde::{Deserialize, Serialize};
    use std::collections::BTreeMap;

    #[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
    #[kube(group = "shops.example.com", kind = "Shop", namespaced, status = "ShopStatus")]
    #[serde(rename_all = "camelCase")]
    pub(super) struct ShopSpec {
        /// New, with a value of its own.
        #[versioned(added(since = "v1beta1", default = 3))]
        #[serde(default)]
        pub(super) replicas: u8,
        /// Renamed.
        #[versioned(changed(since = "v1", from_name = "paint_colour"))]
        pub(super) paint: Option<String>,
        /// Of another type, in a container.
        #[versioned(changed(since = "v1", from_type = "Vec<u8>"))]
        #[serde(default)]
        #[x_kube(items(minimum = 0, maximum = 255))]
        pub(super) sizes: Vec<u16>,
        /// Both at once by functions that may fail, and renamed again.
        #[versioned(
            changed(
                since = "v1beta1",
                from_name = "closing",
                from_type = "String",
                upgrade_with = shops_by_hand::minutes,
                downgrade_with = shops_by_hand::clock
            ),
            changed(since = "v2alpha1", from_name = "closing_minutes"),
            attr(before = "v1beta1", x_kube(pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$")),
            attr(since = "v1beta1", x_kube(minimum = 0, maximum = 1439))
        )]
        pub(super) closes_at: u16,
        /// Split: one text was two.
        #[versioned(removed(since = "v1", downgrade_with = shops_by_hand::address))]
        #[x_kube(pattern = "^[a-z]+ [0-9]{1,3}$")]
        pub(super) address: String,
        #[versioned(added(since = "v1", upgrade_with = shops_by_hand::street))]
        #[x_kube(pattern = "^[a-z]+$")]
        pub(super) street: String,
        #[versioned(added(since = "v1", upgrade_with = shops_by_hand::number))]
        #[x_kube(pattern = "^[0-9]{1,3}$")]
        pub(super) number: String,
        /// Given up.
        #[versioned(deprecated(since = "v1beta1", note = "nobody calls."), removed(since = "v2alpha1"))]
        pub(super) telephone: Option<String>,
        /// Of types with versions, in lists and maps.
        #[serde(default)]
        #[x_kube(list_type = "map", list_map_keys("name"))]
        pub(super) doors: Vec<Door>,
        #[serde(default)]
        pub(super) rooms: BTreeMap<String, Room>,
        pub(super) safe: Option<Box<Lock>>,
        /// The same in all versions.
        #[serde(default)]
        pub(super) owner: Owner,
    }

    #[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
    pub(super) struct ShopStatus {
        #[versioned(changed(since = "v1", from_name = "opened"))]
        pub(super) open: Option<bool>,
    }

    #[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
    #[versioned(changed(since = "v1", from_name = "Gate"))]
    pub(super) struct Door {
        pub(super) name: String,
        #[serde(default)]
        pub(super) lock: Lock,
        #[versioned(added(since = "v1"))]
        pub(super) wide: Option<bool>,
    }

    /// A tuple.
    #[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
    pub(super) struct Room(
        #[versioned(changed(since = "v1", from_type = "u8"))]
        #[x_kube(minimum = 0, maximum = 255)]
        u32,
    );

    #[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
    #[serde(rename_all = "camelCase")]
    pub(super) enum Lock {
        #[default]
        None,
        #[versioned(changed(since = "v1beta1", from_name = "Bolt"))]
        Latch,
        #[versioned(removed(since = "v1", instead = Latch))]
        Chain,
        #[versioned(added(since = "v1beta1", instead = Bolt))]
        Code {
            digits: String,
            #[versioned(added(since = "v1"))]
            tries: Option<u8>,
        },
        #[versioned(added(since = "v2alpha1", downgrade_with = shops_by_hand::code_for))]
        Card(Option<String>),
    }

    #[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
    #[versioned(shared)]
    pub(super) struct Owner {
        pub(super) name: Option<String>,
    }
}

mod shops_by_hand {
    use super::shops::{v1, v1alpha1, v1beta1, v2alpha1};

    pub(super) fn minutes(clock: String) -> Result<u16, String> {
        let (hours, minutes) = clock.split_once(':').ok_or_else(|| format!("{clock:?} is no time"))?;
        let number = |s: &str| s.parse::<u16>().map_err(|e| format!("{s:?}: {e}"));
        Ok(number(hours)? * 60 + number(minutes)?)
    }

    pub(super) fn clock(minutes: u16) -> String {
        format!("{:02}:{:02}", minutes / 60, minutes % 60)
    }

    pub(super) fn address(new: &v1::ShopSpec) -> String {
        format!("{} {}", new.street, new.number)
    }

    fn parts(old: &v1beta1::ShopSpec) -> Result<(&str, &str), String> {
        old.address.split_once(' ').ok_or_else(|| "there is no number".to_owned())
    }

    pub(super) fn street(old: &v1beta1::ShopSpec) -> Result<String, String> {
        Ok(parts(old)?.0.to_owned())
    }

    pub(super) fn number(old: &v1beta1::ShopSpec) -> Result<String, String> {
        Ok(parts(old)?.1.to_owned())
    }

    pub(super) fn code_for(_: v2alpha1::Lock) -> v1::Lock {
        v1::Lock::Code { digits: "0000".into(), tries: None }
    }

    // Types of every version can be named.
    pub(super) fn gate(name: &str) -> v1alpha1::Gate {
        v1alpha1::Gate { name: name.into(), lock: v1alpha1::Lock::Bolt }
    }
}

fn shop(version: &str, spec: Value) -> Value {
    json!({"apiVersion": format!("shops.example.com/{version}"), "kind": "Shop", "metadata": {"name": "s"}, "spec": spec})
}

/// What becomes of a spec of one version in another.
#[track_caller]
fn check(from: (&str, Value), to: (&str, Value)) {
    let (_, graph) = shops::v2alpha1::Shop::versions().finish().expect("one definition");
    let mut converted = graph.convert(shop(from.0, from.1), to.0).expect("converted");
    if let Some(annotations) = converted.pointer_mut("/metadata/annotations").and_then(Value::as_object_mut) {
        annotations.remove(KEPT);
    }
    assert_eq!(converted["spec"], to.1);
}

fn least(more: Value) -> Value {
    let mut spec = json!({"closing": "20:15", "address": "high 7", "sizes": [], "doors": [], "rooms": {}, "owner": {}});
    spec.as_object_mut().expect("a map").extend(more.as_object().cloned().unwrap_or_default());
    spec
}

fn least_v1(more: Value) -> Value {
    let mut spec = json!({
        "closingMinutes": 1215, "street": "high", "number": "7", "sizes": [], "doors": [], "rooms": {}, "owner": {}, "replicas": 3
    });
    spec.as_object_mut().expect("a map").extend(more.as_object().cloned().unwrap_or_default());
    spec
}

#[test]
fn fields_are_new_renamed_retyped_and_split() {
    check(("v1alpha1", least(json!({}))), ("v1", least_v1(json!({}))));
    let (old, new) = (json!({"paintColour": "red", "sizes": [1, 2]}), json!({"paint": "red", "sizes": [1, 2]}));
    check(("v1alpha1", least(old.clone())), ("v1", least_v1(new.clone())));
    check(("v1", least_v1(new)), ("v1alpha1", least(old)));
}

#[test]
fn types_with_versions_convert_inside_lists_maps_options_and_boxes() {
    let old = json!({"doors": [{"name": "front", "lock": "bolt"}], "rooms": {"attic": 9}, "safe": "chain"});
    let new = json!({"doors": [{"name": "front", "lock": "latch"}], "rooms": {"attic": 9}, "safe": "latch"});
    check(("v1alpha1", least(old)), ("v1", least_v1(new)));
    let new = json!({"doors": [{"name": "a", "lock": {"code": {"digits": "12", "tries": 3}}, "wide": true}]});
    let old = json!({"doors": [{"name": "a", "lock": "bolt"}]});
    check(("v1", least_v1(new)), ("v1alpha1", least(old)));
    assert_eq!(shops_by_hand::gate("front").name, "front");
}

#[test]
fn variants_become_others_where_they_are_not() {
    let newest = |safe: Value| {
        let mut spec = least_v1(json!({"safe": safe}));
        let spec_map = spec.as_object_mut().expect("a map");
        let closes = spec_map.remove("closingMinutes").expect("a time");
        spec_map.insert("closesAt".into(), closes);
        spec
    };
    check(("v2alpha1", newest(json!({"card": "x"}))), ("v1", least_v1(json!({"safe": {"code": {"digits": "0000"}}}))));
    check(("v2alpha1", newest(json!({"card": "x"}))), ("v1alpha1", least(json!({"safe": "bolt"}))));
    check(("v1alpha1", least(json!({"safe": "none"}))), ("v2alpha1", newest(json!("none"))));
}

#[test]
fn a_conversion_that_fails_says_at_which_field() {
    let (_, graph) = shops::v2alpha1::Shop::versions().finish().expect("one definition");
    let why = |from: &str, spec: Value, to: &str| graph.convert(shop(from, spec), to).expect_err("it fails").why;
    assert_eq!(
        why("v1alpha1", least(json!({"closing": "x:1"})), "v1"),
        "spec.closing: \"x\": invalid digit found in string"
    );
    assert_eq!(why("v1alpha1", least(json!({"closing": "noon"})), "v1"), "spec.closing: \"noon\" is no time");
    let rooms = json!({"rooms": {"attic": 900}, "sizes": [1]});
    assert_eq!(
        why("v1", least_v1(rooms), "v1beta1"),
        "spec.rooms[attic].0: out of range integral type conversion attempted"
    );
    let sizes = json!({"sizes": [1, 900]});
    assert_eq!(why("v1", least_v1(sizes), "v1beta1"), "spec.sizes[1]: out of range integral type conversion attempted");
}

#[test]
fn a_status_has_versions_too() {
    let (_, graph) = shops::v2alpha1::Shop::versions().finish().expect("one definition");
    let mut old = shop("v1alpha1", least(json!({})));
    old["status"] = json!({"opened": true});
    let new = graph.convert(old.clone(), "v1").expect("converted");
    assert_eq!(new["status"], json!({"open": true}));
    let back = graph.convert(new, "v1alpha1").expect("converted");
    assert_eq!(back["status"], json!({"opened": true}));
    assert_eq!(back["spec"], old["spec"]);
}

#[test]
fn flags_of_versions_and_words_on_fields_reach_the_definition() {
    let (crd, _) = shops::v2alpha1::Shop::versions().finish().expect("one definition");
    let versions = crd["spec"]["versions"].as_array().expect("versions");
    let seen: Vec<Value> = versions
        .iter()
        .map(|v| json!([v["name"], v["served"], v["storage"], v["deprecated"], v["deprecationWarning"]]))
        .collect();
    let wanted = [
        json!(["v2alpha1", true, false, true, null]),
        json!(["v1", true, true, null, null]),
        json!(["v1beta1", true, false, true, "use v1"]),
        json!(["v1alpha1", false, false, null, null]),
    ];
    assert_eq!(seen, wanted);
    let field = |v: usize, name: &str| {
        versions[v].pointer(&format!("/schema/openAPIV3Schema/properties/spec/properties/{name}")).cloned()
    };
    assert_eq!(field(1, "telephone").expect("v1 has it")["description"], "Given up.\n\nDeprecated: nobody calls.");
    assert_eq!(field(3, "telephone").expect("v1alpha1 has it")["description"], "Given up.");
    assert_eq!(field(0, "telephone"), None);
    assert!(field(3, "closing").expect("a text")["pattern"].is_string());
    assert_eq!(field(2, "closingMinutes").expect("a number")["maximum"].as_f64(), Some(1439.0));
}

/// Versions beside each other, with the version in their names.
mod beside {
    use kubegraft::{CustomResource, KubeSchema};
    use serde::{Deserialize, Serialize};

    #[kubegraft::versioned(version(name = "v1"), version(name = "v2"))]
    #[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
    #[kube(group = "desks.example.com", kind = "Desk")]
    pub(super) struct DeskSpec {
        /// Its drawers.
        #[versioned(nested)]
        pub(super) drawers: Vec<Drawer>,
        #[versioned(added(since = "v2"))]
        pub(super) height: Option<u8>,
    }

    #[kubegraft::versioned(version(name = "v1"), version(name = "v2"))]
    #[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
    pub(super) struct Drawer {
        #[versioned(changed(since = "v2", from_name = "breadth"))]
        pub(super) width: u8,
    }
}

#[tokio::test]
async fn one_call_serves_all_versions() {
    use beside::{DeskSpecV1, DeskSpecV2, DeskV1, DeskV2, DrawerV1, DrawerV2};
    use kube::api::{Api, PostParams};
    let server = Server::builder().versions(DeskV2::versions()).start().await.expect("a server");
    let (old, new): (Api<DeskV1>, Api<DeskV2>) = (Api::all(server.client()), Api::all(server.client()));
    let spec = DeskSpecV2 { drawers: vec![DrawerV2 { width: 4 }], height: Some(70) };
    new.create(&PostParams::default(), &DeskV2::new("d", spec.clone())).await.expect("made at v2");
    let mut seen = old.get("d").await.expect("at v1");
    assert_eq!(seen.spec, DeskSpecV1 { drawers: vec![DrawerV1 { breadth: 4 }] });
    seen.spec.drawers.push(DrawerV1 { breadth: 6 });
    old.replace("d", &PostParams::default(), &seen).await.expect("replaced at v1");
    let seen = new.get("d").await.expect("at v2").spec;
    assert_eq!(seen, DeskSpecV2 { drawers: vec![DrawerV2 { width: 4 }, DrawerV2 { width: 6 }], ..spec });
}
