//! LookML that grows at random: every kind of value, nested and repeated, with blanks, comments and line ends anywhere.

/// A small generator of numbers; the same seed gives the same texts.
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits") % sides
    }

    fn any<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.roll(of.len())]
    }
}

/// What may stand between two parameters.
const BETWEEN: [&str; 9] = [
    " ",
    "\n",
    "\r\n",
    "\t",
    "\n\n    ",
    "\n# a comment\n",
    "\n  # } ] ;; \" { [ view: x {\n",
    " # größe: {{ x }}\r\n",
    "\n#\n",
];

/// Parameters of fields, each under a key of its own.
const PARAMETERS: [&str; 30] = [
    "label: \"Größe, \\\"x\\\" # no comment\"",
    "label: \"\"",
    "description: \"two\nlines; } { [ ]\"",
    "description: \"it's ;; over\"",
    "sql: ${TABLE}.a;;",
    "sql: CASE WHEN ${a.b} = ';' THEN '}' ELSE '{' END ;;",
    "sql:\n  /* \" ' ` */ a -- b\n  , ${ c }\n;;",
    "sql: {% if x._in_query %} ${y} {% else %} '# no' {% endif %} ;;",
    "html: <a href=\"{{ link }}\" style='x: y;'>{{ rendered_value }}</a> ;;",
    "hidden: yes",
    "hidden:no",
    "type: number",
    "type :string",
    "value_format: \"$#,##0.00;(0)\"",
    "value_format: \"[>=1000000]0.0,,\\\"M\\\";0\"",
    "tags: [\"a\", \"b, c\"]",
    "drill_fields: [a, b.c, set*, -d]",
    "drill_fields: [ALL_FIELDS*,-a.b ,]",
    "timeframes: [raw,date , week]",
    "filters: [a.b: \"-x,%\", c: \"\"]",
    "filters: { field: a.b value: \"7 days ago for 7 days\" }",
    "link: { label: \"L\" url: \"/x?y={{ value | url_encode }}#t\" icon_url: \"i\" }",
    "case: { when: { sql: ${x} > 1 ;; label: \"big\" } when: { sql: 1=1;; label: \"#1\" } else: \"small\" }",
    "allowed_value: { value: \"x\" label: \"X\" }",
    "suggestions: []",
    "primary_key:yes",
    "percentile: 90",
    "tiers: [0, 10.5, 100]",
    "sql_distinct_key: ${id};;",
    "alias: [old,older]",
];

/// Parameters of explores and joins.
const OF_EXPLORES: [&str; 12] = [
    "sql_always_where: ${a.b} IS NOT NULL;;",
    "sql_on: ${a.x} = ${b.y}\n  AND ${a.z} > ';' ;;",
    "relationship: many_to_one",
    "type: left_outer",
    "fields: [a.x, -b.y, ALL_FIELDS*, b.s*]",
    "always_filter: { filters: [a.x: \"1, 2\", y: \"-z\"] }",
    "access_filter: { field: a.b user_attribute: c }",
    "required_joins: [a, b]",
    "aggregate_table: t { query: { dimensions: [a, b.c] measures: [d] timezone: \"UTC\" } materialization: { datagroup_trigger: e } }",
    "view_label: \"🔍 Filters\"",
    "from: b",
    "sql: LEFT JOIN UNNEST(${a.b}) AS c WITH OFFSET ;;",
];

const TOP: [&str; 6] = [
    "include: \"/views/**/*.view\"",
    "include: \"//other/x.view.lkml\"",
    "connection: \"c\"",
    "datagroup: d { sql_trigger: SELECT MAX(x) FROM y ;; max_cache_age: \"1 hour\" }",
    "test: t { explore_source: e { column: c { field: a.b } limit: 1 } assert: a { expression: ${a.b} = 1 ;; } }",
    "access_grant: g { user_attribute: u allowed_values: [\"a\", \"b\"] }",
];

/// Grows a file.
pub(super) fn file(dice: &mut Dice) -> String {
    let mut text = String::from(dice.any(&["", "\u{20}", "# head\n", "\n\n"]));
    let mut once: Vec<&str> = Vec::new();
    for at in 0..=dice.roll(5) {
        match dice.roll(4) {
            0 => {
                let node = dice.any(&TOP);
                if !once.contains(&key(node)) || node.starts_with("include") {
                    once.push(key(node));
                    text += node;
                }
            }
            1 => {
                let head = format!("explore: {}e{at}", dice.any(&["", "+"]));
                text += &block(dice, &head, &OF_EXPLORES, Some(("join", &OF_EXPLORES)));
            }
            _ => {
                let kind = dice.any(&["dimension", "measure", "dimension_group", "filter", "parameter"]);
                let head = format!("view: {}v{at}", dice.any(&["", "+"]));
                text += &block(dice, &head, &["label: \"x\"", "extends: [b]"], Some((kind, &PARAMETERS)));
            }
        }
        text += dice.any(&BETWEEN);
    }
    text
}

/// Grows a block with parameters, each key once, and blocks inside.
fn block(dice: &mut Dice, head: &str, parameters: &[&str], inner: Option<(&str, &[&str])>) -> String {
    let mut text = format!("{head}{}{{", dice.any(&["", " ", "\n"]));
    let mut keys: Vec<&str> = Vec::new();
    for _ in 0..dice.roll(7) {
        text += dice.any(&BETWEEN);
        let node = dice.any(parameters);
        if !keys.contains(&key(node)) {
            keys.push(key(node));
            text += node;
        }
    }
    if let Some((kind, parameters)) = inner {
        for at in 0..dice.roll(5) {
            text += dice.any(&BETWEEN);
            text += &block(dice, &format!("{kind}: f{at}"), parameters, None);
        }
    }
    text + dice.any(&BETWEEN) + "}"
}

fn key(node: &str) -> &str {
    node.split(':').next().unwrap_or_default().trim()
}
