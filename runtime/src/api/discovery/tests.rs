//! Discovery of one kind in three versions, as a kube-apiserver describes it.

use super::*;
use http::HeaderMap;
use serde_json::{Value, json};

fn things() -> Vec<Served> {
    let version = |name: &str, served: bool, storage: bool, subresources: Value| {
        json!({"name": name, "served": served, "storage": storage, "subresources": subresources,
            "schema": {"openAPIV3Schema": {"type": "object"}}})
    };
    let scale = json!({"specReplicasPath": ".spec.size", "statusReplicasPath": ".status.ready"});
    let crd = json!({"spec": {
        "group": "v69.parity.example.com",
        "scope": "Namespaced",
        "names": {"plural": "things", "singular": "thing", "kind": "Thing", "listKind": "ThingList",
            "shortNames": ["th"], "categories": ["all"]},
        "versions": [
            version("v1beta1", true, false, json!({})),
            version("v1", true, true, json!({"status": {}, "scale": scale})),
            version("v1alpha1", false, false, json!({})),
        ],
    }});
    vec![Served::new(Arc::new(Definition::from_crd(&crd).expect("a definition")))]
}

const VERBS: [&str; 8] = ["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"];

#[test]
fn a_group_lists_served_versions_the_preferred_one_first() {
    let group = api_group(&things(), "v69.parity.example.com").expect("served");
    let v1 = json!({"groupVersion": "v69.parity.example.com/v1", "version": "v1"});
    assert_eq!(group["preferredVersion"], v1);
    assert_eq!(group["versions"][0], v1);
    assert_eq!(group["versions"][1]["version"], "v1beta1");
    assert_eq!(group["versions"].as_array().map(Vec::len), Some(2));
    assert!(api_group(&things(), "other").is_none());
    assert_eq!(api_group_list(&things())["groups"][0]["name"], "v69.parity.example.com");
}

#[test]
fn a_version_lists_resources_and_subresources() {
    let list = api_resource_list(&things(), "v69.parity.example.com", "v1").expect("served");
    assert_eq!(
        list["resources"],
        json!([
            {"name": "things", "singularName": "thing", "namespaced": true, "kind": "Thing", "verbs": VERBS,
                "shortNames": ["th"], "categories": ["all"], "storageVersionHash": "PK3xu6S3zTU="},
            {"name": "things/status", "singularName": "", "namespaced": true, "kind": "Thing",
                "verbs": ["get", "patch", "update"]},
            {"name": "things/scale", "singularName": "", "namespaced": true, "group": "autoscaling", "version": "v1",
                "kind": "Scale", "verbs": ["get", "patch", "update"]},
        ])
    );
    assert!(api_resource_list(&things(), "v69.parity.example.com", "v1alpha1").is_none());
}

#[test]
fn while_terminating_objects_can_only_be_read_and_deleted() {
    let mut served = things();
    served[0].terminating = true;
    let list = api_resource_list(&served, "v69.parity.example.com", "v1").expect("served");
    assert_eq!(list["resources"][0]["verbs"], json!(["delete", "deletecollection", "get", "list", "watch"]));
}

#[test]
fn the_aggregated_document_has_an_etag_that_saves_the_body() {
    let document = Aggregated::new(&things(), false);
    let answer = document.answer(&HeaderMap::new(), "application/json", |v| v.to_string().into_bytes());
    let body: Value = serde_json::from_slice(answer.body()).expect("JSON");
    let resource = &body["items"][0]["versions"][0]["resources"][0];
    assert_eq!(resource["responseKind"], json!({"group": "v69.parity.example.com", "version": "v1", "kind": "Thing"}));
    assert_eq!(resource["subresources"][1]["responseKind"]["kind"], "Scale");
    let mut headers = HeaderMap::new();
    headers.insert("if-none-match", answer.headers()["etag"].clone());
    let again = document.answer(&headers, "application/json", |_| unreachable!("the client has it"));
    assert_eq!((again.status().as_u16(), again.body().len()), (304, 0));
}
