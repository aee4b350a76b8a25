//! Which kinds are served: those of the program, core `v1` Namespace, and those that CustomResourceDefinition objects
//! bring and take away at run time. One file per kind that is more than its definition.

pub mod definitions;
pub mod namespaces;

use super::engine::{Config, Engine};
use crate::schema::definition::Definition;
use crate::status::{Result, Status};
use std::sync::Arc;

/// Loads all kinds and starts the controllers.
pub(super) async fn start(engine: &Arc<Engine>, config: &Config) -> Result<()> {
    namespaces::serve(engine).await?;
    for crd in &config.definitions {
        let definition = Definition::from_crd(crd).map_err(|errors| {
            let name = crd.pointer("/metadata/name").and_then(serde_json::Value::as_str).unwrap_or_default();
            let gk = crate::resource::GroupKind::new("apiextensions.k8s.io", "CustomResourceDefinition");
            Status::invalid(&gk, name, &errors)
        })?;
        let conversion = config.conversions.get(&definition.group_resource().to_string()).cloned();
        let served = engine.load(definition, None, conversion, String::new()).await?;
        engine.update_kinds(|all| {
            all.insert(served.resource.clone(), Arc::new(served));
        });
    }
    if config.host_definitions {
        definitions::serve(engine).await?;
    }
    namespaces::run(engine);
    Ok(())
}
