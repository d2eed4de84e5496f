//! The kinds of mistakes that people and programs make in LookML.

use super::edit::{in_blocks, lines, replace, sql, without_block, without_line};

/// A kind of mistake.
#[derive(Debug)]
pub(in crate::lookml::twin) struct Kind {
    pub(in crate::lookml::twin) name: &'static str,
    /// The texts with it, one for each place where it can be made.
    pub(super) make: fn(&str) -> Vec<String>,
}

macro_rules! kinds {
    ($(#[$doc:meta])* $all:ident $($name:literal: $make:expr;)*) => {
        $(#[$doc])*
        pub(in crate::lookml::twin) const $all: &[Kind] = &[$(Kind { name: $name, make: $make }),*];
    };
}

kinds! {
    /// What is said wrong of numbers.
    NUMBERS
    // Joins.
    "a join loses rows": |text| replace(text, "type: left_outer", "type: inner");
    "a join has no condition": |text| replace(text, "type: left_outer", "type: cross");
    "a join is gone": |text| without_block(text, "join: ");
    "a join by another key": |text| in_joins(text, |block| replace(block, "} = ${", "} <> ${"));
    "one condition of a join is gone": |text| in_joins(text, |block| without_line(block, "AND "));
    "a join to versions ends too late": |text| in_joins(text, |block| replace(block, " < ${", " <= ${"));
    "a join to versions begins too late": |text| in_joins(text, |block| replace(block, " >= ${", " > ${"));
    "a role is another view": |text| without_line(text, "from: ");
    "another role": |text| in_joins(text, |block| replace(block, "origin", "destination"));
    // Views.
    "another table": |text| lines(text, |line| line.trim().starts_with("sql_table_name").then(|| line.replace(" ;;", "_old ;;")));
    "a dimension shows another column": |text| {
        in_blocks(text, "dimension", |_| true, |block| sql(block, |sql| {
            // No join multiplies the rows of a union, so its key is only declared.
            let column = sql.strip_prefix("${TABLE}.").filter(|column| *column != "fact_key")?;
            Some(format!("${{TABLE}}.{}", other_column(text, column)))
        }))
    };
    "a yesno is turned round": |text| {
        in_blocks(text, "dimension", |block| block.contains("type: yesno"), |block| sql(block, |sql| Some(format!("NOT ({sql})"))))
    };
    "a yesno is always true": |text| {
        in_blocks(text, "dimension", |block| block.contains("type: yesno"), |block| sql(block, |_| Some("TRUE".to_owned())))
    };
    "a yesno is a number": |text| {
        in_blocks(text, "dimension", |block| block.contains("type: yesno") && !block.contains("hidden: yes"), |block| replace(block, "type: yesno", "type: number"))
    };
    "an edge of a bucket": |text| in_blocks(text, "dimension", |block| block.contains("case: {"), |block| replace(block, " < ", " <= "));
    "a bucket is gone": |text| in_blocks(text, "dimension", |block| block.contains("case: {"), |block| without_block(block, "when: "));
    "a bucket has another label": |text| {
        in_blocks(text, "dimension", |block| block.contains("case: {"), |block| replace(block, "        label: \"", "        label: \"~"))
    };
    "a dimension is gone": |text| without_block(text, "dimension: ");
    "another word in a condition": |text| {
        in_blocks(text, "dimension", |block| !block.contains("primary_key: yes"), |block| sql(block, |sql| (sql.contains(" '") && !sql.ends_with(") IS NULL")).then(|| sql.replacen(" '", " 'x", 1))))
    };
    "equal is not equal": |text| {
        in_blocks(text, "dimension", |_| true, |block| sql(block, |sql| {
            // Whether a comparison is null is told by its sides alone.
            if sql.ends_with(") IS NULL") {
                None
            } else if sql.contains(" <> ") {
                Some(sql.replacen(" <> ", " = ", 1))
            } else {
                sql.contains(" = ").then(|| sql.replacen(" = ", " <> ", 1))
            }
        }))
    };
    "an edge of a condition": |text| {
        in_blocks(text, "dimension", |_| true, |block| sql(block, |sql| {
            for (from, to) in [(" >= ", " > "), (" <= ", " < "), (" > ", " >= "), (" < ", " <= ")] {
                if sql.contains(from) {
                    return Some(sql.replacen(from, to, 1));
                }
            }
            None
        }))
    };
    "null is not null": |text| {
        in_blocks(text, "dimension", |_| true, |block| sql(block, |sql| sql.contains("IS NOT NULL").then(|| sql.replacen("IS NOT NULL", "IS NULL", 1))))
    };
    // Times.
    "a time is not converted": |text| replace(text, "convert_tz: yes", "convert_tz: no");
    "a time is converted": |text| replace(text, "convert_tz: no", "convert_tz: yes");
    "nothing says whether a time is converted": |text| {
        without_line(text, "convert_tz: no")
    };
    "an instant is a date": |text| replace(text, "datatype: timestamp", "datatype: date");
    "a time has no such frame": |text| {
        in_blocks(text, "dimension_group", |_| true, |block| replace(block, " month,", " "))
    };
    "a group shows another column": |text| {
        in_blocks(text, "dimension_group", |_| true, |block| sql(block, |sql| {
            sql.strip_prefix("${TABLE}.").and_then(|column| other_time(text, column)).map(|other| format!("${{TABLE}}.{other}"))
        }))
    };
    "a group is gone": |text| without_block(text, "dimension_group: ");
    // Measures.
    "a sum is an average": |text| in_measures(text, |block| replace(block, "type: sum\n", "type: average\n"));
    "an average is a sum": |text| in_measures(text, |block| replace(block, "type: average\n", "type: sum\n"));
    "a sum is a greatest value": |text| in_measures(text, |block| replace(block, "type: sum\n", "type: max\n"));
    "the greatest is the least": |text| in_measures(text, |block| replace(block, "type: max\n", "type: min\n"));
    // A least time is SQL, since Looker's `min` is of numbers.
    "the least is the greatest": |text| in_measures(text, |block| {
        [("type: min\n", "type: max\n"), ("sql: MIN(", "sql: MAX(")]
            .into_iter()
            .flat_map(|(from, to)| replace(block, from, to))
            .collect()
    });
    "distinct values are rows": |text| {
        in_measures(text, |block| replace(block, "type: count_distinct\n", "type: count\n"))
    };
    "distinct values are added up": |text| {
        in_measures(text, |block| replace(block, "type: count_distinct\n", "type: sum\n"))
    };
    "a measure lost its filters": |text| in_measures(text, |block| without_line(block, "filters: ["));
    "a measure lost one filter": |text| in_measures(text, |block| lines(block, |line| {
        let rest = line.trim_start().strip_prefix("filters: [")?.split_once(", ")?.1;
        Some(format!("    filters: [{rest}"))
    }));
    "yes is no": |text| in_measures(text, |block| replace(block, ": \"yes\"", ": \"no\""));
    "a measure is filtered by another word": |text| in_measures(text, |block| lines(block, |line| {
        let is_filter = line.trim_start().starts_with("filters: [") && !line.contains("\"yes\"") && !line.contains("\"no\"");
        is_filter.then(|| line.replacen(": \"", ": \"x", 1))
    }));
    "a measure is filtered by anything else": |text| in_measures(text, |block| lines(block, |line| {
        let is_filter = line.trim_start().starts_with("filters: [") && !line.contains("\"yes\"") && !line.contains("\"no\"");
        is_filter.then(|| line.replacen(": \"", ": \"-", 1))
    }));
    // Nor does a divisor of one, or a part of zero.
    "a ratio is a product": |text| in_measures(text, |block| sql(block, |sql| {
        (sql.contains(" / ") && !sql.contains("NULLIF(1, 0)")).then(|| sql.replacen(" / ", " * ", 1))
    }));
    "a sum is a difference": |text| in_measures(text, |block| sql(block, |sql| {
        if sql.contains(" - 0") {
            None
        } else if sql.contains(" + ") {
            Some(sql.replacen(" + ", " - ", 1))
        } else {
            sql.contains(" - ").then(|| sql.replacen(" - ", " + ", 1))
        }
    }));
    // A factor of one changes nothing.
    "a factor is gone": |text| in_measures(text, |block| sql(block, |sql| {
        sql.split_once(" * ").filter(|(left, factor)| !left.contains('(') && *factor != "1").map(|(left, _)| left.to_owned())
    }));
    "a measure of another measure": |text| in_measures(text, |block| sql(block, |sql| {
        let from = sql.rfind("${")?;
        let to = sql[from..].find('}')? + from;
        let name = &sql[from + 2..to];
        let other = other_measure(text, name)?;
        block.contains("type: number").then(|| format!("{}${{{other}{}", &sql[..from], &sql[to..]))
    }));
    "a measure is gone": |text| without_block(text, "measure: ");
    // Comparisons.
    "another period": |text| replace(text, "period: year", "period: month");
    "another kind of comparison": |text| replace(text, "kind: relative_change", "kind: difference");
    "a comparison of another measure": |text| lines(text, |line| {
        let based_on = line.trim().strip_prefix("based_on: ")?;
        other_measure(text, based_on).map(|other| format!("    based_on: {other}"))
    });
    "a comparison over another time": |text| lines(text, |line| {
        line.trim().starts_with("based_on_time: ").then(|| line.replace("booked", "delivered").replace("ordered", "shipped"))
    });
    // Explores.
    "the permanent filter is gone": |text| in_explores(text, |block| replace(block, "NOT ${", "TRUE OR ${"));
    "the permanent filter is turned round": |text| in_explores(text, |block| replace(block, "NOT ${", "${"));
    "start and end of a range change places": |text| replace(text, "{% date_start ", "{% date_end ");
    "end and start of a range change places": |text| replace(text, "{% date_end ", "{% date_start ");
    "a bound is too high": |text| lines(text, |line| {
        line.contains("date_start").then(|| line.replacen(") - ", ") + 2", 1)).filter(|new| new != line)
    });
    "a bound is too low": |text| lines(text, |line| {
        line.contains("date_end").then(|| line.replacen(") + ", ") - 2", 1)).filter(|new| new != line)
    });
    // A bound of another time is none, as nobody filters that: a wider bound reads more and shows the same.
    "the filter of the explore is gone": |text| without_block(text, "always_filter: ");
    "the explore filters other days": |text| replace(text, "28 days ago for 28 days", "14 days ago for 14 days");
    "an explore of another view": |text| lines(text, |line| {
        line.trim().starts_with("view_name: ").then(|| "  view_name: depots".to_owned())
    });
    "an explore lost what it extends": |text| without_line(text, "extends: [");
    "an explore is gone": |text| without_block(text, "explore: ");
    "a refinement is gone": |text| without_block(text, "view: +");
    // Derived tables.
    "a branch of a union is gone": without_branch;
    "a mark of other periods": |text| lines(text, |line| {
        let is_bound = line.contains("{% date_end ") || line.ends_with(|last: char| last.is_ascii_digit());
        (!is_bound && line.contains("_month._is_selected")).then(|| line.replace("_month._is_selected", "_week._is_selected"))
    });
    "a day lies in another period of its calendar": |text| {
        replace(text, "MIN(calendar.retail_month) AS retail_month", "MIN(calendar.retail_week) AS retail_month")
    };
    "a window ends a day later": |text| replace(text, "counted.day < periods.window_end", "counted.day <= periods.window_end");
    "a window begins a day later": |text| replace(text, " AND counted.day >= ", " AND counted.day > ");
    "a window has no beginning": |text| replace(text, " AND counted.day >= ", " OR counted.day >= ");
    // An aggregate table that holds something else answers nothing, and the rows do: see `hand`.
    // The model.
    "a week begins on another day": |text| lines(text, |line| {
        line.starts_with("week_start_day: ").then(|| "week_start_day: wednesday".to_owned())
    });
    "the fiscal year begins in another month": |text| lines(text, |line| {
        line.starts_with("fiscal_month_offset: ").then(|| "fiscal_month_offset: 7".to_owned())
    });
    "no fiscal year": |text| without_line(text, "fiscal_month_offset: ");
}

kinds! {
    /// What is said wrong of who sees what.
    POLICIES
    "an access filter is gone": |text| without_block(text, "access_filter: ");
    "an access filter of another attribute": |text| replace(text, "user_attribute: country", "user_attribute: region");
    "an access grant is not required": |text| without_line(text, "required_access_grants: ");
    "a grant for everyone else": |text| lines(text, |line| {
        let allowed = line.trim_start().starts_with("allowed_values: ");
        allowed.then(|| if line.contains("\"yes\"") { line.replace("\"yes\"", "\"no\"") } else { line.replace("\"no\"", "\"yes\"") })
    });
    "those who see all are others": |text| replace(text, "== 'yes' %}", "!= 'yes' %}");
    "a condition of somebody else": |text| replace(text, "{{ _user_attributes['", "{{ _user_attributes['no_");
}

/// Without one of the selects that a derived table puts under one another.
fn without_branch(text: &str) -> Vec<String> {
    let Some((from, to)) = text.find("    sql:\n").zip(text.find("\n    ;;\n")) else { return Vec::new() };
    let (before, after) = (&text[..from + 9], &text[to..]);
    let branches: Vec<&str> = text[from + 9..to].split("\n      UNION ALL\n").collect();
    let without = |at: usize| [&branches[..at], &branches[at + 1..]].concat().join("\n      UNION ALL\n");
    let some = if branches.len() < 2 { 0 } else { branches.len() };
    (0..some).map(|at| format!("{before}{}{after}", without(at))).collect()
}

fn in_measures(text: &str, change: impl Fn(&str) -> Vec<String>) -> Vec<String> {
    in_blocks(text, "measure", |_| true, change)
}

fn in_joins(text: &str, change: impl Fn(&str) -> Vec<String>) -> Vec<String> {
    in_blocks(text, "join", |_| true, change)
}

/// Changes behind the first explore of a file.
fn in_explores(text: &str, change: impl Fn(&str) -> Vec<String>) -> Vec<String> {
    let Some(at) = text.find("\nexplore: ") else { return Vec::new() };
    change(&text[at..]).into_iter().map(|new| format!("{}{new}", &text[..at])).collect()
}

/// Another column that the view shows.
fn other_column<'t>(text: &'t str, column: &str) -> &'t str {
    let mut columns =
        text.split("${TABLE}.").skip(1).map(|rest| rest.split([' ', ')', ',']).next().unwrap_or_default());
    columns.find(|other| *other != column).unwrap_or("nothing")
}

/// Another column that a group of the view shows.
fn other_time<'t>(text: &'t str, column: &str) -> Option<&'t str> {
    let groups = text.split("dimension_group: ").skip(1);
    let mut columns = groups.filter_map(|group| group.split("${TABLE}.").nth(1)?.split(' ').next());
    columns.find(|other| *other != column)
}

/// Another measure of the file.
fn other_measure<'t>(text: &'t str, measure: &str) -> Option<&'t str> {
    let mut names = text.split("  measure: ").skip(1).filter_map(|rest| rest.split(' ').next());
    names.find(|name| *name != measure)
}
