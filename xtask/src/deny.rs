//! cargo-deny with `deny.toml`, where it is installed. It knows what `xtask/tests/supply.rs` cannot: today's advisories.

use anyhow::Result;

use crate::command::{run, succeeds};
use crate::machine::toolchain::Toolchain;

/// Runs the whole of it, or says that it was left out.
pub fn check() -> Result<()> {
    if !succeeds(Toolchain::Default.cargo().args(["deny", "--version"])) {
        println!(
            "cargo-deny is not installed: today's advisories were not looked at. Licences, sources, bans and the holes \
             that are known are, by the Rust tests."
        );
        return Ok(());
    }
    run(Toolchain::Default.cargo().args(["deny", "--locked", "check"]))
}
