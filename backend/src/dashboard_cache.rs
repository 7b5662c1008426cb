//! The dashboards that were computed last (requirement D3): kept for a few seconds, and only until anything is written
//! through this process. Who asks while the same is being computed waits for that, and does not have it computed once more.
//!
//! Whose numbers a write changes is for triggers and policies to know. So every write forgets all: simple, never wrong,
//! and what polls repeat in between is what the cache is for. Another instance's writes, and sessions that it ends, show
//! after [`Settings::dashboard_cache`](crate::Settings).

use crate::{Clock, Result};
use chrono::TimeDelta;
use moka::future::Cache;
use std::{sync::Arc, time::Duration};
use taskwire_domain::{UserId, dashboard::Dashboard};
use tokio::sync::watch;
use uuid::Uuid;

/// Dashboards kept at most.
const KEPT_MAX: u64 = 10_000;

/// Who asks, by which credential, and in which time zone.
pub(crate) type Question = (UserId, Uuid, String);

#[derive(Debug)]
pub(crate) struct DashboardCache {
    /// By the question, and the number of writes before it was asked.
    kept: Cache<(Question, u64), Arc<Dashboard>>,
    writes: watch::Sender<u64>,
    lasts: TimeDelta,
}

impl DashboardCache {
    /// An empty cache; nothing `lasts` for no time.
    pub(crate) fn new(lasts: Duration) -> Self {
        let kept = Cache::builder().max_capacity(KEPT_MAX).time_to_live(lasts).build();
        Self { kept, writes: watch::Sender::new(0), lasts: TimeDelta::from_std(lasts).unwrap_or_default() }
    }

    /// Forgets everything, because something was written.
    pub(crate) fn forget(&self) {
        self.writes.send_modify(|writes| *writes += 1);
    }

    /// Tells of every write.
    pub(crate) fn writes(&self) -> watch::Receiver<u64> {
        self.writes.subscribe()
    }

    /// What was computed for the same question, if it still holds, or else what `compute` finds.
    ///
    /// # Errors
    /// Those of `compute`, which everybody is told who waited for it.
    pub(crate) async fn answer(
        &self,
        question: Question,
        clock: &Clock,
        compute: impl Future<Output = Result<Dashboard>>,
    ) -> Result<Arc<Dashboard>> {
        if self.lasts <= TimeDelta::zero() {
            return compute.await.map(Arc::new);
        }
        let key = (question, *self.writes.borrow());
        if let Some(kept) = self.kept.get(&key).await {
            if clock.now().signed_duration_since(kept.computed_at) < self.lasts {
                return Ok(kept);
            }
            self.kept.invalidate(&key).await;
        }
        let keep = async { compute.await.map(|dashboard| Arc::new(Dashboard { cached: true, ..dashboard })) };
        let entry = self.kept.entry(key).or_try_insert_with(keep).await.map_err(|error| error.shared())?;
        match entry.is_fresh() {
            true => Ok(Arc::new(Dashboard { cached: false, ..Dashboard::clone(entry.value()) })),
            false => Ok(entry.into_value()),
        }
    }
}
