//! The log: on standard error, as text for people or JSON for collectors.
//!
//! A failure is said once, at the boundary, with ids. Never in it: bodies, tokens, secrets, phone numbers, query
//! strings. Each operation of the service is a span (`receive`, `challenge`, `process`, `apply`, `sign_in`), whose end
//! is logged with its time at level debug: `RUST_LOG=info,server=debug` shows them.

use std::io::IsTerminal;
use std::panic;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::FmtSpan;

use crate::settings::{LogArgs, LogFormat};

/// Starts the log.
///
/// # Errors
/// A sentence, when the filter cannot be read.
pub fn init(args: &LogArgs) -> Result<(), String> {
    let filter = EnvFilter::try_new(&args.log).map_err(|error| format!("RUST_LOG cannot be read: {error}."))?;
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let log = log.with_span_events(FmtSpan::CLOSE).with_ansi(std::io::stderr().is_terminal());
    match args.log_format {
        LogFormat::Text => log.init(),
        LogFormat::Json => log.json().flatten_event(true).init(),
    }
    panic::set_hook(Box::new(|panic| {
        // Where, but not what: a panic's message may quote the data it stumbled over.
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "panicked");
    }));
    Ok(())
}
