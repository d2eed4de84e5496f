//! `rollups:`, stored pre-aggregated tables (parsed and checked for form; not executed yet).

use super::Text;
use crate::{
    files::{Span, Spanned},
    time::{Duration, Granularity},
};

/// A rollup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RollupDef {
    /// `name:`
    pub name: Text,
    /// `model:`
    pub model: Text,
    /// `metrics:`
    pub metrics: Vec<Text>,
    /// `dimensions:`
    pub dimensions: Vec<Text>,
    /// `time:` the dimension and its granularity.
    pub time: Option<(Text, Spanned<Granularity>)>,
    /// `table:`
    pub table: Option<Text>,
    /// `partition:`
    pub partition: Option<Spanned<Granularity>>,
    /// `refresh: { every: … }`
    pub every: Option<Spanned<Duration>>,
    /// `refresh: { lookback: … }`
    pub lookback: Option<Spanned<Duration>>,
    /// The whole entry.
    pub span: Span,
}
