use kubegraft::{CustomResource, KubeSchema};
use serde::{Deserialize, Serialize};

#[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug)]
#[kube(group = "example.com", version = "v1", kind = "Widget", status = "WidgetStatus", apply)]
struct WidgetSpec {
    inner: Option<Inner>,
    list: Vec<Listed>,
    #[x_kube(apply)]
    whole: Inner,
}

#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug)]
struct Inner {
    name: String,
}

#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug)]
struct Listed {
    name: String,
}

#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug)]
struct WidgetStatus {
    ready: bool,
}

fn main() {}
