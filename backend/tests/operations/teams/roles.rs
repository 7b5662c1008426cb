//! What each role may do with a team and with its tasks.

use super::*;

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn the_owners_role_is_nobodys_to_give_or_take(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let (ada, bob, cleo) = (world.person("Ada").await, world.person("Bob").await, world.person("Cleo").await);
    let team = world.team(&ada, "Crew", &[(&bob, Role::Admin), (&cleo, Role::Member)]).await;
    let backend = &world.backend;
    let before = everything_of(&world, team).await;
    assert!(NewMember::parse("zoe@example.org", "owner").unwrap_err().about("role").is_some());
    assert!(NewMember::parse("zoe@example.org", "king").unwrap_err().about("role").is_some());
    for viewer in [&ada, &bob] {
        // Past the form, as a program may do.
        let owner = NewMember { whom: Whom::parse(Some("zoe@example.org"), None).unwrap(), role: Role::Owner };
        assert_eq!(refusal(backend.team_member_add(viewer, team, owner).await), Refusal::Forbidden);
        let promoted = backend.team_member_change(viewer, team, cleo.user_id, Role::Owner).await;
        assert_eq!(refusal(promoted), Refusal::Forbidden);
        for role in Role::ALL {
            let demoted = backend.team_member_change(viewer, team, ada.user_id, *role).await;
            assert!(matches!(refusal(demoted), Refusal::Conflict(_)), "{role}");
        }
        let removed = backend.team_member_remove(viewer, team, ada.user_id).await;
        assert!(matches!(refusal(removed), Refusal::Conflict(_)));
    }
    assert!(matches!(refusal(backend.team_leave(&ada, team).await), Refusal::Conflict(_)));
    assert_eq!(everything_of(&world, team).await, before);
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn an_admin_makes_no_admins(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let (ada, bob, cleo, dan) =
        (world.person("Ada").await, world.person("Bob").await, world.person("Cleo").await, world.person("Dan").await);
    let team = world.team(&ada, "Crew", &[(&bob, Role::Admin), (&cleo, Role::Admin), (&dan, Role::Viewer)]).await;
    world.person("Eve").await;
    let backend = &world.backend;
    for email in ["eve@example.org", "new@example.org"] {
        let added = backend.team_member_add(&bob, team, somebody(email, Role::Admin)).await;
        assert_eq!(refusal(added), Refusal::Forbidden, "{email}");
    }
    backend.team_member_add(&ada, team, somebody("new@example.org", Role::Admin)).await.unwrap();
    let promoted = backend.team_member_change(&bob, team, dan.user_id, Role::Admin).await;
    assert_eq!(refusal(promoted), Refusal::Forbidden);
    // What is so already is not a role that an admin gives either.
    let kept = backend.team_member_change(&bob, team, cleo.user_id, Role::Admin).await;
    assert_eq!(refusal(kept), Refusal::Forbidden);

    backend.team_member_change(&bob, team, dan.user_id, Role::Member).await.unwrap();
    backend.team_member_change(&bob, team, dan.user_id, Role::Member).await.unwrap();
    backend.team_member_change(&bob, team, cleo.user_id, Role::Member).await.unwrap();
    backend.team_member_change(&bob, team, bob.user_id, Role::Viewer).await.unwrap();
    let now: Vec<_> = roles(&world, team).await.into_iter().map(|(_, role)| role).collect();
    assert_eq!(now, [Role::Owner, Role::Viewer, Role::Member, Role::Member]);
    let noted = sqlx::query_scalar(
        "SELECT count(*) FROM audit_log WHERE action = 'team.member_change' AND account_id = actor_id AND team_id = $1",
    );
    let noted: i64 = noted.bind(team.0).fetch_one(&mut world.owner().await).await.unwrap();
    assert_eq!(noted, 3, "keeping a role is no change");
}

/// What somebody in a role tries with a team, by every operation that needs this right.
async fn attempts(
    world: &World,
    viewer: &Viewer,
    team: TeamId,
    action: TeamAction,
    other: UserId,
) -> Vec<Result<(), Error>> {
    let backend = &world.backend;
    let address = Email::parse("invited@example.org").unwrap();
    match action {
        TeamAction::View => {
            let query = TaskQuery { source: Source::Team(team), ..TaskQuery::default() };
            let got = backend.team_get(viewer, team).await.map(drop);
            vec![got, backend.task_list(viewer, &query).await.map(drop)]
        }
        TeamAction::CreateTask => {
            let new = NewTask::parse("made", "", None).unwrap().in_team(Some(team));
            vec![backend.task_create(viewer, new).await.map(drop)]
        }
        TeamAction::Edit => {
            vec![backend.team_update(viewer, team, texts(&format!("Of {team}"), "changed"), None).await.map(drop)]
        }
        TeamAction::Invite => {
            let added = backend.team_member_add(viewer, team, somebody("zoe@example.org", Role::Viewer)).await;
            let invited = backend.team_member_add(viewer, team, somebody("new@example.org", Role::Viewer)).await;
            vec![added.map(drop), invited.map(drop), backend.team_uninvite(viewer, team, address).await]
        }
        TeamAction::ChangeRole => vec![backend.team_member_change(viewer, team, other, Role::Viewer).await],
        TeamAction::Remove => vec![backend.team_member_remove(viewer, team, other).await],
        TeamAction::ReadLog => {
            vec![backend.audit_list(viewer, AuditQuery { team: Some(team), before: None }).await.map(drop)]
        }
        TeamAction::Leave => vec![backend.team_leave(viewer, team).await],
        TeamAction::Transfer => vec![backend.team_transfer(viewer, team, other).await],
        TeamAction::Delete => vec![backend.team_delete(viewer, team, None).await],
    }
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn everybody_does_with_a_team_what_their_role_allows_and_nothing_else(
    _: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::new(options).await;
    let (ada, bob, cleo, dan, eve) = (
        world.person("Ada").await,
        world.person("Bob").await,
        world.person("Cleo").await,
        world.person("Dan").await,
        world.person("Eve").await,
    );
    world.person("Zoe").await;
    let stranger = world.person("Stranger").await;
    let members = [(&bob, Role::Admin), (&cleo, Role::Member), (&dan, Role::Viewer), (&eve, Role::Member)];
    let cast = [
        (&ada, Some(Role::Owner)),
        (&bob, Some(Role::Admin)),
        (&cleo, Some(Role::Member)),
        (&dan, Some(Role::Viewer)),
        (&stranger, None),
    ];
    for action in TeamAction::ALL.iter().copied() {
        for (viewer, role) in cast {
            let team = world.team(&ada, &format!("{action:?} as {role:?}"), &members).await;
            world.team_task(&eve, team, "Eve's").await;
            world.backend.team_member_add(&ada, team, somebody("invited@example.org", Role::Viewer)).await.unwrap();
            let before = everything_of(&world, team).await;
            let outcomes = attempts(&world, viewer, team, action, eve.user_id).await;
            let after = everything_of(&world, team).await;
            for outcome in outcomes {
                let as_expected = match (role, &outcome) {
                    (None, Err(Error::Refused(Refusal::NotFound))) => true,
                    (Some(role), Ok(())) => role.may(action),
                    // The one who may do more than leave is told what to do instead.
                    (Some(Role::Owner), Err(Error::Refused(Refusal::Conflict(_)))) => action == TeamAction::Leave,
                    (Some(role), Err(Error::Refused(Refusal::Forbidden))) => !role.may(action),
                    _ => false,
                };
                assert!(as_expected, "{action:?} as {role:?}: {outcome:?}");
            }
            let reads = matches!(action, TeamAction::View | TeamAction::ReadLog);
            let changes = !reads && role.is_some_and(|role| role.may(action));
            assert_eq!(before != after, changes, "{action:?} as {role:?}");
        }
    }
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn a_role_holds_from_the_next_request_on(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let (ada, bob) = (world.person("Ada").await, world.person("Bob").await);
    let team = world.team(&ada, "Crew", &[(&bob, Role::Member)]).await;
    let of_ada = world.team_task(&ada, team, "Ada's").await;
    let of_bob = world.team_task(&bob, team, "Bob's").await;
    let backend = &world.backend;
    let mut writes = 0;
    // The same signed-in viewer throughout: what they may is asked of the database each time.
    let mut tries = async |of: &Task| {
        writes += 1;
        let change = TaskChange::parse(Some(&format!("written {writes}")), None, None, None).unwrap();
        backend.task_update(&bob, of.id, change).await
    };
    let create = async || {
        let new = NewTask::parse("new", "", None).unwrap().in_team(Some(team));
        backend.task_create(&bob, new).await
    };
    assert_eq!(refusal(tries(&of_ada).await), Refusal::Forbidden);
    assert_eq!(tries(&of_bob).await.unwrap().access, Access::Member);
    assert!(create().await.is_ok());

    backend.team_member_change(&ada, team, bob.user_id, Role::Viewer).await.unwrap();
    assert_eq!(refusal(tries(&of_ada).await), Refusal::Forbidden);
    assert_eq!(refusal(tries(&of_bob).await), Refusal::Forbidden);
    assert_eq!(refusal(create().await), Refusal::Forbidden);
    assert_eq!(refusal(backend.task_delete(&bob, of_bob.id, None).await), Refusal::Forbidden);

    backend.team_member_change(&ada, team, bob.user_id, Role::Admin).await.unwrap();
    assert_eq!(tries(&of_ada).await.unwrap().access, Access::Admin);
    assert_eq!(tries(&of_bob).await.unwrap().access, Access::Admin);
    assert!(create().await.is_ok());
    backend.team_update(&bob, team, texts("Crew", "by Bob"), None).await.unwrap();

    backend.team_transfer(&ada, team, bob.user_id).await.unwrap();
    assert_eq!(tries(&of_ada).await.unwrap().access, Access::Owner);
    backend.team_transfer(&bob, team, ada.user_id).await.unwrap();

    backend.team_member_remove(&ada, team, bob.user_id).await.unwrap();
    assert_eq!(refusal(tries(&of_ada).await), Refusal::NotFound);
    assert_eq!(refusal(tries(&of_bob).await), Refusal::NotFound);
    assert_eq!(refusal(create().await), Refusal::NotFound);
    assert_eq!(refusal(backend.team_get(&bob, team).await), Refusal::NotFound);
    assert!(backend.task_list(&bob, &TaskQuery::default()).await.unwrap().tasks.is_empty());

    // A share that is taken back, as well.
    world.share(&ada, of_ada.id, &bob, Permission::Edit).await;
    assert_eq!(tries(&of_ada).await.unwrap().access, Access::Edit);
    world.share(&ada, of_ada.id, &bob, Permission::View).await;
    assert_eq!(refusal(tries(&of_ada).await), Refusal::Forbidden);
    backend.share_revoke(&ada, of_ada.id, bob.user_id).await.unwrap();
    assert_eq!(refusal(tries(&of_ada).await), Refusal::NotFound);
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn somebody_who_is_not_in_the_team_is_not_found_in_it(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let (ada, bob) = (world.person("Ada").await, world.person("Bob").await);
    let stranger = world.person("Zoe").await.user_id;
    let team = world.team(&ada, "Crew", &[(&bob, Role::Admin)]).await;
    let before = everything_of(&world, team).await;
    for user in [stranger, UserId(Uuid::from_u128(1)), UserId(Uuid::nil())] {
        for viewer in [&ada, &bob] {
            let changed = world.backend.team_member_change(viewer, team, user, Role::Viewer).await;
            assert_eq!(refusal(changed), Refusal::NotFound);
            assert_eq!(refusal(world.backend.team_member_remove(viewer, team, user).await), Refusal::NotFound);
        }
        assert_eq!(refusal(world.backend.team_transfer(&ada, team, user).await), Refusal::NotFound);
        assert_eq!(refusal(world.backend.team_transfer(&bob, team, user).await), Refusal::Forbidden);
    }
    for team in [TeamId(Uuid::from_u128(1)), TeamId(Uuid::nil())] {
        for action in TeamAction::ALL.iter().copied() {
            for outcome in attempts(&world, &ada, team, action, bob.user_id).await {
                assert_eq!(refusal(outcome), Refusal::NotFound, "{action:?}");
            }
        }
    }
    assert_eq!(everything_of(&world, team).await, before);
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn what_a_policy_keeps_from_happening_is_a_fault_and_not_in_the_log(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let (ada, bob) = (world.person("Ada").await, world.person("Bob").await);
    let team = world.team(&ada, "Crew", &[(&bob, Role::Member)]).await;
    let lines = "SELECT count(*) FROM audit_log";
    let mut owner = world.owner().await;
    let before: i64 = sqlx::query_scalar(lines).fetch_one(&mut owner).await.unwrap();
    sqlx::raw_sql(
        "CREATE POLICY no ON teams AS RESTRICTIVE FOR DELETE TO taskwire_app USING (false);
         CREATE POLICY no ON team_members AS RESTRICTIVE FOR DELETE TO taskwire_app USING (false);
         CREATE POLICY nor ON team_members AS RESTRICTIVE FOR UPDATE TO taskwire_app USING (false)",
    )
    .execute(&mut owner)
    .await
    .unwrap();
    let backend = &world.backend;
    let outcomes = [
        backend.team_delete(&ada, team, None).await,
        backend.team_leave(&bob, team).await,
        backend.team_transfer(&ada, team, bob.user_id).await,
        backend.team_member_change(&ada, team, bob.user_id, Role::Viewer).await,
        backend.team_member_remove(&ada, team, bob.user_id).await,
    ];
    assert!(outcomes.iter().all(|outcome| matches!(outcome, Err(Error::Fault(_)))), "{outcomes:?}");
    assert_eq!(sqlx::query_scalar::<_, i64>(lines).fetch_one(&mut owner).await.unwrap(), before);
}

/// A task as its viewer may do with it, by every operation that needs this right.
async fn attempts_on(world: &World, viewer: &Viewer, task: TaskId, action: TaskAction) -> Vec<Result<(), Error>> {
    let backend = &world.backend;
    match action {
        TaskAction::View => vec![backend.task_get(viewer, task).await.map(drop)],
        TaskAction::Edit => {
            let texts = TaskChange::parse(Some("changed"), Some("too"), None, None).unwrap();
            let change = backend.task_update(viewer, task, texts).await;
            let status = TaskChange::status(Status::Completed);
            vec![change.map(drop), backend.task_update(viewer, task, status).await.map(drop)]
        }
        TaskAction::Delete => {
            let gone = backend.task_delete(viewer, task, None).await.map(drop);
            let back = backend.task_restore(viewer, task).await.map(drop);
            // Whoever may see a task that is there is answered with it.
            if gone.is_err() { vec![gone] } else { vec![gone, back] }
        }
        TaskAction::Share => {
            let new = NewShare::parse("new@example.org", "view").unwrap();
            let email = Email::parse("new@example.org").unwrap();
            let somebody = UserId(Uuid::from_u128(1));
            vec![
                backend.share_list(viewer, task).await.map(drop),
                backend.share_give(viewer, task, new.clone()).await.map(drop),
                backend.share_change(viewer, task, new).await,
                backend.share_uninvite(viewer, task, email).await,
                backend.share_revoke(viewer, task, somebody).await,
            ]
        }
    }
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn everybody_does_with_a_teams_task_what_their_role_allows_and_nothing_else(
    _: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::new(options).await;
    let mut people = Vec::new();
    for name in ["Ada", "Bob", "Cleo", "Dan", "Eve", "Fay", "Zoe"] {
        people.push(world.person(name).await);
    }
    let [ada, bob, cleo, dan, eve, fay, zoe] = people.as_slice() else { panic!("seven people") };
    let team = world.team(ada, "Crew", &[(bob, Role::Admin), (cleo, Role::Member), (dan, Role::Member)]).await;
    let cast = [
        (ada, Some(Access::Owner)),
        (bob, Some(Access::Admin)),
        (cleo, Some(Access::Member)),
        (dan, Some(Access::Viewer)),
        (eve, Some(Access::Edit)),
        (fay, Some(Access::View)),
        (zoe, None),
    ];
    let mut tasks = Vec::new();
    for action in TaskAction::ALL.iter().copied() {
        for (viewer, access) in cast {
            for maker in [cleo, dan] {
                let task = world.team_task(maker, team, "made").await;
                world.share(maker, task.id, eve, Permission::Edit).await;
                world.share(maker, task.id, fay, Permission::View).await;
                tasks.push((action, viewer, access, task));
            }
        }
    }
    // Dan has tasks and may now only look on.
    world.backend.team_member_change(ada, team, dan.user_id, Role::Viewer).await.unwrap();
    for (action, viewer, access, task) in tasks {
        let own = task.user_id == viewer.user_id;
        let may = access.is_some_and(|access| access.may(action, own));
        let context = format!("{action:?} with {access:?}, own: {own}");
        assert_eq!(world.backend.task_get(viewer, task.id).await.ok().map(|task| task.access), access, "{context}");
        let before = world.backend.task_get(ada, task.id).await.unwrap();
        for outcome in attempts_on(&world, viewer, task.id, action).await {
            match (may, access) {
                (true, _) => assert!(outcome.is_ok(), "{context}: {outcome:?}"),
                (false, Some(_)) => assert_eq!(refusal(outcome), Refusal::Forbidden, "{context}"),
                (false, None) => assert_eq!(refusal(outcome), Refusal::NotFound, "{context}"),
            }
        }
        if !may {
            assert_eq!(world.backend.task_get(ada, task.id).await.unwrap(), before, "{context}");
            world.backend.task_delete(ada, task.id, None).await.unwrap();
            if action == TaskAction::Delete {
                // What somebody may not delete they may not bring back, nor know of.
                assert_eq!(world.backend.task_deleted(viewer, task.id).await.unwrap(), None, "{context}");
                assert_eq!(refusal(world.backend.task_restore(viewer, task.id).await), Refusal::NotFound, "{context}");
            }
        }
    }
    assert_counted(&world).await;
}
