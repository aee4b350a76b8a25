use kubegraft::{CustomResource, KubeSchema};
use serde::{Deserialize, Serialize};

#[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug)]
#[kube(group = "example.com", version = "v1", kind = "Widget", status = "Inner")]
struct WidgetSpec {
    inner: Inner,
    list: Vec<Inner>,
}

#[derive(Serialize, Deserialize, Clone, Debug)]
struct Inner {
    name: String,
}

fn main() {}
