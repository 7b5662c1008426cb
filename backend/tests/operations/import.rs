//! Many new tasks at once: all or none (requirement P1).

use crate::support::World;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use taskwire_backend::{Backend, Result, Viewer};
use taskwire_domain::{
    TaskId,
    task::{FileFormat, IMPORT_MAX, Status, TaskQuery},
};
use uuid::Uuid;

const KEY: Uuid = Uuid::from_u128(7);

async fn import(backend: &Backend, viewer: &Viewer, key: Uuid, file: &str, dry_run: bool) -> Result<Vec<TaskId>> {
    Ok(backend.task_import(viewer, key, FileFormat::Csv, file.to_owned(), dry_run).await?.made)
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn tasks_are_made_in_their_order_and_only_once(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let (ada, bob, backend) = (world.person("Ada").await, world.person("Bob").await, &world.backend);
    let file = "title,description,status\none,From a file,\ntwo,From a file,completed\none,From a file,\n";
    let all = async || backend.task_list(&ada, &TaskQuery::default()).await.unwrap().tasks;

    assert_eq!(import(backend, &ada, KEY, file, true).await.unwrap(), []);
    assert_eq!(all().await, [], "a dry run keeps nothing");
    let made = import(backend, &ada, KEY, file, false).await.unwrap();
    let mut found = Vec::new();
    for id in &made {
        let task = backend.task_get(&ada, *id).await.unwrap();
        assert_eq!((task.description.as_str(), task.created_at), ("From a file", world.now()));
        found.push((task.title, task.status, task.completed_at));
    }
    let pending = |title: &str| (title.to_owned(), Status::Pending, None);
    assert_eq!(found, [pending("one"), ("two".to_owned(), Status::Completed, Some(world.now())), pending("one")]);
    assert_eq!(import(backend, &ada, KEY, file, false).await.unwrap(), made, "the same file again");
    assert_eq!(all().await.len(), 3);
    let other_file = import(backend, &ada, Uuid::from_u128(8), file, false).await.unwrap();
    assert!(!other_file.iter().any(|id| made.contains(id)), "under another key they are others");
    for id in other_file {
        backend.task_delete(&ada, id, None).await.unwrap();
    }
    let statistics = backend.dashboard_read(&ada, None).await.unwrap().statistics;
    assert_eq!((statistics.pending, statistics.completed), (2, 1));

    let his = import(backend, &bob, KEY, file, false).await.unwrap();
    assert_eq!((his.len(), his.iter().any(|id| made.contains(id))), (3, false), "keys are each person's own");
    backend.task_delete(&ada, made[0], None).await.unwrap();
    let again = import(backend, &ada, KEY, file, false).await.unwrap();
    assert_eq!(again[1..], made[1..]);
    assert_ne!(again[0], made[0], "what is deleted is made anew");
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn the_same_file_twice_at_once_makes_its_tasks_once(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let (ada, backend) = (world.person("Ada").await, &world.backend);
    let titles: String = (0..IMPORT_MAX).map(|n| format!("Task {n}\n")).collect();
    let file = &format!("title\n{titles}");
    let (one, other) = tokio::join!(import(backend, &ada, KEY, file, false), import(backend, &ada, KEY, file, false));
    let one = one.unwrap();
    assert_eq!((one.len(), &one), (IMPORT_MAX, &other.unwrap()));
    assert_eq!(backend.dashboard_read(&ada, None).await.unwrap().statistics.pending, IMPORT_MAX as i64);
}
