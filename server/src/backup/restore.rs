//! Bringing a backup back.

use super::{
    cluster::{Cluster, Purpose},
    contents::known_migration,
    store::Backup,
    verify::restore_beside,
};
use anyhow::{Context, Result, ensure};
use sqlx::Connection;
use taskwire_backend::MIGRATOR;

/// Whether this program can use what is in a backup.
///
/// # Errors
/// It is from a newer one.
pub fn must_be_known(backup: &Backup) -> Result<()> {
    let (theirs, ours) = (backup.manifest.contents.migration, known_migration());
    ensure!(
        theirs <= ours,
        "The backup {} was made by Taskwire {}, which is newer than this one ({}): its database is at migration {theirs}, \
         and this program knows {ours}. Install that version, or a newer one, and restore with it.",
        backup.name,
        backup.manifest.taskwire,
        env!("CARGO_PKG_VERSION"),
    );
    Ok(())
}

/// Fills a database beside the live one, compares, migrates, and swaps the two. Returns the name under which the one that was
/// live is kept. Also while the server runs: it loses its connections at the swap, and opens new ones.
///
/// # Errors
/// Whatever breaks off; the live database is as it was then.
pub async fn restore(cluster: &mut Cluster, backup: &Backup) -> Result<String> {
    tracing::info!(backup = backup.name, "restoring into a database beside the live one");
    let new = restore_beside(cluster, backup, Purpose::Restore).await?;
    tracing::info!("what is in it is what was in the backup; bringing its schema up to date");
    let mut connection = cluster.open(&new).await?;
    MIGRATOR.run(&mut connection).await.context("its schema cannot be brought up to date")?;
    connection.close().await?;
    tracing::info!("swapping the two databases");
    cluster.swap(&new).await
}

/// Makes the database live again that was live before the last restore. Returns the name under which the other is kept.
///
/// # Errors
/// None is kept, or the two cannot be swapped.
pub async fn undo(cluster: &mut Cluster) -> Result<String> {
    let kept = cluster.beside(Purpose::Kept).await?;
    let last = kept.first().context("no database is kept from before a restore")?;
    cluster.swap(last).await
}
