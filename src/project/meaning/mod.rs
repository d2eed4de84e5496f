//! The hash of a metric's meaning: changes exactly when a number could change.
//!
//! A metric is written in a canonical form, in which every name is replaced by the hash of what it stands for: a
//! dimension by its expression, a join by its target and keys, an input by its metric. Labels, descriptions, order,
//! layout and the metric's own name are not part of it; tables, columns, filters, joins, promises on partitions, the
//! zone and the calendar are.
//!
//! **Invariant:** the form is written by this module alone, so renaming a type of ours changes no hash.

mod form;

use std::fmt::Write;

use self::form::{aggregation, digest, edge, empty, ignored, path, quoted, table_form, taken, write_expr};
use super::{
    AsOf, Back, Balance, CalendarGranularity, CalendarTable, Cumulation, Dimension, DimensionKind, Empty, Funnel,
    FunnelResult, FunnelStep, Input, InputId, Join, Member, Metric, MetricKind, NestedMetric, Project, Ref,
    Relationship, Route, Size, Source, Versions,
};
use crate::{
    ids::{DimensionId, GranularityId, Id, JoinId, MetricId, ModelId},
    sql::Expr,
};

/// The hashes that are known so far, by id.
struct Known {
    models: Vec<Option<String>>,
    dimensions: Vec<Option<String>>,
    joins: Vec<Option<String>>,
    metrics: Vec<Option<String>>,
}

impl Project {
    /// Computes the hash of every metric. Called once, when everything is resolved.
    pub(crate) fn hash_meanings(&mut self) {
        let mut known = Known {
            models: vec![None; self.models.len()],
            dimensions: vec![None; self.dimensions.len()],
            joins: vec![None; self.joins.len()],
            metrics: vec![None; self.metrics.len()],
        };
        for id in self.metrics.ids() {
            let hash = self.metric_hash(id, &mut known);
            self.metrics[id].hash = hash;
        }
    }

    fn metric_hash(&self, id: MetricId, known: &mut Known) -> String {
        if let Some(hash) = &known.metrics[id.index()] {
            return hash.clone();
        }
        let Metric { kind, when_empty, says_empty, .. } = &self.metrics[id];
        // A formula is what its parts make of it unless it says null itself.
        let says_null = *says_empty && *when_empty == Empty::Null && !matches!(kind, MetricKind::Simple(_));
        let mut form = format!(
            "(metric (zone {}) (week {}) (fiscal {}) {} ",
            self.time_zone,
            self.calendar.week_start,
            self.calendar.fiscal_start_month,
            if says_null { "says-null" } else { empty(*when_empty) }
        );
        match kind {
            MetricKind::Simple(simple) => {
                let _ =
                    write!(form, "(aggregate {} {}", aggregation(simple.aggregation), self.model(simple.model, known));
                if let Some(expr) = &simple.expr {
                    let _ = write!(form, " (expr {})", self.expr(expr, known));
                }
                if let Some(filter) = &simple.filter {
                    let _ = write!(form, " (where {})", self.expr(filter, known));
                }
                if let Some(axis) = &simple.time {
                    let (route, dimension) = (self.route(&axis.route, known), self.dimension(axis.dimension, known));
                    let _ = write!(form, " (time {route} {dimension})");
                }
                if let Some(Balance { take, per, filtered }) = &simple.balance {
                    let per = self.members(per, known);
                    let _ = write!(form, " (balance {} {filtered}{per})", edge(*take));
                }
                form.push(')');
            }
            MetricKind::Derived { expr, inputs } => {
                let inputs: Vec<String> = inputs.iter().map(|input| self.input(input, known)).collect();
                form.push_str(&write_expr(expr, &mut |InputId(position)| inputs[*position].clone()));
            }
            MetricKind::Cumulative { metric, cumulation: over, take } => {
                let inner = self.metric_hash(*metric, known);
                let _ = write!(form, "(cumulative {}{} {inner})", self.cumulation_form(*over), taken(*take));
            }
            MetricKind::Nested(NestedMetric { metric, per, aggregation: outer, include_all }) => {
                let (per, inner) = (self.members(per, known), self.metric_hash(*metric, known));
                let _ = write!(form, "(nested {} {include_all}{per} {inner})", aggregation(*outer));
            }
            MetricKind::Funnel(funnel) => form.push_str(&self.funnel(funnel, known)),
        }
        form.push(')');
        let hash = digest(&form);
        known.metrics[id.index()] = Some(hash.clone());
        hash
    }

    fn input(&self, input: &Input, known: &mut Known) -> String {
        let Input {
            name: _,
            metric,
            filter,
            offset,
            shift_rows,
            offset_to,
            ignore,
            cumulation: over,
            take,
            when_empty,
        } = input;
        let mut form = format!("(input {}", self.metric_hash(*metric, known));
        let mut filters: Vec<String> = filter
            .iter()
            .map(|(model, filter)| format!(" (where {} {})", self.model(*model, known), self.expr(filter, known)))
            .collect();
        filters.sort();
        form.push_str(&filters.concat());
        if let Some(offset) = offset {
            let back = match offset {
                Back::Time(offset) => offset.to_string(),
                Back::Periods { count, of } => format!("{count} {}", self.calendar_form(*of)),
            };
            let _ = write!(form, " (offset {back} {shift_rows})");
        }
        if let Some(size) = offset_to {
            let _ = write!(form, " (offset_to {size})");
        }
        if let Some(ignore) = ignore {
            form.push_str(&ignored(ignore));
        }
        if let Some(over) = over {
            let _ = write!(form, " {}{}", self.cumulation_form(*over), taken(*take));
        }
        if let Some(when_empty) = when_empty {
            let _ = write!(form, " {}", empty(*when_empty));
        }
        form + ")"
    }

    fn members(&self, members: &[Member], known: &mut Known) -> String {
        let written = members.iter().map(|member| match member {
            Member::Model { name, model } => {
                let role = if *name == self.models[*model].name { String::new() } else { quoted(name) };
                format!(" (per {role} {} {})", self.model(*model, known), path(&self.models[*model].primary_key))
            }
            Member::Dimension(words) => format!(" (per {})", path(words)),
            Member::Time(size) => format!(" (per {size})"),
        });
        let mut written: Vec<String> = written.collect();
        written.sort();
        written.concat()
    }

    fn funnel(&self, Funnel { steps, result, same }: &Funnel, known: &mut Known) -> String {
        let mut form = match result {
            FunnelResult::Rate => "(funnel rate".to_owned(),
            FunnelResult::Conversions => "(funnel conversions".to_owned(),
            FunnelResult::ConversionsPerBase => "(funnel conversions_per_base".to_owned(),
            FunnelResult::TimeBetween { percentile, unit } => format!("(funnel time {percentile} {}", unit.name()),
        };
        for FunnelStep { metric, by, within } in steps {
            let (metric, by) = (self.metric_hash(*metric, known), self.expr(by, known));
            let within = within.map_or_else(|| "ever".to_owned(), |within| within.to_string());
            let _ = write!(form, " (step {metric} {by} ({within}))");
        }
        let mut pairs: Vec<String> = same
            .iter()
            .map(|(first, last)| format!(" (same {} {})", self.expr(first, known), self.expr(last, known)))
            .collect();
        pairs.sort();
        form + &pairs.concat() + ")"
    }

    fn model(&self, id: ModelId, known: &mut Known) -> String {
        if let Some(hash) = &known.models[id.index()] {
            return hash.clone();
        }
        let mut form = self.source_form(id);
        if let Some(filter) = &self.models[id].filter {
            let _ = write!(form, " (where {})", self.expr(filter, known));
        }
        let hash = digest(&(form + ")"));
        known.models[id.index()] = Some(hash.clone());
        hash
    }

    fn source_form(&self, id: ModelId) -> String {
        match &self.models[id].source {
            Source::Table(table) => format!("(model {}", table_form(&self.tables[*table])),
            Source::Select(text) => format!("(model (select {})", quoted(text)),
        }
    }

    fn source_hash(&self, id: ModelId) -> String {
        digest(&(self.source_form(id) + ")"))
    }

    /// The rows of a model from which a join comes, where the join itself does not tell them.
    fn kept_rows(&self, id: ModelId, known: &mut Known) -> String {
        if self.keeps_by_joins(id) { format!(" {}", self.model(id, known)) } else { String::new() }
    }

    fn dimension(&self, id: DimensionId, known: &mut Known) -> String {
        if let Some(hash) = &known.dimensions[id.index()] {
            return hash.clone();
        }
        let Dimension { kind, expr, metric, buckets, .. } = &self.dimensions[id];
        let kind = match kind {
            DimensionKind::String => "string".to_owned(),
            DimensionKind::Number => "number".to_owned(),
            DimensionKind::Boolean { nullable } => format!("boolean {nullable}"),
            DimensionKind::Time { .. } => format!("time {}", self.dimensions[id].column_type),
        };
        let value = match metric {
            Some(metric) => format!("(metric {})", self.metric_hash(*metric, known)),
            None => self.expr(expr, known),
        };
        let mut form = format!("(dimension ({kind}) {value}");
        for bucket in buckets {
            let bound = |bound: &Option<String>| bound.clone().unwrap_or_else(|| "none".to_owned());
            let _ = write!(form, " ({} {} {})", bound(&bucket.low), bound(&bucket.high), quoted(&bucket.label));
        }
        let hash = digest(&(form + ")"));
        known.dimensions[id.index()] = Some(hash.clone());
        hash
    }

    fn join(&self, id: JoinId, known: &mut Known) -> String {
        if let Some(hash) = &known.joins[id.index()] {
            return hash.clone();
        }
        let Join { to, reverse_of, .. } = &self.joins[id];
        let hash = match reverse_of {
            Some(declared) => {
                let many = self.kept_rows(*to, known);
                digest(&format!("(back {}{many})", self.join(*declared, known)))
            }
            None => {
                let to = self.model(*to, known);
                self.join_to(id, &to, known)
            }
        };
        known.joins[id.index()] = Some(hash.clone());
        hash
    }

    /// The join of `exists`, by which rows are looked for from the one side: which rows that keeps is known there.
    fn join_of_exists(&self, id: JoinId, known: &mut Known) -> String {
        let to = self.joins[id].to;
        if self.keeps_by_joins(to) { self.join_to(id, &self.source_hash(to), known) } else { self.join(id, known) }
    }

    fn join_to(&self, id: JoinId, to_hash: &str, known: &mut Known) -> String {
        // A definition never goes over a to-many join, so `fan_out` changes what may be asked, and no metric.
        let Join { role: _, from, to, keys, relationship, as_of, complete, reverse_of: _, fan_out: _, span: _ } =
            &self.joins[id];
        let versions = match (as_of, &self.models[*to].versions) {
            (Some(as_of), Some(Versions { of: _, from, to, column_type })) => {
                let as_of = match as_of {
                    AsOf::Own(time) => self.expr(time, known),
                    AsOf::Metric(None) => "metric_time".to_owned(),
                    AsOf::Metric(Some(cast)) => format!("(metric_time {cast})"),
                };
                format!(" (as_of {as_of} {} {} {column_type})", quoted(from), quoted(to))
            }
            _ => String::new(),
        };
        let mut keys: Vec<String> =
            keys.iter().map(|key| format!(" ({} {})", quoted(&key.theirs), self.expr(&key.ours, known))).collect();
        keys.sort();
        let relationship = match relationship {
            Relationship::ManyToOne | Relationship::OneToOne => "to_one",
        };
        // Where the promise is broken, rows fall out of the number.
        let complete = if *complete { " (complete)" } else { "" };
        let from = if self.keeps_by_joins(*from) { self.source_hash(*from) } else { self.model(*from, known) };
        digest(&format!("(join {relationship} {from} {to_hash}{}{versions}{complete})", keys.concat()))
    }

    fn cumulation_form(&self, cumulation: Cumulation) -> String {
        match cumulation {
            Cumulation::Window(window) => format!("(window {window})"),
            Cumulation::ToDate(Size::Standard(granularity)) => format!("(to_date {granularity})"),
            Cumulation::ToDate(Size::Calendar(id) | Size::FirstDay(id)) => {
                format!("(to_date {})", self.calendar_form(id))
            }
            Cumulation::AllTime => "(all_time)".to_owned(),
        }
    }

    /// A granularity of a calendar is what its table says: the periods themselves are data.
    fn calendar_form(&self, id: GranularityId) -> String {
        let CalendarGranularity { calendar, column, name: _, column_type: _, periods: _, span: _ } =
            &self.granularities[id];
        let CalendarTable { table, date, name: _, date_type: _, granularities: _, span: _ } =
            &self.calendars[*calendar];
        format!("({} {} {})", table_form(&self.tables[*table]), quoted(date), quoted(column))
    }

    fn route(&self, Route(joins): &Route, known: &mut Known) -> String {
        let joins: Vec<String> = joins.iter().map(|join| self.join(*join, known)).collect();
        format!("[{}]", joins.join(" "))
    }

    fn expr(&self, expr: &Expr<Ref>, known: &mut Known) -> String {
        write_expr(expr, &mut |leaf| match leaf {
            Ref::Column { route, column, column_type } => {
                format!("(column {} {} {column_type})", self.route(route, known), quoted(column))
            }
            Ref::Dimension { route, dimension } => {
                format!("(dimension {} {})", self.route(route, known), self.dimension(*dimension, known))
            }
            Ref::Exists { route, join, filter } => {
                let filter = filter.as_ref().map_or_else(|| "true".to_owned(), |filter| self.expr(filter, known));
                let many = self.kept_rows(self.joins[*join].from, known);
                format!("(exists {} {} {filter}{many})", self.route(route, known), self.join_of_exists(*join, known))
            }
            Ref::Calendar { granularity, day } => {
                format!("(calendar {} {})", self.calendar_form(*granularity), self.expr(day, known))
            }
            Ref::Claim { .. } => unreachable!("only a policy names claims, and policies are no part of a meaning"),
            Ref::Verbatim(texts) => {
                let texts: Vec<String> =
                    texts.iter().map(|(dialect, text)| format!("({} {})", dialect.name(), quoted(text))).collect();
                format!("(verbatim {})", texts.join(" "))
            }
        })
    }
}
