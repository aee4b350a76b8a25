use kubegraft::KubeSchema;
use serde::{Deserialize, Serialize};

#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug)]
struct Widget {
    #[serde(rename(serialize = "a", deserialize = "b"))]
    name: String,
}

fn main() {}
