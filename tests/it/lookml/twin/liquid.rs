//! Liquid as far as Looker's SQL has it: `if`, `unless`, `condition`, `date_start`, `date_end`, `parameter`, `{{ … }}`.

use super::{Looker, refuse};

/// A value in an expression.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Text(String),
    Number(f64),
    Bool(bool),
    Nil,
}

impl Value {
    fn is_true(&self) -> bool {
        !matches!(self, Self::Bool(false) | Self::Nil)
    }

    fn show(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Number(number) => number.to_string(),
            Self::Bool(value) => value.to_string(),
            Self::Nil => String::new(),
        }
    }
}

/// What a template can ask of the query.
pub(super) trait Asked {
    /// The value of a variable: `orders.revenue._in_query`, `_user_attributes['region']`.
    fn variable(&self, path: &str) -> Looker<Value>;
    /// The condition that the filter on a field puts on SQL.
    fn condition(&self, field: &str, sql: &str) -> Looker<String>;
    /// The start or the end of the filter on a field.
    fn edge(&self, field: &str, is_end: bool) -> Looker<String>;
    /// The value of a parameter as SQL.
    fn parameter(&self, field: &str) -> Looker<String>;
}

#[derive(Debug)]
enum Node<'t> {
    Text(&'t str),
    Output(&'t str),
    Tag(&'t str, &'t str),
    If(Vec<(Option<&'t str>, Vec<Node<'t>>)>),
    Condition(&'t str, Vec<Node<'t>>),
}

/// Fills in a template.
pub(super) fn render(template: &str, asked: &dyn Asked) -> Looker<String> {
    if !template.contains("{%") && !template.contains("{{") {
        return Ok(template.to_owned());
    }
    let mut rest = template;
    let (nodes, stop) = parse(&mut rest)?;
    if let Some((word, _)) = stop {
        return refuse(format!("`{word}` in Liquid ends nothing"));
    }
    write(&nodes, asked)
}

/// Nodes, and the tag that ends them: its word and the rest of it.
type Parsed<'t> = (Vec<Node<'t>>, Option<(&'t str, &'t str)>);

/// Reads up to a tag that ends something, and returns that.
fn parse<'t>(rest: &mut &'t str) -> Looker<Parsed<'t>> {
    let mut nodes = Vec::new();
    loop {
        let Some(at) = rest.find("{%").into_iter().chain(rest.find("{{")).min() else {
            nodes.push(Node::Text(rest));
            *rest = "";
            return Ok((nodes, None));
        };
        nodes.push(Node::Text(&rest[..at]));
        let is_tag = rest[at..].starts_with("{%");
        let close = if is_tag { "%}" } else { "}}" };
        let Some(length) = rest[at..].find(close) else { return refuse("Liquid is not closed") };
        let inner = rest[at + 2..at + length].trim_matches('-').trim();
        *rest = &rest[at + length + 2..];
        if !is_tag {
            nodes.push(Node::Output(inner));
            continue;
        }
        let (word, what) = inner.split_once(char::is_whitespace).unwrap_or((inner, ""));
        match word {
            "if" | "unless" => nodes.push(branches(word, what.trim(), rest)?),
            "condition" => {
                let (inside, stop) = parse(rest)?;
                if stop.is_none_or(|(word, _)| word != "endcondition") {
                    return refuse("`condition` has no end");
                }
                nodes.push(Node::Condition(what.trim(), inside));
            }
            "elsif" | "else" | "endif" | "endunless" | "endcondition" => return Ok((nodes, Some((word, what.trim())))),
            _ => nodes.push(Node::Tag(word, what.trim())),
        }
    }
}

fn branches<'t>(word: &'t str, what: &'t str, rest: &mut &'t str) -> Looker<Node<'t>> {
    let mut branches = Vec::new();
    let mut condition = Some(what);
    loop {
        let (inside, stop) = parse(rest)?;
        branches.push((condition, inside));
        match stop {
            Some(("elsif", what)) => condition = Some(what),
            Some(("else", _)) => condition = None,
            Some(("endif", _)) if word == "if" => return Ok(Node::If(branches)),
            Some(("endunless", _)) if word == "unless" => {
                // The branches of `unless` change places.
                let otherwise = if branches.len() > 1 { branches.pop().map(|(_, inside)| inside) } else { None };
                let first = branches.pop().map(|(_, inside)| inside).unwrap_or_default();
                let branches = vec![(Some(what), otherwise.unwrap_or_default()), (None, first)];
                return Ok(Node::If(branches));
            }
            _ => return refuse(format!("`{word}` in Liquid has no end")),
        }
    }
}

fn write(nodes: &[Node<'_>], asked: &dyn Asked) -> Looker<String> {
    let mut text = String::new();
    for node in nodes {
        match node {
            Node::Text(plain) => text.push_str(plain),
            Node::Output(expression) => text.push_str(&output(expression, asked)?),
            Node::Tag("date_start", field) => text.push_str(&asked.edge(field, false)?),
            Node::Tag("date_end", field) => text.push_str(&asked.edge(field, true)?),
            Node::Tag("parameter", field) => text.push_str(&asked.parameter(field)?),
            Node::Tag(word, _) => return refuse(format!("`{word}` in Liquid is not known here")),
            Node::Condition(field, inside) => {
                let sql = write(inside, asked)?;
                text.push_str(&asked.condition(field, sql.trim())?);
            }
            Node::If(branches) => {
                for (condition, inside) in branches {
                    let holds = condition.map_or(Ok(true), |condition| holds(condition, asked))?;
                    if holds {
                        text.push_str(&write(inside, asked)?);
                        break;
                    }
                }
            }
        }
    }
    Ok(text)
}

/// `{{ a | filter: x, y | … }}`. What is split into a list stands with a separator of its own until it is joined.
fn output(expression: &str, asked: &dyn Asked) -> Looker<String> {
    let mut parts = expression.split('|').map(str::trim);
    let mut text = operand(parts.next().unwrap_or_default(), asked)?.show();
    for filter in parts {
        let (name, words) = filter.split_once(':').map_or((filter, Vec::new()), |(name, words)| (name, quoted(words)));
        text = match (name, words.as_slice()) {
            ("sql_quote", []) => format!("'{}'", text.replace('\'', "''")),
            ("upcase", []) => text.to_uppercase(),
            ("downcase", []) => text.to_lowercase(),
            ("replace", [from, to]) => text.replace(from, to),
            ("split", [at]) => text.replace(at, BETWEEN),
            ("join", [with]) => text.replace(BETWEEN, with),
            _ => return refuse(format!("the Liquid filter `{filter}` is not known here")),
        };
    }
    Ok(text)
}

/// What stands between the items of a list.
const BETWEEN: &str = "\u{1f}";

/// The texts in quotes of the arguments of a filter.
fn quoted(words: &str) -> Vec<&str> {
    let mut texts = Vec::new();
    let mut rest = words;
    while let Some(from) = rest.find(['\'', '"']) {
        let mark = &rest[from..=from];
        let Some(length) = rest[from + 1..].find(mark) else { break };
        texts.push(&rest[from + 1..from + 1 + length]);
        rest = &rest[from + length + 2..];
    }
    texts
}

/// Conditions are evaluated from the right, as in Liquid: there are no parentheses.
fn holds(condition: &str, asked: &dyn Asked) -> Looker<bool> {
    let at = |word: &str| condition.find(word).unwrap_or(usize::MAX);
    let (and, or) = (at(" and "), at(" or "));
    if and != usize::MAX || or != usize::MAX {
        let (at, length) = if and < or { (and, " and ".len()) } else { (or, " or ".len()) };
        let (left, right) = (holds(&condition[..at], asked)?, holds(&condition[at + length..], asked)?);
        return Ok(if and < or { left && right } else { left || right });
    }
    for sign in ["==", "!=", ">=", "<=", ">", "<", " contains "] {
        if let Some((left, right)) = condition.split_once(sign) {
            let (left, right) = (operand(left, asked)?, operand(right, asked)?);
            let order = match (&left, &right) {
                (Value::Number(left), Value::Number(right)) => left.partial_cmp(right),
                (left, right) => Some(left.show().cmp(&right.show())),
            };
            return Ok(match sign {
                "==" => left == right,
                "!=" => left != right,
                ">=" => order.is_some_and(std::cmp::Ordering::is_ge),
                "<=" => order.is_some_and(std::cmp::Ordering::is_le),
                ">" => order.is_some_and(std::cmp::Ordering::is_gt),
                "<" => order.is_some_and(std::cmp::Ordering::is_lt),
                _ => left.show().contains(&right.show()),
            });
        }
    }
    Ok(operand(condition, asked)?.is_true())
}

fn operand(text: &str, asked: &dyn Asked) -> Looker<Value> {
    let text = text.trim();
    for mark in ['\'', '"'] {
        if let Some(inner) = text.strip_prefix(mark).and_then(|text| text.strip_suffix(mark)) {
            return Ok(Value::Text(inner.to_owned()));
        }
    }
    if let Ok(number) = text.parse() {
        return Ok(Value::Number(number));
    }
    match text {
        "true" => Ok(Value::Bool(true)),
        "false" => Ok(Value::Bool(false)),
        "nil" | "null" => Ok(Value::Nil),
        "blank" | "empty" | "" => Ok(Value::Text(String::new())),
        path => asked.variable(path),
    }
}

#[cfg(test)]
mod tests {
    use super::{Asked, Looker, Value, refuse, render};

    struct Fixed;

    impl Asked for Fixed {
        fn variable(&self, path: &str) -> Looker<Value> {
            match path {
                "a.b._in_query" => Ok(Value::Bool(true)),
                "a.c._in_query" => Ok(Value::Bool(false)),
                "_user_attributes['region']" => Ok(Value::Text("N".to_owned())),
                "_user_attributes['several']" => Ok(Value::Text("N, S".to_owned())),
                "_user_attributes['none']" => Ok(Value::Nil),
                other => refuse(other),
            }
        }

        fn condition(&self, field: &str, sql: &str) -> Looker<String> {
            Ok(format!("<{field}:{sql}>"))
        }

        fn edge(&self, field: &str, is_end: bool) -> Looker<String> {
            Ok(format!("<{field}:{is_end}>"))
        }

        fn parameter(&self, field: &str) -> Looker<String> {
            Ok(format!("<{field}>"))
        }
    }

    #[test]
    fn templates_are_filled_in() {
        for (template, text) in [
            ("x", "x"),
            ("{% if a.b._in_query %}1{% else %}2{% endif %}", "1"),
            ("{% if a.c._in_query %}1{% elsif a.b._in_query %}2{% else %}3{% endif %}", "2"),
            ("{% unless a.c._in_query %}1{% endunless %}", "1"),
            ("{% if a.c._in_query or a.b._in_query %}{% if 1 > 2 %}1{% else %}2{% endif %}{% endif %}", "2"),
            ("{% if _user_attributes['region'] == 'N' and 1 <= 1 %}y{% endif %}", "y"),
            ("{{ _user_attributes['region'] | downcase | sql_quote }}", "'n'"),
            (
                "{% condition a.f %} x + 1 {% endcondition %} AND {% date_start a.d %}{% date_end a.d %}",
                "<a.f:x + 1> AND <a.d:false><a.d:true>",
            ),
            ("{%- parameter a.p -%}", "<a.p>"),
            ("'{{ _user_attributes['several'] | replace: ', ', ',' | split: ',' | join: \"','\" }}'", "'N','S'"),
            ("{% if _user_attributes['none'] == nil or _user_attributes['none'] contains \"'\" %}n{% endif %}", "n"),
        ] {
            assert_eq!(render(template, &Fixed).as_deref(), Ok(text), "{template}");
        }
        for broken in
            ["{% if x %}", "{% endif %}", "{% if a.b._in_query %}", "{{ a", "{% condition x %}", "{% cycle %}"]
        {
            assert!(render(broken, &Fixed).is_err(), "{broken}");
        }
    }
}
