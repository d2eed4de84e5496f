//! Checked fields → metrics.

use super::{BalanceDef, FunnelDef, FunnelStepDef, InputDef, MetricDef};
use crate::syntax::{Text, keys::Fields};

impl MetricDef {
    pub(in crate::syntax) fn from_fields(mut fields: Fields) -> Self {
        let result = fields.text("result");
        let same = fields.names("same");
        let funnel = fields.list_if_there("funnel").map(|(steps, span)| FunnelDef {
            steps: steps.into_iter().map(FunnelStepDef::from_fields).collect(),
            result,
            same,
            span,
        });
        Self {
            name: fields.required_text("name"),
            docs: fields.docs(),
            model: fields.text("model"),
            agg: fields.text("agg"),
            expr: fields.expression("expr"),
            filter: fields.text("where"),
            time: fields.text("time"),
            inputs: fields.named("inputs").into_iter().map(InputDef::from_fields).collect(),
            metric: fields.text("metric"),
            window: fields.duration("window"),
            to_date: fields.text("to_date"),
            all_time: fields.boolean("all_time"),
            take: fields.text("take"),
            offset: fields.offset("offset"),
            when_empty: fields.text("when_empty"),
            discrete: fields.boolean("discrete"),
            approximate: fields.boolean("approximate"),
            balance: fields.word_or_mapping("balance").map(BalanceDef::from_word_or_fields),
            funnel,
            per: fields.texts("per"),
            include: fields.text("include"),
            ignore: fields.texts("ignore"),
            status: fields.text("status"),
            replaced_by: fields.text("replaced_by"),
            sunset: fields.text("sunset"),
            revision: fields.integer("revision").map(|revision| revision.map(|n| u32::try_from(n).unwrap_or(u32::MAX))),
            unit: fields.text("unit"),
            format: fields.text("format"),
            good: fields.text("good"),
            span: fields.span,
        }
    }
}

impl InputDef {
    fn from_fields((name, mut fields): (Text, Fields)) -> Self {
        Self {
            name,
            metric: fields.required_text("metric"),
            filter: fields.text("where"),
            offset: fields.offset("offset"),
            offset_to: fields.text("offset_to"),
            shift: fields.text("shift"),
            ignore: fields.texts("ignore"),
            window: fields.duration("window"),
            to_date: fields.text("to_date"),
            all_time: fields.boolean("all_time"),
            when_empty: fields.text("when_empty"),
            span: fields.span,
        }
    }
}

impl BalanceDef {
    fn from_word_or_fields(balance: Result<Text, Fields>) -> Self {
        match balance {
            Ok(take) => Self { span: take.span, take, per: Vec::new(), point: None },
            Err(mut fields) => Self {
                take: fields.required_text("take"),
                per: fields.texts("per"),
                point: fields.text("point"),
                span: fields.span,
            },
        }
    }
}

impl FunnelStepDef {
    fn from_fields(mut fields: Fields) -> Self {
        Self {
            metric: fields.required_text("metric"),
            by: fields.required_text("by"),
            within: fields.duration("within"),
            span: fields.span,
        }
    }
}
