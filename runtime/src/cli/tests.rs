//! What a command line comes to, without running it.

use super::*;

fn refused(args: &[&str]) -> String {
    let app = App::new("widgets").host_crds();
    let args = std::iter::once("widgets").chain(args.iter().copied());
    app.parse(args).err().map(|e| usage(&e)).expect("refused")
}

#[test]
fn mistakes_are_one_line_that_names_the_mend() {
    assert_eq!(
        refused(&[]),
        "a command is missing: serve, crd, lint, doctor, openapi, backup, restore, compact, migrate or diff; --help says more"
    );
    assert_eq!(refused(&["sreve"]), "unrecognized subcommand 'sreve'; did you mean serve?");
    assert_eq!(
        refused(&["serve", "--secure-prt", "1"]),
        "unexpected argument '--secure-prt' found; did you mean --secure-port?"
    );
    for args in [&["serve", "--secure-port", "70000"][..], &["serve", "--bind-address", "here"], &["serve", "x"]] {
        let line = refused(args);
        assert!(!line.contains('\n') && line.ends_with("--help says more"), "{line}");
    }
    assert_eq!(
        refused(&["serve", "--request-timeout", "soon"]),
        "invalid value 'soon' for '--request-timeout <DURATION>': not a duration such as 1m or 90s; --help says more"
    );
}

#[test]
fn flags_of_kube_apiserver_are_understood() {
    let app = App::new("widgets").host_crds();
    let args = [
        "widgets",
        "serve",
        "--secure-port=0",
        "--bind-address",
        "::1",
        "--anonymous-auth=false",
        "--cert-dir",
        "c",
        "--disable-admission-plugins=NamespaceLifecycle",
        "--min-request-timeout=60",
        "--request-timeout=1m30s",
        "-v=2",
    ];
    assert!(app.parse(args).is_ok());
}

#[test]
fn help_names_the_program_and_what_it_serves() {
    let help = App::new("widgets").host_crds().parse(["widgets", "--help"]).err().expect("help").to_string();
    assert!(help.contains("any CustomResourceDefinition") && help.contains("widgets serve"), "{help}");
}

#[test]
fn a_broken_definition_of_the_program_is_named_with_its_field() {
    let crd = |type_: &str| {
        serde_json::json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": {"name": "widgets.ex.io"},
            "spec": {"group": "ex.io", "scope": "Namespaced", "names": {"plural": "widgets", "kind": "Widget"},
                "versions": [{"name": "v1", "served": true, "storage": true,
                    "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": {"type": type_}}}}}]}})
    };
    let app = |type_| App { definitions: vec![crd(type_)], ..App::new("widgets") };
    assert!(app("object").checked().is_ok());
    let Err(why) = app("strange").checked() else { panic!("not refused") };
    let why = why.to_string();
    assert!(why.starts_with("the definition widgets.ex.io cannot be served: ") && why.contains("spec"), "{why}");
    assert!(!why.contains('\n'), "{why}");
}

#[test]
fn a_refusal_of_many_lines_is_told_in_one() {
    let why = "spec.x: Invalid value: \"self.a <=\": compilation failed: ERROR: <input>:1:10: Syntax error: no operand\n \
               | self.a <=\n | .........^\nspec.y: Required value";
    let line = in_one_line(why);
    assert_eq!(
        line,
        "spec.x: Invalid value: \"self.a <=\": compilation failed: ERROR: <input>:1:10: Syntax error: no operand \
         spec.y: Required value"
    );
}
