//! The secrets that sign sessions (requirement A5): those that are set, or else those in the data folder.

use crate::{config::Settings, private_file};
use anyhow::{Context, Result, ensure};
use secrecy::{ExposeSecret, SecretString};
use std::{
    fs::{self, Permissions},
    io::{self, ErrorKind, Write},
    os::unix::fs::PermissionsExt,
    path::Path,
};
use taskwire_backend::SECRET_MIN;

/// Signs sessions.
const CURRENT: &str = "auth_secret";
/// Signed them before.
const PREVIOUS: &str = "auth_secret.previous";

/// What signs sessions.
#[derive(Debug, Clone, Default)]
pub struct Secrets {
    /// Signs those of today.
    pub current: SecretString,
    /// Signed those of yesterday, which are still good.
    pub previous: Option<SecretString>,
}

impl Secrets {
    /// Those that are set, if they are.
    pub fn set(settings: &Settings) -> Option<Self> {
        let previous = settings.auth_secret_previous.clone();
        settings.secret().map(|current| Self { current: current.clone(), previous })
    }

    /// Those kept in the data folder; one is made at the first start.
    ///
    /// It is never replaced unasked: a new one would sign everybody out.
    ///
    /// # Errors
    /// When one cannot be read or written, or is too short to be safe.
    pub fn load_or_make(folder: &Path) -> Result<Self> {
        let current = match load(folder, CURRENT)? {
            Some(secret) => secret,
            None => make(folder)?,
        };
        Ok(Self { current, previous: load(folder, PREVIOUS)? })
    }
}

/// `taskwire secret rotate`: makes a new secret in the data folder, and keeps the one before as the previous one.
///
/// # Errors
/// What keeps it from that, and a secret that is not kept there.
pub fn rotate(settings: &Settings) -> Result<()> {
    ensure!(
        settings.secret().is_none(),
        "The secret is set, so it is not kept in the data folder. Set AUTH_SECRET_PREVIOUS to what AUTH_SECRET is now, and \
         AUTH_SECRET to a new one (`openssl rand -hex 32` makes one), the same on every instance, and start them again."
    );
    let folder = settings.data_folder()?;
    let before = load(&folder, CURRENT)?.with_context(|| {
        format!("There is no secret in {}: set TASKWIRE_DATA_DIR to the folder that the server uses.", folder.display())
    })?;
    // In this order: whatever happens in between, nobody is signed out.
    keep(&folder, PREVIOUS, &before)?;
    make(&folder)?;
    writeln!(
        io::stdout(),
        "{CURRENT} in {} is a new secret. From the next start on it signs whoever signs in.\n\
         {PREVIOUS} is the one before, by which those stay signed in who are. Remove it {} (TASKWIRE_SESSION_TTL) after \
         that start, when it is of no more use; or before that start, if somebody else has got hold of it: everybody has to \
         sign in again then.",
        folder.display(),
        settings.session_ttl
    )?;
    Ok(())
}

fn load(folder: &Path, name: &str) -> Result<Option<SecretString>> {
    let path = folder.join(name);
    let context = || format!("the signing secret in {} cannot be used", path.display());
    let text = match fs::read_to_string(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        read => read.with_context(context)?,
    };
    let text = text.trim();
    ensure!(text.len() >= SECRET_MIN, "{} holds less than {SECRET_MIN} bytes: set AUTH_SECRET.", path.display());
    // A restored backup or a careless copy may have opened it to others.
    fs::set_permissions(&path, Permissions::from_mode(0o600)).with_context(context)?;
    Ok(Some(text.into()))
}

fn make(folder: &Path) -> Result<SecretString> {
    let secret: String = rand::random::<[u8; 32]>().iter().map(|byte| format!("{byte:02x}")).collect();
    let secret = SecretString::from(secret);
    keep(folder, CURRENT, &secret)?;
    Ok(secret)
}

fn keep(folder: &Path, name: &str, secret: &SecretString) -> Result<()> {
    let path = folder.join(name);
    let written = private_file::replace(&path, format!("{}\n", secret.expose_secret()).as_bytes());
    written.with_context(|| format!("the signing secret cannot be kept in {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_made_once_and_kept_private() {
        let dir = tempfile::tempdir().unwrap();
        let made = Secrets::load_or_make(dir.path()).unwrap();
        assert_eq!(made.current.expose_secret().len(), 64);
        assert!(made.previous.is_none());
        let loaded = Secrets::load_or_make(dir.path()).unwrap();
        assert_eq!(loaded.current.expose_secret(), made.current.expose_secret());
        let mode = fs::metadata(dir.path().join(CURRENT)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_damaged_one_is_not_silently_replaced() {
        for name in [CURRENT, PREVIOUS] {
            let dir = tempfile::tempdir().unwrap();
            fs::write(dir.path().join(name), "short").unwrap();
            assert!(Secrets::load_or_make(dir.path()).unwrap_err().to_string().contains("set AUTH_SECRET"));
        }
    }
}

#[cfg(test)]
mod fuzz {
    use super::*;
    use taskwire_fuzz::{bytes, check};

    #[test]
    fn a_secret_is_all_of_its_file_or_too_short() {
        let folder = tempfile::tempdir().unwrap();
        const PIECES: &[&str] = &["0123456789abcdef", "\n", " ", "ä", "\0", "a"];
        check!().with_generator(bytes(PIECES)).for_each(|content| {
            let path = folder.path().join(CURRENT);
            fs::write(&path, content).unwrap();
            let text = std::str::from_utf8(content).map(str::trim);
            match load(folder.path(), CURRENT) {
                Ok(secret) => {
                    let secret = secret.unwrap();
                    assert!(Ok(secret.expose_secret()) == text && secret.expose_secret().len() >= SECRET_MIN);
                    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
                }
                Err(error) => {
                    assert!(text.is_err() || text.is_ok_and(|text| text.len() < SECRET_MIN));
                    assert!(format!("{error:#}").contains("auth_secret"), "{error:#}");
                }
            }
        });
    }
}
