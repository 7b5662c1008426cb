//! Files that are nobody else's to read.

use nix::{fcntl::OFlag, unistd::geteuid};
use std::{
    fs::{self, File, OpenOptions},
    io::{self, ErrorKind, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt, fchown, lchown},
    path::Path,
};

/// Makes an empty one, or empties the one that is there, if it is no link to another.
///
/// # Errors
/// What the file system says.
pub fn create(path: &Path) -> io::Result<File> {
    let no_link = OFlag::O_NOFOLLOW.bits();
    OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).custom_flags(no_link).open(path)
}

/// Gives a folder and the files in it to whom the folder that it is in belongs to, if an administrator has made them: their
/// command must leave the server what is the server's.
///
/// # Errors
/// What the file system says.
pub fn hand_over(folder: &Path) -> io::Result<()> {
    if geteuid().is_root() {
        let owner = owner_beside(folder)?;
        // First what is in it, as long as nobody else gets there.
        for entry in fs::read_dir(folder)? {
            lchown(entry?.path(), Some(owner), None)?;
        }
        lchown(folder, Some(owner), None)?;
    }
    Ok(())
}

/// Whom the folder belongs to that this is in.
fn owner_beside(path: &Path) -> io::Result<u32> {
    Ok(fs::metadata(path.parent().ok_or(ErrorKind::InvalidInput)?)?.uid())
}

/// Writes all of one: aside, and renamed, so that a crash leaves either what was there or a whole one. It belongs to whom
/// its folder belongs to.
///
/// # Errors
/// What the file system says.
pub fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let folder = path.parent().ok_or(ErrorKind::InvalidInput)?;
    let mut unfinished = path.as_os_str().to_owned();
    unfinished.push(".new");
    let mut file = create(Path::new(&unfinished))?;
    if geteuid().is_root() {
        fchown(&file, Some(owner_beside(path)?), None)?;
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
