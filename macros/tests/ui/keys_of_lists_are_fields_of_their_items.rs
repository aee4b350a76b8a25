use kubegraft::KubeSchema;
use serde::{Deserialize, Serialize};

#[derive(KubeSchema, Serialize, Deserialize)]
struct Spec {
    #[x_kube(list_map_keys("nmae", "port_number"))]
    ports: Vec<Port>,
    #[x_kube(list_map_keys("name", "portNumber"))]
    right: Option<Vec<Port>>,
    #[x_kube(list_map_keys("key"))]
    flat: Vec<Flat>,
}

#[derive(KubeSchema, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Port {
    name: String,
    port_number: u16,
}

#[derive(KubeSchema, Serialize, Deserialize)]
struct Flat {
    #[serde(flatten)]
    port: Port,
}

fn main() {}
