//! Names of the definitions as names of GraphQL.
//!
//! `on_time_rate` → field `onTimeRate`; `depot_inventory` → type `DepotInventory`.

/// Returns the name of a field: `on_time_rate` → `onTimeRate`.
pub fn field_name(name: &str) -> String {
    let mut field = String::with_capacity(name.len());
    let mut raise = false;
    for (at, letter) in name.char_indices() {
        match letter {
            '_' if at > 0 => raise = true,
            _ if raise => {
                field.extend(letter.to_uppercase());
                raise = false;
            }
            _ => field.push(letter),
        }
    }
    field
}

/// Returns the beginning of a type's name: `depot_inventory` → `DepotInventory`.
pub fn type_name(name: &str) -> String {
    let field = field_name(name);
    let mut letters = field.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// Returns the name of an enum's value: `fiscal_year` → `FISCAL_YEAR`.
pub fn enum_name(name: &str) -> String {
    name.to_uppercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_joined_by_their_first_letters() {
        assert_eq!(field_name("on_time_rate"), "onTimeRate");
        assert_eq!(field_name("p99_9"), "p999");
        assert_eq!(type_name("depot_inventory"), "DepotInventory");
        assert_eq!(enum_name("fiscal_year"), "FISCAL_YEAR");
    }
}
