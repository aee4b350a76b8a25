//! A type that is not made from the one before is told where it is written.

#[kubegraft::versioned(version(name = "v1"), version(name = "v2"))]
mod desks {
    use kubegraft::KubeSchema;
    use serde::{Deserialize, Serialize};

    #[derive(KubeSchema, Serialize, Deserialize, Clone, Debug)]
    pub struct Desk {
        #[versioned(changed(since = "v2", from_type = "Vec<bool>", downgrade_with = none))]
        drawers: Vec<char>,
    }

    fn none(_: Vec<char>) -> Vec<bool> {
        Vec::new()
    }
}

fn main() {}
