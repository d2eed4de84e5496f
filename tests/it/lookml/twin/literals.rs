//! Metrics that count the rows with any text whatever: however the text is brought into LookML, it means itself.

use entente::warehouse::duckdb::DuckDb;

use super::{
    ask::{Random, World},
    project::Model,
    query::Query,
    write,
};
use crate::lookml::worlds;

/// What filter expressions, SQL, LookML or Liquid might read as more than letters.
const PIECES: [&str; 24] = [
    ",",
    "%",
    "_",
    "-",
    "^",
    "\"",
    " ",
    "'",
    "\\",
    "a",
    "B",
    "NULL",
    "EMPTY",
    "not",
    "ß",
    "\u{e9}",
    "e\u{301}",
    "\u{1f642}",
    "(",
    "]",
    "1",
    ">",
    "to",
    ";",
];

/// How many texts are tried.
const TEXTS: usize = 120;

fn texts() -> Vec<String> {
    let mut random = Random::new(25);
    let mut texts: Vec<String> = PIECES.iter().map(|piece| (*piece).to_owned()).collect();
    texts.extend(["", "-a", "a,b", "NOT NULL", "%a%", "^%", "\"a\"", " a", "a "].map(str::to_owned));
    while texts.len() < TEXTS {
        let text: String = (0..=random.below(3)).map(|_| *random.pick(&PIECES)).collect();
        if !texts.contains(&text) && !text.contains(";;") {
            texts.push(text);
        }
    }
    texts
}

/// Two metrics for each text: the rows that are it, and those that are not.
fn definitions(texts: &[String]) -> String {
    let mut yaml = "models:\n  - name: things\n    description: Things.\n    table: things\n    primary_key: id\n    dimensions:\n      \
                    - { name: word, type: string }\nmetrics:\n"
        .to_owned();
    for (number, text) in texts.iter().enumerate() {
        let quoted = format!("'{}'", text.replace('\'', "''"));
        for (name, sign) in [("is", "="), ("isnt", "<>")] {
            let condition = format!("word {sign} {quoted}").replace('\\', "\\\\").replace('"', "\\\"");
            yaml.push_str(&format!(
                "  - name: {name}_{number}\n    description: Some.\n    model: things\n    agg: count\n    where: \"{condition}\"\n"
            ));
        }
    }
    yaml
}

#[test]
fn a_text_in_a_filter_means_itself() {
    let texts = texts();
    let warehouse = DuckDb::in_memory().expect("a database");
    let rows: Vec<String> =
        (0..).zip(&texts).map(|(id, text): (usize, _)| format!("({id}, '{}')", text.replace('\'', "''"))).collect();
    let seed = format!(
        "CREATE TABLE things (id BIGINT, word VARCHAR); INSERT INTO things VALUES {}, (999, NULL)",
        rows.join(", ")
    );
    warehouse.execute_batch(&seed).expect("the table can be made");
    let world = World::new(
        &worlds::written(&definitions(&texts)),
        warehouse,
        ("2024-01-01", "2024-12-31"),
        "2024-06-01T00:00:00Z",
    );
    let model = Model::read(&world.emitted.files).unwrap_or_else(|refusal| panic!("{}", refusal.0));
    let mut said = 0;
    for entry in world.emitted.report.entries.iter().filter(|entry| entry.field.is_some()) {
        let query = Query {
            explore: entry.explore.clone().expect("a metric is in an explore"),
            fields: entry.field.clone().into_iter().collect(),
            ..Query::default()
        };
        let sql =
            write::sql(&model, &world.session(&world.user), &query).unwrap_or_else(|refusal| panic!("{}", refusal.0));
        let found = world.rows(&sql).unwrap_or_else(|error| panic!("{error}\n{sql}")).columns[0].text(0);
        let expected = if entry.name.starts_with("is_") { 1 } else { texts.len() - 1 };
        assert_eq!(found, Some(expected.to_string()), "{}\n{sql}", entry.name);
        said += 1;
    }
    // SQL with what Liquid or LookML would read is left out.
    assert!(said >= 2 * TEXTS - 10, "only {said} are in the LookML");
}
