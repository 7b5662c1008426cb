//! The dashboard's numbers in one look-up (requirements D1, D3, D4).

use crate::{Backend, Error, Result, Viewer, viewer::Need};
use metrics::counter;
use sqlx::{query, types::Json};
use std::{sync::Arc, time::Instant};
use taskwire_domain::{
    Error as Refusal,
    dashboard::{Activity, Dashboard, RecentTask, Statistics, TeamSummary},
};

/// SQLSTATE for a time zone that Postgres does not know (invalid_parameter_value).
const UNKNOWN_ZONE: &str = "22023";

/// Bytes of a time zone's name at most: the longest is half of that.
const ZONE_MAX: usize = 64;

impl Backend {
    /// Everything the dashboard shows, in one round trip whatever the number of tasks, and in none if the same was asked
    /// a moment ago. “Today” and “week” follow the account's zone, else `browser_zone`, else UTC.
    pub async fn dashboard_read(&self, viewer: &Viewer, browser_zone: Option<&str>) -> Result<Arc<Dashboard>> {
        self.permit(viewer, Need::DASHBOARD_READ).await?;
        let start = Instant::now();
        // A NUL is what Postgres cannot take in a text; and what is no zone for its length alone is not worth keeping.
        let is_possible = |zone: &&str| zone.len() <= ZONE_MAX && !zone.contains('\0');
        let zone = browser_zone.filter(is_possible).unwrap_or("UTC");
        let question = (viewer.user_id, viewer.credential.id(), zone.to_owned());
        let read = self.dashboards.answer(question, &self.clock, self.dashboard_anew(viewer, zone)).await;
        viewer.client.db_time.add_since(start);
        if let Ok(dashboard) = &read {
            let from = if dashboard.cached { "memory" } else { "database" };
            counter!("taskwire_dashboard_answers_total", "from" => from).increment(1);
        }
        self.note_end(viewer, read)
    }

    async fn dashboard_anew(&self, viewer: &Viewer, zone: &str) -> Result<Dashboard> {
        match self.retried(|| self.dashboard_in(viewer, Some(zone))).await {
            // The browser said something that is no zone, or the account's is none any more: numbers in UTC are better
            // than none.
            Err(Error::Database(error))
                if error.as_database_error().is_some_and(|e| e.code().as_deref() == Some(UNKNOWN_ZONE)) =>
            {
                self.dashboard_in(viewer, None).await
            }
            other => other,
        }
    }

    /// In the account's zone, else in `zone`; in UTC without `zone`.
    async fn dashboard_in(&self, viewer: &Viewer, zone: Option<&str>) -> Result<Dashboard> {
        let now = self.clock.now();
        let row = query!(
            r#"/* dashboard_read */ SELECT utc_offset AS "utc_offset!",
                      pending AS "pending!", completed AS "completed!",
                      shared_view AS "shared_view!", shared_edit AS "shared_edit!",
                      created_today AS "created_today!", completed_today AS "completed_today!",
                      created_this_week AS "created_this_week!", completed_this_week AS "completed_this_week!",
                      recent AS "recent!: Json<Vec<RecentTask>>", teams AS "teams!: Json<Vec<TeamSummary>>"
               FROM dashboard_read($1, $2, $3, $4)"#,
            viewer.user_id.0,
            viewer.credential.id(),
            now,
            zone
        )
        .fetch_optional(&mut *self.connection(viewer).await?)
        .await?
        // The session lived a moment ago, so only an account deleted just now has no counters.
        .ok_or(Refusal::Unauthorized)?;
        Ok(Dashboard {
            computed_at: now,
            cached: false,
            utc_offset: row.utc_offset,
            statistics: Statistics {
                pending: row.pending,
                completed: row.completed,
                shared_view: row.shared_view,
                shared_edit: row.shared_edit,
            },
            activity: Activity {
                created_today: row.created_today,
                completed_today: row.completed_today,
                created_this_week: row.created_this_week,
                completed_this_week: row.completed_this_week,
            },
            recent: row.recent.0,
            teams: row.teams.0,
        })
    }
}
