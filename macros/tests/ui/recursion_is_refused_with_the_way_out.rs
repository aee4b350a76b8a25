use kubegraft::KubeSchema;
use serde::{Deserialize, Serialize};

#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug)]
struct Node {
    name: String,
    children: Vec<Node>,
}

#[derive(KubeSchema, Serialize, Deserialize)]
struct Open {
    #[x_kube(preserve_unknown_fields)]
    children: Vec<Open>,
}

fn main() {}
