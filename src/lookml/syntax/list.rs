//! Lists: `[a, "b", c: "d"]`, also with a comma before the first item or after the last.

use super::{Item, Piece, SyntaxErrorKind, cursor::Cursor};

impl<'a> Cursor<'a> {
    /// Reads a list, from its opening bracket.
    pub(super) fn list(&mut self) -> Vec<Item<'a>> {
        let open = self.at;
        self.at += 1;
        let mut items = Vec::new();
        self.skip_blanks();
        // Looker takes a comma before the first item, as it takes one after the last.
        if self.peek() == Some(b',') {
            self.at += 1;
        }
        loop {
            self.skip_blanks();
            match self.peek() {
                Some(b']') => {
                    self.at += 1;
                    return items;
                }
                None | Some(b'{' | b'}') => {
                    let end = self.line_end(open);
                    self.error(SyntaxErrorKind::List, open, end, "a list is not closed by `]`");
                    return items;
                }
                Some(b',' | b':' | b'[') => {
                    let found = char::from(self.text.as_bytes()[self.at]);
                    let message = format!("an item is missing before `{found}`");
                    self.error(SyntaxErrorKind::Unexpected, self.at, self.at + 1, message);
                    self.at += 1;
                }
                Some(_) => {
                    let item = self.item();
                    items.push(item);
                    self.comma();
                }
            }
        }
    }

    fn scalar(&mut self) -> Piece<'a> {
        if self.peek() == Some(b'"') { self.text() } else { self.word() }
    }

    fn item(&mut self) -> Item<'a> {
        let first = self.scalar();
        self.skip_blanks();
        if self.peek() != Some(b':') {
            return Item::Single(first);
        }
        self.at += 1;
        self.skip_blanks();
        let second = self.scalar();
        if second.text.is_empty() && !second.quoted {
            let message = format!("`{}` has no value", first.text);
            self.error(SyntaxErrorKind::Unexpected, first.start, first.end(), message);
        }
        Item::Pair(first, second)
    }

    /// Reads the comma after an item, which the last item may lack.
    fn comma(&mut self) {
        self.skip_blanks();
        match self.peek() {
            Some(b',') => self.at += 1,
            None | Some(b']' | b'{' | b'}') => {}
            Some(_) => {
                let start = self.at;
                let end = start + self.text[start..].chars().next().map_or(0, char::len_utf8);
                self.error(SyntaxErrorKind::Unexpected, start, end, "a `,` is missing between two items of a list");
            }
        }
    }
}
