use kubegraft::{CustomResource, KubeSchema};
use serde::{Deserialize, Serialize};

#[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug)]
#[kube(group = "example.com", version = "v1", kind = "Widget", validation = "self.metadata.name ==")]
#[x_kube(validation = Rule::new("self.colour = 'red'").message("one\nline"))]
struct WidgetSpec {
    #[x_kube(validation = ("self.size( > 0", "has a size"))]
    #[x_kube(validation = "")]
    colour: String,
}

fn main() {}
