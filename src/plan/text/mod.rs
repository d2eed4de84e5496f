//! A request as people write it: the command line, saved queries, tests and cases.

mod words;

use super::{Fill, Key, KeyKind, MetricRequest, Order, OrderBy, PlanError, PlanErrorCode, Request, Top};
use crate::{
    files::{SourceMap, Span},
    project::Size,
    sql::{Expr, Literal, Name, ParseError, parse_expression, parse_order},
    time::{Granularity, TimePart, TimeRange, Tz},
};

/// The parts of a request as text, in the language of `saved_queries`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestText {
    /// Metrics: `revenue`, `revenue previous 1 year`, `revenue over 28 days`, `revenue share within time`.
    pub metrics: Vec<String>,
    /// Keys: `time.month`, `time.day_of_week`, `customers.country`, `delivered_at.week`.
    pub by: Vec<String>,
    /// A condition on rows.
    pub filter: Option<String>,
    /// A condition on metrics.
    pub having: Option<String>,
    /// The time range: `last 28 days`, `2025-01-01 to 2026-01-01` and so on.
    pub time: Option<String>,
    /// The order: `revenue desc, time.month`.
    pub order: Option<String>,
    /// The greatest number of rows.
    pub limit: Option<u64>,
    /// Whether missing periods are made.
    pub fill: bool,
    /// The best members of one key.
    pub top: Option<Top>,
    /// An IANA zone.
    pub time_zone: Option<String>,
    /// Whether the row over all groups is wanted as well.
    pub total: bool,
}

impl RequestText {
    /// Reads the texts; values in them travel as parameters.
    pub fn parse(&self) -> Result<Request, PlanError> {
        let metrics = self.metrics.iter().map(|text| words::metric(text)).collect::<Result<Vec<_>, _>>()?;
        let keys = self.by.iter().map(|text| key(text)).collect::<Result<Vec<_>, _>>()?;
        let time = self.time.as_deref().map(str::parse::<TimeRange>).transpose();
        let time_zone = self.time_zone.as_deref().map(str::parse::<Tz>).transpose();
        Ok(Request {
            filter: self.filter.as_deref().map(|text| condition(text, "where")).transpose()?,
            having: self.having.as_deref().map(|text| condition(text, "having")).transpose()?,
            time: time.map_err(|error| PlanError::new(PlanErrorCode::InvalidFilter, error.message).help(error.help))?,
            time_zone: time_zone.map_err(|_| {
                let zone = self.time_zone.as_deref().unwrap_or_default();
                PlanError::new(PlanErrorCode::InvalidFilter, format!("unknown time zone `{zone}`"))
                    .help("Write an IANA name such as `Europe/Berlin` or `UTC`.")
            })?,
            order: self.order.as_deref().map_or(Ok(Vec::new()), |text| order(text, &keys, &metrics))?,
            limit: self.limit,
            after: None,
            top: self.top.clone(),
            fill: if self.fill { Fill::Time } else { Fill::None },
            total: self.total,
            metrics,
            keys,
        })
    }
}

/// Reads a key; the column of the answer is named as it was written.
pub(super) fn key(text: &str) -> Result<Key, PlanError> {
    let text = text.trim();
    let mut path: Vec<String> = text.split('.').map(|word| word.trim().to_owned()).collect();
    if path.iter().any(String::is_empty) {
        return Err(PlanError::new(PlanErrorCode::UnknownField, format!("`{text}` is no key"))
            .help("Write a path such as `time.month` or `customers.country`."));
    }
    let last = path.last().cloned().unwrap_or_default();
    let granularity = Granularity::from_name(&last).filter(|_| path.len() > 1);
    let part = TimePart::from_name(&last).filter(|_| path.len() > 1);
    if granularity.is_some() || part.is_some() {
        path.pop();
    }
    let kind = match (path.as_slice(), granularity, part) {
        ([time], Some(granularity), _) if time == "time" => KeyKind::Time(granularity.into()),
        ([time], _, Some(part)) if time == "time" => KeyKind::TimePart(part),
        ([time], None, None) if time == "time" => KeyKind::Time(Granularity::Day.into()),
        _ => KeyKind::Dimension { path, granularity: granularity.map(Size::from), part },
    };
    Ok(Key { name: text.to_owned(), kind })
}

fn condition(text: &str, place: &str) -> Result<Expr<Name>, PlanError> {
    let (span, files) = whole(text);
    let expr = parse_expression(text, span).map_err(|error| unreadable(&error, &files, place))?;
    Ok(bind_values(&expr))
}

fn order(text: &str, keys: &[Key], metrics: &[MetricRequest]) -> Result<Vec<Order>, PlanError> {
    let (span, files) = whole(text);
    let terms = parse_order(text, span).map_err(|error| unreadable(&error, &files, "order"))?;
    order_terms(&terms, keys, metrics)
}

/// Finds what the terms of an order name.
pub(super) fn order_terms(
    terms: &[(Expr<Name>, bool)],
    keys: &[Key],
    metrics: &[MetricRequest],
) -> Result<Vec<Order>, PlanError> {
    terms
        .iter()
        .map(|(expr, descending)| {
            let Expr::Leaf(Name::Path(words)) = expr else {
                return Err(PlanError::new(PlanErrorCode::UnknownOrderKey, "an order is made of keys and metrics")
                    .help("Write the name of a key or a metric, such as `revenue desc`."));
            };
            let name = words.iter().map(|word| word.value.as_str()).collect::<Vec<_>>().join(".");
            let column = keys.iter().any(|key| key.name == name) || metrics.iter().any(|metric| metric.name == name);
            let by = if column { OrderBy::Column(name) } else { OrderBy::Metric(name) };
            Ok(Order { by, descending: *descending, nulls_first: false })
        })
        .collect()
}

fn whole(text: &str) -> (Span, SourceMap) {
    let mut files = SourceMap::new();
    let file = files.add("", text);
    (Span::new(file, 0, text.len()), files)
}

fn unreadable(error: &ParseError, files: &SourceMap, place: &str) -> PlanError {
    let column = files.position(error.span).column;
    let code = if error.too_large { PlanErrorCode::LimitExceeded } else { PlanErrorCode::InvalidFilter };
    let message = format!("{} (column {column} of `{place}`)", error.message);
    PlanError { code, message, help: error.help.clone() }
}

/// Turns every value of a request's text into a parameter, also inside `exists`; the digits of `round` are none.
pub(super) fn bind_values(expr: &Expr<Name>) -> Expr<Name> {
    let bound = expr.map(&mut |name| {
        Expr::Leaf(match name {
            Name::Exists { path, filter, span } => Name::Exists {
                path: path.clone(),
                filter: filter.as_ref().map(|filter| Box::new(bind_values(filter))),
                span: *span,
            },
            other => other.clone(),
        })
    });
    bound.rebuild(&mut |part| match part {
        Expr::Literal(Literal::Null) => part,
        Expr::Literal(value) => Expr::Parameter(value),
        Expr::Call { function, args } => {
            let args = args.into_iter().enumerate().map(|(position, arg)| match arg {
                Expr::Parameter(constant) if function.is_form(position) => Expr::Literal(constant),
                arg => arg,
            });
            Expr::call(function, args.collect())
        }
        part => part,
    })
}
