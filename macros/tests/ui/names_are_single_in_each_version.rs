use kubegraft::KubeSchema;
use serde::{Deserialize, Serialize};

#[kubegraft::versioned(version(name = "v1"), version(name = "v2"))]
#[derive(KubeSchema, Serialize, Deserialize)]
struct Cup {
    colour: u8,
    #[versioned(changed(since = "v2", from_name = "colour"))]
    color: u8,
}

#[kubegraft::versioned(version(name = "v1"), version(name = "v2"))]
#[derive(KubeSchema, Serialize, Deserialize)]
enum Size {
    Small,
    #[versioned(changed(since = "v2", from_name = "Small"))]
    Tiny,
}

fn main() {}
