//! Gives every part of an expression its type, and replaces names by what they mean.
//!
//! `price * fx_rates.eur` over names becomes an expression over columns with the type Decimal; `service > 3` is a
//! `type-mismatch`. What a name means is the caller's affair, so one walk serves rows and metrics.
//!
//! **Invariant:** an unknown type is never an error.

use super::{lowering, path::path_span};
use crate::{
    catalog::ColumnType,
    diagnostics::{Code, Diagnostic, Diagnostics},
    files::Span,
    sql::{
        BinaryOp, Common, Expr, Function, Misfit, Name, Part, Side, Slot, UnaryOp, article, call_of, check_binary,
        check_call, check_compared, check_condition, check_operand, constant_beside,
    },
    time::{Calendar, Tz},
};

/// An expression and the type of its value.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Typed<N> {
    /// The expression.
    pub(super) expr: Expr<N>,
    /// The type.
    pub(super) column_type: ColumnType,
}

impl<N> Typed<N> {
    /// Stands for something that was reported.
    pub(super) fn broken() -> Self {
        Self { expr: Expr::null(), column_type: ColumnType::Unknown }
    }

    fn part(&self) -> Part {
        Part::new(&self.expr, self.column_type)
    }
}

/// Gives the meaning and type of a name, or reports why it has none.
pub(super) type LeafFn<'t, N> = dyn FnMut(&Name, &mut Diagnostics) -> Typed<N> + 't;

/// What a walk over an expression needs.
pub(super) struct Typing<'t, N> {
    /// The project's zone.
    pub(super) zone: Tz,
    /// The project's calendar.
    pub(super) calendar: Calendar,
    /// Where the whole text stands; parts without a name have no nearer place.
    pub(super) whole: Span,
    /// Where mistakes go.
    pub(super) diagnostics: &'t mut Diagnostics,
    /// What names mean.
    pub(super) leaf: &'t mut LeafFn<'t, N>,
}

impl<N: Clone> Typing<'_, N> {
    /// Types an expression.
    pub(super) fn of(&mut self, expr: &Expr<Name>) -> Typed<N> {
        match expr {
            Expr::Leaf(name) => (self.leaf)(name, self.diagnostics),
            Expr::Literal(literal) => {
                Typed { expr: Expr::Literal(literal.clone()), column_type: literal.column_type() }
            }
            Expr::Parameter(literal) => {
                Typed { expr: Expr::Parameter(literal.clone()), column_type: literal.column_type() }
            }
            Expr::Unary { op, arg } => self.unary(*op, arg),
            Expr::Binary { op, left, right } => self.binary(*op, left, right),
            Expr::Case { branches, otherwise } => self.case(branches, otherwise.as_deref()),
            Expr::Cast { arg, to } => self.cast(arg, *to),
            Expr::IsNull { arg, negated } => boolean(self.of(arg).expr.is_null(*negated)),
            Expr::IsTrue { arg, negated } => boolean(self.condition(arg, "`is true`").is_true(*negated)),
            Expr::In { arg, list, negated } => {
                let value = self.of(arg);
                let list = list
                    .iter()
                    .map(|item| {
                        let typed = self.compared(item);
                        self.comparable(arg, &value, item, &typed);
                        constant_beside(typed.expr, value.column_type)
                    })
                    .collect();
                boolean(Expr::In { arg: Box::new(value.expr), list, negated: *negated })
            }
            Expr::Between { arg, low, high, negated } => {
                let (value, least, greatest) = (self.of(arg), self.compared(low), self.compared(high));
                self.comparable(arg, &value, low, &least);
                self.comparable(arg, &value, high, &greatest);
                boolean(Expr::Between {
                    arg: Box::new(value.expr),
                    low: Box::new(constant_beside(least.expr, value.column_type)),
                    high: Box::new(constant_beside(greatest.expr, value.column_type)),
                    negated: *negated,
                })
            }
            Expr::Like { arg, pattern, negated } => {
                let (text, pattern_typed) = (self.of(arg), self.compared(pattern));
                for (part, typed) in [(arg, &text), (pattern, &pattern_typed)] {
                    self.check(part, check_operand("`like`", Slot::Text, typed.column_type));
                }
                boolean(Expr::Like {
                    arg: Box::new(text.expr),
                    pattern: Box::new(pattern_typed.expr),
                    negated: *negated,
                })
            }
            Expr::Call { function, args } => self.call(*function, args),
        }
    }

    /// Types a part that has to be true or false.
    fn condition(&mut self, expr: &Expr<Name>, needed_by: &str) -> Expr<N> {
        let typed = self.of(expr);
        self.check(expr, check_condition(needed_by, typed.column_type));
        typed.expr
    }

    fn unary(&mut self, op: UnaryOp, arg: &Expr<Name>) -> Typed<N> {
        match op {
            UnaryOp::Not => {
                let arg = Box::new(self.condition(arg, "`not`"));
                boolean(Expr::Unary { op, arg })
            }
            UnaryOp::Negate => {
                let typed = self.of(arg);
                self.check(arg, check_operand("`-`", Slot::Number, typed.column_type));
                Typed { column_type: typed.column_type, expr: Expr::Unary { op, arg: Box::new(typed.expr) } }
            }
        }
    }

    /// Types what a value is compared with, where a text without quotes is taken for a name.
    fn compared(&mut self, expr: &Expr<Name>) -> Typed<N> {
        let before = self.diagnostics.len();
        let typed = self.of(expr);
        if let Expr::Leaf(Name::Path(words)) = expr
            && let [word] = words.as_slice()
            && self.diagnostics.len() > before
            && let Some(diagnostic) = self.diagnostics.last_mut()
            && matches!(diagnostic.code, Code::UnknownName | Code::UnknownColumn)
        {
            diagnostic.add_help(&format!("A text stands in single quotes: `'{}'`.", word.value));
        }
        typed
    }

    fn binary(&mut self, op: BinaryOp, left: &Expr<Name>, right: &Expr<Name>) -> Typed<N> {
        let a = self.of(left);
        let b = if op.is_comparison() { self.compared(right) } else { self.of(right) };
        let (column_type, misfits) = check_binary(op, a.part(), b.part());
        for (side, misfit) in misfits {
            let span = match side {
                Side::Left => self.place(left),
                Side::Right => self.place(right),
                Side::Both => self.place_of([left, right]),
            };
            self.report(span, misfit);
        }
        let (of_left, of_right) = (a.column_type, b.column_type);
        let (left, right) = (constant_beside(a.expr, of_right), constant_beside(b.expr, of_left));
        Typed { expr: left.binary(op, right), column_type }
    }

    fn case(&mut self, branches: &[(Expr<Name>, Expr<Name>)], otherwise: Option<&Expr<Name>>) -> Typed<N> {
        let mut common = Common::default();
        let mut typed_branches = Vec::with_capacity(branches.len());
        for (when, then) in branches {
            let when = self.condition(when, "`when`");
            let value = self.of(then);
            self.check(then, common.add("the results of `case`", value.part()));
            typed_branches.push((when, value.expr));
        }
        let otherwise = otherwise.map(|part| {
            let value = self.of(part);
            self.check(part, common.add("the results of `case`", value.part()));
            Box::new(value.expr)
        });
        Typed { expr: Expr::Case { branches: typed_branches, otherwise }, column_type: common.column_type() }
    }

    fn cast(&mut self, arg: &Expr<Name>, to: ColumnType) -> Typed<N> {
        let value = self.of(arg);
        let from = value.column_type;
        lowering::cast(value, to, self.zone).unwrap_or_else(|refusal| {
            let message = format!("{} {}", article(from), refusal.why());
            let mismatch = Diagnostic::new(Code::TypeMismatch, self.place(arg), message);
            self.diagnostics.push(mismatch.help(refusal.help()));
            Typed::broken()
        })
    }

    fn call(&mut self, function: Function, args: &[Expr<Name>]) -> Typed<N> {
        let mut typed: Vec<Typed<N>> = args.iter().map(|arg| self.of(arg)).collect();
        let parts: Vec<Part> = typed.iter().map(Typed::part).collect();
        let (column_type, misfits) = check_call(function, &parts);
        let is_broken = misfits.iter().any(|(_, misfit)| misfit.is_argument);
        for (position, misfit) in misfits {
            self.report(self.place(&args[position]), misfit);
        }
        if is_broken {
            return Typed::broken();
        }
        let (zone, calendar) = (self.zone, self.calendar);
        self.warn_unknown_time(function, args, &typed);
        match function {
            Function::WrittenDate => Typed { expr: lowering::to_date(typed.remove(0), zone), column_type },
            Function::WrittenTruncate(granularity) => lowering::truncate(typed.remove(0), granularity, zone, calendar)
                .expect("what a date does not have is a misfit"),
            Function::WrittenPeriodsBetween(granularity) => {
                let to = typed.remove(1);
                lowering::periods_between(typed.remove(0), to, granularity, zone, calendar)
            }
            _ => {
                let first = typed.first().map_or(ColumnType::Unknown, |value| value.column_type);
                let args = typed.into_iter().map(|value| value.expr).collect();
                Typed { expr: call_of(function, args, first), column_type }
            }
        }
    }

    /// A time whose type is not known is cut to days without a zone, which is right for a wall clock only.
    fn warn_unknown_time(&mut self, function: Function, args: &[Expr<Name>], typed: &[Typed<N>]) {
        let written = matches!(
            function,
            Function::WrittenDate | Function::WrittenTruncate(_) | Function::WrittenPeriodsBetween(_)
        );
        for (arg, value) in args.iter().zip(typed).filter(|_| written) {
            if value.column_type == ColumnType::Unknown && matches!(value.expr, Expr::Leaf(_)) {
                let message = "the type of this time is not known, so it is taken as a wall clock".to_owned();
                let help =
                    "Write `cast(… as timestamp)` for an instant, or give the catalog with `entente catalog pull`.";
                self.diagnostics.push(Diagnostic::new(Code::UncheckedColumn, self.place(arg), message).help(help));
            }
        }
    }

    /// Reports two values that cannot be compared.
    fn comparable(&mut self, left: &Expr<Name>, a: &Typed<N>, right: &Expr<Name>, b: &Typed<N>) {
        if let Err(misfit) = check_compared(a.part(), b.part()) {
            self.report(self.place_of([left, right]), misfit);
        }
    }

    fn check(&mut self, part: &Expr<Name>, checked: Result<(), Misfit>) {
        if let Err(misfit) = checked {
            self.report(self.place(part), misfit);
        }
    }

    fn report(&mut self, span: Span, misfit: Misfit) {
        let code = if misfit.is_argument { Code::WrongArguments } else { Code::TypeMismatch };
        let diagnostic = Diagnostic::new(code, span, misfit.message);
        self.diagnostics.push(match misfit.help {
            Some(help) => diagnostic.help(help),
            None => diagnostic,
        });
    }

    fn place(&self, part: &Expr<Name>) -> Span {
        names_span(part).unwrap_or(self.whole)
    }

    /// Returns the place from the first to the last name of two parts.
    fn place_of(&self, parts: [&Expr<Name>; 2]) -> Span {
        let spans = parts.into_iter().filter_map(names_span);
        spans.reduce(around).unwrap_or(self.whole)
    }
}

fn boolean<N>(expr: Expr<N>) -> Typed<N> {
    Typed { expr, column_type: ColumnType::Boolean }
}

/// Returns the place of a name.
pub(super) fn name_span(name: &Name) -> Span {
    match name {
        Name::Path(words) => path_span(words),
        Name::Exists { span, .. } => *span,
        Name::Claim { name } | Name::UnknownFunction { name } | Name::AggregateFunction { name } => name.span,
    }
}

/// Returns the place from the first to the last name of a part.
fn names_span(expr: &Expr<Name>) -> Option<Span> {
    let mut all: Option<Span> = None;
    expr.for_each_leaf(&mut |name| {
        let span = name_span(name);
        all = Some(all.map_or(span, |all| around(all, span)));
    });
    all
}

fn around(a: Span, b: Span) -> Span {
    Span { start: a.start.min(b.start), end: a.end.max(b.end), ..a }
}
