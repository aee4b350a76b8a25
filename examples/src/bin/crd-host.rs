//! Any CustomResourceDefinition, at run time: `kubectl apply -f crd.yaml`, and its kind is served.

use std::process::ExitCode;

fn main() -> ExitCode {
    kubegraft::App::new("crd-host").host_crds().main()
}
