//! The names by which a catalog lists the tables of a warehouse.
//!
//! Table `fct_shipments` of schema `marts` is `marts.fct_shipments`; the tables of the schema that is meant where none is
//! named go by their bare name.

/// Returns the keys of a table: the names by which it was asked for, or its own where all tables are wanted.
pub(super) fn table_keys(
    wanted: Option<&[String]>,
    schema_unless_named: &str,
    schema: &str,
    table: &str,
) -> Vec<String> {
    match wanted {
        Some(wanted) => {
            wanted.iter().filter(|asked| is_named(asked, schema_unless_named, schema, table)).cloned().collect()
        }
        None if schema == schema_unless_named => vec![table.to_owned()],
        None => vec![format!("{schema}.{table}")],
    }
}

/// Returns whether `asked` (`orders`, `main.orders`, `database.main.orders`) is a table.
fn is_named(asked: &str, schema_unless_named: &str, schema: &str, table: &str) -> bool {
    let mut words = asked.rsplit('.').map(|word| word.trim_matches('"'));
    let same_table = words.next().is_some_and(|word| word.eq_ignore_ascii_case(table));
    same_table && words.next().unwrap_or(schema_unless_named).eq_ignore_ascii_case(schema)
}

#[cfg(test)]
mod tests {
    use super::table_keys;

    #[test]
    fn a_table_has_the_names_by_which_it_was_asked_for() {
        let wanted = ["orders", "Main.Orders", "shop.main.orders", "marts.orders"].map(str::to_owned);
        assert_eq!(table_keys(Some(&wanted), "main", "main", "orders"), wanted[..3]);
        assert_eq!(table_keys(Some(&wanted), "main", "marts", "orders"), wanted[3..]);
    }

    #[test]
    fn unasked_a_table_has_its_schema_before_it_unless_that_is_meant_anyway() {
        assert_eq!(table_keys(None, "public", "public", "orders"), ["orders"]);
        assert_eq!(table_keys(None, "public", "marts", "orders"), ["marts.orders"]);
    }
}
