//! Hashing and checking passwords with Argon2id, off the async threads and a few at a time.

use crate::{Error, Result};
use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use std::sync::{Arc, OnceLock};
use tokio::sync::Semaphore;

/// Bounds the work: each hash takes 19 MiB and a core for some tens of milliseconds, so a flood of sign-ins queues
/// here and leaves the other cores, and the memory, to everybody else.
#[derive(Debug, Clone)]
pub(crate) struct Hasher {
    slots: Arc<Semaphore>,
}

/// Checked when there is no such account, so that the answer takes as long as for a wrong password.
static NOBODYS_HASH: OnceLock<String> = OnceLock::new();

impl Hasher {
    pub(crate) fn new() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self { slots: Arc::new(Semaphore::new((cores / 2).max(1))) }
    }

    /// The PHC string of a password, with a salt of its own.
    pub(crate) async fn hash(&self, password: String) -> Result<String> {
        self.run(move || hash(&password)).await
    }

    /// Whether the password is the one behind `hash`; without a hash it never is, and takes as long to say.
    pub(crate) async fn verify(&self, password: String, hash: Option<String>) -> Result<bool> {
        self.run(move || {
            let known = hash.is_some();
            let hash = match hash {
                Some(hash) => hash,
                None => nobodys_hash()?.to_owned(),
            };
            let parsed = PasswordHash::new(&hash).map_err(|e| Error::Fault(format!("a stored hash is broken: {e}")))?;
            Ok(Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok() && known)
        })
        .await
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
        let slot = self.slots.clone().acquire_owned().await.map_err(|e| Error::Fault(e.to_string()))?;
        tokio::task::spawn_blocking(move || {
            let _slot = slot;
            work()
        })
        .await
        .map_err(|e| Error::Fault(format!("hashing was interrupted: {e}")))?
    }
}

fn hash(password: &str) -> Result<String> {
    let hash: PasswordHash = Argon2::default()
        .hash_password(password.as_bytes())
        .map_err(|e| Error::Fault(format!("hashing failed: {e}")))?;
    Ok(hash.to_string())
}

fn nobodys_hash() -> Result<&'static str> {
    if let Some(hash) = NOBODYS_HASH.get() {
        return Ok(hash);
    }
    let fresh = hash("nobody has this password")?;
    Ok(NOBODYS_HASH.get_or_init(|| fresh))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_right_password_passes_and_nobodys_never() {
        let hasher = Hasher::new();
        let hash = hasher.hash("Passw0rd".into()).await.unwrap();
        assert!(hash.starts_with("$argon2id$"), "{hash}");
        assert!(hasher.verify("Passw0rd".into(), Some(hash.clone())).await.unwrap());
        assert!(!hasher.verify("passw0rd".into(), Some(hash)).await.unwrap());
        assert!(!hasher.verify("nobody has this password".into(), None).await.unwrap());
    }
}
