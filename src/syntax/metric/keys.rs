//! The keys of metrics and of what lies in them.

use crate::syntax::{
    dimension::{FORMAT_PATTERN, FORMATS},
    keys::{GRANULARITIES, Kind, Rule, Shape, key, keys, required},
};

/// The usual aggregates.
const AGGREGATES: &[&str] =
    &["count", "sum", "avg", "min", "max", "count_distinct", "approx_count_distinct", "median", "p90"];

/// The keys that say what a metric is.
/// How a granularity may be called; that of a calendar has a name of its own.
const GRANULARITY_NAME: &str = "^[a-z][a-z0-9_]*$";
const KINDS: &[&str] = &["agg", "expr", "metric", "funnel"];

/// The keys of a metric.
pub(in crate::syntax) static METRIC: Kind = Kind {
    name: "metric",
    article: "a metric",
    doc: "A named, owned number. Its kind follows from the keys that are there.",
    keys: keys![
        required("name", Shape::Name, "The name, unique among metrics."),
        key("model", Shape::Reference, "The model whose rows are aggregated."),
        key(
            "agg",
            Shape::Word(AGGREGATES, "^p[0-9]{1,2}(_[0-9]+)?$"),
            "How the rows are aggregated; `p99_9` is a percentile."
        ),
        key(
            "expr",
            Shape::Expression,
            "With `agg`, one row's worth, over columns and dimensions; without, a formula over inputs and metrics."
        ),
        key("where", Shape::Condition, "Which rows count."),
        docs,
        key("time", Shape::Reference, "The time dimension by which it is dated; the model's unless said."),
        key(
            "inputs",
            Shape::Named(&INPUT),
            "Metrics under a name for the formula, each with a filter or an offset of its own."
        ),
        key("metric", Shape::Reference, "The metric to which a window, an offset or `per` is applied."),
        key("window", Shape::Duration(1), "The trailing time over which the metric is accumulated, such as `28 days`."),
        key(
            "to_date",
            Shape::Word(&GRANULARITIES, GRANULARITY_NAME),
            "Accumulates since the start of the period, such as `month`."
        ),
        key("all_time", Shape::Boolean, "Accumulates since the beginning."),
        key(
            "take",
            Shape::OneOf(&["last", "first", "avg"]),
            "What stands for a coarser period of a cumulative metric; last unless said."
        ),
        key("offset", Shape::Offset, "How far back the metric is taken, such as `52 weeks`."),
        key("when_empty", Shape::OneOf(&["null", "0"]), "What it is where it has no rows."),
        key("discrete", Shape::Boolean, "A percentile that is one of the values, not between two of them."),
        key("approximate", Shape::Boolean, "Allows an approximate percentile or distinct count."),
        key(
            "balance",
            Shape::WordOrMapping(&["last", "first"], &BALANCE),
            "A balance: never summed over time, taken at the last or the first moment of a period."
        ),
        key("funnel", Shape::List(&FUNNEL_STEP), "Steps of a funnel, in order."),
        key(
            "result",
            Shape::Word(
                &["rate", "conversions", "conversions_per_base", "p90 hours"],
                "^p[0-9]{1,2} (minutes|hours|days)$"
            ),
            "Which number of the funnel it is."
        ),
        key("same", Shape::Names, "Dimensions of the first and the last step of a funnel that must agree."),
        key("per", Shape::OneOrMore, "A metric of a metric: for each of these, then aggregated with `agg`."),
        key("include", Shape::OneOf(&["all"]), "Counts those without rows as 0."),
        key("ignore", Shape::OneOrMore, "Keys that are dropped from the grouping, or `all`."),
        key("status", Shape::OneOf(&["draft", "proposed", "deprecated"]), "Where it stands in its life."),
        key("replaced_by", Shape::Reference, "The metric to use in place of a deprecated one."),
        key("sunset", Shape::Text, "The day after which a deprecated metric is gone, such as `2026-12-31`."),
        key(
            "revision",
            Shape::Integer(1, 4_294_967_295),
            "Tells definitions of the same metric apart that live side by side."
        ),
        key("unit", Shape::Text, "The unit, such as `EUR`."),
        key("format", Shape::Word(FORMATS, FORMAT_PATTERN), "How it is shown."),
        key("good", Shape::OneOf(&["up", "down"]), "Which direction is good."),
        meta
    ],
    rules: &[
        Rule::AtLeastOne(
            KINDS,
            "Add `model` and `agg` for a number of rows, `expr` for a formula over metrics, or `metric` with `window`.",
        ),
        Rule::Needs("model", &["agg"], "Add `agg`, such as `agg: count` or `agg: sum`."),
        Rule::Needs("agg", &["model", "per"], "Add `model`, whose rows are aggregated."),
        Rule::Excludes(
            "agg",
            &["inputs"],
            "A metric with `agg` speaks of rows; put the formula over metrics into a metric without `agg`.",
        ),
        Rule::Excludes(
            "metric",
            &["model", "expr", "inputs"],
            "Name the metric in `inputs` if it is part of a formula.",
        ),
        Rule::Needs(
            "metric",
            &["window", "to_date", "all_time", "offset", "where", "per", "ignore"],
            "Say what is done with the metric: add `window`, `to_date`, `all_time`, `offset`, `where` or `per`.",
        ),
        Rule::AtMostOne(&["window", "to_date", "all_time"], "Keep the one that is meant."),
        Rule::Needs("window", &["metric"], "Name the metric that is accumulated: define it apart and add `metric`."),
        Rule::Needs("to_date", &["metric"], "Name the metric that is accumulated: define it apart and add `metric`."),
        Rule::Needs("all_time", &["metric"], "Name the metric that is accumulated: define it apart and add `metric`."),
        Rule::Needs("offset", &["metric"], "Name the metric that is shifted: define it apart and add `metric`."),
        Rule::Needs("take", &["window", "to_date", "all_time"], "Keep `take` for cumulative metrics."),
        Rule::Needs("inputs", &["expr"], "Add `expr` with the formula over the inputs."),
        Rule::Needs("per", &["metric"], "Add `metric`, which is computed for each of them."),
        Rule::Needs("per", &["agg"], "Add `agg`, which aggregates over them."),
        Rule::Needs("include", &["per"], "Keep `include` for metrics with `per`."),
        Rule::Needs("balance", &["agg"], "Add `model` and `agg`."),
        Rule::Needs("discrete", &["agg"], "Keep `discrete` for percentiles."),
        Rule::Needs("approximate", &["agg"], "Keep `approximate` for percentiles and distinct counts."),
        Rule::Needs("time", &["agg"], "Only a metric with `agg` has a time axis of its own; its inputs keep theirs."),
        Rule::Excludes(
            "funnel",
            &["model", "agg", "expr", "inputs", "metric", "window", "to_date", "all_time", "offset", "per", "balance"],
            "A funnel is made of its steps only; put the other number into a metric of its own.",
        ),
        Rule::Needs("result", &["funnel"], "Keep `result` for funnels."),
        Rule::Needs("same", &["funnel"], "Keep `same` for funnels."),
    ],
};

/// The keys of an input.
static INPUT: Kind = Kind {
    name: "input",
    article: "an input",
    doc: "A metric under a name for the formula.",
    keys: keys![
        required("metric", Shape::Reference, "The metric."),
        key("where", Shape::Condition, "Which rows count, beside the metric's own filter."),
        key("offset", Shape::Offset, "How far back it is taken, such as `52 weeks`."),
        key("offset_to", Shape::Text, "A fixed point back to which it is taken, such as `start of year`."),
        key(
            "shift",
            Shape::OneOf(&["rows", "periods"]),
            "Whether rows are shifted before they are grouped, or whole periods."
        ),
        key("ignore", Shape::OneOrMore, "Keys that are dropped from its grouping, or `all`."),
        key("window", Shape::Duration(1), "The trailing time over which it is accumulated."),
        key("to_date", Shape::Word(&GRANULARITIES, GRANULARITY_NAME), "Accumulates it since the start of the period."),
        key("all_time", Shape::Boolean, "Accumulates it since the beginning."),
        key("when_empty", Shape::OneOf(&["null", "0"]), "What it is where it has no rows."),
        meta
    ],
    rules: &[
        Rule::AtMostOne(&["window", "to_date", "all_time"], "Keep the one that is meant."),
        Rule::AtMostOne(&["offset", "offset_to"], "Keep the one that is meant."),
        Rule::Needs("shift", &["offset", "offset_to"], "Add `offset`, such as `offset: 1 year`."),
    ],
};

static BALANCE: Kind = Kind {
    name: "balance",
    article: "a balance",
    doc: "How a balance is taken from a period.",
    keys: keys![
        required("take", Shape::OneOf(&["last", "first"]), "The moment of the period."),
        key("per", Shape::OneOrMore, "Chooses the moment for each of these."),
        key("point", Shape::OneOf(&["filtered"]), "Chooses the moment after filters."),
        meta
    ],
    rules: &[],
};

static FUNNEL_STEP: Kind = Kind {
    name: "step",
    article: "a step",
    doc: "A step of a funnel.",
    keys: keys![
        required("metric", Shape::Reference, "The metric whose rows are the events."),
        required("by", Shape::Reference, "The key that ties the steps together."),
        key("within", Shape::Duration(1), "The time after the step before."),
        meta
    ],
    rules: &[],
};
