//! A log → proposed rollups, with what they would have answered, and what no rollup answers.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use super::{
    Asked, Cost, Shape,
    choose::{Choice, WHOLE, Weighed, choose},
    needs::{Kept, Need, needs},
};
use crate::{
    ids::{Id as _, ModelId},
    plan::{Context, Plan, Principal, StoredTable, plan},
    project::{Policies, Project, Rollup, Source, Stored, TimeAxis},
    resolve::{WantedRollup, rollup_of},
    sql::{Dialect, Select, table_reads},
    time::{DateRange, DateTime, Duration, Granularity, NaiveDate, Unit, Utc, add_periods},
    warehouse::Rows,
};

/// What is proposed.
#[derive(Clone, Debug, Default)]
pub struct Advice {
    /// The rollups, the one that saves most first.
    pub proposals: Vec<Proposal>,
    /// What everything in the log came to.
    pub all: Cost,
    /// What is answered by the rollups that are defined already.
    pub answered: Cost,
    /// What no rollup answers, the dearest first.
    pub unanswered: Vec<Unanswered>,
}

/// A proposed rollup.
#[derive(Clone, Debug)]
pub struct Proposal {
    /// The name.
    pub name: String,
    /// Its definition, to be pasted under `rollups:`.
    pub yaml: String,
    /// What the requests that it answers came to.
    pub answers: Cost,
    /// Their shapes, the dearest first.
    pub shapes: Vec<String>,
    /// About how many rows it stores for a day, and how many rows a day has; nothing if the warehouse was not asked.
    pub rows_a_day: Option<(u64, u64)>,
}

/// A shape that no rollup answers.
#[derive(Clone, Debug)]
pub struct Unanswered {
    /// The shape in words.
    pub shape: String,
    /// What its requests came to.
    pub cost: Cost,
    /// Why.
    pub reason: String,
}

/// How long rows may change, where nothing is known of it.
const LOOKBACK: Duration = Duration { count: 3, unit: Unit::Day };

/// The days that are looked at to tell how many rows there are.
const SURVEYED: i64 = 28;

/// Proposes at most so many rollups. `ask` asks the warehouse how many rows and values there are, if it may be asked.
pub fn advise(
    project: &Project,
    log: &[Asked],
    most: usize,
    (now, dialect): (DateTime<Utc>, Dialect),
    ask: &mut dyn FnMut(&Select) -> Option<Rows>,
) -> Advice {
    // Whose rows a caller sees is not in the log.
    let mut open = project.clone();
    open.policies = Policies::default();
    let trial = Trial { today: now.with_timezone(&open.time_zone).date_naive(), context: Context { now, dialect } };
    let log = merged(log);
    let mut advice = Advice::default();
    let (unmet, weighed) = unmet(&open, &log, &trial, &mut advice);
    let surveys = surveys(&open, &weighed, now, dialect, ask);
    let remaining = |model: ModelId, axis: &TimeAxis, kept: &BTreeSet<Kept>| {
        let survey = surveys.iter().find(|survey| (survey.model, &survey.axis) == (model, axis));
        survey.map_or(0, |survey| survey.rows_of(kept).saturating_mul(WHOLE) / survey.rows.max(1))
    };
    let choices = choose(&weighed, most, &remaining);
    let rollups = named(&open, &choices);
    advice.proposals = rollups
        .iter()
        .zip(&choices)
        .map(|(rollup, choice)| {
            let survey = surveys.iter().find(|survey| (survey.model, &survey.axis) == (choice.model, &choice.axis));
            let rows_a_day = survey.map(|survey| (survey.rows_of(&choice.dimensions), survey.rows));
            let yaml = yaml(&open, rollup);
            Proposal { name: rollup.name.clone(), yaml, answers: Cost::default(), shapes: Vec::new(), rows_a_day }
        })
        .collect();
    trial.fill(&mut open, &rollups);
    for asked in unmet {
        let shape = asked.shape.told();
        let answered = trial.answering(&open, &asked.shape).and_then(|name| {
            let proposal = advice.proposals.iter_mut().find(|proposal| proposal.name == name);
            proposal.ok_or_else(|| "it would not be worth its rows".to_owned())
        });
        match answered {
            Ok(proposal) => {
                proposal.answers.add(asked.cost);
                proposal.shapes.push(shape);
            }
            Err(reason) => advice.unanswered.push(Unanswered { shape, cost: asked.cost, reason }),
        }
    }
    advice.proposals.retain(|proposal| proposal.answers.count > 0);
    advice.unanswered.sort_by_key(|unanswered| Reverse(weight(unanswered.cost)));
    advice
}

/// Finds what the rollups that are defined do not answer, the dearest first, and what would have to be kept for it.
fn unmet<'l>(
    project: &Project,
    log: &'l [Asked],
    trial: &Trial,
    advice: &mut Advice,
) -> (Vec<&'l Asked>, Vec<Weighed>) {
    let mut defined = project.clone();
    trial.fill(&mut defined, &[]);
    let (mut unmet, mut weighed) = (Vec::new(), Vec::new());
    for asked in log {
        advice.all.add(asked.cost);
        if trial.answering(&defined, &asked.shape).is_ok() {
            advice.answered.add(asked.cost);
            continue;
        }
        match storable_needs(project, &asked.shape, trial.context.dialect) {
            Ok(needs) => {
                let cost = weight(asked.cost) / u64::try_from(needs.len()).unwrap_or(1).max(1);
                weighed.extend(needs.into_iter().map(|need| Weighed { need, cost }));
                unmet.push(asked);
            }
            Err(reason) => {
                advice.unanswered.push(Unanswered { shape: asked.shape.told(), cost: asked.cost, reason });
            }
        }
    }
    unmet.sort_by_key(|asked| Reverse(weight(asked.cost)));
    (unmet, weighed)
}

/// Puts lines of one shape together, in the order of their shapes.
fn merged(log: &[Asked]) -> Vec<Asked> {
    let mut shapes: BTreeMap<Shape, Cost> = BTreeMap::new();
    for Asked { shape, cost } in log {
        shapes.entry(shape.clone()).or_default().add(*cost);
    }
    shapes.into_iter().map(|(shape, cost)| Asked { shape, cost }).collect()
}

/// Returns what counts as the cost of requests: bytes where they are known, and else time.
fn weight(cost: Cost) -> u64 {
    if cost.bytes > 0 { cost.bytes } else { cost.millis.saturating_mul(1_000).max(cost.asked) }
}

/// Finds what a rollup has to keep for a shape; says why none can.
fn storable_needs(project: &Project, shape: &Shape, dialect: Dialect) -> Result<Vec<Need>, String> {
    let needs = needs(project, shape)?;
    for need in &needs {
        let choice = Choice {
            model: need.model,
            axis: need.axis.clone(),
            metrics: need.metrics.clone(),
            dimensions: need.dimensions.clone(),
        };
        let rollup = made(project, &choice, "tried")?;
        if let Some(reason) = rollup.parts.iter().find_map(|part| project.lacks_sketch(&rollup, part, dialect)) {
            return Err(reason);
        }
    }
    Ok(needs)
}

/// Makes the rollup of a choice.
fn made(project: &Project, choice: &Choice, name: &str) -> Result<Rollup, String> {
    let wanted = WantedRollup {
        name: name.to_owned(),
        model: choice.model,
        metrics: choice.metrics.iter().copied().collect(),
        dimensions: choice.dimensions.iter().cloned().collect(),
        axis: choice.axis.clone(),
        table: format!("rollups.{name}"),
        lookback: LOOKBACK,
    };
    rollup_of(project, wanted).map_err(|(_, reason)| reason)
}

/// Makes the chosen rollups, with names that no other rollup has.
fn named(project: &Project, choices: &[Choice]) -> Vec<Rollup> {
    let mut taken: BTreeSet<String> = project.rollups.iter().map(|rollup| rollup.name.clone()).collect();
    let mut rollups = Vec::new();
    for choice in choices {
        let own = format!("{}_by_day", project.models[choice.model].name);
        let further = (2..).map(|n| format!("{own}_{n}"));
        let name = std::iter::once(own.clone()).chain(further).find(|name| taken.insert(name.clone()));
        let name = name.expect("numbers do not end");
        rollups.extend(made(project, choice, &name));
    }
    rollups
}

/// How many rows a model has for a day, and how many values each of some dimensions.
struct Survey {
    model: ModelId,
    axis: TimeAxis,
    rows: u64,
    values: BTreeMap<Kept, u64>,
}

impl Survey {
    /// Returns about how many rows there are for a day where rows are grouped by dimensions: never more than there are values
    /// of each with each, nor than there are rows.
    fn rows_of(&self, kept: &BTreeSet<Kept>) -> u64 {
        let values = kept.iter().map(|kept| self.values.get(kept).copied().unwrap_or(self.rows).max(1));
        values.fold(1_u64, u64::saturating_mul).min(self.rows)
    }
}

/// Asks the warehouse once for each model and time that something is needed of.
fn surveys(
    project: &Project,
    weighed: &[Weighed],
    now: DateTime<Utc>,
    dialect: Dialect,
    ask: &mut dyn FnMut(&Select) -> Option<Rows>,
) -> Vec<Survey> {
    let mut all: Vec<Choice> = Vec::new();
    for Weighed { need, .. } in weighed {
        match all.iter_mut().find(|choice| (choice.model, &choice.axis) == (need.model, &need.axis)) {
            Some(choice) => choice.dimensions.extend(need.dimensions.iter().cloned()),
            None => all.push(Choice {
                model: need.model,
                axis: need.axis.clone(),
                metrics: need.metrics.clone(),
                dimensions: need.dimensions.clone(),
            }),
        }
    }
    let mut survey = |choice: Choice| {
        let rollup = made(project, &choice, "surveyed").ok()?;
        let table = StoredTable::of(project, &rollup, dialect).ok()?;
        let until = table.final_until(now);
        let days = DateRange::days(Some(add_periods(until, Granularity::Day, -SURVEYED)), Some(until));
        let rows = ask(&table.survey(days))?;
        let count = |at: usize| rows.columns.get(at)?.text(0)?.parse::<u64>().ok();
        let of_a_day = count(0)?.div_ceil(SURVEYED.unsigned_abs());
        let values = rollup.dimensions.iter().enumerate();
        let values = values.map(|(at, kept)| Some((kept.clone(), count(at + 1)?)));
        (of_a_day > 0).then_some(())?;
        Some(Survey { model: choice.model, axis: choice.axis, rows: of_a_day, values: values.collect::<Option<_>>()? })
    };
    all.into_iter().filter_map(&mut survey).collect()
}

/// Plans shapes as if rollups were stored up to today.
struct Trial {
    today: NaiveDate,
    context: Context,
}

impl Trial {
    /// Adds rollups to a project, and says that all are stored up to today.
    fn fill(&self, project: &mut Project, rollups: &[Rollup]) {
        project.rollups.extend(rollups.iter().cloned());
        for rollup in &mut project.rollups {
            if let (Some(table), Some(_)) = (&rollup.table, rollup.lookback) {
                rollup.stored = Some(Stored { table: table.clone(), until: self.today, rows: 1 });
                rollup.lookback = Some(Duration { count: 0, unit: Unit::Day });
            }
        }
    }

    /// Returns the rollup from which a shape is answered; says why there is none.
    fn answering(&self, project: &Project, shape: &Shape) -> Result<String, String> {
        needs(project, shape)?;
        let request = shape.request(project, self.today).map_err(|error| error.message)?;
        let plan = plan(project, &request, &Principal::default(), &self.context).map_err(|error| error.message)?;
        let Some(used) = plan.rollups.iter().find(|used| used.is_used) else {
            let told = plan.rollups.last().map(|used| used.reason.clone());
            return Err(told.unwrap_or_else(|| "it would not be worth its rows".to_owned()));
        };
        // Of a range without an end the last days are read from the rows, and of the others nothing.
        if shape.days.is_some() && reads_rows(project, &plan, shape) {
            return Err("a part of it is read from the rows".to_owned());
        }
        Ok(used.rollup.clone())
    }
}

/// Returns whether a plan reads the rows that the metrics of a shape count.
fn reads_rows(project: &Project, plan: &Plan, shape: &Shape) -> bool {
    let Some(reads) = table_reads(&plan.select, &[]) else { return true };
    let metrics = shape.metrics.iter().filter_map(|name| project.metric_named(name));
    let leaves = metrics.flat_map(|metric| project.leaves(metric));
    let models: BTreeSet<ModelId> = leaves.filter_map(|leaf| Some(project.simple(leaf)?.model)).collect();
    models.iter().any(|model| match &project.models[*model].source {
        Source::Table(table) => reads.iter().any(|read| read.table == project.tables[*table].name),
        Source::Select(_) => true,
    })
}

/// Writes the definition of a rollup.
fn yaml(project: &Project, rollup: &Rollup) -> String {
    let path = |(route, dimension): &Kept| {
        if route.0.is_empty() {
            return project.dimensions[*dimension].name.clone();
        }
        project.dimension_path(rollup.model, route, *dimension)
    };
    let metrics: Vec<&str> = rollup.metrics.iter().map(|metric| project.metrics[*metric].name.as_str()).collect();
    let mut dimensions: Vec<&Kept> = rollup.dimensions.iter().collect();
    dimensions.sort_by_key(|(route, dimension)| (route.0.len(), dimension.index()));
    let dimensions: Vec<String> = dimensions.into_iter().map(path).collect();
    let time = rollup.time.as_ref().expect("it keeps a time");
    let time = path(&(time.axis.route.clone(), time.axis.dimension));
    let mut lines = vec![
        format!("- name: {}", rollup.name),
        format!("  model: {}", project.models[rollup.model].name),
        format!("  metrics: [{}]", metrics.join(", ")),
    ];
    if !dimensions.is_empty() {
        lines.push(format!("  dimensions: [{}]", dimensions.join(", ")));
    }
    lines.push(format!("  time: {{ dimension: {time}, granularity: day }}"));
    lines.extend(rollup.table.iter().map(|table| format!("  table: {table}")));
    lines.push("  # A promise: rows that are older do not change any more.".to_owned());
    lines.push(format!("  refresh: {{ every: 1 day, lookback: {LOOKBACK} }}"));
    lines.iter().map(|line| ["  ", line, "\n"].concat()).collect()
}
