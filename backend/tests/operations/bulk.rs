//! The same done to many tasks at once: to all or to none (requirement T2).

use crate::support::{World, refusal};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use taskwire_backend::Viewer;
use taskwire_domain::{
    Error as Refusal, TaskId,
    audit::AuditQuery,
    share::Permission,
    task::{BULK_MAX, BulkAction, BulkChange, NewTask, Status, TaskChange},
    team::Role,
};

fn change(action: BulkAction, ids: &[TaskId]) -> BulkChange {
    BulkChange::parse(action, ids.to_vec()).unwrap()
}

async fn statuses(world: &World, viewer: &Viewer, ids: &[TaskId]) -> Vec<(Status, i32)> {
    let mut found = Vec::new();
    for id in ids {
        let task = world.backend.task_get(viewer, *id).await.unwrap();
        found.push((task.status, task.version));
    }
    found
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn many_are_completed_reopened_and_deleted_at_once(_: PgPoolOptions, options: PgConnectOptions) {
    use Status::{Completed, Pending};
    let world = World::new(options).await;
    let (ada, bob, backend) = (world.person("Ada").await, world.person("Bob").await, &world.backend);
    let team = world.team(&ada, "Crew", &[]).await;
    let mine = world.task(&ada, "mine").await.id;
    let done = world.task(&ada, "done").await.id;
    backend.task_update(&ada, done, TaskChange::status(Completed)).await.unwrap();
    let ours = world.team_task(&ada, team, "ours").await.id;
    let all = [mine, done, ours];

    let twice = [ours, mine, done, mine];
    assert_eq!(backend.task_bulk(&ada, &change(BulkAction::Complete, &twice)).await.unwrap(), [mine, ours]);
    assert_eq!(statuses(&world, &ada, &all).await, [(Completed, 2); 3]);
    assert_eq!(backend.task_bulk(&ada, &change(BulkAction::Complete, &all)).await.unwrap(), []);
    assert_eq!(backend.task_bulk(&ada, &change(BulkAction::Reopen, &all)).await.unwrap(), all);
    assert_eq!(statuses(&world, &ada, &all).await, [(Pending, 3); 3]);
    let task = backend.task_get(&ada, mine).await.unwrap();
    assert_eq!((task.completed_at, task.updated_at), (None, world.now()));

    world.share(&ada, mine, &bob, Permission::Edit).await;
    assert_eq!(backend.task_bulk(&ada, &change(BulkAction::Delete, &[mine, ours])).await.unwrap(), [mine, ours]);
    assert_eq!(backend.dashboard_read(&ada, None).await.unwrap().statistics.pending, 1);
    assert_eq!(
        backend.task_bulk(&ada, &change(BulkAction::Delete, &all)).await.unwrap(),
        [done],
        "the rest is deleted"
    );
    for id in all {
        backend.task_restore(&ada, id).await.unwrap();
    }
    assert_eq!(backend.share_list(&ada, mine).await.unwrap().len(), 1, "with its share");
    assert_eq!(backend.dashboard_read(&ada, None).await.unwrap().statistics.pending, 3);
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn one_that_is_refused_keeps_all_as_they_are(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let (ada, bob, backend) = (world.person("Ada").await, world.person("Bob").await, &world.backend);
    let team = world.team(&bob, "Crew", &[(&ada, Role::Viewer)]).await;
    let mine = world.task(&ada, "mine").await.id;
    let seen = world.team_task(&bob, team, "seen").await.id;
    let (lent, hidden) = (world.task(&bob, "lent").await.id, world.task(&bob, "hidden").await.id);
    world.share(&bob, lent, &ada, Permission::Edit).await;
    let nothing = TaskId(9_000_000);
    for (action, other, wanted) in [
        (BulkAction::Complete, hidden, Refusal::NotFound),
        (BulkAction::Complete, nothing, Refusal::NotFound),
        (BulkAction::Complete, seen, Refusal::Forbidden),
        (BulkAction::Delete, hidden, Refusal::NotFound),
        (BulkAction::Delete, lent, Refusal::Forbidden),
        (BulkAction::Delete, seen, Refusal::Forbidden),
    ] {
        let attempt = backend.task_bulk(&ada, &change(action, &[mine, other])).await;
        let wanted = Refusal::OneOfMany { task: other, refusal: Box::new(wanted) };
        assert_eq!(refusal(attempt), wanted, "{action} {other}");
        assert_eq!(backend.task_get(&ada, mine).await.unwrap().version, 1, "{action} {other} changes nothing");
        let line = backend.audit_list(&ada, AuditQuery::default()).await.unwrap().lines.remove(0);
        let operation = if action == BulkAction::Delete { "task.delete.denied" } else { "task.update.denied" };
        assert_eq!((line.action.as_str(), line.target.unwrap()), (operation, format!("task:{other}")));
    }
    assert_eq!(backend.task_bulk(&ada, &change(BulkAction::Complete, &[mine, lent])).await.unwrap(), [mine, lent]);
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn two_who_change_the_same_tasks_wait_for_each_other(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let (ada, bob, backend) = (world.person("Ada").await, world.person("Bob").await, &world.backend);
    let team = world.team(&ada, "Crew", &[(&bob, Role::Admin)]).await;
    let mut ids = Vec::new();
    for n in 0..40 {
        let by = if n % 2 == 0 { &ada } else { &bob };
        ids.push(world.team_task(by, team, &format!("task {n}")).await.id);
    }
    for _ in 0..10 {
        let (forth, back) = (change(BulkAction::Complete, &ids), change(BulkAction::Reopen, &ids));
        let single = async {
            for id in ids.iter().rev() {
                // Told where somebody else was faster.
                let changed = backend.task_update(&ada, *id, TaskChange::status(Status::Completed)).await;
                assert!(changed.is_ok() || refusal(changed) == Refusal::Stale);
            }
        };
        let (first, second, ()) = tokio::join!(backend.task_bulk(&ada, &forth), backend.task_bulk(&bob, &back), single);
        first.unwrap();
        second.unwrap();
    }
    let faults: Vec<String> =
        sqlx::query_scalar("SELECT f::text FROM counter_faults() f").fetch_all(&mut world.owner().await).await.unwrap();
    assert_eq!(faults, Vec::<String>::new());
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn as_many_as_may_be_are_changed_at_once(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let ada = world.person("Ada").await;
    let mut ids = Vec::new();
    for n in 0..BULK_MAX {
        let new = NewTask::parse(&format!("task {n}"), "", None).unwrap();
        ids.push(world.backend.task_create(&ada, new).await.unwrap().id);
    }
    let done = world.backend.task_bulk(&ada, &change(BulkAction::Complete, &ids)).await.unwrap();
    assert_eq!(done.len(), BULK_MAX);
    let statistics = world.backend.dashboard_read(&ada, None).await.unwrap().statistics;
    assert_eq!((statistics.pending, statistics.completed), (0, 500));
    ids.push(TaskId(9_000_000));
    assert!(BulkChange::parse(BulkAction::Complete, ids).unwrap_err().about("ids").is_some());
    assert!(BulkChange::parse(BulkAction::Complete, Vec::new()).unwrap_err().about("ids").is_some());
}
