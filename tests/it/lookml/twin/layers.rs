//! Refinements and extensions: how one block is laid over another.
//!
//! A parameter of the upper block replaces that of the lower one, lists as a whole; fields, joins and the like of the
//! same name are merged; what Looker calls additive is added: `link`, `action`, `filters` of a field, `allowed_value`,
//! `extends`, `access_filter` and `aggregate_table`.

use super::{
    Looker, refuse,
    text::{Block, Value},
};

/// How deep a chain of extensions may go.
const DEEPEST: usize = 20;

/// Lays one block over another.
pub(super) fn lay(lower: &Block, upper: &Block) -> Block {
    let mut merged = lower.clone();
    for (key, value) in &upper.items {
        match value {
            Value::Block(block) if block.name.is_empty() && is_repeated(key) => {
                merged.items.push((key.clone(), value.clone()));
            }
            Value::Block(block) if key == "always_filter" || key == "conditionally_filter" => {
                merged.items.retain(|(name, _)| name != key);
                merged.items.push((key.clone(), Value::Block(block.clone())));
            }
            Value::Block(block) => match find(&mut merged, key, &block.name) {
                Some(found) => *found = lay(found, block),
                None => merged.items.push((key.clone(), value.clone())),
            },
            Value::List(items) => {
                let below = take(&mut merged, key);
                merged.items.push((key.clone(), Value::List(list(key, below, items))));
            }
            Value::Code(code) => {
                let below = take(&mut merged, key);
                let below = match &below {
                    Some(Value::Code(below)) => below.as_str(),
                    _ => "",
                };
                merged.items.push((key.clone(), Value::Code(code.replace("${EXTENDED}", below))));
            }
            Value::Word(_) => {
                take(&mut merged, key);
                merged.items.push((key.clone(), value.clone()));
            }
        }
    }
    merged
}

/// Blocks without a name of which there may be several.
fn is_repeated(key: &str) -> bool {
    matches!(key, "access_filter" | "link" | "action" | "allowed_value" | "when" | "column" | "derived_column")
}

fn find<'b>(block: &'b mut Block, key: &str, name: &str) -> Option<&'b mut Block> {
    block.items.iter_mut().filter(|(found, _)| found == key).find_map(|(_, value)| match value {
        Value::Block(block) if block.name == name => Some(block),
        _ => None,
    })
}

fn take(block: &mut Block, key: &str) -> Option<Value> {
    let at = block.items.iter().position(|(name, _)| name == key)?;
    Some(block.items.remove(at).1)
}

fn list(key: &str, below: Option<Value>, items: &[(String, Option<String>)]) -> Vec<(String, Option<String>)> {
    let below = match below {
        Some(Value::List(below)) => below,
        _ => Vec::new(),
    };
    if matches!(key, "filters" | "extends") {
        return below.into_iter().chain(items.iter().cloned()).collect();
    }
    let mut all = Vec::new();
    for item in items {
        if item.0 == "EXTENDED*" { all.extend(below.iter().cloned()) } else { all.push(item.clone()) }
    }
    all
}

/// Lays everything that a block extends under it.
pub(super) fn extended<'b>(block: &'b Block, find: &dyn Fn(&str) -> Option<&'b Block>, depth: usize) -> Looker<Block> {
    if depth > DEEPEST {
        return refuse(format!("`{}` extends itself", block.name));
    }
    let mut merged = Block { name: block.name.clone(), items: Vec::new() };
    for base in block.list("extends") {
        let Some(found) = find(&base) else { return refuse(format!("`{}` extends an unknown `{base}`", block.name)) };
        let mut below = extended(found, find, depth + 1)?;
        below.items.retain(|(key, _)| !matches!(key.as_str(), "extends" | "extension"));
        merged = lay(&merged, &below);
    }
    merged = lay(&merged, block);
    merged.name.clone_from(&block.name);
    Ok(merged)
}
