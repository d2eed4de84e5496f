//! Jinja in values of dbt's YAML → text, and the items that a filter names.
//!
//! `{{ Dimension('listing__country') }} = 'us'` becomes `entente_item_0 = 'us'`, where item 0 is the dimension
//! `listing__country`. Only the functions that are listed here exist; nothing else is executed.
//!
//! **Invariant:** a template ends after a bounded number of steps and reads neither files nor the environment, other than
//! by the functions it is given.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex},
};

use minijinja::{
    Environment, Error, ErrorKind, State, UndefinedBehavior, Value,
    value::{Enumerator, Kwargs, Object, ObjectRepr, Rest},
};

/// The most steps of a template.
const FUEL: u64 = 200_000;
/// What stands for an item in a rendered filter, before its number.
pub(super) const ITEM: &str = "entente_item_";

/// Something to group or filter by, as a filter names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) kind: ItemKind,
    /// The name, such as `listing__country`.
    pub(super) name: String,
    /// Entities before the name.
    pub(super) entity_path: Vec<String>,
    /// The granularity.
    pub(super) granularity: Option<String>,
    /// The part of a date.
    pub(super) part: Option<String>,
    /// Whether an order by it descends.
    pub(super) descending: bool,
}

/// What kind of item it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ItemKind {
    Dimension,
    TimeDimension,
    Entity,
    /// A metric, with what it is grouped by.
    Metric(Vec<String>),
}

/// What templates may ask for.
#[derive(Clone, Default)]
pub(super) struct Surroundings {
    /// `vars:` of the project, and those given on the command line.
    pub(super) vars: BTreeMap<String, String>,
    /// The environment variables.
    pub(super) env: BTreeMap<String, String>,
    /// Texts of `{% docs name %}` blocks.
    pub(super) docs: BTreeMap<String, String>,
    /// What is known of `target`.
    pub(super) target: BTreeMap<&'static str, String>,
}

/// Renders the templates of a project.
pub(super) struct Templates {
    environment: Environment<'static>,
    items: Arc<Mutex<Vec<Item>>>,
}

impl Templates {
    pub(super) fn new(surroundings: Surroundings) -> Self {
        let items = Arc::new(Mutex::new(Vec::new()));
        let mut environment = Environment::empty();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_fuel(Some(FUEL));
        environment.set_recursion_limit(40);
        add_filters(&mut environment);
        add_values(&mut environment, surroundings);
        for (name, kind) in [
            ("Dimension", ItemKind::Dimension),
            ("TimeDimension", ItemKind::TimeDimension),
            ("Entity", ItemKind::Entity),
            ("Metric", ItemKind::Metric(Vec::new())),
        ] {
            let items = Arc::clone(&items);
            environment.add_function(name, move |args: Rest<Value>, kwargs: Kwargs| {
                item(&kind, &args, &kwargs).map(|item| Value::from_object(Named { item, items: Arc::clone(&items) }))
            });
        }
        Self { environment, items }
    }

    /// Renders a text; it stays as it is if there is no Jinja in it.
    pub(super) fn text(&self, text: &str) -> Result<String, String> {
        if !["{{", "{%", "{#"].iter().any(|mark| text.contains(mark)) {
            return Ok(text.to_owned());
        }
        self.environment.render_str(text, ()).map_err(|error| said(&error))
    }

    /// Renders a whole file; what names items and relations is kept for later.
    pub(super) fn file(&self, text: &str) -> Result<String, String> {
        let mut kept = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("{{") {
            kept.push_str(before);
            let called = |name: &str| after.trim_start_matches(['-', ' ']).starts_with(name);
            let later = ["Dimension(", "TimeDimension(", "Entity(", "Metric(", "ref(", "source(", "doc("];
            match after.split_once("}}") {
                Some((inner, end)) if later.iter().any(|name| called(name)) => {
                    kept.push_str(&format!("\u{2}{inner}\u{3}"));
                    rest = end;
                }
                _ => {
                    kept.push_str("{{");
                    rest = after;
                }
            }
        }
        kept.push_str(rest);
        Ok(self.text(&kept)?.replace('\u{2}', "{{").replace('\u{3}', "}}"))
    }

    /// Renders a filter, and returns the items that it names; `ITEM` and the number stand for each.
    pub(super) fn filter(&self, text: &str) -> Result<(String, Vec<Item>), String> {
        self.take();
        let text = self.text(text)?;
        Ok((text.trim().to_owned(), self.take()))
    }

    /// Reads a call without braces, such as `Dimension('listing__country')`, or one within.
    pub(super) fn call(&self, text: &str) -> Result<Option<Item>, String> {
        let text = text.trim();
        let bare = text.strip_prefix("{{").and_then(|rest| rest.strip_suffix("}}")).unwrap_or(text);
        if !bare.contains('(') {
            return Ok(None);
        }
        let (rendered, mut items) = self.filter(&format!("{{{{ {bare} }}}}"))?;
        Ok((rendered == format!("{ITEM}0") && items.len() == 1).then(|| items.remove(0)))
    }

    /// Reads `ref('orders')` or `source('raw', 'orders')`, with or without braces.
    pub(super) fn relation(&self, text: &str) -> Result<Relation, String> {
        let text = text.trim();
        let bare = text.strip_prefix("{{").and_then(|rest| rest.strip_suffix("}}")).unwrap_or(text);
        let rendered = self.text(&format!("{{{{ {bare} }}}}"))?;
        let words: Vec<&str> = rendered.split('\u{1}').collect();
        match words.as_slice() {
            ["", "ref", package, name, version] => Ok(Relation::Ref {
                package: (!package.is_empty()).then(|| (*package).to_owned()),
                name: (*name).to_owned(),
                version: (!version.is_empty()).then(|| (*version).to_owned()),
            }),
            ["", "source", source, table] => {
                Ok(Relation::Source { source: (*source).to_owned(), table: (*table).to_owned() })
            }
            _ => Err(format!("`{text}` is neither a `ref` nor a `source`")),
        }
    }

    /// Reads the arguments of a call of `config(…)`.
    pub(super) fn arguments(&self, call: &str) -> Option<serde_json::Value> {
        let value = self.environment.compile_expression(call).ok()?.eval(()).ok()?;
        serde_json::to_value(value).ok()
    }

    fn take(&self) -> Vec<Item> {
        self.items.lock().map(|mut items| std::mem::take(&mut *items)).unwrap_or_default()
    }
}

/// What `model:` of a semantic model names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Relation {
    Ref { package: Option<String>, name: String, version: Option<String> },
    Source { source: String, table: String },
}

/// Says what is wrong with a template, in one line.
fn said(error: &Error) -> String {
    let detail = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
    format!("its Jinja cannot be read: {}", detail.lines().next().unwrap_or_default())
}

fn add_filters(environment: &mut Environment<'static>) {
    environment.add_filter("lower", |text: String| text.to_lowercase());
    environment.add_filter("upper", |text: String| text.to_uppercase());
    environment.add_filter("trim", |text: String| text.trim().to_owned());
    environment.add_filter("replace", |text: String, from: String, to: String| text.replace(&from, &to));
    environment.add_filter("int", |value: Value| {
        let text = value.to_string();
        text.trim().parse::<i64>().map_err(|_| refuse(format!("`{text}` is no whole number")))
    });
    environment.add_filter("as_bool", |value: Value| value.to_string().eq_ignore_ascii_case("true"));
    environment.add_filter("as_text", |value: Value| value.to_string());
    environment.add_filter("as_number", |value: Value| value);
    environment.add_filter("as_native", |value: Value| value);
    environment.add_filter("join", |items: Vec<Value>, between: Option<String>| {
        let items: Vec<String> = items.iter().map(Value::to_string).collect();
        items.join(&between.unwrap_or_default())
    });
    environment.add_test("none", |value: Value| value.is_none());
    environment.add_test("defined", |value: Value| !value.is_undefined());
}

fn add_values(environment: &mut Environment<'static>, surroundings: Surroundings) {
    let Surroundings { vars, env, docs, target } = surroundings;
    environment.add_global("target", Value::from_pairs(target));
    environment.add_function("var", move |name: String, default: Option<Value>| {
        vars.get(&name).map(|text| variable(text)).or(default).ok_or_else(|| {
            refuse(format!("variable `{name}` is not in `dbt_project.yml`; give it with `--var {name}=…`"))
        })
    });
    environment.add_function("env_var", move |name: String, default: Option<Value>| {
        env.get(&name)
            .map(|text| Value::from(text.as_str()))
            .or(default)
            .ok_or_else(|| refuse(format!("environment variable `{name}` is not set")))
    });
    environment.add_function("doc", move |names: Rest<String>| {
        let name = names.last().cloned().unwrap_or_default();
        docs.get(&name).cloned().ok_or_else(|| refuse(format!("there is no docs block `{name}`")))
    });
    environment.add_function("ref", |names: Rest<String>, kwargs: Kwargs| {
        let version: Option<Value> = kwargs.get::<Option<Value>>("v")?.or(kwargs.get::<Option<Value>>("version")?);
        let version = version.map(|version| version.to_string()).unwrap_or_default();
        match names.as_slice() {
            [name] => Ok(format!("\u{1}ref\u{1}\u{1}{name}\u{1}{version}")),
            [package, name] => Ok(format!("\u{1}ref\u{1}{package}\u{1}{name}\u{1}{version}")),
            _ => Err(refuse("`ref` takes a name, or a package and a name".to_owned())),
        }
    });
    environment.add_function("range", |from: i64, to: Option<i64>| {
        let (from, to) = to.map_or((0, from), |to| (from, to));
        (from..to.min(from.saturating_add(1_000))).collect::<Vec<i64>>()
    });
    environment.add_function("config", |kwargs: Kwargs| Value::from(kwargs));
    environment.add_function("source", |source: String, table: String| format!("\u{1}source\u{1}{source}\u{1}{table}"));
}

/// Returns the value of a variable: true and false are no texts, which would both hold.
fn variable(text: &str) -> Value {
    text.parse::<bool>().map_or_else(|_| Value::from(text), Value::from)
}

fn refuse(message: String) -> Error {
    Error::new(ErrorKind::InvalidOperation, message)
}

/// Reads the arguments of `Dimension(…)` and its kind.
fn item(kind: &ItemKind, args: &[Value], kwargs: &Kwargs) -> Result<Item, Error> {
    let text = |value: &Value| value.as_str().map(str::to_owned).ok_or_else(|| refuse(format!("`{value}` is no name")));
    let optional = |value: Option<Value>| value.filter(|value| !value.is_none()).as_ref().map(text).transpose();
    let named = |name: &str| kwargs.get::<Option<Value>>(name);
    let name = match args.first() {
        Some(name) => text(name)?,
        None => {
            let keys = ["name", "dimension_name", "time_dimension_name", "entity_name", "metric_name"];
            let mut found = None;
            for key in keys {
                found = found.or(named(key)?);
            }
            found.as_ref().map(text).transpose()?.ok_or_else(|| refuse("a name is missing".to_owned()))?
        }
    };
    let names = |value: Option<Value>| -> Result<Vec<String>, Error> {
        let Some(value) = value.filter(|value| !value.is_none()) else { return Ok(Vec::new()) };
        if let Some(name) = value.as_str() {
            return Ok(vec![name.to_owned()]);
        }
        value.try_iter()?.map(|item| item_name(&item)).collect()
    };
    let mut found =
        Item { kind: kind.clone(), name, entity_path: Vec::new(), granularity: None, part: None, descending: false };
    let second = args.get(1).cloned();
    match kind {
        ItemKind::Dimension | ItemKind::Entity => found.entity_path = names(second.or(named("entity_path")?))?,
        ItemKind::TimeDimension => {
            found.granularity = optional(second.or(named("time_granularity_name")?).or(named("grain")?))?;
            found.entity_path = names(args.get(2).cloned().or(named("entity_path")?))?;
            found.part = optional(args.get(3).cloned().or(named("date_part_name")?).or(named("date_part")?))?;
            if let Some(descending) = named("descending")? {
                found.descending = descending.is_true();
            }
        }
        ItemKind::Metric(_) => found.kind = ItemKind::Metric(names(second.or(named("group_by")?))?),
    }
    kwargs.assert_all_used()?;
    found.granularity = found.granularity.map(|name| name.to_lowercase());
    found.part = found.part.map(|name| name.to_lowercase());
    Ok(found)
}

/// Returns the name of an item of a list: a text, or an item itself.
fn item_name(value: &Value) -> Result<String, Error> {
    if let Some(named) = value.downcast_object_ref::<Named>() {
        let mut words = named.item.entity_path.clone();
        words.push(named.item.name.clone());
        words.extend(named.item.granularity.clone());
        return Ok(words.join("__"));
    }
    value.as_str().map(str::to_owned).ok_or_else(|| refuse(format!("`{value}` is no name")))
}

/// An item as a value of a template: rendered, it is `ITEM` and its number.
struct Named {
    item: Item,
    items: Arc<Mutex<Vec<Item>>>,
}

impl fmt::Debug for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.item.fmt(f)
    }
}

impl Object for Named {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::NonEnumerable
    }

    fn call_method(self: &Arc<Self>, _: &mut State<'_, '_>, method: &str, args: &[Value]) -> Result<Value, Error> {
        let mut item = self.item.clone();
        let word = || args.first().and_then(Value::as_str).map(str::to_lowercase);
        match method {
            "grain" => item.granularity = word(),
            "date_part" => item.part = word(),
            "descending" => item.descending = args.first().is_none_or(Value::is_true),
            _ => return Err(refuse(format!("an item of a filter has no `{method}`"))),
        }
        Ok(Value::from_object(Self { item, items: Arc::clone(&self.items) }))
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut items = self.items.lock().map_err(|_| fmt::Error)?;
        let at = items.iter().position(|item| *item == self.item).unwrap_or_else(|| {
            items.push(self.item.clone());
            items.len() - 1
        });
        write!(f, "{ITEM}{at}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn templates() -> Templates {
        Templates::new(Surroundings { vars: BTreeMap::from([("days".into(), "7".into())]), ..Surroundings::default() })
    }

    #[test]
    fn a_filter_names_its_items() {
        let text = "{{ Dimension('listing__country', entity_path=['guest']) }} = 'us' and \
                    {{ TimeDimension('metric_time', 'MONTH') }} > '2024-01-01' and {{ Dimension('ds').grain('day') }} < x";
        let (rendered, items) = templates().filter(text).expect("it is Jinja");
        assert_eq!(rendered, "entente_item_0 = 'us' and entente_item_1 > '2024-01-01' and entente_item_2 < x");
        assert_eq!(items[0].entity_path, ["guest"]);
        assert_eq!(items[1].granularity.as_deref(), Some("month"));
        assert_eq!(items[2].granularity.as_deref(), Some("day"));
    }

    #[test]
    fn a_metric_of_a_filter_tells_what_it_is_grouped_by() {
        let (_, items) = templates().filter("{{ Metric('bookings', group_by=['listing']) }} > 2").expect("it is Jinja");
        assert_eq!(items[0].kind, ItemKind::Metric(vec!["listing".to_owned()]));
    }

    #[test]
    fn variables_and_statements_are_rendered() {
        let text = "{% if var('days') | int > 3 %}{{ var('days') }} days{% else %}{{ var('nothing', '1') }}{% endif %}";
        assert_eq!(templates().text(text).as_deref(), Ok("7 days"));
        assert!(templates().text("{{ var('absent') }}").is_err_and(|error| error.contains("--var absent=")));
    }

    #[test]
    fn nothing_else_exists() {
        for text in
            ["{{ run_query('select 1') }}", "{% include 'x' %}", "{{ open('/etc/passwd') }}", "{{ 'x' * 99999999 }}"]
        {
            assert!(templates().text(text).is_err(), "{text}");
        }
    }

    #[test]
    fn relations_are_read_with_and_without_braces() {
        let relation = templates().relation("{{ ref('shop', 'orders', v=2) }}");
        let expected = Relation::Ref { package: Some("shop".into()), name: "orders".into(), version: Some("2".into()) };
        assert_eq!(relation, Ok(expected));
        assert!(matches!(templates().relation("source('raw', 'orders')"), Ok(Relation::Source { .. })));
        assert!(templates().relation("orders").is_err());
    }
}
