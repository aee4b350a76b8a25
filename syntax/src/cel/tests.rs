//! What expressions parse to and how mistakes are told, case by case.

use super::parse;

/// The messages of what does not parse; none if it does.
fn errors(text: &str) -> Vec<String> {
    match parse(text) {
        Ok(_) => Vec::new(),
        Err(errors) => {
            errors.to_string().lines().filter_map(|l| l.strip_prefix("ERROR: <input>:")).map(str::to_owned).collect()
        }
    }
}

#[test]
fn what_is_missing_or_superfluous_is_told_as_antlr_does() {
    let start = "{'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}";
    for (text, want) in [
        ("(1 + 2", vec!["1:7: Syntax error: missing ')' at '<EOF>'".to_owned()]),
        ("1 +", vec![format!("1:4: Syntax error: mismatched input '<EOF>' expecting {start}")]),
        ("", vec![format!("1:0: Syntax error: mismatched input '<EOF>' expecting {start}")]),
        ("5.", vec!["1:3: Syntax error: no viable alternative at input '.'".to_owned()]),
        ("[1..3]", vec!["1:4: Syntax error: no viable alternative at input '..3'".to_owned()]),
        ("{'a'}", vec!["1:5: Syntax error: mismatched input '}' expecting ':'".to_owned()]),
        ("{'a' 1}", vec!["1:6: Syntax error: missing ':' at '1'".to_owned()]),
        ("true()", vec!["1:5: Syntax error: mismatched input '(' expecting <EOF>".to_owned()]),
        ("a.true", vec!["1:3: Syntax error: mismatched input 'true' expecting IDENTIFIER".to_owned()]),
        (
            "a = 3",
            vec![
                "1:3: Syntax error: token recognition error at: '= '".to_owned(),
                "1:5: Syntax error: extraneous input '3' expecting <EOF>".to_owned(),
            ],
        ),
    ] {
        assert_eq!(errors(text), want, "{text}");
    }
}

#[test]
fn mistakes_of_meaning_are_told_where_they_stand() {
    for (text, want) in [
        ("{'a': 1}.`a`", "1:10: unsupported syntax: '`'"),
        ("[1].all(i.j, true)", "1:10: argument must be a simple name"),
        ("package + 1", "1:1: reserved identifier: package"),
        ("-9223372036854775809", "1:1: invalid int literal"),
        ("[1].all(__result__, true)", "1:9: iteration variable overwrites accumulator variable"),
    ] {
        assert_eq!(errors(text), [want], "{text}");
    }
}

#[test]
fn errors_quote_their_line_with_a_caret() {
    let errors = parse("'é' +\n  1 +* 2").expect_err("two operators");
    assert!(errors.to_string().ends_with("\n |   1 +* 2\n | .....^"), "{errors}");
}

#[test]
fn what_nests_too_deep_is_refused_before_the_stack_ends() {
    let brackets = format!("{}1{}", "(".repeat(10_000), ")".repeat(10_000));
    assert_eq!(errors(&brackets), ["-1:0: expression recursion limit exceeded: 250"]);
    let sum = vec!["1"; 20_000].join("+");
    assert_eq!(errors(&sum), ["-1:0: max recursion depth exceeded"]);
    assert_eq!(errors(&format!("a{}", ".b".repeat(250))), [""; 0]);
    assert_eq!(errors(&vec!["a"; 20_000].join("&&")), [""; 0]);
    let deep = format!("{}1{}", "[".repeat(249), "]".repeat(249));
    assert_eq!(errors(&deep), [""; 0]);
}

#[test]
fn macros_that_double_their_target_are_bounded() {
    let text = format!("a{}", ".optMap(x, x)".repeat(100));
    assert_eq!(errors(&text), ["1:1: expression has more than 200000 nodes once its macros are expanded"]);
}
