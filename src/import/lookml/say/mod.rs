//! SQL of LookML over one row → an expression of the definitions language.
//!
//! `${TABLE}.price * ${quantity}` becomes `price * quantity`; `${users.country}` a path over the join that leads there.
//! What has no portable form stays SQL of the project's dialect, as long as it speaks of its own table only.
//!
//! **Invariant:** a name means here what it means there: a column that a dimension hides is never written as if it were
//! that dimension, and a two-valued boolean never stands where null would count.

mod pieces;
mod value;

pub(super) use pieces::{Piece, pieces};
pub(super) use value::{Value, canonical, is_enclosed, is_word, quoted, when};

use super::dimension::{Dimension, Fields, Kind};
use crate::{
    lookml::check::view::{Field, FieldKind, View},
    sql::{BinaryOp, Expr, Name, Portable, SplitFormula, to_portable, to_portable_in},
};

/// How a reference is written.
#[derive(Clone, Debug)]
struct Target {
    /// As a name.
    text: String,
    /// As the expression that it stands for, where null must stay null.
    inline: Option<String>,
    /// Whether the name reads null as false.
    is_two_valued: bool,
}

/// Gives the metric of a measure by the view that is named, if one is, and its name; nothing where it is no measure.
pub(super) type Operand<'o> = dyn Fn(Option<&str>, &str) -> Option<Result<String, String>> + 'o;

/// The greatest length of an expression.
const MAX_BYTES: usize = 64 * 1024;

/// Functions that pass over null in some warehouses.
const GUARDED: [&str; 3] = ["concat", "greatest", "least"];

/// How references are called while SQL is parsed.
const MARK: &str = "lookml_reference_";

impl Fields<'_, '_> {
    /// Says one row's worth of a view; `own` is the dimension that is being said, whose name is its column.
    pub(super) fn say(&self, view: &View<'_>, own: Option<&str>, sql: &str) -> Result<Value, String> {
        let pieces = pieces(sql)?;
        if let [Piece::Text(before), Piece::Column(column), Piece::Text(after)] = pieces.as_slice()
            && before.trim().is_empty()
            && after.trim().is_empty()
            && !self.is_shadowed(view, own, column)
        {
            return Ok(Value::Column(self.spelled(column)));
        }
        if let [Piece::Text(before), Piece::Field(Some(alias), field), Piece::Text(after)] = pieces.as_slice()
            && (before.trim(), after.trim()) == ("", "")
            && let Some(metric) = self.metric_of_a_row(alias, field)
        {
            return Ok(Value::Metric(metric));
        }
        let why = match self.portable(view, own, &pieces) {
            Ok(text) => return Ok(Value::Portable(canonical(&text))),
            Err(why) => why,
        };
        // What depends on the moment of asking is another number for whoever asks later.
        if why.contains("moment of asking") || self.lookml.dialect.is_none() {
            return Err(why);
        }
        let raw = self.raw(view, &pieces, 0).map_err(|raw| if raw.is_empty() { why.clone() } else { raw })?;
        let mut raw = raw.trim();
        while is_enclosed(raw) {
            raw = raw[1..raw.len() - 1].trim();
        }
        Ok(Value::Raw(raw.to_owned()))
    }

    /// Says a formula over measures and aggregates; `measure` gives the name of a metric for a reference.
    pub(super) fn say_formula(
        &self,
        view: &View<'_>,
        sql: &str,
        measure: &Operand<'_>,
    ) -> Result<(SplitFormula, Vec<String>), String> {
        let pieces = pieces(sql)?;
        let mut metrics: Vec<(usize, String)> = Vec::new();
        let mut targets: Vec<Target> = Vec::new();
        let mut text = String::new();
        for piece in &pieces {
            match piece {
                Piece::Text(part) => text.push_str(part),
                Piece::Table => return Err("it names its table as a whole".to_owned()),
                Piece::Column(_) | Piece::Field(..) => {
                    let metric = match piece {
                        Piece::Field(alias, field) => measure(alias.as_deref(), field),
                        _ => None,
                    };
                    let target = match metric {
                        Some(metric) => {
                            let metric = metric?;
                            metrics.push((targets.len(), metric.clone()));
                            Target { text: metric, inline: None, is_two_valued: false }
                        }
                        None => self.target(view, None, piece)?,
                    };
                    text.push_str(&format!("{MARK}{}", targets.len()));
                    targets.push(target);
                }
            }
        }
        self.means_the_same(&text)?;
        let text = exact(text, &mut targets);
        let mut split = crate::sql::split_aggregates(&text, self.lookml.dialect.as_deref(), Some(&self.lookml.zone))?;
        let is_metric = |name: &str| metrics.iter().any(|(at, _)| name == format!("{MARK}{at}"));
        let outside = split.formula.names();
        let known = |words: &Vec<&str>| {
            words.len() == 1 && (is_metric(words[0]) || split.aggregates.iter().any(|found| found.name == words[0]))
        };
        if let Some(words) = outside.iter().find(|words| !known(words)) {
            return Err(format!("it uses `{}` outside of an aggregate", readable(words, &targets)));
        }
        for found in &mut split.aggregates {
            for part in [&mut found.argument, &mut found.filter].into_iter().flatten() {
                if metrics.iter().any(|(at, _)| part.contains(&format!("{MARK}{at}"))) {
                    return Err("it aggregates a measure".to_owned());
                }
                let parsed = to_portable(part, None)?;
                *part = canonical(&written(&parsed, &targets)?);
            }
        }
        let text = written(&split.formula, &targets)?;
        split.formula = to_portable(&text, None)?;
        Ok((split, metrics.into_iter().map(|(_, metric)| metric).collect()))
    }

    /// Puts pieces into the portable language.
    pub(super) fn portable(&self, view: &View<'_>, own: Option<&str>, pieces: &[Piece]) -> Result<String, String> {
        let mut targets = Vec::new();
        let mut text = String::new();
        for piece in pieces {
            match piece {
                Piece::Text(part) => text.push_str(part),
                Piece::Table => return Err("it names its table as a whole".to_owned()),
                Piece::Column(_) | Piece::Field(..) => {
                    text.push_str(&format!("{MARK}{}", targets.len()));
                    targets.push(self.target(view, own, piece)?);
                }
            }
        }
        self.means_the_same(&text)?;
        let text = exact(text, &mut targets);
        let parsed = to_portable_in(&text, self.lookml.dialect.as_deref(), Some(&self.lookml.zone))?;
        for words in parsed.names() {
            if index(words[0]).is_none() {
                if words.len() > 1 {
                    return Err(format!("`{}` is no column of its own table", words.join(".")));
                }
                if self.is_shadowed(view, own, words[0]) {
                    return Err(format!("a dimension hides the column `{}`", words[0]));
                }
            }
        }
        written(&parsed, &targets)
    }

    /// Refuses SQL that reads as an expression here and means something else in its dialect.
    fn means_the_same(&self, sql: &str) -> Result<(), String> {
        let lower = sql.to_lowercase();
        let keeps_going = matches!(self.lookml.dialect.as_deref(), Some("duckdb" | "postgres"));
        // With a word about null before it, a call is said as it is here; `canonical` takes the word off.
        let unguarded =
            GUARDED.iter().fold(lower.clone(), |text, name| text.replace(&format!(" then null else {name}("), " "));
        let calls = |names: &[&str]| crate::lookml::check::scan::calls(&unguarded, names);
        if keeps_going && calls(&["concat", "concat_ws", "greatest", "least"]) {
            return Err("`concat`, `greatest` and `least` pass over null in this warehouse".to_owned());
        }
        if self.lookml.dialect.as_deref() == Some("bigquery") && calls(&["trim"]) && !lower.contains("' '") {
            return Err("`trim` takes more than blanks in this warehouse".to_owned());
        }
        let divides = lower.contains('/') && !lower.contains("/*");
        let is_exact =
            ["1.0", "100.0", "float", "double", "numeric", "decimal", "real"].iter().any(|word| lower.contains(word));
        if self.lookml.dialect.as_deref() == Some("postgres") && divides && !is_exact {
            return Err("whole numbers are divided without a rest in this warehouse".to_owned());
        }
        if !self.lookml.weeks_begin_on_monday && lower.contains("week") {
            return Err("weeks of SQL begin on Mondays".to_owned());
        }
        Ok(())
    }

    fn target(&self, view: &View<'_>, own: Option<&str>, piece: &Piece) -> Result<Target, String> {
        match piece {
            Piece::Column(column) if self.is_shadowed(view, own, column) => {
                Err(format!("a dimension hides the column `{column}`"))
            }
            Piece::Column(column) => {
                let of = view.field(column).filter(|field| field.type_name() == "yesno");
                let is_boolean = of.is_some_and(|field| !self.is_bare_flag(field));
                Ok(Target {
                    text: quoted(&self.spelled(column)),
                    inline: None,
                    is_two_valued: is_boolean && own != Some(column),
                })
            }
            Piece::Field(alias, field) => self.field_target(view, alias.as_deref(), field),
            Piece::Text(_) | Piece::Table => Err("it is no reference".to_owned()),
        }
    }

    fn field_target(&self, view: &View<'_>, alias: Option<&str>, field: &str) -> Result<Target, String> {
        let (owner, path) = match alias {
            None => (view.name.to_owned(), String::new()),
            Some(alias) => self.way(view.name, alias)?,
        };
        let (dimension, member) = self.member(&owner, field)?;
        let suffix = match member.as_deref() {
            None | Some("raw") => "",
            Some("date") if dimension.is_day => "",
            Some("date" | "day") => ".day",
            Some("month_num") => ".month_of_year",
            Some("day_of_month") => ".day_of_month",
            Some("day_of_year") => ".day_of_year",
            Some("hour_of_day") => ".hour_of_day",
            Some(other) => return Err(format!("`{field}` is a text in Looker: the {other} of a time")),
        };
        if !dimension.buckets.is_empty() {
            return Err(format!("`{field}` has classes, whose labels differ"));
        }
        if dimension.is_helper {
            if !path.is_empty() && !matches!(dimension.value, Value::Column(_)) {
                return Err(format!("`{field}` is made for another view"));
            }
            let text = dimension.value.operand().ok_or_else(|| format!("`{field}` is SQL of one dialect"))?;
            return Ok(Target { text: format!("{path}{text}{suffix}"), inline: None, is_two_valued: false });
        }
        let inline = if path.is_empty() {
            dimension.value.operand().filter(|_| !matches!(dimension.value, Value::Column(_)))
        } else {
            None
        };
        Ok(Target {
            text: format!("{path}{}{suffix}", dimension.name),
            inline,
            is_two_valued: dimension.kind == Kind::Boolean,
        })
    }

    /// Writes pieces as SQL over the columns of the own table.
    pub(super) fn raw(&self, view: &View<'_>, pieces: &[Piece], depth: usize) -> Result<String, String> {
        if depth > 20 || pieces.len() > 1000 {
            return Err("it is made of too many dimensions".to_owned());
        }
        let mut text = String::new();
        for piece in pieces {
            match piece {
                Piece::Text(part) => text.push_str(part),
                Piece::Table => text.push_str("${TABLE}"),
                Piece::Column(column) if is_word(column) => text.push_str(&format!("${{TABLE}}.{column}")),
                Piece::Column(column) => {
                    let quote = if self.lookml.dialect.as_deref() == Some("bigquery") { '`' } else { '"' };
                    text.push_str(&format!("${{TABLE}}.{quote}{column}{quote}"));
                }
                Piece::Field(Some(alias), _) if alias != view.name => return Err(String::new()),
                Piece::Field(_, name) => {
                    let field = view.field(name).ok_or_else(|| format!("there is no `{name}`"))?;
                    let is_whole = field.name == name || *name == format!("{}_raw", field.name);
                    let sql =
                        self.lookml.sql(&field.layers, "sql").filter(|_| is_whole && field.kind != FieldKind::Measure);
                    let Some(sql) = sql else { return Err(format!("it needs `{name}`, which has no SQL of its own")) };
                    let inner = self.raw(view, &self::pieces(&sql?)?, depth + 1)?;
                    let inner = inner.trim();
                    let plain = inner.strip_prefix("${TABLE}.").is_some_and(is_word);
                    text.push_str(&if plain { inner.to_owned() } else { format!("({inner})") });
                    if text.len() > MAX_BYTES {
                        return Err("it has more than 64 KiB".to_owned());
                    }
                }
            }
        }
        Ok(text)
    }

    /// Returns whether a column cannot be named because a dimension of its name is something else.
    fn is_shadowed(&self, view: &View<'_>, own: Option<&str>, column: &str) -> bool {
        let name = column.to_lowercase();
        if own == Some(name.as_str()) {
            return false;
        }
        let Some(field) = view.fields.iter().find(|field| field.name == name && field.kind != FieldKind::Measure)
        else {
            return false;
        };
        if matches!(field.kind, FieldKind::Filter | FieldKind::Parameter) {
            return false;
        }
        let sql = self.lookml.sql(&field.layers, "sql").and_then(Result::ok);
        let sql = sql.as_deref().map_or("", str::trim);
        let is_column = sql
            .strip_prefix("${TABLE}.")
            .is_some_and(|rest| rest.trim_matches(['"', '`']).eq_ignore_ascii_case(column));
        !is_column || matches!(field.type_name(), "tier" | "bin") || field.layers.has("case")
    }

    /// Returns whether a field is a hidden boolean that is a column as it is: it stays the column, in which null is null.
    pub(super) fn is_bare_flag(&self, field: &Field<'_>) -> bool {
        let sql = self.lookml.expanded_sql(field).and_then(Result::ok).unwrap_or_default();
        let says_nothing = !["label", "description", "group_label"].iter().any(|key| field.layers.has(key));
        field.kind == FieldKind::Dimension
            && field.type_name() == "yesno"
            && field.layers.says_yes("hidden")
            && says_nothing
            && sql.trim().strip_prefix("${TABLE}.") == Some(field.name)
    }

    /// Returns a column as the warehouse takes it: Snowflake spells all that is not quoted in capitals.
    fn spelled(&self, column: &str) -> String {
        let is_upper = column.bytes().all(|byte| !byte.is_ascii_lowercase()) && is_word(column);
        if is_upper && self.lookml.dialect.as_deref() == Some("snowflake") {
            column.to_lowercase()
        } else {
            column.to_owned()
        }
    }

    /// Returns the model that an alias stands for in a view, and the path to it with a dot at its end.
    pub(super) fn way(&self, view: &str, alias: &str) -> Result<(String, String), String> {
        if alias == view {
            return Ok((view.to_owned(), String::new()));
        }
        match self.edges.borrow().route(view, alias) {
            Some((owner, roles)) => Ok((owner, format!("{}.", roles.join(".")))),
            None => Err(format!("no join from many to one leads from `{view}` to `{alias}`")),
        }
    }

    /// Returns the dimension that a name stands for, and which member of a group it is.
    pub(super) fn member(&self, view: &str, name: &str) -> Result<(std::rc::Rc<Dimension>, Option<String>), String> {
        let owner = self.lookml.view(view).ok_or_else(|| format!("there is no view `{view}`"))?;
        let field = owner.field(name).ok_or_else(|| format!("there is no field `{view}.{name}`"))?;
        if field.name == name && field.kind != FieldKind::Group {
            return Ok((self.dimension(view, field)?, None));
        }
        if field.type_name() == "duration" {
            return Err(format!("`{name}` is a duration"));
        }
        let member = name[field.name.len()..].trim_start_matches('_').to_owned();
        Ok((self.dimension(view, field)?, Some(member)))
    }
}

/// Takes `IS TRUE` off booleans that are two-valued by themselves.
fn exact(mut text: String, targets: &mut Vec<Target>) -> String {
    for at in 0..targets.len() {
        if !targets[at].is_two_valued {
            continue;
        }
        let bare = Target { is_two_valued: false, ..targets[at].clone() };
        for (test, instead) in
            [(" IS TRUE", "{}"), (" is true", "{}"), (" IS NOT TRUE", "(not {})"), (" is not true", "(not {})")]
        {
            for from in [format!("{MARK}{at}{test}"), format!("({MARK}{at}){test}")] {
                if text.contains(&from) {
                    text = text.replace(&from, &instead.replace("{}", &format!("{MARK}{}", targets.len())));
                    targets.push(bare.clone());
                }
            }
        }
    }
    text
}

fn readable(words: &[&str], targets: &[Target]) -> String {
    let first = words.first().copied().unwrap_or_default();
    index(first).and_then(|at| targets.get(at)).map_or_else(|| first.to_owned(), |target| target.text.clone())
}

/// Returns which reference a name stands for.
fn index(name: &str) -> Option<usize> {
    name.strip_prefix(MARK)?.parse().ok()
}

/// Writes an expression with its references; a boolean stands as its expression where null would count.
fn written(parsed: &Portable, targets: &[Target]) -> Result<String, String> {
    let mut places = Vec::new();
    let keeps_null = keeps_null(&parsed.expr);
    let mut problem = None;
    parsed.expr.for_each_leaf(&mut |leaf| {
        let Name::Path(words) = leaf else { return };
        let Some(target) = index(&words[0].value).and_then(|at| targets.get(at)) else { return };
        let text = match &target.inline {
            Some(inline) if target.is_two_valued && keeps_null => inline.clone(),
            None if target.is_two_valued && keeps_null => {
                problem = Some(format!("`{}` may be null, which its dimension reads as false", target.text));
                return;
            }
            _ => target.text.clone(),
        };
        places.push((words[0].span, text));
    });
    if let Some(problem) = problem {
        return Err(problem);
    }
    places.sort_by_key(|(span, _)| std::cmp::Reverse(span.start));
    places.dedup_by_key(|(span, _)| span.start);
    let mut text = parsed.text.clone();
    for (span, name) in places {
        text.replace_range(span.start as usize..span.end as usize, &name);
        if text.len() > MAX_BYTES {
            return Err("it has more than 64 KiB".to_owned());
        }
    }
    Ok(text)
}

/// Returns whether an expression makes a difference between false and null: it negates, compares or tests.
fn keeps_null(expr: &Expr<Name>) -> bool {
    match expr {
        Expr::Leaf(_) | Expr::Literal(_) | Expr::Parameter(_) => false,
        Expr::Binary { op: BinaryOp::And | BinaryOp::Or, left, right } => keeps_null(left) || keeps_null(right),
        Expr::Case { branches, otherwise } => {
            let results = branches.iter().map(|(_, result)| result).chain(otherwise.as_deref());
            branches.iter().any(|(condition, _)| keeps_null(condition))
                || results.into_iter().any(|result| !matches!(result, Expr::Literal(_)) && keeps_null(result))
        }
        _ => true,
    }
}
