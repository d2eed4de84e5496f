//! Proposes a starter project for tables that are there: models with keys, joins, dimensions and first metrics.
//!
//! ```text
//! orders(order_id, customer_id, ordered_at, price)   ─►  metrics/orders.yml: model `orders`, primary key `order_id`,
//! customers(id, country)                                 a join to `customers`, metrics `orders`, `total_price`
//! ```
//!
//! Keys and joins are proposed only where the values prove them; names decide among those that do.
//!
//! **Invariant:** it asks through the function it is given, and the project it proposes passes `entente check`.

mod draft;
mod joins;
mod keys;
mod survey;
mod words;
mod yaml;

use crate::{catalog::Catalog, sql::Select, warehouse::Rows};

/// A file of the proposed project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProposedFile {
    /// Its path below the project's folder, such as `metrics/orders.yml`.
    pub path: String,
    /// Its text.
    pub text: String,
}

/// What is proposed.
#[derive(Clone, Debug)]
pub struct Proposal<E> {
    /// The files, `entente.yml` first.
    pub files: Vec<ProposedFile>,
    /// The tables that could not be read, such as a view of a table that is gone, with the reason.
    pub unread: Vec<(String, E)>,
    /// The tables without a column that the language speaks of.
    pub without_columns: Vec<String>,
}

/// Answers a select of the survey.
pub type Ask<'a, E> = &'a mut dyn FnMut(&Select) -> Result<Rows, E>;

/// Proposes the files of a project: `entente.yml` and one file per table.
///
/// `database` is the path written into the connection. Tables without a column that the language speaks of are left
/// out, and so are columns whose names hold quotes. A table that cannot be read is left out, too.
///
/// # Errors
/// The first failure, if no table can be read.
pub fn propose<E>(
    catalog: &Catalog,
    project: &str,
    database: &str,
    time_zone: &str,
    ask: Ask<'_, E>,
) -> Result<Proposal<E>, E> {
    let (mut tables, mut unread) = survey::survey(catalog, ask);
    if tables.is_empty() && !unread.is_empty() {
        return Err(unread.swap_remove(0).1);
    }
    keys::find(&mut tables, ask)?;
    joins::find(&mut tables, ask);
    let mut files = vec![ProposedFile {
        path: "entente.yml".to_owned(),
        text: yaml::project(&words::identifier(project).unwrap_or_else(|| "project".to_owned()), database, time_zone),
    }];
    let drafts = draft::draft(&tables);
    files.extend(
        drafts
            .iter()
            .map(|model| ProposedFile { path: format!("metrics/{}.yml", model.name), text: yaml::model(model) }),
    );
    let without_columns = catalog.tables.iter().filter(|(_, table)| !table.columns.iter().any(survey::is_usable));
    let without_columns = without_columns.map(|(name, _)| name.clone()).collect();
    Ok(Proposal { files, unread, without_columns })
}

#[cfg(all(test, feature = "duckdb"))]
mod tests;
