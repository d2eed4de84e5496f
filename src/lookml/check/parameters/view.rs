//! Parameters of views and their tables.

use super::{
    Context, Parameter,
    Shape::{
        Any, Block, Braces, Filters, List, ListOrWord, Named, Number, OneOf, Pairs, Text, TextOrWord, Word, YesNo,
    },
    many, one,
};

pub(super) const VIEW: &[Parameter] = &[
    one("label", Text),
    one("view_label", Text),
    one("description", Text),
    one("sql_table_name", Block),
    one("derived_table", Braces(Context::DerivedTable)),
    one("calendar_definition", Braces(Context::CalendarDefinition)),
    many("extends", ListOrWord),
    one("extension", OneOf(&["required"])),
    one("final", YesNo),
    one("fields_hidden_by_default", YesNo),
    one("suggestions", YesNo),
    one("drill_fields", List),
    one("required_access_grants", List),
    one("tags", List),
    one("hidden", YesNo),
    many("set", Named(Context::Set)),
    many("dimension", Named(Context::Dimension)),
    many("dimension_group", Named(Context::DimensionGroup)),
    many("measure", Named(Context::Measure)),
    many("filter", Named(Context::Filter)),
    many("parameter", Named(Context::Parameter)),
];

pub(super) const DERIVED_TABLE: &[Parameter] = &[
    one("sql", Block),
    one("explore_source", Named(Context::ExploreSource)),
    one("sql_create", Block),
    one("create_process", Braces(Context::CreateProcess)),
    one("cluster_keys", List),
    one("partition_keys", List),
    one("distribution", TextOrWord),
    one("distribution_style", OneOf(&["all", "even"])),
    one("sortkeys", List),
    one("indexes", List),
    one("table_compression", TextOrWord),
    one("table_format", TextOrWord),
    one("publish_as_db_view", YesNo),
    one("materialized_view", YesNo),
    one("persist_for", TextOrWord),
    one("datagroup_trigger", Word),
    one("sql_trigger_value", Block),
    one("interval_trigger", Text),
];

/// How a table is kept, in a derived table and in an aggregate table.
pub(super) const PERSISTENCE: &[Parameter] = &[one("increment_key", TextOrWord), one("increment_offset", Number)];

pub(super) const EXPLORE_SOURCE: &[Parameter] = &[
    many("column", Named(Context::Column)),
    many("derived_column", Named(Context::DerivedColumn)),
    many("bind_filters", Braces(Context::BindFilters)),
    one("bind_all_filters", YesNo),
    many("filters", Filters),
    many("dev_filters", Filters),
    one("expression_custom_filter", Block),
    one("limit", Number),
    one("column_limit", Number),
    one("sorts", Pairs),
    many("sort", Any),
    one("timezone", TextOrWord),
    one("query_timezone", TextOrWord),
];

pub(super) const COLUMN: &[Parameter] = &[one("field", Word)];

pub(super) const DERIVED_COLUMN: &[Parameter] = &[one("sql", Block)];

pub(super) const BIND_FILTERS: &[Parameter] = &[one("from_field", Word), one("to_field", Word)];

pub(super) const CREATE_PROCESS: &[Parameter] = &[many("sql_step", Block)];

pub(super) const CALENDAR_DEFINITION: &[Parameter] = &[
    one("reference_date", Word),
    one("timeframe_mapping", Braces(Context::CalendarMapping)),
    one("timeframe_ordinal_mapping", Braces(Context::CalendarMapping)),
    one("previous_ordinal_mapping", Braces(Context::CalendarMapping)),
];

pub(super) const CALENDAR_MAPPING: &[Parameter] = &[
    one("custom_date", Word),
    one("custom_week", Word),
    one("custom_period", Word),
    one("custom_quarter", Word),
    one("custom_season", Word),
    one("custom_year", Word),
];

pub(super) const SET: &[Parameter] = &[one("fields", List)];
