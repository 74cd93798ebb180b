//! Where things are in the checkout.

use std::path::{Path, PathBuf};

/// The root of the checkout: the folder that holds `xtask/`.
pub fn root() -> &'static Path {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().unwrap_or(manifest)
}

/// A path given from the root of the checkout.
pub fn at(path: impl AsRef<Path>) -> PathBuf {
    root().join(path)
}

/// The folder of cargo's output, which `CARGO_TARGET_DIR` may move.
pub fn target() -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(folder) if !folder.is_empty() => at(PathBuf::from(folder)),
        _ => at("target"),
    }
}
