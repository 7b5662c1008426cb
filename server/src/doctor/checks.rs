//! The checks of `taskwire doctor`, each of one thing.

use super::Finding;
use crate::{
    backup::{
        cluster::{Cluster, Purpose},
        contents::newest_migration,
        store::Store,
    },
    config::Settings,
    postgres::programs::OLDEST,
};
use anyhow::Result;
use chrono::{DateTime, TimeDelta, Utc};
use rustix::fs::statvfs;
use sqlx::PgConnection;
use std::path::Path;
use taskwire_backend::Clock;

/// Free space of a disk below which something should be done, in bytes.
const LITTLE_SPACE: u64 = 1 << 30;

/// How far the clocks of the server and of the database may be apart.
const CLOCKS_APART: TimeDelta = TimeDelta::seconds(2);

/// A backup should not be older.
const BACKUP_MAX_AGE: TimeDelta = TimeDelta::days(2);

/// Connections that others than the server may want: a backup, somebody who looks.
const CONNECTIONS_FOR_OTHERS: i64 = 5;

/// What the settings alone show.
pub fn configuration(settings: &Settings) -> Vec<Finding> {
    let exposed = !settings.addr.ip().is_loopback();
    vec![
        match (exposed, settings.https()) {
            (true, false) => Finding::mind(
                format!("{} can be reached from elsewhere, by plain HTTP", settings.addr),
                "Set TASKWIRE_TLS_CERT and TASKWIRE_TLS_KEY, or put a proxy in front that speaks HTTPS and set \
                 TASKWIRE_SECURE_COOKIES=true: passwords cross the network.",
            ),
            _ => Finding::well(format!("The settings go together; it listens on {}", settings.addr)),
        },
        match settings.metrics_token {
            Some(_) => Finding::well("Prometheus can read /metrics"),
            None => Finding::mind("Nothing is recorded for Prometheus", "Set TASKWIRE_METRICS_TOKEN to have alerts."),
        },
    ]
}

/// The database's version.
pub async fn version(connection: &mut PgConnection) -> Result<Finding> {
    let (version, major): (String, i32) = sqlx::query_as(
        "/* doctor_version */ SELECT current_setting('server_version'),
         current_setting('server_version_num')::integer / 10000",
    )
    .fetch_one(connection)
    .await?;
    Ok(match u32::try_from(major)? >= OLDEST {
        true => Finding::well(format!("PostgreSQL {version} answers")),
        false => Finding::wrong(
            format!("PostgreSQL {version} is too old"),
            format!("Version {OLDEST} or newer is needed: move the data with pg_upgrade."),
        ),
    })
}

/// Whether there are as many connections as the server may open.
pub async fn connections(connection: &mut PgConnection, settings: &Settings) -> Result<Finding> {
    let most: i64 = sqlx::query_scalar(
        "/* doctor_connections */ SELECT current_setting('max_connections')::bigint
         - current_setting('superuser_reserved_connections')::bigint",
    )
    .fetch_one(connection)
    .await?;
    let wanted = i64::from(settings.db_connections);
    Ok(match most >= wanted + CONNECTIONS_FOR_OTHERS {
        true => Finding::well(format!("{most} connections are enough for the {wanted} of the server")),
        false => Finding::wrong(
            format!("PostgreSQL takes {most} connections, and the server may open {wanted}"),
            "Raise max_connections, or lower TASKWIRE_DB_CONNECTIONS; each server has as many of its own.",
        ),
    })
}

/// Whether the roles that the server works under are held by row-level security.
pub async fn roles(connection: &mut PgConnection) -> Result<Finding> {
    let loose: Vec<String> = sqlx::query_scalar(
        "/* doctor_roles */ SELECT rolname::text FROM pg_roles
         WHERE rolname IN ('taskwire_app', 'taskwire_owner') AND (rolsuper OR rolbypassrls OR rolcanlogin)",
    )
    .fetch_all(connection)
    .await?;
    Ok(match loose.as_slice() {
        [] => Finding::well("The roles that the server works under cannot bypass row-level security"),
        names => Finding::wrong(
            format!("{} can log in, or bypass row-level security", names.join(" and ")),
            "ALTER ROLE … NOLOGIN NOSUPERUSER NOBYPASSRLS",
        ),
    })
}

/// Whether the clocks agree, and neither was set back.
pub async fn clock(connection: &mut PgConnection) -> Result<Finding> {
    let theirs: DateTime<Utc> =
        sqlx::query_scalar("/* doctor_clock */ SELECT clock_timestamp()").fetch_one(&mut *connection).await?;
    let last: Option<DateTime<Utc>> = match newest_migration(&mut *connection).await? {
        Some(_) => {
            let seen = sqlx::query_scalar("/* doctor_last_seen */ SELECT max(last_seen_at) FROM sessions");
            seen.fetch_one(connection).await?
        }
        None => None,
    };
    let ours = Clock::system().now();
    let apart = (theirs - ours).abs();
    Ok(match last {
        _ if apart > CLOCKS_APART => Finding::wrong(
            format!("The database's clock is {} s away from this machine's", apart.num_seconds()),
            "Let both be set by NTP: sessions and limits go by them.",
        ),
        Some(last) if last > ours + CLOCKS_APART => Finding::wrong(
            format!("Somebody was here at {}, which is yet to come", last.format("%Y-%m-%d %H:%M:%S UTC")),
            "This machine's clock was set back: let it be set by NTP.",
        ),
        _ => Finding::well("The clocks agree"),
    })
}

/// Bytes of the database on its disk.
pub async fn size(connection: &mut PgConnection) -> Result<u64> {
    let size: i64 = sqlx::query_scalar("/* doctor_size */ SELECT pg_database_size(current_database())")
        .fetch_one(connection)
        .await?;
    Ok(u64::try_from(size)?)
}

/// Whether there is room where data and backups are. A backup is tried in a database of the same size.
pub fn disks(settings: &Settings, store: &Store, size: u64) -> Vec<Finding> {
    let data = settings.database_url.is_none().then(|| settings.data_folder().ok()).flatten();
    let data = data.map(|dir| disk("data", &dir, LITTLE_SPACE.max(2 * size)));
    // Until the first backup, the folder is not there.
    let backups =
        store.dir().ancestors().find(|dir| dir.is_dir()).map(|dir| disk("backups", dir, LITTLE_SPACE.max(size)));
    data.into_iter().chain(backups).collect()
}

fn disk(of: &str, dir: &Path, wanted: u64) -> Finding {
    let gigabytes = |bytes: u64| format!("{:.1} GiB", bytes as f64 / f64::from(1 << 30));
    match statvfs(dir).map(|disk| disk.f_bavail * disk.f_frsize) {
        Ok(free) if free >= wanted => {
            Finding::well(format!("{} are free for {of} in {}", gigabytes(free), dir.display()))
        }
        Ok(free) => Finding::wrong(
            format!("Only {} are free for {of} in {}", gigabytes(free), dir.display()),
            format!("There should be {}: backups are tried beside the live data.", gigabytes(wanted)),
        ),
        Err(error) => Finding::wrong(format!("{} cannot be looked at: {error}", dir.display()), "Is it mounted?"),
    }
}

/// Whether there is a backup that is neither old nor untried.
pub fn backups(settings: &Settings, store: &Store, now: DateTime<Utc>) -> Result<Finding> {
    let backups = store.list()?;
    let advice = match settings.backup_schedule.is_off() {
        true => "Set TASKWIRE_BACKUP_SCHEDULE, unless the database is backed up otherwise.",
        false => "Run `taskwire backup`; why it was not made by the clock stands in the server's log.",
    };
    Ok(match backups.first() {
        None => Finding::mind(format!("There is no backup in {}", store.dir().display()), advice),
        Some(last) if now - last.manifest.created_at > BACKUP_MAX_AGE => {
            Finding::wrong(format!("The last backup is of {}", last.manifest.created_at.format("%Y-%m-%d")), advice)
        }
        Some(last) if last.verified_at.is_none() => Finding::wrong(
            format!("The last backup, {}, is not verified", last.name),
            "Run `taskwire backup verify`, which says why.",
        ),
        Some(last) => Finding::well(format!("The last backup, {}, is verified", last.name)),
    })
}

/// Whether the login may make backups and try them.
pub async fn backup_rights(connection: &mut PgConnection) -> Result<Finding> {
    let may: bool = sqlx::query_scalar(
        "/* doctor_backup_rights */ SELECT rolsuper OR (rolbypassrls AND rolcreatedb) FROM pg_roles WHERE rolname = session_user",
    )
    .fetch_one(connection)
    .await?;
    Ok(match may {
        true => Finding::well("The login may make backups, and databases to try them in"),
        false => Finding::mind("The login may not make backups", "ALTER ROLE … CREATEDB BYPASSRLS"),
    })
}

/// Databases that restores have left, if any.
pub async fn kept(cluster: &mut Cluster) -> Result<Option<Finding>> {
    let kept = cluster.beside(Purpose::Kept).await?;
    let what = format!("What was there before a restore is kept: {}", kept.join(", "));
    Ok((!kept.is_empty()).then(|| Finding::mind(what, "`taskwire restore --drop-old` drops it.")))
}
