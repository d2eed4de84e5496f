//! Rules of what stands at the outermost level of a model: its connection, datagroups, access grants, formats.

use super::{
    super::layers::{At, Word},
    Checker,
};
use crate::diagnostics::{Code, Diagnostic};

impl Checker<'_, '_> {
    pub(super) fn settings(&mut self) {
        let model = self.model;
        if let Some(at) = model.setting("persist_with") {
            let known: Vec<&str> = model.declared("datagroup").collect();
            if let Some(name) = at.value().filter(|name| !known.contains(&name.text())) {
                self.unknown(Code::LookmlUnknownDatagroup, "datagroup", name, known);
            }
            if let Some(other) = model.setting("persist_for") {
                let message = "the model has both `persist_for` and `persist_with`";
                let diagnostic = Diagnostic::new(Code::LookmlIgnoredParameter, at.key_span(), message)
                    .also(other.key_span(), "the other one")
                    .help("Keep one of the two: Looker takes either, and does not say which of both it follows.");
                self.found.push(diagnostic);
            }
        }
        for grant in model.all("access_grant") {
            self.needs(grant, "access_grant", &["user_attribute", "allowed_values"]);
        }
        for format in model.all("named_value_format") {
            self.needs(format, "named_value_format", &["value_format"]);
        }
        for layer in model.all("map_layer") {
            let file = layer.child("file").is_some() || layer.child("url").is_some();
            if !file {
                self.needs(layer, "map_layer", &["file"]);
            }
        }
        for datagroup in model.all("datagroup") {
            let triggers = ["sql_trigger", "interval_trigger", "max_cache_age"];
            if triggers.iter().all(|key| datagroup.child(key).is_none()) {
                self.needs(datagroup, "datagroup", &["sql_trigger"]);
            }
            if let (Some(sql), Some(interval)) = (datagroup.child("sql_trigger"), datagroup.child("interval_trigger")) {
                let message = "a datagroup has both `sql_trigger` and `interval_trigger`";
                let diagnostic = Diagnostic::new(Code::LookmlConflictingParameters, interval.key_span(), message)
                    .also(sql.key_span(), "the other one")
                    .help("Keep one of the two.");
                self.found.push(diagnostic);
            }
        }
        self.no_table_circle();
    }

    fn needs(&mut self, at: At<'_>, what: &str, keys: &[&str]) {
        let name: Word<'_> = at.name();
        for wanted in keys.iter().filter(|wanted| at.child(wanted).is_none()) {
            let message = format!("{what} `{}` has no `{wanted}`", name.text());
            self.say(Code::LookmlMissingParameter, name, message, format!("Add `{wanted}:`."));
        }
    }
}
