//! Each form that serde has, the schema it gets, values that serde reads and refuses, and the schema agreeing with serde on
//! every one of them.

use kubegraft::__private::derive::{Descriptions, schema_value};
use kubegraft::__private::schemars::JsonSchema;
use kubegraft::KubeSchema;
use kubegraft::schema::Schema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The schema of a type, which must say all of it.
fn schema<T: JsonSchema>() -> Value {
    let (schema, problems) = schema_value::<T>(Descriptions::Full);
    assert!(problems.is_empty(), "{problems:?}");
    schema
}

/// serde and the schema must agree on every value: these are read, those refused. What a program writes is admitted.
fn agree<T: JsonSchema + DeserializeOwned + Serialize>(read: &[Value], refused: &[Value]) {
    let json = schema::<T>();
    let compiled = Schema::compile(&json).unwrap();
    let admits = |v: &Value| {
        let mut object = json!({"field": v});
        // As a field of an object, where Kubernetes drops nulls that are not allowed.
        let whole = Schema::compile(&json!({"type": "object", "properties": {"field": json}})).unwrap();
        whole.prune(&mut object, false, None);
        match object.get("field") {
            None => true,
            Some(_) => compiled.validate(v, None).errors.is_empty(),
        }
    };
    for v in read {
        let parsed: Result<T, _> = serde_json::from_value(v.clone());
        let parsed = parsed.unwrap_or_else(|e| panic!("serde refuses {v}: {e}"));
        assert!(admits(v), "the schema refuses {v}: {:?}\n{json:#}", compiled.validate(v, None).errors);
        let written = serde_json::to_value(&parsed).unwrap();
        assert!(admits(&written), "the schema refuses what is written, {written}\n{json:#}");
    }
    for v in refused {
        assert!(serde_json::from_value::<T>(v.clone()).is_err(), "serde reads {v}");
        assert!(!admits(v), "the schema admits {v}, which serde refuses\n{json:#}");
    }
}

#[derive(KubeSchema, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Names {
    two_words: String,
    #[serde(rename = "other-name", alias = "old-name")]
    renamed: i32,
    #[serde(default)]
    missing: bool,
    maybe: Option<u8>,
    #[serde(skip)]
    hidden: String,
}

#[test]
fn fields_are_under_the_names_they_are_read_by() {
    assert_eq!(
        schema::<Names>(),
        json!({
            "type": "object", "required": ["twoWords"],
            "properties": {
                "twoWords": {"type": "string"},
                "other-name": {"type": "integer", "format": "int32"},
                "old-name": {"type": "integer", "format": "int32"},
                "missing": {"type": "boolean", "default": false},
                "maybe": {"type": "integer", "format": "int32", "minimum": 0, "maximum": 255, "nullable": true}},
            "allOf": [{"oneOf": [{"required": ["other-name"]}, {"required": ["old-name"]}]}]
        })
    );
    agree::<Names>(
        &[
            json!({"twoWords": "a", "other-name": 1}),
            json!({"twoWords": "a", "old-name": 1, "missing": true, "maybe": null}),
            json!({"twoWords": "a", "old-name": 1, "maybe": 255}),
        ],
        &[
            json!({"twoWords": "a"}),
            json!({"twoWords": "a", "old-name": 1, "other-name": 2}),
            json!({"twoWords": 1, "old-name": 1}),
            json!({"twoWords": "a", "old-name": 1, "maybe": 256}),
        ],
    );
}

#[derive(KubeSchema, Serialize, Deserialize)]
enum Mixed {
    Off,
    #[serde(alias = "Automatic")]
    Auto,
    Level(u8),
    Range {
        from: i32,
        to: i32,
    },
    Pair(i32, i32),
}

#[test]
fn mixed_variants_are_a_string_or_an_object() {
    agree::<Mixed>(
        &[
            json!("Off"),
            json!("Automatic"),
            json!({"Level": 3}),
            json!({"Range": {"from": 1, "to": 2}}),
            json!({"Pair": [1, 2]}),
        ],
        &[
            json!("Level"),
            json!("off"),
            json!({"Level": "x"}),
            json!({"Range": {"from": 1}}),
            json!({"Pair": [1]}),
            json!({}),
            json!({"Level": 3, "Pair": [1, 2]}),
            json!(1),
            json!(true),
            json!([]),
        ],
    );
}

#[derive(KubeSchema, Serialize, Deserialize)]
enum External {
    /// A number.
    Number(i64),
    Text {
        text: String,
    },
    Empty {},
}

#[test]
fn variants_with_data_are_keys_of_which_one_is_there() {
    assert_eq!(
        schema::<External>(),
        json!({
            "type": "object",
            "properties": {
                "Number": {"type": "integer", "format": "int64", "description": "A number."},
                "Text": {"type": "object", "required": ["text"], "properties": {"text": {"type": "string"}}},
                "Empty": {"type": "object"}},
            "oneOf": [{"required": ["Number"]}, {"required": ["Text"]}, {"required": ["Empty"]}]
        })
    );
    agree::<External>(
        &[json!({"Number": 1}), json!({"Text": {"text": ""}}), json!({"Empty": {}})],
        &[json!({}), json!({"Number": 1, "Empty": {}}), json!({"Text": {}}), json!("Empty")],
    );
}

#[derive(KubeSchema, Serialize, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "kebab-case")]
enum Colour {
    /// Like blood.
    DarkRed,
    Green,
}

#[test]
fn variants_without_data_are_an_enum() {
    assert_eq!(schema::<Colour>(), json!({"type": "string", "enum": ["dark-red", "green"]}));
    agree::<Colour>(&[json!("dark-red")], &[json!("DarkRed"), json!(1)]);
    agree::<Vec<Option<Colour>>>(&[json!(["green", null])], &[json!(["blue"])]);
    agree::<Option<Colour>>(&[json!("green"), json!(null)], &[json!("blue")]);
}

#[derive(KubeSchema, Serialize, Deserialize)]
#[serde(tag = "type", rename_all_fields = "camelCase")]
enum Internal {
    Http { path_name: String, port: u16 },
    Tcp { port: String },
    Named(Named),
    Nothing,
}

#[derive(KubeSchema, Serialize, Deserialize)]
struct Named {
    name: String,
    #[serde(default)]
    level: Option<i32>,
}

#[test]
fn tags_beside_the_fields_tell_variants_apart() {
    agree::<Internal>(
        &[
            json!({"type": "Http", "pathName": "/", "port": 80}),
            json!({"type": "Tcp", "port": "http"}),
            json!({"type": "Named", "name": "n"}),
            json!({"type": "Named", "name": "n", "level": 4}),
            json!({"type": "Nothing"}),
        ],
        &[
            json!({"type": "Http", "pathName": "/", "port": "http"}),
            json!({"type": "Http", "pathName": "/", "port": 70000}),
            json!({"type": "Tcp", "port": 80}),
            json!({"type": "Named"}),
            json!({"type": "nothing"}),
            json!({"pathName": "/", "port": 80}),
            json!("Nothing"),
        ],
    );
}

#[derive(KubeSchema, Serialize, Deserialize)]
#[serde(tag = "t", content = "c", deny_unknown_fields)]
enum Adjacent {
    Unit,
    Number(i64),
    Text(String),
    Maybe(Option<bool>),
    Pair(u8, u8),
    Fields { a: bool },
}

#[test]
fn tag_and_content_are_two_keys() {
    agree::<Adjacent>(
        &[
            json!({"t": "Unit"}),
            json!({"t": "Number", "c": 1}),
            json!({"t": "Text", "c": "x"}),
            json!({"t": "Maybe", "c": true}),
            json!({"t": "Pair", "c": [1, 2]}),
            json!({"t": "Fields", "c": {"a": true}}),
        ],
        &[
            json!({"t": "Number", "c": "x"}),
            json!({"t": "Text", "c": 1}),
            json!({"t": "Number"}),
            json!({"t": "Fields", "c": {}}),
            json!({"t": "Pair", "c": [1, 300]}),
            json!({"c": 1}),
            json!({"t": "unit"}),
        ],
    );
}

#[derive(KubeSchema, Serialize, Deserialize)]
#[serde(untagged)]
enum Untagged {
    Flag(bool),
    Number(f64),
    Text(String),
    List(Vec<i32>),
    Left { left: i32, common: String },
    Right { right: String, common: String },
}

#[test]
fn untagged_variants_are_told_by_their_form() {
    agree::<Untagged>(
        &[
            json!(true),
            json!(1.5),
            json!("x"),
            json!([1, 2]),
            json!({"left": 1, "common": "c"}),
            json!({"right": "r", "common": "c"}),
        ],
        &[json!(["x"]), json!({"left": 1}), json!({"common": "c"}), json!({"left": "l", "common": "c"}), json!({})],
    );
}

#[derive(KubeSchema, Serialize, Deserialize)]
#[serde(untagged)]
enum Port {
    Number(i32),
    Name(String),
}

#[test]
fn numbers_or_strings_are_int_or_string() {
    assert_eq!(schema::<Port>()["x-kubernetes-int-or-string"], json!(true));
    agree::<Port>(&[json!(1), json!("http")], &[json!(1.5), json!({}), json!(true)]);
}

#[derive(KubeSchema, Serialize, Deserialize)]
struct Flat {
    own: String,
    #[serde(flatten)]
    named: Named,
    #[serde(flatten)]
    kind: Internal,
}

#[derive(KubeSchema, Serialize, Deserialize)]
struct FlatMap {
    own: String,
    #[serde(flatten)]
    rest: BTreeMap<String, Value>,
}

#[test]
fn flattened_fields_stand_beside_the_others() {
    agree::<Flat>(
        &[
            json!({"own": "o", "name": "n", "type": "Nothing"}),
            json!({"own": "o", "name": "n", "type": "Tcp", "port": "x"}),
        ],
        &[
            json!({"own": "o", "type": "Nothing"}),
            json!({"own": "o", "name": "n"}),
            json!({"own": "o", "name": "n", "type": "Tcp", "port": 1}),
        ],
    );
    assert_eq!(schema::<FlatMap>()["x-kubernetes-preserve-unknown-fields"], json!(true));
    agree::<FlatMap>(&[json!({"own": "o", "x": 1, "y": {"z": []}})], &[json!({"x": 1})]);
}

#[derive(KubeSchema, Serialize, Deserialize)]
struct Unit;

#[derive(KubeSchema, Serialize, Deserialize)]
struct Newtype(String);

#[derive(KubeSchema, Serialize, Deserialize)]
#[serde(transparent)]
struct Transparent {
    inner: Option<i32>,
}

#[derive(KubeSchema, Serialize, Deserialize)]
struct Pair(i32, i32);

#[derive(KubeSchema, Serialize, Deserialize)]
struct Wrappers {
    unit: Unit,
    newtype: Newtype,
    transparent: Transparent,
    pair: Pair,
    array: [u8; 2],
    boxed: Box<u64>,
}

#[test]
fn structs_without_names_are_what_they_wrap() {
    agree::<Unit>(&[json!(null)], &[json!({}), json!("x")]);
    agree::<Newtype>(&[json!("x")], &[json!(1), json!(["x"])]);
    agree::<Transparent>(&[json!(1), json!(null)], &[json!("x")]);
    agree::<Pair>(&[json!([1, 2])], &[json!([1]), json!([1, 2, 3]), json!(["a", "b"])]);
    agree::<Wrappers>(
        &[json!({"unit": null, "newtype": "x", "pair": [1, 2], "array": [1, 2], "boxed": 7})],
        &[json!({"unit": null, "newtype": "x", "pair": [1, 2], "array": [1, 2]})],
    );
}

#[derive(KubeSchema, Serialize, Deserialize)]
#[serde(default)]
struct Defaults {
    name: String,
    count: u32,
    maybe: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    list: Vec<String>,
    #[serde(default = "three")]
    three: i32,
}

fn three() -> i32 {
    3
}

impl Default for Defaults {
    fn default() -> Self {
        Self { name: "nobody".into(), count: 7, maybe: None, list: Vec::new(), three: 9 }
    }
}

#[test]
fn defaults_of_rust_are_defaults_of_the_schema() {
    let s = schema::<Defaults>();
    assert_eq!(s.get("required"), None);
    assert_eq!(s["properties"]["name"]["default"], json!("nobody"));
    assert_eq!(s["properties"]["count"]["default"], json!(7));
    assert_eq!(s["properties"]["three"]["default"], json!(3));
    assert_eq!(s["properties"]["maybe"].get("default"), None);
    assert_eq!(s["properties"]["list"].get("default"), None);
    agree::<Defaults>(&[json!({}), json!({"count": 1})], &[json!({"count": -1})]);
}

#[derive(KubeSchema, Serialize, Deserialize)]
struct Generic<T> {
    value: T,
    #[serde(default)]
    list: Vec<T>,
}

#[derive(KubeSchema, Serialize, Deserialize)]
struct Generics {
    a: Generic<i32>,
    b: Generic<String>,
}

#[test]
fn each_instance_of_a_generic_type_has_its_own_schema() {
    let s = schema::<Generics>();
    assert_eq!(s["properties"]["a"]["properties"]["value"]["type"], json!("integer"));
    assert_eq!(s["properties"]["b"]["properties"]["value"]["type"], json!("string"));
}

#[derive(KubeSchema, Serialize, Deserialize)]
struct Collections {
    map: BTreeMap<String, i32>,
    by_number: BTreeMap<u32, String>,
    by_colour: BTreeMap<Colour, bool>,
    any: BTreeMap<String, Value>,
    set: BTreeSet<String>,
    value: Value,
    bytes: Vec<u8>,
}

#[test]
fn maps_sets_and_open_values() {
    let s = schema::<Collections>();
    let p = &s["properties"];
    assert_eq!(p["map"]["additionalProperties"]["type"], json!("integer"));
    assert_eq!(p["by_number"]["additionalProperties"]["type"], json!("string"));
    assert_eq!(p["any"]["additionalProperties"]["x-kubernetes-preserve-unknown-fields"], json!(true));
    assert_eq!(p["set"]["x-kubernetes-list-type"], json!("set"));
    assert_eq!(p["value"], json!({"x-kubernetes-preserve-unknown-fields": true, "nullable": true}));
    agree::<Collections>(
        &[
            json!({"map": {"a": 1}, "by_number": {"1": "x"}, "by_colour": {"green": true}, "any": {"k": [1]}, "set": ["a"],
            "value": {"x": 1}, "bytes": [1, 255]}),
        ],
        &[json!({"map": {"a": "x"}, "by_number": {}, "by_colour": {}, "any": {}, "set": [], "value": 1, "bytes": []})],
    );
}
