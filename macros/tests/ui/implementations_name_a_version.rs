#[kubegraft::versioned(version(name = "v1"), version(name = "v2"))]
mod cups {
    use kubegraft::KubeSchema;
    use serde::{Deserialize, Serialize};

    #[derive(KubeSchema, Serialize, Deserialize)]
    pub struct Cup {
        pub size: u8,
    }

    impl Cup {
        pub fn is_large(&self) -> bool {
            self.size > 9
        }
    }
}

fn main() {}
