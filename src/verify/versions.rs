//! Versions of one thing do not overlap, and each is valid for some time.
//!
//! Two prices of a tariff that are valid on one day would give a parcel two rows in a join `as_of` that day.

use super::{
    Check, Context, Draft, Kind, Status,
    groups::{Asked, KeyColumn, Tell, Way, cte, cte_named, every_column, key_name, n_rows},
    privacy::column_is_private,
};
use crate::{
    ids::ModelId,
    plan::PlanError,
    project::Versions,
    sql::{BinaryOp, Expr, From, Join, JoinKind, Select, SqlExpr},
};

/// Returns a check for each model whose rows are versions.
pub(super) fn checks(context: &Context<'_>) -> Vec<Check> {
    let models = context.project.models.iter();
    models
        .filter_map(|(id, model)| {
            let versions = model.versions.as_ref()?;
            let name = format!("versions of `{}`: {}", model.name, versions.of.join(", "));
            let draft = Draft { kind: Kind::Versions, name, span: model.span };
            Some(draft.groups(context, asked(context, id, versions)))
        })
        .collect()
}

fn asked(context: &Context<'_>, model: ModelId, versions: &Versions) -> Result<Asked, PlanError> {
    let columns: Vec<&String> = versions.of.iter().chain([&versions.from, &versions.to]).collect();
    let key = |column: &&String| KeyColumn {
        name: (*column).clone(),
        private: column_is_private(context.project, model, column),
    };
    let rows = context.rows(model);
    let items = columns.iter().enumerate().map(|(at, column)| rows.column(column).named(key_name(at)));
    let items = items.chain([n_rows()]).collect();
    let grouped = rows.select(items, None, columns.len())?;

    let n_of = versions.of.len();
    let from = |table: &str| SqlExpr::column(table, key_name(n_of));
    let to = |table: &str| SqlExpr::column(table, key_name(n_of + 1));
    // What overlaps is of some thing and begins at some time; it may have no end.
    let same_row = (0..columns.len()).map(|at| {
        let op = if at > n_of { BinaryOp::Same } else { BinaryOp::Eq };
        SqlExpr::column("grouped", key_name(at)).binary(op, SqlExpr::column("overlapping", key_name(at)))
    });
    let overlapping = Join { kind: JoinKind::Left, to: cte_named("overlapping"), on: Expr::all(same_row) };
    let repeated = SqlExpr::column("grouped", "n_rows").binary(BinaryOp::Gt, Expr::integer(1));
    let way = |condition, tell| Way { condition, status: Status::Broken, tell };
    let ways = vec![
        way(from("grouped").is_null(false), Tell::NeverBegins(versions.from.clone())),
        way(
            to("grouped").binary(BinaryOp::LtEq, from("grouped")),
            Tell::NeverValid(versions.from.clone(), versions.to.clone()),
        ),
        way(repeated.or(from("overlapping").is_null(true)), Tell::Overlap),
    ];
    let help = format!(
        "A join `as_of` a time meets every version that is valid then: end each before the next begins, in `{}`.",
        versions.to
    );
    let keys = columns.iter().map(key).collect();
    let sources = vec![
        cte("versions", grouped),
        cte("overlapping", overlaps(n_of)),
        cte("grouped", every_column("versions", columns.len())),
    ];
    Ok(Asked { sources, joins: vec![overlapping], keys, ways, help: Some(help) })
}

/// The versions that begin while another one of the same thing is valid; of two that begin at once, the longer.
///
/// `earlier.from < later.from AND (earlier.to IS NULL OR later.from < earlier.to)`, and the later one is valid at all.
fn overlaps(n_of: usize) -> Select {
    let column = |table: &str, at: usize| SqlExpr::column(table, key_name(at));
    let from = |table| column(table, n_of);
    let to = |table| column(table, n_of + 1);
    let same_thing = (0..n_of).map(|at| column("earlier", at).binary(BinaryOp::Eq, column("later", at)));
    let is_shorter =
        to("earlier").binary(BinaryOp::Lt, to("later")).or(to("earlier").is_null(true).and(to("later").is_null(false)));
    let begins_before = from("earlier")
        .binary(BinaryOp::Lt, from("later"))
        .or(from("earlier").binary(BinaryOp::Eq, from("later")).and(is_shorter));
    let still_valid = to("earlier").is_null(false).or(from("later").binary(BinaryOp::Lt, to("earlier")));
    let is_valid = to("later").is_null(false).or(from("later").binary(BinaryOp::Lt, to("later")));
    let versions = |alias: &str| From::Cte { name: "versions".to_owned(), alias: alias.to_owned() };
    Select {
        distinct: true,
        items: (0..n_of + 2).map(|at| column("later", at).named(key_name(at))).collect(),
        from: Some(versions("earlier")),
        joins: vec![Join {
            kind: JoinKind::Inner,
            to: versions("later"),
            on: Expr::all(same_thing.chain([begins_before, still_valid, is_valid])),
        }],
        ..Select::default()
    }
}
