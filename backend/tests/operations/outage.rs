//! Lost connections (requirement O3). A database that stays away is tested through the whole server.

use crate::support::World;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use taskwire_domain::task::TaskQuery;

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn lost_connections_are_not_noticed(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::with(options, |settings| settings.max_connections = 2).await;
    let ada = world.person("Ada").await;
    let mut owner = world.owner().await;
    for n in 0..5_i64 {
        // As a restarting database does: every connection of the pool is cut at once.
        sqlx::query(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
             WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )
        .execute(&mut owner)
        .await
        .unwrap();
        assert_eq!(world.backend.dashboard_read(&ada, None).await.unwrap().statistics.pending, n);
        world.task(&ada, "written at the first try that could").await;
        assert_eq!(world.backend.task_list(&ada, &TaskQuery::default()).await.unwrap().pending, n + 1);
    }
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn two_instances_may_start_at_once(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let mut owner = world.owner().await;
    sqlx::raw_sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public").execute(&mut owner).await.unwrap();
    let start = || {
        let options = world.options.clone();
        async move { taskwire_backend::Backend::start(crate::support::settings(options)).await }
    };
    let started = futures::future::join_all((0..4).map(|_| start())).await;
    for backend in started {
        backend.unwrap().health().await.unwrap();
    }
}
