//! The hidden fields of a view: its columns, and SQL that other fields need.
//!
//! **Invariant:** a hidden field requires the grants of what it shows, since anyone can ask for it by its name: those of the
//! dimensions that it reads, or of the metrics for which alone it is there.

use super::{Emission, splice, sql, tree};
use crate::{
    catalog::ColumnType,
    ids::ModelId,
    project::{Ref, Route},
    sql::{Expr, SqlExpr},
};

impl Emission<'_> {
    /// Returns what stands between `${` and `}` for a column of a model.
    pub(super) fn column_field(&mut self, model: ModelId, column: &str, column_type: ColumnType) -> String {
        let field = self.field_of_column(model, column, column_type);
        self.note_reader(model, &field);
        field
    }

    fn field_of_column(&mut self, model: ModelId, column: &str, column_type: ColumnType) -> String {
        if let Some(field) = self.draft(model).column_field(column) {
            return field.to_owned();
        }
        let column_type = match column_type {
            ColumnType::Unknown => self.column_type(model, column),
            known => known,
        };
        let expr = Expr::Leaf(Ref::Column { route: Route::here(), column: column.to_owned(), column_type });
        let sql = sql::write(self, model, &Route::here(), &expr, sql::Site::Dimension);
        let sql = sql.expect("a column of the own table can always be said").text;
        self.draft_mut(model).column(column, column_type, &sql)
    }

    /// Writes a column of a view's own table, quoted as the table's SQL quotes it: `${TABLE}."ORDER"`.
    pub(super) fn own_column(&self, column: &str) -> String {
        let mut splices = splice::Splices::default();
        let table = splices.name("${TABLE}".to_owned());
        let column = splices.expression(&SqlExpr::column(table, column), self.options.dialect);
        column.expect("a column of the own table can always be said")
    }

    /// Returns the hidden dimension of some SQL, which requires the grants of what it reads.
    pub(super) fn helper(&mut self, model: ModelId, wanted: &str, kind: tree::DimensionType, sql: &sql::Sql) -> String {
        let grants = self.grants.of_values(sql.reads.iter().copied());
        let draft = self.draft_mut(model);
        let name = draft.helper(wanted, kind, &sql.text, sql.crosses);
        draft.protect(&name, grants);
        self.note_reader(model, &name);
        name
    }

    /// Notes that the metric whose measure is made, or something else, reads a field.
    fn note_reader(&mut self, model: ModelId, field: &str) {
        let grants = self.measured.map(|metric| self.grants.of_metric(metric)).unwrap_or_default();
        self.draft_mut(model).read_by(field, grants);
    }

    /// Returns the type of a column, as far as any definition tells it.
    pub(super) fn column_type(&self, model: ModelId, column: &str) -> ColumnType {
        self.column_types.get(&(model, column.to_owned())).copied().unwrap_or(ColumnType::Unknown)
    }
}
