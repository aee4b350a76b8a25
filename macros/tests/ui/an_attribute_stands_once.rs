use kubegraft::{CustomResource, KubeSchema};
use serde::{Deserialize, Serialize};

#[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug)]
#[kube(group = "example.com", group = "example.org", version = "v1", kind = "Widget")]
struct WidgetSpec {
    name: String,
}

fn main() {}
