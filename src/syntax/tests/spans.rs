//! Every value keeps the place at which it was written.

use super::load_text;
use crate::syntax::ExpressionDef;

#[test]
fn a_place_is_exact_in_bytes_behind_letters_of_several_bytes() {
    let (files, definitions, told) =
        load_text("# größer\nmetrics:\n- {name: größe, label: \"ä ö\", model: m, agg: sum, expr: 'a + ü'}\n");
    assert_eq!(told, []);
    let metric = &definitions.metrics[0];
    assert_eq!(files.text(metric.name.span), "größe");
    assert_eq!(files.text(metric.docs.label.as_ref().expect("written").span), "ä ö");
    assert_eq!(files.text(metric.expr.as_ref().expect("written").span()), "a + ü");
    assert_eq!(files.text(metric.span), "{name: größe, label: \"ä ö\", model: m, agg: sum, expr: 'a + ü'}");
    assert_eq!(files.position(metric.name.span).column, 10);
}

#[test]
fn a_place_in_a_block_of_an_expression_is_a_place_in_the_file() {
    let text = "metrics:\n  - name: x\n    model: m\n    agg: sum\n    expr: |\n      price *\n        rate\n    where: >-\n      a\n      and b\n";
    let (files, definitions, told) = load_text(text);
    assert_eq!(told, []);
    let Some(ExpressionDef::Portable(expr)) = &definitions.metrics[0].expr else { panic!("it was written") };
    let at = expr.value.find("rate").expect("part of the text");
    assert_eq!(files.text(expr.span.part(at, at + 4)), "rate");
    let filter = definitions.metrics[0].filter.as_ref().expect("written");
    let at = filter.value.find('b').expect("part of the text");
    assert_eq!(files.text(filter.span.part(at, at + 1)), "b");
}

#[test]
fn text_in_quotes_over_lines_keeps_the_value_of_yaml() {
    let text =
        "models:\n  - name: x\n    sql: |\n      select 'a\n        b'\n    where: |\n      c = 'a\n        b'\n";
    let (_, definitions, told) = load_text(text);
    assert_eq!(told, []);
    assert_eq!(definitions.models[0].sql.as_ref().expect("written").value, "select 'a\n  b'\n");
    assert_eq!(definitions.models[0].filter.as_ref().expect("written").value, "c = 'a\n  b'\n");
}

#[test]
fn windows_line_ends_and_a_byte_order_mark_change_nothing() {
    let (files, definitions, told) =
        load_text("\u{feff}metrics:\r\n  - name: x\r\n    model: m\r\n    agg: count\r\n    label: two words\r\n");
    assert_eq!(told, []);
    let label = definitions.metrics[0].docs.label.as_ref().expect("written");
    assert_eq!((label.value.as_str(), files.text(label.span)), ("two words", "two words"));
    assert_eq!(files.position(label.span).line, 5);
}

#[test]
fn a_value_means_what_its_key_says() {
    let (_, definitions, told) = load_text(
        "metrics:\n  - { name: no, model: on, agg: sum, expr: 010, when_empty: null, label: 1e3, meta: { a: 010, b: 1.5, c: null, d: 'no' } }\n",
    );
    assert_eq!(told, []);
    let metric = &definitions.metrics[0];
    assert_eq!((metric.name.as_str(), metric.docs.label.as_ref().expect("written").as_str()), ("no", "1e3"));
    assert_eq!(metric.model.as_ref().expect("written").value, "on");
    assert_eq!(metric.when_empty.as_ref().expect("written").value, "null");
    let meta = &metric.docs.meta.as_ref().expect("written").value;
    assert_eq!(meta.to_string(), r#"{"a":"010","b":1.5,"c":null,"d":"no"}"#);
}

#[test]
fn every_example_of_the_language_is_read_without_a_word() {
    let (_, definitions, told) = load_text(include_str!("language.yml"));
    assert_eq!(told, []);
    assert_eq!(definitions.tables.len(), 2);
    assert_eq!(definitions.models.len(), 3);
    assert_eq!(definitions.metrics.len(), 11);
    assert_eq!(definitions.models[0].joins[4].keys.len(), 2);
    assert_eq!(definitions.tables[1].partition.as_ref().expect("written").holds.len(), 3);
    assert_eq!(definitions.calendars[0].granularities.len(), 3);
}
