//! docs/reference/serde-forms.md, made of the forms, of their schemas, and of the compiler's words about what is refused.

use super::{Form, forms};
use serde_json::Value;
use std::fmt::Write as _;
use std::path::PathBuf;

const HEAD: &str = "\
# Serde forms

How each form that serde has stands in a Kubernetes schema. `#[derive(KubeSchema)]` reads serde's own attributes. The schema of
a form admits what serde reads, and nothing that serde could not read again:

- what a program writes is admitted, and read back the same after Kubernetes has pruned it and filled in defaults;
- what is admitted, serde reads as it is stored;
- what serde reads is admitted.

This page is generated from `runtime/tests/derive/forms`. The test there grows values of each type from
examples by random changes, and holds schema and serde against each other on those that serde reads and on those that it refuses. `UPDATE=1 cargo test -p kubegraft --test derive` writes the
page anew.

Kubernetes prunes, drops nulls and sets defaults before a program sees an object. So an unknown field that
`deny_unknown_fields` refuses is not an error on the way in: it is gone. serde reads a struct from a list of its fields as well;
Kubernetes has no such form, and the schemas refuse it. Where a text has a format that Kubernetes checks (a time, an address, a
UUID), it does not look whether the value is a list instead, so a list is admitted there.
";

/// UI tests of the macros whose words say what cannot be said, and what to write instead.
const REFUSED: &[(&str, &str)] = &[
    ("Tuples of several types", "tuples_have_items_of_one_type"),
    ("Recursive types", "recursion_is_refused_with_the_way_out"),
    ("Integers of 128 bits", "integers_have_64_bits"),
    ("Content beside an internal tag that is no struct", "tagged_content_is_a_struct"),
    ("Maps beside fields with names", "maps_beside_fields_are_open"),
    ("Types that contain one another", "circles_of_types_are_refused"),
    ("Functions of unknown form", "fields_of_functions_say_their_form"),
    ("Different names for reading and writing", "written_and_read_names_are_one"),
    ("Unions", "unions_have_no_schema"),
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A section of `types.rs`.
struct Section {
    part: String,
    title: String,
    text: String,
    code: String,
}

fn sections() -> Vec<Section> {
    let mut out: Vec<Section> = Vec::new();
    let mut part = String::new();
    let mut in_text = false;
    for line in include_str!("types.rs").lines() {
        if let Some(p) = line.strip_prefix("// part: ") {
            part = p.to_owned();
            continue;
        }
        if let Some(title) = line.strip_prefix("// form: ") {
            out.push(Section { part: part.clone(), title: title.into(), text: String::new(), code: String::new() });
            in_text = true;
            continue;
        }
        let Some(s) = out.last_mut() else { continue };
        match line.strip_prefix("// ").filter(|_| in_text) {
            Some(text) => s.text += &format!("{text}\n"),
            None => {
                in_text = false;
                s.code.push_str(&line.replace("pub(super) ", "").replace("pub ", ""));
                s.code.push('\n');
            }
        }
    }
    out
}

/// A schema as YAML.
fn yaml(v: &Value, indent: usize, out: &mut String) {
    let pad = "  ".repeat(indent);
    match v {
        Value::Object(m) => {
            let order = |k: &str| match k {
                "description" => 0,
                "type" => 1,
                "required" => 2,
                "properties" => 3,
                _ => 4,
            };
            let mut all: Vec<_> = m.iter().collect();
            all.sort_by_key(|(k, _)| order(k));
            for (k, v) in all {
                if short(v) {
                    let _ = writeln!(out, "{pad}{k}: {}", flow(v));
                } else {
                    let _ = writeln!(out, "{pad}{k}:");
                    yaml(v, indent + 1, out);
                }
            }
        }
        Value::Array(a) => {
            for v in a {
                let mut inner = String::new();
                if short(v) {
                    inner = format!("{}{}\n", "  ".repeat(indent + 1), flow(v));
                } else {
                    yaml(v, indent + 1, &mut inner);
                }
                let _ = write!(out, "{pad}- {}", inner.trim_start());
            }
        }
        v => {
            let _ = writeln!(out, "{pad}{v}");
        }
    }
}

fn short(v: &Value) -> bool {
    !matches!(v, Value::Object(_) | Value::Array(_)) || flow(v).len() <= 72
}

/// One line of YAML.
fn flow(v: &Value) -> String {
    match v {
        Value::Object(m) => {
            let all: Vec<String> = m.iter().map(|(k, v)| format!("{k}: {}", flow(v))).collect();
            format!("{{{}}}", all.join(", "))
        }
        Value::Array(a) => format!("[{}]", a.iter().map(flow).collect::<Vec<_>>().join(", ")),
        Value::String(s) if s.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') && s.parse::<f64>().is_err() => {
            match s.as_str() {
                "true" | "false" | "null" | "yes" | "no" | "" => format!("{s:?}"),
                _ => s.clone(),
            }
        }
        v => v.to_string(),
    }
}

fn anchor(title: &str) -> String {
    title.to_lowercase().replace(' ', "-").replace(',', "")
}

/// What kind of value it is, in a word or two.
fn kind(schema: &Value) -> String {
    let with = |t: &str| match schema.get("nullable") {
        Some(_) => format!("{t} or null"),
        None => t.to_owned(),
    };
    let union = ["oneOf", "anyOf"].iter().any(|k| schema.get(k).is_some());
    match schema.get("type").and_then(Value::as_str) {
        Some("string") if schema.get("enum").is_some() => with("one of some strings"),
        Some("object") if union => with("object, of alternatives"),
        Some(t) => with(t),
        None if schema.get("x-kubernetes-int-or-string").is_some() => "int-or-string".into(),
        None if schema.get("not") == Some(&serde_json::json!({})) => "null".into(),
        None => "open, of alternatives".into(),
    }
}

fn page(forms: &[Form]) -> String {
    let sections = sections();
    let titles: Vec<&str> = sections.iter().map(|s| s.title.as_str()).collect();
    let tested: Vec<&str> = forms.iter().map(|f| f.title).collect();
    assert_eq!(titles, tested, "forms of types.rs and those that are tested");
    let mut out = format!("{HEAD}\n| Form | A value | Schema |\n|---|---|---|\n");
    for f in forms {
        let _ = writeln!(out, "| [{}](#{}) | `{}` | {} |", f.title, anchor(f.title), f.examples[0], kind(&f.schema));
    }
    let mut part = "";
    for (s, f) in sections.iter().zip(forms) {
        if s.part != part {
            part = &s.part;
            let _ = write!(out, "\n## {part}\n");
        }
        let mut schema = String::new();
        yaml(&f.schema, 0, &mut schema);
        let text = if s.text.is_empty() { String::new() } else { format!("\n{}", s.text) };
        let _ = write!(
            out,
            "\n### {}\n{text}\n```rust\n{}\n```\n\n```yaml\n{}\n```\n",
            s.title,
            s.code.trim(),
            schema.trim_end()
        );
    }
    out += "\n## What does not compile\n\nWith what the compiler says. Each is a UI test of the macros.\n";
    for (title, name) in REFUSED {
        let ui = |ext: &str| {
            let path = root().join(format!("macros/tests/ui/{name}.{ext}"));
            std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
        };
        let code = ui("rs").replace("\nfn main() {}\n", "");
        let _ =
            write!(out, "\n### {title}\n\n```rust\n{}\n```\n\n```text\n{}\n```\n", code.trim(), ui("stderr").trim());
    }
    out
}

#[test]
fn the_page_of_serde_forms_is_up_to_date() {
    let path = root().join("docs/reference/serde-forms.md");
    let page = page(&forms());
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let there = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(there == page, "UPDATE=1 cargo test -p kubegraft --test derive writes docs/reference/serde-forms.md anew");
}
