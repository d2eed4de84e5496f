//! Chance that is the same on every machine.
//!
//! `Random::of("claims", 17)` always gives the same numbers, so each row can be made alone, in any order.
//!
//! **Invariant:** whole numbers only; the last bit of a logarithm differs between machines.

/// A stream of numbers (splitmix64).
pub(super) struct Random(u64);

impl Random {
    /// Starts the stream of one row of a table.
    pub(super) fn of(stream: &str, index: u64) -> Self {
        // FNV-1a keeps streams apart; the multiplication spreads neighboring rows.
        let seed = stream
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        let mut random = Self(seed ^ index.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        random.next();
        random
    }

    /// Returns the next 64 bits.
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// Returns a number from 0 up to, not including, `bound`.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        let wide = u128::from(self.next()) * u128::from(bound);
        u64::try_from(wide >> 64).expect("half of 128 bits fits in 64")
    }

    /// Returns a number from `low` up to and including `high`.
    pub(super) fn between(&mut self, low: i64, high: i64) -> i64 {
        let width = high.abs_diff(low) + 1;
        low + i64::try_from(self.below(width)).expect("the width is small")
    }

    /// Returns true `per_mille` times in a thousand.
    pub(super) fn chance(&mut self, per_mille: u64) -> bool {
        self.below(1_000) < per_mille
    }

    /// Returns one of the choices, each as often as its weight says.
    pub(super) fn pick<T: Copy>(&mut self, choices: &[(T, u64)]) -> T {
        let total: u64 = choices.iter().map(|(_, weight)| weight).sum();
        let mut rest = self.below(total);
        for (choice, weight) in choices {
            if rest < *weight {
                return *choice;
            }
            rest -= weight;
        }
        unreachable!("the rest is less than the sum of the weights")
    }

    /// Returns a number below `bound` that is small more often than great, as sizes of customers are.
    pub(super) fn skewed(&mut self, bound: u64) -> u64 {
        let first = self.below(bound);
        self.below(first + 1)
    }
}
