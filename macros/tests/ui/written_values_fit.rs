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
    #[x_kube(pattern = "^[a-z]+$", default = "Blue")]
    paint: String,
    #[x_kube(format = "date-time", default = "2026-01-02 03:04:05Z")]
    since: Option<String>,
    #[x_kube(min_items = 3, default = ["a", "b"])]
    few: Vec<String>,
    #[x_kube(items(pattern = "^[0-9]+$", max_length = 3), default = ["12", "x"])]
    digits: Vec<String>,
    #[x_kube(default = ["a", 2])]
    mixed: Vec<String>,
    #[schemars(length(max = 1), regex(pattern = "a|b"))]
    #[x_kube(default = "c")]
    letter: Option<String>,
    #[x_kube(default = "grene")]
    shade: Shade,
    #[x_kube(default = "deep")]
    shade_of_old: Option<Shade>,
    #[x_kube(default = 3)]
    shade_by_number: Shade,
    #[x_kube(default = true)]
    named: Name,
    #[x_kube(default = "x")]
    level: Level,
    // These are right.
    #[x_kube(default = "green")]
    right_shade: Shade,
    #[x_kube(default = 3)]
    half: Level,
    #[x_kube(pattern = "^[a-z]+$", format = "hostname", default = "blue")]
    host: String,
}

#[derive(KubeSchema, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Shade {
    Red,
    #[serde(alias = "lime")]
    Green,
}

#[derive(KubeSchema, Serialize, Deserialize)]
struct Name(String);

#[derive(KubeSchema, Serialize, Deserialize)]
#[serde(transparent)]
struct Level {
    level: f64,
}

fn main() {}
