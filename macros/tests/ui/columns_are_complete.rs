use kubegraft::{CustomResource, KubeSchema};
use serde::{Deserialize, Serialize};

#[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug)]
#[kube(group = "example.com", version = "v1", kind = "Widget")]
#[kube(printcolumn(name = "Colour"))]
#[kube(printcolumn = "not json")]
struct WidgetSpec {
    colour: String,
}

fn main() {}
