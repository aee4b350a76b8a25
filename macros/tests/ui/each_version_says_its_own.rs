use kubegraft::{CustomResource, KubeSchema};
use serde::{Deserialize, Serialize};

#[kubegraft::versioned(version(name = "v1"), version(name = "v2"))]
#[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug)]
#[kube(group = "example.com", version = "v1", kind = "Cup", deprecated, root = "Mug")]
struct CupSpec {
    size: u8,
}

fn main() {}
