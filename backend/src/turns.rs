//! A fair share of the database: nobody has more than half of the connections at once, so that whoever asks for much, or for
//! what takes long, keeps only themselves waiting.

use crate::{Backend, Error, Result, Viewer};
use metrics::histogram;
use moka::sync::Cache;
use sqlx::{PgConnection, Postgres, pool::PoolConnection};
use std::{
    ops::{Deref, DerefMut},
    sync::Arc,
    time::Duration,
};
use taskwire_domain::UserId;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, timeout_at},
};

/// People remembered at most.
const PEOPLE_MAX: u64 = 10_000;

/// How long somebody is remembered who asks for nothing: longer than anybody has a connection.
const FORGET_AFTER: Duration = Duration::from_secs(120);

/// Each person's turns.
#[derive(Debug)]
pub(crate) struct Turns {
    each: usize,
    of: Cache<UserId, Arc<Semaphore>>,
}

impl Turns {
    /// For a pool of so many connections.
    pub(crate) fn new(connections: u32) -> Self {
        let each = usize::try_from(connections / 2).unwrap_or_default().max(1);
        Self { each, of: Cache::builder().max_capacity(PEOPLE_MAX).time_to_idle(FORGET_AFTER).build() }
    }

    fn of(&self, user: UserId) -> Arc<Semaphore> {
        self.of.get_with(user, || Arc::new(Semaphore::new(self.each)))
    }
}

/// A connection that one person has, until it is dropped.
#[derive(Debug)]
pub(crate) struct Turn {
    // Handed back before somebody else's turn begins.
    connection: PoolConnection<Postgres>,
    _taken: OwnedSemaphorePermit,
}

impl Turn {
    /// Does not hand it back when it is dropped: nobody knows what state it is in.
    pub(crate) fn close_on_drop(&mut self) {
        self.connection.close_on_drop();
    }
}

impl Deref for Turn {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.connection
    }
}

impl DerefMut for Turn {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.connection
    }
}

impl Backend {
    /// A connection for a viewer: once it is their turn, and there is one.
    ///
    /// # Errors
    /// [`Error::Crowded`] when it does not become their turn in time, and [`Error::Unavailable`] when there is none.
    pub(crate) async fn connection(&self, viewer: &Viewer) -> Result<Turn> {
        let asked = Instant::now();
        let deadline = asked + self.pool.options().get_acquire_timeout();
        let turn = self.turns.of(viewer.user_id).acquire_owned();
        let Ok(Ok(taken)) = timeout_at(deadline, turn).await else { return Err(Error::Crowded) };
        let connection = timeout_at(deadline, self.pool.acquire()).await.unwrap_or(Err(sqlx::Error::PoolTimedOut))?;
        histogram!("taskwire_db_wait_duration_seconds").record(asked.elapsed());
        Ok(Turn { connection, _taken: taken })
    }
}
