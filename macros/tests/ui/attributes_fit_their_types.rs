use kubegraft::KubeSchema;
use serde::{Deserialize, Serialize};

#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug)]
struct Widget {
    #[x_kube(min_length = 3)]
    number: i32,
    #[x_kube(minimum = 3)]
    text: Option<String>,
    #[x_kube(max_items = 3)]
    flag: bool,
    #[x_kube(format = "datetme")]
    when: String,
}

fn main() {}
