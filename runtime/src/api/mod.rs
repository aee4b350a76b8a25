//! The API over HTTP: routing by Kubernetes' path grammar, negotiation, documents, one thin handler per verb. What a verb
//! does is `verbs`'; sockets and TLS are `server`'s.

mod blocks;
pub mod body;
pub mod discovery;
mod documents;
mod events;
pub mod go_duration;
pub mod health;
mod impersonate;
mod media;
mod metrics;
pub mod negotiate;
mod openapi;
mod options;
mod process;
pub mod query;
pub mod request;
mod resources;
mod respond;
mod reviews;
mod routes;
pub mod service;
pub mod table;
#[cfg(test)]
mod tests;
pub mod version;
mod websocket;

pub use service::{Api, Config, refusal};
