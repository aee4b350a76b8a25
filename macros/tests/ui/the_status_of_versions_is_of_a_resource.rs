//! What `nested_status` says is of a status.

use kubegraft::{CustomResource, KubeSchema};
use serde::{Deserialize, Serialize};

#[kubegraft::versioned(version(name = "v1"), version(name = "v2"))]
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug)]
#[versioned(nested_status)]
struct Leg {
    length: u8,
}

#[kubegraft::versioned(version(name = "v1"), version(name = "v2"))]
#[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug)]
#[kube(group = "example.com", kind = "Desk")]
#[versioned(nested_status)]
struct DeskSpec {
    width: u8,
}

#[kubegraft::versioned(version(name = "v1"), version(name = "v2"))]
#[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug)]
#[kube(group = "example.com", kind = "Chair")]
#[versioned(nested_state)]
struct ChairSpec {
    width: u8,
}

fn main() {}
