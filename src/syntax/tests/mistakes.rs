//! Mistakes are told at their place, all at once, with a way out.

use super::told;

/// A text, and what is told about it.
type Case = (&'static str, &'static [&'static str]);

#[test]
fn everything_wrong_is_told_in_one_pass() {
    let text = "metrics:
  - name: revenue
    modle: shipments
    agg: sum
    desciption: Price.
    hidden: yes
    window: 28 dayz
  - { name: other, table: x }
modles: []
";
    assert_eq!(
        told(text),
        [
            "unknown-key 3:5 metric `revenue` has no key `modle` | Write `model`.",
            "unknown-key 5:5 metric `revenue` has no key `desciption` | Write `description`.",
            "wrong-value 6:13 `hidden` of metric `revenue` takes `true` or `false`, found `yes` | Write `hidden: true`.",
            "missing-key 7:5 metric `revenue` has `window` but not `metric` | Name the metric that is accumulated: define it apart and add `metric`.",
            "wrong-value 7:13 `window` of metric `revenue` takes a number and a unit of time, found `28 dayz` | Write `28 days`.",
            "missing-key 8:5 metric `other` has none of `agg`, `expr`, `metric` or `funnel` | Add `model` and `agg` for a number of rows, `expr` for a formula over metrics, or `metric` with `window`.",
            "unknown-key 8:20 metric `other` has no key `table` | Write one of `name`, `model`, `agg`, `expr`, `where`, `label`, `description`, `owner`, `group`, `hidden`, `synonyms`, `tags`, `lookml`, `time`, `inputs`, `metric`, `window`, `to_date`, `all_time`, `take`, `offset`, `when_empty`, `discrete`, `approximate`, `balance`, `funnel`, `result`, `same`, `per`, `include`, `ignore`, `status`, `replaced_by`, `sunset`, `revision`, `unit`, `format`, `good`, `meta`, or put it under `meta`.",
            "unknown-key 9:1 a file of definitions has no key `modles` | Write `models`."
        ]
    );
}

#[test]
fn an_expression_that_yaml_cuts_is_shown_in_quotes() {
    check(CUT);
}

#[test]
fn features_that_hide_meaning_are_refused() {
    check(FEATURES);
}

#[test]
fn values_of_the_wrong_form_are_told_with_the_right_one() {
    check(FORMS);
}

#[test]
fn a_definition_that_is_not_yaml_hides_no_other_mistake() {
    let text = "metrics:
  - name: a
    label: \"open
  - name: b
    modle: m
    agg: count
  - name: c
   model: m
  - { name: d, model: m, agg: count, where: s in ('a', 'b') }
  - { name: e, model: m, agg: count, hidden: no }
models:
  - name: f
    table: [
tests:
  - name: g
    metric: a
    expect: 1
";
    assert_eq!(
        told(text),
        [
            "invalid-yaml 3:12 the quotes are not closed | Close the quotes at the end of the text.",
            "unknown-key 5:5 metric `b` has no key `modle` | Write `model`.",
            "invalid-yaml 8:4 the line is neither indented like the keys above it nor an entry of the list | Begin all keys of one definition in the same column, and each entry of a list with `- `.",
            "expression-cut-by-yaml 9:45 YAML does not read the expression of `where` as one text | \
             Put it in quotes: `- { name: d, model: m, agg: count, where: \"s in ('a', 'b')\" }`.",
            "wrong-value 10:46 `hidden` of metric `e` takes `true` or `false`, found `no` | Write `hidden: false`.",
            "invalid-yaml 13:12 brackets are not closed | \
             Close a list with `]`, put a comma between entries, and quote entries with commas or brackets.",
        ]
    );
}

fn check(cases: &[Case]) {
    for (text, expected) in cases {
        assert_eq!(told(text), *expected, "{text}");
    }
}

const CUT: &[Case] = &[
    (
        "metrics:\n  - { name: x, model: m, agg: sum, expr: coalesce(a, b), label: L }\n",
        &[
            r#"expression-cut-by-yaml 2:42 YAML cuts the expression of `expr` at a comma | Put it in quotes: `- { name: x, model: m, agg: sum, expr: "coalesce(a, b)", label: L }`."#,
        ],
    ),
    (
        "metrics:\n  - { name: x, model: m, agg: count, where: service in ('a', 'b') }\n",
        &[
            r#"expression-cut-by-yaml 2:45 YAML does not read the expression of `where` as one text | Put it in quotes: `- { name: x, model: m, agg: count, where: "service in ('a', 'b')" }`."#,
        ],
    ),
    (
        "metrics:\n  - name: x\n    model: m\n    agg: count\n    where: name = 'a #1'\n",
        &[
            r#"expression-cut-by-yaml 5:12 YAML cuts the expression of `where` at ` #` | Put it in quotes: `where: "name = 'a #1'"`."#,
        ],
    ),
    (
        "metrics:\n  - name: x\n    model: m\n    agg: count\n    where: kind = 'a: b'\n",
        &[
            r#"expression-cut-by-yaml 5:12 YAML does not read the expression of `where` as one text | Put it in quotes: `where: "kind = 'a: b'"`."#,
        ],
    ),
    (
        "metrics:\n  - name: x\n    model: m\n    agg: sum\n    expr: \"a\" || b\n",
        &[
            r#"expression-cut-by-yaml 5:11 YAML does not read the expression of `expr` as one text | Put it in quotes: `expr: '"a" || b'`."#,
        ],
    ),
    (
        "models:\n  - { name: x, table: t, joins: [{ to: y, key: { a: f(b, c), d: e } }] }\n",
        &[
            r#"expression-cut-by-yaml 2:53 YAML cuts the expression of `a` at a comma | Put it in quotes: `- { name: x, table: t, joins: [{ to: y, key: { a: "f(b, c)", d: e } }] }`."#,
        ],
    ),
    (
        "metrics:\n  - { name: x, model: m, agg: sum, expr: { bigquery: f(a, b), duckdb: g(a, b, c) } }\n",
        &[
            r#"expression-cut-by-yaml 2:54 YAML cuts the expression of `bigquery` at a comma | Put it in quotes: `- { name: x, model: m, agg: sum, expr: { bigquery: "f(a, b)", duckdb: g(a, b, c) } }`."#,
            r#"expression-cut-by-yaml 2:71 YAML cuts the expression of `duckdb` at a comma | Put it in quotes: `- { name: x, model: m, agg: sum, expr: { bigquery: f(a, b), duckdb: "g(a, b, c)" } }`."#,
        ],
    ),
    (
        "metrics:\n  - name: x\n    model: m\n    agg: count\n    where: 'a' = b\n",
        &[
            r#"expression-cut-by-yaml 5:12 YAML does not read the expression of `where` as one text | Put it in quotes: `where: "'a' = b"`."#,
        ],
    ),
];

const FEATURES: &[Case] = &[
    (
        "a: &x 1\nmetrics: []\n",
        &[
            "unknown-key 1:1 a file of definitions has no key `a` | Write one of `models`, `metrics`, `tables`, `saved_queries`, `tests`, `rollups`, `policies`, `calendars`, `meta`, or put it under `meta`.",
            "yaml-feature 1:4 a YAML anchor is not part of the definitions language | Leave the anchor out and write the value where it is needed.",
        ],
    ),
    (
        "metrics: *x\n",
        &[
            "yaml-feature 1:10 a YAML alias is not part of the definitions language | Write the value itself, or quote it if it is text that begins with `*`.",
        ],
    ),
    (
        "metrics: !!seq []\n",
        &[
            "yaml-feature 1:10 a YAML tag is not part of the definitions language | Leave the tag out; what a value means follows from its key.",
        ],
    ),
    (
        "<<: {a: 1}\n",
        &[
            "yaml-feature 1:1 a merge key is not part of the definitions language | Write the keys out where they are needed.",
        ],
    ),
    (
        "metrics: []\n---\nmodels: []\n",
        &[
            "yaml-feature 2:1 a second document is not part of the definitions language | Put its sections into a file of their own.",
        ],
    ),
    (
        "[a]: 1\n",
        &[
            "yaml-feature 1:1 a key that is a list or a mapping is not part of the definitions language | Write a name before the `:`, in quotes if need be.",
        ],
    ),
    (
        "%YAML 1.2\n---\nmetrics: []\n",
        &[
            "yaml-feature 1:1 a YAML directive is not part of the definitions language | Leave the line that begins with `%` out.",
        ],
    ),
    ("metrics: []\nmetrics: []\n", &["duplicate-key 2:1 key `metrics` is given twice | Keep one of the two."]),
    (
        ": x\n",
        &[
            "yaml-feature 1:1 an empty key is not part of the definitions language | Give the key a name before the `:`.",
        ],
    ),
    (
        "metrics:\n  - name: x\n\tmodel: y\n",
        &["invalid-yaml 3:1 a tab stands where YAML allows only spaces | Indent with two spaces."],
    ),
    (
        "metrics:\n\t- name: x\n",
        &["invalid-yaml 2:1 a tab stands where YAML allows only spaces | Indent with two spaces."],
    ),
    (
        "metrics:\n  - name: x\n   model: y\n",
        &[
            "invalid-yaml 3:4 the line is neither indented like the keys above it nor an entry of the list | Begin all keys of one definition in the same column, and each entry of a list with `- `.",
        ],
    ),
    (
        "metrics:\n  - name x\n    model: y\n",
        &[
            "invalid-yaml 3:10 `: ` is not possible here | Put text that holds `: ` in quotes, or begin a new line for a new key.",
        ],
    ),
    (
        "metrics: [\n",
        &[
            "invalid-yaml 1:10 brackets are not closed | Close a list with `]`, put a comma between entries, and quote entries with commas or brackets.",
        ],
    ),
    (
        "metrics: {a: b\n",
        &[
            "invalid-yaml 1:10 braces are not closed | Close them with `}`, put a comma between entries, and quote values with commas or brackets.",
        ],
    ),
    ("metrics: \"abc\n", &["invalid-yaml 1:10 the quotes are not closed | Close the quotes at the end of the text."]),
    ("metrics: `a`\n", &["invalid-yaml 1:10 text cannot begin with `@` or a backquote | Put the text in quotes."]),
];

const FORMS: &[Case] = &[
    (
        "- a\n",
        &[
            "wrong-value 1:1 a file of definitions is written as keys with values, found a list | Write its keys: `models: …`, `metrics: …`, `tables: …`.",
        ],
    ),
    (
        "metrics: 5\n",
        &[
            "wrong-value 1:10 `metrics` of a file of definitions takes a list, each entry a metric, found `5` | Write `metrics: [{ name: … }]`.",
        ],
    ),
    (
        "metrics:\n  name: x\n",
        &[
            "wrong-value 2:3 `metrics` of a file of definitions takes a list, each entry a metric, found keys | Write `metrics: [{ name: … }]`.",
        ],
    ),
    (
        "metrics:\n  - name: [x]\n    label:\n    window: 3\n    all_time: \"true\"\n    revision: 100000000000000000000000000000\n    metric: y\n    format: x\n    status: depricated\n",
        &[
            "wrong-value 2:11 `name` of a metric takes a name in `snake_case`, found a list | Write `name: some_name`.",
            "wrong-value 3:10 `label` of a metric has no value | Write text after `label:`, or leave the key out.",
            "wrong-value 4:13 `window` of a metric takes a number and a unit of time, found `3` | Write a number and one of second, minute, hour, day, week, month, quarter, year, such as `28 days`.",
            "conflicting-keys 5:5 a metric has both `window` and `all_time` | Keep the one that is meant.",
            "wrong-value 5:16 `all_time` of a metric takes `true` or `false`, found `true` | Write `all_time: true`, without quotes.",
            "wrong-value 6:15 `revision` of a metric is too large: `100000000000000000000000000000` | Write at most 4294967295.",
            "wrong-value 9:13 `status` of a metric cannot be `depricated` | Write `deprecated`.",
        ],
    ),
    (
        "models:\n - name: x\n   table: a\n   sql: b\n   unique: [a]\n   joins:\n   - to: z\n",
        &[
            "conflicting-keys 4:4 model `x` has both `table` and `sql` | Keep `table` for a table of the warehouse, or `sql` for a SELECT.",
            "wrong-value 5:13 `unique` of model `x` takes a list of lists of names, found `a` | Write `unique: [[first_column, second_column]]`.",
            "missing-key 7:6 a join has no `key` | Add `key: customer_id`.",
        ],
    ),
    (
        "metrics:\n  - name: x\n    meta: {a: 100000000000000000000000000000}\n    window: -1 day\n    metric: x\n",
        &[
            "wrong-value 3:15 `100000000000000000000000000000` cannot be kept exactly as a number | Put it in quotes to keep it as text.",
            "wrong-value 4:13 `window` of metric `x` takes at least `1 day`, found `-1 day` | Write a positive number of days.",
        ],
    ),
    (
        "metrics:\n  - { name: x, description: Parcels, booked by us, model: x, agg: count }\n",
        &[
            "unknown-key 2:38 metric `x` has no key `booked by us` | YAML ends the text of `description` at the comma; put the whole text in quotes.",
        ],
    ),
    (
        "tests:\n  - {name: a, metric: b, between: [1], expect: 1}\n",
        &[
            "wrong-value 2:35 `between` of test `a` takes a list of two numbers, found a list of 1 | Write `between: [0, 1]`.",
            "conflicting-keys 2:40 test `a` has both `between` and `expect` | Write one test for each.",
        ],
    ),
];
