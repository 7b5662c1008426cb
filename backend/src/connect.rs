//! Opening the database: migrations, the pool, and the refusal to work without row-level security.

use crate::{
    Clock, Error, Result,
    dashboard_cache::DashboardCache,
    limit::{Limit, SignIns},
    password::Hasher,
    performance::Recent,
    token::Tokens,
    turns::Turns,
};
use chrono::{DateTime, Utc};
use secrecy::SecretString;
use sqlx::{
    ConnectOptions, PgPool,
    migrate::{MigrateError, Migrator},
    postgres::{PgConnectOptions, PgPoolOptions},
};
use std::{ops::Deref, sync::Arc, time::Duration};
use taskwire_domain::performance::Connections;
use tokio::sync::{OnceCell, watch};

/// Every migration, in order.
pub static MIGRATOR: Migrator = sqlx::migrate!("../migrations");

/// The role that every connection of the pool takes; it cannot bypass row-level security.
const APP_ROLE: &str = "taskwire_app";

/// The same login, but as the application's role. Start-up options cost no round trip, and RESET cannot undo them.
pub fn as_app(connect: PgConnectOptions) -> PgConnectOptions {
    connect.options([
        ("role", APP_ROLE),
        // Everything here reads a few rows in the order of an index. A plan that Postgres keeps for everybody is made
        // for the average user; with bitmaps it would read and sort every task of the user who has a million.
        ("enable_bitmapscan", "off"),
    ])
}

/// How long a pooled connection may have been idle before it is tried with a ping.
const PING_AFTER_IDLE: Duration = Duration::from_secs(5);

/// What the backend needs to know.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The database and the login that owns the schema.
    pub connect: PgConnectOptions,
    /// Connections at most.
    pub max_connections: u32,
    /// How long an operation waits for a connection.
    pub acquire_timeout: Duration,
    /// How long one statement may run.
    pub statement_timeout: Duration,
    /// Statements that take longer are logged as slow.
    pub slow_statement: Duration,
    /// Signs the session tokens; at least 32 bytes.
    pub secret: SecretString,
    /// Signed them before; what it has signed is still taken.
    pub previous_secret: Option<SecretString>,
    /// How long a session lives.
    pub session_ttl: Duration,
    /// How long the dashboard's numbers may be those of an earlier question; zero for never.
    pub dashboard_cache: Duration,
    /// How often one address may try to sign in or up.
    pub sign_ins_by_address: Limit,
    /// How often one account may be tried by strangers, and by each browser that has signed in to it before.
    pub sign_ins_by_account: Limit,
    /// What is measured, for administrators.
    pub recent: Recent,
}

/// Every operation there is. Cheap to clone: each request does it a few times.
#[derive(Debug, Clone)]
pub struct Backend(Arc<Parts>);

/// What operations work with.
#[derive(Debug)]
pub struct Parts {
    pub(crate) pool: PgPool,
    /// One connection for signs of life: whatever keeps all others busy, the database may be well.
    pulse: PgPool,
    pub(crate) turns: Turns,
    pub(crate) tokens: Tokens,
    pub(crate) hasher: Hasher,
    pub(crate) clock: Clock,
    pub(crate) sign_ins: SignIns,
    pub(crate) dashboards: Arc<DashboardCache>,
    pub(crate) time_zones: OnceCell<Vec<String>>,
    pub(crate) recent: Recent,
    pub(crate) started_at: DateTime<Utc>,
}

impl Deref for Backend {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl Backend {
    /// Brings the schema up to date (several instances may start at once: an advisory lock makes them queue) and opens
    /// the pool.
    ///
    /// # Errors
    /// The database does not answer, a migration fails, or the effective role could bypass row-level security.
    pub async fn start(settings: Settings) -> Result<Self> {
        let mut connection = settings.connect.connect().await?;
        MIGRATOR.run(&mut connection).await.map_err(newer_schema)?;
        sqlx::Connection::close(connection).await?;
        Self::open(settings, Clock::system()).await
    }

    /// Opens the pool on a schema that is up to date, with a clock of the caller's choice.
    pub async fn open(settings: Settings, clock: Clock) -> Result<Self> {
        let connect = as_app(settings.connect.clone())
            .application_name("taskwire")
            .options([
                ("statement_timeout", settings.statement_timeout.as_millis().to_string()),
                ("idle_in_transaction_session_timeout", (settings.statement_timeout * 2).as_millis().to_string()),
            ])
            .log_statements(tracing::log::LevelFilter::Trace)
            .log_slow_statements(tracing::log::LevelFilter::Warn, settings.slow_statement);
        let pulse = PgPoolOptions::new().max_connections(1).connect_lazy_with(connect.clone());
        let pool = PgPoolOptions::new()
            .max_connections(settings.max_connections)
            .acquire_timeout(settings.acquire_timeout)
            // A ping on every acquire would cost a round trip a request; a connection in steady use needs none.
            .test_before_acquire(false)
            .before_acquire(|connection, meta| {
                Box::pin(async move {
                    if meta.idle_for < PING_AFTER_IDLE {
                        return Ok(true);
                    }
                    Ok(sqlx::Connection::ping(connection).await.is_ok())
                })
            })
            .connect_with(connect)
            .await?;
        refuse_bypass(&pool).await?;
        let tokens = Tokens::new(&settings.secret, settings.previous_secret.as_ref(), settings.session_ttl)?;
        let sign_ins = SignIns::new(settings.sign_ins_by_address, settings.sign_ins_by_account);
        let dashboards = Arc::new(DashboardCache::new(settings.dashboard_cache));
        let (turns, hasher, time_zones) = (Turns::new(settings.max_connections), Hasher::new(), OnceCell::new());
        let (recent, started_at) = (settings.recent, clock.now());
        Ok(Self(Arc::new(Parts {
            pool,
            pulse,
            turns,
            tokens,
            hasher,
            clock,
            sign_ins,
            dashboards,
            time_zones,
            recent,
            started_at,
        })))
    }

    /// Waits for running operations and closes every connection.
    pub async fn stop(&self) {
        self.pulse.close().await;
        self.pool.close().await;
    }

    /// Changes whenever something is written through this process, or may have been. What another writes it does not tell.
    pub fn writes(&self) -> watch::Receiver<u64> {
        self.dashboards.writes()
    }

    /// How many connections there are, and how many of them are used.
    pub fn connections(&self) -> Connections {
        let (open, idle) = (self.pool.size(), u32::try_from(self.pool.num_idle()).unwrap_or(u32::MAX));
        Connections { used: open.saturating_sub(idle), idle, most: self.pool.options().get_max_connections() }
    }

    /// Asks the database for a sign of life, for at most two seconds.
    pub async fn health(&self) -> Result<()> {
        let probe = async {
            // Those that nobody uses first: what has broken meanwhile is found here, and not by the next operation.
            if !self.discard_broken().await {
                sqlx::query("/* health */ SELECT 1").execute(&self.pulse).await?;
            }
            Ok(())
        };
        tokio::time::timeout(Duration::from_secs(2), probe)
            .await
            .unwrap_or(Err(Error::Unavailable(sqlx::Error::PoolTimedOut)))
    }
}

/// A schema of a later version is not touched: what this one does not know of, it could not keep right.
fn newer_schema(error: MigrateError) -> Error {
    match error {
        MigrateError::VersionMissing(version) => Error::Fault(format!(
            "refusing to serve: a newer Taskwire has used this database (migration {version} is not known here). Install \
             that version, or a newer one; or restore a backup from before"
        )),
        other => other.into(),
    }
}

/// Behind a pooler that drops start-up options the role would be the login: usually the owner of everything.
async fn refuse_bypass(pool: &PgPool) -> Result<()> {
    let role = sqlx::query!(
        r#"/* role_check */ SELECT rolname AS "name!", (rolsuper OR rolbypassrls) AS "bypasses!" FROM pg_roles
           WHERE rolname = current_user"#
    )
    .fetch_one(pool)
    .await?;
    let fault = match role.name.as_str() {
        _ if role.bypasses => "bypasses row-level security",
        APP_ROLE => return Ok(()),
        _ => "is not the server's (a pooler in between must pass on start-up options)",
    };
    Err(Error::Fault(format!("refusing to serve: the database role “{}” {fault}; it must be {APP_ROLE}", role.name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[sqlx::test(migrator = "MIGRATOR")]
    async fn a_role_that_bypasses_row_level_security_is_refused(pool: PgPool) {
        // The tests' own login owns everything and may bypass, as an embedded cluster's does.
        let refused = refuse_bypass(&pool).await.unwrap_err().to_string();
        assert!(refused.contains("bypasses row-level security"), "{refused}");
    }

    #[sqlx::test(migrator = "MIGRATOR")]
    async fn any_other_role_is_refused_too(options: PgPoolOptions, connect: PgConnectOptions) {
        let as_role = async |role: &str| {
            let pool = options.clone().connect_with(connect.clone().options([("role", role)])).await.unwrap();
            refuse_bypass(&pool).await.map_err(|error| error.to_string())
        };
        assert_eq!(as_role(APP_ROLE).await, Ok(()));
        let refused = as_role("taskwire_owner").await.unwrap_err();
        assert!(refused.contains("“taskwire_owner”") && refused.contains("must be taskwire_app"), "{refused}");
    }
}
