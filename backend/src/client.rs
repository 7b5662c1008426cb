//! Where a request comes from, and how long it has been in the database.

use secrecy::SecretString;
use std::{
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

/// Where a request comes from; known before anybody has proved who they are.
#[derive(Debug, Clone, Default)]
pub struct Client {
    /// The peer's address.
    pub address: Option<IpAddr>,
    /// What the client calls itself; hostile text.
    pub user_agent: Option<Arc<str>>,
    /// What the browser keeps of having signed in before; as it was sent, and perhaps made up.
    pub device: Option<SecretString>,
    /// Collects the request's time in the database.
    pub db_time: DbTime,
}

impl Client {
    /// The user agent as the database keeps it: at most 500 characters, no NUL.
    pub(crate) fn user_agent_kept(&self) -> Option<String> {
        self.user_agent.as_ref().map(|text| text.chars().filter(|c| *c != '\0').take(500).collect())
    }

    pub(crate) fn address_kept(&self) -> Option<sqlx::types::ipnetwork::IpNetwork> {
        self.address.map(Into::into)
    }
}

/// Time one request has spent in the database, shared by everything that works for the request.
#[derive(Debug, Clone, Default)]
pub struct DbTime(Arc<AtomicU64>);

impl DbTime {
    /// The sum so far.
    pub fn get(&self) -> Duration {
        Duration::from_nanos(self.0.load(Ordering::Relaxed))
    }

    /// Adds the time since `start`.
    pub(crate) fn add_since(&self, start: Instant) {
        self.0.fetch_add(nanos(start.elapsed()), Ordering::Relaxed);
    }

    /// Starts to watch over what may turn out not to be there.
    pub(crate) fn veil(&self) -> Veil {
        Veil { start: Instant::now(), before: self.get(), db_time: self.clone() }
    }
}

/// Saturates after 584 years.
fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// How long it takes at least to say that something is not there: far more than the database needs to find out, as long
/// as it is not busy or waiting for a lock. Beyond that it hides nothing.
pub const MISSING_TAKES: Duration = Duration::from_millis(20);

/// Keeps time from telling whether something is there for others, as far as [`MISSING_TAKES`] goes: the policies look
/// longer at a row than at none.
pub(crate) struct Veil {
    start: Instant,
    before: Duration,
    db_time: DbTime,
}

impl Veil {
    /// Waits until [`MISSING_TAKES`] have passed since the start, all of them in the database as far as anybody is
    /// told.
    pub(crate) async fn missing(self) {
        tokio::time::sleep_until((self.start + MISSING_TAKES).into()).await;
        self.db_time.0.fetch_max(nanos(self.before + MISSING_TAKES), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod fuzz {
    use super::*;
    use taskwire_fuzz::{check, produce, text};

    #[test]
    fn the_user_agent_is_kept_as_far_as_the_database_takes_it() {
        let long = (text(&["Mozilla/5.0 (X11; Linux)", "\0", "😀"]), produce::<u8>());
        check!().with_generator(long).for_each(|(text, many)| {
            let text = text.repeat(usize::from(*many % 8));
            let kept = Client { user_agent: Some((&*text).into()), ..Client::default() }.user_agent_kept().unwrap();
            assert!(kept.chars().count() <= 500 && !kept.contains('\0'));
            assert!(text.replace('\0', "").starts_with(&kept));
            assert!(kept.chars().count() == 500 || kept == text.replace('\0', ""));
        });
    }
}
