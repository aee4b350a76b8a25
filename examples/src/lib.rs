//! What the programs in `bin/` share: the operator of `fleet`, which is here so that its test can run it.

pub mod fleet;
