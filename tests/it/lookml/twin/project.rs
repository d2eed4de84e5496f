//! The files of a LookML project → the one model that they make: what is included, with constants, refinements and
//! extensions in place.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Looker,
    layers::{extended, lay},
    refuse,
    text::{Block, Value, read},
};

/// A model, as Looker sees it when everything is read.
pub(super) struct Model {
    /// The parameters of the model file.
    pub(super) settings: Block,
    views: BTreeMap<String, Block>,
    explores: BTreeMap<String, Block>,
    grants: BTreeMap<String, Block>,
    tests: Vec<Block>,
}

impl Model {
    /// Reads the files of a project.
    pub(super) fn read(files: &BTreeMap<String, String>) -> Looker<Self> {
        Self::of_blocks(&blocks(files)?)
    }

    /// Puts the files of a project together, beginning with its model file.
    pub(super) fn of_blocks(files: &BTreeMap<String, Block>) -> Looker<Self> {
        let constants = constants(files);
        let Some(first) = files.keys().find(|path| path.ends_with(".model.lkml")) else {
            return refuse("there is no model file");
        };
        let mut included = Included { files, constants: &constants, read: BTreeSet::new(), items: Vec::new() };
        let settings = included.file(first)?;
        let (views, explores, grants) = (included.all("view"), included.all("explore"), included.all("access_grant"));
        let tests = included.all("test").into_iter().cloned().collect();
        Ok(Self { settings, views: whole(views)?, explores: whole(explores)?, grants: whole(grants)?, tests })
    }

    pub(super) fn view(&self, name: &str) -> Looker<&Block> {
        self.views.get(name).map_or_else(|| refuse(format!("unknown view `{name}`")), Ok)
    }

    pub(super) fn explore(&self, name: &str) -> Looker<&Block> {
        self.explores.get(name).map_or_else(|| refuse(format!("unknown explore `{name}`")), Ok)
    }

    /// The names of all explores.
    pub(super) fn explore_names(&self) -> impl Iterator<Item = &str> {
        self.explores.keys().map(String::as_str)
    }

    pub(super) fn grant(&self, name: &str) -> Looker<&Block> {
        self.grants.get(name).map_or_else(|| refuse(format!("unknown access grant `{name}`")), Ok)
    }

    /// Whether an explore is the same in another model, with its views, and so answers alike.
    pub(super) fn is_same(&self, other: &Self, explore: &str) -> bool {
        let (Some(block), Some(theirs)) = (self.explores.get(explore), other.explores.get(explore)) else {
            return false;
        };
        let named = |block: &Block| block.word("from").or_else(|| block.word("view_name")).map(str::to_owned);
        let views = block.blocks("join").chain([block]).map(|block| named(block).unwrap_or_else(|| block.name.clone()));
        block == theirs
            && self.settings == other.settings
            && self.grants == other.grants
            && views.into_iter().all(|view| self.views.get(&view) == other.views.get(&view))
    }

    /// Whether another model has the same explores, views and grants.
    pub(super) fn has_the_same_fields(&self, other: &Self) -> bool {
        self.grants == other.grants && self.explores == other.explores && self.views == other.views
    }

    /// The data tests.
    pub(super) fn tests(&self) -> &[Block] {
        &self.tests
    }

    /// How many days after Monday a week begins.
    pub(super) fn week_start(&self) -> u32 {
        let days = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
        let start = self.settings.word("week_start_day").unwrap_or("monday");
        days.iter().position(|day| *day == start).and_then(|days| u32::try_from(days).ok()).unwrap_or(0)
    }

    /// By how many months a fiscal year begins after the calendar's.
    pub(super) fn fiscal_offset(&self) -> Looker<i32> {
        let offset = self.settings.word("fiscal_month_offset").and_then(|offset| offset.parse().ok());
        offset.map_or_else(|| refuse("a fiscal timeframe needs `fiscal_month_offset`"), Ok)
    }
}

/// Reads each file.
pub(super) fn blocks(files: &BTreeMap<String, String>) -> Looker<BTreeMap<String, Block>> {
    files.iter().map(|(path, text)| Ok((path.clone(), read(text)?))).collect()
}

fn constants(files: &BTreeMap<String, Block>) -> BTreeMap<String, String> {
    let constants = files.get("manifest.lkml").into_iter().flat_map(|manifest| manifest.blocks("constant"));
    constants.map(|block| (block.name.clone(), block.word("value").unwrap_or_default().to_owned())).collect()
}

struct Included<'f> {
    files: &'f BTreeMap<String, Block>,
    constants: &'f BTreeMap<String, String>,
    read: BTreeSet<&'f str>,
    items: Vec<(String, Block)>,
}

impl<'f> Included<'f> {
    /// Reads a file and what it includes, which comes before what it says itself.
    fn file(&mut self, path: &'f str) -> Looker<Block> {
        if !self.read.insert(path) {
            return Ok(Block::default());
        }
        let mut block = self.files[path].clone();
        fill(&mut block, self.constants)?;
        for (key, value) in &block.items {
            match value {
                Value::Word(pattern) if key == "include" => {
                    for path in self.matching(pattern)? {
                        self.file(path)?;
                    }
                }
                Value::Block(block) => self.items.push((key.clone(), block.clone())),
                _ => {}
            }
        }
        Ok(block)
    }

    fn matching(&self, pattern: &str) -> Looker<Vec<&'f str>> {
        let pattern = pattern.trim_start_matches('/');
        let files: Vec<&'f str> =
            self.files.keys().map(String::as_str).filter(|path| like(path, &pattern.replace("**/*", "*"))).collect();
        if files.is_empty() { refuse(format!("include `{pattern}` matches no file")) } else { Ok(files) }
    }

    /// The blocks of a kind, in the order in which they are included.
    fn all(&self, kind: &str) -> Vec<&Block> {
        self.items.iter().filter(|(key, _)| key == kind).map(|(_, block)| block).collect()
    }
}

fn like(path: &str, pattern: &str) -> bool {
    match pattern.split_once('*') {
        None => path == pattern,
        Some((before, rest)) => {
            path.strip_prefix(before).is_some_and(|path| (0..=path.len()).any(|at| like(&path[at..], rest)))
        }
    }
}

/// Puts constants in place of `@{…}`.
fn fill(block: &mut Block, constants: &BTreeMap<String, String>) -> Looker<()> {
    for (_, value) in &mut block.items {
        match value {
            Value::Word(text) | Value::Code(text) => {
                while let Some(from) = text.find("@{") {
                    let Some(length) = text[from..].find('}') else { return refuse("`@{` is not closed") };
                    let name = text[from + 2..from + length].to_owned();
                    let Some(constant) = constants.get(&name) else {
                        return refuse(format!("unknown constant `{name}`"));
                    };
                    text.replace_range(from..=from + length, constant);
                }
            }
            Value::Block(block) => fill(block, constants)?,
            Value::List(_) => {}
        }
    }
    Ok(())
}

/// Lays refinements over what they refine, in the order in which they are included, then extensions over their bases.
fn whole(blocks: Vec<&Block>) -> Looker<BTreeMap<String, Block>> {
    let mut refined: BTreeMap<String, Block> = BTreeMap::new();
    for block in blocks {
        if let Some(name) = block.name.strip_prefix('+') {
            let Some(found) = refined.get_mut(name) else { return refuse(format!("`+{name}` refines nothing")) };
            *found = lay(found, block);
        } else if refined.insert(block.name.clone(), block.clone()).is_some() {
            return refuse(format!("`{}` is there twice", block.name));
        }
    }
    let find = |name: &str| refined.get(name);
    let whole: Looker<BTreeMap<String, Block>> =
        refined.iter().map(|(name, block)| Ok((name.clone(), extended(block, &find, 0)?))).collect();
    whole
}
