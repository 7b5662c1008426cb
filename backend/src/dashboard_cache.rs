//! The dashboards that were computed last (requirement D3): kept for a few seconds, and only until anything is written
//! through this process.
//!
//! Whose numbers a write changes is for triggers and policies to know. So every write forgets all: simple, never wrong,
//! and what polls repeat in between is what the cache is for. Another instance's writes, and sessions that it ends, show
//! after [`Settings::dashboard_cache`](crate::Settings).

use chrono::{DateTime, TimeDelta, Utc};
use moka::sync::Cache;
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use taskwire_domain::{UserId, dashboard::Dashboard};
use uuid::Uuid;

/// Dashboards kept at most.
const KEPT_MAX: u64 = 10_000;

/// Who asks, by which credential, and in which time zone.
pub(crate) type Key = (UserId, Uuid, String);

#[derive(Debug)]
pub(crate) struct DashboardCache {
    /// Each with the number of writes before it was computed.
    kept: Cache<Key, (u64, Arc<Dashboard>)>,
    writes: AtomicU64,
    lasts: TimeDelta,
}

impl DashboardCache {
    /// An empty cache; nothing `lasts` for no time.
    pub(crate) fn new(lasts: Duration) -> Self {
        let kept = Cache::builder().max_capacity(KEPT_MAX).time_to_live(lasts).build();
        Self { kept, writes: AtomicU64::new(0), lasts: TimeDelta::from_std(lasts).unwrap_or_default() }
    }

    /// How many writes there were: to be asked before a dashboard is computed.
    pub(crate) fn writes(&self) -> u64 {
        self.writes.load(Ordering::SeqCst)
    }

    /// Forgets everything, because something was written.
    pub(crate) fn forget(&self) {
        self.writes.fetch_add(1, Ordering::SeqCst);
    }

    /// What was computed for the same question, if it still holds.
    pub(crate) fn get(&self, key: &Key, now: DateTime<Utc>) -> Option<Arc<Dashboard>> {
        let (writes, dashboard) = self.kept.get(key)?;
        let holds = writes == self.writes() && now.signed_duration_since(dashboard.computed_at) < self.lasts;
        holds.then_some(dashboard)
    }

    /// Keeps what was computed after so many `writes`.
    pub(crate) fn keep(&self, key: Key, writes: u64, dashboard: &Dashboard) {
        if self.lasts > TimeDelta::zero() {
            self.kept.insert(key, (writes, Arc::new(Dashboard { cached: true, ..dashboard.clone() })));
        }
    }
}
