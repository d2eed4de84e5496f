//! Small objects – the catalogue, trust, page information – as far as they are selected.

use serde_json::Value;

use super::json;
use crate::graphql::{
    collect::{Selected, named},
    types::Types,
};

/// Writes what is selected of a value whose type is an object, a list of objects, or a leaf; of an object perhaps nothing.
pub(in crate::graphql) fn selected(
    out: &mut Vec<u8>,
    types: &Types,
    type_name: &str,
    value: &Value,
    below: &[Selected],
) {
    match value {
        Value::Array(items) => {
            out.push(b'[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                selected(out, types, type_name, item, below);
            }
            out.push(b']');
        }
        Value::Object(fields) if types.is_object(type_name) => {
            out.push(b'{');
            for (index, field) in below.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                json::key(out, &field.key);
                if field.name == "__typename" {
                    json::string(out, type_name);
                    continue;
                }
                let inner = types.field(type_name, &field.name).map_or("", |definition| named(&definition.ty));
                selected(out, types, inner, fields.get(&field.name).unwrap_or(&Value::Null), &field.below);
            }
            out.push(b'}');
        }
        leaf => serde_json::to_writer(out, leaf).expect("a value is JSON, and a vector takes every byte"),
    }
}
