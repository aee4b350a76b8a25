use kubegraft::KubeSchema;
use serde::{Deserialize, Serialize};

#[derive(KubeSchema, Serialize, Deserialize)]
struct Spec {
    #[x_kube(minimum = 1, maximum = 9, default = 10)]
    high: i32,
    #[x_kube(minimum = 1, default = -1)]
    low: Option<i64>,
    #[x_kube(exclusive_minimum = 0.5, default = 0.5)]
    edge: f64,
    #[x_kube(multiple_of = 5, default = 7)]
    step: u32,
    #[x_kube(default = 300)]
    small: u8,
    #[x_kube(default = "3")]
    number: i32,
    #[x_kube(default = 3)]
    text: String,
    #[x_kube(default = true)]
    name: Option<String>,
    #[x_kube(values("small", "large"), default = "medium")]
    size: String,
    #[x_kube(max_length = 3, default = "grün!")]
    long: String,
    #[schemars(length(min = 3))]
    #[x_kube(default = "ab")]
    short: String,
    #[x_kube(minimum = 1, maximum = 9, values(3, 5), default = 5)]
    right: u8,
    #[x_kube(minimum = 5, maximum = 4)]
    none: Option<i32>,
    #[x_kube(min_length = 5, max_length = 4)]
    empty: String,
    #[x_kube(minimum = "1", maximum = 2)]
    bound: i32,
    #[x_kube(min_items = -1, values())]
    list: Vec<String>,
}

fn main() {}
