//! What is counted of the rows of facts: columns of the union, and the measures that aggregate them.
//!
//! `parcels_delivered` becomes the column `parcels_delivered_rows`, which is 1 in the rows that count, and a sum of it.
//!
//! **Invariant:** a column holds a value in rows of its own fact only, so an aggregate over the union is one over them.

use super::{
    super::{
        super::tree::{self, DimensionType, MeasureType},
        Emission, draft,
        label::hidden_type,
        measure,
        splice::Splices,
        time,
    },
    Fact, Names,
    facts::Window,
};
use crate::{
    catalog::ColumnType,
    ids::{MetricId, ModelId},
    project::{Aggregation, Ref, SimpleMetric},
    sql::{Expr, Literal},
};

/// A column of the union that one fact fills.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::lookml::emit) struct Column {
    pub(in crate::lookml::emit) name: String,
    /// The position of the fact.
    pub(in crate::lookml::emit) fact: usize,
    /// The value of a row; absent if it is 1.
    pub(in crate::lookml::emit) value: Option<Expr<Ref>>,
    /// The rows that have one.
    pub(in crate::lookml::emit) condition: Option<Expr<Ref>>,
    /// The type, as far as it is known.
    pub(in crate::lookml::emit) kind: ColumnType,
}

/// A simple metric over the rows of a fact, under further conditions.
#[derive(Clone, Debug)]
pub(in crate::lookml::emit) struct CountedLeaf {
    pub(in crate::lookml::emit) metric: MetricId,
    pub(in crate::lookml::emit) fact: usize,
    pub(in crate::lookml::emit) condition: Option<Expr<Ref>>,
    pub(in crate::lookml::emit) aggregation: Aggregation,
    /// Whether it counts rows, not values.
    pub(in crate::lookml::emit) counts_rows: bool,
    /// The name of its measure.
    pub(in crate::lookml::emit) measure: String,
}

/// The columns and measures under construction.
pub(in crate::lookml::emit) struct Leaves<'e, 'a> {
    pub(in crate::lookml::emit) emission: &'e Emission<'a>,
    facts: &'e [Fact],
    pub(in crate::lookml::emit) names: Names,
    pub(in crate::lookml::emit) columns: Vec<Column>,
    pub(in crate::lookml::emit) dimensions: Vec<tree::Dimension>,
    pub(in crate::lookml::emit) measures: Vec<tree::Measure>,
    counted: Vec<CountedLeaf>,
    /// Measures that count the values of a leaf that are not null.
    counts: Vec<(Column, String)>,
}

impl<'e, 'a> Leaves<'e, 'a> {
    pub(in crate::lookml::emit) fn new(emission: &'e Emission<'a>, facts: &'e [Fact], names: Names) -> Self {
        Self {
            emission,
            facts,
            names,
            columns: Vec::new(),
            dimensions: Vec::new(),
            measures: Vec::new(),
            counted: Vec::new(),
            counts: Vec::new(),
        }
    }

    /// Returns the position of a leaf; makes its column and its measure, of the given name, if there is none.
    pub(in crate::lookml::emit) fn leaf(
        &mut self,
        metric: MetricId,
        simple: &SimpleMetric,
        (extra, (later, window)): (Option<&Expr<Ref>>, (i64, Option<Window>)),
        wanted: &str,
    ) -> Result<usize, String> {
        let home = self.emission.homes[&metric].clone()?;
        let fact = Fact { home, later, window };
        let fact = self.facts.iter().position(|known| *known == fact).ok_or("its rows are not in the explore")?;
        let condition = Expr::all(simple.filter.iter().chain(extra).cloned());
        let same = |leaf: &CountedLeaf| (leaf.metric, leaf.fact, &leaf.condition) == (metric, fact, &condition);
        if let Some(known) = self.counted.iter().position(same) {
            return Ok(known);
        }
        let measure = self.names.claim_measure(wanted);
        let made = self.measure(metric, simple, (fact, condition.as_ref()), &measure)?;
        self.measures.push(made);
        self.counted.push(CountedLeaf {
            metric,
            fact,
            condition,
            aggregation: simple.aggregation,
            counts_rows: simple.aggregation == Aggregation::Count && simple.expr.is_none(),
            measure,
        });
        Ok(self.counted.len() - 1)
    }

    /// Returns whether the rows of a fact are shown at their own time, and nowhere else.
    pub(in crate::lookml::emit) fn is_unmoved(&self, fact: usize) -> bool {
        self.facts[fact].later == 0 && self.facts[fact].window.is_none()
    }

    pub(in crate::lookml::emit) fn get(&self, leaf: usize) -> &CountedLeaf {
        &self.counted[leaf]
    }

    /// Returns the measure that counts the rows of a leaf.
    pub(in crate::lookml::emit) fn rows_of(&mut self, leaf: usize) -> String {
        let CountedLeaf { fact, condition, .. } = &self.counted[leaf];
        let counts = |other: &&CountedLeaf| other.counts_rows && (&other.fact, &other.condition) == (fact, condition);
        if let Some(count) = self.counted.iter().find(counts) {
            return count.measure.clone();
        }
        let (fact, condition) = (*fact, condition.clone());
        self.count_of(leaf, fact, condition)
    }

    /// Returns the measure that counts the values of a leaf, null ones left out.
    pub(in crate::lookml::emit) fn values_of(&mut self, leaf: usize) -> String {
        let CountedLeaf { metric, fact, condition, .. } = &self.counted[leaf];
        let expr = self.emission.project.simple(*metric).and_then(|simple| simple.expr.clone());
        let present = expr.map(|expr| expr.is_null(true));
        let (fact, condition) = (*fact, Expr::all(condition.iter().cloned().chain(present)));
        self.count_of(leaf, fact, condition)
    }

    fn count_of(&mut self, leaf: usize, fact: usize, condition: Option<Expr<Ref>>) -> String {
        let same = |(column, _): &&(Column, String)| (column.fact, &column.condition) == (fact, &condition);
        if let Some((_, measure)) = self.counts.iter().find(same) {
            return measure.clone();
        }
        let measure = self.names.claim_measure(&format!("{}_counted", self.counted[leaf].measure));
        let column = self.column(&format!("{measure}_rows"), fact, (None, true), condition);
        let mut made = measure::empty(&measure, MeasureType::Sum);
        made.sql = Some(format!("${{{}}}", column.name));
        self.measures.push(made);
        self.counts.push((column, measure.clone()));
        measure
    }

    fn measure(
        &mut self,
        metric: MetricId,
        simple: &SimpleMetric,
        (fact, condition): (usize, Option<&Expr<Ref>>),
        name: &str,
    ) -> Result<tree::Measure, String> {
        let value_type = measure::value_type(self.emission.project, metric, simple);
        let is_number = value_type.is_numeric() || value_type == ColumnType::Unknown;
        let kind = match simple.aggregation {
            Aggregation::Count | Aggregation::Sum => MeasureType::Sum,
            Aggregation::Avg => MeasureType::Average,
            Aggregation::CountDistinct | Aggregation::ApproxCountDistinct => MeasureType::CountDistinct,
            Aggregation::Min if is_number => MeasureType::Min,
            Aggregation::Max if is_number => MeasureType::Max,
            Aggregation::Min | Aggregation::Max => measure::extreme_type(value_type)?,
            Aggregation::Percentile(_) | Aggregation::DiscretePercentile(_) | Aggregation::ApproxPercentile(_) => {
                MeasureType::Number
            }
        };
        let column = match (simple.aggregation, &simple.expr) {
            (Aggregation::Count, expr) => {
                // A row without a value counts nothing, and makes a group all the same.
                let present = expr.clone().map(|expr| Expr::integer(1).when(expr.is_null(true)));
                self.column(&format!("{name}_rows"), fact, (present, true), condition.cloned())
            }
            (Aggregation::CountDistinct | Aggregation::ApproxCountDistinct, expr) => {
                self.column(&format!("{name}_value"), fact, (expr.clone(), false), condition.cloned())
            }
            (_, expr) => self.column(&format!("{name}_value"), fact, (expr.clone(), is_number), condition.cloned()),
        };
        let mut made = measure::empty(name, kind);
        let field = format!("${{{}}}", column.name);
        made.sql = Some(match simple.aggregation {
            Aggregation::Min | Aggregation::Max if !is_number => self.written(simple.aggregation, &field)?,
            Aggregation::Percentile(_) | Aggregation::DiscretePercentile(_) | Aggregation::ApproxPercentile(_) => {
                self.written(simple.aggregation, &field)?
            }
            _ => field,
        });
        made.approximate = simple.aggregation == Aggregation::ApproxCountDistinct;
        if !is_number && value_type.is_time() {
            let (datatype, convert_tz) = time::datatype(value_type);
            (made.datatype, made.convert_tz) = (Some(datatype), Some(convert_tz));
        }
        Ok(made)
    }

    /// `MIN(${first_booking_value})`: a measure of a time or a text says its aggregate itself, and so does a percentile.
    fn written(&self, aggregation: Aggregation, field: &str) -> Result<String, String> {
        let mut splices = Splices::default();
        let call = measure::aggregate(aggregation, splices.place(field))?;
        splices.expression(&call, self.emission.options.dialect)
    }

    fn column(
        &mut self,
        wanted: &str,
        fact: usize,
        (value, is_number): (Option<Expr<Ref>>, bool),
        condition: Option<Expr<Ref>>,
    ) -> Column {
        let same = |known: &&Column| (known.fact, &known.value, &known.condition) == (fact, &value, &condition);
        if let Some(known) = self.columns.iter().find(same) {
            return known.clone();
        }
        let model = self.facts[fact].home.model;
        let is_number = value.is_none() || is_number;
        let column_type = value.as_ref().map_or(ColumnType::Integer, |value| type_of(self.emission, model, value));
        let name = self.names.claim(wanted);
        let made = Column { name: name.clone(), fact, value, condition, kind: column_type };
        let kind = if is_number { DimensionType::Number } else { hidden_type(column_type) };
        self.dimensions.push(draft::hidden(&name, kind, &self.emission.own_column(&name)));
        self.columns.push(made.clone());
        made
    }
}

/// Returns the type of an expression that is a plain name, or that of a number that counts.
fn type_of(emission: &Emission<'_>, model: ModelId, expr: &Expr<Ref>) -> ColumnType {
    match expr {
        Expr::Leaf(Ref::Column { route, column, column_type: ColumnType::Unknown }) => {
            emission.column_type(emission.project.route_end(model, route), column)
        }
        Expr::Leaf(Ref::Column { column_type, .. }) => *column_type,
        Expr::Leaf(Ref::Dimension { dimension, .. }) => emission.project.dimensions[*dimension].column_type,
        Expr::Case { branches, otherwise: None } => match branches.as_slice() {
            [(_, value)] => type_of(emission, model, value),
            _ => ColumnType::Unknown,
        },
        Expr::Literal(Literal::Integer(_)) => ColumnType::Integer,
        _ => ColumnType::Unknown,
    }
}
