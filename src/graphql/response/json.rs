//! JSON, written byte by byte.

use crate::time::{DateTime, NaiveDate, Tz, Utc};

/// Writes a string with its quotes.
pub(in crate::graphql) fn string(out: &mut Vec<u8>, text: &str) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    out.push(b'"');
    let bytes = text.as_bytes();
    let mut start = 0;
    for (at, byte) in bytes.iter().enumerate() {
        let escape: &[u8] = match byte {
            b'"' => b"\\\"",
            b'\\' => b"\\\\",
            b'\n' => b"\\n",
            b'\r' => b"\\r",
            b'\t' => b"\\t",
            0..=0x1F => b"\\u00",
            _ => continue,
        };
        out.extend_from_slice(&bytes[start..at]);
        out.extend_from_slice(escape);
        if escape.len() == 4 {
            out.extend_from_slice(&[HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
        }
        start = at + 1;
    }
    out.extend_from_slice(&bytes[start..]);
    out.push(b'"');
}

/// Writes a key and its colon.
pub(in crate::graphql) fn key(out: &mut Vec<u8>, name: &str) {
    string(out, name);
    out.push(b':');
}

/// Writes a whole number.
pub(super) fn integer(out: &mut Vec<u8>, number: impl itoa::Integer) {
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

/// Writes a floating-point number; what JSON cannot say is null, and zero has no sign.
pub(super) fn float(out: &mut Vec<u8>, number: f64) {
    if number.is_finite() {
        out.extend_from_slice(zmij::Buffer::new().format(number + 0.0).as_bytes());
    } else {
        out.extend_from_slice(b"null");
    }
}

/// Writes the digits of a decimal: `1234` with two digits after the point is `12.34`.
pub(in crate::graphql) fn decimal(out: &mut Vec<u8>, unscaled: i128, scale: u8) {
    let scale = usize::from(scale);
    if unscaled < 0 {
        out.push(b'-');
    }
    let mut buffer = itoa::Buffer::new();
    let digits = buffer.format(unscaled.unsigned_abs()).as_bytes();
    if scale == 0 {
        out.extend_from_slice(digits);
        return;
    }
    let (whole, fraction) = digits.split_at(digits.len().saturating_sub(scale));
    out.extend_from_slice(if whole.is_empty() { b"0" } else { whole });
    out.push(b'.');
    out.resize(out.len() + scale - fraction.len(), b'0');
    out.extend_from_slice(fraction);
}

/// Writes a day without quotes: `2026-01-31`.
pub(super) fn date(out: &mut Vec<u8>, date: NaiveDate) {
    use chrono::Datelike;
    match u32::try_from(date.year()) {
        Ok(year) if year < 10_000 => {
            digits(out, year, 4);
            out.push(b'-');
            digits(out, date.month(), 2);
            out.push(b'-');
            digits(out, date.day(), 2);
        }
        _ => out.extend_from_slice(date.to_string().as_bytes()),
    }
}

/// Writes an instant in a zone, without quotes: `2026-01-31T13:00:00+01:00`.
pub(super) fn instant(out: &mut Vec<u8>, instant: DateTime<Utc>, zone: Tz) {
    let local = instant.with_timezone(&zone);
    out.extend_from_slice(local.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true).as_bytes());
}

fn digits(out: &mut Vec<u8>, mut number: u32, width: usize) {
    let mut text = [b'0'; 4];
    for digit in text[..width].iter_mut().rev() {
        *digit = b'0' + u8::try_from(number % 10).expect("a digit");
        number /= 10;
    }
    out.extend_from_slice(&text[..width]);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).expect("JSON is text")
    }

    #[test]
    fn strings_are_escaped_as_serde_does() {
        for text in ["", "plain", "a \"b\" \\ \n\r\t\u{8}\u{1f}", "Zürich 🚚", "\u{7f}\u{2028}"] {
            assert_eq!(
                written(|out| string(out, text)),
                serde_json::to_string(text).expect("a string").replace("\\b", "\\u0008")
            );
        }
    }

    #[test]
    fn decimals_keep_every_digit() {
        assert_eq!(written(|out| decimal(out, 123_450, 2)), "1234.50");
        assert_eq!(written(|out| decimal(out, -5, 2)), "-0.05");
        assert_eq!(written(|out| decimal(out, 0, 3)), "0.000");
        assert_eq!(written(|out| decimal(out, 7, 0)), "7");
        assert_eq!(written(|out| decimal(out, i128::MIN, 0)), i128::MIN.to_string());
    }

    #[test]
    fn zero_has_no_sign() {
        assert_eq!(written(|out| float(out, -0.0)), "0.0");
        assert_eq!(written(|out| float(out, -0.5)), "-0.5");
        assert_eq!(written(|out| float(out, f64::NAN)), "null");
    }

    #[test]
    fn days_have_four_digits_of_year() {
        assert_eq!(written(|out| date(out, "0044-03-15".parse().expect("a day"))), "0044-03-15");
        assert_eq!(written(|out| date(out, NaiveDate::from_ymd_opt(10_000, 1, 1).expect("a day"))), "+10000-01-01");
    }
}
