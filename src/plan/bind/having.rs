//! A condition on metrics → a formula over leaves: `revenue > 1000`.
//!
//! **Invariant:** a metric of the answer is meant by its name there, any other by its name in the project.

use super::{find_metric, formula::Formulas, leaf::LeafId};
use crate::{
    plan::{PlanError, PlanErrorCode, Request, Show},
    sql::{Expr, Literal, Name},
};

impl Formulas<'_> {
    /// Returns a condition on metrics as a formula.
    pub(super) fn of_having(&mut self, having: &Expr<Name>, request: &Request) -> Result<Expr<LeafId>, PlanError> {
        let mut error = None;
        let formula = having.map(&mut |name| match self.of_having_name(name, request) {
            Ok(formula) => formula,
            Err(wrong) => {
                error.get_or_insert(wrong);
                Expr::null()
            }
        });
        if let Some(error) = error {
            return Err(error);
        }
        self.check_texts(having, request)?;
        Ok(formula)
    }

    /// Refuses a text beside metrics that are all numbers: warehouses read it, or not, each in its own way.
    fn check_texts(&self, having: &Expr<Name>, request: &Request) -> Result<(), PlanError> {
        let mut numbers = true;
        having.for_each_leaf(&mut |name| {
            if let Name::Path(words) = name {
                let text = words.iter().map(|word| word.value.as_str()).collect::<Vec<_>>().join(".");
                let selected = request.metrics.iter().find(|metric| metric.name == text);
                let found = self.project.metric_named(selected.map_or(&text, |metric| &metric.metric));
                numbers &= found.is_some_and(|metric| self.project.metrics[metric].value_type.is_numeric());
            }
        });
        let text = first_text(having);
        match text.filter(|_| numbers) {
            Some(text) => Err(PlanError::new(
                PlanErrorCode::InvalidFilter,
                format!("`having` compares a number with the text `{text}`"),
            )
            .help("Write the number without quotes.")),
            None => Ok(()),
        }
    }

    fn of_having_name(&mut self, name: &Name, request: &Request) -> Result<Expr<LeafId>, PlanError> {
        let Name::Path(words) = name else {
            return Err(PlanError::new(PlanErrorCode::InvalidFilter, "a condition on metrics names metrics only")
                .help("Put conditions on rows into `where`."));
        };
        let text = words.iter().map(|word| word.value.as_str()).collect::<Vec<_>>().join(".");
        let selected = request.metrics.iter().find(|metric| metric.name == text);
        match selected {
            Some(metric) => {
                let id = find_metric(self.project, &metric.metric)?;
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
                self.of_request(id, metric, &request.keys)
            }
            None => self.of_metric(find_metric(self.project, &text)?),
        }
    }
}

/// Returns the first text that an expression is compared with.
fn first_text(expr: &Expr<Name>) -> Option<String> {
    if let Expr::Literal(Literal::String(text)) | Expr::Parameter(Literal::String(text)) = expr {
        return Some(text.clone());
    }
    let mut found = None;
    expr.for_each_child(&mut |child| found = found.take().or_else(|| first_text(child)));
    found
}
