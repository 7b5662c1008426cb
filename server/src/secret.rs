//! The secret that signs sessions (requirement A5).

use crate::postgres::folder::DataFolder;
use anyhow::{Context, Result, ensure};
use secrecy::SecretString;
use std::{
    fs::{self, File, Permissions},
    io::{ErrorKind, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
};
use taskwire_backend::SECRET_MIN;

/// The secret kept in the data folder; made at the first start.
///
/// It is never replaced: a new one would sign everybody out.
///
/// # Errors
/// When it cannot be read or written, or is too short to be safe.
pub fn load_or_make(folder: &DataFolder) -> Result<SecretString> {
    let path = folder.path().join("auth_secret");
    let context = || format!("the signing secret in {} cannot be used", path.display());
    match fs::read_to_string(&path) {
        Ok(text) => {
            let text = text.trim();
            ensure!(
                text.len() >= SECRET_MIN,
                "{} holds less than {SECRET_MIN} bytes: set AUTH_SECRET.",
                path.display()
            );
            // A restored backup or a careless copy may have opened it to others.
            fs::set_permissions(&path, Permissions::from_mode(0o600)).with_context(context)?;
            return Ok(text.into());
        }
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error).with_context(context),
        Err(_) => {}
    }
    let secret: String = rand::random::<[u8; 32]>().iter().map(|byte| format!("{byte:02x}")).collect();
    // Written aside and renamed: a crash leaves either no secret or a whole one.
    let unfinished = folder.path().join("auth_secret.new");
    let write = || {
        let mut file = File::options().write(true).create(true).truncate(true).mode(0o600).open(&unfinished)?;
        writeln!(file, "{secret}")?;
        file.sync_all()?;
        fs::rename(&unfinished, &path)?;
        File::open(folder.path())?.sync_all()
    };
    write().with_context(context)?;
    Ok(secret.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;

    #[test]
    fn it_is_made_once_and_kept_private() {
        let dir = tempfile::tempdir().unwrap();
        let folder = DataFolder::open(dir.path()).unwrap();
        let made = load_or_make(&folder).unwrap();
        assert_eq!(made.expose_secret().len(), 64);
        assert_eq!(load_or_make(&folder).unwrap().expose_secret(), made.expose_secret());
        let mode = fs::metadata(dir.path().join("auth_secret")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_damaged_one_is_not_silently_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let folder = DataFolder::open(dir.path()).unwrap();
        fs::write(dir.path().join("auth_secret"), "short").unwrap();
        assert!(load_or_make(&folder).unwrap_err().to_string().contains("set AUTH_SECRET"));
    }
}
