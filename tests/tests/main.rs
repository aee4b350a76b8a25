//! One binary for all integration tests of the repository.

mod apply;
mod apply_typed;
mod apply_versions;
mod command_line;
mod diff;
mod drain;
mod full_disk;
mod growing;
mod helm;
mod hostile;
mod in_process;
mod interchange;
mod kill;
mod kube_examples;
mod kubectl;
mod layers;
mod migrate;
mod python;
mod readme;
mod replicas;
mod typed;
mod versioned;
mod versioned_shapes;
mod versions;
mod watch_model;
