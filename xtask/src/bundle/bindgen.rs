//! wasm-bindgen, as a library: its version is pinned to the one `frontend` is built with,
//! because the schema between the two is not stable.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use sha2::{Digest as _, Sha256};
use wasm_bindgen_cli_support::Bindgen;

use super::NAME;
use super::trim::trim;
use crate::root;

/// What wasm-bindgen made of the compiled crate.
pub struct Bound {
    /// The module the page imports.
    pub javascript: Vec<u8>,
    /// The code it loads.
    pub wasm: Vec<u8>,
    /// Modules that crates bring along, imported by the first one under `./snippets/`.
    pub snippets: PathBuf,
}

/// Runs wasm-bindgen when the compiled crate is not the one of the last time.
pub fn bind(wasm: &Path) -> Result<Bound> {
    let folder = root::target().join("wasm/bindgen");
    let note = folder.join("made-from");
    let compiled = fs::read(wasm)?;
    let trimmed = trim(&compiled)?;
    let made_from = hex::encode(Sha256::digest(&trimmed));
    if fs::read_to_string(&note).is_ok_and(|last| last == made_from) {
        return read(&folder);
    }
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    generate(trimmed, &folder)?;
    fs::write(note, made_from)?;
    read(&folder)
}

fn generate(wasm: Vec<u8>, folder: &Path) -> Result<()> {
    println!("Running wasm-bindgen");
    Bindgen::new()
        .input_bytes(NAME, wasm)
        .out_name(NAME)
        .web(true)?
        .typescript(false)
        .remove_name_section(true)
        .remove_producers_section(true)
        // The page always says where the code is; no second name to keep right.
        .omit_default_module_path(true)
        .generate(folder)
        .context("wasm-bindgen failed")
}

fn read(folder: &Path) -> Result<Bound> {
    Ok(Bound {
        javascript: fs::read(folder.join(format!("{NAME}.js")))?,
        wasm: fs::read(folder.join(format!("{NAME}_bg.wasm")))?,
        snippets: folder.join("snippets"),
    })
}
