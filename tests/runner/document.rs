//! A case file as data: a title, a project, and fenced blocks; outputs can be replaced and written back.
//!
//! **Invariant:** writing a document whose outputs were not replaced gives the same bytes.

use super::compare;

/// What a block is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `yaml metrics/orders.yml`: definitions.
    Definitions(String),
    /// `yaml mended metrics/orders.yml`: the definitions of a page after mending.
    Mended(String),
    /// `yaml entente.yml`.
    Config,
    /// `json schema/catalog.json`.
    Catalog,
    /// `json principal`: who asks.
    Principal,
    /// `sql seed`.
    Seed,
    /// `text rollups`: the moment at which rollups were built.
    Rollups,
    /// `sql later`: what happened to the data since then.
    Later,
    /// `sql twin`: cuts the seed down to what the principal may see.
    Twin,
    /// `yaml query`.
    Query,
    /// `graphql request`.
    GraphQl,
    /// `json variables` of the request.
    Variables,
    /// `sql check`.
    Check,
    /// `diagnostics`.
    Diagnostics,
    /// `plan`.
    Plan,
    /// `sql duckdb`, `sql bigquery`, `sql snowflake` or `sql postgres`.
    Sql(String),
    /// `text answer`.
    Answer,
    /// `text error`.
    Error,
    /// `text verify keys`: what the data keeps of the definitions; kinds and a time range may follow.
    Verify(String),
    /// `lookml views/orders.view.lkml`.
    Lookml(String),
    /// `lookml broken views/orders.view.lkml`: a file of a LookML project that is checked.
    LookmlBroken(String),
    /// `lookml mended views/orders.view.lkml`: the same after mending.
    LookmlMended(String),
    /// `json response`.
    Response,
    /// Anything else, which is for people only.
    Prose,
}

impl Kind {
    fn parse(info: &str) -> Self {
        match info.split_whitespace().collect::<Vec<_>>().as_slice() {
            ["yaml", "entente.yml"] => Self::Config,
            ["yaml", "query"] => Self::Query,
            ["yaml", "mended", path] => Self::Mended((*path).to_owned()),
            ["yaml", path] => Self::Definitions((*path).to_owned()),
            ["json", "schema/catalog.json"] => Self::Catalog,
            ["json", "response"] => Self::Response,
            ["json", "variables"] => Self::Variables,
            ["json", "principal"] => Self::Principal,
            ["sql", "seed"] => Self::Seed,
            ["text", "rollups"] => Self::Rollups,
            ["sql", "later"] => Self::Later,
            ["sql", "twin"] => Self::Twin,
            ["sql", "check"] => Self::Check,
            ["sql", dialect @ ("duckdb" | "bigquery" | "snowflake" | "postgres")] => Self::Sql((*dialect).to_owned()),
            ["graphql", "request"] => Self::GraphQl,
            ["diagnostics"] => Self::Diagnostics,
            ["plan"] => Self::Plan,
            ["text", "answer"] => Self::Answer,
            ["text", "error"] => Self::Error,
            ["text", "verify", arguments @ ..] => Self::Verify(arguments.join(" ")),
            ["lookml", "broken", path] => Self::LookmlBroken((*path).to_owned()),
            ["lookml", "mended", path] => Self::LookmlMended((*path).to_owned()),
            ["lookml", path] => Self::Lookml((*path).to_owned()),
            _ => Self::Prose,
        }
    }

    /// Returns whether the runner computes the text of the block.
    pub(crate) fn is_output(&self) -> bool {
        match self {
            Self::Diagnostics
            | Self::Plan
            | Self::Sql(_)
            | Self::Answer
            | Self::Error
            | Self::Verify(_)
            | Self::Lookml(_)
            | Self::Response => true,
            Self::Definitions(_)
            | Self::Mended(_)
            | Self::LookmlBroken(_)
            | Self::LookmlMended(_)
            | Self::Config
            | Self::Catalog
            | Self::Principal
            | Self::Seed
            | Self::Rollups
            | Self::Later
            | Self::Twin
            | Self::Query
            | Self::GraphQl
            | Self::Variables
            | Self::Check
            | Self::Prose => false,
        }
    }
}

/// A fenced block.
#[derive(Clone, Debug)]
pub(crate) struct Block {
    /// What it is.
    pub(crate) kind: Kind,
    /// The line behind the opening fence, for messages.
    pub(crate) info: String,
    /// The text between the fences.
    pub(crate) text: String,
    /// What the runner computed.
    pub(crate) computed: Option<String>,
    /// The lines of the file between the fences.
    lines: std::ops::Range<usize>,
}

/// A case file.
#[derive(Clone, Debug)]
pub(crate) struct Document {
    lines: Vec<String>,
    /// The project that is named in front of the blocks.
    pub(crate) project: Option<String>,
    /// The blocks, in order.
    pub(crate) blocks: Vec<Block>,
}

impl Document {
    /// Reads a file.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let lines: Vec<String> = text.lines().map(str::to_owned).collect();
        if !lines.first().is_some_and(|line| line.starts_with("# ")) {
            return Err("a case begins with a title: `# What is true`".to_owned());
        }
        let mut document = Self { lines, project: None, blocks: Vec::new() };
        let mut open: Option<(usize, String, usize)> = None;
        for (number, line) in document.lines.iter().enumerate() {
            let fence = line.len() - line.trim_start_matches('`').len();
            match &open {
                None if fence >= 3 => open = Some((fence, line[fence..].trim().to_owned(), number + 1)),
                None => {
                    if let Some(name) = line.strip_prefix("project: ") {
                        document.project = Some(name.trim().to_owned());
                    }
                }
                Some((opened, info, first)) if fence >= *opened && line.trim_start_matches('`').trim().is_empty() => {
                    let lines = *first..number;
                    let text: String = document.lines[lines.clone()].iter().flat_map(|line| [line, "\n"]).collect();
                    let kind = Kind::parse(info);
                    document.blocks.push(Block { kind, info: info.clone(), text, computed: None, lines });
                    open = None;
                }
                Some(_) => {}
            }
        }
        match open {
            Some((_, info, first)) => Err(format!("the block `{info}` of line {first} is not closed")),
            None => Ok(document),
        }
    }

    /// Returns the text of the only block of a kind.
    pub(crate) fn text_of(&self, kind: &Kind) -> Option<&str> {
        self.blocks.iter().find(|block| block.kind == *kind).map(|block| block.text.as_str())
    }

    /// Says how the computed outputs differ from the written ones.
    pub(crate) fn differences(&self) -> Vec<String> {
        self.blocks
            .iter()
            .filter_map(|block| {
                let computed = block.computed.as_ref()?;
                let equal = match block.kind {
                    Kind::Answer => compare::rows_agree(&block.text, computed, compare::Header::Compared, None).is_ok(),
                    _ => block.text.trim_end() == computed.trim_end(),
                };
                (!equal).then(|| format!("block `{}` differs:\n{}", block.info, compare::lines(&block.text, computed)))
            })
            .collect()
    }

    /// Writes the file with the computed outputs.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        let mut next = 0;
        for block in &self.blocks {
            self.lines[next..block.lines.start].iter().for_each(|line| text.extend([line, "\n"]));
            match &block.computed {
                Some(computed) if computed.trim_end().is_empty() => {}
                Some(computed) => text.extend([computed.trim_end(), "\n"]),
                None => text.push_str(&block.text),
            }
            next = block.lines.end;
        }
        self.lines[next..].iter().for_each(|line| text.extend([line, "\n"]));
        text
    }
}
