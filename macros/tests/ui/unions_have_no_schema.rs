use kubegraft::{CustomResource, KubeSchema};
use serde::{Deserialize, Serialize};

#[derive(KubeSchema)]
union Bits {
    a: u32,
    b: f32,
}

fn main() {}
