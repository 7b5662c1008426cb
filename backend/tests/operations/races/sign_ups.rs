//! Sign-ups with an address that is invited, or is being invited.

use super::*;

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn who_is_invited_at_the_moment_of_their_sign_up_is_in(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let ada = world.person("Ada").await;
    let team = world.team(&ada, "Crew", &[]).await;
    let task = world.task(&ada, "shared").await;
    let backend = &world.backend;
    for round in 0..30 {
        let email = format!("new{round}@example.org");
        let joining = async {
            // Again and again, until it is said that they are there.
            loop {
                match settled("add", backend.team_member_add(&ada, team, somebody(&email, Role::Member)).await) {
                    Ok(Added::Invited) => {}
                    Ok(Added::Now) | Err(Refusal::Conflict(_)) => return,
                    other => panic!("{other:?}"),
                }
            }
        };
        let sharing = async {
            while settled("give", backend.share_give(&ada, task.id, share_with(&email, Permission::Edit)).await)
                == Ok(Added::Invited)
            {}
        };
        let (new, (), ()) = join3(sign_up(&world, &email, "New"), joining, sharing).await;
        assert_eq!(roles(&world, team).await.get(&new.user_id), Some(&Role::Member));
        assert_eq!(backend.team_list(&new).await.unwrap().len(), 1);
        let shared =
            backend.task_list(&new, &TaskQuery { source: Source::Shared, ..TaskQuery::default() }).await.unwrap();
        assert_eq!(shared.tasks.len(), 1);
        let lines = format!(
            "SELECT count(*) FROM audit_log WHERE account_id = '{}' AND action IN ('team.join', 'team.member_add')",
            new.user_id
        );
        assert_eq!(count(&world, &lines).await, 1, "added or invited, never both");
        backend.team_member_remove(&ada, team, new.user_id).await.unwrap();
        backend.share_revoke(&ada, task.id, new.user_id).await.unwrap();
        assert_sound(&world).await;
    }
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn an_invitation_taken_back_before_the_sign_up_has_ended_does_not_count(
    _: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::new(options).await;
    let ada = world.person("Ada").await;
    let team = world.team(&ada, "Crew", &[]).await;
    let task = world.task(&ada, "shared").await;
    let backend = &world.backend;
    for (n, table) in ["team_invitations", "share_invitations"].into_iter().enumerate() {
        let email = format!("new{n}@example.org");
        backend.team_member_add(&ada, team, somebody(&email, Role::Admin)).await.unwrap();
        backend.share_give(&ada, task.id, share_with(&email, Permission::Edit)).await.unwrap();
        // As the operation does it, which is about to commit.
        let mut taking_back = as_viewer(&world, &ada).await;
        run(&mut taking_back, &format!("DELETE FROM {table} WHERE email = '{email}'")).await;
        let new = while_it_waits(&world, sign_up(&world, &email, "New"), run(&mut taking_back, "COMMIT")).await;
        let (teams, tasks) = (
            backend.team_list(&new).await.unwrap().len(),
            backend.task_list(&new, &TaskQuery::default()).await.unwrap().tasks.len(),
        );
        assert_eq!((teams, tasks), if n == 0 { (0, 1) } else { (1, 0) }, "{table}");
        assert_sound(&world).await;
    }
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn a_sign_up_does_not_fail_because_what_it_is_invited_to_goes(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let (ada, bob) = (world.person("Ada").await, world.person("Bob").await);
    let backend = &world.backend;
    let mut failed = Vec::new();
    for n in 0..3 {
        let email = format!("new{n}@example.org");
        let team = world.team(&ada, &format!("Crew {n}"), &[(&bob, Role::Member)]).await;
        let task = world.team_task(&bob, team, "Bob's").await;
        let (meanwhile, table) = [
            (format!("DELETE FROM teams WHERE id = '{team}'"), "teams"),
            (format!("DELETE FROM tasks WHERE id = {}", task.id), "tasks"),
            // Bob leaves, and his task is Ada's.
            (format!("DELETE FROM team_members WHERE team_id = '{team}' AND role = 'member'"), "team_members"),
        ][n]
            .clone();
        match n {
            0 => drop(backend.team_member_add(&ada, team, somebody(&email, Role::Viewer)).await.unwrap()),
            _ => drop(backend.share_give(&bob, task.id, share_with(&email, Permission::View)).await.unwrap()),
        }
        let mut other = as_viewer(&world, &ada).await;
        run(&mut other, &meanwhile).await;
        let new = taskwire_domain::account::NewAccount::parse(&email, crate::support::PASSWORD, "New").unwrap();
        let client = taskwire_backend::Client::default();
        let signing_up = backend.account_sign_up(&client, new);
        match while_it_waits(&world, signing_up, run(&mut other, "COMMIT")).await {
            Ok(signed_in) => {
                let new = world.viewer(&signed_in);
                assert_eq!(backend.team_list(&new).await.unwrap(), []);
            }
            Err(error) => failed.push((table, error.to_string())),
        }
    }
    assert_eq!(failed, []);
    assert_sound(&world).await;
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn a_sign_up_waits_for_the_end_of_a_deleted_task_before_it_takes_its_invitation(
    _: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::new(options).await;
    let ada = world.person("Ada").await;
    let task = world.task(&ada, "gone").await;
    world.backend.share_give(&ada, task.id, share_with("new@example.org", Permission::View)).await.unwrap();
    world.backend.task_delete(&ada, task.id, None).await.unwrap();
    let mut ending = world.owner().await;
    // Its invitations go with it at the end of this statement, after the sign-up has begun to wait.
    run(&mut ending, &format!("BEGIN; SELECT FROM deleted_tasks WHERE id = {} FOR UPDATE", task.id)).await;
    let end = format!("DELETE FROM deleted_tasks WHERE id = {}; COMMIT", task.id);
    let new = while_it_waits(&world, sign_up(&world, "new@example.org", "New"), run(&mut ending, &end)).await;
    assert_eq!(world.backend.share_by_me(&new, None).await.unwrap().tasks, []);
    assert_eq!(count(&world, "SELECT count(*) FROM deleted_share_invitations").await, 0);
    assert_sound(&world).await;
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn who_signs_up_while_their_task_goes_or_comes_back_has_it_in_the_end(
    _: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::new(options).await;
    let ada = world.person("Ada").await;
    let backend = &world.backend;
    for round in 0..20 {
        let task = world.task(&ada, "shared").await.id;
        let email = format!("new{round}@example.org");
        backend.share_give(&ada, task, share_with(&email, Permission::Edit)).await.unwrap();
        let new = if round % 2 == 0 {
            let (new, deleted) = join(sign_up(&world, &email, "New"), backend.task_delete(&ada, task, None)).await;
            settled("delete", deleted).unwrap();
            backend.task_restore(&ada, task).await.unwrap();
            new
        } else {
            backend.task_delete(&ada, task, None).await.unwrap();
            let (new, restored) = join(sign_up(&world, &email, "New"), backend.task_restore(&ada, task)).await;
            settled("restore", restored).unwrap();
            new
        };
        assert_eq!(backend.task_get(&new, task).await.unwrap().access, Access::Edit, "round {round}");
    }
    assert_sound(&world).await;
}
