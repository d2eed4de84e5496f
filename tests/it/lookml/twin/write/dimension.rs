//! Dimensions: their SQL where others name them, and where they are shown.

use super::{Writer, frames};
use crate::lookml::twin::{Looker, field::Field, filter::quote, refuse, text::Block};

impl Writer<'_> {
    /// The SQL of a dimension.
    pub(super) fn dimension(&self, alias: &str, field: Field<'_>) -> Looker<String> {
        match field {
            Field::Dimension(block) => self.plain(alias, block),
            Field::Frame(block, "raw") => self.column(alias, block),
            Field::Frame(block, frame) => {
                let model = self.explore.model;
                let local = self.local(alias, block)?;
                frames::sql(frame, &local, model.week_start(), &|| model.fiscal_offset())
            }
            Field::Interval(block, interval) => {
                let edge = |key: &str| match block.code(key) {
                    Some(sql) => self.code(alias, sql),
                    None => refuse(format!("`{}` has no `{key}`", block.name)),
                };
                Ok(format!("datesub('{interval}', {}, {})", edge("sql_start")?, edge("sql_end")?))
            }
            Field::Measure(_) | Field::Asked(_) => refuse("a dimension was expected"),
        }
    }

    fn plain(&self, alias: &str, block: &Block) -> Looker<String> {
        if let Some(case) = block.block("case") {
            return self.case(alias, case);
        }
        let sql = self.column(alias, block)?;
        if block.word("type") == Some("tier") {
            return Ok(tier(&sql, &block.list("tiers"), block.word("style").unwrap_or("classic")));
        }
        Ok(sql)
    }

    /// The SQL that a field says, or the column of its name.
    pub(super) fn column(&self, alias: &str, block: &Block) -> Looker<String> {
        self.code(alias, block.code("sql").unwrap_or(&format!("${{TABLE}}.{}", block.name)))
    }

    fn case(&self, alias: &str, case: &Block) -> Looker<String> {
        let mut sql = "CASE".to_owned();
        for when in case.blocks("when") {
            let condition = self.code(alias, when.code("sql").unwrap_or("FALSE"))?;
            sql.push_str(&format!(" WHEN {condition} THEN {}", quote(when.word("label").unwrap_or_default())));
        }
        if let Some(otherwise) = case.word("else") {
            sql.push_str(&format!(" ELSE {}", quote(otherwise)));
        }
        Ok(sql + " END")
    }

    /// The local time of a time field.
    pub(super) fn local(&self, alias: &str, block: &Block) -> Looker<String> {
        let local = self.unmoved(alias, block)?;
        Ok(match self.shift.as_ref().filter(|shift| shift.is_of(alias, block)) {
            Some(shift) => shift.moved(&local),
            None => local,
        })
    }

    fn unmoved(&self, alias: &str, block: &Block) -> Looker<String> {
        let sql = format!("({})", self.column(alias, block)?);
        Ok(self.clock(block, &sql))
    }

    /// The local time of a value of a field's kind.
    pub(super) fn clock(&self, block: &Block, sql: &str) -> String {
        let zone = self.session.zone.name();
        let converts = block.says("convert_tz", true);
        let stored = match block.word("datatype").unwrap_or("datetime") {
            "timestamp" if converts => return format!("({sql} AT TIME ZONE '{zone}')"),
            "timestamp" => return format!("({sql} AT TIME ZONE 'UTC')"),
            "epoch" => format!("(to_timestamp({sql}) AT TIME ZONE 'UTC')"),
            "yyyymmdd" => format!("strptime(CAST({sql} AS VARCHAR), '%Y%m%d')"),
            "date" => format!("CAST(CAST({sql} AS DATE) AS TIMESTAMP)"),
            _ => format!("CAST({sql} AS TIMESTAMP)"),
        };
        if converts { format!("(({stored} AT TIME ZONE 'UTC') AT TIME ZONE '{zone}')") } else { stored }
    }

    /// The SQL of a dimension where people see it: a yesno has two values.
    pub(super) fn shown(&self, alias: &str, name: &str) -> Looker<String> {
        let field = self.explore.field(alias, name)?;
        let sql = self.reference(alias, name)?;
        let is_stored = self.stored.contains_key(&format!("{alias}.{name}"));
        Ok(if field.is_yesno() && !is_stored { format!("CASE WHEN {sql} THEN 'Yes' ELSE 'No' END") } else { sql })
    }
}

/// Buckets: `Below 10`, `10 to 19`, `20 or Above`, and `Undefined`.
fn tier(sql: &str, tiers: &[String], style: &str) -> String {
    let mut text = format!("CASE WHEN ({sql}) IS NULL THEN 'Undefined'");
    for (at, edge) in tiers.iter().enumerate() {
        let label = match (at.checked_sub(1).map(|below| &tiers[below]), style) {
            (None, "classic") => format!("T{at:02} (-inf,{edge})"),
            (Some(from), "classic") => format!("T{at:02} [{from},{edge})"),
            (None, "interval") => format!("(-inf,{edge})"),
            (Some(from), "interval") => format!("[{from},{edge})"),
            (None, _) => format!("Below {edge}"),
            (Some(from), "integer") => match edge.parse::<i64>() {
                Ok(edge) => format!("{from} to {}", edge - 1),
                Err(_) => format!("{from} to {edge}"),
            },
            (Some(from), _) => format!(">= {from} and < {edge}"),
        };
        text.push_str(&format!(" WHEN ({sql}) < {edge} THEN {}", quote(&label)));
    }
    let last = tiers.last().map_or("", String::as_str);
    let label = match style {
        "classic" => format!("T{:02} [{last},inf)", tiers.len()),
        "interval" => format!("[{last},inf)"),
        "integer" => format!("{last} or Above"),
        _ => format!(">= {last}"),
    };
    format!("{text} ELSE {} END", quote(&label))
}
