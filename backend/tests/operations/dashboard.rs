//! The dashboard's numbers (requirements D1, D3, D4).

use crate::support::{World, refusal};
use chrono::TimeDelta;
use futures::{future::join_all, poll};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use std::time::Duration;
use taskwire_backend::Viewer;
use taskwire_domain::{
    Error as Refusal,
    dashboard::{Activity, Dashboard, RECENT_TASKS, Statistics},
    share::Permission,
    task::{Status, TaskChange},
};

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn the_dashboard_tells_what_is_there(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let (ada, bob) = (world.person("Ada").await, world.person("Bob").await);
    let empty = world.backend.dashboard_read(&ada, None).await.unwrap();
    assert_eq!((empty.statistics, empty.activity), (Statistics::default(), Activity::default()));
    assert!(empty.recent.is_empty() && empty.teams.is_empty());

    let mut last = None;
    for n in 0..7 {
        world.pass(TimeDelta::seconds(1));
        last = Some(world.task(&ada, &format!("task {n}")).await);
    }
    let last = last.unwrap();
    world.backend.task_update(&ada, last.id, TaskChange::status(Status::Completed)).await.unwrap();
    world.task(&bob, "Bob's").await;

    let dashboard = world.backend.dashboard_read(&ada, None).await.unwrap();
    assert_eq!(dashboard.computed_at, world.now());
    assert_eq!(dashboard.statistics, Statistics { pending: 6, completed: 1, ..Statistics::default() });
    let activity = Activity { created_today: 7, completed_today: 1, created_this_week: 7, completed_this_week: 1 };
    assert_eq!(dashboard.activity, activity);
    assert_eq!(dashboard.recent.len(), RECENT_TASKS);
    assert_eq!((dashboard.recent[0].id, dashboard.recent[0].status), (last.id, Status::Completed));
    // What is changed within the same second still comes in the order of the changes.
    world.pass(TimeDelta::milliseconds(10));
    let older = dashboard.recent[2].id;
    world.backend.task_update(&ada, older, TaskChange::status(Status::Completed)).await.unwrap();
    assert_eq!(world.backend.dashboard_read(&ada, None).await.unwrap().recent[0].id, older);
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn shares_and_teams_are_counted(_: PgPoolOptions, options: PgConnectOptions) {
    // The story writes past the backend.
    let world = World::with(options, |settings| settings.dashboard_cache = Duration::ZERO).await;
    let (ada, bob) = (world.person("Ada").await, world.person("Bob").await);
    let (read, written) = (world.task(&bob, "to read").await, world.task(&bob, "to write").await);
    let mut owner = world.owner().await;
    sqlx::raw_sql(sqlx::AssertSqlSafe(format!(
        "BEGIN;
         INSERT INTO teams VALUES ('{team}', 'Crew', '', now());
         INSERT INTO team_members VALUES ('{team}', '{bob}', 'owner', now()), ('{team}', '{ada}', 'member', now());
         INSERT INTO task_shares VALUES ({}, '{bob}', '{ada}', 'view', now()), ({}, '{bob}', '{ada}', 'edit', now());
         COMMIT",
        read.id,
        written.id,
        team = uuid::Uuid::from_u128(1),
        bob = bob.user_id,
        ada = ada.user_id
    )))
    .execute(&mut owner)
    .await
    .unwrap();

    let seen = async |viewer| {
        let dashboard = world.backend.dashboard_read(viewer, None).await.unwrap();
        let teams = dashboard.teams.iter().map(|team| (team.name.clone(), team.role.clone()));
        (dashboard.statistics, teams.collect::<Vec<_>>())
    };
    let team = |role: &str| vec![("Crew".to_owned(), role.to_owned())];
    let shared = Statistics { shared_view: 1, shared_edit: 1, ..Statistics::default() };
    assert_eq!(seen(&ada).await, (shared, team("member")));
    assert_eq!(seen(&bob).await, (Statistics { pending: 2, ..Statistics::default() }, team("owner")));

    sqlx::raw_sql("UPDATE task_shares SET permission = 'edit'").execute(&mut owner).await.unwrap();
    assert_eq!(seen(&ada).await.0, Statistics { shared_edit: 2, ..Statistics::default() });
    world.backend.task_delete(&bob, read.id, None).await.unwrap();
    assert_eq!(seen(&ada).await.0, Statistics { shared_edit: 1, ..Statistics::default() });
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn today_and_the_week_are_the_viewers_own(_: PgPoolOptions, options: PgConnectOptions) {
    // The story writes past the backend.
    let world = World::with(options, |settings| settings.dashboard_cache = Duration::ZERO).await;
    // Sunday evening in London; Monday morning, of the next week, in Auckland (UTC+13) and Kathmandu (UTC+5:45).
    world.set_time("2026-02-01T18:20:00Z");
    let ada = world.person("Ada").await;
    world.task(&ada, "on Sunday, or on Monday").await;
    world.pass(TimeDelta::hours(1));
    let activity = async |zone: Option<&str>| {
        let dashboard = world.backend.dashboard_read(&ada, zone).await.unwrap();
        (dashboard.utc_offset, dashboard.activity.created_today, dashboard.activity.created_this_week)
    };
    assert_eq!(activity(None).await, (0, 1, 1));
    assert_eq!(activity(Some("Asia/Kathmandu")).await, (20_700, 1, 1));
    world.pass(TimeDelta::hours(5));
    // Past midnight UTC: another day and, since it was Sunday, another week.
    assert_eq!(activity(None).await, (0, 0, 0));
    assert_eq!(activity(Some("Pacific/Auckland")).await, (46_800, 1, 1));
    assert_eq!(activity(Some("America/New_York")).await, (-18_000, 1, 1));
    // What the browser says is only a hint: nonsense falls back to UTC, and the account's own choice wins.
    for nonsense in ["Mars/Olympus", "", "\0", "Europe/Berlin\0", "a\u{7f}\n", &"é".repeat(5000)] {
        assert_eq!(activity(Some(nonsense)).await, (0, 0, 0), "{nonsense:.20}");
    }
    world.backend.account_set_time_zone(&ada, Some("America/New_York")).await.unwrap();
    assert_eq!(activity(Some("Pacific/Auckland")).await, (-18_000, 1, 1));
    // Zones come and go with new versions of their data; one that is gone does not take the numbers along.
    let gone = sqlx::query("UPDATE users SET time_zone = 'Mars/Olympus'");
    gone.execute(&mut world.owner().await).await.unwrap();
    assert_eq!(activity(Some("Pacific/Auckland")).await, (0, 0, 0));
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn the_numbers_follow_a_task_that_is_reopened_or_deleted(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let ada = world.person("Ada").await;
    let task = world.task(&ada, "comes and goes").await;
    let numbers = async || {
        let dashboard = world.backend.dashboard_read(&ada, None).await.unwrap();
        let (s, a) = (dashboard.statistics, dashboard.activity);
        (s.pending, s.completed, a.created_today, a.completed_today)
    };
    assert_eq!(numbers().await, (1, 0, 1, 0));
    world.backend.task_update(&ada, task.id, TaskChange::status(Status::Completed)).await.unwrap();
    assert_eq!(numbers().await, (0, 1, 1, 1));
    world.backend.task_update(&ada, task.id, TaskChange::status(Status::Pending)).await.unwrap();
    assert_eq!(numbers().await, (1, 0, 1, 0));
    world.backend.task_delete(&ada, task.id, None).await.unwrap();
    assert_eq!(numbers().await, (0, 0, 0, 0));
    world.backend.task_restore(&ada, task.id).await.unwrap();
    assert_eq!(numbers().await, (1, 0, 1, 0));
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn what_was_computed_a_moment_ago_holds_until_something_is_written(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options.clone()).await;
    let (ada, bob) = (world.person("Ada").await, world.person("Bob").await);
    let task = world.task(&ada, "mine").await.id;
    let read = async |viewer: &Viewer| world.backend.dashboard_read(viewer, None).await.unwrap();
    let first = read(&ada).await;
    world.pass(TimeDelta::milliseconds(4999));
    let second = read(&ada).await;
    assert_eq!(*second, Dashboard { cached: true, ..Dashboard::clone(&first) }, "with the time at which it was so");
    assert!(!read(&bob).await.cached, "nobody gets another's");
    let in_berlin = world.backend.dashboard_read(&ada, Some("Europe/Berlin")).await.unwrap();
    assert!(!in_berlin.cached, "nor the numbers of another zone");
    let elsewhere = world.viewer(&world.sign_in("ada@example.org").await);
    assert!(!read(&elsewhere).await.cached);
    assert!(read(&elsewhere).await.cached);
    world.pass(TimeDelta::milliseconds(5000));
    assert!(!read(&elsewhere).await.cached, "after five seconds it is asked for anew");

    assert!(!read(&ada).await.cached);
    world.share(&bob, world.task(&bob, "his").await.id, &ada, Permission::View).await;
    assert_eq!(read(&ada).await.statistics.shared_view, 1, "whoever wrote it");
    world.backend.task_delete(&ada, task, None).await.unwrap();
    assert_eq!(read(&ada).await.statistics.pending, 0);
    world.backend.session_end(&elsewhere, ada.session().unwrap()).await.unwrap();
    assert_eq!(refusal(world.backend.dashboard_read(&ada, None).await), Refusal::Unauthorized);

    let never = World::with(options, |settings| settings.dashboard_cache = Duration::ZERO).await;
    let ada = never.viewer(&never.sign_in("ada@example.org").await);
    for _ in 0..2 {
        assert!(!never.backend.dashboard_read(&ada, None).await.unwrap().cached);
    }
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn what_many_ask_at_once_is_computed_once(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let ada = world.person("Ada").await;
    let ask = || join_all((0..20).map(|_| world.backend.dashboard_read(&ada, None)));
    let computed = ask().await.into_iter().filter(|answer| !answer.as_ref().unwrap().cached).count();
    assert_eq!(computed, 1);
    world.backend.session_end(&ada, ada.session().unwrap()).await.unwrap();
    for answer in ask().await {
        assert_eq!(refusal(answer), Refusal::Unauthorized);
    }
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn whoever_waits_has_it_computed_when_the_first_gives_up(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let ada = world.person("Ada").await;
    let (mut blocker, mut watcher) = (world.owner().await, world.owner().await);
    sqlx::raw_sql("BEGIN; LOCK TABLE user_counters IN ACCESS EXCLUSIVE MODE").execute(&mut blocker).await.unwrap();
    let read = || Box::pin(world.backend.dashboard_read(&ada, None));
    let mut first = read();
    let waits = "SELECT EXISTS (SELECT FROM pg_stat_activity
                                WHERE wait_event_type = 'Lock' AND datname = current_database())";
    while !sqlx::query_scalar::<_, bool>(waits).fetch_one(&mut watcher).await.unwrap() {
        assert!(poll!(&mut first).is_pending(), "the table is locked");
    }
    let mut second = read();
    assert!(poll!(&mut second).is_pending(), "it waits for the first");
    drop(first);
    sqlx::raw_sql("COMMIT").execute(&mut blocker).await.unwrap();
    assert_eq!(second.await.unwrap().statistics, Statistics::default());
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn no_write_is_missed_by_whoever_reads_all_the_time(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let ada = world.person("Ada").await;
    let reading = async {
        for _ in 0..300 {
            world.backend.dashboard_read(&ada, None).await.unwrap();
        }
    };
    let writing = async {
        for n in 1..=20 {
            world.task(&ada, "one more").await;
            let seen = world.backend.dashboard_read(&ada, None).await.unwrap().statistics.pending;
            assert_eq!(seen, n, "what was acknowledged is counted");
        }
    };
    tokio::join!(reading, writing);
}
