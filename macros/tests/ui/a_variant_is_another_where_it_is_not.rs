use kubegraft::KubeSchema;
use serde::{Deserialize, Serialize};

#[kubegraft::versioned(version(name = "v1"), version(name = "v2"))]
#[derive(KubeSchema, Serialize, Deserialize)]
enum Size {
    Small,
    Of(u8),
    #[versioned(added(since = "v2"))]
    Medium,
    #[versioned(added(since = "v2", instead = Smal))]
    Large,
    #[versioned(added(since = "v2", instead = Of))]
    Huge,
    #[versioned(added(since = "v2", instead = Medium))]
    Vast,
    #[versioned(removed(since = "v2", instead = Small, upgrade_with = grow))]
    Tiny,
    #[versioned(removed(since = "v2"))]
    Dwarf,
    #[versioned(added(since = "v2", default = 1))]
    None,
}

fn main() {}
