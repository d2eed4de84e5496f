//! Encrypted connections to Postgres: to a server of the right name and authority, and to no other.

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    path::PathBuf,
    time::Duration,
};

use entente::{
    sql::Text,
    warehouse::{
        Error, Terms, Warehouse,
        postgres::{Encryption, Options, Postgres},
    },
};
use tokio::runtime::Runtime;

use crate::postgres::Server;

const AUTHORITY: Option<&str> = Some("authority.pem");

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("it is bound").port()
}

/// Asks whether the connection is encrypted.
fn is_encrypted(host: &str, port: u16, encryption: Encryption, authority: Option<&str>) -> Result<String, Error> {
    let keys = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/keys");
    let driver = Postgres::new(&Options {
        host: host.to_owned(),
        port,
        database: "postgres".to_owned(),
        user: Some("entente".to_owned()),
        password: None,
        encryption,
        authority: authority.map(|file| keys.join(file)),
        connections: 1,
    })?;
    let sql = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
    let text = Text { sql: sql.to_owned(), parameters: Vec::new() };
    let terms = Terms { deadline: Some(Duration::from_secs(10)), ..Terms::default() };
    let rows = Runtime::new().expect("threads").block_on(driver.query(&text, &terms))?;
    Ok(rows.columns[0].text(0).expect("a truth value"))
}

#[test]
fn a_server_is_believed_by_its_certificate_alone() {
    let port = free_port();
    let key = |name: &str| format!("{}/tests/keys/{name}", env!("CARGO_MANIFEST_DIR"));
    let _server = Server::start_with([port.to_string(), key("localhost.pem"), key("localhost.key")]);
    let ask = |host, encryption, authority| is_encrypted(host, port, encryption, authority);
    assert_eq!(ask("localhost", Encryption::Require, AUTHORITY).expect("it is of that authority"), "true");
    assert_eq!(ask("localhost", Encryption::Prefer, AUTHORITY).expect("it is of that authority"), "true");
    assert_eq!(ask("localhost", Encryption::Off, None).expect("nothing is asked of it"), "false");
    for encryption in [Encryption::Require, Encryption::Prefer] {
        for (host, authority, why) in [
            ("localhost", Some("stranger.pem"), "another authority signed it"),
            ("localhost", None, "no authority of the system did"),
            ("127.0.0.1", AUTHORITY, "it is the certificate of another name"),
        ] {
            let error = ask(host, encryption, authority).expect_err(why);
            assert!(matches!(&error, Error::Unavailable(told) if told.contains("certificate")), "{why}: {error}");
        }
    }
}

#[test]
fn a_server_that_cannot_encrypt_is_refused_where_that_is_required() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("it is bound").port();
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("somebody comes");
        let mut asked = [0; 8];
        stream.read_exact(&mut asked).expect("the request for encryption");
        stream.write_all(b"N").expect("it listens");
        let mut rest = Vec::new();
        let _ = TcpStream::read_to_end(&mut stream, &mut rest);
        rest
    });
    let error = is_encrypted("localhost", port, Encryption::Require, AUTHORITY).expect_err("it cannot");
    assert!(matches!(&error, Error::Unavailable(told) if told.contains("TLS")), "{error}");
    assert!(server.join().expect("no panic").is_empty(), "nothing is said in the clear");
}

#[test]
fn an_authority_that_is_none_is_told() {
    for file in ["README.md", "nowhere.pem"] {
        let error = is_encrypted("localhost", 1, Encryption::Require, Some(file)).expect_err("it is none");
        assert!(error.to_string().contains("holds no certificates in PEM"), "{error}");
    }
}
