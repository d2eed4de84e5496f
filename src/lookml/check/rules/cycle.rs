//! Fields of a view that refer to themselves, over whatever way.

use super::{
    super::{
        layers::Word,
        scan,
        view::{Field, View},
    },
    Checker,
    field::references,
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

impl<'a> Checker<'_, 'a> {
    pub(super) fn no_field_circle(&mut self, view: &View<'a>) {
        let place = |field: &Field<'a>| view.fields.iter().position(|other| std::ptr::eq(other, field));
        let edges: Vec<Vec<(usize, Word<'a>)>> = view
            .fields
            .iter()
            .map(|field| leads(field, view).into_iter().filter_map(|(to, word)| Some((place(to)?, word))).collect())
            .collect();
        if edges.iter().all(Vec::is_empty) {
            return;
        }
        let mut visits = vec![Visit::Not; edges.len()];
        for start in 0..edges.len() {
            if visits[start] != Visit::Not {
                continue;
            }
            // The fields of the way so far, each with the edge that is looked at next.
            let mut way = vec![(start, 0)];
            visits[start] = Visit::Open;
            while let Some((field, next)) = way.last_mut() {
                let Some((to, word)) = edges[*field].get(*next).copied() else {
                    visits[*field] = Visit::Done;
                    way.pop();
                    continue;
                };
                *next += 1;
                match visits[to] {
                    Visit::Not => {
                        visits[to] = Visit::Open;
                        way.push((to, 0));
                    }
                    Visit::Open => {
                        let from = way.iter().position(|(field, _)| *field == to).unwrap_or(0);
                        let names = way[from..].iter().map(|(field, _)| *field).chain([to]);
                        let names: Vec<String> = names.map(|field| format!("`{}`", view.fields[field].name)).collect();
                        let message = format!("`{}` refers to itself: {}", view.fields[to].name, names.join(" → "));
                        let help = "Refer to the column, `${TABLE}.…`, in one of them.";
                        self.say(Code::LookmlCircular, word, message, help);
                    }
                    Visit::Done => {}
                }
            }
        }
    }
}

/// Returns the fields of the same view that a field is computed from.
fn leads<'v, 'a>(field: &Field<'a>, view: &'v View<'a>) -> Vec<(&'v Field<'a>, Word<'a>)> {
    let mut found = Vec::new();
    for key in LEADS {
        let Some(strongest) = field.layers.iter().rev().find(|layer| layer.child(key).is_some()) else { continue };
        for word in references(strongest.children(key)) {
            let (alias, name) = scan::parts(word.text());
            if alias.is_none_or(|alias| alias == view.name) {
                found.extend(view.field(name).map(|to| (to, word)));
            }
        }
    }
    found
}
