//! References → values in the tables of one SELECT: columns, dimensions, periods of calendars.

use std::collections::BTreeSet;

use super::{CalendarUse, Scope, free_alias};
use crate::{
    ids::{DimensionId, GranularityId},
    plan::{
        JoinUse, PlanError, PlanErrorCode,
        calendar::{self, CalendarColumn, CalendarColumns},
        time::TimeValue,
    },
    project::{Bucket, Dimension, DimensionKind, Ref, Route},
    sql::{BinaryOp, Expr, Literal, SqlExpr},
};

impl Scope<'_> {
    /// Returns an expression of the model at the end of a route.
    pub(in crate::plan) fn value(&mut self, at: &Route, expr: &Expr<Ref>) -> SqlExpr {
        expr.map(&mut |leaf| self.leaf(at, leaf))
    }

    /// Returns a column of the model at the end of a route; null if the row is hidden.
    pub(in crate::plan) fn column(&mut self, at: &Route, column: &str) -> SqlExpr {
        let value = match self.project.key_in_reach(at, column) {
            Some((before, ours)) => self.value(&before, ours),
            None => {
                let alias = self.alias(at);
                let value = self.read(&alias, column);
                self.project.as_read(self.project.route_end(self.base, at), column, value)
            }
        };
        self.unless_hidden(at, value)
    }

    /// Returns a column of the model at the end of a route, or the value that is equal to it wherever there is such a row.
    ///
    /// `line_items.order_id` for `orders.id`, which joins no orders.
    pub(in crate::plan) fn column_or_key(&mut self, at: &Route, column: &str) -> SqlExpr {
        let project = self.project;
        let key = at.0.split_last().and_then(|(join, before)| {
            let join = &project.joins[*join];
            let meets = join.reverse_of.is_none() && join.as_of.is_none();
            let key = join.keys.iter().find(|key| key.theirs == column).filter(|_| meets)?;
            Some((Route(before.to_vec()), &key.ours))
        });
        match key {
            Some((before, ours)) => self.value(&before, ours),
            None => self.column(at, column),
        }
    }

    /// Returns the value of a dimension for who asks: masked, if it may not be seen as it is.
    pub(in crate::plan) fn dimension(&mut self, at: &Route, dimension: DimensionId) -> SqlExpr {
        let value = self.own_value(at, dimension);
        let value = self.project.as_listed(dimension, value);
        self.as_shown(dimension, value)
    }

    /// Returns the value of a dimension: two-valued if it is a plain boolean, the label if it has buckets.
    ///
    /// Definitions read it as it is: a member that would tell of a hidden or masked one is hidden itself.
    fn own_value(&mut self, at: &Route, dimension: DimensionId) -> SqlExpr {
        let project = self.project;
        let definition: &Dimension = &project.dimensions[dimension];
        let value = match definition.metric {
            Some(metric) => self.metric(at, definition.model, metric),
            None => self.value(at, &definition.expr),
        };
        if !definition.buckets.is_empty() {
            return bucket_label(&value, &definition.buckets);
        }
        match definition.kind {
            DimensionKind::Boolean { nullable: false } => value.is_true(false),
            DimensionKind::Boolean { nullable: true }
            | DimensionKind::String
            | DimensionKind::Number
            | DimensionKind::Time { .. } => value,
        }
    }

    /// Returns a time dimension as a time.
    pub(in crate::plan) fn time(&mut self, at: &Route, dimension: DimensionId) -> TimeValue {
        let project = self.project;
        TimeValue { expr: self.dimension(at, dimension), column_type: project.dimensions[dimension].column_type }
    }

    /// Returns what a calendar says of the period in which a day lies; null for a day that it lacks.
    pub(in crate::plan) fn calendar(&mut self, id: GranularityId, column: CalendarColumn, day: SqlExpr) -> SqlExpr {
        let project = self.project;
        let calendar = project.granularities[id].calendar;
        let index = self.calendars.iter().position(|used| used.calendar == calendar && used.day == day);
        let index = index.unwrap_or_else(|| {
            let definition = &project.calendars[calendar];
            let alias = free_alias(&mut self.taken, &BTreeSet::new(), &definition.name);
            self.tables.insert(definition.table);
            let path = format!("{} → {}", project.models[self.base].name, definition.name);
            let reason = format!("one row per day: the calendar is grouped by `{}`", definition.date);
            self.uses.push(JoinUse { path, reason });
            self.calendars.push(CalendarUse { calendar, day, alias, columns: CalendarColumns::new() });
            self.calendars.len() - 1
        });
        let used = &mut self.calendars[index];
        used.columns.insert((id, column));
        SqlExpr::column(used.alias.clone(), calendar::column_name(project, id, column))
    }

    fn leaf(&mut self, at: &Route, leaf: &Ref) -> SqlExpr {
        match leaf {
            Ref::Column { route, column, .. } => self.column(&at.then(route), column),
            Ref::Dimension { route, dimension } => self.own_value(&at.then(route), *dimension),
            Ref::Claim { .. } => unreachable!("claims are values before a condition comes here"),
            Ref::Exists { route, join, filter } => self.exists(&at.then(route), *join, &mut |many| {
                filter.as_ref().map(|filter| many.value(&Route::here(), filter))
            }),
            Ref::Calendar { granularity, day } => {
                let day = self.value(at, day);
                self.calendar(*granularity, CalendarColumn::Value, day)
            }
            Ref::Verbatim(texts) => {
                let alias = self.alias(at);
                match texts.get(&self.frame.context.dialect) {
                    Some(text) => {
                        let value = self.spliced(&alias, text);
                        self.unless_hidden(at, value)
                    }
                    None => {
                        let have: Vec<&str> = texts.keys().map(|dialect| dialect.name()).collect();
                        let model = at.0.last().map_or(self.base, |join| self.project.joins[*join].to);
                        let model = &self.project.models[model].name;
                        self.error.get_or_insert_with(|| {
                            PlanError::new(
                                PlanErrorCode::DialectMissing,
                                format!("an expression of `{model}` is written for {} only", have.join(", ")),
                            )
                            .help(format!("Add a `{}:` text to the expression.", self.frame.context.dialect.name()))
                        });
                        Expr::null()
                    }
                }
            }
        }
    }
}

/// `CASE WHEN x IS NULL THEN NULL WHEN x < 1 THEN '<1' WHEN x < 5 THEN '1–5' … ELSE '20+' END`
fn bucket_label(value: &SqlExpr, buckets: &[Bucket]) -> SqlExpr {
    let label = |bucket: &Bucket| Expr::Literal(Literal::String(bucket.label.clone()));
    let mut branches = vec![(value.clone().is_null(false), Expr::null())];
    let mut otherwise = None;
    for bucket in buckets {
        match &bucket.high {
            Some(high) => {
                let below = value.clone().binary(BinaryOp::Lt, Expr::Literal(Literal::Decimal(high.clone())));
                branches.push((below, label(bucket)));
            }
            None => otherwise = Some(Box::new(label(bucket))),
        }
    }
    Expr::Case { branches, otherwise }
}
