use kubegraft::KubeSchema;
use serde::{Deserialize, Serialize};

#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug)]
#[serde(tag = "type")]
enum Action {
    Run { command: String },
    Wait(u32),
    All(Option<Vec<String>>),
}

fn main() {}
