//! Two answers, or two texts, side by side.

/// The relative difference that two floats may have: the last digits depend on the order of a sum.
const TOLERANCE: f64 = 1e-9;

/// Whether the first line takes part in a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Header {
    /// Names must be equal.
    Compared,
    /// Hand-written SQL names its columns as it likes.
    #[cfg(feature = "duckdb")]
    Ignored,
}

/// Compares two answers in CSV: the same rows in the same order.
///
/// `floats` says which columns are binary floating point and compared nearly; everything else is compared exactly.
/// Without it every number with a point may be a float.
pub(crate) fn rows_agree(a: &str, b: &str, header: Header, floats: Option<&[bool]>) -> Result<(), String> {
    let (rows_a, rows_b) = (rows(a), rows(b));
    let skip = usize::from(header != Header::Compared);
    if rows_a.len() != rows_b.len() {
        let (a, b) = (rows_a.len().saturating_sub(1), rows_b.len().saturating_sub(1));
        return Err(format!("{a} rows are not {b} rows"));
    }
    for (number, (row_a, row_b)) in rows_a.iter().zip(&rows_b).enumerate().skip(skip) {
        let mut pairs = row_a.iter().zip(row_b).enumerate();
        let equal = row_a.len() == row_b.len()
            && pairs.all(|(column, (a, b))| {
                let float = floats.map_or(a.contains('.') || b.contains('.'), |floats| floats[column]);
                values_agree(a, b, float)
            });
        if !equal {
            return Err(format!("row {number} differs: {} and {}", row_a.join(","), row_b.join(",")));
        }
    }
    Ok(())
}

fn values_agree(a: &str, b: &str, float: bool) -> bool {
    if a == b {
        return true;
    }
    match (a.parse::<f64>(), b.parse::<f64>()) {
        (Ok(x), Ok(y)) if float => (x - y).abs() <= TOLERANCE * x.abs().max(y.abs()),
        // Two decimals may have different scales: 1.50 is 1.5.
        (Ok(_), Ok(_)) => significant(a) == significant(b),
        _ => false,
    }
}

/// Returns a decimal without the zeros that say nothing.
fn significant(text: &str) -> &str {
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text }
}

/// Splits CSV into rows of fields; an empty text in quotes stays `""`, which is not null.
fn rows(text: &str) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    let (mut row, mut field, mut quoted) = (Vec::new(), String::new(), false);
    let mut letters = text.trim_end().chars().peekable();
    if letters.peek().is_none() {
        return rows;
    }
    while let Some(letter) = letters.next() {
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => {
                letters.next();
                field.push('"');
            }
            '"' => {
                quoted = !quoted;
                if !quoted && field.is_empty() {
                    field.push_str("\"\"");
                }
            }
            ',' if !quoted => row.push(std::mem::take(&mut field)),
            '\n' if !quoted => {
                row.push(std::mem::take(&mut field));
                rows.push(std::mem::take(&mut row));
            }
            other => field.push(other),
        }
    }
    row.push(field);
    rows.push(row);
    rows
}

/// Shows where two texts differ, with `-` before lines of the file and `+` before lines of the program.
pub(crate) fn lines(written: &str, computed: &str) -> String {
    let (a, b): (Vec<&str>, Vec<&str>) = (written.trim_end().lines().collect(), computed.trim_end().lines().collect());
    let same_start = a.iter().zip(&b).take_while(|(a, b)| a == b).count();
    let rest = a.len().min(b.len()) - same_start;
    let same_end = a.iter().rev().zip(b.iter().rev()).take(rest).take_while(|(a, b)| a == b).count();
    let mut shown = String::new();
    let removed = a[same_start..a.len() - same_end].iter().map(|line| ('-', line));
    let added = b[same_start..b.len() - same_end].iter().map(|line| ('+', line));
    for (sign, line) in removed.chain(added) {
        shown.extend([sign.to_string().as_str(), line, "\n"]);
    }
    shown
}
