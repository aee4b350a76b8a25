//! Any JSON as FieldsV1: what is read is written the same for ever after, and the algebra of sets holds.

#![no_main]

use kubegraft::patch::apply::Set;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|data: &[u8]| {
    // Two sets, one after the other.
    let mut values = serde_json::Deserializer::from_slice(data).into_iter::<Value>();
    let (Some(Ok(one)), two) = (values.next(), values.next()) else { return };
    let Ok(a) = Set::parse(&one) else { return };
    let written = a.to_value();
    let again = Set::parse(&written).expect("what it has written itself");
    assert_eq!(again, a);
    assert_eq!(again.to_value(), written);
    a.paths();

    let Some(Ok(two)) = two else { return };
    let Ok(b) = Set::parse(&two) else { return };
    let both = a.intersection(&b);
    assert!(both.is_subset(&a) && both.is_subset(&b));
    assert_eq!(a.clone().difference(&b).union(both), a);
    assert!(a.clone().difference(&b).intersection(&b).is_empty());
    assert!(a.clone().recursive_difference(&b).is_subset(&a));
    assert_eq!(a.clone().union(b.clone()), b.union(a));
});
