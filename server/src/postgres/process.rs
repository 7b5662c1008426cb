//! The PostgreSQL process: starting it, watching it, stopping it.

use super::{
    Purpose, cluster,
    folder::DataFolder,
    leftover::{self, PidFile},
    programs::Programs,
};
use anyhow::{Result, anyhow, bail};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use std::{
    collections::VecDeque,
    io::ErrorKind,
    path::{Path, PathBuf},
    process::Stdio,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, ChildStderr, Command},
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;

/// How often a condition is looked at.
pub const POLL: Duration = Duration::from_millis(25);
/// How long a clean stop may take before it becomes an immediate one.
const STOP_TIMEOUT: Duration = Duration::from_secs(60);
/// How often a long start (recovery after a crash) is mentioned.
const PATIENCE: Duration = Duration::from_secs(10);
/// The longest wait between two attempts to start it again.
const RESTART_MAX: Duration = Duration::from_secs(5);
/// Lines of its log kept for an error message.
const LINES_KEPT: usize = 12;

/// What is needed to start the process, any number of times.
#[derive(Debug)]
pub struct Launcher {
    folder: Arc<DataFolder>,
    program: PathBuf,
    arguments: Vec<String>,
    log: Log,
}

impl Launcher {
    /// Prepares; starts nothing.
    pub fn new(folder: Arc<DataFolder>, programs: &Programs, purpose: Purpose) -> Self {
        let arguments = cluster::arguments(&folder, purpose);
        Self { folder, program: programs.path("postgres"), arguments, log: Log::default() }
    }

    /// Clears away what is left of an earlier one, starts the process, and waits until it takes
    /// connections, however long recovery takes.
    ///
    /// # Errors
    /// When it ends by itself (with its last words), or `stop` asks for the end.
    pub async fn start(&self, stop: &CancellationToken) -> Result<Child> {
        leftover::clear(&self.folder).await?;
        let mut command = command(&self.folder, &self.program, &self.folder.cluster());
        command.args(&self.arguments).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut server = command.spawn().map_err(|error| cannot_run(&self.folder, &self.program, error))?;
        if let Some(stderr) = server.stderr.take() {
            tokio::spawn(self.log.clone().follow(stderr));
        }
        let ready = async {
            let pid = server.id();
            let mut mentioned = Instant::now();
            loop {
                if let Some(status) = server.try_wait()? {
                    bail!("PostgreSQL did not start ({status}):\n{}", self.log.last_lines());
                }
                if pid.is_some() && PidFile::read(&self.folder.cluster()).ready_as() == pid {
                    return Ok(());
                }
                if mentioned.elapsed() > PATIENCE {
                    mentioned = Instant::now();
                    tracing::info!("PostgreSQL is still starting; recovery after a crash may take a while");
                }
                sleep(POLL).await;
            }
        };
        let ready = tokio::select! {
            ready = ready => ready,
            () = stop.cancelled() => Err(anyhow!("stopped while PostgreSQL was starting")),
        };
        match ready {
            Ok(()) => Ok(server),
            Err(error) => {
                end(server).await;
                Err(error)
            }
        }
    }
}

/// Keeps the server running: starts it again when it dies, and ends it cleanly when `stop` says so.
pub async fn supervise(launcher: Launcher, mut server: Child, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return end(server).await,
            status = server.wait() => {
                let status = status.map_or_else(|error| error.to_string(), |status| status.to_string());
                tracing::error!(%status, "PostgreSQL ended by itself; starting it again");
            }
        }
        let mut pause = POLL;
        server = loop {
            match launcher.start(&stop).await {
                Ok(server) => break server,
                Err(_) if stop.is_cancelled() => return,
                // Right after `kill -9`, its workers may still hold the shared memory for a moment.
                Err(error) => tracing::error!("{error:#}; trying again in {pause:?}"),
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = sleep(pause) => pause = (pause * 2).min(RESTART_MAX),
            }
        };
        tracing::info!("PostgreSQL runs again");
    }
}

/// A fast shutdown: sessions are ended, open transactions rolled back, everything written to the disk.
async fn end(mut server: Child) {
    for signal in [Signal::SIGINT, Signal::SIGQUIT] {
        let Some(pid) = server.id() else { return };
        send(pid, signal);
        match timeout(STOP_TIMEOUT, server.wait()).await {
            Ok(Ok(_)) => return,
            Ok(Err(error)) => return tracing::error!(%error, "cannot wait for PostgreSQL"),
            Err(_) => tracing::error!("PostgreSQL does not stop within {STOP_TIMEOUT:?}"),
        }
    }
}

/// Sends a signal; a process that is gone needs none.
pub fn send(pid: u32, signal: Signal) {
    if let Ok(pid) = i32::try_from(pid) {
        let _ = kill(Pid::from_raw(pid), signal);
    }
}

/// A command that runs as the cluster's user, in `dir`, with nothing of our environment but PATH.
///
/// It has a process group of its own: Ctrl-C reaches the whole foreground group, and PostgreSQL must
/// outlive the requests that are still being answered.
pub fn command(folder: &DataFolder, program: &Path, dir: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(dir).stdin(Stdio::null()).process_group(0).env_clear().env("LC_ALL", "C");
    if let Some(path) = std::env::var_os("PATH") {
        command.env("PATH", path);
    }
    if let Some(account) = folder.runs_as() {
        command.uid(account.uid).gid(account.gid);
    }
    command
}

/// Says why a program could not be run at all.
pub fn cannot_run(folder: &DataFolder, program: &Path, error: std::io::Error) -> anyhow::Error {
    match folder.runs_as() {
        Some(account) if error.kind() == ErrorKind::PermissionDenied => anyhow!(
            "PostgreSQL runs as the user {}, which cannot get to {} or to {}: every folder above them must let others \
             pass (chmod o+x). Or set TASKWIRE_DATA_DIR to another folder.",
            account.name,
            folder.path().display(),
            program.display()
        ),
        _ => anyhow::Error::new(error).context(format!("cannot run {}", program.display())),
    }
}

/// What PostgreSQL says: passed on to our own log, and the end of it kept for error messages.
#[derive(Debug, Clone, Default)]
struct Log(Arc<Mutex<VecDeque<String>>>);

impl Log {
    async fn follow(self, stderr: ChildStderr) {
        let mut lines = BufReader::new(stderr).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            // What a stop says about each connection is no news.
            let routine = line.contains("administrator command") || line.contains("shutting down");
            if !routine && (line.starts_with("FATAL") || line.starts_with("PANIC")) {
                tracing::warn!(target: "postgres", "{line}");
            } else {
                tracing::debug!(target: "postgres", "{line}");
            }
            let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if kept.len() == LINES_KEPT {
                kept.pop_front();
            }
            kept.push_back(line);
        }
    }

    fn last_lines(&self) -> String {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().map(String::as_str).collect::<Vec<_>>().join("\n")
    }
}
