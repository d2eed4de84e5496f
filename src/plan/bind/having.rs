//! A condition on metrics → a formula over leaves: `revenue > 1000`.
//!
//! **Invariant:** a metric of the answer is meant by its name there, any other by its name in the project; a name that means
//! one there and another here is refused.

use super::{Shift, find_metric, formula::Formulas, leaf::LeafId};
use crate::{
    catalog::ColumnType,
    files::Spanned,
    plan::{
        PlanError, PlanErrorCode, Request, Show,
        condition::{ShiftedTime, Typed, Typing, unknown_function},
        time::{Cut, TimeValue},
    },
    sql::{Expr, Name},
    time::{ClockChanges, Tz},
};

impl Formulas<'_> {
    /// Returns a condition on metrics as a formula.
    pub(super) fn of_having(
        &mut self,
        having: &Expr<Name>,
        request: &Request,
        zone: Tz,
    ) -> Result<Expr<LeafId>, PlanError> {
        let project = self.project;
        // A metric may be a time far outside of the range: the first booking of all time.
        let changes = ClockChanges::between(zone, None, None);
        let cut = Cut { zone, changes, calendar: project.calendar };
        let mut leaf = |name: &Name, _| self.of_having_name(name, request);
        Typing::new(project, cut, &|_| false, &mut leaf).condition(having, "`having`")
    }

    fn of_having_name(&mut self, name: &Name, request: &Request) -> Result<Typed<LeafId>, PlanError> {
        match name {
            Name::Path(words) => self.of_column(words, request),
            Name::UnknownFunction { name } => Err(unknown_function(name)),
            Name::Exists { .. } | Name::Claim { .. } | Name::AggregateFunction { .. } => {
                Err(PlanError::new(PlanErrorCode::InvalidFilter, "a condition on metrics names metrics only")
                    .help("Put conditions on rows into `where`."))
            }
        }
    }

    /// Returns what a name of a metric, or of a column of the answer, means.
    fn of_column(&mut self, words: &[Spanned<String>], request: &Request) -> Result<Typed<LeafId>, PlanError> {
        let text = words.iter().map(|word| word.value.as_str()).collect::<Vec<_>>().join(".");
        let selected = request.metrics.iter().find(|metric| metric.name == text);
        match selected {
            Some(metric) => {
                let id = find_metric(self.project, &metric.metric)?;
                if !metric.is_plain() && self.project.metric_named(&text).is_some() {
                    let message = format!("`having` names `{text}`, a metric and a column of the answer");
                    return Err(PlanError::new(PlanErrorCode::AmbiguousMetric, message)
                        .help("Rename the metric, or leave the condition out."));
                }
                if matches!(metric.show, Show::Rank { .. }) {
                    return Err(PlanError::new(
                        PlanErrorCode::InvalidFilter,
                        format!(
                            "`{}` is the place of a row, and a condition hides rows before they have one",
                            metric.name
                        ),
                    )
                    .help("Order by the metric and give a `limit`, or write a condition on its value."));
                }
                let value_type = match metric.show {
                    Show::Share { .. } | Show::Change(_) => ColumnType::Float,
                    Show::Value | Show::Rank { .. } => self.project.metrics[id].value_type,
                };
                Ok(typed(self.of_request(id, metric, &request.keys)?, value_type))
            }
            None => {
                let id = find_metric(self.project, &text)?;
                Ok(typed(self.of_hidden(id)?, self.project.metrics[id].value_type))
            }
        }
    }
}

/// Gives a value of the answer its type; a time is not moved, whenever its metric is taken from.
fn typed(expr: Expr<LeafId>, column_type: ColumnType) -> Typed<LeafId> {
    let is_clock = matches!(column_type, ColumnType::DateTime | ColumnType::Timestamp);
    let time = is_clock.then(|| TimeValue { expr: expr.clone(), column_type });
    let time = time.map(|value| ShiftedTime { value, shift: Shift::default() });
    Typed { expr, column_type, time }
}
