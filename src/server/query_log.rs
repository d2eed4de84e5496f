//! A log of what is asked, for `entente rollups advise`: shapes of requests, counted, as lines of JSON.
//!
//! ```text
//! {"metrics":["revenue"],"keys":["time.month"],"filters":["service"],"days":365,"cut":"year",…,"count":12,"bytes":49152}
//! ```
//!
//! Requests of one shape are counted together and written once a minute.
//!
//! **Invariant:** no value of a request, no caller and no time of a request is in it, and it takes bounded memory.

use std::{
    collections::BTreeMap,
    fs::OpenOptions,
    io::{self, Write},
    path::PathBuf,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use crate::{
    advise::{Asked, Cost, Shape},
    engine::{Answered, CacheOutcome, Live},
    plan::Request,
};

/// How many shapes are counted at the same time; those of further ones are not written.
const SHAPES: usize = 10_000;

/// Counts what is asked, and writes it to a file.
#[derive(Debug)]
pub(super) struct QueryLog {
    path: PathBuf,
    counted: Mutex<BTreeMap<Shape, Cost>>,
}

impl QueryLog {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, counted: Mutex::default() }
    }

    /// Counts a request that was answered.
    pub(super) fn count(&self, live: &Live, request: &Request, answered: &Answered, took: Duration) {
        let plan = &answered.answer.plan;
        let shape = Shape::of(&live.project, request, plan.range, plan.time_zone);
        let was_asked = answered.cache == CacheOutcome::Miss;
        let metered = answered.answer.cost.as_ref().filter(|_| was_asked);
        let bytes = metered.and_then(|cost| {
            let estimated = cost.estimate.as_ref().map(|estimate| estimate.bytes);
            cost.metered.billed.or(cost.metered.scanned).or(estimated)
        });
        let millis = if was_asked { u64::try_from(took.as_millis()).unwrap_or(u64::MAX) } else { 0 };
        let cost = Cost {
            count: 1,
            asked: u64::from(was_asked),
            bytes: bytes.unwrap_or(0),
            rows: answered.answer.rows.len as u64,
            millis,
        };
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        if counted.len() < SHAPES || counted.contains_key(&shape) {
            counted.entry(shape).or_default().add(cost);
        }
    }

    /// Writes what was counted since the last time. What cannot be written is told in the log of the server, and lost.
    pub(super) fn write(&self) {
        let counted = std::mem::take(&mut *self.counted.lock().unwrap_or_else(PoisonError::into_inner));
        if counted.is_empty() {
            return;
        }
        if let Err(error) = self.append(counted) {
            tracing::warn!(path = %self.path.display(), %error, "the log of queries cannot be written");
        }
    }

    fn append(&self, counted: BTreeMap<Shape, Cost>) -> io::Result<()> {
        let mut text = Vec::new();
        for (shape, cost) in counted {
            serde_json::to_writer(&mut text, &Asked { shape, cost })?;
            text.push(b'\n');
        }
        if let Some(folder) = self.path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        // One call, so that lines of two servers do not mix.
        OpenOptions::new().create(true).append(true).open(&self.path)?.write_all(&text)
    }
}
