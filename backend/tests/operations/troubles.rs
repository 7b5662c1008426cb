//! A database in trouble (requirement O3): what still goes, what is refused as “not now”, and that all is well afterwards
//! without a restart. One that goes away altogether stands in `outage`, and in the tests of the server.

use crate::support::{PASSWORD, World, settings};
use chrono::TimeDelta;
use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, PgConnection,
    migrate::Migrator,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use std::time::Duration;
use taskwire_backend::{Backend, Error, MIGRATOR};
use taskwire_domain::task::{NewTask, TaskQuery};

fn new_task() -> NewTask {
    NewTask::parse("One more", "", None).unwrap()
}

fn is_not_now<T: std::fmt::Debug>(result: Result<T, Error>) {
    match result {
        Err(Error::Unavailable(_)) => {}
        other => panic!("expected “not now”, got {other:?}"),
    }
}

/// Runs a statement about the test's own database, and sends everybody away whose connection is from before.
async fn alter(owner: &mut PgConnection, database: &str, change: &str) {
    let sql = format!("ALTER DATABASE \"{database}\" {change}");
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *owner).await.unwrap();
    let evict = "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
                 WHERE datname = current_database() AND pid <> pg_backend_pid()";
    sqlx::raw_sql(evict).execute(owner).await.unwrap();
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn one_that_may_only_be_read_is_read(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let ada = world.person("Ada").await;
    world.task(&ada, "written before").await;
    let (mut owner, database) = (world.owner().await, world.options.get_database().unwrap());
    alter(&mut owner, database, "SET default_transaction_read_only = on").await;
    // Long enough for the visit to be noted, which it cannot be.
    world.pass(TimeDelta::hours(1));
    assert_eq!(world.backend.dashboard_read(&ada, None).await.unwrap().statistics.pending, 1);
    assert_eq!(world.backend.task_list(&ada, &TaskQuery::default()).await.unwrap().counts.unwrap().pending, 1);
    is_not_now(world.backend.task_create(&ada, new_task()).await);
    is_not_now(world.backend.account_sign_in(&Default::default(), "ada@example.org", PASSWORD).await);
    assert!(world.backend.audit_seal().await.is_err(), "the lines wait for the next time");
    alter(&mut owner, database, "RESET default_transaction_read_only").await;
    world.backend.task_create(&ada, new_task()).await.unwrap();
    assert!(world.backend.audit_seal().await.unwrap().is_some());
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn one_without_a_free_connection_is_waited_for_and_then_given_up(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::with(options, |settings| settings.acquire_timeout = Duration::from_millis(300)).await;
    let ada = world.person("Ada").await;
    let mut owner = world.owner().await;
    let database = world.options.get_database().unwrap().to_owned();
    let login = format!("{database}_guest");
    let make = format!("CREATE ROLE \"{login}\" LOGIN; GRANT taskwire_app TO \"{login}\"");
    sqlx::raw_sql(AssertSqlSafe(make)).execute(&mut owner).await.unwrap();
    let guest = Backend::open(
        taskwire_backend::Settings {
            acquire_timeout: Duration::from_millis(300),
            ..settings(world.options.clone().username(&login))
        },
        taskwire_backend::Clock::system(),
    )
    .await
    .unwrap();
    // Others have taken every connection that there is.
    alter(&mut owner, &database, "CONNECTION LIMIT 0").await;
    is_not_now(guest.health().await);
    is_not_now(guest.dashboard_read(&ada, None).await);
    alter(&mut owner, &database, "CONNECTION LIMIT -1").await;
    guest.health().await.unwrap();
    guest.stop().await;
    let drop = format!("DROP ROLE \"{login}\"");
    sqlx::raw_sql(AssertSqlSafe(drop)).execute(&mut owner).await.unwrap();
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_statement_past_its_time_is_ended_and_not_tried_again(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::with(options, |settings| settings.statement_timeout = Duration::from_millis(200)).await;
    let ada = world.person("Ada").await;
    let mut owner = world.owner().await;
    let mut held = owner.begin().await.unwrap();
    sqlx::raw_sql("LOCK TABLE tasks IN ACCESS EXCLUSIVE MODE").execute(&mut *held).await.unwrap();
    is_not_now(world.backend.task_create(&ada, new_task()).await);
    is_not_now(world.backend.task_list(&ada, &TaskQuery::default()).await);
    held.rollback().await.unwrap();
    world.backend.task_create(&ada, new_task()).await.unwrap();
    assert_eq!(world.backend.dashboard_read(&ada, None).await.unwrap().statistics.pending, 1, "and only once");
}

#[sqlx::test]
async fn a_migration_that_breaks_off_is_done_by_the_next_start(_: PgPoolOptions, options: PgConnectOptions) {
    let last = MIGRATOR.iter().map(|migration| migration.version).max().unwrap();
    let earlier = MIGRATOR.iter().filter(|migration| migration.version < last).cloned().collect();
    let mut owner = options.connect().await.unwrap();
    Migrator::with_migrations(earlier).run(&mut owner).await.unwrap();
    // The last one has done its work, and waits to say so, when its connection is lost.
    let mut held = options.connect().await.unwrap();
    sqlx::raw_sql(
        "BEGIN; LOCK TABLE _sqlx_migrations IN ROW EXCLUSIVE MODE; LOCK TABLE _sqlx_migrations IN SHARE MODE",
    )
    .execute(&mut held)
    .await
    .unwrap();
    let end = "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
               WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%_sqlx_migrations%'
               AND pid <> pg_backend_pid()";
    let end = async { while sqlx::raw_sql(end).execute(&mut owner).await.unwrap().rows_affected() == 0 {} };
    let (started, ()) = tokio::join!(Backend::start(settings(options.clone())), end);
    assert!(started.is_err());
    held.close().await.unwrap();
    let newest = "SELECT max(version) FROM _sqlx_migrations";
    assert!(sqlx::query_scalar::<_, i64>(newest).fetch_one(&mut owner).await.unwrap() < last, "none of it is there");
    Backend::start(settings(options)).await.unwrap().health().await.unwrap();
    assert_eq!(sqlx::query_scalar::<_, i64>(newest).fetch_one(&mut owner).await.unwrap(), last);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_schema_of_a_newer_version_is_not_touched(_: PgPoolOptions, options: PgConnectOptions) {
    let mut owner = options.connect().await.unwrap();
    let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
                 VALUES (9999, 'of a later version', true, '', 0)";
    sqlx::raw_sql(newer).execute(&mut owner).await.unwrap();
    let refused = Backend::start(settings(options)).await.unwrap_err().to_string();
    assert!(refused.contains("a newer Taskwire has used this database (migration 9999"), "{refused}");
}
