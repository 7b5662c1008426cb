//! `taskwire doctor`: looks at everything that serving depends on, and says what to do where something is wrong. Changes nothing.
//!
//! * [`checks`] has the checks. To add one: a function that returns its [`Finding`], and a line in [`run`].
//! * [`schema`] compares the database's schema with what the migrations make.

mod checks;
mod schema;

use crate::{
    backup::{cluster::Cluster, store::Store},
    config::Settings,
    database::Database,
    shutdown,
};
use anyhow::{Result, bail};
use std::io::{Write, stdout};

/// What a check has found.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Finding {
    /// All is well.
    Well(String),
    /// It works, but somebody should know. What is so, and what to do.
    Mind(String, String),
    /// It does not work, or is not safe. What is so, and what to do.
    Wrong(String, String),
}

impl Finding {
    fn well(what: impl Into<String>) -> Self {
        Self::Well(what.into())
    }

    fn mind(what: impl Into<String>, advice: impl Into<String>) -> Self {
        Self::Mind(what.into(), advice.into())
    }

    fn wrong(what: impl Into<String>, advice: impl Into<String>) -> Self {
        Self::Wrong(what.into(), advice.into())
    }

    fn print(&self) -> Result<()> {
        let mut out = stdout();
        match self {
            Self::Well(what) => writeln!(out, "✓ {what}")?,
            Self::Mind(what, advice) => writeln!(out, "! {what}\n  {advice}")?,
            Self::Wrong(what, advice) => writeln!(out, "✗ {what}\n  {advice}")?,
        }
        Ok(())
    }
}

/// Runs every check, beside a running server or without one, and prints what it finds.
///
/// # Errors
/// Something is wrong, or the database does not answer.
pub async fn run(settings: &Settings) -> Result<()> {
    let interrupt = shutdown::on_signal()?;
    let store = Store::of(settings)?;
    let mut findings = checks::configuration(settings);
    let database = Database::attach(settings, &interrupt).await?;
    let looked = tokio::select! {
        looked = look(settings, &database, &store) => looked,
        () = interrupt.cancelled() => Err(anyhow::anyhow!("interrupted")),
    };
    database.stop().await;
    findings.extend(looked?);
    for finding in &findings {
        finding.print()?;
    }
    match findings.iter().filter(|finding| matches!(finding, Finding::Wrong(..))).count() {
        0 => Ok(()),
        wrong => bail!("{wrong} of {} checks found something wrong", findings.len()),
    }
}

async fn look(settings: &Settings, database: &Database, store: &Store) -> Result<Vec<Finding>> {
    let mut cluster = Cluster::lock(&database.connect, settings.postgres_bin.as_deref()).await?;
    let mut connection = cluster.open(cluster.live()).await?;
    let mut findings = vec![
        checks::version(&mut connection).await?,
        checks::connections(&mut connection, settings).await?,
        checks::roles(&mut connection).await?,
        checks::clock(&mut connection).await?,
    ];
    findings.push(schema::check(&mut cluster, &mut connection).await?);
    let size = checks::size(&mut connection).await?;
    findings.extend(checks::disks(settings, store, size));
    findings.push(checks::backups(settings, store, cluster.now())?);
    findings.push(checks::backup_rights(&mut connection).await?);
    findings.extend(checks::kept(&mut cluster).await?);
    cluster.unlock().await?;
    Ok(findings)
}
