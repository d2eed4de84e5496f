//! Parameters of explores, joins and aggregate tables.

use super::{
    Context, Parameter,
    Shape::{
        Any, Block, Braces, Filters, List, ListOrWord, MaybeNamed, Named, Number, OneOf, Pairs, Text, TextOrWord, Word,
        YesNo,
    },
    many, one,
};

pub(super) const EXPLORE: &[Parameter] = &[
    one("label", Text),
    one("description", Text),
    one("group_label", Text),
    one("hidden", YesNo),
    one("view_name", Word),
    one("from", Word),
    one("view_label", Text),
    one("fields", List),
    one("tags", List),
    many("extends", ListOrWord),
    one("extension", OneOf(&["required"])),
    one("final", YesNo),
    many("join", Named(Context::Join)),
    many("always_join", Any),
    one("always_filter", Braces(Context::AlwaysFilter)),
    one("conditionally_filter", Braces(Context::ConditionallyFilter)),
    one("sql_always_where", Block),
    one("sql_always_having", Block),
    one("sql_where", Block),
    many("access_filter", Braces(Context::AccessFilter)),
    many("access_filter_fields", List),
    one("required_access_grants", List),
    many("aggregate_table", Named(Context::AggregateTable)),
    many("query", MaybeNamed(Context::Query)),
    one("persist_for", TextOrWord),
    one("persist_with", Word),
    one("case_sensitive", YesNo),
    one("cancel_grouping_fields", List),
    one("symmetric_aggregates", YesNo),
    one("sql_table_name", Block),
    one("sql_preamble", Block),
    one("required_joins", List),
];

pub(super) const JOIN: &[Parameter] = &[
    one("from", Word),
    one("view_name", Word),
    one("type", OneOf(&["left_outer", "full_outer", "inner", "cross", "left", "full"])),
    one("relationship", OneOf(&["many_to_one", "one_to_one", "one_to_many", "many_to_many"])),
    one("sql_on", Block),
    one("sql", Block),
    one("sql_foreign_key", Block),
    one("foreign_key", Word),
    one("fields", List),
    one("view_label", Text),
    one("label", Text),
    one("description", Text),
    one("required_joins", List),
    one("required_access_grants", List),
    one("outer_only", YesNo),
    one("sql_where", Block),
    one("sql_table_name", Block),
    one("hidden", YesNo),
];

pub(super) const ACCESS_FILTER: &[Parameter] = &[one("field", Word), one("user_attribute", TextOrWord)];

pub(super) const ALWAYS_FILTER: &[Parameter] = &[many("filters", Filters)];

pub(super) const CONDITIONALLY_FILTER: &[Parameter] = &[many("filters", Filters), one("unless", List)];

pub(super) const AGGREGATE_TABLE: &[Parameter] =
    &[one("query", Braces(Context::Query)), one("materialization", Braces(Context::Materialization))];

pub(super) const QUERY: &[Parameter] = &[
    one("label", Text),
    one("description", Text),
    one("dimensions", List),
    one("measures", List),
    one("pivots", List),
    many("filters", Filters),
    one("sorts", Pairs),
    one("limit", Number),
    one("column_limit", Number),
    one("timezone", TextOrWord),
    one("expression_custom_filter", Block),
    one("hidden", YesNo),
];

pub(super) const MATERIALIZATION: &[Parameter] = &[
    one("datagroup_trigger", Word),
    one("persist_for", TextOrWord),
    one("sql_trigger_value", Block),
    one("interval_trigger", Text),
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
    one("create_process", Braces(Context::CreateProcess)),
    one("sql_create", Block),
];
