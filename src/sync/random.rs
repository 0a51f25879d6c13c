//! Randomness, of which std has one source: each `RandomState` has different keys.

use core::hash::BuildHasher;
use std::hash::RandomState;

/// Random bits, different with each call. They are not for secrets.
pub(crate) fn random() -> u64 {
    RandomState::new().hash_one(0)
}

/// A sequence of uniformly distributed numbers, the same for the same seed (SplitMix64, by Guy Steele and others).
#[cfg(feature = "client")]
pub(crate) struct SplitMix64(pub(crate) u64);

#[cfg(feature = "client")]
impl SplitMix64 {
    pub(crate) fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_call_is_different() {
        assert_ne!(random(), random());
    }

    /// The values with which other implementations of this generator test themselves.
    #[cfg(feature = "client")]
    #[test]
    fn the_sequence_is_that_of_split_mix_64() {
        let mut sequence = SplitMix64(1_234_567);
        for number in [
            6_457_827_717_110_365_317,
            3_203_168_211_198_807_973,
            9_817_491_932_198_370_423,
            4_593_380_528_125_082_431,
            16_408_922_859_458_223_821,
        ] {
            assert_eq!(sequence.draw(), number);
        }
    }
}
