//! Opening the database, and lost connections (requirement O3). A database that stays away is tested through the whole
//! server.

use crate::support::{PASSWORD, World, settings};
use futures::future::join_all;
use secrecy::ExposeSecret;
use sqlx::{
    AssertSqlSafe, ConnectOptions, PgConnection,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use std::{task::Poll, time::Duration};
use taskwire_backend::{Backend, Client, Error, Viewer};
use taskwire_domain::{
    Error as Refusal,
    account::NewAccount,
    task::{NewTask, TaskQuery},
};

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn lost_connections_are_not_noticed(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::with(options, |settings| settings.max_connections = 16).await;
    let ada = world.person("Ada").await;
    let mut owner = world.owner().await;
    for n in 0..5_i64 {
        // More than anything is tried: nobody comes upon one broken connection after the other.
        let all = TaskQuery::default();
        while world.backend.connections().idle < 5 {
            for read in join_all((0..8).map(|_| world.backend.task_list(&ada, &all))).await {
                read.unwrap();
            }
        }
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
        assert_eq!(world.backend.task_list(&ada, &TaskQuery::default()).await.unwrap().counts.unwrap().pending, n + 1);
    }
}

/// Holds every task of somebody, so that whoever wants to change one waits with a connection of their own.
async fn hold(owner: &mut PgConnection, viewer: &Viewer) {
    sqlx::raw_sql("BEGIN").execute(&mut *owner).await.unwrap();
    let tasks = "SELECT id FROM tasks WHERE user_id = $1 FOR UPDATE";
    sqlx::query(tasks).bind(viewer.user_id.0).execute(owner).await.unwrap();
}

/// How many of the server's connections wait for a lock.
async fn waiting(owner: &mut PgConnection) -> i64 {
    let waiting =
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    sqlx::query_scalar(waiting).fetch_one(owner).await.unwrap()
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn whoever_asks_for_much_keeps_only_themselves_waiting(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::with(options, |settings| settings.max_connections = 4).await;
    let (ada, bob) = (world.person("Ada").await, world.person("Bob").await);
    let task = world.task(&ada, "Wanted by many").await;
    let (mut owner, mut watcher) = (world.owner().await, world.owner().await);
    hold(&mut owner, &ada).await;
    let many = join_all((0..20).map(|_| world.backend.task_toggle(&ada, task.id, None)));
    let others = async {
        while waiting(&mut watcher).await < 2 {
            tokio::task::yield_now().await;
        }
        // Ada's own are used up, and they wait for as long as the test wants.
        let read = world.backend.dashboard_read(&ada, None);
        assert!(matches!(futures::poll!(std::pin::pin!(read)), Poll::Pending));
        for n in 0..20 {
            world.task(&bob, "not held up").await;
            assert_eq!(world.backend.dashboard_read(&bob, None).await.unwrap().statistics.pending, n + 1);
        }
        assert_eq!(waiting(&mut watcher).await, 2, "half of four");
        sqlx::raw_sql("ROLLBACK").execute(&mut owner).await.unwrap();
    };
    let (completed, ()) = futures::join!(many, others);
    for completed in completed {
        completed.unwrap();
    }
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn whoever_waits_for_their_own_for_too_long_is_refused(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::with(options, |settings| {
        settings.max_connections = 2;
        settings.acquire_timeout = Duration::from_millis(300);
    })
    .await;
    let ada = world.person("Ada").await;
    let task = world.task(&ada, "Wanted by many").await;
    let (mut owner, mut watcher) = (world.owner().await, world.owner().await);
    hold(&mut owner, &ada).await;
    let first = world.backend.task_toggle(&ada, task.id, None);
    let others = async {
        while waiting(&mut watcher).await < 1 {
            tokio::task::yield_now().await;
        }
        let error = world.backend.task_list(&ada, &TaskQuery::default()).await.unwrap_err();
        assert!(matches!(error, Error::Crowded), "{error}");
        assert_eq!(error.into_public(), Refusal::Unavailable);
        let error = world.backend.dashboard_read(&ada, None).await.unwrap_err();
        assert!(matches!(error, Error::Crowded), "{error}");
        world.backend.health().await.unwrap();
        sqlx::raw_sql("ROLLBACK").execute(&mut owner).await.unwrap();
    };
    let (completed, ()) = futures::join!(first, others);
    completed.unwrap();
    world.backend.task_list(&ada, &TaskQuery::default()).await.unwrap();
}

#[sqlx::test]
async fn a_login_that_is_no_superuser_may_own_the_database(_: PgPoolOptions, options: PgConnectOptions) {
    let mut superuser = options.connect().await.unwrap();
    let name = options.get_database().unwrap();
    let login = format!("\"{name}\"");
    let sql = format!(
        "DROP ROLE IF EXISTS {login};
         CREATE ROLE {login} LOGIN CREATEROLE NOSUPERUSER NOBYPASSRLS PASSWORD 'x';
         ALTER DATABASE {login} OWNER TO {login}"
    );
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut superuser).await.unwrap();
    if superuser.server_version_num().unwrap() >= 160_000 {
        // What the login would have if these roles, which belong to the whole cluster, were of its own making.
        for role in ["taskwire_app", "taskwire_owner"] {
            let sql = format!(
                "DO $$ BEGIN CREATE ROLE {role} NOLOGIN NOINHERIT; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
                 GRANT {role} TO {login} WITH ADMIN TRUE, INHERIT FALSE, SET FALSE"
            );
            sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut superuser).await.unwrap();
        }
    }
    let backend = Backend::start(settings(options.clone().username(name).password("x"))).await.unwrap();
    backend.health().await.unwrap();
    let new = NewAccount::parse("ada@example.org", PASSWORD, "Ada").unwrap();
    let ada = backend.account_sign_up(&Client::default(), new).await.unwrap();
    let ada = backend.viewer(ada.token.expose_secret(), Client::default()).unwrap();
    backend.task_create(&ada, NewTask::parse("counted", "", None).unwrap()).await.unwrap();
    assert_eq!(backend.dashboard_read(&ada, None).await.unwrap().statistics.pending, 1);
    backend.stop().await;
    let sql = format!("REASSIGN OWNED BY {login} TO CURRENT_USER; DROP OWNED BY {login}; DROP ROLE {login}");
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut superuser).await.unwrap();
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn two_instances_may_start_at_once(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let mut owner = world.owner().await;
    sqlx::raw_sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public").execute(&mut owner).await.unwrap();
    let start = || {
        let options = world.options.clone();
        async move { Backend::start(settings(options)).await }
    };
    let started = futures::future::join_all((0..4).map(|_| start())).await;
    for backend in started {
        backend.unwrap().health().await.unwrap();
    }
}
