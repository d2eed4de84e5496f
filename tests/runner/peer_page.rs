//! What became of every case on every peer, as a page: `docs/reference/peers.md`.
//!
//! The page lists what is not the same, with the reason; everything else gives the same rows. Each trial holds its own outcome
//! against the page, so that a run of a few cases finds a stale line as well, and the sums follow from the lines.
//!
//! **Invariant:** nothing is on the page that no trial has found.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    path::Path,
    sync::{Mutex, PoisonError},
};

use super::{Mode, find_cases, peers, peers::Peer};

/// The page.
const PAGE: &str = "docs/reference/peers.md";

/// The least part of what runs on a warehouse that has to give the same rows, in percent.
const LEAST_SAME: usize = 95;

/// What became of a case on a peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Its rows are those of DuckDB.
    Same,
    /// The SQL is analyzed, and run where the peer can; its rows are not compared.
    Analyzed(&'static str),
    /// The peer is not asked.
    Cannot(&'static str),
}

/// A line of the page: what became of it, and why.
type Line = (String, String);

/// The lines by case and peer.
type Lines = BTreeMap<(String, String), Line>;

impl Outcome {
    /// Returns the line of what is not the same.
    fn line(&self) -> Option<Line> {
        let (word, reason) = match self {
            Self::Same => return None,
            Self::Analyzed(reason) => ("analyzed only", reason),
            Self::Cannot(reason) => ("cannot", reason),
        };
        Some((word.to_owned(), (*reason).to_owned()))
    }
}

/// What the trials of this run found.
static FOUND: Mutex<BTreeMap<(String, String), Option<Line>>> = Mutex::new(BTreeMap::new());

/// Holds what became of a case against the page.
pub(crate) fn check(case: &Path, peer: Peer, outcome: &Outcome, mode: Mode) -> Result<(), String> {
    let key = (name(case), peer.name().to_owned());
    let line = outcome.line();
    let told = read().remove(&key);
    FOUND.lock().unwrap_or_else(PoisonError::into_inner).insert(key, line.clone());
    if told == line || mode == Mode::Update {
        return Ok(());
    }
    Err(format!("`{PAGE}` says {told:?}, and it is {line:?}\nUPDATE=1 rewrites the page"))
}

/// Checks that the page is what follows from its lines and the cases that there are, and that enough is the same.
pub(crate) fn check_page() -> Result<(), String> {
    let page = fs::read_to_string(PAGE).map_err(|error| format!("{PAGE}: {error}"))?;
    let cases = cases();
    let lines = read();
    if let Some((case, peer)) = lines.keys().find(|(case, _)| !cases.contains(case)) {
        return Err(format!("`{PAGE}` tells of `{case}` on {peer}, which is not asked"));
    }
    if page != write(&lines, &cases) {
        return Err(format!("`{PAGE}` does not add up its own lines\nUPDATE=1 rewrites the page"));
    }
    for warehouse in Warehouse::ALL {
        let Sums { same, analyzed, .. } = warehouse.sums(&lines, &cases);
        if same * 100 < (same + analyzed) * LEAST_SAME {
            return Err(format!(
                "{} gives the same rows for {same} of {} cases only",
                warehouse.title,
                same + analyzed
            ));
        }
    }
    Ok(())
}

/// Writes what this run found into the page.
pub(crate) fn update() -> Result<(), String> {
    let found = FOUND.lock().unwrap_or_else(PoisonError::into_inner);
    let (mut lines, cases) = (read(), cases());
    lines.retain(|(case, _), _| cases.contains(case));
    for (key, line) in found.iter() {
        match line {
            Some(line) => drop(lines.insert(key.clone(), line.clone())),
            None => drop(lines.remove(key)),
        }
    }
    fs::write(PAGE, write(&lines, &cases)).map_err(|error| format!("{PAGE}: {error}"))
}

fn name(case: &Path) -> String {
    case.display().to_string().trim_end_matches(".md").trim_start_matches("tests/cases/").to_owned()
}

fn cases() -> Vec<String> {
    find_cases().iter().filter(|path| peers::concerns(path)).map(|path| name(path)).collect()
}

/// Reads the lines of the page.
fn read() -> Lines {
    let page = fs::read_to_string(PAGE).unwrap_or_default();
    let line = |line: &str| {
        let cells: Vec<&str> = line.strip_prefix("| [")?.strip_suffix(" |")?.split(" | ").collect();
        let [case, peer, word, reason] = cells.as_slice() else { return None };
        let (case, _) = case.split_once(']')?;
        Some(((case.to_owned(), (*peer).to_owned()), ((*word).to_owned(), (*reason).to_owned())))
    };
    page.lines().filter_map(line).collect()
}

/// A warehouse and the peers that stand for it.
struct Warehouse {
    title: &'static str,
    peers: &'static [Peer],
}

/// How many cases came to what.
#[derive(Default)]
struct Sums {
    same: usize,
    analyzed: usize,
    cannot: usize,
}

impl Warehouse {
    const ALL: [Self; 3] = [
        Self { title: "BigQuery", peers: &[Peer::BigQuery, Peer::BigQueryServer] },
        Self { title: "Snowflake", peers: &[Peer::Snowflake, Peer::SnowflakeServer] },
        Self { title: "Postgres", peers: &[Peer::Postgres] },
    ];

    /// Counts cases by the best that became of them on one of the peers.
    fn sums(&self, lines: &Lines, cases: &[String]) -> Sums {
        let mut sums = Sums::default();
        for case in cases {
            let on = |peer: &Peer| lines.get(&(case.clone(), peer.name().to_owned())).map(|(word, _)| word.as_str());
            let words: Vec<Option<&str>> = self.peers.iter().map(on).collect();
            if words.contains(&None) {
                sums.same += 1;
            } else if words.contains(&Some("analyzed only")) {
                sums.analyzed += 1;
            } else {
                sums.cannot += 1;
            }
        }
        sums
    }
}

/// Returns every warehouse, and each of its peers where there are several, with what cases came to there.
fn table(lines: &Lines, cases: &[String]) -> Vec<(String, Sums)> {
    let mut rows = Vec::new();
    for warehouse in Warehouse::ALL {
        rows.push((format!("**{}**", warehouse.title), warehouse.sums(lines, cases)));
        for peer in warehouse.peers.iter().filter(|_| warehouse.peers.len() > 1) {
            let alone = Warehouse { title: "", peers: std::slice::from_ref(peer) };
            rows.push((format!("… {}", peer.title()), alone.sums(lines, cases)));
        }
    }
    rows
}

/// Returns the table of how many cases came to what.
pub(crate) fn counts() -> String {
    let mut text = format!("{:<36} {:>6} {:>9} {:>7}\n", "cases on other warehouses", "same", "analyzed", "cannot");
    for (title, Sums { same, analyzed, cannot }) in table(&read(), &cases()) {
        writeln!(text, "{:<36} {same:>6} {analyzed:>9} {cannot:>7}", title.replace('*', ""))
            .expect("a string takes it");
    }
    text
}

fn write(lines: &Lines, cases: &[String]) -> String {
    let mut page = "# Cases on other warehouses\n\n\
         Each case with a query, or with a check of `entente verify`, is asked of every peer beside DuckDB, and gives the same rows but \
         where this page says otherwise. The trials write it (`UPDATE=1 cargo test --test cases`), and one that finds it otherwise \
         fails; a run of all of them prints the numbers. What the peers are is told in\n[dialects](../dialects.md#how-it-is-checked).\n\n\
         | | analyzed only | cannot | the same rows, of what is run |\n|---|--:|--:|--:|\n"
        .to_owned();
    for (title, Sums { same, analyzed, cannot }) in table(lines, cases) {
        // Whole percents, rounded down, stay as they are when a case is added.
        let percent = (same * 100).checked_div(same + analyzed).unwrap_or(0);
        writeln!(page, "| {title} | {analyzed} | {cannot} | {percent} % |").expect("a string takes it");
    }
    page.push_str("\n## What is not compared\n\n| case | peer | | why |\n|---|---|---|---|\n");
    for ((case, peer), (word, reason)) in lines {
        let folder = if case.starts_with("docs/") { "../../" } else { "../../tests/cases/" };
        writeln!(page, "| [{case}]({folder}{case}.md) | {peer} | {word} | {reason} |").expect("a string takes it");
    }
    page
}
