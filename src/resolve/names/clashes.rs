//! Names that are well formed alone but cannot live beside each other.
//!
//! GraphQL shows `on_time` as `onTime`, so `a_1` and `a1` would be one field; below `by`, roles and models share one
//! name space with `time`; a path `customers.x` must not be both a dimension and a join.

use std::collections::BTreeMap;

use crate::{
    diagnostics::{Code, Diagnostic, Diagnostics},
    files::Span,
    ids::{Id, ModelId},
    project::DimensionKind,
    resolve::context::{Context, Target},
    time::Granularity,
};

/// Fields that stand beside the metrics in a row.
const RESERVED_METRICS: [&str; 5] = ["by", "isPartial", "isOther", "isTotal", "previous"];
/// Fields that stand beside the models and roles below `by`, and the connectives of a filter.
const RESERVED_ROLES: [&str; 6] = ["time", "hour", "timePart", "and", "or", "not"];
/// The connectives of a filter.
const RESERVED_DIMENSIONS: [&str; 3] = ["and", "or", "not"];
/// The words behind a time dimension's name, what they stand for, and the periods that it then has.
const FIELDS_OF_TIMES: [(&str, &str, Option<Granularity>); 4] = [
    ("Part", "are the parts", None),
    ("Hour", "are the hours", Some(Granularity::HOUR)),
    ("Minute", "are the minutes", Some(Granularity::MINUTE)),
    ("Second", "are the seconds", Some(Granularity::Second)),
];

/// Reports names that cannot live beside each other.
pub(in crate::resolve) fn check_clashes(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let metrics = context.metrics.iter().map(|def| ("metric", &def.name.value, def.name.span));
    report_equal_fields(metrics, diagnostics);
    for def in &context.metrics {
        report_reserved("metric", &def.name.value, def.name.span, &RESERVED_METRICS, diagnostics);
    }
    for def in &context.models {
        report_reserved("model", &def.name.value, def.name.span, &RESERVED_ROLES, diagnostics);
    }
    check_members(context, diagnostics);
    check_roles(context, diagnostics);
    check_tables(context, diagnostics);
}

/// Within a model, dimensions and roles share one name space.
fn check_members(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    for (model, def) in context.project.models.ids().zip(&context.models) {
        let members = &context.project.models[model];
        let dimensions = members.dimensions.iter().map(|id| {
            let name = &context.dimensions[id.index()].name;
            ("dimension", &name.value, name.span)
        });
        let roles = members.joins.iter().map(|id| {
            let join = context.joins[id.index()].0;
            let role = join.role.as_ref().unwrap_or(&join.to);
            ("role", &role.value, role.span)
        });
        report_equal_fields(dimensions.chain(roles), diagnostics);
        for id in &members.dimensions {
            let name = &context.dimensions[id.index()].name;
            report_reserved("dimension", &name.value, name.span, &RESERVED_DIMENSIONS, diagnostics);
        }
        for id in &members.joins {
            let join = context.joins[id.index()].0;
            let role = join.role.as_ref().unwrap_or(&join.to);
            if join.role.is_some() {
                report_reserved("role", &role.value, role.span, &RESERVED_ROLES, diagnostics);
            }
            if role.value == def.name.value {
                let message = format!("model `{}` joins to itself under its own name", def.name.value);
                diagnostics.push(clash(role.span, message, "Give the join a role, such as `as: parent`."));
            }
        }
    }
}

/// Reports dimensions and roles that are called like a field that the API has for a time dimension beside them: the parts of
/// `booked_at` are `bookedAtPart`, its hours `bookedAtHour`. How fine a time is has to be known.
pub(in crate::resolve) fn check_fields_of_times(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let project = &context.project;
    for model in project.models.values() {
        let dimensions = model.dimensions.iter().map(|id| ("dimension", &context.dimensions[id.index()].name));
        let roles = model.joins.iter().filter_map(|id| context.joins.get(id.index())).map(|(join, ..)| {
            let role = join.role.as_ref().unwrap_or(&join.to);
            ("role", role)
        });
        let members: Vec<_> = dimensions.chain(roles).collect();
        for id in &model.dimensions {
            let DimensionKind::Time { finest } = project.dimensions[*id].kind else { continue };
            let time = &context.dimensions[id.index()].name;
            for (word, what, granularity) in FIELDS_OF_TIMES {
                let field = format!("{}{word}", camel_case(&time.value));
                let is_there = granularity.is_none_or(|granularity| finest.nests_in(granularity));
                for (kind, name) in members.iter().filter(|(_, name)| is_there && camel_case(&name.value) == field) {
                    let message =
                        format!("{kind} `{}` is `{field}` in the API, as {what} of `{}`", name.value, time.value);
                    diagnostics.push(
                        clash(name.span, message, "Rename one of the two; `label` may still show this name.")
                            .also(time.span, "the time dimension"),
                    );
                }
            }
        }
    }
}

/// One role leads to one model wherever it is used, and is no other model's name.
fn check_roles(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let mut first: BTreeMap<&str, (ModelId, Span)> = BTreeMap::new();
    for (id, join) in context.project.joins.iter() {
        let def = context.joins[id.index()].0;
        let Some(role) = def.role.as_ref().filter(|_| context.target(id) == Target::Known) else { continue };
        if let Some(model) = context.project.model_named(&role.value)
            && model != join.to
            && model != join.from
        {
            let message = format!(
                "role `{}` leads to model `{}`, but is the name of another model",
                role.value, context.project.models[join.to].name
            );
            let other = context.models[model.index()].name.span;
            diagnostics.push(clash(role.span, message, "Rename the role.").also(other, "the other model"));
            continue;
        }
        match first.get(role.value.as_str()) {
            Some((model, span)) if *model != join.to => {
                let message = format!(
                    "role `{}` leads to model `{}` here and to model `{}` elsewhere",
                    role.value, context.project.models[join.to].name, context.project.models[*model].name
                );
                diagnostics
                    .push(clash(role.span, message, "Rename one of the two roles.").also(*span, "the other role"));
            }
            Some(_) => {}
            None => {
                first.insert(&role.value, (join.to, role.span));
            }
        }
    }
}

/// Names of tables are compared without regard to case.
fn check_tables(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let mut first: BTreeMap<String, (&str, Span)> = BTreeMap::new();
    for def in &context.definitions.tables {
        match first.get(&def.name.value.to_lowercase()) {
            Some((name, span)) => {
                let code = if *name == def.name.value { Code::DuplicateName } else { Code::NameClash };
                let message = format!("table `{}` is declared twice", def.name.value);
                diagnostics.push(
                    Diagnostic::new(code, def.name.span, message)
                        .label("declared again")
                        .also(*span, "declared first")
                        .help("Keep one of the two."),
                );
            }
            None => {
                first.insert(def.name.value.to_lowercase(), (&def.name.value, def.name.span));
            }
        }
    }
}

fn report_equal_fields<'a>(
    names: impl Iterator<Item = (&'static str, &'a String, Span)>,
    diagnostics: &mut Diagnostics,
) {
    let mut first: BTreeMap<String, (&str, &String, Span)> = BTreeMap::new();
    for (kind, name, span) in names {
        let field = camel_case(name);
        match first.get(&field) {
            Some((other_kind, other, at)) => {
                let message = format!("{kind} `{name}` and {other_kind} `{other}` are both `{field}` in the API");
                diagnostics.push(clash(span, message, "Rename one of the two.").also(*at, "the other name"));
            }
            None => {
                first.insert(field, (kind, name, span));
            }
        }
    }
}

fn report_reserved(kind: &str, name: &str, span: Span, reserved: &[&str], diagnostics: &mut Diagnostics) {
    let field = camel_case(name);
    if reserved.contains(&field.as_str()) {
        let message = format!("{kind} `{name}` is `{field}` in the API, which has a meaning of its own there");
        diagnostics.push(clash(span, message, "Choose another name; `label` may still show this one."));
    }
}

fn clash(span: Span, message: String, help: &str) -> Diagnostic {
    Diagnostic::new(Code::NameClash, span, message).help(help)
}

/// Returns a name as the API shows it: `on_time_rate` → `onTimeRate`.
pub(in crate::resolve) fn camel_case(name: &str) -> String {
    let mut words = name.split('_');
    let mut field = words.next().unwrap_or_default().to_owned();
    for word in words {
        let mut letters = word.chars();
        field.extend(letters.next().map(|letter| letter.to_ascii_uppercase()));
        field.push_str(letters.as_str());
    }
    field
}
