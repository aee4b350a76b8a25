//! A set without an order is not the same in two versions.

#[kubegraft::versioned(version(name = "v1"), version(name = "v2"))]
mod desks {
    use kubegraft::KubeSchema;
    use serde::{Deserialize, Serialize};
    use std::collections::HashSet;

    #[derive(KubeSchema, Serialize, Deserialize, Clone, Debug)]
    pub struct Desk {
        words: Option<HashSet<String>>,
    }
}

fn main() {}
