//! Every kind of mistake a project can hold. Each has a page, `docs/diagnostics/<code>.md`, which is a test.

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// There is no project until it is mended.
    Error,
    /// The project works; something is likely not meant.
    Warning,
    /// Nothing is wrong; it is good to know.
    Note,
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
        UnknownBucket "unknown-bucket",
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
        // LookML of any origin
        LookmlSyntax "lookml-syntax",
        LookmlUnclosedBlock "lookml-unclosed-block",
        LookmlUnclosedText "lookml-unclosed-text",
        LookmlMissingTerminator "lookml-missing-terminator",
        LookmlOldSyntax "lookml-old-syntax",
        LookmlUnknownParameter "lookml-unknown-parameter",
        LookmlWrongValue "lookml-wrong-value",
        LookmlMissingParameter "lookml-missing-parameter",
        LookmlInvalidName "lookml-invalid-name",
        LookmlDuplicateName "lookml-duplicate-name",
        LookmlUnknownInclude "lookml-unknown-include",
        LookmlUnknownView "lookml-unknown-view",
        LookmlUnknownExplore "lookml-unknown-explore",
        LookmlUnknownField "lookml-unknown-field",
        LookmlUnknownSet "lookml-unknown-set",
        LookmlUnknownConstant "lookml-unknown-constant",
        LookmlUnknownDatagroup "lookml-unknown-datagroup",
        LookmlUnknownAccessGrant "lookml-unknown-access-grant",
        LookmlUnknownFormat "lookml-unknown-format",
        LookmlUnknownMapLayer "lookml-unknown-map-layer",
        LookmlUnknownJoin "lookml-unknown-join",
        LookmlCircular "lookml-circular",
        LookmlAggregateOfAggregate "lookml-aggregate-of-aggregate",
        LookmlMeasureInDimension "lookml-measure-in-dimension",
        LookmlFilterOnMeasure "lookml-filter-on-measure",
        LookmlFilteredNumber "lookml-filtered-number",
        LookmlSeveralPrimaryKeys "lookml-several-primary-keys",
        LookmlJoinWithoutCondition "lookml-join-without-condition",
        LookmlUnbalancedSql "lookml-unbalanced-sql",
        LookmlUnclosedLiquid "lookml-unclosed-liquid",
        LookmlInvalidTimeframe "lookml-invalid-timeframe",
        LookmlInvalidPeriod "lookml-invalid-period",
        LookmlConflictingParameters "lookml-conflicting-parameters",
        LookmlSemicolonInSql "lookml-semicolon-in-sql",
        LookmlWrongFieldKind "lookml-wrong-field-kind",
    }
    Warning {
        MissingPrimaryKey "missing-primary-key",
        MissingDescription "missing-description",
        UnusedInput "unused-input",
        MissingCatalog "missing-catalog",
        UncheckedColumn "unchecked-column",
        PartitionWithoutPromise "partition-without-promise",
        RollupWithoutSketch "rollup-without-sketch",
        LookmlUnreachableField "lookml-unreachable-field",
        LookmlEmptyInclude "lookml-empty-include",
        LookmlUnscopedField "lookml-unscoped-field",
        LookmlDuplicateParameter "lookml-duplicate-parameter",
        LookmlIgnoredParameter "lookml-ignored-parameter",
        LookmlMissingSql "lookml-missing-sql",
        LookmlTrailingComment "lookml-trailing-comment",
        LookmlMissingRelationship "lookml-missing-relationship",
        LookmlMissingPrimaryKey "lookml-missing-primary-key",
        LookmlFilterValue "lookml-filter-value",
        LookmlNumberWithoutAggregate "lookml-number-without-aggregate",
        LookmlAggregateInDimension "lookml-aggregate-in-dimension",
        LookmlTimeframeOfDate "lookml-timeframe-of-date",
        LookmlFiscalWithoutOffset "lookml-fiscal-without-offset",
    }
    Note {
        LookmlUnusedFile "lookml-unused-file",
    }
}
