//! Every parameter of LookML: where it may stand, what its value is, whether it may be repeated.
//!
//! `relationship: many_to_one` in a `join` is a row of the table of [`Context::Join`]: one of four words, once. The tables
//! are data; what they mean is in `shape`.
//!
//! **Invariant:** a parameter that Looker knows, or knew in a version that projects still use, is in the tables.

mod explore;
mod field;
mod file;
mod view;
mod words;

pub(super) use words::{
    BUILT_IN_FORMATS, BUILT_IN_MAP_LAYERS, CUSTOM_TIMEFRAMES, DATE_ONLY_TIMEFRAMES, INTERVALS, is_timeframe,
};

/// What a block is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Context {
    /// The outermost level of a file: a model, a view file, or any other.
    File,
    /// `manifest.lkml`
    Manifest,
    Constant,
    LocalDependency,
    RemoteDependency,
    Datagroup,
    AccessGrant,
    NamedValueFormat,
    MapLayer,
    Test,
    Assert,
    View,
    DerivedTable,
    ExploreSource,
    Column,
    DerivedColumn,
    BindFilters,
    CalendarDefinition,
    CalendarMapping,
    CreateProcess,
    Set,
    Dimension,
    DimensionGroup,
    Measure,
    Filter,
    Parameter,
    Case,
    When,
    Link,
    Action,
    ActionParam,
    FormParam,
    FormOption,
    AllowedValue,
    /// `filters: { field: x value: "y" }`, as older projects write it.
    OldFilter,
    Explore,
    Join,
    AccessFilter,
    AlwaysFilter,
    ConditionallyFilter,
    AggregateTable,
    Query,
    Materialization,
    /// A block whose content is not looked at.
    Any,
}

/// What the value of a parameter is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Shape {
    /// `yes` or `no`
    YesNo,
    /// One word: a name, a type.
    Word,
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// A text between quotes.
    Text,
    /// A text between quotes, or a word.
    TextOrWord,
    /// A number.
    Number,
    /// SQL, HTML or an expression up to `;;`.
    Block,
    /// A list of names or texts.
    List,
    /// A list of names, or one name, as older projects write it.
    ListOrWord,
    /// A list of texts, or one text.
    ListOrText,
    /// A list of pairs `field: value`.
    Pairs,
    /// A list of pairs, or blocks with `field` and `value`.
    Filters,
    /// A block without a name.
    Braces(Context),
    /// A block with a name.
    Named(Context),
    /// A block, named or not.
    MaybeNamed(Context),
    /// Anything.
    Any,
}

/// A parameter of a context.
#[derive(Clone, Copy, Debug)]
pub(super) struct Parameter {
    /// Its name.
    pub(super) name: &'static str,
    /// Its value.
    pub(super) shape: Shape,
    /// Whether a block may have several.
    pub(super) repeats: bool,
}

/// A parameter that stands once.
const fn one(name: &'static str, shape: Shape) -> Parameter {
    Parameter { name, shape, repeats: false }
}

/// A parameter that may be repeated.
const fn many(name: &'static str, shape: Shape) -> Parameter {
    Parameter { name, shape, repeats: true }
}

impl Context {
    /// Returns the tables of parameters that may stand here; nothing where everything may.
    pub(super) fn parameters(self) -> Option<&'static [&'static [Parameter]]> {
        Some(match self {
            Self::File => &[file::FILE],
            Self::Manifest => &[file::MANIFEST],
            Self::Constant => &[file::CONSTANT],
            Self::LocalDependency => &[file::LOCAL_DEPENDENCY],
            Self::RemoteDependency => &[file::REMOTE_DEPENDENCY],
            Self::Datagroup => &[file::DATAGROUP],
            Self::AccessGrant => &[file::ACCESS_GRANT],
            Self::NamedValueFormat => &[file::NAMED_VALUE_FORMAT],
            Self::MapLayer => &[file::MAP_LAYER],
            Self::Test => &[file::TEST],
            Self::Assert => &[file::ASSERT],
            Self::View => &[view::VIEW],
            Self::DerivedTable => &[view::DERIVED_TABLE, view::PERSISTENCE],
            Self::ExploreSource => &[view::EXPLORE_SOURCE],
            Self::Column => &[view::COLUMN],
            Self::DerivedColumn => &[view::DERIVED_COLUMN],
            Self::BindFilters => &[view::BIND_FILTERS],
            Self::CalendarDefinition => &[view::CALENDAR_DEFINITION],
            Self::CalendarMapping => &[view::CALENDAR_MAPPING],
            Self::CreateProcess => &[view::CREATE_PROCESS],
            Self::Set => &[view::SET],
            Self::Dimension => &[field::ANY_FIELD, field::DIMENSION],
            Self::DimensionGroup => &[field::ANY_FIELD, field::DIMENSION_GROUP],
            Self::Measure => &[field::ANY_FIELD, field::MEASURE],
            Self::Filter => &[field::ANY_FIELD, field::FILTER],
            Self::Parameter => &[field::ANY_FIELD, field::PARAMETER],
            Self::Case => &[field::CASE],
            Self::When => &[field::WHEN],
            Self::Link => &[field::LINK],
            Self::Action => &[field::ACTION],
            Self::ActionParam => &[field::ACTION_PARAM],
            Self::FormParam => &[field::FORM_PARAM],
            Self::FormOption => &[field::FORM_OPTION],
            Self::AllowedValue => &[field::ALLOWED_VALUE],
            Self::OldFilter => &[field::OLD_FILTER],
            Self::Explore => &[explore::EXPLORE],
            Self::Join => &[explore::JOIN],
            Self::AccessFilter => &[explore::ACCESS_FILTER],
            Self::AlwaysFilter => &[explore::ALWAYS_FILTER],
            Self::ConditionallyFilter => &[explore::CONDITIONALLY_FILTER],
            Self::AggregateTable => &[explore::AGGREGATE_TABLE],
            Self::Query => &[explore::QUERY],
            Self::Materialization => &[explore::MATERIALIZATION, view::PERSISTENCE],
            Self::Any => return None,
        })
    }

    /// Returns a parameter that may stand here.
    pub(super) fn parameter(self, name: &str) -> Option<&'static Parameter> {
        self.parameters()?.iter().flat_map(|table| table.iter()).find(|parameter| parameter.name == name)
    }

    /// Returns how people call a block of this kind.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Manifest => "manifest",
            Self::Constant => "constant",
            Self::LocalDependency => "local_dependency",
            Self::RemoteDependency => "remote_dependency",
            Self::Datagroup => "datagroup",
            Self::AccessGrant => "access_grant",
            Self::NamedValueFormat => "named_value_format",
            Self::MapLayer => "map_layer",
            Self::Test => "test",
            Self::Assert => "assert",
            Self::View => "view",
            Self::DerivedTable => "derived_table",
            Self::ExploreSource => "explore_source",
            Self::Column => "column",
            Self::DerivedColumn => "derived_column",
            Self::BindFilters => "bind_filters",
            Self::CalendarDefinition => "calendar_definition",
            Self::CalendarMapping => "timeframe_mapping",
            Self::CreateProcess => "create_process",
            Self::Set => "set",
            Self::Dimension => "dimension",
            Self::DimensionGroup => "dimension_group",
            Self::Measure => "measure",
            Self::Filter => "filter",
            Self::Parameter => "parameter",
            Self::Case => "case",
            Self::When => "when",
            Self::Link => "link",
            Self::Action => "action",
            Self::ActionParam => "param",
            Self::FormParam => "form_param",
            Self::FormOption => "option",
            Self::AllowedValue => "allowed_value",
            Self::OldFilter => "filters",
            Self::Explore => "explore",
            Self::Join => "join",
            Self::AccessFilter => "access_filter",
            Self::AlwaysFilter => "always_filter",
            Self::ConditionallyFilter => "conditionally_filter",
            Self::AggregateTable => "aggregate_table",
            Self::Query => "query",
            Self::Materialization => "materialization",
            Self::Any => "block",
        }
    }

    /// Every context, for finding where a parameter would be right.
    pub(super) const ALL: [Self; 43] = [
        Self::File,
        Self::Manifest,
        Self::Constant,
        Self::LocalDependency,
        Self::RemoteDependency,
        Self::Datagroup,
        Self::AccessGrant,
        Self::NamedValueFormat,
        Self::MapLayer,
        Self::Test,
        Self::Assert,
        Self::View,
        Self::DerivedTable,
        Self::ExploreSource,
        Self::Column,
        Self::DerivedColumn,
        Self::BindFilters,
        Self::CalendarDefinition,
        Self::CalendarMapping,
        Self::CreateProcess,
        Self::Set,
        Self::Dimension,
        Self::DimensionGroup,
        Self::Measure,
        Self::Filter,
        Self::Parameter,
        Self::Case,
        Self::When,
        Self::Link,
        Self::Action,
        Self::ActionParam,
        Self::FormParam,
        Self::FormOption,
        Self::AllowedValue,
        Self::OldFilter,
        Self::Explore,
        Self::Join,
        Self::AccessFilter,
        Self::AlwaysFilter,
        Self::ConditionallyFilter,
        Self::AggregateTable,
        Self::Query,
        Self::Materialization,
    ];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_context_has_a_parameter_twice() {
        for context in Context::ALL {
            let mut names: Vec<&str> =
                context.parameters().into_iter().flatten().flat_map(|table| table.iter()).map(|p| p.name).collect();
            names.sort_unstable();
            let length = names.len();
            names.dedup();
            assert_eq!(names.len(), length, "{context:?}");
        }
    }

    #[test]
    fn every_parameter_with_a_block_of_sql_ends_in_its_terminator() {
        for context in Context::ALL {
            for parameter in context.parameters().into_iter().flatten().flat_map(|table| table.iter()) {
                let block = matches!(parameter.shape, Shape::Block);
                assert_eq!(crate::lookml::lexical::is_block_key(parameter.name), block, "{}", parameter.name);
            }
        }
    }
}
