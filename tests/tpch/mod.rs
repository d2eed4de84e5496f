//! TPC-H: its tables in DuckDB, its questions as saved queries of `tests/tpch`, and the official SQL of each.
//!
//! Questions 2, 9, 11, 13, 16, 17 and 20 to 22 are left out: they ask for rows, or for costs of a supplier's part.
//!
//! **Invariant:** planned and official SQL read the same tables, without indexes or declared keys.

use std::{
    fmt::Display,
    fs::File,
    io::{BufWriter, Write},
    path::Path,
};

use entente::{
    engine,
    plan::{self, Context, Principal, Request},
    project::Project,
    sql::{self, Dialect, Text},
    warehouse::{ColumnData, Rows, duckdb::DuckDb},
};
use tpchgen::{
    csv::{CustomerCsv, LineItemCsv, NationCsv, OrderCsv, PartCsv, RegionCsv, SupplierCsv},
    generators::{
        CustomerGenerator, LineItemGenerator, NationGenerator, OrderGenerator, PartGenerator, RegionGenerator,
        SupplierGenerator,
    },
};

/// A question.
pub(crate) struct Question {
    /// The saved query.
    pub(crate) name: &'static str,
    /// The official SQL with the parameters of the validation run.
    official: &'static str,
    /// The official columns in the order of the saved query's.
    columns: &'static [usize],
}

macro_rules! question {
    ($number:literal, $name:literal, $columns:expr) => {
        Question {
            name: concat!("q", $number, "_", $name),
            official: include_str!(concat!("official/q", $number, ".sql")),
            columns: &$columns,
        }
    };
}

/// All questions.
pub(crate) const QUESTIONS: [Question; 13] = [
    question!("01", "pricing_summary", [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]),
    question!("03", "shipping_priority", [0, 2, 3, 1]),
    question!("04", "order_priority", [0, 1]),
    question!("05", "local_supplier_volume", [0, 1]),
    question!("06", "forecast_revenue_change", [0]),
    question!("07", "volume_shipping", [0, 1, 2, 3]),
    question!("08", "national_market_share", [0, 1]),
    question!("10", "returned_items", [0, 1, 3, 4, 5, 6, 7, 2]),
    question!("12", "shipping_modes", [0, 1, 2]),
    question!("14", "promotion_effect", [0]),
    question!("15", "top_supplier", [0, 1, 2, 3, 4]),
    question!("18", "large_volume_customers", [0, 1, 2, 3, 4, 5]),
    question!("19", "discounted_revenue", [0]),
];

impl Question {
    /// Returns the official SQL.
    pub(crate) fn official(&self) -> Text {
        Text { sql: self.official.to_owned(), parameters: Vec::new() }
    }

    /// Returns the planned SQL.
    pub(crate) fn planned(&self, project: &Project, dialect: Dialect) -> Text {
        sql::print(&self.plan(project, dialect).select, dialect)
    }

    /// Plans the saved query.
    pub(crate) fn plan(&self, project: &Project, dialect: Dialect) -> plan::Plan {
        let saved = project.saved_queries.iter().find(|saved| saved.name == self.name);
        let saved = saved.unwrap_or_else(|| panic!("there is no saved query `{}`", self.name));
        let request = Request::from_saved(project, saved).expect("it is a request");
        let context = Context { now: "1998-12-01T12:00:00Z".parse().expect("an instant"), dialect };
        plan::plan(project, &request, &Principal::default(), &context)
            .unwrap_or_else(|error| panic!("`{}` is not planned: {error}", self.name))
    }

    /// Compares the answers: equal rows in the same order, floats to nine digits.
    pub(crate) fn check(&self, planned: &Rows, official: &Rows) {
        assert_eq!(planned.len, official.len, "{}: numbers of rows", self.name);
        assert!(planned.len > 0, "{}: nothing is compared", self.name);
        assert_eq!(planned.columns.len(), self.columns.len(), "{}: numbers of columns", self.name);
        for (ours, at) in planned.columns.iter().zip(self.columns) {
            let theirs = &official.columns[*at];
            for row in 0..planned.len {
                assert!(agree(ours, theirs, row), "{}: row {row}: {ours:?} and {theirs:?}", self.name);
            }
        }
    }
}

fn agree(ours: &ColumnData, theirs: &ColumnData, row: usize) -> bool {
    match (ours, theirs) {
        (ColumnData::Float(ours), ColumnData::Float(theirs)) => match (ours[row], theirs[row]) {
            (Some(ours), Some(theirs)) => (ours - theirs).abs() <= 1e-9 * theirs.abs(),
            (ours, theirs) => ours == theirs,
        },
        // A period is its first day, where the official SQL has the number of the year.
        (ColumnData::Date(_), ColumnData::Integer(_)) => {
            ours.text(row) == theirs.text(row).map(|year| format!("{year}-01-01"))
        }
        _ => ours.text(row) == theirs.text(row),
    }
}

/// Loads the project.
pub(crate) fn project() -> std::sync::Arc<Project> {
    let loaded = engine::load_project(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tpch"));
    loaded.project.unwrap_or_else(|| panic!("the project has errors: {:#?}", loaded.diagnostics))
}

/// Makes the tables; scale 1 has 6 million lines of orders. `folder` takes one file at a time.
pub(crate) fn fill(database: &DuckDb, scale: f64, folder: &Path) {
    database.execute_batch(include_str!("tables.sql")).expect("the tables are made");
    let load = |table: &str, header: &str, rows: &mut dyn Iterator<Item = Box<dyn Display + '_>>| {
        let path = folder.join(format!("{table}.csv"));
        let mut file = BufWriter::new(File::create(&path).expect("the file is made"));
        writeln!(file, "{header}").expect("it is written");
        for row in rows {
            writeln!(file, "{row}").expect("it is written");
        }
        drop(file);
        let copy = format!("COPY {table} FROM '{}' (HEADER)", path.display());
        database.execute_batch(&copy).expect("the table is filled");
        std::fs::remove_file(&path).expect("it was made above");
    };
    macro_rules! load {
        ($table:literal, $generator:ident, $csv:ident) => {
            let rows = $generator::new(scale, 1, 1);
            load($table, $csv::header(), &mut rows.iter().map(|row| Box::new($csv::new(row)) as Box<dyn Display>));
        };
    }
    load!("region", RegionGenerator, RegionCsv);
    load!("nation", NationGenerator, NationCsv);
    load!("part", PartGenerator, PartCsv);
    load!("supplier", SupplierGenerator, SupplierCsv);
    load!("customer", CustomerGenerator, CustomerCsv);
    load!("orders", OrderGenerator, OrderCsv);
    load!("lineitem", LineItemGenerator, LineItemCsv);
}
