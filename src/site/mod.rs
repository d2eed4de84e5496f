//! Project → catalogue pages: what there is, what each number means, where it comes from.
//!
//! ```text
//! site.metric("revenue")  ─►  description · owner · unit · formula · lineage · dimensions · GraphQL · SQL, as HTML
//! ```
//!
//! **Invariant:** every text of the project is escaped by the templates; a page loads nothing from other hosts.

mod describe;
mod example;
mod formula;

use std::sync::LazyLock;

use minijinja::{Environment, Value, context, value::Serde};

use crate::{
    files::SourceMap,
    project::Visible,
    sql::Dialect,
    time::{DateTime, Utc},
};

/// The pages of one project.
#[derive(Clone, Copy, Debug)]
pub struct Site<'a> {
    /// What is shown: what may not be seen has no page and no name on one.
    pub project: &'a Visible<'a>,
    /// The files it was made of, to show definitions as they were written.
    pub files: &'a SourceMap,
    /// The version of the project, shown at the foot.
    pub version: &'a str,
    /// The dialect of the examples.
    pub dialect: Dialect,
    /// The moment that examples are planned for.
    pub now: DateTime<Utc>,
    /// How a metric's name is written in GraphQL.
    pub field_name: fn(&str) -> String,
}

impl Site<'_> {
    /// Returns the page that lists everything.
    pub fn index(&self) -> String {
        self.page("index.html", Value::from(Serde(describe::index(self.project))))
    }

    /// Returns the page of a metric, if there is one of that name.
    pub fn metric(&self, name: &str) -> Option<String> {
        let metric = describe::metric(self, self.project.metric_named(name)?);
        Some(self.page("metric.html", Value::from(Serde(metric))))
    }

    /// Returns the page of a model, if there is one of that name.
    pub fn model(&self, name: &str) -> Option<String> {
        let model = describe::model(self, self.project.model_named(name)?);
        Some(self.page("model.html", Value::from(Serde(model))))
    }

    /// Returns the page that says that there is no such page.
    pub fn not_found(&self) -> String {
        self.page("not_found.html", Value::UNDEFINED)
    }

    fn page(&self, template: &str, it: Value) -> String {
        let page = context! {
            it,
            project => self.project.name.as_str(),
            version => self.version,
            time_zone => self.project.time_zone.name(),
        };
        let template = TEMPLATES.get_template(template).expect("the template is in the list below");
        template.render(page).expect("the templates are rendered by the tests, and nothing in them can fail on data")
    }
}

static TEMPLATES: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    for (name, source) in [
        ("base.html", include_str!("templates/base.html")),
        ("macros.html", include_str!("templates/macros.html")),
        ("index.html", include_str!("templates/index.html")),
        ("metric.html", include_str!("templates/metric.html")),
        ("model.html", include_str!("templates/model.html")),
        ("not_found.html", include_str!("templates/not_found.html")),
    ] {
        environment.add_template(name, source).expect("the templates are parsed by the tests");
    }
    environment
});

#[cfg(test)]
mod tests {
    use super::TEMPLATES;

    #[test]
    fn every_template_is_parsed() {
        assert_eq!(TEMPLATES.templates().count(), 6);
    }
}
