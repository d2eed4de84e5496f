//! A program in Python that emulates a warehouse over HTTP: started once, ended with the test binary.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

/// The running program. It ends with the test binary, which closes its input.
pub(crate) struct PeerProgram {
    _process: Child,
    address: String,
}

impl PeerProgram {
    /// Starts `program` with the Python in `tools`, which `installer` installs; it prints its address when it listens.
    pub(crate) fn start(tools: &str, installer: &str, program: &str) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let tools = root.join(tools);
        assert!(tools.join("installed").exists(), "{program} has no tools: run `{installer}` (it needs Python 3.11)");
        let mut process = Command::new(tools.join("bin/python"))
            .arg(root.join(program))
            .arg(&tools)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("Python does not start ({error}); `{installer}` needs it as well"));
        let mut address = String::new();
        BufReader::new(process.stdout.take().expect("it is piped")).read_line(&mut address).expect("UTF-8");
        assert!(!address.is_empty(), "{program} does not start: run `{installer}`");
        Self { _process: process, address: address.trim().to_owned() }
    }

    /// Returns its address, `http://127.0.0.1:40123`.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }
}
