//! The folder of backups.
//!
//! ```text
//! 20261129T020000.000Z/
//!   database.dump   pg_dump's custom format, compressed
//!   manifest.json   what is known of it
//!   verified.json   when a restore of it had the same in it, if one had
//! ```

use super::manifest::{Manifest, Verified};
use crate::{config::Settings, private_file};
use anyhow::{Context, Result, anyhow, ensure};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};
use std::{
    fs::{self, DirBuilder, File},
    io::{ErrorKind, Read},
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

const DUMP: &str = "database.dump";
const MANIFEST: &str = "manifest.json";
const VERIFIED: &str = "verified.json";
/// The name of what is not whole yet, so that it sorts and looks like nothing else.
const UNFINISHED: &str = ".unfinished";

/// Where backups are.
#[derive(Debug, Clone)]
pub struct Store(PathBuf);

/// A whole one.
#[derive(Debug, Clone)]
pub struct Backup {
    /// Its instant, as in `20261129T020000.000Z`.
    pub name: String,
    /// What is known of it.
    pub manifest: Manifest,
    /// When it was last restored for a test, and had the same in it.
    pub verified_at: Option<DateTime<Utc>>,
    dir: PathBuf,
}

impl Store {
    /// The one that the settings name; it is made with the first backup.
    ///
    /// # Errors
    /// No folder is set, and the system knows no home folder.
    pub fn of(settings: &Settings) -> Result<Self> {
        let dir = match &settings.backup_dir {
            Some(dir) => dir.clone(),
            None => settings.data_folder()?.join("backups"),
        };
        Ok(Self(dir))
    }

    /// Where it is.
    pub fn dir(&self) -> &Path {
        &self.0
    }

    /// Every backup, the newest first. What is not one is passed over.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn list(&self) -> Result<Vec<Backup>> {
        let entries = match fs::read_dir(&self.0) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.with_context(|| self.unusable())?,
        };
        let mut backups: Vec<Backup> = entries.filter_map(|entry| Backup::read(entry.ok()?.path())).collect();
        backups.sort_by_key(|backup| std::cmp::Reverse(backup.manifest.created_at));
        Ok(backups)
    }

    /// The backup with this name, or the newest.
    ///
    /// # Errors
    /// There is none.
    pub fn find(&self, name: Option<&str>) -> Result<Backup> {
        let found = self.list()?.into_iter().find(|backup| name.is_none_or(|name| backup.name == name));
        found.with_context(|| match name {
            Some(name) => {
                format!(
                    "There is no backup {name} in {}; `taskwire backup list` shows those there are.",
                    self.0.display()
                )
            }
            None => format!("There is no backup in {} (TASKWIRE_BACKUP_DIR).", self.0.display()),
        })
    }

    /// Makes room for a new one, and clears away what an earlier try left behind.
    ///
    /// # Errors
    /// What the file system says.
    pub fn begin(&self) -> Result<Unfinished> {
        let dir = self.0.join(UNFINISHED);
        let make = || {
            let mut private = DirBuilder::new();
            private.mode(0o700).recursive(true);
            if !self.0.is_dir() {
                private.create(&self.0)?;
                private_file::hand_over(&self.0)?;
            }
            if dir.exists() {
                fs::remove_dir_all(&dir)?;
            }
            private.create(&dir)?;
            // Before anything else writes into it, so that it is nobody else's to read.
            private_file::create(&dir.join(DUMP))
        };
        make().with_context(|| self.unusable())?;
        Ok(Unfinished { store: self.clone(), dir })
    }

    /// Removes those older than `keep`, but neither the newest nor the newest that was verified. Returns their names.
    ///
    /// # Errors
    /// What the file system says.
    pub fn rotate(&self, keep: TimeDelta, now: DateTime<Utc>) -> Result<Vec<String>> {
        let backups = self.list()?;
        let verified = backups.iter().position(|backup| backup.verified_at.is_some());
        let old = backups.into_iter().enumerate().skip(1).filter_map(|(place, backup)| {
            let too_old = now.signed_duration_since(backup.manifest.created_at) > keep;
            (too_old && Some(place) != verified).then_some(backup)
        });
        old.map(|backup| {
            fs::remove_dir_all(&backup.dir).with_context(|| self.unusable())?;
            Ok(backup.name)
        })
        .collect()
    }

    fn unusable(&self) -> String {
        format!("the folder of backups {} (TASKWIRE_BACKUP_DIR) cannot be used", self.0.display())
    }
}

impl Backup {
    fn read(dir: PathBuf) -> Option<Self> {
        let name = dir.file_name()?.to_str().filter(|name| !name.starts_with('.'))?.to_owned();
        let manifest = read(&dir.join(MANIFEST))?;
        let verified_at = read(&dir.join(VERIFIED)).map(|verified: Verified| verified.at);
        Some(Self { name, manifest, verified_at, dir })
    }

    /// The dump.
    pub fn dump(&self) -> PathBuf {
        self.dir.join(DUMP)
    }

    /// Whether the dump is, byte for byte, as it was written. Reads all of it.
    ///
    /// # Errors
    /// It is not, or it cannot be read.
    pub async fn check(&self) -> Result<()> {
        let (dump, wanted) = (self.dump(), self.manifest.sha256.clone());
        let found = tokio::task::spawn_blocking(move || sha256(&dump)).await??;
        ensure!(found == wanted, "the file {} is damaged: its checksum is another", self.dump().display());
        Ok(())
    }

    /// Notes that it was verified.
    ///
    /// # Errors
    /// What the file system says.
    pub fn note_verified(&mut self, at: DateTime<Utc>) -> Result<()> {
        write(&self.dir, VERIFIED, &Verified { at })?;
        self.verified_at = Some(at);
        Ok(())
    }
}

/// One that is being made. It is removed with this, unless it was finished.
#[derive(Debug)]
pub struct Unfinished {
    store: Store,
    dir: PathBuf,
}

impl Unfinished {
    /// Where the dump goes.
    pub fn dump(&self) -> PathBuf {
        self.dir.join(DUMP)
    }

    /// The size and the checksum of the dump, which is safely on the disk by then.
    ///
    /// # Errors
    /// What the file system says.
    pub async fn sum(&self) -> Result<(u64, String)> {
        let dump = self.dump();
        tokio::task::spawn_blocking(move || {
            let file = File::open(&dump)?;
            file.sync_all()?;
            Ok((file.metadata()?.len(), sha256(&dump)?))
        })
        .await?
    }

    /// Gives it its name.
    ///
    /// # Errors
    /// What the file system says.
    pub fn finish(self, manifest: &Manifest) -> Result<Backup> {
        write(&self.dir, MANIFEST, manifest)?;
        let name = manifest.created_at.format("%Y%m%dT%H%M%S%.3fZ").to_string();
        let dir = self.store.0.join(&name);
        private_file::hand_over(&self.dir)
            .and_then(|()| fs::rename(&self.dir, &dir))
            .and_then(|()| private_file::sync(&self.store.0))
            .with_context(|| self.store.unusable())?;
        Backup::read(dir).ok_or_else(|| anyhow!("the backup {name} cannot be read back"))
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.dir)
            && error.kind() != ErrorKind::NotFound
        {
            tracing::warn!(%error, "cannot remove an unfinished backup");
        }
    }
}

fn read<T: DeserializeOwned>(path: &Path) -> Option<T> {
    serde_json::from_slice(&fs::read(path).ok()?).ok()
}

fn write(dir: &Path, name: &str, content: &impl Serialize) -> Result<()> {
    let path = dir.join(name);
    let text = serde_json::to_vec_pretty(content)?;
    private_file::replace(&path, &text).with_context(|| format!("cannot write {}", path.display()))
}

fn sha256(path: &Path) -> Result<String> {
    let mut file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    let (mut hash, mut buffer) = (Sha256::new(), vec![0; 1 << 20]);
    loop {
        let read = file.read(&mut buffer)?;
        match buffer.get(..read) {
            Some(bytes) if !bytes.is_empty() => hash.update(bytes),
            _ => return Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()),
        }
    }
}
