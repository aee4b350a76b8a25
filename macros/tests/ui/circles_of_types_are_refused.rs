use kubegraft::KubeSchema;
use serde::{Deserialize, Serialize};

#[derive(KubeSchema, Serialize, Deserialize)]
struct Tree {
    label: String,
    branches: Vec<Branch>,
}

#[derive(KubeSchema, Serialize, Deserialize)]
struct Branch {
    leaves: Option<Leaves>,
}

#[derive(KubeSchema, Serialize, Deserialize)]
enum Leaves {
    Green(Box<Tree>),
    Fallen { count: u32, from: std::collections::BTreeMap<String, Branch> },
}

#[derive(KubeSchema, Serialize, Deserialize)]
struct Open {
    inner: Option<Box<Inner>>,
}

#[derive(KubeSchema, Serialize, Deserialize)]
struct Inner {
    #[x_kube(preserve_unknown_fields)]
    open: Vec<Open>,
    pair: Pair<Box<Open>>,
}

#[derive(KubeSchema, Serialize, Deserialize)]
struct Pair<T> {
    first: T,
}

fn main() {}
