"""What both programs here share: fakesnow as it is asked, and the tables of a question."""

import csv
import hashlib
import json
import tempfile
import warnings

import fakesnow.transforms

warnings.filterwarnings("ignore")
# It would sum every number in floating point, for the sake of texts that are summed; Snowflake sums numbers exactly.
fakesnow.transforms.numeric_agg_implicit_cast = lambda expression: expression
NULL = "\\N"
# DuckDB has no sketches; the set of the values itself counts them exactly, and is put together as a sketch is.
SKETCHES = [
    "hll_accumulate(value) AS list(DISTINCT CAST(value AS VARCHAR)) FILTER (value IS NOT NULL)",
    "hll_combine(state) AS list_distinct(flatten(list(state)))",
    "hll_estimate(state) AS len(state)",
    "hll_export(state) AS state",
    "hll_import(object) AS object",
]


class Tables:
    """The tables that were made, so that one that many questions read is made once."""

    def __init__(self, connection):
        self.connection = connection
        self.known = {}
        for macro in SKETCHES:
            connection.cursor()._duck_conn.execute(f"CREATE OR REPLACE MACRO {macro}")

    def make(self, tables):
        # A table that the question does not name must not answer for one that is missing.
        for name in [name for name in self.known if name not in tables]:
            self.connection.cursor().execute(f"DROP TABLE {name}")
            del self.known[name]
        for name, table in tables.items():
            digest = hashlib.sha256(json.dumps(table).encode()).hexdigest()
            if self.known.get(name) == digest:
                continue
            cursor = self.connection.cursor()
            if "." in name:
                cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {name.split('.')[0]}")
            columns = ", ".join(f'"{column.upper()}" {kind}' for column, kind in table["columns"])
            cursor.execute(f"CREATE OR REPLACE TABLE {name} ({columns})")
            with tempfile.NamedTemporaryFile("w", suffix=".csv", newline="", encoding="utf-8") as file:
                writer = csv.writer(file, quoting=csv.QUOTE_ALL)
                writer.writerows([[NULL if cell is None else cell for cell in row] for row in table["rows"]])
                file.flush()
                if table["rows"]:
                    options = f"FORMAT csv, HEADER false, NULLSTR '{NULL}', ALLOW_QUOTED_NULLS true, AUTO_DETECT false, QUOTE '\"', ESCAPE '\"'"
                    cursor._duck_conn.execute(f"COPY {name} FROM '{file.name}' ({options})")
            self.known[name] = digest
