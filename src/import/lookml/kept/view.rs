//! Views → what the generated ones lack of them, or all that they say.

use super::{Kept, Needed, file};
use crate::{
    import::{
        ImportedFile,
        lookml::{
            docs,
            entry::is_made,
            measure::is_helper,
            report::{Ledger, Outcome},
            source::{parameters, place, words},
        },
    },
    lookml::check::{
        layers::At,
        view::{Field, FieldKind, View},
    },
};

/// Parameters of a view that its model says, or that flattening takes in.
const VIEW: [&str; 8] =
    ["label", "sql_table_name", "derived_table", "extends", "extension", "final", "set", "fields_hidden_by_default"];

impl<'a> Kept<'_, '_, 'a> {
    /// Writes what a generated view lacks.
    pub(super) fn refinement(
        &self,
        view: &View<'a>,
        made: &View<'_>,
        needed: &Needed,
        ledger: &mut Ledger,
    ) -> Option<ImportedFile> {
        let mut items = String::new();
        for at in parameters(&view.layers) {
            let key = at.node.key.text;
            if FieldKind::of(key).is_none() && !VIEW.contains(&key) && !self.fields.lookml.is_generated(at.file) {
                ledger.mark(at, Outcome::Verbatim, "only Looker knows it");
                items.push_str(&self.node(view.name, at, 2));
            }
        }
        for field in &view.fields {
            items.push_str(&self.field(view, field, (made, needed), ledger));
        }
        items.push_str(&self.sets(view, ledger));
        if items.is_empty() {
            return None;
        }
        let text = format!(
            "include: \"/views/generated/{0}.view.lkml\"\n\nview: +{0} {{\n{1}\n}}\n",
            view.name,
            items.trim_end()
        );
        Some(file(&format!("views/refined/{}.view.lkml", view.name), text))
    }

    fn sets(&self, view: &View<'a>, ledger: &mut Ledger) -> String {
        let mut text = String::new();
        for (_, at) in view.sets() {
            if self.fields.lookml.is_generated(at.file) {
                ledger.mark(at, Outcome::Native, "entente writes it anew");
                continue;
            }
            ledger.mark(at, Outcome::Verbatim, "");
            text.push_str(&self.node(view.name, at, 2));
        }
        text
    }

    /// Writes a field that is not emitted, or the parameters that are not.
    fn field(
        &self,
        view: &View<'a>,
        field: &Field<'a>,
        (made, needed): (&View<'_>, &Needed),
        ledger: &mut Ledger,
    ) -> String {
        let name = self.name(view.name, field);
        let is_group = field.kind == FieldKind::Group;
        let twin = made.fields.iter().find(|other| other.name == name && (other.kind == FieldKind::Group) == is_group);
        let is_native = match field.kind {
            FieldKind::Measure => self.measures.metric(view.name, field).is_ok(),
            _ => self.fields.dimension(view.name, field).is_ok(),
        };
        if self.is_for_others(field) {
            if !needed.fields.contains(&(view.name.to_owned(), field.name.to_owned())) {
                return String::new();
            }
            ledger.mark(place(field), Outcome::Verbatim, "what stays LookML is made of it");
            return self.block(view.name, field, &name, &parameters(&field.layers), true);
        }
        let Some(twin) = twin else {
            if is_native {
                let why = "its definition gives no LookML of its own, so its LookML is kept beside it";
                ledger.mark(place(field), Outcome::Native, why);
            }
            let text = self.block(view.name, field, &name, &parameters(&field.layers), is_native);
            // What the view said of all its fields, each says itself.
            let hides = self.fields.lookml.hides(view.name, field) && !field.layers.has("hidden");
            return if hides { text.replacen("{\n", "{\n    hidden: yes\n", 1) } else { text };
        };
        if !is_native {
            // Another field took the name; the generated one wins, and its twin would change it.
            ledger.mark(place(field), Outcome::LeftBehind, "a field that entente makes has its name");
            return String::new();
        }
        let mut rest = docs::rest(self.fields.lookml, field);
        rest.extend(self.zone(field, twin));
        for at in &rest {
            ledger.mark(*at, Outcome::Verbatim, "only Looker knows it");
        }
        let frames = self.frames(view, field, twin);
        if rest.is_empty() && frames.is_none() {
            return String::new();
        }
        rest.retain(|at| at.node.key.text != "timeframes");
        let mut text = self.block(view.name, field, &name, &rest, false);
        if let Some(frames) = frames {
            let list = frames.join(", ");
            text = text.replacen("{\n", &format!("{{\n    timeframes: [{list}]\n"), 1);
        }
        text
    }

    /// Returns that a time is shown as it is stored, where the generated one says otherwise.
    fn zone(&self, field: &Field<'a>, made: &Field<'_>) -> Option<At<'a>> {
        let is_no = |at: At<'_>| at.value().is_some_and(|word| word.text() == "no");
        let own = field.layers.child("convert_tz").filter(|at| !self.fields.lookml.is_generated(at.file))?;
        (is_no(own) && !made.layers.child("convert_tz").is_some_and(is_no)).then_some(own)
    }

    /// Returns whether entente made a field for others.
    pub(super) fn is_for_others(&self, field: &Field<'a>) -> bool {
        is_made(self.fields, field) || (field.kind == FieldKind::Measure && is_helper(self.fields.lookml, field))
    }

    /// Returns the name that a field has in emitted LookML.
    pub(super) fn name(&self, view: &str, field: &Field<'a>) -> String {
        if field.kind == FieldKind::Measure {
            return self.renamed.name(view, field.name).unwrap_or(field.name).to_owned();
        }
        field.name.to_owned()
    }

    pub(super) fn block(
        &self,
        view: &str,
        field: &Field<'a>,
        name: &str,
        parameters: &[At<'a>],
        is_key: bool,
    ) -> String {
        let mut text = format!("\n  {}: {name} {{\n", field.kind.word());
        for at in parameters.iter().filter(|at| !(at.node.key.text == "primary_key" && is_key)) {
            text.push_str(&self.node(view, *at, 4));
        }
        text.push_str("  }\n");
        text
    }

    /// Writes a view with all that it says, its refinements and what it extends.
    pub(super) fn view(&self, view: &View<'a>, ledger: &mut Ledger) -> String {
        let mut text = format!("view: {} {{\n", view.name);
        for at in parameters(&view.layers) {
            let key = at.node.key.text;
            if FieldKind::of(key).is_none() && !["extends", "extension", "set"].contains(&key) {
                text.push_str(&self.node(view.name, at, 2));
            }
        }
        let is_model = self.views.contains(&view.name);
        let why = match self.fields.rows(view) {
            Ok(_) => String::new(),
            Err(why) => why,
        };
        if !is_model {
            view.layers.iter().for_each(|at| ledger.mark(at, Outcome::Verbatim, why.clone()));
        }
        for field in &view.fields {
            if !is_model {
                field.layers.iter().for_each(|at| ledger.mark(at, Outcome::Verbatim, ""));
            }
            let name = self.name(view.name, field);
            text.push_str(&self.block(view.name, field, &name, &parameters(&field.layers), false));
        }
        for (_, at) in view.sets() {
            ledger.mark(at, Outcome::Verbatim, "");
            text.push_str(&self.node(view.name, at, 2));
        }
        text.push_str("}\n");
        text
    }

    /// Returns the timeframes of a group where the generated one lacks some, or has one whose name a field has.
    fn frames(&self, view: &View<'a>, field: &Field<'a>, made: &Field<'_>) -> Option<Vec<String>> {
        if field.kind != FieldKind::Group {
            return None;
        }
        let list = |field: &Field<'_>| {
            words(&field.layers, "timeframes").iter().map(|word| word.text().to_owned()).collect::<Vec<_>>()
        };
        let (wanted, emitted) = (list(field), list(made));
        let mut all = emitted.clone();
        for frame in wanted {
            if !all.contains(&frame) {
                all.push(frame);
            }
        }
        let is_taken = |frame: &String| {
            let member = format!("{}_{frame}", field.name);
            view.fields.iter().any(|other| other.kind != FieldKind::Group && self.name(view.name, other) == member)
        };
        all.retain(|frame| !is_taken(frame));
        (all != emitted).then_some(all)
    }
}
