//! Refused attempts: noted the same whether the thing is there or not.

use super::*;

/// Everything that one may try on a task, with the line that is noted when it is refused.
async fn tries_on_task(world: &World, viewer: &Viewer, id: TaskId) -> Vec<(&'static str, Result<(), Error>)> {
    let backend = &world.backend;
    let email = Email::parse("new@example.org").unwrap();
    let new = NewShare::parse("new@example.org", "view").unwrap();
    let change = TaskChange::parse(Some("changed"), None, None, None).unwrap();
    vec![
        ("task.get", backend.task_get(viewer, id).await.map(drop)),
        ("task.update", backend.task_update(viewer, id, change).await.map(drop)),
        ("task.delete", backend.task_delete(viewer, id, None).await.map(drop)),
        ("task.restore", backend.task_restore(viewer, id).await.map(drop)),
        ("share.list", backend.share_list(viewer, id).await.map(drop)),
        ("share.give", backend.share_give(viewer, id, new.clone()).await.map(drop)),
        ("share.change", backend.share_change(viewer, id, new).await),
        ("share.revoke", backend.share_revoke(viewer, id, UserId(Uuid::nil())).await),
        ("share.decline", backend.share_decline(viewer, id).await),
        ("share.uninvite", backend.share_uninvite(viewer, id, email).await),
    ]
}

/// The same for a team.
async fn tries_on_team(world: &World, viewer: &Viewer, id: TeamId) -> Vec<(&'static str, Result<(), Error>)> {
    let backend = &world.backend;
    let email = Email::parse("new@example.org").unwrap();
    let new = NewMember::parse("new@example.org", "viewer").unwrap();
    let texts = TeamTexts::parse("changed", "").unwrap();
    let task = NewTask::parse("new", "", None).unwrap().in_team(Some(id));
    let list = TaskQuery { source: Source::Team(id), ..TaskQuery::default() };
    let somebody = UserId(Uuid::nil());
    vec![
        ("team.get", backend.team_get(viewer, id).await.map(drop)),
        ("task.list", backend.task_list(viewer, &list).await.map(drop)),
        ("task.create", backend.task_create(viewer, task).await.map(drop)),
        ("team.update", backend.team_update(viewer, id, texts, None).await.map(drop)),
        ("team.member_add", backend.team_member_add(viewer, id, new).await.map(drop)),
        ("team.uninvite", backend.team_uninvite(viewer, id, email).await),
        ("team.member_change", backend.team_member_change(viewer, id, somebody, Role::Viewer).await),
        ("team.member_remove", backend.team_member_remove(viewer, id, somebody).await),
        ("audit.list", backend.audit_list(viewer, AuditQuery { team: Some(id), before: None }).await.map(drop)),
        ("team.transfer", backend.team_transfer(viewer, id, somebody).await),
        ("team.leave", backend.team_leave(viewer, id).await),
        ("team.delete", backend.team_delete(viewer, id, None).await),
    ]
}

/// The lines that these attempts leave behind, each of which was refused.
fn denied(tries: &[(&str, Result<(), Error>)], who: &str, target: &str, rest: &str) -> Vec<String> {
    let line = |(action, outcome): &(&str, Result<(), Error>)| {
        assert!(
            matches!(outcome, Err(Error::Refused(Refusal::NotFound | Refusal::Forbidden))),
            "{action} of {target}: {outcome:?}"
        );
        format!("{who} {action}.denied {target}{rest}")
    };
    tries.iter().map(line).collect()
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn a_refused_attempt_is_noted_the_same_whether_the_thing_is_there_or_not(
    _: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::new(options).await;
    let ada = world.person("Ada").await;
    let team = world.team(&ada, "Crew", &[]).await;
    let in_team = world.team_task(&ada, team, "in the team").await.id;
    let alone = world.task(&ada, "alone").await.id;
    let mut expected_of_team = Vec::new();
    for (n, task) in [in_team, alone, TaskId(999_999), TaskId(-1)].into_iter().enumerate() {
        let zoe = person_at(&world, &format!("Zoe{n}"), "192.0.2.9").await;
        let tries = tries_on_task(&world, &zoe, task).await;
        assert!(tries.iter().all(|(_, outcome)| matches!(outcome, Err(Error::Refused(Refusal::NotFound)))));
        assert_eq!(log(&world, &zoe, None).await, denied(&tries, "I", &format!("task:{task}"), " from 192.0.2.9"));
        if task == in_team {
            let rest = " in Crew from 192.0.2.9";
            expected_of_team.extend(denied(&tries, "somebody", &format!("task:{task}"), rest));
        }
    }
    for (n, id) in [team, TeamId(Uuid::from_u128(1)), TeamId(Uuid::nil())].into_iter().enumerate() {
        let yan = person_at(&world, &format!("Yan{n}"), "192.0.2.8").await;
        let tries = tries_on_team(&world, &yan, id).await;
        assert!(tries.iter().all(|(_, outcome)| matches!(outcome, Err(Error::Refused(Refusal::NotFound)))));
        assert_eq!(log(&world, &yan, None).await, denied(&tries, "I", &format!("team:{id}"), " from 192.0.2.8"));
        if id == team {
            let rest = " in Crew from 192.0.2.8";
            expected_of_team.extend(denied(&tries, "somebody", &format!("team:{id}"), rest));
        }
    }
    for (n, session) in [ada.session().unwrap(), SessionId(Uuid::from_u128(1))].into_iter().enumerate() {
        let xia = world.person(&format!("Xia{n}")).await;
        assert_eq!(refusal(world.backend.session_end(&xia, session).await), Refusal::NotFound);
        assert_eq!(log(&world, &xia, None).await, [format!("I session.end.denied session:{session}")]);
    }
    // The owner learns that somebody tried, of the team's things alone; their own log has nothing of it.
    let of_team: Vec<_> = log(&world, &ada, Some(team)).await.into_iter().skip(1).collect();
    assert_eq!(of_team, expected_of_team);
    assert_eq!(log(&world, &ada, None).await, ["I team.create Crew in Crew"]);
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn the_ids_of_ones_own_lines_do_not_tell_what_is_there(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let (ada, zoe) = (world.person("Ada").await, world.person("Zoe").await);
    let team = world.team(&ada, "Crew", &[]).await;
    let in_team = world.team_task(&ada, team, "in the team").await.id;
    let alone = world.task(&ada, "alone").await.id;
    let mut steps = BTreeSet::new();
    for id in [in_team, alone, TaskId(999_999)] {
        for _ in 0..2 {
            assert_eq!(refusal(world.backend.task_get(&zoe, id).await), Refusal::NotFound);
        }
        let lines = world.backend.audit_list(&zoe, AuditQuery::default()).await.unwrap().lines;
        steps.insert(lines[0].id - lines[1].id);
    }
    assert_eq!(steps.len(), 1, "{steps:?}");
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn what_is_missing_takes_its_time_whether_it_is_there_for_others_or_not(
    _: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::new(options).await;
    let (ada, zoe) = (world.person("Ada").await, world.person("Zoe").await);
    let (alone, gone) = (world.task(&ada, "alone").await.id, world.task(&ada, "gone").await.id);
    world.backend.task_delete(&ada, gone, None).await.unwrap();
    for id in [alone, gone, TaskId(999_999)] {
        let mut asks = zoe.clone();
        for deleted in [false, true] {
            asks.client.db_time = DbTime::default();
            let start = Instant::now();
            match deleted {
                true => assert_eq!(world.backend.task_deleted(&asks, id).await.unwrap(), None),
                false => assert_eq!(refusal(world.backend.task_get(&asks, id).await), Refusal::NotFound),
            }
            assert!(start.elapsed() >= MISSING_TAKES, "{id}: {:?}", start.elapsed());
            // Which every answer tells.
            assert!(asks.client.db_time.get() >= MISSING_TAKES, "{id}: {:?}", asks.client.db_time.get());
        }
    }
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn an_attempt_beyond_ones_role_is_noted_too(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let ada = world.person("Ada").await;
    let dan = person_at(&world, "Dan", "192.0.2.4").await;
    let team = world.team(&ada, "Crew", &[(&dan, Role::Viewer)]).await;
    let task = world.team_task(&ada, team, "in the team").await.id;
    let mut own = log(&world, &dan, None).await;
    let mut of_team = log(&world, &ada, Some(team)).await;
    // What a viewer may: see the task and the team, give back a share that there is not, and go.
    let may = |action: &str| matches!(action, "task.get" | "task.restore" | "team.get" | "task.list" | "team.leave");
    let mut tries = tries_on_task(&world, &dan, task).await;
    let gives_back = tries.iter().position(|(action, _)| *action == "share.decline").unwrap();
    tries.remove(gives_back).1.unwrap();
    tries.retain(|(action, _)| !may(action));
    assert_eq!(tries.len(), 7);
    own.extend(denied(&tries, "I", &format!("task:{task}"), " from 192.0.2.4"));
    of_team.extend(denied(&tries, "Dan", &format!("task:{task}"), " in Crew from 192.0.2.4"));
    let backend = &world.backend;
    let texts = TeamTexts::parse("Mine", "").unwrap();
    assert_eq!(refusal(backend.team_update(&dan, team, texts, None).await), Refusal::Forbidden);
    own.push(format!("I team.update.denied team:{team} from 192.0.2.4"));
    of_team.push(format!("Dan team.update.denied team:{team} in Crew from 192.0.2.4"));
    assert_eq!(log(&world, &dan, None).await, own);
    assert_eq!(log(&world, &ada, Some(team)).await, of_team);
    // What is refused for another reason is no attempt at a right.
    assert!(matches!(refusal(backend.team_leave(&ada, team).await), Refusal::Conflict(_)));
    let stale = TaskChange::parse(Some("late"), None, None, Some(7)).unwrap();
    assert_eq!(refusal(backend.task_update(&ada, task, stale).await), Refusal::Stale);
    assert_eq!(log(&world, &ada, Some(team)).await, of_team);
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn an_attempt_on_a_teams_deleted_task_shows_in_the_teams_log(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let (ada, bob) = (world.person("Ada").await, world.person("Bob").await);
    let team = world.team(&ada, "Crew", &[(&bob, Role::Member)]).await;
    let task = world.team_task(&ada, team, "deleted").await.id;
    world.backend.task_delete(&ada, task, None).await.unwrap();
    assert_eq!(refusal(world.backend.task_restore(&bob, task).await), Refusal::NotFound);
    assert_eq!(log(&world, &bob, None).await.last().unwrap(), &format!("I task.restore.denied task:{task}"));
    let of_team = log(&world, &ada, Some(team)).await;
    assert_eq!(of_team.last().unwrap(), &format!("Bob task.restore.denied task:{task} in Crew"));
}
