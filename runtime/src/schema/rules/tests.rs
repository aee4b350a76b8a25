//! Rules on objects, case by case: what a create or an update is refused with, and what it is warned of.

use crate::resource::codec::{Format, decode};
use crate::schema::Schema;
use serde_json::Value;

fn check(name: &str, case: &Value) {
    let schema = Schema::compile(&case["schema"]).expect("a schema");
    for (i, step) in case["steps"].as_array().expect("steps").iter().enumerate() {
        let outcome = schema.validate(&step["new"], step.get("old"));
        let errors: Vec<String> = outcome.errors.iter().map(ToString::to_string).collect();
        let list = |key: &str| -> Vec<String> {
            let texts = step[key].as_array().into_iter().flatten();
            texts.map(|t| t.as_str().expect("a text").to_owned()).collect()
        };
        assert_eq!(errors, list("errors"), "errors of {name}, step {i}");
        assert_eq!(outcome.warnings, list("warnings"), "warnings of {name}, step {i}");
    }
}

#[test]
fn rules_refuse_and_warn_as_the_cases_say() {
    let cases: Value = decode(Format::Yaml, include_bytes!("cases.yaml")).expect("cases").value;
    for (name, case) in cases.as_object().expect("named cases") {
        check(name, case);
    }
}
