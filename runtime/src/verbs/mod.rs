//! The verbs of the API: what happens to a request from decoded options to stored object, in order, the same for every
//! kind, mode and front end. No HTTP here: `api` decodes requests into these types and answers with what comes back.
//!
//! One file per verb. `create` is the one to read first.

pub mod context;
pub mod create;
pub mod decode;
pub mod delete;
pub mod delete_collection;
pub mod engine;
pub mod entry;
pub mod get;
pub mod kinds;
pub mod list;
pub mod migrate;
pub mod options;
pub mod patch;
pub mod served;
pub mod store;
pub mod strategy;
pub mod subresource;
pub mod update;
pub mod watch;

pub use context::{Context, Target};
pub use engine::{Config, Engine};
pub use entry::Entry;
pub use served::Served;
