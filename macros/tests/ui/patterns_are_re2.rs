use kubegraft::KubeSchema;
use serde::{Deserialize, Serialize};

#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug)]
struct Widget {
    #[x_kube(pattern = "^(a")]
    open: String,
    #[schemars(regex(pattern = r"a(?!b)"))]
    look: String,
}

#[derive(KubeSchema, Serialize, Deserialize)]
struct Items {
    #[x_kube(items(pattern = "[z-a]", colour = 1))]
    list: Vec<String>,
}

fn main() {}
