//! `/healthz`, `/readyz` and `/metrics`, for operators and their machines.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use super::state::{LastLoad, NotServed, Shared};
use crate::{
    diagnostics::{Diagnostic, Severity},
    files::SourceMap,
    time::{DateTime, Utc},
};

/// Whether it is told what is wrong in the files. Messages name what policies hide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Problems {
    /// To operators.
    Told,
    /// To whoever is at this machine, unless there are policies.
    ToldUnlessHidden,
    /// To nobody else.
    Kept,
}

/// Says that the process lives, what it serves, and whether the files on disk are what it serves. Always 200: a broken
/// file is no reason to be restarted.
pub(super) fn health(shared: &Shared, problems: Problems) -> Response {
    let serving = shared.serving.load();
    let last = shared.last_load();
    let tells = match problems {
        Problems::Told => true,
        Problems::ToldUnlessHidden => !serving.live.project.policies.has_any(),
        Problems::Kept => false,
    };
    let mut body = json!({
        "status": if last.not_served.is_none() { "ok" } else { "degraded" },
        "project": {
            "name": serving.live.project.name,
            "version": serving.live.short_version(),
            "loadedAt": moment(serving.live.loaded_at),
        },
        "uptimeSeconds": shared.started.elapsed().as_secs(),
    });
    if tells {
        body["lastLoad"] = last_load(&last);
    }
    Json(body).into_response()
}

/// Says whether requests should come here: 200, or 503 with the reasons.
pub(super) async fn ready(State(shared): State<Arc<Shared>>) -> Response {
    let warehouse = match shared.warehouse_reached().await {
        Ok(()) => "reachable",
        Err(_) => "unreachable",
    };
    let accepting = !shared.is_draining();
    let ready = accepting && warehouse == "reachable";
    let model = if shared.last_load().not_served.is_none() { "ok" } else { "degraded" };
    let body = json!({ "ready": ready, "accepting": accepting, "warehouse": warehouse, "model": model });
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(body)).into_response()
}

/// Writes all counts for Prometheus.
pub(super) async fn counts(State(shared): State<Arc<Shared>>) -> Response {
    let text = shared.telemetry.render(&shared.engine);
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response()
}

fn last_load(last: &LastLoad) -> Value {
    json!({
        "at": moment(last.at),
        "served": last.not_served.is_none(),
        "reason": last.not_served.as_ref().map(NotServed::to_string),
        "diagnostics": diagnostics(&last.loaded.diagnostics, &last.loaded.files),
    })
}

/// `2026-01-15T12:00:00Z`
fn moment(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// The most diagnostics that are listed; `entente check` shows all.
const LISTED: usize = 100;

fn diagnostics(found: &[Diagnostic], files: &SourceMap) -> Vec<Value> {
    let shown = |diagnostic: &Diagnostic| {
        let position = files.position(diagnostic.span());
        json!({
            "severity": match diagnostic.code.severity() {
                Severity::Error => "error",
                Severity::Warning => "warning",
                Severity::Note => "note",
            },
            "code": diagnostic.code.name(),
            "message": diagnostic.message,
            "path": files.file(diagnostic.span().file).path,
            "line": position.line,
            "column": position.column,
            "help": diagnostic.help,
        })
    };
    found.iter().take(LISTED).map(shown).collect()
}
