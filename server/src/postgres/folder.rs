//! The data folder: where it is, who owns what in it, and that only one Taskwire uses it.
//!
//! ```text
//! taskwire.lock          held by the running Taskwire; has its process id
//! auth_secret            signs sessions, mode 0600
//! auth_secret.previous   signed them before the last `taskwire secret rotate`, mode 0600
//! postgres/              the cluster, of the user that PostgreSQL runs as
//! run/                   its socket, mode 0700
//! ```

use anyhow::{Context, Result, anyhow, bail, ensure};
use nix::unistd::{Uid, User, geteuid};
use std::{
    fs::{self, File, Permissions, TryLockError},
    io::{ErrorKind, Read, Seek, Write},
    os::unix::fs::{MetadataExt, PermissionsExt, chown},
    path::{Path, PathBuf},
};

/// The cluster's folder in the data folder.
pub const CLUSTER: &str = "postgres";
/// The socket's folder in the data folder.
pub const SOCKET: &str = "run";

/// Bytes of a unix socket's path at most, on the strictest system (macOS has 104 with the end mark).
const SOCKET_PATH_MAX: usize = 103;

/// A data folder that this process holds the lock of.
#[derive(Debug)]
pub struct DataFolder {
    path: PathBuf,
    runs_as: Option<Account>,
    // The lock is given back when the file is closed, also by `kill -9`.
    _lock: File,
}

/// The unprivileged user PostgreSQL runs as when Taskwire is started as root, which it refuses.
#[derive(Debug, Clone)]
pub struct Account {
    /// Name, for messages.
    pub name: String,
    /// User id.
    pub uid: u32,
    /// Group id.
    pub gid: u32,
}

/// The folder used when none is set.
///
/// # Errors
/// When the system knows no home folder.
pub fn default_path() -> Result<PathBuf> {
    if geteuid().is_root() {
        return Ok("/var/lib/taskwire".into());
    }
    let data = dirs::data_dir().context("there is no home folder: set TASKWIRE_DATA_DIR to a folder for the data")?;
    Ok(data.join("taskwire"))
}

impl DataFolder {
    /// Creates the folder if needed, and locks it.
    ///
    /// # Errors
    /// When it cannot be used; the text says why and what to do.
    pub fn open(path: &Path) -> Result<Self> {
        let unusable = |error: std::io::Error| {
            let name = User::from_uid(geteuid()).ok().flatten().map_or_else(|| geteuid().to_string(), |user| user.name);
            anyhow!(
                "The data folder {} cannot be used by the user {name}: {error}. Change its owner, or set TASKWIRE_DATA_DIR \
                 to another folder.",
                path.display()
            )
        };
        fs::create_dir_all(path).map_err(unusable)?;
        let path = path.canonicalize().map_err(unusable)?;
        ensure!(
            path.to_str().is_some(),
            "The data folder's name is not UTF-8: set TASKWIRE_DATA_DIR to another folder."
        );
        let lock = lock(&path, unusable)?;
        let runs_as = account(&path.join(CLUSTER))?;
        // Others may pass through to their own part, no more: PostgreSQL must not read the secret.
        let mode = if runs_as.is_some() { 0o711 } else { 0o700 };
        fs::set_permissions(&path, Permissions::from_mode(mode)).map_err(unusable)?;
        let folder = Self { path, runs_as, _lock: lock };
        folder.make(&folder.socket_dir()).map_err(unusable)?;
        folder.check_socket_path()?;
        Ok(folder)
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The cluster.
    pub fn cluster(&self) -> PathBuf {
        self.path.join(CLUSTER)
    }

    /// The folder of the socket.
    pub fn socket_dir(&self) -> PathBuf {
        self.path.join(SOCKET)
    }

    /// The user to run PostgreSQL as; `None` means this process's own.
    pub fn runs_as(&self) -> Option<&Account> {
        self.runs_as.as_ref()
    }

    /// The major version that made the cluster, if there is one.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn cluster_version(&self) -> Result<Option<u32>> {
        let file = self.cluster().join("PG_VERSION");
        match fs::read_to_string(&file) {
            Ok(text) => {
                let version = text.trim().parse();
                Ok(Some(version.with_context(|| format!("{} does not hold a version", file.display()))?))
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| format!("cannot read {}", file.display())),
        }
    }

    /// Makes a private folder for PostgreSQL, or sees that an existing one is.
    ///
    /// # Errors
    /// What the file system says.
    pub fn make(&self, dir: &Path) -> std::io::Result<()> {
        fs::create_dir_all(dir)?;
        fs::set_permissions(dir, Permissions::from_mode(0o700))?;
        match &self.runs_as {
            Some(account) => chown(dir, Some(account.uid), Some(account.gid)),
            None => Ok(()),
        }
    }

    fn check_socket_path(&self) -> Result<()> {
        let socket = self.socket_dir().join(".s.PGSQL.5432");
        let length = socket.as_os_str().len();
        ensure!(
            length <= SOCKET_PATH_MAX,
            "The data folder's path is too long for PostgreSQL's socket ({length} bytes in {}, at most {SOCKET_PATH_MAX} \
             work): set TASKWIRE_DATA_DIR to a shorter one.",
            socket.display()
        );
        Ok(())
    }
}

fn lock(folder: &Path, unusable: impl Fn(std::io::Error) -> anyhow::Error) -> Result<File> {
    let path = folder.join("taskwire.lock");
    let mut file = File::options().read(true).write(true).create(true).truncate(false).open(path).map_err(&unusable)?;
    match file.try_lock() {
        Ok(()) => {
            file.set_len(0).and_then(|()| file.rewind()).map_err(&unusable)?;
            writeln!(file, "{}", std::process::id()).map_err(&unusable)?;
            Ok(file)
        }
        Err(TryLockError::WouldBlock) => {
            let mut pid = String::new();
            file.read_to_string(&mut pid).map_err(&unusable)?;
            bail!(
                "Another Taskwire (process {}) is using the data folder {}. Stop it first, or set TASKWIRE_DATA_DIR to \
                 another folder.",
                pid.trim(),
                folder.display()
            )
        }
        Err(TryLockError::Error(error)) => Err(unusable(error)),
    }
}

/// As root, PostgreSQL runs as the cluster's owner, or `postgres`, or `nobody`. Otherwise the cluster must be ours.
fn account(cluster: &Path) -> Result<Option<Account>> {
    let owner = match fs::metadata(cluster) {
        Ok(metadata) => Some((metadata.uid(), metadata.gid())),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => return Err(error).with_context(|| format!("cannot look at {}", cluster.display())),
    };
    let name_of = |uid| {
        let user = User::from_uid(Uid::from_raw(uid)).ok().flatten();
        user.map_or_else(|| uid.to_string(), |user| user.name)
    };
    let me = geteuid();
    match owner {
        Some((uid, _)) if !me.is_root() && uid != me.as_raw() => bail!(
            "The database in {} belongs to the user {}, but Taskwire was started by {}. Start it as that user (or as root), \
             or set TASKWIRE_DATA_DIR to another folder.",
            cluster.display(),
            name_of(uid),
            name_of(me.as_raw())
        ),
        _ if !me.is_root() => Ok(None),
        Some((uid, gid)) if uid != 0 => Ok(Some(Account { name: name_of(uid), uid, gid })),
        _ => {
            let known = ["postgres", "nobody"].iter().find_map(|name| User::from_name(name).ok().flatten());
            let user = known.context(
                "PostgreSQL does not run as root, and this machine has neither a user `postgres` nor `nobody`: start \
                 Taskwire as another user.",
            )?;
            Ok(Some(Account { name: user.name, uid: user.uid.as_raw(), gid: user.gid.as_raw() }))
        }
    }
}
