//! The tables' own types.

/// A kind of definition, or of a mapping inside one.
#[derive(Debug)]
pub(crate) struct Kind {
    /// What it is called, such as `metric`.
    pub(crate) name: &'static str,
    /// The same with its article, such as `a metric`.
    pub(crate) article: &'static str,
    /// What it is, in one sentence.
    pub(crate) doc: &'static str,
    /// Its keys, in the order in which they are documented.
    pub(crate) keys: &'static [Key],
    /// Which keys go together.
    pub(crate) rules: &'static [Rule],
}

/// A key of a kind.
#[derive(Debug)]
pub(crate) struct Key {
    /// The name.
    pub(crate) name: &'static str,
    /// What stands under it.
    pub(crate) shape: Shape,
    /// What it says, in one sentence.
    pub(crate) doc: &'static str,
    /// Whether it has to be there.
    pub(crate) required: bool,
}

/// Makes a key that may be left out.
pub(crate) const fn key(name: &'static str, shape: Shape, doc: &'static str) -> Key {
    Key { name, shape, doc, required: false }
}

/// Makes a key that has to be there.
pub(crate) const fn required(name: &'static str, shape: Shape, doc: &'static str) -> Key {
    Key { name, shape, doc, required: true }
}

/// What may stand under a key.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Shape {
    /// Text.
    Text,
    /// The name of a definition that is made here, in `snake_case`.
    Name,
    /// The name of something defined elsewhere, or a path to it.
    Reference,
    /// A condition or another expression that has no form per dialect.
    Condition,
    /// An expression, or one per dialect.
    Expression,
    /// One of some words.
    OneOf(&'static [&'static str]),
    /// A word of a list, or one that a pattern describes; the pattern is only for editors.
    Word(&'static [&'static str], &'static str),
    /// `true` or `false`.
    Boolean,
    /// A whole number from a least to a greatest one.
    Integer(u64, u64),
    /// Any scalar, kept as written.
    Literal,
    /// A number and a unit of time, such as `28 days`; the least count.
    Duration(i64),
    /// A number and a unit of time, or a granularity of a calendar, such as `1 retail_year`.
    Offset,
    /// A size of time, such as `month`.
    Granularity(&'static [&'static str]),
    /// A list of text.
    Texts,
    /// One name, or a list of names.
    OneOrMore,
    /// A list of lists of names.
    Lists,
    /// A list of numbers.
    Numbers,
    /// Two numbers.
    Pair,
    /// Anything; kept as JSON.
    Anything,
    /// A mapping of a kind.
    Mapping(&'static Kind),
    /// A list of mappings of a kind.
    List(&'static Kind),
    /// Names, each with a mapping of a kind.
    Named(&'static Kind),
    /// Names, each with a name.
    Names,
    /// A word, or a mapping of a kind.
    WordOrMapping(&'static [&'static str], &'static Kind),
    /// Our columns, or a mapping of theirs to our expressions.
    JoinKey,
    /// Names, each with a mapping whose kind follows from the word under `type`.
    NamedTagged(&'static [(&'static str, &'static Kind)]),
}

/// Which keys of a kind go together.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Rule {
    /// At most one of these may be there, with advice.
    AtMostOne(&'static [&'static str], &'static str),
    /// At least one of these has to be there, with advice.
    AtLeastOne(&'static [&'static str], &'static str),
    /// The first key goes with none of the others, with advice.
    Excludes(&'static str, &'static [&'static str], &'static str),
    /// The first key needs one of the others, with advice.
    Needs(&'static str, &'static [&'static str], &'static str),
}

/// The dialects in which an expression can be written out.
pub(crate) const DIALECTS: [&str; 4] = ["bigquery", "duckdb", "postgres", "snowflake"];

/// All sizes of time.
pub(crate) const GRANULARITIES: [&str; 10] =
    ["second", "minute", "hour", "day", "week", "month", "quarter", "year", "fiscal_quarter", "fiscal_year"];

/// The units of a duration, in the singular.
pub(crate) const UNITS: [&str; 8] = ["second", "minute", "hour", "day", "week", "month", "quarter", "year"];

impl Kind {
    /// Finds a key by its name.
    pub(crate) fn key(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().find(|key| key.name == name)
    }
}
