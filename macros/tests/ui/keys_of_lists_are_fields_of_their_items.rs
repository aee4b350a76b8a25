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
    #[x_kube(list_map_keys("port"))]
    right_flat: Vec<Flat>,
    #[x_kube(list_map_keys("maybe"))]
    missing: Vec<Flat>,
    #[x_kube(list_map_keys("list"))]
    lists: Vec<Flat>,
    #[x_kube(list_map_keys("key"))]
    texts: Vec<String>,
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
    inner: Port,
    port: i64,
    maybe: Option<String>,
    list: Vec<String>,
}

fn main() {}
