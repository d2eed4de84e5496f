//! Jobs of the scripted server: begun once for each request, and stopped.

use std::time::{Duration, Instant};

use super::{Request, State, locked};

/// A job.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    /// The SQL.
    pub(crate) query: String,
    request_id: Option<String>,
    /// When it will be done.
    done: Instant,
    /// When it was stopped.
    pub(crate) stopped: Option<Instant>,
}

impl Job {
    /// Returns whether it runs no longer.
    pub(crate) fn is_over(&self, now: Instant) -> bool {
        self.stopped.is_some() || self.done <= now
    }

    /// Returns how long it still runs.
    pub(super) fn left(&self) -> Duration {
        self.done.saturating_duration_since(Instant::now())
    }
}

impl State {
    /// Begins a job, or finds that of the same request; returns its number.
    pub(super) fn begin_job(&self, request: &Request, query: &str) -> usize {
        let mut jobs = locked(&self.jobs);
        let request_id = request.id().map(str::to_owned);
        let same = jobs.iter().position(|job| job.request_id.is_some() && job.request_id == request_id);
        same.unwrap_or_else(|| {
            let done = Instant::now() + self.manners.job_takes;
            jobs.push(Job { query: query.to_owned(), request_id, done, stopped: None });
            jobs.len() - 1
        })
    }

    /// Returns the number of the job whose name stands in the path, `job-7`.
    pub(super) fn number(&self, request: &Request) -> Option<usize> {
        let id = request.path.iter().find_map(|word| word.strip_prefix("job-"))?;
        id.parse().ok().filter(|number| *number < locked(&self.jobs).len())
    }

    /// Stops the job of a request; returns whether there is one.
    pub(super) fn stop(&self, request: &Request) -> bool {
        let Some(number) = self.number(request) else { return false };
        locked(&self.jobs)[number].stopped.get_or_insert_with(Instant::now);
        true
    }

    /// Returns a job as it is at present.
    pub(super) fn job(&self, number: usize) -> Job {
        locked(&self.jobs)[number].clone()
    }
}
