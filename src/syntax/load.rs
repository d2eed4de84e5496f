//! A file of definitions, read and checked.

use super::{
    CalendarDef, Definitions, MetricDef, ModelDef, PolicyDef, RollupDef, SavedQueryDef, TableDef, TestDef,
    calendar::CALENDAR,
    keys::{Checker, Fields, Kind, Shape, key, keys},
    metric::METRIC,
    model::MODEL,
    policy::POLICY,
    rollup::ROLLUP,
    saved_query::SAVED_QUERY,
    table::TABLE,
    test::TEST,
    yaml::{self, Document},
};
use crate::{
    diagnostics::Diagnostics,
    files::{FileId, SourceMap},
};

/// The sections of a file.
pub(super) static FILE: Kind = Kind {
    name: "file",
    article: "a file of definitions",
    doc: "Any number of files under `metrics/`, each with any of these sections, in any order.",
    keys: keys![
        key("models", Shape::List(&MODEL), "Tables with a declared grain, their joins and dimensions."),
        key("metrics", Shape::List(&METRIC), "Named, owned numbers."),
        key("tables", Shape::List(&TABLE), "How the tables of the warehouse lie."),
        key("saved_queries", Shape::List(&SAVED_QUERY), "Questions that are asked often."),
        key("tests", Shape::List(&TEST), "Numbers that are known."),
        key("rollups", Shape::List(&ROLLUP), "Stored tables with aggregated metrics."),
        key("policies", Shape::List(&POLICY), "Who may see what."),
        key("calendars", Shape::List(&CALENDAR), "Periods of a company's own."),
        meta
    ],
    rules: &[],
};

/// Reads the definitions of one file; everything wrong with its form goes to `diagnostics`.
///
/// A definition without a key that it needs is left out; a value of the wrong form is left out of its definition, or
/// has a stand-in. So the definitions are whole only if no error was added.
pub fn load(files: &SourceMap, file: FileId, diagnostics: &mut Diagnostics) -> Definitions {
    let mut found = Diagnostics::new();
    let Document { root, lost } = yaml::read(files, file, &mut found);
    let mut definitions = root
        .and_then(|node| Checker::new(&files.file(file).text, &mut found).fields(node, &FILE))
        .map_or_else(Definitions::default, Definitions::from_fields);
    definitions.lost = lost;
    diagnostics.extend(found);
    definitions
}

impl Definitions {
    fn from_fields(mut fields: Fields) -> Self {
        Self {
            tables: fields.list("tables", TableDef::from_fields),
            models: fields.list("models", ModelDef::from_fields),
            metrics: fields.list("metrics", MetricDef::from_fields),
            rollups: fields.list("rollups", RollupDef::from_fields),
            policies: fields.list("policies", PolicyDef::from_fields),
            calendars: fields.list("calendars", CalendarDef::from_fields),
            saved_queries: fields.list("saved_queries", SavedQueryDef::from_fields),
            tests: fields.list("tests", TestDef::from_fields),
            lost: Vec::new(),
        }
    }
}
