//! Data tests of a project: a query, and what has to hold for each of its rows.

use super::{
    Looker,
    project::Model,
    query::{Query, Session},
    refuse, write,
};

/// The SQL of each data test, which gives one value: whether everything holds.
pub(super) fn all(model: &Model, session: &Session) -> Looker<Vec<(String, String)>> {
    let mut tests = Vec::new();
    for test in model.tests() {
        let Some(source) = test.block("explore_source") else {
            return refuse(format!("test `{}` asks nothing", test.name));
        };
        let fields: Vec<String> =
            source.blocks("column").map(|column| column.word("field").unwrap_or(&column.name).to_owned()).collect();
        let query = Query {
            explore: source.name.clone(),
            filters: source.filters(),
            sorts: source
                .pairs("sorts")
                .into_iter()
                .map(|(field, way)| (field, way.as_deref() == Some("desc")))
                .collect(),
            limit: source.word("limit").and_then(|limit| limit.parse().ok()),
            fields,
        };
        let sql = write::sql(model, session, &query)?;
        for assertion in test.blocks("assert") {
            let mut expression = assertion.code("expression").unwrap_or("FALSE").to_owned();
            for (at, field) in query.fields.iter().enumerate() {
                expression = expression.replace(&format!("${{{field}}}"), &format!("c{at}"));
            }
            if expression.contains("${") {
                return refuse(format!("test `{}` asserts something of a field that it does not ask for", test.name));
            }
            tests.push((test.name.clone(), format!("SELECT BOOL_AND({expression}) FROM ({sql}) AS tested")));
        }
    }
    Ok(tests)
}
