use kubegraft::KubeSchema;
use serde::{Deserialize, Serialize};

#[derive(KubeSchema, Serialize, Deserialize)]
#[kubegraft::versioned(version(name = "v1"), version(name = "v2"))]
#[serde(rename_all = "camelCase")]
struct Cup {
    #[x_kube(minimum = 1)]
    #[versioned(added(since = "v2"))]
    size: u8,
}

fn main() {}
