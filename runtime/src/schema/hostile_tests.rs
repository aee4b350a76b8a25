//! Schemas and objects made to hurt: as deep and as large as a request can be, rules that explode, patterns that cannot be
//! built. All come to an end, with an error that says what is wrong, on the stacks that the server gives its threads.

use super::{Definition, Schema, crd, lint};
use crate::resource::codec::{MAX_DEPTH, json::decode};
use serde_json::{Value, json};

/// Runs on a stack like those of the server's threads.
fn deep<T: Send + 'static>(run: impl FnOnce() -> T + Send + 'static) -> T {
    std::thread::Builder::new().stack_size(256 << 20).spawn(run).expect("a thread").join().expect("no panic")
}

fn definition(schema: &str) -> Value {
    let text = format!(
        r#"{{"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {{"name": "ws.ex.io"}},
            "spec": {{"group": "ex.io", "scope": "Cluster", "names": {{"plural": "ws", "kind": "W"}},
            "versions": [{{"name": "v1", "served": true, "storage": true, "schema": {{"openAPIV3Schema": {schema}}}}}]}}}}"#
    );
    decode(text.as_bytes()).expect("JSON").value
}

/// What a server says of a definition that a client sends, and what is left out of it.
fn created(mut definition: Value) -> (Vec<String>, Vec<String>) {
    let mut unknown = Vec::new();
    definition["status"] = json!({});
    if let Err(why) = crd::decode(&mut definition, &mut unknown) {
        return (vec![why], unknown);
    }
    let (errors, _) = crd::validate_create(&definition);
    (errors.iter().map(ToString::to_string).collect(), unknown)
}

/// As many levels as fit into a request beside what is around them.
fn nested(open: &str, inner: &str, close: &str, levels_each: usize) -> String {
    let times = (MAX_DEPTH - 20) / levels_each;
    format!("{}{inner}{}", open.repeat(times), close.repeat(times))
}

#[test]
fn schemas_as_deep_as_requests_are_read_and_judged() {
    deep(|| {
        let properties = nested(r#"{"type":"object","properties":{"a":"#, r#"{"type":"string"}"#, "}}", 2);
        let (errors, _) = created(definition(&properties));
        assert!(errors.is_empty(), "{} errors", errors.len());
        let items = nested(r#"{"type":"array","items":"#, r#"{"type":"string"}"#, "}", 1);
        let (errors, _) = created(definition(&format!(r#"{{"type":"object","properties":{{"a":{items}}}}}"#)));
        assert!(errors.is_empty(), "{} errors", errors.len());
        for open in [r#"{"not":"#, r#"{"allOf":[{},"#, r#"{"additionalProperties":"#] {
            let (close, each) = if open.contains('[') { ("]}", 2) } else { ("}", 1) };
            let (errors, _) = created(definition(&nested(open, "{}", close, each)));
            let bytes: usize = errors.iter().map(String::len).sum();
            assert!(!errors.is_empty() && bytes <= 32 << 20, "{open}: {} errors of {bytes} bytes", errors.len());
        }
    });
}

#[test]
fn lint_bears_what_the_server_bears() {
    deep(|| {
        let properties = nested(r#"{"type":"object","properties":{"a":"#, r#"{"type":"string"}"#, "}}", 2);
        assert_eq!(lint::definition(&definition(&properties)).findings, []);
    });
}

#[test]
fn objects_as_deep_as_requests_are_pruned_defaulted_and_validated() {
    deep(|| {
        let text = nested(r#"{"type":"object","properties":{"a":"#, r#"{"type":"string"}"#, "}}", 2);
        let schema = Schema::compile(&decode(text.as_bytes()).expect("JSON").value).expect("a schema");
        let text = nested(r#"{"a":"#, r#"{"a": 1}"#, "}", 1);
        let mut object = decode(text.as_bytes()).expect("JSON").value;
        let mut dropped = Vec::new();
        schema.prune(&mut object, true, Some(&mut dropped));
        schema.default(&mut object);
        let errors = schema.validate(&object, Some(&object)).errors;
        let created = schema.validate(&object, None).errors;
        assert!(errors.is_empty() && created.len() == 1, "{} and {}", errors.len(), created.len());
        assert!(created[0].detail.contains("must be of type string"));
    });
}

#[test]
fn reports_of_unknown_fields_are_no_larger_than_requests() {
    deep(|| {
        let bottom: Vec<String> = (0..50_000).map(|i| format!(r#""x{i}":1"#)).collect();
        let bottom = format!("{{{}}}", bottom.join(","));
        let (_, unknown) = created(definition(&nested(r#"{"not":"#, &bottom, "}", 1)));
        let bytes: usize = unknown.iter().map(String::len).sum();
        assert!(!unknown.is_empty() && bytes <= 4 << 20, "{} paths of {bytes} bytes", unknown.len());

        let schema = Schema::compile(&json!({"type": "object", "properties": {"a": {"type": "object",
            "additionalProperties": {"type": "object"}}}}))
        .expect("a schema");
        let mut object =
            decode(format!(r#"{{"a":{{"{}":{bottom}}}}}"#, "k".repeat(1_000)).as_bytes()).expect("JSON").value;
        let mut dropped = Vec::new();
        schema.prune(&mut object, true, Some(&mut dropped));
        let bytes: usize = dropped.iter().map(String::len).sum();
        assert!(!dropped.is_empty() && bytes <= 4 << 20, "{} paths of {bytes} bytes", dropped.len());
        assert!(
            object["a"].as_object().expect("kept").values().all(|v| v == &json!({})),
            "what is not reported goes too"
        );
    });
}

#[test]
fn a_schema_of_very_many_fields_and_rules_is_judged() {
    let fields: Vec<String> = (0..20_000)
        .map(|i| {
            format!(r#""f{i}":{{"type":"string","maxLength":9,"x-kubernetes-validations":[{{"rule":"self != 'a'"}}]}}"#)
        })
        .collect();
    let (errors, _) = created(definition(&format!(r#"{{"type":"object","properties":{{{}}}}}"#, fields.join(","))));
    assert!(errors.is_empty(), "{} errors", errors.len());
}

#[test]
fn rules_that_explode_are_refused_in_a_definition_and_cut_off_in_an_object() {
    let bomb = format!("{}self.size() > 0{}", "self.all(x, ".repeat(6), ")".repeat(6));
    let schema = json!({"type": "object", "properties": {"l": {"type": "array", "items": {"type": "integer"},
        "x-kubernetes-validations": [{"rule": bomb}]}}});
    let crd = definition(&schema.to_string());
    let (errors, _) = created(crd.clone());
    assert!(errors.iter().any(|e| e.contains("estimated rule cost exceeds budget")), "{errors:?}");
    // Stored before there were costs, it still runs.
    let definition = Definition::from_crd(&crd).expect("a definition");
    let object = json!({"apiVersion": "ex.io/v1", "kind": "W", "metadata": {"name": "w"}, "l": vec![1; 1_000]});
    let errors = definition.validate(object, None).errors;
    assert!(errors.len() == 1 && errors[0].detail.contains("call cost exceeds limit"), "{errors:?}");
}

#[test]
fn a_pattern_that_cannot_be_built_takes_nothing_and_says_why() {
    let letters = r"[\pL\pN\pS\pP]{1000}".repeat(4);
    for (pattern, why) in [(letters.as_str(), "expression too large"), ("a(", "missing closing )")] {
        let schema =
            Schema::compile(&json!({"type": "object", "properties": {"s": {"type": "string", "pattern": pattern}}}));
        let errors = schema.expect("a schema").validate(&json!({"s": "a"}), None).errors;
        assert_eq!(errors.len(), 1, "{pattern}");
        assert!(errors[0].detail.contains("but pattern is invalid: error parsing regexp: "), "{}", errors[0]);
        assert!(errors[0].detail.contains(why), "{}", errors[0]);
    }
    let (errors, _) = created(definition(r#"{"type":"object","properties":{"s":{"type":"string","pattern":"a("}}}"#));
    assert!(
        errors[0].contains("must be a valid regular expression, but isn't: error parsing regexp: missing closing )"),
        "{errors:?}"
    );
}

#[test]
fn repetition_that_backtracks_elsewhere_is_linear_here() {
    let schema =
        Schema::compile(&json!({"type": "object", "properties": {"s": {"type": "string", "pattern": "^(a+)+$"}}}));
    let errors = schema.expect("a schema").validate(&json!({"s": format!("{}b", "a".repeat(200_000))}), None).errors;
    assert_eq!(errors.len(), 1);
}
