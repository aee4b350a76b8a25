//! (skeleton)

pub mod cel;
