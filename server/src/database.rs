//! Where the data lives: in the embedded PostgreSQL, or in the one that `DATABASE_URL` names.

use crate::{
    config::Settings,
    postgres::{
        Embedded, Purpose,
        folder::{CLUSTER, DataFolder},
        running_in,
    },
    secret::Secrets,
};
use anyhow::{Context, Result, ensure};
use secrecy::ExposeSecret;
use sqlx::postgres::PgConnectOptions;
use std::fmt;
use tokio_util::sync::CancellationToken;

/// The database, ready to be connected to.
#[derive(Debug)]
pub struct Database {
    /// How to connect, as the owner of the schema.
    pub connect: PgConnectOptions,
    /// What signs sessions.
    pub secrets: Secrets,
    embedded: Option<Embedded>,
}

impl Database {
    /// Finds or starts it. `interrupt` ends a start that is under way.
    ///
    /// # Errors
    /// What keeps it from starting.
    pub async fn open(settings: &Settings, interrupt: &CancellationToken) -> Result<Self> {
        if let Some(url) = &settings.database_url {
            let connect = url.expose_secret().parse().context("DATABASE_URL cannot be read")?;
            let secrets = Secrets::set(settings).context("AUTH_SECRET is not set")?;
            return Ok(Self { connect, secrets, embedded: None });
        }
        let path = settings.data_folder()?;
        let folder = DataFolder::open(&path)?;
        let secrets = Secrets::set(settings).map_or_else(|| Secrets::load_or_make(folder.path()), Ok)?;
        let embedded = Embedded::start(folder, settings.postgres_bin.as_deref(), Purpose::Keep, interrupt).await?;
        Ok(Self { connect: embedded.connect_options(), secrets, embedded: Some(embedded) })
    }

    /// The same for a command that only looks: a server that is running in the data folder goes on, and a folder without
    /// data is left as it is.
    ///
    /// # Errors
    /// What keeps it from starting, and a data folder without a database.
    pub async fn attach(settings: &Settings, interrupt: &CancellationToken) -> Result<Self> {
        if settings.database_url.is_none() {
            let path = settings.data_folder()?;
            ensure!(
                path.join(CLUSTER).is_dir(),
                "There is no database in {}: set TASKWIRE_DATA_DIR to the folder that the server uses.",
                path.display()
            );
        }
        Self::reach(settings, interrupt).await
    }

    /// The same for a command that may make one: a server that is running in the data folder goes on.
    ///
    /// # Errors
    /// What keeps it from starting.
    pub async fn reach(settings: &Settings, interrupt: &CancellationToken) -> Result<Self> {
        if settings.database_url.is_some() {
            return Self::open(settings, interrupt).await;
        }
        let path = settings.data_folder()?;
        match running_in(&path) {
            Some(connect) => Ok(Self { connect, secrets: Secrets::default(), embedded: None }),
            None => Self::open(settings, interrupt).await,
        }
    }

    /// Stops the embedded PostgreSQL; an external one is left alone.
    pub async fn stop(self) {
        if let Some(embedded) = self.embedded {
            embedded.stop().await;
        }
    }
}

/// Tells people where their data is.
impl fmt::Display for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.embedded {
            Some(embedded) => {
                write!(f, "{} (embedded PostgreSQL {})", embedded.folder().path().display(), embedded.version())
            }
            None => {
                let name = self.connect.get_database().unwrap_or_else(|| self.connect.get_username());
                write!(f, "the database {name} at {}:{}", self.connect.get_host(), self.connect.get_port())
            }
        }
    }
}
