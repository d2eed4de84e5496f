//! One mistake at a time, planted in a project without any: each is found, by its code, at its line.

use super::{Project, checked, clean::shop, shown};

/// The file, what is written there, what is written instead, the code, and the text whose line is reported.
type Mistake = (&'static str, &'static str, &'static str, &'static str, &'static str);

const MODEL: &str = "models/shop.model.lkml";
const SETTINGS: &str = "settings/settings.lkml";
const EXPLORE: &str = "explores/orders.explore.lkml";
const ORDERS: &str = "views/orders.view.lkml";
const CUSTOMERS: &str = "views/customers.view.lkml";
const LINES: &str = "views/lines.view.lkml";
const FACTS: &str = "views/facts.view.lkml";
const REFINED: &str = "refined/orders.view.lkml";
const TEST: &str = "tests/orders.test.lkml";

#[rustfmt::skip]
const MISTAKES: &[Mistake] = &[
    // Syntax
    (ORDERS, "type: string\n    suggestions", "type string\n    suggestions", "lookml-syntax", "type string\n    suggestions"),
    (ORDERS, "[raw, date]", "[raw date]", "lookml-syntax", "[raw date]"),
    (ORDERS, "label: \"Find {{ value }}\"", "label:", "lookml-syntax", "label:\n      url"),
    (ORDERS, "    sql: ${TABLE}.price ;;\n  }", "    sql: ${TABLE}.price ;;", "lookml-unclosed-block", "dimension: price {"),
    (LINES, "    datagroup_trigger: daily\n  }\n", "    datagroup_trigger: daily\n", "lookml-unclosed-block", "derived_table: {\n    sql:\n      -- one"),
    (ORDERS, "[0, 10, 50, 100]", "[0, 10, 50, 100", "lookml-unclosed-block", "tiers: [0"),
    (ORDERS, "view: orders {", "}\nview: orders {", "lookml-unclosed-block", "}\nview: orders {"),
    (REFINED, "label: \"Order Status\"", "label: \"Order Status", "lookml-unclosed-text", "label: \"Order Status"),
    (ORDERS, "sql: ${TABLE}.customer_id ;;", "sql: ${TABLE}.customer_id", "lookml-missing-terminator", "sql: ${TABLE}.customer_id"),
    (ORDERS, "sql: ${price} ;;\n    value_format_name: usd\n", "sql: ${price}\n    hidden: yes\n    html: x ;;\n", "lookml-missing-terminator", "hidden: yes\n    html"),
    (EXPLORE, "sql_on: ${orders.id} = ${lines.order_id} ;;", "sql_on: ${orders.id} = ${lines.order_id}", "lookml-missing-terminator", "sql_on: ${orders.id} = ${lines.order_id}"),
    (TEST, "test: orders", "- test: orders", "lookml-old-syntax", "- test"),
    // Parameters
    (ORDERS, "primary_key: yes", "primry_key: yes", "lookml-unknown-parameter", "primry_key"),
    (EXPLORE, "relationship: one_to_one", "relashionship: one_to_one", "lookml-unknown-parameter", "relashionship"),
    (SETTINGS, "max_cache_age", "max_cash_age", "lookml-unknown-parameter", "max_cash_age"),
    (EXPLORE, "    increment_offset: 3", "    increment_offsets: 3", "lookml-unknown-parameter", "increment_offsets"),
    (ORDERS, "  parameter: grain {", "  sql_on: a ;;\n  parameter: grain {", "lookml-unknown-parameter", "sql_on: a"),
    (ORDERS, "hidden: yes\n    type: number\n    value_format_name: id", "hidden: true\n    type: number\n    value_format_name: id", "lookml-wrong-value", "hidden: true"),
    (ORDERS, "type: percentile\n", "type: percentil\n", "lookml-wrong-value", "type: percentil\n"),
    (EXPLORE, "relationship: one_to_many", "relationship: one_to_may", "lookml-wrong-value", "relationship: one_to_may"),
    (EXPLORE, "type: left_outer\n    relationship: one_to_one", "type: left_outr\n    relationship: one_to_one", "lookml-wrong-value", "type: left_outr"),
    (MODEL, "week_start_day: monday", "week_start_day: mon", "lookml-wrong-value", "week_start_day"),
    (MODEL, "fiscal_month_offset: -3", "fiscal_month_offset: april", "lookml-wrong-value", "fiscal_month_offset"),
    (ORDERS, "datatype: date\n", "datatype: day\n", "lookml-wrong-value", "datatype: day"),
    (ORDERS, "percentile: 90", "percentile: 190", "lookml-wrong-value", "percentile: 190"),
    (ORDERS, "kind: previous", "kind: before", "lookml-wrong-value", "kind: before"),
    (ORDERS, "period: year", "period: decade", "lookml-wrong-value", "period: decade"),
    (ORDERS, "tiers: [0, 10, 50, 100]", "tiers: [0, 50, 10, 100]", "lookml-wrong-value", "[0, 50, 10"),
    (ORDERS, "tiers: [0, 10, 50, 100]", "tiers: \"0\"", "lookml-wrong-value", "tiers: \"0\""),
    (ORDERS, "filters: [id: \"NOT NULL\"]", "filters: [id]", "lookml-wrong-value", "filters: [id]"),
    (ORDERS, "    percentile: 90\n", "", "lookml-missing-parameter", "type: percentile"),
    (ORDERS, "    tiers: [0, 10, 50, 100]\n", "", "lookml-missing-parameter", "type: tier"),
    (ORDERS, "    list_field: status\n", "", "lookml-missing-parameter", "type: list"),
    (ORDERS, "    based_on_time: created_year\n", "", "lookml-missing-parameter", "type: period_over_period"),
    (ORDERS, "    sql_end: ${shipped_raw} ;;\n", "", "lookml-missing-parameter", "type: duration"),
    (ORDERS, "sql: ${status} = 'open' ;; label: \"1\"", "label: \"1\"", "lookml-missing-parameter", "label: \"1\""),
    (EXPLORE, "    user_attribute: region\n", "", "lookml-missing-parameter", "access_filter"),
    (SETTINGS, "  user_attribute: department\n", "", "lookml-missing-parameter", "access_grant: can_see_pii"),
    (EXPLORE, "      datagroup_trigger: daily\n", "", "lookml-missing-parameter", "materialization"),
    (EXPLORE, "      increment_key: \"created_date\"\n      increment_offset: 3\n    }\n  }", "    }\n  }\n  aggregate_table: more {\n    query: { measures: [revenue] }\n  }", "lookml-missing-parameter", "aggregate_table: more"),
    (LINES, "    datagroup_trigger: daily\n", "    datagroup_trigger: daily\n    increment_offset: 3\n", "lookml-missing-parameter", "increment_offset"),
    (REFINED, "label: \"Order Status\"", "label: \"Order Status\"\n    label: \"Status\"", "lookml-duplicate-parameter", "label: \"Status\""),
    // Names
    (ORDERS, "dimension: is_test {", "dimension: is-test {", "lookml-invalid-name", "is-test"),
    (ORDERS, "dimension: is_chosen {", "dimension: status {", "lookml-duplicate-name", "dimension: status {\n    type: yesno"),
    (ORDERS, "measure: statuses {", "measure: price {", "lookml-duplicate-name", "measure: price {"),
    (ORDERS, "dimension: period {", "dimension: created_week {", "lookml-duplicate-name", "dimension: created_week {"),
    (CUSTOMERS, "view: base {\n  extension: required", "view: customers {\n  extension: required", "lookml-duplicate-name", "view: customers {\n  extends"),
    (EXPLORE, "explore: finance {", "explore: orders {", "lookml-duplicate-name", "explore: orders {\n  extends"),
    (EXPLORE, "join: billing {", "join: orders {", "lookml-duplicate-name", "join: orders {"),
    (CUSTOMERS, "set: internal {", "set: detail {", "lookml-duplicate-name", "set: detail {\n    fields: [name"),
    // Files
    (MODEL, "/explores/*.explore.lkml", "/explore/*.explore.lkml", "lookml-empty-include", "/explore/*.explore.lkml"),
    (REFINED, "/views/orders.view.lkml", "/views/order.view.lkml", "lookml-unknown-include", "/views/order.view.lkml"),
    (MODEL, "include: \"/tests/*.lkml\"\n", "", "lookml-unused-file", ""),
    // References
    (ORDERS, "@{schema}", "@{shema}", "lookml-unknown-constant", "@{shema}"),
    (EXPLORE, "  view_name: orders\n", "  from: order\n", "lookml-unknown-view", "from: order"),
    (EXPLORE, "    from: customers\n", "    from: customer\n", "lookml-unknown-view", "from: customer"),
    (EXPLORE, "${orders.billing_id} = ", "${order.billing_id} = ", "lookml-unknown-view", "${order.billing_id}"),
    (REFINED, "view: +orders {", "view: +order {", "lookml-unknown-view", "view: +order {"),
    (CUSTOMERS, "extends: [base]", "extends: [bse]", "lookml-unknown-view", "extends: [bse]"),
    (LINES, "${lines.SQL_TABLE_NAME}", "${line.SQL_TABLE_NAME}", "lookml-unknown-view", "${line.SQL_TABLE_NAME}"),
    (EXPLORE, "extends: [orders]", "extends: [order]", "lookml-unknown-explore", "extends: [order]"),
    (FACTS, "explore_source: orders {", "explore_source: ordrs {", "lookml-unknown-explore", "explore_source: ordrs"),
    (TEST, "explore_source: orders {", "explore_source: order {", "lookml-unknown-explore", "explore_source: order"),
    (ORDERS, "sql: ${price} ;;\n    value_format_name: usd\n", "sql: ${prise} ;;\n", "lookml-unknown-field", "${prise}"),
    (ORDERS, "filters: [is_test: \"no\"", "filters: [is_tst: \"no\"", "lookml-unknown-field", "is_tst"),
    (ORDERS, "sql_start: ${created_raw}", "sql_start: ${created_minute}", "lookml-unknown-field", "${created_minute}"),
    (ORDERS, "sql: ${days_to_ship} ;;", "sql: ${weeks_to_ship} ;;", "lookml-unknown-field", "${weeks_to_ship}"),
    (ORDERS, "sql: 1.0 * ${revenue}", "sql: 1.0 * ${revenues}", "lookml-unknown-field", "${revenues}"),
    (ORDERS, "order_by_field: status_rank", "order_by_field: rank", "lookml-unknown-field", "order_by_field: rank"),
    (ORDERS, "suggest_dimension: status", "suggest_dimension: state", "lookml-unknown-field", "suggest_dimension: state"),
    (ORDERS, "{% condition chosen_status %}", "{% condition chosen %}", "lookml-unknown-field", "{% condition chosen %}"),
    (ORDERS, "fields: [id, created_date, hours_to_ship", "fields: [key, created_date, hours_to_ship", "lookml-unknown-field", "fields: [key"),
    (ORDERS, "${status} = 'done'", "${state} = 'done'", "lookml-unknown-field", "${state}"),
    (EXPLORE, "${customers.id} ;;", "${customers.key} ;;", "lookml-unknown-field", "${customers.key}"),
    (EXPLORE, "field: customers.region\n", "field: customers.area\n", "lookml-unknown-field", "field: customers.area"),
    (EXPLORE, "filters: [orders.created_date: \"28 days\"]", "filters: [orders.created_dat: \"28 days\"]", "lookml-unknown-field", "orders.created_dat:"),
    (EXPLORE, "unless: [orders.id, ", "unless: [orders.ids, ", "lookml-unknown-field", "unless: [orders.ids"),
    (EXPLORE, "dimensions: [created_date, ", "dimensions: [created_day, ", "lookml-unknown-field", "created_day"),
    (EXPLORE, "measures: [order_count, revenue]", "measures: [orders_count, revenue]", "lookml-unknown-field", "orders_count"),
    (EXPLORE, "${is_test} = FALSE", "${test} = FALSE", "lookml-unknown-field", "${test}"),
    (EXPLORE, "foreign_key: id", "foreign_key: fact_id", "lookml-unknown-field", "foreign_key: fact_id"),
    (EXPLORE, "-lines.line_id]", "-lines.line]", "lookml-unknown-field", "-lines.line]"),
    (FACTS, "field: orders.revenue", "field: orders.revenues", "lookml-unknown-field", "field: orders.revenues"),
    (FACTS, "from_field: facts.day", "from_field: facts.days", "lookml-unknown-field", "from_field: facts.days"),
    (FACTS, "dimension: rank {", "dimension: rnk {", "lookml-unknown-field", "dimension: rnk {"),
    (ORDERS, "{% if grain._parameter_value", "{% if grains._parameter_value", "lookml-unknown-field", "{% if grains"),
    (ORDERS, "{% if grain._parameter_value", "{% if customers.regoin._is_selected or grain._parameter_value", "lookml-unknown-field", "customers.regoin"),
    (ORDERS, "<b>{{ rendered_value }}</b>", "<b>{{ orders.stat._value }}</b>", "lookml-unknown-field", "orders.stat."),
    (ORDERS, "{{ value | url_encode }}", "{{ orders.stat._value | url_encode }}", "lookml-unknown-field", "orders.stat."),
    (EXPLORE, "AND ${is_test} = FALSE", "AND {% condition orders.chosen %} ${is_test} {% endcondition %}", "lookml-unknown-field", "orders.chosen %}"),
    (EXPLORE, "AND ${is_test} = FALSE", "AND {{ orders.grains._parameter_value }} = 1", "lookml-unknown-field", "orders.grains"),
    (TEST, "expression: ${orders.order_count}", "expression: ${orders.orders}", "lookml-unknown-field", "${orders.orders}"),
    (TEST, "expression: ${orders.order_count}", "expression: ${orders.revenue}", "lookml-unknown-field", "${orders.revenue}"),
    (ORDERS, "drill_fields: [detail*]", "drill_fields: [details*]", "lookml-unknown-set", "details*"),
    (EXPLORE, "-customers.internal*", "-customers.intern*", "lookml-unknown-set", "-customers.intern*"),
    (EXPLORE, "required_joins: [customers]", "required_joins: [customer]", "lookml-unknown-join", "required_joins: [customer]"),
    (MODEL, "persist_with: daily", "persist_with: dayly", "lookml-unknown-datagroup", "persist_with: dayly"),
    (LINES, "datagroup_trigger: daily", "datagroup_trigger: dayly", "lookml-unknown-datagroup", "dayly"),
    (CUSTOMERS, "required_access_grants: [can_see_pii]", "required_access_grants: [can_see_pi]", "lookml-unknown-access-grant", "can_see_pi]"),
    (ORDERS, "value_format_name: millions", "value_format_name: million", "lookml-unknown-format", "value_format_name: million"),
    (CUSTOMERS, "map_layer_name: regions", "map_layer_name: region", "lookml-unknown-map-layer", "map_layer_name: region"),
    // Meaning
    (ORDERS, "sql: ${TABLE}.price ;;", "sql: ${price} ;;", "lookml-circular", "sql: ${price} ;;"),
    (ORDERS, "sql: ${TABLE}.status ;;", "sql: CASE WHEN ${period} = '' THEN ${is_chosen} END ;;", "lookml-circular", "${status} {%"),
    (CUSTOMERS, "  extension: required\n", "  extends: [customers]\n", "lookml-circular", "extends: [base]"),
    (LINES, "FROM shop.lines AS l", "FROM ${line_totals.SQL_TABLE_NAME} AS l", "lookml-circular", "${line_totals.SQL_TABLE_NAME}"),
    (ORDERS, "type: average\n    sql: ${days_to_ship}", "type: average\n    sql: ${revenue}", "lookml-aggregate-of-aggregate", "sql: ${revenue} ;;"),
    (ORDERS, "type: sum\n    sql: ${price} ;;\n    value_format_name: usd", "type: sum\n    sql: SUM(${price}) ;;", "lookml-aggregate-of-aggregate", "SUM(${price})"),
    (ORDERS, "sql: ${days_to_ship} ;;", "sql: COUNT(*) ;;", "lookml-aggregate-of-aggregate", "COUNT(*)"),
    (REFINED, "sql: ${price} > 100", "sql: ${revenue} > 100", "lookml-measure-in-dimension", "${revenue} > 100"),
    (REFINED, "filters: [is_large: \"yes\"]", "filters: [revenue: \">1\"]", "lookml-filter-on-measure", "filters: [revenue"),
    (ORDERS, "NULLIF(${order_count}, 0) ;;", "NULLIF(${order_count}, 0) ;;\n    filters: [status: \"done\"]", "lookml-filtered-number", "filters: [status: \"done\"]"),
    (ORDERS, "dimension: price {\n", "dimension: price {\n    primary_key: yes\n", "lookml-several-primary-keys", "primary_key: yes\n    hidden: yes\n    type: number\n    sql: ${TABLE}.price"),
    (EXPLORE, "field: customers.region\n", "field: status\n", "lookml-unscoped-field", "field: status"),
    (EXPLORE, "${orders.id} = ${lines.order_id}", "${orders.id} = ${customers.id}", "lookml-join-without-condition", "sql_on: ${orders.id} = ${customers.id}"),
    (EXPLORE, "    sql_on: ${orders.id} = ${lines.order_id} ;;\n", "", "lookml-join-without-condition", "join: lines"),
    (ORDERS, "NULLIF(${order_count}, 0) ;;", "NULLIF(${order_count}, 0 ;;", "lookml-unbalanced-sql", "NULLIF(${order_count}, 0 ;;"),
    (ORDERS, "sql: ${TABLE}.customer_id ;;", "sql: ${TABLE.customer_id ;;", "lookml-unbalanced-sql", "${TABLE.customer_id"),
    (ORDERS, "sql: ${TABLE}.customer_id ;;", "sql: {TABLE}.customer_id ;;", "lookml-unbalanced-sql", "{TABLE}.customer_id"),
    (ORDERS, "sql: ${TABLE}.customer_id ;;", "sql: $TABLE.customer_id ;;", "lookml-unbalanced-sql", "$TABLE.customer_id"),
    (LINES, "ORDER BY l.id) AS", "ORDER BY l.id)) AS", "lookml-unbalanced-sql", "ORDER BY l.id))"),
    (ORDERS, "{{ value }}{% endif %} ;;", "{{ value }} ;;", "lookml-unclosed-liquid", "html:"),
    (ORDERS, "${status} {% endcondition %}", "${status}", "lookml-unclosed-liquid", "{% condition chosen_status %}"),
    (ORDERS, "{% else %} ${created_month}", "{% esle %} ${created_month}", "lookml-unclosed-liquid", "{% esle %}"),
    (ORDERS, "{% if value == 'done' %}", "{% if _user_attribute['a'] == 'done' %}", "lookml-unclosed-liquid", "_user_attribute["),
    (ORDERS, "{{ value | url_encode }}", "{{ value | url_encode }", "lookml-unclosed-liquid", "url: \"/explore"),
    (ORDERS, "timeframes: [raw, date]", "timeframes: [raw, day]", "lookml-invalid-timeframe", "timeframes: [raw, day]"),
    (ORDERS, "intervals: [hour, day]", "intervals: [hour, days]", "lookml-invalid-timeframe", "days]"),
    (ORDERS, "based_on: revenue", "based_on: average_price", "lookml-invalid-period", "based_on: average_price"),
    (ORDERS, "based_on_time: created_year", "based_on_time: status", "lookml-invalid-period", "based_on_time: status"),
    (EXPLORE, "${is_test} = FALSE", "${orders.revenue} > 1", "lookml-wrong-field-kind", "${orders.revenue} > 1"),
    (EXPLORE, "= ${lines.order_id}", "= ${lines.line_count}", "lookml-wrong-field-kind", "${lines.line_count}"),
    (ORDERS, "list_field: status", "list_field: revenue", "lookml-wrong-field-kind", "list_field: revenue"),
    (EXPLORE, "measures: [order_count, revenue]", "measures: [order_count, status]", "lookml-wrong-field-kind", "measures: [order_count, status]"),
    (ORDERS, "  drill_fields: [id, created_date]", "  derived_table: { sql: SELECT 1 ;; }", "lookml-conflicting-parameters", "derived_table"),
    (FACTS, "    persist_for: \"24 hours\"", "    sql: SELECT 1 ;;", "lookml-conflicting-parameters", "sql: SELECT 1"),
    (MODEL, "persist_with: daily", "persist_with: daily\npersist_for: \"1 hour\"", "lookml-ignored-parameter", "persist_with: daily"),
    (LINES, "GROUP BY 1 ;;", "GROUP BY 1; ;;", "lookml-semicolon-in-sql", "GROUP BY 1;"),
    // Doubts
    (EXPLORE, "    relationship: one_to_many\n", "", "lookml-missing-relationship", "join: lines"),
    (ORDERS, "    primary_key: yes\n", "", "lookml-missing-primary-key", ""),
    (ORDERS, "type: count\n    filters", "type: count\n    sql: ${id} ;;\n    filters", "lookml-ignored-parameter", "sql: ${id} ;;\n    filters"),
    (ORDERS, "type: sum\n    sql: ${price} ;;\n    value_format_name: usd", "type: sum", "lookml-missing-sql", "measure: revenue {"),
    (ORDERS, "sql: ${TABLE}.price ;;", "sql: ${TABLE}.price -- net ;;", "lookml-trailing-comment", "-- net"),
    (ORDERS, "[is_test: \"no\"", "[is_test: \"never\"", "lookml-filter-value", "\"never\""),
    (ORDERS, "created_date: \"7 days\"", "created_date: \"7 dayz\"", "lookml-filter-value", "\"7 dayz\""),
    (ORDERS, "filters: [id: \"NOT NULL\"]", "filters: [id: \"none\"]", "lookml-filter-value", "\"none\""),
    (ORDERS, "sql: 1.0 * ${revenue} / NULLIF(${order_count}, 0) ;;", "sql: 1.0 * ${price} ;;", "lookml-number-without-aggregate", "measure: average_price"),
    (ORDERS, "sql: ${TABLE}.price ;;", "sql: SUM(${TABLE}.price) ;;", "lookml-aggregate-in-dimension", "SUM("),
    (ORDERS, "timeframes: [raw, date]", "timeframes: [raw, date, hour]", "lookml-timeframe-of-date", "[raw, date, hour]"),
    (MODEL, "fiscal_month_offset: -3\n", "", "lookml-fiscal-without-offset", ""),
];

fn planted(mistake: &Mistake) -> (Project, usize) {
    let (path, from, to, _, place) = mistake;
    let mut project = shop();
    let text = project.get_mut(*path).unwrap_or_else(|| panic!("{path}"));
    assert!(text.contains(from), "{path} holds {from:?}");
    *text = text.replacen(from, to, 1);
    let at = text.find(place).unwrap_or_else(|| panic!("{path} holds {place:?}"));
    let line = text[..at].matches('\n').count() + 1;
    (project, line)
}

#[test]
fn every_mistake_is_found_at_its_line() {
    let mut missed = Vec::new();
    for mistake in MISTAKES {
        let (project, line) = planted(mistake);
        let (files, checked) = checked(&project);
        let (path, _, to, code, place) = mistake;
        let found = checked.diagnostics.iter().any(|found| {
            let here = files.file(found.span().file).path == *path && files.position(found.span()).line == line;
            found.code.name() == *code && (here || place.is_empty())
        });
        if !found {
            missed.push(format!("{code} at {path}:{line} ({to:?}):\n{}", shown(&checked.diagnostics, &files)));
        }
    }
    assert!(MISTAKES.len() >= 80, "{}", MISTAKES.len());
    assert!(missed.is_empty(), "{} of {} are missed:\n{}", missed.len(), MISTAKES.len(), missed.join("\n"));
}
