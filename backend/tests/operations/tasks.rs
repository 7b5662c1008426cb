//! Tasks and lists of them (requirements T1, T2, T4).

use crate::support::{World, refusal};
use chrono::TimeDelta;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use std::collections::BTreeSet;
use taskwire_domain::{
    Error as Refusal, TaskId,
    share::Permission,
    task::{Access, Counts, NewTask, Sort, Status, TaskChange, TaskQuery},
};
use uuid::Uuid;

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn a_task_from_its_making_to_its_end_and_back(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let ada = world.person("Ada").await;
    let backend = &world.backend;

    let hostile = "<script>alert('x')</script> \u{202e}gnirts";
    let made = backend.task_create(&ada, NewTask::parse(hostile, "line\r\nline", None).unwrap()).await.unwrap();
    assert_eq!((made.title.as_str(), made.description.as_str()), (hostile, "line\nline"));
    assert_eq!((made.status, made.version, made.completed_at), (Status::Pending, 1, None));
    assert_eq!(made.created_at, world.now());
    assert_eq!(backend.task_get(&ada, made.id).await.unwrap(), made);

    world.pass(TimeDelta::minutes(1));
    let done = backend.task_update(&ada, made.id, TaskChange::status(Status::Completed)).await.unwrap();
    assert_eq!((done.status, done.version, done.completed_at), (Status::Completed, 2, Some(world.now())));
    assert_eq!(done.title, hostile);
    world.pass(TimeDelta::minutes(1));
    let again = backend.task_update(&ada, made.id, TaskChange::status(Status::Completed)).await.unwrap();
    assert_eq!(again, done, "completing twice is completing once");
    let open = backend.task_update(&ada, made.id, TaskChange::status(Status::Pending)).await.unwrap();
    assert_eq!((open.status, open.completed_at), (Status::Pending, None));

    let deleted = backend.task_delete(&ada, made.id, Some(open.version)).await.unwrap();
    assert_eq!(deleted.title, hostile);
    assert_eq!(refusal(backend.task_get(&ada, made.id).await), Refusal::NotFound);
    assert_eq!(backend.task_deleted(&ada, made.id).await.unwrap().as_ref(), Some(&deleted));
    world.pass(TimeDelta::minutes(1));
    for version in [Some(open.version), None, Some(1)] {
        let again = backend.task_delete(&ada, made.id, version).await.unwrap();
        assert_eq!(again, deleted, "deleting twice is deleting once");
    }

    let back = backend.task_restore(&ada, made.id).await.unwrap();
    assert_eq!((back.id, back.title.as_str(), back.created_at), (made.id, hostile, made.created_at));
    assert_eq!(backend.task_restore(&ada, made.id).await.unwrap(), back, "undoing twice is undoing once");
    assert_eq!(backend.task_deleted(&ada, made.id).await.unwrap(), None);
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn a_deleted_task_comes_back_with_its_shares_and_for_thirty_days(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let (ada, bob) = (world.person("Ada").await, world.person("Bob").await);
    let shared = world.task(&ada, "shared").await;
    let mut owner = world.owner().await;
    world.share(&ada, shared.id, &bob, Permission::Edit).await;
    world.backend.task_delete(&ada, shared.id, None).await.unwrap();
    assert_eq!(refusal(world.backend.task_get(&bob, shared.id).await), Refusal::NotFound);
    assert_eq!(refusal(world.backend.task_restore(&bob, shared.id).await), Refusal::NotFound);
    world.backend.task_restore(&ada, shared.id).await.unwrap();
    assert_eq!(world.backend.task_get(&bob, shared.id).await.unwrap().access, Access::Edit);

    world.backend.task_delete(&ada, shared.id, None).await.unwrap();
    world.pass(TimeDelta::days(31));
    let ada = world.viewer(&world.sign_in("ada@example.org").await);
    assert_eq!(refusal(world.backend.task_restore(&ada, shared.id).await), Refusal::NotFound);
    assert_eq!(refusal(world.backend.task_delete(&ada, shared.id, None).await), Refusal::NotFound);
    // The next deletion clears away what nobody can bring back.
    let other = world.task(&ada, "other").await;
    world.backend.task_delete(&ada, other.id, None).await.unwrap();
    let kept: Vec<i64> = sqlx::query_scalar("SELECT id FROM deleted_tasks").fetch_all(&mut owner).await.unwrap();
    assert_eq!(kept, [other.id.0]);
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn sending_a_form_twice_makes_one_task(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let (ada, bob) = (world.person("Ada").await, world.person("Bob").await);
    let new = NewTask::parse("once", "", Some(Uuid::from_u128(7))).unwrap();
    let made = futures::future::join_all((0..5).map(|_| world.backend.task_create(&ada, new.clone()))).await;
    let ids: BTreeSet<TaskId> = made.into_iter().map(|task| task.unwrap().id).collect();
    assert_eq!(ids.len(), 1);
    // Deleted, sent again, and the deletion undone: two tasks that the person asked for, and no quarrel about the key.
    let first = *ids.first().unwrap();
    world.backend.task_delete(&ada, first, None).await.unwrap();
    assert_ne!(world.backend.task_create(&ada, new.clone()).await.unwrap().id, first);
    assert_eq!(world.backend.task_restore(&ada, first).await.unwrap().id, first);
    // The first answer was lost and the person has changed the text: it is another task, also when that is sent twice.
    let changed = NewTask::parse("once", "and more", new.key).unwrap();
    let second = world.backend.task_create(&ada, changed.clone()).await.unwrap();
    assert_eq!(second.description, "and more");
    assert_eq!(world.backend.task_create(&ada, changed).await.unwrap().id, second.id);
    let counts = world.backend.task_list(&ada, &TaskQuery::default()).await.unwrap().counts;
    assert_eq!(counts, Some(Counts { pending: 3, completed: 0 }));
    // A key is its user's own.
    assert!(!ids.contains(&world.backend.task_create(&bob, new).await.unwrap().id));
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn a_later_writer_is_told_and_nothing_is_lost(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let ada = world.person("Ada").await;
    let task = world.task(&ada, "first").await;
    let write = async |title: &str, version| {
        let change = TaskChange::parse(Some(title), None, None, Some(version)).unwrap();
        world.backend.task_update(&ada, task.id, change).await
    };
    let written = write("second", task.version).await.unwrap();
    assert_eq!(refusal(write("third", task.version).await), Refusal::Stale);
    assert_eq!(refusal(world.backend.task_delete(&ada, task.id, Some(task.version)).await), Refusal::Stale);
    assert_eq!(world.backend.task_get(&ada, task.id).await.unwrap().title, "second");
    // The same form sent twice is no conflict with itself.
    assert_eq!(write("second", task.version).await.unwrap(), written);

    // Of many writers at once, each from the same version, exactly one wins.
    let version = written.version;
    let texts: Vec<String> = (0..8).map(|n| format!("writer {n}")).collect();
    let results = futures::future::join_all(texts.iter().map(|text| write(text, version))).await;
    assert_eq!(results.iter().filter(|r| r.is_ok()).count(), 1);
    for result in results.into_iter().filter(Result::is_err) {
        assert_eq!(refusal(result), Refusal::Stale);
    }
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn what_belongs_to_somebody_else_does_not_exist(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let (ada, bob) = (world.person("Ada").await, world.person("Bob").await);
    let task = world.task(&ada, "Ada's own").await;
    let backend = &world.backend;
    assert_eq!(refusal(backend.task_get(&bob, task.id).await), Refusal::NotFound);
    let change = TaskChange::parse(Some("Bob's"), None, None, None).unwrap();
    assert_eq!(refusal(backend.task_update(&bob, task.id, change).await), Refusal::NotFound);
    assert_eq!(refusal(backend.task_delete(&bob, task.id, None).await), Refusal::NotFound);
    assert!(backend.task_list(&bob, &TaskQuery::default()).await.unwrap().tasks.is_empty());
    backend.task_delete(&ada, task.id, None).await.unwrap();
    assert_eq!(backend.task_deleted(&bob, task.id).await.unwrap(), None);
    assert_eq!(refusal(backend.task_delete(&bob, task.id, None).await), Refusal::NotFound);
    assert_eq!(refusal(backend.task_restore(&bob, task.id).await), Refusal::NotFound);
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn every_order_pages_through_every_task_once(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let ada = world.person("Ada").await;
    let titles = ["b", "Ä", "a", "z", "İstanbul", "Straße", "strasse", "b", "B", "ΣΑΣ", "10", "9"];
    for (n, title) in titles.iter().enumerate() {
        // Two at each instant, so that the id has to break ties.
        world.pass(TimeDelta::seconds((n % 2) as i64));
        let task = world.task(&ada, title).await;
        if n % 3 == 0 {
            let change = TaskChange::status(Status::Completed);
            world.backend.task_update(&ada, task.id, change).await.unwrap();
        }
    }
    for sort in Sort::ALL.iter().copied() {
        let whole = TaskQuery { sort, limit: Some(100), ..TaskQuery::default() };
        let whole = world.backend.task_list(&ada, &whole).await.unwrap();
        assert_eq!((whole.tasks.len(), whole.next.clone()), (titles.len(), None), "{sort}");
        assert_eq!(whole.counts, Some(Counts { pending: 8, completed: 4 }));
        let in_order = whole.tasks.windows(2).all(|pair| match sort {
            Sort::Updated => (pair[0].updated_at, pair[0].id) > (pair[1].updated_at, pair[1].id),
            Sort::Newest => (pair[0].created_at, pair[0].id) > (pair[1].created_at, pair[1].id),
            Sort::Oldest => (pair[0].created_at, pair[0].id) < (pair[1].created_at, pair[1].id),
            // The database's rules for letters; checked below for the plain ones.
            Sort::Title => true,
        });
        assert!(in_order, "{sort}");

        let mut paged = Vec::new();
        let mut query = TaskQuery { sort, limit: Some(5), ..TaskQuery::default() };
        loop {
            let page = world.backend.task_list(&ada, &query).await.unwrap();
            paged.extend(page.tasks);
            query.cursor = page.next;
            if query.cursor.is_none() {
                break;
            }
        }
        assert_eq!(paged, whole.tasks, "{sort}");
    }
    let by_title = TaskQuery { sort: Sort::Title, status: Some(Status::Pending), ..TaskQuery::default() };
    let by_title = world.backend.task_list(&ada, &by_title).await.unwrap();
    let shown: Vec<&str> = by_title.tasks.iter().map(|task| task.title.as_str()).collect();
    assert_eq!(shown, ["10", "9", "a", "Ä", "b", "B", "İstanbul", "Straße"]);
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn a_search_takes_every_letter_literally_and_no_case(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let ada = world.person("Ada").await;
    for (title, description) in [("Pay 50% now", ""), ("Pay 500 now", ""), ("ÄPFEL", ""), ("other", "hidden_word")] {
        world.backend.task_create(&ada, NewTask::parse(title, description, None).unwrap()).await.unwrap();
    }
    let found = async |search: &str| {
        let query = TaskQuery { search: search.into(), sort: Sort::Oldest, ..TaskQuery::default() };
        let page = world.backend.task_list(&ada, &query).await.unwrap();
        page.tasks.into_iter().map(|task| task.title).collect::<Vec<_>>()
    };
    assert_eq!(found("50%").await, ["Pay 50% now"]);
    assert_eq!(found("pay").await, ["Pay 50% now", "Pay 500 now"]);
    assert_eq!(found("äpf").await, ["ÄPFEL"]);
    assert_eq!(found("d_n").await, Vec::<String>::new());
    assert_eq!(found("HIDDEN_").await, ["other"]);
    assert_eq!(found("\\").await, Vec::<String>::new());
    assert_eq!(found("' OR true --").await, Vec::<String>::new());
    assert_eq!(found("").await.len(), 4);
    for search in ["x".repeat(201), "a\0b".into()] {
        let query = TaskQuery { search, ..TaskQuery::default() };
        assert!(refusal(world.backend.task_list(&ada, &query).await).about("q").is_some());
    }
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn a_cursor_that_we_did_not_make_is_refused(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let ada = world.person("Ada").await;
    let at = |at: &str| {
        let json = format!(r#"{{"sort":"updated","at":"{at}","title":"","id":1}}"#);
        json.bytes().map(|byte| format!("{byte:02x}")).collect::<String>()
    };
    let ours = TaskQuery { cursor: Some(at("2026-01-01T00:00:00Z")), ..TaskQuery::default() };
    assert!(world.backend.task_list(&ada, &ours).await.is_ok());
    let (before, after) = (at("-200000-01-01T00:00:00Z"), at("+200000-01-01T00:00:00Z"));
    for cursor in ["", "x", "zz", "7b7d", &"61".repeat(50_000), &before, &after] {
        let query = TaskQuery { cursor: Some(cursor.into()), ..TaskQuery::default() };
        assert!(refusal(world.backend.task_list(&ada, &query).await).about("cursor").is_some(), "{cursor:.20}");
    }
}
