use kubegraft::KubeSchema;
use serde::{Deserialize, Serialize};

#[kubegraft::versioned(version(name = "v1"))]
fn cup() {}

#[kubegraft::versioned]
#[derive(KubeSchema, Serialize, Deserialize)]
struct Cup {
    #[versioned(added(since = "v1"))]
    size: u8,
}

#[kubegraft::versioned(version(name = "v1"))]
mod nothing {}

#[kubegraft::versioned(version(name = "v1"))]
#[derive(KubeSchema, Serialize, Deserialize)]
#[versioned(shared)]
struct Saucer {
    size: u8,
}

fn main() {}
