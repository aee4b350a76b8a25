use kubegraft::KubeSchema;
use serde::{Deserialize, Serialize};

#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug)]
#[x_kube(validation = Rule::new("self.a < self.b").field_path(""))]
#[x_kube(validation = Rule::new("self.a < self.b").field_path(".list[*]"))]
#[x_kube(validation = Rule::new("has(self.a) && size(self.b"))]
struct Widget {
    a: i32,
    b: i32,
}

fn main() {}
