//! A small generator of pseudo-random choices, the same on every machine (`SplitMix64`).

/// A source of choices.
#[derive(Clone)]
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A whole number below `end`.
    pub(super) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).expect("below a usize")
    }

    /// A number of a column's type, from zero to below `end`.
    pub(super) fn value_below(&mut self, end: i64) -> i64 {
        i64::try_from(self.next() % end.unsigned_abs()).expect("below an i64")
    }

    /// True in `percent` of a hundred cases.
    pub(super) fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// One of the items.
    pub(super) fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }

    /// One of the items, or nothing in `percent` of a hundred cases.
    pub(super) fn pick_or_none<T: Clone>(&mut self, percent: usize, items: &[T]) -> Option<T> {
        if self.chance(percent) { None } else { Some(self.pick(items).clone()) }
    }
}
