//! Names that the planner gives.
//!
//! **Invariant:** two of them that differ still differ where a warehouse cuts what is too long, as Postgres does behind
//! 63 bytes.

/// The longest name that every warehouse reads to its end.
const LONGEST: usize = 63;

/// Returns the first name of `wanted`, `wanted_2`, `wanted_3`, … that can be had, cut so that every warehouse tells it from
/// the others; `take` says whether a name was free, and takes it.
pub fn free_identifier(wanted: &str, mut take: impl FnMut(&str) -> bool) -> String {
    let further = (2..).map(|n: usize| format!("_{n}"));
    let mut names = std::iter::once(String::new()).chain(further).map(|suffix| {
        let mut end = wanted.len().min(LONGEST - suffix.len());
        while !wanted.is_char_boundary(end) {
            end -= 1;
        }
        format!("{}{suffix}", &wanted[..end])
    });
    names.find(|name| take(name)).expect("numbers do not end")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_differ_within_what_every_warehouse_reads() {
        let mut taken = BTreeSet::new();
        let mut free = |wanted: &str| free_identifier(wanted, |name| taken.insert(name.to_owned()));
        let (long, longer) = ("a".repeat(63), "a".repeat(64));
        assert_eq!(free("orders"), "orders");
        assert_eq!(free("orders"), "orders_2");
        assert_eq!(free(&long), long);
        assert_eq!(free(&longer), format!("{}_2", "a".repeat(61)));
        // `é` has two bytes, of which the second would be the 64th.
        assert_eq!(free(&format!("{}é", "b".repeat(62))), "b".repeat(62));
    }
}
