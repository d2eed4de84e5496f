//! Quoted texts, and values that run up to `;;`.

use super::{super::lexical, Piece, SyntaxErrorKind, cursor::Cursor};

/// Returns where the first `;;` of a text is. A search for one byte is several times as fast as one for two.
pub(super) fn terminator_in(text: &str) -> Option<usize> {
    text.match_indices(';').map(|(at, _)| at).find(|at| text.as_bytes().get(at + 1) == Some(&b';'))
}

impl<'a> Cursor<'a> {
    /// Reads a text, from its opening quote.
    pub(super) fn text(&mut self) -> Piece<'a> {
        let (open, bytes) = (self.at, self.text.as_bytes());
        let mut end = open + 1;
        let mut newline = None;
        while let Some(byte) = bytes.get(end) {
            match byte {
                b'"' => {
                    let next = bytes.get(end + 1);
                    let beside = next.is_none_or(|next| b" \t\r\n,]}#{;".contains(next));
                    // After a text over several lines something stands right behind the quote: that quote opens the
                    // next text, and this one was never closed.
                    let Some(newline) = newline.filter(|_| !beside) else {
                        self.at = end + 1;
                        return self.piece(open + 1, end, true);
                    };
                    return self.unclosed_text(open, newline);
                }
                b'\\' => end += 1,
                b'\n' if newline.is_none() => newline = Some(end),
                _ => {}
            }
            end += 1;
        }
        self.unclosed_text(open, newline.unwrap_or(self.text.len()))
    }

    fn unclosed_text(&mut self, open: usize, end: usize) -> Piece<'a> {
        let end = if self.text[..end].ends_with('\r') { end - 1 } else { end };
        self.error(SyntaxErrorKind::Text, open, end, "a text is not closed by `\"`");
        self.at = end;
        self.piece(open + 1, end, true)
    }

    /// Returns where the next `;;` is.
    pub(super) fn next_terminator(&mut self, from: usize) -> Option<usize> {
        if self.terminator.is_some_and(|found| found < from) {
            self.terminator = terminator_in(&self.text[from..]).map(|length| from + length);
        }
        self.terminator
    }

    /// Reads what stands before `;;`, from behind the colon.
    pub(super) fn block(&mut self, key: Piece<'a>) -> Piece<'a> {
        let start = self.at;
        let unclosed = match self.next_terminator(start) {
            // A declaration can be no part of SQL: the `;;` is missing, and the one that was found is another key's.
            Some(end) => match lexical::declaration_in(&self.text[start..end]) {
                None => {
                    self.at = end + ";;".len();
                    return self.piece(start, end, false);
                }
                Some(length) => length,
            },
            None => lexical::first_key_in(&self.text[start..]),
        };
        let message = format!("the value of `{}` is not closed by `;;`", key.text);
        self.error(SyntaxErrorKind::Block, key.start, key.end(), message);
        self.at = start + unclosed;
        self.piece(start, self.at, false)
    }
}
