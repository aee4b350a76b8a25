//! Written once or as structs of their own, the versions are the same. That nothing is lost between them is a test that the
//! attribute has made.

#[test]
fn both_ways_to_write_versions_make_one_definition() {
    let (once, _) = super::websites().finish().expect("versions written once");
    let (apart, _) = crate::apart::websites().finish().expect("versions written apart");
    assert_eq!(once, apart);
}
