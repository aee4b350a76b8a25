use kubegraft::KubeSchema;
use serde::{Deserialize, Serialize};

#[kubegraft::versioned(version(name = "v1alpha1"), version(name = "v1beta1"), version(name = "v1"))]
#[derive(KubeSchema, Serialize, Deserialize)]
struct Cup {
    #[versioned(added(since = "v1beat1"))]
    size: u8,
    #[versioned(removed(since = "stable"))]
    colour: u8,
    #[versioned(attr(before = "v11", x_kube(minimum = 1)))]
    depth: u8,
    #[versioned(added)]
    width: u8,
    #[versioned(added())]
    height: u8,
}

fn main() {}
