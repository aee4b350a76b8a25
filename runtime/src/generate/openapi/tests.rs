//! What clients look for in the documents.

use super::*;

const VERBS: &[&str] = &["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];

fn definition(schema: Value) -> Definition {
    let crd = json!({"spec": {"group": "ex.io", "scope": "Namespaced",
        "names": {"plural": "widgets", "singular": "widget", "kind": "Widget", "listKind": "WidgetList"},
        "versions": [{"name": "v1", "served": true, "storage": true, "subresources": {"status": {}},
            "selectableFields": [{"jsonPath": ".spec.colour"}], "schema": {"openAPIV3Schema": schema}}]}});
    Definition::from_crd(&crd).expect("a definition")
}

fn schema() -> Value {
    json!({"type": "object", "properties": {"spec": {"type": "object", "required": ["colour", "note"], "properties": {
        "colour": {"type": "string", "enum": ["red"], "default": "red"},
        "note": {"type": "string", "nullable": true},
        "port": {"x-kubernetes-int-or-string": true},
        "either": {"type": "object", "oneOf": [{"required": ["a"]}], "properties": {"a": {"type": "string"}}},
        "open": {"type": "object", "x-kubernetes-preserve-unknown-fields": true, "properties": {"a": {"type": "string"}}},
        "template": {"type": "object", "x-kubernetes-embedded-resource": true}}}}})
}

fn with<T>(schema: Value, make: impl FnOnce(&[Published<'_>]) -> T) -> T {
    let definition = definition(schema);
    make(&[Published { definition: &definition, verbs: VERBS }])
}

fn v3_of(schema: Value) -> Value {
    with(schema, |p| v3(p, "ex.io", "v1")).expect("served")
}

#[test]
fn a_group_version_that_is_not_served_has_no_document() {
    assert!(with(schema(), |p| v3(p, "ex.io", "v2")).is_none());
}

#[test]
fn kubectl_finds_kind_patch_types_and_server_side_validation() {
    let document = v3_of(schema());
    let patch = &document["paths"]["/apis/ex.io/v1/namespaces/{namespace}/widgets/{name}"]["patch"];
    assert_eq!(patch["x-kubernetes-group-version-kind"], json!({"group": "ex.io", "version": "v1", "kind": "Widget"}));
    let named = |name: &str| patch["parameters"].as_array().is_some_and(|p| p.iter().any(|p| p["name"] == name));
    assert!(named("fieldValidation") && named("dryRun") && named("force"));
    let types: Vec<&String> = patch["requestBody"]["content"].as_object().into_iter().flat_map(|c| c.keys()).collect();
    assert_eq!(types, ["application/apply-patch+yaml", "application/json-patch+json", "application/merge-patch+json"]);
    let model = &document["components"]["schemas"]["io.ex.v1.Widget"];
    assert_eq!(model["x-kubernetes-group-version-kind"][0]["kind"], "Widget");
    assert_eq!(model["x-kubernetes-selectable-fields"], json!([{"fieldPath": "spec.colour"}]));
}

/// Every `$ref` of a document leads somewhere, and nothing is there that is not led to.
fn check_closed(document: &Value, schemas: &Value, own: &[&str]) {
    fn collect(v: &Value, out: &mut Vec<String>) {
        match v {
            Value::Object(o) => o.iter().for_each(|(k, v)| match v {
                Value::String(s) if k == "$ref" => out.push(s.rsplit('/').next().unwrap_or_default().to_owned()),
                v => collect(v, out),
            }),
            Value::Array(a) => a.iter().for_each(|v| collect(v, out)),
            _ => {}
        }
    }
    let mut wanted = Vec::new();
    collect(document, &mut wanted);
    for name in &wanted {
        assert!(schemas.get(name).is_some(), "{name} is referred to and not there");
    }
    for name in schemas.as_object().expect("schemas").keys() {
        assert!(wanted.contains(name) || own.contains(&name.as_str()), "{name} is there and not referred to");
    }
}

#[test]
fn references_are_closed_in_both_versions() {
    let own = ["io.ex.v1.Widget", "io.ex.v1.WidgetList"];
    let v3 = v3_of(schema());
    check_closed(&v3, &v3["components"]["schemas"], &own);
    let v2 = with(schema(), |p| v2(p, "v1"));
    check_closed(&v2, &v2["definitions"], &own);
    assert!(!v2.to_string().contains("#/components/"));
}

#[test]
fn version_2_loses_what_old_clients_cannot_bear() {
    let spec =
        |document: &Value, root: &str| document.pointer(&format!("{root}/io.ex.v1.Widget/properties/spec")).cloned();
    let v2 = spec(&with(schema(), |p| v2(p, "v1")), "/definitions").expect("a spec");
    assert_eq!(v2["required"], json!(["colour"]), "what may be null is not required");
    assert_eq!(v2["properties"]["colour"], json!({"type": "string", "enum": ["red"]}));
    assert_eq!(v2["properties"]["note"], json!({}));
    assert_eq!(v2["properties"]["open"], json!({"x-kubernetes-preserve-unknown-fields": true}));
    assert!(v2["properties"]["either"].get("oneOf").is_none());
    let v3 = spec(&v3_of(schema()), "/components/schemas").expect("a spec");
    assert_eq!(v3["properties"]["port"]["anyOf"], json!([{"type": "integer"}, {"type": "string"}]));
    assert_eq!(v3["properties"]["template"]["required"], json!(["kind", "apiVersion"]));
    assert_eq!(v3["properties"]["colour"]["default"], "red");
}

#[test]
fn kinds_that_keep_unknown_fields_have_no_members_in_version_2() {
    let open = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
    let model = with(open, |p| v2(p, "v1"))["definitions"]["io.ex.v1.Widget"].clone();
    assert!(model.get("properties").is_none(), "kubectl would refuse all others: {model}");
}

#[test]
fn operation_ids_are_unique() {
    let document = v3_of(schema());
    let mut ids = Vec::new();
    for item in document["paths"].as_object().expect("paths").values() {
        ids.extend(item.as_object().expect("an item").values().filter_map(|o| o.get("operationId")?.as_str()));
    }
    let all = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), all);
    assert!(ids.contains(&"createExIoV1NamespacedWidget") && ids.contains(&"deleteExIoV1CollectionNamespacedWidget"));
}

/// The fields of a protobuf message: number and payload of those with a length, which is enough to find one's way.
fn fields(mut bytes: &[u8]) -> Vec<(u64, Vec<u8>)> {
    fn varint(bytes: &mut &[u8]) -> u64 {
        let (mut n, mut shift) = (0, 0);
        while let Some((b, rest)) = bytes.split_first() {
            *bytes = rest;
            n |= u64::from(b & 0x7f) << shift;
            shift += 7;
            if b & 0x80 == 0 {
                break;
            }
        }
        n
    }
    let mut out = Vec::new();
    while !bytes.is_empty() {
        let tag = varint(&mut bytes);
        match tag & 7 {
            0 => drop(varint(&mut bytes)),
            1 => bytes = &bytes[8..],
            2 => {
                let n = varint(&mut bytes) as usize;
                out.push((tag >> 3, bytes[..n].to_vec()));
                bytes = &bytes[n..];
            }
            other => panic!("wire type {other}"),
        }
    }
    out
}

fn inside(bytes: &[u8], path: &[(u64, &str)]) -> Vec<u8> {
    let Some(((number, name), rest)) = path.split_first() else { return bytes.to_vec() };
    let is_wanted = |content: &Vec<u8>| {
        let own = || fields(content).into_iter().find(|(n, _)| *n == 1).map(|(_, v)| v);
        name.is_empty() || own().as_deref() == Some(name.as_bytes())
    };
    let mut found = fields(bytes).into_iter().filter(|(n, _)| n == number).map(|(_, v)| v);
    inside(&found.find(is_wanted).unwrap_or_else(|| panic!("no field {number} {name}")), rest)
}

#[test]
fn protobuf_has_the_fields_of_gnostic() {
    let bytes = protobuf::encode_v2(&with(schema(), |p| v2(p, "v1")));
    // Document.definitions -> NamedSchema -> Schema.vendor_extension -> Any.yaml
    let gvk = [(9, ""), (1, "io.ex.v1.Widget"), (2, ""), (31, "x-kubernetes-group-version-kind"), (2, ""), (2, "")];
    let want = r#"[{"group":"ex.io","kind":"Widget","version":"v1"}]"#;
    assert_eq!(String::from_utf8_lossy(&inside(&bytes, &gvk)), want);
    // Document.paths -> NamedPathItem -> PathItem.patch -> Operation.consumes
    let path = "/apis/ex.io/v1/namespaces/{namespace}/widgets/{name}";
    assert_eq!(inside(&bytes, &[(8, ""), (2, path), (2, ""), (8, ""), (7, "")]), b"application/json-patch+json");
    let bytes = protobuf::encode_v3(&v3_of(schema()));
    // Document.components -> schemas -> named -> SchemaOrReference.schema -> specification_extension
    let gvk = [
        (5, ""),
        (1, ""),
        (1, "io.ex.v1.Widget"),
        (2, ""),
        (1, ""),
        (36, "x-kubernetes-group-version-kind"),
        (2, ""),
        (2, ""),
    ];
    assert_eq!(String::from_utf8_lossy(&inside(&bytes, &gvk)), want);
}
