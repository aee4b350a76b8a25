use kubegraft::{CustomResource, KubeSchema};
use serde::{Deserialize, Serialize};

#[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug)]
#[kube(group = "example.com", version = "v1", kind = "Widget")]
#[kube(printcolumn(name = "Colour", type_ = "string", json_path = ".spec.color"))]
#[kube(printcolumn(name = "Old", type_ = "date", json_path = ".metadata.creationTimstamp"))]
#[kube(printcolumn(name = "Ready", type_ = "string", json_path = ".status.ready"))]
#[kube(printcolumn(name = "Bad", type_ = "string", json_path = ".spec.colour[0"))]
#[kube(selectable = ".spec.colr")]
struct WidgetSpec {
    colour: String,
}

fn main() {}
