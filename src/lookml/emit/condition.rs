//! The condition of a metric → `filters` of its measure.
//!
//! Looker's filter expressions are a language of their own, so only what is the same in both goes there: equality with
//! plain words, and booleans. Everything else becomes a hidden yesno dimension, in which null is no, as in `WHERE`.
//!
//! **Invariant:** all filters of a measure together keep exactly the rows for which the condition is true.

use super::{
    super::tree::{DimensionType, Filter},
    Emission,
    sql::{self, Site},
};
use crate::{
    catalog::ColumnType,
    ids::ModelId,
    project::{DimensionKind, Ref, Route},
    sql::{BinaryOp, Expr, Literal, UnaryOp},
};

/// The filters of a measure, and whether they need other views.
#[derive(Default)]
pub(super) struct Filters {
    pub filters: Vec<Filter>,
    pub crosses: bool,
}

/// Makes the filters of a condition; `measure` names the dimension of a condition that has no name of its own.
pub(super) fn filters(
    emission: &mut Emission<'_>,
    model: ModelId,
    condition: &Expr<Ref>,
    measure: &str,
) -> Result<Filters, String> {
    let mut made = Filters::default();
    let mut rest: Vec<Expr<Ref>> = Vec::new();
    for conjunct in condition.conjuncts() {
        if let Some((leaf, value)) = plain(emission, conjunct) {
            let (field, crosses) = field(emission, model, leaf)?;
            made.crosses |= crosses;
            made.filters.push(Filter { field, value });
        } else if let Some(name) = condition_name(emission, conjunct) {
            made.hidden(emission, model, conjunct, &name)?;
        } else {
            rest.push(conjunct.clone());
        }
    }
    if let Some(rest) = Expr::all(rest) {
        made.hidden(emission, model, &rest, &format!("is_in_{measure}"))?;
    }
    made.filters.sort_by(|a, b| (&a.field, &a.value).cmp(&(&b.field, &b.value)));
    made.filters.dedup();
    Ok(made)
}

impl Filters {
    fn hidden(
        &mut self,
        emission: &mut Emission<'_>,
        model: ModelId,
        condition: &Expr<Ref>,
        name: &str,
    ) -> Result<(), String> {
        let sql = sql::write(emission, model, &Route::here(), condition, Site::Dimension)?;
        let field = emission.helper(model, name, DimensionType::YesNo, &sql);
        self.crosses |= sql.crosses;
        self.filters.push(Filter { field, value: "yes".to_owned() });
        Ok(())
    }
}

/// Returns the field and the filter expression of a condition that Looker can say exactly.
fn plain<'a>(emission: &Emission<'_>, condition: &'a Expr<Ref>) -> Option<(&'a Ref, String)> {
    match condition {
        Expr::Leaf(leaf) if is_yesno(emission, leaf) => Some((leaf, "yes".to_owned())),
        Expr::Unary { op: UnaryOp::Not, arg } => match &**arg {
            Expr::Leaf(leaf) if is_yesno(emission, leaf) => Some((leaf, "no".to_owned())),
            _ => None,
        },
        Expr::Binary { op: BinaryOp::Eq, left, right } => match (&**left, &**right) {
            (Expr::Leaf(leaf), Expr::Literal(Literal::String(value)))
            | (Expr::Literal(Literal::String(value)), Expr::Leaf(leaf))
                if is_text(emission, leaf) && is_plain_word(value) =>
            {
                Some((leaf, value.clone()))
            }
            _ => None,
        },
        Expr::In { arg, list, negated: false } => {
            let Expr::Leaf(leaf) = &**arg else { return None };
            let words: Option<Vec<&str>> = list
                .iter()
                .map(|item| match item {
                    Expr::Literal(Literal::String(value)) if is_plain_word(value) => Some(value.as_str()),
                    _ => None,
                })
                .collect();
            let words = words.filter(|words| !words.is_empty() && is_text(emission, leaf))?;
            Some((leaf, words.join(",")))
        }
        _ => None,
    }
}

/// Returns whether a leaf is a dimension of Looker's type yesno.
fn is_yesno(emission: &Emission<'_>, leaf: &Ref) -> bool {
    exists_as(emission, leaf)
        && matches!(leaf, Ref::Dimension { dimension, .. }
            if emission.project.dimensions[*dimension].kind == DimensionKind::Boolean { nullable: false })
}

/// Returns whether a leaf is a text in Looker as well.
fn is_text(emission: &Emission<'_>, leaf: &Ref) -> bool {
    exists_as(emission, leaf)
        && match leaf {
            Ref::Dimension { dimension, .. } => emission.project.dimensions[*dimension].kind == DimensionKind::String,
            Ref::Column { column_type, .. } => *column_type == ColumnType::String,
            Ref::Exists { .. } | Ref::Calendar { .. } | Ref::Claim { .. } | Ref::Verbatim(_) => false,
        }
}

/// Returns whether a leaf is a field that filters can name: a dimension over joined models is one in its own explores
/// only.
pub(super) fn exists_as(emission: &Emission<'_>, leaf: &Ref) -> bool {
    match leaf {
        Ref::Dimension { route, dimension } => {
            let model = emission.project.dimensions[*dimension].model;
            let draft = emission.draft(model);
            !draft.left_out.contains_key(dimension) && (route.0.is_empty() || !draft.crossing.contains(dimension))
        }
        Ref::Column { .. } => true,
        Ref::Exists { .. } | Ref::Calendar { .. } | Ref::Claim { .. } | Ref::Verbatim(_) => false,
    }
}

/// Returns the name of a field as a filter names it, and whether it is of another view.
pub(super) fn field(emission: &mut Emission<'_>, model: ModelId, leaf: &Ref) -> Result<(String, bool), String> {
    let (route, field, crosses) = match leaf {
        Ref::Dimension { route, dimension } => {
            let owner = emission.project.dimensions[*dimension].model;
            let draft = emission.draft(owner);
            (route, draft.dimensions[dimension].clone(), draft.crossing.contains(dimension))
        }
        Ref::Column { route, column, column_type } => {
            let owner = emission.project.route_end(model, route);
            (route, emission.column_field(owner, column, *column_type), false)
        }
        Ref::Exists { .. } | Ref::Calendar { .. } | Ref::Claim { .. } | Ref::Verbatim(_) => {
            return Err("a filter needs a field".to_owned());
        }
    };
    if route.0.is_empty() {
        return Ok((field, crosses));
    }
    Ok((format!("{}.{field}", emission.alias(model, route)?), true))
}

/// Returns whether a value means itself in a Looker filter expression: no wildcard, no operator, no word like NULL.
fn is_plain_word(value: &str) -> bool {
    let upper = value.to_ascii_uppercase();
    let starts = |word: &str| upper == word || upper.starts_with(&format!("{word} "));
    value.starts_with(|first: char| first.is_ascii_alphanumeric())
        && value.ends_with(|last: char| last.is_ascii_alphanumeric())
        && !value.contains("  ")
        && value.chars().all(|c| c.is_ascii_alphanumeric() || c == ' ')
        && !["NULL", "EMPTY", "NOT", "BLANK"].into_iter().any(starts)
}

/// Names the dimension of a simple condition, so that metrics share it: `status <> 'cancelled'` →
/// `status_is_not_cancelled`.
fn condition_name(emission: &Emission<'_>, condition: &Expr<Ref>) -> Option<String> {
    let leaf_name = |expr: &Expr<Ref>| match expr {
        Expr::Leaf(Ref::Dimension { route, dimension }) => {
            let roles = route.0.iter().map(|join| emission.project.joins[*join].role.as_str());
            let words: Vec<&str> = roles.chain([emission.project.dimensions[*dimension].name.as_str()]).collect();
            Some(words.join("_"))
        }
        Expr::Leaf(Ref::Column { route, column, .. }) => {
            let roles = route.0.iter().map(|join| emission.project.joins[*join].role.as_str());
            Some(roles.chain([column.as_str()]).collect::<Vec<_>>().join("_"))
        }
        _ => None,
    };
    let word = |expr: &Expr<Ref>| match expr {
        Expr::Literal(Literal::String(text))
            if !text.is_empty()
                && text.len() <= 20
                && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | ' ')) =>
        {
            Some(text.clone())
        }
        Expr::Literal(Literal::Integer(number)) if *number >= 0 => Some(number.to_string()),
        _ => None,
    };
    match condition {
        Expr::Binary { op, left, right } => {
            let relation = match op {
                BinaryOp::Eq => "is",
                BinaryOp::NotEq => "is_not",
                BinaryOp::Lt => "below",
                BinaryOp::LtEq => "at_most",
                BinaryOp::Gt => "above",
                BinaryOp::GtEq => "at_least",
                BinaryOp::Add
                | BinaryOp::Subtract
                | BinaryOp::Multiply
                | BinaryOp::Divide
                | BinaryOp::Modulo
                | BinaryOp::Concat
                | BinaryOp::And
                | BinaryOp::Or
                | BinaryOp::Same => return None,
            };
            Some(format!("{}_{relation}_{}", leaf_name(left)?, word(right)?))
        }
        Expr::IsNull { arg, negated } => {
            Some(format!("{}_{}", if *negated { "has" } else { "has_no" }, leaf_name(arg)?))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::is_plain_word;

    #[test]
    fn only_words_that_mean_themselves_are_filter_values() {
        for value in ["express", "Shipment Booked", "7", "NW"] {
            assert!(is_plain_word(value), "{value}");
        }
        for value in
            ["", "-x", "a,b", "50%", "same_day", "NULL", "not x", "Empty", " x", "x ", "a  b", "größe", "\"x\"", "a^b"]
        {
            assert!(!is_plain_word(value), "{value}");
        }
    }
}
