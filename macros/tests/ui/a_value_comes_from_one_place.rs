use kubegraft::KubeSchema;
use serde::{Deserialize, Serialize};

#[kubegraft::versioned(version(name = "v1"), version(name = "v2"))]
#[derive(KubeSchema, Serialize, Deserialize)]
struct Cup {
    #[versioned(added(since = "v2", default = 1, upgrade_with = depth))]
    depth: u8,
    #[versioned(removed(since = "v2", default = 1, downgrade_with = width))]
    width: u8,
}

fn depth(_: &CupV1) -> u8 {
    1
}

fn width(_: &CupV2) -> u8 {
    1
}

#[kubegraft::versioned(version(name = "v1"), version(name = "v2"))]
#[derive(KubeSchema, Serialize, Deserialize)]
enum Shape {
    Round {
        #[versioned(added(since = "v2", upgrade_with = radius))]
        radius: u8,
    },
}

fn main() {}
