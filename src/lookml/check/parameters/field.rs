//! Parameters of fields: dimensions, groups, measures, filters and parameters.

use super::{
    Context, Parameter,
    Shape::{Any, Block, Braces, Filters, List, ListOrText, Number, OneOf, Text, TextOrWord, Word, YesNo},
    many, one,
    words::{
        CUSTOM_TIMEFRAMES, DATATYPES, DIMENSION_TYPES, FILTER_TYPES, KINDS, MEASURE_TYPES, PARAMETER_TYPES, PERIODS,
    },
};

/// Parameters of every kind of field.
pub(super) const ANY_FIELD: &[Parameter] = &[
    one("label", Text),
    one("view_label", Text),
    one("group_label", Text),
    one("group_item_label", Text),
    one("label_from_parameter", Word),
    one("description", Text),
    one("hidden", YesNo),
    one("alias", List),
    one("tags", List),
    one("synonyms", ListOrText),
    one("required_access_grants", List),
    one("required_fields", List),
    one("can_filter", Any),
    one("case_sensitive", YesNo),
    one("suggestable", YesNo),
    one("suggestions", List),
    one("suggest_dimension", Word),
    one("suggest_explore", Word),
    one("suggest_persist_for", TextOrWord),
    one("full_suggestions", YesNo),
    one("bypass_suggest_restrictions", YesNo),
    one("drill_fields", List),
    many("link", Braces(Context::Link)),
    many("action", Braces(Context::Action)),
    one("html", Block),
    one("value_format", Text),
    one("value_format_name", Word),
    one("order_by_field", Word),
    one("skip_drill_filter", YesNo),
    one("view_name", Word),
    one("sql", Block),
];

pub(super) const DIMENSION: &[Parameter] = &[
    one("type", OneOf(DIMENSION_TYPES)),
    one("primary_key", YesNo),
    one("case", Braces(Context::Case)),
    one("sql_case", Braces(Context::Any)),
    one("tiers", List),
    one("style", OneOf(&["classic", "interval", "integer", "relational", "float", "ordinal"])),
    one("bins", List),
    one("map_layer_name", Word),
    one("sql_latitude", Block),
    one("sql_longitude", Block),
    one("sql_start", Block),
    one("sql_end", Block),
    one("sql_foreign_key", Block),
    one("start_location_field", Word),
    one("end_location_field", Word),
    one("units", OneOf(&["feet", "kilometers", "meters", "miles", "nautical_miles", "yards"])),
    one("alpha_sort", YesNo),
    one("allow_fill", YesNo),
    one("convert_tz", YesNo),
    one("datatype", OneOf(DATATYPES)),
    one("string_datatype", OneOf(&["ascii", "unicode"])),
    one("default_value", Text),
    many("filters", Filters),
    one("fanout_on", Word),
    one("precision", Number),
    one("approximate", YesNo),
    one("intervals", List),
    one("timeframes", List),
];

pub(super) const DIMENSION_GROUP: &[Parameter] = &[
    one("type", OneOf(&["time", "duration", "custom_calendar"])),
    one("timeframes", List),
    one("custom_timeframes", List),
    one("based_on_calendar", Word),
    one("intervals", List),
    one("sql_start", Block),
    one("sql_end", Block),
    one("datatype", OneOf(DATATYPES)),
    one("convert_tz", YesNo),
    one("allow_fill", YesNo),
    one("primary_key", YesNo),
    one("fanout_on", Word),
    one("string_datatype", OneOf(&["ascii", "unicode"])),
];

pub(super) const MEASURE: &[Parameter] = &[
    one("type", OneOf(MEASURE_TYPES)),
    many("filters", Filters),
    many("filter", Filters),
    one("sql_distinct_key", Block),
    one("percentile", Number),
    one("list_field", Word),
    one("approximate", YesNo),
    one("approximate_threshold", Number),
    one("allow_approximate_optimization", YesNo),
    one("precision", Number),
    one("direction", OneOf(&["row", "column"])),
    one("fanout_on", Word),
    one("convert_tz", YesNo),
    one("datatype", OneOf(DATATYPES)),
    one("string_datatype", OneOf(&["ascii", "unicode"])),
    one("based_on", Word),
    one("based_on_time", Word),
    one("period", OneOf(PERIODS)),
    one("custom_calendar_period", OneOf(CUSTOM_TIMEFRAMES)),
    one("kind", OneOf(KINDS)),
    one("value_to_date", YesNo),
    one("map_layer_name", Word),
    one("alpha_sort", YesNo),
    one("allow_fill", YesNo),
    one("default_value", Text),
    one("primary_key", YesNo),
];

pub(super) const FILTER: &[Parameter] = &[
    one("type", OneOf(FILTER_TYPES)),
    one("default_value", Text),
    one("datatype", OneOf(DATATYPES)),
    one("convert_tz", YesNo),
    many("filters", Filters),
];

pub(super) const PARAMETER: &[Parameter] = &[
    one("type", OneOf(PARAMETER_TYPES)),
    one("default_value", Text),
    many("allowed_value", Braces(Context::AllowedValue)),
    one("datatype", OneOf(DATATYPES)),
    one("convert_tz", YesNo),
];

pub(super) const CASE: &[Parameter] = &[many("when", Braces(Context::When)), one("else", Text)];

pub(super) const WHEN: &[Parameter] = &[one("sql", Block), one("label", Text)];

pub(super) const LINK: &[Parameter] = &[one("label", Text), one("url", Text), one("icon_url", Text)];

pub(super) const ACTION: &[Parameter] = &[
    one("label", Text),
    one("url", Text),
    one("icon_url", Text),
    one("form_url", Text),
    many("param", Braces(Context::ActionParam)),
    many("form_param", Braces(Context::FormParam)),
    many("user_attribute_param", Braces(Context::Any)),
];

pub(super) const ACTION_PARAM: &[Parameter] = &[one("name", Text), one("value", Text)];

pub(super) const FORM_PARAM: &[Parameter] = &[
    one("name", Text),
    one("type", OneOf(&["string", "textarea", "select"])),
    one("label", Text),
    one("description", Text),
    one("required", YesNo),
    one("default", Text),
    many("option", Braces(Context::FormOption)),
];

pub(super) const FORM_OPTION: &[Parameter] = &[one("name", Text), one("label", Text), one("value", Text)];

pub(super) const ALLOWED_VALUE: &[Parameter] = &[one("label", Text), one("value", Text)];

pub(super) const OLD_FILTER: &[Parameter] = &[one("field", TextOrWord), one("value", TextOrWord)];
