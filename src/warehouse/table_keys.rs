//! The names by which a catalog lists the tables of a warehouse.
//!
//! Table `fct_shipments` of schema `marts` is `marts.fct_shipments`; the tables of the schema that is meant where none is
//! named go by their bare name.

/// Whether a word of a name that is asked for, written into SQL by the dialect, means a name that is found.
pub(super) type Means = fn(asked: &str, found: &str) -> bool;

/// Returns the keys of a table: the names by which it was asked for, or its own where all tables are wanted.
pub(super) fn table_keys(
    wanted: Option<&[String]>,
    means: Means,
    schema_unless_named: &str,
    schema: &str,
    table: &str,
) -> Vec<String> {
    let is_named = |asked: &&String| {
        let mut words = asked.rsplit('.').map(|word| word.trim_matches('"'));
        let is_same_table = words.next().is_some_and(|word| means(word, table));
        is_same_table && words.next().map_or(schema == schema_unless_named, |word| means(word, schema))
    };
    match wanted {
        Some(wanted) => wanted.iter().filter(is_named).cloned().collect(),
        None if schema == schema_unless_named => vec![table.to_owned()],
        None => vec![format!("{schema}.{table}")],
    }
}

#[cfg(test)]
mod tests {
    use super::{Means, table_keys};

    const IN_ANY_CASE: Means = str::eq_ignore_ascii_case;
    const AS_WRITTEN: Means = |asked, found| asked == found;

    #[test]
    fn a_table_has_the_names_by_which_it_was_asked_for() {
        let wanted = ["orders", "Main.Orders", "shop.main.orders", "marts.orders"].map(str::to_owned);
        assert_eq!(table_keys(Some(&wanted), IN_ANY_CASE, "main", "main", "orders"), wanted[..3]);
        assert_eq!(table_keys(Some(&wanted), IN_ANY_CASE, "main", "marts", "orders"), wanted[3..]);
    }

    #[test]
    fn tables_that_differ_by_case_are_two_where_the_warehouse_tells_them_apart() {
        let wanted = ["orders", "Orders", "public.Orders"].map(str::to_owned);
        assert_eq!(table_keys(Some(&wanted), AS_WRITTEN, "public", "public", "orders"), wanted[..1]);
        assert_eq!(table_keys(Some(&wanted), AS_WRITTEN, "public", "public", "Orders"), wanted[1..]);
    }

    #[test]
    fn unasked_a_table_has_its_schema_before_it_unless_that_is_meant_anyway() {
        assert_eq!(table_keys(None, AS_WRITTEN, "public", "public", "orders"), ["orders"]);
        assert_eq!(table_keys(None, AS_WRITTEN, "public", "marts", "orders"), ["marts.orders"]);
    }
}
