//! Statements as text.

use super::{Layout, Level, Writer};
use crate::{
    sql::{Dialect, Statement, TableLayout},
    time::Granularity,
};

/// Writes a statement on one line.
pub fn print_statement(statement: &Statement, dialect: Dialect) -> String {
    let mut writer = Writer::new(dialect.syntax(), Layout::Line);
    writer.statement(statement, dialect);
    writer.into_text().sql
}

impl Writer {
    fn statement(&mut self, statement: &Statement, dialect: Dialect) {
        match statement {
            Statement::CreateSchema(name) => self.of_table("CREATE SCHEMA IF NOT EXISTS ", name),
            Statement::CreateTable { table, layout, select } => {
                self.of_table("CREATE TABLE IF NOT EXISTS ", table);
                if dialect == Dialect::BigQuery {
                    self.table_layout(layout);
                }
                self.put(" AS ");
                self.select(select);
            }
            Statement::Drop { table } => self.of_table("DROP TABLE IF EXISTS ", table),
            Statement::Delete { table, filter } => {
                self.of_table("DELETE FROM ", table);
                self.put(" WHERE ");
                self.expr(filter, Level::Or);
            }
            Statement::Update { table, column, value, filter } => {
                self.of_table("UPDATE ", table);
                self.put(" SET ");
                self.identifier(column);
                self.put(" = ");
                self.expr(value, Level::Or);
                self.put(" WHERE ");
                self.expr(filter, Level::Or);
            }
            Statement::Insert { table, select } => {
                self.of_table("INSERT INTO ", table);
                self.put(" ");
                self.select(select);
            }
        }
    }

    fn of_table(&mut self, open: &str, name: &str) {
        self.put(open);
        self.syntax.table(&mut self.out, name);
    }

    /// See <https://cloud.google.com/bigquery/docs/reference/standard-sql/data-definition-language#partition_expression>.
    fn table_layout(&mut self, layout: &TableLayout) {
        if let Some((column, size)) = &layout.partition {
            self.put(" PARTITION BY ");
            match size {
                Granularity::Month | Granularity::Year => {
                    self.put("DATE_TRUNC(");
                    self.identifier(column);
                    self.put(if *size == Granularity::Month { ", MONTH)" } else { ", YEAR)" });
                }
                _ => self.identifier(column),
            }
        }
        for (at, column) in layout.cluster.iter().enumerate() {
            self.put(if at == 0 { " CLUSTER BY " } else { ", " });
            self.identifier(column);
        }
    }
}
