//! What a user sees of each mistake: the message and where it points, one file per rule. `TRYBUILD=overwrite` rewrites the
//! expectations; tests/ui/README.md says how to review them.

#[test]
fn mistakes_are_reported_at_their_token() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
