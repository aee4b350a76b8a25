use kubegraft::KubeSchema;
use serde::{Deserialize, Serialize};

#[kubegraft::versioned(version(name = "v1"), version(name = "v2"))]
#[derive(KubeSchema, Serialize, Deserialize)]
struct Cup {
    #[versioned(changed(since = "v2"))]
    a: u8,
    #[versioned(changed(since = "v2", from_name = "1st"))]
    b: u8,
    #[versioned(changed(since = "v2", form_name = "d"))]
    c: u8,
    #[versioned(chagned(since = "v2", from_name = "f"))]
    e: u8,
}

#[kubegraft::versioned(version(name = "v1"), version(name = "v2"))]
#[derive(KubeSchema, Serialize, Deserialize)]
struct Pair(#[versioned(changed(since = "v2", from_name = "first"))] u8, u8);

fn main() {}
