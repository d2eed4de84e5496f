//! Every kind of mistake a project can hold. Each has a page, `docs/diagnostics/<code>.md`, which is a test.

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// There is no project until it is mended.
    Error,
    /// The project works; something is likely not meant.
    Warning,
}

macro_rules! codes {
    ($($severity:ident { $($variant:ident $name:literal,)* })*) => {
        /// The kind of a diagnostic, with a stable name.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[allow(missing_docs, reason = "each code is documented by its page, docs/diagnostics/<code>.md")]
        pub enum Code { $($($variant,)*)* }

        impl Code {
            /// Every code, in the order of the list.
            pub const ALL: &'static [Self] = &[$($(Self::$variant,)*)*];

            /// Returns the stable name, such as `unknown-metric`.
            pub fn name(self) -> &'static str {
                match self { $($(Self::$variant => $name,)*)* }
            }

            /// Returns how bad it is.
            pub fn severity(self) -> Severity {
                match self { $($(Self::$variant => Severity::$severity,)*)* }
            }
        }
    };
}

codes! {
    Error {
        // Files and YAML
        UnreadableFile "unreadable-file",
        FileTooLarge "file-too-large",
        NotUtf8 "not-utf8",
        LinkOutOfProject "link-out-of-project",
        InvalidYaml "invalid-yaml",
        YamlFeature "yaml-feature",
        DuplicateKey "duplicate-key",
        UnknownKey "unknown-key",
        MissingKey "missing-key",
        WrongValue "wrong-value",
        ConflictingKeys "conflicting-keys",
        ExpressionCutByYaml "expression-cut-by-yaml",
        InvalidConfiguration "invalid-configuration",
        NotYet "not-yet",
        // Names
        InvalidName "invalid-name",
        DuplicateName "duplicate-name",
        NameClash "name-clash",
        UnknownModel "unknown-model",
        UnknownDimension "unknown-dimension",
        UnknownMetric "unknown-metric",
        UnknownName "unknown-name",
        // Tables
        UnknownTable "unknown-table",
        UnknownColumn "unknown-column",
        InvalidPartition "invalid-partition",
        InvalidModelSql "invalid-model-sql",
        // Expressions
        InvalidExpression "invalid-expression",
        ExpressionTooLarge "expression-too-large",
        UnknownFunction "unknown-function",
        WrongArguments "wrong-arguments",
        AggregateInExpression "aggregate-in-expression",
        TypeMismatch "type-mismatch",
        DialectMissing "dialect-missing",
        // Joins and dimensions
        JoinNotToOne "join-not-to-one",
        InvalidAsOf "invalid-as-of",
        InvalidFanOut "invalid-fan-out",
        AmbiguousJoinPath "ambiguous-join-path",
        UnreachableModel "unreachable-model",
        CyclicDimension "cyclic-dimension",
        CyclicJoin "cyclic-join",
        MissingTime "missing-time",
        InvalidBuckets "invalid-buckets",
        FanOut "fan-out",
        // Metrics
        CyclicMetric "cyclic-metric",
        InvalidAggregate "invalid-aggregate",
        MissingExpression "missing-expression",
        InvalidOffset "invalid-offset",
        InvalidWindow "invalid-window",
        FilterOutOfReach "filter-out-of-reach",
        UnknownReplacement "unknown-replacement",
        // Saved queries and tests
        InvalidSavedQuery "invalid-saved-query",
        InvalidTest "invalid-test",
        InvalidRollup "invalid-rollup",
        RollupNotAdditive "rollup-not-additive",
        // Policies
        InvalidPolicy "invalid-policy",
    }
    Warning {
        MissingPrimaryKey "missing-primary-key",
        MissingDescription "missing-description",
        UnusedInput "unused-input",
        UncheckedColumn "unchecked-column",
        PartitionWithoutPromise "partition-without-promise",
    }
}
