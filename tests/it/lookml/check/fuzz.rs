//! No text makes the parser or the checker panic, and nothing of a text is lost.

use std::collections::BTreeMap;

use entente::lookml::syntax::{self, Item, Node, Piece, Value};

use super::{checked, clean::shop};

/// A small generator of numbers; the same seed gives the same texts.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits") % sides.max(1)
    }
}

/// Pieces of LookML that mutations put where they do not belong.
const SNIPPETS: [&str; 34] = [
    "{",
    "}",
    "[",
    "]",
    "\"",
    ";;",
    ":",
    "#",
    ",",
    "\\",
    "\r\n",
    "\u{feff}",
    "ü",
    "${",
    "@{",
    "{{",
    "{%",
    "%}",
    "sql: ",
    "view: x {",
    "dimension: y {",
    "-",
    "+",
    "*",
    "\t",
    "\0",
    "\u{2028}",
    "'",
    "`",
    "view: +x {",
    "- dashboard: x\n  elements:\n",
    "filters: [a: \"-%,;;\"",
    "html: <b> ;;",
    "EXTENDED*",
];

fn pieces<'a>(nodes: &[Node<'a>], found: &mut Vec<Piece<'a>>) {
    for node in nodes {
        found.push(node.key);
        match &node.value {
            Value::Word(piece) | Value::Text(piece) | Value::Block(piece) => found.push(*piece),
            Value::List(items) => items.iter().for_each(|item| match item {
                Item::Single(piece) => found.push(*piece),
                Item::Pair(key, value) => found.extend([*key, *value]),
            }),
            Value::Nodes { name, nodes } => {
                found.extend(*name);
                pieces(nodes, found);
            }
        }
    }
}

/// Parses a text and proves that its pieces lie in it, in order, each once; and that without errors nothing but
/// punctuation lies between.
fn read(text: &str) {
    let file = syntax::parse(text);
    let mut found = file.comments.clone();
    pieces(&file.nodes, &mut found);
    found.sort_by_key(|piece| (piece.start, piece.end()));
    let mut at = 0;
    for piece in found {
        assert!(piece.start >= at && &text[piece.range()] == piece.text, "{text:?}");
        let between = &text[at..piece.start];
        let strange = between.contains(|c: char| !c.is_whitespace() && !":,;{}[]\"\u{feff}".contains(c));
        assert!(!file.errors.is_empty() || !strange, "{between:?} is lost in {text:?}");
        at = piece.end();
    }
    assert!(file.errors.iter().all(|error| text.get(error.start..error.end).is_some()), "{text:?}");
}

fn mutated(text: &str, dice: &mut Dice) -> String {
    let mut text: Vec<char> = text.chars().collect();
    for _ in 0..=dice.roll(4) {
        let at = dice.roll(text.len());
        match dice.roll(4) {
            0 => text.splice(at..at, SNIPPETS[dice.roll(SNIPPETS.len())].chars()).for_each(drop),
            1 => text.truncate(at),
            2 => {
                let end = (at + 1 + dice.roll(30)).min(text.len());
                text.drain(at.min(end)..end).for_each(drop);
            }
            _ => {
                let end = (at + dice.roll(200)).min(text.len());
                let copied: Vec<char> = text[at.min(end)..end].to_vec();
                let to = dice.roll(text.len());
                text.splice(to..to, copied).for_each(drop);
            }
        }
    }
    text.into_iter().collect()
}

#[test]
fn random_texts_are_read() {
    let mut dice = Dice(1);
    for _ in 0..20_000 {
        let text: String = (0..dice.roll(40))
            .map(|_| match dice.roll(3) {
                0 => char::from_u32(u32::try_from(dice.roll(0x500)).expect("small"))
                    .map(String::from)
                    .unwrap_or_default(),
                1 => " a ".to_owned(),
                _ => SNIPPETS[dice.roll(SNIPPETS.len())].to_owned(),
            })
            .collect();
        read(&text);
    }
}

#[test]
fn mutated_projects_are_read_and_checked() {
    let shop = shop();
    let mut dice = Dice(2);
    for _ in 0..300 {
        let mut project = BTreeMap::new();
        for (path, text) in &shop {
            let text = if dice.roll(3) == 0 { mutated(text, &mut dice) } else { text.clone() };
            read(&text);
            project.insert(path.clone(), text);
        }
        checked(&project);
    }
}

#[test]
fn files_with_mac_and_windows_line_ends_read_alike() {
    for text in shop().values() {
        let unix = syntax::parse(text);
        let windows = text.replace('\n', "\r\n");
        let windows = syntax::parse(&windows);
        assert_eq!((unix.errors.len(), windows.errors.len()), (0, 0));
        let (mut a, mut b) = (Vec::new(), Vec::new());
        pieces(&unix.nodes, &mut a);
        pieces(&windows.nodes, &mut b);
        let said = |pieces: Vec<Piece<'_>>| pieces.iter().map(|piece| piece.text.replace('\r', "")).collect::<Vec<_>>();
        assert_eq!(said(a), said(b));
    }
}
