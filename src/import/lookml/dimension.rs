//! Dimensions and dimension groups → dimensions of the definitions language.
//!
//! `dimension_group: created { … sql: ${TABLE}.created_at ;; }` becomes `created_at`, of type `time`, so that emitting it
//! gives the group its name back.
//!
//! **Invariant:** a dimension is either said whole or not at all, with the reason.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    rc::Rc,
};

use super::{
    edges::Edges,
    models::Rows,
    say::{Piece, Value, is_word, pieces},
    source::{Lookml, place, texts, words},
};
use crate::{
    catalog::ColumnType,
    lookml::{
        check::view::{Field, FieldKind, View},
        group_name,
    },
    sql::to_portable,
};

/// What the values of a dimension are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Number,
    Boolean,
    /// A boolean whose null is a third value.
    Nullable,
    Time,
}

impl Kind {
    /// Returns the word of the definitions language.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Text => "string",
            Self::Number => "number",
            Self::Boolean | Self::Nullable => "boolean",
            Self::Time => "time",
        }
    }
}

/// A dimension that can be said.
#[derive(Clone, Debug)]
pub(super) struct Dimension {
    /// Its name here.
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) value: Value,
    /// The bounds of its classes.
    pub(super) buckets: Vec<String>,
    /// The labels that it can have.
    pub(super) labels: Vec<String>,
    /// The finest size of a time, where it is not all.
    pub(super) granularity: Option<&'static str>,
    /// Whether its values are days.
    pub(super) is_day: bool,
    /// Whether entente made it for other fields, so that it is no definition.
    pub(super) is_helper: bool,
    /// What to know about it.
    pub(super) note: Option<String>,
}

type Said = Result<Rc<Dimension>, String>;

/// The fields of all views as far as they are said.
pub(super) struct Fields<'r, 'a> {
    pub(super) lookml: &'r Lookml<'a>,
    /// The joins of the models.
    pub(super) edges: RefCell<Edges>,
    /// What is not said though it could be, with the reason: resolving refused it.
    pub(super) refused: &'r BTreeMap<(String, String), String>,
    said: RefCell<BTreeMap<(String, String), Option<Said>>>,
    /// How many dimensions are being said, each for the one before.
    depth: Cell<usize>,
}

/// What stands for the metric of a row while its classes are read.
const METRIC: &str = "lookml_metric_of_the_row";

/// How many dimensions may be made of one another.
const MAX_DEPTH: usize = 60;

impl<'r, 'a> Fields<'r, 'a> {
    pub(super) fn new(lookml: &'r Lookml<'a>, refused: &'r BTreeMap<(String, String), String>) -> Self {
        Self { lookml, refused, edges: RefCell::default(), said: RefCell::default(), depth: Cell::new(0) }
    }

    /// Takes the joins, over which fields can be said from here on.
    pub(super) fn join(&self, edges: Edges) {
        *self.edges.borrow_mut() = edges;
        self.said.borrow_mut().clear();
    }

    /// Says a dimension or a group of a view, once.
    pub(super) fn dimension(&self, view: &str, field: &Field<'_>) -> Said {
        let key = (view.to_owned(), format!("{}.{}", field.kind.word(), field.name));
        if let Some(said) = self.said.borrow().get(&key) {
            return said.clone().unwrap_or_else(|| Err(format!("`{}` is made of itself", field.name)));
        }
        if self.depth.get() > MAX_DEPTH {
            return Err("it is made of too many dimensions".to_owned());
        }
        self.said.borrow_mut().insert(key.clone(), None);
        self.depth.set(self.depth.get() + 1);
        let said = self.make(view, field).map(Rc::new);
        self.depth.set(self.depth.get() - 1);
        self.said.borrow_mut().insert(key, Some(said.clone()));
        said
    }

    fn make(&self, view_name: &str, field: &Field<'_>) -> Result<Dimension, String> {
        let view = self.lookml.view(view_name).ok_or("its view is not known")?;
        if let Some(why) = self.refused.get(&(view_name.to_owned(), self.name(view, field))) {
            return Err(why.clone());
        }
        match field.kind {
            FieldKind::Dimension => self.plain(view, field),
            FieldKind::Group if field.type_name() == "time" => self.time_group(view, field),
            FieldKind::Group => Err("Looker counts durations in whole units of the warehouse".to_owned()),
            FieldKind::Measure => Err("it is a measure".to_owned()),
            FieldKind::Filter => Err("a filter of its own has a value only in Looker".to_owned()),
            FieldKind::Parameter => Err("a parameter has a value only in Looker".to_owned()),
        }
    }

    fn sql(&self, field: &Field<'_>) -> Result<String, String> {
        match self.lookml.expanded_sql(field) {
            Some(sql) => sql,
            None => Ok(format!("${{TABLE}}.{}", field.name)),
        }
    }

    fn plain(&self, view: &View<'_>, field: &Field<'_>) -> Result<Dimension, String> {
        let mut made = Dimension {
            name: field.name.to_owned(),
            kind: Kind::Text,
            value: Value::Column(field.name.to_owned()),
            buckets: Vec::new(),
            labels: Vec::new(),
            granularity: None,
            is_day: false,
            is_helper: self.is_helper(field) || self.is_bare_flag(field),
            note: None,
        };
        if field.layers.has("case") {
            return self.case(view, field, made);
        }
        let sql = self.sql(field)?;
        made.kind = match field.type_name() {
            "string" | "zipcode" => Kind::Text,
            "number" | "int" => Kind::Number,
            "yesno" => Kind::Boolean,
            "date" | "date_date" | "date_time" | "date_raw" | "time" => Kind::Time,
            "tier" | "bin" => Kind::Number,
            other => return Err(format!("a dimension of type `{other}` has no form here")),
        };
        if matches!(field.type_name(), "date" | "date_date") {
            (made.granularity, made.is_day) = (Some("day"), true);
        }
        made.value = match self.exists(view, field, &sql) {
            Some(found) => Value::Portable(found),
            None => self.say(view, Some(field.name), &sql)?,
        };
        if matches!(field.type_name(), "tier" | "bin") {
            let list = if field.type_name() == "tier" { "tiers" } else { "bins" };
            made.buckets = texts(&field.layers, list);
            if made.buckets.is_empty() || made.buckets.iter().any(|bound| bound.parse::<f64>().is_err()) {
                return Err("its classes are not listed".to_owned());
            }
            made.note = Some("its classes have other labels".to_owned());
        }
        if let Some(inner) = nullable(field, &made.value) {
            (made.kind, made.value) = (Kind::Nullable, inner);
        }
        if let Value::Raw(_) = made.value {
            made.note = Some("it is SQL of one dialect only".to_owned());
        }
        Ok(made)
    }

    /// Says `case: { when: { sql: … label: … } … }` as an expression, or as the classes that it is.
    fn case(&self, view: &View<'_>, field: &Field<'_>, mut made: Dimension) -> Result<Dimension, String> {
        let case = field.layers.child("case").ok_or("it has no `case`")?;
        let mut whens = Vec::new();
        let mut metric = None;
        for when in case.children("when") {
            let sql = when.word("sql").ok_or("a `when` has no `sql`")?;
            let label = when.word("label").map(|label| label.piece.value().into_owned()).unwrap_or_default();
            let mut pieces = pieces(&self.lookml.expanded(&sql.piece.block())?)?;
            for piece in &mut pieces {
                if let Piece::Field(Some(alias), name) = piece
                    && let Some(found) = self.metric_of_a_row(alias, name)
                {
                    *piece = Piece::Column(METRIC.to_owned());
                    metric = Some(found);
                }
            }
            whens.push((self.portable(view, Some(field.name), &pieces)?, label));
        }
        if metric.is_some() && classes(&whens).is_none_or(|(value, _)| value != METRIC) {
            return Err("it is more than classes of a metric".to_owned());
        }
        if let (Some(metric), Some((_, bounds))) = (&metric, classes(&whens)) {
            (made.kind, made.value, made.buckets) = (Kind::Number, Value::Metric(metric.clone()), bounds);
            return Ok(made);
        }
        if let Some((value, bounds)) = classes(&whens) {
            made.kind = Kind::Number;
            made.value = if is_word(&value) { Value::Column(value) } else { Value::Portable(value) };
            made.buckets = bounds;
            return Ok(made);
        }
        let text = |label: &str| format!("'{}'", label.replace('\'', "''"));
        let mut expr = String::from("case");
        for (condition, label) in &whens {
            expr += &format!(" when {condition} then {}", text(label));
            made.labels.push(label.clone());
        }
        if let Some(otherwise) = case.word("else") {
            let label = otherwise.piece.value().into_owned();
            expr += &format!(" else {}", text(&label));
            made.labels.push(label);
        }
        made.value = Value::Portable(expr + " end");
        Ok(made)
    }

    fn time_group(&self, view: &View<'_>, field: &Field<'_>) -> Result<Dimension, String> {
        let sql = self.sql(field)?;
        let datatype = field.layers.word("datatype").map_or("datetime", |word| word.text());
        if matches!(datatype, "epoch" | "yyyymmdd") {
            return Err(format!("its times are stored as `{datatype}`"));
        }
        let name = self.name(view, field);
        let value = self.say(view, Some(&name), &sql)?;
        let known = self.column_type(view, &value);
        let as_stored = self.as_stored(field, known)?;
        let frames: Vec<&str> = words(&field.layers, "timeframes").iter().map(|word| word.text()).collect();
        let is_day = datatype == "date";
        let fine = |frame: &&str| {
            ["time", "hour", "minute", "second", "milli", "micro"].iter().any(|unit| frame.starts_with(unit))
        };
        let finest = [("date", "day"), ("week", "week"), ("month", "month"), ("quarter", "quarter"), ("year", "year")];
        let coarse = finest.into_iter().find(|(frame, _)| frames.contains(frame)).map(|(_, size)| size);
        // What Looker offers of a time says nothing about its column, save in files that entente made.
        let is_coarse = is_day || known == Some(ColumnType::Date) || self.lookml.is_generated(place(field).file);
        let granularity = if is_day && (frames.is_empty() || frames.contains(&"date")) {
            Some("day")
        } else if !is_coarse || frames.is_empty() || frames.iter().any(fine) {
            None
        } else {
            coarse.filter(|_| !frames.contains(&"raw") || frames.len() > 1)
        };
        let note = matches!(value, Value::Raw(_)).then(|| "it is SQL of one dialect only".to_owned());
        let note = as_stored.or(note);
        Ok(Dimension {
            name,
            kind: Kind::Time,
            value,
            buckets: Vec::new(),
            labels: Vec::new(),
            granularity,
            is_day,
            is_helper: false,
            note,
        })
    }

    /// Returns the type of the column that is a value, where the catalog has it.
    fn column_type(&self, view: &View<'_>, value: &Value) -> Option<ColumnType> {
        let Value::Column(column) = value else { return None };
        let Ok(Rows::Table(table)) = self.rows(self.lookml.view(view.name)?) else { return None };
        Some(self.lookml.catalog.tables.get(&table)?.column(column)?.column_type)
    }

    /// Refuses a time that Looker shows as it is stored, and whose days would be others here; where the zone decides,
    /// says so.
    fn as_stored(&self, field: &Field<'_>, known: Option<ColumnType>) -> Result<Option<String>, String> {
        let says = field.layers.child("convert_tz").filter(|at| at.value().is_some_and(|word| word.text() == "no"));
        let is_day = field.layers.word("datatype").is_some_and(|word| word.text() == "date");
        let has_zone = !is_day && !matches!(known, Some(ColumnType::Date | ColumnType::DateTime));
        if says.is_none_or(|at| self.lookml.is_generated(at.file)) || !has_zone {
            return Ok(None);
        }
        let zone = &self.lookml.zone;
        let what = "`convert_tz: no` shows its times as they are stored";
        match (zone.as_str(), known) {
            ("UTC", _) => {
                Ok(Some(format!("{what}, in UTC as here: with another `time_zone` in `entente.yml`, import again")))
            }
            (_, Some(_)) => Err(format!("{what}, and days are cut in `{zone}` here")),
            (_, None) => Err(format!(
                "{what}, and days are cut in `{zone}` here: with a `schema/catalog.json` it is known whether it has a zone"
            )),
        }
    }

    /// Returns the name of a dimension here: of a group one that gives the group its name back.
    pub(super) fn name(&self, view: &View<'_>, field: &Field<'_>) -> String {
        if field.kind != FieldKind::Group {
            return field.name.to_owned();
        }
        let is_taken =
            |name: &str| view.fields.iter().any(|other| other.kind != FieldKind::Group && other.name == name);
        let sql = self.sql(field).unwrap_or_default();
        let whole = sql.trim().strip_prefix("${").and_then(|sql| sql.strip_suffix('}'));
        if let Some((alias, column)) = whole.and_then(|name| name.split_once('.'))
            && self.metric_of_a_row(alias, column).is_some()
            && group_name(column) == field.name
        {
            return column.to_owned();
        }
        let column = sql.trim().strip_prefix("${TABLE}.").map(|column| column.trim_matches(['"', '`']).to_lowercase());
        if let Some(column) =
            column.filter(|column| is_word(column) && group_name(column) == field.name && !is_taken(column))
        {
            return column;
        }
        let candidates = [field.name.to_owned(), format!("{}_at", field.name), format!("{}_time", field.name)];
        let fits = |name: &&String| group_name(name) == field.name && !is_taken(name);
        candidates.iter().find(fits).cloned().unwrap_or_else(|| format!("{}_at", field.name))
    }

    /// Returns whether entente made a hidden dimension for other fields: it says nothing of itself to people.
    pub(super) fn is_helper(&self, field: &Field<'_>) -> bool {
        self.lookml.is_generated(place(field).file)
            && field.layers.says_yes("hidden")
            && !["label", "description", "group_label"].iter().any(|key| field.layers.has(key))
    }
}

/// Reads the text that entente makes of a boolean whose null is a third value.
fn nullable(field: &Field<'_>, value: &Value) -> Option<Value> {
    let Value::Portable(text) = value else { return None };
    if texts(&field.layers, "suggestions") != ["Yes", "No"] {
        return None;
    }
    let lower = text.to_lowercase();
    let end = lower.find(" is true then 'yes' when ")?;
    let inner = text.get("case when ".len()..end)?;
    let expected = format!("case when {inner} is true then 'yes' when {inner} is not null then 'no' end");
    if lower != expected.to_lowercase() {
        return None;
    }
    let is_column = is_word(inner);
    Some(if is_column { Value::Column(inner.to_owned()) } else { Value::Portable(inner.to_owned()) })
}

/// Returns the value and the bounds of classes that are labelled as entente does: `<1`, `1–5`, `5+`.
fn classes(whens: &[(String, String)]) -> Option<(String, Vec<String>)> {
    let (last, rest) = whens.split_last()?;
    let mut bounds: Vec<String> = Vec::new();
    let mut value: Option<&str> = None;
    for (condition, label) in rest {
        let (left, bound) = condition.rsplit_once(" < ")?;
        let expected = match bounds.last() {
            None => format!("<{bound}"),
            Some(low) => format!("{low}–{bound}"),
        };
        if *value.get_or_insert(left) != left || *label != expected {
            return None;
        }
        bounds.push(bound.to_owned());
    }
    let (left, low) = last.0.rsplit_once(" >= ")?;
    (value == Some(left) && bounds.last().map(String::as_str) == Some(low) && last.1 == format!("{low}+"))
        .then(|| (left.to_owned(), bounds))
}

impl Lookml<'_> {
    /// Returns the SQL of a field.
    pub(super) fn expanded_sql(&self, field: &Field<'_>) -> Option<Result<String, String>> {
        let word = field.layers.word("sql")?;
        Some(self.expanded(&word.piece.block()))
    }
}

/// The columns of a primary key that is an expression, in the order in which they stand there.
pub(super) fn key_columns(value: &Value) -> Vec<String> {
    let mut columns: Vec<String> = Vec::new();
    let mut add = |column: &str| {
        if !columns.iter().any(|known| known == column) {
            columns.push(column.to_owned());
        }
    };
    match value {
        Value::Column(column) => add(column),
        Value::Metric(_) => {}
        Value::Portable(text) => {
            if let Ok(parsed) = to_portable(text, None) {
                for words in parsed.names().iter().filter(|words| words.len() == 1) {
                    add(words[0]);
                }
            }
        }
        Value::Raw(text) => {
            let found = pieces(text).unwrap_or_default();
            for piece in found {
                if let Piece::Column(column) = piece {
                    add(&column);
                }
            }
        }
    }
    columns
}

/// Returns the field that is the primary key of a view.
pub(super) fn primary_key<'v, 'a>(view: &'v View<'a>) -> Option<&'v Field<'a>> {
    view.fields.iter().find(|field| field.kind == FieldKind::Dimension && field.layers.says_yes("primary_key"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_those_with_their_own_labels() {
        let whens =
            |list: &[(&str, &str)]| list.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect::<Vec<_>>();
        let own = whens(&[("w < 1", "<1"), ("w < 5", "1–5"), ("w >= 5", "5+")]);
        assert_eq!(classes(&own), Some(("w".to_owned(), vec!["1".to_owned(), "5".to_owned()])));
        assert_eq!(classes(&whens(&[("w < 1", "small"), ("w >= 1", "1+")])), None);
    }

    #[test]
    fn columns_of_a_key_are_found_in_any_form() {
        assert_eq!(key_columns(&Value::Portable("concat(a, '|', coalesce(b, ''), a)".to_owned())), ["a", "b"]);
        assert_eq!(key_columns(&Value::Raw("md5(${TABLE}.a || ${TABLE}.b)".to_owned())), ["a", "b"]);
    }
}
