//! How many requests are worked on at once. Beyond that, one more would wait for longer than anybody does, and keep all others
//! waiting: it is refused at once.

use super::problem::Problem;
use metrics::counter;
use tokio::sync::{Semaphore, SemaphorePermit};

/// Turns to be worked on.
#[derive(Debug)]
pub struct Load(Semaphore);

impl Load {
    /// So many at once.
    pub fn new(most: usize) -> Self {
        Self(Semaphore::new(most.min(Semaphore::MAX_PERMITS)))
    }

    /// A turn, until what this returns is dropped.
    ///
    /// # Errors
    /// The refusal, if there is none.
    pub fn begin(&self) -> Result<SemaphorePermit<'_>, Problem> {
        self.0.try_acquire().map_err(|_| {
            note_shed("request");
            Problem::overloaded()
        })
    }
}

/// Counts what was refused because there is too much.
pub fn note_shed(kind: &'static str) {
    counter!("taskwire_http_shed_total", "kind" => kind).increment(1);
}
