//! Worlds in which every row has its match, and joins that promise it.
//!
//! **Invariant:** what is promised holds in the rows as they are, so that a world from which rows are taken away promises
//! less.

use std::borrow::Cow;

use super::World;
use crate::battery::random::Random;

/// Points every key at a row that is there, where there is one.
pub(super) fn mend(random: &mut Random, world: &mut World) {
    let customers: Vec<i64> = world.customers.iter().map(|customer| customer.id).collect();
    let depots: Vec<i64> = world.depots.iter().map(|depot| depot.id).collect();
    let parcels: Vec<i64> = world.parcels.iter().map(|parcel| parcel.id).collect();
    let segments: Vec<i64> = world.segments.iter().map(|segment| segment.id).collect();
    let mut point = |key: &mut Option<i64>, there: &[i64]| {
        if !there.is_empty() && key.is_none_or(|key| !there.contains(&key)) {
            *key = Some(*random.pick(there));
        }
    };
    for parcel in &mut world.parcels {
        point(&mut parcel.customer, &customers);
        point(&mut parcel.origin, &depots);
        point(&mut parcel.destination, &depots);
    }
    world.claims.iter_mut().for_each(|claim| point(&mut claim.parcel, &parcels));
    world.customers.iter_mut().for_each(|customer| point(&mut customer.parent, &customers));
    world.notes.retain(|note| parcels.contains(&note.parcel));
    // Two rows with one key would be no key, and versions that overlap no versions.
    world.statuses.retain(|status| status.parcel.is_some_and(|parcel| parcels.contains(&parcel)));
    let is_there = |key: Option<i64>, there: &[i64]| key.is_some_and(|key| there.contains(&key));
    world.memberships.retain(|member| is_there(member.customer, &customers) && is_there(member.segment, &segments));
    world.shares.retain(|share| is_there(share.customer, &customers));
}

impl World {
    /// Returns a line of the models, with the promise of a join that keeps it.
    pub(super) fn line_with_promise(&self, line: &'static str) -> Cow<'static, str> {
        if self.promises_matches && self.every_row_has_its_match(line) {
            let join = line.strip_suffix(" }").expect("a join is written in one line");
            return format!("{join}, complete: true }}").into();
        }
        line.into()
    }

    fn every_row_has_its_match(&self, line: &str) -> bool {
        let customer = |key: Option<i64>| self.customers.iter().any(|customer| Some(customer.id) == key);
        let depot = |key: Option<i64>| self.depots.iter().any(|depot| Some(depot.id) == key);
        let parcel = |key: Option<i64>| self.parcels.iter().any(|parcel| Some(parcel.id) == key);
        let segment = |key: Option<i64>| self.segments.iter().any(|segment| Some(segment.id) == key);
        match line.trim_start().trim_start_matches("- ") {
            "{ to: customers, key: customer_id }" => self.parcels.iter().all(|parcel| customer(parcel.customer)),
            "{ to: depots, key: origin_id, as: origin }" => self.parcels.iter().all(|parcel| depot(parcel.origin)),
            "{ to: depots, key: destination_id, as: destination }" => {
                self.parcels.iter().all(|parcel| depot(parcel.destination))
            }
            "{ to: parcels, key: parcel_id, fan_out: dedupe }" => self.claims.iter().all(|claim| parcel(claim.parcel)),
            "{ to: customers, key: parent_id, as: parent }" => {
                self.customers.iter().all(|child| customer(child.parent))
            }
            "{ key: parcel_id, to: parcels }" => self.statuses.iter().all(|status| parcel(status.parcel)),
            "{ to: parcels, key: parcel_id }" => self.notes.iter().all(|note| parcel(Some(note.parcel))),
            "{ to: customers, key: customer_id, fan_out: dedupe }" => {
                self.memberships.iter().all(|member| customer(member.customer))
            }
            "{ to: segments, key: segment_id }" => self.memberships.iter().all(|member| segment(member.segment)),
            "{ to: customers, key: customer_id, fan_out: { weight: share } }" => {
                self.shares.iter().all(|share| customer(share.customer))
            }
            _ => false,
        }
    }
}
