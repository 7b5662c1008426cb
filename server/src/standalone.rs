//! `taskwire postgres start`: the embedded PostgreSQL on its own.

use crate::{
    config::Settings,
    postgres::{
        Embedded, Purpose,
        folder::{DataFolder, default_path},
    },
    shutdown,
};
use anyhow::Result;
use std::{io::Write, path::PathBuf};

/// Runs until Ctrl-C or SIGTERM, and prints the URL on standard output when connections are taken.
///
/// # Errors
/// What keeps it from starting.
pub async fn run(settings: &Settings, for_tests: bool) -> Result<()> {
    let interrupt = shutdown::on_signal()?;
    let (path, temporary) = match &settings.data_dir {
        Some(dir) => (dir.clone(), false),
        None if for_tests => (temporary_path(), true),
        None => (default_path()?, false),
    };
    let purpose = if for_tests { Purpose::Tests } else { Purpose::Keep };
    let folder = DataFolder::open(&path)?;
    let postgres = Embedded::start(folder, settings.postgres_bin.as_deref(), purpose, &interrupt).await?;
    writeln!(std::io::stdout(), "{}", postgres.url())?;
    interrupt.cancelled().await;
    postgres.stop().await;
    if temporary {
        std::fs::remove_dir_all(&path)?;
    }
    Ok(())
}

/// Short, because a socket's path has little room.
fn temporary_path() -> PathBuf {
    std::env::temp_dir().join(format!("taskwire-{}", std::process::id()))
}
