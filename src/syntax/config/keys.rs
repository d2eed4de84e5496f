//! The keys of the project file.

use crate::syntax::keys::{Kind, Rule, Shape, key, required};

/// The keys of the project file.
pub(in crate::syntax) static CONFIG: Kind = Kind {
    name: "project file",
    article: "a project file",
    doc: "The project file `entente.yml`. Only here may `${NAME}` and `${NAME:-default}` stand for environment variables.",
    keys: &[
        required("language", Shape::Integer(1, 4_294_967_295), "The version of the definitions language: 1."),
        required("name", Shape::Text, "The name of the project."),
        required("connection", Shape::Reference, "The connection in use, one of `connections`."),
        required("connections", Shape::NamedTagged(CONNECTIONS), "Warehouses by name."),
        key("time_zone", Shape::Text, "The zone in which days, weeks and months begin; UTC unless said."),
        key(
            "week_start",
            Shape::OneOf(&["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]),
            "The first day of a week; monday unless said.",
        ),
        key("fiscal_year_start", Shape::OneOf(&MONTHS), "The first month of a fiscal year; january unless said."),
        key("currency", Shape::Text, "The currency of metrics with `format: currency`, such as `EUR`."),
        key("price", Shape::Mapping(&PRICE), "What the warehouse asks for what it reads."),
        key("budgets", Shape::Mapping(&BUDGETS), "How much may be read; a query beyond it is refused before it runs."),
        key(
            "query_log",
            Shape::Text,
            "A file to which `entente serve` writes which metrics, keys and dimensions are asked for, without values, for `entente rollups advise`; nothing unless said.",
        ),
        key("looker", Shape::Mapping(&LOOKER), "What the Looker instance understands."),
    ],
    rules: &[],
};

/// The months, as a fiscal year begins with them.
pub(crate) const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

static PRICE: Kind = Kind {
    name: "price",
    article: "a price",
    doc: "What the warehouse asks for what it reads.",
    keys: &[
        required("per_tib", Shape::Literal, "What reading a tebibyte costs, such as `6.25`."),
        key("currency", Shape::Text, "The currency of the price; the project's unless said."),
    ],
    rules: &[],
};

static BUDGETS: Kind = Kind {
    name: "budgets",
    article: "a set of budgets",
    doc: "How much may be read: bytes such as `10 GB` (MB, GB or TB), or money such as `5 USD` in the currency of `price`.",
    keys: &[
        key("per_query", Shape::Text, "How much one query may read."),
        key("per_caller_and_day", Shape::Text, "How much one caller may read within a day of UTC, on one server."),
        key("per_day", Shape::Text, "How much all callers together may read within a day of UTC, on one server."),
    ],
    rules: &[],
};

static LOOKER: Kind = Kind {
    name: "looker",
    article: "a Looker instance",
    doc: "What the Looker instance understands.",
    keys: &[
        key("synonyms", Shape::Boolean, "Whether fields may have `synonyms`, which older versions do not know."),
        key(
            "include",
            Shape::Texts,
            "Further files that the model includes after the generated ones, such as `/kept/all.lkml`.",
        ),
    ],
    rules: &[],
};

/// Kinds of connections by their `type`.
pub(in crate::syntax) const CONNECTIONS: &[(&str, &Kind)] =
    &[("duckdb", &DUCKDB), ("bigquery", &BIGQUERY), ("snowflake", &SNOWFLAKE), ("postgres", &POSTGRES)];

static DUCKDB: Kind = Kind {
    name: "DuckDB connection",
    article: "a DuckDB connection",
    doc: "A DuckDB file, or a folder of CSV and Parquet files.",
    keys: &[
        required("type", Shape::OneOf(&["duckdb"]), "`duckdb`."),
        required(
            "path",
            Shape::Text,
            "The file or folder, relative to the project file. In a folder each file is a table, and each folder of files of one kind, which may lie in folders `key=value`.",
        ),
    ],
    rules: &[],
};

static BIGQUERY: Kind = Kind {
    name: "BigQuery connection",
    article: "a BigQuery connection",
    doc: "A BigQuery project.",
    keys: &[
        required("type", Shape::OneOf(&["bigquery"]), "`bigquery`."),
        required("project", Shape::Text, "The Google Cloud project that pays."),
        key("dataset", Shape::Text, "The dataset of tables that are named without one."),
        key("location", Shape::Text, "The location of the data, such as `EU`."),
        key(
            "maximum_bytes_billed",
            Shape::Text,
            "The most that one query may bill, such as `50 GB`; 10 GB unless said. A query that would bill more is refused \
             and bills nothing.",
        ),
        key(
            "credentials",
            Shape::OneOf(&["default", "metadata", "none"]),
            "Who asks: `default` for application default credentials, `metadata` for the identity of the machine or \
             workload, `none` for a server that asks for none; default unless said, and none with a `base_url`.",
        ),
        key(
            "key_file",
            Shape::Text,
            "A file of credentials instead: the key of a service account or a configuration of workload identity \
             federation, relative to the project file.",
        ),
        key(
            "base_url",
            Shape::Text,
            "The address of another server that speaks BigQuery's REST protocol, such as an emulator; with credentials \
             it has to begin with `https://`.",
        ),
    ],
    rules: &[Rule::AtMostOne(
        &["credentials", "key_file"],
        "Keep `key_file` for a file of credentials, or `credentials` for those of the machine.",
    )],
};

static SNOWFLAKE: Kind = Kind {
    name: "Snowflake connection",
    article: "a Snowflake connection",
    doc: "A Snowflake account. Names that are written in small letters mean capitals, as in SQL.",
    keys: &[
        required("type", Shape::OneOf(&["snowflake"]), "`snowflake`."),
        required("account", Shape::Text, "The identifier of the account, such as `acme-eu`."),
        key("warehouse", Shape::Text, "The virtual warehouse that computes; the user's own unless said."),
        key("database", Shape::Text, "The database of tables that are named without one."),
        key("schema", Shape::Text, "The schema of tables that are named without one."),
        key("role", Shape::Text, "The role that reads; the user's own unless said."),
        key("user", Shape::Text, "The user who logs in by `key_file`."),
        key(
            "key_file",
            Shape::Text,
            "The user's private key in PEM, without a passphrase, relative to the project file.",
        ),
        key(
            "token",
            Shape::Text,
            "An OAuth or programmatic access token instead; write `${NAME}`, never the token itself.",
        ),
        key(
            "token_file",
            Shape::Text,
            "A file with such a token instead, relative to the project file; it is read again when the token is refused.",
        ),
        key(
            "base_url",
            Shape::Text,
            "The address of another server that speaks Snowflake's SQL API, such as a private link; with credentials it \
             has to begin with `https://`.",
        ),
    ],
    rules: &[Rule::AtMostOne(
        &["key_file", "token", "token_file"],
        "Keep `key_file` for a user with a key, or one of `token` and `token_file`.",
    )],
};

static POSTGRES: Kind = Kind {
    name: "Postgres connection",
    article: "a Postgres connection",
    doc: "A Postgres database.",
    keys: &[
        required("type", Shape::OneOf(&["postgres"]), "`postgres`."),
        required("host", Shape::Text, "The server, or the folder of its socket."),
        key("port", Shape::Integer(1, 65_535), "The port of the server; 5432 unless said."),
        required("database", Shape::Text, "The database."),
        key("user", Shape::Text, "The user who logs in."),
        key("password", Shape::Text, "The user's password; write `${NAME}`, never the password itself."),
        key(
            "tls",
            Shape::OneOf(&["off", "prefer", "require"]),
            "Whether the connection is encrypted; prefer unless said. What is encrypted is checked by certificate.",
        ),
        key("certificate_authority", Shape::Text, "A file of certificates in PEM against which the server is checked."),
    ],
    rules: &[],
};
