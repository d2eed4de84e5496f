//! A Postgres server of our own, on a socket of its own. `.ci/postgres` installs the programs.
//!
//! Every query runs in a transaction that is taken back, on tables made for it, in a session whose zone and styles of
//! dates are none that anyone would expect.

use std::{
    fmt::Write as _,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::{Mutex, PoisonError},
};

use entente::sql::Literal;

use crate::googlesql::{Query, Rows, Table};

/// Runs each query; gives the server's message where one fails.
pub(crate) fn run(queries: &[Query]) -> Vec<Result<Rows, String>> {
    static SESSION: Mutex<Option<Session>> = Mutex::new(None);
    let mut shared = SESSION.lock().unwrap_or_else(PoisonError::into_inner);
    queries
        .iter()
        .map(|query| {
            // A test that failed while it held the session leaves none; others start a new one.
            let mut session = shared.take().unwrap_or_else(start);
            let answer = session.ask(query);
            *shared = Some(session);
            answer
        })
        .collect()
}

/// A server on a socket in a folder of its own. It ends with its last owner, who closes its input.
pub(crate) struct Server {
    _process: Child,
    folder: String,
}

impl Server {
    /// Starts a server and waits until it answers.
    pub(crate) fn start() -> Self {
        Self::start_with([])
    }

    /// Starts a server with the arguments of `tests/tools/postgres/serve`.
    pub(crate) fn start_with<const N: usize>(arguments: [String; N]) -> Self {
        let tool = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tools/postgres/serve");
        let mut process = piped(Command::new(tool).args(arguments));
        let mut folder = String::new();
        BufReader::new(process.stdout.take().expect("it is piped")).read_line(&mut folder).expect("UTF-8");
        assert!(!folder.is_empty(), "Postgres does not start: run `.ci/postgres`");
        Self { _process: process, folder: folder.trim().to_owned() }
    }

    /// Returns the folder of its socket.
    pub(crate) fn folder(&self) -> &str {
        &self.folder
    }
}

/// The server and one client. Both end with the test binary, which closes their inputs.
struct Session {
    _server: Server,
    _client: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

fn start() -> Session {
    let server = Server::start();
    let arguments = ["-XAtq", "-d", "postgres", "-U", "entente", "-h", server.folder()];
    let mut client = piped(Command::new("psql").args(arguments).stderr(Stdio::null()));
    let input = client.stdin.take().expect("it is piped");
    let output = BufReader::new(client.stdout.take().expect("it is piped"));
    Session { _server: server, _client: client, input, output }
}

fn piped(command: &mut Command) -> Child {
    let command = command.stdin(Stdio::piped()).stdout(Stdio::piped());
    command.spawn().expect("Postgres is installed: run `.ci/postgres`")
}

impl Session {
    fn ask(&mut self, query: &Query) -> Result<Rows, String> {
        self.input.write_all(script(query).as_bytes()).expect("the client reads");
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            let length = self.output.read_line(&mut line).expect("UTF-8");
            assert!(length > 0, "the client ended early");
            match line.trim_end_matches('\n') {
                "@end" => break,
                line => lines.push(line.to_owned()),
            }
        }
        match lines.split_first() {
            Some((first, rest)) if first == "@rows" => {
                let (types, rows) = rest.split_first().expect("the types come first");
                let types: Vec<&str> = types.split(',').collect();
                Ok(rows
                    .iter()
                    .map(|row| row.split('\t').zip(&types).map(|(text, kind)| cell(text, kind)).collect())
                    .collect())
            }
            _ => Err(lines.join("\n")),
        }
    }
}

/// Writes what the client has to do for a query.
fn script(query: &Query) -> String {
    let mut script = "DEALLOCATE ALL;\nBEGIN;\n".to_owned();
    for (name, table) in &query.tables {
        fill(&mut script, name, table);
    }
    script.push_str("SET LOCAL TimeZone = 'Pacific/Auckland';\nSET LOCAL DateStyle = 'SQL, DMY';\n");
    write!(script, "PREPARE asked AS {};\n{FAILED}", query.sql).expect("a string takes it");
    script.push_str("CREATE TEMP TABLE answer ON COMMIT DROP AS EXECUTE asked");
    if !query.parameters.is_empty() {
        write!(script, " ({})", query.parameters.iter().map(parameter).collect::<Vec<_>>().join(", "))
            .expect("a string takes it");
    }
    write!(
        script,
        ";\n{FAILED}\\echo @rows\nSET LOCAL TimeZone = 'UTC';\nSET LOCAL DateStyle = 'ISO';\n\
         SELECT string_agg(CAST(atttypid AS regtype)::text, ',' ORDER BY attnum) FROM pg_attribute \
         WHERE attrelid = 'answer'::regclass AND attnum > 0;\nCOPY answer TO STDOUT;\n\\endif\n\\endif\nROLLBACK;\n\\echo @end\n"
    )
    .expect("a string takes it");
    script
}

/// What follows a statement that may fail: its message, or what comes next.
const FAILED: &str = "\\if :ERROR\n\\echo :LAST_ERROR_MESSAGE\n\\else\n";

fn fill(script: &mut String, name: &str, table: &Table) {
    let quoted: Vec<String> = name.split('.').map(|part| format!("\"{part}\"")).collect();
    if let [schema, _] = quoted.as_slice() {
        writeln!(script, "CREATE SCHEMA IF NOT EXISTS {schema};").expect("a string takes it");
    }
    let name = quoted.join(".");
    let columns = table.columns.iter().map(|(name, kind)| format!("\"{name}\" {}", type_name(kind)));
    let columns = columns.collect::<Vec<_>>().join(", ");
    writeln!(script, "CREATE TABLE {name} ({columns});\nCOPY {name} FROM STDIN;").expect("a string takes it");
    for row in &table.rows {
        let cells = row.iter().map(|cell| cell.as_deref().map_or_else(|| "\\N".to_owned(), escaped));
        writeln!(script, "{}", cells.collect::<Vec<_>>().join("\t")).expect("a string takes it");
    }
    script.push_str("\\.\n");
}

fn type_name(kind: &str) -> &'static str {
    match kind {
        "integer" => "BIGINT",
        "decimal" => "NUMERIC",
        "float" => "DOUBLE PRECISION",
        "boolean" => "BOOLEAN",
        "date" => "DATE",
        "datetime" => "TIMESTAMP",
        "timestamp" => "TIMESTAMPTZ",
        "json" => "JSONB",
        _ => "TEXT",
    }
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\t', "\\t").replace('\n', "\\n").replace('\r', "\\r")
}

fn parameter(value: &Literal) -> String {
    let text = match value {
        Literal::Null => return "NULL".to_owned(),
        Literal::Boolean(value) => value.to_string(),
        Literal::Integer(value) => value.to_string(),
        Literal::Decimal(text) | Literal::String(text) => text.clone(),
        Literal::Float(bits) => f64::from_bits(*bits).to_string(),
        Literal::Date(date) => date.to_string(),
        Literal::DateTime(time) => time.to_string(),
        Literal::Timestamp(time) => format!("{time}+00"),
    };
    format!("E'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}

/// Reads a cell of COPY's text, and writes booleans as others do.
fn cell(text: &str, kind: &str) -> Option<String> {
    match (text, kind) {
        ("\\N", _) => None,
        ("t", "boolean") => Some("true".to_owned()),
        ("f", "boolean") => Some("false".to_owned()),
        _ => {
            let mut read = String::new();
            let mut letters = text.chars();
            while let Some(letter) = letters.next() {
                read.push(match letter {
                    '\\' => match letters.next().expect("something is escaped") {
                        'n' => '\n',
                        't' => '\t',
                        'r' => '\r',
                        other => other,
                    },
                    other => other,
                });
            }
            Some(read)
        }
    }
}
