//! The text that is being written, with its parameters.

use std::borrow::Borrow;

use super::{Layout, Syntax, Text};
use crate::sql::{Literal, SqlExpr};

/// How tightly an expression binds, loosest first.
///
/// `||` binds loosest of the operators on values in one dialect and like `*` in another, so it never stands beside
/// them without parentheses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::sql) enum Level {
    /// `a OR b`, or anything where nothing binds.
    Or,
    /// `a AND b`
    And,
    /// `NOT a`
    Not,
    /// `a = b`, `a IS NULL`, `a IN (…)`, `a LIKE b`: never chained.
    Comparison,
    /// `a || b`
    Concat,
    /// `a + b`
    Add,
    /// `a * b`
    Multiply,
    /// `-a`
    Unary,
    /// Names, constants, calls.
    Primary,
}

/// Text under construction.
pub(in crate::sql) struct Writer {
    pub(super) out: String,
    parameters: Vec<Literal>,
    pub(super) syntax: &'static dyn Syntax,
    layout: Layout,
    indent: usize,
}

/// Equal values share a number up to this many parameters; beyond, looking for an equal one costs more than it saves.
const SHARED_PARAMETERS: usize = 64;

impl Writer {
    /// Starts an empty text.
    pub(super) fn new(syntax: &'static dyn Syntax, layout: Layout) -> Self {
        Self { out: String::with_capacity(1024), parameters: Vec::new(), syntax, layout, indent: 0 }
    }

    /// Ends the text.
    pub(super) fn into_text(self) -> Text {
        Text { sql: self.out, parameters: self.parameters }
    }

    /// Writes a piece of SQL.
    pub(in crate::sql) fn put(&mut self, text: &str) {
        self.out.push_str(text);
    }

    /// Writes a whole number.
    pub(in crate::sql) fn number(&mut self, number: i64) {
        use std::fmt::Write;
        write!(self.out, "{number}").expect("a String takes all text");
    }

    /// Writes a fraction given in millionths.
    pub(in crate::sql) fn millionths(&mut self, value: u32) {
        crate::sql::dialect::write_millionths(&mut self.out, value);
    }

    /// Writes a string constant.
    pub(in crate::sql) fn string(&mut self, text: &str) {
        self.syntax.string(&mut self.out, text);
    }

    /// Writes a name, with quotes where it needs them.
    pub(in crate::sql) fn identifier(&mut self, name: &str) {
        self.syntax.identifier(&mut self.out, name);
    }

    /// Writes `NAME(a, b)`.
    pub(in crate::sql) fn function(&mut self, name: &str, args: &[impl Borrow<SqlExpr>]) -> Level {
        self.put(name);
        self.put("(");
        self.list(args);
        self.put(")");
        Level::Primary
    }

    /// Writes expressions with commas between.
    pub(in crate::sql) fn list(&mut self, args: &[impl Borrow<SqlExpr>]) {
        for (at, arg) in args.iter().enumerate() {
            if at > 0 {
                self.put(", ");
            }
            self.expr(arg.borrow(), Level::Or);
        }
    }

    /// Writes `CAST(arg AS TYPE)`.
    pub(in crate::sql) fn cast(&mut self, arg: &SqlExpr, type_name: &str) -> Level {
        self.put("CAST(");
        self.expr(arg, Level::Or);
        self.put(" AS ");
        self.put(type_name);
        self.put(")");
        Level::Primary
    }

    /// Writes a parameter and keeps its value.
    pub(super) fn parameter(&mut self, value: &Literal) -> Level {
        if *value == Literal::Null {
            self.put("NULL");
            return Level::Primary;
        }
        let shared = match self.parameters.len() {
            ..=SHARED_PARAMETERS if self.syntax.shares_parameter(value) => {
                self.parameters.iter().position(|known| known == value)
            }
            _ => None,
        };
        let at = shared.unwrap_or_else(|| {
            self.parameters.push(value.clone());
            self.parameters.len() - 1
        });
        self.syntax.parameter(&mut self.out, at + 1, value);
        Level::Primary
    }

    /// Sets two clauses apart: by a line break, or by a blank.
    pub(super) fn line(&mut self) {
        match self.layout {
            Layout::Line => self.out.push(' '),
            Layout::Pretty => self.line_break(),
        }
    }

    /// Writes parts of a clause, such as conditions or items of a list, whose lines stand one step deeper.
    pub(super) fn deeper(&mut self, write: impl FnOnce(&mut Self)) {
        self.indent += 1;
        write(self);
        self.indent -= 1;
    }

    /// Whether a text has lines of its own for its parts.
    pub(super) fn is_pretty(&self) -> bool {
        self.layout == Layout::Pretty
    }

    /// Sets two common table expressions apart, by an empty line.
    pub(super) fn paragraph(&mut self) {
        match self.layout {
            Layout::Line => self.out.push(' '),
            Layout::Pretty => {
                self.out.push('\n');
                self.line_break();
            }
        }
    }

    /// Writes something in parentheses: on lines of its own and indented, or in the line.
    pub(in crate::sql) fn block(&mut self, write: impl FnOnce(&mut Self)) {
        self.put("(");
        self.indent += 1;
        self.soft_line();
        write(self);
        self.indent -= 1;
        self.soft_line();
        self.put(")");
    }

    fn soft_line(&mut self) {
        match self.layout {
            Layout::Line => {}
            Layout::Pretty => self.line_break(),
        }
    }

    fn line_break(&mut self) {
        self.out.push('\n');
        for _ in 0..self.indent {
            self.out.push_str("  ");
        }
    }
}
