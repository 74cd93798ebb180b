//! These run the installed PostgreSQL, as root (who steps down) and as anybody else.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, PgConnection};
use tempfile::TempDir;

use super::account::Account;
use super::*;

/// A data folder that everybody may enter, and whose cluster is stopped when the test ends, however it ends.
struct DataDir(TempDir);

impl DataDir {
    fn new() -> Self {
        let everybody = std::fs::Permissions::from_mode(0o755);
        Self(tempfile::Builder::new().prefix("waypost").permissions(everybody).tempdir().unwrap())
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("data")
    }
}

impl Drop for DataDir {
    fn drop(&mut self) {
        if let Ok(Some(home)) = Home::find(&self.path()) {
            let stopped = Server::of(home).and_then(|server| server.stop(StopMode::Immediate));
            assert!(stopped.is_ok() || std::thread::panicking(), "{stopped:?}");
        }
    }
}

async fn connect(cluster: &Cluster) -> PgConnection {
    let options = PgConnectOptions::from_str(&cluster.url()).unwrap();
    PgConnection::connect_with(&options).await.unwrap()
}

async fn setting(connection: &mut PgConnection, name: &str) -> String {
    sqlx::query_scalar("select current_setting($1)").bind(name).fetch_one(connection).await.unwrap()
}

#[tokio::test]
async fn a_new_data_folder_gets_a_durable_cluster_that_no_network_reaches() {
    let data = DataDir::new();
    let cluster = Cluster::ensure(&data.path()).await.unwrap();
    assert!(cluster.started());
    let mut connection = connect(&cluster).await;
    for name in ["fsync", "full_page_writes", "synchronous_commit", "data_checksums"] {
        assert_eq!(setting(&mut connection, name).await, "on", "{name}");
    }
    assert_eq!(setting(&mut connection, "listen_addresses").await, "");
    assert_eq!(setting(&mut connection, "server_encoding").await, "UTF8");
    let database: String =
        sqlx::query_scalar("select current_database()::text").fetch_one(&mut connection).await.unwrap();
    assert_eq!(database, "waypost");
    let mode = data.path().join("postgres").metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}

#[tokio::test]
async fn whoever_comes_second_uses_the_running_cluster_and_does_not_stop_it() {
    let data = DataDir::new();
    let path = data.path();
    let (one, other) = tokio::join!(Cluster::ensure(&path), Cluster::ensure(&path));
    let (one, other) = (one.unwrap(), other.unwrap());
    assert!(one.started() != other.started(), "exactly one of two starts it");
    let (first, second) = if one.started() { (one, other) } else { (other, one) };
    assert_eq!(first.url(), second.url());
    second.release().await.unwrap();
    assert!(first.running().await.unwrap());
    first.clone().release().await.unwrap();
    assert!(!first.running().await.unwrap());
}

#[tokio::test]
async fn what_was_committed_survives_a_power_cut() {
    let data = DataDir::new();
    let cluster = Cluster::ensure(&data.path()).await.unwrap();
    let mut connection = connect(&cluster).await;
    sqlx::query("create table kept as select 7 as number").execute(&mut connection).await.unwrap();
    cluster.stop_immediate().await.unwrap();
    assert!(!cluster.running().await.unwrap());
    cluster.restart().await.unwrap();
    let number: i32 =
        sqlx::query_scalar("select number from kept").fetch_one(&mut connect(&cluster).await).await.unwrap();
    assert_eq!(number, 7);
}

#[tokio::test]
async fn a_terminals_interrupt_does_not_reach_it() {
    let data = DataDir::new();
    Cluster::ensure(&data.path()).await.unwrap();
    let lock_file = std::fs::read_to_string(data.path().join("postgres/postmaster.pid")).unwrap();
    let server = lock_file.lines().next().unwrap();
    let group = |pid: &str| {
        let said = std::process::Command::new("ps").args(["-o", "pgid=", "-p", pid]).output().unwrap();
        String::from_utf8(said.stdout).unwrap().trim().to_owned()
    };
    assert_eq!(group(server), server, "it leads a process group of its own");
    assert_ne!(group(server), group(&std::process::id().to_string()));
}

#[tokio::test]
async fn a_path_too_long_for_a_socket_is_no_hindrance() {
    let data = DataDir::new();
    let deep = data.path().join("it's a long, \"odd\" $(name) ".repeat(6)).join("data");
    let cluster = Cluster::ensure(&deep).await.unwrap();
    assert!(cluster.url().contains("host=/tmp/waypost-"), "{}", cluster.url());
    assert!(deep.canonicalize().unwrap().as_os_str().len() > 107);
    connect(&cluster).await.close().await.unwrap();
    cluster.stop().await.unwrap();
    assert!(!socket::folder(&deep.canonicalize().unwrap().join("postgres")).exists(), "it is tidied up");
}

#[tokio::test]
async fn odd_letters_in_a_path_reach_the_socket() {
    let data = DataDir::new();
    let odd = data.path().join("a b,c'd&\"é%$x");
    let cluster = Cluster::ensure(&odd).await.unwrap();
    connect(&cluster).await.close().await.unwrap();
    cluster.stop().await.unwrap();
}

#[test]
fn where_root_steps_down_to_a_user_who_cannot_enter_the_folder_the_cluster_is_kept_elsewhere() {
    let data = DataDir::new();
    let closed = data.path();
    std::fs::create_dir(&closed).unwrap();
    std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(0o700)).unwrap();
    let refuge = data.0.path().join("refuge");
    let home = Home::make(&closed, &refuge).unwrap();
    let root = !Account::for_new().unwrap().can_enter(&closed).unwrap();
    assert_eq!(home.folder.starts_with(&refuge), root, "anybody else can enter a folder of their own");
    assert_eq!(Home::find(&closed).unwrap().unwrap().folder, home.folder.canonicalize().unwrap());
}

#[tokio::test]
async fn what_is_no_cluster_is_left_alone_and_named() {
    let data = DataDir::new();
    assert!(matches!(url(&data.path()).await, Err(ClusterError::NoCluster(_))));
    std::fs::create_dir_all(data.path()).unwrap();
    std::os::unix::fs::symlink("/nonexistent/cluster", data.path().join("postgres")).unwrap();
    let error = Cluster::ensure(&data.path()).await.unwrap_err();
    assert!(
        matches!(&error, ClusterError::Gone { target, .. } if target == Path::new("/nonexistent/cluster")),
        "{error}"
    );
    std::fs::remove_file(data.path().join("postgres")).unwrap();
}
