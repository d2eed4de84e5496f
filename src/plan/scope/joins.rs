//! The joins of one SELECT: a table at the end of a route, and whether there is a row that joins.

use super::{Scope, free_alias, from, table};
use crate::{
    catalog::ColumnType,
    ids::{JoinId, ModelId},
    plan::{
        PlanError, PlanErrorCode,
        join_use::join_use,
        known::{Known, Span},
    },
    project::{AsOf, Join as ProjectJoin, JoinKey, Project, Ref, Route, TimeAxis},
    sql::{BinaryOp, Expr, From, Join, JoinKind, Leaf, Select, SqlExpr},
};

impl<'p> Scope<'p> {
    /// Returns whether a row of another model, which joins to the model at the end of a route, fulfils a condition.
    ///
    /// `EXISTS (SELECT 1 FROM claims WHERE claims.shipment_id = shipments.shipment_id AND …)`; `condition` builds the
    /// condition in the scope of the other model.
    pub(in crate::plan) fn exists(
        &mut self,
        at: &Route,
        join: JoinId,
        condition: &mut dyn FnMut(&mut Scope<'p>) -> Option<SqlExpr>,
    ) -> SqlExpr {
        let project = self.project;
        let definition = &project.joins[join];
        let one = self.alias(at);
        let mut many = Scope::within(self.frame, definition.from, self.taken.clone());
        many.asked.clone_from(&self.asked);
        // Rows that are looked for are of no metric: they have the time of their model.
        let time = project.models[definition.from].time;
        many.dated_by(time.map(|dimension| TimeAxis { route: Route::here(), dimension }));
        let ours = many.many_side(&Route::here(), definition);
        let mut conditions = ours.meets(project, definition, &mut |column| self.read(&one, column));
        for (column, span) in known_of_many(project, &self.known, at, definition) {
            many.know(&Route::here(), &column, span);
        }
        let many_alias = many.base_alias.clone();
        conditions.extend(many.partitions(&Route::here(), definition.from, &many_alias));
        conditions.extend(many.base_filter());
        conditions.extend(condition(&mut many));
        self.taken.clone_from(&many.taken);
        match many.finish() {
            Ok(finished) => {
                self.tables.extend(finished.tables);
                self.promises.extend(finished.promises);
                let exists = Expr::Leaf(Leaf::Exists(Box::new(Select {
                    items: vec![Expr::integer(1).named("found")],
                    from: Some(finished.from),
                    joins: finished.joins,
                    filter: Expr::all(conditions),
                    ..Select::default()
                })));
                // Nothing joins to a row that is hidden.
                let seen = self.conditions_of_seen(at).into_iter().map(|condition| condition.is_true(false));
                seen.chain([exists]).reduce(Expr::and).expect("there is at least the second")
            }
            Err(error) => {
                self.error.get_or_insert(error);
                Expr::null()
            }
        }
    }

    /// Returns the values by which a row of a join's many side, at the end of a route, meets one on the one side.
    pub(super) fn many_side(&mut self, at: &Route, join: &ProjectJoin) -> ManySide {
        let project = self.project;
        let ours = |key: &JoinKey| project.our_key(join, key, self.value(at, &key.ours));
        let keys = join.keys.iter().map(ours).collect();
        ManySide {
            keys,
            as_of: join.as_of.as_ref().map(|as_of| match as_of {
                AsOf::Own(time) => self.value(at, time),
                AsOf::Metric(_) => self.metric_time(join),
            }),
        }
    }

    /// Returns the time of the rows of the base at which a join takes its versions.
    fn metric_time(&mut self, join: &ProjectJoin) -> SqlExpr {
        let project = self.project;
        // A time that is found by way of such a join has none to go by.
        let moment = self.moment.take();
        let time = moment_of(project, self.base, moment.as_ref(), join);
        let value = match time {
            Ok(time) => self.value(&Route::here(), &time),
            Err(error) => {
                self.error.get_or_insert(error);
                Expr::null()
            }
        };
        self.moment = moment;
        value
    }

    /// Remembers what equal keys tell of the columns of a table that is joined.
    fn learn(&mut self, route: &Route, parent: &Route, join: &ProjectJoin) {
        let project = self.project;
        let found: Vec<(String, Span)> = match join.reverse_of {
            Some(declared) => known_of_many(project, &self.known, parent, &project.joins[declared]),
            None => {
                let keys = join.keys.iter();
                keys.filter_map(|key| Some((key.theirs.clone(), self.known.value(project, parent, &key.ours)?)))
                    .collect()
            }
        };
        for (column, span) in found {
            self.know(route, &column, span);
        }
    }

    /// Returns the alias of the model at the end of a route, and joins it if it is not yet there.
    pub(super) fn alias(&mut self, route: &Route) -> String {
        let Some((join, before)) = route.0.split_last() else { return self.base_alias.clone() };
        if let Some((_, alias)) = self.joined.iter().find(|(known, _)| known == route) {
            return alias.clone();
        }
        let project = self.project;
        let definition = &project.joins[*join];
        let parent_route = Route(before.to_vec());
        let declared = definition.reverse_of.map(|declared| &project.joins[declared]);
        // What is hidden shows no values; joins may look further.
        let guarding = std::mem::replace(&mut self.guarding, true);
        // The side that is in reach; of a join that is walked the other way it is the one side.
        let near = match declared {
            None => Near::Many(self.many_side(&parent_route, definition)),
            Some(_) => Near::One(self.alias(&parent_route)),
        };
        let wanted: Vec<&str> = route.0.iter().map(|join| project.joins[*join].role.as_str()).collect();
        let short = wanted.last().copied().unwrap_or_default();
        let alias = if self.taken.contains(short) { wanted.join("_") } else { short.to_owned() };
        let alias = free_alias(&mut self.taken, project.columns_on_the_many_side(definition.to), &alias);
        self.joined.push((route.clone(), alias.clone()));
        self.learn(route, &parent_route, definition);
        let kept = self.kept_rows(route, definition);
        let index = self.joins.len();
        let (to, theirs) = match kept {
            Some(kept) => {
                let (select, theirs) = self.select_kept(&alias, kept);
                (From::Select { select: Box::new(select), alias: alias.clone() }, Some(theirs))
            }
            None => (from(project, definition.to, alias.clone()), None),
        };
        let is_select = theirs.is_some();
        let kind = if project.is_complete(route) { JoinKind::Matched } else { JoinKind::Left };
        self.joins.push(Join { kind, to, on: None });
        let mut conditions = match (near, declared) {
            (Near::Many(ours), _) => ours.meets(project, definition, &mut |column| self.read(&alias, column)),
            (Near::One(one), Some(declared)) => {
                let theirs = theirs.flatten().unwrap_or_else(|| self.many_side(route, declared));
                theirs.meets(project, declared, &mut |column| self.read(&one, column))
            }
            (Near::One(_), None) => unreachable!("the near side is the one side of a join that is reversed"),
        };
        if !is_select {
            conditions.extend(self.partitions(route, definition.to, &alias));
            conditions.extend(project.models[definition.to].filter.as_ref().map(|filter| self.value(route, filter)));
            if let Some(declared) = definition.reverse_of {
                conditions.extend(self.policies_of_many_side(route, definition.to, declared));
            }
        }
        self.guarding = guarding;
        assert_eq!(self.joins.len(), index + 1, "what a joined row is kept for is found beside it");
        self.joins[index].on = Expr::all(conditions);
        self.uses.push(join_use(project, self.base, route));
        self.tables.extend(table(project, definition.to));
        alias
    }
}

/// Checks that the rows of a model have the time which the joins of a route need.
pub(in crate::plan) fn check_moment(
    project: &Project,
    base: ModelId,
    moment: Option<&TimeAxis>,
    route: &Route,
) -> Result<(), PlanError> {
    let mut joins = route.0.iter().map(|join| &project.joins[*join]).filter(|join| join.is_by_metric());
    joins.try_for_each(|join| moment_of(project, base, moment, join).map(drop))
}

/// Returns the time of rows at which a join takes its versions.
fn moment_of(
    project: &Project,
    base: ModelId,
    moment: Option<&TimeAxis>,
    join: &ProjectJoin,
) -> Result<Expr<Ref>, PlanError> {
    let axis = moment.ok_or_else(|| no_time(project, base, join))?;
    project.metric_time(axis, join).map_err(|reason| wrong_time(project, join, &reason))
}

fn no_time(project: &Project, base: ModelId, join: &ProjectJoin) -> PlanError {
    let (base, to) = (&project.models[base].name, &project.models[join.to].name);
    let message = format!(
        "`{to}` is met in the version of the metric's time, and the rows of `{base}` are asked for without one"
    );
    PlanError::new(PlanErrorCode::TimeCombinationRefused, message)
        .help(format!("Ask for a metric with a `time`, or give `{base}` a `time:`."))
}

fn wrong_time(project: &Project, join: &ProjectJoin, reason: &str) -> PlanError {
    let to = &project.models[join.to];
    let message = format!("the versions of `{}` {reason}", to.name);
    let column_type = to.versions.as_ref().map_or(ColumnType::Date, |versions| versions.column_type);
    PlanError::new(PlanErrorCode::TimeCombinationRefused, message).help(format!(
        "Write `as_of: cast(time as {column_type})` in join `{}` of `{}`, which takes the start of a day and the project's \
         zone.",
        join.role, project.models[join.from].name
    ))
}

/// Returns what equal keys tell of the columns of the many side, where the one side is at the end of a route.
fn known_of_many(project: &Project, known: &Known, one: &Route, join: &ProjectJoin) -> Vec<(String, Span)> {
    let column = |key: &JoinKey| match &key.ours {
        Expr::Leaf(Ref::Column { route, column, .. }) if route.0.is_empty() => Some(column.clone()),
        Expr::Leaf(Ref::Dimension { route, dimension }) if route.0.is_empty() => {
            project.plain_column(*dimension).map(str::to_owned)
        }
        _ => None,
    };
    join.keys.iter().filter_map(|key| Some((column(key)?, known.column(one, &key.theirs)?.clone()))).collect()
}

/// What is known of a join before its table is joined.
enum Near {
    Many(ManySide),
    One(String),
}

/// The values of a row on the many side by which it meets a row on the one side.
pub(super) struct ManySide {
    pub(super) keys: Vec<SqlExpr>,
    pub(super) as_of: Option<SqlExpr>,
}

impl ManySide {
    /// `ours = one.theirs AND … AND at >= one.valid_from AND (one.valid_to IS NULL OR at < one.valid_to)`
    ///
    /// `column` gives a column of the one side.
    fn meets(self, project: &Project, join: &ProjectJoin, column: &mut dyn FnMut(&str) -> SqlExpr) -> Vec<SqlExpr> {
        let pairs = self.keys.into_iter().zip(&join.keys);
        let mut conditions: Vec<SqlExpr> = pairs
            .map(|(ours, key)| ours.binary(BinaryOp::Eq, project.their_key(join, key, column(&key.theirs))))
            .collect();
        if let (Some(at), Some(versions)) = (self.as_of, &project.models[join.to].versions) {
            conditions.push(at.clone().binary(BinaryOp::GtEq, column(&versions.from)));
            let to = column(&versions.to);
            conditions.push(to.clone().is_null(false).or(at.binary(BinaryOp::Lt, to)));
        }
        conditions
    }
}
