use kubegraft::{CustomResource, KubeSchema};
use serde::{Deserialize, Serialize};

#[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug)]
#[kube(group = "example.com", version = "v1", kind = "Widget")]
#[kube(category = "All_Widgets", shortname = "w.", singular = "Widget", deprecated = "")]
struct WidgetSpec {
    name: String,
}

fn main() {}
