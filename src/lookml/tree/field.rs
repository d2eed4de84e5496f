//! Dimensions, dimension groups, measures.

use serde::Serialize;

use super::{Datatype, DimensionType, MeasureType, PeriodKind, Timeframe};

/// What every field may say to people.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FieldDocs {
    /// `label`
    pub label: Option<String>,
    /// `view_label`
    pub view_label: Option<String>,
    /// `group_label`
    pub group_label: Option<String>,
    /// `description`
    pub description: Option<String>,
    /// `hidden: yes`
    pub hidden: bool,
    /// `tags`
    pub tags: Vec<String>,
    /// `drill_fields`
    pub drill_fields: Vec<String>,
    /// `value_format_name`
    pub value_format_name: Option<String>,
    /// `value_format`
    pub value_format: Option<String>,
    /// `html`
    pub html: Option<String>,
    /// `link`
    pub links: Vec<Link>,
    /// `action`
    pub actions: Vec<Action>,
    /// `alias`: the names under which saved content may still ask for it.
    pub aliases: Vec<String>,
    /// `synonyms`
    pub synonyms: Vec<String>,
    /// `required_access_grants`: all of them are needed to see it.
    pub required_access_grants: Vec<String>,
}

/// Something to do with a value outside of Looker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Action {
    /// `label`
    pub label: String,
    /// `url`
    pub url: String,
    /// `icon_url`
    pub icon_url: Option<String>,
    /// `param`: name and value.
    pub parameters: Vec<Filter>,
}

/// A link in the menu of a value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Link {
    /// `label`
    pub label: String,
    /// `url`
    pub url: String,
}

/// `dimension: name { … }`
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Dimension {
    /// The name.
    pub name: String,
    /// What it says to people.
    pub docs: FieldDocs,
    /// `primary_key: yes`
    pub primary_key: bool,
    /// `type`
    #[serde(rename = "type")]
    pub kind: DimensionType,
    /// `datatype`, of a day.
    pub datatype: Option<Datatype>,
    /// `convert_tz`, of a day.
    pub convert_tz: Option<bool>,
    /// `sql`; absent where `case` is there.
    pub sql: Option<String>,
    /// `case`, in the order in which values sort.
    pub case: Vec<When>,
    /// `suggestions`
    pub suggestions: Vec<String>,
    /// `suggestable: no`
    pub not_suggestable: bool,
    /// `suggest_explore` and `suggest_dimension`
    pub suggest: Option<Suggest>,
    /// `order_by_field`
    pub order_by_field: Option<String>,
}

/// Where suggestions come from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Suggest {
    /// `suggest_explore`
    pub explore: String,
    /// `suggest_dimension`, with its view.
    pub dimension: String,
}

/// A branch of `case`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct When {
    /// The condition.
    pub sql: String,
    /// The value.
    pub label: String,
}

/// `dimension_group: name { type: time … }`
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DimensionGroup {
    /// The name, in front of each timeframe.
    pub name: String,
    /// What it says to people.
    pub docs: FieldDocs,
    /// `timeframes`
    pub timeframes: Vec<Timeframe>,
    /// `datatype`
    pub datatype: Datatype,
    /// `convert_tz`
    pub convert_tz: bool,
    /// `sql`
    pub sql: String,
}

/// `measure: name { … }`
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Measure {
    /// The name.
    pub name: String,
    /// What it says to people.
    pub docs: FieldDocs,
    /// `type`
    #[serde(rename = "type")]
    pub kind: MeasureType,
    /// `sql`
    pub sql: Option<String>,
    /// `filters`: field and Looker filter expression, joined by AND.
    pub filters: Vec<Filter>,
    /// `approximate: yes`
    pub approximate: bool,
    /// `can_filter: no`
    pub not_filterable: bool,
    /// `datatype`, of dates.
    pub datatype: Option<Datatype>,
    /// `convert_tz`, of dates.
    pub convert_tz: Option<bool>,
    /// What `type: period_over_period` needs.
    pub comparison: Option<Comparison>,
}

/// A field and a Looker filter expression.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Filter {
    /// The field.
    pub field: String,
    /// The expression.
    pub value: String,
}

/// The parameters of `type: period_over_period`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Comparison {
    /// `based_on`
    pub based_on: String,
    /// `based_on_time`
    pub based_on_time: String,
    /// `period`
    pub period: String,
    /// `kind`
    pub kind: PeriodKind,
}
