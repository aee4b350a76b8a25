use kubegraft::KubeSchema;
use serde::{Deserialize, Serialize};

#[kubegraft::versioned(
    version(name = "v1"),
    version(name = "v1beta1", storage),
    version(name = "v1"),
    version(name = "v2", storage, deprecated = ""),
    version(name = "V3"),
    version(nam = "v4"),
    version(served = false),
    versoin(name = "v5")
)]
#[derive(KubeSchema, Serialize, Deserialize)]
struct Cup {
    size: u8,
}

fn main() {}
