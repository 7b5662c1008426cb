//! Trying again (requirement O3), for what is safe to be tried again: reading, and opening a transaction.

use crate::{Backend, Error, Result};
use backon::{ExponentialBuilder, Retryable};
use std::time::Duration;

/// Three tries, after 50 and 200 ms.
fn backoff() -> ExponentialBuilder {
    ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(50))
        .with_factor(4.0)
        .with_max_times(2)
        .with_jitter()
}

impl Backend {
    /// Tries up to three times what has had no effect yet when its connection is lost.
    pub(crate) async fn retried<T, F: Future<Output = Result<T>>>(&self, attempt: impl Fn() -> F) -> Result<T> {
        let attempt = || async {
            let done = attempt().await;
            if done.as_ref().is_err_and(Error::is_transient) {
                self.discard_broken().await;
            }
            done
        };
        attempt.retry(backoff()).when(Error::is_transient).await
    }

    /// Closes the connections that nobody uses, up to the first that is well, and says whether there is one. A database that
    /// restarts breaks all of them at once: whoever tries again would come upon one after the other.
    pub(crate) async fn discard_broken(&self) -> bool {
        while let Some(mut idle) = self.pool.try_acquire() {
            match sqlx::query("/* connection_check */ SELECT 1").execute(&mut *idle).await {
                Ok(_) => return true,
                Err(_) => idle.close_on_drop(),
            }
        }
        false
    }
}
