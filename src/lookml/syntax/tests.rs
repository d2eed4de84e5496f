use super::*;

/// Puts a tree back together from its pieces, and fails where something else than blanks, comments and punctuation lies
/// between them.
fn rebuilt(file: &File<'_>) -> String {
    let mut pieces = file.comments.clone();
    gather(&file.nodes, &mut pieces);
    pieces.sort_by_key(|piece| (piece.start, piece.end()));
    let (mut text, mut at) = (String::new(), 0);
    for piece in pieces {
        between(&file.text[at..piece.start]);
        text.push_str(&file.text[at..piece.start]);
        text.push_str(piece.text);
        at = piece.end();
    }
    between(&file.text[at..]);
    text + &file.text[at..]
}

fn between(text: &str) {
    let strange = text.find(|c: char| !c.is_whitespace() && !":,;{}[]\"\u{feff}".contains(c));
    assert_eq!(strange, None, "{text:?} belongs to no piece");
}

fn gather<'a>(nodes: &[Node<'a>], pieces: &mut Vec<Piece<'a>>) {
    for node in nodes {
        pieces.push(node.key);
        match &node.value {
            Value::Word(piece) | Value::Text(piece) | Value::Block(piece) => pieces.push(*piece),
            Value::List(items) => items.iter().for_each(|item| match item {
                Item::Single(piece) => pieces.push(*piece),
                Item::Pair(key, value) => pieces.extend([*key, *value]),
            }),
            Value::Nodes { name, nodes } => {
                pieces.extend(*name);
                gather(nodes, pieces);
            }
        }
    }
}

/// Returns the lines and messages of all mistakes.
fn mistakes(text: &str) -> Vec<(usize, String)> {
    parse(text).errors.iter().map(|error| (line_of(text, error.start), error.message.clone())).collect()
}

const FILE: &str = "\u{feff}# Orders.\r\ninclude: \"/views/*.view\"   # all\r\n\r\nview: +orders {\r\n  # a } comment\r\n  \
    sql_table_name: `p.d.orders` ;;\r\n  dimension: size { type: tier tiers: [0, 10 , 20,] sql: ${TABLE}.\"size\" ;; }\r\n  \
    measure: revenue{type:sum sql:{% if a._in_query %} # not a comment\r\n ${price} {% endif %};;\r\n    \
    filters: [status: \"a \\\"b\\\", c\", orders.total: \">1\"] value_format:\"#,##0\"}\r\n  set: detail { fields: [ALL_FIELDS*, -x] }\r\n}\r\n\
    explore: größe { html: <a href=\"x\">{{ value }}</a> ;; }";

#[test]
fn every_byte_comes_back() {
    let file = parse(FILE);
    assert_eq!(file.errors, []);
    assert_eq!(rebuilt(&file), FILE);
    let comments: Vec<&str> = file.comments.iter().map(|comment| comment.text).collect();
    assert_eq!(comments, ["# Orders.", "# all", "# a } comment"]);
}

#[test]
fn every_part_knows_its_place() {
    let file = parse(FILE);
    let view = &file.nodes[1];
    let revenue = view.children("measure").next().expect("the measure");
    assert!(FILE[revenue.range()].starts_with("measure: revenue{") && FILE[revenue.range()].ends_with("\"#,##0\"}"));
    assert_eq!(revenue.name().map(|name| &FILE[name.range()]), Some("revenue"));
    let sql = revenue.child("sql").and_then(Node::piece).expect("its SQL");
    assert_eq!(sql.block(), "{% if a._in_query %} # not a comment\r\n ${price} {% endif %}");
    assert_eq!(&FILE[sql.trimmed().range()], sql.trimmed().text);
    let Some(Item::Pair(_, value)) = revenue.child("filters").map(|filters| filters.items()[0]) else {
        panic!("a pair")
    };
    assert_eq!(value.value(), "a \"b\", c");
}

#[test]
fn all_mistakes_of_a_file_are_found() {
    let text = "view: a {\n  dimension: b {\n    type string\n    sql: ${TABLE}.b\n  }\n  measure: c { type: count label: }\n  \
        set: d { fields: [x y] }\n}\n}\nexplore: a {\n  join: b { relationship many_to_one }\n  tags: [\"x\"\n}\n";
    let found = mistakes(text);
    let expected = [
        (3, "a `:` is missing after `type`"),
        (4, "the value of `sql` is not closed by `;;`"),
        (6, "`label` has no value"),
        (7, "a `,` is missing between two items of a list"),
        (9, "a `}` closes nothing"),
        (11, "a `:` is missing after `relationship`"),
        (12, "a list is not closed by `]`"),
    ];
    assert_eq!(found, expected.map(|(line, message)| (line, message.to_owned())));
}

#[test]
fn a_missing_brace_is_reported_where_it_was_opened() {
    let text = "view: a {\n  dimension: b {\n    type: string\n  dimension: c { type: string }\n}\nview: d {\n  label: \"x\"\n\nview: e {}\n";
    let expected = [(2, "dimension `b` is not closed by `}`"), (6, "view `d` is not closed by `}`")];
    assert_eq!(mistakes(text), expected.map(|(line, message)| (line, message.to_owned())));
    assert_eq!(
        parse(text).nodes.iter().filter_map(Node::name).map(|name| name.text).collect::<Vec<_>>(),
        ["a", "d", "e"]
    );
}

#[test]
fn a_missing_terminator_swallows_nothing() {
    let text = "view: a {\n  dimension: b {\n    sql: ${TABLE}.b\n    label: \"B\"\n  }\n  dimension: c { sql: ${TABLE}.c ;; }\n}\n";
    assert_eq!(mistakes(text), [(3, "the value of `sql` is not closed by `;;`".to_owned())]);
    let file = parse(text);
    let fields: Vec<&str> = file.nodes[0].children("dimension").filter_map(Node::name).map(|name| name.text).collect();
    assert_eq!(fields, ["b", "c"]);
    assert!(file.nodes[0].nodes()[0].child("label").is_some());
}

#[test]
fn a_text_that_is_not_closed_ends_with_its_line() {
    let text = "view: a {\n  label: \"A\n  dimension: b {\n    label: \"B\" }\n}\n";
    assert_eq!(mistakes(text), [(2, "a text is not closed by `\"`".to_owned())]);
    assert_eq!(parse(text).nodes[0].nodes().len(), 2);
    assert_eq!(parse("description: \"over\ntwo lines\"\n").errors, []);
}

#[test]
fn the_old_form_is_refused_with_its_name() {
    let file = parse("# old\n- view: orders\n  fields:\n  - dimension: id\n");
    assert_eq!(file.errors.iter().map(|error| error.kind).collect::<Vec<_>>(), [SyntaxErrorKind::OldForm]);
}

#[test]
fn no_text_is_too_strange() {
    for text in [
        "",
        "\u{feff}",
        "\"",
        "\\",
        "a",
        "a:",
        ":",
        "{",
        "}",
        "[",
        "]",
        "a: [",
        "a: [b:",
        "a: \"\\",
        "sql:",
        "é: ü",
        "a: {\u{85}}",
    ] {
        let file = parse(text);
        assert!(file.errors.iter().all(|error| error.start <= error.end && error.end <= text.len()), "{text}");
    }
    for long in ["v: a ", "x}", "sql: x\n", "sql: x\ndimension: y {\n", "é ", "a: \"\n", "a b", "# \n", "a: [b {"] {
        // Time grows with the length, or somebody searches the same text again and again.
        let text = long.repeat(300_000 / long.len());
        let before = std::time::Instant::now();
        assert!(parse(&text).text.len() > 290_000);
        assert!(before.elapsed().as_secs() < 10, "{long}");
    }
    for deep in ["a: {".repeat(10_000), "{".repeat(10_000), "a: [".repeat(10_000), "\"".repeat(9_999)] {
        assert!(!parse(&deep).errors.is_empty());
    }
}
