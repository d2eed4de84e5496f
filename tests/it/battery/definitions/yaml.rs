//! Metrics → YAML, called m0, m1 and so on.

use super::{
    Aggregate, Axis, Balance, Base, Formula, Funnel, Ignore, Input, Kind, Member, Metric, Operator, Simple, Span, Step,
    Take, Value, WhenEmpty, simple,
};

/// What dimensions of customers show.
const EVER: &str = "  - name: parcels_ever
    description: Parcels that went well.
    model: parcels
    agg: count
    where: ok
  - name: claims_ever
    description: Claims.
    model: claims
    agg: count
  - name: weight_ever
    description: Weights.
    model: parcels
    agg: sum
    expr: weight
  - name: dearest_ever
    description: The highest price.
    model: parcels
    agg: max
    expr: price
";

/// The metrics as YAML, behind those that dimensions show.
pub(in crate::battery) fn yaml(metrics: &[Metric], prefix: &str) -> String {
    format!("metrics:\n{EVER}{}", random_ones(metrics, prefix))
}

/// The metrics as items of a list, each with a prefix and its position as its name.
pub(in crate::battery) fn random_ones(metrics: &[Metric], prefix: &str) -> String {
    (0..metrics.len()).map(|index| of_metric(metrics, index, prefix)).collect()
}

/// One of the metrics as an item of a list.
pub(in crate::battery) fn of_metric(metrics: &[Metric], index: usize, prefix: &str) -> String {
    let metric = &metrics[index];
    let mut yaml = format!("  - name: {prefix}{index}\n    description: A number.\n");
    match &metric.kind {
        Kind::Simple(simple) => yaml.push_str(&of_simple(simple)),
        Kind::Derived { formula, inputs } => {
            yaml.push_str(&format!("    expr: {}\n    inputs:\n", of_formula(formula, true)));
            for (position, input) in inputs.iter().enumerate() {
                yaml.push_str(&format!("      i{position}: {{ {} }}\n", of_input(input, prefix)));
            }
        }
        Kind::Nested { .. } => {}
        Kind::Funnel(funnel) => yaml.push_str(&of_funnel(metrics, funnel, prefix)),
        Kind::Accumulated { metric, span, take } => {
            yaml.push_str(&format!("    metric: {prefix}{metric}\n    {}\n", of_span(*span)));
            yaml.extend(of_take(*take).map(|take| format!("    {take}\n")));
        }
    }
    if let Kind::Nested { metric, per, aggregate } = &metric.kind {
        let per = match per {
            Member::Customer => "customers",
            Member::Kind => "parcels.kind",
            Member::Day => "day",
        };
        let agg = of_aggregate(*aggregate);
        yaml.push_str(&format!("    metric: {prefix}{metric}\n    per: {per}\n    agg: {agg}\n"));
    }
    if let Some(when_empty) = metric.when_empty {
        yaml.push_str(&format!("    {}\n", of_when_empty(when_empty)));
    }
    yaml
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

fn of_simple(simple: &Simple) -> String {
    let model = match simple.base {
        Base::Parcels => "parcels",
        Base::Claims => "claims",
        Base::Statuses => "statuses",
    };
    let agg = of_aggregate(simple.aggregate);
    let mut yaml = format!("    model: {model}\n    agg: {agg}\n");
    if let Aggregate::Discrete(_) = simple.aggregate {
        yaml.push_str("    discrete: true\n");
    }
    if let Some(Balance { is_last, per_kind }) = simple.balance {
        let take = if is_last { "last" } else { "first" };
        let per = if per_kind { ", per: [kind]" } else { "" };
        yaml.push_str(&format!("    balance: {{ take: {take}{per} }}\n"));
    }
    match simple.value {
        Value::Nothing => {}
        Value::Price => yaml.push_str("    expr: price\n"),
        Value::Weight => yaml.push_str("    expr: weight\n"),
        Value::Customer => yaml.push_str("    expr: customer_id\n"),
        Value::Converted => yaml.push_str("    expr: price * rates.eur\n"),
        Value::Amount => yaml.push_str("    expr: amount\n"),
        Value::Load => yaml.push_str("    expr: load\n"),
    }
    if let Some(filter) = &simple.filter {
        yaml.push_str(&format!("    where: {}\n", quoted(&filter.text())));
    }
    match simple.axis {
        Axis::BookedAt | Axis::FiledAt | Axis::Validity => {}
        Axis::DoneOn => yaml.push_str("    time: done_on\n"),
        Axis::BookedAtOfParcel => yaml.push_str("    time: parcels.booked_at\n"),
    }
    yaml
}

fn of_funnel(metrics: &[Metric], funnel: &Funnel, prefix: &str) -> String {
    let by = |metric: usize| funnel.tie.expr(simple(metrics, metric).base);
    let base = funnel.base;
    let mut yaml = format!("    funnel:\n      - {{ metric: {prefix}{base}, by: {} }}\n", by(base));
    for Step { metric, within } in &funnel.steps {
        let within = within.map_or(String::new(), |within| format!(", within: {}", within.text()));
        yaml.push_str(&format!("      - {{ metric: {prefix}{metric}, by: {}{within} }}\n", by(*metric)));
    }
    if funnel.same_currency {
        yaml.push_str("    same: { currency: currency }\n");
    }
    yaml.push_str(&format!("    result: {}\n", funnel.result.text()));
    yaml
}

fn of_aggregate(aggregate: Aggregate) -> String {
    match aggregate {
        Aggregate::Count => "count".to_owned(),
        Aggregate::Sum => "sum".to_owned(),
        Aggregate::Avg => "avg".to_owned(),
        Aggregate::Min => "min".to_owned(),
        Aggregate::Max => "max".to_owned(),
        Aggregate::CountDistinct => "count_distinct".to_owned(),
        Aggregate::Percentile(50) | Aggregate::Discrete(50) => "median".to_owned(),
        Aggregate::Percentile(hundredths) | Aggregate::Discrete(hundredths) => format!("p{hundredths}"),
    }
}

fn of_formula(formula: &Formula, is_outermost: bool) -> String {
    match formula {
        Formula::Input(position) => format!("i{position}"),
        Formula::Constant(value) => value.to_string(),
        Formula::Binary(operator, left, right) => {
            let sign = match operator {
                Operator::Add => '+',
                Operator::Subtract => '-',
                Operator::Multiply => '*',
                Operator::Divide => '/',
            };
            let text = format!("{} {sign} {}", of_formula(left, false), of_formula(right, false));
            if is_outermost { text } else { format!("({text})") }
        }
    }
}

fn of_input(input: &Input, prefix: &str) -> String {
    let mut keys = vec![format!("metric: {prefix}{}", input.metric)];
    keys.extend(input.filter.as_ref().map(|filter| format!("where: {}", quoted(&filter.text()))));
    keys.extend(input.back.map(|back| format!("offset: {}", back.text())));
    keys.extend(input.by_rows.then(|| "shift: rows".to_owned()));
    keys.extend(input.start_of.map(|unit| format!("offset_to: start of {}", unit.name())));
    keys.extend(input.span.map(of_span));
    keys.extend(input.when_empty.map(of_when_empty));
    keys.extend(input.ignore.as_ref().map(|ignore| match ignore {
        Ignore::All => "ignore: all".to_owned(),
        Ignore::Time => "ignore: time".to_owned(),
        Ignore::Dimensions(dimensions) => {
            let paths: Vec<&str> = dimensions.iter().map(|dimension| dimension.path()).collect();
            format!("ignore: [{}]", paths.join(", "))
        }
    }));
    keys.join(", ")
}

fn of_span(span: Span) -> String {
    match span {
        Span::Days(days) => format!("window: {days} days"),
        Span::Minutes(minutes) if minutes % 60 == 0 => format!("window: {} hours", minutes / 60),
        Span::Minutes(minutes) => format!("window: {minutes} minutes"),
        Span::HourToDate => "to_date: hour".to_owned(),
        Span::DayToDate => "to_date: day".to_owned(),
        Span::MonthToDate => "to_date: month".to_owned(),
        Span::YearToDate => "to_date: year".to_owned(),
        Span::RetailMonthToDate => "to_date: retail_month".to_owned(),
        Span::RetailYearToDate => "to_date: retail_year".to_owned(),
        Span::Ever => "all_time: true".to_owned(),
    }
}

fn of_take(take: Take) -> Option<String> {
    match take {
        Take::Last => None,
        Take::First => Some("take: first".to_owned()),
        Take::Avg => Some("take: avg".to_owned()),
    }
}

fn of_when_empty(when_empty: WhenEmpty) -> String {
    match when_empty {
        WhenEmpty::Zero => "when_empty: \"0\"".to_owned(),
        WhenEmpty::Null => "when_empty: null".to_owned(),
    }
}
