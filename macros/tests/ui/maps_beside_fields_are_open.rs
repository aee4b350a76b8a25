use kubegraft::KubeSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(KubeSchema, Serialize, Deserialize)]
struct Beside {
    name: String,
    #[serde(flatten)]
    rest: BTreeMap<String, i32>,
}

#[derive(KubeSchema, Serialize, Deserialize)]
#[serde(tag = "type")]
enum Tagged {
    Map(BTreeMap<String, String>),
    Flat {
        #[serde(flatten)]
        rest: Option<BTreeMap<String, bool>>,
    },
    Right(BTreeMap<String, serde_json::Value>),
}

#[derive(KubeSchema, Serialize, Deserialize)]
struct Alone {
    #[serde(flatten)]
    right: BTreeMap<String, i32>,
}

fn main() {}
