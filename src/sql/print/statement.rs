//! Statements as text.

use super::{Layout, Level, Writer};
use crate::sql::{Dialect, Statement};

/// Writes a statement on one line.
pub fn print_statement(statement: &Statement, dialect: Dialect) -> String {
    let mut writer = Writer::new(dialect.syntax(), Layout::Line);
    writer.statement(statement);
    writer.into_text().sql
}

impl Writer {
    fn statement(&mut self, statement: &Statement) {
        match statement {
            Statement::CreateSchema(name) => self.of_table("CREATE SCHEMA IF NOT EXISTS ", name),
            Statement::CreateTable { table, select } => {
                self.of_table("CREATE TABLE IF NOT EXISTS ", table);
                self.put(" AS ");
                self.select(select);
            }
            Statement::Drop { table } => self.of_table("DROP TABLE IF EXISTS ", table),
            Statement::Delete { table, filter } => {
                self.of_table("DELETE FROM ", table);
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
}
