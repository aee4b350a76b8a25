//! Three versions of one kind on the running server, through kubectl and kube-rs: what is written at one version is read,
//! listed, watched, patched and applied at the others, and nothing an older one cannot hold is lost.

use futures::{StreamExt, TryStreamExt};
use kube::api::{Api, ListParams, Patch, PatchParams, PostParams, WatchEvent, WatchParams};
use kubegraft::resource::conversion::KEPT;
use kubegraft::testing::{Server as InProcess, round_trip};
use kubegraft::{CustomResource, KubeSchema, Versions};
use kubegraft_examples::versions::{v1, v1alpha1, v1beta1, websites};
use kubegraft_tests::{Server, Shell, kubectls};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

struct Websites {
    alpha: Api<v1alpha1::Website>,
    beta: Api<v1beta1::Website>,
    stable: Api<v1::Website>,
}

async fn served() -> Websites {
    let server = InProcess::builder().versions(websites()).start().await.expect("a server");
    let client = server.client();
    Websites {
        alpha: Api::default_namespaced(client.clone()),
        beta: Api::default_namespaced(client.clone()),
        stable: Api::default_namespaced(client),
    }
}

fn shop() -> v1::Website {
    let port = |name: &str, port| v1::Port { name: name.into(), port };
    let image = v1::Image { name: "registry.example.com:5000/shop".into(), tag: Some("1.2".into()) };
    let ports = vec![port("web", 80), port("admin", 8080)];
    v1::Website::new("shop", v1::WebsiteSpec { image, ports, update: v1::Update::Canary })
}

#[tokio::test]
async fn what_one_version_wrote_every_version_reads() {
    let Websites { alpha, beta, stable } = served().await;
    let old = v1alpha1::WebsiteSpec { image: "nginx:1.29".into(), port: Some(80) };
    alpha.create(&PostParams::default(), &v1alpha1::Website::new("old", old.clone())).await.expect("made at v1alpha1");
    stable.create(&PostParams::default(), &shop()).await.expect("made at v1");

    assert_eq!(alpha.get("old").await.expect("at v1alpha1").spec, old);
    let seen = beta.get("old").await.expect("at v1beta1").spec;
    assert_eq!((seen.image.name.as_str(), seen.image.tag.as_deref()), ("nginx", Some("1.29")));
    assert_eq!((seen.ports, seen.recreate), (vec![v1beta1::PortNumber(80)], false));
    let seen = stable.get("old").await.expect("at v1");
    assert_eq!(seen.spec.ports, [v1::Port { name: "port-80".into(), port: 80 }]);
    assert_eq!(seen.metadata.annotations, None, "nothing is kept where nothing is lost");

    let seen = alpha.get("shop").await.expect("at v1alpha1");
    assert_eq!(seen.spec.image, "registry.example.com:5000/shop:1.2");
    assert_eq!(seen.spec.port, Some(80));
    let names = |all: Vec<String>| all.join(" ");
    let listed = alpha.list(&ListParams::default()).await.expect("a list at v1alpha1").items;
    assert_eq!(
        names(listed.into_iter().map(|w| w.spec.image).collect()),
        "nginx:1.29 registry.example.com:5000/shop:1.2"
    );
    let listed = beta.list(&ListParams::default()).await.expect("a list at v1beta1").items;
    assert_eq!(names(listed.into_iter().map(|w| w.spec.image.name).collect()), "nginx registry.example.com:5000/shop");
    let canaries = stable.list(&ListParams::default().fields("spec.update=Canary")).await.expect("a list at v1").items;
    assert_eq!(canaries.len(), 1);
}

#[tokio::test]
async fn an_update_at_an_old_version_keeps_what_it_cannot_hold() {
    let Websites { alpha, beta, stable } = served().await;
    stable.create(&PostParams::default(), &shop()).await.expect("made");

    let mut old = alpha.get("shop").await.expect("at v1alpha1");
    old.spec.image = "registry.example.com:5000/shop:1.3".into();
    let written = alpha.replace("shop", &PostParams::default(), &old).await.expect("replaced at v1alpha1");
    assert!(written.metadata.annotations.is_some_and(|a| a.contains_key(KEPT)));
    let mut wanted = shop().spec;
    wanted.image.tag = Some("1.3".into());
    let stored = stable.get("shop").await.expect("at v1");
    assert_eq!(stored.spec, wanted, "ports with their names and the way to update are still there");
    assert_eq!(stored.metadata.annotations, None, "v1 holds everything itself");

    let grow = Patch::Merge(json!({"spec": {"ports": [80, 8080, 9090]}}));
    beta.patch("shop", &PatchParams::default(), &grow).await.expect("patched at v1beta1");
    wanted.ports.push(v1::Port { name: "port-9090".into(), port: 9090 });
    assert_eq!(stable.get("shop").await.expect("at v1").spec, wanted);

    let status = Patch::Merge(json!({"status": {"url": "https://shop.example.com"}}));
    alpha.patch_status("shop", &PatchParams::default(), &status).await.expect("a status at v1alpha1");
    let seen = stable.get("shop").await.expect("at v1");
    assert_eq!(seen.status.and_then(|s| s.url).as_deref(), Some("https://shop.example.com"));
    assert_eq!(seen.spec, wanted, "a status at an old version leaves the spec alone");
}

#[tokio::test]
async fn a_client_of_an_old_version_that_says_otherwise_is_obeyed() {
    let Websites { beta, stable, .. } = served().await;
    stable.create(&PostParams::default(), &shop()).await.expect("made");
    let recreate = Patch::Merge(json!({"spec": {"recreate": true}}));
    beta.patch("shop", &PatchParams::default(), &recreate).await.expect("patched at v1beta1");
    assert_eq!(stable.get("shop").await.expect("at v1").spec.update, v1::Update::Recreate);
}

#[tokio::test]
async fn a_watch_shows_its_own_version() {
    let Websites { alpha, beta, stable } = served().await;
    let olds = alpha.watch(&WatchParams::default().disable_bookmarks(), "0").await.expect("a watch at v1alpha1");
    let news = beta.watch(&WatchParams::default().disable_bookmarks(), "0").await.expect("a watch at v1beta1");
    stable.create(&PostParams::default(), &shop()).await.expect("made");
    let next = Patch::Merge(json!({"spec": {"image": {"tag": "2"}}}));
    stable.patch("shop", &PatchParams::default(), &next).await.expect("patched at v1");

    let seen: Vec<_> = olds.take(2).try_collect().await.expect("events");
    let [WatchEvent::Added(first), WatchEvent::Modified(second)] = &seen[..] else { panic!("{seen:?}") };
    assert_eq!(first.spec.image, "registry.example.com:5000/shop:1.2");
    assert_eq!(second.spec.image, "registry.example.com:5000/shop:2");
    let seen: Vec<_> = news.take(2).try_collect().await.expect("events");
    let [WatchEvent::Added(_), WatchEvent::Modified(second)] = &seen[..] else { panic!("{seen:?}") };
    assert_eq!(second.spec.image.tag.as_deref(), Some("2"));
    assert_eq!(second.metadata.resource_version, stable.get("shop").await.expect("at v1").metadata.resource_version);
}

#[tokio::test]
async fn two_managers_apply_at_two_versions() {
    let Websites { alpha, stable, .. } = served().await;
    let of = |version: &str, spec: Value| {
        let api_version = format!("web.example.com/{version}");
        Patch::Apply(json!({"apiVersion": api_version, "kind": "Website", "metadata": {"name": "shop"}, "spec": spec}))
    };
    let image = of("v1alpha1", json!({"image": "shop:1"}));
    alpha.patch("shop", &PatchParams::apply("deployer"), &image).await.expect("applied at v1alpha1");
    let rest = of("v1", json!({"update": "Canary", "ports": [{"name": "web", "port": 80}]}));
    stable.patch("shop", &PatchParams::apply("owner").force(), &rest).await.expect("applied at v1");
    let image = of("v1alpha1", json!({"image": "shop:2"}));
    alpha.patch("shop", &PatchParams::apply("deployer"), &image).await.expect("applied again at v1alpha1");

    let seen = stable.get("shop").await.expect("at v1").spec;
    assert_eq!((seen.image.name.as_str(), seen.image.tag.as_deref()), ("shop", Some("2")));
    assert_eq!(seen.update, v1::Update::Canary);
    assert_eq!(seen.ports, [v1::Port { name: "web".into(), port: 80 }]);
}

/// Versions whose conversion refuses some of what the schema takes.
mod narrow {
    use super::*;

    pub(super) mod v1 {
        use super::*;

        #[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug)]
        #[kube(group = "narrow.example.com", version = "v1", kind = "Span", namespaced)]
        pub(in super::super) struct SpanSpec {
            pub(in super::super) length: String,
        }
    }

    pub(super) mod v2 {
        use super::*;

        #[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug)]
        #[kube(group = "narrow.example.com", version = "v2", kind = "Span", namespaced)]
        pub(in super::super) struct SpanSpec {
            pub(in super::super) metres: u32,
        }
    }

    impl TryFrom<v1::SpanSpec> for v2::SpanSpec {
        type Error = String;

        fn try_from(old: v1::SpanSpec) -> Result<Self, String> {
            assert_ne!(old.length, "panic", "as careless code would");
            let metres = old.length.strip_suffix('m').and_then(|n| n.parse().ok());
            metres.map(|metres| Self { metres }).ok_or_else(|| format!("spec.length: {:?} is not like 3m", old.length))
        }
    }

    impl From<v2::SpanSpec> for v1::SpanSpec {
        fn from(new: v2::SpanSpec) -> Self {
            Self { length: format!("{}m", new.metres) }
        }
    }

    pub(super) fn spans() -> Versions<v2::Span> {
        Versions::oldest::<v1::Span>().then_spec::<v2::Span>()
    }
}

#[tokio::test]
async fn what_cannot_be_converted_is_refused_with_its_field_and_harms_nothing() {
    let server = InProcess::builder().versions(narrow::spans()).start().await.expect("a server");
    let (old, new): (Api<narrow::v1::Span>, Api<narrow::v2::Span>) =
        (Api::default_namespaced(server.client()), Api::default_namespaced(server.client()));
    let span = |name: &str, length: &str| narrow::v1::Span::new(name, narrow::v1::SpanSpec { length: length.into() });
    for (length, why) in [("three", "spec.length: \"three\" is not like 3m"), ("panic", "the conversion panicked")] {
        let refused = old.create(&PostParams::default(), &span("bad", length)).await.expect_err("no length");
        let kube::Error::Api(status) = refused else { panic!("no Status: {refused:?}") };
        assert_eq!(status.code, 500);
        assert!(status.message.contains(why), "{}", status.message);
    }
    old.create(&PostParams::default(), &span("good", "3m")).await.expect("made");
    assert_eq!(new.get("good").await.expect("at v2").spec.metres, 3);
    assert_eq!(old.list(&ListParams::default()).await.expect("a list").items.len(), 1);
}

#[test]
fn the_round_trip_test_finds_what_a_schema_takes_and_a_conversion_refuses() {
    let why = round_trip(narrow::spans()).expect_err("refused").to_string();
    assert!(why.contains("cannot convert from v1 to v2: spec.length: "), "{why}");
    assert!(why.contains("\"apiVersion\": \"narrow.example.com/v1\""), "{why}");
}

const SESSION: &str = r#"
set -e
kubectl create -f - >/dev/null <<YAML
apiVersion: web.example.com/v1
kind: Website
metadata: {name: shop}
spec: {image: {name: shop, tag: "1.2"}, ports: [{name: web, port: 80}, {name: admin, port: 8080}], update: Canary}
YAML
kubectl get website shop -o jsonpath='{.apiVersion} {.spec.update}{"\n"}'
kubectl get websites.v1beta1.web.example.com shop -o jsonpath='{.apiVersion} {.spec.image} {.spec.ports}{"\n"}'
kubectl get websites.v1alpha1.web.example.com shop -o jsonpath='{.apiVersion} {.spec}{"\n"}'
kubectl get websites.v1alpha1.web.example.com
kubectl patch websites.v1alpha1.web.example.com shop --type=merge -p '{"spec":{"image":"shop:1.3"}}' >/dev/null
kubectl get website shop -o jsonpath='{.spec}{"\n"}'
kubectl apply --server-side -f - >/dev/null <<YAML
apiVersion: web.example.com/v1beta1
kind: Website
metadata: {name: docs}
spec: {image: {name: docs}, ports: [443]}
YAML
kubectl get website docs -o jsonpath='{.spec.ports} {.spec.update}{"\n"}'
kubectl get websites.v1beta1.web.example.com -o jsonpath='{range .items[*]}{.apiVersion} {end}{"\n"}'
kubectl explain website.spec.update --api-version web.example.com/v1 | grep -c Canary
"#;

#[test]
fn kubectl_speaks_every_version_and_is_warned_of_the_old_one() {
    for kubectl in kubectls() {
        let data = tempfile::tempdir().expect("a directory");
        let server = Server::start("versions", data.path(), &[]);
        let done = Shell::new(&kubectl, &server.kubeconfig).run(SESSION);
        let (out, err) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
        assert!(done.status.success(), "{}: {out}{err}", kubectl.display());
        let wanted = [
            "web.example.com/v1 Canary",
            r#"web.example.com/v1beta1 {"name":"shop","tag":"1.2"} [80,8080]"#,
            r#"web.example.com/v1alpha1 {"image":"shop:1.2","port":80}"#,
            "NAME   IMAGE",
            "shop   shop:1.2",
            r#"{"image":{"name":"shop","tag":"1.3"},"ports":[{"name":"web","port":80},{"name":"admin","port":8080}],"update":"Canary"}"#,
            r#"[{"name":"port-443","port":443}] Rolling"#,
            "web.example.com/v1beta1 web.example.com/v1beta1 ",
        ];
        let lines: Vec<&str> = out.lines().collect();
        assert_eq!(&lines[..wanted.len()], wanted, "{}", kubectl.display());
        assert_ne!(lines.last(), Some(&"0"));
        let warning =
            "Warning: web.example.com/v1alpha1 Website is deprecated; use v1, which has all ports and how to update";
        assert!(err.contains(warning), "{err}");
    }
}
