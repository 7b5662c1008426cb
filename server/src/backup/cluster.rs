//! The PostgreSQL that the live database is in, and the databases beside that.

use super::{manifest::Manifest, tools::Tools};
use anyhow::{Context, Result};
use chrono::{DateTime, Utc};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection, postgres::PgConnectOptions};
use std::{path::Path, time::Duration};
use taskwire_backend::{Clock, MIGRATOR};
use tokio::time::sleep;

/// The database that every PostgreSQL has for those who look after it: nobody connects to one that is renamed or dropped.
const MAINTENANCE: &str = "postgres";

/// Bytes of the live database's name that the names of others begin with: PostgreSQL cuts names off at 63.
const PREFIX_MAX: usize = 30;

/// How often those are sent away who connect to a database that is being renamed.
const EVICTION: Duration = Duration::from_millis(50);

/// What a database beside the live one is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A backup is tried in it.
    Verify,
    /// It is to become the live one.
    Restore,
    /// It was the live one before a restore, and is kept until somebody says otherwise.
    Kept,
}

impl Purpose {
    fn as_str(self) -> &'static str {
        match self {
            Self::Verify => "verify",
            Self::Restore => "restore",
            Self::Kept => "before",
        }
    }
}

/// Where backups are made and restored, by one at a time: whoever else wants to waits.
#[derive(Debug)]
pub struct Cluster {
    /// It also holds the lock.
    connection: PgConnection,
    connect: PgConnectOptions,
    /// The live database's name.
    live: String,
    /// The login's name.
    login: String,
    /// PostgreSQL's major version.
    pub major: u32,
    /// The programs that fit it.
    pub tools: Tools,
    clock: Clock,
}

impl Cluster {
    /// Waits for its turn. `programs` is the folder of pg_dump and pg_restore, if not one that is found.
    ///
    /// # Errors
    /// The database does not answer, or there are no programs that fit it.
    pub async fn lock(connect: &PgConnectOptions, programs: Option<&Path>) -> Result<Self> {
        // Reading and restoring everything takes its time, which is no news.
        let connect = connect.clone().disable_statement_logging();
        let live = connect.get_database().unwrap_or_else(|| connect.get_username()).to_owned();
        let mut connection = connect.clone().database(MAINTENANCE).connect().await.context("cannot connect")?;
        let (major, login): (i32, String) = sqlx::query_as(
            "/* cluster_version */ SELECT current_setting('server_version_num')::integer / 10000, session_user::text",
        )
        .fetch_one(&mut connection)
        .await?;
        let major = u32::try_from(major)?;
        let tools = Tools::find(programs, major, &connect)?;
        let key = format!("taskwire backup of {live}");
        let free = sqlx::query_scalar("/* backup_try_lock */ SELECT pg_try_advisory_lock(hashtextextended($1, 0))");
        if !free.bind(&key).fetch_one(&mut connection).await? {
            tracing::info!("waiting for another backup or restore to end");
            let turn = sqlx::query("/* backup_lock */ SELECT pg_advisory_lock(hashtextextended($1, 0))");
            turn.bind(&key).execute(&mut connection).await?;
        }
        Ok(Self { connection, connect, live, login, major, tools, clock: Clock::system() })
    }

    /// Lets the next one have their turn.
    ///
    /// # Errors
    /// The connection is lost.
    pub async fn unlock(self) -> Result<()> {
        Ok(self.connection.close().await?)
    }

    /// The time.
    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// The live database's name.
    pub fn live(&self) -> &str {
        &self.live
    }

    /// A connection to one of its databases.
    ///
    /// # Errors
    /// It does not answer.
    pub async fn open(&self, database: &str) -> Result<PgConnection> {
        let connection = self.connect.clone().database(database).connect().await;
        connection.with_context(|| format!("cannot connect to the database {database}"))
    }

    /// The databases that are beside the live one for a purpose, the newest first.
    ///
    /// # Errors
    /// The connection is lost.
    pub async fn beside(&mut self, purpose: Purpose) -> Result<Vec<String>> {
        let names = sqlx::query_scalar(
            "/* databases_beside */ SELECT datname::text FROM pg_database WHERE starts_with(datname, $1)
             ORDER BY datname DESC",
        );
        Ok(names.bind(self.prefix(purpose)).fetch_all(&mut self.connection).await?)
    }

    /// Makes an empty one, in place of what an earlier try left behind.
    ///
    /// # Errors
    /// The login may not, or the disk is full.
    pub async fn make(&mut self, purpose: Purpose) -> Result<String> {
        for leftover in self.beside(purpose).await? {
            self.drop(&leftover).await?;
        }
        let name = self.name(purpose);
        let make = format!("/* database_make */ CREATE DATABASE {} TEMPLATE template0", quoted(&name));
        sqlx::raw_sql(AssertSqlSafe(make))
            .execute(&mut self.connection)
            .await
            .with_context(|| format!("cannot make a database beside {}", self.live))?;
        Ok(name)
    }

    /// Drops one, whoever is connected to it.
    ///
    /// # Errors
    /// The login may not.
    pub async fn drop(&mut self, database: &str) -> Result<()> {
        let drop = format!("/* database_drop */ DROP DATABASE {} WITH (FORCE)", quoted(database));
        let dropped = sqlx::raw_sql(AssertSqlSafe(drop)).execute(&mut self.connection).await;
        dropped.map(|_| ()).with_context(|| format!("cannot drop the database {database}"))
    }

    /// Fills an empty database from a dump. What belonged to another login there belongs to this one here.
    ///
    /// # Errors
    /// What pg_restore says.
    pub async fn fill(&mut self, database: &str, manifest: &Manifest, dump: &Path) -> Result<()> {
        let mut connection = self.open(database).await?;
        // Roles are not in a dump: in a new cluster they must be there first.
        let roles = MIGRATOR.iter().find(|migration| migration.version == 1).map(|migration| migration.sql.clone());
        sqlx::raw_sql(roles.context("there is no first migration")?).execute(&mut connection).await?;
        let owner = quoted(&manifest.owner);
        let foreign = manifest.owner != self.login;
        let made = foreign && self.make_role(&manifest.owner).await?;
        self.tools.restore(database, dump).await?;
        if foreign {
            let hand_over = format!("/* owner_hand_over */ REASSIGN OWNED BY {owner} TO CURRENT_USER");
            sqlx::raw_sql(AssertSqlSafe(hand_over)).execute(&mut connection).await?;
        }
        if made {
            let forget = format!("/* owner_forget */ DROP OWNED BY {owner}; DROP ROLE {owner}");
            sqlx::raw_sql(AssertSqlSafe(forget)).execute(&mut connection).await?;
        }
        Ok(connection.close().await?)
    }

    /// Makes a role that nobody can log in as, unless there is one of that name; says whether it did.
    async fn make_role(&mut self, name: &str) -> Result<bool> {
        let known = sqlx::query_scalar("/* role_exists */ SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)");
        if known.bind(name).fetch_one(&mut self.connection).await? {
            return Ok(false);
        }
        let name = quoted(name);
        let make = format!("/* owner_make */ CREATE ROLE {name} NOLOGIN; GRANT {name} TO CURRENT_USER");
        sqlx::raw_sql(AssertSqlSafe(make)).execute(&mut self.connection).await?;
        Ok(true)
    }

    /// Makes `new` the live database, in one transaction: at every moment one of the two is. Returns the name under which
    /// the other is kept.
    ///
    /// # Errors
    /// Somebody is connected whom the login may not send away. Then nothing has changed.
    pub async fn swap(&mut self, new: &str) -> Result<String> {
        let kept = self.name(Purpose::Kept);
        let (live, old) = (quoted(&self.live), quoted(&kept));
        let rename = format!(
            "/* database_swap */ BEGIN; ALTER DATABASE {live} RENAME TO {old}; ALTER DATABASE {} RENAME TO {live}; COMMIT",
            quoted(new)
        );
        // Renaming locks out whoever comes, and waits a few seconds for those who are there to leave.
        let mut evictor = self.open(MAINTENANCE).await?;
        let evict = async {
            loop {
                let evict = sqlx::query(
                    "/* database_evict */ SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1",
                );
                evict.bind(&self.live).execute(&mut evictor).await?;
                sleep(EVICTION).await;
            }
        };
        let renamed: Result<(), sqlx::Error> = tokio::select! {
            renamed = sqlx::raw_sql(AssertSqlSafe(rename)).execute(&mut self.connection) => renamed.map(drop),
            refused = evict => refused,
        };
        renamed.with_context(|| format!("{} stays as it is, because it cannot be renamed", self.live))?;
        Ok(kept)
    }

    fn prefix(&self, purpose: Purpose) -> String {
        let mut end = self.live.len().min(PREFIX_MAX);
        while !self.live.is_char_boundary(end) {
            end -= 1;
        }
        format!("{}_{}_", self.live.get(..end).unwrap_or_default(), purpose.as_str())
    }

    fn name(&self, purpose: Purpose) -> String {
        format!("{}{}", self.prefix(purpose), self.now().format("%Y%m%d_%H%M%S_%3f"))
    }
}

/// As an identifier.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
