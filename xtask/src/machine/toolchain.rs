//! The Rust toolchains at hand: the default one, and Debian's, linked under a name of its
//! own where rustup cannot fetch the WASM target.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::command::{command, output, run, succeeds};

/// The name Debian's toolchain is linked under.
pub const LINKED: &str = "waypost-debian";

/// A Rust toolchain that can be asked to work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Toolchain {
    /// The one that runs this program.
    Default,
    /// Debian's, under [`LINKED`].
    Linked,
}

impl Toolchain {
    /// `cargo` of this toolchain, in the root of the checkout.
    pub fn cargo(self) -> Command {
        self.program("cargo")
    }

    /// Where the toolchain keeps its libraries.
    pub fn sysroot(self) -> Result<PathBuf> {
        let mut rustc = self.program("rustc");
        Ok(output(rustc.args(["--print", "sysroot"]))?.into())
    }

    /// What `rustc -vV` prints: the version, its commit and its LLVM.
    pub fn version(self) -> Result<String> {
        output(self.program("rustc").arg("-vV"))
    }

    fn program(self, name: &str) -> Command {
        let mut command = command(name);
        // Set by the cargo that runs this program: it would make `cargo clippy` of one
        // toolchain drive the cargo of another.
        command.env_remove("CARGO");
        if self == Self::Linked {
            command.env("RUSTUP_TOOLCHAIN", LINKED);
        }
        command
    }
}

/// The toolchain that has a cargo command, `clippy` or `fmt`: the default one where it
/// can, else the linked one. When neither has it, rustup is asked for it.
pub fn with_subcommand(name: &str) -> Result<Toolchain> {
    let has = |toolchain: &Toolchain| succeeds(toolchain.cargo().args([name, "--version"]));
    if let Some(toolchain) = [Toolchain::Default, Toolchain::Linked].iter().find(|t| has(t)) {
        return Ok(*toolchain);
    }
    let component = if name == "fmt" { "rustfmt" } else { name };
    run(command("rustup").args(["component", "add", component]))
        .with_context(|| format!("`cargo {name}` is missing"))?;
    Ok(Toolchain::Default)
}
