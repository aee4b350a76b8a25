//! What the commands that look at definitions share: reading them, the form of the answer, and a stack that bears them.

use super::Failure;
use crate::server;
use clap::ValueEnum;
use std::io::{Read, Result};

/// Form of an answer.
#[derive(Clone, Copy, Default, PartialEq, ValueEnum)]
pub(super) enum Output {
    #[default]
    Text,
    Json,
}

/// The text of a file; `-` is standard input.
pub(super) fn read(file: &str) -> Result<String> {
    if file != "-" {
        return std::fs::read_to_string(file);
    }
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    Ok(text)
}

/// Definitions may nest as deep as requests: only the server's threads have stacks for them, and this one.
pub(super) fn on_deep_stack<T: Send>(
    failed: &str,
    run: impl FnOnce() -> std::result::Result<T, Failure> + Send,
) -> std::result::Result<T, Failure> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(server::STACK_SIZE).spawn_scoped(scope, run)?;
        thread.join().unwrap_or_else(|_| Err(failed.into()))
    })
}
