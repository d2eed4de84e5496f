//! Computes the outputs of a case, each by the passes that it needs.

use std::fmt::Write;

use entente::{
    diagnostics::render::{Color, Format, render},
    lookml,
    plan::{self, Context, Plan, PlanError},
    project::Project,
    sql::{self, Dialect, Literal},
};

use super::{
    document::{Document, Kind},
    query,
    world::{self, Version, World},
};

/// Computes every output block of a case.
pub(crate) fn run(document: &mut Document) -> Result<(), String> {
    let kinds: Vec<Kind> = document.blocks.iter().map(|block| block.kind.clone()).collect();
    if !kinds.iter().any(Kind::is_output) {
        return Err("a case has at least one output block, such as `text answer` or `diagnostics`".to_owned());
    }
    let checked = kinds.contains(&Kind::Answer) || kinds.contains(&Kind::Response);
    if kinds.contains(&Kind::Answer) && !kinds.contains(&Kind::Check) || kinds.contains(&Kind::Check) && !checked {
        return Err("`text answer` and `sql check` come together".to_owned());
    }
    let world = world::load(document, Version::Written)?;
    for (position, kind) in kinds.iter().enumerate().filter(|(_, kind)| kind.is_output()) {
        let computed = match kind {
            Kind::Diagnostics => show_diagnostics(&world),
            Kind::Lookml(path) => lookml(&world, path)?,
            Kind::Response => respond(document, whole(&world)?)?,
            Kind::Verify(arguments) => verify(document, whole(&world)?, arguments)?,
            _ => {
                let dialect = match kind {
                    Kind::Sql(name) => Dialect::from_name(name).expect("the kind of a block names a dialect"),
                    _ => Dialect::DuckDb,
                };
                match (kind, plan_of(document, whole(&world)?, dialect)?) {
                    (Kind::Error, Err(error)) => show_error(&error),
                    (Kind::Error, Ok(_)) => return Err("the request is not refused, as `text error` says".to_owned()),
                    (_, Err(error)) => return Err(format!("the request is refused: {}", show_error(&error))),
                    (Kind::Plan, Ok(plan)) => {
                        let rollups = plan.rollups.iter().map(|used| format!("rollup {used}\n"));
                        format!("{}{}", plan.explanation.logical, rollups.collect::<String>())
                    }
                    (Kind::Sql(_), Ok(plan)) => show_sql(&plan, dialect),
                    (Kind::Answer, Ok(plan)) => answer(document, &plan)?,
                    (other, Ok(_)) => return Err(format!("`{other:?}` is no output")),
                }
            }
        };
        document.blocks[position].computed = Some(computed);
    }
    Ok(())
}

/// Shows diagnostics as the command line does, without colors.
pub(crate) fn show_diagnostics(world: &World) -> String {
    render(Format::Full, &world.diagnostics, &world.files, Color::Never)
}

fn whole(world: &World) -> Result<&Project, String> {
    world.project.as_ref().ok_or_else(|| format!("the project has errors:\n{}", show_diagnostics(world)))
}

fn plan_of(document: &Document, project: &Project, dialect: Dialect) -> Result<Result<Plan, PlanError>, String> {
    let text = document.text_of(&Kind::Query).ok_or("the outputs of this case need a block `yaml query`")?;
    let (now, request) = query::read(text)?;
    let principal = world::principal(document)?;
    Ok(request.and_then(|request| plan::plan(project, &request, &principal, &Context { now, dialect })))
}

fn show_error(error: &PlanError) -> String {
    match &error.help {
        Some(help) => format!("{error}\nhelp: {help}\n"),
        None => format!("{error}\n"),
    }
}

/// Shows the text, and the bound values in a comment each.
fn show_sql(plan: &Plan, dialect: Dialect) -> String {
    let text = sql::print_pretty(&plan.select, dialect);
    let mut shown = text.sql.trim_end().to_owned();
    shown.push('\n');
    for (position, value) in text.parameters.iter().enumerate() {
        let _ = writeln!(shown, "-- {} = {}", position + 1, show_literal(value));
    }
    shown
}

fn show_literal(literal: &Literal) -> String {
    match literal {
        Literal::Null => "null".to_owned(),
        Literal::Boolean(value) => value.to_string(),
        Literal::Integer(value) => value.to_string(),
        Literal::Decimal(digits) => digits.clone(),
        Literal::Float(bits) => format!("{:?}", f64::from_bits(*bits)),
        Literal::String(text) => format!("'{text}'"),
        Literal::Date(date) => format!("date '{date}'"),
        Literal::DateTime(time) => format!("datetime '{time}'"),
        Literal::Timestamp(time) => format!("timestamp '{time}Z'"),
    }
}

/// Runs the planned SQL and the hand-written one; they must agree.
#[cfg(feature = "duckdb")]
fn answer(document: &Document, plan: &Plan) -> Result<String, String> {
    use entente::warehouse::ColumnData;

    use super::compare::{Header, lines, rows_agree};

    let database = world::open(document)?;
    let mut rows = database.query(&sql::print(&plan.select, Dialect::DuckDb)).map_err(|error| {
        format!("the planned SQL fails: {error}\n{}", sql::print_pretty(&plan.select, Dialect::DuckDb).sql)
    })?;
    let shown: Vec<bool> =
        plan.columns.iter().map(|column| !matches!(column.role, plan::ColumnRole::OrderOnly)).collect();
    if rows.columns.len() != shown.len() {
        return Err(format!("the plan has {} columns, the answer {}", shown.len(), rows.columns.len()));
    }
    let mut keep = shown.iter();
    rows.columns.retain(|_| *keep.next().expect("as many as columns"));
    let names: Vec<&str> =
        plan.columns.iter().zip(&shown).filter(|(_, shown)| **shown).map(|(column, _)| column.name.as_str()).collect();
    let answer = rows.to_csv(&names);
    let is_float = |columns: &[ColumnData]| -> Vec<bool> {
        columns.iter().map(|column| matches!(column, ColumnData::Float(_))).collect()
    };
    let check = document.text_of(&Kind::Check).expect("an answer comes with a check");
    let text = sql::Text { sql: check.to_owned(), parameters: Vec::new() };
    let expected = database.query(&text).map_err(|error| format!("`sql check` fails: {error}"))?;
    if expected.columns.len() != rows.columns.len() {
        return Err(format!("`sql check` has {} columns, the answer {}", expected.columns.len(), rows.columns.len()));
    }
    let floats: Vec<bool> =
        is_float(&rows.columns).into_iter().zip(is_float(&expected.columns)).map(|(a, b)| a || b).collect();
    let headings: Vec<String> = (0..expected.columns.len()).map(|number| format!("column {number}")).collect();
    let expected = expected.to_csv(&headings);
    rows_agree(&answer, &expected, Header::Ignored, Some(&floats)).map_err(|error| {
        let sql = sql::print_pretty(&plan.select, Dialect::DuckDb).sql;
        format!("the answer is not that of `sql check`: {error}\n{}\n{sql}", lines(&expected, &answer))
    })?;
    if let Some(twin) = document.text_of(&Kind::Twin) {
        agrees_with_twin(document, twin, &answer)?;
    }
    Ok(answer)
}

/// Checks that the answer is that of the project without policies, on data from which all that is hidden was cut.
#[cfg(feature = "duckdb")]
fn agrees_with_twin(document: &Document, twin: &str, answer: &str) -> Result<(), String> {
    use super::compare::{Header, lines, rows_agree};

    let open = world::load(document, Version::Open)?;
    let text = document.text_of(&Kind::Query).expect("an answer comes with a query");
    let (now, request) = query::read(text)?;
    let context = Context { now, dialect: Dialect::DuckDb };
    let project = whole(&open)?;
    let plan = request.and_then(|request| plan::plan(project, &request, &plan::Principal::default(), &context));
    let plan = plan.map_err(|error| format!("the twin is refused: {error}"))?;
    let database = world::open_cut(document, twin)?;
    let rows = database.query(&sql::print(&plan.select, Dialect::DuckDb))?;
    let names: Vec<&str> = plan.columns.iter().map(|column| column.name.as_str()).collect();
    let twin = rows.to_csv(&names);
    rows_agree(answer, &twin, Header::Ignored, None)
        .map_err(|error| format!("the answer (+) is not that of its twin (-): {error}\n{}", lines(&twin, answer)))
}

#[cfg(not(feature = "duckdb"))]
fn answer(_document: &Document, _plan: &Plan) -> Result<String, String> {
    Err("answers need the feature `duckdb`".to_owned())
}

/// Looks at the data of a case.
#[cfg(feature = "duckdb")]
fn verify(document: &Document, project: &Project, arguments: &str) -> Result<String, String> {
    super::verify::run(document, project, arguments)
}

#[cfg(not(feature = "duckdb"))]
fn verify(_document: &Document, _project: &Project, _arguments: &str) -> Result<String, String> {
    Err("data is looked at with the feature `duckdb`".to_owned())
}

/// Emits the LookML for the connection that Looker would use; `report` is the generation report.
fn lookml(world: &World, path: &str) -> Result<String, String> {
    let project = whole(world)?;
    let config = world.config.as_ref().ok_or("the project file is wrong")?;
    let emitted = lookml::emit(project, &lookml::Options::from_config(config, &world.files));
    let emitted = emitted.map_err(|error| error.to_string())?;
    if path == "report" {
        return Ok(emitted.report.to_text());
    }
    emitted.files.get(path).cloned().ok_or_else(|| {
        let paths: Vec<&str> = emitted.files.keys().map(String::as_str).collect();
        format!("`{path}` is not emitted; these are: {}", paths.join(", "))
    })
}

#[cfg(all(feature = "server", feature = "duckdb"))]
fn respond(document: &Document, project: &Project) -> Result<String, String> {
    super::graphql::respond(document, project)
}

#[cfg(not(all(feature = "server", feature = "duckdb")))]
fn respond(_document: &Document, _project: &Project) -> Result<String, String> {
    Err("responses need the features `server` and `duckdb`".to_owned())
}
