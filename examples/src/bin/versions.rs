//! Three versions of one kind, served together: `cargo run --bin versions -- serve`.

use std::process::ExitCode;

fn main() -> ExitCode {
    kubegraft::App::new("versions").versions(kubegraft_examples::versions::websites()).main()
}
