//! `entente.yml`, the project file: plain configuration, the only place where environment variables are read.
//!
//! `connection: ${ENTENTE_CONNECTION:-local}` chooses one of `connections`.
//!
//! **Invariant:** the environment is a function given by the caller; nothing here asks for it.

mod address;
mod bigquery;
mod connection;
mod keys;
mod secrets;
mod snowflake;
mod spending;
mod variables;

pub use bigquery::{BigQueryConnection, BigQueryCredentials};
pub use connection::{Connection, PostgresConnection, PostgresTls};
pub use secrets::secrets;
pub use snowflake::{SnowflakeConnection, SnowflakeCredentials};
pub use spending::{Budgets, Price, Spending};

pub(super) use keys::CONFIG;
pub(crate) use keys::MONTHS;

use std::collections::BTreeMap;

use super::{
    Text,
    keys::{Checker, Fields},
    yaml::{self, Node, Value},
};
use crate::{
    diagnostics::{Code, Diagnostic, Diagnostics, nearest},
    files::{FileId, SourceMap, Span},
    time::Tz,
};

/// The project file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The version of the definitions language: 1.
    pub language: u32,
    /// The project's name.
    pub name: String,
    /// The connection in use, one of `connections`.
    pub connection: String,
    /// Connections by name.
    pub connections: BTreeMap<String, Connection>,
    /// The zone in which days, weeks and months begin; UTC unless said.
    pub time_zone: Option<String>,
    /// The first day of a week, in lower case; monday unless said.
    pub week_start: Option<String>,
    /// The first month of a fiscal year, in lower case; january unless said.
    pub fiscal_year_start: Option<String>,
    /// The currency of metrics with `format: currency`.
    pub currency: Option<String>,
    /// What reading costs, and how much may be read.
    pub spending: Spending,
    /// The file to which the server writes what is asked.
    pub query_log: Option<String>,
    /// What the Looker instance understands.
    pub looker: Looker,
}

impl Config {
    /// Returns a configuration with which definitions can be checked where there is none that is right.
    pub fn stand_in() -> Self {
        Self {
            language: 1,
            name: "project".to_owned(),
            connection: String::new(),
            connections: BTreeMap::new(),
            time_zone: None,
            week_start: None,
            fiscal_year_start: None,
            currency: None,
            spending: Spending::default(),
            query_log: None,
            looker: Looker::default(),
        }
    }
}

/// What a Looker instance understands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Looker {
    /// Whether fields may have `synonyms`.
    pub synonyms: bool,
    /// Files of people that the model includes.
    pub include: Vec<String>,
}

/// Reads `entente.yml`; `variable` gives the value of an environment variable for `${NAME}` and `${NAME:-default}`.
///
/// Variables of connections that are not in use may be missing: a developer needs no warehouse of production.
pub fn load_config(
    files: &SourceMap,
    file: FileId,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<Config, Vec<Diagnostic>> {
    let mut diagnostics = Diagnostics::new();
    let empty = || Diagnostic::new(Code::InvalidConfiguration, Span::new(file, 0, 0), "the project file is empty");
    let config = match yaml::read(files, file, &mut diagnostics).root {
        Some(mut node) => {
            variables::fill(&mut node, variable, &mut diagnostics);
            let connections = names_of_connections(&node);
            let text = &files.file(file).text;
            let fields = Checker::new(text, &mut diagnostics).fields(node, &CONFIG);
            fields.map(|fields| from_fields(fields, &connections, &mut diagnostics))
        }
        None => {
            if diagnostics.is_empty() {
                diagnostics.push(empty().help("Write at least `language`, `name`, `connection` and `connections`."));
            }
            None
        }
    };
    match config {
        Some(config) if diagnostics.is_empty() => Ok(config),
        _ => Err(diagnostics.sorted()),
    }
}

/// Returns the names of all connections, of broken ones too.
fn names_of_connections(root: &Node) -> Vec<String> {
    let Value::Mapping(mapping) = &root.value else { return Vec::new() };
    let connections = mapping.entries.iter().find(|entry| entry.key.value == "connections");
    match connections.map(|entry| &entry.value.value) {
        Some(Value::Mapping(named)) => named.entries.iter().map(|entry| entry.key.value.clone()).collect(),
        _ => Vec::new(),
    }
}

fn from_fields(mut fields: Fields, connections: &[String], diagnostics: &mut Diagnostics) -> Config {
    let language = fields.integer("language").expect("the table requires a language");
    if language.value != 1 {
        let message = format!("language {} is not known to this version", language.value);
        invalid(diagnostics, language.span, message, "Write `language: 1`, or use a newer version of entente.");
    }
    let name = fields.required_text("name");
    let connection = fields.required_text("connection");
    let named = fields.named("connections");
    // A variable that is not set was reported.
    if !connections.contains(&connection.value) && !connection.value.contains("${") {
        let message = format!("no connection is called `{}`", connection.value);
        let names = connections.iter().map(String::as_str);
        let help = match nearest(&connection, names.clone()) {
            Some(near) => format!("Write `connection: {near}`."),
            None if connections.is_empty() => "Add it under `connections`.".to_owned(),
            None => format!("Write one of {}.", names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")),
        };
        invalid(diagnostics, connection.span, message, &help);
    }
    let time_zone = fields.text("time_zone");
    if let Some(zone) = &time_zone {
        check_zone(zone, diagnostics);
    }
    let currency = fields.text("currency");
    if let Some(code) = &currency
        && !spending::is_currency(code)
    {
        let message = format!("`{}` is not the code of a currency", code.value);
        invalid(diagnostics, code.span, message, "Write the three letters of ISO 4217, such as `EUR`.");
    }
    let of_project = currency.as_ref().map(|code| code.value.as_str());
    let spending = Spending::from_fields(&mut fields, of_project, diagnostics);
    Config {
        language: u32::try_from(language.value).unwrap_or(u32::MAX),
        name: name.value,
        connection: connection.value,
        connections: named
            .into_iter()
            .map(|(name, fields)| (name.value, Connection::from_fields(fields, diagnostics)))
            .collect(),
        time_zone: time_zone.map(|zone| zone.value),
        week_start: fields.text("week_start").map(|day| day.value),
        fiscal_year_start: fields.text("fiscal_year_start").map(|month| month.value),
        currency: currency.map(|code| code.value),
        spending,
        query_log: fields.text("query_log").map(|path| path.value),
        looker: fields.mapping("looker").map_or_else(Looker::default, |mut looker| Looker {
            synonyms: looker.boolean("synonyms").is_some_and(|synonyms| synonyms.value),
            include: looker.texts("include").into_iter().map(|path| path.value).collect(),
        }),
    }
}

fn check_zone(zone: &Text, diagnostics: &mut Diagnostics) {
    if zone.parse::<Tz>().is_ok() {
        return;
    }
    let message = format!("no time zone is called `{}`", zone.value);
    let names = chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name());
    let near = if zone.len() > 40 { None } else { nearest(zone, names) };
    let help = near.map_or_else(
        || "Write a name of the IANA time zone database, such as `Europe/Berlin`.".to_owned(),
        |near| format!("Write `{near}`."),
    );
    invalid(diagnostics, zone.span, message, &help);
}

fn invalid(diagnostics: &mut Diagnostics, span: Span, message: String, help: &str) {
    diagnostics.push(Diagnostic::new(Code::InvalidConfiguration, span, message).help(help));
}

#[cfg(test)]
mod tests {
    use super::{Config, Connection, SnowflakeCredentials, load_config};
    use crate::{diagnostics::Diagnostic, files::SourceMap};

    fn load(text: &str) -> Result<Config, Vec<String>> {
        let mut files = SourceMap::new();
        let file = files.add("entente.yml", text);
        let variable = |name: &str| match name {
            "COLON" => Some("a: b # c".to_owned()),
            "EMPTY" => Some(String::new()),
            "CHOICE" => Some("other".to_owned()),
            _ => None,
        };
        let told = |diagnostic: &Diagnostic| {
            let at = files.position(diagnostic.span());
            let help = diagnostic.help.as_deref().unwrap_or("-");
            format!("{} {}:{} {} | {help}", diagnostic.code.name(), at.line, at.column, diagnostic.message)
        };
        load_config(&files, file, &variable).map_err(|diagnostics| diagnostics.iter().map(told).collect())
    }

    const HEAD: &str = "language: 1\nname: parcel\n";

    #[test]
    fn the_example_is_read() {
        let config = load(
            "language: 1
name: parcel
connection: ${ENTENTE_CONNECTION:-local}       # environment variables only in this file
connections:
  local:     { type: duckdb, path: parcel.duckdb }
  analytics: { type: bigquery, project: acme-analytics, dataset: marts, location: EU, maximum_bytes_billed: 50 GB }
time_zone: Europe/Berlin
week_start: monday
fiscal_year_start: february
currency: EUR
",
        )
        .expect("it is right");
        assert_eq!(config.connection, "local");
        assert_eq!(config.connections["local"], Connection::DuckDb { path: "parcel.duckdb".to_owned() });
        assert_eq!(config.fiscal_year_start.as_deref(), Some("february"));
    }

    #[test]
    fn a_variable_is_text_and_never_yaml() {
        let text =
            format!("{HEAD}connection: a\nconnections: {{ a: {{ type: duckdb, path: '${{COLON}}/${{NONE:-x}}' }} }}\n");
        let config = load(&text).expect("it is right");
        assert_eq!(config.connections["a"], Connection::DuckDb { path: "a: b # c/x".to_owned() });
    }

    #[test]
    fn an_empty_variable_takes_the_default() {
        let text = format!("{HEAD}connection: ${{EMPTY:-a}}\nconnections: {{ a: {{ type: duckdb, path: x }} }}\n");
        assert_eq!(load(&text).expect("it is right").connection, "a");
    }

    #[test]
    fn only_the_connection_in_use_needs_its_variables() {
        let rest =
            "connections:\n  local: { type: duckdb, path: x }\n  other: { type: bigquery, project: '${PROJECT}' }\n";
        assert!(load(&format!("{HEAD}connection: local\n{rest}")).is_ok());
        assert_eq!(
            load(&format!("{HEAD}connection: ${{CHOICE}}\n{rest}")).expect_err("PROJECT is not set"),
            ["invalid-configuration 6:38 environment variable `PROJECT` is not set | \
              Set it, or write `${PROJECT:-…}` with a default."]
        );
        assert_eq!(
            load(&format!("{HEAD}connection: ${{NOPE}}\n{rest}")).expect_err("NOPE is not set"),
            ["invalid-configuration 3:13 environment variable `NOPE` is not set | \
              Set it, or write `${NOPE:-…}` with a default."]
        );
    }

    #[test]
    fn mistakes_are_told_at_their_place() {
        let text = "language: 2
name: parcel
connection: locl
connections:
  local: { type: duckdb, pth: x }
  far: { type: redshift }
  bill: { type: bigquery, project: x, maximum_bytes_billed: much }
  peer: { type: bigquery, project: a b, base_url: localhost:9050 }
  bare: { type: bigquery, project: x, key_file: key.json, base_url: http://localhost:9050 }
  both: { type: bigquery, project: x, key_file: key.json, credentials: default }
  open: { type: duckdb, path: '${x' }
time_zone: Europe/Berlni
week_start: Monday
currency: euro
timezone: x
";
        assert_eq!(
            load(text).expect_err("it is wrong"),
            [
                "invalid-configuration 1:11 language 2 is not known to this version | \
                 Write `language: 1`, or use a newer version of entente.",
                "invalid-configuration 3:13 no connection is called `locl` | Write `connection: local`.",
                "unknown-key 5:26 a DuckDB connection has no key `pth` | Write `path`.",
                "wrong-value 6:16 no `type` is called `redshift` | Write `duckdb`, `bigquery`, `snowflake` or `postgres`.",
                "invalid-configuration 7:61 `much` is not a number of bytes | \
                 Write a whole number and MB, GB or TB, such as `50 GB`.",
                "invalid-configuration 8:36 `a b` is not the name of a project | \
                 Write the project's id, such as `acme-analytics`.",
                "invalid-configuration 8:51 `localhost:9050` is not the address of a server | \
                 Write it with its scheme, such as `http://localhost:9050`.",
                "invalid-configuration 9:69 credentials would go to this server without encryption | \
                 Write `https://`, or leave the credentials out for a server that asks for none.",
                "conflicting-keys 10:59 a BigQuery connection has both `key_file` and `credentials` | \
                 Keep `key_file` for a file of credentials, or `credentials` for those of the machine.",
                "invalid-configuration 12:12 no time zone is called `Europe/Berlni` | Write `Europe/Berlin`.",
                "wrong-value 13:13 `week_start` of project file `parcel` cannot be `Monday` | Write `monday`.",
                "invalid-configuration 14:11 `euro` is not the code of a currency | \
                 Write the three letters of ISO 4217, such as `EUR`.",
                "unknown-key 15:1 project file `parcel` has no key `timezone` | \
                 `time_zone` is there already; leave one of the two out.",
            ]
        );
    }

    #[test]
    fn connections_to_snowflake_say_who_asks() {
        let text = format!(
            "{HEAD}connection: key
connections:
  key: {{ type: snowflake, account: acme-eu, user: reader, key_file: key.p8, database: analytics }}
  token: {{ type: snowflake, account: xy12345.us-east-1, token: secret, base_url: https://acme.example }}
  sql: {{ type: snowflake, account: acme-eu }}
"
        );
        let config = load(&text).expect("it is right");
        let who = |name: &str| match &config.connections[name] {
            Connection::Snowflake(connection) => connection.credentials.clone(),
            other => panic!("{other:?}"),
        };
        let key = SnowflakeCredentials::Key { user: "reader".to_owned(), file: "key.p8".to_owned() };
        assert_eq!(who("key"), Some(key));
        assert_eq!(who("token"), Some(SnowflakeCredentials::Token("secret".to_owned())));
        assert_eq!(who("sql"), None);
        assert!(!format!("{config:?}").contains("secret"), "a token is shown nowhere");
    }

    #[test]
    fn mistakes_about_who_asks_snowflake_are_told_at_their_place() {
        let text = format!(
            "{HEAD}connection: a
connections:
  a: {{ type: snowflake, account: https://acme, user: reader }}
  b: {{ type: snowflake, account: acme-eu, key_file: key.p8 }}
  c: {{ type: snowflake, account: acme-eu, token: a b }}
  d: {{ type: snowflake, account: acme-eu, token: x, base_url: http://localhost:8084 }}
  e: {{ type: snowflake, account: acme-eu, token: x, token_file: y }}
"
        );
        assert_eq!(
            load(&text).expect_err("it is wrong"),
            [
                "invalid-configuration 5:34 `https://acme` is not the identifier of an account | Write what stands before \
                 `.snowflakecomputing.com` in the account's address, such as `acme-eu`.",
                "invalid-configuration 6:53 a key needs the user whose key it is | \
                 Add `user:`, the user to whom the public key was given.",
                "invalid-configuration 7:50 this is no token | \
                 Write `${NAME}` for an environment variable that holds it.",
                "invalid-configuration 8:63 credentials would go to this server without encryption | \
                 Write `https://`, or leave the credentials out for a server that asks for none.",
                "conflicting-keys 9:53 a Snowflake connection has both `token` and `token_file` | \
                 Keep `key_file` for a user with a key, or one of `token` and `token_file`.",
            ]
        );
    }

    #[test]
    fn budgets_are_bytes_or_money_of_the_price() {
        let connection = "connection: a\nconnections: { a: { type: duckdb, path: x } }\n";
        let spending = |rest: &str| load(&format!("{HEAD}{connection}{rest}")).map(|config| config.spending);
        let read = spending(
            "price: { per_tib: 6.25, currency: USD }
budgets: { per_query: 10 GB, per_caller_and_day: 6.25 USD, per_day: 2 TB }
",
        )
        .expect("it is right");
        assert_eq!(read.price.map(|price| (price.micros_per_tib, price.currency)), Some((6_250_000, "USD".to_owned())));
        assert_eq!(read.budgets.per_query, Some(10_000_000_000));
        assert_eq!(read.budgets.per_caller_and_day, Some(1 << 40));
        assert_eq!(read.budgets.per_day, Some(2_000_000_000_000));
        assert!(spending("").expect("it is right").budgets.is_empty());
        let of_project = spending("currency: EUR\nprice: { per_tib: 5 }\n").expect("it is right");
        assert_eq!(of_project.price.map(|price| price.currency), Some("EUR".to_owned()));
    }

    #[test]
    fn wrong_budgets_are_told_at_their_place() {
        let text = "language: 1
name: parcel
connection: a
connections: { a: { type: duckdb, path: x } }
price: { per_tib: -6, currency: dollar }
budgets:
  per_query: -10 GB
  per_caller_and_day: 0 GB
  per_day: 50 USD
  per_hour: 1 GB
";
        assert_eq!(
            load(text).expect_err("it is wrong"),
            [
                "invalid-configuration 5:19 `-6` is not a price | \
                 Write a number with up to six digits behind the point, such as `6.25`.",
                "invalid-configuration 5:33 `dollar` is not the code of a currency | \
                 Write the three letters of ISO 4217, such as `EUR`.",
                "invalid-configuration 7:14 `-10 GB` is not a budget | \
                 Write a whole number above zero and MB, GB or TB, such as `10 GB`.",
                "invalid-configuration 8:23 `0 GB` is not a budget | \
                 Write a whole number above zero and MB, GB or TB, such as `10 GB`.",
                "unknown-key 10:3 a set of budgets has no key `per_hour` | \
                 Write one of `per_query`, `per_caller_and_day`, `per_day`.",
            ]
        );
        let priced = |budget: &str, price: &str| {
            let connection = "connection: a\nconnections: { a: { type: duckdb, path: x } }";
            load(&format!("{HEAD}{connection}\n{price}\nbudgets: {{ per_day: {budget} }}\n")).expect_err("it is wrong")
        };
        assert_eq!(
            [
                priced("10 PB", "currency: EUR\nprice: { per_tib: 5 }"),
                priced("5 USD", "currency: EUR\nprice: { per_tib: 5 }"),
                priced("0.00 EUR", "currency: EUR\nprice: { per_tib: 5 }"),
                priced("5 USD", "# no\n# price"),
                priced("5 GB", "\nprice: { per_tib: 5 }"),
            ]
            .concat(),
            [
                "invalid-configuration 7:21 `10 PB` is not a budget | \
                 Write a whole number above zero and MB, GB or TB, such as `10 GB`.",
                "invalid-configuration 7:21 `5 USD` is not a budget | \
                 Write it in EUR, the currency of `price`, or in bytes.",
                "invalid-configuration 7:21 `0.00 EUR` is not a budget | \
                 Write a number and the currency, such as `5 EUR`.",
                "invalid-configuration 7:21 `5 USD` is not a budget | \
                 Write it in bytes, such as `10 GB`, or add `price` for a budget in money.",
                "invalid-configuration 6:19 the price has no currency | \
                 Write `currency` beside it, such as `currency: USD`.",
            ]
        );
    }

    #[test]
    fn an_empty_file_is_told() {
        assert_eq!(load("# nothing\n").expect_err("it is empty").len(), 1);
    }
}
