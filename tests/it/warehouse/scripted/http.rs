//! HTTP/1.1 by hand, so that an answer may end early, come a byte at a time, or not at all.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use reqwest::Url;
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
};

use super::{Request, Speaks, State};

/// How a request is answered.
pub(crate) enum Reply {
    /// A document with a status.
    Json(u16, Value),
    /// An error: its status, reason and message.
    Refused(u16, String, String),
    /// An error, with the seconds after which to ask again.
    RetryAfter(u16, &'static str, u64),
    /// A page of somebody between us and the server.
    Html(u16),
    /// As ever, but later.
    Late(Duration),
    /// As ever, but changed.
    Changed(fn(&mut Value)),
    /// Half of the document, then the end.
    Truncated(Option<Value>),
    /// The document, a byte every tenth of a second.
    Dripping(Option<Value>),
    /// Words that are no document.
    Nonsense,
    /// The connection is torn down.
    Reset,
    /// The connection is torn down after the work was done.
    Unheard,
    /// More than anybody reads.
    Endless,
    /// Nothing ever comes.
    Silence,
}

impl Reply {
    /// Makes an error as the protocol tells it.
    pub(crate) fn refused(status: u16, reason: &str, message: &str) -> Self {
        Self::Refused(status, reason.to_owned(), message.to_owned())
    }
}

/// Answers the requests of a connection, one after the other.
pub(super) async fn serve(stream: TcpStream, state: Arc<State>) {
    let mut stream = BufReader::new(stream);
    while let Some(request) = read(&mut stream, state.speaks).await {
        let reply = state.answer(request).await;
        if write(&mut stream, reply, state.speaks).await.is_none() {
            return;
        }
    }
}

async fn read(stream: &mut BufReader<TcpStream>, speaks: Speaks) -> Option<Request> {
    let mut first = String::new();
    stream.read_line(&mut first).await.ok().filter(|length| *length > 0)?;
    let mut words = first.split_whitespace();
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.ok().filter(|length| *length > 0)?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let mut body = vec![0; headers.get("content-length").map_or(Some(0), |length| length.parse().ok())?];
    stream.read_exact(&mut body).await.ok()?;
    let url = Url::parse(&format!("http://server{target}")).ok()?;
    let path: Vec<String> = url.path_segments()?.map(str::to_owned).collect();
    let endpoint = speaks.endpoint(&method, &path.iter().map(String::as_str).collect::<Vec<_>>());
    let query: BTreeMap<String, String> = url.query_pairs().into_owned().collect();
    Some(Request { endpoint, path, query, headers, body: serde_json::from_slice(&body).unwrap_or(Value::Null) })
}

/// Writes an answer; nothing if the connection is over.
async fn write(stream: &mut BufReader<TcpStream>, reply: Reply, speaks: Speaks) -> Option<()> {
    let (status, header, body) = match reply {
        Reply::Json(status, document) => (status, String::new(), document.to_string()),
        Reply::Refused(status, reason, message) => {
            (status, String::new(), speaks.error(status, &reason, &message).to_string())
        }
        Reply::RetryAfter(status, reason, seconds) => {
            (status, format!("Retry-After: {seconds}\r\n"), speaks.error(status, reason, "not now").to_string())
        }
        Reply::Html(status) => (status, String::new(), "<html>Bad Gateway</html>".to_owned()),
        Reply::Nonsense => (200, String::new(), "{\"jobComplete\": tru".to_owned()),
        Reply::Truncated(document) => {
            let body = document.expect("a document").to_string();
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
            stream.write_all(head.as_bytes()).await.ok()?;
            stream.write_all(&body.as_bytes()[..body.len() / 2]).await.ok()?;
            return None;
        }
        Reply::Dripping(document) => {
            let body = document.expect("a document").to_string();
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
            stream.write_all(head.as_bytes()).await.ok()?;
            for byte in body.bytes() {
                stream.write_all(&[byte]).await.ok()?;
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            return Some(());
        }
        Reply::Endless => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n").await.ok()?;
            let piece = vec![b' '; 1 << 20];
            loop {
                stream.write_all(&piece).await.ok()?;
            }
        }
        Reply::Reset => {
            // Without lingering the end is a reset.
            stream.get_ref().set_zero_linger().ok()?;
            return None;
        }
        Reply::Silence => {
            let _ = stream.read_u8().await;
            return None;
        }
        Reply::Late(_) | Reply::Changed(_) | Reply::Unheard => unreachable!("these are replaced by what follows"),
    };
    let head = format!(
        "HTTP/1.1 {status} Said\r\nContent-Type: application/json\r\n{header}Content-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.ok()?;
    stream.write_all(body.as_bytes()).await.ok()
}
