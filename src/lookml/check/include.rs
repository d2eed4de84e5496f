//! `include:` → files.
//!
//! `/views/*.view` from the project's folder, `orders.view` from the folder of the file, `//other/views/*` from another
//! project. `*` stands for any part of a name, `**` for any folders; `.lkml` may be left out.

use std::collections::{BTreeMap, HashMap};

use super::source::Source;

/// Which files there are, by path and by folder.
#[derive(Debug)]
pub(crate) struct Paths<'a> {
    /// All paths, dashboards as well; the index of the parsed file, where it was parsed.
    all: BTreeMap<&'a str, Option<usize>>,
    /// The folders that are projects, and their names where they say them.
    roots: Vec<&'a str>,
    names: HashMap<&'a str, &'a str>,
}

/// What an include brings.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Included {
    /// These files; none of them where only dashboards match.
    Files(Vec<usize>),
    /// Nothing matches.
    Nothing,
    /// Another project, which is not at hand.
    Elsewhere,
}

impl<'a> Paths<'a> {
    /// Gathers the paths of a project; a folder with a manifest is a project of its own.
    pub(crate) fn new(sources: &[Source<'a>], others: impl Iterator<Item = &'a str>) -> Self {
        let mut all: BTreeMap<&str, Option<usize>> = others.map(|path| (path, None)).collect();
        let (mut roots, mut names) = (vec![""], HashMap::new());
        for (index, source) in sources.iter().enumerate() {
            all.insert(source.path, Some(index));
            if source.is_manifest() {
                roots.push(source.folder());
                let name = source.file.nodes.iter().find(|node| node.key.text == "project_name");
                if let Some(name) = name.and_then(|node| node.piece()) {
                    names.insert(name.text, source.folder());
                }
            }
        }
        // The longest root that holds a path is its project's.
        roots.sort_by_key(|root| std::cmp::Reverse(root.len()));
        Self { all, roots, names }
    }

    /// Iterates over all paths.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &'a str> + '_ {
        self.all.keys().copied()
    }

    /// Returns the folder of the project that a path belongs to.
    pub(crate) fn root_of(&self, path: &str) -> &'a str {
        let inside =
            |root: &&&str| root.is_empty() || path.strip_prefix(**root).is_some_and(|rest| rest.starts_with('/'));
        self.roots.iter().find(inside).copied().unwrap_or("")
    }

    /// Finds the files of an include.
    pub(crate) fn find(&self, from: &Source<'_>, pattern: &str) -> Included {
        let pattern = pattern.trim();
        if let Some(rest) = pattern.strip_prefix("//") {
            let (project, rest) = rest.split_once('/').unwrap_or((rest, "**"));
            return match self.names.get(project) {
                Some(root) => self.matching(&joined(root, rest)),
                None => Included::Elsewhere,
            };
        }
        if pattern.contains("@{") {
            return Included::Elsewhere;
        }
        let root = self.root_of(from.path);
        if let Some(rest) = pattern.strip_prefix('/') {
            return self.matching(&joined(root, rest));
        }
        let relative = self.matching(&normal(&joined(from.folder(), pattern)));
        if relative != Included::Nothing {
            return relative;
        }
        // Projects without folders write names alone, wherever the file lies today.
        match self.matching(&joined(root, pattern)) {
            Included::Nothing if !pattern.contains('/') => self.matching(&joined(root, &format!("**/{pattern}"))),
            found => found,
        }
    }

    fn matching(&self, pattern: &str) -> Included {
        let fixed = pattern.find('*').unwrap_or(pattern.len());
        let prefix = &pattern[..fixed];
        let mut found = Vec::new();
        let mut any = false;
        for (path, index) in self.all.range(prefix..).take_while(|(path, _)| path.starts_with(prefix)) {
            let matches = glob(pattern, path)
                || ["lkml", "lookml"].iter().any(|extension| {
                    path.strip_suffix(extension)
                        .and_then(|path| path.strip_suffix('.'))
                        .is_some_and(|path| glob(pattern, path))
                });
            if matches {
                any = true;
                found.extend(index);
            }
        }
        if any { Included::Files(found) } else { Included::Nothing }
    }
}

/// Returns whether a path stands for any number of files, also for none.
pub(super) fn is_pattern(path: &str) -> bool {
    path.contains('*')
}

/// Returns whether a path means dashboards, on which no field, view or explore depends.
pub(super) fn means_dashboards(path: &str) -> bool {
    path.contains(".dashboard")
}

fn joined(folder: &str, rest: &str) -> String {
    if folder.is_empty() { rest.to_owned() } else { format!("{folder}/{rest}") }
}

/// Takes `.` and `..` out of a path.
fn normal(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "." | "" => {}
            ".." => drop(parts.pop()),
            _ => parts.push(part),
        }
    }
    parts.join("/")
}

/// Returns whether a path matches a pattern with `*` (no slash) and `**` (anything).
///
/// Goes once over the path for each part of the pattern, so that no pattern takes long.
fn glob(pattern: &str, path: &str) -> bool {
    let path = path.as_bytes();
    // Whether the pattern so far matches the path up to each byte.
    let mut ends = vec![false; path.len() + 1];
    ends[0] = true;
    let mut rest = pattern.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if *first != b'*' {
            for at in (0..path.len()).rev() {
                ends[at + 1] = ends[at] && path[at] == *first;
            }
            ends[0] = false;
            continue;
        }
        // `a/**/b` is also `a/b`.
        let folders = after.strip_prefix(b"*/");
        let any = after.starts_with(b"*");
        let mut open = false;
        for at in 0..=path.len() {
            let slash = at > 0 && path[at - 1] == b'/';
            let here = ends[at];
            ends[at] = here || if folders.is_some() { open && slash } else { open && (any || !slash) };
            // A single star goes on from where it came to, the others from wherever they could begin.
            open = if any { open || here } else { ends[at] };
        }
        rest = folders.unwrap_or_else(|| &after[after.iter().take_while(|byte| **byte == b'*').count()..]);
    }
    ends[path.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stay_in_a_folder_and_double_stars_do_not() {
        for (pattern, path, expected) in [
            ("views/*.view", "views/a.view", true),
            ("views/*.view", "views/b/a.view", false),
            ("views/**/*.view", "views/b/c/a.view", true),
            ("views/**/*.view", "views/a.view", true),
            ("**/*.lkml", "a.lkml", true),
            ("**", "a/b/c.lkml", true),
            ("views/*", "views/größe.view", true),
            ("*orders*", "big_orders.view", true),
            ("views/a.view", "views/ab.view", false),
            ("a/**/b/*.view", "a/c/b/d/b/e.view", true),
            ("a/**/b/*.view", "a/cb/e.view", false),
            ("a**e.view", "a/b/c/e.view", true),
            ("a/*/*.view", "a/b.view", false),
            ("*a*a*a*a*a*a*a*a*a*a*a*a*b.view", &format!("{}.view", "a".repeat(200)), false),
            ("**/a**/a**/a**/a**/a**/a**/a**/b", &"a/".repeat(200), false),
        ] {
            assert_eq!(glob(pattern, path), expected, "{pattern} {path}");
        }
    }

    #[test]
    fn dots_are_taken_out_of_paths() {
        assert_eq!(normal("models/../views/./a.view"), "views/a.view");
    }
}
