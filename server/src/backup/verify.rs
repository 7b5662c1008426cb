//! Trying whether a backup can be restored, and has in it what was in the database.

use super::{
    cluster::{Cluster, Purpose},
    contents::Contents,
    store::Backup,
};
use anyhow::{Context, Result};
use sqlx::Connection;

/// Restores a backup into a database that is dropped again, compares, and notes that it was the same.
///
/// # Errors
/// The file is damaged, it cannot be restored, or what is in it is not what was.
pub async fn verify(cluster: &mut Cluster, backup: &mut Backup) -> Result<()> {
    let scratch = restore_beside(cluster, backup, Purpose::Verify).await?;
    cluster.drop(&scratch).await?;
    backup.note_verified(cluster.now())
}

/// Restores a backup into a new database, and compares. Returns the database's name.
///
/// # Errors
/// As [`verify`]; the database is gone then.
pub async fn restore_beside(cluster: &mut Cluster, backup: &Backup, purpose: Purpose) -> Result<String> {
    backup.check().await?;
    let database = cluster.make(purpose).await?;
    let filled = async {
        cluster.fill(&database, &backup.manifest, &backup.dump()).await?;
        let mut connection = cluster.open(&database).await?;
        let found = Contents::read(&mut connection).await?;
        connection.close().await?;
        found.must_be(&backup.manifest.contents)
    };
    if let Err(error) = filled.await {
        cluster.drop(&database).await?;
        return Err(error).with_context(|| format!("the backup {} cannot be restored", backup.name));
    }
    Ok(database)
}
