//! YAML in both directions, case by case.

use super::*;
use serde_json::{Value, json};

fn reads(yaml: &str, want: Value) {
    assert_eq!(decode(yaml.as_bytes()).map(|d| d.value), Ok(want), "{yaml}");
}

fn refuses(yaml: &str, why: &str) {
    let got = decode(yaml.as_bytes()).map(|d| d.value);
    assert!(got.as_ref().is_err_and(|e| e.contains(why)), "{yaml}: {got:?}");
}

fn writes(value: Value, want: &str) {
    let got = String::from_utf8(encode(&value)).expect("text");
    assert_eq!(got, want);
    assert_eq!(decode(got.as_bytes()).map(|d| d.value), Ok(value), "{got}");
}

#[test]
fn plain_scalars_are_those_of_yaml_1_1() {
    reads("[yes, No, on, OFF, y, n, true, 'yes']", json!([true, false, true, false, true, false, true, "yes"]));
    reads(
        "[0777, 0o17, 0x1F, 0b101, 1_000, +1, -1, 08, 12:30:45]",
        json!([511, 15, 31, 5, 1000, 1, -1, 8, "12:30:45"]),
    );
    reads("[1.5, 1.0, 1e3, .5, 5., -0.0, 1e400x]", json!([1.5, 1, 1000, 0.5, 5, 0, "1e400x"]));
    reads("[9223372036854775807, 18446744073709551615]", json!([9223372036854775807i64, 18446744073709551615.0]));
    reads("{a: ~, b: , c: null, d: 'null'}", json!({"a": null, "b": null, "c": null, "d": "null"}));
    reads("[2001-02-03, 2001-02-03T04:05:06Z]", json!(["2001-02-03", "2001-02-03T04:05:06Z"]));
    reads("[!!str 5, !!int '7', !!float 3, !custom x, !!binary aGVsbG8=]", json!(["5", 7, 3, "x", "hello"]));
    refuses("a: .inf", "json: unsupported value: +Inf");
    refuses("a: !!int x", "cannot decode");
}

#[test]
fn keys_become_text() {
    reads(
        "{1: a, 1.5: b, true: c, 0x10: d, 'on': e}",
        json!({"1": "a", "1.5": "b", "true": "c", "16": "d", "on": "e"}),
    );
    refuses("{~: x}", "unsupported map key of type: %!s(<nil>), key: <nil>, value: \"x\"");
    refuses("{[a]: x}", "invalid map key");
}

#[test]
fn aliases_and_merge_keys_are_expanded_within_bounds() {
    reads("b: &b {x: 1, w: 2}\nd: {<<: *b, w: 3}", json!({"b": {"x": 1, "w": 2}, "d": {"x": 1, "w": 3}}));
    refuses("a: *nope", "unknown anchor");
    let mut bomb = "a0: &a0 [x]\n".to_owned();
    for i in 1..12 {
        bomb += &format!("a{i}: &a{i} [{}]\n", vec![format!("*a{}", i - 1); 10].join(","));
    }
    refuses(&bomb, "excessive aliasing");
}

#[test]
fn duplicates_are_told_by_line() {
    let d = decode(b"a: 1\nb:\n  c: 1\n  c: 2\na: 3\n").expect("valid");
    assert_eq!(d.value, json!({"a": 3, "b": {"c": 2}}));
    assert_eq!(d.duplicates, ["line 4: key \"c\" already set in map", "line 5: key \"a\" already set in map"]);
}

#[test]
fn only_the_first_document_counts_and_depth_is_bounded() {
    reads("---\na: 1\n---\nb: : :\n", json!({"a": 1}));
    reads("", Value::Null);
    refuses(&"[".repeat(1_500_000), "");
}

#[test]
fn answers_look_as_those_of_kube_apiserver() {
    writes(json!({"a": {"b": [1, {"c": [], "d": {}}], ".": "x"}}), "a:\n  .: x\n  b:\n  - 1\n  - c: []\n    d: {}\n");
    writes(
        json!({"a": "yes", "b": "5", "c": "", "d": "x: y", "e": null, "f": "12:30"}),
        "a: \"yes\"\nb: \"5\"\nc: \"\"\nd: 'x: y'\ne: null\nf: \"12:30\"\n",
    );
    writes(json!({"a": 0.5, "b": 1234567.5, "c": 1e-7}), "a: 0.5\nb: 1.2345675e+06\nc: 1e-07\n");
    writes(json!({"a10": 1, "a9": 2, "B": 3, "f:x": 4}), "B: 3\na9: 2\na10: 1\nf:x: 4\n");
    writes(json!({"t": "one\n\ntwo", "u": "one\n", "v": " x\n"}), "t: |-\n  one\n\n  two\nu: |\n  one\nv: |2\n   x\n");
    writes(
        json!({"t": "a\tb", "m": "strconv.ParseInt: parsing \"x\""}),
        "m: 'strconv.ParseInt: parsing \"x\"'\nt: \"a\\tb\"\n",
    );
    writes(
        json!({"message": "only the following media types are accepted: application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch"}),
        "message: 'only the following media types are accepted: application/json;stream=watch,\n  application/vnd.kubernetes.protobuf;stream=watch'\n",
    );
}
