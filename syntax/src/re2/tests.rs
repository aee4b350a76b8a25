//! What Go makes of patterns, case by case.

use super::{NEST_LIMIT, translate};

fn parses(pattern: &str) -> bool {
    regex_syntax::ParserBuilder::new().nest_limit(NEST_LIMIT).build().parse(pattern).is_ok()
}

/// Patterns that are taken, and what they become.
fn check(cases: &[(&str, &str)]) {
    for (pattern, want) in cases {
        let got = translate(pattern);
        assert_eq!(got.as_deref(), Ok(*want), "{pattern}");
        assert!(parses(want), "{want}");
    }
}

#[test]
fn classes_of_perl_are_ascii() {
    check(&[
        (r"^\d+\w$", "^[0-9]+[0-9A-Za-z_]$"),
        (r"\S\D\W", r"[^\t\n\f\r ][^0-9][^0-9A-Za-z_]"),
        (r"[\s\d-]", r"[[\t\n\f\r ][0-9]\x{2D}]"),
        (r"\bx\B\A\z", r"(?-u:\b)x(?-u:\B)\A\z"),
    ]);
}

#[test]
fn brackets_have_no_operators_but_dash_and_caret() {
    check(&[
        ("[]a]", r"[\x{5D}\x{61}]"),
        ("[^]a]", r"[^\x{5D}\x{61}]"),
        ("[a&&b]", r"[\x{61}\x{26}\x{26}\x{62}]"),
        ("[a-]", r"[\x{61}\x{2D}]"),
        ("[+--]", r"[\x{2B}-\x{2D}]"),
        ("[[a]", r"[\x{5B}\x{61}]"),
        ("[[:^alpha:]_]", r"[[:^alpha:]\x{5F}]"),
        ("[[:alpha]", r"[\x{5B}\x{3A}\x{61}\x{6C}\x{70}\x{68}\x{61}]"),
        (r"[\x{D000}-\x{D900}\x{DC00}]", r"[\x{D000}-\x{D7FF}]"),
        (r"[\x{DC00}]", r"[[^\x{0}-\x{10FFFF}]]"),
    ]);
}

#[test]
fn classes_of_unicode_are_categories_and_scripts() {
    check(&[
        (r"\pL\PN", r"\p{gc=l}\P{gc=n}"),
        (r"\p{Greek}[\P{^Nd}]", r"\p{sc=greek}[\p{gc=nd}]"),
        (r"\p{^Greek}", r"\P{sc=greek}"),
        (r"\p{Any}\p{ascii}\P{Assigned}", r"\p{any}\p{ascii}\P{assigned}"),
        (r"\p{Uppercase_Letter}\p{lu}", r"\p{gc=uppercaseletter}\p{gc=lu}"),
        (r"\p{Thai}\p{Cs}", r"\p{sc=thai}[^\x{0}-\x{10FFFF}]"),
    ]);
}

#[test]
fn braces_that_repeat_nothing_are_braces() {
    check(&[
        ("a{,2}", r"a\{,2\}"),
        ("a{2,3}b{2,}?", "a{2,3}b{2,}?"),
        ("a{02}{", r"a\{02\}\{"),
        ("{", r"\{"),
        ("a{}", r"a\{\}"),
    ]);
}

#[test]
fn escapes_are_those_of_go() {
    check(&[
        (r"\.\_\-\/\ \@", r"\._\-/ @"),
        (r"\x41\x{3b1}\101\0", "Aα\u{41}\0"),
        (r"\Qa.b*\E+", r"a\.b\*+"),
        (r"\Qa.b", r"a\.b"),
        (r"a\Q\E*", "a*"),
        (r"\t\n\v\a\f\r", "\t\n\u{b}\u{7}\u{c}\r"),
        ("#~&]}", r"\#\~\&\]\}"),
    ]);
}

#[test]
fn flags_hold_to_the_end_of_their_group() {
    check(&[
        ("(?i)a(?-i)b", "(?i)a(?-i)b"),
        ("(?i:a)b", "(?:(?i)a)b"),
        ("(a(?i)b|c)d", "(?:a(?i)b|c)d"),
        ("(?s).(?-s).", "(?s:.)."),
        ("(?m)^a$(?-m:^)", "(?m:^)a(?m:$)(?:^)"),
        ("(?U)a*b+?", "a*?b+"),
        ("(?ims-U:a)", "(?:(?i)a)"),
        ("(?)a", "a"),
        // A flag parts two repetitions of the same.
        ("a+(?i)?", "(?:a+)?"),
        ("a*(?s)*", "(?:a*)*"),
    ]);
}

#[test]
fn groups_have_no_names() {
    check(&[
        ("(?P<a>x)(?<a>y)(?P<1_z>)", "(?:x)(?:y)(?:)"),
        ("(a|)|b", "(?:a|)|b"),
        ("(?:a{2}){500}", "(?:a{2}){500}"),
    ]);
}

#[test]
fn refusals_are_in_gos_words() {
    let lots = "x{1000}".repeat(4_000);
    for (pattern, want) in [
        ("[a", "missing closing ]: `[a`"),
        ("x[", "missing closing ]: `[`"),
        ("[]", "missing closing ]: `[]`"),
        ("(a", "missing closing ): `(a`"),
        ("a)b", "unexpected ): `a)b`"),
        ("a(?=b)", "invalid or unsupported Perl syntax: `(?=`"),
        ("a(?!b)", "invalid or unsupported Perl syntax: `(?!`"),
        ("(?x)a", "invalid or unsupported Perl syntax: `(?x`"),
        ("(?u:a)", "invalid or unsupported Perl syntax: `(?u`"),
        ("(?i-)a", "invalid or unsupported Perl syntax: `(?i-)`"),
        ("(?P=n)", "invalid or unsupported Perl syntax: `(?P`"),
        ("(?i", "invalid or unsupported Perl syntax: `(?i`"),
        ("(?<=a)b", "invalid named capture: `(?<=a)b`"),
        ("(?P<a b>c)", "invalid named capture: `(?P<a b>`"),
        ("(?<>c)", "invalid named capture: `(?<>`"),
        ("*a", "missing argument to repetition operator: `*`"),
        ("a|*?", "missing argument to repetition operator: `*?`"),
        ("({2,3}?)", "missing argument to repetition operator: `{2,3}?`"),
        ("a**", "invalid nested repetition operator: `**`"),
        ("a*+b", "invalid nested repetition operator: `*+`"),
        ("a{2}{3}?", "invalid nested repetition operator: `{2}{3}?`"),
        ("a{2000}", "invalid repeat count: `{2000}`"),
        ("a{99999999999999}", "invalid repeat count: `{99999999999999}`"),
        ("a{3,2}", "invalid repeat count: `{3,2}`"),
        ("(a{100}){11}?", "invalid repeat count: `{11}?`"),
        ("((a{10,}){10}b*){11,}", "invalid repeat count: `{11,}`"),
        ("[z-a]", "invalid character class range: `z-a`"),
        ("[a--]", "invalid character class range: `a--`"),
        ("[[:nope:]]", "invalid character class range: `[:nope:]`"),
        (r"[a-\d]", r"invalid escape sequence: `\d`"),
        (r"\p{NoSuchClass}", r"invalid character class range: `\p{NoSuchClass}`"),
        (r"\p{Alphabetic}", r"invalid character class range: `\p{Alphabetic}`"),
        (r"\p{Grek}", r"invalid character class range: `\p{Grek}`"),
        (r"\p{Greek", r"invalid character class range: `\p{Greek`"),
        (r"a\p", r"invalid character class range: `\p`"),
        (r"\1", r"invalid escape sequence: `\1`"),
        (r"\8", r"invalid escape sequence: `\8`"),
        (r"\x4", r"invalid escape sequence: `\x4`"),
        (r"\x{110000}", r"invalid escape sequence: `\x{110000`"),
        (r"\x{}", r"invalid escape sequence: `\x{}`"),
        (r"[\b]", r"invalid escape sequence: `\b`"),
        (r"\q\C", r"invalid escape sequence: `\q`"),
        (r"\é", r"invalid escape sequence: `\é`"),
        ("a\\", "trailing backslash at end of expression: ``"),
        (&lots, &format!("expression too large: `{lots}`")),
    ] {
        let got = translate(pattern).map_err(|e| e.message);
        assert_eq!(got, Err(want.to_owned()), "{pattern:.80}");
    }
}

#[test]
fn patterns_nest_a_thousand_deep() {
    let nested = |n: usize| format!("{}x{}", "(".repeat(n), ")".repeat(n));
    let deep = translate(&nested(998)).expect("not too deep");
    assert!(parses(&deep));
    let deep = nested(1_001);
    assert_eq!(translate(&deep).map_err(|e| e.message), Err(format!("expression nests too deeply: `{deep}`")));
}

#[test]
fn whatever_is_taken_is_syntax_of_the_engine() {
    let pieces =
        ["a", "\\", "[", "]", "(", ")", "?", "*", "{2}", "|", "^", "-", ":", "\\d", "\\pL", "é", "(?i)", "&&", "~~"];
    let mut taken = 0;
    for seed in 0..20_000_u32 {
        let (mut pattern, mut n) = (String::new(), seed.wrapping_mul(2_654_435_761));
        for _ in 0..seed % 9 {
            pattern.push_str(pieces[n as usize % pieces.len()]);
            n = (n / 19).wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        }
        if let Ok(translated) = translate(&pattern) {
            assert!(parses(&translated), "{pattern} became {translated}");
            taken += 1;
        }
    }
    assert!(taken > 1_000, "only {taken} were patterns");
}
