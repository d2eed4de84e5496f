//! Rows beside many others: a copy for each, counted once per group or by its part.

use std::collections::BTreeSet;

use super::{
    KeyValue, Oracle,
    formula::Leaf,
    groups::Groups,
    number::{Number, ONE},
    rows::{Of, Row, View},
};
use crate::battery::{
    definitions::{Aggregate, Simple, Value},
    query::{Dimension, Key},
    world::{Claim, Membership, Share},
};

/// Which of the many a copy of a row stands beside: none where there are none.
#[derive(Clone, Copy)]
pub(super) enum Beside<'w> {
    /// The row itself.
    Nothing,
    Claim(Option<&'w Claim>),
    Membership(Option<&'w Membership>),
    Share(Option<&'w Share>),
}

impl<'w> View<'w> {
    /// A dimension of one of many.
    pub(super) fn of_many(self, row: Row<'w>, dimension: Dimension) -> KeyValue {
        let text = |value: Option<&String>| value.map_or(KeyValue::Null, |value| KeyValue::Text(value.clone()));
        match (dimension, row.of, row.beside) {
            (Dimension::Reason, Of::Claim(claim), _) => text(claim.reason.as_ref()),
            (Dimension::Reason, Of::Parcel(_), Beside::Claim(claim)) => text(claim.and_then(|one| one.reason.as_ref())),
            (Dimension::Segment, _, Beside::Membership(membership)) => {
                let id = membership.and_then(|membership| membership.segment);
                text(self.world.segments.iter().find(|segment| Some(segment.id) == id).and_then(|s| s.title.as_ref()))
            }
            (Dimension::Center, _, Beside::Share(share)) => text(share.map(|share| &share.center)),
            // What is not told apart by the key needs no copies.
            (_, _, Beside::Nothing) => KeyValue::Null,
            _ => panic!("the row stands beside others"),
        }
    }
}

/// Those that match, or nothing once.
fn each_or_none<T>(many: &[T], matches: impl Fn(&T) -> bool) -> Vec<Option<&T>> {
    let found: Vec<Option<&T>> = many.iter().filter(|one| matches(one)).map(Some).collect();
    if found.is_empty() { vec![None] } else { found }
}

impl<'q> Oracle<'q> {
    /// The copies of rows that the keys of a leaf ask for.
    pub(super) fn copies(&self, leaf: &Leaf<'q>, rows: Vec<Row<'q>>) -> Vec<Row<'q>> {
        let many = self.query.keys.iter().find_map(|key| match key {
            Key::Dimension(dimension) if Dimension::MANY.contains(dimension) && !leaf.drops(*key) => Some(*dimension),
            _ => None,
        });
        let Some(many) = many else { return rows };
        let world = self.view.world;
        let copies = rows.into_iter().flat_map(|row| {
            let customer = self.view.customer_id(row);
            let beside: Vec<Beside<'q>> = match (many, row.of) {
                (Dimension::Reason, Of::Claim(_)) => vec![Beside::Nothing],
                (Dimension::Reason, Of::Parcel(parcel)) => {
                    let claims = each_or_none(&world.claims, |claim| claim.parcel == Some(parcel.id));
                    claims.into_iter().map(Beside::Claim).collect()
                }
                (Dimension::Segment, _) => {
                    let own = each_or_none(&world.memberships, |one| customer.is_some() && one.customer == customer);
                    own.into_iter().map(Beside::Membership).collect()
                }
                _ => {
                    let own = each_or_none(&world.shares, |one| customer.is_some() && one.customer == customer);
                    own.into_iter().map(Beside::Share).collect()
                }
            };
            beside.into_iter().map(move |beside| Row { beside, ..row })
        });
        copies.collect()
    }

    /// A sum or a count of rows of which each counts by its part; a part that is not known is
    /// none of a row that is there, and the part of a row that is beside nothing is all of it.
    pub(super) fn of_parts(&self, metric: &Simple, rows: &[Row<'q>]) -> Number {
        let parts = rows.iter().filter_map(|row| {
            let part = match row.beside {
                Beside::Share(Some(share)) => share.part.map_or(0, i128::from),
                _ => 10_000,
            };
            let value = if metric.value == Value::Nothing { Some(ONE) } else { self.view.value(*row, metric.value) };
            let counted = if metric.aggregate == Aggregate::Count { value.map(|_| ONE) } else { value };
            counted.map(|value| value * part / 10_000)
        });
        let parts: Vec<i128> = parts.collect();
        match metric.aggregate {
            Aggregate::Count => Number::Exact(parts.iter().sum()),
            _ if parts.is_empty() => Number::Null,
            _ => Number::Exact(parts.iter().sum()),
        }
    }
}

/// Rows of which no two are copies of one, unless they count by parts.
pub(super) fn once(rows: Vec<Row<'_>>) -> Vec<Row<'_>> {
    let mut seen = BTreeSet::new();
    let mut is_new = |row: &Row<'_>| match row.beside {
        Beside::Nothing | Beside::Share(_) => true,
        Beside::Claim(_) | Beside::Membership(_) => seen.insert(row.id()),
    };
    rows.into_iter().filter(|row| is_new(row)).collect()
}

/// Groups in which no two rows are copies of one, unless they count by parts.
pub(super) fn once_per_group(groups: Groups<'_>) -> Groups<'_> {
    groups.into_iter().map(|(key, rows)| (key, once(rows))).collect()
}
