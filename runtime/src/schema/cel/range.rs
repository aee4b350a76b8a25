//! Ranges of sizes and of costs, whose arithmetic stops at the largest number instead of overflowing.

/// From at least to at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// At least.
    pub min: u64,
    /// At most; the largest number if there is no bound.
    pub max: u64,
}

impl Range {
    /// Nothing is known.
    pub const UNKNOWN: Self = Self { min: 0, max: u64::MAX };
    /// What a union starts from.
    pub(super) const EMPTY: Self = Self { min: u64::MAX, max: 0 };

    /// Exactly so much.
    pub const fn exactly(n: u64) -> Self {
        Self { min: n, max: n }
    }

    pub(super) fn plus(self, other: Self) -> Self {
        Self { min: self.min.saturating_add(other.min), max: self.max.saturating_add(other.max) }
    }

    pub(super) fn times(self, other: Self) -> Self {
        Self { min: self.min.saturating_mul(other.min), max: self.max.saturating_mul(other.max) }
    }

    /// So much for each, rounded up.
    pub(super) fn scaled(self, factor: f64) -> Self {
        Self { min: scale(self.min, factor), max: scale(self.max, factor) }
    }

    pub(super) fn union(self, other: Self) -> Self {
        Self { min: self.min.min(other.min), max: self.max.max(other.max) }
    }
}

// A float that is too large becomes the largest integer.
fn scale(n: u64, factor: f64) -> u64 {
    (n as f64 * factor).ceil() as u64
}
