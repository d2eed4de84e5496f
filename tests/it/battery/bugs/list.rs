//! The bugs.

/// A bug.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::battery) enum Bug {
    /// One condition is forgotten.
    FirstConditionDropped,
    LastConditionDropped,
    /// A range holds its end.
    EndIncluded,
    /// A range lacks its beginning.
    BeginningExcluded,
    /// A joined table loses the rows without a match.
    InnerJoin,
    /// A join matches any row.
    JoinConditionDropped,
    /// Days are cut in UTC.
    WrongZone,
    /// Ranges begin an hour late.
    RangeShifted,
    /// Null groups are lost when metrics are lined up.
    NullGroupLost,
    /// One model's groups are forgotten.
    PartForgotten,
    /// A sum of nothing is null.
    EmptyIsNull,
    /// An unknown truth is a third value.
    ThreeValued,
    /// A condition of a metric is forgotten.
    MetricFilterDropped,
    /// Duplicates are counted.
    DistinctForgotten,
    /// A sum is a mean.
    SumIsMean,
    /// A count leaves nulls out, or counts them.
    CountCountsNulls,
    /// Weeks begin a day late, months too.
    PeriodsStartLate,
    /// An offset looks the wrong way.
    OffsetReversed,
    /// A window is one unit short.
    WindowShort,
    /// AND is OR.
    AndIsOr,
    /// NOT is forgotten.
    NotForgotten,
    /// A comparison is turned around.
    LessIsGreater,
    /// EXISTS looks at all rows.
    ExistsUncorrelated,
    /// The least value is the greatest.
    MinIsMax,
    /// A difference is a sum.
    MinusIsPlus,
    /// A ratio is upside down.
    RatioReversed,
    /// A bucket holds its upper bound.
    BucketHoldsItsEnd,
    /// A condition on metrics is forgotten.
    HavingDropped,
    /// A key is forgotten.
    KeyForgotten,
    /// Equality of text loses its case.
    CaseFolded,
    /// The partition bound is a day too tight.
    PartitionTooTight,
    /// Both roles of a table are one.
    RolesMixedUp,
    /// What a model leaves out is there.
    ModelFilterForgotten,
    /// A version is valid on the day on which the next one begins.
    VersionHoldsItsEnd,
    /// A version is not yet valid on its first day.
    VersionLacksItsBeginning,
    /// A version without an end is never valid.
    OpenVersionLost,
    /// The moment of a balance is chosen behind the filters.
    BalanceBehindFilters,
    /// All moments of a period count.
    BalanceSummed,
    /// Members are not told apart.
    MembersForgotten,
    /// Of parts that were grouped by their key only the greatest counts.
    PartsNotAddedUp,
    /// Rows of nobody make a member.
    NobodyIsSomebody,
    /// What ignores keys ignores filters, too.
    IgnoreDropsFilters,
    /// A percentile lies between two values.
    DiscreteIsContinuous,
    /// Null keys do not find one another.
    NullsApart,
    /// The whole of a share ignores the filters.
    WholeIgnoresFilters,
    /// The whole of a share is the part.
    WholeIsThePart,
    /// A change is relative to the present.
    ChangeRelativeToNow,
    /// A metric as a dimension sees the query's range.
    MemberSeesTheRange,
    /// A member without rows has nothing, not the empty value.
    MemberWithoutRowsIsNull,
    /// A row without member has the empty value.
    NobodyHasNothing,
    /// A metric as a dimension sees what a policy hides.
    MemberSeesHiddenRows,
    /// A policy is inherited over one of two roles only.
    PolicyOfOneRole,
    /// The tie of two bases goes to the first, and an event to the earliest.
    FunnelCreditsTheFirst,
    /// An event at the very time of its base is none.
    FunnelNotAtOnce,
    /// What comes after exactly the time is still in time.
    FunnelHoldsItsEnd,
    /// An event is credited to every base before it.
    FunnelCreditsAll,
    /// The ends of a funnel need not agree.
    FunnelNotTheSame,
    /// The rate counts conversions.
    FunnelCountsConversions,
    /// A row counts for each of many.
    CopiesCount,
    /// Rows of the same value are one.
    OnceByValue,
    /// What is beside none of many has no part.
    WholeRowsLost,
    /// A part counts as the whole.
    PartIsTheWhole,
    /// One of two depots is not enough.
    EitherIsBoth,
    /// Who lacks a claim sees everything.
    MissingClaimSeesAll,
    /// A day's window is the one of the period's end.
    FirstIsLast,
    /// The first period of a unit is the period itself.
    StartIsNow,
    /// What lies on a day that a calendar lacks is lost.
    CalendarDaysLost,
    /// Each day of a calendar is a period of its own.
    CalendarByDay,
    /// Hours and minutes do not move.
    HoursForgotten,
    /// A window of hours holds its end.
    HoursHoldTheirEnd,
    /// Not every part of a day is made.
    MomentsTooFarApart,
    /// Some days of a calendar are not shown later.
    CounterpartForgotten,
    /// Some days of a calendar are shown beside the wrong ones.
    CounterpartOfTheNext,
    /// The periods of a calendar end on their first day.
    CalendarEndsEarly,
    /// A version that begins at the end of a period is valid in it.
    ValidWhenOver,
    /// A version that ends with a period is over before.
    OverWhenValid,
}

impl Bug {
    pub(in crate::battery) const ALL: &'static [Self] = &[
        Self::FirstConditionDropped,
        Self::LastConditionDropped,
        Self::EndIncluded,
        Self::BeginningExcluded,
        Self::InnerJoin,
        Self::JoinConditionDropped,
        Self::WrongZone,
        Self::RangeShifted,
        Self::NullGroupLost,
        Self::PartForgotten,
        Self::EmptyIsNull,
        Self::ThreeValued,
        Self::MetricFilterDropped,
        Self::DistinctForgotten,
        Self::SumIsMean,
        Self::CountCountsNulls,
        Self::PeriodsStartLate,
        Self::OffsetReversed,
        Self::WindowShort,
        Self::AndIsOr,
        Self::NotForgotten,
        Self::LessIsGreater,
        Self::ExistsUncorrelated,
        Self::MinIsMax,
        Self::MinusIsPlus,
        Self::RatioReversed,
        Self::BucketHoldsItsEnd,
        Self::HavingDropped,
        Self::KeyForgotten,
        Self::CaseFolded,
        Self::PartitionTooTight,
        Self::RolesMixedUp,
        Self::ModelFilterForgotten,
        Self::VersionHoldsItsEnd,
        Self::VersionLacksItsBeginning,
        Self::OpenVersionLost,
        Self::BalanceBehindFilters,
        Self::BalanceSummed,
        Self::MembersForgotten,
        Self::PartsNotAddedUp,
        Self::NobodyIsSomebody,
        Self::IgnoreDropsFilters,
        Self::DiscreteIsContinuous,
        Self::NullsApart,
        Self::WholeIgnoresFilters,
        Self::WholeIsThePart,
        Self::ChangeRelativeToNow,
        Self::MemberSeesTheRange,
        Self::MemberWithoutRowsIsNull,
        Self::NobodyHasNothing,
        Self::MemberSeesHiddenRows,
        Self::PolicyOfOneRole,
        Self::FunnelCreditsTheFirst,
        Self::FunnelNotAtOnce,
        Self::FunnelHoldsItsEnd,
        Self::FunnelCreditsAll,
        Self::FunnelNotTheSame,
        Self::FunnelCountsConversions,
        Self::CopiesCount,
        Self::OnceByValue,
        Self::WholeRowsLost,
        Self::PartIsTheWhole,
        Self::EitherIsBoth,
        Self::MissingClaimSeesAll,
        Self::FirstIsLast,
        Self::StartIsNow,
        Self::CalendarDaysLost,
        Self::CalendarByDay,
        Self::HoursForgotten,
        Self::HoursHoldTheirEnd,
        Self::MomentsTooFarApart,
        Self::CounterpartForgotten,
        Self::CounterpartOfTheNext,
        Self::CalendarEndsEarly,
        Self::ValidWhenOver,
        Self::OverWhenValid,
    ];
}
