//! Groups of rows with their faults: the SQL that counts them and shows the first, and how its answer is read.
//!
//! ```sql
//! WITH grouped AS (SELECT shipment_id AS key_1, COUNT(*) AS n_rows FROM … GROUP BY 1),
//! checked AS (SELECT key_1, n_rows, CASE WHEN key_1 IS NULL THEN 1 WHEN n_rows > 1 THEN 2 END AS fault FROM grouped),
//! totals AS (SELECT SUM(n_rows) AS n_read, COUNT(CASE WHEN fault = 1 THEN 1 END) AS n_values_1, … FROM checked),
//! found AS (the first groups of each fault)
//! SELECT … FROM totals LEFT JOIN found ON TRUE
//! ```
//!
//! **Invariant:** one query counts everything and shows at most [`N_EXAMPLES`] groups per fault, so its answer is small.

use super::{
    Judged,
    counts::{count, grouped, share, verb},
    finding::{Example, Fault, Status},
};
use crate::{
    sql::{AggregateFunction, BinaryOp, Cte, Expr, From, Join, JoinKind, OrderTerm, Select, SelectItem, SqlExpr},
    warehouse::Rows,
};

/// How many groups are shown of each fault.
const N_EXAMPLES: u64 = 5;

/// A part of what a group is grouped by.
#[derive(Clone, Debug)]
pub(super) struct KeyColumn {
    /// What it is called to people.
    pub(super) name: String,
    /// Whether its values may not be shown.
    pub(super) private: bool,
}

/// A way in which a group can be wrong.
#[derive(Clone, Debug)]
pub(super) struct Way {
    /// When a group is wrong so: a condition over `key_1`, …, and `n_rows`.
    pub(super) condition: SqlExpr,
    /// How bad it is.
    pub(super) status: Status,
    /// How it is told.
    pub(super) tell: Tell,
}

/// How a fault is told, given its counts.
#[derive(Clone, Debug)]
pub(super) enum Tell {
    /// "3 rows have no value"
    NoValue,
    /// "2 values occur more than once, in 5 rows"
    Repeated,
    /// "7 of 5,000 rows (0.14%) have no key"
    NoKey,
    /// "12 of 5,000 rows (0.24%) have a key that `customers` lacks; they have 3 different keys"
    Dangling(String),
    /// "2 versions overlap another one, in 3 rows"
    Overlap,
    /// "1 version has no `valid_from`"
    NeverBegins(String),
    /// "1 version is never valid: `valid_to` is not after `valid_from`"
    NeverValid(String, String),
    /// "3 values are not among those of `origin.region`, in 12 rows"
    NotThere(String),
    /// "2 values of `origin.region` do not occur here"
    NotHere(String),
    /// "1 value is not listed under `values`, in 3 rows"
    Unlisted,
    /// "2 days are not followed by the day after"
    NoDayAfter,
    /// "3 rows have a time within a month"
    Within(&'static str),
}

/// What is asked of groups of rows.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    /// Selects that build on each other; the last has the columns `key_1`, `key_2`, … and `n_rows`.
    pub(super) sources: Vec<Cte>,
    /// What the last source is joined to, for the conditions.
    pub(super) joins: Vec<Join>,
    /// What the columns `key_1`, `key_2`, … are.
    pub(super) keys: Vec<KeyColumn>,
    /// The ways to be wrong; the first that holds counts.
    pub(super) ways: Vec<Way>,
    /// What to do about them.
    pub(super) help: Option<String>,
}

impl Asked {
    /// Asks about the groups of one select.
    pub(super) fn of(grouped: Select, keys: Vec<KeyColumn>, ways: Vec<Way>, help: String) -> Self {
        let sources = vec![cte("grouped", grouped)];
        Self { sources, joins: Vec::new(), keys, ways, help: Some(help) }
    }
}

/// Names a select.
pub(super) fn cte(name: &str, select: Select) -> Cte {
    Cte { name: name.to_owned(), select }
}

/// Selects from a named select.
pub(super) fn cte_named(name: &str) -> From {
    From::Cte { name: name.to_owned(), alias: name.to_owned() }
}

/// Selects the columns `key_1`, `key_2`, … and `n_rows` of a named select.
pub(super) fn every_column(of: &str, n_keys: usize) -> Select {
    let names = (0..n_keys).map(key_name).chain(["n_rows".to_owned()]);
    Select {
        items: names.map(|name| SqlExpr::bare(name.clone()).named(name)).collect(),
        from: Some(cte_named(of)),
        ..Select::default()
    }
}

/// How the answer of a select of groups is read.
#[derive(Clone, Debug)]
pub(super) struct Groups {
    keys: Vec<KeyColumn>,
    ways: Vec<(Status, Tell)>,
    help: Option<String>,
}

impl Groups {
    /// Builds the select and the reader of its answer.
    pub(super) fn new(asked: Asked) -> (Select, Self) {
        let Asked { sources, joins, keys, ways, help } = asked;
        let grouped = sources.last().expect("there is a source of groups").name.clone();
        let mut with = sources;
        with.push(cte("checked", checked(&grouped, joins, keys.len(), &ways)));
        with.push(cte("totals", totals(&ways)));
        let shown: Vec<usize> = (0..keys.len()).filter(|at| !keys[*at].private).collect();
        with.push(cte("found", found(&shown, &ways)));
        let select = Select { with, ..answer(&shown, &ways) };
        let ways = ways.into_iter().map(|way| (way.status, way.tell)).collect();
        (select, Self { keys, ways, help })
    }

    /// Reads the answer.
    pub(super) fn judge(&self, rows: &Rows) -> Judged {
        let cell = |column: usize, row| rows.columns.get(column).and_then(|column| column.text(row));
        let count = |column, row| cell(column, row).and_then(|text| text.parse().ok()).unwrap_or(0_u64);
        if rows.len == 0 {
            return Judged::default();
        }
        let n_read = count(0, 0);
        let fault_column = 1 + 2 * self.ways.len();
        let shown: Vec<&str> = self.keys.iter().filter(|key| !key.private).map(|key| key.name.as_str()).collect();
        let example = |row| Example {
            values: shown
                .iter()
                .zip(fault_column + 2..)
                .map(|(name, at)| ((*name).to_owned(), cell(at, row)))
                .collect(),
            n_rows: count(fault_column + 1, row),
        };
        let mut faults: Vec<Fault> = Vec::new();
        for (at, (status, tell)) in self.ways.iter().enumerate() {
            let (n_values, n_rows) = (count(1 + 2 * at, 0), count(2 + 2 * at, 0));
            if n_values == 0 {
                continue;
            }
            let number = at as u64 + 1;
            let own = (0..rows.len).filter(|row| !shown.is_empty() && count(fault_column, *row) == number);
            let examples = own.map(example).collect();
            let message = tell.message(n_values, n_rows, n_read);
            faults.push(Fault { status: *status, message, n_values, n_rows, examples });
        }
        faults.sort_by_key(|fault| std::cmp::Reverse(fault.status));
        let doubtful = faults.iter().any(|fault| fault.status > Status::Holds);
        let unread = (n_read == 0 && faults.is_empty()).then(|| "there are no rows".to_owned());
        Judged { n_rows: n_read, faults, unread, help: self.help.clone().filter(|_| doubtful) }
    }
}

impl Tell {
    fn message(&self, n_values: u64, n_rows: u64, n_read: u64) -> String {
        let rows = count(n_rows, "row");
        let values = count(n_values, "value");
        let of_all = format!("{} of {} ({})", grouped(n_rows), count(n_read, "row"), share(n_rows, n_read));
        match self {
            Self::NoValue => format!("{rows} {} no value", verb(n_rows, "has", "have")),
            Self::Repeated => format!("{values} {} more than once, in {rows}", verb(n_values, "occurs", "occur")),
            Self::NoKey => format!("{of_all} {} no key", verb(n_rows, "has", "have")),
            Self::Dangling(to) => {
                let keys = count(n_values, "different key");
                format!("{of_all} {} a key that `{to}` lacks: {keys}", verb(n_rows, "has", "have"))
            }
            Self::Overlap => {
                let versions = count(n_values, "version");
                format!("{versions} {} another one, in {rows}", verb(n_values, "overlaps", "overlap"))
            }
            Self::NeverBegins(from) => {
                format!("{} {} no `{from}`", count(n_values, "version"), verb(n_values, "has", "have"))
            }
            Self::NeverValid(from, to) => {
                let versions = count(n_values, "version");
                format!("{versions} {} never valid: `{to}` is not after `{from}`", verb(n_values, "is", "are"))
            }
            Self::NotThere(path) => {
                format!("{values} {} not among those of `{path}`, in {rows}", verb(n_values, "is", "are"))
            }
            Self::NotHere(path) => {
                format!("{values} of `{path}` {} not occur here", verb(n_values, "does", "do"))
            }
            Self::Unlisted => {
                format!("{values} {} not listed under `values`, in {rows}", verb(n_values, "is", "are"))
            }
            Self::NoDayAfter => {
                format!("{} {} not followed by the day after", count(n_values, "day"), verb(n_values, "is", "are"))
            }
            Self::Within(granularity) => {
                format!("{rows} {} a time within a {granularity}", verb(n_rows, "has", "have"))
            }
        }
    }
}

/// Returns the name of a part of the key: `key_1`.
pub(super) fn key_name(at: usize) -> String {
    format!("key_{}", at + 1)
}

/// Returns `COUNT(*) AS n_rows`.
pub(super) fn n_rows() -> SelectItem {
    SqlExpr::aggregate(AggregateFunction::Count, None).named("n_rows")
}

/// `SELECT g.key_1, g.n_rows, CASE WHEN … THEN 1 WHEN … THEN 2 END AS fault FROM grouped AS g …`
fn checked(grouped: &str, joins: Vec<Join>, n_keys: usize, ways: &[Way]) -> Select {
    let branches = ways.iter().zip(1..).map(|(way, number)| (way.condition.clone(), Expr::integer(number))).collect();
    let fault = Expr::Case { branches, otherwise: None };
    let keys = (0..n_keys).map(|at| SqlExpr::column(grouped, key_name(at)).named(key_name(at)));
    let rows = SqlExpr::column(grouped, "n_rows").named("n_rows");
    Select {
        items: keys.chain([rows, fault.named("fault")]).collect(),
        from: Some(cte_named(grouped)),
        joins,
        ..Select::default()
    }
}

fn has_fault(number: usize) -> SqlExpr {
    let number = i64::try_from(number).expect("a check has a handful of faults");
    SqlExpr::bare("fault").binary(BinaryOp::Eq, Expr::integer(number))
}

fn totals(ways: &[Way]) -> Select {
    let sum = |arg| SqlExpr::aggregate(AggregateFunction::Sum, Some(arg));
    let mut items = vec![sum(SqlExpr::bare("n_rows")).named("n_read")];
    for number in 1..=ways.len() {
        let values = SqlExpr::aggregate(AggregateFunction::Count, Some(Expr::integer(1).when(has_fault(number))));
        items.push(values.named(format!("n_values_{number}")));
        items.push(sum(SqlExpr::bare("n_rows").when(has_fault(number))).named(format!("n_rows_{number}")));
    }
    Select { items, from: Some(cte_named("checked")), ..Select::default() }
}

/// The first groups of each fault that is more than a remark: those with most rows.
///
/// Each part has an order and a limit of its own, so each is a select of a select.
fn found(shown: &[usize], ways: &[Way]) -> Select {
    let names = || ["fault", "n_rows"].map(str::to_owned).into_iter().chain(shown.iter().map(|at| key_name(*at)));
    let items = || names().map(|name| SqlExpr::bare(name.clone()).named(name)).collect::<Vec<_>>();
    let part = |number: usize| {
        let by_rows = OrderTerm { expr: SqlExpr::bare("n_rows"), descending: true, nulls_first: false };
        let by_keys =
            names().skip(2).map(|name| OrderTerm { expr: SqlExpr::bare(name), descending: false, nulls_first: false });
        let first = Select {
            items: items(),
            from: Some(cte_named("checked")),
            filter: Some(has_fault(number)),
            order_by: std::iter::once(by_rows).chain(by_keys).collect(),
            limit: Some(N_EXAMPLES),
            ..Select::default()
        };
        let from = From::Select { select: Box::new(first), alias: format!("found_{number}") };
        Select { items: items(), from: Some(from), ..Select::default() }
    };
    let worth = ways.iter().zip(1..).filter(|(way, _)| way.status > Status::Holds);
    let mut parts = worth.map(|(_, number)| part(number));
    let first = parts.next().expect("a check can find more than remarks");
    Select { union_all: parts.collect(), ..first }
}

fn answer(shown: &[usize], ways: &[Way]) -> Select {
    let total = |name: String| SqlExpr::column("totals", name.clone()).named(name);
    let example = |name: String, alias: String| SqlExpr::column("found", name).named(alias);
    let mut items = vec![total("n_read".to_owned())];
    for number in 1..=ways.len() {
        items.push(total(format!("n_values_{number}")));
        items.push(total(format!("n_rows_{number}")));
    }
    items.push(example("fault".to_owned(), "fault".to_owned()));
    items.push(example("n_rows".to_owned(), "n_rows".to_owned()));
    items.extend(shown.iter().map(|at| example(key_name(*at), key_name(*at))));
    let term =
        |name: String, descending| OrderTerm { expr: SqlExpr::column("found", name), descending, nulls_first: false };
    Select {
        items,
        from: Some(cte_named("totals")),
        joins: vec![Join {
            kind: JoinKind::Left,
            to: cte_named("found"),
            on: Some(Expr::Literal(crate::sql::Literal::Boolean(true))),
        }],
        order_by: [term("fault".to_owned(), false), term("n_rows".to_owned(), true)]
            .into_iter()
            .chain(shown.iter().map(|at| term(key_name(*at), false)))
            .collect(),
        ..Select::default()
    }
}
