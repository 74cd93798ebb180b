//! Rust for the browser out of Debian's packages, for machines that reach Debian and
//! crates.io but not rustup's server.
//!
//! Debian keeps a current Rust in packages that end in `-web`, with the source of the
//! standard library but without a compiled one for WASM. That is compiled once and put
//! where the compiler looks for it, with a note of the compiler it was made with: an
//! upgraded compiler refuses the libraries of an older one.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use super::apt;
use super::toolchain::{LINKED, Toolchain};
use super::wasm::{self, TARGET};
use crate::command::{run, succeeds};
use crate::root;

const PACKAGES: [&str; 6] =
    ["rustc-web", "cargo-web", "rust-web-src", "rust-web-llvm", "rust-web-clippy", "rustfmt-web"];

/// Holds what `rustc -vV` said when the standard library was compiled.
const MADE_WITH: &str = "made-with";

/// The library whose only purpose is to have dependencies.
const EMPTY_CRATE: &str = "empty";

/// Installs Debian's Rust, links it beside rustup's toolchains, and gives it a standard
/// library for the target.
pub fn install() -> Result<Toolchain> {
    apt::install("Rust's WASM target", &PACKAGES)?;
    let toolchain = link()?;
    install_linker(toolchain)?;
    compile_std(toolchain)?;
    Ok(toolchain)
}

/// Whether the standard library is there and was made with the compiler of today.
pub fn is_current(toolchain: Toolchain) -> bool {
    let made_with = || -> Result<bool> {
        let note = fs::read_to_string(wasm::folder(toolchain)?.join(MADE_WITH))?;
        Ok(note == toolchain.version()?)
    };
    made_with().unwrap_or(false)
}

/// Debian's programs are in /usr/bin, behind rustup's of the same names; under a name of
/// their own both can be had. Without rustup they are the default.
fn link() -> Result<Toolchain> {
    if !succeeds(Command::new("rustup").arg("--version")) {
        return Ok(Toolchain::Default);
    }
    run(Command::new("rustup").args(["toolchain", "link", LINKED, "/usr"]))?;
    Ok(Toolchain::Linked)
}

/// The linker must know the object files of the LLVM that the compiler was built with.
fn install_linker(toolchain: Toolchain) -> Result<()> {
    let version = toolchain.version()?;
    let major = llvm_major(&version).context("`rustc -vV` names no LLVM version")?;
    apt::install("The linker for WASM", &[&format!("lld-{major}")])
}

fn llvm_major(version: &str) -> Option<&str> {
    let llvm = version.lines().find_map(|line| line.strip_prefix("LLVM version: "))?;
    llvm.split('.').next()
}

fn compile_std(toolchain: Toolchain) -> Result<()> {
    let folder = root::target().join("wasm-std");
    write_empty_crate(&folder)?;
    println!("Compiling the standard library for the browser, once: about a minute");
    run(toolchain
        .cargo()
        .current_dir(&folder)
        .env("RUSTC_BOOTSTRAP", "1")
        // The bundle is optimised across crates, for which the library must hold more than
        // machine code; cargo leaves that out unless told.
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .env("RUSTFLAGS", "-Cembed-bitcode=yes")
        .args(["build", "--release", "--target", TARGET, "--target-dir"])
        .arg(folder.join("target"))
        .arg("-Zbuild-std=std,panic_abort"))?;
    let made = folder.join("target").join(TARGET).join("release/deps");
    let home = wasm::folder(toolchain)?;
    copy_libraries(&made, &home.join("lib"))?;
    fs::write(home.join(MADE_WITH), toolchain.version()?)?;
    fs::remove_dir_all(&folder)?;
    Ok(())
}

fn write_empty_crate(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder.join("src"))?;
    let manifest = format!("[package]\nname = \"{EMPTY_CRATE}\"\nedition = \"2024\"\n\n[workspace]\n");
    fs::write(folder.join("Cargo.toml"), manifest)?;
    fs::write(folder.join("src/lib.rs"), "#![no_std]\n")?;
    Ok(())
}

/// Replaces what is there: two versions of a library would be one too many.
fn copy_libraries(from: &Path, to: &Path) -> Result<()> {
    if to.exists() {
        fs::remove_dir_all(to)?;
    }
    fs::create_dir_all(to).with_context(|| format!("{} cannot be made", to.display()))?;
    for library in libraries(from)? {
        let name = library.file_name().context("a library without a name")?;
        fs::copy(&library, to.join(name))?;
    }
    Ok(())
}

fn libraries(folder: &Path) -> Result<Vec<PathBuf>> {
    let own = format!("lib{EMPTY_CRATE}-");
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.ends_with(".rlib") && !name.starts_with(&own) {
            found.push(path);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_linker_follows_the_compiler() {
        let version = "rustc 1.96.0\nhost: x86_64-unknown-linux-gnu\nLLVM version: 22.1.8";
        assert_eq!(llvm_major(version), Some("22"));
        assert_eq!(llvm_major("rustc 1.96.0"), None);
    }
}
