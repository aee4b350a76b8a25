//! `crd`: the definitions as YAML that a cluster accepts.

use super::{App, Failure};
use crate::resource::codec::yaml;

pub(super) fn run(app: &App) -> Result<(), Failure> {
    if app.definitions.is_empty() {
        return Err(format!("{} has no kinds of its own; clients bring them when it serves", app.name).into());
    }
    app.checked()?;
    for crd in &app.definitions {
        // As the author made it: a cluster sets its own defaults.
        println!("---\n{}", String::from_utf8_lossy(&yaml::encode(crd)).trim_end());
    }
    Ok(())
}
