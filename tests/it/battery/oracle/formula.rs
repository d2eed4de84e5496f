//! Metrics of a query → formulas over uses of simple metrics.

use super::groups::Grouped;
use crate::battery::{
    definitions::{Aggregate, Axis, Formula, Funnel, Ignore, Kind, Member, Metric, Operator, Span, Take, WhenEmpty},
    query::{Back, Key, Moved, Predicate, Show, Size, Within, Words},
};

/// One use of a simple metric.
pub(super) struct Leaf<'q> {
    pub(super) metric: usize,
    /// The time by which it is dated.
    pub(super) axis: Axis,
    pub(super) filters: Vec<&'q Predicate>,
    pub(super) moved: Moved,
    /// Whether the months are taken back row by row.
    pub(super) by_rows: bool,
    /// The unit to the first period of which it is taken back.
    pub(super) start_of: Option<Size>,
    pub(super) span: Option<(Span, Take)>,
    pub(super) when_empty: Option<WhenEmpty>,
    pub(super) of_present: bool,
    /// What says which keys it is not grouped by.
    pub(super) ignore: Vec<&'q Ignore>,
    /// Of what it is the whole, if it is one.
    pub(super) whole: Option<Within>,
    /// Whom it is computed for, and how that is aggregated.
    pub(super) nested: Option<(Member, Aggregate)>,
    /// The funnel of which it is the base.
    pub(super) funnel: Option<&'q Funnel>,
    pub(super) grouped: Grouped<'q>,
}

impl Leaf<'_> {
    /// Whether it is not grouped by a key.
    pub(super) fn drops(&self, key: Key) -> bool {
        let meant = key.meant_by(self.axis);
        self.ignore.iter().any(|ignore| ignore.drops(meant))
            || self.whole.is_some_and(|within| within.drops(key, meant))
    }
}

/// A metric of the query.
pub(super) enum Node {
    Leaf(usize),
    Constant(i64),
    Binary(Operator, Box<Self>, Box<Self>),
    /// Null where nothing below has rows.
    WhereRowsAre(Box<Self>),
    OrZero(Box<Self>),
}

impl Node {
    fn by(self, operator: Operator, right: Self) -> Self {
        Self::Binary(operator, Box::new(self), Box::new(right))
    }
}

/// What the metrics above ask of the ones below.
#[derive(Clone, Default)]
struct Above<'q> {
    filters: Vec<&'q Predicate>,
    moved: Moved,
    by_rows: bool,
    start_of: Option<Size>,
    span: Option<(Span, Take)>,
    when_empty: Option<WhenEmpty>,
    of_present: bool,
    ignore: Vec<&'q Ignore>,
    whole: Option<Within>,
    nested: Option<(Member, Aggregate)>,
    funnel: Option<&'q Funnel>,
}

pub(super) struct Builder<'q> {
    pub(super) metrics: &'q [Metric],
    pub(super) leaves: Vec<Leaf<'q>>,
}

impl<'q> Builder<'q> {
    /// A metric in the words of a query.
    pub(super) fn metric(&mut self, metric: usize, words: Words) -> Node {
        let value = self.of_time(metric, words, None, None);
        match words.show {
            // Places are told once all rows are there.
            Show::Value | Show::Rank(_) => value,
            Show::Share(within) => value.by(Operator::Divide, self.of_time(metric, words, None, Some(within))),
            Show::Change(since) => {
                let difference = value.by(Operator::Subtract, self.of_time(metric, words, Some(since), None));
                difference.by(Operator::Divide, self.of_time(metric, words, Some(since), None))
            }
        }
    }

    fn of_time(&mut self, metric: usize, words: Words, since: Option<Back>, whole: Option<Within>) -> Node {
        let is_present = words.back.is_none() && since.is_none();
        let above = Above {
            moved: Moved::by(since).and(Moved::by(words.back)),
            span: words.over.map(|span| (span, Take::Last)),
            of_present: is_present,
            whole,
            ..Above::default()
        };
        let node = self.node(metric, &above);
        if is_present { node } else { Node::WhereRowsAre(Box::new(node)) }
    }

    fn node(&mut self, metric: usize, above: &Above<'q>) -> Node {
        let metrics = self.metrics;
        let own = if above.nested.is_some() || above.funnel.is_some() { None } else { metrics[metric].when_empty };
        let when_empty = above.when_empty.or(own);
        match &metrics[metric].kind {
            Kind::Simple(simple) => {
                self.leaves.push(Leaf {
                    metric,
                    axis: simple.axis,
                    filters: above.filters.clone(),
                    moved: above.moved,
                    by_rows: above.by_rows,
                    start_of: above.start_of,
                    span: above.span,
                    when_empty,
                    of_present: above.of_present,
                    ignore: above.ignore.clone(),
                    whole: above.whole,
                    nested: above.nested,
                    funnel: above.funnel,
                    grouped: Grouped::default(),
                });
                Node::Leaf(self.leaves.len() - 1)
            }
            Kind::Accumulated { metric, span, take } => {
                let span = Some((*span, *take));
                self.node(*metric, &Above { span, when_empty, ..above.clone() })
            }
            Kind::Funnel(funnel) => {
                self.node(funnel.base, &Above { when_empty, funnel: Some(funnel), ..above.clone() })
            }
            Kind::Nested { metric, per, aggregate } => {
                let nested = Some((*per, *aggregate));
                // What the inner metric is without rows is asked of it for each member.
                self.node(*metric, &Above { when_empty, nested, ..above.clone() })
            }
            Kind::Derived { formula, inputs } => {
                let mut nodes = Vec::new();
                for input in inputs {
                    let is_moved = input.back.is_some() || input.start_of.is_some();
                    let mut below = Above {
                        moved: above.moved.and(Moved::by(input.back)),
                        by_rows: above.by_rows || input.by_rows,
                        start_of: above.start_of.or(input.start_of),
                        span: input.span.map(|span| (span, Take::Last)).or(above.span),
                        when_empty: if is_moved { None } else { input.when_empty },
                        ..above.clone()
                    };
                    below.filters.extend(&input.filter);
                    below.ignore.extend(&input.ignore);
                    let node = self.node(input.metric, &below);
                    nodes.push(Some(if is_moved {
                        let earlier = Node::WhereRowsAre(Box::new(node));
                        if input.when_empty == Some(WhenEmpty::Zero) {
                            Node::OrZero(Box::new(earlier))
                        } else {
                            earlier
                        }
                    } else {
                        node
                    }));
                }
                let node = combine(formula, &mut nodes);
                match when_empty {
                    None => node,
                    Some(WhenEmpty::Zero) => Node::OrZero(Box::new(node)),
                    Some(WhenEmpty::Null) => Node::WhereRowsAre(Box::new(node)),
                }
            }
        }
    }
}

/// Puts the inputs into the formula; each stands there once.
fn combine(formula: &Formula, inputs: &mut [Option<Node>]) -> Node {
    match formula {
        Formula::Input(position) => inputs[*position].take().expect("an input stands in a formula once"),
        Formula::Constant(value) => Node::Constant(*value),
        Formula::Binary(operator, left, right) => {
            let left = combine(left, inputs);
            Node::Binary(*operator, Box::new(left), Box::new(combine(right, inputs)))
        }
    }
}
