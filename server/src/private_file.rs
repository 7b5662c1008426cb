//! Files that are nobody else's to read.

use nix::unistd::geteuid;
use std::{
    fs::{self, File, OpenOptions},
    io::{self, ErrorKind, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt, fchown},
    path::Path,
};

/// Makes an empty one, or empties the one that is there.
///
/// # Errors
/// What the file system says.
pub fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)
}

/// Writes all of one: aside, and renamed, so that a crash leaves either what was there or a whole one. It belongs to whom
/// its folder belongs to: an administrator's command must leave the server what is the server's.
///
/// # Errors
/// What the file system says.
pub fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let folder = path.parent().ok_or(ErrorKind::InvalidInput)?;
    let mut unfinished = path.as_os_str().to_owned();
    unfinished.push(".new");
    let mut file = create(Path::new(&unfinished))?;
    if geteuid().is_root() {
        fchown(&file, Some(fs::metadata(folder)?.uid()), None)?;
    }
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(&unfinished, path)?;
    sync(folder)
}

/// Makes sure that a folder's names are on the disk.
///
/// # Errors
/// What the file system says.
pub fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}
