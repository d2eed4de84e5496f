//! What is selected below `rows` and `totals`: the columns that it needs, and how it is written.

use std::collections::BTreeMap;

use super::{
    Context,
    arguments::{granularity, integer, offset, part},
    columns::Columns,
};
use crate::{
    graphql::{
        GraphqlError,
        collect::Selected,
        response::{Form, Piece, Shape, json},
        types::{ClockUnit, Member, scalar_type},
    },
    ids::ModelId,
    plan::{KeyKind, Past, PlanErrorCode},
    project::{DimensionKind, Size},
    time::Granularity,
};

/// Reads a selection.
pub(super) struct Selection<'a> {
    pub(super) ctx: &'a Context<'a>,
    pub(super) columns: &'a mut Columns,
    /// The column that stands at each response path, such as `by.time`.
    pub(super) paths: &'a mut BTreeMap<String, String>,
}

impl Selection<'_> {
    /// Reads what is selected of a row.
    pub(super) fn row(&mut self, selected: &[Selected]) -> Result<Shape, GraphqlError> {
        let mut shape = Shape::default();
        self.metrics("Row", selected, &[], "", &mut shape)?;
        Ok(shape)
    }

    /// Reads what is selected of totals.
    pub(super) fn totals(&mut self, selected: &[Selected]) -> Result<Shape, GraphqlError> {
        let mut shape = Shape::default();
        self.metrics("Metrics", selected, &[], "", &mut shape)?;
        Ok(shape)
    }

    fn metrics(
        &mut self,
        type_name: &str,
        selected: &[Selected],
        previous: &[Past],
        place: &str,
        shape: &mut Shape,
    ) -> Result<(), GraphqlError> {
        open(shape);
        for (index, field) in selected.iter().enumerate() {
            begin(shape, index, field);
            let here = below(place, &field.key);
            match field.name.as_str() {
                "__typename" => shape.text(|out| json::string(out, type_name)),
                "by" => self.keys(&field.below, &here, shape)?,
                "isPartial" => shape.pieces.push(Piece::IsPartial),
                "isOther" => shape.pieces.push(Piece::IsOther),
                "previous" => {
                    let further = offset(self.ctx.project, field.argument("offset"))?;
                    let previous: Vec<Past> = previous.iter().cloned().chain([further]).collect();
                    self.metrics("Metrics", &field.below, &previous, &here, shape)?;
                }
                name => {
                    let id = self.ctx.vocabulary.metrics.get(name).ok_or_else(|| {
                        GraphqlError::plan(PlanErrorCode::UnknownMetric, format!("there is no metric `{name}`"))
                    })?;
                    let metric = &self.ctx.project.metrics[*id];
                    let column = self.columns.metric(&metric.name, previous);
                    self.paths.insert(here, column.clone());
                    shape.pieces.push(Piece::Column(column, Form::of(scalar_type(metric.value_type))));
                }
            }
        }
        close(shape);
        Ok(())
    }

    fn keys(&mut self, selected: &[Selected], place: &str, shape: &mut Shape) -> Result<(), GraphqlError> {
        open(shape);
        for (index, field) in selected.iter().enumerate() {
            begin(shape, index, field);
            let here = below(place, &field.key);
            match field.name.as_str() {
                "__typename" => shape.text(|out| json::string(out, "Keys")),
                "time" => {
                    let granularity = granularity(self.ctx.project, field.argument("granularity"))?;
                    self.key(KeyKind::Time(granularity), Form::Date, here, shape);
                }
                "hour" | "minute" | "second" => {
                    let unit = match field.name.as_str() {
                        "hour" => ClockUnit::Hour,
                        "minute" => ClockUnit::Minute,
                        _ => ClockUnit::Second,
                    };
                    let size = within_a_day(unit, field)?;
                    self.key(KeyKind::Time(size), Form::DateTime, here, shape);
                }
                "timePart" => {
                    let part = part(field.argument("part"))?;
                    self.key(KeyKind::TimePart(part), Form::Number, here, shape);
                }
                name => {
                    let (word, model) = self.ctx.vocabulary.roots.get(name).ok_or_else(|| unknown(name))?;
                    self.model(*model, std::slice::from_ref(word), &field.below, &here, shape)?;
                }
            }
        }
        close(shape);
        Ok(())
    }

    fn model(
        &mut self,
        model: ModelId,
        words: &[String],
        selected: &[Selected],
        place: &str,
        shape: &mut Shape,
    ) -> Result<(), GraphqlError> {
        open(shape);
        for (index, field) in selected.iter().enumerate() {
            begin(shape, index, field);
            let here = below(place, &field.key);
            if field.name == "__typename" {
                let name = crate::graphql::names::type_name(&self.ctx.project.models[model].name);
                shape.text(|out| json::string(out, &format!("{name}Keys")));
                continue;
            }
            let Some(member) = self.ctx.vocabulary.members(model).get(&field.name) else {
                return Err(unknown(&field.name).at(field.position));
            };
            let path = |word: &str| words.iter().cloned().chain([word.to_owned()]).collect::<Vec<_>>();
            let (id, granularity, part) = match member {
                Member::Role(role, to) => {
                    self.model(*to, &path(role), &field.below, &here, shape)?;
                    continue;
                }
                Member::Within(id, unit) => (*id, Some(within_a_day(*unit, field)?), None),
                Member::Part(id) => (*id, None, Some(part(field.argument("part"))?)),
                Member::Dimension(id) => match self.ctx.project.dimensions[*id].kind {
                    DimensionKind::Time { .. } => {
                        (*id, Some(granularity(self.ctx.project, field.argument("granularity"))?), None)
                    }
                    DimensionKind::String | DimensionKind::Number | DimensionKind::Boolean { .. } => (*id, None, None),
                },
            };
            let dimension = &self.ctx.project.dimensions[id];
            let form = match (granularity, part) {
                (Some(size), _) if size.is_within_a_day() => Form::DateTime,
                (Some(_), _) => Form::Date,
                (None, Some(_)) => Form::Number,
                (None, None) => Form::of(scalar_type(dimension.column_type)),
            };
            let kind = KeyKind::Dimension { path: path(&dimension.name), granularity, part };
            self.key(kind, form, here, shape);
        }
        close(shape);
        Ok(())
    }

    fn key(&mut self, kind: KeyKind, form: Form, place: String, shape: &mut Shape) {
        let column = self.columns.key(self.ctx.project, kind);
        self.paths.insert(place, column.clone());
        shape.pieces.push(Piece::Column(column, form));
    }
}

/// Reads how many hours or minutes one period of a key has.
fn within_a_day(unit: ClockUnit, field: &Selected) -> Result<Size, GraphqlError> {
    let every = field.argument("every").map_or(Ok(1), integer)?;
    let (found, help) = match unit {
        ClockUnit::Second => (Some(Granularity::Second), ""),
        ClockUnit::Minute => {
            (Granularity::minutes(every), "Write 1, 2, 3, 4, 5, 6, 10, 12, 15, 20 or 30, or group by `hour`.")
        }
        ClockUnit::Hour => (Granularity::hours(every), "Write 1, 2, 3, 4, 6, 8 or 12, or group by `time`."),
    };
    found.map(Size::from).ok_or_else(|| {
        let (name, whole) = if unit == ClockUnit::Hour { ("hours", "a day") } else { ("minutes", "an hour") };
        GraphqlError::input(format!("periods of {every} {name} do not make up {whole}")).help(help).at(field.position)
    })
}

fn unknown(name: &str) -> GraphqlError {
    GraphqlError::plan(PlanErrorCode::UnknownField, format!("there is no key `{name}`"))
}

fn below(place: &str, key: &str) -> String {
    if place.is_empty() { key.to_owned() } else { format!("{place}.{key}") }
}

fn open(shape: &mut Shape) {
    shape.text(|out| out.push(b'{'));
}

fn close(shape: &mut Shape) {
    shape.text(|out| out.push(b'}'));
}

fn begin(shape: &mut Shape, index: usize, field: &Selected) {
    shape.text(|out| {
        if index > 0 {
            out.push(b',');
        }
        json::key(out, &field.key);
    });
}
