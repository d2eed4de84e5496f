//! What Looker suggests while somebody types into a filter, held against what they may see.
//!
//! Where neither the explore nor the field says anything else, the view of the field alone is asked: joins, permanent
//! conditions and access filters take part only for an explore that has one of the last two, or an `always_join`.

use std::collections::{BTreeMap, BTreeSet};

use entente::{
    plan::{self, Context, RequestText},
    sql::{self, Dialect},
    warehouse::Rows,
};

use super::{
    Looker, PEOPLE, ask::World, explore::Explore, field::Field, project::Model, query::Query, refuse, text::Block,
    write,
};

/// The SQL of the suggestions of a field; none where Looker asks no warehouse.
fn sql_of(model: &Model, world: &World, explore: &str, field: &str) -> Looker<Option<String>> {
    let found = Explore::find(model, explore, &world.user)?;
    found.must_show(field)?;
    let (alias, name) = field.split_once('.').unwrap_or_default();
    let Field::Dimension(block) = found.field(alias, name)? else { return Ok(None) };
    let is_listed = !block.list("suggestions").is_empty() || block.block("case").is_some();
    if block.word("type").unwrap_or("string") != "string" || is_listed || !block.says("suggestable", true) {
        return Ok(None);
    }
    let session = world.session(&world.user);
    if let Some(other) = block.word("suggest_explore") {
        let field = block.word("suggest_dimension").unwrap_or(field);
        let other = Explore::find(model, other, &world.user)?;
        return whole(&other, field, &session).map(Some);
    }
    if is_limited(found.block) || block.says("full_suggestions", false) {
        return whole(&found, field, &session).map(Some);
    }
    let view = found.view(alias)?;
    let of_view = Block { name: view.name.clone(), items: Vec::new() };
    let alone = Explore::of_view(model, &of_view, &world.user)?;
    match whole(&alone, &format!("{}.{name}", view.name), &session) {
        // A view that speaks of others is no query by itself, and so suggests nothing.
        Err(refusal) if refusal.0.contains("has no view") => Ok(None),
        sql => sql.map(Some),
    }
}

/// Whether Looker asks the whole explore by itself.
fn is_limited(explore: &Block) -> bool {
    explore.code("sql_always_where").is_some()
        || explore.block("access_filter").is_some()
        || !explore.list("always_join").is_empty()
}

/// The values of a field in an explore, over all times.
fn whole(explore: &Explore<'_>, field: &str, session: &super::query::Session) -> Looker<String> {
    let always = explore.block.block("always_filter").map(Block::filters).unwrap_or_default();
    let query = Query {
        explore: explore.block.name.clone(),
        fields: vec![field.to_owned()],
        filters: always.into_iter().map(|(field, _)| (field, String::new())).collect(),
        ..Query::default()
    };
    write::of(explore, session, &query)
}

/// What the planner shows somebody of a dimension of a model; nothing of what is no dimension to anybody.
fn seen(world: &World, path: &str) -> Option<BTreeSet<String>> {
    let text = RequestText { by: vec![path.to_owned()], ..RequestText::default() };
    let context = Context { now: world.now, dialect: Dialect::DuckDb };
    let request = text.parse().expect("a path is a request");
    let planned = |principal| plan::plan(&world.project, &request, principal, &context).ok();
    let everyone = world.everyone();
    planned(&everyone)?;
    let Some(plan) = planned(&world.principal) else { return Some(BTreeSet::new()) };
    let rows = world.warehouse.query_blocking(&sql::print(&plan.select, Dialect::DuckDb)).expect("rows");
    Some(values(&rows))
}

fn values(rows: &Rows) -> BTreeSet<String> {
    (0..rows.len).filter_map(|row| rows.columns[0].text(row)).collect()
}

/// Asks every text of every explore for suggestions; returns how many values were suggested, and those that are not
/// for the one who asks.
fn suggested(world: &World) -> Looker<(usize, Vec<String>)> {
    let model = Model::read(&world.emitted.files)?;
    let (mut count, mut leaks) = (0, Vec::new());
    let (mut asked, mut known) = (BTreeMap::new(), BTreeMap::new());
    for name in model.explore_names() {
        let Ok(explore) = Explore::find(&model, name, &world.user) else { continue };
        for field in explore.fields() {
            let sql = match sql_of(&model, world, name, field) {
                Ok(None) => continue,
                Err(refusal) if refusal.has_no_value() => continue,
                sql => sql?.expect("some SQL"),
            };
            let (alias, field_name) = field.split_once('.').unwrap_or_default();
            let view = &explore.view(alias)?.name;
            let path = format!("{view}.{field_name}");
            let known = known.entry(path.clone()).or_insert_with(|| seen(world, &path));
            let Some(known) = known else { continue };
            if !asked.contains_key(&sql) {
                let rows = world.rows(&sql).or_else(|error| refuse(format!("{error}\n{sql}")))?;
                asked.insert(sql.clone(), values(&rows));
            }
            let found: &BTreeSet<String> = &asked[&sql];
            count += found.len();
            leaks.extend(found.difference(known).map(|value| format!("{name}: {field} suggests {value}")));
        }
    }
    Ok((count, leaks))
}

#[test]
fn nobody_is_suggested_what_they_may_not_see() {
    let mut world = World::governed();
    let mut total = 0;
    // Every second: of all forms of user attributes, and some who see all, some or nothing.
    for words in PEOPLE.into_iter().step_by(2) {
        world = world.asked_by(words);
        let (count, leaks) = suggested(&world).unwrap_or_else(|refusal| panic!("{words}: {}", refusal.0));
        assert_eq!(leaks, Vec::<String>::new(), "{words}");
        total += count;
    }
    assert!(total > 100, "only {total} values were suggested");
}

#[test]
fn suggestions_of_a_view_alone_are_noticed() {
    let mut world = World::governed().asked_by("network country=DE");
    let view = world.emitted.files.get_mut("views/generated/customers.view.lkml").expect("the customers");
    let guarded = "    suggest_explore: customers\n    suggest_dimension: customers.name\n";
    assert!(view.contains(guarded), "{view}");
    *view = view.replacen(guarded, "", 1);
    let (_, leaks) = suggested(&world).unwrap_or_else(|refusal| panic!("{}", refusal.0));
    assert!(leaks.iter().any(|leak| leak.starts_with("claims_and_shipments_by_delivered: ")), "{leaks:?}");
}
