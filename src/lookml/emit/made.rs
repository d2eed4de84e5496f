//! Files on their way to be printed.

use std::collections::BTreeSet;

use super::{super::tree::Document, Draught};

/// Hands files on as they are made, and keeps of them what the file of the model says.
pub(super) struct Made<'a> {
    hand_on: &'a mut dyn FnMut(Draught),
    /// The paths that the model includes.
    pub included: Vec<String>,
    /// The named formats of fields.
    pub formats: BTreeSet<String>,
}

impl<'a> Made<'a> {
    pub(super) fn new(hand_on: &'a mut dyn FnMut(Draught)) -> Self {
        Self { hand_on, included: Vec::new(), formats: BTreeSet::new() }
    }

    /// Hands a file on.
    pub(super) fn push(&mut self, file: Draught) {
        let folders = ["access/", "aggregates/", "datagroups/", "explores/", "tests/"];
        if folders.iter().any(|folder| file.path.starts_with(folder)) {
            self.included.push(format!("/{}", file.path));
        }
        let views = match &file.document {
            Document::Objects(objects) => objects.views.as_slice(),
            Document::Manifest(_) | Document::Model(_) => &[],
        };
        for view in views {
            let measures = view.measures.iter().map(|measure| &measure.docs);
            let docs = measures.chain(view.dimensions.iter().map(|dimension| &dimension.docs));
            for name in docs.filter_map(|docs| docs.value_format_name.as_ref()) {
                if !self.formats.contains(name) {
                    self.formats.insert(name.clone());
                }
            }
        }
        (self.hand_on)(file);
    }

    /// Hands some files on.
    pub(super) fn extend(&mut self, files: impl IntoIterator<Item = Draught>) {
        files.into_iter().for_each(|file| self.push(file));
    }
}
