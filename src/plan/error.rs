//! Why a request is refused.

use std::fmt;

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident $name:literal,)*) => {
        /// The closed list of codes that a request can be refused with, as they stand in GraphQL's `extensions.code`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum PlanErrorCode { $($(#[$doc])* $variant,)* }

        impl PlanErrorCode {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Returns the stable name, such as `UNKNOWN_METRIC`.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

codes! {
    /// No metric of that name.
    UnknownMetric "UNKNOWN_METRIC",
    /// Two metrics are meant by one name.
    AmbiguousMetric "AMBIGUOUS_METRIC",
    /// No dimension, model or role of that name.
    UnknownField "UNKNOWN_FIELD",
    /// A metric cannot be grouped or filtered by that dimension.
    UnreachableDimension "UNREACHABLE_DIMENSION",
    /// Several join paths lead there.
    AmbiguousJoinPath "AMBIGUOUS_JOIN_PATH",
    /// The dimension lies over a to-many join.
    FanOutRefused "FAN_OUT_REFUSED",
    /// Finer than the values are.
    GranularityTooFine "GRANULARITY_TOO_FINE",
    /// An offset that is no whole number of periods.
    OffsetFinerThanGranularity "OFFSET_FINER_THAN_GRANULARITY",
    /// Times that cannot be put together, such as a balance that is added up.
    TimeCombinationRefused "TIME_COMBINATION_REFUSED",
    /// A partitioned table would be read without a bound.
    PartitionUnproven "PARTITION_UNPROVEN",
    /// There is no range and one is needed.
    TimeRangeRequired "TIME_RANGE_REQUIRED",
    /// An expression is written as SQL of other warehouses only.
    DialectMissing "DIALECT_MISSING",
    /// The filter says nothing sensible, or compares different types.
    InvalidFilter "INVALID_FILTER",
    /// The keys are not those that were asserted.
    GrainMismatch "GRAIN_MISMATCH",
    /// Keys of several models without a metric to line them up.
    KeysNeedMetric "KEYS_NEED_METRIC",
    /// Two `rows` under one report.
    RowsTwice "ROWS_TWICE",
    /// The order names no key and no metric.
    UnknownOrderKey "UNKNOWN_ORDER_KEY",
    /// The cursor is of another query or other data.
    CursorExpired "CURSOR_EXPIRED",
    /// A page ends with a row whose values no cursor can hold.
    CursorImpossible "CURSOR_IMPOSSIBLE",
    /// Larger than is allowed.
    LimitExceeded "LIMIT_EXCEEDED",
    /// It would read more than a budget has left.
    CostExceeded "COST_EXCEEDED",
    /// Nobody knows what it would read, and there is a budget.
    CostUnknown "COST_UNKNOWN",
    /// Defined, but not executed by this version.
    NotYet "NOT_YET",
}

/// Why a request is refused, with a way out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanError {
    /// The code.
    pub code: PlanErrorCode,
    /// What is wrong, in lower case, without a full stop.
    pub message: String,
    /// A full sentence that says what to do.
    pub help: Option<String>,
}

impl PlanError {
    /// Makes an error without help.
    pub fn new(code: PlanErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), help: None }
    }

    /// Says what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Says which metric cannot be had so, where the message is about a dimension.
    #[must_use]
    pub(super) fn about_metric(mut self, metric: &str) -> Self {
        let is_about_dimension = matches!(
            self.code,
            PlanErrorCode::UnknownField
                | PlanErrorCode::UnreachableDimension
                | PlanErrorCode::AmbiguousJoinPath
                | PlanErrorCode::FanOutRefused
                | PlanErrorCode::GranularityTooFine
        );
        if is_about_dimension {
            self.message = format!("metric `{metric}`: {}", self.message);
        }
        self
    }
}

impl fmt::Display for PlanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.name(), self.message)
    }
}

impl std::error::Error for PlanError {}
