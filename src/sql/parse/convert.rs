//! The tree of `sqlparser` → our tree, for as much as the language has.

use std::{cell::Cell, collections::BTreeMap};

use sqlparser::ast::{self, BinaryOperator, CaseWhen, CastKind, DataType, Ident, Spanned as _, UnaryOperator};

use super::{MAX_DEPTH, MAX_NODES, ParseError, Source, call, literal, tokens::PRINCIPAL};
use crate::{
    catalog::ColumnType,
    diagnostics::nearest,
    files::Spanned,
    sql::{BinaryOp, Expr, Literal, Name, UnaryOp},
};

/// What converting one text shares.
pub(super) struct Convert<'a> {
    pub(super) source: &'a Source<'a>,
    /// The byte of each `exists` and the byte behind its closing parenthesis.
    pub(super) calls: &'a BTreeMap<usize, usize>,
    nodes: Cell<usize>,
}

type Result<T> = std::result::Result<T, ParseError>;

impl<'a> Convert<'a> {
    pub(super) fn new(source: &'a Source<'a>, calls: &'a BTreeMap<usize, usize>) -> Self {
        Self { source, calls, nodes: Cell::new(0) }
    }

    /// Converts an expression that lies `depth` levels below the top.
    pub(super) fn expr(&self, expr: &ast::Expr, depth: usize) -> Result<Expr<Name>> {
        let nodes = self.nodes.get() + 1;
        self.nodes.set(nodes);
        if nodes > MAX_NODES {
            let message = format!("the expression has more than {MAX_NODES} names, constants and operators");
            return Err(self.source.whole_error(&message).too_large());
        }
        if depth > MAX_DEPTH {
            return Err(self.source.whole_error("the expression is nested too deep").too_large().help(
                "More than 100 operators such as `+` in a row nest as deep: write `(a + b + …) + (c + d + …)`, or make dimensions \
                 of its parts.",
            ));
        }
        let below = depth + 1;
        match expr {
            ast::Expr::Nested(inner) => self.expr(inner, below),
            ast::Expr::Identifier(word) => self.path(expr, std::slice::from_ref(word)),
            ast::Expr::CompoundIdentifier(words) => self.path(expr, words),
            ast::Expr::Value(value) => Ok(Expr::Literal(literal::value(self.source, value)?)),
            ast::Expr::TypedString(typed) => Ok(Expr::Literal(literal::typed(self.source, typed)?)),
            ast::Expr::UnaryOp { op, expr: arg } => self.unary(expr, *op, arg, below),
            ast::Expr::BinaryOp { left, op, right } => self.binary(expr, left, op, right, below),
            ast::Expr::IsNull(arg) => Ok(self.expr(arg, below)?.is_null(false)),
            ast::Expr::IsNotNull(arg) => Ok(self.expr(arg, below)?.is_null(true)),
            ast::Expr::IsTrue(arg) => Ok(self.expr(arg, below)?.is_true(false)),
            ast::Expr::IsNotTrue(arg) => Ok(self.expr(arg, below)?.is_true(true)),
            ast::Expr::IsFalse(arg) => Ok(not(self.expr(arg, below)?).is_true(false)),
            ast::Expr::IsNotFalse(arg) => Ok(not(self.expr(arg, below)?).is_true(true)),
            ast::Expr::InList { expr: arg, list, negated } => {
                let list: Vec<Expr<Name>> = list.iter().map(|item| self.expr(item, below)).collect::<Result<_>>()?;
                if list.iter().any(is_null) {
                    return Err(self.null_in_list(expr, *negated));
                }
                Ok(Expr::In { arg: Box::new(self.expr(arg, below)?), list, negated: *negated })
            }
            ast::Expr::Between { expr: arg, negated, low, high } => Ok(Expr::Between {
                arg: Box::new(self.expr(arg, below)?),
                low: Box::new(self.expr(low, below)?),
                high: Box::new(self.expr(high, below)?),
                negated: *negated,
            }),
            ast::Expr::Like { negated, any: false, expr: arg, pattern, escape_char: None } => Ok(Expr::Like {
                arg: Box::new(self.expr(arg, below)?),
                pattern: Box::new(self.expr(pattern, below)?),
                negated: *negated,
            }),
            ast::Expr::Case { operand, conditions, else_result, .. } => {
                self.case(operand.as_deref(), conditions, else_result.as_deref(), below)
            }
            ast::Expr::Cast { kind: CastKind::Cast, expr: arg, data_type, format: None } => {
                Ok(Expr::Cast { to: self.column_type(expr, data_type)?, arg: Box::new(self.expr(arg, below)?) })
            }
            ast::Expr::Function(function) => call::function(self, function, below),
            ast::Expr::Tuple(_) => Err(self
                .error("a list is not a value", expr)
                .help("Lists stand behind `in`: `kind in ('lost', 'late')`.")),
            _ => Err(self
                .error("this form is not part of the language", expr)
                .help("`docs/reference/expressions.md` lists the operators and functions.")),
        }
    }

    pub(super) fn error(&self, message: &str, expr: &ast::Expr) -> ParseError {
        self.source.error_in(message, self.source.span_of(expr.span()))
    }

    pub(super) fn words(&self, words: &[Ident]) -> Vec<Spanned<String>> {
        words.iter().map(|word| Spanned::new(word.value.clone(), self.source.span_of(word.span))).collect()
    }

    fn path(&self, whole: &ast::Expr, words: &[Ident]) -> Result<Expr<Name>> {
        let is_principal = |word: &Ident| word.quote_style.is_none() && word.value == PRINCIPAL;
        match words {
            [principal, claim] if is_principal(principal) => {
                let name = Spanned::new(claim.value.clone(), self.source.span_of(whole.span()));
                Ok(Expr::Leaf(Name::Claim { name }))
            }
            [principal, ..] if is_principal(principal) => Err(self
                .error("a claim has a name of one word", whole)
                .help("Write `$principal.country`; what is nested in a claim is not reached.")),
            _ => Ok(Expr::Leaf(Name::Path(self.words(words)))),
        }
    }

    fn unary(&self, whole: &ast::Expr, op: UnaryOperator, arg: &ast::Expr, depth: usize) -> Result<Expr<Name>> {
        let converted = self.expr(arg, depth)?;
        match op {
            UnaryOperator::Plus => Ok(converted),
            UnaryOperator::Not => Ok(not(converted)),
            UnaryOperator::Minus => {
                if let (ast::Expr::Value(_), Expr::Literal(number)) = (arg, &converted)
                    && let Some(negated) = literal::negated(number)
                {
                    return Ok(Expr::Literal(negated));
                }
                Ok(Expr::Unary { op: UnaryOp::Negate, arg: Box::new(converted) })
            }
            _ => Err(self.error("this operator is not part of the language", whole)),
        }
    }

    fn binary(
        &self,
        whole: &ast::Expr,
        left: &ast::Expr,
        op: &BinaryOperator,
        right: &ast::Expr,
        depth: usize,
    ) -> Result<Expr<Name>> {
        let op = match op {
            BinaryOperator::Plus => BinaryOp::Add,
            BinaryOperator::Minus => BinaryOp::Subtract,
            BinaryOperator::Multiply => BinaryOp::Multiply,
            BinaryOperator::Divide => BinaryOp::Divide,
            BinaryOperator::Modulo => BinaryOp::Modulo,
            BinaryOperator::StringConcat => BinaryOp::Concat,
            BinaryOperator::Eq => BinaryOp::Eq,
            BinaryOperator::NotEq => BinaryOp::NotEq,
            BinaryOperator::Lt => BinaryOp::Lt,
            BinaryOperator::LtEq => BinaryOp::LtEq,
            BinaryOperator::Gt => BinaryOp::Gt,
            BinaryOperator::GtEq => BinaryOp::GtEq,
            BinaryOperator::And => return self.chain(whole, &BinaryOperator::And, BinaryOp::And, depth),
            BinaryOperator::Or => return self.chain(whole, &BinaryOperator::Or, BinaryOp::Or, depth),
            _ => return Err(self.error("this operator is not part of the language", whole)),
        };
        let (left, right) = (self.expr(left, depth)?, self.expr(right, depth)?);
        if op.is_comparison() && (is_null(&left) || is_null(&right)) {
            let help = if op == BinaryOp::NotEq { "Write `x is not null`." } else { "Write `x is null`." };
            let message = format!("`{}` never holds beside `null`", op.symbol());
            return Err(self.error(&message, whole).help(help));
        }
        Ok(left.binary(op, right))
    }

    /// SQL takes such a list, and it means what nobody can have meant.
    fn null_in_list(&self, whole: &ast::Expr, negated: bool) -> ParseError {
        let (message, help) = if negated {
            (
                "`not in` never holds with `null` in its list",
                "Leave `null` out of the list; write `x is not null` beside it.",
            )
        } else {
            ("`in` does not find `null`", "Write `x in ('a', 'b') or x is null`.")
        };
        self.error(message, whole).help(help)
    }

    /// Converts `a and b and c …` to a balanced tree, so that a long chain is not deep.
    fn chain(&self, whole: &ast::Expr, chained: &BinaryOperator, op: BinaryOp, depth: usize) -> Result<Expr<Name>> {
        let mut operands = Vec::new();
        let mut waiting = vec![whole];
        while let Some(expr) = waiting.pop() {
            match expr {
                ast::Expr::BinaryOp { left, op, right } if op == chained => {
                    waiting.push(right);
                    waiting.push(left);
                }
                operand => operands.push(self.expr(operand, depth)?),
            }
        }
        Ok(balanced(operands, op))
    }

    fn case(
        &self,
        operand: Option<&ast::Expr>,
        conditions: &[CaseWhen],
        otherwise: Option<&ast::Expr>,
        depth: usize,
    ) -> Result<Expr<Name>> {
        let branch = |case: &CaseWhen| {
            let condition = self.expr(&case.condition, depth)?;
            let condition = match operand {
                Some(operand) => self.expr(operand, depth)?.binary(BinaryOp::Eq, condition),
                None => condition,
            };
            Ok((condition, self.expr(&case.result, depth)?))
        };
        Ok(Expr::Case {
            branches: conditions.iter().map(branch).collect::<Result<_>>()?,
            otherwise: otherwise.map(|expr| self.expr(expr, depth).map(Box::new)).transpose()?,
        })
    }

    fn column_type(&self, whole: &ast::Expr, data_type: &DataType) -> Result<ColumnType> {
        let written = data_type.to_string().to_lowercase();
        if let Some((_, column_type)) = TYPES.iter().find(|(name, _)| *name == written) {
            return Ok(*column_type);
        }
        let help = match meant_type(written.split(['(', ' ']).next().unwrap_or_default()) {
            Some(meant) => format!("Write `cast(x as {meant})`."),
            None => format!("The types are {}.", TYPES.map(|(name, _)| format!("`{name}`")).join(", ")),
        };
        let span = match data_type {
            DataType::Custom(name, _) => self.source.span_of(name.span()),
            _ => self.source.span_of(whole.span()),
        };
        Err(self.source.error_in(&format!("`{written}` is not a type of the language"), span).help(help))
    }

    /// Returns the text of a constant or of a bare word, for arguments such as `month` or `'month'`.
    pub(super) fn word_or_text(expr: &Expr<Name>) -> Option<&str> {
        match expr {
            Expr::Literal(Literal::String(text)) => Some(text),
            Expr::Leaf(Name::Path(words)) => match words.as_slice() {
                [word] => Some(&word.value),
                _ => None,
            },
            _ => None,
        }
    }
}

/// The types of the language.
const TYPES: [(&str, ColumnType); 8] = [
    ("string", ColumnType::String),
    ("integer", ColumnType::Integer),
    ("decimal", ColumnType::Decimal),
    ("float", ColumnType::Float),
    ("boolean", ColumnType::Boolean),
    ("date", ColumnType::Date),
    ("datetime", ColumnType::DateTime),
    ("timestamp", ColumnType::Timestamp),
];

/// Returns the type of the language that is meant by a type of some warehouse.
pub(super) fn meant_type(word: &str) -> Option<&'static str> {
    match word.to_ascii_lowercase().as_str() {
        "varchar" | "text" | "char" => Some("string"),
        "int" | "bigint" | "int64" | "smallint" => Some("integer"),
        "numeric" | "bignumeric" | "number" => Some("decimal"),
        "double" | "real" | "float64" => Some("float"),
        "bool" => Some("boolean"),
        "timestamptz" => Some("timestamp"),
        word => nearest(word, TYPES.map(|(name, _)| name)),
    }
}

fn not(arg: Expr<Name>) -> Expr<Name> {
    Expr::Unary { op: UnaryOp::Not, arg: Box::new(arg) }
}

fn is_null(expr: &Expr<Name>) -> bool {
    matches!(expr, Expr::Literal(Literal::Null))
}

fn balanced(mut operands: Vec<Expr<Name>>, op: BinaryOp) -> Expr<Name> {
    match operands.len() {
        1 => operands.pop().expect("there is one"),
        length => {
            let right = operands.split_off(length / 2);
            balanced(operands, op).binary(op, balanced(right, op))
        }
    }
}
