//! No text makes the reader panic or hang.

use super::{load_text, told};

/// A small deterministic source of numbers (xorshift).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit as u64).expect("below the limit")
    }
}

#[test]
fn changed_texts_are_read_or_refused_but_never_a_panic() {
    let original = include_str!("language.yml");
    let pieces = [
        "{", "}", "[", "]", ":", ": ", "- ", "#", " #", "'", "\"", "\t", "\n", "&a ", "*a", "!!x ", "|", ">", "ä",
        "\0", "<<: ", ",", "? ", "---\n", "%", "@", "-", "\r",
    ];
    let mut numbers = Numbers(0x2545_f491_4f6c_dd1d);
    let lines: Vec<&str> = original.lines().collect();
    for _ in 0..500 {
        // A part of the text is enough and keeps the test fast.
        let from = numbers.below(lines.len());
        let mut text = lines[from..(from + 30).min(lines.len())].join("\n");
        for _ in 0..=numbers.below(4) {
            let mut at = numbers.below(text.len() + 1);
            while !text.is_char_boundary(at) {
                at -= 1;
            }
            match numbers.below(3) {
                0 => text.insert_str(at, pieces[numbers.below(pieces.len())]),
                1 => drop(text.split_off(at)),
                _ => {
                    if let Some(c) = text[at..].chars().next() {
                        text.replace_range(at..at + c.len_utf8(), pieces[numbers.below(pieces.len())]);
                    }
                }
            }
        }
        let (files, _, diagnostics) = load_text(&text);
        for diagnostic in diagnostics {
            for label in &diagnostic.labels {
                let file = &files.file(label.span.file).text;
                assert!(
                    file.get(label.span.start as usize..label.span.end as usize).is_some(),
                    "{diagnostic:?}\n{text}"
                );
            }
        }
    }
}

#[test]
fn brackets_without_end_are_refused_at_once() {
    for text in ["[".repeat(100_000), "{a: ".repeat(100_000), "- ".repeat(100_000)] {
        let told = told(&format!("metrics: {text}"));
        assert!(told[0].starts_with("invalid-yaml 1:"), "{told:?}");
    }
    let told = told(&format!("metrics: {}", "[".repeat(100_000)));
    assert!(told[0].contains("more than 64 deep"), "{told:?}");
}

#[test]
fn aliases_are_never_followed() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for n in 1..60 {
        let alias = format!("*a{}", n - 1);
        bomb += &format!("a{n}: &a{n} [{}]\n", [alias.as_str(); 9].join(", "));
    }
    assert!(told(&bomb).iter().any(|told| told.starts_with("yaml-feature")));
}

#[test]
fn a_file_of_a_hundred_megabytes_is_not_read() {
    let told = told(&"# long\n".repeat(100 * 1024 * 1024 / 7));
    assert_eq!(told.len(), 1);
    assert!(told[0].starts_with("file-too-large 1:1 "), "{told:?}");
}

#[test]
fn a_file_full_of_mistakes_is_told_in_part() {
    let told = told(&format!(
        "metrics:\n  - {{ {} }}\n",
        (0..5_000).map(|n| format!("k{n}: 1")).collect::<Vec<_>>().join(", ")
    ));
    assert!(told.len() <= 1_002, "{}", told.len());
}

#[test]
fn characters_that_nobody_sees_are_named() {
    assert_eq!(
        told("metrics:\n  - name: a\0b\n"),
        [
            "invalid-yaml 2:12 character U+0000 is not allowed in YAML | Remove the character; it is not visible in most editors."
        ]
    );
}
