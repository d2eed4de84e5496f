//! SQL of dbt's warehouse → the portable language, in words that keep what that warehouse does.
//!
//! `greatest(a, b)` of DuckDB and Postgres passes over null and is null here, so it becomes
//! `greatest(coalesce(a, b), coalesce(b, a))`.
//!
//! **Invariant:** what a warehouse does otherwise is said in other words, or is an error that names it.

use crate::{
    catalog::ColumnType,
    files::Spanned,
    sql::{BinaryOp, Expr, Function, Literal, Name, Portable, UnaryOp, formula, to_portable},
};

/// What is known of the types of names.
pub(super) type Columns<'c> = dyn Fn(&str) -> ColumnType + 'c;

/// Translates an expression; `dialect` is the warehouse's name where it is known.
///
/// # Errors
/// What has no portable form, or may give another value, in words that follow "because".
pub(super) fn portable(text: &str, dialect: Option<&str>, columns: &Columns<'_>) -> Result<Portable, String> {
    let found = with_texts(to_portable(text, dialect)?, columns)?;
    let rounds_alike = matches!(dialect, Some("bigquery" | "snowflake"));
    if !rounds_alike && holds(&found.expr, &|expr| rounds(expr, dialect, columns)) {
        return Err(
            "it makes a whole number of what may be a float, whose halves a warehouse may round to even and this \
                    language rounds away from zero"
                .to_owned(),
        );
    }
    if !holds(&found.expr, &|expr| passing(expr).is_some()) || rounds_alike {
        return Ok(found);
    }
    if !matches!(dialect, Some("duckdb" | "postgres")) {
        return Err(
            "`greatest`, `least` and `concat` pass over null in some warehouses and are null in others, and which \
                    one this is is not known: name it with `--dialect`"
                .to_owned(),
        );
    }
    let expr = found.expr.rebuild(&mut |expr| over_null(expr, columns));
    let text = formula(&expr, &|name| match name {
        Name::Path(words) => words.iter().map(|word| quoted(&word.value)).collect::<Vec<_>>().join("."),
        _ => String::new(),
    });
    let read = to_portable(&text, None)?;
    if unplaced(&read.expr) == unplaced(&expr) { Ok(read) } else { Err(format!("`{text}` has no portable form")) }
}

fn holds(expr: &Expr<Name>, is: &dyn Fn(&Expr<Name>) -> bool) -> bool {
    let mut found = is(expr);
    expr.for_each_child(&mut |child| found |= holds(child, is));
    found
}

/// Returns the arguments of a function that passes over null in DuckDB and Postgres.
fn passing(expr: &Expr<Name>) -> Option<&[Expr<Name>]> {
    match expr {
        Expr::Call { function: Function::Greatest | Function::Least | Function::Concat, args } => Some(args),
        _ => None,
    }
}

/// Puts another argument, or an empty text, where an argument is null.
fn over_null(expr: Expr<Name>, columns: &Columns<'_>) -> Expr<Name> {
    let Expr::Call { function, args } = expr else { return expr };
    let is_constant = |arg: &Expr<Name>| matches!(arg, Expr::Literal(literal) if *literal != Literal::Null);
    let args = match function {
        Function::Greatest | Function::Least if args.len() > 1 => {
            let others = |at: usize| args[..at].iter().chain(&args[at + 1..]).cloned();
            let known = |(at, arg): (usize, &Expr<Name>)| {
                let either = std::iter::once(arg.clone()).chain(others(at)).collect();
                if is_constant(arg) { arg.clone() } else { Expr::call(Function::Coalesce, either) }
            };
            args.iter().enumerate().map(known).collect()
        }
        Function::Concat => {
            let known = |arg: Expr<Name>| {
                if is_constant(&arg) {
                    return arg;
                }
                let text = match type_of(&arg, columns) {
                    ColumnType::String => arg,
                    _ => Expr::Cast { arg: Box::new(arg), to: ColumnType::String },
                };
                Expr::call(Function::Coalesce, vec![text, Expr::Literal(Literal::String(String::new()))])
            };
            args.into_iter().map(known).collect()
        }
        _ => args,
    };
    Expr::Call { function, args }
}

/// Returns whether an expression rounds what may be a float to a whole number in a way of its warehouse.
fn rounds(expr: &Expr<Name>, dialect: Option<&str>, columns: &Columns<'_>) -> bool {
    match expr {
        Expr::Cast { to: ColumnType::Integer, arg } => !is_no_float(arg, columns),
        Expr::Call { function: Function::Round, args } => {
            dialect != Some("duckdb") && args.len() == 1 && !is_no_float(&args[0], columns)
        }
        _ => false,
    }
}

/// Returns whether a value is certainly no float.
fn is_no_float(expr: &Expr<Name>, columns: &Columns<'_>) -> bool {
    let all = |args: &[&Expr<Name>]| args.iter().all(|arg| is_no_float(arg, columns));
    match expr {
        Expr::Binary { op: BinaryOp::Divide, .. } => false,
        Expr::Binary {
            op: BinaryOp::Add | BinaryOp::Subtract | BinaryOp::Multiply | BinaryOp::Modulo,
            left,
            right,
        } => all(&[left, right]),
        Expr::Unary { op: UnaryOp::Negate, arg } => is_no_float(arg, columns),
        Expr::Case { branches, otherwise } => {
            let results: Vec<_> = branches.iter().map(|(_, result)| result).chain(otherwise.as_deref()).collect();
            all(&results)
        }
        Expr::Call { function: Function::Coalesce | Function::NullIf, args } => all(&args.iter().collect::<Vec<_>>()),
        Expr::Call {
            function: Function::Floor | Function::Ceil | Function::Length | Function::WrittenPeriodsBetween(_),
            ..
        }
        | Expr::Literal(Literal::Null) => true,
        Expr::Call { function: Function::Round, args } => args.len() == 1,
        other => !matches!(type_of(other, columns), ColumnType::Float | ColumnType::Unknown),
    }
}

/// Makes texts of columns that are joined to texts and are known to be something else, as a warehouse does by itself.
fn with_texts(portable: Portable, columns: &Columns<'_>) -> Result<Portable, String> {
    let mut joined = Vec::new();
    joined_columns(&portable.expr, &mut joined);
    let mut places = Vec::new();
    for word in joined {
        match columns(&word.value) {
            ColumnType::Integer | ColumnType::Boolean | ColumnType::Date => places.push(word),
            kind @ (ColumnType::Decimal | ColumnType::Float | ColumnType::DateTime | ColumnType::Timestamp) => {
                return Err(format!(
                    "it makes a text of a {kind}, `{}`, as each warehouse does in its own way",
                    word.value
                ));
            }
            ColumnType::String | ColumnType::Json | ColumnType::Unknown => {}
        }
    }
    if places.is_empty() {
        return Ok(portable);
    }
    let mut text = portable.text.clone();
    places.sort_by_key(|word| std::cmp::Reverse(word.span.start));
    for word in places {
        let place = word.span.start as usize..word.span.end as usize;
        text.replace_range(place, &format!("cast({} as string)", quoted(&word.value)));
    }
    to_portable(&text, None)
}

/// Gathers the columns that stand directly beside `||`, or within `concat(…)`.
fn joined_columns<'e>(expr: &'e Expr<Name>, found: &mut Vec<&'e Spanned<String>>) {
    let parts: Vec<&Expr<Name>> = match expr {
        Expr::Binary { op: BinaryOp::Concat, left, right } => vec![left, right],
        Expr::Call { function: Function::Concat, args } => args.iter().collect(),
        _ => Vec::new(),
    };
    found.extend(parts.into_iter().filter_map(|part| match part {
        Expr::Leaf(Name::Path(words)) if words.len() == 1 => words.first(),
        _ => None,
    }));
    expr.for_each_child(&mut |child| joined_columns(child, found));
}

/// Returns a tree whose names have no places, so that trees can be compared.
fn unplaced(expr: &Expr<Name>) -> Expr<String> {
    expr.map(&mut |name| match name {
        Name::Path(words) => Expr::Leaf(words.iter().map(|word| word.value.as_str()).collect::<Vec<_>>().join(".")),
        _ => Expr::Leaf(String::new()),
    })
}

/// Puts a name into quotes unless it is a plain word.
fn quoted(word: &str) -> String {
    let letter = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let is_plain = word.chars().all(letter) && !word.starts_with(|first: char| first.is_ascii_digit());
    if is_plain { word.to_owned() } else { format!("\"{word}\"") }
}

/// Returns the column that a text is, if it is one.
pub(super) fn column(text: &str) -> Option<&str> {
    let text = text.trim();
    let letter = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let is_word =
        text.chars().all(letter) && text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
    let reserved = ["true", "false", "null"].contains(&text.to_ascii_lowercase().as_str());
    (is_word && !reserved).then_some(text)
}

/// Returns the type of an expression as far as its form tells; `columns` knows the types of columns.
pub(super) fn type_of(expr: &Expr<Name>, columns: &Columns<'_>) -> ColumnType {
    match expr {
        Expr::Leaf(Name::Path(words)) => match words.as_slice() {
            [word] => columns(&word.value),
            [_, _] => ColumnType::Integer,
            _ => ColumnType::Unknown,
        },
        Expr::Literal(literal) => match literal {
            Literal::Null => ColumnType::Unknown,
            Literal::Boolean(_) => ColumnType::Boolean,
            Literal::Integer(_) => ColumnType::Integer,
            Literal::Decimal(_) => ColumnType::Decimal,
            Literal::Float(_) => ColumnType::Float,
            Literal::String(_) => ColumnType::String,
            Literal::Date(_) => ColumnType::Date,
            Literal::DateTime(_) => ColumnType::DateTime,
            Literal::Timestamp(_) => ColumnType::Timestamp,
        },
        Expr::Unary { op: UnaryOp::Not, .. }
        | Expr::IsNull { .. }
        | Expr::IsTrue { .. }
        | Expr::In { .. }
        | Expr::Between { .. }
        | Expr::Like { .. } => ColumnType::Boolean,
        Expr::Binary { op, left, right } => match op {
            BinaryOp::Add | BinaryOp::Subtract | BinaryOp::Multiply | BinaryOp::Divide | BinaryOp::Modulo => {
                match (type_of(left, columns), type_of(right, columns)) {
                    (left, right) if left.is_time() || right.is_time() => ColumnType::Unknown,
                    _ => ColumnType::Decimal,
                }
            }
            BinaryOp::Concat => ColumnType::String,
            _ => ColumnType::Boolean,
        },
        Expr::Case { branches, otherwise } => {
            let results = branches.iter().map(|(_, result)| result).chain(otherwise.as_deref());
            let mut types = results.map(|result| type_of(result, columns));
            types.find(|found| *found != ColumnType::Unknown).unwrap_or(ColumnType::Unknown)
        }
        Expr::Cast { to, .. } => *to,
        Expr::Call { function: Function::WrittenTruncate(_) | Function::WrittenDate, .. } => ColumnType::Date,
        _ => ColumnType::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(written: &str, dialect: Option<&str>) -> Result<String, String> {
        let columns = |name: &str| match name {
            "kind" => ColumnType::String,
            "id" => ColumnType::Integer,
            "weight" => ColumnType::Float,
            "price" => ColumnType::Decimal,
            _ => ColumnType::Unknown,
        };
        portable(written, dialect, &columns).map(|portable| portable.text)
    }

    #[test]
    fn what_is_joined_to_a_text_is_a_text() {
        let text = |written: &str| text(written, Some("bigquery"));
        assert_eq!(text("id || '-' || kind").as_deref(), Ok("cast(id as string) || '-' || kind"));
        assert_eq!(text("concat(kind, id)").as_deref(), Ok("concat(kind, cast(id as string))"));
        assert_eq!(
            text("case when id > 1 then kind || id end").as_deref(),
            Ok("case when id > 1 then kind || cast(id as string) end")
        );
        assert!(text("kind || weight").is_err_and(|why| why.contains("text of a float, `weight`")));
    }

    #[test]
    fn null_is_passed_over_where_the_warehouse_does() {
        for (written, expected) in [
            ("greatest(a, b)", "greatest(coalesce(a, b), coalesce(b, a))"),
            ("LEAST(a, 0)", "least(coalesce(a, 0), 0)"),
            ("greatest(a, b, c)", "greatest(coalesce(a, b, c), coalesce(b, a, c), coalesce(c, a, b))"),
            (
                "concat(kind, ' ', \"of what\", id)",
                "concat(coalesce(kind, ''), ' ', coalesce(cast(\"of what\" as string), ''), coalesce(cast(id as string), ''))",
            ),
            ("1 + greatest(a, 1) > 2 and not b", "1 + greatest(coalesce(a, 1), 1) > 2 and not b"),
            (
                "case when a is null then null else greatest(a, 2) end",
                "case when a is null then null else greatest(coalesce(a, 2), 2) end",
            ),
        ] {
            assert_eq!(text(written, Some("duckdb")).as_deref(), Ok(expected));
            assert_eq!(text(written, Some("postgres")).as_deref(), Ok(expected));
        }
        assert_eq!(text("greatest(a, b)", Some("snowflake")).as_deref(), Ok("greatest(a, b)"));
        for unknown in [None, Some("redshift")] {
            assert!(text("greatest(a, b)", unknown).is_err_and(|why| why.contains("`--dialect`")));
        }
        let two_valued = text("(a is true) = (greatest(b, c) > 1)", Some("duckdb"));
        assert!(two_valued.is_err_and(|why| why.contains("no portable form")));
    }

    #[test]
    fn what_may_be_a_float_is_no_whole_number_where_halves_differ() {
        for written in ["x::int", "cast(weight as integer)", "(id / 2)::int", "(price * weight)::int"] {
            assert!(text(written, Some("duckdb")).is_err_and(|why| why.contains("halves")), "{written}");
            assert!(text(written, Some("bigquery")).is_ok(), "{written}");
        }
        for written in
            ["id::int", "(price * 2)::int", "(a = 'x')::int", "'7'::int", "floor(weight)::int", "round(x)::int"]
        {
            assert!(text(written, Some("duckdb")).is_ok(), "{written}");
        }
        assert!(text("round(x)", Some("postgres")).is_err() && text("round(x, 2)", Some("postgres")).is_ok());
    }

    #[test]
    fn conditions_are_booleans() {
        let found = to_portable("amount > 20 and not cancelled", None).expect("it is portable");
        assert_eq!(type_of(&found.expr, &|_| ColumnType::Unknown), ColumnType::Boolean);
    }
}
