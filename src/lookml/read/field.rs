//! Reads dimensions, dimension groups and measures.

use super::super::tree::{
    Action, Comparison, Datatype, Dimension, DimensionGroup, DimensionType, FieldDocs, Filter, Link, Measure,
    MeasureType, PeriodKind, Suggest, Timeframe, When,
};
use super::reader::Reader;

fn docs(reader: &mut Reader<'_>) -> Result<FieldDocs, String> {
    Ok(FieldDocs {
        label: reader.text("label")?,
        view_label: reader.text("view_label")?,
        group_label: reader.text("group_label")?,
        description: reader.text("description")?,
        hidden: reader.flag("hidden")?.unwrap_or(false),
        tags: reader.quoted("tags")?,
        drill_fields: reader.words("drill_fields")?,
        value_format_name: reader.word("value_format_name")?,
        value_format: reader.text("value_format")?,
        html: reader.block("html")?,
        links: reader.named("link", |_, mut reader| {
            let link = Link { label: reader.required_text("label")?, url: reader.required_text("url")? };
            reader.finish(link)
        })?,
        actions: reader.named("action", action)?,
        aliases: reader.words("alias")?,
        synonyms: reader.quoted("synonyms")?,
        required_access_grants: reader.words("required_access_grants")?,
    })
}

fn action(_: String, mut reader: Reader<'_>) -> Result<Action, String> {
    let action = Action {
        label: reader.required_text("label")?,
        url: reader.required_text("url")?,
        icon_url: reader.text("icon_url")?,
        parameters: reader.named("param", |_, mut reader| {
            let parameter = Filter { field: reader.required_text("name")?, value: reader.required_text("value")? };
            reader.finish(parameter)
        })?,
    };
    reader.finish(action)
}

pub(super) fn dimension(name: String, mut reader: Reader<'_>) -> Result<Dimension, String> {
    let case = reader.only("case", |_, mut reader| {
        let branches = reader.named("when", |_, mut reader| {
            let when = When { sql: reader.required_block("sql")?, label: reader.required_text("label")? };
            reader.finish(when)
        })?;
        reader.finish(branches)
    })?;
    let suggest = match reader.word("suggest_explore")? {
        None => None,
        Some(explore) => Some(Suggest { explore, dimension: reader.required_word("suggest_dimension")? }),
    };
    let dimension = Dimension {
        name,
        docs: docs(&mut reader)?,
        primary_key: reader.flag("primary_key")?.unwrap_or(false),
        kind: reader.required_keyword("type", DimensionType::from_word)?,
        datatype: reader.keyword("datatype", Datatype::from_word)?,
        convert_tz: reader.flag("convert_tz")?,
        sql: reader.block("sql")?,
        case: case.unwrap_or_default(),
        suggestions: reader.quoted("suggestions")?,
        not_suggestable: reader.flag("suggestable")? == Some(false),
        suggest,
        order_by_field: reader.word("order_by_field")?,
    };
    reader.finish(dimension)
}

pub(super) fn dimension_group(name: String, mut reader: Reader<'_>) -> Result<DimensionGroup, String> {
    if reader.required_word("type")? != "time" {
        return Err(format!("dimension group `{name}` should be of `type: time`"));
    }
    let timeframes = reader.words("timeframes")?;
    let timeframes: Option<Vec<_>> = timeframes.iter().map(|word| Timeframe::from_word(word)).collect();
    let group = DimensionGroup {
        docs: docs(&mut reader)?,
        timeframes: timeframes.ok_or_else(|| format!("dimension group `{name}` has an unknown timeframe"))?,
        datatype: reader.required_keyword("datatype", Datatype::from_word)?,
        convert_tz: reader
            .flag("convert_tz")?
            .ok_or_else(|| format!("dimension group `{name}` has no `convert_tz`"))?,
        sql: reader.required_block("sql")?,
        name,
    };
    reader.finish(group)
}

pub(super) fn measure(name: String, mut reader: Reader<'_>) -> Result<Measure, String> {
    let comparison = match reader.word("based_on")? {
        None => None,
        Some(based_on) => Some(Comparison {
            based_on,
            based_on_time: reader.required_word("based_on_time")?,
            period: reader.required_word("period")?,
            kind: reader.required_keyword("kind", PeriodKind::from_word)?,
        }),
    };
    let measure = Measure {
        name,
        docs: docs(&mut reader)?,
        kind: reader.required_keyword("type", MeasureType::from_word)?,
        sql: reader.block("sql")?,
        filters: reader.pairs("filters")?,
        approximate: reader.flag("approximate")?.unwrap_or(false),
        not_filterable: reader.flag("can_filter")? == Some(false),
        datatype: reader.keyword("datatype", Datatype::from_word)?,
        convert_tz: reader.flag("convert_tz")?,
        comparison,
    };
    reader.finish(measure)
}
