//! The counters equal a recount, whatever happens and however much of it at once (requirement D4).

use crate::support::World;
use chrono::TimeDelta;
use futures::StreamExt;
use rand::{RngExt, SeedableRng, rngs::StdRng};
use sqlx::{
    PgConnection, Row,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use taskwire_backend::Viewer;
use taskwire_domain::{
    TaskId,
    share::NewShare,
    task::{NewTask, Status, TaskChange},
};

async fn faults(owner: &mut PgConnection) -> Vec<String> {
    let rows = sqlx::query("SELECT user_id, kept, counted FROM counter_faults()").fetch_all(owner).await.unwrap();
    let text = |row: &sqlx::postgres::PgRow, column| row.get::<Option<String>, _>(column);
    rows.iter().map(|row| format!("kept {:?}, counted {:?}", text(row, "kept"), text(row, "counted"))).collect()
}

/// One person doing many things to tasks, their own and (in vain or not) those shared with them.
async fn work(world: &World, viewer: &Viewer, others: &[(&str, Viewer)], seed: u64, steps: usize) {
    let mut random = StdRng::seed_from_u64(seed);
    let mut known: Vec<TaskId> = Vec::new();
    for _ in 0..steps {
        world.pass(TimeDelta::seconds(random.random_range(0..2000)));
        let pick =
            |random: &mut StdRng, from: &[TaskId]| (!from.is_empty()).then(|| from[random.random_range(0..from.len())]);
        let action = random.random_range(0..100);
        let Some(id) = pick(&mut random, &known).filter(|_| action >= 35) else {
            known.push(world.backend.task_create(viewer, NewTask::parse("t", "", None).unwrap()).await.unwrap().id);
            continue;
        };
        // Refusals (deleted meanwhile, stale) are part of the game; faults are not.
        let outcome = match action {
            35..60 => world.backend.task_update(viewer, id, TaskChange::status(Status::Completed)).await.map(drop),
            60..72 => world.backend.task_update(viewer, id, TaskChange::status(Status::Pending)).await.map(drop),
            72..82 => world.backend.task_delete(viewer, id, None).await.map(drop),
            82..88 => world.backend.task_restore(viewer, id).await.map(drop),
            _ => {
                let with = &others[random.random_range(0..others.len())];
                if action < 96 {
                    let permission = if random.random() { "view" } else { "edit" };
                    let email = format!("{}@example.org", with.0);
                    let new = NewShare::parse(&email, permission).unwrap();
                    world.backend.share_give(viewer, id, new).await.map(drop)
                } else {
                    world.backend.share_revoke(viewer, id, with.1.user_id).await
                }
            }
        };
        match outcome {
            Ok(()) | Err(taskwire_backend::Error::Refused(_)) => {}
            Err(fault) => panic!("{fault}"),
        }
    }
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn counters_equal_a_recount_after_thousands_of_operations(_: PgPoolOptions, options: PgConnectOptions) {
    let world =
        World::with(options, |settings| settings.session_ttl = std::time::Duration::from_secs(365 * 86_400)).await;
    let people =
        [("ada", world.person("Ada").await), ("bob", world.person("Bob").await), ("cleo", world.person("Cleo").await)];
    let mut owner = world.owner().await;
    // Alone, then nine at once: three for each person, against the same rows.
    work(&world, &people[0].1, &people, 1, 1000).await;
    assert_eq!(faults(&mut owner).await, Vec::<String>::new());
    let crowd = (0..9).map(|n| work(&world, &people[n % 3].1, &people, 100 + n as u64, 300));
    futures::stream::iter(crowd).buffer_unordered(9).collect::<Vec<_>>().await;
    assert_eq!(faults(&mut owner).await, Vec::<String>::new());
    let counted: i64 =
        sqlx::query_scalar("SELECT sum(total)::bigint FROM user_counters").fetch_one(&mut owner).await.unwrap();
    assert!(counted > 500, "{counted} tasks are too few to prove anything");
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn statements_on_many_rows_and_people_count_as_well(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    for name in ["Ada", "Bob", "Cleo"] {
        world.person(name).await;
    }
    let mut owner = world.owner().await;
    for sql in [
        "INSERT INTO tasks (user_id, title, created_at, updated_at)
         SELECT id, 'bulk ' || n, now() - n * interval '7 minutes', now() FROM users, generate_series(1, 500) n",
        "UPDATE tasks SET status = 'completed', completed_at = now() - id * interval '1 minute' WHERE id % 2 = 0",
        "INSERT INTO task_shares SELECT t.id, t.user_id, u.id, 'view', now() FROM tasks t JOIN users u ON u.id <> t.user_id WHERE t.id % 5 = 0",
        "UPDATE task_shares SET permission = 'edit' WHERE task_id % 10 = 0",
        "UPDATE tasks SET status = 'pending', completed_at = NULL WHERE id % 4 = 0",
        "DELETE FROM tasks WHERE id % 3 = 0",
        "DELETE FROM users WHERE name = 'Bob'",
    ] {
        sqlx::query(sql).execute(&mut owner).await.unwrap();
        assert_eq!(faults(&mut owner).await, Vec::<String>::new(), "after {sql}");
    }
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn a_recount_finds_what_is_wrong(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let ada = world.person("Ada").await;
    world.task(&ada, "counted").await;
    let mut owner = world.owner().await;
    sqlx::query("UPDATE user_counters SET total = 2").execute(&mut owner).await.unwrap();
    sqlx::query("UPDATE activity_buckets SET created = 3").execute(&mut owner).await.unwrap();
    assert_eq!(faults(&mut owner).await.len(), 2);
}
