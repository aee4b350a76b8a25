//! Serves the kinds of the operator example: `cargo run --bin fleet -- serve`, and beside it `cargo run --bin fleet-operator`.

use kubegraft_examples::fleet::{Fleet, Ship};
use std::process::ExitCode;

fn main() -> ExitCode {
    kubegraft::App::new("fleet").resource::<Fleet>().resource::<Ship>().main()
}
