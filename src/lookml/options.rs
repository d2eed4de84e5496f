//! What the emitter has to know besides the project.

use std::collections::BTreeMap;

use crate::{
    files::SourceMap,
    resolve::dialect_of,
    sql::Dialect,
    syntax::{Config, Connection},
};

/// What the emitter has to know besides the project.
#[derive(Clone, Debug)]
pub struct Options<'a> {
    /// The files of the project, which are named in the headers.
    pub files: &'a SourceMap,
    /// The dialect of the SQL inside the LookML.
    pub dialect: Dialect,
    /// The name of the connection in Looker.
    pub connection: String,
    /// The Google Cloud project of tables whose names do not say it.
    pub warehouse_project: Option<String>,
    /// The dataset of tables whose names do not say it.
    pub dataset: Option<String>,
    /// Whether synonyms are written, which older versions of Looker do not know.
    pub synonyms: bool,
    /// Files of people that the model includes after the generated ones.
    pub include: Vec<String>,
    /// Templates that replace the built-in ones, by name, such as `measure.lkml.j2`.
    pub templates: BTreeMap<String, String>,
}

impl<'a> Options<'a> {
    /// Chooses the connection that Looker uses: one that is no DuckDB file, which Looker does not speak; the one in use
    /// before others, then the first by name.
    pub fn from_config(config: &Config, files: &'a SourceMap) -> Self {
        let chosen = chosen(config);
        let (warehouse_project, dataset) = match chosen {
            Some((_, Connection::BigQuery(connection))) => {
                (Some(connection.project.clone()), connection.dataset.clone())
            }
            _ => (None, None),
        };
        Self {
            files,
            dialect: dialect_in_looker(config),
            connection: chosen.map_or(&config.connection, |(name, _)| name).clone(),
            warehouse_project,
            dataset,
            synonyms: config.looker.synonyms,
            include: config.looker.include.clone(),
            templates: BTreeMap::new(),
        }
    }
}

fn chosen(config: &Config) -> Option<(&String, &Connection)> {
    let in_use = config.connections.get_key_value(&config.connection);
    let mut candidates = in_use.into_iter().chain(&config.connections);
    candidates.find(|(_, connection)| dialect_of(connection) != Dialect::DuckDb)
}

/// Returns the dialect of the connection that Looker uses.
pub(crate) fn dialect_in_looker(config: &Config) -> Dialect {
    chosen(config).map_or(Dialect::DuckDb, |(_, connection)| dialect_of(connection))
}
