//! What fits where in an expression, and what to say of what does not.
//!
//! `lower(amount)` of a decimal is a misfit: "`lower` takes a string, not a decimal". Definitions report every misfit with its
//! place, requests refuse the first; both by these rules and in these words.
//!
//! **Invariant:** an unknown type is never a misfit.

use super::{BinaryOp, Expr, Function, Literal, Slot, TEXT_OF_FLOAT, signature::Gives, signature::signature};
use crate::catalog::ColumnType;

/// Something that does not fit where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misfit {
    /// Whether it is an argument that the function does not take, whatever the others are.
    pub is_argument: bool,
    /// What is wrong.
    pub message: String,
    /// A full sentence that says what to write.
    pub help: Option<&'static str>,
}

impl Misfit {
    fn new(message: String, help: &'static str) -> Self {
        Self { is_argument: false, message, help: Some(help) }
    }
}

/// Which part of an operation a misfit is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The left operand.
    Left,
    /// The right operand.
    Right,
    /// Both, which do not fit one another.
    Both,
}

/// A part of an expression, as far as it matters what fits it.
#[derive(Clone, Copy, Debug)]
pub struct Part {
    column_type: ColumnType,
    is_null: bool,
    is_text: bool,
}

impl Part {
    /// Describes an expression whose value has a type.
    pub fn new<N>(expr: &Expr<N>, column_type: ColumnType) -> Self {
        let literal = match expr {
            Expr::Literal(literal) | Expr::Parameter(literal) => Some(literal),
            _ => None,
        };
        Self {
            column_type,
            is_null: matches!(literal, Some(Literal::Null)),
            is_text: matches!(literal, Some(Literal::String(_))),
        }
    }
}

/// The one type that several parts fit: the arguments of `coalesce`, the results of a `case`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Common(Option<ColumnType>);

impl Common {
    /// Widens the type by one more part; NULL fits every type, and an unknown type stays unknown.
    pub fn add(&mut self, what: &str, part: Part) -> Result<(), Misfit> {
        if part.is_null {
            return Ok(());
        }
        let so_far = self.0.unwrap_or(part.column_type);
        let widened = wider(so_far, part.column_type);
        let is_unknown = [so_far, part.column_type].contains(&ColumnType::Unknown);
        self.0 = Some(widened.filter(|_| !is_unknown).unwrap_or(ColumnType::Unknown));
        if widened.is_some() {
            return Ok(());
        }
        let message = format!("{what} are {} and {}", article(so_far), article(part.column_type));
        Err(Misfit::new(message, "Write `cast(… as …)`, so that all are of one type."))
    }

    /// Returns the type.
    pub fn column_type(self) -> ColumnType {
        self.0.unwrap_or(ColumnType::Unknown)
    }
}

/// Checks that a part can be true or false.
pub fn check_condition(needed_by: &str, found: ColumnType) -> Result<(), Misfit> {
    if matches!(found, ColumnType::Boolean | ColumnType::Unknown) {
        return Ok(());
    }
    let message = format!("{needed_by} needs a condition, not {}", article(found));
    Err(Misfit::new(message, "Compare the value with another one."))
}

/// Checks what an operator takes.
pub fn check_operand(needed_by: &str, slot: Slot, found: ColumnType) -> Result<(), Misfit> {
    if slot.takes(found) {
        return Ok(());
    }
    let help = match slot {
        Slot::Text if found == ColumnType::Float => TEXT_OF_FLOAT,
        Slot::Text => "Write `cast(… as string)`.",
        Slot::Number => "Write `cast(… as decimal)`.",
        Slot::Whole => "Write `cast(… as integer)`.",
        Slot::Document | Slot::Time | Slot::Common => "Write `cast(… as …)`.",
    };
    Err(Misfit::new(format!("{needed_by} takes {}, not {}", slot.words(), article(found)), help))
}

/// Checks both operands of an operator, and returns the type of its value.
pub fn check_binary(op: BinaryOp, left: Part, right: Part) -> (ColumnType, Vec<(Side, Misfit)>) {
    let (a, b) = (left.column_type, right.column_type);
    let sign = &format!("`{}`", op.symbol());
    let each = |check: &dyn Fn(ColumnType) -> Result<(), Misfit>| {
        let misfits = [(Side::Left, check(a)), (Side::Right, check(b))];
        misfits.into_iter().filter_map(|(side, checked)| Some((side, checked.err()?))).collect()
    };
    match op {
        BinaryOp::And | BinaryOp::Or => (ColumnType::Boolean, each(&|found| check_condition(sign, found))),
        BinaryOp::Eq
        | BinaryOp::NotEq
        | BinaryOp::Lt
        | BinaryOp::LtEq
        | BinaryOp::Gt
        | BinaryOp::GtEq
        | BinaryOp::Same => {
            let misfit = check_compared(left, right).err();
            (ColumnType::Boolean, misfit.into_iter().map(|misfit| (Side::Both, misfit)).collect())
        }
        BinaryOp::Concat => (ColumnType::String, each(&|found| check_operand(sign, Slot::Text, found))),
        BinaryOp::Add if [a, b] == [ColumnType::String; 2] => {
            let message = format!("{sign} takes {}, not {}", Slot::Number.words(), article(ColumnType::String));
            let misfit = Misfit::new(message, "Write `a || b` to put two texts together.");
            (ColumnType::Unknown, vec![(Side::Left, misfit)])
        }
        BinaryOp::Modulo => (ColumnType::Integer, each(&|found| check_arithmetic(sign, Slot::Whole, found))),
        BinaryOp::Divide => (ColumnType::Float, each(&|found| check_arithmetic(sign, Slot::Number, found))),
        BinaryOp::Add | BinaryOp::Subtract | BinaryOp::Multiply => {
            (sum_type(a, b), each(&|found| check_arithmetic(sign, Slot::Number, found)))
        }
    }
}

fn check_arithmetic(sign: &str, slot: Slot, found: ColumnType) -> Result<(), Misfit> {
    let help = match found {
        time if time.is_time() => "Write `periods_between('day', a, b)` for the days between two times.",
        ColumnType::Boolean => "Write `case when … then 1 else 0 end` to count a condition.",
        _ => return check_operand(sign, slot, found),
    };
    Err(Misfit::new(format!("{sign} takes {}, not {}", slot.words(), article(found)), help))
}

/// Checks that two values can be compared.
pub fn check_compared(left: Part, right: Part) -> Result<(), Misfit> {
    let (a, b) = (left.column_type, right.column_type);
    if wider(a, b).is_some() {
        return Ok(());
    }
    let beside_text = if left.is_text { Some(b) } else { right.is_text.then_some(a) };
    let help = match (beside_text, a, b) {
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
    Err(Misfit::new(format!("{} is compared with {}", article(a), article(b)), help))
}

/// Checks the arguments of a function, and returns the type of its value; misfits come with the position of the argument.
pub fn check_call(function: Function, args: &[Part]) -> (ColumnType, Vec<(usize, Misfit)>) {
    let known = signature(function);
    let (mut common, mut misfits) = (Common::default(), Vec::new());
    for (position, arg) in args.iter().enumerate() {
        let slot = known.slots[position.min(known.slots.len() - 1)];
        if slot == Slot::Common {
            let what = format!("the arguments of `{}`", known.name);
            misfits.extend(common.add(&what, *arg).err().map(|misfit| (position, misfit)));
        } else if let Some(misfit) = misfit_of_argument(function, known.name, slot, arg.column_type) {
            return (ColumnType::Unknown, vec![(position, misfit)]);
        }
    }
    let column_type = match known.gives {
        Gives::Fixed(column_type) => column_type,
        Gives::First => args.first().map_or(ColumnType::Unknown, |first| first.column_type),
        Gives::Common => common.column_type(),
    };
    (column_type, misfits)
}

fn misfit_of_argument(function: Function, name: &str, slot: Slot, found: ColumnType) -> Option<Misfit> {
    let (message, help) = match function {
        Function::WrittenTruncate(granularity) | Function::WrittenPeriodsBetween(granularity)
            if granularity.is_within_a_day() && found == ColumnType::Date =>
        {
            (format!("a date has no {granularity}"), Some("Use a time, or a granularity of days."))
        }
        _ if slot.takes(found) => return None,
        _ => {
            let help = match (slot, found) {
                (Slot::Time, ColumnType::String) => Some("Write `date '2024-02-29'` or `cast(… as date)`."),
                (Slot::Text, ColumnType::Integer | ColumnType::Decimal) => Some("Write `cast(… as string)`."),
                (Slot::Text, ColumnType::Float) => Some(TEXT_OF_FLOAT),
                _ => None,
            };
            (format!("`{name}` takes {}, not {}", slot.words(), article(found)), help)
        }
    };
    Some(Misfit { is_argument: true, message, help })
}

/// Returns the type that holds values of both, if there is one.
pub fn wider(a: ColumnType, b: ColumnType) -> Option<ColumnType> {
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
pub fn article(column_type: ColumnType) -> String {
    match column_type {
        ColumnType::Integer => "an integer".to_owned(),
        ColumnType::Json => "a JSON document".to_owned(),
        ColumnType::Unknown => "a value of unknown type".to_owned(),
        other => format!("a {other}"),
    }
}
