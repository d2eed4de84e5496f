//! Ways to weaken a bound that leave it standing in the text, in one scan of a finished SELECT.

use entente::{
    catalog::ColumnType,
    sql::{BinaryOp, Expr, From, JoinKind, Literal, Select, SqlExpr, UnaryOp},
};

use super::scans::{aliases, is_column};

/// What is done to every condition on one side of a partition column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Weakening {
    /// It is gone.
    Dropped,
    /// `bound OR other`.
    OrAnother,
    /// `NOT bound`.
    Negated,
    /// `bound IS NOT TRUE`.
    IsNotTrue,
    /// A cast is around the column.
    Cast,
    /// `coalesce(column, constant)` is compared.
    Coalesced,
    /// The column of another table is compared.
    OtherTable,
    /// Another column of the table is compared.
    OtherColumn,
    /// It is compared with a column.
    WithColumn,
    /// It is compared with null.
    WithNull,
    /// It is compared for being another value.
    Unequal,
    /// It stands in a CASE.
    InCase,
    /// It holds after the groups are made.
    InHaving,
    /// It holds for what a left join brings in.
    InOuterJoin,
}

impl Weakening {
    pub(super) const ALL: [Self; 14] = [
        Self::Dropped,
        Self::OrAnother,
        Self::Negated,
        Self::IsNotTrue,
        Self::Cast,
        Self::Coalesced,
        Self::OtherTable,
        Self::OtherColumn,
        Self::WithColumn,
        Self::WithNull,
        Self::Unequal,
        Self::InCase,
        Self::InHaving,
        Self::InOuterJoin,
    ];

    /// Weakens one side of the bound of the first scan that has it; nothing where it has no place.
    pub(super) fn weaken(self, select: &Select, column: &str, side: BinaryOp) -> Option<Select> {
        let mut weak = select.clone();
        self.in_select(&mut weak, column, side).then_some(weak)
    }

    fn in_select(self, select: &mut Select, column: &str, side: BinaryOp) -> bool {
        let only = {
            let mut aliases = aliases(select);
            aliases.next().map(str::to_owned).filter(|_| aliases.next().is_none())
        };
        if only.is_some_and(|alias| self.in_scan(select, &alias, column, side)) {
            return true;
        }
        let ctes = select.with.iter_mut().map(|cte| &mut cte.select);
        if ctes.chain(&mut select.union_all).any(|inner| self.in_select(inner, column, side)) {
            return true;
        }
        let tables = select.from.iter_mut().chain(select.joins.iter_mut().map(|join| &mut join.to));
        tables.into_iter().any(|from| match from {
            From::Select { select, .. } => self.in_select(select, column, side),
            _ => false,
        })
    }

    /// Weakens the conditions in the WHERE of a scan.
    fn in_scan(self, select: &mut Select, alias: &str, column: &str, side: BinaryOp) -> bool {
        let has_left_join = |join: &entente::sql::Join| join.kind == JoinKind::Left && join.to.alias() != alias;
        if self == Self::InOuterJoin && !select.joins.iter().any(has_left_join) {
            return false;
        }
        if has_another_bound(select, alias, column, side) {
            return false;
        }
        let mut moved = Vec::new();
        let mut is_found = false;
        let ons = select.joins.iter_mut().filter(|join| match join.kind {
            JoinKind::Inner | JoinKind::Matched => true,
            JoinKind::Left => join.to.alias() == alias,
            JoinKind::Cross => false,
        });
        for place in std::iter::once(&mut select.filter).chain(ons.map(|join| &mut join.on)) {
            let mut kept = Vec::new();
            for condition in conjuncts(place.take()) {
                if !is_bound(&condition, alias, column, side) {
                    kept.push(condition);
                    continue;
                }
                is_found = true;
                match self {
                    Self::Dropped => {}
                    Self::InHaving | Self::InOuterJoin => moved.push(condition),
                    _ => kept.push(self.condition(condition, alias)),
                }
            }
            *place = Expr::all(kept);
        }
        if self == Self::InHaving {
            select.having = Expr::all(select.having.take().into_iter().chain(moved));
        } else if let Some(join) = select.joins.iter_mut().find(|join| has_left_join(join)) {
            join.on = Expr::all(join.on.take().into_iter().chain(moved));
        }
        is_found
    }

    fn condition(self, bound: SqlExpr, alias: &str) -> SqlExpr {
        let other = || SqlExpr::column(alias, "id");
        let Expr::Binary { op, left, right } = bound.clone() else { unreachable!("it is a comparison") };
        match self {
            Self::OrAnother => bound.or(other().is_null(false)),
            Self::Negated => Expr::Unary { op: UnaryOp::Not, arg: Box::new(bound) },
            Self::IsNotTrue => bound.is_true(true),
            Self::Cast => Expr::Cast { arg: left, to: ColumnType::String }.binary(op, *right),
            Self::Coalesced => {
                let filled = Expr::call(entente::sql::Function::Coalesce, vec![*left, (*right).clone()]);
                filled.binary(op, *right)
            }
            Self::OtherTable => SqlExpr::column("elsewhere", "loaded_on").binary(op, *right),
            Self::OtherColumn => other().binary(op, *right),
            Self::WithColumn => left.binary(op, other()),
            Self::WithNull => left.binary(op, Expr::Literal(Literal::Null)),
            Self::Unequal => left.binary(BinaryOp::NotEq, *right),
            Self::InCase => {
                let yes = || Expr::Literal(Literal::Boolean(true));
                yes().when(bound)
            }
            Self::Dropped | Self::InHaving | Self::InOuterJoin => unreachable!("it is not changed but moved"),
        }
    }
}

/// Whether a scan holds a column against a constant by a comparison that is not weakened, such as `weight = 3` or
/// `weight > 2`: what it proves is a bound still.
fn has_another_bound(select: &Select, alias: &str, column: &str, side: BinaryOp) -> bool {
    let places = std::iter::once(&select.filter).chain(select.joins.iter().map(|join| &join.on));
    places.flat_map(|place| conjuncts(place.clone())).any(|condition| match &condition {
        Expr::Binary { op, left, right } => {
            let ops =
                if side == BinaryOp::GtEq { [BinaryOp::Gt, BinaryOp::Eq] } else { [BinaryOp::LtEq, BinaryOp::Eq] };
            ops.contains(op) && is_constant(right) && is_column(left, alias, column)
        }
        Expr::In { arg, .. } | Expr::Between { arg, .. } => is_column(arg, alias, column),
        _ => false,
    })
}

fn is_constant(expr: &SqlExpr) -> bool {
    matches!(expr, Expr::Literal(_) | Expr::Parameter(_))
}

/// Whether a condition holds one side of a column against a constant.
fn is_bound(condition: &SqlExpr, alias: &str, column: &str, side: BinaryOp) -> bool {
    let Expr::Binary { op, left, right } = condition else { return false };
    *op == side && is_constant(right) && is_column(left, alias, column)
}

fn conjuncts(filter: Option<SqlExpr>) -> Vec<SqlExpr> {
    let mut open: Vec<SqlExpr> = filter.into_iter().collect();
    let mut parts = Vec::new();
    while let Some(condition) = open.pop() {
        match condition {
            Expr::Binary { op: BinaryOp::And, left, right } => open.extend([*right, *left]),
            condition => parts.push(condition),
        }
    }
    parts
}
