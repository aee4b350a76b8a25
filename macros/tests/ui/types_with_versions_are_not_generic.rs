use kubegraft::KubeSchema;
use serde::{Deserialize, Serialize};

#[kubegraft::versioned(version(name = "v1"), version(name = "v2"))]
#[derive(KubeSchema, Serialize, Deserialize)]
struct Cup<T> {
    content: T,
}

fn main() {}
