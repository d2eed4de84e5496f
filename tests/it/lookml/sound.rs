//! Every emitted project is sound: names are unique, includes match, and every reference resolves in every explore.
//!
//! The checks read the text again and share nothing with the emitter but the parser.

use std::collections::{BTreeMap, BTreeSet};

use entente::{
    diagnostics::{Code, render},
    files::SourceMap,
    lookml::{Emitted, check::check},
    sql::Dialect,
};

use super::{
    plain::{Item, Node, NodeValue, parse},
    worlds::{Dialects, World, emit, flights, governed, parcel, project, written},
};

#[test]
fn the_parcel_carrier_is_sound_in_every_dialect() {
    for dialect in Dialect::ALL {
        assert_sound(&emit(&parcel(), Dialects::Only(dialect)));
    }
}

#[test]
fn the_flights_are_sound_in_every_dialect() {
    for dialect in Dialect::ALL {
        assert_sound(&emit(&flights(), Dialects::Only(dialect)));
    }
}

#[test]
fn what_one_cannot_say_takes_its_dependents_along() {
    let emitted = emit(&written(include_str!("unsayable.yml")), Dialects::Configured);
    assert_sound(&emitted);
    let text = emitted.report.to_text();
    for expected in [
        "metrics: 3 emitted, 0 approximated, 6 left out",
        "dimension orders.code",
        "model coupons",
        "join orders.coupons",
    ] {
        assert!(text.contains(expected), "{expected} in\n{text}");
    }
}

#[test]
fn the_texts_of_people_run_nothing_in_looker() {
    let emitted = emit(&written(include_str!("hostile.yml")), Dialects::Configured);
    assert_sound(&emitted);
    let views: String = emitted.files.values().map(String::as_str).collect();
    for live in ["{{ secret", "{% assign", "@{secret}", "\nmeasure: injected"] {
        assert!(!views.contains(live), "{live} in\n{views}");
    }
    assert!(views.contains(r#"label: "The \"net\" price""#), "{views}");
}

#[test]
fn what_not_everyone_may_see_is_sound_in_every_dialect() {
    for dialect in Dialect::ALL {
        assert_sound(&emit(&governed(), Dialects::Only(dialect)));
    }
}

#[test]
fn an_explore_file_alone_is_whole() {
    for world in [parcel(), flights(), governed()] {
        let emitted = emit(&world, Dialects::Configured);
        for path in emitted.files.keys().filter(|path| path.starts_with("explores/")) {
            let mut files = SourceMap::new();
            for (path, text) in alone(&emitted, path) {
                files.add(path, text);
            }
            let mut found = check(&files);
            let own = path.replace("explores/generated", "views/joined").replace(".explore.", ".view.");
            // What other explores show over views of theirs is taken away here by `-….joined_fields*`.
            found.diagnostics.retain(|found| {
                let at = &files.file(found.span().file).path;
                !(found.code == Code::LookmlUnknownView && at.starts_with("views/joined/") && *at != own)
            });
            let shown = render::render(render::Format::Concise, &found.diagnostics, &files, render::Color::Never);
            assert!(found.explores > 0 && found.diagnostics.is_empty(), "{path}:\n{shown}");
        }
    }
}

#[test]
fn the_view_of_a_model_with_a_key_has_one() {
    for world in [parcel(), flights(), governed()] {
        let views = views_of(&emit(&world, Dialects::Configured));
        let models = project(&world);
        let keyed = models.models.values().filter(|model| !model.primary_key.is_empty());
        let found: Vec<(&str, usize)> =
            keyed.filter_map(|model| Some((model.name.as_str(), views.get(&model.name)?.keys))).collect();
        assert!(found.len() > 1, "{found:?}");
        assert!(found.iter().all(|(_, keys)| *keys == 1), "{found:?}");
    }
}

#[test]
fn the_report_has_a_line_for_each_metric() {
    let worlds: [World; 5] =
        [parcel(), flights(), governed(), written(include_str!("hostile.yml")), written(include_str!("unsayable.yml"))];
    for world in worlds {
        let report = emit(&world, Dialects::Configured).report.to_markdown();
        for metric in project(&world).metrics.values() {
            let line = format!("| `{}` |", metric.name);
            assert!(report.lines().any(|found| found.starts_with(&line)), "`{}` in\n{report}", metric.name);
        }
    }
}

/// Returns a project of one explore file and what it includes. Suggestions come from explores of their own, and are not
/// there.
fn alone(emitted: &Emitted, explore: &str) -> BTreeMap<String, String> {
    let includes = |text: &str| -> Vec<String> {
        let paths = text.lines().filter_map(|line| line.strip_prefix("include: \"/")?.strip_suffix('"'));
        paths.map(str::to_owned).collect()
    };
    let is_of_all = |path: &str| ["access/", "datagroups/", "manifest"].iter().any(|start| path.starts_with(start));
    let mut open: Vec<String> = emitted.files.keys().filter(|path| is_of_all(path)).cloned().collect();
    open.push(explore.to_owned());
    let mut files = BTreeMap::new();
    for (path, text) in emitted.files.iter().filter(|(path, _)| path.starts_with("models/")) {
        let is_kept = |line: &&str| includes(line).iter().all(|path| open.contains(path));
        files.insert(path.clone(), text.lines().filter(is_kept).collect::<Vec<_>>().join("\n"));
    }
    while let Some(path) = open.pop() {
        let text = &emitted.files[&path];
        open.extend(includes(text).into_iter().filter(|path| !files.contains_key(path)));
        let text = text.lines().filter(|line| !line.trim_start().starts_with("suggest_"));
        files.insert(path, text.collect::<Vec<_>>().join("\n"));
    }
    files
}

/// The views of a project, without what refines them.
fn views_of(emitted: &Emitted) -> BTreeMap<String, View> {
    let mut views: BTreeMap<String, View> = BTreeMap::new();
    for text in emitted.files.values() {
        for node in parse(text).expect("it is LookML") {
            if let ("view", NodeValue::Nodes { name: Some(name), nodes }) = (node.key.as_str(), &node.value) {
                add_view(views.entry(name.clone()).or_default(), name, nodes, &mut Vec::new());
            }
        }
    }
    views
}

/// What is safe as long as rows stay as they are: keys, relationships, and aggregates that a measure says itself.
#[test]
fn no_join_multiplies_rows_and_nothing_is_added_up_behind_the_sql() {
    for emitted in [emit(&parcel(), Dialects::Configured), emit(&governed(), Dialects::Configured)] {
        let text: String = emitted.files.values().map(String::as_str).collect();
        for forbidden in
            ["one_to_many", "many_to_many", "type: cross", "running_total", "percent_of_", "type: duration"]
        {
            assert!(!text.contains(forbidden), "{forbidden}");
        }
    }
}

fn assert_sound(emitted: &Emitted) {
    let problems = problems(emitted);
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// A view with its refinements.
#[derive(Default)]
struct View {
    /// Fields by name, each with the names that it refers to.
    fields: BTreeMap<String, Vec<String>>,
    measures: BTreeSet<String>,
    sets: BTreeMap<String, Vec<String>>,
    keys: usize,
}

#[derive(Clone, Default)]
struct Explore {
    /// Views by the name under which they are known.
    views: BTreeMap<String, String>,
    excluded: Vec<String>,
    references: Vec<String>,
    /// Joins that are there twice, or name a view that comes later.
    misplaced: Vec<String>,
}

fn problems(emitted: &Emitted) -> Vec<String> {
    let mut problems = Vec::new();
    let mut views: BTreeMap<String, View> = BTreeMap::new();
    let mut explores: BTreeMap<String, Explore> = BTreeMap::new();
    let mut included = BTreeSet::new();
    let mut refinements = Vec::new();
    let (mut grants, mut required, mut suggestions) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for (path, text) in &emitted.files {
        if !text.ends_with('\n') || text.ends_with("\n\n") || text.contains('\r') || text.contains(" \n") {
            problems.push(format!("{path}: blanks at the end of a line or of the file"));
        }
        let nodes = match parse(text) {
            Ok(nodes) => nodes,
            Err(error) => {
                problems.push(format!("{path}: {error}"));
                continue;
            }
        };
        grants.extend(nodes.iter().filter(|node| node.key == "access_grant").filter_map(name_of));
        required.extend(required_grants(&nodes));
        suggestions.extend(suggested(&nodes));
        for node in &nodes {
            match (node.key.as_str(), &node.value) {
                ("include", NodeValue::Text(include)) => {
                    included.insert(include.trim_start_matches('/').to_owned());
                    if !emitted.files.contains_key(include.trim_start_matches('/')) {
                        problems.push(format!("{path}: include `{include}` matches nothing"));
                    }
                }
                ("view", NodeValue::Nodes { name: Some(name), nodes }) => {
                    if let Some(name) = name.strip_prefix('+') {
                        refinements.push((name.to_owned(), nodes.clone()));
                        continue;
                    }
                    if views.contains_key(name) {
                        problems.push(format!("view `{name}` is there twice"));
                    }
                    add_view(views.entry(name.clone()).or_default(), name, nodes, &mut problems);
                }
                ("explore", NodeValue::Nodes { name: Some(name), nodes }) => {
                    let explore = read_explore(nodes, &explores);
                    problems.extend(explore.misplaced.iter().map(|join| format!("explore `{name}`: {join}")));
                    if explores.insert(name.clone(), explore).is_some() {
                        problems.push(format!("explore `{name}` is there twice"));
                    }
                }
                _ => {}
            }
        }
    }
    for (explore, field) in suggestions {
        let (alias, name) = field.split_once('.').unwrap_or_default();
        let view = explores.get(&explore).and_then(|explore| explore.views.get(alias)).and_then(|view| views.get(view));
        if view.is_none_or(|view| !view.fields.contains_key(name)) {
            problems.push(format!("`{field}` of explore `{explore}` is suggested and not there"));
        }
    }
    for grant in required.difference(&grants) {
        problems.push(format!("access grant `{grant}` is required and not there"));
    }
    for (name, nodes) in &refinements {
        match views.get_mut(name) {
            Some(view) => add_view(view, name, nodes, &mut problems),
            None => problems.push(format!("refinement of unknown view `{name}`")),
        }
    }
    for path in emitted.files.keys().filter(|path| path.starts_with("views/") || path.starts_with("explores/")) {
        if !included.contains(path) {
            problems.push(format!("{path} is included nowhere"));
        }
    }
    for (name, explore) in &explores {
        check_explore(name, explore, &views, &mut problems);
    }
    for (name, view) in &views {
        if view.keys > 1 {
            problems.push(format!("view `{name}` has several primary keys"));
        }
        for set in view.sets.keys().filter(|set| view.fields.contains_key(*set)) {
            problems.push(format!("`{name}.{set}` is a field and a set"));
        }
    }
    problems
}

fn add_view(view: &mut View, name: &str, nodes: &[Node], problems: &mut Vec<String>) {
    for node in nodes {
        let NodeValue::Nodes { name: Some(field), nodes } = &node.value else { continue };
        let identifier = field.starts_with(|c: char| c.is_ascii_lowercase())
            && field.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
        if !identifier {
            problems.push(format!("`{name}.{field}` is no identifier"));
        }
        let mut names = vec![field.clone()];
        match node.key.as_str() {
            "set" => {
                if view.sets.insert(field.clone(), words(nodes, "fields")).is_some() {
                    problems.push(format!("set `{name}.{field}` is there twice"));
                }
                continue;
            }
            "dimension_group" => {
                names = words(nodes, "timeframes").iter().map(|frame| format!("{field}_{frame}")).collect();
            }
            "measure" => {
                view.measures.insert(field.clone());
            }
            _ => {}
        }
        view.keys += nodes.iter().filter(|node| node.key == "primary_key").count();
        let references = references(nodes);
        for member in names {
            if view.fields.insert(member.clone(), references.clone()).is_some() {
                problems.push(format!("`{name}.{member}` is there twice"));
            }
        }
        let visible = nodes.iter().all(|node| node.key != "hidden");
        let described = ["label", "description"].iter().all(|key| nodes.iter().any(|node| node.key == *key));
        if visible && !described {
            problems.push(format!("`{name}.{field}` is visible and has no label or description"));
        }
    }
}

fn name_of(node: &Node) -> Option<String> {
    match &node.value {
        NodeValue::Nodes { name, .. } => name.clone(),
        _ => None,
    }
}

/// Returns the explores and fields that suggestions come from.
fn suggested(nodes: &[Node]) -> Vec<(String, String)> {
    let word = |nodes: &[Node], key: &str| {
        nodes.iter().filter(|node| node.key == key).find_map(|node| match &node.value {
            NodeValue::Word(word) => Some(word.clone()),
            _ => None,
        })
    };
    let inner = nodes.iter().filter_map(|node| match &node.value {
        NodeValue::Nodes { nodes, .. } => Some(suggested(nodes)),
        _ => None,
    });
    let own = word(nodes, "suggest_explore").zip(word(nodes, "suggest_dimension"));
    inner.flatten().chain(own).collect()
}

fn required_grants(nodes: &[Node]) -> BTreeSet<String> {
    let inner = nodes.iter().filter_map(|node| match &node.value {
        NodeValue::Nodes { nodes, .. } => Some(required_grants(nodes)),
        _ => None,
    });
    inner.flatten().chain(words(nodes, "required_access_grants")).collect()
}

fn words(nodes: &[Node], key: &str) -> Vec<String> {
    let lists = nodes.iter().filter(|node| node.key == key).filter_map(|node| match &node.value {
        NodeValue::List(items) => Some(items),
        _ => None,
    });
    lists
        .flatten()
        .filter_map(|item| match item {
            Item::Word(word) | Item::Pair(word, _) => Some(word.clone()),
            Item::Text(_) => None,
        })
        .collect()
}

/// Returns every field that some nodes refer to.
fn references(nodes: &[Node]) -> Vec<String> {
    let mut found = Vec::new();
    for node in nodes {
        match &node.value {
            NodeValue::Block(text) => {
                found.extend(text.split("${").skip(1).filter_map(|rest| rest.split('}').next()).map(str::to_owned));
                for (before, after) in
                    [("{% date_start ", ' '), ("{% date_end ", ' '), ("{% condition ", ' '), ("_filters['", '\'')]
                {
                    let named = text.split(before).skip(1).filter_map(|rest| rest.split(after).next());
                    found.extend(named.map(str::to_owned));
                }
                for variable in ["._is_selected", "._is_filtered", "._in_query"] {
                    let (mut parts, end) = (text.split(variable).peekable(), |c: char| c.is_whitespace());
                    while let Some(part) = parts.next() {
                        let name = part.rsplit(end).next().filter(|_| parts.peek().is_some());
                        found.extend(name.map(str::to_owned));
                    }
                }
            }
            NodeValue::Word(word) if matches!(node.key.as_str(), "based_on" | "based_on_time") => {
                found.push(word.clone());
            }
            NodeValue::Nodes { nodes, .. } if node.key == "access_filter" => {
                found.extend(nodes.iter().filter(|node| node.key == "field").filter_map(|node| match &node.value {
                    NodeValue::Word(field) => Some(field.clone()),
                    _ => None,
                }));
            }
            NodeValue::Nodes { nodes, .. } => found.extend(references(nodes)),
            _ => {}
        }
    }
    found.extend(words(nodes, "filters"));
    found.extend(words(nodes, "drill_fields"));
    found.retain(|reference| reference != "TABLE");
    found
}

fn read_explore(nodes: &[Node], others: &BTreeMap<String, Explore>) -> Explore {
    let mut explore = Explore::default();
    for base in words(nodes, "extends") {
        explore.views.extend(others[&base].views.clone());
    }
    for node in nodes {
        match (node.key.as_str(), &node.value) {
            ("view_name", NodeValue::Word(view)) => {
                explore.views.insert(view.clone(), view.clone());
            }
            ("join", NodeValue::Nodes { name: Some(name), nodes }) => {
                let from = nodes.iter().find_map(|node| match (node.key.as_str(), &node.value) {
                    ("from", NodeValue::Word(from)) => Some(from.clone()),
                    _ => None,
                });
                let view = from.unwrap_or_else(|| name.clone());
                if explore.views.insert(name.clone(), view).is_some() {
                    explore.misplaced.push(format!("join `{name}` is there twice"));
                }
                let named = references(nodes);
                let of_views = named.iter().filter_map(|reference| reference.split_once('.'));
                let later = of_views.filter(|(alias, _)| !explore.views.contains_key(*alias));
                let later: Vec<String> =
                    later.map(|(alias, _)| format!("join `{name}` names `{alias}`, which comes later")).collect();
                explore.misplaced.extend(later);
                explore.references.extend(named);
            }
            _ => {}
        }
    }
    explore.references.extend(references(nodes));
    let excluded = words(nodes, "fields");
    explore.excluded = excluded.iter().filter_map(|field| field.strip_prefix('-')).map(str::to_owned).collect();
    explore
}

/// Returns the fields of a view that a name of a set or field stands for.
fn members(view: &View, name: &str) -> Option<Vec<String>> {
    let Some(set) = name.strip_suffix('*') else {
        return view.fields.contains_key(name).then(|| vec![name.to_owned()]);
    };
    let mut all = Vec::new();
    for field in view.sets.get(set)? {
        all.extend(members(view, field)?);
    }
    Some(all)
}

fn check_explore(name: &str, explore: &Explore, views: &BTreeMap<String, View>, problems: &mut Vec<String>) {
    let mut hidden: BTreeSet<(String, String)> = BTreeSet::new();
    for excluded in &explore.excluded {
        let (alias, field) = excluded.split_once('.').unwrap_or((excluded, ""));
        let found = explore.views.get(alias).and_then(|view| members(views.get(view)?, field));
        match found {
            Some(fields) => hidden.extend(fields.into_iter().map(|field| (alias.to_owned(), field))),
            None => problems.push(format!("explore `{name}` excludes unknown `{excluded}`")),
        }
    }
    let mut check = |place: &str, own: Option<&str>, reference: &str| {
        let (alias, field) = match (reference.split_once('.'), own) {
            (Some(parts), _) => parts,
            (None, Some(own)) => (own, reference),
            (None, None) => return problems.push(format!("explore `{name}`: `{reference}` has no view")),
        };
        let found = explore.views.get(alias).and_then(|view| members(views.get(view)?, field));
        match found {
            None => problems.push(format!("explore `{name}`: {place} names unknown `{reference}`")),
            Some(fields) => {
                for field in fields {
                    if hidden.contains(&(alias.to_owned(), field.clone())) {
                        problems.push(format!("explore `{name}`: {place} names excluded `{alias}.{field}`"));
                    }
                }
            }
        }
    };
    for reference in &explore.references {
        check("the explore", None, reference);
    }
    let mut shown = Vec::new();
    for (alias, view) in &explore.views {
        let Some(view) = views.get(view) else {
            check("a join", None, &format!("{alias}.*"));
            continue;
        };
        for (field, references) in &view.fields {
            if !hidden.contains(&(alias.clone(), field.clone())) {
                shown.push((alias, field, view.measures.contains(field)));
                for reference in references {
                    check(&format!("`{alias}.{field}`"), Some(alias), reference);
                }
            }
        }
    }
    let base = shown.iter().filter(|(alias, _, measure)| *measure && explore.views.get(*alias) != Some(*alias));
    for (alias, field, _) in base {
        problems.push(format!("explore `{name}` shows measure `{alias}.{field}` of a joined view"));
    }
}
