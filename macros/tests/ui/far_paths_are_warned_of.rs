#![deny(deprecated)]

use kubegraft::{CustomResource, KubeSchema};
use serde::{Deserialize, Serialize};

#[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug)]
#[kube(group = "example.com", version = "v1", kind = "Widget")]
#[kube(printcolumn(name = "Team", type_ = "string", json_path = ".spec.metadata.team"))]
struct WidgetSpec {
    colour: String,
}

fn main() {}
