//! The checked contents of a mapping, taken out key by key when a definition is made from them.

use crate::{
    files::{Span, Spanned},
    syntax::{DocsDef, ExpressionDef, JoinKeyDef, OffsetDef, Text},
    time::{Duration, Granularity},
};

use super::Kind;

/// The contents of a mapping whose required keys are all there.
#[derive(Debug)]
pub(crate) struct Fields {
    /// The kind of the mapping.
    pub(super) kind: &'static Kind,
    /// Where it was written.
    pub(crate) span: Span,
    /// What stands under each key that is there.
    pub(super) entries: Vec<(&'static str, Content)>,
}

/// The checked value of a key, by the shape that the table gives it.
#[derive(Debug)]
pub(crate) enum Content {
    Text(Text),
    Texts(Vec<Text>),
    Lists(Vec<Vec<Text>>),
    Names(Vec<(Text, Text)>),
    Expression(ExpressionDef),
    Boolean(Spanned<bool>),
    Integer(Spanned<u64>),
    Duration(Spanned<Duration>),
    Offset(Spanned<OffsetDef>),
    Granularity(Spanned<Granularity>),
    Json(Spanned<serde_json::Value>),
    Mapping(Fields),
    List(Vec<Fields>, Span),
    Named(Vec<(Text, Fields)>),
    JoinKey(Vec<JoinKeyDef>),
}

/// Makes a method that takes the value of a key which the table gives a certain shape.
macro_rules! take {
    ($(#[doc = $doc:literal] $name:ident $variant:ident $value:ty;)*) => {
        $(#[doc = $doc]
        pub(crate) fn $name(&mut self, key: &str) -> Option<$value> {
            match self.take(key)? {
                Content::$variant(value) => Some(value),
                other => panic!("the table of {} gives `{key}` another shape: {other:?}", self.kind.name),
            }
        })*
    };
}

impl Fields {
    take! {
        /// Takes text.
        text Text Text;
        /// Takes an expression.
        expression Expression ExpressionDef;
        /// Takes `true` or `false`.
        boolean Boolean Spanned<bool>;
        /// Takes a whole number.
        integer Integer Spanned<u64>;
        /// Takes a duration.
        duration Duration Spanned<Duration>;
        /// Takes an offset.
        offset Offset Spanned<OffsetDef>;
        /// Takes a size of time.
        granularity Granularity Spanned<Granularity>;
        /// Takes anything, as JSON.
        json Json Spanned<serde_json::Value>;
        /// Takes a list of text, absent if the key is.
        texts_if_there Texts Vec<Text>;
        /// Takes a mapping.
        mapping Mapping Fields;
    }

    /// Takes a list of text, empty if the key is not there.
    pub(crate) fn texts(&mut self, key: &str) -> Vec<Text> {
        self.texts_if_there(key).unwrap_or_default()
    }

    /// Takes a list of lists.
    pub(crate) fn lists(&mut self, key: &str) -> Vec<Vec<Text>> {
        match self.take(key) {
            None => Vec::new(),
            Some(Content::Lists(lists)) => lists,
            Some(other) => panic!("the table of {} gives `{key}` another shape: {other:?}", self.kind.name),
        }
    }

    /// Takes names with names.
    pub(crate) fn names(&mut self, key: &str) -> Vec<(Text, Text)> {
        match self.take(key) {
            None => Vec::new(),
            Some(Content::Names(names)) => names,
            Some(other) => panic!("the table of {} gives `{key}` another shape: {other:?}", self.kind.name),
        }
    }

    /// Takes names with mappings.
    pub(crate) fn named(&mut self, key: &str) -> Vec<(Text, Fields)> {
        match self.take(key) {
            None => Vec::new(),
            Some(Content::Named(named)) => named,
            Some(other) => panic!("the table of {} gives `{key}` another shape: {other:?}", self.kind.name),
        }
    }

    /// Takes a list of mappings with the place of the whole list.
    pub(crate) fn list_if_there(&mut self, key: &str) -> Option<(Vec<Fields>, Span)> {
        match self.take(key)? {
            Content::List(items, span) => Some((items, span)),
            other => panic!("the table of {} gives `{key}` another shape: {other:?}", self.kind.name),
        }
    }

    /// Takes a list of mappings and makes something of each.
    pub(crate) fn list<T>(&mut self, key: &str, make: impl Fn(Fields) -> T) -> Vec<T> {
        self.list_if_there(key).map_or_else(Vec::new, |(items, _)| items.into_iter().map(make).collect())
    }

    /// Takes the key of a join.
    pub(crate) fn join_key(&mut self, key: &str) -> Vec<JoinKeyDef> {
        match self.take(key) {
            None => Vec::new(),
            Some(Content::JoinKey(pairs)) => pairs,
            Some(other) => panic!("the table of {} gives `{key}` another shape: {other:?}", self.kind.name),
        }
    }

    /// Takes a word, or else a mapping.
    pub(crate) fn word_or_mapping(&mut self, key: &str) -> Option<Result<Text, Fields>> {
        match self.take(key)? {
            Content::Text(word) => Some(Ok(word)),
            Content::Mapping(fields) => Some(Err(fields)),
            other => panic!("the table of {} gives `{key}` another shape: {other:?}", self.kind.name),
        }
    }

    /// Takes text under a key that the table requires.
    pub(crate) fn required_text(&mut self, key: &str) -> Text {
        self.text(key).expect("a mapping without a required key makes no fields")
    }

    /// Takes what a definition says about itself to people.
    pub(crate) fn docs(&mut self) -> DocsDef {
        DocsDef {
            label: self.text("label"),
            description: self.text("description"),
            owner: self.text("owner"),
            group: self.text("group"),
            hidden: self.boolean("hidden"),
            synonyms: self.texts("synonyms"),
            tags: self.texts("tags"),
            meta: self.json("meta"),
            lookml: self.json("lookml"),
        }
    }

    fn take(&mut self, key: &str) -> Option<Content> {
        debug_assert!(self.kind.key(key).is_some(), "the table of {} has no key `{key}`", self.kind.name);
        let index = self.entries.iter().position(|(name, _)| *name == key)?;
        Some(self.entries.swap_remove(index).1)
    }
}
