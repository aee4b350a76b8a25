//! Storage: the contract that backends keep, the backends, and the cache that everything is read from. What a value means
//! is the caller's affair; what the contract promises in prose is docs/storage.md.

pub mod cache;
pub mod conformance;
mod contract;
mod dispatch;
pub mod embedded;
#[cfg(feature = "etcd")]
pub mod etcd;
pub mod memory;
mod mvcc;

pub use contract::{
    Attachment, Backend, BoxFuture, Error, Event, History, KeyValue, Outcome, Range, Revision, Sink, Subscription,
    Write,
};
pub use embedded::Embedded;
#[cfg(feature = "etcd")]
pub use etcd::Etcd;
pub use memory::Memory;

#[cfg(test)]
mod tests;
