//! The tables of derived tables: read by the planner's own scope, named as Looker names them.
//!
//! **Invariant:** the SQL of a derived table is printed from a tree in which every table stands for its name in LookML.

use std::rc::Rc;

use super::{Emission, splice::Splices, view};
use crate::{
    plan::ModelRows,
    project::{Project, Table},
};

impl Emission<'_> {
    /// Returns the project with tables that stand for their names in LookML, and the texts that are put in place.
    pub(super) fn named_tables(&self) -> Rc<(Project, Splices)> {
        let named = || {
            let mut splices = Splices::default();
            let mut project = self.project.clone();
            for table in self.project.tables.ids() {
                let name = &mut project.tables[table].name;
                *name = splices.add(view::table_name(self.options, name));
            }
            Rc::new((project, splices.sharing()))
        };
        self.named.get_or_init(named).clone()
    }

    /// Refuses rows that join a table which has to be read with a bound.
    pub(super) fn reads_no_bounded(&self, rows: &ModelRows<'_>) -> Result<(), String> {
        let is_bounded = |table: &&Table| table.partition_rule().is_some_and(|rule| rule.required);
        let mut tables = rows.joined_tables().iter().map(|table| &self.project.tables[*table]);
        match tables.find(is_bounded) {
            Some(table) => Err(format!("it joins `{}`, which has to be read with a bound", table.name)),
            None => Ok(()),
        }
    }
}
