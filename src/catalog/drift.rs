//! What has changed between two states of the warehouse's tables.
//!
//! A column that is gone beside a new one of its type with a name like it was probably renamed: `country` and
//! `country_code`.
//!
//! **Invariant:** what only came is told apart from what was taken or changed: it breaks nothing.

use std::{collections::BTreeSet, fmt};

use super::{Catalog, CatalogColumn, CatalogPartition, CatalogTable, ColumnType, Form};

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The table, as the definitions name it.
    pub table: String,
    /// What happened to it.
    pub kind: ChangeKind,
}

/// What happened to a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// It is gone.
    TableDropped {
        /// A new table with most of its columns, which it may be by another name.
        renamed_to: Option<String>,
    },
    /// It is new.
    TableAdded,
    /// A column is gone.
    ColumnDropped {
        /// The column.
        column: String,
        /// A new column, which it may be by another name.
        renamed_to: Option<String>,
    },
    /// A column is new.
    ColumnAdded {
        /// The column.
        column: String,
    },
    /// A column holds values of another type.
    Retyped {
        /// The column.
        column: String,
        /// The type before.
        from: ColumnKind,
        /// The type after.
        to: ColumnKind,
    },
    /// It is cut in another way.
    Repartitioned {
        /// How it was cut.
        from: Option<CatalogPartition>,
        /// How it is cut.
        to: Option<CatalogPartition>,
    },
    /// Its rows lie together by other columns, which changes what a query costs and no number.
    Reclustered {
        /// The columns before.
        from: Vec<String>,
        /// The columns after.
        to: Vec<String>,
    },
}

/// What the values of a column are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ColumnKind {
    /// The type as which it is read.
    pub column_type: ColumnType,
    /// What the warehouse makes of it, where that is something else.
    pub form: Option<Form>,
}

impl fmt::Display for ColumnKind {
    /// Writes `integer`, and `narrow integer`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(form) = self.form {
            write!(f, "{} ", form.name())?;
        }
        self.column_type.fmt(f)
    }
}

impl ChangeKind {
    /// Returns whether it only adds something.
    pub fn is_additive(&self) -> bool {
        matches!(self, Self::TableAdded | Self::ColumnAdded { .. })
    }

    /// Returns the column that is gone or changed, if it is one column.
    pub fn column(&self) -> Option<&str> {
        match self {
            Self::ColumnDropped { column, .. } | Self::Retyped { column, .. } | Self::ColumnAdded { column } => {
                Some(column)
            }
            Self::TableDropped { .. } | Self::TableAdded | Self::Repartitioned { .. } | Self::Reclustered { .. } => {
                None
            }
        }
    }
}

/// Finds what has changed, by the names of tables and the order of columns.
pub fn drift(old: &Catalog, new: &Catalog) -> Vec<Change> {
    let added = || new.tables.iter().filter(|(name, _)| !old.tables.contains_key(*name));
    let mut changes = Vec::new();
    let mut taken = BTreeSet::new();
    for (name, before) in &old.tables {
        let mut found = |kind| changes.push(Change { table: name.clone(), kind });
        let Some(after) = new.tables.get(name) else {
            let like = added().filter(|(other, _)| !taken.contains(*other)).filter_map(|(other, after)| {
                let alike = columns_alike(before, after);
                (alike > 0 && alike * 5 >= before.columns.len() * 4).then_some((alike, other))
            });
            let renamed_to = like.max_by_key(|(alike, _)| *alike).map(|(_, other)| other.clone());
            taken.extend(renamed_to.clone());
            found(ChangeKind::TableDropped { renamed_to });
            continue;
        };
        for kind in of_columns(before, after) {
            found(kind);
        }
        if before.partition != after.partition {
            found(ChangeKind::Repartitioned { from: before.partition.clone(), to: after.partition.clone() });
        }
        if before.clustering != after.clustering {
            found(ChangeKind::Reclustered { from: before.clustering.clone(), to: after.clustering.clone() });
        }
    }
    changes.extend(added().map(|(name, _)| Change { table: name.clone(), kind: ChangeKind::TableAdded }));
    changes.sort_by(|a, b| a.table.cmp(&b.table));
    changes
}

fn columns_alike(before: &CatalogTable, after: &CatalogTable) -> usize {
    before
        .columns
        .iter()
        .filter(|column| after.column(&column.name).is_some_and(|other| same_type(column, other)))
        .count()
}

/// A type of which nothing is known is no other type.
fn same_type(a: &CatalogColumn, b: &CatalogColumn) -> bool {
    let unknown = ColumnKind { column_type: ColumnType::Unknown, form: None };
    kind(a) == kind(b) || kind(a) == unknown || kind(b) == unknown
}

fn kind(column: &CatalogColumn) -> ColumnKind {
    ColumnKind { column_type: column.column_type, form: column.form }
}

fn of_columns(before: &CatalogTable, after: &CatalogTable) -> Vec<ChangeKind> {
    let gone = |column: &&CatalogColumn| after.column(&column.name).is_none();
    let came: Vec<&CatalogColumn> =
        after.columns.iter().filter(|column| before.column(&column.name).is_none()).collect();
    let renames = renames(before, after, &before.columns.iter().filter(gone).collect::<Vec<_>>(), &came);
    let mut kinds = Vec::new();
    for column in &before.columns {
        match after.column(&column.name) {
            None => {
                let renamed_to = renames.iter().find(|(from, _)| *from == column.name).map(|(_, to)| to.clone());
                kinds.push(ChangeKind::ColumnDropped { column: column.name.clone(), renamed_to });
            }
            Some(other) if !same_type(column, other) => {
                kinds.push(ChangeKind::Retyped { column: column.name.clone(), from: kind(column), to: kind(other) });
            }
            Some(_) => {}
        }
    }
    kinds.extend(came.into_iter().map(|column| ChangeKind::ColumnAdded { column: column.name.clone() }));
    kinds
}

/// How alike two columns have to be for one to be taken for the other.
const ALIKE: f64 = 0.5;
/// What the same place in the table adds.
const SAME_PLACE: f64 = 0.3;

/// Guesses which columns that are gone are which new ones, the likeliest first, each once.
fn renames(
    before: &CatalogTable,
    after: &CatalogTable,
    gone: &[&CatalogColumn],
    came: &[&CatalogColumn],
) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    for from in gone {
        for to in came.iter().filter(|to| same_type(from, to)) {
            let neighbors = [(before, &from.name), (after, &to.name)].map(|(table, name)| neighbors(table, name));
            let place = if neighbors[0] == neighbors[1] { SAME_PLACE } else { 0.0 };
            let score = likeness(&from.name, &to.name) + place;
            if score >= ALIKE {
                pairs.push((score, from.name.clone(), to.name.clone()));
            }
        }
    }
    pairs.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| (&a.1, &a.2).cmp(&(&b.1, &b.2))));
    let (mut used, mut found) = (BTreeSet::new(), Vec::new());
    for (_, from, to) in pairs {
        if !used.contains(&from) && !used.contains(&to) {
            used.extend([from.clone(), to.clone()]);
            found.push((from, to));
        }
    }
    found
}

/// The columns before and after a column.
fn neighbors<'t>(table: &'t CatalogTable, name: &str) -> [Option<&'t str>; 2] {
    let place = table.columns.iter().position(|column| column.name == name);
    let at = |place: Option<usize>| place.and_then(|place| table.columns.get(place)).map(|column| column.name.as_str());
    [at(place.and_then(|place| place.checked_sub(1))), at(place.map(|place| place + 1))]
}

/// How alike two names are, from 0 to 1: by the pairs of letters that they share (Dice's coefficient).
fn likeness(a: &str, b: &str) -> f64 {
    let pairs = |name: &str| -> Vec<(char, char)> {
        let letters: Vec<char> = name.to_lowercase().chars().filter(|letter| *letter != '_').collect();
        letters.windows(2).map(|pair| (pair[0], pair[1])).collect()
    };
    let (a, mut b) = (pairs(a), pairs(b));
    let all = a.len() + b.len();
    if all == 0 {
        return 0.0;
    }
    let shared =
        a.iter().filter(|pair| b.iter().position(|other| other == *pair).map(|at| b.swap_remove(at)).is_some());
    let shared = u32::try_from(2 * shared.count()).unwrap_or(u32::MAX);
    f64::from(shared) / f64::from(u32::try_from(all).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(columns: &[(&str, ColumnType)]) -> CatalogTable {
        let columns = columns.iter().map(|(name, column_type)| CatalogColumn {
            name: (*name).to_owned(),
            column_type: *column_type,
            form: None,
        });
        CatalogTable { columns: columns.collect(), ..CatalogTable::default() }
    }

    fn between(before: CatalogTable, after: CatalogTable) -> Vec<ChangeKind> {
        let catalog = |table| Catalog { tables: [("t".to_owned(), table)].into() };
        drift(&catalog(before), &catalog(after)).into_iter().map(|change| change.kind).collect()
    }

    const PARCELS: [(&str, ColumnType); 6] = [
        ("parcel_id", ColumnType::Integer),
        ("customer_id", ColumnType::Integer),
        ("booked_at", ColumnType::Timestamp),
        ("country", ColumnType::String),
        ("weight_kg", ColumnType::Decimal),
        ("service", ColumnType::String),
    ];

    /// The columns with one of them by another name.
    fn renamed(column: &str, name: &str) -> CatalogTable {
        let other = PARCELS.map(|(known, column_type)| (if known == column { name } else { known }, column_type));
        table(&other)
    }

    #[test]
    fn columns_by_other_names_are_guessed() {
        let renames = [
            ("country", "country_code"),
            ("country", "ship_country"),
            ("country", "ctry"),
            ("weight_kg", "weight"),
            ("weight_kg", "weight_in_kg"),
            ("weight_kg", "weightKg"),
            ("booked_at", "booking_time"),
            ("booked_at", "booked_ts"),
            ("booked_at", "bookedAt"),
            ("customer_id", "client_id"),
            ("customer_id", "customer_key"),
            ("customer_id", "cust_id"),
            ("parcel_id", "id"),
            ("parcel_id", "shipment_id"),
            ("service", "service_level"),
            ("service", "product"),
        ];
        let guessed = renames.iter().filter(|(from, to)| {
            let kinds = between(table(&PARCELS), renamed(from, to));
            let dropped = ChangeKind::ColumnDropped { column: (*from).to_owned(), renamed_to: Some((*to).to_owned()) };
            assert!(kinds.iter().any(|kind| kind.column() == Some(from) && !kind.is_additive()), "{from} is gone");
            kinds.contains(&dropped)
        });
        assert!(guessed.count() * 5 >= renames.len() * 4);
    }

    #[test]
    fn what_only_came_takes_nothing() {
        for column in PARCELS.map(|(name, _)| name) {
            let mut after = PARCELS.to_vec();
            after.insert(2, ("carrier", ColumnType::String));
            let kinds = between(table(&PARCELS), table(&after));
            assert_eq!(kinds, [ChangeKind::ColumnAdded { column: "carrier".to_owned() }], "{column}");
        }
    }

    #[test]
    fn each_column_that_is_gone_or_of_another_type_is_named() {
        for (at, (column, column_type)) in PARCELS.into_iter().enumerate() {
            let mut without = PARCELS.to_vec();
            without.remove(at);
            let dropped = ChangeKind::ColumnDropped { column: column.to_owned(), renamed_to: None };
            assert_eq!(between(table(&PARCELS), table(&without)), [dropped]);
            let mut retyped = PARCELS;
            retyped[at].1 = ColumnType::Json;
            let [from, to] = [column_type, ColumnType::Json].map(|column_type| ColumnKind { column_type, form: None });
            let changed = ChangeKind::Retyped { column: column.to_owned(), from, to };
            assert_eq!(between(table(&PARCELS), table(&retyped)), [changed]);
            retyped[at].1 = ColumnType::Unknown;
            assert_eq!(between(table(&PARCELS), table(&retyped)), []);
        }
    }

    #[test]
    fn a_type_in_which_other_numbers_come_out_is_another_one() {
        for (form, told) in [(Form::Narrow, "narrow integer"), (Form::Unsigned, "unsigned integer")] {
            let mut after = table(&PARCELS);
            after.columns[0].form = Some(form);
            let found = between(table(&PARCELS), after);
            let [ChangeKind::Retyped { column, from, to }] = found.as_slice() else { panic!("{found:?}") };
            assert_eq!(
                (column.as_str(), from.to_string(), to.to_string()),
                ("parcel_id", "integer".into(), told.into())
            );
        }
    }

    #[test]
    fn a_table_by_another_name_is_guessed_by_its_columns() {
        let catalog = |name: &str, table: CatalogTable| Catalog { tables: [(name.to_owned(), table)].into() };
        let changes = drift(&catalog("marts.parcels", table(&PARCELS)), &catalog("marts.shipments", table(&PARCELS)));
        assert_eq!(changes[0].kind, ChangeKind::TableDropped { renamed_to: Some("marts.shipments".to_owned()) });
        assert_eq!(changes[1].kind, ChangeKind::TableAdded);
        let other = table(&[("day", ColumnType::Date)]);
        let changes = drift(&catalog("marts.parcels", table(&PARCELS)), &catalog("marts.days", other));
        assert_eq!(changes[1].kind, ChangeKind::TableDropped { renamed_to: None });
    }
}
