//! The browser's half, made without cargo-leptos: `frontend` compiled for WASM, its
//! JavaScript written by wasm-bindgen, the stylesheet put together, everything named by
//! its content and compressed ahead of time.
//!
//! ```text
//! frontend ─ cargo ─▶ frontend.wasm ─ trim, wasm-bindgen ─▶ waypost.wasm ─┐
//!                                                        └▶ waypost.js ───┼─▶ target/site/pkg/waypost.HASH.EXT (.br, .gz)
//! style/main.css ─ @import ─▶ waypost.css ────────────────────────────────┘   target/site/hash.txt
//! ```
//!
//! A file is compressed only when its hash is new, which is what takes long.

mod assets;
mod bindgen;
mod compress;
mod stylesheet;
mod trim;

use std::fs;

use anyhow::{Result, bail};

use self::assets::{Asset, Site};
use crate::command::run;
use crate::machine::toolchain::Toolchain;
use crate::machine::wasm::TARGET;
use crate::root;

/// What Leptos asks for: `LEPTOS_OUTPUT_NAME` in `.cargo/config.toml` says the same.
const NAME: &str = "waypost";

/// The most the WASM may weigh on the wire, in bytes.
const WASM_LIMIT: u64 = 350_000;

/// Builds the bundle into `target/site`, doing only what has changed.
pub fn build(toolchain: Toolchain) -> Result<()> {
    let wasm = compile(toolchain)?;
    let bound = bindgen::bind(&wasm)?;
    let site = Site::new(root::target().join("site"));
    let assets = [
        Asset::new("js", bound.javascript),
        Asset::new("wasm", bound.wasm),
        Asset::new("css", stylesheet::read(&root::at("style/main.css"))?.into_bytes()),
    ];
    site.write(&assets, &bound.snippets)?;
    check_size(&site, &assets)
}

/// The arguments by which the browser's crates are compiled, for `build` and `clippy`
/// alike. A folder of their own: two toolchains in one would undo each other's work.
pub fn cargo_arguments() -> Vec<String> {
    let folder = root::target().join("wasm");
    let folder = folder.to_string_lossy();
    ["--locked", "--target", TARGET, "--profile", "wasm-release", "--target-dir", &folder]
        .map(ToOwned::to_owned)
        .to_vec()
}

fn compile(toolchain: Toolchain) -> Result<std::path::PathBuf> {
    run(toolchain.cargo().args(["build", "--package", "frontend", "--lib"]).args(cargo_arguments()))?;
    let made = root::target().join("wasm").join(TARGET);
    Ok(made.join("wasm-release/frontend.wasm"))
}

/// Says what the browser downloads, and fails when it is too much.
fn check_size(site: &Site, assets: &[Asset]) -> Result<()> {
    let mut wasm_size = 0;
    for asset in assets {
        let name = asset.file_name();
        let compressed = fs::metadata(site.pkg().join(format!("{name}.br")))?.len();
        println!("{name}: {} bytes, {compressed} in brotli", asset.content.len());
        if asset.extension == "wasm" {
            wasm_size = compressed;
        }
    }
    if wasm_size > WASM_LIMIT {
        bail!("the WASM weighs {wasm_size} bytes in brotli, more than the limit of {WASM_LIMIT}");
    }
    Ok(())
}
