"""bqemulator with three gaps filled: its jobs.query reads no defaultDataset, as its jobs.insert does; it keeps no sketches; and
TO_JSON_STRING of null is null there, and the text `null` in BigQuery."""

import duckdb
from bqemulator.api.routes import jobs
from bqemulator.cli import main
from sqlglot import exp
from sqlglot.dialects.duckdb import DuckDB
from starlette.requests import Request

read = Request.json


async def qualified(self):
    body = await read(self)
    if isinstance(body, dict) and isinstance(body.get("query"), str):
        body["query"] = jobs._apply_default_dataset(body["query"], body, request_project_id="")
    return body


Request.json = qualified

# The set of the values itself counts them exactly, and is put together as a sketch is. A name with a dot is one of a routine to
# the emulator, and looked for among those of the project.
SKETCHES = [
    "values_of(sketches) AS list_distinct(flatten(list_transform(sketches, sketch -> from_json(decode(sketch), '[\"VARCHAR\"]'))))",
    "sketch_of(found) AS encode(CAST(to_json(found) AS VARCHAR))",
    "acme__hll_count__init(value, digits) AS sketch_of(list(DISTINCT CAST(value AS VARCHAR)) FILTER (value IS NOT NULL))",
    "acme__hll_count__merge_partial(sketch) AS sketch_of(values_of(list(sketch) FILTER (sketch IS NOT NULL)))",
    "acme__hll_count__merge(sketch) AS coalesce(len(values_of(list(sketch) FILTER (sketch IS NOT NULL))), 0)",
]
connect = duckdb.connect


def with_sketches(*arguments, **options):
    connection = connect(*arguments, **options)
    for macro in SKETCHES:
        connection.execute(f"CREATE OR REPLACE MACRO {macro}")
    return connection


duckdb.connect = with_sketches

json_format = DuckDB.Generator.TRANSFORMS[exp.JSONFormat]


def json_string(self, expression):
    text = json_format(self, expression)
    return text if expression.args.get("to_json") else f"COALESCE({text}, 'null')"


DuckDB.Generator.TRANSFORMS[exp.JSONFormat] = json_string
main()
