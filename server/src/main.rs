//! The program `waypost`: see [`server::cli`].

use std::process::ExitCode;

use clap::Parser;
use server::cli::{self, Cli};
use server::telemetry;

/// glibc keeps what many threads free, some hundred MiB after floods of large bodies. This one gives large blocks
/// back at once, as `JEMALLOC_SYS_WITH_MALLOC_CONF` in `.cargo/config.toml` says.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    // A `.env` that is missing is no error; one that cannot be read is.
    if let Err(error) = dotenvy::dotenv()
        && !error.not_found()
    {
        eprintln!("waypost: .env cannot be read: {error}");
        return ExitCode::FAILURE;
    }
    let Cli { log, command } = Cli::parse();
    if let Err(error) = telemetry::init(&log) {
        eprintln!("waypost: {error}");
        return ExitCode::FAILURE;
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("waypost: threads cannot be started: {error}");
            return ExitCode::FAILURE;
        }
    };
    runtime.block_on(cli::run(command)).unwrap_or_else(|error| {
        eprintln!("waypost: {error}");
        ExitCode::FAILURE
    })
}
