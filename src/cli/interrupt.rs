//! What is half made is taken away when a command is stopped by Ctrl-C or SIGTERM.
//!
//! `entente demo` writes `parcel.duckdb.4711.partial` for some seconds; stopped in between, it leaves nothing behind.

use std::{fs, path::PathBuf, thread};

/// The exit code of a command that was interrupted, as shells tell it.
const INTERRUPTED: i32 = 130;

/// Has files removed if the process is interrupted. Where signals cannot be waited for, they stay.
pub(crate) fn remove_if_stopped(paths: Vec<PathBuf>) {
    thread::spawn(move || {
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
        if runtime.block_on(stopped()).is_err() {
            return;
        }
        for path in &paths {
            let _ = fs::remove_file(path);
        }
        std::process::exit(INTERRUPTED);
    });
}

#[cfg(unix)]
async fn stopped() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    Ok(())
}

#[cfg(not(unix))]
async fn stopped() -> std::io::Result<()> {
    tokio::signal::ctrl_c().await
}
