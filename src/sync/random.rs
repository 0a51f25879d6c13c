//! Randomness, of which std has one source: each `RandomState` has different keys.

use core::hash::BuildHasher;
use std::hash::RandomState;

/// Random bits, different with each call. They are not for secrets.
pub(crate) fn random() -> u64 {
    RandomState::new().hash_one(0)
}
