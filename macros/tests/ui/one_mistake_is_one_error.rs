use kubegraft::{CustomResource, KubeSchema};
use serde::{Deserialize, Serialize};

#[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug)]
#[kube(group = "example.com", version = "v1", kind = "Widget", namespaced, statuss = "WidgetStatus")]
struct WidgetSpec {
    name: String,
}

fn uses_all_the_same() -> Option<String> {
    use kubegraft::__private::kube_core::CustomResourceExt;
    let w = Widget::new("a", WidgetSpec { name: "b".into() });
    Widget::crd().metadata.name.or(w.metadata.name)
}

fn main() {}
