//! Makes the cluster, and says with which settings it runs.

use super::{NAME, Purpose, folder::DataFolder, process, programs::Programs};
use anyhow::{Context, Result, bail, ensure};
use std::{fs, io::Write, path::Path};

/// What a person may change in `postgresql.conf` to suit the machine: sizes for one small server.
///
/// A connection costs memory and the pool is small; workers and parallel queries pay off for large
/// reports only; compiling queries costs more than the short ones here take.
const TUNING: &str = "
# Taskwire's own cluster: these may be changed, or overruled by ALTER SYSTEM.
max_connections = 50
shared_buffers = 128MB
max_wal_size = 1GB
min_wal_size = 80MB
max_worker_processes = 4
max_parallel_workers = 2
max_parallel_workers_per_gather = 1
autovacuum_max_workers = 2
autovacuum_naptime = 20s
jit = off
timezone = 'UTC'
log_timezone = 'UTC'
";

/// What Taskwire relies on, given on the command line so that nothing overrules it.
///
/// The texts and values of failed statements stay out of the log: they are people's data.
const FIXED: &[&str] = &[
    "listen_addresses=",
    "unix_socket_permissions=0700",
    "logging_collector=off",
    "log_destination=stderr",
    "log_line_prefix=",
    "log_min_messages=log",
    "log_min_error_statement=panic",
    "log_error_verbosity=terse",
    "log_checkpoints=off",
];

/// Speed instead of safety.
const FOR_TESTS: &[&str] = &[
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "wal_level=minimal",
    "max_wal_senders=0",
    "max_connections=300",
];

/// The arguments of `postgres`.
pub fn arguments(folder: &DataFolder, purpose: Purpose) -> Vec<String> {
    // A list of folders, in which a quoted name may hold anything.
    let socket = folder.socket_dir().to_string_lossy().replace('"', "\"\"");
    let mut settings = vec![format!("unix_socket_directories=\"{socket}\""), format!("port={}", super::PORT)];
    settings.extend(FIXED.iter().map(|setting| (*setting).to_owned()));
    if purpose == Purpose::Tests {
        settings.extend(FOR_TESTS.iter().map(|setting| (*setting).to_owned()));
    }
    let mut arguments = vec!["-D".to_owned(), folder.cluster().to_string_lossy().into_owned()];
    arguments.extend(settings.into_iter().flat_map(|setting| ["-c".to_owned(), setting]));
    arguments
}

/// Makes the cluster unless there is one. It gets its name when it is whole, so an interrupted first
/// start leaves nothing that looks like data.
pub async fn create(folder: &DataFolder, programs: &Programs, purpose: Purpose) -> Result<()> {
    let cluster = folder.cluster();
    if cluster.join("PG_VERSION").exists() {
        return Ok(());
    }
    if cluster.exists() && fs::read_dir(&cluster)?.next().is_some() {
        bail!("{} is not empty, but holds no PostgreSQL cluster: move it away.", cluster.display());
    }
    tracing::info!(folder = %cluster.display(), version = programs.version(), "making a new PostgreSQL cluster");
    let unfinished = folder.path().join("postgres.new");
    if unfinished.exists() {
        fs::remove_dir_all(&unfinished).with_context(|| format!("cannot remove {}", unfinished.display()))?;
    }
    folder.make(&unfinished).with_context(|| format!("cannot make {}", unfinished.display()))?;
    initdb(folder, programs, &unfinished, purpose).await?;
    let mut conf = fs::File::options().append(true).open(unfinished.join("postgresql.conf"))?;
    conf.write_all(TUNING.as_bytes())?;
    conf.sync_all()?;
    fs::rename(&unfinished, &cluster)?;
    fs::File::open(folder.path())?.sync_all()?;
    Ok(())
}

async fn initdb(folder: &DataFolder, programs: &Programs, target: &Path, purpose: Purpose) -> Result<()> {
    let program = programs.path("initdb");
    let mut command = process::command(folder, &program, target);
    command.arg("-D").arg(target).args(["-U", NAME, "-E", "UTF8", "--auth-local=trust", "--auth-host=reject"]);
    // Unicode's own rules for letter case and order, the same on every system. The migrations need ICU as well.
    command.args(["--locale=C", "--locale-provider=icu", "--icu-locale=und"]);
    command.arg(match purpose {
        Purpose::Keep => "--data-checksums",
        Purpose::Tests => "--no-sync",
    });
    let output = command.output().await.map_err(|error| process::cannot_run(folder, &program, error))?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(
        !said.contains("ICU is not supported"),
        "{} was built without ICU, which Taskwire needs to sort and compare texts. Install another PostgreSQL (those of \
         Debian, Red Hat and Homebrew have it) and name its folder in TASKWIRE_POSTGRES_BIN.",
        program.display()
    );
    ensure!(
        output.status.success(),
        "initdb could not make a cluster in {}:\n{}",
        folder.path().display(),
        said.trim()
    );
    Ok(())
}
