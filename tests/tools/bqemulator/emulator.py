"""bqemulator with four gaps filled: its jobs.query reads no defaultDataset, as its jobs.insert does; it keeps no sketches;
TO_JSON_STRING of null is null there, and the text `null` in BigQuery; and its weeks begin on Sunday whatever day is asked for.
https://cloud.google.com/bigquery/docs/reference/standard-sql/date_functions#date_trunc
"""

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

date_trunc = DuckDB.Generator.datetrunc_sql
date_diff = DuckDB.Generator.TRANSFORMS[exp.DateDiff]


def begins_on_monday(expression):
    unit = expression.args.get("unit")
    return isinstance(unit, exp.WeekStart) and unit.name.upper() == "MONDAY"


def monday(self, expression, day):
    day = f"CAST({self.sql(expression, day)} AS DATE)"
    return f"CAST({day} - INTERVAL (ISODOW({day}) - 1) DAY AS DATE)"


def week_of_monday(self, expression):
    return monday(self, expression, "this") if begins_on_monday(expression) else date_trunc(self, expression)


def weeks_between(self, expression):
    if not begins_on_monday(expression):
        return date_diff(self, expression)
    return f"DATE_DIFF('DAY', {monday(self, expression, 'expression')}, {monday(self, expression, 'this')}) // 7"


DuckDB.Generator.datetrunc_sql = week_of_monday
DuckDB.Generator.TRANSFORMS[exp.DateDiff] = weeks_between
main()
