//! Making a backup.

use super::{
    cluster::Cluster,
    contents::Contents,
    manifest::Manifest,
    store::{Backup, Store},
    verify::verify,
};
use anyhow::{Context, Result};
use chrono::{DateTime, Utc};
use sqlx::Connection;

/// Makes one of the live database while that is being used, and verifies it. One snapshot for the dump and for the sums:
/// what is written meanwhile is in neither.
///
/// # Errors
/// What keeps it from being made, and then nothing is left of it; or from being verified, and then it is there as one that
/// was not.
pub async fn make(cluster: &mut Cluster, store: &Store) -> Result<Backup> {
    let unfinished = store.begin()?;
    let mut connection = cluster.open(cluster.live()).await?;
    sqlx::raw_sql("/* backup_begin */ BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        .execute(&mut connection)
        .await?;
    let contents = Contents::read(&mut connection).await?;
    let (snapshot, created_at, owner): (String, DateTime<Utc>, String) = sqlx::query_as(
        "/* backup_snapshot */ SELECT pg_export_snapshot(), now(), tableowner::text FROM pg_tables
         WHERE schemaname = 'public' AND tablename = '_sqlx_migrations'",
    )
    .fetch_one(&mut connection)
    .await?;
    cluster.tools.dump(&snapshot, &unfinished.dump()).await?;
    connection.close().await?;
    let (size, sha256) = unfinished.sum().await?;
    let manifest = Manifest {
        taskwire: env!("CARGO_PKG_VERSION").to_owned(),
        postgres: cluster.major,
        created_at,
        owner,
        size,
        sha256,
        contents,
    };
    let mut backup = unfinished.finish(&manifest)?;
    verify(cluster, &mut backup)
        .await
        .with_context(|| format!("the backup {} was made, but not verified", backup.name))?;
    Ok(backup)
}
