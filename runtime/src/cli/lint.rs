//! `lint`: what a cluster would refuse in definitions, and what their owner would regret. Exit code 1 if any would be refused.

use super::definitions::{self, Output};
use super::{App, Failure};
use crate::schema::lint::{self, Report};
use clap::Args;

#[derive(Args)]
pub(super) struct Flags {
    /// Files of CustomResourceDefinitions, YAML or JSON, instead of the program's own; - for standard input
    #[arg(value_name = "FILE")]
    files: Vec<String>,
    /// Form of the report
    #[arg(short, long, value_enum, default_value_t, value_name = "FORM")]
    output: Output,
}

pub(super) fn run(app: &App, flags: &Flags) -> Result<(), Failure> {
    let failed = "the definitions could not be looked at";
    let reports = definitions::on_deep_stack(failed, || reports(app, &flags.files))?;
    match flags.output {
        Output::Text => print!("{}", text(&reports)),
        Output::Json => println!("{}", serde_json::to_string_pretty(&reports)?),
    }
    let refused: Vec<&str> = reports.iter().filter(|r| r.is_refused()).map(|r| r.definition.as_str()).collect();
    if refused.is_empty() { Ok(()) } else { Err(format!("a cluster would refuse {}", refused.join(", ")).into()) }
}

fn reports(app: &App, files: &[String]) -> Result<Vec<Report>, Failure> {
    if files.is_empty() && app.definitions.is_empty() {
        return Err(format!("{} has no definitions of its own; name files to look at", app.name).into());
    }
    if files.is_empty() {
        return Ok(app.definitions.iter().map(lint::definition).collect());
    }
    let mut all = Vec::new();
    for file in files {
        let why = |e: &dyn std::fmt::Display| format!("{file}: {e}");
        let found = lint::text(&definitions::read(file).map_err(|e| why(&e))?).map_err(|e| why(&e))?;
        if found.is_empty() {
            return Err(why(&"no CustomResourceDefinition is in it").into());
        }
        all.extend(found);
    }
    Ok(all)
}

/// Three lines for each finding, and one for a definition that is sound.
fn text(reports: &[Report]) -> String {
    let mut out = String::new();
    for report in reports {
        if report.findings.is_empty() {
            out += &format!("{}: sound\n", report.definition);
        }
        for f in &report.findings {
            let place = if f.field.is_empty() { "the definition" } else { &f.field };
            let message = f.message.replace('\n', "\n    ");
            out += &format!("{}: {}: {place}\n    {message}\n    mend: {}\n", report.definition, f.severity, f.mend);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_report_says_where_what_and_how_to_mend_it() {
        let sound = json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": {"name": "widgets.ex.io"},
            "spec": {"group": "ex.io", "scope": "Cluster", "names": {"plural": "widgets", "kind": "Widget"},
                "versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": {"type": "object"}}}]}});
        let mut broken = sound.clone();
        broken["spec"]["scope"] = json!("Galaxy");
        assert_eq!(
            text(&[lint::definition(&sound), lint::definition(&broken)]),
            "widgets.ex.io: sound\nwidgets.ex.io: refused: spec.scope\n    Unsupported value: \"Galaxy\": supported values: \
             \"Cluster\", \"Namespaced\"\n    mend: set scope to one of the supported values\n"
        );
    }
}
