//! Fields that refer to themselves, over whatever way: within a view, or over views that an explore joins.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    super::{
        layers::{At, Word},
        scan,
        view::{Field, View},
    },
    Checker,
    field::references,
    shown::shows,
};
use crate::diagnostics::Code;

/// The parameters by which one field leads to another.
const LEADS: [&str; 5] = ["sql", "sql_start", "sql_end", "sql_latitude", "sql_longitude"];

/// How far the walk has come with a field.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Visit {
    Not,
    Open,
    Done,
}

/// A reference from one field to another, by their places among all fields of the model.
#[derive(Clone, Copy)]
struct Edge<'a> {
    to: usize,
    word: Word<'a>,
    /// The name of the view, where it stands for a view only in explores that have it.
    alias: Option<&'a str>,
}

/// The fields of all views of a model.
struct Fields<'m, 'a> {
    all: Vec<(&'m View<'a>, &'m Field<'a>)>,
    edges: Vec<Vec<Edge<'a>>>,
}

impl<'m, 'a> Checker<'m, 'a> {
    /// Reports circles of fields, each once.
    pub(super) fn no_field_circle(&mut self) {
        let fields = self.fields();
        self.walk(&fields, false);
        if fields.edges.iter().flatten().any(|edge| edge.alias.is_some()) {
            self.walk(&fields, true);
        }
    }

    /// Reports circles within the views, or those that cross views: a circle of either kind must not hide another of the
    /// other kind, since whether a crossing one is there is known only when it is found.
    fn walk(&mut self, fields: &Fields<'m, 'a>, crossing: bool) {
        let edges = &fields.edges;
        let mut visits = vec![Visit::Not; edges.len()];
        for start in 0..edges.len() {
            if visits[start] != Visit::Not || edges[start].is_empty() {
                continue;
            }
            // The fields of the way so far, each with the edge that is looked at next.
            let mut way = vec![(start, 0)];
            visits[start] = Visit::Open;
            while let Some((field, next)) = way.last_mut() {
                let Some(edge) = edges[*field].get(*next).copied() else {
                    visits[*field] = Visit::Done;
                    way.pop();
                    continue;
                };
                *next += 1;
                if edge.alias.is_some() && !crossing {
                    continue;
                }
                match visits[edge.to] {
                    Visit::Not => {
                        visits[edge.to] = Visit::Open;
                        way.push((edge.to, 0));
                    }
                    Visit::Open => {
                        let from = way.iter().position(|(field, _)| *field == edge.to).unwrap_or(0);
                        self.circle(fields, &way[from..], edge, crossing);
                    }
                    Visit::Done => {}
                }
            }
        }
    }

    fn fields(&self) -> Fields<'m, 'a> {
        let model = self.model;
        let mut starts = BTreeMap::new();
        let mut all = Vec::new();
        for view in model.views.values() {
            starts.insert(view.name, all.len());
            all.extend(view.fields.iter().map(|field| (view, field)));
        }
        let place = |view: &View<'a>, name: &str| Some(starts[view.name] + view.place(name)?);
        let edges = all.iter().map(|(view, field)| {
            let mut edges = Vec::new();
            for text in LEADS.iter().flat_map(|key| field.layers.holding(key)) {
                for word in references([text]) {
                    let (scope, name) = scan::parts(word.text());
                    match scope.filter(|alias| *alias != view.name) {
                        None => edges.extend(place(view, name).map(|to| Edge { to, word, alias: None })),
                        // Which way a text with tags takes, is not known before it is run.
                        Some(_) if has_tags(text) => {}
                        Some(alias) => {
                            let uses = self.uses.get(view.name).into_iter().flatten();
                            let targets: BTreeSet<&str> = uses.filter_map(|explore| explore.view(alias)).collect();
                            let targets = targets.into_iter().filter_map(|target| model.views.get(target));
                            let places = targets.filter_map(|target| place(target, name));
                            edges.extend(places.map(|to| Edge { to, word, alias: Some(alias) }));
                        }
                    }
                }
            }
            edges
        });
        let edges = edges.collect();
        Fields { all, edges }
    }

    /// Reports the circle of some fields, each with the number of edges that were looked at, which `last` closes.
    fn circle(&mut self, fields: &Fields<'m, 'a>, way: &[(usize, usize)], last: Edge<'a>, crossing: bool) {
        let edges: Vec<Edge<'a>> = way.iter().map(|(field, next)| fields.edges[*field][next - 1]).collect();
        let (first, field) = fields.all[last.to];
        if edges.iter().any(|edge| edge.alias.is_some()) != crossing {
            return;
        }
        if crossing {
            // Names may stand for other views in each explore: one of them has to have the whole circle.
            let mut explores = self.uses.get(first.name).into_iter().flatten();
            let closed = explores.any(|explore| {
                !explore.open
                    && edges.iter().all(|edge| {
                        let (view, field) = fields.all[edge.to];
                        edge.alias.is_none_or(|alias| explore.view(alias) == Some(view.name))
                            && shows(explore, view, Some(field))
                    })
            });
            if !closed {
                return;
            }
        }
        let scoped = way.iter().any(|(field, _)| !std::ptr::eq(fields.all[*field].0, first));
        let names = way.iter().map(|(field, _)| fields.all[*field]).chain([(first, field)]);
        let names: Vec<String> = names
            .map(
                |(view, field)| {
                    if scoped { format!("`{}.{}`", view.name, field.name) } else { format!("`{}`", field.name) }
                },
            )
            .collect();
        let message = format!("{} refers to itself: {}", names[0], names.join(" → "));
        let help = "Refer to the column, `${TABLE}.…`, in one of them.";
        self.say(Code::LookmlCircular, last.word, message, help);
    }
}

fn has_tags(text: At<'_>) -> bool {
    text.value().is_some_and(|text| text.text().contains("{%"))
}
