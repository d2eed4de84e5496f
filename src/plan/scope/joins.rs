//! The joins of one SELECT: a table at the end of a route, and whether there is a row that joins.

use super::{Scope, free_alias, from, table};
use crate::{
    ids::JoinId,
    plan::{
        PlanError, PlanErrorCode,
        join_use::join_use,
        known::{Known, Span},
    },
    project::{Join as ProjectJoin, JoinKey, Project, Ref, Route},
    sql::{BinaryOp, Expr, Join, JoinKind, Leaf, Select, SqlExpr},
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
        let mut conditions = many.many_side(&Route::here(), definition).meets(project, definition, &one);
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
    fn many_side(&mut self, at: &Route, join: &ProjectJoin) -> ManySide {
        ManySide {
            keys: join.keys.iter().map(|key| self.value(at, &key.ours)).collect(),
            as_of: join.as_of.as_ref().map(|as_of| self.value(at, as_of)),
        }
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
        let joins_before = (self.joins.len(), self.calendars.len());
        let target = &project.models[definition.to];
        let (mut conditions, mut what) = match near {
            Near::Many(ours) => (ours.meets(project, definition, &alias), "`where`"),
            Near::One(one) => {
                let declared = declared.expect("the near side is the one side of a join that is reversed");
                (self.many_side(route, declared).meets(project, declared, &one), "join key")
            }
        };
        conditions.extend(self.partitions(route, definition.to, &alias));
        if let Some(filter) = &target.filter {
            let before = (self.joins.len(), self.calendars.len());
            conditions.push(self.value(route, filter));
            if (self.joins.len(), self.calendars.len()) != before {
                what = "`where`";
            }
        }
        if let Some(declared) = definition.reverse_of {
            let before = self.joins.len();
            conditions.extend(self.policies_of_many_side(route, definition.to, declared));
            if self.joins.len() > before {
                what = "policy";
            }
        }
        if (self.joins.len(), self.calendars.len()) != joins_before {
            self.error.get_or_insert_with(|| {
                let message = format!("model `{}` has a {what} over its own joins and is joined to", target.name);
                PlanError::new(PlanErrorCode::NotYet, message).help("Write it over its own columns.")
            });
        }
        self.guarding = guarding;
        self.joins.push(Join {
            kind: if project.is_complete(route) { JoinKind::Matched } else { JoinKind::Left },
            to: from(project, definition.to, alias.clone()),
            on: Expr::all(conditions),
        });
        self.uses.push(join_use(project, self.base, route));
        self.tables.extend(table(project, definition.to));
        alias
    }
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
struct ManySide {
    keys: Vec<SqlExpr>,
    as_of: Option<SqlExpr>,
}

impl ManySide {
    /// `ours = one.theirs AND … AND at >= one.valid_from AND (one.valid_to IS NULL OR at < one.valid_to)`
    fn meets(self, project: &Project, join: &ProjectJoin, one: &str) -> Vec<SqlExpr> {
        let column = |name: &String| SqlExpr::column(one, name.clone());
        let pairs = self.keys.into_iter().zip(&join.keys);
        let mut conditions: Vec<SqlExpr> =
            pairs.map(|(ours, key)| ours.binary(BinaryOp::Eq, column(&key.theirs))).collect();
        if let (Some(at), Some(versions)) = (self.as_of, &project.models[join.to].versions) {
            conditions.push(at.clone().binary(BinaryOp::GtEq, column(&versions.from)));
            let to = column(&versions.to);
            conditions.push(to.clone().is_null(false).or(at.binary(BinaryOp::Lt, to)));
        }
        conditions
    }
}
