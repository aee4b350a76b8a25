use kubegraft::{CustomResource, KubeSchema};
use serde::{Deserialize, Serialize};

#[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug)]
#[kube(group = "example.com", version = "v1", kind = "Widget")]
#[kube(scale(
    spec_replicas_path = ".status.replicas",
    status_replicas_path = ".status.conditions[0]",
    label_selector_path = ".metadata.labels"
))]
struct WidgetSpec {
    replicas: i32,
}

#[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug)]
#[kube(group = "example.com", version = "v1", kind = "Gadget")]
#[kube(scale(spec_replicas_path = ".spec.replicas"))]
struct GadgetSpec {
    replicas: i32,
}

fn main() {}
