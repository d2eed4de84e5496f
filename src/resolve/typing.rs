//! Gives every part of an expression its type, and replaces names by what they mean.
//!
//! `price * fx_rates.eur` over names becomes an expression over columns with the type Decimal; `service > 3` is a
//! `type-mismatch`. What a name means is the caller's affair, so one walk serves rows and metrics.
//!
//! **Invariant:** an unknown type is never an error.

use super::{
    functions::{Gives, Slot, signature},
    lowering,
    path::path_span,
};
use crate::{
    catalog::ColumnType,
    diagnostics::{Code, Diagnostic, Diagnostics},
    files::Span,
    sql::{BinaryOp, Expr, Function, Literal, Name, TEXT_OF_FLOAT, UnaryOp, call_of, constant_beside},
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
                let mut common = self.of(arg);
                let place = arg;
                let list = list
                    .iter()
                    .map(|item| {
                        let item_typed = self.compared(item);
                        self.comparable(place, common.column_type, item, item_typed.column_type);
                        constant_beside(item_typed.expr, common.column_type)
                    })
                    .collect();
                common.expr = Expr::In { arg: Box::new(common.expr), list, negated: *negated };
                boolean(common.expr)
            }
            Expr::Between { arg, low, high, negated } => {
                let (value, least, greatest) = (self.of(arg), self.compared(low), self.compared(high));
                self.comparable(arg, value.column_type, low, least.column_type);
                self.comparable(arg, value.column_type, high, greatest.column_type);
                boolean(Expr::Between {
                    arg: Box::new(value.expr),
                    low: Box::new(constant_beside(least.expr, value.column_type)),
                    high: Box::new(constant_beside(greatest.expr, value.column_type)),
                    negated: *negated,
                })
            }
            Expr::Like { arg, pattern, negated } => {
                let (text, pattern_typed) = (self.of(arg), self.compared(pattern));
                self.expect(arg, text.column_type, Slot::Text, "`like`");
                self.expect(pattern, pattern_typed.column_type, Slot::Text, "`like`");
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
        if !matches!(typed.column_type, ColumnType::Boolean | ColumnType::Unknown) {
            let message = format!("{needed_by} needs a condition, not {}", article(typed.column_type));
            self.mismatch(expr, message, "Compare the value with another one.");
        }
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
                self.expect(arg, typed.column_type, Slot::Number, "`-`");
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
        let sign = &format!("`{}`", op.symbol());
        let column_type;
        let (left_expr, right_expr) = match op {
            BinaryOp::And | BinaryOp::Or => {
                column_type = ColumnType::Boolean;
                (self.condition(left, sign), self.condition(right, sign))
            }
            BinaryOp::Eq
            | BinaryOp::NotEq
            | BinaryOp::Lt
            | BinaryOp::LtEq
            | BinaryOp::Gt
            | BinaryOp::GtEq
            | BinaryOp::Same => {
                let (a, b) = (self.of(left), self.compared(right));
                self.comparable(left, a.column_type, right, b.column_type);
                column_type = ColumnType::Boolean;
                (constant_beside(a.expr, b.column_type), constant_beside(b.expr, a.column_type))
            }
            BinaryOp::Concat => {
                let (a, b) = (self.of(left), self.of(right));
                self.expect(left, a.column_type, Slot::Text, sign);
                self.expect(right, b.column_type, Slot::Text, sign);
                column_type = ColumnType::String;
                (a.expr, b.expr)
            }
            BinaryOp::Add | BinaryOp::Subtract | BinaryOp::Multiply | BinaryOp::Divide | BinaryOp::Modulo => {
                let (a, b) = (self.of(left), self.of(right));
                let slot = if op == BinaryOp::Modulo { Slot::Whole } else { Slot::Number };
                if op == BinaryOp::Add && [a.column_type, b.column_type] == [ColumnType::String; 2] {
                    let message = format!("{sign} takes {}, not {}", slot.words(), article(ColumnType::String));
                    self.mismatch(left, message, "Write `a || b` to put two texts together.");
                } else {
                    self.arithmetic(left, a.column_type, slot, sign);
                    self.arithmetic(right, b.column_type, slot, sign);
                }
                column_type = match op {
                    BinaryOp::Divide => ColumnType::Float,
                    BinaryOp::Modulo => ColumnType::Integer,
                    _ => sum_type(a.column_type, b.column_type),
                };
                (constant_beside(a.expr, b.column_type), constant_beside(b.expr, a.column_type))
            }
        };
        Typed { expr: left_expr.binary(op, right_expr), column_type }
    }

    fn arithmetic(&mut self, part: &Expr<Name>, column_type: ColumnType, slot: Slot, sign: &str) {
        if column_type.is_time() {
            let message = format!("{sign} takes {}, not {}", slot.words(), article(column_type));
            self.mismatch(part, message, "Write `periods_between('day', a, b)` for the days between two times.");
        } else if column_type == ColumnType::Boolean {
            let message = format!("{sign} takes {}, not {}", slot.words(), article(column_type));
            self.mismatch(part, message, "Write `case when … then 1 else 0 end` to count a condition.");
        } else {
            self.expect(part, column_type, slot, sign);
        }
    }

    fn case(&mut self, branches: &[(Expr<Name>, Expr<Name>)], otherwise: Option<&Expr<Name>>) -> Typed<N> {
        let mut common = None;
        let mut typed_branches = Vec::with_capacity(branches.len());
        for (when, then) in branches {
            let when = self.condition(when, "`when`");
            let value = self.of(then);
            self.unify("the results of `case`", &mut common, then, value.column_type);
            typed_branches.push((when, value.expr));
        }
        let otherwise = otherwise.map(|part| {
            let value = self.of(part);
            self.unify("the results of `case`", &mut common, part, value.column_type);
            Box::new(value.expr)
        });
        let column_type = common.unwrap_or(ColumnType::Unknown);
        Typed { expr: Expr::Case { branches: typed_branches, otherwise }, column_type }
    }

    fn cast(&mut self, arg: &Expr<Name>, to: ColumnType) -> Typed<N> {
        let value = self.of(arg);
        let from = value.column_type;
        lowering::cast(value, to, self.zone).unwrap_or_else(|refusal| {
            self.mismatch(arg, format!("{} {}", article(from), refusal.why()), refusal.help());
            Typed::broken()
        })
    }

    fn call(&mut self, function: Function, args: &[Expr<Name>]) -> Typed<N> {
        let known = signature(function);
        let name = format!("`{}`", known.name);
        let mut typed: Vec<Typed<N>> = args.iter().map(|arg| self.of(arg)).collect();
        let mut common = None;
        for (position, arg) in args.iter().enumerate() {
            let slot = known.slots[position.min(known.slots.len() - 1)];
            let column_type = typed[position].column_type;
            if slot == Slot::Common {
                self.unify(&format!("the arguments of {name}"), &mut common, arg, column_type);
            } else if !slot.takes(column_type) {
                let message = format!("{name} takes {}, not {}", slot.words(), article(column_type));
                let help = match (slot, column_type) {
                    (Slot::Time, ColumnType::String) => Some("Write `date '2024-02-29'` or `cast(… as date)`."),
                    (Slot::Text, ColumnType::Integer | ColumnType::Decimal) => Some("Write `cast(… as string)`."),
                    (Slot::Text, ColumnType::Float) => Some(TEXT_OF_FLOAT),
                    _ => None,
                };
                self.report(Code::WrongArguments, self.place(arg), message, help);
                return Typed::broken();
            }
        }
        let column_type = match known.gives {
            Gives::Fixed(column_type) => column_type,
            Gives::First => typed.first().map_or(ColumnType::Unknown, |first| first.column_type),
            Gives::Common => common.unwrap_or(ColumnType::Unknown),
        };
        let (zone, calendar) = (self.zone, self.calendar);
        self.warn_unknown_time(function, args, &typed);
        match function {
            Function::WrittenDate => Typed { expr: lowering::to_date(typed.remove(0), zone), column_type },
            Function::WrittenTruncate(granularity) => lowering::truncate(typed.remove(0), granularity, zone, calendar)
                .unwrap_or_else(|| {
                    let message = format!("a date has no {granularity}");
                    self.report(Code::WrongArguments, self.place_of(args), message, None);
                    Typed::broken()
                }),
            Function::WrittenPeriodsBetween(granularity)
                if granularity.is_within_a_day() && typed.iter().any(|value| value.column_type == ColumnType::Date) =>
            {
                self.report(Code::WrongArguments, self.place_of(args), format!("a date has no {granularity}"), None);
                Typed::broken()
            }
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
                self.report(Code::UncheckedColumn, self.place(arg), message, Some(help));
            }
        }
    }

    /// Reports two values that cannot be compared.
    fn comparable(&mut self, left: &Expr<Name>, a: ColumnType, right: &Expr<Name>, b: ColumnType) {
        if wider(a, b).is_some() {
            return;
        }
        let message = format!("{} is compared with {}", article(a), article(b));
        let text = if is_text(left) { Some(b) } else { is_text(right).then_some(a) };
        let help = match (text, a, b) {
            (Some(ColumnType::Date), ..) => "Write `date '2024-02-29'` for a day.",
            (Some(ColumnType::Timestamp), ..) => {
                "Write `date(…) = date '2024-02-29'` for a day of the project's zone, or `timestamp '2024-02-29 12:00:00Z'`."
            }
            (Some(ColumnType::DateTime), ..) => "Write `datetime '2024-02-29 12:00:00'` for a wall-clock time.",
            (Some(ColumnType::Boolean), ..) => "Write `true` or `false` without quotes.",
            (Some(column_type), ..) if column_type.is_numeric() => "Write the number without quotes.",
            (_, ColumnType::Timestamp | ColumnType::DateTime, ColumnType::Date)
            | (_, ColumnType::Date, ColumnType::Timestamp | ColumnType::DateTime) => {
                "Write `date(…)` around the time to compare days."
            }
            _ => "Write `cast(… as …)` around one of the two.",
        };
        let span = match (names_span(left), names_span(right)) {
            (Some(a), Some(b)) => Span { start: a.start.min(b.start), end: a.end.max(b.end), ..a },
            (Some(one), None) | (None, Some(one)) => one,
            (None, None) => self.whole,
        };
        self.report(Code::TypeMismatch, span, message, Some(help));
    }

    /// Widens the common type of several parts by one more; NULL fits every type, and an unknown type stays unknown.
    fn unify(&mut self, what: &str, common: &mut Option<ColumnType>, part: &Expr<Name>, column_type: ColumnType) {
        if matches!(part, Expr::Literal(Literal::Null)) {
            return;
        }
        let so_far = common.unwrap_or(column_type);
        if wider(so_far, column_type).is_none() {
            let message = format!("{what} are {} and {}", article(so_far), article(column_type));
            self.mismatch(part, message, "Write `cast(… as …)`, so that all are of one type.");
        }
        *common = Some(if so_far == ColumnType::Unknown || column_type == ColumnType::Unknown {
            ColumnType::Unknown
        } else {
            wider(so_far, column_type).unwrap_or(ColumnType::Unknown)
        });
    }

    fn expect(&mut self, part: &Expr<Name>, column_type: ColumnType, slot: Slot, needed_by: &str) {
        if !slot.takes(column_type) {
            let message = format!("{needed_by} takes {}, not {}", slot.words(), article(column_type));
            let help = match slot {
                Slot::Text if column_type == ColumnType::Float => TEXT_OF_FLOAT,
                Slot::Text => "Write `cast(… as string)`.",
                Slot::Number => "Write `cast(… as decimal)`.",
                Slot::Whole => "Write `cast(… as integer)`.",
                Slot::Document | Slot::Time | Slot::Common => "Write `cast(… as …)`.",
            };
            self.mismatch(part, message, help);
        }
    }

    fn mismatch(&mut self, part: &Expr<Name>, message: String, help: &str) {
        self.report(Code::TypeMismatch, self.place(part), message, Some(help));
    }

    fn report(&mut self, code: Code, span: Span, message: String, help: Option<&str>) {
        let diagnostic = Diagnostic::new(code, span, message);
        self.diagnostics.push(match help {
            Some(help) => diagnostic.help(help),
            None => diagnostic,
        });
    }

    fn place(&self, part: &Expr<Name>) -> Span {
        names_span(part).unwrap_or(self.whole)
    }

    fn place_of(&self, parts: &[Expr<Name>]) -> Span {
        let spans: Vec<Span> = parts.iter().filter_map(names_span).collect();
        match (spans.iter().map(|span| span.start).min(), spans.iter().map(|span| span.end).max()) {
            (Some(start), Some(end)) => Span { start, end, file: self.whole.file },
            _ => self.whole,
        }
    }
}

fn boolean<N>(expr: Expr<N>) -> Typed<N> {
    Typed { expr, column_type: ColumnType::Boolean }
}

fn is_text(expr: &Expr<Name>) -> bool {
    matches!(expr, Expr::Literal(Literal::String(_)))
}

/// Returns the type that holds values of both, if there is one.
pub(super) fn wider(a: ColumnType, b: ColumnType) -> Option<ColumnType> {
    match (a, b) {
        (a, b) if a == b => Some(a),
        (ColumnType::Unknown, other) | (other, ColumnType::Unknown) => Some(other),
        (a, b) if a.is_numeric() && b.is_numeric() => {
            Some(if a == ColumnType::Float || b == ColumnType::Float { ColumnType::Float } else { ColumnType::Decimal })
        }
        _ => None,
    }
}

/// Returns the type of a sum, difference or product; one unknown operand makes it unknown, unless the other is a float.
fn sum_type(a: ColumnType, b: ColumnType) -> ColumnType {
    match (a, b) {
        (ColumnType::Float, _) | (_, ColumnType::Float) => ColumnType::Float,
        (ColumnType::Unknown, _) | (_, ColumnType::Unknown) => ColumnType::Unknown,
        (a, b) => wider(a, b).unwrap_or(ColumnType::Unknown),
    }
}

/// Returns the words for a value of a type: "a string".
pub(super) fn article(column_type: ColumnType) -> String {
    match column_type {
        ColumnType::Integer => "an integer".to_owned(),
        ColumnType::Json => "a JSON document".to_owned(),
        ColumnType::Unknown => "a value of unknown type".to_owned(),
        other => format!("a {other}"),
    }
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
        all =
            Some(all.map_or(span, |all| Span { start: all.start.min(span.start), end: all.end.max(span.end), ..all }));
    });
    all
}
