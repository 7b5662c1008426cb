//! How the server performs (requirement O1), as its administrators see it. Times are in milliseconds.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Minutes of each [`Slice`].
pub const SLICE_MINUTES: i64 = 5;

/// Slices that are kept: an hour.
pub const SLICES: usize = 12;

/// One server's last hour, in whole slices and the one that has begun. Whatever nobody asked for has no line in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Performance {
    /// When this was so.
    pub computed_at: DateTime<Utc>,
    /// Which version runs.
    pub version: String,
    /// Since when it runs.
    pub started_at: DateTime<Utc>,
    /// All requests.
    pub requests: Timing,
    /// All statements in the database.
    pub database: Timing,
    /// The hour in parts, the oldest first; never empty.
    pub slices: Vec<Slice>,
    /// Requests by what they ask for; first what took the most time in all.
    pub routes: Vec<RouteTiming>,
    /// Statements by name; first what took the most time in all.
    pub statements: Vec<StatementTiming>,
    /// The connections to the database, now.
    pub connections: Connections,
    /// How long operations waited for one.
    pub waiting: Timing,
    /// What went wrong.
    pub failures: Failures,
    /// What is known of the backups.
    pub backups: Backups,
    /// How the database would run the statement that was asked about; `None` for one that it has not run since the start, or
    /// that has no plan.
    pub plan: Option<Plan>,
}

/// How long each took of those there were.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Timing {
    /// How many.
    pub count: i64,
    /// All together.
    pub total_ms: f64,
    /// Half of them took no longer.
    pub median_ms: f64,
    /// Nineteen out of twenty took no longer.
    pub p95_ms: f64,
    /// Ninety-nine out of a hundred took no longer.
    pub p99_ms: f64,
    /// The slowest.
    pub max_ms: f64,
}

/// A few minutes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Slice {
    /// When they began.
    pub starts_at: DateTime<Utc>,
    /// Requests that were answered.
    pub requests: i64,
    /// Those that failed, by a fault of ours.
    pub failed: i64,
    /// Nineteen out of twenty requests took no longer.
    pub p95_ms: f64,
}

/// A route and how long its answers took.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RouteTiming {
    /// The method of HTTP.
    pub method: String,
    /// Its path, with names in place of ids; `none` for everything that is none, such as files.
    pub route: String,
    /// How long.
    pub timing: Timing,
    /// Answers that refused something (4xx).
    pub refused: i64,
    /// Answers that failed, by a fault of ours (5xx).
    pub failed: i64,
}

/// A statement and how long it took in the database.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StatementTiming {
    /// The name that begins it; `other` for those that have none.
    pub name: String,
    /// How long.
    pub timing: Timing,
}

/// The pool at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connections {
    /// Those that an operation works with.
    pub used: u32,
    /// Those that wait for one.
    pub idle: u32,
    /// As many as there may be.
    pub most: u32,
}

/// What went wrong within the hour.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failures {
    /// Operations for which the database was away, or had no connection.
    pub unavailable: i64,
    /// Operations of one person of whom too many were under way.
    pub crowded: i64,
    /// Operations that failed in another way.
    pub fault: i64,
    /// Handlers that broke off.
    pub panics: i64,
    /// Requests that were refused because there were too many.
    pub shed_requests: i64,
    /// The same for connections.
    pub shed_connections: i64,
}

impl Failures {
    /// All of them.
    pub fn total(&self) -> i64 {
        let Self { unavailable, crowded, fault, panics, shed_requests, shed_connections } = self;
        unavailable + crowded + fault + panics + shed_requests + shed_connections
    }
}

/// What is known of the backups.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backups {
    /// The instant that the newest shows.
    pub last_backup: Option<DateTime<Utc>>,
    /// When one was last restored for a test, and had the same in it.
    pub last_verified_restore: Option<DateTime<Utc>>,
}

/// How the database would run a statement, whoever asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The statement's name.
    pub statement: String,
    /// Its text, with `$1` and so on in place of values.
    pub text: String,
    /// What PostgreSQL's `EXPLAIN` says.
    pub plan: String,
}
