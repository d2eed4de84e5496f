//! Nodes of LookML → text, with the names that measures have here.

use std::fmt::Write;

use super::{Kept, renamed::Exchange};
use crate::lookml::{
    check::{layers::At, scan},
    syntax::{Item, Piece, Value},
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

    /// Finds the places of constants, and those at which a measure is named that has another name here.
    fn renames(&self, view: &str, at: At<'a>, places: &mut Vec<(usize, usize, String)>) {
        for piece in said(&at.node.value) {
            let known = scan::constants(piece)
                .filter_map(|name| Some((name, self.fields.lookml.constant(name.text, piece.quoted)?)));
            places.extend(known.map(|(name, value)| (name.start - "@{".len(), name.end() + "}".len(), value)));
        }
        let mut push = |start: usize, of: Exchange| places.push((start + of.start, start + of.end, of.name));
        let reference = |piece: Piece<'_>| self.renamed.in_reference(view, piece.text).map(|of| (piece.start, of));
        match &at.node.value {
            Value::Block(piece) | Value::Text(piece) => {
                let liquid = self.renamed.in_liquid(view, piece.text).into_iter().map(|of| (piece.start, of));
                let fields = scan::fields(*piece).filter_map(reference);
                liquid.chain(fields).for_each(|(start, of)| push(start, of));
            }
            Value::List(items) if at.node.key.text != "alias" && at.node.key.text != "tags" => {
                let names = items.iter().map(Item::first).filter(|piece| !piece.quoted);
                names.filter_map(reference).for_each(|(start, of)| push(start, of));
            }
            Value::Word(piece) if ["based_on", "field", "list_field", "order_by_field"].contains(&at.node.key.text) => {
                reference(*piece).into_iter().for_each(|(start, of)| push(start, of));
            }
            // A column is called after its field, and what reads the table goes by that name.
            Value::Nodes { name: Some(name), nodes } if at.node.key.text == "column" && nodes.is_empty() => {
                if let Some(new) = self.renamed.name(view, name.text) {
                    places.push((name.end(), at.node.end, format!(" {{ field: {view}.{new} }}")));
                }
            }
            Value::Nodes { name, nodes } => {
                let explore = name.filter(|_| at.node.key.text == "explore_source");
                let explore = explore.and_then(|name| self.fields.lookml.model.explores.get(name.text));
                let view = explore.map_or(view, |explore| explore.base);
                for node in nodes {
                    self.renames(view, at.with(node), places);
                }
            }
            Value::Word(_) | Value::List(_) => {}
        }
    }
}

/// Returns the texts of a value, without those of the nodes in it.
fn said<'a>(value: &Value<'a>) -> Vec<Piece<'a>> {
    match value {
        Value::Word(piece) | Value::Text(piece) | Value::Block(piece) => vec![*piece],
        Value::List(items) => items
            .iter()
            .flat_map(|item| match item {
                Item::Single(piece) => vec![*piece],
                Item::Pair(key, value) => vec![*key, *value],
            })
            .collect(),
        Value::Nodes { .. } => Vec::new(),
    }
}
