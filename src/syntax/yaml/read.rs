//! Parser events → nodes.

use std::collections::HashMap;

use granit_parser::{Event, Parser, ScalarStyle, ScanError, StrInput, StructureStyle};

use super::{Document, Entry, Mapping, Node, Scalar, Style, Value, problem, recover};
use crate::{
    diagnostics::{Code, Diagnostic, Diagnostics},
    files::{FileId, SourceMap, Span, Spanned},
    syntax::Text,
};

/// The longest file that is read; a page of definitions has some kilobytes.
pub(crate) const MAXIMUM_BYTES: usize = 16 << 20;

/// How deep lists and mappings may lie in one another, each for block and for flow style.
const MAXIMUM_DEPTH: usize = 64;

/// How many times a file is read again without the part that is not YAML.
const MAXIMUM_ATTEMPTS: usize = 20;

/// Reads the document of a file.
///
/// A definition that is not YAML is left out, so that everything else of the file is checked in the same run.
pub(crate) fn read(files: &SourceMap, file: FileId, diagnostics: &mut Diagnostics) -> Document {
    let text = &files.file(file).text;
    if let Some(diagnostic) = problem::too_large(file, text) {
        diagnostics.push(diagnostic);
        return Document::default();
    }
    let controls = problem::control_characters(file, text);
    if !controls.is_empty() {
        controls.into_iter().for_each(|diagnostic| diagnostics.push(diagnostic));
        return Document::default();
    }
    let mut mended: Option<String> = None;
    let mut lost = Vec::new();
    for _ in 0..MAXIMUM_ATTEMPTS {
        let error = match read_once(file, mended.as_deref().unwrap_or(text), diagnostics) {
            Ok(root) => return Document { root, lost },
            Err(error) => error,
        };
        let current = mended.get_or_insert_with(|| text.clone());
        let diagnostic = problem::of_scan(file, current, &error);
        let at = diagnostic.span().start as usize;
        let remedy = recover::remedy(current, at, &diagnostic);
        super::report(diagnostics, diagnostic);
        let Some(remedy) = remedy else { break };
        lost.extend(recover::apply(current, &remedy));
    }
    lost.extend(recover::names(mended.as_deref().unwrap_or(text)));
    Document { root: None, lost }
}

fn read_once(file: FileId, text: &str, diagnostics: &mut Diagnostics) -> Result<Option<Node>, ScanError> {
    let options = granit_parser::options! {
        emit_anchor_events: true,
        emit_unresolved_aliases: true,
        emit_comments: false,
        disallow_directives: true,
        flow_nesting_limit: MAXIMUM_DEPTH,
        block_nesting_limit: MAXIMUM_DEPTH,
        simple_key_max_lookahead: 1024,
    };
    let events = Parser::new_from_str_with_options(text, options);
    Reader { file, text, events, diagnostics }.document()
}

struct Reader<'a> {
    file: FileId,
    text: &'a str,
    events: Parser<'a, StrInput<'a>>,
    diagnostics: &'a mut Diagnostics,
}

type Located<'a> = (Event<'a>, granit_parser::Span);

impl<'a> Reader<'a> {
    fn document(&mut self) -> Result<Option<Node>, ScanError> {
        let mut root = None;
        let mut documents = 0;
        while let Some(event) = self.events.next_event() {
            let (event, place) = event?;
            match event {
                Event::StreamStart | Event::DocumentEnd => {}
                Event::StreamEnd => break,
                Event::DocumentStart(..) => {
                    documents += 1;
                    if documents == 2 {
                        let span = self.span(place);
                        self.refuse(span, "a second document", "Put its sections into a file of their own.");
                        break;
                    }
                }
                _ => root = Some(self.node((event, place))?),
            }
        }
        Ok(root.filter(|node: &Node| !matches!(node.value, Value::Absent)))
    }

    fn next(&mut self) -> Result<Located<'a>, ScanError> {
        self.events.next_event().expect("the parser closes every collection before the stream ends")
    }

    fn span(&self, place: granit_parser::Span) -> Span {
        let range = place.byte_range().unwrap_or(0..0);
        Span::new(self.file, range.start, range.end)
    }

    fn refuse(&mut self, span: Span, what: &str, help: &str) {
        let message = format!("{what} is not part of the definitions language");
        super::report(self.diagnostics, Diagnostic::new(Code::YamlFeature, span, message).help(help));
    }

    fn node(&mut self, (event, place): Located<'a>) -> Result<Node, ScanError> {
        let tagged = match &event {
            Event::Scalar(_, _, anchor, tag)
            | Event::SequenceStart(_, anchor, tag)
            | Event::MappingStart(_, anchor, tag) => Some((*anchor != 0, tag.is_some())),
            _ => None,
        };
        if let Some((anchored, tagged)) = tagged {
            if tagged {
                let span = place.tag_span().map_or_else(|| self.span(place), |tag| self.span(tag));
                self.refuse(span, "a YAML tag", "Leave the tag out; what a value means follows from its key.");
            }
            if anchored {
                let (_, anchor) = self.next()?;
                let span = self.span(anchor);
                self.refuse(span, "a YAML anchor", "Leave the anchor out and write the value where it is needed.");
            }
        }
        let span = self.span(place);
        Ok(match event {
            Event::Scalar(text, style, ..) => self.scalar(text.into_owned(), style, span),
            Event::SequenceStart(..) => self.sequence(span)?,
            Event::MappingStart(style, ..) => self.mapping(span, style == StructureStyle::Flow)?,
            Event::Alias(_) | Event::UnresolvedAlias(_) => {
                self.refuse(
                    span,
                    "a YAML alias",
                    "Write the value itself, or quote it if it is text that begins with `*`.",
                );
                Node { span, value: Value::Refused }
            }
            // The parser gives only nodes here; anything else has no value.
            _ => Node { span, value: Value::Absent },
        })
    }

    fn scalar(&self, text: String, style: ScalarStyle, written: Span) -> Node {
        let (start, end) = (written.start as usize, written.end as usize);
        let (style, span) = match style {
            ScalarStyle::Plain if start == end => return Node { span: written, value: Value::Absent },
            ScalarStyle::Plain => (Style::Plain, written),
            ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => {
                (Style::Quoted, Span::new(self.file, start + 1, (end - 1).max(start + 1)))
            }
            ScalarStyle::Literal | ScalarStyle::Folded => {
                let content = self.text.get(start..end).unwrap_or_default().trim_end().len();
                (Style::Block, Span::new(self.file, start, start + content))
            }
        };
        Node { span, value: Value::Scalar(Scalar { text, style, written }) }
    }

    fn sequence(&mut self, open: Span) -> Result<Node, ScanError> {
        let mut items = Vec::new();
        loop {
            let (event, place) = self.next()?;
            if event == Event::SequenceEnd {
                let end = self.end(open, place, items.last());
                return Ok(Node { span: end, value: Value::Sequence(items) });
            }
            items.push(self.node((event, place))?);
        }
    }

    fn mapping(&mut self, open: Span, braces: bool) -> Result<Node, ScanError> {
        let mut entries: Vec<Entry> = Vec::new();
        let mut places = HashMap::new();
        loop {
            let (event, place) = self.next()?;
            if event == Event::MappingEnd {
                let span = self.end(open, place, entries.last().map(|entry| &entry.value));
                let start = entries.first().map_or(span.start, |entry| span.start.min(entry.key.span.start));
                let span = Span { start, ..span };
                return Ok(Node { span, value: Value::Mapping(Mapping { braces, entries }) });
            }
            let key = self.node((event, place))?;
            let value = self.next()?;
            let mut value = self.node(value)?;
            if let Value::Absent = value.value
                && value.span.start < key.span.end
            {
                value.span = Span { start: key.span.end, end: key.span.end, ..key.span };
            }
            let Some(key) = self.key(key) else { continue };
            match places.get(&key.value) {
                Some(first) => super::report(
                    self.diagnostics,
                    Diagnostic::new(Code::DuplicateKey, key.span, format!("key `{}` is given twice", key.value))
                        .label("the second time")
                        .also(*first, "the first time")
                        .help("Keep one of the two."),
                ),
                None => {
                    places.insert(key.value.clone(), key.span);
                    entries.push(Entry { key, value });
                }
            }
        }
    }

    /// Returns the text of a key, unless it is one that the language does not have.
    fn key(&mut self, node: Node) -> Option<Text> {
        match node.value {
            Value::Scalar(Scalar { text, style: Style::Plain, .. }) if text == "<<" => {
                self.refuse(node.span, "a merge key", "Write the keys out where they are needed.");
                None
            }
            Value::Scalar(scalar) => Some(Spanned::new(scalar.text, node.span)),
            Value::Refused => None,
            Value::Absent => {
                self.refuse(node.span, "an empty key", "Give the key a name before the `:`.");
                None
            }
            Value::Sequence(_) | Value::Mapping(_) => {
                self.refuse(
                    node.span,
                    "a key that is a list or a mapping",
                    "Write a name before the `:`, in quotes if need be.",
                );
                None
            }
        }
    }

    /// Returns the span of a collection: to its bracket, or else to the end of its last item.
    fn end(&self, open: Span, close: granit_parser::Span, last: Option<&Node>) -> Span {
        let close = self.span(close);
        let end = if close.end > close.start { close.end } else { last.map_or(open.end, written_end) };
        Span { end: end.max(open.start), ..open }
    }
}

fn written_end(node: &Node) -> u32 {
    match &node.value {
        // The place of a block scalar's source runs on into the indentation of the next line.
        Value::Scalar(Scalar { style: Style::Quoted, written, .. }) => written.end,
        _ => node.span.end,
    }
}
