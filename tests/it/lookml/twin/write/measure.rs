//! Measures: aggregates over rows, filtered, and symmetric where joins multiply rows.

use super::Writer;
use crate::lookml::twin::{Looker, refuse, text::Block};

/// The values of a measure: one per row, and the condition under which a row counts.
pub(super) struct Values {
    pub(super) sql: String,
    pub(super) condition: Option<String>,
}

impl Values {
    /// A value where the row counts, else null.
    pub(super) fn kept(&self, value: &str) -> String {
        match &self.condition {
            Some(condition) => format!("CASE WHEN {condition} THEN {value} ELSE NULL END"),
            None => value.to_owned(),
        }
    }

    pub(super) fn value(&self) -> String {
        self.kept(&self.sql)
    }
}

impl Writer<'_> {
    /// The SQL of a measure.
    pub(super) fn measure(&self, alias: &str, block: &Block) -> Looker<String> {
        let kind = block.word("type").unwrap_or("string");
        let is_raw = matches!(kind, "number" | "string" | "yesno") || kind.starts_with("date");
        if is_raw {
            if !block.filters().is_empty() {
                return refuse(format!("measure `{alias}.{}` of type {kind} takes no filters", block.name));
            }
            let Some(sql) = block.code("sql") else { return refuse(format!("`{alias}.{}` has no SQL", block.name)) };
            let sql = self.code(alias, sql)?;
            return Ok(if kind.starts_with("date") { self.moment(block, kind, &sql) } else { sql });
        }
        let values = self.values(alias, block)?;
        let is_multiplied = self.multiplied.contains(alias) && self.explore.block.says("symmetric_aggregates", true);
        match kind {
            "count" => self.count(alias, &values, is_multiplied),
            "count_distinct" if block.says("approximate", false) => {
                Ok(format!("APPROX_COUNT_DISTINCT({})", values.value()))
            }
            "count_distinct" => Ok(format!("COUNT(DISTINCT {})", values.value())),
            "min" => Ok(format!("MIN({})", values.value())),
            "max" => Ok(format!("MAX({})", values.value())),
            "list" => Ok(format!("string_agg(DISTINCT CAST({} AS VARCHAR), '|')", values.value())),
            "sum_distinct" | "average_distinct" | "median_distinct" | "percentile_distinct" => {
                let Some(key) = block.code("sql_distinct_key") else {
                    return refuse(format!("`{alias}.{}` needs `sql_distinct_key`", block.name));
                };
                let key = self.code(alias, key)?;
                let aggregate = kind.trim_end_matches("_distinct");
                Self::over_keys(alias, block, aggregate, &values, &key)
            }
            "sum" | "average" | "median" | "percentile" if is_multiplied => {
                let key = self.needed_key(alias, block)?;
                Self::over_keys(alias, block, kind, &values, &key)
            }
            "sum" => Ok(format!("COALESCE(SUM({}), 0)", values.value())),
            "average" => Ok(format!("AVG({})", values.value())),
            "median" => Ok(super::symmetric::percentile(&format!("list({})", values.value()), 50)),
            "percentile" => Ok(super::symmetric::percentile(&format!("list({})", values.value()), percent(block)?)),
            other => refuse(format!("measures of type `{other}` are not known here")),
        }
    }

    fn count(&self, alias: &str, values: &Values, is_multiplied: bool) -> Looker<String> {
        let key = self.key(alias)?;
        if is_multiplied {
            let Some(key) = key else { return refuse(needs_key(alias, "count")) };
            return Ok(format!("COUNT(DISTINCT {})", values.kept(&key)));
        }
        let is_joined = *alias != self.explore.base;
        Ok(match (key.filter(|_| is_joined), &values.condition) {
            // A row without a match is no row of a joined view.
            (Some(key), _) => format!("COUNT({})", values.kept(&key)),
            (None, None) => "COUNT(*)".to_owned(),
            (None, Some(_)) => format!("COUNT({})", values.kept("1")),
        })
    }

    fn values(&self, alias: &str, block: &Block) -> Looker<Values> {
        let sql = match block.code("sql") {
            Some(sql) => self.code(alias, sql)?,
            None if block.word("type") == Some("count") => String::new(),
            None => return refuse(format!("`{alias}.{}` has no SQL", block.name)),
        };
        let mut conditions = Vec::new();
        for (field, expression) in block.filters() {
            let (view, name) = field.split_once('.').unwrap_or((alias, field.as_str()));
            if self.explore.field(view, name)?.is_measure() {
                return refuse(format!("`{alias}.{}` is filtered by a measure", block.name));
            }
            conditions.push(format!("({})", self.filter(view, name, &expression)?));
        }
        let condition = (!conditions.is_empty()).then(|| conditions.join(" AND "));
        Ok(Values { sql, condition })
    }

    /// The primary key of a view.
    pub(super) fn key(&self, alias: &str) -> Looker<Option<String>> {
        let view = self.explore.view(alias)?;
        let mut keys = view.blocks("dimension").filter(|dimension| dimension.says("primary_key", false));
        match (keys.next(), keys.next()) {
            (Some(key), None) => self.reference(alias, &key.name).map(Some),
            (None, _) => Ok(None),
            (Some(_), Some(_)) => refuse(format!("view `{}` has several primary keys", view.name)),
        }
    }

    fn needed_key(&self, alias: &str, block: &Block) -> Looker<String> {
        self.key(alias)?.map_or_else(|| refuse(needs_key(alias, &block.name)), Ok)
    }

    /// A moment as people see it.
    fn moment(&self, block: &Block, kind: &str, sql: &str) -> String {
        let local = self.clock(block, &format!("({sql})"));
        if kind == "date" {
            format!("CAST({local} AS DATE)")
        } else {
            format!("strftime({local}, '%Y-%m-%d %H:%M:%S')")
        }
    }
}

/// The percentile that a measure is about.
pub(super) fn percent(block: &Block) -> Looker<u32> {
    let percent = block.word("percentile").and_then(|percent| percent.parse().ok());
    percent.map_or_else(|| refuse(format!("`{}` needs `percentile`", block.name)), Ok)
}

fn needs_key(alias: &str, field: &str) -> String {
    format!(
        "field `{alias}.{field}` cannot be calculated because of a one_to_many or many_to_many join: add a primary key to `{alias}`"
    )
}
