//! What the emitter has to know besides the project.

use std::collections::BTreeMap;

use crate::{
    files::SourceMap,
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
    /// Templates that replace the built-in ones, by name, such as `measure.lkml.j2`.
    pub templates: BTreeMap<String, String>,
}

impl<'a> Options<'a> {
    /// Chooses the connection that Looker uses: a BigQuery one if there is any, since Looker speaks no DuckDB; the one
    /// in use before others, then the first by name.
    pub fn from_config(config: &Config, files: &'a SourceMap) -> Self {
        let in_use = config.connections.get_key_value(&config.connection);
        let bigquery = in_use.into_iter().chain(&config.connections).find_map(|(name, connection)| match connection {
            Connection::BigQuery { project, dataset, .. } => Some((name, project.clone(), dataset.clone())),
            Connection::DuckDb { .. } => None,
        });
        let templates = BTreeMap::new();
        match bigquery {
            Some((name, project, dataset)) => Self {
                files,
                dialect: Dialect::BigQuery,
                connection: name.clone(),
                warehouse_project: Some(project),
                dataset,
                templates,
            },
            None => Self {
                files,
                dialect: Dialect::DuckDb,
                connection: config.connection.clone(),
                warehouse_project: None,
                dataset: None,
                templates,
            },
        }
    }
}
