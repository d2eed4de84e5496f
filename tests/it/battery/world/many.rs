//! What rows have one or several of: notes of parcels, segments and centers of customers.

use super::{Membership, Note, Parcel, Segment, Share, values::TONES};
use crate::battery::random::Random;

/// Notes of some of the parcels, and of one that is not there.
pub(super) fn notes(random: &mut Random, parcels: &[Parcel]) -> Vec<Note> {
    let ids = parcels.iter().map(|parcel| parcel.id).chain([97]);
    let mut notes = Vec::new();
    for parcel in ids {
        if random.chance(50) {
            notes.push(Note { parcel, tone: random.pick_or_none(20, &TONES.map(str::to_owned)) });
        }
    }
    notes
}

pub(super) fn segments(random: &mut Random) -> Vec<Segment> {
    let titles = ["shops", "books", "shops"];
    (1..=random.value_below(4))
        .map(|id| Segment { id, title: random.pick_or_none(15, &titles.map(str::to_owned)) })
        .collect()
}

/// Customers that are there and one that is not, in segments that are there and one that is not; some in none.
pub(super) fn memberships(random: &mut Random) -> Vec<Membership> {
    let mut all = Vec::new();
    for customer in [Some(1), Some(2), Some(3), Some(9), None] {
        for segment in [Some(1), Some(2), Some(3), Some(8), None] {
            if random.chance(30) {
                all.push(Membership { customer, segment });
            }
        }
    }
    all
}

/// Parts that need not add up.
pub(super) fn shares(random: &mut Random) -> Vec<Share> {
    let mut all = Vec::new();
    for customer in [Some(1), Some(2), Some(3), None] {
        for center in ["Ulm", "Bonn", "Kiel"] {
            if random.chance(40) {
                let part = random.pick_or_none(15, &[0, 2_500, 3_333, 7_500, 10_000]);
                all.push(Share { customer, center: center.to_owned(), part });
            }
        }
    }
    all
}
