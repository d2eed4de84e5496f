//! What reading costs and how much may be read: `price` and `budgets` of the project file.
//!
//! `price: { per_tib: 6.25, currency: USD }`, `budgets: { per_day: 50 USD }` → 8,796,093,022,208 bytes a day.
//!
//! **Invariant:** a budget is a number of bytes, whatever it was written in, and never zero.

use super::{bigquery::bytes_of, invalid};
use crate::{
    diagnostics::Diagnostics,
    syntax::{Text, keys::Fields},
};

/// What reading costs and how much may be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spending {
    /// What the warehouse asks for what it reads.
    pub price: Option<Price>,
    /// How much may be read.
    pub budgets: Budgets,
}

/// What the warehouse asks for what it reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Price {
    /// Millionths of the currency for each tebibyte.
    pub micros_per_tib: u64,
    /// The currency, such as `USD`.
    pub currency: String,
}

/// How much may be read, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Budgets {
    /// By one query.
    pub per_query: Option<u64>,
    /// By one caller within a day of UTC.
    pub per_caller_and_day: Option<u64>,
    /// By all callers within a day of UTC.
    pub per_day: Option<u64>,
}

impl Budgets {
    /// Returns whether nothing is limited.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// The bytes of a tebibyte.
const TIB: u128 = 1 << 40;

/// The millionths of a unit of money.
const MICROS: u64 = 1_000_000;

impl Price {
    /// Returns what so many bytes cost, in millionths of the currency, rounded up.
    pub fn micros(&self, bytes: u64) -> u64 {
        let exact = (u128::from(bytes) * u128::from(self.micros_per_tib)).div_ceil(TIB);
        u64::try_from(exact).unwrap_or(u64::MAX)
    }

    /// Writes what so many bytes cost, rounded up: `0.08 USD`, less than a hundredth in millionths: `0.000029 USD`.
    pub fn told(&self, bytes: u64) -> String {
        let (micros, currency) = (self.micros(bytes), &self.currency);
        if micros < MICROS / 100 {
            return format!("0.{micros:06} {currency}");
        }
        let cents = micros.div_ceil(MICROS / 100);
        format!("{}.{:02} {currency}", cents / 100, cents % 100)
    }

    /// Returns how many bytes so much money buys.
    fn bytes(&self, micros: u64) -> u64 {
        let exact = u128::from(micros) * TIB / u128::from(self.micros_per_tib);
        u64::try_from(exact).unwrap_or(u64::MAX)
    }
}

impl Spending {
    pub(super) fn from_fields(fields: &mut Fields, currency: Option<&str>, diagnostics: &mut Diagnostics) -> Self {
        let written = fields.mapping("price");
        let is_written = written.is_some();
        let price = written.and_then(|fields| price(fields, currency, diagnostics));
        let of_budget = match &price {
            Some(price) => Known::Price(price),
            None if is_written => Known::Wrong,
            None => Known::Missing,
        };
        let mut budgets = Budgets::default();
        if let Some(mut fields) = fields.mapping("budgets") {
            let mut bytes = |key| fields.text(key).and_then(|text| budget(&text, of_budget, diagnostics));
            budgets.per_query = bytes("per_query");
            budgets.per_caller_and_day = bytes("per_caller_and_day");
            budgets.per_day = bytes("per_day");
        }
        Self { price, budgets }
    }
}

fn price(mut fields: Fields, currency: Option<&str>, diagnostics: &mut Diagnostics) -> Option<Price> {
    let amount = fields.required_text("per_tib");
    let micros_per_tib = micros_of(&amount).filter(|micros| *micros > 0);
    if micros_per_tib.is_none() {
        let message = format!("`{}` is not a price", amount.value);
        invalid(
            diagnostics,
            amount.span,
            message,
            "Write a number with up to six digits behind the point, such as `6.25`.",
        );
    }
    let written = fields.text("currency");
    if let Some(code) = &written
        && !is_currency(code)
    {
        let message = format!("`{}` is not the code of a currency", code.value);
        invalid(diagnostics, code.span, message, "Write the three letters of ISO 4217, such as `EUR`.");
    }
    let currency = written.as_ref().map(|code| code.value.as_str()).or(currency);
    if currency.is_none() {
        let help = "Write `currency` beside it, such as `currency: USD`.";
        invalid(diagnostics, amount.span, "the price has no currency".to_owned(), help);
    }
    Some(Price { micros_per_tib: micros_per_tib?, currency: currency?.to_owned() })
}

/// What is known of the price.
#[derive(Clone, Copy)]
enum Known<'a> {
    Price(&'a Price),
    /// It was written and is wrong: nothing can be said of a budget in money.
    Wrong,
    Missing,
}

/// Reads `10 GB`, or `50 USD` where that is the currency of the price.
fn budget(text: &Text, price: Known<'_>, diagnostics: &mut Diagnostics) -> Option<u64> {
    let money = text.split_once(' ').filter(|(_, unit)| is_currency(unit));
    let (bytes, help) = match (money, price) {
        (None, _) => (bytes_of(text), "Write a whole number above zero and MB, GB or TB, such as `10 GB`.".to_owned()),
        (Some(_), Known::Wrong) => return None,
        (Some((amount, currency)), Known::Price(price)) if price.currency == currency => {
            let micros = micros_of(amount).filter(|micros| *micros > 0);
            let help = format!("Write a number and the currency, such as `5 {currency}`.");
            (micros.map(|micros| price.bytes(micros)).filter(|bytes| *bytes > 0), help)
        }
        (Some(_), Known::Price(price)) => {
            (None, format!("Write it in {}, the currency of `price`, or in bytes.", price.currency))
        }
        (Some(_), Known::Missing) => {
            (None, "Write it in bytes, such as `10 GB`, or add `price` for a budget in money.".to_owned())
        }
    };
    if bytes.is_none() {
        let message = format!("`{}` is not a budget", text.value);
        invalid(diagnostics, text.span, message, &help);
    }
    bytes
}

/// Returns whether a text is three capital letters.
pub(super) fn is_currency(code: &str) -> bool {
    code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase())
}

/// Reads `6.25` as millionths.
fn micros_of(text: &str) -> Option<u64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let is_digits = |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if !is_digits(whole) || !is_digits(fraction) || fraction.len() > 6 {
        return None;
    }
    let fraction: u64 = format!("{fraction:0<6}").parse().ok()?;
    whole.parse::<u64>().ok()?.checked_mul(MICROS)?.checked_add(fraction)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_counted_in_millionths_and_told_rounded_up() {
        let price = Price { micros_per_tib: 6_250_000, currency: "USD".to_owned() };
        assert_eq!(price.micros(1 << 40), 6_250_000);
        assert_eq!(price.micros(1), 1, "nothing that is read is free");
        assert_eq!(price.bytes(6_250_000), 1 << 40);
        assert!(price.micros(price.bytes(50_000_000)) <= 50_000_000);
        let told = [0, 1, 12_000_000_000, 1 << 42].map(|bytes| price.told(bytes));
        assert_eq!(told, ["0.000000 USD", "0.000001 USD", "0.07 USD", "25.00 USD"]);
        let dear = Price { micros_per_tib: u64::MAX, currency: "USD".to_owned() };
        assert_eq!(dear.micros(u64::MAX), u64::MAX);
    }

    #[test]
    fn an_amount_is_read_exactly_or_not_at_all() {
        assert_eq!(micros_of("6.25"), Some(6_250_000));
        assert_eq!(micros_of("7"), Some(7_000_000));
        assert_eq!(micros_of("0.000001"), Some(1));
        for wrong in ["", "-1", "1.", ".5", "1e3", "1,5", "0.0000001", "99999999999999999999"] {
            assert_eq!(micros_of(wrong), None, "{wrong}");
        }
    }
}
