//! Development comparison with recorded answers; needs KUBEGRAFT_SHARED and is ignored otherwise.

use super::Definition;
use serde_json::{Map, Value};
use std::collections::HashMap;

fn lines(name: &str) -> Vec<Value> {
    let dir = std::env::var("KUBEGRAFT_SHARED").expect("KUBEGRAFT_SHARED");
    let out = std::process::Command::new("zcat").arg(format!("{dir}/corpus/{name}")).output().expect("zcat");
    out.stdout
        .split(|b| *b == b'\n')
        .filter(|l| !l.is_empty())
        .map(|l| {
            let mut de = serde_json::Deserializer::from_slice(l);
            de.disable_recursion_limit();
            serde::Deserialize::deserialize(&mut de).expect("json")
        })
        .collect()
}

fn causes(body: &Value) -> Vec<String> {
    let list = body.pointer("/details/causes").and_then(Value::as_array).cloned().unwrap_or_default();
    let mut out: Vec<String> = list
        .iter()
        .map(|c| {
            format!(
                "{} {} {}",
                c["reason"].as_str().unwrap_or(""),
                c["field"].as_str().unwrap_or(""),
                c["message"].as_str().unwrap_or("")
            )
        })
        .collect();
    out.sort();
    out
}

fn ours(errors: &[crate::status::field::FieldError]) -> Vec<String> {
    let mut out: Vec<String> = errors
        .iter()
        .map(|e| {
            let c = e.cause();
            format!("{} {} {}", c.reason, c.field, c.message)
        })
        .collect();
    out.sort();
    out
}

#[test]
#[ignore = "development: needs recordings"]
fn instances_are_answered_as_recorded() {
    std::thread::Builder::new().stack_size(256 << 20).spawn(instances).expect("thread").join().expect("join");
}

fn instances() {
    let crds: HashMap<String, Definition> = lines("corpus.jsonl.gz")
        .into_iter()
        .filter(|l| l["status"] == 201)
        .map(|l| {
            (
                l["crd"]["metadata"]["name"].as_str().expect("name").to_owned(),
                Definition::from_crd(&l["crd"]).expect("definition"),
            )
        })
        .collect();
    let (mut good, mut bad) = (0, 0);
    for line in lines("instances.jsonl.gz") {
        let definition = &crds[line["crd"].as_str().expect("crd")];
        let version = definition.version(line["version"].as_str().expect("version")).expect("version");
        let mut object = line["object"].clone();
        if version.status
            && let Some(m) = object.as_object_mut()
        {
            m.remove("status");
        }
        let mut report = Vec::new();
        let coerced = version.schema.shape(&mut object, &mut report);
        let outcome = version.validate(&object, None);
        let mut wrong = String::new();
        if let Err(e) = coerced {
            wrong = e;
        } else if line["status"] == 201 {
            let strip = |v: &Value| -> Map<String, Value> {
                let mut m = v.as_object().expect("object").clone();
                m.remove("metadata");
                if version.status {
                    m.remove("status");
                }
                m
            };
            if !outcome.errors.is_empty() {
                wrong = format!("accepted, ours {:?}", ours(&outcome.errors));
            } else if !Value::Object(strip(&line["body"])).to_string().contains("<time>")
                && serde_json::to_string(&strip(&object)).ok() != serde_json::to_string(&strip(&line["body"])).ok()
            {
                wrong = format!(
                    "bodies differ\n   {}\n   {}",
                    serde_json::to_string(&strip(&object)).unwrap(),
                    serde_json::to_string(&strip(&line["body"])).unwrap()
                );
            }
        } else {
            let (a, b) = (ours(&outcome.errors), causes(&line["body"]));
            if a != b {
                let only =
                    |x: &[String], y: &[String]| x.iter().filter(|e| !y.contains(e)).cloned().collect::<Vec<_>>();
                wrong = format!("\n  -want {:#?}\n  +got  {:#?}", only(&b, &a), only(&a, &b));
            }
        }
        if wrong.is_empty() {
            good += 1;
        } else {
            bad += 1;
            if bad < 30 {
                println!("{}: {wrong}", line["crd"]);
            }
        }
    }
    println!("{good} as recorded, {bad} differ");
}
