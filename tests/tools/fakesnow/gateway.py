"""Snowflake's SQL API in front of fakesnow, which speaks only the protocol of Snowflake's own clients.

Prints its address and ends with its standard input. `PUT /tables/DATABASE` makes the tables of a question there. Answers are
written as https://docs.snowflake.com/en/developer-guide/sql-api/handling-responses tells: partitions of a few rows, packed.
"""

import datetime
import decimal
import gzip
import json
import re
import sys
import threading
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import snowflake.connector.errors
from emulated import Tables
from fakesnow.instance import FakeSnow
from sqlglot.dialects.snowflake import Snowflake
from sqlglot.tokens import TokenType

# Few, so that small answers come in several partitions too.
ROWS_OF_A_PARTITION = 4
EPOCH = datetime.datetime(1970, 1, 1)
WHOLE = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"}
NAMED = {
    "BOOLEAN": "boolean",
    "DATE": "date",
    "TIME": "time",
    "FLOAT": "real",
    "DOUBLE": "real",
    "TIMESTAMP WITH TIME ZONE": "timestamp_tz",
    "BLOB": "binary",
    "JSON": "variant",
}


def described(name, kind):
    """Returns the description of a column from the type that DuckDB gives it."""
    column = {"name": name, "type": "text", "scale": None, "precision": None, "nullable": True}
    if kind in WHOLE:
        column.update(type="fixed", precision=38, scale=0)
    elif match := re.fullmatch(r"DECIMAL\((\d+),\s*(\d+)\)", kind):
        column.update(type="fixed", precision=int(match[1]), scale=int(match[2]))
    elif kind in NAMED:
        column.update(type=NAMED[kind])
    elif kind.startswith("TIMESTAMP"):
        column.update(type="timestamp_ntz", precision=0, scale=9)
    elif kind.endswith("[]"):
        column.update(type="array")
    elif kind.startswith(("STRUCT", "MAP")):
        column.update(type="object")
    return column


def seconds(span):
    """Writes a span of time in seconds with nine digits behind the point."""
    micros = span // datetime.timedelta(microseconds=1)
    sign, micros = ("-", -micros) if micros < 0 else ("", micros)
    return f"{sign}{micros // 1_000_000}.{micros % 1_000_000 * 1000:09d}"


def cell(value, column):
    if value is None:
        return None
    match column["type"]:
        case "boolean":
            return "true" if value else "false"
        case "date":
            # fakesnow moves some dates to a midnight.
            day = value.date() if isinstance(value, datetime.datetime) else value
            return str((day - EPOCH.date()).days)
        case "time":
            return seconds(datetime.datetime.combine(EPOCH.date(), value) - EPOCH)
        case "timestamp_ntz":
            return seconds(value - EPOCH)
        case "timestamp_tz":
            # Behind the instant stands the offset, one hour before that of London in winter.
            utc = value.astimezone(datetime.timezone.utc).replace(tzinfo=None)
            return f"{seconds(utc - EPOCH)} 1380"
        case "real":
            return {"nan": "NaN"}.get(repr(value), repr(value))
        case "binary":
            return value.hex().upper()
        case "array" | "object":
            return json.dumps(value, default=str)
    return format(value, "f") if isinstance(value, decimal.Decimal) else str(value)


def bound(binding):
    """Reads a binding of the statement's document."""
    kind, value = binding["type"], binding["value"]
    if value is None:
        return None
    match kind:
        case "FIXED":
            return int(value)
        case "REAL":
            return float(value)
        case "BOOLEAN":
            return value == "true"
        case "TEXT":
            return value
    raise ValueError(f"a binding of type {kind}")


def parts(text):
    """Cuts a text at the semicolons between its statements."""
    ends = [token.start for token in Snowflake().tokenize(text) if token.token_type == TokenType.SEMICOLON]
    starts = [0] + [end + 1 for end in ends]
    return [text[start:end].strip() for start, end in zip(starts, ends + [len(text)]) if text[start:end].strip()]


class Statement:
    """A statement: it runs in a thread of its own, and is asked for by its handle."""

    def __init__(self, session, document):
        self.handle = str(uuid.uuid4())
        self.session = session
        self.cursor = session.connection.cursor()
        self.error, self.columns, self.rows = None, [], []
        self.is_done = threading.Event()
        threading.Thread(target=self.run, args=(document,), daemon=True).start()

    def run(self, document):
        try:
            bindings = document.get("bindings", {})
            values = [bound(bindings[str(number)]) for number in range(1, len(bindings) + 1)]
            count = int(document.get("parameters", {}).get("MULTI_STATEMENT_COUNT", 1))
            statements = parts(document["statement"]) if count != 1 else [document["statement"]]
            if count not in (0, len(statements)):
                told = f"Actual statement count {len(statements)} did not match the desired statement count {count}."
                raise snowflake.connector.errors.ProgrammingError(told, errno=8)
            if count != 1:
                return self.run_all(statements)
            with self.session.lock:
                self.cursor.execute(document["statement"], binding_params=values or None, server=True)
                # Its own answer has gone through Arrow, which makes floating point of whole numbers of 128 bits.
                result = self.cursor._duck_conn.execute(self.cursor._last_sql, self.cursor._last_params or None)
                self.columns = [described(name, str(kind)) for name, kind, *_ in result.description]
                rows = result.fetchall()
            self.rows = [[cell(value, column) for value, column in zip(row, self.columns)] for row in rows]
        except snowflake.connector.errors.Error as error:
            self.error = (f"{error.errno or 0:06d}", error.msg or str(error))
        except Exception as error:
            self.error = ("000000", f"{type(error).__name__}: {error}")
        finally:
            self.is_done.set()

    def run_all(self, statements):
        """Runs statements one after the other. The session of a request ends with it, and with it an open transaction."""
        with self.session.lock:
            is_open = False
            try:
                for statement in statements:
                    self.cursor.execute(statement, server=True)
                    word = statement.split()[0].upper()
                    is_open = (is_open or word == "BEGIN") and word not in ("COMMIT", "ROLLBACK")
            finally:
                if is_open:
                    self.cursor.execute("ROLLBACK", server=True)
        self.columns = [described("multiple statement execution", "VARCHAR")]
        self.rows = [["Multiple statements executed successfully."]]

    def partition(self, number):
        return self.rows[number * ROWS_OF_A_PARTITION : (number + 1) * ROWS_OF_A_PARTITION]

    def answer(self, number):
        """Returns the status and the document of a partition."""
        url = f"/api/v2/statements/{self.handle}"
        told = {"statementHandle": self.handle, "statementStatusUrl": url}
        # A moment, so that an answer may also be waited for.
        if not self.is_done.wait(0.005):
            return 202, {"code": "333334", "message": "Asynchronous execution in progress.", **told}
        if self.error:
            return 422, {"code": self.error[0], "message": self.error[1], "sqlState": "42000", **told}
        if number > 0:
            return 200, {"data": self.partition(number)}
        starts = range(0, max(len(self.rows), 1), ROWS_OF_A_PARTITION)
        counts = [{"rowCount": len(self.rows[start : start + ROWS_OF_A_PARTITION])} for start in starts]
        data = {"numRows": len(self.rows), "format": "jsonv2", "rowType": self.columns, "partitionInfo": counts}
        return 200, {"code": "090001", "resultSetMetaData": data, "data": self.partition(0), **told}


class Session:
    """A session of a database. One statement after the other runs in it."""

    def __init__(self, connection):
        self.connection, self.tables, self.lock = connection, Tables(connection), threading.Lock()


class Databases:
    """The databases, each with a session."""

    def __init__(self):
        self.server, self.sessions, self.lock = FakeSnow(), {}, threading.Lock()

    def session(self, database):
        with self.lock:
            if database not in self.sessions:
                self.sessions[database] = Session(self.server.connect(database, "MAIN"))
            return self.sessions[database]


databases, statements, of_request = Databases(), {}, {}


class Gateway(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_PUT(self):
        database = urlsplit(self.path).path.removeprefix("/tables/")
        session = databases.session(database)
        with session.lock:
            session.tables.make(self.document())
        self.reply(200, {})

    def do_POST(self):
        document, url = self.document(), urlsplit(self.path)
        words = url.path.strip("/").split("/")
        if words[-1] == "cancel":
            self.cancel(words[3])
        elif words == ["api", "v2", "statements"]:
            self.begin(document, {key: values[0] for key, values in parse_qs(url.query).items()})
        else:
            self.reply(404, {"code": "390404", "message": "there is no such endpoint"})

    def do_GET(self):
        url = urlsplit(self.path)
        statement = statements.get(url.path.rsplit("/", 1)[-1])
        if statement is None:
            return self.reply(404, {"code": "000709", "message": "there is no such statement"})
        number = int(parse_qs(url.query).get("partition", ["0"])[0])
        self.reply(*statement.answer(number))

    def begin(self, document, query):
        if not document.get("database"):
            return self.reply(422, {"code": "090105", "message": "This session does not have a current database."})
        # A request that comes twice is one statement.
        handle = of_request.get(query["requestId"])
        if handle is None:
            statement = Statement(databases.session(document["database"]), document)
            handle = of_request[query["requestId"]] = statement.handle
            statements[handle] = statement
        if query.get("async") != "true":
            statements[handle].is_done.wait(45)
        self.reply(*statements[handle].answer(0))

    def cancel(self, handle):
        if handle not in statements:
            return self.reply(404, {"code": "000709", "message": "there is no such statement"})
        statements[handle].cursor._duck_conn.interrupt()
        self.reply(200, {"code": "000604", "message": "SQL execution canceled", "statementHandle": handle})

    def document(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        return json.loads(body) if body else None

    def reply(self, status, document):
        body = gzip.compress(json.dumps(document).encode(), 1)
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Gateway)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(f"http://127.0.0.1:{server.server_port}", flush=True)
sys.stdin.read()
