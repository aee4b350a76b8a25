use kubegraft::KubeSchema;
use serde::{Deserialize, Serialize};

#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug)]
struct Wide {
    wide: i128,
    wider: u128,
}

fn main() {}
