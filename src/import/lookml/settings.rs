//! What a project says as a whole: its name, weeks, fiscal years and dialect, and what its explores always filter by.
//!
//! **Invariant:** a condition of an explore acts on the metrics of its view, and never on rows that others look up.

use std::collections::BTreeMap;

use super::{
    Options, access,
    dimension::Fields,
    edges::Edges,
    kept,
    report::{Ledger, Outcome},
    source::{Lookml, has_liquid},
};
use crate::{
    files::SourceMap,
    lookml::{
        check::{explore::Explore, layers::At, source::Source},
        dialect_in_looker,
    },
    syntax::{self, Config, MONTHS},
};

/// What a project says as a whole.
pub(super) struct Settings {
    pub(super) config: Config,
    /// The name of the warehouse's dialect.
    pub(super) dialect: String,
    name: String,
    week_start: Option<String>,
    fiscal_start: Option<&'static str>,
}

impl Settings {
    /// Reads the settings of manifests and models.
    pub(super) fn new(sources: &[Source<'_>], options: &Options) -> Self {
        let nodes = || sources.iter().flat_map(|source| &source.file.nodes);
        let said = |key: &str| nodes().find(|node| node.key.text == key).and_then(|node| node.piece());
        let name = said("project_name").map_or_else(|| options.name.clone(), |name| name.text.to_owned());
        let name = identifier(&name);
        let week_start = said("week_start_day").map(|day| day.text.to_owned());
        let offset = said("fiscal_month_offset").and_then(|months| months.text.parse::<i64>().ok());
        let fiscal = offset.and_then(|months| usize::try_from(months.rem_euclid(12)).ok()).filter(|at| *at > 0);
        let dialect = options
            .dialect
            .clone()
            .or_else(|| Some(dialect_in_looker(options.config.as_ref()?).name().to_owned()))
            .unwrap_or_else(|| guessed(sources).to_owned());
        let mut settings =
            Self { config: Config::stand_in(), dialect, name, week_start, fiscal_start: fiscal.map(|at| MONTHS[at]) };
        settings.config = match &options.config {
            Some(config) => config.clone(),
            None => read(&settings.project_file(true)).unwrap_or_else(Config::stand_in),
        };
        settings
    }

    /// Writes a project file.
    pub(super) fn project_file(&self, includes: bool) -> String {
        let name = &self.name;
        let connection = match self.dialect.as_str() {
            "bigquery" => format!("{{ type: bigquery, project: \"{name}\" }}"),
            "snowflake" => format!("{{ type: snowflake, account: \"{name}\" }}"),
            "postgres" => format!("{{ type: postgres, host: localhost, database: \"{name}\" }}"),
            _ => format!("{{ type: duckdb, path: \"{name}.duckdb\" }}"),
        };
        let mut text = format!(
            "language: 1\nname: {name}\nconnection: warehouse\nconnections:\n  warehouse: {connection}\n\
             # The query time zone of Looker's connection.\ntime_zone: UTC\n"
        );
        if let Some(day) = &self.week_start {
            text += &format!("week_start: {day}\n");
        }
        if let Some(month) = self.fiscal_start {
            text += &format!("fiscal_year_start: {month}\n");
        }
        if includes {
            text += &format!("# What stays LookML.\nlooker: {{ include: [{}] }}\n", kept::ALL);
        }
        text
    }

    /// Says what becomes of what stands at the outermost level.
    pub(super) fn mark(sources: &[Source<'_>], lookml: &Lookml<'_>, ledger: &mut Ledger) {
        let mut said: BTreeMap<&str, &str> = BTreeMap::new();
        for source in sources {
            for node in &source.file.nodes {
                let at = At { file: source.id, node };
                let first = node.piece().map(|piece| *said.entry(node.key.text).or_insert(piece.text));
                match node.key.text {
                    "week_start_day" | "fiscal_month_offset" if first != node.piece().map(|piece| piece.text) => {
                        ledger.mark(at, Outcome::LeftBehind, "a model before it says otherwise, and a project has one");
                    }
                    "case_sensitive" if lookml.several.differ_on_letters() => {
                        let why = "the models differ on it, so filters of measures on texts stay LookML";
                        ledger.mark(at, Outcome::LeftBehind, why);
                    }
                    "case_sensitive" => ledger.mark(at, Outcome::Verbatim, "its explores say it"),
                    "project_name" | "week_start_day" | "fiscal_month_offset" => {
                        ledger.mark(at, Outcome::Native, "it is in `entente.yml`");
                    }
                    "include" => ledger.mark(at, Outcome::Native, "entente writes includes anew"),
                    "constant" => ledger.mark(at, Outcome::Native, "its value stands where it is used"),
                    "connection" => ledger.mark(at, Outcome::LeftBehind, "connections are named in `entente.yml`"),
                    "label" => ledger.mark(at, Outcome::LeftBehind, "the model of LookML is called after the project"),
                    "persist_with" | "persist_for" => {
                        ledger.mark(
                            at,
                            Outcome::LeftBehind,
                            "how long Looker keeps answers: see `freshness` of `tables:`",
                        );
                    }
                    "local_dependency" | "remote_dependency" => {
                        ledger.mark(at, Outcome::LeftBehind, "the other project is not at hand");
                    }
                    "view" | "explore" | "datagroup" | "access_grant" | "named_value_format" | "map_layer" | "test" => {
                    }
                    _ => ledger.mark(at, Outcome::LeftBehind, "it is a setting of Looker"),
                }
            }
        }
    }
}

fn read(text: &str) -> Option<Config> {
    let mut files = SourceMap::new();
    let id = files.add("entente.yml", text);
    syntax::load_config(&files, id, &|_| None).ok()
}

fn identifier(name: &str) -> String {
    let text: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' }).collect();
    let text = text.trim_matches('_');
    if text.starts_with(|first: char| first.is_ascii_alphabetic()) { text.to_owned() } else { format!("looker_{text}") }
}

/// Guesses the dialect by the way in which tables are named.
fn guessed(sources: &[Source<'_>]) -> &'static str {
    let tables = sources.iter().flat_map(|source| &source.file.nodes).filter_map(|node| node.child("sql_table_name"));
    let mut tables = tables.filter_map(|node| node.piece());
    if tables.any(|piece| piece.text.contains('`')) { "bigquery" } else { "duckdb" }
}

/// What explores always filter by.
#[derive(Debug, Default)]
pub(super) struct ExploreFilters {
    /// Permanent filters of models, by view.
    pub(super) of_models: BTreeMap<String, String>,
    /// Conditions of all metrics of a view.
    pub(super) of_metrics: BTreeMap<String, String>,
    /// Views whose metrics cannot be said, because their explore filters by what has no form here.
    pub(super) refused: BTreeMap<String, String>,
    /// Conditions that only SQL of the dialect says, by view: a dimension holds them.
    pub(super) kept: BTreeMap<String, String>,
}

/// Returns the explore in which the measures of a view are asked for: the one of its name, or the only one over it.
pub(super) fn home<'m, 'a>(fields: &Fields<'m, 'a>, view: &str) -> Option<&'m Explore<'a>> {
    let explores = || {
        let all = fields.lookml.model.explores.values();
        all.filter(|explore| explore.view(explore.base) == Some(view) && !explore.needs_extension())
            .filter(|explore| !is_for_a_test(fields, explore))
    };
    if let Some(own) = explores().find(|explore| explore.name == view && explore.base == view) {
        return Some(own);
    }
    let mut all = explores();
    all.next().filter(|_| all.next().is_none())
}

/// Returns whether entente made an explore for the test of a key only.
pub(super) fn is_for_a_test(fields: &Fields<'_, '_>, explore: &Explore<'_>) -> bool {
    explore.name.ends_with("_key") && explore.layers.says_yes("hidden") && fields.lookml.is_own(&explore.layers)
}

/// Reads `sql_always_where` of the explores in which measures are asked for.
pub(super) fn filters(fields: &Fields<'_, '_>, views: &[&str], edges: &Edges, ledger: &mut Ledger) -> ExploreFilters {
    let mut filters = ExploreFilters::default();
    for explore in fields.lookml.model.explores.values().filter(|explore| !explore.needs_extension()) {
        guarded(fields, views, explore, &mut filters);
        let Some(at) = explore.layers.child("sql_always_where") else { continue };
        let view = explore.view(explore.base).filter(|view| views.contains(view));
        let is_home = |view: &&str| home(fields, view).is_some_and(|home| home.name == explore.name);
        let Some(view) = view.filter(is_home) else {
            ledger.mark(at, Outcome::Verbatim, "the metrics of its view are those of another explore");
            continue;
        };
        match condition(fields, explore, view, at) {
            Err(why) => {
                filters.refused.insert(view.to_owned(), format!("its explore filters by what has no form here: {why}"));
                ledger.mark(at, Outcome::Verbatim, why);
            }
            Ok(found) => {
                // What entente wrote of a joined model holds for the rows that are looked up, too.
                let is_own = fields.lookml.is_generated(at.file);
                let is_looked_up = !is_own && edges.0.iter().any(|edge| edge.to == view);
                let (list, why) = if is_looked_up {
                    (
                        &mut filters.of_metrics,
                        "it is a condition of each metric of its view, for others look its rows up",
                    )
                } else {
                    (&mut filters.of_models, "")
                };
                if let Some(text) = found.text {
                    list.insert(view.to_owned(), text);
                }
                if let Some(raw) = found.raw {
                    filters.kept.insert(view.to_owned(), raw);
                }
                if found.is_part {
                    let why = "a part of it bounds partitions: see `partition` of `tables:`";
                    ledger.mark(at, Outcome::Verbatim, why);
                } else {
                    ledger.mark(at, Outcome::Native, why);
                }
            }
        }
    }
    for (explore, _) in &fields.lookml.several.guards {
        guarded(fields, views, explore, &mut filters);
    }
    filters
}

/// Refuses the metrics of a view whose explore keeps rows from some by what has no policy here.
fn guarded(fields: &Fields<'_, '_>, views: &[&str], explore: &Explore<'_>, filters: &mut ExploreFilters) {
    let Some(view) = explore.view(explore.base).filter(|view| views.contains(view)) else { return };
    for at in explore.layers.all("access_filter").filter(|at| !fields.lookml.is_generated(at.file)) {
        if let Err(why) = access::policy(fields, views, explore, at) {
            let why = format!("its explore keeps rows from some by what has no form here: {why}");
            filters.refused.insert(view.to_owned(), why);
        }
    }
}

/// The dimension that holds a condition which only SQL of the dialect says.
pub(super) const KEPT: &str = "is_kept";

/// The condition of an explore.
struct Condition {
    /// The condition in the portable language, if there is one beside bounds.
    text: Option<String>,
    /// The SQL of the dimension that it names.
    raw: Option<String>,
    /// Whether a part of it stays LookML.
    is_part: bool,
}

/// Says the condition of an explore.
fn condition(fields: &Fields<'_, '_>, explore: &Explore<'_>, view: &str, at: At<'_>) -> Result<Condition, String> {
    let text = at.value().ok_or("it has no text")?.piece.block();
    let text = fields.lookml.expanded(&text)?;
    let owner = fields.lookml.view(view).ok_or("its view is not known")?;
    let is_own = fields.lookml.is_generated(at.file);
    let parts: Vec<&str> = if is_own { text.split("\nAND ").collect() } else { vec![text.as_str()] };
    let (with, without): (Vec<&str>, Vec<&str>) = parts.into_iter().partition(|part| has_liquid(part));
    let is_bound = |part: &&str| part.contains("{% date_start ") || part.contains("{% date_end ");
    if !with.iter().all(is_bound) {
        return Err("it holds Liquid, which Looker runs".to_owned());
    }
    if without.is_empty() {
        return Ok(Condition { text: None, raw: None, is_part: true });
    }
    // Inside of the view its own fields need no name before them.
    let whole: Vec<String> = without.iter().map(|part| part.replace(&format!("${{{}.", explore.base), "${")).collect();
    let said = whole
        .iter()
        .map(|part| Ok(super::say::canonical(&fields.portable(owner, None, &super::say::pieces(part)?)?)))
        .collect::<Result<Vec<String>, String>>();
    let is_part = !with.is_empty();
    match said {
        Ok(conditions) => Ok(Condition { text: Some(super::measure::joined(&conditions)), raw: None, is_part }),
        Err(why) if why.contains("moment of asking") || owner.field(KEPT).is_some() => Err(why),
        Err(why) => {
            let all = super::measure::joined(&whole);
            let raw = fields.raw(owner, &super::say::pieces(&all)?, 0).map_err(|_| why)?;
            Ok(Condition { text: Some(KEPT.to_owned()), raw: Some(raw.trim().to_owned()), is_part })
        }
    }
}

impl Lookml<'_> {
    /// Returns the pattern of a format of the project's own.
    pub(super) fn named_format(&self, name: &str) -> Option<String> {
        let at = self.model.all("named_value_format").find(|at| at.node.name().is_some_and(|own| own.text == name))?;
        Some(at.word("value_format")?.piece.value().into_owned())
    }
}
