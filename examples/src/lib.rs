//! What the programs in `bin/` share: the operator of `fleet` and the kind of `versions`, here so that tests can use them.

pub mod apart;
pub mod fleet;
pub mod versions;
