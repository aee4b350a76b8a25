use kubegraft::{CustomResource, KubeSchema};
use serde::{Deserialize, Serialize};

#[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug)]
#[kube(group = "example.com", version = "v1", kind = "Widget", print_column = "x", colour)]
struct WidgetSpec {
    #[x_kube(minLength = 3)]
    name: String,
    #[schemars(lenght(min = 1))]
    other: String,
}

fn main() {}
