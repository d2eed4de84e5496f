//! What the rows of a scan are grouped by, in each row and in the answer.
//!
//! **Invariant:** a key is as fine as its values are known, or refused.

use crate::{
    catalog::ColumnType,
    plan::{
        ColumnRole, KeyKind, OutputColumn, PlanError,
        bind::{Bound, BoundPath, GroupBy, GroupKey, Scan, ScanKind, Shift, bind_key, bind_model, bind_path},
        calendar::{self, CalendarColumn},
        safety::with_example,
        scope::Scope,
        time::{self, Cut, TimeValue},
    },
    project::{DimensionKind, Size},
    sql::{Expr, SqlExpr},
    time::{Granularity, TimePart},
};

/// Returns the value of a key; the time key of an accumulated scan is made later, from its windows.
pub(in crate::plan) fn key_value(
    bound: &Bound<'_>,
    scan: &Scan,
    scope: &mut Scope<'_>,
    axis: Option<&TimeValue>,
    key: &GroupKey,
    windowed: bool,
) -> Result<SqlExpr, PlanError> {
    let cut = bound.cut();
    let kind = match &key.by {
        GroupBy::Asked(kind) | GroupBy::OwnTime { time: kind, .. } => kind,
        GroupBy::Member { model, column, loose } => {
            let route = bind_model(bound.project, scan.model, model)?;
            return Ok(if *loose { scope.column_or_key(&route, column) } else { scope.column(&route, column) });
        }
        GroupBy::MemberPeriod(size) => {
            let (axis, of) = axis.zip(scan.axis.as_ref()).expect("a scan under a time key has an axis");
            if let Size::Standard(granularity) = size {
                time::check_finest(&bound.project.dimensions[of.dimension], *granularity)?;
            }
            return Ok(period(scope, axis, cut, *size, Shift::default()));
        }
    };
    match kind {
        KeyKind::Time(_) if windowed => Ok(Expr::null()),
        KeyKind::Time(size) => {
            let axis = axis.expect("a scan under a time key has an axis");
            if let Some((id, count)) = scan.shift.periods {
                let lies_in = match calendar::column_of(*size) {
                    None => axis.day(cut),
                    Some((part, column)) => scope.calendar(part, column, axis.day(cut)),
                };
                return Ok(calendar::shifted(bound.project, (id, count), *size, &lies_in, bound.range));
            }
            Ok(period(scope, axis, cut, *size, scan.shift))
        }
        KeyKind::TimePart(part) => {
            let axis = axis.expect("a scan under a time key has an axis");
            Ok(axis.part(cut, *part, scan.shift))
        }
        KeyKind::Dimension { path, granularity, part } => {
            // Events that a join multiplied would be credited more than once.
            let found = match scan.kind {
                ScanKind::Funnel(..) | ScanKind::State(_) => bind_path(bound.project, scan.model, path),
                ScanKind::Rows | ScanKind::Balance(..) | ScanKind::Nested(..) => {
                    bind_key(bound.project, scan.model, path)
                }
            };
            let found = found.map_err(|error| with_example(bound, scan, path, error))?;
            dimension_value(bound, scope, &found, *granularity, *part)
        }
    }
}

/// Returns the value of a key that is a dimension; of a time its period, or a part of it.
pub(in crate::plan) fn dimension_value(
    bound: &Bound<'_>,
    scope: &mut Scope<'_>,
    found: &BoundPath,
    granularity: Option<Size>,
    part: Option<TimePart>,
) -> Result<SqlExpr, PlanError> {
    let definition = &bound.project.dimensions[found.dimension];
    if !matches!(definition.kind, DimensionKind::Time { .. }) {
        if granularity.is_some() || part.is_some() {
            time::check_finest(definition, Granularity::Day)?;
        }
        return Ok(scope.dimension(&found.route, found.dimension));
    }
    let cut = bound.cut();
    let value = scope.time(&found.route, found.dimension);
    let shift = Shift::default();
    if let Some(part) = part {
        time::check_finest(definition, part.finest())?;
        return Ok(value.part(cut, part, shift));
    }
    let size = granularity.unwrap_or(Granularity::Day.into());
    time::check_finest(definition, time::finest_of(size))?;
    Ok(period(scope, &value, cut, size, shift))
}

/// Returns the period in which a row counts once it is shifted by days.
fn period(scope: &mut Scope<'_>, value: &TimeValue, cut: Cut, size: Size, shift: Shift) -> SqlExpr {
    match size {
        Size::Standard(granularity) => value.period(cut, granularity, shift),
        Size::Calendar(id) => scope.calendar(id, CalendarColumn::Value, value.shifted_day(cut, shift)),
        Size::FirstDay(id) => scope.calendar(id, CalendarColumn::Start, value.shifted_day(cut, shift)),
    }
}

/// Returns the type of a time key's values.
fn period_type(bound: &Bound<'_>, column_type: ColumnType, size: Size) -> ColumnType {
    match (size, calendar::column_of(size)) {
        (Size::Standard(granularity), _) => time::period_type(column_type, granularity),
        (_, Some((id, column))) => calendar::column_type(bound.project, id, column),
        (_, None) => column_type,
    }
}

/// Returns what a key is in the answer, seen from a scan.
pub(in crate::plan) fn key_column(bound: &Bound<'_>, scan: &Scan, key: &GroupKey) -> OutputColumn {
    let project = bound.project;
    let (role, column_type) = match key.asked() {
        None => (ColumnRole::Dimension(None), ColumnType::Unknown),
        Some(KeyKind::Time(size)) => {
            let axis = scan.axis.as_ref().map(|axis| project.dimensions[axis.dimension].column_type);
            (ColumnRole::Time(*size), period_type(bound, axis.unwrap_or(ColumnType::Date), *size))
        }
        Some(KeyKind::TimePart(part)) => (ColumnRole::TimePart(*part), ColumnType::Integer),
        Some(KeyKind::Dimension { path, granularity, part }) => {
            let found = bind_key(project, scan.model, path).expect("the scan's rows were built with it");
            let definition = &project.dimensions[found.dimension];
            match definition.kind {
                DimensionKind::Time { .. } if part.is_some() => (ColumnRole::Dimension(None), ColumnType::Integer),
                DimensionKind::Time { .. } => {
                    let size = granularity.unwrap_or(Granularity::Day.into());
                    (ColumnRole::Dimension(Some(size)), period_type(bound, definition.column_type, size))
                }
                _ => (ColumnRole::Dimension(None), definition.column_type),
            }
        }
    };
    OutputColumn { name: key.name.clone(), role, column_type }
}
