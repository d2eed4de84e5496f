//! Aggregates of a warehouse inside of a formula → a formula over names, and what each name aggregates.
//!
//! `SUM(price) / NULLIF(COUNT(*), 0)` becomes `aggregate_1 / nullif(aggregate_2, 0)` with the sum of `price` and the
//! number of rows. The condition of `SUM(CASE WHEN paid THEN price END)` becomes a filter.
//!
//! **Invariant:** an aggregate that is not known to mean the same is an error that names it.

use sqlparser::ast::{
    self, DuplicateTreatment, FunctionArg, FunctionArgExpr, FunctionArgumentList, FunctionArguments, Ident, Value,
};

use super::{
    MAX_BYTES, MAX_DEPTH,
    foreign::{Portable, Within, parse_foreign, portable, write},
};

/// A formula whose aggregates are names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SplitFormula {
    /// The formula.
    pub formula: Portable,
    /// The aggregates, in the order of their names.
    pub aggregates: Vec<FoundAggregate>,
}

/// An aggregate that was found in a formula.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundAggregate {
    /// The name that stands for it in the formula.
    pub name: String,
    /// The aggregate as the definitions language calls it: `sum`, `count_distinct`.
    pub aggregate: &'static str,
    /// One row's worth in the portable language; nothing where rows are counted.
    pub argument: Option<String>,
    /// Which rows count, in the portable language.
    pub filter: Option<String>,
}

/// Takes the aggregates out of a formula; `dialect` and `zone` are as in [`to_portable_in`](super::to_portable_in).
///
/// # Errors
/// What has no portable form, in words that follow "because".
pub fn split_aggregates(text: &str, dialect: Option<&str>, zone: Option<&str>) -> Result<SplitFormula, String> {
    let within = Within { depth: 0, zone, weeks_begin_on_sunday: dialect == Some("bigquery") };
    if text.len() > MAX_BYTES {
        return Err("it has more than 64 KiB".to_owned());
    }
    let mut expr = parse_foreign(text, dialect)?;
    let mut aggregates = Vec::new();
    take(&mut expr, within, &mut aggregates)?;
    let written = write(&expr, within)?;
    let formula = portable(&written).ok_or_else(|| format!("`{written}` has no portable form"))?;
    Ok(SplitFormula { formula, aggregates })
}

/// Replaces every aggregate of a tree by a name.
fn take(expr: &mut ast::Expr, within: Within<'_>, found: &mut Vec<FoundAggregate>) -> Result<(), String> {
    if within.depth > MAX_DEPTH {
        return Err("it is nested too deep".to_owned());
    }
    if let ast::Expr::Function(function) = expr
        && let Some(aggregate) = aggregate(function, within)?
    {
        let same =
            found.iter().find(|other| FoundAggregate { name: other.name.clone(), ..aggregate.clone() } == **other);
        let name = match same {
            Some(same) => same.name.clone(),
            None => {
                let name = format!("aggregate_{}", found.len() + 1);
                found.push(FoundAggregate { name: name.clone(), ..aggregate });
                name
            }
        };
        *expr = ast::Expr::Identifier(Ident::new(name));
        return Ok(());
    }
    for child in children(expr) {
        take(child, within.below(), found)?;
    }
    Ok(())
}

/// Returns the parts of an expression that may hold aggregates.
fn children(expr: &mut ast::Expr) -> Vec<&mut ast::Expr> {
    match expr {
        ast::Expr::Nested(arg)
        | ast::Expr::UnaryOp { expr: arg, .. }
        | ast::Expr::Cast { expr: arg, .. }
        | ast::Expr::IsNull(arg)
        | ast::Expr::IsNotNull(arg) => vec![arg],
        ast::Expr::BinaryOp { left, right, .. } => vec![left, right],
        ast::Expr::Between { expr, low, high, .. } => vec![expr, low, high],
        ast::Expr::InList { expr, list, .. } => std::iter::once(&mut **expr).chain(list).collect(),
        ast::Expr::Case { operand, conditions, else_result, .. } => {
            let ends = operand.iter_mut().chain(else_result).map(|part| &mut **part);
            let whens = conditions.iter_mut().flat_map(|when| [&mut when.condition, &mut when.result]);
            ends.chain(whens).collect()
        }
        ast::Expr::Function(function) => match &mut function.args {
            FunctionArguments::List(list) => list.args.iter_mut().filter_map(argument_mut).collect(),
            FunctionArguments::None | FunctionArguments::Subquery(_) => Vec::new(),
        },
        _ => Vec::new(),
    }
}

fn argument_mut(arg: &mut FunctionArg) -> Option<&mut ast::Expr> {
    match arg {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(expr),
        _ => None,
    }
}

/// Reads a call of an aggregate; nothing where the function is none.
fn aggregate(function: &ast::Function, within: Within<'_>) -> Result<Option<FoundAggregate>, String> {
    let name = function.name.to_string().to_lowercase();
    let known = [
        "sum",
        "count",
        "avg",
        "min",
        "max",
        "median",
        "approx_count_distinct",
        "countif",
        "count_if",
        "stddev",
        "stddev_samp",
        "stddev_pop",
        "variance",
        "var_samp",
        "var_pop",
        "any_value",
        "array_agg",
        "string_agg",
        "listagg",
        "percentile_cont",
        "percentile_disc",
        "approx_quantiles",
        "approx_percentile",
    ];
    if !known.contains(&name.as_str()) {
        return Ok(None);
    }
    if function.over.is_some() || function.filter.is_some() || !function.within_group.is_empty() {
        return Err(format!("`{function}` has no portable form"));
    }
    let FunctionArguments::List(list) = &function.args else { return Err(format!("`{function}` has no argument")) };
    let is_distinct = list.duplicate_treatment == Some(DuplicateTreatment::Distinct);
    if !list.clauses.is_empty() || list.args.len() != 1 || is_distinct && name != "count" {
        return Err(format!("`{function}` has no portable form"));
    }
    let aggregate = match name.as_str() {
        "sum" => "sum",
        "avg" => "avg",
        "min" => "min",
        "max" => "max",
        "median" => "median",
        "approx_count_distinct" => "approx_count_distinct",
        "count" if is_distinct => "count_distinct",
        "count" | "countif" | "count_if" => "count",
        _ => return Err(format!("it calls `{name}`, which has no portable form")),
    };
    let (argument, filter) = if name.starts_with("countif") || name == "count_if" {
        (None, argument(list).map(|condition| write(condition, within)).transpose()?)
    } else {
        operand(argument(list), aggregate, within)?
    };
    Ok(Some(FoundAggregate { name: String::new(), aggregate, argument, filter }))
}

/// Returns the argument; nothing for `*`.
fn argument(list: &FunctionArgumentList) -> Option<&ast::Expr> {
    match list.args.first() {
        Some(FunctionArg::Unnamed(FunctionArgExpr::Expr(expr))) => Some(expr),
        _ => None,
    }
}

/// Returns what is aggregated and which rows count: `CASE WHEN paid THEN price END` is `price` of rows that are paid.
fn operand(
    arg: Option<&ast::Expr>,
    aggregate: &str,
    within: Within<'_>,
) -> Result<(Option<String>, Option<String>), String> {
    let Some(arg) = arg else { return Ok((None, None)) };
    let (value, filter) = match arg {
        ast::Expr::Case { operand: None, conditions, else_result, .. }
            if conditions.len() == 1 && else_result.as_deref().is_none_or(is_null) =>
        {
            (&conditions[0].result, Some(write(&conditions[0].condition, within)?))
        }
        other => (other, None),
    };
    // A constant is never null, so what is counted are the rows.
    let counts_rows =
        aggregate == "count" && matches!(value, ast::Expr::Value(constant) if !matches!(constant.value, Value::Null));
    Ok((if counts_rows { None } else { Some(write(value, within)?) }, filter))
}

fn is_null(expr: &ast::Expr) -> bool {
    matches!(expr, ast::Expr::Value(constant) if matches!(constant.value, Value::Null))
}

#[cfg(test)]
mod tests {
    use super::*;

    type Parts = (&'static str, Option<String>, Option<String>);

    fn split(sql: &str) -> (String, Vec<Parts>) {
        let found = split_aggregates(sql, None, None).expect("it has a portable form");
        let aggregates = found.aggregates.into_iter();
        (found.formula.text, aggregates.map(|found| (found.aggregate, found.argument, found.filter)).collect())
    }

    #[test]
    fn aggregates_become_names() {
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(
            split("SUM(price) / NULLIF(COUNT(*), 0)"),
            (
                "aggregate_1 / nullif(aggregate_2, 0)".to_owned(),
                vec![("sum", text("price"), None), ("count", None, None)]
            )
        );
        assert_eq!(
            split("COUNT(DISTINCT CASE WHEN paid THEN user_id END) - COUNT(1) * COUNT(1)"),
            (
                "aggregate_1 - aggregate_2 * aggregate_2".to_owned(),
                vec![("count_distinct", text("user_id"), text("paid")), ("count", None, None)]
            )
        );
        assert_eq!(
            split("SUM(CASE WHEN a THEN 1 ELSE 0 END)").1,
            [("sum", text("case when a then 1 else 0 end"), None)]
        );
    }

    #[test]
    fn what_means_something_else_is_named() {
        for (sql, says) in [
            ("STDDEV(x)", "stddev"),
            ("SUM(x) OVER ()", "no portable form"),
            ("SUM(DISTINCT x)", "no portable form"),
            ("SUM(x", "cannot be read"),
        ] {
            let error = split_aggregates(sql, None, None).expect_err(sql);
            assert!(error.contains(says), "{sql}: {error}");
        }
    }
}
