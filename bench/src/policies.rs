//! What row-level security costs, and what the time of a refusal tells.
//!
//! The list of somebody in the midst of teams and shares, with and without the policies; and how long the refusal takes
//! of a task that does not exist, and of one that is somebody else's. Both run alternately on one connection each.

use crate::statements;
use anyhow::Result;
use sqlx::{AssertSqlSafe, ConnectOptions, PgConnection, postgres::PgConnectOptions};
use std::{
    path::Path,
    time::{Duration, Instant},
};
use taskwire_backend::{Backend, Client, Settings, as_app, limit::Limit, performance::Recent};
use taskwire_domain::TaskId;
use uuid::Uuid;

/// Executions of each list.
const LISTS: usize = 300;
/// Refusals of each kind.
const REFUSALS: usize = 2_000;

/// The person of `crowded.sql`.
pub async fn crowded(connection: &mut PgConnection) -> Result<Uuid> {
    Ok(sqlx::query_scalar("SELECT id FROM users WHERE email = 'crowded-1@bench.test'").fetch_one(connection).await?)
}

/// Measures and prints a table of both.
pub async fn run(connect: PgConnectOptions, secret: &str, token: &str, record: &Path) -> Result<()> {
    let mut owner = connect.connect().await?;
    let viewer = crowded(&mut owner).await?;
    let tasks: i64 = sqlx::query_scalar("SELECT count(*) FROM tasks").fetch_one(&mut owner).await?;
    let mut app = as_app(connect.clone()).connect().await?;
    let identity = format!("SELECT set_config('app.user_id', '{viewer}', false)");
    let lists = format!("{}; PREPARE list AS {}", identity, statements::list(record)?);
    // The owner of everything passes the policies by; what differs is only that.
    for connection in [&mut app, &mut owner] {
        sqlx::raw_sql("SET enable_bitmapscan = off").execute(&mut *connection).await?;
        sqlx::raw_sql(AssertSqlSafe(lists.clone())).execute(connection).await?;
    }
    let list = format!(
        "EXECUTE list('{viewer}', '{{pending,completed}}', '9999-12-31', 9223372036854775807, '%', 26, true, NULL, true)"
    );
    let (mut with, mut without) = (Vec::new(), Vec::new());
    for _ in 0..LISTS {
        with.push(time(&mut app, &list).await?);
        without.push(time(&mut owner, &list).await?);
    }
    println!("First page of the list: 10,000 own tasks, 20 teams, 1,000 shared, among {tasks} tasks");
    println!("| | median |\n| --- | --- |");
    println!("| with row-level security | {} |", milliseconds(median(&mut with)));
    println!("| without | {} |", milliseconds(median(&mut without)));
    println!("| ratio | {:.2} |\n", median(&mut with).as_secs_f64() / median(&mut without).as_secs_f64());

    refusals(connect, secret, token, &mut owner).await
}

/// How long the refusals take, of the whole operation with its line in the audit log.
async fn refusals(connect: PgConnectOptions, secret: &str, token: &str, owner: &mut PgConnection) -> Result<()> {
    let second = Duration::from_secs(1);
    let settings = Settings {
        connect,
        max_connections: 1,
        acquire_timeout: second,
        statement_timeout: 10 * second,
        slow_statement: 10 * second,
        secret: secret.to_owned().into(),
        previous_secret: None,
        session_ttl: second,
        dashboard_cache: Duration::from_secs(5),
        sign_ins_by_address: Limit(None),
        sign_ins_by_account: Limit(None),
        recent: Recent::default(),
    };
    let backend = Backend::start(settings).await?;
    let viewer = backend.viewer(token, Client::default())?;
    let foreign: Vec<i64> = sqlx::query_scalar(
        "SELECT id FROM tasks WHERE user_id <> $1 AND team_id IS NULL AND id % 37 <> 0 ORDER BY random() LIMIT $2",
    )
    .bind(viewer.user_id.0)
    .bind(i64::try_from(REFUSALS)?)
    .fetch_all(owner)
    .await?;
    let (mut is_there, mut is_not) = (Vec::new(), Vec::new());
    for (n, id) in (1_000_000_000..).zip(foreign) {
        for (id, times) in [(id, &mut is_there), (n, &mut is_not)] {
            let start = Instant::now();
            anyhow::ensure!(backend.task_get(&viewer, TaskId(id)).await.is_err(), "task {id} should not be visible");
            times.push(start.elapsed());
        }
    }
    let spread = |times: &mut Vec<Duration>| {
        times.sort();
        let at = |part: usize| times.get(times.len() * part / 100).copied().unwrap_or_default();
        format!("{} | {} | {}", milliseconds(at(10)), milliseconds(at(50)), milliseconds(at(90)))
    };
    println!("The refusal of a task, with its line in the audit log");
    println!("| | p10 | p50 | p90 |\n| --- | --- | --- | --- |");
    println!("| somebody else's | {} |", spread(&mut is_there));
    println!("| not there | {} |\n", spread(&mut is_not));
    Ok(())
}

async fn time(connection: &mut PgConnection, sql: &str) -> Result<Duration> {
    let start = Instant::now();
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(connection).await?;
    Ok(start.elapsed())
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

fn milliseconds(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1000.0)
}
