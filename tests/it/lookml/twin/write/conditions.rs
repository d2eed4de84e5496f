//! What rows a query keeps: filters, access filters, permanent conditions.

use chrono::NaiveDateTime;

use super::{Body, Writer, frames, reference};
use crate::lookml::twin::{
    Looker,
    explore::Explore,
    field::Field,
    filter::{day::Span, number, text},
    query::Query,
    refuse,
    text::Block,
};

/// The filters of a query, and those of `always_filter` and `conditionally_filter` where the query has none.
pub(super) fn with_defaults(explore: &Explore<'_>, query: &Query) -> Vec<(String, String)> {
    let full = |field: &str| if field.contains('.') { field.to_owned() } else { format!("{}.{field}", explore.base) };
    let mut filters = query.filters.clone();
    let mut add = |block: &Block| {
        for (field, expression) in block.filters() {
            if !query.filters.iter().any(|(other, _)| *other == full(&field)) {
                filters.push((full(&field), expression));
            }
        }
    };
    if let Some(always) = explore.block.block("always_filter") {
        add(always);
    }
    if let Some(perhaps) = explore.block.block("conditionally_filter") {
        let is_asked = |field: String| query.filters.iter().any(|(other, _)| *other == full(&field));
        if !perhaps.list("unless").into_iter().any(is_asked) {
            add(perhaps);
        }
    }
    filters
}

impl Writer<'_> {
    /// The conditions that nobody can take away.
    pub(super) fn permanent(&self, body: &mut Body) -> Looker<()> {
        let explore = self.explore.block;
        let base = &self.explore.base;
        for access in explore.blocks("access_filter") {
            let field = access.word("field").unwrap_or_default();
            let attribute = access.word("user_attribute").unwrap_or_default();
            let values = self.session.user.values(attribute);
            if values.is_empty() {
                return refuse(format!("user attribute `{attribute}` has no value"));
            }
            let (alias, name, _) = self.field(field)?;
            let expression = reference::as_expression(values, self.session.user.filters.contains(attribute));
            body.conditions.push(self.filter(alias, name, &expression)?);
        }
        if let Some(sql) = explore.code("sql_always_where") {
            body.conditions.push(self.code(base, sql)?);
        }
        if let Some(sql) = explore.code("sql_always_having") {
            body.having.push(self.code(base, sql)?);
        }
        Ok(())
    }

    /// The condition of a filter on a field.
    pub(super) fn filter(&self, alias: &str, name: &str, expression: &str) -> Looker<String> {
        let sql = match self.explore.field(alias, name)? {
            // A filter on time is on the column, so that it prunes.
            Field::Frame(block, frame) if !frames::is_number(frame) && !frames::is_text(frame) => {
                self.used.borrow_mut().insert(alias.to_owned());
                match self.stored.get(&format!("{alias}.{name}")) {
                    Some(column) => return self.filter_stored(expression, column),
                    None => self.column(alias, block)?,
                }
            }
            _ => format!("({})", self.reference(alias, name)?),
        };
        self.filter_on(alias, name, expression, &sql)
    }

    /// The condition of a filter on a field, about some SQL.
    pub(super) fn filter_on(&self, alias: &str, name: &str, expression: &str, sql: &str) -> Looker<String> {
        match self.explore.field(alias, name)? {
            Field::Frame(_, frame) if frames::is_number(frame) => number::condition(expression, sql),
            Field::Frame(_, frame) if frames::is_text(frame) => Ok(text::condition(expression, sql)),
            Field::Frame(block, _) => self.times(alias, block, expression, sql),
            Field::Interval(..) => number::condition(expression, sql),
            Field::Dimension(block) | Field::Asked(block) => match block.word("type").unwrap_or("string") {
                "yesno" => yesno(expression, sql),
                "number" => number::condition(expression, sql),
                "date" | "date_time" => self.times(alias, block, expression, sql),
                _ => Ok(text::condition(expression, sql)),
            },
            Field::Measure(block) => match block.word("type").unwrap_or("string") {
                "string" => Ok(text::condition(expression, sql)),
                "yesno" => yesno(expression, sql),
                "date" | "date_time" => refuse("a measure of time is not filtered here"),
                _ => number::condition(expression, sql),
            },
        }
    }

    fn times(&self, alias: &str, block: &Block, expression: &str, sql: &str) -> Looker<String> {
        let shift = self.shift.as_ref().filter(|shift| shift.is_of(alias, block));
        let within = |span: &Span| match shift {
            Some(shift) => shift.within(self, block, sql, span),
            None => {
                let from = span.from.map(|at| format!("{sql} >= {}", self.bound(block, at)));
                let to = span.to.map(|at| format!("{sql} < {}", self.bound(block, at)));
                both(from, to)
            }
        };
        self.kept(expression, sql, within)
    }

    /// A filter on a period that an aggregate table holds.
    fn filter_stored(&self, expression: &str, column: &str) -> Looker<String> {
        let clock = |at: NaiveDateTime| format!("TIMESTAMP '{}'", at.format("%F %T"));
        self.kept(expression, column, |span| {
            let from = span.from.map(|at| format!("{column} >= {}", clock(at)));
            both(from, span.to.map(|at| format!("{column} < {}", clock(at))))
        })
    }

    fn kept(&self, expression: &str, sql: &str, within: impl Fn(&Span) -> String) -> Looker<String> {
        let kept = self.calendar().kept(expression)?;
        let mut any: Vec<String> = kept.spans.iter().map(&within).collect();
        if kept.null {
            any.push(format!("{sql} IS NULL"));
        }
        let mut all: Vec<String> = Vec::new();
        if !any.is_empty() {
            all.push(format!("({})", any.join(" OR ")));
        }
        all.extend(kept.not.iter().map(|span| format!("(NOT {} OR {sql} IS NULL)", within(span))));
        if kept.not_null {
            all.push(format!("{sql} IS NOT NULL"));
        }
        Ok(if all.is_empty() { "TRUE".to_owned() } else { format!("({})", all.join(" AND ")) })
    }

    /// A local time as a value of a column's kind.
    pub(super) fn bound(&self, block: &Block, at: NaiveDateTime) -> String {
        let clock = format!("TIMESTAMP '{}'", at.format("%F %T"));
        let zone = self.session.zone.name();
        let converts = block.says("convert_tz", true);
        match (block.word("datatype").unwrap_or("datetime"), converts) {
            ("timestamp", true) => format!("({clock} AT TIME ZONE '{zone}')"),
            ("timestamp", false) => format!("({clock} AT TIME ZONE 'UTC')"),
            (_, true) => format!("(({clock} AT TIME ZONE '{zone}') AT TIME ZONE 'UTC')"),
            (_, false) => clock,
        }
    }
}

pub(super) fn both(from: Option<String>, to: Option<String>) -> String {
    let both: Vec<String> = from.into_iter().chain(to).collect();
    if both.is_empty() { "TRUE".to_owned() } else { format!("({})", both.join(" AND ")) }
}

fn yesno(expression: &str, sql: &str) -> Looker<String> {
    match expression.trim().to_lowercase().as_str() {
        "yes" | "true" => Ok(sql.to_owned()),
        "no" | "false" => Ok(format!("NOT COALESCE({sql}, FALSE)")),
        "" => Ok("TRUE".to_owned()),
        other => refuse(format!("a yesno is not `{other}`")),
    }
}
