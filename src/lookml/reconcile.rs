//! What there is and what there should be → what to write and what to remove.
//!
//! **Invariant:** a file that people wrote or edited is neither overwritten nor removed, unless force is used on an
//! edited generated file.

use std::collections::BTreeMap;

use super::{
    Emitted,
    header::{Provenance, provenance},
};

/// Whether generated files that were edited by hand are replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overwrite {
    /// They are an error.
    Refuse,
    /// They are replaced.
    Force,
}

/// What has to be done so that a folder holds the emitted files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Files to write, with their texts.
    pub write: BTreeMap<String, String>,
    /// Generated files that are not emitted any more.
    pub remove: Vec<String>,
    /// Files that are as they should be, or that belong to people.
    pub keep: Vec<String>,
}

impl Changes {
    /// Returns whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.write.is_empty() && self.remove.is_empty()
    }
}

/// A file that stands in the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edited {
    /// The path.
    pub path: String,
    /// Whether entente made it in the first place.
    pub was_generated: bool,
}

/// Compares the files of a folder, by path, with the emitted ones.
pub fn reconcile(
    existing: &BTreeMap<String, String>,
    emitted: &Emitted,
    overwrite: Overwrite,
) -> Result<Changes, Vec<Edited>> {
    let mut changes = Changes::default();
    let mut edited = Vec::new();
    for (path, text) in &emitted.files {
        let write = match existing.get(path) {
            None => true,
            Some(old) if old == text => false,
            Some(_) if emitted.create_only.contains(path) => false,
            Some(old) => match provenance(old) {
                Provenance::Generated | Provenance::Stub => true,
                touched @ (Provenance::Edited | Provenance::Foreign) => {
                    let was_generated = touched == Provenance::Edited;
                    if overwrite == Overwrite::Refuse {
                        edited.push(Edited { path: path.clone(), was_generated });
                    }
                    true
                }
            },
        };
        if write {
            changes.write.insert(path.clone(), text.clone());
        } else {
            changes.keep.push(path.clone());
        }
    }
    for (path, old) in existing.iter().filter(|(path, _)| !emitted.files.contains_key(*path)) {
        match provenance(old) {
            Provenance::Generated | Provenance::Stub => changes.remove.push(path.clone()),
            Provenance::Edited if overwrite == Overwrite::Force => changes.remove.push(path.clone()),
            Provenance::Edited => edited.push(Edited { path: path.clone(), was_generated: true }),
            Provenance::Foreign => changes.keep.push(path.clone()),
        }
    }
    if edited.is_empty() { Ok(changes) } else { Err(edited) }
}

#[cfg(test)]
mod tests {
    use super::{super::header, *};

    fn emitted(files: &[(&str, String)], create_only: &[&str]) -> Emitted {
        Emitted {
            files: files.iter().map(|(path, text)| ((*path).to_owned(), text.clone())).collect(),
            create_only: create_only.iter().map(|path| (*path).to_owned()).collect(),
            ..Emitted::default()
        }
    }

    fn folder(files: &[(&str, String)]) -> BTreeMap<String, String> {
        files.iter().map(|(path, text)| ((*path).to_owned(), text.clone())).collect()
    }

    fn view(body: &str) -> String {
        header::generated(&["metrics/a.yml"], "Elsewhere.", body)
    }

    #[test]
    fn a_build_over_its_own_output_changes_nothing() {
        let files = [("a.lkml", view("a")), ("b.lkml", header::stub("Yours.", "b"))];
        let changes = reconcile(&folder(&files), &emitted(&files, &["b.lkml"]), Overwrite::Refuse).expect("no edits");
        assert!(changes.is_empty());
    }

    #[test]
    fn what_people_wrote_stays() {
        let new = emitted(&[("a.lkml", view("new")), ("b.lkml", header::stub("Yours.", "b"))], &["b.lkml"]);
        let old = folder(&[
            ("a.lkml", view("old")),
            ("b.lkml", "view: +b { measure: x {} }".to_owned()),
            ("gone.lkml", view("gone")),
            ("stub.lkml", header::stub("Yours.", "empty")),
            ("mine.lkml", "view: mine {}".to_owned()),
        ]);
        let changes = reconcile(&old, &new, Overwrite::Refuse).expect("no edits");
        assert_eq!(changes.write.keys().collect::<Vec<_>>(), ["a.lkml"]);
        assert_eq!(changes.remove, ["gone.lkml", "stub.lkml"]);
        assert_eq!(changes.keep, ["b.lkml", "mine.lkml"]);
    }

    #[test]
    fn an_edited_generated_file_is_refused_without_force() {
        let new = emitted(&[("a.lkml", view("new")), ("c.lkml", view("c"))], &[]);
        let old = folder(&[
            ("a.lkml", view("old").replace("old", "edited")),
            ("b.lkml", view("b") + "x"),
            ("c.lkml", "view: c {}".to_owned()),
        ]);
        let edited = reconcile(&old, &new, Overwrite::Refuse).expect_err("edits");
        let paths: Vec<_> = edited.iter().map(|file| (file.path.as_str(), file.was_generated)).collect();
        assert_eq!(paths, [("a.lkml", true), ("c.lkml", false), ("b.lkml", true)]);
        let changes = reconcile(&old, &new, Overwrite::Force).expect("force");
        assert_eq!((changes.write.len(), changes.remove.len()), (2, 1));
    }
}
