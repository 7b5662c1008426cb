//! The dashboard's numbers (requirement D1).

use crate::{TaskId, TeamId, task::Status};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Everything the dashboard shows, true at `computed_at`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Dashboard {
    /// When the database answered.
    pub computed_at: DateTime<Utc>,
    /// Whether that was for an earlier question.
    pub cached: bool,
    /// Seconds east of UTC in the viewer's time zone at `computed_at`.
    pub utc_offset: i32,
    /// How many tasks, by status and share.
    pub statistics: Statistics,
    /// What happened today and this week.
    pub activity: Activity,
    /// The tasks changed last, newest first; at most [`RECENT_TASKS`].
    pub recent: Vec<RecentTask>,
    /// The viewer's teams by name.
    pub teams: Vec<TeamSummary>,
}

impl Dashboard {
    /// Whether there is nothing to count: no task, own or shared, and no team.
    pub fn is_empty(&self) -> bool {
        self.statistics == Statistics::default() && self.teams.is_empty()
    }
}

/// Length of [`Dashboard::recent`] at most.
pub const RECENT_TASKS: usize = 5;

/// How many tasks there are. `pending` and `completed` count the viewer's own tasks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statistics {
    /// Own tasks not yet done.
    pub pending: i64,
    /// Own tasks done.
    pub completed: i64,
    /// Tasks others share with the viewer to read.
    pub shared_view: i64,
    /// Tasks others share with the viewer to change.
    pub shared_edit: i64,
}

impl Statistics {
    /// Own tasks.
    pub fn total(&self) -> i64 {
        self.pending + self.completed
    }

    /// Tasks shared with the viewer.
    pub fn shared(&self) -> i64 {
        self.shared_view + self.shared_edit
    }

    /// Share of own tasks that are done: 0 to 100 with one decimal; 0 without tasks.
    pub fn completion_rate(&self) -> f64 {
        if self.total() == 0 {
            return 0.0;
        }
        (self.completed as f64 * 1000.0 / self.total() as f64).round() / 10.0
    }
}

/// Tasks created and completed in the viewer's own day and week (weeks start on Monday).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Activity {
    /// Created since midnight.
    pub created_today: i64,
    /// Completed since midnight.
    pub completed_today: i64,
    /// Created since Monday.
    pub created_this_week: i64,
    /// Completed since Monday.
    pub completed_this_week: i64,
}

/// A task as the dashboard lists it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecentTask {
    /// The task's id.
    pub id: TaskId,
    /// Its title.
    pub title: String,
    /// Its status.
    pub status: Status,
    /// Its last change.
    pub updated_at: DateTime<Utc>,
}

/// A team as the dashboard lists it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TeamSummary {
    /// The team's id.
    pub id: TeamId,
    /// Its name.
    pub name: String,
    /// The viewer's role in it.
    pub role: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use taskwire_fuzz::check;

    #[test]
    fn no_task_means_no_rate() {
        assert_eq!(Statistics::default().completion_rate(), 0.0);
    }

    #[test]
    fn the_rate_has_one_decimal() {
        let statistics = Statistics { pending: 2, completed: 1, ..Statistics::default() };
        assert_eq!(statistics.completion_rate(), 33.3);
    }

    #[test]
    fn the_rate_is_a_percentage() {
        check!().with_generator((0..1_000_000i64, 0..1_000_000i64)).for_each(|(pending, completed)| {
            let rate =
                Statistics { pending: *pending, completed: *completed, ..Statistics::default() }.completion_rate();
            assert!((0.0..=100.0).contains(&rate));
            assert_eq!(rate, (rate * 10.0).round() / 10.0);
        });
    }
}
