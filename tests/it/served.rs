//! `entente serve` in a process of its own, asked over loopback.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::{Child, Command, Stdio},
};

use serde_json::Value;

use crate::command::Project;

/// A server of a project, for as long as it is held.
pub(crate) struct Server {
    process: Child,
    address: String,
}

impl Server {
    /// Starts it, and waits until it listens.
    pub(crate) fn start(project: &Project) -> Self {
        let mut process = project
            .command(["serve", "--port", "0", "--reload", "off"])
            .env("RUST_LOG", "info")
            .stderr(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .expect("the command runs");
        let mut log = BufReader::new(process.stderr.take().expect("it is piped"));
        let mut line = String::new();
        let address = loop {
            line.clear();
            assert!(log.read_line(&mut line).expect("it is text") > 0, "the server does not start");
            if let Some((_, rest)) = line.split_once("http://") {
                let end = rest.find(|char: char| char != '.' && char != ':' && !char.is_ascii_digit());
                break rest[..end.unwrap_or(rest.len())].to_owned();
            }
        };
        // What it says further is read, so that it never waits for a reader.
        std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
        Self { process, address }
    }

    /// Asks a GraphQL document.
    pub(crate) fn ask(&self, document: &str) -> Value {
        let body = serde_json::json!({ "query": document }).to_string();
        let length = body.len();
        let answer = self.send(
            &format!("POST /graphql HTTP/1.0\r\nContent-Type: application/json\r\nContent-Length: {length}"),
            &body,
        );
        serde_json::from_str(&answer).unwrap_or_else(|error| panic!("{error}:\n{answer}"))
    }

    /// Gets a page.
    pub(crate) fn get(&self, path: &str) -> String {
        self.send(&format!("GET {path} HTTP/1.0"), "")
    }

    /// Sends the process a signal: `HUP`.
    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([format!("-{name}"), self.process.id().to_string()]).status();
        assert!(sent.expect("`kill` runs").success());
    }

    /// HTTP/1.0, so that the answer comes in one piece and the connection ends with it.
    fn send(&self, head: &str, body: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).expect("the server listens");
        write!(stream, "{head}\r\nHost: localhost\r\n\r\n{body}").expect("the request is sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("the answer is text");
        answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no body:\n{answer}")).1.to_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}
