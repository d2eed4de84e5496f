//! The condition of a join, `${a.x} = ${b.y} AND …` → equalities of the joined view's fields with ours, and the time of a version.

use std::collections::BTreeSet;

use super::super::say::{Piece, pieces};
use crate::sql::{BinaryOp, Expr, Name, to_portable};

/// The side of an equality that is not the joined view's.
#[derive(Clone, Debug)]
pub(super) enum Side {
    /// A field.
    Field(String),
    /// An expression over fields, with their names by their marks.
    Expression(Expr<Name>, Vec<(String, String)>),
}

/// A condition of a join that can be said.
pub(super) struct Condition {
    /// The other view.
    pub(super) other: String,
    /// For each equality the field of the joined view, and our side.
    pub(super) pairs: Vec<(String, Side)>,
    /// Our time, and their fields between which it lies.
    pub(super) version: Option<(Side, String, String)>,
}

/// A reference of a condition: its mark, the view and the field.
type Mark = (String, String, String);

/// Reads `${a.x} = ${b.y} AND …`; what entente itself wrote about the joined view alone is the `where` of its model.
pub(super) fn read(alias: &str, sql: &str, is_own: bool) -> Result<Condition, String> {
    let (text, marks) = marked(sql)?;
    let parsed = to_portable(&text, None)?;
    let (mut other, mut pairs, mut from, mut to): (Option<String>, Vec<(String, Side)>, _, _) =
        (None, Vec::new(), None, None);
    for conjunct in parsed.expr.conjuncts() {
        if is_own && views(conjunct, &marks).iter().all(|view| view == alias) {
            continue;
        }
        if let Some(bound) = lower(conjunct, alias, &marks) {
            from = Some(bound);
            continue;
        }
        if let Some(bound) = upper(conjunct, alias, &marks) {
            to = Some(bound);
            continue;
        }
        let Expr::Binary { op: BinaryOp::Eq, left, right } = conjunct else {
            return Err("its condition is more than equalities of fields".to_owned());
        };
        let only = |views: &BTreeSet<String>| views.len() == 1 && views.contains(alias);
        let (theirs, ours) = match (views(left, &marks), views(right, &marks)) {
            (l, r) if only(&l) && !r.contains(alias) => (left, right),
            (l, r) if only(&r) && !l.contains(alias) => (right, left),
            _ => return Err("its condition is more than equalities with one other view".to_owned()),
        };
        let mut near = views(ours, &marks).into_iter();
        let (Some(view), None) = (near.next(), near.next()) else {
            return Err("its condition is more than equalities with one other view".to_owned());
        };
        if other.get_or_insert_with(|| view.clone()) != &view {
            return Err("its key is of several views".to_owned());
        }
        let theirs = field(theirs, &marks).ok_or("the key of the joined view is computed")?;
        pairs.push((theirs, our_side(ours, &marks)));
    }
    let version = match (from, to) {
        (None, None) => None,
        (Some((at, from)), Some((until, to))) if names(at) == names(until) => Some((our_side(at, &marks), from, to)),
        _ => return Err("it bounds the time of the joined rows on one side only".to_owned()),
    };
    let other = other.filter(|_| !pairs.is_empty()).ok_or("its condition names no other view")?;
    Ok(Condition { other, pairs, version })
}

/// Puts marks in place of the references of a condition.
fn marked(sql: &str) -> Result<(String, Vec<Mark>), String> {
    let mut marks: Vec<Mark> = Vec::new();
    let mut text = String::new();
    for piece in pieces(sql)? {
        match piece {
            Piece::Text(part) => text.push_str(&part),
            Piece::Field(Some(view), field) => {
                let known = marks.iter().find(|(_, of, name)| *of == view && *name == field);
                let mark = known.map_or_else(|| format!("lookml_key_{}", marks.len()), |(mark, ..)| mark.clone());
                text.push_str(&mark);
                if !marks.iter().any(|(known, ..)| *known == mark) {
                    marks.push((mark, view, field));
                }
            }
            Piece::Field(None, field) => return Err(format!("`{field}` is not said to be of any view")),
            Piece::Column(_) | Piece::Table => return Err("it names a table".to_owned()),
        }
    }
    Ok((text, marks))
}

fn views(expr: &Expr<Name>, marks: &[Mark]) -> BTreeSet<String> {
    let of = |mark: &str| marks.iter().find(|(known, ..)| known == mark).map(|(_, view, _)| view.clone());
    names(expr).iter().filter_map(|name| of(name)).collect()
}

/// Returns the field that an expression is.
fn field(expr: &Expr<Name>, marks: &[Mark]) -> Option<String> {
    match expr {
        Expr::Leaf(Name::Path(words)) if words.len() == 1 => {
            marks.iter().find(|(mark, ..)| *mark == words[0].value).map(|(_, _, field)| field.clone())
        }
        _ => None,
    }
}

fn our_side(expr: &Expr<Name>, marks: &[Mark]) -> Side {
    match field(expr, marks) {
        Some(field) => Side::Field(field),
        None => {
            let of_ours = marks.iter().map(|(mark, _, field)| (mark.clone(), field.clone()));
            Side::Expression(expr.clone(), of_ours.collect())
        }
    }
}

/// Reads `ours >= ${a.valid_from}`.
fn lower<'e>(expr: &'e Expr<Name>, alias: &str, marks: &[Mark]) -> Option<(&'e Expr<Name>, String)> {
    let Expr::Binary { op: BinaryOp::GtEq, left, right } = expr else { return None };
    let is_theirs = views(right, marks).iter().all(|view| view == alias) && !views(left, marks).contains(alias);
    Some((left, field(right, marks).filter(|_| is_theirs)?))
}

/// Reads `${a.valid_to} IS NULL OR ours < ${a.valid_to}`.
fn upper<'e>(expr: &'e Expr<Name>, alias: &str, marks: &[Mark]) -> Option<(&'e Expr<Name>, String)> {
    let Expr::Binary { op: BinaryOp::Or, left, right } = expr else { return None };
    let Expr::IsNull { arg, negated: false } = &**left else { return None };
    let Expr::Binary { op: BinaryOp::Lt, left: ours, right: end } = &**right else { return None };
    let is_theirs = views(end, marks).iter().all(|view| view == alias) && !views(ours, marks).contains(alias);
    let (end, null) = (field(end, marks)?, field(arg, marks)?);
    (is_theirs && end == null).then_some((&**ours, end))
}

/// Returns the names in an expression, which are marks.
pub(super) fn names(expr: &Expr<Name>) -> Vec<String> {
    let mut found = Vec::new();
    expr.for_each_leaf(&mut |leaf| {
        if let Name::Path(words) = leaf {
            found.push(words[0].value.clone());
        }
    });
    found
}
