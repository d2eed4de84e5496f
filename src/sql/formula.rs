//! Expressions → text as people write them, over any kind of leaf.
//!
//! What resolving lowered is shown as it was meant: conversions between zones are left out, `Truncate` is `trunc`.
//!
//! **Invariant:** parentheses stand where the text would mean something else without them, and only there.

use std::fmt::Write;

use super::{BinaryOp, Expr, Function, Literal, UnaryOp};
use crate::catalog::ColumnType;

/// Writes an expression for people, given how its leaves are written; never SQL for a warehouse.
pub fn formula<N>(expr: &Expr<N>, leaf: &dyn Fn(&N) -> String) -> String {
    let mut text = String::new();
    Writer { leaf }.write(expr, 0, &mut text);
    text
}

/// How tightly an operator binds.
fn strength(op: BinaryOp) -> u8 {
    match op {
        BinaryOp::Or => 1,
        BinaryOp::And => 2,
        BinaryOp::Eq
        | BinaryOp::NotEq
        | BinaryOp::Lt
        | BinaryOp::LtEq
        | BinaryOp::Gt
        | BinaryOp::GtEq
        | BinaryOp::Same => 4,
        BinaryOp::Concat => 5,
        BinaryOp::Add | BinaryOp::Subtract => 6,
        BinaryOp::Multiply | BinaryOp::Divide | BinaryOp::Modulo => 7,
    }
}

const NOT: u8 = 3;
const COMPARISON: u8 = 4;
const UNARY_MINUS: u8 = 8;

struct Writer<'a, N> {
    leaf: &'a dyn Fn(&N) -> String,
}

impl<N> Writer<'_, N> {
    /// Writes a part that stands where only what binds at least as tightly as `least` may stand bare.
    fn write(&self, expr: &Expr<N>, least: u8, out: &mut String) {
        let strength = match expr {
            Expr::Binary { op, .. } => strength(*op),
            Expr::Unary { op: UnaryOp::Not, .. } | Expr::IsTrue { negated: true, .. } => NOT,
            Expr::Unary { op: UnaryOp::Negate, .. } => UNARY_MINUS,
            Expr::IsNull { .. } | Expr::In { .. } | Expr::Between { .. } | Expr::Like { .. } => COMPARISON,
            Expr::IsTrue { arg, negated: false } => return self.write(arg, least, out),
            Expr::Leaf(_)
            | Expr::Literal(_)
            | Expr::Parameter(_)
            | Expr::Case { .. }
            | Expr::Cast { .. }
            | Expr::Call { .. } => u8::MAX,
        };
        if strength < least {
            out.push('(');
            self.bare(expr, strength, out);
            out.push(')');
        } else {
            self.bare(expr, strength, out);
        }
    }

    fn bare(&self, expr: &Expr<N>, strength: u8, out: &mut String) {
        let not = |negated: bool| if negated { "not " } else { "" };
        match expr {
            Expr::Leaf(leaf) => out.push_str(&(self.leaf)(leaf)),
            Expr::Literal(value) | Expr::Parameter(value) => literal(value, out),
            Expr::Unary { op: UnaryOp::Negate, arg } => {
                out.push('-');
                self.write(arg, strength, out);
            }
            Expr::Unary { op: UnaryOp::Not, arg } | Expr::IsTrue { arg, .. } => {
                out.push_str("not ");
                self.write(arg, strength, out);
            }
            Expr::Binary { op, left, right } => {
                self.write(left, strength, out);
                let _ = write!(out, " {} ", op.symbol());
                self.write(right, strength + 1, out);
            }
            Expr::Case { branches, otherwise } => self.case(branches, otherwise.as_deref(), out),
            // No definition writes this cast; see `call_of`.
            Expr::Cast { arg, to: ColumnType::Json } => self.write(arg, strength, out),
            Expr::Cast { arg, to } => {
                out.push_str("cast(");
                self.write(arg, 0, out);
                let _ = write!(out, " as {to})");
            }
            Expr::IsNull { arg, negated } => {
                self.write(arg, strength + 1, out);
                let _ = write!(out, " is {}null", not(*negated));
            }
            Expr::In { arg, list, negated } => {
                self.write(arg, strength + 1, out);
                let _ = write!(out, " {}in (", not(*negated));
                self.list(list, out);
                out.push(')');
            }
            Expr::Between { arg, low, high, negated } => {
                self.write(arg, strength + 1, out);
                let _ = write!(out, " {}between ", not(*negated));
                self.write(low, strength + 1, out);
                out.push_str(" and ");
                self.write(high, strength + 1, out);
            }
            Expr::Like { arg, pattern, negated } => {
                self.write(arg, strength + 1, out);
                let _ = write!(out, " {}like ", not(*negated));
                self.write(pattern, strength + 1, out);
            }
            Expr::Call { function, args } => self.call(*function, args, out),
        }
    }

    fn case(&self, branches: &[(Expr<N>, Expr<N>)], otherwise: Option<&Expr<N>>, out: &mut String) {
        out.push_str("case");
        for (when, then) in branches {
            out.push_str(" when ");
            self.write(when, 0, out);
            out.push_str(" then ");
            self.write(then, 0, out);
        }
        if let Some(otherwise) = otherwise {
            out.push_str(" else ");
            self.write(otherwise, 0, out);
        }
        out.push_str(" end");
    }

    fn call(&self, function: Function, args: &[Expr<N>], out: &mut String) {
        let (name, constant) = match function {
            // The zone of a wall clock is the project's, which every page names.
            Function::LocalTime(_) | Function::InstantOf(_) => return self.list(args, out),
            Function::Coalesce => ("coalesce", None),
            Function::NullIf => ("nullif", None),
            Function::Lower => ("lower", None),
            Function::Upper => ("upper", None),
            Function::Trim => ("trim", None),
            Function::Length => ("length", None),
            Function::Concat => ("concat", None),
            Function::Substring => ("substring", None),
            Function::Replace => ("replace", None),
            Function::StartsWith => ("starts_with", None),
            Function::EndsWith => ("ends_with", None),
            Function::Contains => ("contains", None),
            Function::Sha256 => ("sha256", None),
            Function::JsonText => ("json_text", None),
            Function::Abs => ("abs", None),
            Function::Round => ("round", None),
            Function::Floor => ("floor", None),
            Function::Ceil => ("ceil", None),
            Function::Greatest => ("greatest", None),
            Function::Least => ("least", None),
            Function::DateOf | Function::WrittenDate => ("date", None),
            Function::TruncateInstant { granularity, .. } => ("trunc", Some(granularity.name())),
            Function::Truncate { granularity, .. } | Function::WrittenTruncate(granularity) => {
                ("trunc", Some(granularity.name()))
            }
            Function::AddUnits(unit) => ("add", Some(unit.name())),
            Function::MicrosecondsBetween { .. } => ("microseconds_between", None),
            Function::PeriodsBetween { granularity, .. } | Function::WrittenPeriodsBetween(granularity) => {
                let _ = write!(out, "periods_between('{granularity}', ");
                self.list(args, out);
                return out.push(')');
            }
            Function::Part { part, .. } => (part.name(), None),
        };
        let _ = write!(out, "{name}(");
        self.list(args, out);
        if let Some(constant) = constant {
            let _ = write!(out, ", {constant}");
        }
        out.push(')');
    }

    fn list(&self, args: &[Expr<N>], out: &mut String) {
        for (position, arg) in args.iter().enumerate() {
            if position > 0 {
                out.push_str(", ");
            }
            self.write(arg, 0, out);
        }
    }
}

fn literal(value: &Literal, out: &mut String) {
    let _ = match value {
        Literal::Null => write!(out, "null"),
        Literal::Boolean(value) => write!(out, "{value}"),
        Literal::Integer(value) => write!(out, "{value}"),
        Literal::Decimal(digits) => write!(out, "{digits}"),
        Literal::Float(bits) => write!(out, "{}", f64::from_bits(*bits)),
        Literal::String(text) => write!(out, "'{}'", text.replace('\'', "''")),
        Literal::Date(date) => write!(out, "date '{date}'"),
        Literal::DateTime(time) | Literal::Timestamp(time) => write!(out, "timestamp '{time}'"),
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Expr<String> {
        Expr::Leaf(text.to_owned())
    }

    fn written(expr: &Expr<String>) -> String {
        formula(expr, &Clone::clone)
    }

    #[test]
    fn parentheses_stand_only_where_they_are_needed() {
        let sum = name("a").binary(BinaryOp::Add, name("b"));
        assert_eq!(written(&sum.clone().binary(BinaryOp::Multiply, name("c"))), "(a + b) * c");
        assert_eq!(written(&name("c").binary(BinaryOp::Subtract, sum.clone())), "c - (a + b)");
        assert_eq!(written(&sum.binary(BinaryOp::Subtract, name("c"))), "a + b - c");
        let either = name("a").binary(BinaryOp::Or, name("b"));
        assert_eq!(written(&either.binary(BinaryOp::And, name("c"))), "(a or b) and c");
    }

    #[test]
    fn two_valued_conditions_read_as_they_were_written() {
        let is_true = Expr::IsTrue { arg: Box::new(name("is_test")), negated: false };
        let not = Expr::Unary { op: UnaryOp::Not, arg: Box::new(is_true) };
        assert_eq!(written(&not), "not is_test");
    }
}
