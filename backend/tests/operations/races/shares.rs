//! Shares and their tasks.

use super::*;
use crate::support::try_sql;

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn the_same_share_several_times_at_once_is_one(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let people = people(&world, &["Ada", "Bob", "Cleo"]).await;
    let [ada, bob, cleo] = people.as_slice() else { panic!("three people") };
    let team = world.team(ada, "Crew", &[(bob, Role::Admin)]).await;
    let backend = &world.backend;
    for round in 0..30 {
        let task = world.team_task(ada, team, "shared").await;
        let gives = (0..6).map(|n| {
            let permission = Permission::ALL[n % 2];
            let by = if n < 3 { ada } else { bob };
            backend.share_give(by, task.id, share_with("cleo@example.org", permission))
        });
        for outcome in join_all(gives).await {
            assert_eq!(settled("give", outcome), Ok(Added::Now));
        }
        let invitations =
            (0..6).map(|n| backend.share_give(ada, task.id, share_with("new@example.org", Permission::ALL[n % 2])));
        for outcome in join_all(invitations).await {
            assert_eq!(settled("invite", outcome), Ok(Added::Invited));
        }
        let shares = backend.share_list(ada, task.id).await.unwrap();
        assert_eq!(shares.iter().map(|share| share.user_id).collect::<Vec<_>>(), [Some(cleo.user_id), None]);

        // Given, taken and given back at once: whoever comes last is right, and nobody fails.
        let (given, taken, back) = join3(
            backend.share_give(ada, task.id, share_with("cleo@example.org", Permission::View)),
            backend.share_revoke(bob, task.id, cleo.user_id),
            backend.share_decline(cleo, task.id),
        )
        .await;
        assert_eq!((settled("give", given), settled("take", taken)), (Ok(Added::Now), Ok(())));
        // Whoever no longer sees the task has nothing to give back.
        let back = settled("give back", back);
        assert!(matches!(back, Ok(()) | Err(Refusal::NotFound)), "round {round}: {back:?}");
    }
    assert_sound(&world).await;
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn a_share_taken_back_while_it_is_changed_stays_away(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let people = people(&world, &["Ada", "Bob", "Cleo"]).await;
    let [ada, bob, cleo] = people.as_slice() else { panic!("three people") };
    let team = world.team(ada, "Crew", &[(bob, Role::Admin)]).await;
    let backend = &world.backend;
    let mut came_late = 0;
    for round in 0..30 {
        let task = world.team_task(ada, team, "shared").await;
        world.share(ada, task.id, cleo, Permission::View).await;
        let (changed, taken) = join(
            backend.share_change(ada, task.id, share_with("cleo@example.org", Permission::Edit)),
            backend.share_revoke(bob, task.id, cleo.user_id),
        )
        .await;
        assert_eq!(settled("take", taken), Ok(()));
        let changed = settled("change", changed);
        assert!(matches!(changed, Ok(()) | Err(Refusal::Conflict(_))), "round {round}: {changed:?}");
        came_late += usize::from(changed.is_err());
        assert_eq!(backend.share_list(ada, task.id).await.unwrap(), [], "round {round}");
    }
    assert!((1..30).contains(&came_late), "the changes all came first, or all came late: {came_late} of 30");
    assert_sound(&world).await;
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn a_share_and_the_end_of_its_task_at_once_leave_no_share_behind(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let people = people(&world, &["Ada", "Bob", "Cleo"]).await;
    let [ada, bob, cleo] = people.as_slice() else { panic!("three people") };
    let team = world.team(ada, "Crew", &[(bob, Role::Member)]).await;
    let backend = &world.backend;
    for round in 0..40 {
        let task = world.team_task(bob, team, "shared").await;
        let (given, invited, ended) = join3(
            backend.share_give(bob, task.id, share_with("cleo@example.org", Permission::View)),
            backend.share_give(ada, task.id, share_with("new@example.org", Permission::View)),
            async {
                match round % 2 {
                    0 => backend.task_delete(ada, task.id, None).await.map(drop),
                    _ => backend.team_member_remove(ada, team, bob.user_id).await,
                }
            },
        )
        .await;
        let given = settled("give", given);
        assert_eq!(settled("end", ended), Ok(()));
        let invited = settled("invite", invited);
        for outcome in [&given, &invited] {
            assert!(matches!(outcome, Ok(_) | Err(Refusal::NotFound | Refusal::Forbidden)), "{outcome:?}");
        }
        if round % 2 == 0 {
            assert_eq!(refusal(backend.task_get(cleo, task.id).await), Refusal::NotFound);
            let left = format!("SELECT count(*) FROM share_invitations WHERE task_id = {}", task.id);
            assert_eq!(count(&world, &left).await, 0);
        } else {
            assert_eq!(backend.task_get(ada, task.id).await.unwrap().user_id, ada.user_id);
            assert_eq!(backend.task_get(cleo, task.id).await.is_ok(), given.is_ok(), "round {round}");
            world.join(ada, team, bob, Role::Member).await;
        }
    }
    assert_sound(&world).await;
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn a_share_revoked_at_the_moment_of_the_deletion_does_not_come_back(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let (ada, bob) = (world.person("Ada").await, world.person("Bob").await);
    for round in 0..40 {
        let task = world.task(&ada, "shared").await;
        world.share(&ada, task.id, &bob, Permission::Edit).await;
        let new = format!("new{round}@example.org");
        world.backend.share_give(&ada, task.id, share_with(&new, Permission::View)).await.unwrap();
        let (deleted, revoked, withdrawn) = join3(
            world.backend.task_delete(&ada, task.id, None),
            world.backend.share_revoke(&ada, task.id, bob.user_id),
            world.backend.share_uninvite(&ada, task.id, Email::parse(&new).unwrap()),
        )
        .await;
        settled("delete", deleted).unwrap();
        world.backend.task_restore(&ada, task.id).await.unwrap();
        let left: BTreeSet<_> =
            world.backend.share_list(&ada, task.id).await.unwrap().into_iter().map(|share| share.email).collect();
        for (outcome, email) in
            [(settled("revoke", revoked), "bob@example.org"), (settled("withdraw", withdrawn), &new)]
        {
            assert_eq!(outcome.is_err(), left.contains(email), "{outcome:?}, {left:?}");
        }
    }
    assert_sound(&world).await;
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn whoever_deletes_a_task_waits_for_whoever_gives_back_its_share(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let (ada, bob) = (world.person("Ada").await, world.person("Bob").await);
    let task = world.task(&ada, "shared").await;
    world.share(&ada, task.id, &bob, Permission::View).await;
    // As the operation does it, which is about to commit.
    let mut giving_back = as_viewer(&world, &bob).await;
    run(&mut giving_back, &format!("DELETE FROM task_shares WHERE task_id = {}", task.id)).await;
    let deleting = world.backend.task_delete(&ada, task.id, None);
    settled("delete", while_it_waits(&world, deleting, run(&mut giving_back, "COMMIT")).await).unwrap();
    world.backend.task_restore(&ada, task.id).await.unwrap();
    assert_eq!(world.backend.share_list(&ada, task.id).await.unwrap(), []);
    assert_eq!(refusal(world.backend.task_get(&bob, task.id).await), Refusal::NotFound);
    assert_sound(&world).await;
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn whoever_takes_back_a_share_waits_for_whoever_deletes_its_task(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let (ada, bob) = (world.person("Ada").await, world.person("Bob").await);
    let backend = &world.backend;
    let task = world.task(&ada, "shared").await;
    world.share(&ada, task.id, &bob, Permission::View).await;
    let invited = share_with("new@example.org", Permission::View);
    let email = Email::parse("new@example.org").unwrap();
    backend.share_give(&ada, task.id, invited).await.unwrap();
    let operations: [(&str, BoxFuture<'_, Result<(), Error>>); 3] = [
        ("change", Box::pin(backend.share_change(&ada, task.id, share_with("bob@example.org", Permission::Edit)))),
        ("revoke", Box::pin(backend.share_revoke(&ada, task.id, bob.user_id))),
        ("withdraw", Box::pin(backend.share_uninvite(&ada, task.id, email))),
    ];
    for (what, operation) in operations {
        // What the deletion begins with.
        let mut deleting = as_viewer(&world, &ada).await;
        run(&mut deleting, &format!("SELECT id FROM tasks WHERE id = {} FOR UPDATE", task.id)).await;
        settled(what, while_it_waits(&world, operation, run(&mut deleting, "COMMIT")).await).unwrap();
    }
    assert_eq!(backend.share_list(&ada, task.id).await.unwrap(), []);
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn a_share_given_back_while_its_task_changes_hands_is_told_to_the_new_owner(
    _: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::new(options).await;
    let people = people(&world, &["Ada", "Bob", "Cleo"]).await;
    let [ada, bob, cleo] = people.as_slice() else { panic!("three people") };
    let team = world.team(ada, "Crew", &[(bob, Role::Member)]).await;
    let task = world.team_task(bob, team, "shared").await;
    world.share(bob, task.id, cleo, Permission::View).await;
    // Bob leaves, and his task goes to Ada with its share.
    let mut leaving = as_viewer(&world, bob).await;
    run(&mut leaving, &format!("DELETE FROM team_members WHERE user_id = '{}'", bob.user_id)).await;
    let declining = world.backend.share_decline(cleo, task.id);
    settled("give back", while_it_waits(&world, declining, run(&mut leaving, "COMMIT")).await).unwrap();
    let told =
        format!("SELECT count(*) FROM audit_log WHERE action = 'share.decline' AND account_id = '{}'", ada.user_id);
    assert_eq!(count(&world, &told).await, 1);
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn whoever_leaves_a_team_can_still_give_back_a_share_from_before(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let (ada, bob) = (world.person("Ada").await, world.person("Bob").await);
    let team = world.team(&ada, "Crew", &[]).await;
    let task = world.team_task(&ada, team, "shared").await;
    world.share(&ada, task.id, &bob, Permission::View).await;
    world.join(&ada, team, &bob, Role::Viewer).await;
    // As the operation does it, which is about to commit.
    let mut leaving = as_viewer(&world, &bob).await;
    let leave = format!(
        "SELECT pg_advisory_xact_lock(hashtextextended('team:{team}', 0));
         DELETE FROM team_members WHERE user_id = '{}'",
        bob.user_id
    );
    run(&mut leaving, &leave).await;
    let declining = world.backend.share_decline(&bob, task.id);
    settled("give back", while_it_waits(&world, declining, run(&mut leaving, "COMMIT")).await).unwrap();
    assert_eq!(refusal(world.backend.task_get(&bob, task.id).await), Refusal::NotFound);
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn a_share_given_back_by_two_clicks_at_once_is_given_back(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let (ada, bob) = (world.person("Ada").await, world.person("Bob").await);
    let task = world.task(&ada, "shared").await;
    world.share(&ada, task.id, &bob, Permission::View).await;
    let mut first = as_viewer(&world, &bob).await;
    run(&mut first, &format!("DELETE FROM task_shares WHERE task_id = {}", task.id)).await;
    let second = world.backend.share_decline(&bob, task.id);
    assert_eq!(settled("give back", while_it_waits(&world, second, run(&mut first, "COMMIT")).await), Ok(()));
    assert_eq!(count(&world, "SELECT count(*) FROM audit_log WHERE action LIKE '%.denied'").await, 0);
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn a_share_given_back_while_it_is_given_anew_is_given_back(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let (ada, bob) = (world.person("Ada").await, world.person("Bob").await);
    let task = world.task(&ada, "shared").await;
    world.share(&ada, task.id, &bob, Permission::View).await;
    let mut anew = as_viewer(&world, &ada).await;
    let (task_id, owner, user) = (task.id, ada.user_id, bob.user_id);
    run(&mut anew, &format!("DELETE FROM task_shares WHERE task_id = {task_id}")).await;
    run(&mut anew, &format!("INSERT INTO task_shares VALUES ({task_id}, '{owner}', '{user}', 'edit', now())")).await;
    let declining = world.backend.share_decline(&bob, task.id);
    assert_eq!(settled("give back", while_it_waits(&world, declining, run(&mut anew, "COMMIT")).await), Ok(()));
    assert_eq!(world.backend.share_list(&ada, task.id).await.unwrap(), []);
    assert_eq!(count(&world, "SELECT count(*) FROM audit_log WHERE action LIKE '%.denied'").await, 0);
    assert_sound(&world).await;
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn a_share_given_back_at_the_moment_of_the_deletion_is_refused(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let (ada, bob) = (world.person("Ada").await, world.person("Bob").await);
    let task = world.task(&ada, "shared").await;
    world.share(&ada, task.id, &bob, Permission::View).await;
    let mut deleting = as_viewer(&world, &ada).await;
    let delete = format!(
        "WITH gone AS (DELETE FROM tasks WHERE id = {} RETURNING *), shares AS (
             INSERT INTO deleted_task_shares SELECT share.* FROM gone JOIN task_shares share ON share.task_id = gone.id
         )
         INSERT INTO deleted_tasks
         SELECT id, user_id, team_id, title, description, status, version, created_at, updated_at, completed_at, user_id, now()
         FROM gone",
        task.id
    );
    run(&mut deleting, &delete).await;
    let declining = world.backend.share_decline(&bob, task.id);
    let declined = while_it_waits(&world, declining, run(&mut deleting, "COMMIT")).await;
    assert_eq!(settled("give back", declined), Err(Refusal::NotFound));
    // Of what is kept with the task, whoever it was shared with is shown nothing.
    let mut looking = as_viewer(&world, &bob).await;
    assert_eq!(try_sql(&mut looking, "SELECT FROM deleted_task_shares").await.unwrap(), 0);
    world.backend.task_restore(&ada, task.id).await.unwrap();
    assert!(world.backend.task_get(&bob, task.id).await.is_ok());
    assert_sound(&world).await;
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn a_share_given_at_the_moment_of_the_deletion_comes_back_with_the_task(
    _: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::new(options).await;
    let (ada, bob) = (world.person("Ada").await, world.person("Bob").await);
    let task = world.task(&ada, "shared").await;
    // As the operation does it, which is about to commit.
    let mut giving = as_viewer(&world, &ada).await;
    let share =
        format!("INSERT INTO task_shares VALUES ({}, '{}', '{}', 'view', now())", task.id, ada.user_id, bob.user_id);
    run(&mut giving, &share).await;
    let deleting = world.backend.task_delete(&ada, task.id, None);
    settled("delete", while_it_waits(&world, deleting, run(&mut giving, "COMMIT")).await).unwrap();
    assert_eq!(refusal(world.backend.task_get(&bob, task.id).await), Refusal::NotFound);
    world.backend.task_restore(&ada, task.id).await.unwrap();
    assert!(world.backend.task_get(&bob, task.id).await.is_ok());
    assert_sound(&world).await;
}
