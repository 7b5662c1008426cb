//! The embedded PostgreSQL: a private cluster in the data folder, run as a child process.
//!
//! * [`folder`] owns the data folder: who may use it, and that only one Taskwire does.
//! * [`programs`] finds PostgreSQL on the machine.
//! * [`cluster`] makes the cluster and says with which settings it runs.
//! * [`process`] starts it, waits until it is ready, and stops it.
//! * [`leftover`] deals with what a killed Taskwire left behind.
//!
//! It listens on a unix socket only, in a folder that nobody else can enter, so it needs neither a
//! password nor a port.

mod cluster;
pub mod folder;
mod leftover;
mod process;
pub mod programs;

pub use leftover::server_of;

use anyhow::{Context, Result};
use folder::DataFolder;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use process::Launcher;
use programs::Programs;
use sqlx::{ConnectOptions, Connection, postgres::PgConnectOptions};
use std::{path::Path, sync::Arc, time::Duration};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// The cluster's superuser and the database.
const NAME: &str = "taskwire";
/// The socket's "port": it only names the socket file.
const PORT: u16 = 5432;

/// What the cluster is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Real data: nothing acknowledged is ever lost.
    Keep,
    /// Tests: quick, and lost with the machine's power.
    Tests,
}

fn connect_options(socket_dir: &Path) -> PgConnectOptions {
    PgConnectOptions::new_without_pgpass()
        .socket(socket_dir)
        .port(PORT)
        .username(NAME)
        .database(NAME)
        .ssl_mode(sqlx::postgres::PgSslMode::Disable)
}

/// How to connect to the PostgreSQL that another Taskwire runs in this data folder, if one does.
pub fn running_in(data_folder: &Path) -> Option<PgConnectOptions> {
    let path = data_folder.canonicalize().ok()?;
    server_of(&path.join(folder::CLUSTER)).map(|_| connect_options(&path.join(folder::SOCKET)))
}

/// A running private PostgreSQL.
#[derive(Debug)]
pub struct Embedded {
    folder: Arc<DataFolder>,
    version: String,
    stop: CancellationToken,
    supervisor: JoinHandle<()>,
}

impl Embedded {
    /// Makes the cluster if there is none, starts it, and creates the database. It is started again
    /// whenever it dies, until [`Embedded::stop`]; `interrupt` ends a start that is under way.
    ///
    /// # Errors
    /// What a person can do something about: no programs, another version, a folder in the way.
    pub async fn start(
        folder: DataFolder,
        programs: Option<&Path>,
        purpose: Purpose,
        interrupt: &CancellationToken,
    ) -> Result<Self> {
        let folder = Arc::new(folder);
        let programs = Programs::find(programs, folder.cluster_version()?)?;
        cluster::create(&folder, &programs, purpose).await?;
        let launcher = Launcher::new(Arc::clone(&folder), &programs, purpose);
        let server = launcher.start(interrupt).await?;
        let stop = CancellationToken::new();
        let supervisor = tokio::spawn(process::supervise(launcher, server, stop.clone()));
        let embedded = Self { folder, version: programs.version().to_owned(), stop, supervisor };
        if let Err(error) = embedded.create_database().await {
            embedded.stop().await;
            return Err(error);
        }
        Ok(embedded)
    }

    /// How to connect, as the cluster's superuser.
    pub fn connect_options(&self) -> PgConnectOptions {
        connect_options(&self.folder.socket_dir())
    }

    /// The same as a URL that sqlx and psql understand.
    ///
    /// The host name is only there because a URL without one cannot be parsed; `host` replaces it.
    pub fn url(&self) -> String {
        const PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'.').remove(b'-').remove(b'_');
        let dir = self.folder.socket_dir();
        let host = utf8_percent_encode(&dir.to_string_lossy(), PATH).to_string();
        format!("postgres://{NAME}@localhost:{PORT}/{NAME}?host={host}")
    }

    /// The program's version, as in `15.14`.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The folder it lives in.
    pub fn folder(&self) -> &DataFolder {
        &self.folder
    }

    /// Stops it cleanly: running transactions are rolled back, everything is written to the disk.
    pub async fn stop(self) {
        self.stop.cancel();
        if let Err(error) = self.supervisor.await {
            tracing::error!(%error, "PostgreSQL's supervisor failed");
        }
    }

    async fn create_database(&self) -> Result<()> {
        let options = self.connect_options().database("postgres");
        let mut connection = tokio::time::timeout(Duration::from_secs(10), options.connect())
            .await
            .context("PostgreSQL is ready but does not answer")?
            .context("cannot connect to the embedded PostgreSQL")?;
        let exists: bool = sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)")
            .bind(NAME)
            .fetch_one(&mut connection)
            .await?;
        if !exists {
            sqlx::query("CREATE DATABASE taskwire").execute(&mut connection).await?;
        }
        connection.close().await?;
        Ok(())
    }
}
