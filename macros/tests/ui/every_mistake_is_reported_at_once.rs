use kubegraft::{CustomResource, KubeSchema};
use serde::{Deserialize, Serialize};

#[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug)]
#[kube(group = "Example.com", version = "V1", kind = "widget", plural = "Wid_gets", shortname = "W")]
#[kube(printcolumn(name = "Age", type_ = "time", json_path = "metadata.creationTimestamp"))]
#[kube(scale(spec_replicas_path = ".spec.replica", status_replicas_path = ".status.replicas"))]
struct WidgetSpec {
    #[x_kube(list_type = "sett")]
    replicas: Vec<i32>,
    #[x_kube(pattern = "a(?=b)")]
    name: String,
}

fn main() {}
