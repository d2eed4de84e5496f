//! Every relative link of the README and the docs leads to a file that is there, and to a heading of it.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

#[test]
fn every_link_leads_somewhere() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut pages = vec![root.join("README.md"), root.join("CHANGELOG.md")];
    collect(&root.join("docs"), &mut pages);
    let (mut n_links, mut dead) = (0, Vec::new());
    for page in &pages {
        let text = fs::read_to_string(page).expect("a page is read");
        for target in links(&text).filter(|target| !target.contains("://") && !target.starts_with("mailto:")) {
            n_links += 1;
            if let Err(why) = follow(page, target) {
                let page = page.strip_prefix(root).expect("pages lie in the project").display();
                dead.push(format!("{page}: `{target}` {why}"));
            }
        }
    }
    assert!(n_links > 200, "only {n_links} links were looked at");
    assert!(dead.is_empty(), "{}", dead.join("\n"));
}

#[test]
fn dead_links_are_noticed() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    assert!(follow(&page, "docs/semantics.md#nothing-zero-and-null").is_ok());
    assert!(follow(&page, "docs/semantics.md#nothing").is_err());
    assert!(follow(&page, "docs/semantic.md").is_err());
    let text = "[a](x.md)\n```yaml\n[b](y.md)\n```\n`[c](z.md)` [![d](i.svg)](w.md)";
    assert_eq!(links(text).collect::<Vec<_>>(), ["x.md", "i.svg", "w.md"]);
    assert_eq!(slug("`+ − ×`: what a result is, _really_"), "---what-a-result-is-_really_");
}

fn collect(folder: &Path, pages: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("the docs are there") {
        let path = entry.expect("the docs are read").path();
        if path.is_dir() {
            collect(&path, pages);
        } else if path.extension().is_some_and(|extension| extension == "md") {
            pages.push(path);
        }
    }
}

/// Returns the targets of the links of a page, code left out.
fn links(text: &str) -> impl Iterator<Item = &str> {
    let mut in_block = false;
    let prose = text.lines().filter(move |line| {
        let is_fence = line.trim_start().starts_with("```");
        in_block ^= is_fence;
        !in_block && !is_fence
    });
    let pieces = prose.flat_map(|line| line.split('`').step_by(2));
    pieces.flat_map(|piece| piece.split("](").skip(1).filter_map(|rest| rest.split_once(')').map(|(target, _)| target)))
}

/// Looks for what a link of a page leads to, and says why it is not there.
fn follow(page: &Path, target: &str) -> Result<(), String> {
    let (file, anchor) = target.split_once('#').map_or((target, None), |(file, anchor)| (file, Some(anchor)));
    let path =
        if file.is_empty() { page.to_owned() } else { page.parent().expect("a page lies in a folder").join(file) };
    if !path.exists() {
        return Err("is not there".to_owned());
    }
    let Some(anchor) = anchor else { return Ok(()) };
    let text = fs::read_to_string(&path).map_err(|error| format!("is not read ({error})"))?;
    if anchors(&text).contains(anchor) { Ok(()) } else { Err("has no such heading".to_owned()) }
}

/// Returns the anchors of a page's headings, the second of a name with a number.
fn anchors(text: &str) -> BTreeSet<String> {
    let mut anchors = BTreeSet::new();
    let mut in_block = false;
    for line in text.lines() {
        in_block ^= line.starts_with("```");
        let Some(heading) = line.strip_prefix('#').filter(|_| !in_block) else { continue };
        let anchor = slug(heading.trim_start_matches('#').trim());
        let again = (1..).map(|n| format!("{anchor}-{n}"));
        let free = std::iter::once(anchor.clone()).chain(again).find(|anchor| !anchors.contains(anchor));
        anchors.extend(free);
    }
    anchors
}

/// Returns the anchor of a heading as GitHub makes it.
fn slug(heading: &str) -> String {
    let kept = heading.chars().filter(|char| char.is_alphanumeric() || matches!(char, ' ' | '-' | '_'));
    kept.map(|char| if char == ' ' { '-' } else { char }).collect::<String>().to_lowercase()
}
