use kubegraft::{CustomResource, KubeSchema};
use serde::{Deserialize, Serialize};

#[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug)]
#[kube(group = "example.com", version = "v1", kind = "Widget")]
#[kube(printcolumn(name = "Colour", type_ = "strin", json_path = ".spec.colour"))]
#[kube(printcolumn(name = "colour", type_ = "string", format = "int", json_path = ".spec.colour"))]
#[kube(printcolumn(name = "", type_ = "string", json_path = "spec.colour"))]
struct WidgetSpec {
    colour: String,
}

fn main() {}
