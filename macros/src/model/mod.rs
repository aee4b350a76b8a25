//! What was written, checked: types as serde reads them, resources as Kubernetes takes them.

mod case;
mod container;
mod names;
mod paths;
mod resource;
mod rules;

pub(crate) use case::snake;
pub(crate) use container::{Body, Container, Field, Form, Tagging, Variant};
pub(crate) use resource::Resource;
