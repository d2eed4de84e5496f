//! The life of a query: begun, waited for, read partition by partition, or stopped.
//!
//! `begin` → [`Running`] → `rows` → every row.
//!
//! **Invariant:** a statement that nobody reads to its end is cancelled, also one whose caller left before its handle was
//! known.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;

use super::{
    Shared, SqlApi,
    answer::{self, Described, Document},
    columns::Columns,
    failure,
};
use crate::warehouse::{
    Error, Rows,
    rest::{self, Answer, Begun, Call, Caller, Fault, Refused, Work, request_id},
};

/// The first time between two questions whether a statement is done; each further one is twice as long.
const PAUSE: Duration = Duration::from_millis(20);

/// The longest time between two questions.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// A statement of the warehouse.
#[derive(Clone)]
struct Statement {
    shared: Arc<Shared>,
    handle: String,
}

/// A query that has begun.
pub(super) struct Running {
    statement: Begun<Statement>,
    /// The first partition, where it came at once.
    first: Option<First>,
}

/// What is read of the first partition.
struct First {
    described: Described,
    columns: Result<Columns, Error>,
}

/// Begins a query. The call goes on when nobody waits for it any more, so that the statement can be stopped.
pub(super) async fn begin(shared: Arc<Shared>, body: Bytes) -> Result<Running, Error> {
    rest::begin(|caller| start(shared, body, caller)).await.ok_or(Error::Cancelled)?.map_err(failure::of)
}

/// The server answers at once with a handle (`async`): it would wait 45 seconds else, in which nobody could stop it.
async fn start(shared: Arc<Shared>, body: Bytes, caller: Caller) -> Result<Running, Fault> {
    let call = Call::post(vec!["api", "v2", "statements"], body)
        .with("requestId", Some(uuid(&request_id())))
        .with("async", Some("true".to_owned()))
        .repeated_with("retry", "true");
    let (handle, first) = shared.rest.call_for(&caller, &call, read).await?;
    let handle = handle.ok_or_else(|| Fault::Garbled("a statement has no handle".to_owned()))?;
    let mut statement = Begun::new(Statement { shared, handle });
    if first.is_some() {
        statement.end();
    }
    Ok(Running { statement, first })
}

/// Writes 32 digits as the server wants them: `5f3a…` → `5f3a0000-0000-0000-0000-000000000000`.
fn uuid(digits: &str) -> String {
    [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]].join("-")
}

/// Reads what is said of a statement: its handle, and the first partition if it is done.
fn read(answer: &Answer) -> Result<(Option<String>, Option<First>), Fault> {
    let document: Document<'_> =
        serde_json::from_slice(&answer.body).map_err(|error| Fault::Garbled(error.to_string()))?;
    if answer.status == ACCEPTED {
        return Ok((document.statement_handle, None));
    }
    if document.code == TOO_LARGE {
        let message = "the answer is not whole".to_owned();
        return Err(Fault::Answered(Refused { status: answer.status, reason: document.code, message, wait: None }));
    }
    let described = document.result_set_meta_data;
    let described = described.ok_or_else(|| Fault::Garbled("an answer has no columns".to_owned()))?;
    let mut columns = Columns::new(described.row_type.clone());
    let columns = columns.add(document.data).map(|()| columns);
    Ok((document.statement_handle, Some(First { described, columns })))
}

/// The status of a statement that still runs.
const ACCEPTED: u16 = 202;

/// The code of an answer that is cut, with a status of success.
const TOO_LARGE: &str = "391908";

impl Running {
    /// Waits for the answer and reads all of it.
    pub(super) async fn rows(self) -> Result<Rows, Error> {
        let Self { mut statement, first } = self;
        let First { described, columns } = match first {
            Some(first) => first,
            None => wait(&mut statement).await?,
        };
        let mut columns = columns?;
        let counts: Vec<u64> = described.partition_info.iter().map(|partition| partition.row_count).collect();
        if counts.first().is_some_and(|count| *count != columns.len() as u64) {
            return Err(unread("a partition does not hold as many rows as it says"));
        }
        for (number, count) in counts.iter().enumerate().skip(1) {
            let before = columns.len() as u64;
            statement.add_partition(number, &mut columns).await?;
            if columns.len() as u64 - before != *count {
                return Err(unread("a partition does not hold as many rows as it says"));
            }
        }
        if described.num_rows.is_some_and(|total| total != columns.len() as u64) {
            return Err(unread("its partitions do not hold as many rows as it says"));
        }
        columns.into_rows()
    }
}

fn unread(why: &str) -> Error {
    failure::of(Fault::Garbled(why.to_owned()))
}

/// Asks until a statement is done.
async fn wait(statement: &mut Begun<Statement>) -> Result<First, Error> {
    let mut pause = PAUSE;
    loop {
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
        let call = Call::get(vec!["api", "v2", "statements", &statement.handle]);
        match statement.shared.rest.call(&call, read).await {
            Ok((_, None)) => {}
            Ok((_, Some(first))) => {
                statement.end();
                return Ok(first);
            }
            Err(fault) => {
                // What the server refused or gave up does not run.
                if matches!(&fault, Fault::Answered(refused) if matches!(refused.status, 408 | 422)) {
                    statement.end();
                }
                return Err(failure::of(fault));
            }
        }
    }
}

impl Statement {
    /// Reads a partition behind the first.
    async fn add_partition(&self, number: usize, columns: &mut Columns) -> Result<(), Error> {
        let call = Call::get(vec!["api", "v2", "statements", &self.handle]).with("partition", Some(number.to_string()));
        let add = |answer: &Answer| match answer::later(&answer.body) {
            Ok(cells) => Ok(columns.add(cells)),
            Err(error) => Err(Fault::Garbled(error.to_string())),
        };
        self.shared.rest.call(&call, add).await.map_err(failure::of)?
    }
}

impl Work for Statement {
    type Protocol = SqlApi;

    fn name(&self) -> &str {
        &self.handle
    }

    async fn stop(self) -> Result<(), Fault> {
        let call = Call::post(vec!["api", "v2", "statements", &self.handle, "cancel"], Bytes::new());
        self.shared.rest.call(&call, |_| Ok(())).await
    }
}

#[cfg(test)]
mod tests {
    use super::uuid;

    #[test]
    fn requests_are_named_by_uuids() {
        assert_eq!(uuid("0123456789abcdef0123456789abcdef"), "01234567-89ab-cdef-0123-456789abcdef");
    }
}
