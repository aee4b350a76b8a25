//! Caching: by hash, by ETag, and across changes.

use super::*;

fn kind(plural: &str, group: &str, description: &str) -> Served {
    let crd = json!({"spec": {"group": group, "scope": "Cluster",
        "names": {"plural": plural, "singular": plural, "kind": "Thing", "listKind": "ThingList"},
        "versions": [{"name": "v1", "served": true, "storage": true,
            "schema": {"openAPIV3Schema": {"type": "object", "description": description}}}]}});
    Served::new(Arc::new(Definition::from_crd(&crd).expect("a definition")))
}

fn request(path: &str, headers: &[(HeaderName, &str)]) -> Request {
    let (path, hash) = path.split_once("?hash=").unwrap_or((path, ""));
    let headers = headers.iter().map(|(k, v)| (k.clone(), HeaderValue::from_str(v).expect("a value"))).collect();
    Request { path: path.into(), headers, hash: Some(hash.to_owned()) }
}

fn get(
    d: &Documents,
    kinds: &[Served],
    generation: u64,
    path: &str,
    headers: &[(HeaderName, &str)],
) -> Response<Bytes> {
    d.answer(Some(generation), Arc::new(kinds.to_vec()), &request(path, headers)).expect("served")
}

fn address_of(index: &Response<Bytes>, key: &str) -> String {
    let index: Value = serde_json::from_slice(index.body()).expect("JSON");
    index["paths"][key]["serverRelativeURL"].as_str().expect("an address").to_owned()
}

fn header(r: &Response<Bytes>, name: HeaderName) -> &str {
    r.headers().get(name).and_then(|v| v.to_str().ok()).unwrap_or_default()
}

#[test]
fn addresses_of_the_index_may_be_kept_for_ever_and_stale_ones_lead_on() {
    let (d, kinds) = (Documents::default(), [kind("things", "ex.io", "a")]);
    let address = address_of(&get(&d, &kinds, 1, "/openapi/v3", &[]), "apis/ex.io/v1");
    let fresh = get(&d, &kinds, 1, &address, &[]);
    assert_eq!((fresh.status(), header(&fresh, CACHE_CONTROL)), (StatusCode::OK, "public, immutable"));
    assert!(header(&fresh, EXPIRES).ends_with("GMT"));
    let moved = get(&d, &kinds, 1, "/openapi/v3/apis/ex.io/v1?hash=OLD", &[]);
    assert_eq!((moved.status(), header(&moved, LOCATION)), (StatusCode::MOVED_PERMANENTLY, address.as_str()));
    let plain = get(&d, &kinds, 1, "/openapi/v3/apis/ex.io/v1", &[]);
    assert_eq!((plain.status(), header(&plain, CACHE_CONTROL)), (StatusCode::OK, ""));
    assert!(d.answer(Some(1), Arc::new(kinds.to_vec()), &request("/openapi/v3/apis/ex.io/v2", &[])).is_none());
}

#[test]
fn a_change_of_one_group_leaves_the_hash_of_another() {
    let d = Documents::default();
    let (a, b) = (kind("things", "a.io", "first"), kind("things", "b.io", "other"));
    let before = get(&d, &[a.clone(), b.clone()], 1, "/openapi/v3", &[]);
    let after = get(&d, &[kind("things", "a.io", "second"), b], 2, "/openapi/v3", &[]);
    assert_ne!(address_of(&before, "apis/a.io/v1"), address_of(&after, "apis/a.io/v1"));
    assert_eq!(address_of(&before, "apis/b.io/v1"), address_of(&after, "apis/b.io/v1"));
    assert_ne!(header(&before, ETAG), header(&after, ETAG));
}

#[test]
fn who_has_a_document_gets_304() {
    let (d, kinds) = (Documents::default(), [kind("things", "ex.io", "a")]);
    for path in ["/openapi/v2", "/openapi/v3", "/openapi/v3/apis/ex.io/v1"] {
        let first = get(&d, &kinds, 1, path, &[]);
        let again = get(&d, &kinds, 1, path, &[(IF_NONE_MATCH, header(&first, ETAG))]);
        assert_eq!((again.status(), again.body().len()), (StatusCode::NOT_MODIFIED, 0), "{path}");
        let since = header(&first, LAST_MODIFIED);
        let again = get(&d, &kinds, 1, path, &[(IF_MODIFIED_SINCE, since)]);
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED, "{path}");
        let before = "Mon, 02 Jan 2006 15:04:05 GMT";
        assert_eq!(get(&d, &kinds, 1, path, &[(IF_MODIFIED_SINCE, before)]).status(), StatusCode::OK, "{path}");
    }
}

#[test]
fn both_spellings_of_protobuf_are_known_and_others_are_refused() {
    let (d, kinds) = (Documents::default(), [kind("things", "ex.io", "a")]);
    for (path, version) in [("/openapi/v2", 2), ("/openapi/v3/apis/ex.io/v1", 3)] {
        for at in ['.', '@'] {
            let asked = format!("application/com.github.proto-openapi.spec.v{version}{at}v1.0+protobuf");
            let answer = get(&d, &kinds, 1, path, &[(ACCEPT, &asked)]);
            let want = format!("application/com.github.proto-openapi.spec.v{version}.v1.0+protobuf");
            assert_eq!(header(&answer, CONTENT_TYPE), want);
        }
        assert_eq!(get(&d, &kinds, 1, path, &[(ACCEPT, "text/html")]).status(), StatusCode::NOT_ACCEPTABLE);
    }
    let small = get(&d, &kinds, 1, "/openapi/v2", &[(ACCEPT_ENCODING, "gzip")]);
    assert_eq!(header(&small, CONTENT_ENCODING), "gzip");
    assert!(small.body().starts_with(&[0x1f, 0x8b]));
}

#[test]
fn the_index_has_the_keys_of_a_real_server() {
    let kinds =
        [kind("things", "ex.io", "a"), kind("namespaces", "", "b"), kind("definitions", "apiextensions.k8s.io", "c")];
    let d = Documents::default();
    let index: Value = serde_json::from_slice(get(&d, &kinds, 1, "/openapi/v3", &[]).body()).expect("JSON");
    let keys: Vec<&String> = index["paths"].as_object().expect("paths").keys().collect();
    let builtin = ["apis/apiextensions.k8s.io", "apis/apiextensions.k8s.io/v1"];
    assert_eq!(keys, [&["api", "api/v1", "apis"][..], &builtin, &["apis/ex.io/v1", "version"]].concat());
    for (key, answer) in
        [("api", "APIVersions"), ("apis", "APIGroupList"), ("version", "Info"), (builtin[0], "APIGroup")]
    {
        let address = index["paths"][key]["serverRelativeURL"].as_str().expect("an address");
        let document: Value = serde_json::from_slice(get(&d, &kinds, 1, address, &[]).body()).expect("JSON");
        let operation = &document["paths"][format!("/{key}/")]["get"];
        let schema = operation["responses"]["200"]["content"]["application/json"]["schema"]["$ref"].as_str();
        let name = schema.and_then(|r| r.rsplit('/').next()).expect("a reference");
        assert!(name.ends_with(&format!(".{answer}")), "{key}: {name}");
        assert!(document["components"]["schemas"][name].is_object(), "{key}: {name} is not there");
    }
}
