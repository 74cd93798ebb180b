//! Where the cluster lives, and the lock that keeps two processes from starting it at once.

use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::ClusterError;
use super::account::Account;
use super::control;

/// The cluster's name in the data folder.
const NAME: &str = "postgres";

/// Where root keeps a cluster that the user `postgres` could not reach in the data folder.
const REFUGE: &str = "/var/lib/waypost";

/// A cluster that is there, and who runs it.
#[derive(Clone, Debug)]
pub(super) struct Home {
    /// PostgreSQL's data directory; absolute, no links in it.
    pub(super) folder: PathBuf,
    /// Its owner.
    pub(super) account: Account,
}

impl Home {
    /// The cluster of a data folder; none if it was not made yet.
    pub(super) fn find(data_dir: &Path) -> Result<Option<Self>, ClusterError> {
        let path = data_dir.join(NAME);
        match path.canonicalize() {
            Ok(folder) => Ok(Some(Self { account: Account::owning(&folder)?, folder })),
            Err(error) if error.kind() == ErrorKind::NotFound => match path.read_link() {
                Ok(target) => Err(ClusterError::Gone { link: path, target }),
                Err(_) => Ok(None),
            },
            Err(source) => Err(ClusterError::File { path, source }),
        }
    }

    /// The cluster of a data folder, made if need be.
    pub(super) fn find_or_make(data_dir: &Path) -> Result<Self, ClusterError> {
        match Self::find(data_dir)? {
            Some(home) => Ok(home),
            None => Self::make(data_dir, Path::new(REFUGE)),
        }
    }

    /// Makes it in the data folder, or in the refuge with a link in the data folder.
    pub(super) fn make(data_dir: &Path, refuge: &Path) -> Result<Self, ClusterError> {
        let account = Account::for_new()?;
        let data_dir = data_dir.canonicalize().map_err(ClusterError::file(data_dir))?;
        let place = data_dir.join(NAME);
        if account.can_enter(&data_dir)? {
            return build(place, account);
        }
        std::fs::create_dir_all(refuge).map_err(ClusterError::file(refuge))?;
        // A name of its own each time: a data folder that was removed and made anew starts with an empty cluster.
        let home = build(refuge.join(format!("cluster-{}", uuid::Uuid::now_v7().simple())), account)?;
        std::os::unix::fs::symlink(&home.folder, &place).map_err(ClusterError::file(place))?;
        Ok(home)
    }
}

/// Under another name first: only a complete cluster gets its own.
fn build(folder: PathBuf, account: Account) -> Result<Home, ClusterError> {
    let unfinished = folder.with_extension("unfinished");
    match std::fs::remove_dir_all(&unfinished) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(ClusterError::file(unfinished)(error)),
        _ => std::fs::create_dir(&unfinished).map_err(ClusterError::file(&unfinished))?,
    }
    account.take_over(&unfinished)?;
    control::init(&Home { folder: unfinished.clone(), account })?;
    std::fs::rename(&unfinished, &folder).map_err(ClusterError::file(&folder))?;
    Ok(Home { folder, account })
}

/// Held while the cluster is made, started or stopped; released when dropped, or when the process dies.
#[derive(Debug)]
pub(super) struct Lock {
    path: PathBuf,
    _file: File,
}

impl Lock {
    /// Waits for the lock of a data folder, which is created if need be.
    pub(super) fn take(data_dir: &Path) -> Result<Self, ClusterError> {
        std::fs::create_dir_all(data_dir).map_err(ClusterError::file(data_dir))?;
        let data_dir = data_dir.canonicalize().map_err(ClusterError::file(data_dir))?;
        Self::take_file(data_dir.join("postgres.lock"))
    }

    /// Waits for the lock in a file.
    pub(super) fn take_file(path: PathBuf) -> Result<Self, ClusterError> {
        let file = File::create(&path).map_err(ClusterError::file(&path))?;
        file.lock().map_err(ClusterError::file(&path))?;
        Ok(Self { path, _file: file })
    }

    /// The file.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}
