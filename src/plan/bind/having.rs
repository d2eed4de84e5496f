//! A condition on metrics → a formula over leaves: `revenue > 1000`.
//!
//! **Invariant:** a metric of the answer is meant by its name there, any other by its name in the project; a name that means
//! one there and another here is refused.

use super::{find_metric, formula::Formulas, leaf::LeafId};
use crate::{
    catalog::ColumnType,
    plan::{PlanError, PlanErrorCode, Request, Show},
    sql::{BinaryOp, Expr, Function, Literal, Name, UnaryOp, constant_beside},
};

impl Formulas<'_> {
    /// Returns a condition on metrics as a formula.
    pub(super) fn of_having(&mut self, having: &Expr<Name>, request: &Request) -> Result<Expr<LeafId>, PlanError> {
        let mut error = None;
        let having = &self.with_floats(having, request);
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
        if !self.is_condition(having, request) {
            return Err(PlanError::new(PlanErrorCode::InvalidFilter, "`having` is a value, not a condition")
                .help("Compare it with something, such as `revenue > 1000`."));
        }
        self.check_texts(having, request)?;
        Ok(formula)
    }

    /// Returns whether an expression is true or false of a row.
    fn is_condition(&self, expr: &Expr<Name>, request: &Request) -> bool {
        match expr {
            Expr::Leaf(name) => self.type_of_name(name, request) == ColumnType::Boolean,
            Expr::Literal(literal) | Expr::Parameter(literal) => literal.column_type() == ColumnType::Boolean,
            Expr::Unary { op, arg } => *op == UnaryOp::Not && self.is_condition(arg, request),
            Expr::Binary { op, left, right } => match op {
                BinaryOp::And | BinaryOp::Or => self.is_condition(left, request) && self.is_condition(right, request),
                BinaryOp::Eq
                | BinaryOp::NotEq
                | BinaryOp::Lt
                | BinaryOp::LtEq
                | BinaryOp::Gt
                | BinaryOp::GtEq
                | BinaryOp::Same => true,
                BinaryOp::Add
                | BinaryOp::Subtract
                | BinaryOp::Multiply
                | BinaryOp::Divide
                | BinaryOp::Modulo
                | BinaryOp::Concat => false,
            },
            Expr::Case { branches, otherwise } => {
                let results = branches.iter().map(|(_, then)| then).chain(otherwise.as_deref());
                results.into_iter().all(|then| self.is_condition(then, request))
            }
            Expr::Cast { to, .. } => *to == ColumnType::Boolean,
            Expr::IsNull { .. } | Expr::IsTrue { .. } | Expr::In { .. } | Expr::Between { .. } | Expr::Like { .. } => {
                true
            }
            Expr::Call { function, .. } => {
                matches!(function, Function::StartsWith | Function::EndsWith | Function::Contains)
            }
        }
    }

    /// Returns the type of what a metric is called; unknown if there is none.
    fn type_of_name(&self, name: &Name, request: &Request) -> ColumnType {
        let Name::Path(words) = name else { return ColumnType::Unknown };
        let text = words.iter().map(|word| word.value.as_str()).collect::<Vec<_>>().join(".");
        let selected = request.metrics.iter().find(|metric| metric.name == text);
        match selected.map(|metric| &metric.show) {
            Some(Show::Share { .. } | Show::Change(_)) => return ColumnType::Float,
            Some(Show::Value | Show::Rank { .. }) | None => {}
        }
        let found = self.project.metric_named(selected.map_or(&text, |metric| &metric.metric));
        found.map_or(ColumnType::Unknown, |metric| self.project.metrics[metric].value_type)
    }

    /// Writes fractions beside binary floating point as such numbers.
    fn with_floats(&self, having: &Expr<Name>, request: &Request) -> Expr<Name> {
        let boxed = |value: Box<Expr<Name>>, other| Box::new(constant_beside(*value, other));
        having.clone().rebuild(&mut |expr| match expr {
            Expr::Binary { op, left, right } => {
                let (of_left, of_right) = (self.type_of(&left, request), self.type_of(&right, request));
                Expr::Binary { op, left: boxed(left, of_right), right: boxed(right, of_left) }
            }
            Expr::In { arg, list, negated } => {
                let of_arg = self.type_of(&arg, request);
                Expr::In { arg, list: list.into_iter().map(|item| constant_beside(item, of_arg)).collect(), negated }
            }
            Expr::Between { arg, low, high, negated } => {
                let of_arg = self.type_of(&arg, request);
                Expr::Between { arg, low: boxed(low, of_arg), high: boxed(high, of_arg), negated }
            }
            other => other,
        })
    }

    /// Returns the type of a part as far as it tells what is binary floating point.
    fn type_of(&self, expr: &Expr<Name>, request: &Request) -> ColumnType {
        use BinaryOp::{Add, Divide, Multiply, Subtract};
        let any = |parts: Vec<&Expr<Name>>| {
            let is_float = parts.into_iter().any(|part| self.type_of(part, request) == ColumnType::Float);
            if is_float { ColumnType::Float } else { ColumnType::Unknown }
        };
        match expr {
            Expr::Leaf(name) => self.type_of_name(name, request),
            Expr::Literal(literal) | Expr::Parameter(literal) => literal.column_type(),
            Expr::Cast { to, .. } => *to,
            Expr::Unary { op: UnaryOp::Negate, arg } => self.type_of(arg, request),
            Expr::Binary { op: Divide, .. } => ColumnType::Float,
            Expr::Binary { op: Add | Subtract | Multiply, left, right } => any(vec![&**left, &**right]),
            Expr::Case { branches, otherwise } => {
                any(branches.iter().map(|(_, then)| then).chain(otherwise.as_deref()).collect())
            }
            Expr::Call { args, .. } => any(args.iter().collect()),
            _ => ColumnType::Unknown,
        }
    }

    /// Refuses a text beside metrics that are all numbers: warehouses read it, or not, each in its own way.
    fn check_texts(&self, having: &Expr<Name>, request: &Request) -> Result<(), PlanError> {
        let mut numbers = true;
        having.for_each_leaf(&mut |name| {
            if let Name::Path(_) = name {
                numbers &= self.type_of_name(name, request).is_numeric();
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
                self.of_request(id, metric, &request.keys)
            }
            None => self.of_hidden(find_metric(self.project, &text)?),
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
