//! Shows diagnostics: in full for people, in one line each, as JSON, or as GitHub annotations.
//!
//! ```text
//! metrics/x.yml:3:5: error[unknown-key] metric `revenue` has no key `modle`
//! ```
//!
//! **Invariant:** the order of the diagnostics is kept, and every form names the code, the file, the line and the column.

mod concise;
mod full;
mod github;
mod json;

use super::{Diagnostic, Severity};
use crate::files::SourceMap;

/// How diagnostics are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// With the lines of the file, for people.
    Full,
    /// One line each, for editors and `grep`.
    Concise,
    /// One JSON array, for programs.
    Json,
    /// Workflow commands that GitHub shows beside the changed lines.
    GitHub,
}

impl Format {
    /// All formats.
    pub const ALL: [Self; 4] = [Self::Full, Self::Concise, Self::Json, Self::GitHub];

    /// Returns the name used on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Concise => "concise",
            Self::Json => "json",
            Self::GitHub => "github",
        }
    }
}

/// Whether text is colored for a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Color {
    /// With escape sequences.
    Always,
    /// Plain text.
    Never,
}

/// Shows diagnostics; only the full form has colors. Without diagnostics the text is empty, or `[]` in JSON.
pub fn render(format: Format, diagnostics: &[Diagnostic], files: &SourceMap, color: Color) -> String {
    match format {
        Format::Full => full::render(diagnostics, files, color),
        Format::Concise => concise::render(diagnostics, files),
        Format::Json => json::render(diagnostics, files),
        Format::GitHub => github::render(diagnostics, files),
    }
}

/// Counts errors, warnings and notes: `2 errors, 1 warning`.
pub fn summary(diagnostics: &[Diagnostic]) -> String {
    let count = |severity| diagnostics.iter().filter(|diagnostic| diagnostic.code.severity() == severity).count();
    let say = |count: usize, what: &str| match count {
        0 => None,
        1 => Some(format!("1 {what}")),
        _ => Some(format!("{count} {what}s")),
    };
    let parts = [
        say(count(Severity::Error), "error"),
        say(count(Severity::Warning), "warning"),
        say(count(Severity::Note), "note"),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// Returns the word for a severity.
fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

#[cfg(test)]
mod tests {
    use super::{Color, Format, render};
    use crate::{
        diagnostics::{Code, Diagnostic},
        files::{SourceMap, Span},
    };

    fn example() -> (SourceMap, Vec<Diagnostic>) {
        let mut files = SourceMap::new();
        let a = files.add("metrics/a.yml", "metrics:\n  - name: größe\n    modle: x\n");
        let b = files.add("metrics/b, c.yml", "models:\n  - name: x\n");
        let diagnostics = vec![
            Diagnostic::new(Code::UnknownKey, Span::new(a, 31, 36), "metric `größe` has no key `modle`")
                .label("not a key")
                .also(Span::new(b, 18, 19), "the model")
                .help("Write `model`, 100% of the time."),
            Diagnostic::new(Code::FileTooLarge, Span::new(b, 0, 0), "the file is too long"),
            Diagnostic::new(Code::MissingDescription, Span::new(b, 18, 19), "model `x` has no `description`"),
        ];
        (files, diagnostics)
    }

    #[test]
    fn the_full_form_shows_the_lines_of_every_file() {
        let (files, diagnostics) = example();
        let text = render(Format::Full, &diagnostics, &files, Color::Never);
        let expected = "\
error[unknown-key]: metric `größe` has no key `modle`
 --> metrics/a.yml:3:5
  |
3 |     modle: x
  |     ^^^^^ not a key
  |
 ::: metrics/b, c.yml:2:11
  |
2 |   - name: x
  |           - the model
  |
  = help: Write `model`, 100% of the time.

error[file-too-large]: the file is too long
--> metrics/b, c.yml

warning[missing-description]: model `x` has no `description`
 --> metrics/b, c.yml:2:11
  |
2 |   - name: x
  |           ^

2 errors, 1 warning
";
        assert_eq!(text, expected);
    }

    #[test]
    fn lines_of_windows_are_drawn_without_their_returns() {
        let mut files = SourceMap::new();
        let a = files.add("metrics/a.yml", "metrics:\r\n  - name: x\r\n    modle: x\r\n");
        let found = vec![
            Diagnostic::new(Code::UnknownKey, Span::new(a, 27, 32), "metric `x` has no key `modle`")
                .also(Span::new(a, 20, 21), "the metric"),
        ];
        let text = render(Format::Full, &found, &files, Color::Never);
        assert!(!text.contains('␍') && !text.contains('\r'), "{text}");
        assert!(text.contains("3 |     modle: x\n  |     ^^^^^\n"), "{text}");
    }

    #[test]
    fn color_is_only_for_those_who_ask() {
        let (files, diagnostics) = example();
        assert!(!render(Format::Full, &diagnostics, &files, Color::Never).contains('\u{1b}'));
        assert!(render(Format::Full, &diagnostics, &files, Color::Always).contains('\u{1b}'));
    }

    #[test]
    fn the_concise_form_is_one_line_each() {
        let (files, diagnostics) = example();
        assert_eq!(
            render(Format::Concise, &diagnostics, &files, Color::Always),
            "metrics/a.yml:3:5: error[unknown-key] metric `größe` has no key `modle`\n\
             metrics/b, c.yml:1:1: error[file-too-large] the file is too long\n\
             metrics/b, c.yml:2:11: warning[missing-description] model `x` has no `description`\n"
        );
    }

    #[test]
    fn json_has_the_place_and_the_end_of_every_label() {
        let (files, diagnostics) = example();
        let text = render(Format::Json, &diagnostics, &files, Color::Never);
        let value: serde_json::Value = serde_json::from_str(&text).expect("it is JSON");
        assert_eq!(value.as_array().map(Vec::len), Some(3));
        assert_eq!(value[0]["code"], "unknown-key");
        assert_eq!((&value[0]["line"], &value[0]["column"]), (&3.into(), &5.into()));
        assert_eq!((&value[0]["end_line"], &value[0]["end_column"]), (&3.into(), &10.into()));
        assert_eq!(value[0]["labels"][0]["path"], "metrics/b, c.yml");
        assert_eq!(value[2]["severity"], "warning");
        assert_eq!(value[2]["help"], serde_json::Value::Null);
    }

    #[test]
    fn github_annotations_escape_what_github_would_read() {
        let (files, diagnostics) = example();
        let text = render(Format::GitHub, &diagnostics, &files, Color::Never);
        assert_eq!(
            text.lines().collect::<Vec<_>>()[..2],
            [
                "::error file=metrics/a.yml,line=3,col=5,endLine=3,endColumn=10,title=unknown-key::\
                 metric `größe` has no key `modle`%0AWrite `model`, 100%25 of the time.",
                "::error file=metrics/b%2C c.yml,line=1,col=1,endLine=1,endColumn=1,title=file-too-large::\
                 the file is too long",
            ]
        );
    }
}
