//! What is said of one row, and how it is written in a definition.
//!
//! `cast(a as float) / nullif(b, 0)` is written `a / b`, which divides so.

use crate::{
    catalog::ColumnType,
    import::emit::Out,
    sql::{BinaryOp, Expr, Function, Literal, Name, formula, to_portable},
};

/// What is said of one row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::import::lookml) enum Value {
    /// A column as it is.
    Column(String),
    /// An expression of the portable language.
    Portable(String),
    /// SQL of the dialect, with `${TABLE}` for the table.
    Raw(String),
    /// A metric of the row.
    Metric(String),
}

impl Value {
    /// Returns the expression as it is written in a definition.
    pub(in crate::import::lookml) fn out(&self, dialect: Option<&str>) -> Out {
        match self {
            Self::Column(column) => Out::Text(quoted(column)),
            Self::Portable(text) | Self::Metric(text) => Out::Text(text.clone()),
            Self::Raw(text) => Out::Map(vec![(dialect.unwrap_or_default().to_owned(), Out::Text(text.clone()))]),
        }
    }

    /// Returns the text, where it is portable.
    pub(in crate::import::lookml) fn portable(&self) -> Option<String> {
        match self {
            Self::Column(column) => Some(quoted(column)),
            Self::Portable(text) => Some(text.clone()),
            Self::Raw(_) | Self::Metric(_) => None,
        }
    }

    /// Returns the text as an operand beside any operator.
    pub(in crate::import::lookml) fn operand(&self) -> Option<String> {
        match self {
            Self::Portable(text) if !is_word(text) => Some(format!("({text})")),
            other => other.portable(),
        }
    }
}

/// Returns whether a text is one name.
pub(in crate::import::lookml) fn is_word(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// Writes a column, in quotes where it is no plain word.
pub(in crate::import::lookml) fn quoted(column: &str) -> String {
    if is_word(column) { column.to_owned() } else { format!("\"{column}\"") }
}

/// Writes an expression as people would, where that reads back as the same: words in lower case, no needless parentheses,
/// and without what division does here by itself: `1.0 * a / nullif(b, 0)` is `a / b`.
pub(in crate::import::lookml) fn canonical(text: &str) -> String {
    let Ok(parsed) = to_portable(text, None) else { return text.to_owned() };
    let simple = simplified(&parsed.expr);
    let Some(shown) = shown(&simple) else { return text.to_owned() };
    let same = to_portable(&shown, None).is_ok_and(|read| unplaced(&read.expr) == unplaced(&simple));
    if same { shown } else { text.to_owned() }
}

/// Reads `case when condition then value end`: the condition and the value.
pub(in crate::import::lookml) fn when(text: &str) -> Option<(String, String)> {
    let parsed = to_portable(text, None).ok()?;
    let Expr::Case { branches, otherwise: None } = &parsed.expr else { return None };
    let [(condition, value)] = branches.as_slice() else { return None };
    Some((shown(condition)?, shown(value)?))
}

/// Writes a tree; nothing where it holds what has no short form.
fn shown(expr: &Expr<Name>) -> Option<String> {
    let mut is_plain = true;
    expr.for_each_leaf(&mut |leaf| is_plain &= matches!(leaf, Name::Path(_)));
    is_plain.then(|| {
        formula(expr, &|name| match name {
            Name::Path(words) => words.iter().map(|word| quoted(&word.value)).collect::<Vec<_>>().join("."),
            _ => String::new(),
        })
    })
}

/// Returns a tree whose names have no places, so that trees can be compared.
fn unplaced(expr: &Expr<Name>) -> Expr<String> {
    expr.map(&mut |name| match name {
        Name::Path(words) => Expr::Leaf(words.iter().map(|word| word.value.as_str()).collect::<Vec<_>>().join(".")),
        _ => Expr::Leaf(String::new()),
    })
}

fn simplified(expr: &Expr<Name>) -> Expr<Name> {
    let one = |expr: &Expr<Name>| match expr {
        Expr::Literal(Literal::Integer(1)) => true,
        Expr::Literal(Literal::Decimal(digits)) => digits.trim_end_matches('0') == "1.",
        _ => false,
    };
    match expr {
        Expr::Case { branches, otherwise: Some(otherwise) } if is_guard(branches, otherwise) => simplified(otherwise),
        Expr::Binary { op: BinaryOp::Multiply, left, right } if one(left) => simplified(right),
        Expr::Binary { op: BinaryOp::Multiply, left, right } if one(right) => simplified(left),
        Expr::Binary { op: BinaryOp::Divide, left, right } => {
            let left = match &**left {
                Expr::Cast { arg, to: ColumnType::Float } => simplified(arg),
                other => simplified(other),
            };
            let right = match &**right {
                Expr::Call { function: Function::NullIf, args }
                    if matches!(args.as_slice(), [_, Expr::Literal(Literal::Integer(0))]) =>
                {
                    simplified(&args[0])
                }
                other => simplified(other),
            };
            left.binary(BinaryOp::Divide, right)
        }
        Expr::Binary { op, left, right } => simplified(left).binary(*op, simplified(right)),
        Expr::Call { function, args } => {
            Expr::Call { function: *function, args: args.iter().map(simplified).collect() }
        }
        other => other.clone(),
    }
}

/// Returns whether branches only say that a function of nothing is nothing, which it is here by itself:
/// `case when a is null then null else greatest(a, 0) end`.
fn is_guard(branches: &[(Expr<Name>, Expr<Name>)], otherwise: &Expr<Name>) -> bool {
    let Expr::Call { function: Function::Greatest | Function::Least | Function::Concat, args } = otherwise else {
        return false;
    };
    let [(condition, Expr::Literal(Literal::Null))] = branches else { return false };
    let mut tested = Vec::new();
    let mut open = vec![condition];
    while let Some(condition) = open.pop() {
        match condition {
            Expr::Binary { op: BinaryOp::Or, left, right } => open.extend([&**left, &**right]),
            Expr::IsNull { arg, negated: false } => tested.push(unplaced(arg)),
            _ => return false,
        }
    }
    args.iter().all(|arg| matches!(arg, Expr::Literal(_)) || tested.contains(&unplaced(arg)))
}

/// Returns whether one pair of parentheses is around a whole text.
pub(in crate::import::lookml) fn is_enclosed(text: &str) -> bool {
    let mut depth = 0;
    for (at, letter) in text.char_indices() {
        match letter {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        if depth == 0 && at + letter.len_utf8() < text.len() {
            return false;
        }
    }
    text.starts_with('(')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_written_as_people_would() {
        for (text, expected) in [
            ("1.0 * a / nullif(b, 0)", "a / b"),
            ("cast(a as float) / nullif(b, 0)", "a / b"),
            ("100 * (a - b)", "100 * (a - b)"),
            ("coalesce(a / nullif(b, 0), 0)", "coalesce(a / b, 0)"),
            ("case when a is null or b is null then null else greatest(a, b, 0) end", "greatest(a, b, 0)"),
            (
                "case when a is null then null else greatest(a, b) end",
                "case when a is null then null else greatest(a, b) end",
            ),
        ] {
            assert_eq!(canonical(text), expected);
        }
    }
}
