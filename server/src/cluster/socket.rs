//! The unix socket that the cluster listens on.

use std::fs::DirBuilder;
use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::ClusterError;
use super::home::Home;

/// Part of the socket's name and nothing else: no TCP port is opened.
pub(super) const PORT: u16 = 54330;

/// A socket's path has 107 bytes on Linux and 103 on macOS; `/.s.PGSQL.54330` takes 15 of them.
const LONGEST_FOLDER: usize = 103 - 15;

/// The folder of the socket: the cluster's own, which is of mode 0700, or a short one where that path is too long.
pub(super) fn folder(cluster: &Path) -> PathBuf {
    if cluster.as_os_str().len() <= LONGEST_FOLDER { cluster.to_owned() } else { short_folder(cluster) }
}

fn short_folder(cluster: &Path) -> PathBuf {
    let digest = hex::encode(Sha256::digest(cluster.as_os_str().as_bytes()));
    Path::new("/tmp").join(format!("waypost-{}", &digest[..16]))
}

/// Makes the folder if it is not there. One that somebody else made in `/tmp` is not trusted.
pub(super) fn prepare(home: &Home) -> Result<(), ClusterError> {
    let folder = folder(&home.folder);
    match DirBuilder::new().mode(0o700).create(&folder) {
        Ok(()) => home.account.take_over(&folder)?,
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        Err(error) => return Err(ClusterError::file(folder)(error)),
    }
    let found = folder.symlink_metadata().map_err(ClusterError::file(&folder))?;
    if found.is_dir() && found.uid() == home.account.uid() && found.mode() & 0o777 == 0o700 {
        Ok(())
    } else {
        Err(ClusterError::UnsafeSocketFolder(folder))
    }
}

/// Removes the folder after a stop, where it is not the cluster's own.
pub(super) fn tidy(cluster: &Path) -> Result<(), ClusterError> {
    let folder = folder(cluster);
    if folder == cluster {
        return Ok(());
    }
    match std::fs::remove_dir(&folder) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(ClusterError::file(folder)(error)),
        _ => Ok(()),
    }
}

/// The URL of the database in it, for sqlx and libpq alike.
pub(super) fn url(cluster: &Path) -> String {
    let host = percent_encoded(folder(cluster).as_os_str().as_bytes());
    format!("postgres:///waypost?host={host}&port={PORT}&user=waypost&sslmode=disable")
}

fn percent_encoded(bytes: &[u8]) -> String {
    bytes
        .iter()
        .map(|&byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' | b'~' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}
