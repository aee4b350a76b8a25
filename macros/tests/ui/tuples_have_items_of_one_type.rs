use kubegraft::KubeSchema;
use serde::{Deserialize, Serialize};

#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug)]
struct Pair(i32, String);

#[derive(KubeSchema, Serialize, Deserialize)]
struct Holder {
    pair: (i32, bool),
    fine: (i32, i32),
}

#[derive(KubeSchema, Serialize, Deserialize)]
enum Shape {
    Circle(i32),
    Text(i32, String),
}

fn main() {}
