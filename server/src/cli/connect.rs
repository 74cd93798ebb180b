//! What most commands begin with: a migrated database.

use std::future::Future;

use super::Failure;
use crate::cluster::Cluster;
use crate::database::{self, Database, PoolSizes};
use crate::settings::DatabaseArgs;

/// Brings the schema up to date.
pub async fn migrate(args: &DatabaseArgs) -> Result<(), Failure> {
    let source = args.source().await?;
    let migrated = database::migrate(&source.url).await;
    release(source.cluster).await?;
    migrated?;
    println!("The schema is up to date.");
    Ok(())
}

/// Runs `work` on a migrated database. A private cluster that was started for it is stopped afterwards.
pub async fn with_database<T, F>(args: &DatabaseArgs, work: impl FnOnce(Database) -> F) -> Result<T, Failure>
where
    F: Future<Output = Result<T, Failure>>,
{
    let source = args.source().await?;
    let result = async {
        database::migrate(&source.url).await?;
        let database = Database::new(&source.url, PoolSizes::default())?;
        let result = work(database.clone()).await;
        database.close().await;
        result
    };
    let result = result.await;
    release(source.cluster).await?;
    result
}

/// Stops a cluster that this process started.
pub async fn release(cluster: Option<Cluster>) -> Result<(), Failure> {
    match cluster {
        Some(cluster) => Ok(cluster.release().await?),
        None => Ok(()),
    }
}

/// Reads one line of a secret from standard input, for options that must not stand on the command line.
pub fn read_secret_line(what: &str) -> Result<secrecy::SecretString, Failure> {
    let mut line = String::new();
    std::io::stdin().read_line(&mut line)?;
    let secret = line.trim().to_owned();
    if secret.is_empty() {
        return Err(format!("Standard input has no line with the {what}.").into());
    }
    Ok(secret.into())
}
