"""Runs SQL of Snowflake on fakesnow: a question in JSON per line in, an answer in JSON per line out.

{"sql": "…", "parameters": ["…"], "tables": {"marts.orders": {"columns": [["price", "NUMBER(38, 9)"]], "rows": [["1.50"]]}}}
"""

import datetime
import decimal
import json
import sys

import fakesnow
import snowflake.connector

from emulated import Tables


def text(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime.datetime):
        if value.tzinfo is None:
            return value.isoformat(" ")
        return value.astimezone(datetime.timezone.utc).replace(tzinfo=None).isoformat(" ") + "+00"
    if isinstance(value, decimal.Decimal):
        return format(value, "f")
    return None if value is None else str(value)


def answer(tables, question):
    try:
        tables.make(question["tables"])
        cursor = tables.connection.cursor()
        cursor.execute(question["sql"], question["parameters"] or None)
        # Its own answer has gone through Arrow, which makes floating point of whole numbers of 128 bits.
        rows = cursor._duck_conn.execute(cursor._last_sql, cursor._last_params or None).fetchall()
        return {"rows": [[text(cell) for cell in row] for row in rows]}
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"}


with fakesnow.patch():
    snowflake.connector.paramstyle = "qmark"
    tables = Tables(snowflake.connector.connect(database="warehouse", schema="main"))
    for line in sys.stdin:
        print(json.dumps(answer(tables, json.loads(line))), flush=True)
