// Analyzes or runs GoogleSQL, offline. Reads one JSON document per line and answers each with one, in order:
//
//   { "sql": "SELECT …", "parameters": { "p1": { "type": "string", "value": "x" } },
//     "tables": { "marts.orders": { "columns": { "id": "integer" }, "rows": [[1], [2]] } }, "run": true }
//   → { "ok": true, "rows": [["1"]] }   or   { "ok": false, "error": "Unrecognized name: x [at 1:8]" }
//
// Types are those of schema/catalog.json, and `bytes` without values. Without "run" the query is only analyzed. Rows are text; null is null.
'use strict';

const { execFile } = require('node:child_process');
const { createRequire } = require('node:module');
const net = require('node:net');
const path = require('node:path');
const readline = require('node:readline');

const tools = process.argv[2];
const load = createRequire(path.join(path.resolve(tools), 'package.json'));
const grpc = load('@grpc/grpc-js');
const protoLoader = load('@grpc/proto-loader');
const home = path.join(tools, 'node_modules/@fivetrandevelopers/zetasql/lib/zetasql');

const KINDS = {
  string: 'TYPE_STRING',
  integer: 'TYPE_INT64',
  decimal: 'TYPE_NUMERIC',
  float: 'TYPE_DOUBLE',
  boolean: 'TYPE_BOOL',
  date: 'TYPE_DATE',
  datetime: 'TYPE_DATETIME',
  timestamp: 'TYPE_TIMESTAMP',
  json: 'TYPE_JSON',
  bytes: 'TYPE_BYTES',
  unknown: 'TYPE_STRING',
};

const POOLS = { definitions: [{ builtin: {} }] };
const MICROS_PER_DAY = 86_400_000_000n;

// The microseconds since 1970 of `2024-03-31 02:30:00.5`, read as UTC.
function micros(text) {
  const [, year, month, day, hour = '0', minute = '0', second = '0', fraction = ''] =
    /^(\d{4})-(\d\d)-(\d\d)(?:[ T](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,6}))?)?)?/.exec(text) ??
    fail(`not a time: ${text}`);
  const date = new Date(0);
  date.setUTCFullYear(+year, +month - 1, +day);
  date.setUTCHours(+hour, +minute, +second, 0);
  return BigInt(date.getTime()) * 1000n + BigInt(fraction.padEnd(6, '0'));
}

function timeText(value) {
  const ms = value / 1000n - (value % 1000n < 0n ? 1n : 0n);
  const rest = ((value % 1_000_000n) + 1_000_000n) % 1_000_000n;
  const text = new Date(Number(ms)).toISOString().slice(0, 19).replace('T', ' ');
  return rest === 0n ? text : `${text}.${String(rest).padStart(6, '0')}`;
}

// Whole numbers as GoogleSQL stores NUMERIC: the least number of bytes in two's complement, low ones first.
function toBytes(value) {
  const bytes = [];
  let rest = value;
  do {
    bytes.push(Number(rest & 0xffn));
    rest >>= 8n;
  } while (!((rest === 0n && bytes.at(-1) < 128) || (rest === -1n && bytes.at(-1) >= 128)));
  return Buffer.from(bytes);
}

function fromBytes(bytes) {
  let value = 0n;
  for (const byte of [...bytes].reverse()) value = (value << 8n) | BigInt(byte);
  return bytes.length > 0 && bytes.at(-1) >= 128 ? value - (1n << BigInt(8 * bytes.length)) : value;
}

function decimalText(value, scale) {
  const digits = String(value < 0n ? -value : value).padStart(scale + 1, '0');
  const fraction = digits.slice(-scale).replace(/0+$/, '');
  return `${value < 0n ? '-' : ''}${digits.slice(0, -scale)}${fraction ? `.${fraction}` : ''}`;
}

function numeric(text) {
  const [, sign, whole, fraction = ''] = /^([+-]?)(\d*)(?:\.(\d*))?$/.exec(text) ?? fail(`not a number: ${text}`);
  const value = BigInt(whole + fraction.padEnd(9, '0').slice(0, 9));
  return sign === '-' ? -value : value;
}

// A value of GoogleSQL from its text.
function encode(type, text) {
  if (text === null) return {};
  switch (type) {
    case 'integer':
      return { int64Value: text };
    case 'decimal':
      return { numericValue: toBytes(numeric(text)) };
    case 'float':
      return { doubleValue: Number(text) };
    case 'boolean':
      return { boolValue: text === 'true' };
    case 'date':
      return { dateValue: Number(micros(text) / MICROS_PER_DAY) - (micros(text) % MICROS_PER_DAY < 0n ? 1 : 0) };
    case 'datetime': {
      const at = micros(text);
      const seconds = at / 1_000_000n - (at % 1_000_000n < 0n ? 1n : 0n);
      const date = new Date(Number(seconds) * 1000);
      const fields = [
        [date.getUTCFullYear(), 26], [date.getUTCMonth() + 1, 22], [date.getUTCDate(), 17],
        [date.getUTCHours(), 12], [date.getUTCMinutes(), 6], [date.getUTCSeconds(), 0],
      ];
      const packed = fields.reduce((sum, [value, shift]) => sum | (BigInt(value) << BigInt(shift)), 0n);
      const nanos = Number(at - seconds * 1_000_000n) * 1000;
      return { datetimeValue: { bitFieldDatetimeSeconds: String(packed), nanos } };
    }
    case 'timestamp': {
      const at = micros(text);
      const seconds = at / 1_000_000n - (at % 1_000_000n < 0n ? 1n : 0n);
      return { timestampValue: { seconds: String(seconds), nanos: Number(at - seconds * 1_000_000n) * 1000 } };
    }
    case 'json':
      return { jsonValue: text };
    default:
      return { stringValue: text };
  }
}

// The text of a value of GoogleSQL.
function decode(value) {
  const kind = value.value;
  switch (kind) {
    case undefined:
      return null;
    case 'boolValue':
      return String(value.boolValue);
    case 'dateValue':
      return timeText(BigInt(value.dateValue) * MICROS_PER_DAY).slice(0, 10);
    case 'timestampValue': {
      const { seconds = 0, nanos = 0 } = value.timestampValue;
      return `${timeText(BigInt(seconds) * 1_000_000n + BigInt(nanos) / 1000n)}+00`;
    }
    case 'datetimeValue': {
      const packed = BigInt(value.datetimeValue.bitFieldDatetimeSeconds);
      const field = (shift, bits) => String((packed >> shift) & ((1n << bits) - 1n)).padStart(2, '0');
      const micros = Math.trunc((value.datetimeValue.nanos ?? 0) / 1000);
      const text = `${field(26n, 14n).padStart(4, '0')}-${field(22n, 4n)}-${field(17n, 5n)} ${field(12n, 5n)}:${field(6n, 6n)}:${field(0n, 6n)}`;
      return micros === 0 ? text : `${text}.${String(micros).padStart(6, '0')}`;
    }
    case 'numericValue':
      return decimalText(fromBytes(value.numericValue), 9);
    case 'bignumericValue':
      return decimalText(fromBytes(value.bignumericValue), 38);
    default:
      return String(value[kind]);
  }
}

function fail(message) {
  throw new Error(message);
}

// A catalog in which `marts.orders` and the one name "marts.orders" in backticks are the same table.
function catalog(tables, languageOptions) {
  const root = { name: 'root', table: [], catalog: [], builtinFunctionOptions: { languageOptions } };
  Object.entries(tables).forEach(([name, { columns }], index) => {
    const column = Object.entries(columns).map(([name, type]) => ({ name, type: { typeKind: KINDS[type] } }));
    const parts = name.split('.');
    let inner = root;
    for (const part of parts.slice(0, -1)) {
      let next = inner.catalog.find((known) => known.name === part);
      if (!next) inner.catalog.push((next = { name: part, table: [], catalog: [] }));
      inner = next;
    }
    const table = { name: parts.at(-1), fullName: name, serializationId: index + 1, column };
    inner.table.push(table);
    if (parts.length > 1) root.table.push({ ...table, name, serializationId: 1_000_000 + index });
  });
  return root;
}

// Rows can be given to tables of the outermost catalog only: `marts.orders` becomes one name in backticks, with the
// alias `orders` that it had by itself.
function withWholeNames(sql, names) {
  return names.filter((name) => name.includes('.')).reduce((text, name) => {
    const pattern = new RegExp(`(?<![\\w.\`])${name.replaceAll('.', '\\.')}(?![\\w.\`])(\\s+AS\\b)?`, 'g');
    return text.replace(pattern, (_, as) => `\`${name}\`${as ?? ` AS ${name.split('.').at(-1)}`}`);
  }, sql);
}

// Catalogs are registered once, since each holds all functions of the language.
async function registered(known, call, languageOptions, tables) {
  const key = JSON.stringify(tables);
  if (!known.has(key)) {
    const tableContent = {};
    for (const [name, { columns, rows }] of Object.entries(tables)) {
      const types = Object.values(columns);
      const row = (rows ?? []).map((row) => ({ cell: row.map((text, at) => encode(types[at], text)) }));
      tableContent[name] = { tableData: { row } };
    }
    const reply = await call('registerCatalog', {
      simpleCatalog: catalog(tables, languageOptions), descriptorPoolList: POOLS, tableContent,
    });
    known.set(key, reply.registeredId);
  }
  return known.get(key);
}

async function answer(known, call, languageOptions, request) {
  const parameters = Object.entries(request.parameters ?? {});
  const options = {
    languageOptions,
    defaultTimezone: 'UTC',
    queryParameters: parameters.map(([name, { type }]) => ({ name, type: { typeKind: KINDS[type] } })),
    errorMessageMode: 'ERROR_MESSAGE_ONE_LINE',
    pruneUnusedColumns: false,
  };
  const tables = request.tables ?? {};
  try {
    const registeredCatalogId = await registered(known, call, languageOptions, tables);
    const shared = { options, registeredCatalogId, descriptorPoolList: POOLS };
    if (!request.run) {
      await call('analyze', { sqlStatement: request.sql, ...shared });
      return { ok: true };
    }
    const sql = withWholeNames(request.sql, Object.keys(tables));
    const params = parameters.map(([name, { type, value }]) => ({ name, value: encode(type, value) }));
    const reply = await call('evaluateQuery', { sql, params, ...shared });
    return { ok: true, rows: (reply.content?.tableData?.row ?? []).map((row) => row.cell.map(decode)) };
  } catch (error) {
    return { ok: false, error: error.details || error.message };
  }
}

async function main() {
  const suffix = (process.arch.startsWith('arm') ? '_arm' : '') + (process.platform === 'darwin' ? '' : '.so');
  const port = await new Promise((resolve) => {
    const probe = net.createServer().listen(0, 'localhost', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
  const server = execFile(path.join(home, `remote_server${suffix}`), ['localhost', String(port)]);
  process.on('exit', () => server.kill('SIGKILL'));
  const definition = protoLoader.loadSync('local_service.proto', {
    longs: String, enums: String, oneofs: true, includeDirs: [path.join(home, 'protos')],
  });
  const { zetasql } = grpc.loadPackageDefinition(definition);
  const limit = 256 * 1024 * 1024;
  const client = new zetasql.local_service.ZetaSqlLocalService(`localhost:${port}`, grpc.credentials.createInsecure(), {
    'grpc.max_send_message_length': limit, 'grpc.max_receive_message_length': limit,
  });
  await new Promise((resolve, reject) => {
    client.waitForReady(Date.now() + 60_000, (error) => (error ? reject(error) : resolve()));
  });
  const call = (method, request) =>
    new Promise((resolve, reject) => client[method](request, (error, reply) => (error ? reject(error) : resolve(reply))));
  const languageOptions = await call('getLanguageOptions', { maximumFeatures: true });
  languageOptions.productMode = 'PRODUCT_EXTERNAL';
  languageOptions.nameResolutionMode = 'NAME_RESOLUTION_DEFAULT';
  // BigQuery has these, though the language's own list of features counts them as unfinished.
  languageOptions.enabledLanguageFeatures.push('FEATURE_INTERVAL_TYPE');
  languageOptions.enabledLanguageFeatures.push('FEATURE_V_1_4_GROUPING_BUILTIN', 'FEATURE_V_1_4_GROUPING_SETS');
  languageOptions.supportedStatementKinds = ['RESOLVED_QUERY_STMT'];
  const known = new Map();
  for await (const line of readline.createInterface({ input: process.stdin })) {
    if (line) process.stdout.write(`${JSON.stringify(await answer(known, call, languageOptions, JSON.parse(line)))}\n`);
  }
  // No process.exit() here: it would cut off what the pipe has not taken yet.
  client.close();
  server.kill('SIGKILL');
}

main().catch((error) => {
  process.stderr.write(`googlesql: ${error.stack}\n`);
  process.exit(1);
});
