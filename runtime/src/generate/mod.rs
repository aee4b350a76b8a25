//! Documents made from definitions, as pure functions: what a client reads to learn what is served. Serving them is `api`'s.

pub mod openapi;
mod versions;

pub use versions::Versions;
