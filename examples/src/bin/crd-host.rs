//! Any CustomResourceDefinition, at run time: `kubectl apply -f crd.yaml`, and its kind is served.

use std::process::ExitCode;

/// Which allocator a program has is its own choice; this one takes fewer cycles per request than the system's. It is built without
/// huge pages: they would cost a small server ten MiB.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    kubegraft::App::new("crd-host").host_crds().main()
}
