//! A small Looker: reads LookML and writes the SQL of a query, for DuckDB.

use std::collections::BTreeMap;

use entente::lookml::{Emitted, Item, Node, NodeValue, parse};

/// A dimension to group by.
#[derive(Clone, Debug)]
pub(super) struct Key {
    /// As the planner knows it: `origin.region`.
    pub(super) path: String,
    /// As Looker knows it: view and field.
    field: (String, String),
}

impl Key {
    /// A timeframe of an axis, `shipments.booked`, which the planner calls `time.month`.
    pub(super) fn time(axis: &str, frame: &str, granularity: &str) -> Self {
        let (view, group) = axis.split_once('.').expect("an axis has a view");
        Self { path: format!("time.{granularity}"), field: (view.to_owned(), format!("{group}_{frame}")) }
    }
}

/// All views and explores of a project.
pub(super) struct Lookml {
    views: BTreeMap<String, Vec<Node>>,
    explores: BTreeMap<String, Vec<Node>>,
    constants: BTreeMap<String, String>,
    zone: String,
    /// How many days after Monday a week begins.
    week_start: usize,
}

impl Lookml {
    pub(super) fn read(emitted: &Emitted, zone: String) -> Self {
        let mut lookml =
            Self { views: BTreeMap::new(), explores: BTreeMap::new(), constants: BTreeMap::new(), zone, week_start: 0 };
        for text in emitted.files.values() {
            for node in parse(text).expect("LookML") {
                if let ("week_start_day", NodeValue::Word(day)) = (node.key.as_str(), &node.value) {
                    let days = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
                    lookml.week_start = days.iter().position(|name| name == day).expect("a weekday");
                }
                let NodeValue::Nodes { name: Some(name), nodes } = node.value else { continue };
                match node.key.as_str() {
                    "view" => {
                        lookml.views.entry(name.trim_start_matches('+').to_owned()).or_default().extend(nodes);
                    }
                    "explore" => {
                        lookml.explores.insert(name, nodes);
                    }
                    "constant" => {
                        lookml.constants.insert(name, text_of(&nodes, "value").unwrap_or_default());
                    }
                    _ => {}
                }
            }
        }
        lookml
    }

    /// The joins of an explore, those of the explore that it extends first.
    fn joins(&self, explore: &str) -> Vec<(String, &[Node])> {
        let nodes = &self.explores[explore];
        let mut joins: Vec<_> = list(nodes, "extends").iter().flat_map(|base| self.joins(base)).collect();
        joins.extend(blocks(nodes, "join"));
        joins
    }

    fn view_of(&self, explore: &str, alias: &str) -> String {
        let joins = self.joins(explore);
        let join = joins.iter().find(|(name, _)| name == alias);
        join.and_then(|(_, nodes)| text_of(nodes, "from")).unwrap_or_else(|| alias.to_owned())
    }

    fn view(&self, explore: &str, alias: &str) -> &[Node] {
        let view = self.views.get(&self.view_of(explore, alias));
        view.unwrap_or_else(|| panic!("explore {explore} knows no view {alias}"))
    }

    fn base(&self, explore: &str) -> String {
        text_of(&self.explores[explore], "view_name").expect("an explore has a view")
    }

    /// The time axis of a measure, by the set that it is in: `shipments.delivered`.
    pub(super) fn axis(&self, explore: &str, field: &str) -> Option<String> {
        let (view, measure) = field.split_once('.')?;
        if self.has(explore, &format!("{view}.period_raw")) && self.base(explore) == explore {
            return Some(format!("{view}.period"));
        }
        let sets = blocks(self.views[view].as_slice(), "set");
        let name = sets.into_iter().find_map(|(name, nodes)| {
            let axis = name.strip_prefix("joined_").unwrap_or(&name).strip_prefix("metrics_by_")?.to_owned();
            list(nodes, "fields").contains(&measure.to_owned()).then_some(axis)
        })?;
        if self.has(explore, &format!("{view}.{name}_raw")) {
            return Some(format!("{view}.{name}"));
        }
        let joins = self.joins(explore);
        joins.iter().find_map(|(alias, _)| {
            let group = name.strip_prefix(&format!("{alias}_"))?;
            self.has(explore, &format!("{alias}.{group}_raw")).then(|| format!("{alias}.{group}"))
        })
    }

    /// Whether an explore knows a dimension.
    pub(super) fn has(&self, explore: &str, field: &str) -> bool {
        let (alias, name) = field.split_once('.').unwrap_or((field, ""));
        let nodes = self.view(explore, alias);
        blocks(nodes, "dimension").iter().any(|(field, _)| field == name) || group_of(nodes, name).is_some()
    }

    /// The visible dimensions of the base, and of the joins that have a role of one word.
    pub(super) fn keys(&self, explore: &str) -> Vec<Key> {
        let base = self.base(explore);
        let mut keys = Vec::new();
        let joins = self.joins(explore);
        for alias in std::iter::once(base.as_str()).chain(joins.iter().map(|(alias, _)| alias.as_str())) {
            let is_base = alias == base;
            if !is_base && alias.contains('_') {
                continue;
            }
            let fields = blocks(self.view(explore, alias), "dimension");
            let gone = self.excluded(explore, alias);
            let visible =
                fields.iter().filter(|(name, nodes)| text_of(nodes, "hidden").is_none() && !gone.contains(name));
            for (name, nodes) in visible.take(if is_base { 7 } else { 1 }) {
                let field = (alias.to_owned(), name.clone());
                let tag =
                    list(nodes, "tags").into_iter().find_map(|tag| tag.strip_prefix("entente:").map(str::to_owned));
                keys.push(Key { path: tag.unwrap_or_else(|| format!("{alias}.{name}")), field });
            }
        }
        keys
    }

    /// The fields of a view that an explore takes away.
    fn excluded(&self, explore: &str, alias: &str) -> Vec<String> {
        let sets = blocks(self.view(explore, alias), "set");
        let mut waiting: Vec<String> = list(&self.explores[explore], "fields")
            .iter()
            .filter_map(|field| field.strip_prefix(&format!("-{alias}.")).map(str::to_owned))
            .collect();
        let mut fields = Vec::new();
        while let Some(name) = waiting.pop() {
            match name.strip_suffix('*') {
                None => fields.push(name),
                Some(set) => {
                    let found = sets.iter().filter(|(name, _)| name == set);
                    waiting.extend(found.flat_map(|(_, nodes)| list(nodes, "fields")));
                }
            }
        }
        fields
    }

    /// The SQL of a query: keys, one measure, and a range on a time axis.
    pub(super) fn query(
        &self,
        explore: &str,
        keys: &[Key],
        measure: &str,
        range: Option<(&str, &str, &str)>,
    ) -> String {
        let base = self.base(explore);
        let mut columns: Vec<String> = keys.iter().map(|key| self.shown(explore, &key.field.0, &key.field.1)).collect();
        let (alias, name) = measure.split_once('.').expect("a field has a view");
        columns.push(self.measure(explore, alias, name));
        let selected: Vec<String> = keys.iter().map(|key| format!("{}.{}", key.field.0, key.field.1)).collect();
        let table = liquid(&self.table(&base), range, &selected);
        let mut sql = format!("SELECT {} FROM {table} AS {base}", columns.join(", "));
        for (alias, nodes) in self.joins(explore) {
            let on = self.expand(explore, &base, &block_of(nodes, "sql_on").expect("a join has a condition"));
            let table = liquid(&self.table(&self.view_of(explore, &alias)), range, &selected);
            sql += &format!(" LEFT JOIN {table} AS {alias} ON {on}");
        }
        let mut conditions = Vec::new();
        if let Some(always) = block_of(&self.explores[explore], "sql_always_where") {
            conditions.push(self.expand(explore, &base, &liquid(&always, range, &selected)));
        }
        if let Some((axis, from, to)) = range {
            let (alias, group) = axis.split_once('.').expect("an axis has a view");
            let field = if self.has(explore, &format!("{axis}_date")) { "date" } else { "month" };
            let day = self.shown(explore, alias, &format!("{group}_{field}"));
            conditions.push(format!("{day} >= DATE '{from}' AND {day} < DATE '{to}'"));
        }
        if !conditions.is_empty() {
            sql += &format!(" WHERE ({})", conditions.join(") AND ("));
        }
        if !keys.is_empty() {
            let positions: Vec<String> = (1..=keys.len()).map(|position| position.to_string()).collect();
            sql += &format!(" GROUP BY {}", positions.join(", "));
        }
        sql
    }

    fn table(&self, view: &str) -> String {
        let nodes = self.views[view].as_slice();
        let table = block_of(nodes, "sql_table_name").or_else(|| {
            let (_, derived) = blocks(nodes, "derived_table").into_iter().next()?;
            Some(format!("({})", block_of(derived, "sql")?))
        });
        let mut table = table.expect("a view has rows");
        for (name, value) in &self.constants {
            table = table.replace(&format!("@{{{name}}}"), value);
        }
        table
    }

    /// Puts the SQL of fields in place of `${…}`.
    fn expand(&self, explore: &str, alias: &str, sql: &str) -> String {
        let mut parts = sql.split("${");
        let mut text = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (name, rest) = part.split_once('}').expect("a reference is closed");
            text += &match name.split_once('.') {
                _ if name == "TABLE" => alias.to_owned(),
                Some((view, field)) => format!("({})", self.raw(explore, view, field)),
                None => format!("({})", self.raw(explore, alias, name)),
            };
            text += rest;
        }
        text
    }

    /// The SQL of a dimension where another field names it.
    fn raw(&self, explore: &str, alias: &str, name: &str) -> String {
        let nodes = self.view(explore, alias);
        if let Some((_, dimension)) = blocks(nodes, "dimension").into_iter().find(|(field, _)| field == name) {
            if let Some(sql) = block_of(dimension, "sql") {
                return self.expand(explore, alias, &sql);
            }
            let (_, case) = blocks(dimension, "case").into_iter().next().expect("SQL or a case");
            let branches: Vec<String> = blocks(case, "when")
                .into_iter()
                .map(|(_, when)| {
                    let condition = self.expand(explore, alias, &block_of(when, "sql").expect("a condition"));
                    format!("WHEN {condition} THEN '{}'", text_of(when, "label").expect("a label"))
                })
                .collect();
            return format!("CASE {} END", branches.join(" "));
        }
        let (group, frame) = group_of(nodes, name).unwrap_or_else(|| panic!("unknown field {alias}.{name}"));
        let sql = self.expand(explore, alias, &block_of(group, "sql").expect("a group has SQL"));
        if frame == "raw" {
            return sql;
        }
        let instant = text_of(group, "datatype").as_deref() == Some("timestamp");
        let local = match (text_of(group, "convert_tz").as_deref(), instant) {
            (Some("yes"), true) => format!("(({sql}) AT TIME ZONE '{}')", self.zone),
            (_, true) => format!("(({sql}) AT TIME ZONE 'UTC')"),
            _ => format!("({sql})"),
        };
        match frame.as_str() {
            "date" => format!("CAST({local} AS DATE)"),
            "month" => format!("CAST(date_trunc('month', {local}) AS DATE)"),
            "week" => {
                let days = format!("INTERVAL {} DAY", self.week_start);
                format!("CAST(date_trunc('week', {local} - {days}) + {days} AS DATE)")
            }
            other => panic!("timeframe {other} is not asked"),
        }
    }

    /// The SQL of a dimension where it is shown: a yesno has two values.
    fn shown(&self, explore: &str, alias: &str, name: &str) -> String {
        let nodes = self.view(explore, alias);
        let sql = self.raw(explore, alias, name);
        let field = blocks(nodes, "dimension").into_iter().find(|(field, _)| field == name);
        match field.and_then(|(_, nodes)| Some((text_of(nodes, "type")?, list(nodes, "suggestions")))) {
            Some((kind, _)) if kind == "yesno" => format!("COALESCE({sql}, FALSE)"),
            Some((_, words)) if words == ["Yes", "No"] => format!("({sql}) = 'Yes'"),
            _ => sql,
        }
    }

    fn measure(&self, explore: &str, alias: &str, name: &str) -> String {
        let nodes = self.view(explore, alias);
        let measures = blocks(nodes, "measure");
        let (_, measure) =
            measures.into_iter().find(|(field, _)| field == name).unwrap_or_else(|| panic!("no measure {name}"));
        let kind = text_of(measure, "type").expect("a measure has a type");
        let sql = block_of(measure, "sql").unwrap_or_default();
        if matches!(kind.as_str(), "number") {
            let mut parts = sql.split("${");
            let mut text = parts.next().unwrap_or_default().to_owned();
            for part in parts {
                let (name, rest) = part.split_once('}').expect("a reference is closed");
                text += &format!("({}){rest}", self.measure(explore, alias, name));
            }
            return text;
        }
        let value = self.expand(explore, alias, &sql);
        let condition = self.filters(explore, alias, measure);
        let kept = |value: &str| match &condition {
            Some(condition) => format!("CASE WHEN {condition} THEN {value} END"),
            None => value.to_owned(),
        };
        match kind.as_str() {
            "count" if condition.is_none() => "COUNT(*)".to_owned(),
            "count" => format!("COUNT({})", kept("1")),
            "sum" => format!("COALESCE(SUM({}), 0)", kept(&value)),
            "average" => format!("AVG({})", kept(&value)),
            "min" => format!("MIN({})", kept(&value)),
            "max" => format!("MAX({})", kept(&value)),
            "count_distinct" if text_of(measure, "approximate").is_some() => {
                format!("APPROX_COUNT_DISTINCT({})", kept(&value))
            }
            "count_distinct" => format!("COUNT(DISTINCT {})", kept(&value)),
            "date" | "date_time" | "string" => value,
            other => panic!("measures of type {other} are not asked"),
        }
    }

    fn filters(&self, explore: &str, alias: &str, measure: &[Node]) -> Option<String> {
        let NodeValue::List(items) = &measure.iter().find(|node| node.key == "filters")?.value else { return None };
        let conditions: Vec<String> = items
            .iter()
            .map(|item| {
                let Item::Pair(field, value) = item else { panic!("a filter is a pair") };
                let (view, name) = field.split_once('.').unwrap_or((alias, field));
                let sql = self.raw(explore, view, name);
                let nodes = self.view(explore, view);
                let field = blocks(nodes, "dimension").into_iter().find(|(field, _)| field == name);
                let kind = field.and_then(|(_, nodes)| text_of(nodes, "type"));
                match (kind.as_deref(), value.as_str()) {
                    (Some("yesno"), "yes") => format!("({sql})"),
                    (Some("yesno"), "no") => format!("NOT COALESCE({sql}, FALSE)"),
                    _ => {
                        let words: Vec<String> = value.split(',').map(|word| format!("'{word}'")).collect();
                        format!("({sql}) IN ({})", words.join(", "))
                    }
                }
            })
            .collect();
        Some(conditions.join(" AND "))
    }
}

/// Runs the Liquid that entente writes: the chosen range, what is selected, and no comparison in the query.
fn liquid(text: &str, range: Option<(&str, &str, &str)>, selected: &[String]) -> String {
    let mut text = text.to_owned();
    while let Some(start) = text.find("{% if ") {
        let test = text[start + "{% if ".len()..].split(" %}").next().expect("the tag is closed").to_owned();
        let then = start + "{% if ".len() + test.len() + " %}".len();
        let otherwise = text.find("{% else %}").expect("an else");
        let end = text.find("{% endif %}").expect("an end");
        let is_selected = test.strip_suffix("._is_selected").is_some_and(|field| selected.contains(&field.to_owned()));
        let kept = if is_selected { &text[then..otherwise] } else { &text[otherwise + "{% else %}".len()..end] };
        text.replace_range(start..end + "{% endif %}".len(), &kept.to_owned());
    }
    while let Some(start) = text.find("{% condition ") {
        let field = text[start + "{% condition ".len()..].split(' ').next().expect("a field").to_owned();
        let open = text[start..].find("%}").expect("the tag is closed") + start + 2;
        let close = text.find("{% endcondition %}").expect("an end");
        let day = text[open..close].trim().to_owned();
        let condition = match range {
            Some((axis, from, to)) if field == format!("{axis}_date") => {
                format!("({day} >= DATE '{from}' AND {day} < DATE '{to}')")
            }
            _ => "TRUE".to_owned(),
        };
        text.replace_range(start..close + "{% endcondition %}".len(), &condition);
    }
    for (tag, at) in [("{% date_start ", range.map(|range| range.1)), ("{% date_end ", range.map(|range| range.2))] {
        while let Some(start) = text.find(tag) {
            let end = text[start..].find("%}").expect("the tag is closed") + start + 2;
            let value = at.map_or("NULL".to_owned(), |day| format!("TIMESTAMP '{day}'"));
            text.replace_range(start..end, &value);
        }
    }
    text
}

fn blocks<'a>(nodes: &'a [Node], key: &str) -> Vec<(String, &'a [Node])> {
    let found = nodes.iter().filter(|node| node.key == key).filter_map(|node| match &node.value {
        NodeValue::Nodes { name, nodes } => Some((name.clone().unwrap_or_default(), nodes.as_slice())),
        _ => None,
    });
    found.collect()
}

/// Finds the group and the timeframe of a field such as `booked_month`.
fn group_of<'a>(nodes: &'a [Node], field: &str) -> Option<(&'a [Node], String)> {
    blocks(nodes, "dimension_group").into_iter().find_map(|(name, group)| {
        let frame = field.strip_prefix(&format!("{name}_"))?.to_owned();
        list(group, "timeframes").contains(&frame).then_some((group, frame))
    })
}

fn text_of(nodes: &[Node], key: &str) -> Option<String> {
    nodes.iter().find(|node| node.key == key).and_then(|node| match &node.value {
        NodeValue::Word(text) | NodeValue::Text(text) => Some(text.clone()),
        _ => None,
    })
}

fn block_of(nodes: &[Node], key: &str) -> Option<String> {
    nodes.iter().find(|node| node.key == key).and_then(|node| match &node.value {
        NodeValue::Block(text) => Some(text.clone()),
        _ => None,
    })
}

fn list(nodes: &[Node], key: &str) -> Vec<String> {
    let Some(NodeValue::List(items)) = nodes.iter().find(|node| node.key == key).map(|node| &node.value) else {
        return Vec::new();
    };
    items
        .iter()
        .map(|item| match item {
            Item::Word(word) | Item::Text(word) | Item::Pair(word, _) => word.clone(),
        })
        .collect()
}
