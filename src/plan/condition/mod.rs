//! A condition of a request, over rows (`where`) or over metrics (`having`): typed, and its times written for the zone of the
//! query.
//!
//! `first_booking > date '2025-12-01'` becomes a comparison of the instant with the midnight of Berlin that follows. What a
//! name means is the caller's affair, so one walk serves both.
//!
//! **Invariant:** values of the request stay parameters, and no function as written is left.

mod call;
mod compare;

use super::{
    PlanError, PlanErrorCode,
    bind::Shift,
    time::{Cut, TimeValue},
};
use crate::{
    catalog::ColumnType,
    diagnostics::nearest,
    files::Spanned,
    project::Visible,
    sql::{
        BinaryOp, Common, Expr, Leaf, Misfit, Name, Part, Slot, UnaryOp, article, check_condition, check_operand,
        formula, functions, other_words,
    },
};

/// A part of a condition with its type.
pub(super) struct Typed<N = Leaf> {
    /// The part.
    pub(super) expr: Expr<N>,
    /// The type of its value.
    pub(super) column_type: ColumnType,
    /// A time as a name gives it, without a granularity: compared with a day, its local day counts.
    pub(super) time: Option<ShiftedTime<N>>,
}

/// A time and how far back the scan is taken that it is read in.
#[derive(Clone)]
pub(super) struct ShiftedTime<N = Leaf> {
    /// The time of a row.
    pub(super) value: TimeValue<N>,
    /// How far the row is moved.
    pub(super) shift: Shift,
}

impl<N> Typed<N> {
    /// Stands for a value that is no time of its own.
    pub(super) fn new(expr: Expr<N>, column_type: ColumnType) -> Self {
        Self { expr, column_type, time: None }
    }

    fn part(&self) -> Part {
        Part::new(&self.expr, self.column_type)
    }
}

/// Gives the meaning and type of a name, whose time may stay with its row.
pub(super) type LeafFn<'t, N> = dyn FnMut(&Name, bool) -> Result<Typed<N>, PlanError> + 't;

/// What a walk over a condition needs.
pub(super) struct Typing<'t, N> {
    /// The project, as far as it is visible.
    project: &'t Visible<'t>,
    /// How periods are cut.
    cut: Cut,
    /// Whether times in a part stay with their row, however far the scan is taken back.
    stay: &'t dyn Fn(&Expr<Name>) -> bool,
    /// Whether those in the part at hand do.
    stays: bool,
    /// What names mean.
    leaf: &'t mut LeafFn<'t, N>,
}

impl<'t, N: Clone> Typing<'t, N> {
    /// Begins a walk. `stay` says whether times in a part stay with their row, however far the scan is taken back.
    pub(super) fn new(
        project: &'t Visible<'t>,
        cut: Cut,
        stay: &'t dyn Fn(&Expr<Name>) -> bool,
        leaf: &'t mut LeafFn<'t, N>,
    ) -> Self {
        Self { project, cut, stay, stays: false, leaf }
    }

    /// Types a condition as a whole: `the filter`, `having`.
    pub(super) fn condition(&mut self, expr: &Expr<Name>, whole: &str) -> Result<Expr<N>, PlanError> {
        let typed = self.of(expr)?;
        if matches!(typed.column_type, ColumnType::Boolean | ColumnType::Unknown) {
            return Ok(typed.expr);
        }
        let message = format!("{whole} is {}, not a condition", article(typed.column_type));
        Err(PlanError::new(PlanErrorCode::InvalidFilter, message).help("Compare the value with another one."))
    }

    fn of(&mut self, expr: &Expr<Name>) -> Result<Typed<N>, PlanError> {
        let around = self.stays;
        self.stays = around || (self.stay)(expr);
        let typed = self.typed(expr);
        self.stays = around;
        typed
    }

    fn typed(&mut self, expr: &Expr<Name>) -> Result<Typed<N>, PlanError> {
        use ColumnType::Boolean;
        let truth = |expr| Ok(Typed::new(expr, Boolean));
        match expr {
            Expr::Leaf(name) => (self.leaf)(name, self.stays),
            Expr::Literal(literal) => Ok(Typed::new(Expr::Literal(literal.clone()), literal.column_type())),
            Expr::Parameter(literal) => Ok(Typed::new(Expr::Parameter(literal.clone()), literal.column_type())),
            Expr::Unary { op: op @ UnaryOp::Not, arg } => {
                let arg = Box::new(self.truth_of(arg, "`not`", expr)?);
                truth(Expr::Unary { op: *op, arg })
            }
            Expr::Unary { op: op @ UnaryOp::Negate, arg } => {
                let arg = self.of(arg)?;
                fits(check_operand("`-`", Slot::Number, arg.column_type), expr)?;
                Ok(Typed::new(Expr::Unary { op: *op, arg: Box::new(arg.expr) }, arg.column_type))
            }
            Expr::Binary { op, left, right } => {
                let left = self.of(left)?;
                let right = if op.is_comparison() { self.compared(right)? } else { self.of(right)? };
                self.binary(*op, left, right, expr)
            }
            Expr::Case { branches, otherwise } => {
                let mut common = Common::default();
                let mut bound = Vec::new();
                for (when, then) in branches {
                    let (when, then) = (self.truth_of(when, "`when`", expr)?, self.of(then)?);
                    fits(common.add("the results of `case`", then.part()), expr)?;
                    bound.push((when, then.expr));
                }
                let otherwise = otherwise.as_ref().map(|part| self.of(part)).transpose()?;
                if let Some(otherwise) = &otherwise {
                    fits(common.add("the results of `case`", otherwise.part()), expr)?;
                }
                let otherwise = otherwise.map(|typed| Box::new(typed.expr));
                Ok(Typed::new(Expr::Case { branches: bound, otherwise }, common.column_type()))
            }
            Expr::Cast { arg, to } => {
                let arg = self.of(arg)?;
                self.cast(arg, *to)
            }
            Expr::IsNull { arg, negated } => truth(self.of(arg)?.expr.is_null(*negated)),
            Expr::IsTrue { arg, negated } => truth(self.truth_of(arg, "`is true`", expr)?.is_true(*negated)),
            Expr::In { arg, list, negated } => {
                let arg = self.of(arg)?;
                let list = list.iter().map(|item| self.compared(item)).collect::<Result<Vec<_>, _>>()?;
                self.is_in(arg, list, *negated, expr)
            }
            Expr::Between { arg, low, high, negated } => {
                let low = Expr::Binary { op: BinaryOp::GtEq, left: arg.clone(), right: low.clone() };
                let high = Expr::Binary { op: BinaryOp::LtEq, left: arg.clone(), right: high.clone() };
                let both = low.and(high);
                let both = if *negated { Expr::Unary { op: UnaryOp::Not, arg: Box::new(both) } } else { both };
                self.of(&both)
            }
            Expr::Like { arg, pattern, negated } => {
                let (arg, pattern) = (self.of(arg)?, self.compared(pattern)?);
                for text in [&arg, &pattern] {
                    fits(check_operand("`like`", Slot::Text, text.column_type), expr)?;
                }
                truth(Expr::Like { arg: Box::new(arg.expr), pattern: Box::new(pattern.expr), negated: *negated })
            }
            Expr::Call { function, args } => self.call(*function, args, expr),
        }
    }

    /// Types a part that has to be true or false.
    fn truth_of(&mut self, part: &Expr<Name>, needed_by: &str, whole: &Expr<Name>) -> Result<Expr<N>, PlanError> {
        let typed = self.of(part)?;
        fits(check_condition(needed_by, typed.column_type), whole)?;
        Ok(typed.expr)
    }

    /// Types what a value is compared with, where a text without quotes is taken for a name.
    fn compared(&mut self, expr: &Expr<Name>) -> Result<Typed<N>, PlanError> {
        self.of(expr).map_err(|mut error| {
            if let Expr::Leaf(Name::Path(words)) = expr
                && let [word] = words.as_slice()
                && matches!(error.code, PlanErrorCode::UnknownField | PlanErrorCode::UnknownMetric)
            {
                let help = error.help.take().map_or_else(String::new, |help| format!("{help} "));
                error.help = Some(format!("{help}A text stands in single quotes: `'{}'`.", word.value));
            }
            error
        })
    }
}

/// Says that the language has no such function.
pub(super) fn unknown_function(name: &Spanned<String>) -> PlanError {
    let error = PlanError::new(PlanErrorCode::InvalidFilter, format!("there is no function `{}`", name.value));
    let near = nearest(&name.value, functions().iter().map(|function| function.name));
    match (other_words(&name.value), near) {
        (Some(words), _) => error.help(format!("Write `{words}`.")),
        (None, Some(near)) => error.help(format!("Did you mean `{near}`?")),
        (None, None) => error.help("The functions are listed in docs/reference/expressions.md."),
    }
}

/// Refuses what does not fit, and says in which part of the condition.
fn fits(checked: Result<(), Misfit>, part: &Expr<Name>) -> Result<(), PlanError> {
    checked.map_err(|misfit| {
        let error = PlanError::new(PlanErrorCode::InvalidFilter, misfit.message);
        within(misfit.help.into_iter().fold(error, PlanError::help), part)
    })
}

fn within(mut error: PlanError, part: &Expr<Name>) -> PlanError {
    let part = formula(part, &|name| match name {
        Name::Path(words) => words.iter().map(|word| word.value.as_str()).collect::<Vec<_>>().join("."),
        Name::Exists { .. } => "exists(…)".to_owned(),
        Name::Claim { name } => format!("$principal.{}", name.value),
        Name::UnknownFunction { name } | Name::AggregateFunction { name } => format!("{}(…)", name.value),
    });
    error.message = format!("{} in `{part}`", error.message);
    error
}
