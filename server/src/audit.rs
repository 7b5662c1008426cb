//! The audit log, from outside of requests: sealing it while the server runs, and verifying it on the command line.

use crate::{commands::KnownSeal, config::Settings, database::Database, shutdown};
use anyhow::{Result, bail};
use std::{io::Write, time::Duration};
use taskwire_backend::{AuditReport, Backend, audit_verify};
use tokio::time::{MissedTickBehavior, interval};

/// Seals new lines again and again, until it is aborted.
pub async fn keep_sealed(backend: Backend, every: Duration) {
    let mut ticks = interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        seal(&backend).await;
    }
}

/// Seals new lines.
pub async fn seal(backend: &Backend) {
    match backend.audit_seal().await {
        // Outside of the database, where whoever changes that cannot reach it.
        Ok(Some(seal)) => tracing::info!(head = %format!("{}:{}", seal.no, seal.hash), "sealed the audit log"),
        Ok(None) => {}
        // They wait for the next time.
        Err(error) => tracing::warn!(%error, "the audit log could not be sealed"),
    }
}

/// `taskwire audit verify`: prints what holds and what does not.
///
/// # Errors
/// A seal that does not hold, or what keeps it from looking.
pub async fn verify(settings: &Settings, head: Option<KnownSeal>) -> Result<()> {
    let interrupt = shutdown::on_signal()?;
    let database = Database::attach(settings, &interrupt).await?;
    let report = audit_verify(&database.connect, head.as_ref().map(|seal| (seal.no, seal.hash.as_str()))).await;
    database.stop().await;
    let AuditReport { head, sealed, unsealed, faults } = report?;
    let out = &mut std::io::stdout();
    for fault in &faults {
        writeln!(out, "✗ {fault}")?;
    }
    match head {
        Some(seal) => writeln!(out, "{sealed} lines under {} seals; the last is {}:{}", seal.no, seal.no, seal.hash)?,
        None => writeln!(out, "nothing is sealed yet")?,
    }
    writeln!(out, "{unsealed} lines wait for the next seal")?;
    if !faults.is_empty() {
        bail!("the audit log is not as it was written ({} faults)", faults.len());
    }
    Ok(())
}
