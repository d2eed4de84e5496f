//! The macros that models share: which days a run stores, and how it is told up to which day a table is filled.

use super::with_jinja;
use crate::{
    plan::StateTable,
    sql::{Dialect, print_statement},
    time::NaiveDate,
};

/// What stands in the printed statements for what a model says.
const STATE: &str = "entente_state_mark";
const TABLE: &str = "entente_table_mark";
const UNTIL: (NaiveDate, &str) = (NaiveDate::from_ymd_opt(1111, 11, 11).expect("a day"), "1111-11-11");

/// What is the same for every warehouse.
const DAYS: &str = include_str!("days.jinja");

/// Writes the macros.
pub(super) fn macros(dialect: Dialect) -> String {
    let state = StateTable { name: STATE.to_owned() };
    let [make, forget, say] = state.tell(TABLE, UNTIL.0).map(|statement| {
        let text = print_statement(&statement, dialect);
        let name = format!("'{TABLE}'");
        let places = [
            (STATE, "{{ entente_rollups_state() }}"),
            // The name of the table as a text, and the table itself.
            (&*name, "'{{ table }}'"),
            (TABLE, "{{ this }}"),
            (UNTIL.1, "{{ until }}"),
        ];
        with_jinja(&text, &places)
    });
    format!(
        "{DAYS}
{{#- Makes the table that says up to which day each rollup is filled. -#}}
{{%- macro entente_rollups_make_state() -%}}
{make}
{{%- endmacro -%}}

{{#- Forgets what is said of a table. -#}}
{{%- macro entente_rollups_forget(table) -%}}
{forget}
{{%- endmacro -%}}

{{#- Says up to which day a table is filled. -#}}
{{%- macro entente_rollups_say(table, until) -%}}
{say}
{{%- endmacro -%}}
"
    )
}
