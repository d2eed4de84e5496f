//! Who asks, as a file: an identity, roles and claims, in YAML or JSON.
//!
//! `{ id: ann, roles: [finance], claims: { country: DE, regions: [NW, SE] } }`.

use super::{
    Text,
    keys::{Checker, Kind, Shape, key},
    yaml,
};
use crate::{
    diagnostics::{Code, Diagnostic, Diagnostics},
    files::{FileId, SourceMap, Span, Spanned},
};

/// Who asks, as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrincipalDef {
    /// `id:`
    pub id: Option<Text>,
    /// `roles:`
    pub roles: Vec<Text>,
    /// `claims:` kept as JSON.
    pub claims: Option<Spanned<serde_json::Value>>,
}

static PRINCIPAL: Kind = Kind {
    name: "principal",
    article: "a principal",
    doc: "Who asks.",
    keys: &[
        key("id", Shape::Text, "A stable identity."),
        key("roles", Shape::Texts, "Roles, such as `finance`."),
        key("claims", Shape::Anything, "What is claimed of them, such as `{ country: DE }`."),
    ],
    rules: &[],
};

/// Reads the file of a principal.
pub fn load_principal(files: &SourceMap, file: FileId) -> Result<PrincipalDef, Vec<Diagnostic>> {
    let mut diagnostics = Diagnostics::new();
    let root = yaml::read(files, file, &mut diagnostics).root;
    if root.is_none() && diagnostics.is_empty() {
        let empty = Diagnostic::new(Code::WrongValue, Span::new(file, 0, 0), "the file of a principal is empty");
        diagnostics.push(empty.help("Write `{}` for somebody of whom nothing is known."));
    }
    let fields = root.and_then(|node| Checker::new(&files.file(file).text, &mut diagnostics).fields(node, &PRINCIPAL));
    match fields {
        Some(mut fields) if !diagnostics.has_errors() => {
            Ok(PrincipalDef { id: fields.text("id"), roles: fields.texts("roles"), claims: fields.json("claims") })
        }
        _ => Err(diagnostics.sorted()),
    }
}
