//! An explore over the rows of several facts: its dimensions say in a tag which path of the project they are.

use super::{
    World,
    places::{Dimension, Kind, Place, values},
};
use crate::lookml::twin::{Looker, explore::Explore, text::Block};

/// What can be asked there; nothing if the explore is of one model.
pub(super) fn place(world: &World, explore: &Explore<'_>) -> Looker<Option<Place>> {
    let base = explore.base.clone();
    let view = explore.view(&base)?;
    if view.named("dimension", "fact_key").is_none() {
        return Ok(None);
    }
    let mut dimensions = Vec::new();
    for block in view.blocks("dimension") {
        let field = format!("{base}.{}", block.name);
        let tags = block.list("tags");
        let Some(path) = tags.iter().find_map(|tag| tag.strip_prefix("entente:")).filter(|_| explore.shows(&field))
        else {
            continue;
        };
        let values = values(world, explore, &field)?;
        dimensions.push(Dimension { path: path.to_owned(), field, kind: kind(block), values });
    }
    let axis = format!("{base}.period");
    let before = format!("{axis}_");
    let frames = explore.fields().filter_map(|field| field.strip_prefix(&before)).filter(|frame| *frame != "raw");
    Ok(Some(Place {
        explore: explore.block.name.clone(),
        metrics: Vec::new(),
        comparisons: Vec::new(),
        dimensions,
        has_default: explore.block.block("always_filter").is_some(),
        frames: frames.map(str::to_owned).collect(),
        axis: Some(axis),
    }))
}

fn kind(block: &Block) -> Kind {
    match block.word("type") {
        Some("yesno") => Kind::YesNo,
        Some("number") => Kind::Number,
        _ if block.list("suggestions") == ["Yes", "No"] => Kind::Nullable,
        _ => Kind::Text,
    }
}
