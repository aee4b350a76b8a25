//! The versions fit together: whatever one holds comes back from any other.

use kubegraft::testing::{NotLossless, round_trip};

#[test]
fn nothing_is_lost_on_any_way_between_versions() -> Result<(), NotLossless> {
    round_trip(super::websites())
}
