//! Which columns of a CSV file hold decimals that a float would blur: amounts of money, mostly.
//!
//! `amount` of `12.34`, `0.10`, `1000` is read as `DECIMAL(18, 2)` and sums up to `1012.44`, not to `1012.4399999999999`.
//!
//! **Invariant:** a column becomes a decimal only if each of its texts is one, digit by digit.

use ::duckdb::Connection;

use super::folder::Source;

/// The most digits behind the point: beyond are measurements, of which a product would outgrow the type.
const MAX_SCALE: i64 = 9;

/// The digits of the small and of the large decimals.
const DIGITS: [i64; 2] = [18, 38];

/// Returns the option of `read_csv` by which columns are decimals that DuckDB has taken for floats in a table; nothing
/// where there is none.
pub(super) fn types(connection: &Connection, source: &Source) -> ::duckdb::Result<Option<String>> {
    let floats = floats(connection, &source.table)?;
    if floats.is_empty() {
        return Ok(None);
    }
    let measured = measured(connection, source, &floats)?;
    let decimals = floats.iter().zip(measured).filter_map(|(name, digits)| {
        let (whole, scale) = digits?;
        let precision = DIGITS.into_iter().find(|most| whole + scale <= *most).filter(|_| scale <= MAX_SCALE)?;
        Some((name.as_str(), format!("DECIMAL({precision}, {scale})")))
    });
    let decimals: Vec<(&str, String)> = decimals.collect();
    Ok((!decimals.is_empty()).then(|| option(&decimals)))
}

fn floats(connection: &Connection, table: &str) -> ::duckdb::Result<Vec<String>> {
    let mut columns = connection.prepare(
        "SELECT column_name FROM duckdb_columns() WHERE table_name = ? AND data_type = 'DOUBLE' ORDER BY column_index",
    )?;
    columns.query_map([table], |row| row.get(0))?.collect()
}

/// Returns for each column the most digits before and behind the point; nothing if a text is no decimal, or none is there.
fn measured(connection: &Connection, source: &Source, names: &[String]) -> ::duckdb::Result<Vec<Option<(i64, i64)>>> {
    let mut items = Vec::new();
    for name in names {
        let name = quoted(name, '"');
        items.push(format!("bool_and(regexp_full_match({name}, '[+-]?[0-9]+([.][0-9]+)?'))"));
        items.push(format!("max(length(ltrim(split_part({name}, '.', 1), '+-0')))"));
        items.push(format!("max(length(split_part({name}, '.', 2)))"));
    }
    let texts: Vec<(&str, String)> = names.iter().map(|name| (name.as_str(), "VARCHAR".to_owned())).collect();
    let statement = format!("SELECT {} FROM {}", items.join(", "), source.reading("?", Some(&option(&texts))));
    connection.query_row(&statement, [&source.place], |row| {
        let digits = |at: usize| {
            let is_decimal: Option<bool> = row.get(3 * at)?;
            let (whole, scale): (Option<i64>, Option<i64>) = (row.get(3 * at + 1)?, row.get(3 * at + 2)?);
            Ok(whole.zip(scale).filter(|_| is_decimal == Some(true)))
        };
        (0..names.len()).map(digits).collect()
    })
}

/// `types = {'amount': 'DECIMAL(18, 2)'}`
fn option(types: &[(&str, String)]) -> String {
    let types: Vec<String> =
        types.iter().map(|(name, type_name)| format!("{}: {}", quoted(name, '\''), quoted(type_name, '\''))).collect();
    format!("types = {{{}}}", types.join(", "))
}

/// Returns a text in quotes, as SQL.
pub(super) fn quoted(text: &str, quote: char) -> String {
    let doubled = text.replace(quote, &format!("{quote}{quote}"));
    format!("{quote}{doubled}{quote}")
}
