//! (skeleton)

pub mod discovery;
pub mod health;
pub mod version;
