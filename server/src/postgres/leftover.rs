//! What a Taskwire that was killed left behind.
//!
//! After `kill -9` of Taskwire its PostgreSQL runs on. The next start stops it and starts its own: only
//! a parent learns when its child dies, and a fast shutdown loses nothing that was acknowledged.

use super::{
    folder::DataFolder,
    process::{POLL, send},
};
use anyhow::{Context, Result, bail};
use nix::sys::signal::Signal;
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};
use tokio::time::sleep;

/// How long the leftover may take to stop, for each of the two signals it gets.
const STOP_TIMEOUT: Duration = Duration::from_secs(60);

/// `postmaster.pid`, in which the server writes who and how it is. Its lines: process id, folder, start
/// time, port, socket folder, listen address, shared memory, status.
#[derive(Debug)]
pub struct PidFile {
    path: PathBuf,
    text: String,
}

impl PidFile {
    /// Reads it; empty when there is none.
    pub fn read(cluster: &Path) -> Self {
        let path = cluster.join("postmaster.pid");
        Self { text: fs::read_to_string(&path).unwrap_or_default(), path }
    }

    fn pid(&self) -> Option<u32> {
        self.text.lines().next()?.trim().parse().ok()
    }

    /// The process that says it takes connections.
    pub fn ready_as(&self) -> Option<u32> {
        self.pid().filter(|_| self.text.lines().nth(7).is_some_and(|status| status.trim() == "ready"))
    }

    /// Makes PostgreSQL see that the file is stale.
    ///
    /// After a reboot or in a restarted container the number may belong to any other program, or to the dead
    /// server itself where nobody reaps it, and PostgreSQL refuses to start. It ignores the number of its own parent, which is us; removing the
    /// file instead would also remove its check that no old worker still uses the shared memory.
    fn disown(&self) -> Result<()> {
        let rest = self.text.split_once('\n').map_or("", |(_, rest)| rest);
        let text = format!("{}\n{rest}", std::process::id());
        fs::write(&self.path, text).with_context(|| format!("cannot write {}", self.path.display()))
    }
}

/// Stops a server that still runs on this cluster. The folder's lock says that nobody else uses it.
pub async fn clear(folder: &DataFolder) -> Result<()> {
    let cluster = folder.cluster();
    let file = PidFile::read(&cluster);
    let Some(pid) = file.pid() else { return Ok(()) };
    if !serves(pid, &cluster) {
        // The socket's lock has the same process id in it, and nothing else to check.
        let lock = folder.socket_dir().join(".s.PGSQL.5432.lock");
        if lock.exists() {
            fs::remove_file(&lock).with_context(|| format!("cannot remove {}", lock.display()))?;
        }
        return file.disown();
    }
    tracing::warn!(pid, "stopping the PostgreSQL that an earlier Taskwire left running");
    for signal in [Signal::SIGINT, Signal::SIGQUIT] {
        send(pid, signal);
        let deadline = Instant::now() + STOP_TIMEOUT;
        while serves(pid, &cluster) && Instant::now() < deadline {
            sleep(POLL).await;
        }
        if !serves(pid, &cluster) {
            return Ok(());
        }
    }
    bail!("The PostgreSQL of an earlier Taskwire (process {pid}) does not stop: end it by hand.")
}

/// The process that serves this cluster (by a path without links), if one does.
pub fn server_of(cluster: &Path) -> Option<u32> {
    PidFile::read(cluster).pid().filter(|pid| serves(*pid, cluster))
}

/// Whether the process is the server of this cluster. A server works in its cluster's folder; where
/// `/proc` cannot tell, its command line does.
fn serves(pid: u32, cluster: &Path) -> bool {
    if Path::new("/proc/self/cwd").exists() {
        return fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|dir| dir == cluster);
    }
    let output = Command::new("ps").args(["-ww", "-o", "command=", "-p", &pid.to_string()]).output();
    output.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains(&format!("-D {}", cluster.display())))
}

#[cfg(test)]
mod fuzz {
    use super::*;
    use taskwire_fuzz::{check, produce, text};

    #[test]
    fn a_server_is_ready_once_its_last_line_says_so() {
        const PIECES: &[&str] = &["\n", "\n", "\n", "ready", "starting", "   ", "7", "/var/lib/taskwire", "-", "\r"];
        check!().with_generator((text(PIECES), produce::<u32>())).for_each(|(rest, pid)| {
            let file = |text: String| PidFile { path: PathBuf::new(), text };
            let found = file(format!("{pid}\n{rest}"));
            assert_eq!(found.pid(), Some(*pid));
            let is_ready = rest.lines().nth(6).is_some_and(|line| line.trim() == "ready");
            assert_eq!(found.ready_as(), is_ready.then_some(*pid));
            let found = file(rest.clone());
            assert!(found.ready_as().is_none_or(|ready| Some(ready) == found.pid()));
            assert!(found.pid().is_none_or(|pid| {
                rest.trim_start().trim_start_matches(['+', '0']).starts_with(pid.to_string().trim_start_matches('0'))
            }));
        });
    }
}
