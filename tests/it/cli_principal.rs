//! `--principal FILE` on the command line: what hides rows is said, and what is wrong with the file.

use entente::warehouse::duckdb::{Access, DuckDb};

use crate::command::Project;

const GUARDED: &str = "\
models:
  - name: customers
    description: One row per customer.
    table: customers
    primary_key: customer_id
    dimensions: [{ name: country, type: string, description: Country. }]
  - name: orders
    description: One row per order.
    table: orders
    primary_key: order_id
    joins: [{ to: customers, key: customer_id }]
  - name: stock
    description: One row per part.
    table: stock
    primary_key: part_id
metrics:
  - { name: orders, description: Orders., owner: sales, model: orders, agg: count }
  - { name: parts, description: Parts., owner: sales, model: stock, agg: count }
policies:
  - { name: own_country, model: customers, rows: country = $principal.country }
";

/// The words by which a note says how to name who asks.
const WAY_OUT: &str = "say who asks with `--principal FILE`";

#[test]
fn rows_that_policies_hide_are_said() {
    let project = Project::with(GUARDED);
    let ran = project.run(["explain", "--metrics", "orders"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.err.contains("policies hide rows of `orders`") && ran.err.contains(WAY_OUT), "{}", ran.err);
    let ran = project.run(["explain", "--metrics", "orders", "--quiet"]);
    assert!(!ran.err.contains(WAY_OUT), "{}", ran.err);
}

#[test]
fn what_no_policy_hides_is_not_spoken_of() {
    let project = Project::with(GUARDED);
    let ran = project.run(["explain", "--metrics", "parts"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(!ran.err.contains(WAY_OUT), "{}", ran.err);
    project.write("ann.yml", "{ id: ann, claims: { country: DE } }\n");
    let ran = project.run(["explain", "--metrics", "orders", "--principal", "ann.yml"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(!ran.err.contains(WAY_OUT), "{}", ran.err);
}

#[test]
fn no_error_tells_a_value_of_a_hidden_row() {
    let definitions = GUARDED.replace(
        "    joins: [{ to: customers, key: customer_id }]\n",
        "    joins: [{ to: customers, key: customer_id }]\n    dimensions: [{ name: channel, type: string, description: Channel. }]\n",
    );
    let metrics = "  - { name: coded, description: Orders by code., owner: sales, model: orders, agg: count, where: cast(channel as integer) = 1 }\n\
                   policies:\n";
    let tests = "tests: [{ name: codes, metric: coded, expect: 1 }]\n";
    let project = Project::with(&format!("{}{tests}", definitions.replace("policies:\n", metrics)));
    let database = DuckDb::open(&project.path("small.duckdb"), Access::ReadWrite).expect("a file");
    let rows = "CREATE TABLE customers (customer_id INTEGER, country VARCHAR); CREATE TABLE stock (part_id INTEGER);
        CREATE TABLE orders (order_id INTEGER, customer_id INTEGER, channel VARCHAR);
        INSERT INTO customers VALUES (1, 'DE'), (2, 'FR'), (3, 'DE');
        INSERT INTO orders VALUES (1, 1, '1'), (2, 2, 'hidden-deal'), (3, 3, '2')";
    database.execute_batch(rows).expect("tables are made");
    drop(database);
    project.write("ann.yml", "{ id: ann, claims: { country: DE } }\n");
    let cast = "cast(channel as integer) = 1";
    for asked in [&["query", "-m", "orders", "-w", cast][..], &["query", "-m", "coded"], &["test", "codes"]] {
        let ran = project.run(asked.iter().chain(&["--principal", "ann.yml"]));
        assert_ne!(ran.code, 0, "{asked:?}: {}", ran.out);
        let told = format!("{}{}", ran.out, ran.err);
        assert!(told.contains("the warehouse refused") && !told.contains("hidden-deal"), "{asked:?}: {told}");
    }
}

#[test]
fn tests_of_what_is_hidden_are_counted_and_not_named() {
    let policy = "  - { name: few, metrics: [parts], visible_to: [stock] }\ntests: [{ name: secret, metric: parts, expect: 1 }]\n";
    let project = Project::with(&format!("{GUARDED}{policy}"));
    let database = DuckDb::open(&project.path("small.duckdb"), Access::ReadWrite).expect("a file");
    let rows = "CREATE TABLE customers (customer_id INTEGER, country VARCHAR); CREATE TABLE stock (part_id INTEGER);
        CREATE TABLE orders (order_id INTEGER, customer_id INTEGER); INSERT INTO stock VALUES (1)";
    database.execute_batch(rows).expect("tables are made");
    drop(database);
    project.write("ann.yml", "{ id: ann }\n");
    project.write("bob.yml", "{ id: bob, roles: [stock] }\n");
    let ran = project.run(["test", "--principal", "ann.yml"]);
    let told = format!("{}{}", ran.out, ran.err);
    assert_eq!(ran.code, 0, "{told}");
    assert!(told.contains("1 not seen") && !told.contains("secret") && !told.contains("parts"), "{told}");
    let ran = project.run(["test", "--principal", "bob.yml"]);
    assert!(ran.out.contains("secret") && !ran.err.contains("not seen"), "{}{}", ran.out, ran.err);
}

#[test]
fn a_principal_file_that_is_not_there_is_named() {
    let ran = Project::with(GUARDED).run(["explain", "--metrics", "orders", "--principal", "nobody.json"]);
    assert_ne!(ran.code, 0, "{}", ran.out);
    assert!(ran.err.contains("`nobody.json` cannot be read"), "{}", ran.err);
    assert!(!ran.err.contains("panicked"), "{}", ran.err);
}

#[test]
fn what_is_wrong_in_a_principal_file_has_a_place_and_a_way_out() {
    let project = Project::with(GUARDED);
    for (text, says, line) in [
        ("{ \"id\": \"ann\",\n  \"roles\": [", "error[invalid-yaml]", "who.json:2"),
        ("{ \"id\": \"ann\",\n  \"rols\": [\"finance\"] }", "`roles`", "who.json:2"),
        ("[\"finance\"]", "error[", "who.json:1"),
        ("{ \"claims\":\n  { \"country\": [[1]] } }", "a list inside of a list", "who.json:2"),
        ("{ \"claims\": \"DE\" }", "error[wrong-value]", "who.json:1"),
    ] {
        project.write("who.json", text);
        let ran = project.run(["explain", "--metrics", "orders", "--principal", "who.json"]);
        assert_eq!(ran.code, 1, "{text}\n{}\n{}", ran.out, ran.err);
        assert!(ran.err.contains(says) && ran.err.contains(line), "{text}\n{}", ran.err);
        assert!(!ran.err.contains("panicked"), "{}", ran.err);
    }
}
