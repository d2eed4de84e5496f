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

/// Answers a select of the survey.
pub type Ask<'a, E> = &'a mut dyn FnMut(&Select) -> Result<Rows, E>;

/// Proposes the files of a project: `entente.yml` and one file per table.
///
/// `database` is the path written into the connection. Tables without a column that the language speaks of are left
/// out, and so are columns whose names would have to be quoted.
pub fn propose<E>(
    catalog: &Catalog,
    project: &str,
    database: &str,
    time_zone: &str,
    ask: Ask<'_, E>,
) -> Result<Vec<ProposedFile>, E> {
    let mut tables = survey::survey(catalog, ask)?;
    keys::find(&mut tables, ask)?;
    joins::find(&mut tables, ask)?;
    let mut files = vec![ProposedFile {
        path: "entente.yml".to_owned(),
        text: yaml::project(&words::identifier(project), database, time_zone),
    }];
    let drafts = draft::draft(&tables);
    files.extend(
        drafts
            .iter()
            .map(|model| ProposedFile { path: format!("metrics/{}.yml", model.name), text: yaml::model(model) }),
    );
    Ok(files)
}

#[cfg(all(test, feature = "duckdb"))]
mod tests;
