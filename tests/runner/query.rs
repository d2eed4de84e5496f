//! The block `yaml query` → a request.

use entente::{
    plan::{Request, RequestText, Top},
    time::{DateTime, Utc},
};
use serde::Deserialize;

/// The moment at which cases are asked unless they say another one.
const NOW: &str = "2026-01-15T12:00:00Z";

/// A query as written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Query {
    metrics: Vec<String>,
    by: Vec<String>,
    r#where: Option<String>,
    having: Option<String>,
    time: Option<serde_yaml::Value>,
    order: Option<String>,
    limit: Option<u64>,
    fill: Option<String>,
    top: Option<WrittenTop>,
    time_zone: Option<String>,
    total: bool,
    now: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenTop {
    count: u64,
    of: String,
    by: String,
    #[serde(default)]
    other: bool,
}

/// Reads a query: its moment, and the request or why it is none.
pub(crate) fn read(text: &str) -> Result<(DateTime<Utc>, Result<Request, entente::plan::PlanError>), String> {
    let query: Query = serde_yaml::from_str(text).map_err(|error| format!("`yaml query`: {error}"))?;
    let now = query.now.as_deref().unwrap_or(NOW);
    let now = now.parse().map_err(|error| format!("`now` of `yaml query`: {error}"))?;
    let fill = match query.fill.as_deref() {
        None | Some("none") => false,
        Some("time") => true,
        Some(other) => return Err(format!("`fill: {other}` of `yaml query` is neither `time` nor `none`")),
    };
    // `time: 2024` is a number to YAML.
    let time = query.time.map(|time| match time {
        serde_yaml::Value::String(text) => text,
        other => serde_yaml::to_string(&other).unwrap_or_default().trim().to_owned(),
    });
    let text = RequestText {
        metrics: query.metrics,
        by: query.by,
        filter: query.r#where,
        having: query.having,
        time,
        order: query.order,
        limit: query.limit,
        fill,
        top: query.top.map(|top| Top { count: top.count, of: top.of, by: top.by, other: top.other }),
        time_zone: query.time_zone,
        total: query.total,
    };
    Ok((now, text.parse()))
}
