//! Aggregate tables: a query is answered from one where Looker's conditions for that hold.
//!
//! Its dimensions are those of the table, or timeframes that follow from finer ones; its measures are sums, counts,
//! least and greatest values, averages, or numbers made of these; its filters speak of dimensions of the table; nothing
//! in it multiplies rows or compares periods; the time zone is the same.

use std::collections::BTreeMap;

use super::{Writer, frames, order, select};
use crate::lookml::twin::{
    Looker,
    explore::Explore,
    field::Field,
    query::{Query, Session},
    text::Block,
};

/// Writes a query from an aggregate table; nothing if none can answer it.
pub(super) fn answer(explore: &Explore<'_>, session: &Session, query: &Query) -> Looker<Option<String>> {
    for table in explore.block.blocks("aggregate_table") {
        let Some(asked) = table.block("query") else { continue };
        if let Some(sql) = (Candidate { explore, session, query, asked }).sql()? {
            return Ok(Some(sql));
        }
    }
    Ok(None)
}

struct Candidate<'c, 'm> {
    explore: &'c Explore<'m>,
    session: &'c Session,
    query: &'c Query,
    asked: &'c Block,
}

impl Candidate<'_, '_> {
    fn full(&self, field: &str) -> String {
        if field.contains('.') { field.to_owned() } else { format!("{}.{field}", self.explore.base) }
    }

    fn sql(&self) -> Looker<Option<String>> {
        let zone = self.asked.word("timezone").unwrap_or("UTC");
        if zone != self.session.zone.name() {
            return Ok(None);
        }
        let dimensions: Vec<String> = self.asked.list("dimensions").iter().map(|field| self.full(field)).collect();
        let measures: Vec<String> = self.asked.list("measures").iter().map(|field| self.full(field)).collect();
        let filters: Vec<(String, String)> =
            self.asked.filters().into_iter().map(|(field, value)| (self.full(&field), value)).collect();
        let mut parts: BTreeMap<String, String> = BTreeMap::new();
        for (at, dimension) in dimensions.iter().enumerate() {
            parts.insert(dimension.clone(), format!("rollup.c{at}"));
        }
        let outer = Writer::new(self.explore, self.session, self.query)?;
        let of_access = self.explore.block.blocks("access_filter").filter_map(|access| access.word("field"));
        let asked = outer.filters.iter().filter(|filter| !filters.contains(filter)).map(|(field, _)| field.as_str());
        for field in of_access.chain(asked) {
            if !parts.contains_key(field) && !self.follows(field, &dimensions, &mut parts)? {
                return Ok(None);
            }
        }
        if filters.iter().any(|filter| !outer.filters.contains(filter)) {
            return Ok(None);
        }
        // The table is the query without its measures' parts told apart.
        let stored = Query {
            fields: dimensions.clone(),
            filters,
            ..Query { explore: self.query.explore.clone(), ..Query::default() }
        };
        let mut inner = Writer::new(self.explore, self.session, &stored)?;
        inner.filters.clone_from(&stored.filters);
        let mut body = inner.body()?;
        for field in &self.query.fields {
            let (alias, name, found) = outer.field(field)?;
            let fits = match found {
                Field::Measure(block) => {
                    self.measure(&inner, alias, block, &measures, &mut parts, &mut body)? && !inner.fans_out()?
                }
                _ => parts.contains_key(field) || self.follows(&format!("{alias}.{name}"), &dimensions, &mut parts)?,
            };
            if !fits {
                return Ok(None);
            }
        }
        let table = inner.assemble(&body)?;
        let mut outer = Writer { stored: parts, ..outer };
        outer.filters.retain(|filter| !stored.filters.contains(filter));
        let body = outer.body()?;
        let mut sql = select(&body, &format!("({table}) AS rollup"));
        sql.push_str(&order(self.query, |field| self.query.fields.iter().position(|other| other == field))?);
        Ok(Some(sql))
    }

    /// Whether a timeframe follows from a finer one of the table.
    fn follows(&self, field: &str, dimensions: &[String], parts: &mut BTreeMap<String, String>) -> Looker<bool> {
        let (alias, name) = field.split_once('.').unwrap_or_default();
        let Field::Frame(group, frame) = self.explore.field(alias, name)? else { return Ok(false) };
        for (at, dimension) in dimensions.iter().enumerate() {
            let (other, name) = dimension.split_once('.').unwrap_or_default();
            let Field::Frame(stored, finer) = self.explore.field(other, name)? else { continue };
            if other != alias || stored.name != group.name || !matches!(finer, "date" | "raw") || frame == "raw" {
                continue;
            }
            let model = self.explore.model;
            let local = format!("CAST(rollup.c{at} AS TIMESTAMP)");
            let sql = frames::sql(frame, &local, model.week_start(), &|| model.fiscal_offset())?;
            let is_coarser = !frame.contains("hour") && !frame.contains("minute") && !frame.contains("second");
            if is_coarser && frame != "time" && frame != "time_of_day" {
                parts.insert(field.to_owned(), sql);
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Puts a measure together from parts that the table holds.
    fn measure(
        &self,
        inner: &Writer<'_>,
        alias: &str,
        block: &Block,
        measures: &[String],
        parts: &mut BTreeMap<String, String>,
        body: &mut super::Body,
    ) -> Looker<bool> {
        let field = format!("{alias}.{}", block.name);
        let kind = block.word("type").unwrap_or("string");
        if kind == "number" {
            let code = block.code("sql").unwrap_or_default();
            for part in code.split("${").skip(1) {
                let name = part.split('}').next().unwrap_or_default();
                let (view, name) = name.split_once('.').unwrap_or((alias, name));
                let Ok(Field::Measure(part)) = self.explore.field(view, name) else { return Ok(false) };
                if !self.measure(inner, view, part, measures, parts, body)? {
                    return Ok(false);
                }
            }
            return Ok(!code.contains("${TABLE}"));
        }
        if parts.contains_key(&field) {
            return Ok(true);
        }
        if !measures.contains(&field) {
            return Ok(false);
        }
        let (sum, count) = (inner.measure(alias, block)?, body.columns.len());
        let together = match kind {
            "sum" | "count" => format!("COALESCE(SUM(rollup.c{count}), 0)"),
            "min" => format!("MIN(rollup.c{count})"),
            "max" => format!("MAX(rollup.c{count})"),
            "average" => {
                // An average is kept as a sum and a count.
                let value = sum.trim_start_matches("AVG(");
                let value = &value[..value.len() - 1];
                body.columns.push((format!("SUM({value})"), true));
                body.columns.push((format!("COUNT({value})"), true));
                let next = count + 1;
                parts.insert(field, format!("CAST(SUM(rollup.c{count}) AS DOUBLE) / NULLIF(SUM(rollup.c{next}), 0)"));
                return Ok(true);
            }
            _ => return Ok(false),
        };
        body.columns.push((sum, true));
        parts.insert(field, together);
        Ok(true)
    }
}
