//! Fifteen lines: one struct is a Kubernetes API. `cargo run --bin widgets -- serve`, or `-- crd` for a cluster.

use kubegraft::{CustomResource, KubeSchema};
use serde::{Deserialize, Serialize};
use std::process::ExitCode;

/// What a widget is to look like.
#[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug)]
#[kube(group = "example.com", version = "v1", kind = "Widget", namespaced, shortname = "wd")]
#[kube(printcolumn(name = "Colour", type_ = "string", json_path = ".spec.colour"))]
struct WidgetSpec {
    /// Its colour, in lower case.
    #[x_kube(pattern = "^[a-z]+$", max_length = 20)]
    colour: String,
    /// How many there are to be.
    #[x_kube(minimum = 0, default = 1)]
    replicas: Option<i32>,
}

fn main() -> ExitCode {
    kubegraft::App::new("widgets").resource::<Widget>().main()
}
