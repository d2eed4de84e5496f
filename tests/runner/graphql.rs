//! Answers the `graphql request` of a case with the engine and an embedded warehouse, and checks its rows.

use std::{fmt::Write as _, sync::Arc};

use entente::{
    cache::Fingerprint,
    engine::{Answered, Beside, Engine, Failure, Limits, Live},
    graphql::{Api, Compiled, CursorKey, Pending, Request, Source},
    plan::{self, Context, Principal},
    project::Project,
    sql::{self, Dialect, Text},
    time::{DateTime, Utc},
};
use serde_json::Value;

use super::{
    compare::{Header, lines, rows_agree},
    document::{Document, Kind},
    query,
    world::{self, Database},
};

/// An engine over the warehouse of a case, at a moment that stands still.
struct Standing {
    engine: Engine,
    live: Live,
    now: DateTime<Utc>,
}

impl Source for Standing {
    fn answer<'a>(
        &'a self,
        request: &'a plan::Request,
        beside: &'a Beside<'_>,
        principal: &'a Principal,
    ) -> Pending<'a, Result<Answered, Failure>> {
        Box::pin(self.engine.answer_beside(&self.live, request, beside, principal))
    }

    fn gives_total<'a>(
        &'a self,
        request: &'a plan::Request,
        beside: &'a Beside<'_>,
        principal: &'a Principal,
    ) -> Pending<'a, bool> {
        Box::pin(self.engine.gives_total(&self.live, request, beside, principal))
    }

    fn compile<'a>(
        &'a self,
        request: &'a plan::Request,
        principal: &'a Principal,
        dialect: Option<Dialect>,
    ) -> Pending<'a, Result<Compiled, Failure>> {
        let dialect = dialect.unwrap_or(Dialect::DuckDb);
        let planned = plan::plan(&self.live.project, request, principal, &Context { now: self.now, dialect });
        let compiled = planned.map(|plan| {
            let text = sql::print_pretty(&plan.select, dialect);
            Compiled { plan, text, dialect }
        });
        Box::pin(std::future::ready(compiled.map_err(Failure::from)))
    }

    fn now(&self) -> DateTime<Utc> {
        self.now
    }

    fn version(&self) -> Fingerprint {
        self.live.version
    }

    fn data_version(&self) -> u64 {
        self.engine.data_version()
    }
}

/// Answers the request; its rows must be those of the `sql check`, if there is one.
pub(crate) fn respond(document: &Document, project: &Project) -> Result<String, String> {
    let request = document.text_of(&Kind::GraphQl).ok_or("a `json response` needs a block `graphql request`")?;
    let variables: Value = match document.text_of(&Kind::Variables) {
        Some(text) => serde_json::from_str(text).map_err(|error| format!("`json variables`: {error}"))?,
        None => Value::Object(serde_json::Map::new()),
    };
    let Value::Object(variables) = variables else { return Err("`json variables` is no object".to_owned()) };
    let principal = world::principal(document)?;
    let (now, _) = query::read(document.text_of(&Kind::Query).unwrap_or("{}"))?;
    let database = world::open(document)?;
    let project = Arc::new(project.clone());
    let clock: entente::engine::Clock = Arc::new(move || now);
    let source = Standing {
        engine: Engine::new(Arc::new(database.warehouse()), clock, Limits::default()),
        live: Live {
            project: Arc::clone(&project),
            version: Fingerprint::of(&"case"),
            stored: Fingerprint::of(&project.stored()),
            loaded_at: now,
            spending: Arc::default(),
            statistics: Arc::default(),
        },
        now,
    };
    let request = Request { query: request.to_owned(), variables, ..Request::default() };
    let runtime = tokio::runtime::Runtime::new().map_err(|error| error.to_string())?;
    // A key of its own, so that cursors are the same in every run.
    let api = Api::new(project).with_cursor_key(CursorKey::from_secret("case"));
    let reply = runtime.block_on(api.execute(&source, request, &principal));
    let text = String::from_utf8(reply.to_bytes()).map_err(|error| error.to_string())?;
    let response: Value = serde_json::from_str(&text).map_err(|error| format!("{error} in {text}"))?;
    if let Some(check) = document.text_of(&Kind::Check) {
        checked(&response, check, &database)?;
    }
    let mut shown = String::new();
    show(&mut shown, &response, 0);
    Ok(shown + "\n")
}

/// Compares the rows of the first field at the root – or, without rows, its totals – with those of hand-written SQL.
fn checked(response: &Value, check: &str, database: &Database) -> Result<(), String> {
    let data = response["data"].as_object().and_then(|data| data.values().next()).unwrap_or(&Value::Null);
    let rows = match (&data["rows"], &data["values"]) {
        (Value::Array(rows), _) | (_, Value::Array(rows)) => rows.clone(),
        _ => vec![data["totals"].clone()],
    };
    let mut answer = "ignored\n".to_owned();
    for row in &rows {
        let mut leaves = Vec::new();
        gather(row, &mut leaves);
        writeln!(answer, "{}", leaves.join(",")).expect("a string takes it");
    }
    let text = Text { sql: check.to_owned(), parameters: Vec::new() };
    let expected = database.query(&text).map_err(|error| format!("`sql check` fails: {error}"))?;
    let floats = vec![true; expected.columns.len()];
    let headings: Vec<String> = (0..expected.columns.len()).map(|number| format!("column {number}")).collect();
    let expected = expected.to_csv(&headings);
    rows_agree(&answer, &expected, Header::Ignored, Some(&floats))
        .map_err(|error| format!("the answer is not that of `sql check`: {error}\n{}", lines(&expected, &answer)))
}

fn gather(value: &Value, leaves: &mut Vec<String>) {
    match value {
        Value::Object(fields) => fields.values().for_each(|field| gather(field, leaves)),
        Value::Array(items) => items.iter().for_each(|item| gather(item, leaves)),
        Value::Null => leaves.push(String::new()),
        Value::String(text) if text.contains(',') => leaves.push(format!("\"{text}\"")),
        Value::String(text) => leaves.push(text.clone()),
        other => leaves.push(other.to_string()),
    }
}

/// Writes JSON: what fits on a line stands on one.
fn show(out: &mut String, value: &Value, indent: usize) {
    const WIDTH: usize = 110;
    let flat = value.to_string();
    if flat.len() + indent <= WIDTH {
        out.push_str(&flat);
        return;
    }
    let (open, close, parts): (char, char, Vec<(Option<&String>, &Value)>) = match value {
        Value::Object(fields) => ('{', '}', fields.iter().map(|(key, value)| (Some(key), value)).collect()),
        Value::Array(items) => ('[', ']', items.iter().map(|item| (None, item)).collect()),
        _ => return out.push_str(&flat),
    };
    out.push(open);
    for (index, (key, value)) in parts.into_iter().enumerate() {
        out.push_str(if index > 0 { ",\n" } else { "\n" });
        out.push_str(&" ".repeat(indent + 2));
        if let Some(key) = key {
            write!(out, "{}: ", Value::from(key.as_str())).expect("a string takes it");
        }
        show(out, value, indent + 2);
    }
    out.push('\n');
    out.push_str(&" ".repeat(indent));
    out.push(close);
}
