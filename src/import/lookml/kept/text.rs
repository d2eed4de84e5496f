//! Nodes of LookML → text, with the names that measures have here.

use std::fmt::Write;

use super::Kept;
use crate::lookml::{
    check::layers::At,
    syntax::{Item, Value},
};

impl<'a> Kept<'_, '_, 'a> {
    /// Writes a node as it stands, at an indentation, with the names that measures have here.
    pub(super) fn node(&self, view: &str, at: At<'a>, indent: usize) -> String {
        let file = self.fields.lookml.files.file(at.file);
        let mut places: Vec<(usize, usize, String)> = Vec::new();
        self.renames(view, at, &mut places);
        places.sort();
        let (start, end) = (at.node.key.start, at.node.end.min(file.text.len()));
        let mut text = String::new();
        let mut done = start;
        for (from, to, name) in places {
            if from >= done && to <= end {
                text.push_str(&file.text[done..from]);
                text.push_str(&name);
                done = to;
            }
        }
        text.push_str(&file.text[done..end]);
        let line = file.text[..start].rfind('\n').map_or(0, |newline| newline + 1);
        let old = file.text[line..start].len() - file.text[line..start].trim_start().len();
        let mut result = String::new();
        for (number, row) in text.lines().enumerate() {
            let kept = if number == 0 {
                row
            } else {
                row.strip_prefix(&file.text[line..line + old]).unwrap_or(row.trim_start_matches(' '))
            };
            let kept = kept.trim_end();
            if kept.is_empty() {
                result.push('\n');
            } else {
                writeln!(result, "{:indent$}{kept}", "").expect("a string takes any text");
            }
        }
        result
    }

    /// Finds the places at which a measure is named that has another name here.
    fn renames(&self, view: &str, at: At<'a>, places: &mut Vec<(usize, usize, String)>) {
        let mut rename = |text: &str, start: usize| {
            let (owner, field, offset) = match text.split_once('.') {
                Some((owner, field)) => (owner, field, owner.len() + 1),
                None => (view, text, 0),
            };
            let field = field.trim_end_matches('*');
            if let Some(name) = self.measures.name(owner, field).filter(|name| *name != field) {
                places.push((start + offset, start + offset + field.len(), name.to_owned()));
            }
        };
        match &at.node.value {
            Value::Block(piece) => {
                for field in crate::lookml::check::scan::fields(*piece) {
                    rename(field.text, field.start);
                }
            }
            Value::List(items) if at.node.key.text != "alias" && at.node.key.text != "tags" => {
                for item in items {
                    match item {
                        Item::Single(piece) | Item::Pair(piece, _) if !piece.quoted => rename(piece.text, piece.start),
                        Item::Single(_) | Item::Pair(..) => {}
                    }
                }
            }
            Value::Word(piece) if ["based_on", "field", "list_field", "order_by_field"].contains(&at.node.key.text) => {
                rename(piece.text, piece.start);
            }
            Value::Nodes { nodes, .. } => {
                for node in nodes {
                    self.renames(view, at.with(node), places);
                }
            }
            Value::Word(_) | Value::Text(_) | Value::List(_) => {}
        }
    }
}
