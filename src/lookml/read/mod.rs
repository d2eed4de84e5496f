//! LookML nodes → tree.
//!
//! **Invariant:** every key is read or refused; what is not in the tree cannot be in the text.

mod aggregate;
mod field;
mod reader;

use super::{
    syntax::Node,
    tree::{
        AccessFilter, AccessGrant, Assert, Constant, Datagroup, Document, Explore, ExploreRefinement, Export, Filter,
        Join, JoinType, Manifest, Model, NamedFormat, Objects, Relationship, Set, Test, View,
    },
};
use reader::Reader;

/// Reads a document of the same kind as another.
pub(super) fn document(like: &Document, nodes: &[Node<'_>]) -> Result<Document, String> {
    let reader = Reader::new(nodes);
    match like {
        Document::Manifest(_) => manifest(reader).map(Document::Manifest),
        Document::Model(_) => model(reader).map(Document::Model),
        Document::Objects(_) => objects(reader).map(Document::Objects),
    }
}

fn manifest(mut reader: Reader<'_>) -> Result<Manifest, String> {
    let project_name = reader.required_text("project_name")?;
    let constants = reader.named("constant", |name, mut reader| {
        let value = reader.required_text("value")?;
        let export = reader.required_keyword("export", Export::from_word)?;
        reader.finish(Constant { name, value, export })
    })?;
    reader.finish(Manifest { project_name, constants })
}

fn model(mut reader: Reader<'_>) -> Result<Model, String> {
    let model = Model {
        connection: reader.required_text("connection")?,
        label: reader.required_text("label")?,
        week_start_day: reader.required_word("week_start_day")?,
        fiscal_month_offset: reader.number("fiscal_month_offset")?,
        includes: reader.texts("include")?,
        formats: reader.named("named_value_format", |name, mut reader| {
            let value_format = reader.required_text("value_format")?;
            if reader.flag("strict_value_format")? != Some(true) {
                return Err(format!("named_value_format `{name}` should be strict"));
            }
            reader.finish(NamedFormat { name, value_format })
        })?,
        persist_with: reader.required_word("persist_with")?,
    };
    reader.finish(model)
}

fn objects(mut reader: Reader<'_>) -> Result<Objects, String> {
    let mut refinements = Vec::new();
    let explores = reader.named("explore", |name, reader| {
        if name.starts_with('+') {
            refinements.push(explore_refinement(name, reader)?);
            return Ok(None);
        }
        explore(name, reader).map(Some)
    })?;
    let objects = Objects {
        includes: reader.texts("include")?,
        datagroups: reader.named("datagroup", datagroup)?,
        access_grants: reader.named("access_grant", access_grant)?,
        views: reader.named("view", view)?,
        explores: explores.into_iter().flatten().collect(),
        explore_refinements: refinements,
        tests: reader.named("test", test)?,
    };
    reader.finish(objects)
}

fn datagroup(name: String, mut reader: Reader<'_>) -> Result<Datagroup, String> {
    let datagroup = Datagroup {
        name,
        label: reader.required_text("label")?,
        description: reader.required_text("description")?,
        sql_trigger: reader.required_block("sql_trigger")?,
        max_cache_age: reader.required_text("max_cache_age")?,
    };
    reader.finish(datagroup)
}

fn access_grant(name: String, mut reader: Reader<'_>) -> Result<AccessGrant, String> {
    let grant = AccessGrant {
        name,
        user_attribute: reader.required_word("user_attribute")?,
        allowed_values: reader.quoted("allowed_values")?,
    };
    reader.finish(grant)
}

fn access_filter(_: String, mut reader: Reader<'_>) -> Result<AccessFilter, String> {
    let filter =
        AccessFilter { field: reader.required_word("field")?, user_attribute: reader.required_word("user_attribute")? };
    reader.finish(filter)
}

fn explore_refinement(name: String, mut reader: Reader<'_>) -> Result<ExploreRefinement, String> {
    let aggregate_tables = reader.named("aggregate_table", aggregate::table)?;
    reader.finish(ExploreRefinement { name, aggregate_tables })
}

fn view(name: String, mut reader: Reader<'_>) -> Result<View, String> {
    let derived_table = reader.only("derived_table", |_, mut reader| {
        let sql = reader.required_block("sql")?;
        reader.finish(sql)
    })?;
    let view = View {
        name,
        label: reader.text("label")?,
        sql_table_name: reader.block("sql_table_name")?,
        derived_table,
        dimensions: reader.named("dimension", field::dimension)?,
        dimension_groups: reader.named("dimension_group", field::dimension_group)?,
        measures: reader.named("measure", field::measure)?,
        sets: reader.named("set", |name, mut reader| {
            let fields = reader.words("fields")?;
            reader.finish(Set { name, fields })
        })?,
    };
    reader.finish(view)
}

fn explore(name: String, mut reader: Reader<'_>) -> Result<Explore, String> {
    let explore = Explore {
        name,
        label: reader.text("label")?,
        group_label: reader.text("group_label")?,
        description: reader.text("description")?,
        hidden: reader.flag("hidden")?.unwrap_or(false),
        extends: reader.words("extends")?,
        view_name: reader.required_word("view_name")?,
        view_label: reader.text("view_label")?,
        fields: reader.words("fields")?,
        always_filter: reader
            .only("always_filter", |_, mut reader| {
                let filters = reader.pairs("filters")?;
                reader.finish(filters)
            })?
            .unwrap_or_default(),
        access_filters: reader.named("access_filter", access_filter)?,
        required_access_grants: reader.words("required_access_grants")?,
        sql_always_where: reader.block("sql_always_where")?,
        persist_with: reader.word("persist_with")?,
        joins: reader.named("join", join)?,
    };
    reader.finish(explore)
}

fn join(name: String, mut reader: Reader<'_>) -> Result<Join, String> {
    let join = Join {
        name,
        from: reader.word("from")?,
        view_label: reader.text("view_label")?,
        kind: reader.required_keyword("type", JoinType::from_word)?,
        relationship: reader.required_keyword("relationship", Relationship::from_word)?,
        sql_on: reader.required_block("sql_on")?,
    };
    reader.finish(join)
}

fn test(name: String, mut reader: Reader<'_>) -> Result<Test, String> {
    let source = reader.only("explore_source", |explore, mut reader| {
        let test = Test {
            name: String::new(),
            explore,
            columns: reader.named("column", |field, mut reader| {
                let value = reader.required_word("field")?;
                reader.finish(Filter { field, value })
            })?,
            filters: reader.pairs("filters")?,
            sorts: reader.pairs("sorts")?,
            limit: reader.number("limit")?,
            asserts: Vec::new(),
        };
        reader.finish(test)
    })?;
    let asserts = reader.named("assert", |name, mut reader| {
        let expression = reader.required_block("expression")?;
        reader.finish(Assert { name, expression })
    })?;
    let source = source.ok_or_else(|| format!("test `{name}` has no `explore_source`"))?;
    reader.finish(Test { name, asserts, ..source })
}
