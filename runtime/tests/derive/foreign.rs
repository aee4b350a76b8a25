//! Types of the standard library and of other crates, value by value: what serde reads the schema admits, what it does not read the
//! schema refuses, and what the type writes the schema admits again.

use k8s_openapi::api::core::v1::PodTemplateSpec;
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, MicroTime, ObjectMeta, Time};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use kubegraft::__private::derive::{Descriptions, schema_value};
use kubegraft::__private::schemars::JsonSchema;
use kubegraft::schema::Schema;
use kubegraft::{KubeSchema, structural_schema};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, HashMap};

#[derive(KubeSchema, Serialize, Deserialize)]
struct Holder<T> {
    value: T,
}

/// Both agree on these values of a field.
fn agree<T: JsonSchema + Serialize + DeserializeOwned>(read: Value, refused: Value) {
    let name = std::any::type_name::<T>();
    let (value, problems) = schema_value::<Holder<T>>(Descriptions::Full);
    assert!(problems.is_empty(), "{name}: {problems:?}");
    let schema = Schema::compile(&value).unwrap();
    let errors = |v: &Value| {
        let mut stored = v.clone();
        // As a server does it: a null that is not allowed is dropped first.
        schema.prune(&mut stored, false, None);
        schema.validate(&stored, None).errors
    };
    for v in read.as_array().unwrap() {
        let object = json!({"value": v});
        let back: Holder<T> = serde_json::from_value(object.clone()).unwrap_or_else(|e| panic!("{name}: {v}: {e}"));
        assert!(errors(&object).is_empty(), "{name}: {v}: {:?}, {value:#}", errors(&object));
        let written = serde_json::to_value(back).unwrap();
        assert!(errors(&written).is_empty(), "{name} writes {written}: {:?}", errors(&written));
    }
    for v in refused.as_array().unwrap() {
        let object = json!({"value": v});
        assert!(serde_json::from_value::<Holder<T>>(object.clone()).is_err(), "{name}: serde reads {v}");
        assert!(!errors(&object).is_empty(), "{name}: the schema admits {v}: {value:#}");
    }
}

#[test]
fn times() {
    agree::<jiff::Timestamp>(
        json!(["2026-01-02T03:04:05Z", "2026-01-02T03:04:05.678+02:00"]),
        json!(["2026-01-02", "now", 5, null]),
    );
    agree::<jiff::civil::Date>(json!(["2026-01-02"]), json!(["2026-13-02", "02.01.2026", 5, null]));
    agree::<jiff::civil::Time>(json!(["03:04:05"]), json!([5, null]));
    agree::<jiff::civil::DateTime>(json!(["2026-01-02T03:04:05"]), json!([5, null]));
    agree::<jiff::SignedDuration>(json!(["PT5S", "-PT1H"]), json!([5, null]));
    agree::<jiff::Span>(json!(["P1DT5S"]), json!([5, null]));
    agree::<Time>(json!(["2026-01-02T03:04:05Z"]), json!(["2026-01-02", 5, null]));
    agree::<MicroTime>(json!(["2026-01-02T03:04:05.000001Z"]), json!(["2026-01-02", 5, null]));
    agree::<std::time::Duration>(
        json!([{"secs": 1, "nanos": 5}]),
        json!([{"secs": -1, "nanos": 5}, {"secs": 1}, "1s", null]),
    );
}

#[test]
fn times_of_chrono() {
    let times = json!(["2026-01-02T03:04:05Z", "2026-01-02T03:04:05.678+02:00"]);
    agree::<chrono::DateTime<chrono::Utc>>(times.clone(), json!(["2026-01-02", "now", 5, null]));
    agree::<chrono::DateTime<chrono::FixedOffset>>(times, json!(["2026-01-02", "now", 5, null]));
    agree::<chrono::NaiveDate>(
        json!(["2026-01-02", "2024-02-29"]),
        json!(["2026-13-02", "2026-02-29", "now", 5, null]),
    );
    // Kubernetes has no formats for times without a date or without a zone.
    agree::<chrono::NaiveTime>(json!(["03:04:05", "03:04:05.5"]), json!([5, null]));
    agree::<chrono::NaiveDateTime>(json!(["2026-01-02T03:04:05"]), json!([5, null]));
    agree::<Option<chrono::NaiveDate>>(json!([null, "2026-01-02"]), json!(["2026-13-02"]));
    agree::<chrono::Weekday>(json!(["Mon"]), json!(["Funday", 5, null]));
}

#[test]
fn urls() {
    agree::<url::Url>(
        json!(["https://example.com/a?b=c#d", "mailto:jo@example.com", "https://[::1]:80/", "file:///tmp"]),
        json!(["no url", "example.com", "", 5, null]),
    );
    agree::<Vec<url::Url>>(json!([["https://example.com"]]), json!([["no url"], "https://example.com"]));
}

#[test]
fn identifiers_addresses_and_bytes() {
    agree::<uuid::Uuid>(json!(["67e55044-10b1-426f-9247-bb680e5fe0c8"]), json!(["67e55044", "", 5, null]));
    agree::<std::net::Ipv4Addr>(json!(["10.0.0.1"]), json!(["10.0.0", "::1", 5, null]));
    agree::<std::net::Ipv6Addr>(json!(["::1"]), json!(["10.0.0.1.", "x", 5, null]));
    agree::<bytes::Bytes>(json!([[0, 255], []]), json!([[256], [-1], 5, true, null]));
    agree::<Vec<u8>>(json!([[0, 255]]), json!([[256], "aGk=", null]));
    agree::<std::path::PathBuf>(json!(["/tmp"]), json!([5, null]));
    agree::<char>(json!(["ß"]), json!(["ab", "", 5]));
}

#[test]
fn numbers_to_their_bounds() {
    agree::<u8>(json!([0, 255]), json!([-1, 256, 0.5, "1", null]));
    agree::<i8>(json!([-128, 127]), json!([-129, 128, null]));
    agree::<u16>(json!([65535]), json!([65536, -1]));
    agree::<u32>(json!([4294967295u32]), json!([4294967296u64, -1]));
    agree::<i64>(json!([i64::MIN, i64::MAX]), json!(["1", null]));
    agree::<u64>(json!([0, i64::MAX]), json!([-1, "1", null]));
    agree::<std::num::NonZeroU8>(json!([1, 255]), json!([0, 256, -1]));
    agree::<f32>(json!([0.5, 1, -3e5]), json!(["1", null]));
    agree::<()>(json!([]), json!([1, "a", {}]));
    agree::<Option<u8>>(json!([null, 3]), json!([256, "a"]));
}

#[derive(KubeSchema, Serialize, Deserialize, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[serde(rename_all = "lowercase")]
enum Colour {
    Red,
    Green,
}

#[derive(KubeSchema, Serialize, Deserialize, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Name(String);

#[test]
fn maps_by_their_keys() {
    agree::<BTreeMap<String, i32>>(json!([{}, {"a": 1}]), json!([{"a": "b"}, [], null]));
    agree::<HashMap<Name, bool>>(json!([{"a": true}]), json!([{"a": 1}, null]));
    agree::<BTreeMap<Colour, i32>>(json!([{"red": 1, "green": 2}, {}]), json!([{"red": "a"}]));
    agree::<BTreeMap<u16, i32>>(json!([{"80": 1}, {}]), json!([{"80": "a"}]));
    agree::<BTreeMap<i64, Vec<Colour>>>(json!([{"-80": ["red"]}]), json!([{"80": ["blue"]}]));
    agree::<BTreeMap<String, Option<i32>>>(json!([{"a": null, "b": 1}]), json!([{"a": "b"}]));
}

#[test]
fn sets_and_lists() {
    agree::<BTreeSet<String>>(json!([["a", "b"], []]), json!([[1], "a", null]));
    agree::<Vec<Vec<Option<bool>>>>(json!([[[true, null], []]]), json!([[true], [[1]]]));
    agree::<[u8; 2]>(json!([[1, 2]]), json!([[1], [1, 2, 3], null]));
    agree::<(i32, i32)>(json!([[1, 2]]), json!([[1], [1, 2, 3], ["a", 1]]));
    let set = structural_schema::<Holder<BTreeSet<Name>>>();
    assert_eq!(set["properties"]["value"]["x-kubernetes-list-type"], "set");
}

#[test]
fn open_values() {
    agree::<Value>(json!([1, "a", {"b": [null]}, [], null]), json!([]));
    agree::<serde_json::Map<String, Value>>(json!([{}, {"a": {"b": 1}}]), json!([1, "a", []]));
    agree::<BTreeMap<String, Value>>(json!([{"a": [1, {"b": null}]}]), json!([1, []]));
}

#[test]
fn kubernetes_own_types() {
    agree::<Quantity>(json!(["1Gi", "500m", "3"]), json!([null, true, {}]));
    agree::<IntOrString>(json!([80, "http"]), json!([null, true, [], {}, 1.5]));
    agree::<ObjectMeta>(
        json!([{}, {"name": "a", "labels": {"b": "c"}, "creationTimestamp": "2026-01-02T03:04:05Z"}]),
        json!([{"labels": {"a": 1}}, {"creationTimestamp": "x"}, 5]),
    );
    agree::<LabelSelector>(
        json!([{"matchLabels": {"a": "b"}, "matchExpressions": [{"key": "a", "operator": "In", "values": ["b"]}]}]),
        json!([{"matchLabels": {"a": 1}}, {"matchExpressions": {}}]),
    );
    let selector = &structural_schema::<Holder<LabelSelector>>()["properties"]["value"];
    assert_eq!(selector["x-kubernetes-map-type"], "atomic");
    let expressions = &selector["properties"]["matchExpressions"];
    assert_eq!(expressions["x-kubernetes-list-type"], "atomic");
    assert_eq!(expressions["items"]["properties"]["values"]["x-kubernetes-list-type"], "atomic");
}

#[test]
fn descriptions_are_as_long_as_one_asks() {
    let size = |d| schema_value::<PodTemplateSpec>(d).0.to_string().len();
    let (none, short, full) = (size(Descriptions::None), size(Descriptions::Short), size(Descriptions::Full));
    assert!(none < short && short < full, "{none} < {short} < {full}");
    assert!(none < 100_000 && short < 250_000, "{none}, {short}");
}
