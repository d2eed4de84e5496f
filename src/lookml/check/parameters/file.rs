//! Parameters of files: models, manifests, and what is declared at their outermost level.

use super::{
    Context, Parameter,
    Shape::{Any, Block, Braces, List, MaybeNamed, Named, Number, OneOf, Text, TextOrWord, Word, YesNo},
    many, one,
    words::WEEK_DAYS,
};

/// The outermost level of any file but the manifest.
pub(super) const FILE: &[Parameter] = &[
    one("connection", TextOrWord),
    many("include", TextOrWord),
    one("label", Text),
    one("description", Text),
    many("explore", Named(Context::Explore)),
    many("view", Named(Context::View)),
    many("datagroup", Named(Context::Datagroup)),
    many("access_grant", Named(Context::AccessGrant)),
    many("map_layer", Named(Context::MapLayer)),
    many("named_value_format", Named(Context::NamedValueFormat)),
    many("test", Named(Context::Test)),
    many("dashboard", Named(Context::Any)),
    many("set", Named(Context::Set)),
    one("persist_for", TextOrWord),
    one("persist_with", Word),
    one("case_sensitive", YesNo),
    one("week_start_day", OneOf(WEEK_DAYS)),
    one("fiscal_month_offset", Number),
    one("required_access_grants", List),
    one("extension", OneOf(&["required"])),
    one("template", Word),
    one("localization_settings", Braces(Context::Any)),
    one("name", TextOrWord),
];

/// `manifest.lkml`
pub(super) const MANIFEST: &[Parameter] = &[
    one("project_name", TextOrWord),
    many("constant", Named(Context::Constant)),
    many("local_dependency", MaybeNamed(Context::LocalDependency)),
    many("remote_dependency", Named(Context::RemoteDependency)),
    one("localization_settings", Braces(Context::Any)),
    one("new_lookml_runtime", YesNo),
    many("application", Named(Context::Any)),
    many("visualization", MaybeNamed(Context::Any)),
    many("include", TextOrWord),
];

pub(super) const CONSTANT: &[Parameter] =
    &[one("value", Text), one("export", OneOf(&["none", "override_optional", "override_required"]))];

pub(super) const LOCAL_DEPENDENCY: &[Parameter] =
    &[one("project", TextOrWord), many("override_constant", Named(Context::Constant))];

pub(super) const REMOTE_DEPENDENCY: &[Parameter] = &[
    one("url", Text),
    one("ref", TextOrWord),
    one("username_user_attribute", TextOrWord),
    one("password_user_attribute", TextOrWord),
    many("override_constant", Named(Context::Constant)),
];

pub(super) const DATAGROUP: &[Parameter] = &[
    one("label", Text),
    one("description", Text),
    one("sql_trigger", Block),
    one("interval_trigger", Text),
    one("max_cache_age", TextOrWord),
];

pub(super) const ACCESS_GRANT: &[Parameter] = &[one("user_attribute", TextOrWord), one("allowed_values", List)];

pub(super) const NAMED_VALUE_FORMAT: &[Parameter] = &[one("value_format", Text), one("strict_value_format", YesNo)];

pub(super) const MAP_LAYER: &[Parameter] = &[
    one("extents_json_url", Text),
    one("feature_key", TextOrWord),
    one("file", TextOrWord),
    one("format", OneOf(&["topojson", "vector_tile_region"])),
    one("label", Text),
    one("max_zoom_level", Number),
    one("min_zoom_level", Number),
    one("projection", TextOrWord),
    one("property_key", TextOrWord),
    one("property_label_key", TextOrWord),
    one("url", Text),
];

pub(super) const TEST: &[Parameter] = &[
    one("explore_source", Named(Context::ExploreSource)),
    many("assert", Named(Context::Assert)),
    one("description", Any),
];

pub(super) const ASSERT: &[Parameter] = &[one("expression", Block)];
