//! How the server performs (requirement O1), for its administrators.

mod recent;
mod statements;

pub use recent::Recent;
pub use statements::{RAN, Ran, statements};

use crate::{Backend, Result, Viewer, scope::Scope, viewer::Need};
use chrono::{DateTime, Utc};
use metrics::Key;
use metrics_util::storage::Summary;
use recent::{Hour, Times};
use sqlx::{AssertSqlSafe, query_scalar};
use std::{cmp::Ordering, collections::HashMap};
use taskwire_domain::{
    Error as Refusal,
    performance::{Backups, Failures, Performance, Plan, RouteTiming, Slice, StatementTiming, Timing},
};
use uuid::Uuid;

const REQUESTS: &str = "taskwire_http_request_duration_seconds";
const STATEMENTS: &str = "taskwire_db_statement_duration_seconds";
const WAITING: &str = "taskwire_db_wait_duration_seconds";

impl Backend {
    /// The server's last hour, and how the database would run a statement if one is named.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] for whoever is not an administrator.
    pub async fn performance_read(&self, viewer: &Viewer, statement: Option<&str>) -> Result<Performance> {
        let mut scope = self.reading(viewer, Need::Session).await?;
        if !scope.is_administrator().await? {
            drop(scope);
            self.audit_denied(viewer, "performance.read", "", None, None).await?;
            return Err(Refusal::Forbidden.into());
        }
        let plan = match statement.and_then(|name| Some((name, self.recent.text(name)?))) {
            Some((name, text)) => Some(scope.plan(name, &text).await?),
            None => None,
        };
        Ok(self.performance(scope.now, plan))
    }

    fn performance(&self, now: DateTime<Utc>, plan: Option<Plan>) -> Performance {
        // 0 where there is none.
        let instant = |gauge| {
            let seconds = Some(self.recent.gauge(gauge)).filter(|seconds| *seconds > 0.0)?;
            DateTime::from_timestamp_millis((seconds * 1000.0) as i64)
        };
        let backups = Backups {
            last_backup: instant("taskwire_backup_last_timestamp_seconds"),
            last_verified_restore: instant("taskwire_backup_last_verified_timestamp_seconds"),
        };
        self.recent.hour(now, |hour| Performance {
            computed_at: now,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            started_at: self.started_at,
            requests: hour.whole(REQUESTS),
            database: hour.whole(STATEMENTS),
            slices: hour.slices().map(slice).collect(),
            routes: hour.routes(),
            statements: hour.statements(),
            connections: self.connections(),
            waiting: hour.whole(WAITING),
            failures: hour.failures(),
            backups,
            plan,
        })
    }
}

impl Scope {
    async fn is_administrator(&mut self) -> Result<bool> {
        let user = self.user();
        let found = query_scalar!("/* administrator_check */ SELECT administrator FROM users WHERE id = $1", user)
            .fetch_optional(self.connection()?)
            .await?;
        Ok(found.unwrap_or(false))
    }

    /// The plan for whoever runs it and whatever its values are, under row-level security. Nothing is run. By `PREPARE`, because
    /// `EXPLAIN (GENERIC_PLAN)` is not there before PostgreSQL 16.
    async fn plan(&mut self, name: &str, text: &str) -> Result<Plan> {
        // Of its own: one that a failure leaves behind must not stand in the next one's way.
        let prepared = format!("plan_{}", Uuid::new_v4().simple());
        let connection = self.connection()?;
        let prepare =
            format!("/* plan_prepare */ SET LOCAL plan_cache_mode = force_generic_plan; PREPARE {prepared} AS {text}");
        sqlx::raw_sql(AssertSqlSafe(prepare)).execute(&mut *connection).await?;
        let values = query_scalar!(
            r#"/* plan_values */ SELECT cardinality(parameter_types) AS "count!" FROM pg_prepared_statements
               WHERE name = $1"#,
            prepared
        )
        .fetch_one(&mut *connection)
        .await?;
        let nulls = vec!["NULL"; usize::try_from(values).unwrap_or_default()].join(", ");
        let values = if nulls.is_empty() { String::new() } else { format!("({nulls})") };
        let explain = format!("/* plan_explain */ EXPLAIN EXECUTE {prepared}{values}");
        let lines: Vec<String> =
            query_scalar(AssertSqlSafe(explain)).persistent(false).fetch_all(&mut *connection).await?;
        sqlx::raw_sql(AssertSqlSafe(format!("/* plan_end */ DEALLOCATE {prepared}"))).execute(connection).await?;
        Ok(Plan { statement: name.to_owned(), text: unindented(text), plan: lines.join("\n") })
    }
}

/// Without the margin that it has in our source, where its first line begins behind the name.
fn unindented(text: &str) -> String {
    let margin = |line: &str| line.len() - line.trim_start().len();
    let rest = || text.lines().skip(1);
    let common = rest().filter(|line| !line.trim().is_empty()).map(margin).min().unwrap_or_default();
    let lines = text.lines().take(1).chain(rest().map(|line| line.get(common..).unwrap_or_default()));
    lines.collect::<Vec<_>>().join("\n")
}

fn label(key: &Key, name: &str) -> String {
    key.labels().find(|label| label.key() == name).map_or_else(String::new, |label| label.value().to_owned())
}

/// Requests that were put together.
#[derive(Default)]
struct Answers {
    times: Times,
    refused: i64,
    failed: i64,
}

impl Answers {
    fn add(&mut self, key: &Key, times: &Summary) {
        let count = i64::try_from(times.count()).unwrap_or(i64::MAX);
        match label(key, "status").chars().next() {
            Some('4') => self.refused += count,
            Some('5') => self.failed += count,
            _ => {}
        }
        self.times.add(times);
    }
}

fn slice(slice: &recent::Slice) -> Slice {
    let mut all = Answers::default();
    slice.of(REQUESTS).for_each(|(key, times)| all.add(key, times));
    let Timing { count, p95_ms, .. } = all.times.timing();
    Slice { starts_at: slice.starts_at, requests: count, failed: all.failed, p95_ms }
}

/// First what took the most time in all.
fn by_total(one: &Timing, other: &Timing) -> Ordering {
    other.total_ms.total_cmp(&one.total_ms)
}

impl Hour {
    fn whole(&self, metric: &str) -> Timing {
        self.timings(metric, |_| ()).get(&()).map(Times::timing).unwrap_or_default()
    }

    fn routes(&self) -> Vec<RouteTiming> {
        let mut all: HashMap<_, Answers> = HashMap::new();
        for (key, times) in self.of(REQUESTS) {
            all.entry((label(key, "method"), label(key, "route"))).or_default().add(key, times);
        }
        let routes = all.into_iter().map(|((method, route), answers)| {
            let Answers { times, refused, failed } = answers;
            RouteTiming { method, route, timing: times.timing(), refused, failed }
        });
        let mut routes: Vec<_> = routes.collect();
        routes.sort_by(|one, other| by_total(&one.timing, &other.timing));
        routes
    }

    fn statements(&self) -> Vec<StatementTiming> {
        let all = self.timings(STATEMENTS, |key| label(key, "statement"));
        let mut statements: Vec<_> =
            all.into_iter().map(|(name, times)| StatementTiming { name, timing: times.timing() }).collect();
        statements.sort_by(|one, other| by_total(&one.timing, &other.timing));
        statements
    }

    fn failures(&self) -> Failures {
        let database = |kind| self.count("taskwire_db_failures_total", &[kind]);
        let shed = |kind| self.count("taskwire_http_shed_total", &[kind]);
        Failures {
            unavailable: database("unavailable"),
            crowded: database("crowded"),
            fault: database("fault"),
            panics: self.count("taskwire_http_panics_total", &[]),
            shed_requests: shed("request"),
            shed_connections: shed("connection"),
        }
    }
}
