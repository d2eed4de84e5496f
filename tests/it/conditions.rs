//! One language: what a condition means in a definition it means in `where` and in `having` of a request, in every dialect;
//! and what definitions refuse, requests refuse in the same words.

use entente::{
    catalog::Catalog,
    diagnostics::Diagnostics,
    files::SourceMap,
    plan::{Context, PlanError, Principal, RequestText, plan},
    project::Project,
    resolve::resolve,
    sql::{Dialect, functions, print},
    syntax::{Config, Definitions, load},
    warehouse::duckdb::DuckDb,
};

/// One row, at half past midnight in Berlin, which is another day in UTC.
const SEED: &str = r#"
CREATE TABLE t (id BIGINT, n BIGINT, x DECIMAL(12, 3), f DOUBLE, s VARCHAR, j VARCHAR, d DATE, w TIMESTAMP, i TIMESTAMPTZ);
INSERT INTO t VALUES (1, 7, 2.345, 30.25, 'express', '{"a":"x"}', '2025-12-01', '2025-12-01 00:30:00', '2025-11-30 23:30:00+00');
CREATE TABLE parts (id BIGINT, t_id BIGINT, kind VARCHAR);
INSERT INTO parts VALUES (1, 1, 'lost');
"#;

const YAML: &str = "
models:
  - name: t
    description: Rows.
    table: t
    primary_key: id
    dimensions:
      - { name: n, type: number }
      - { name: x, type: number }
      - { name: f, type: number }
      - { name: s, type: string }
      - { name: j, type: string }
      - { name: d, type: time }
      - { name: w, type: time }
      - { name: i, type: time }
  - name: parts
    description: Parts of rows.
    table: parts
    primary_key: id
    joins: [ { to: t, key: t_id } ]
    dimensions: [ { name: kind, type: string } ]
metrics:
  - { name: rows, description: Rows., model: t, agg: count }
  - { name: max_n, description: A number., model: t, agg: max, expr: n }
  - { name: max_x, description: A number., model: t, agg: max, expr: x }
  - { name: max_f, description: A number., model: t, agg: max, expr: f }
  - { name: max_s, description: A text., model: t, agg: max, expr: s }
  - { name: max_j, description: A text., model: t, agg: max, expr: j }
  - { name: max_d, description: A day., model: t, agg: max, expr: d }
  - { name: max_w, description: A time., model: t, agg: max, expr: w }
  - { name: max_i, description: An instant., model: t, agg: max, expr: i }
";

/// What holds of the row, with `@n` for a column.
const HOLDS: &[(&str, &[&str])] = &[
    ("abs", &["abs(-@n) = 7", "abs(@x) > 2"]),
    ("ceil", &["ceil(@x) = 3", "ceil(@n) = 7"]),
    ("coalesce", &["coalesce(nullif(@n, 7), 1) = 1", "coalesce(null, @i) = @i"]),
    ("concat", &["concat(@s, '!') = 'express!'", "@s || @j like 'express%'"]),
    ("contains", &["contains(@s, 'pre')"]),
    ("date", &["date(@i) = date '2025-12-01'", "date(@w) = date(@i) and date(@d) = '2025-12-01'"]),
    ("ends_with", &["ends_with(@s, 'ss')"]),
    ("exists", &["exists(parts where kind = 'lost')", "not exists(parts where substring(kind, 1, 2) = 'ab')"]),
    ("floor", &["floor(@f) = 30", "floor(@x) = 2"]),
    ("greatest", &["greatest(@n, 1.5) = 7", "greatest(@d, date '2024-01-01') = date '2025-12-01'"]),
    ("json_text", &["json_text(@j, 'a') = 'x'", "json_text(@j, 'it''s \"b\"') is null"]),
    ("least", &["least(@n, 1.5) = 1.5"]),
    ("length", &["length(@s) = 7"]),
    ("lower", &["lower(@s) = 'express'"]),
    ("mod", &["mod(@n, 2) = 1", "@n % 4 = 3"]),
    ("nullif", &["nullif(@n, 7) is null", "nullif(@s, 'x') = 'express'"]),
    (
        "periods_between",
        &[
            "periods_between('day', @i, date '2025-12-03') = 2",
            "periods_between('hour', @i, timestamp '2025-12-01 02:00:00Z') = 3",
            "periods_between('month', @w, @d) = 0",
        ],
    ),
    ("replace", &["replace(@s, 'ex', '') = 'press'"]),
    ("round", &["round(@x, 2) = 2.35", "round(@f, 1) = 30.3", "round(@n, -1) = 10", "round(@x) = 2"]),
    ("starts_with", &["starts_with(@s, 'ex')"]),
    ("substring", &["substring(@s, 1, 2) = 'ex'", "substring(@s, @n) = 's'"]),
    ("trim", &["trim(@s) = 'express'"]),
    (
        "trunc",
        &[
            "trunc(@i, month) = date '2025-12-01'",
            "trunc(@i, hour) = timestamp '2025-11-30 23:00:00Z'",
            "trunc(@w, hour) = datetime '2025-12-01 00:00:00'",
        ],
    ),
    ("upper", &["upper(@s) = 'EXPRESS'"]),
    ("", &["case when @n > 1 then 'a' when @n is null then 'b' end = 'a'", "(@n > 1) is true", "@f = 30.25"]),
    ("", &["@x in (2.345, 3)", "@f between 30.2 and 30.3", "not (@s like '%z%')", "cast(@i as date) = @d"]),
    ("", &["@i >= timestamp '2025-11-30 23:30:00Z'", "@n / 2 = 3.5", "-@n * 2 + 1 - @x < 0"]),
];

/// What holds of the row where a time stands beside a day, which is its local day; definitions write `date(…)`.
const DAYS: &[&str] = &[
    "@i = date '2025-12-01'",
    "@i >= '2025-12-01'",
    "not (@i > date '2025-12-01')",
    "@i > date '2025-11-30'",
    "@i in (date '2025-12-01', date '2020-01-01')",
    "@i between date '2025-12-01' and '2025-12-01'",
    "not (@w <> date '2025-12-01')",
    "@d = '2025-12-01'",
    "date '2025-12-02' > @i",
];

/// What nobody takes.
const MISFITS: &[&str] = &[
    "concat(@i, '1') = 'a'",
    "@s || @i = 'a'",
    "concat(@f, 'x') = 'a'",
    "concat(@n > 1, 'x') = 'a'",
    "substring(@s, 'a') = 'x'",
    "nullif(@s, 1) = 'a'",
    "trim(true) = 'a'",
    "length(@i) = 1",
    "floor(@s) = 1",
    "starts_with(@i, '2025')",
    "replace(@s, 1, 2) = 'x'",
    "case when @n > 1 then 'a' else 1 end = 'a'",
    "case when @n then 1 end = 1",
    "cast(@i as string) = 'x'",
    "cast(@f as string) = 'x'",
    "-@i > 1",
    "@n = 'x'",
    "@n = true",
    "@i > 5",
    "@n in (date '2025-01-01')",
    "@s like 5",
    "not @n",
    "(@n + 1) and true",
    "coalesce(@i, @i) = date '2025-12-01'",
    "coalesce(@i, @i) in (date '2025-12-01')",
    "coalesce(@i, @d) is null",
    "nullif(@i, date '2025-12-01') is null",
    "date(@s) = date '2025-12-01'",
    "trunc(@d, hour) is null",
    "periods_between('hour', @d, @i) = 1",
    "@n % @f = 1",
    "@s + @s = 'a'",
    "@n + (@n > 1) = 1",
    "@i - @w > 1",
    "json_text(@n, 'a') = 'x'",
];

struct World {
    database: DuckDb,
    catalog: Catalog,
    config: Config,
}

impl World {
    fn new() -> Self {
        let database = DuckDb::in_memory().expect("a database");
        database.execute_batch(SEED).expect("the tables can be made");
        let catalog = database.catalog_blocking(None).expect("a catalog");
        let config = Config { time_zone: Some("Europe/Berlin".to_owned()), ..Config::stand_in() };
        Self { database, catalog, config }
    }

    /// Reads the definitions with more metrics behind them.
    fn read(&self, further: &str) -> (Option<Project>, Diagnostics) {
        let (mut files, mut diagnostics, mut definitions) =
            (SourceMap::new(), Diagnostics::new(), Definitions::default());
        let file = files.add("metrics/world.yml", format!("{YAML}{further}"));
        definitions.append(load(&files, file, &mut diagnostics));
        let resolved = resolve(&self.config, &definitions, Some(&self.catalog));
        diagnostics.extend(resolved.diagnostics);
        (resolved.project, diagnostics)
    }

    fn project(&self) -> Project {
        let (project, diagnostics) = self.read("");
        project.unwrap_or_else(|| panic!("{:#?}", diagnostics.sorted()))
    }

    /// Plans a request, prints it in every dialect, and returns the first number of its answer, or nothing without a row.
    fn ask(&self, project: &Project, request: &RequestText) -> Result<Option<String>, PlanError> {
        let (request, mut answer) = (request.parse()?, None);
        let now = "2026-01-15T12:00:00Z".parse().expect("an instant");
        for dialect in Dialect::ALL {
            let planned = plan(project, &request, &Principal::default(), &Context { now, dialect })?;
            let text = print(&planned.select, dialect);
            if dialect == Dialect::DuckDb {
                let rows = self.database.query_blocking(&text);
                let rows = rows.unwrap_or_else(|error| panic!("{error} {:?}\n{}", error.detail(), text.sql));
                answer = (!rows.columns[0].is_empty()).then(|| rows.columns[0].text(0)).flatten();
            }
        }
        Ok(answer)
    }
}

fn over_rows(condition: &str) -> String {
    condition.replace('@', "")
}

fn over_metrics(condition: &str) -> String {
    condition.replace('@', "max_")
}

fn asking(metric: &str) -> RequestText {
    RequestText { metrics: vec![metric.to_owned()], ..RequestText::default() }
}

fn filtered(condition: &str) -> RequestText {
    RequestText { filter: Some(over_rows(condition)), ..asking("rows") }
}

fn hidden(condition: &str) -> RequestText {
    RequestText { having: Some(over_metrics(condition)), ..asking("rows") }
}

#[test]
fn a_condition_means_the_same_wherever_it_stands() {
    for function in functions() {
        assert!(HOLDS.iter().any(|(name, _)| *name == function.name), "no condition calls `{}`", function.name);
    }
    let (world, mut wrong) = (World::new(), Vec::new());
    let conditions: Vec<&str> = HOLDS.iter().flat_map(|(_, conditions)| *conditions).copied().collect();
    let defined: Vec<String> = (conditions.iter().enumerate())
        .map(|(at, condition)| {
            let condition =
                over_rows(condition).replace(" = '2025-12-01'", " = date '2025-12-01'").replace('"', "\\\"");
            format!("  - {{ name: z{at}, description: Rows., model: t, agg: count, where: \"{condition}\" }}\n")
        })
        .collect();
    let (project, diagnostics) = world.read(&defined.concat());
    let project = project.unwrap_or_else(|| panic!("{:#?}", diagnostics.sorted()));
    let mut check = |place: &str, condition: &str, request: &RequestText| {
        let answer = world.ask(&project, request);
        if answer != Ok(Some("1".to_owned())) {
            wrong.push(format!("{place}: {condition} → {answer:?}"));
        }
    };
    for (at, condition) in conditions.iter().enumerate() {
        check("definition", condition, &asking(&format!("z{at}")));
    }
    for condition in conditions.iter().chain(DAYS) {
        check("where", condition, &filtered(condition));
        if !condition.contains("exists(") {
            check("having", condition, &hidden(condition));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_definitions_refuse_requests_refuse_in_the_same_words() {
    let (world, mut wrong) = (World::new(), Vec::new());
    let project = world.project();
    for condition in MISFITS {
        let defined = over_rows(condition);
        let (_, diagnostics) =
            world.read(&format!("  - {{ name: z, description: Rows., model: t, agg: count, where: \"{defined}\" }}\n"));
        let found = diagnostics.sorted();
        let [said, ..] = found.as_slice() else {
            wrong.push(format!("definition: {condition} is taken"));
            continue;
        };
        for (place, request) in [("where", filtered(condition)), ("having", hidden(condition))] {
            let is_same = |refused: &PlanError| {
                let message = refused.message.split(" in `").next().unwrap_or_default();
                message == said.message && refused.help == said.help
            };
            match world.ask(&project, &request) {
                Err(refused) if is_same(&refused) => {}
                other => wrong.push(format!("{place}: {condition}\n  {} {:?}\n  {other:?}", said.message, said.help)),
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_saved_query_is_read_as_a_request_is() {
    let world = World::new();
    let saved = |key: &str, condition: &str| {
        format!("saved_queries:\n  - {{ name: q, metrics: [rows], {key}: \"{condition}\" }}\n")
    };
    for condition in DAYS {
        for (key, text) in [("where", over_rows(condition)), ("having", over_metrics(condition))] {
            let (_, diagnostics) = world.read(&saved(key, &text));
            assert!(!diagnostics.has_errors(), "{text}: {:#?}", diagnostics.sorted());
        }
    }
    for condition in MISFITS.iter().chain(&["@n"]) {
        for (key, text) in [("where", over_rows(condition)), ("having", over_metrics(condition))] {
            let (_, diagnostics) = world.read(&saved(key, &text));
            assert!(diagnostics.has_errors(), "{key}: {text}");
        }
    }
}
