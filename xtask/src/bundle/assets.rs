//! The folder that is served: files named by their content, so that browsers may keep
//! them for ever, and `hash.txt`, by which Leptos knows the names of today.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;
use sha2::{Digest as _, Sha256};

use super::{NAME, compress};

/// One file of the bundle.
pub struct Asset {
    /// `js`, `wasm` or `css`: also its key in `hash.txt`.
    pub extension: &'static str,
    /// What it holds.
    pub content: Vec<u8>,
    hash: String,
}

impl Asset {
    /// Names a file by what it holds.
    pub fn new(extension: &'static str, content: Vec<u8>) -> Self {
        // 64 bits: enough to tell two builds apart, short enough for an address.
        let hash = hex::encode(&Sha256::digest(&content)[..8]);
        Self { extension, content, hash }
    }

    /// `waypost.HASH.EXTENSION`, as Leptos asks for it.
    pub fn file_name(&self) -> String {
        format!("{NAME}.{}.{}", self.hash, self.extension)
    }
}

/// `target/site`.
pub struct Site {
    root: PathBuf,
}

impl Site {
    /// The site in a folder that need not exist yet.
    pub fn new(root: PathBuf) -> Self {
        Self { root }
    }

    /// The folder that is served under `/pkg`.
    pub fn pkg(&self) -> PathBuf {
        self.root.join("pkg")
    }

    /// Writes what is new, then `hash.txt`, then removes what no page asks for any more.
    /// `snippets` is a folder of modules, which need not exist.
    pub fn write(&self, assets: &[Asset], snippets: &Path) -> Result<()> {
        fs::create_dir_all(self.pkg())?;
        for asset in assets {
            let path = self.pkg().join(asset.file_name());
            if !path.exists() {
                println!("Compressing {}", asset.file_name());
                compress::write_all(&path, &asset.content)?;
            }
        }
        let modules = self.pkg().join("snippets");
        copy_modules(snippets, &modules)?;
        fs::write(self.root.join("hash.txt"), hash_file(assets))?;
        self.remove_others(assets)
    }

    fn remove_others(&self, assets: &[Asset]) -> Result<()> {
        let mut wanted = BTreeSet::from(["snippets".to_owned()]);
        for asset in assets {
            let name = asset.file_name();
            wanted.extend([format!("{name}.br"), format!("{name}.gz"), name]);
        }
        for entry in fs::read_dir(self.pkg())? {
            let entry = entry?;
            if !wanted.contains(&*entry.file_name().to_string_lossy()) {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }
}

/// One line a file, `extension: hash`.
fn hash_file(assets: &[Asset]) -> String {
    let lines: Vec<String> = assets.iter().map(|asset| format!("{}: {}\n", asset.extension, asset.hash)).collect();
    lines.concat()
}

/// Copies modules and compresses them. They are small, and their folders are named by the
/// crates' own hashes.
fn copy_modules(from: &Path, to: &Path) -> Result<()> {
    if to.exists() {
        fs::remove_dir_all(to)?;
    }
    if !from.exists() {
        return Ok(());
    }
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_modules(&entry.path(), &target)?;
        } else {
            compress::write_all(&target, &fs::read(entry.path())?)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assets(css: &str) -> [Asset; 2] {
        [Asset::new("js", b"export default 1".to_vec()), Asset::new("css", css.as_bytes().to_vec())]
    }

    #[test]
    fn a_new_content_is_a_new_name_and_the_old_one_goes() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let site = Site::new(folder.path().join("site"));
        let old = assets("a {}");
        let new = assets("b {}");
        assert_eq!(old[0].file_name(), new[0].file_name());
        assert_ne!(old[1].file_name(), new[1].file_name());

        let snippets = folder.path().join("none");
        site.write(&old, &snippets).expect("the first bundle");
        site.write(&new, &snippets).expect("the second bundle");

        let mut expected = Vec::new();
        for asset in &new {
            let name = asset.file_name();
            expected.extend([format!("{name}.br"), format!("{name}.gz"), name]);
        }
        expected.sort();
        let mut found: Vec<String> = fs::read_dir(site.pkg())
            .expect("the folder")
            .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
            .collect();
        found.sort();
        assert_eq!(found, expected);
    }

    #[test]
    fn the_hash_file_names_what_is_served() {
        let assets = assets("a {}");
        let text = hash_file(&assets);
        for asset in &assets {
            let line = text
                .lines()
                .find_map(|line| line.strip_prefix(&format!("{}: ", asset.extension)))
                .expect("a line per file");
            assert_eq!(asset.file_name(), format!("waypost.{line}.{}", asset.extension));
        }
    }
}
