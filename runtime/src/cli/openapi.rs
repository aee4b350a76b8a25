//! `openapi`: the document a server of this program publishes about its kinds, without a server.

use super::{App, Failure};
use crate::api::version;
use crate::generate::openapi::{self, Published};
use crate::resource::version::by_priority;
use clap::Args;
use serde_json::{Map, Value, json};

#[derive(Args)]
pub(super) struct Flags {
    /// Version 2 of OpenAPI instead of 3
    #[arg(long)]
    v2: bool,
}

pub(super) fn run(app: &App, flags: &Flags) -> Result<(), Failure> {
    let checked = app.checked()?;
    let verbs = &["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];
    let kinds: Vec<Published<'_>> = checked.iter().map(|(_, definition)| Published { definition, verbs }).collect();
    let document = if flags.v2 { openapi::v2(&kinds, &version::git_version()) } else { all(&kinds) };
    println!("{}", serde_json::to_string_pretty(&document)?);
    Ok(())
}

/// A server has one version 3 document per group and version; printed is one that holds them all.
fn all(kinds: &[Published<'_>]) -> Value {
    let mut versions: Vec<(&str, &str)> = kinds
        .iter()
        .flat_map(|k| k.definition.versions.iter().map(|v| (k.definition.group.as_str(), v.name.as_str())))
        .collect();
    versions.sort_by(|a, b| a.0.cmp(b.0).then_with(|| by_priority(a.1, b.1)));
    versions.dedup();
    let mut out = json!({"openapi": "3.0.0", "info": {}, "paths": {}, "components": {"schemas": {}}});
    for document in versions.iter().filter_map(|(group, version)| openapi::v3(kinds, group, version)) {
        for part in ["/info", "/paths", "/components/schemas"] {
            let more: Map<String, Value> =
                document.pointer(part).and_then(Value::as_object).cloned().unwrap_or_default();
            if let Some(Value::Object(o)) = out.pointer_mut(part) {
                o.extend(more);
            }
        }
    }
    out
}
