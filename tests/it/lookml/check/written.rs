//! LookML as people write it, which Looker takes: it raises nothing, and a mistake in it is found all the same.

use entente::diagnostics::Code;

use super::{checked, project, shown};

/// What is written, what is found in it, and mistakes: what is written instead of what, and what is found then.
type Written = (&'static str, &'static [&'static str], &'static [(&'static str, &'static str, &'static str)]);

const WRITTEN: &[Written] = &[
    // Views are named by their tables wherever there is SQL.
    (
        "
view: average { derived_table: { sql: SELECT AVG(d) AS d FROM t ;; } dimension: d { type: number } }
view: trips {
  dimension: d { type: number }
  dimension: is_long { type: yesno sql: ${d} > (SELECT d FROM ${average.SQL_TABLE_NAME}) ;; }
}
explore: trips { sql_always_where: ${trips.d} >= (SELECT d FROM ${average.SQL_TABLE_NAME} AS a) ;; }
",
        &[],
        &[
            ("${average.SQL_TABLE_NAME})", "${averag.SQL_TABLE_NAME})", "lookml-unknown-view"),
            ("${average.SQL_TABLE_NAME} AS", "${averag.SQL_TABLE_NAME} AS", "lookml-unknown-view"),
            ("${trips.d}", "${trips.e}", "lookml-unknown-field"),
        ],
    ),
    // A comma may stand before the first item.
    (
        r#"
view: shirts {
  dimension: id { primary_key: yes }
  dimension: color {
    suggestions: [
      , "Red"
      , "Green"
    ]
  }
  set: all { fields: [, id, color,] }
  measure: red { type: count filters: [,color: "Red"] }
}
explore: shirts {}
"#,
        &[],
        &[
            ("[, id", "[,, id", "lookml-syntax"),
            ("id, color", "id,, color", "lookml-syntax"),
            ("[,color", "[,colour", "lookml-unknown-field"),
        ],
    ),
    // New models began with this line, before there was any dashboard.
    (
        r#"
include: "*.dashboard.lookml"
datagroup: daily { sql_trigger: SELECT 1 ;; }
view: a { dimension: id {} }
view: b { dimension: id {} }
explore: a {
  persist_with: daily
  join: b { relationship: many_to_one sql_on: ${a.id} = ${b.id} ;; }
}
"#,
        &[],
        &[
            ("*.dashboard.lookml", "*.view.lkml", "lookml-empty-include"),
            ("*.dashboard.lookml", "sales.dashboard.lookml", "lookml-unknown-include"),
            ("*.dashboard.lookml", "b.view.lkml", "lookml-unknown-include"),
            ("persist_with: daily", "persist_with: dayly", "lookml-unknown-datagroup"),
            ("join: b", "join: c", "lookml-unknown-view"),
        ],
    ),
    // Where a pattern brings nothing, nothing is known from it.
    (
        "include: \"/views/*.view.lkml\"\nview: a { dimension: id {} }\nexplore: a { persist_with: daily }\n",
        &["lookml-empty-include", "lookml-unknown-datagroup"],
        &[],
    ),
    // What is only there to be extended stays so when it is refined.
    (
        r#"
view: base { extension: required dimension: full { sql: ${first} || ${last} ;; } }
view: +base { label: "Where" }
view: odd { extension: required dimension: twice { sql: ${base_of_twice} ;; } }
view: +odd { label: "Odd" }
view: stores { extends: [base] dimension: id {} dimension: first {} dimension: last {} }
explore: joins { extension: required join: none { relationship: many_to_one sql_on: ${none.x} = ${stores.id} ;; } }
explore: +joins { label: "Joins" }
explore: stores {}
"#,
        &[],
        &[
            ("view: odd { extension: required", "view: odd {", "lookml-unknown-field"),
            ("dimension: first {}", "", "lookml-unknown-field"),
            ("explore: joins { extension: required", "explore: joins {", "lookml-unknown-view"),
            ("explore: +joins {", "explore: more { extends: [joins]", "lookml-unknown-view"),
        ],
    ),
    // What is replaced is never run.
    (
        "
view: base { extension: required dimension: pk { primary_key: yes sql: ${replace_me} ;; } }
view: sales {
  extends: [base]
  dimension: id {}
  dimension: pk { sql: ${id} ;; drill_fields: [gone] html: {% condition gone %} a {% endcondition %} ;; }
  dimension: price { type: number sql: SUM(${gone}) ;; }
  measure: total { type: sum sql: ${price} ;; }
  measure: margin { type: number sql: ${total} * 0.1 ;; value_format_name: gone }
}
view: +sales {
  dimension: pk { drill_fields: [id] html: a ;; }
  dimension: price { sql: ${TABLE}.price ;; }
  measure: margin { type: sum sql: ${price} * 0.1 ;; value_format_name: usd }
}
explore: lines { extension: required sql_always_where: ${gone.x} = 1 ;; fields: [gone.x] }
explore: sales { extends: [lines] view_name: sales sql_always_where: ${id} = 1 ;; fields: [ALL_FIELDS*] }
",
        &[],
        &[
            ("sql: ${id} ;; drill_fields", "drill_fields", "lookml-unknown-field"),
            ("sql: ${price} * 0.1", "sql: ${total} * 0.1", "lookml-aggregate-of-aggregate"),
            ("sql: ${price} * 0.1", "sql: ${EXTENDED} * 2", "lookml-aggregate-of-aggregate"),
            ("drill_fields: [id]", "drill_fields: [EXTENDED*, id]", "lookml-unknown-field"),
            ("sql: ${TABLE}.price ;;", "", "lookml-aggregate-in-dimension"),
            ("html: a ;;", "", "lookml-unknown-field"),
            ("value_format_name: usd", "", "lookml-unknown-format"),
            ("sql_always_where: ${id} = 1 ;;", "", "lookml-unknown-view"),
            ("fields: [ALL_FIELDS*]", "", "lookml-unknown-view"),
        ],
    ),
    // So is the query of a derived table.
    (
        "
view: base { extension: required derived_table: { sql: SELECT * FROM ${replace_me.SQL_TABLE_NAME} ;; } dimension: id {} }
view: rows { extends: [base] derived_table: { sql: SELECT * FROM ${ids.SQL_TABLE_NAME} ;; } }
view: ids { dimension: id {} }
explore: rows {}
",
        &[],
        &[
            ("${ids.SQL_TABLE_NAME}", "${id.SQL_TABLE_NAME}", "lookml-unknown-view"),
            ("${ids.SQL_TABLE_NAME}", "(${EXTENDED}) AS e", "lookml-unknown-view"),
            ("derived_table: { sql: SELECT * FROM ${ids.SQL_TABLE_NAME} ;; }", "", "lookml-unknown-view"),
        ],
    ),
    // Dimensions and measures of type `time` have members.
    (
        "
view: events {
  dimension: id { primary_key: yes }
  dimension: made { type: time timeframes: [date, month] }
  measure: last { type: time sql: MAX(${TABLE}.made) ;; }
  measure: count { type: count drill_fields: [made_date, last_time, last] }
}
view: latest { derived_table: { explore_source: events { column: last_time {} } } dimension: last_time {} }
explore: events {}
explore: latest {}
",
        &[],
        &[
            ("[made_date", "[made_year", "lookml-unknown-field"),
            ("column: last_time", "column: last_moment", "lookml-unknown-field"),
            ("measure: last { type: time", "measure: last { type: date", "lookml-unknown-field"),
        ],
    ),
    // One synonym needs no list.
    (
        "view: users { dimension: id { synonyms: \"key\" } measure: n { type: max sql: ${id} ;; synonyms: [\"a\"] } }\nexplore: users {}\n",
        &[],
        &[("\"key\"", "yes", "lookml-wrong-value")],
    ),
    // A field leads back to itself only where an explore has the whole way.
    (
        "
view: a { dimension: id {} dimension: x { sql: ${b.y} ;; } }
view: b { dimension: id {} dimension: y {} dimension: z { sql: ${a.x} ;; } }
view: c { dimension: id {} dimension: y { sql: ${a.x} ;; } }
explore: a { join: b { relationship: many_to_one sql_on: ${a.id} = ${b.id} ;; } }
explore: c {
  join: a { relationship: many_to_one sql_on: ${a.id} = ${c.id} ;; }
  join: b { relationship: many_to_one sql_on: ${a.id} = ${b.id} ;; }
}
explore: d {
  from: c
  view_name: b
  join: a { from: b relationship: many_to_one sql_on: ${a.id} = ${b.id} ;; }
  join: other { from: a relationship: many_to_one sql_on: ${other.id} = ${b.id} ;; }
}
",
        &[],
        &[
            ("dimension: y {}", "dimension: y { sql: ${a.x} ;; }", "lookml-circular"),
            ("dimension: y {}", "dimension: y { sql: ${z} ;; }", "lookml-circular"),
            ("dimension: y {}", "dimension: y { sql: ${TABLE}.y || ${b.y} ;; }", "lookml-circular"),
        ],
    ),
    // A circle whose fields are taken away is never asked for.
    (
        "
view: a { dimension: id {} dimension: x { sql: ${b.y} ;; } set: odd { fields: [x] } }
view: b { dimension: id {} dimension: y { sql: ${a.x} ;; } }
explore: a {
  fields: [ALL_FIELDS*, -a.odd*, -b.y]
  join: b { relationship: many_to_one sql_on: ${a.id} = ${b.id} ;; }
}
",
        &[],
        &[("-a.odd*, -b.y", "-a.id", "lookml-circular")],
    ),
    // Comments and quoted texts call nothing.
    (
        "
view: bills {
  dimension: unit {
    sql: CASE WHEN ${TABLE}.u = 'gib' THEN 'GB'
      -- WHEN ${TABLE}.u = 'gib month' THEN ROUND(SUM(${TABLE}.a) * 30, 2)
      ELSE ${TABLE}.u END ;;
  }
  dimension: title { sql: 'Sum (USD)' ;; }
  dimension: note { sql: ${TABLE}.n /* not SUM(x) */ ;; }
}
explore: bills {}
",
        &[],
        &[
            ("ELSE ${TABLE}.u", "ELSE SUM(${TABLE}.u)", "lookml-aggregate-in-dimension"),
            ("'Sum (USD)'", "'Sum' || SUM(${TABLE}.u)", "lookml-aggregate-in-dimension"),
        ],
    ),
    // What a `count` ignores is said once.
    (
        "view: a { dimension: id { primary_key: yes } measure: n { type: count } measure: m { type: count sql: ${n} ;; } }\nexplore: a {}\n",
        &["lookml-ignored-parameter"],
        &[
            ("count sql: ${n}", "max sql: ${n}", "lookml-aggregate-of-aggregate"),
            ("sql: ${n}", "sql: ${o}", "lookml-unknown-field"),
        ],
    ),
    // Nothing is appended to the query of a trigger.
    (
        "datagroup: d { sql_trigger: SELECT MAX(id) FROM t -- newest ;; }\nview: a { dimension: id { sql: ${TABLE}.id ;; } }\nexplore: a {}\n",
        &[],
        &[("${TABLE}.id ;;", "${TABLE}.id -- newest ;;", "lookml-trailing-comment")],
    ),
    // Fields that every explore takes away may name views that are not there.
    (
        "
view: orders {
  dimension: id {}
  dimension: region { sql: ${customers.region} ;; }
  dimension_group: joined { type: time timeframes: [date, month] sql: ${customers.joined_raw} ;; }
  set: dates { fields: [joined_date, joined_month] }
  set: of_customers { fields: [region, dates*] }
}
explore: orders { fields: [ALL_FIELDS*, -orders.of_customers*] }
explore: few { view_name: orders fields: [orders.id] }
explore: joined { view_name: few from: orders fields: [ALL_FIELDS*, -of_customers*] }
explore: both {
  view_name: ids
  join: orders { relationship: one_to_one sql_on: ${ids.id} = ${orders.id} ;; fields: [-of_customers*] }
}
view: ids { dimension: id {} }
",
        &[],
        &[
            ("[joined_date, joined_month]", "[joined_date]", "lookml-unknown-view"),
            ("[region, dates*]", "[dates*]", "lookml-unknown-view"),
            ("[orders.id]", "[orders.id, orders.region]", "lookml-unknown-view"),
            ("[ALL_FIELDS*, -of_customers*]", "[ALL_FIELDS*]", "lookml-unknown-view"),
            ("fields: [-of_customers*]", "", "lookml-unknown-view"),
        ],
    ),
    // A view of an explore stands for all of its fields, and a group with a cast for one of its times.
    (
        "
view: orders { dimension: id {} dimension: region { sql: ${payer.region} ;; } }
view: people {
  dimension: id {}
  dimension: region {}
  dimension: gone { sql: ${nobody.x} ;; }
  dimension_group: born { type: time timeframes: [raw, date] sql: ${TABLE}.born ;; }
  dimension: age { sql: DATEDIFF('year', ${born::date}, ${people.born_raw::date}) ;; }
}
explore: orders {
  fields: [orders*, payer.region]
  join: payer { from: people relationship: many_to_one sql_on: ${orders.id} = ${payer.id} ;; }
}
explore: few {
  view_name: orders
  fields: [ALL_FIELDS*, -payer*]
  join: payer { from: people relationship: many_to_one sql_on: ${orders.id} = ${payer.id} ;; }
}
",
        &[],
        &[
            ("-payer*", "-payers*", "lookml-unknown-set"),
            ("-payer*", "-payer.id", "lookml-unknown-view"),
            ("${born::date}", "${bron::date}", "lookml-unknown-field"),
            ("${born::date}", "${born}", "lookml-unknown-field"),
        ],
    ),
    // Liquid may ask for what some explores do not have, and for anything that is no field.
    (
        r#"
view: sales {
  parameter: size { type: unquoted allowed_value: { value: "day" } }
  dimension: id { primary_key: yes }
  dimension_group: made { type: time timeframes: [date] }
  dimension: by {
    sql: {% assign x = size._parameter_value %}{% if x == 'day' and made._is_selected %}1
      {% elsif people.name._in_query %}2{% elsif _view._name == 'a._value' %}3{% endif %} ;;
    html: {{ _filters['sales.gone'] }} {{ row.sales.gone._value }} {% render x %} {{ people.name._value }} ;;
  }
  dimension: odd { sql: {% raw %}{{ gone._value }}{% endraw %} || '${' || '{TABLE}' || '$TABLE.x' ;; }
  measure: most { type: max sql: (SELECT SUM(x) FROM t) ;; }
  measure: top { type: max sql: SUM(${id}) OVER () ;; }
  measure: few { type: count filters: [made_date: "before 3 days ago, Monday, this year to second"] }
}
view: people { dimension: name {} }
explore: sales {
  sql_always_where: {% if sales.made_date._is_filtered %}1=1{% else %}2=2{% endif %} ;;
  join: t { from: people relationship: many_to_one sql_on: t.name = ${sales.id} AND ${sales.by} = ${people.name} ;; }
  join: people { relationship: many_to_one sql_on: ${sales.id} = ${people.name} ;; }
}
explore: alone { view_name: sales }
"#,
        &[],
        &[
            ("size._parameter_value", "sice._parameter_value", "lookml-unknown-field"),
            ("people.name._in_query", "people.nam._in_query", "lookml-unknown-field"),
            ("sales.made_date._is_filtered", "sales.made_day._is_filtered", "lookml-unknown-field"),
            ("t.name = ${sales.id} AND ", "", "lookml-join-without-condition"),
            ("t.name = ${sales.id} AND ${sales.by} = ", "${sales.most} = ", "lookml-join-without-condition"),
        ],
    ),
    // The query of an explore may be refined, and a field may say what it shows.
    (
        "
view: a { dimension: id { primary_key: yes } measure: n { type: count } }
view: facts {
  derived_table: { explore_source: a { column: id {} column: N { field: a.n } } }
  dimension: id {}
  dimension: n {}
  dimension: twice { sql: ${n} * 2 ;; }
  dimension: place { type: location sql_latitude: ${n} ;; sql_longitude: ${n} ;; }
  filter: chosen {}
}
view: +facts { derived_table: { explore_source: a { derived_column: rank { sql: RANK() OVER (ORDER BY n) ;; } } } dimension: rank {} }
view: more { extends: [facts] derived_table: { sql: SELECT 1 AS x ;; } dimension: x {} }
explore: a {}
explore: facts {}
",
        &[],
        &[("dimension: rank {}", "dimension: place_in_order {}", "lookml-unknown-field")],
    ),
];

/// Returns the codes that are found in a model, each with its message.
fn found(text: &str) -> (Vec<&'static str>, String) {
    let (files, checked) = checked(&project(&format!("=== shop.model.lkml\nconnection: \"c\"\n{text}")));
    let codes = checked.diagnostics.iter().map(|found| found.code.name()).collect();
    (codes, shown(&checked.diagnostics, &files))
}

#[test]
fn what_people_write_raises_no_false_alarm() {
    for (text, expected, mistakes) in WRITTEN {
        let (codes, messages) = found(text);
        assert_eq!(codes, *expected, "{text}\n{messages}");
        for (from, to, code) in *mistakes {
            assert!(text.contains(from), "{from:?} in {text}");
            let (codes, messages) = found(&text.replacen(from, to, 1));
            assert!(codes.contains(code), "{code} for {to:?} in {text}\n{messages}");
        }
    }
}

#[test]
fn each_include_that_matches_nothing_is_told_and_the_first_hundred_have_a_path_proposed() {
    let each = |line: &dyn Fn(usize) -> String| (0..250).map(line).collect::<Vec<_>>().concat();
    let includes = each(&|n| format!("include: \"/view/orders_{n}.view.lkml\"\n"));
    let views = each(&|n| format!("=== views/orders_{n}.view.lkml\nview: orders_{n} {{}}\n"));
    let (files, checked) = checked(&project(&format!("=== shop.model.lkml\nconnection: \"c\"\n{includes}{views}")));
    let missing: Vec<_> = checked.diagnostics.iter().filter(|found| found.code == Code::LookmlUnknownInclude).collect();
    assert_eq!(missing.len(), 250, "{}", shown(&checked.diagnostics, &files));
    for (number, found) in missing.iter().enumerate() {
        let help = found.help.as_deref().unwrap_or_default();
        let near = format!("Did you mean `/views/orders_{number}.view.lkml`?");
        assert!(if number < 100 { help == near } else { help.starts_with("Correct the path") }, "{number}: {help}");
    }
}
