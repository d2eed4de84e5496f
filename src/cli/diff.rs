//! Two texts → a unified diff, as pull requests show it.
//!
//! **Invariant:** the lines with a blank or `-` in front are the old text where it changed, those with a blank or `+` the
//! new one.

/// Lines around a change.
const CONTEXT: usize = 3;

/// The most changed lines of one file that are looked for one by one; beyond, the middle is told as a whole.
const MAX_EDITS: usize = 2_000;

/// What became of a file.
pub(crate) struct Difference {
    /// Lines that are there now.
    pub(crate) added: usize,
    /// Lines that are gone.
    pub(crate) removed: usize,
    /// The diff.
    pub(crate) text: String,
}

/// What became of a line, with its position in the old or the new text.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Edit {
    Keep(usize),
    Remove(usize),
    Add(usize),
}

/// Compares a file before and after; a text that is not there is none.
pub(crate) fn unified(path: &str, old: Option<&str>, new: Option<&str>) -> Difference {
    let lines = |text: Option<&'_ str>| text.map_or(Vec::new(), |text| text.lines().map(str::to_owned).collect());
    let (before, after): (Vec<String>, Vec<String>) = (lines(old), lines(new));
    let edits = edits(&before, &after);
    let side = |sign: char, text: Option<&str>| match text {
        Some(_) => format!("{sign}/{path}"),
        None => "/dev/null".to_owned(),
    };
    let mut text = format!("--- {}\n+++ {}\n", side('a', old), side('b', new));
    for hunk in hunks(&edits) {
        write_hunk(&mut text, &edits[..hunk.start], &edits[hunk], &before, &after);
    }
    let count = |wanted: fn(&Edit) -> bool| edits.iter().filter(|edit| wanted(edit)).count();
    Difference {
        added: count(|edit| matches!(edit, Edit::Add(_))),
        removed: count(|edit| matches!(edit, Edit::Remove(_))),
        text,
    }
}

/// Returns the ranges of edits that are shown: changes with the lines around them.
fn hunks(edits: &[Edit]) -> Vec<std::ops::Range<usize>> {
    let mut hunks: Vec<std::ops::Range<usize>> = Vec::new();
    let changes = edits.iter().enumerate().filter(|(_, edit)| !matches!(edit, Edit::Keep(_)));
    for (at, _) in changes {
        let (from, to) = (at.saturating_sub(CONTEXT), (at + 1 + CONTEXT).min(edits.len()));
        match hunks.last_mut() {
            Some(last) if from <= last.end => last.end = to,
            _ => hunks.push(from..to),
        }
    }
    hunks
}

fn write_hunk(text: &mut String, before_it: &[Edit], hunk: &[Edit], before: &[String], after: &[String]) {
    let size = |edits: &[Edit], without: fn(&Edit) -> bool| edits.iter().filter(|edit| !without(edit)).count();
    let added = |edit: &Edit| matches!(edit, Edit::Add(_));
    let removed = |edit: &Edit| matches!(edit, Edit::Remove(_));
    let place = |start: usize, length: usize| format!("{},{length}", if length == 0 { start } else { start + 1 });
    let (old, new) =
        (place(size(before_it, added), size(hunk, added)), place(size(before_it, removed), size(hunk, removed)));
    text.push_str(&format!("@@ -{old} +{new} @@\n"));
    for edit in hunk {
        let (sign, line) = match edit {
            Edit::Keep(at) => (' ', &before[*at]),
            Edit::Remove(at) => ('-', &before[*at]),
            Edit::Add(at) => ('+', &after[*at]),
        };
        text.push(sign);
        text.push_str(line);
        text.push('\n');
    }
}

/// Finds the fewest edits between two texts, after what they share at both ends.
fn edits(before: &[String], after: &[String]) -> Vec<Edit> {
    let shared = |(a, b): &(&String, &String)| a == b;
    let head = before.iter().zip(after).take_while(shared).count();
    let tail = before[head..].iter().rev().zip(after[head..].iter().rev()).take_while(shared).count();
    let (old_end, new_end) = (before.len() - tail, after.len() - tail);
    let mut edits: Vec<Edit> = (0..head).map(Edit::Keep).collect();
    edits.extend(middle(&before[head..old_end], &after[head..new_end], head));
    edits.extend((old_end..before.len()).map(Edit::Keep));
    edits
}

/// The greedy search of Myers: `furthest[k]` is how far in `before` the paths reach on which as many more lines were
/// removed than added as `k` says. See <https://doi.org/10.1007/BF01840446>.
fn middle(before: &[String], after: &[String], offset: usize) -> Vec<Edit> {
    let whole = || {
        let removed = (0..before.len()).map(|at| Edit::Remove(at + offset));
        removed.chain((0..after.len()).map(|at| Edit::Add(at + offset))).collect::<Vec<_>>()
    };
    let most = (before.len() + after.len()).min(MAX_EDITS);
    let width = 2 * most + 3;
    let mut furthest = vec![0_usize; width];
    let mut trace: Vec<Vec<usize>> = Vec::new();
    for number in 0..=most {
        trace.push(furthest.clone());
        // The diagonal k is at position k + most + 1; only every second one can be reached.
        for at in ((most + 1 - number)..=(most + 1 + number)).step_by(2) {
            let down = at == most + 1 - number || (at != most + 1 + number && furthest[at - 1] < furthest[at + 1]);
            let mut x = if down { furthest[at + 1] } else { furthest[at - 1] + 1 };
            let Some(mut y) = (x + most + 1).checked_sub(at) else { continue };
            while x < before.len() && y < after.len() && before[x] == after[y] {
                (x, y) = (x + 1, y + 1);
            }
            furthest[at] = x;
            if x >= before.len() && y >= after.len() {
                return walk_back(&trace, most, (before.len(), after.len()), offset);
            }
        }
    }
    whole()
}

fn walk_back(trace: &[Vec<usize>], most: usize, end: (usize, usize), offset: usize) -> Vec<Edit> {
    let (mut x, mut y) = end;
    let mut edits = Vec::new();
    for (number, furthest) in trace.iter().enumerate().rev() {
        let at = x + most + 1 - y;
        let down = at == most + 1 - number || (at != most + 1 + number && furthest[at - 1] < furthest[at + 1]);
        let before_at = if down { at + 1 } else { at - 1 };
        let before_x = furthest[before_at];
        let before_y = if number == 0 { 0 } else { before_x + most + 1 - before_at };
        let (start_x, start_y) = if number == 0 { (0, 0) } else { (before_x, before_y) };
        let kept_from = if number == 0 {
            0
        } else if down {
            start_x
        } else {
            start_x + 1
        };
        while x > kept_from {
            (x, y) = (x - 1, y - 1);
            edits.push(Edit::Keep(x + offset));
        }
        if number > 0 {
            if down {
                y -= 1;
                edits.push(Edit::Add(y + offset));
            } else {
                x -= 1;
                edits.push(Edit::Remove(x + offset));
            }
            debug_assert_eq!((x, y), (start_x, start_y), "the walk follows the search");
        }
    }
    edits.reverse();
    edits
}

#[cfg(test)]
mod tests {
    use super::*;

    fn apply(before: &[String], edits: &[Edit], after: &[String]) -> (Vec<String>, Vec<String>) {
        let old = edits.iter().filter_map(|edit| match edit {
            Edit::Keep(at) | Edit::Remove(at) => Some(before[*at].clone()),
            Edit::Add(_) => None,
        });
        let new = edits.iter().filter_map(|edit| match edit {
            Edit::Keep(at) => Some(before[*at].clone()),
            Edit::Add(at) => Some(after[*at].clone()),
            Edit::Remove(_) => None,
        });
        (old.collect(), new.collect())
    }

    #[test]
    fn every_diff_leads_from_the_old_text_to_the_new() {
        let mut seed = 7_u32;
        let mut next = |below: u32| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 16) % below
        };
        for _ in 0..500 {
            let mut text = || (0..next(12)).map(|_| next(4).to_string()).collect::<Vec<String>>();
            let (before, after) = (text(), text());
            let found = edits(&before, &after);
            assert_eq!(apply(&before, &found, &after), (before.clone(), after.clone()));
        }
    }

    #[test]
    fn a_line_more_is_one_line() {
        let lines: Vec<String> = (0..20).map(|line| format!("line {line}")).collect();
        let old = lines.join("\n") + "\n";
        let new = old.replace("line 9\n", "line 9\nanother\n");
        let difference = unified("views/a.lkml", Some(&old), Some(&new));
        assert_eq!((difference.added, difference.removed), (1, 0));
        assert_eq!(
            difference.text,
            "--- a/views/a.lkml\n+++ b/views/a.lkml\n@@ -8,6 +8,7 @@\n line 7\n line 8\n line 9\n+another\n line 10\n line 11\n line 12\n"
        );
    }

    #[test]
    fn a_file_that_appears_or_goes_is_all_of_it() {
        let appears = unified("a", None, Some("x\ny\n"));
        assert_eq!(appears.text, "--- /dev/null\n+++ b/a\n@@ -0,0 +1,2 @@\n+x\n+y\n");
        let goes = unified("a", Some("x\n"), None);
        assert_eq!(goes.text, "--- a/a\n+++ /dev/null\n@@ -1,1 +0,0 @@\n-x\n");
    }
}
