use kubegraft::KubeSchema;
use serde::{Deserialize, Serialize};

#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug)]
struct Wide {
    wide: i128,
    wider: u128,
    inside: Vec<Option<i128>>,
    #[x_kube(maximum = 18_446_744_073_709_551_615_u64)]
    bound: u64,
}

fn main() {}
