//! Who is what in a team: owners, roles, and requests that wait for them.

use super::*;

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn a_team_has_exactly_one_owner_whatever_happens_at_once(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let second = World::new(world.options.clone()).await;
    let people = people(&world, &["Ada", "Bob", "Cleo", "Dan", "Eve"]).await;
    let random = &mut StdRng::seed_from_u64(7);
    let mut teams: Vec<TeamId> = Vec::new();
    let mut done = BTreeMap::<&str, usize>::new();
    for round in 0..200 {
        let mut deeds = Vec::new();
        for n in 0..2 {
            let mut owners = BTreeMap::new();
            if let Some(team) = teams.get(n) {
                owners.extend(roles(&world, *team).await.into_iter().filter(|(_, role)| *role == Role::Owner));
            }
            let owner = match owners.keys().next() {
                Some(owner) => people.iter().position(|person| person.user_id == *owner).unwrap(),
                None => {
                    let owner = random.random_range(0..people.len());
                    let team = world.team(&people[owner], &format!("Crew {n} of round {round}"), &[]).await;
                    if n < teams.len() {
                        teams[n] = team
                    } else {
                        teams.push(team)
                    }
                    owner
                }
            };
            for at in 0..5 {
                let backend = if at % 2 == 0 { &world.backend } else { &second.backend };
                deeds.push(team_deed(backend, &people, teams[n], owner, random));
            }
        }
        for (what, outcome) in join_all(deeds).await {
            *done.entry(what).or_default() += usize::from(settled(what, outcome).is_ok());
        }
        let unowned = "SELECT count(*) FROM teams
            WHERE (SELECT count(*) FROM team_members WHERE team_id = teams.id AND role = 'owner') <> 1";
        assert_eq!(count(&world, unowned).await, 0, "round {round}");
    }
    for what in ["transfer", "leave", "remove", "add", "change", "delete"] {
        assert!(done.get(what).is_some_and(|times| *times >= 10), "{what} happened too seldom: {done:?}");
    }
    assert_sound(&world).await;
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn of_two_who_decide_about_an_owner_one_comes_first(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let people = people(&world, &["Ada", "Bob", "Cleo"]).await;
    let [ada, bob, cleo] = people.as_slice() else { panic!("three people") };
    let backend = &world.backend;
    for round in 0..30 {
        let new = async |story: &str| {
            world.team(ada, &format!("{story} {round}"), &[(bob, Role::Admin), (cleo, Role::Admin)]).await
        };
        let conflict = |outcome: &Result<(), Refusal>| matches!(outcome, Err(Refusal::Conflict(_)));

        let team = new("Two heirs").await;
        let (to_bob, to_cleo) =
            join(backend.team_transfer(ada, team, bob.user_id), backend.team_transfer(ada, team, cleo.user_id)).await;
        let outcomes = [settled("to Bob", to_bob), settled("to Cleo", to_cleo)];
        assert!(outcomes.contains(&Ok(())) && outcomes.contains(&Err(Refusal::Forbidden)), "{outcomes:?}");

        let team = new("An heir who leaves").await;
        let (handed, left) = join(backend.team_transfer(ada, team, bob.user_id), backend.team_leave(bob, team)).await;
        match (settled("transfer", handed), settled("leave", left)) {
            (Ok(()), left) if conflict(&left) => {}
            (Err(Refusal::NotFound), Ok(())) => {}
            other => panic!("{other:?}"),
        }

        let team = new("An heir who is removed").await;
        let (handed, removed) =
            join(backend.team_transfer(ada, team, bob.user_id), backend.team_member_remove(cleo, team, bob.user_id))
                .await;
        match (settled("transfer", handed), settled("remove", removed)) {
            (Ok(()), removed) if conflict(&removed) => {}
            (Err(Refusal::NotFound), Ok(())) => {}
            other => panic!("{other:?}"),
        }

        let team = new("A team that goes").await;
        let (handed, deleted) =
            join(backend.team_transfer(ada, team, bob.user_id), backend.team_delete(ada, team, None)).await;
        match (settled("transfer", handed), settled("delete", deleted)) {
            (Ok(()), Err(Refusal::Forbidden)) | (Err(Refusal::NotFound), Ok(())) => {}
            other => panic!("{other:?}"),
        }

        let team = new("Two who remove each other").await;
        let (of_cleo, of_bob) = join(
            backend.team_member_remove(bob, team, cleo.user_id),
            backend.team_member_remove(cleo, team, bob.user_id),
        )
        .await;
        let outcomes = [settled("of Cleo", of_cleo), settled("of Bob", of_bob)];
        assert!(outcomes.contains(&Ok(())) && outcomes.contains(&Err(Refusal::NotFound)), "{outcomes:?}");
        assert_eq!(roles(&world, team).await.len(), 2);
    }
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn strangers_neither_wait_for_a_team_nor_hold_it_up(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let (ada, zoe) = (world.person("Ada").await, world.person("Zoe").await);
    let team = world.team(&ada, "Crew", &[]).await;
    let task = world.team_task(&ada, team, "shared").await;
    world.share(&ada, task.id, &zoe, Permission::Edit).await;
    let lock = format!("SELECT pg_advisory_xact_lock(hashtextextended('team:{team}', 0))");
    // As the operation does it, which is under way.
    let mut changing = as_viewer(&world, &ada).await;
    run(&mut changing, &lock).await;
    let new = NewTask::parse("Zoe's", "", None).unwrap().in_team(Some(team));
    let tries = join3(
        world.backend.team_update(&zoe, team, named("Zoe's"), None),
        world.backend.team_member_remove(&zoe, team, ada.user_id),
        world.backend.task_create(&zoe, new.clone()),
    );
    let (renamed, removed, made) = tries.await;
    let refused = [settled("rename", renamed).map(drop), settled("remove", removed), settled("make", made).map(drop)];
    assert_eq!(refused, [Err(Refusal::NotFound), Err(Refusal::NotFound), Err(Refusal::NotFound)]);

    // Neither does somebody with a share of one of its tasks.
    let share = share_with("new@example.org", Permission::View);
    let email = Email::parse("new@example.org").unwrap();
    let (given, changed) =
        join(world.backend.share_give(&zoe, task.id, share.clone()), world.backend.share_change(&zoe, task.id, share))
            .await;
    let (revoked, withdrawn, deleted) = join3(
        world.backend.share_revoke(&zoe, task.id, zoe.user_id),
        world.backend.share_uninvite(&zoe, task.id, email),
        world.backend.task_delete(&zoe, task.id, None),
    )
    .await;
    let deleted = settled("delete", deleted).map(drop);
    let refused = [settled("give", given).map(drop), settled("change", changed), settled("revoke", revoked)];
    let refused = refused.into_iter().chain([settled("withdraw", withdrawn), deleted]);
    assert_eq!(refused.collect::<Vec<_>>(), [(); 5].map(|()| Err(Refusal::Forbidden)));
    settled("give back", world.backend.share_decline(&zoe, task.id).await).unwrap();

    // Whoever is in the team waits.
    let (backend, mine) = (&world.backend, NewTask { title: "Ada's".into(), ..new });
    let share = share_with("new@example.org", Permission::View);
    let operations: [(&str, BoxFuture<'_, Result<(), Error>>); 4] = [
        ("make", Box::pin(async { backend.task_create(&ada, mine).await.map(drop) })),
        ("rename", Box::pin(async { backend.team_update(&ada, team, named("Band"), None).await.map(drop) })),
        ("share", Box::pin(async { backend.share_give(&ada, task.id, share).await.map(drop) })),
        ("delete", Box::pin(async { backend.task_delete(&ada, task.id, None).await.map(drop) })),
    ];
    run(&mut changing, "COMMIT").await;
    for (what, operation) in operations {
        run(&mut changing, &format!("BEGIN; {lock}")).await;
        settled(what, while_it_waits(&world, operation, run(&mut changing, "COMMIT")).await).unwrap();
    }
    run(&mut changing, &format!("BEGIN; {lock}")).await;
    let back = while_it_waits(&world, backend.task_restore(&ada, task.id), run(&mut changing, "COMMIT")).await;
    settled("bring back", back).unwrap();
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn a_request_that_waited_is_judged_by_the_role_when_its_turn_comes(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let people = people(&world, &["Ada", "Bob", "Cleo"]).await;
    let [ada, bob, cleo] = people.as_slice() else { panic!("three people") };
    let backend = &world.backend;
    type Request = fn(&Backend, &Viewer, TeamId, UserId) -> BoxFuture<'static, Result<(), Error>>;
    let requests: [Request; 5] = [
        |backend, viewer, team, _| {
            let (backend, viewer) = (backend.clone(), viewer.clone());
            Box::pin(async move { backend.team_update(&viewer, team, named("Bob's"), None).await.map(drop) })
        },
        |backend, viewer, team, _| {
            let (backend, viewer) = (backend.clone(), viewer.clone());
            let new = somebody("new@example.org", Role::Viewer);
            Box::pin(async move { backend.team_member_add(&viewer, team, new).await.map(drop) })
        },
        |backend, viewer, team, whom| {
            let (backend, viewer) = (backend.clone(), viewer.clone());
            Box::pin(async move { backend.team_member_change(&viewer, team, whom, Role::Viewer).await })
        },
        |backend, viewer, team, whom| {
            let (backend, viewer) = (backend.clone(), viewer.clone());
            Box::pin(async move { backend.team_member_remove(&viewer, team, whom).await })
        },
        |backend, viewer, team, _| {
            let (backend, viewer) = (backend.clone(), viewer.clone());
            let address = Email::parse("invited@example.org").unwrap();
            Box::pin(async move { backend.team_uninvite(&viewer, team, address).await })
        },
    ];
    for (n, request) in requests.into_iter().enumerate() {
        let team = world.team(ada, &format!("Crew {n}"), &[(bob, Role::Admin), (cleo, Role::Member)]).await;
        backend.team_member_add(ada, team, somebody("invited@example.org", Role::Viewer)).await.unwrap();
        // Somebody is at work on the team, and what they do is that Bob may only look on.
        let mut other = world.owner().await;
        run(&mut other, &format!("BEGIN; SELECT pg_advisory_xact_lock(hashtextextended('team:{team}', 0))")).await;
        let demote = format!("UPDATE team_members SET role = 'viewer' WHERE user_id = '{}'; COMMIT", bob.user_id);
        let outcome = while_it_waits(&world, request(backend, bob, team, cleo.user_id), run(&mut other, &demote)).await;
        assert_eq!(refusal(outcome), Refusal::Forbidden, "request {n}");
        let now = backend.team_get(ada, team).await.unwrap();
        assert_eq!((now.team.version, now.invitations.len()), (1, 1));
        assert_eq!(roles(&world, team).await.get(&cleo.user_id), Some(&Role::Member));
    }
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn a_role_taken_away_ends_what_is_under_way_at_the_latest_with_its_request(
    _: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::new(options).await;
    let people = people(&world, &["Ada", "Bob"]).await;
    let [ada, bob] = people.as_slice() else { panic!("two people") };
    let team = world.team(ada, "Crew", &[(bob, Role::Admin)]).await;
    let task = world.team_task(ada, team, "Ada's").await;
    let backend = &world.backend;
    let (mut done, mut refused) = (0, 0);
    for round in 0..40 {
        backend.team_member_change(ada, team, bob.user_id, Role::Admin).await.unwrap();
        let new = || NewTask::parse("new", "", None).unwrap().in_team(Some(team));
        let (title, name) = (format!("by Bob {round}"), format!("Crew {round}"));
        let demoted = Cell::new(false);
        let demote = async {
            backend.team_member_change(ada, team, bob.user_id, Role::Viewer).await.unwrap();
            demoted.set(true);
        };
        let work = async {
            let mut outcomes = Vec::new();
            loop {
                let last = demoted.get();
                let asked = [
                    settled("update", backend.task_update(bob, task.id, titled(&title, None)).await).map(drop),
                    settled("create", backend.task_create(bob, new()).await).map(drop),
                    settled("rename", backend.team_update(bob, team, named(&name), None).await).map(drop),
                    settled("delete", backend.task_delete(bob, task.id, None).await).map(drop),
                    settled("restore", backend.task_restore(bob, task.id).await).map(drop),
                ];
                outcomes.extend(asked.iter().map(Result::is_ok));
                if last {
                    // Asked after the change was answered: nothing goes through that a viewer may not.
                    let refusals: Vec<_> = asked[..4].iter().map(|outcome| outcome.clone().unwrap_err()).collect();
                    assert_eq!(refusals, [(); 4].map(|()| Refusal::Forbidden), "round {round}");
                    return outcomes;
                }
            }
        };
        let ((), outcomes) = join(demote, work).await;
        done += outcomes.iter().filter(|outcome| **outcome).count();
        refused += outcomes.iter().filter(|outcome| !**outcome).count();
        backend.task_restore(ada, task.id).await.unwrap();
    }
    assert!(done > 40 && refused > 40, "{done} done and {refused} refused are too few to prove anything");
    assert_sound(&world).await;
}
