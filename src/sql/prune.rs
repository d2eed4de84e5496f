//! Proves on a finished select that every partitioned table is read within constant bounds.

use super::{Literal, Select};

/// A partitioned table whose scans have to be bounded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartitionRule {
    /// The table's name as it stands in [`super::From::Table`].
    pub table: String,
    /// The partition column.
    pub column: String,
    /// Whether the warehouse refuses a scan without a bound.
    pub required: bool,
}

/// What the select says of the partition column, side by side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bound {
    /// `column >= from`, if there is such a conjunct.
    pub from: Option<Literal>,
    /// `column < to`, if there is such a conjunct.
    pub to: Option<Literal>,
}

/// The proof for one scan of a partitioned table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// The table.
    pub table: String,
    /// The partition column.
    pub column: String,
    /// The bound that holds for every row read by this scan.
    pub bound: Bound,
    /// Whether the bound is there at all: a lower one, an upper one, or both.
    pub proven: bool,
    /// Whether the warehouse refuses the scan without it.
    pub required: bool,
}

/// Finds every scan of the given tables anywhere in the select, and the constant bounds on its partition column.
///
/// Trusts nothing but the tree: only conjuncts of the WHERE (or of the ON of an inner join) of the very select that
/// scans the table count, and only comparisons of the bare column with a constant.
pub fn prove_pruning(_select: &Select, _rules: &[PartitionRule]) -> Vec<Proof> {
    todo!()
}
