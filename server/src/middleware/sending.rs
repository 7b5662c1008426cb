//! Who is sending a file right now: one at a time each, because it is kept in memory until it is answered.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
};
use taskwire_domain::{Error, UserId};

/// The people who are.
#[derive(Debug, Clone, Default)]
pub struct Sending(Arc<Mutex<HashSet<UserId>>>);

impl Sending {
    /// Lets a person send a file, until what this returns is dropped.
    ///
    /// # Errors
    /// [`Error::Conflict`] while they send another.
    pub fn begin(&self, user: UserId) -> Result<Turn, Error> {
        match self.change(|sending| sending.insert(user)) {
            true => Ok(Turn { sending: self.clone(), user }),
            false => Err(Error::Conflict("Another file of yours is still being read. Please wait for it.".into())),
        }
    }

    fn change<T>(&self, change: impl FnOnce(&mut HashSet<UserId>) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// That a person sends a file.
#[derive(Debug)]
pub struct Turn {
    sending: Sending,
    user: UserId,
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.sending.change(|sending| sending.remove(&self.user));
    }
}
