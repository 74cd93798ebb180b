//! The private PostgreSQL cluster, used when no `DATABASE_URL` is given.
//!
//! It is for development and small installations: one folder, no password, no configuration. Whoever needs backups,
//! replicas or more than one machine sets `DATABASE_URL` and nothing in this module runs.
//!
//! How it works:
//!
//! 1. The installed PostgreSQL's own `initdb` makes the cluster once, in `postgres` under the data folder. It is made
//!    under another name and renamed when it is complete, so a crash half-way leaves nothing that looks like a cluster.
//! 2. `pg_ctl` starts it, with fsync, full page writes and synchronous commit on: a committed row survives a power cut.
//! 3. It listens on a unix socket in a folder of mode 0700 and on no TCP port, which is why no password is needed:
//!    only the owner of the folder, and root, can get to it.
//! 4. PostgreSQL refuses to run as root, so root steps down to the user `postgres` (or to the owner of a cluster that
//!    is already there). Where that user cannot reach the data folder, the cluster is kept in `/var/lib/waypost` and
//!    `postgres` in the data folder is a link to it.
//! 5. `pg_ctl` detaches the server from the terminal: Ctrl-C reaches Waypost, which stops the cluster in good order,
//!    and not PostgreSQL.
//!
//! Several processes may ask for the same cluster at once: a lock file lets one start it, and the others use it. Only
//! the one that started it stops it ([`Cluster::release`]).

mod account;
mod binaries;
mod control;
mod error;
mod home;
mod socket;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use error::ClusterError;

use control::{Server, StopMode};
use home::{Home, Lock};

/// A private cluster that has been started, by this process or another one.
#[derive(Clone, Debug)]
pub struct Cluster {
    server: Arc<Server>,
    lock_file: PathBuf,
    started: bool,
}

impl Cluster {
    /// Makes the cluster of this data folder if it is not there, starts it if it is not running, and waits until it
    /// accepts connections (at most a minute).
    pub async fn ensure(data_dir: &Path) -> Result<Self, ClusterError> {
        let data_dir = data_dir.to_owned();
        blocking(move || {
            let lock = Lock::take(&data_dir)?;
            let server = Server::of(Home::find_or_make(&data_dir)?)?;
            let started = server.start()?;
            Ok(Self { server: Arc::new(server), lock_file: lock.path().to_owned(), started })
        })
        .await
    }

    /// Where to connect, as sqlx and psql both understand it. It holds no secret.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// Whether this process started it: then it is also the one to stop it.
    pub fn started(&self) -> bool {
        self.started
    }

    /// Whether it is running now.
    pub async fn running(&self) -> Result<bool, ClusterError> {
        self.locked(Server::running).await
    }

    /// Stops it if this process started it, and leaves it alone otherwise.
    pub async fn release(self) -> Result<(), ClusterError> {
        if self.started { self.stop().await } else { Ok(()) }
    }

    /// Stops it in good order, disconnecting whoever is connected. No error if it is not running.
    pub async fn stop(&self) -> Result<(), ClusterError> {
        self.locked(|server| server.stop(StopMode::Fast)).await
    }

    /// Stops it like a power cut would, without a checkpoint: for tests of what survives one.
    pub async fn stop_immediate(&self) -> Result<(), ClusterError> {
        self.locked(|server| server.stop(StopMode::Immediate)).await
    }

    /// Starts it again after a stop, on the same socket. No error if it is running.
    pub async fn restart(&self) -> Result<(), ClusterError> {
        self.locked(|server| server.start().map(|_| ())).await
    }

    async fn locked<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Server) -> Result<T, ClusterError> + Send + 'static,
    ) -> Result<T, ClusterError> {
        let (server, lock_file) = (Arc::clone(&self.server), self.lock_file.clone());
        blocking(move || {
            let _lock = Lock::take_file(lock_file)?;
            work(&server)
        })
        .await
    }
}

/// Starts the cluster of a data folder, making it if need be, and leaves it running.
pub async fn start(data_dir: &Path) -> Result<Cluster, ClusterError> {
    Cluster::ensure(data_dir).await
}

/// Stops the cluster of a data folder, whoever started it. Says whether it was running.
pub async fn stop(data_dir: &Path) -> Result<bool, ClusterError> {
    let data_dir = data_dir.to_owned();
    blocking(move || {
        let home = Home::find(&data_dir)?.ok_or(ClusterError::NoCluster(data_dir.clone()))?;
        let _lock = Lock::take(&data_dir)?;
        let server = Server::of(home)?;
        let running = server.running()?;
        server.stop(StopMode::Fast)?;
        Ok(running)
    })
    .await
}

/// The URL of the cluster of a data folder, running or not.
pub async fn url(data_dir: &Path) -> Result<String, ClusterError> {
    let data_dir = data_dir.to_owned();
    blocking(move || {
        let home = Home::find(&data_dir)?.ok_or(ClusterError::NoCluster(data_dir))?;
        Ok(Server::of(home)?.url())
    })
    .await
}

/// Child processes and file locks block; a runtime's threads must not.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ClusterError> + Send + 'static,
) -> Result<T, ClusterError> {
    tokio::task::spawn_blocking(work).await.map_err(|_| ClusterError::Interrupted)?
}
