//! Tasks that are edited, deleted, made and handed over.

use super::*;

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn of_several_editors_with_one_version_one_wins_and_the_others_are_told(
    _: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::new(options).await;
    let people = people(&world, &["Ada", "Bob", "Cleo", "Dan"]).await;
    let [ada, bob, cleo, dan] = people.as_slice() else { panic!("four people") };
    let team = world.team(ada, "Crew", &[(bob, Role::Admin), (cleo, Role::Member)]).await;
    let mut task = world.team_task(cleo, team, "the first").await;
    world.share(cleo, task.id, dan, Permission::Edit).await;
    let mut winners = BTreeSet::new();
    for round in 0..60 {
        let titles = ["Ada", "Bob", "Cleo", "Dan"].map(|name| format!("{name}'s {round}"));
        let edits = people
            .iter()
            .zip(&titles)
            .map(|(editor, title)| world.backend.task_update(editor, task.id, titled(title, Some(task.version))));
        let outcomes: Vec<_> = join_all(edits).await.into_iter().map(|edit| settled("edit", edit)).collect();
        let won: Vec<&Task> = outcomes.iter().filter_map(|outcome| outcome.as_ref().ok()).collect();
        let [won] = won.as_slice() else { panic!("{outcomes:?}") };
        assert_eq!(won.version, task.version + 1);
        for outcome in &outcomes {
            assert!(outcome.is_ok() || *outcome == Err(Refusal::Stale), "{outcome:?}");
        }
        task = world.backend.task_get(cleo, task.id).await.unwrap();
        assert_eq!((&task.title, task.version), (&won.title, won.version), "nobody has written over the winner");
        winners.insert(outcomes.iter().position(Result::is_ok));
    }
    assert!(winners.len() > 1, "always the same winner is no race");
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn several_who_toggle_a_task_at_once_each_do(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let ada = world.person("Ada").await;
    let mut task = world.task(&ada, "to and fro").await;
    for _ in 0..20 {
        let toggles = (0..3).map(|_| world.backend.task_toggle(&ada, task.id, None));
        let toggled = join_all(toggles).await.into_iter().map(Result::unwrap);
        let mut versions: Vec<_> = toggled.map(|toggled| toggled.version - task.version).collect();
        versions.sort_unstable();
        assert_eq!(versions, [1, 2, 3], "one after the other");
        let status = task.status;
        task = world.backend.task_get(&ada, task.id).await.unwrap();
        assert_ne!(task.status, status, "an odd number of times");
        assert_eq!(task.completed_at.is_some(), task.status == Status::Completed);
    }
    assert_sound(&world).await;
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn a_deletion_and_an_edit_at_once_lose_nothing(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let people = people(&world, &["Ada", "Bob", "Cleo"]).await;
    let [ada, bob, cleo] = people.as_slice() else { panic!("three people") };
    let team = world.team(ada, "Crew", &[(bob, Role::Admin)]).await;
    let backend = &world.backend;
    for round in 0..60 {
        let task = world.team_task(ada, team, "before").await;
        world.share(ada, task.id, cleo, Permission::Edit).await;
        let version = (round % 2 == 0).then_some(task.version);
        let (edited, deleted) = join(
            backend.task_update(cleo, task.id, titled("edited", version)),
            backend.task_delete(bob, task.id, version),
        )
        .await;
        let (edited, deleted) = (settled("edit", edited), settled("delete", deleted));
        match (&edited, &deleted) {
            (Ok(_), Err(Refusal::Stale)) if version.is_some() => {
                assert_eq!(backend.task_get(ada, task.id).await.unwrap().title, "edited");
            }
            (Ok(_), Ok(gone)) if version.is_none() => {
                assert_eq!(gone.title, "edited", "who deletes takes along what was written before");
                assert_eq!(backend.task_restore(ada, task.id).await.unwrap().title, "edited");
            }
            (Err(Refusal::NotFound), Ok(gone)) => {
                assert_eq!(gone.title, "before");
                assert_eq!(refusal(backend.task_get(ada, task.id).await), Refusal::NotFound);
                assert_eq!(backend.task_restore(ada, task.id).await.unwrap().title, "before");
            }
            other => panic!("{other:?}"),
        }
        let again = backend.task_get(cleo, task.id).await.unwrap();
        assert_eq!(again.title, if edited.is_ok() { "edited" } else { "before" });
    }
    assert_sound(&world).await;
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn whoever_leaves_locks_no_counters_of_those_who_have_their_tasks(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let people = people(&world, &["Ada", "Bob", "Cleo"]).await;
    let [ada, bob, cleo] = people.as_slice() else { panic!("three people") };
    let team = world.team(ada, "Crew", &[(bob, Role::Member)]).await;
    let task = world.team_task(bob, team, "Bob's").await;
    world.share(bob, task.id, cleo, Permission::View).await;
    let mut counting = world.owner().await;
    run(&mut counting, &format!("BEGIN; SELECT FROM share_counters WHERE user_id = '{}' FOR UPDATE", cleo.user_id))
        .await;
    // Would wait for them otherwise, while others wait for what it has locked.
    let mut leaving = as_viewer(&world, bob).await;
    run(&mut leaving, "SET LOCAL lock_timeout = '2s'; DELETE FROM team_members WHERE user_id = app_user_id(); COMMIT")
        .await;
    run(&mut counting, "COMMIT").await;
    assert_eq!(world.backend.task_get(cleo, task.id).await.unwrap().user_id, ada.user_id);
    assert_sound(&world).await;
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn a_task_made_while_its_maker_is_removed_is_the_owners_or_none(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let people = people(&world, &["Ada", "Bob"]).await;
    let [ada, bob] = people.as_slice() else { panic!("two people") };
    let team = world.team(ada, "Crew", &[]).await;
    let backend = &world.backend;
    let (mut made, mut refused) = (BTreeSet::new(), 0);
    for round in 0..60 {
        world.join(ada, team, bob, Role::Member).await;
        let new = |n: u128| {
            let key = Some(Uuid::from_u128(1 + n % 2));
            NewTask::parse(&format!("task {}", round * 2 + n / 2), "", key).unwrap().in_team(Some(team))
        };
        // Each form twice.
        let creating = join_all((0..4).map(|n| backend.task_create(bob, new(n))));
        let leaving = async {
            match round % 2 {
                0 => backend.team_member_remove(ada, team, bob.user_id).await,
                _ => backend.team_leave(bob, team).await,
            }
        };
        let (created, left) = join(creating, leaving).await;
        settled("leave", left).unwrap();
        for outcome in created {
            match settled("create", outcome) {
                Ok(task) => drop(made.insert(task.id)),
                Err(refusal) => {
                    assert!(matches!(refusal, Refusal::NotFound | Refusal::Forbidden), "{refusal:?}");
                    refused += 1;
                }
            }
        }
        assert_sound(&world).await;
    }
    for id in &made {
        let task = backend.task_get(ada, *id).await.unwrap();
        assert_eq!((task.user_id, task.team_id), (ada.user_id, Some(team)), "whatever was answered is there");
    }
    assert_eq!(count(&world, "SELECT count(*) FROM tasks").await, made.len() as i64);
    assert!(made.len() > 10 && refused > 10, "{} made and {refused} refused are too few", made.len());
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn work_on_tasks_goes_on_while_their_owner_leaves_the_team(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let people = people(&world, &["Ada", "Bob", "Cleo", "Dan"]).await;
    let [ada, bob, cleo, dan] = people.as_slice() else { panic!("four people") };
    let team = world.team(ada, "Crew", &[(cleo, Role::Admin)]).await;
    let backend = &world.backend;
    for round in 0..60 {
        world.join(ada, team, bob, Role::Member).await;
        let mut tasks = Vec::new();
        for n in 0..4 {
            let task = world.team_task(bob, team, &format!("task {n}")).await;
            world.share(bob, task.id, dan, Permission::Edit).await;
            tasks.push(task.id);
        }
        backend.task_delete(bob, tasks[3], None).await.unwrap();
        let done = || TaskChange::status(Status::Completed);
        let mut deeds: Vec<Deed<'_>> = vec![
            Box::pin(async { ("complete", backend.task_update(bob, tasks[0], done()).await.map(drop)) }),
            Box::pin(async { ("complete", backend.task_update(cleo, tasks[1], done()).await.map(drop)) }),
            Box::pin(async { ("edit", backend.task_update(dan, tasks[1], titled("Dan's", None)).await.map(drop)) }),
            Box::pin(async { ("delete", backend.task_delete(cleo, tasks[2], None).await.map(drop)) }),
            Box::pin(async { ("restore", backend.task_restore(bob, tasks[3]).await.map(drop)) }),
            Box::pin(async { ("leave", backend.team_leave(bob, team).await) }),
        ];
        // In another order each time, because the first has a head start.
        let by = round % deeds.len();
        deeds.rotate_left(by);
        for (what, outcome) in join_all(deeds).await {
            match (what, settled(what, outcome)) {
                ("leave", outcome) => assert_eq!(outcome, Ok(())),
                (_, Ok(()) | Err(Refusal::NotFound | Refusal::Forbidden)) => {}
                // Somebody else has changed it in the moment between two statements.
                ("complete" | "edit", Err(Refusal::Stale)) => {}
                (_, Err(refusal)) => panic!("{what}: {refusal:?}"),
            }
        }
        for id in &tasks {
            let there = match backend.task_get(ada, *id).await {
                Ok(task) => task,
                Err(_) => backend.task_restore(ada, *id).await.unwrap(),
            };
            assert_eq!((there.user_id, there.team_id), (ada.user_id, Some(team)), "round {round}");
            assert_eq!(backend.share_list(ada, *id).await.unwrap().len(), 1);
        }
        assert_sound(&world).await;
    }
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn a_task_made_while_its_team_is_deleted_is_its_makers_or_none(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let people = people(&world, &["Ada", "Bob", "Cleo"]).await;
    let [ada, bob, cleo] = people.as_slice() else { panic!("three people") };
    let backend = &world.backend;
    let (mut made, mut refused) = (0, 0);
    for round in 0..60 {
        let team = world.team(ada, &format!("Crew {round}"), &[(bob, Role::Member), (cleo, Role::Admin)]).await;
        let old = world.team_task(bob, team, "old").await;
        let deleted = world.team_task(bob, team, "deleted").await;
        let going = world.team_task(bob, team, "going").await;
        backend.task_delete(bob, deleted.id, None).await.unwrap();
        let new = || NewTask::parse("new", "", None).unwrap().in_team(Some(team));
        let creating = join_all(people.iter().map(|person| backend.task_create(person, new())));
        let working = join3(
            backend.task_update(cleo, old.id, TaskChange::status(Status::Completed)),
            backend.task_restore(bob, deleted.id),
            backend.team_leave(cleo, team),
        );
        let working = join(working, backend.task_delete(cleo, going.id, None));
        let (created, gone, ((edited, restored, left), taken)) =
            join3(creating, backend.team_delete(ada, team, None), working).await;
        settled("delete", gone).unwrap();
        for (person, outcome) in people.iter().zip(created) {
            match settled("create", outcome) {
                Ok(task) => {
                    made += 1;
                    let [task, of_ada] =
                        [backend.task_get(person, task.id).await, backend.task_get(ada, task.id).await];
                    // Cleo may have been gone before the team was, and then her task is Ada's.
                    let task = if left.is_ok() && task.is_err() { of_ada } else { task }.unwrap();
                    assert_eq!((task.team_id, task.is_own()), (None, true));
                }
                Err(refusal) => {
                    assert!(matches!(refusal, Refusal::NotFound | Refusal::Forbidden), "{refusal:?}");
                    refused += 1;
                }
            }
        }
        let edited = settled("edit", edited).map(drop);
        assert!(matches!(edited, Ok(()) | Err(Refusal::NotFound | Refusal::Stale)), "{edited:?}");
        assert!(matches!(settled("leave", left), Ok(()) | Err(Refusal::NotFound)));
        if settled("delete a task", taken).is_ok() {
            backend.task_restore(bob, going.id).await.unwrap();
        }
        // Brought back into a team that went at that moment: then it is brought back alone.
        if settled("restore", restored).is_err() {
            assert_eq!(backend.task_restore(bob, deleted.id).await.unwrap().team_id, None);
        }
        for id in [old.id, deleted.id, going.id] {
            assert_eq!(backend.task_get(bob, id).await.unwrap().team_id, None);
        }
        assert_sound(&world).await;
    }
    assert!(made > 10 && refused > 10, "{made} made and {refused} refused are too few to prove anything");
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn a_form_sent_again_while_its_task_is_deleted_makes_a_task(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let ada = world.person("Ada").await;
    let backend = &world.backend;
    for round in 0..150 {
        let new = NewTask::parse("once", "", Some(Uuid::from_u128(round))).unwrap();
        let first = backend.task_create(&ada, new.clone()).await.unwrap();
        let again = join_all((0..4).map(|_| backend.task_create(&ada, new.clone())));
        let (again, gone) = join(again, backend.task_delete(&ada, first.id, None)).await;
        settled("delete", gone).unwrap();
        for task in again {
            settled("create", task).unwrap();
        }
    }
    assert_sound(&world).await;
}
