//! Everything that can change an answer.

use std::hash::{Hash, Hasher};

use crate::{
    cache::{Fingerprint, FingerprintWriter},
    plan::Principal,
    sql::{Dialect, Text},
    time::{DateRange, Tz},
};

/// What an answer depends on. Two requests share rows exactly if all of this is the same.
///
/// A field is hashed by construction: [`QueryIdentity::fingerprint`] takes the structure apart without `..`, so a
/// field that is added here, or to [`Text`] or [`Principal`], does not compile until it is hashed.
#[derive(Clone, Copy, Debug)]
pub struct QueryIdentity<'a> {
    /// The dialect of the text.
    pub dialect: Dialect,
    /// The SQL and the values bound to it.
    pub text: &'a Text,
    /// The zone in which periods were cut, which the SQL of plain days does not say.
    pub time_zone: Tz,
    /// The range of local days.
    pub range: DateRange,
    /// Who asks.
    pub principal: &'a Principal,
    /// The project it was planned against.
    pub project_version: Fingerprint,
    /// Counts how often the data were declared to have changed.
    pub data_version: u64,
}

impl QueryIdentity<'_> {
    /// Returns the key under which the answer is kept.
    pub fn fingerprint(&self) -> Fingerprint {
        let Self { dialect, text, time_zone, range, principal, project_version, data_version } = *self;
        let Text { sql, parameters } = text;
        let mut hash = FingerprintWriter::default();
        dialect.hash(&mut hash);
        sql.hash(&mut hash);
        parameters.hash(&mut hash);
        time_zone.hash(&mut hash);
        range.hash(&mut hash);
        principal_into(principal, &mut hash);
        project_version.hash(&mut hash);
        data_version.hash(&mut hash);
        hash.end()
    }
}

/// Hashes every field of a principal.
pub(super) fn principal_into(principal: &Principal, hash: &mut impl Hasher) {
    let Principal { id, roles, claims } = principal;
    id.hash(hash);
    roles.hash(hash);
    claims.hash(hash);
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::{plan::Claim, sql::Literal, time::NaiveDate};

    #[test]
    fn every_part_of_the_identity_changes_the_key() {
        let text = Text { sql: "SELECT $1".into(), parameters: vec![Literal::Integer(1)] };
        let principal =
            Principal { id: "a".into(), roles: vec!["pm".into()], claims: [("c".into(), "d".into())].into() };
        let other_version = Fingerprint::of(&"other");
        let base = QueryIdentity {
            dialect: Dialect::DuckDb,
            text: &text,
            time_zone: Tz::UTC,
            range: DateRange::default(),
            principal: &principal,
            project_version: Fingerprint::of(&"one"),
            data_version: 0,
        };
        let sql = Text { sql: "SELECT $1 ".into(), ..text.clone() };
        let value = Text { parameters: vec![Literal::String("1".into())], ..text.clone() };
        let id = Principal { id: "b".into(), ..principal.clone() };
        let roles = Principal { roles: vec!["p".into(), "m".into()], ..principal.clone() };
        let claims = Principal { claims: [("cd".into(), "".into())].into(), ..principal.clone() };
        let listed = Claim::Many(vec![Literal::String("d".into())]);
        let listed = Principal { claims: [("c".into(), listed)].into(), ..principal.clone() };
        let number = Principal { claims: [("c".into(), Claim::One(Literal::Integer(1)))].into(), ..principal.clone() };
        let moved = Principal { id: "ap".into(), roles: vec!["m".into()], ..principal.clone() };
        let identities = [
            base,
            QueryIdentity { dialect: Dialect::BigQuery, ..base },
            QueryIdentity { text: &sql, ..base },
            QueryIdentity { text: &value, ..base },
            QueryIdentity { time_zone: Tz::Europe__Berlin, ..base },
            QueryIdentity { range: DateRange { from: Some(NaiveDate::default()), ..base.range }, ..base },
            QueryIdentity { principal: &id, ..base },
            QueryIdentity { principal: &roles, ..base },
            QueryIdentity { principal: &claims, ..base },
            QueryIdentity { principal: &listed, ..base },
            QueryIdentity { principal: &number, ..base },
            QueryIdentity { principal: &moved, ..base },
            QueryIdentity { project_version: other_version, ..base },
            QueryIdentity { data_version: 1, ..base },
        ];
        let keys: BTreeSet<_> = identities.iter().map(QueryIdentity::fingerprint).collect();
        assert_eq!(keys.len(), identities.len());
        assert_eq!(base.fingerprint(), base.fingerprint());
    }
}
