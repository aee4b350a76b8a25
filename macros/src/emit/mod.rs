//! From checked models to code. It names the runtime's private re-exports only, each by its full path, and calls builders of
//! the runtime rather than spelling schemas out.

mod apply;
mod facets;
mod inherit;
mod resource;
mod schema;
mod shape;
#[cfg(test)]
mod tests;
mod versioned;

pub(crate) use apply::apply;
pub(crate) use inherit::inherit;
pub(crate) use resource::resource;
pub(crate) use schema::schema;
pub(crate) use versioned::versioned;
