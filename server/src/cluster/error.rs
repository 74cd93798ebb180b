//! What can go wrong with the private cluster, as sentences that say what to do.

use std::io;
use std::path::PathBuf;

/// Why there is no private cluster to work with.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// No server binaries anywhere.
    #[error(
        "PostgreSQL is not installed: install version {oldest} or newer (on Debian and Ubuntu: `apt-get install \
         postgresql`), or set DATABASE_URL to a database that is already running."
    )]
    NotInstalled {
        /// The oldest version that will do.
        oldest: u32,
    },
    /// Only old ones.
    #[error(
        "PostgreSQL {found} is installed, and Waypost needs {oldest} or newer: install it, or set DATABASE_URL to a \
         newer server."
    )]
    TooOld {
        /// The newest version found.
        found: u32,
        /// The oldest version that will do.
        oldest: u32,
    },
    /// The cluster was made by a version that is gone.
    #[error(
        "The cluster in {} was made by PostgreSQL {made_by}, which is not installed any more: install it again, or \
         move the cluster to the installed version with pg_upgrade.", folder.display()
    )]
    OtherVersion {
        /// The cluster.
        folder: PathBuf,
        /// Its version.
        made_by: String,
    },
    /// Root, and nobody to step down to.
    #[error(
        "PostgreSQL refuses to run as root, and this system has no user `postgres` to step down to: run Waypost as \
         another user, create that one, or set DATABASE_URL."
    )]
    NobodyToRunAs,
    /// Made by another user, and this one is not root.
    #[error(
        "The cluster in {} belongs to another user: run Waypost as that user, or choose another folder with \
         WAYPOST_DATA_DIR.", .0.display()
    )]
    SomebodyElses(PathBuf),
    /// A link whose target is gone.
    #[error(
        "{} is a link to {}, which is gone: put the cluster back, or remove the link to start with an empty one.",
        link.display(), target.display()
    )]
    Gone {
        /// In the data folder.
        link: PathBuf,
        /// What it points to.
        target: PathBuf,
    },
    /// Something else is in its place.
    #[error("{} is no PostgreSQL cluster: move it away, or choose another folder with WAYPOST_DATA_DIR.", .0.display())]
    NotACluster(PathBuf),
    /// Asked to stop or describe a cluster that was never made.
    #[error("There is no private cluster in {}: `waypost cluster start` makes one.", .0.display())]
    NoCluster(PathBuf),
    /// The folder for the socket is there already and is not safe to use.
    #[error("{} is needed for PostgreSQL's socket and belongs to somebody else: remove it.", .0.display())]
    UnsafeSocketFolder(PathBuf),
    /// Running, says the lock file, and yet it does not answer.
    #[error(
        "PostgreSQL's lock file {} says that it is running, but it does not become ready. Its log is {}. If no \
         PostgreSQL is running, remove the lock file and start again.", lock_file.display(), log.display()
    )]
    NotReady {
        /// `postmaster.pid`.
        lock_file: PathBuf,
        /// The server's log.
        log: PathBuf,
    },
    /// One of PostgreSQL's programs failed.
    #[error("{program} failed: {details}")]
    Failed {
        /// Which one.
        program: String,
        /// What it said.
        details: String,
    },
    /// A program could not be run at all.
    #[error("{program} could not be run: {source}.")]
    Unrunnable {
        /// Which one.
        program: String,
        /// Why.
        source: io::Error,
    },
    /// A file or folder could not be used.
    #[error("{} could not be used: {source}.", path.display())]
    File {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The program is being shut down.
    #[error("The work on the private cluster was interrupted.")]
    Interrupted,
}

impl ClusterError {
    /// For `map_err` on an operation on a file.
    pub(super) fn file(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { path, source }
    }
}
