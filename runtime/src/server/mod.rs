//! The HTTPS server: configuration checked and completed, certificates made or read, the accept loop, authentication of
//! each request, shutdown that drains. What is served is any tower service; the API's is `api`'s.

mod authenticate;
mod config;
mod drain;
mod files;
mod kubeconfig;
mod pki;
mod serve;
#[cfg(test)]
mod tests;
mod tls;

pub use authenticate::Authenticate;
pub use config::{Completed, Config, Error};
pub(crate) use pki::{Expiry, expiries};
pub use serve::{Bound, limits_are_errors, termination};

/// The stack of each thread of the [`runtime`]: request bodies may nest 10,000 deep and are walked recursively. It is
/// address space; pages that are never touched cost no memory.
pub const STACK_SIZE: usize = 256 << 20;

/// The runtime a server runs on.
///
/// # Errors
/// The system refuses a thread.
pub fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    let workers = std::thread::available_parallelism().map_or(2, usize::from).max(2);
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(workers)
        .thread_name("kubegraft")
        .thread_stack_size(STACK_SIZE)
        .enable_all()
        .build()
}
