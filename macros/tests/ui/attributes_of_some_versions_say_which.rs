use kubegraft::KubeSchema;
use serde::{Deserialize, Serialize};

#[kubegraft::versioned(version(name = "v1"), version(name = "v2"))]
#[derive(KubeSchema, Serialize, Deserialize)]
struct Cup {
    #[versioned(attr(x_kube(minimum = 1)))]
    a: u8,
    #[versioned(attr(since = "v2", before = "v1", x_kube(minimum = 1)))]
    b: u8,
    #[versioned(attr(since = 2, x_kube(minimum = 1)))]
    c: u8,
}

fn main() {}
