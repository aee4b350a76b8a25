//! Bodies that are broken, huge or deep, and clients without rights: a Status each, nothing lost, and the server goes on.

use kube::Client;
use kubegraft_tests::Server;
use serde_json::{Value, json};

struct Target {
    server: Server,
    client: Client,
    _dir: tempfile::TempDir,
}

const GADGETS: &str = "/apis/hostile.example.com/v1/namespaces/default/gadgets";

fn definition() -> Value {
    json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "gadgets.hostile.example.com"},
        "spec": {"group": "hostile.example.com", "scope": "Namespaced", "names": {"plural": "gadgets", "kind": "Gadget"},
            "versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": {"type": "object",
                "x-kubernetes-preserve-unknown-fields": true}}}]}})
}

fn gadget(name: &str, spec: &str) -> Vec<u8> {
    format!(r#"{{"apiVersion":"hostile.example.com/v1","kind":"Gadget","metadata":{{"name":"{name}"}},"spec":{spec}}}"#)
        .into_bytes()
}

impl Target {
    async fn start() -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        std::fs::write(dir.path().join("tokens"), "good,ann,1,\"system:masters\"\n").expect("written");
        let tokens = dir.path().join("tokens").display().to_string();
        let server = Server::start("crd-host", &dir.path().join("data"), &["--token-auth-file", &tokens]);
        let client = server.client().await.expect("a client");
        let this = Self { server, client, _dir: dir };
        let body = serde_json::to_vec(&definition()).expect("JSON");
        let (code, _) = this
            .send("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", "application/json", body)
            .await;
        assert_eq!(code, 201);
        for _ in 0..200 {
            if this.send("GET", GADGETS, "", Vec::new()).await.0 == 200 {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        let (code, kept) = this.send("POST", GADGETS, "application/json", gadget("kept", "{}")).await;
        assert_eq!(code, 201, "{kept}");
        this
    }

    async fn send(&self, method: &str, path: &str, content: &str, body: Vec<u8>) -> (u16, Value) {
        send(&self.client, method, path, content, body).await
    }

    /// Refused with this code, and the server is as it was.
    async fn refuses(
        &self,
        what: &str,
        (method, path): (&str, &str),
        content: &str,
        body: Vec<u8>,
        code: u16,
    ) -> String {
        let (got, status) = self.send(method, path, content, body).await;
        assert_eq!(got, code, "{what}: {status}");
        assert_eq!(
            (&status["kind"], &status["status"], &status["code"]),
            (&json!("Status"), &json!("Failure"), &json!(code)),
            "{what}"
        );
        let (code, _) = self.send("GET", &format!("{GADGETS}/kept"), "", Vec::new()).await;
        assert_eq!(code, 200, "after {what}");
        status["message"].as_str().unwrap_or_default().to_owned()
    }
}

async fn send(client: &Client, method: &str, path: &str, content: &str, body: Vec<u8>) -> (u16, Value) {
    let mut request = http::Request::builder().method(method).uri(path);
    if !content.is_empty() {
        request = request.header("content-type", content);
    }
    let response = client.send(request.body(body.into()).expect("a request")).await.expect("an answer");
    let code = response.status().as_u16();
    let bytes = response.into_body().collect_bytes().await.expect("a body");
    // Deeper than serde_json reads by itself: only the code is looked at then.
    (code, serde_json::from_slice(&bytes).unwrap_or_default())
}

#[tokio::test]
async fn bad_bodies_are_a_status_and_cost_nothing() {
    let t = Target::start().await;
    let (create, patch) =
        (("POST", GADGETS), ("PATCH", "/apis/hostile.example.com/v1/namespaces/default/gadgets/kept"));
    let json = "application/json";
    t.refuses("cut JSON", create, json, gadget("a", "{")[..40].to_vec(), 400).await;
    t.refuses("no JSON", create, json, b"\xff\xfe\x00".to_vec(), 400).await;
    t.refuses("nothing", create, json, Vec::new(), 400).await;
    t.refuses("a list", create, json, b"[]".to_vec(), 400).await;
    t.refuses("cut YAML", create, "application/yaml", b"apiVersion: [".to_vec(), 400).await;
    t.refuses("unknown form", create, "text/html", b"<p>".to_vec(), 415).await;
    t.refuses("4 MiB", create, json, gadget("big", &format!("{{\"a\":\"{}\"}}", "x".repeat(4 << 20))), 413).await;
    t.refuses("4 MiB patch", patch, "application/merge-patch+json", vec![b' '; 4 << 20], 413).await;
    let brackets = 1_500_000;
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(brackets), "]".repeat(brackets));
    for content in [json, "application/yaml"] {
        t.refuses("3 MB of brackets", create, content, gadget("deep", &deep)[..3_000_000].to_vec(), 400).await;
    }
    for content in ["application/merge-patch+json", "application/json-patch+json", "application/apply-patch+yaml"] {
        let path = format!("{}?fieldManager=x", patch.1);
        t.refuses("a deep patch", ("PATCH", &path), content, "[".repeat(2_900_000).into_bytes(), 400).await;
    }
    t.refuses("cut JSON patch", patch, "application/json-patch+json", b"[{".to_vec(), 400).await;
    let aliases =
        b"a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\n\
        d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e]\n\
        g: &g [*f,*f,*f,*f,*f,*f,*f,*f,*f]\nh: [*g,*g,*g,*g,*g,*g,*g,*g,*g]\n";
    t.refuses("aliases of aliases", create, "application/yaml", aliases.to_vec(), 400).await;
}

#[tokio::test]
async fn nesting_to_the_limit_is_taken_and_comes_back() {
    let t = Target::start().await;
    // The limit of Go's decoder is 10,000; the object itself is some levels.
    let spec = format!("{}1{}", "[".repeat(9_900), "]".repeat(9_900));
    let body = gadget("deep", &format!("{{\"a\":{spec}}}"));
    let (code, status) = t.send("POST", GADGETS, "application/json", body).await;
    assert_eq!(code, 201, "{status}");
    for accept in ["/deep", ""] {
        let (code, _) = t.send("GET", &format!("{GADGETS}{accept}"), "", Vec::new()).await;
        assert_eq!(code, 200);
    }
    let (code, _) = t.send("DELETE", &format!("{GADGETS}/deep"), "", Vec::new()).await;
    assert_eq!(code, 200);
}

#[tokio::test]
async fn a_broken_definition_is_refused_by_name_of_its_field() {
    let t = Target::start().await;
    let mut broken = definition();
    broken["metadata"]["name"] = "others.hostile.example.com".into();
    let body = serde_json::to_vec(&broken).expect("JSON");
    let create = ("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions");
    let message = t.refuses("a name that does not fit", create, "application/json", body, 422).await;
    assert!(message.contains("metadata.name"), "{message}");
    t.refuses(
        "no spec",
        create,
        "application/json",
        br#"{"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"a.b.c"}}"#
            .to_vec(),
        422,
    )
    .await;
}

#[tokio::test]
async fn who_may_do_nothing_is_told_so() {
    let t = Target::start().await;
    let config = kube::config::Kubeconfig::read_from(&t.server.kubeconfig).expect("a kubeconfig");
    let config = kube::Config::from_custom_kubeconfig(config, &Default::default()).await.expect("a configuration");
    let as_who = |token: Option<&str>| {
        let mut config = config.clone();
        config.auth_info = kube::config::AuthInfo { token: token.map(|t| t.to_owned().into()), ..Default::default() };
        kube::Client::try_from(config).expect("a client")
    };
    let stranger = send(&as_who(Some("bad")), "GET", GADGETS, "", Vec::new()).await;
    assert_eq!(
        (stranger.0, &stranger.1["reason"], &stranger.1["message"]),
        (401, &json!("Unauthorized"), &json!("Unauthorized"))
    );
    let nobody = send(&as_who(None), "GET", GADGETS, "", Vec::new()).await;
    assert_eq!((nobody.0, &nobody.1["reason"]), (403, &json!("Forbidden")));
    assert_eq!(
        nobody.1["message"],
        "gadgets.hostile.example.com is forbidden: User \"system:anonymous\" cannot list resource \"gadgets\" in API group \
         \"hostile.example.com\" in the namespace \"default\""
    );
    assert_eq!(send(&as_who(None), "GET", "/version", "", Vec::new()).await.0, 200);
    assert_eq!(send(&as_who(Some("good")), "GET", GADGETS, "", Vec::new()).await.0, 200);
}
