//! What comes at the same moment (requirements S1 to S5, T4): on connections of their own, again and again.

use crate::{
    support::{World, as_viewer, refusal},
    teams::{almost_too_many_teams, assert_counted, sign_up},
};
use futures::future::{BoxFuture, join, join_all, join3};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use sqlx::{
    AssertSqlSafe, PgConnection,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use std::{
    cell::Cell,
    collections::{BTreeMap, BTreeSet},
};
use taskwire_backend::{Backend, Error, Viewer};
use taskwire_domain::{
    Error as Refusal, TaskId, TeamId, UserId,
    account::Email,
    share::{NewShare, Permission, SHARES_MAX},
    task::{Access, NewTask, Source, Status, Task, TaskChange, TaskQuery},
    team::{Added, NewMember, Role, TEAM_PEOPLE_MAX, TEAMS_OWNED_MAX, TeamTexts},
};
use uuid::Uuid;

/// What a race may end with: a success or a refusal; a deadlock or any other fault it may not.
fn settled<T>(what: &str, outcome: Result<T, Error>) -> Result<T, Refusal> {
    match outcome {
        Ok(done) => Ok(done),
        Err(Error::Refused(refusal)) => Err(refusal),
        Err(fault) => panic!("{what}: {fault}"),
    }
}

fn titled(title: &str, version: Option<i32>) -> TaskChange {
    TaskChange::parse(Some(title), None, None, version).unwrap()
}

fn named(name: &str) -> TeamTexts {
    TeamTexts::parse(name, "").unwrap()
}

fn somebody(email: &str, role: Role) -> NewMember {
    NewMember::parse(email, role.as_str()).unwrap()
}

fn share_with(email: &str, permission: Permission) -> NewShare {
    NewShare::parse(email, permission.as_str()).unwrap()
}

async fn people(world: &World, names: &[&str]) -> Vec<Viewer> {
    let mut people = Vec::new();
    for name in names {
        people.push(world.person(name).await);
    }
    people
}

async fn run(connection: &mut PgConnection, sql: &str) {
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(connection).await.unwrap();
}

async fn count(world: &World, sql: &str) -> i64 {
    sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_one(&mut world.owner().await).await.unwrap()
}

/// Runs `meanwhile` as soon as the operation waits for a lock that somebody else has.
async fn while_it_waits<T>(
    world: &World,
    operation: impl Future<Output = T>,
    meanwhile: impl Future<Output = ()>,
) -> T {
    let over = Cell::new(false);
    let operation = async {
        let outcome = operation.await;
        over.set(true);
        outcome
    };
    let watch = async {
        let mut owner = world.owner().await;
        let waiting = "SELECT EXISTS (SELECT FROM pg_stat_activity
                           WHERE datname = current_database() AND wait_event_type = 'Lock')";
        while !sqlx::query_scalar::<_, bool>(waiting).fetch_one(&mut owner).await.unwrap() {
            assert!(!over.get(), "the operation did not wait, so that this shows nothing");
        }
        meanwhile.await;
    };
    join(operation, watch).await.0
}

/// What must hold of teams, tasks and shares at every moment.
async fn assert_sound(world: &World) {
    for (sql, what) in [
        (
            "SELECT count(*) FROM teams
             WHERE (SELECT count(*) FROM team_members WHERE team_id = teams.id AND role = 'owner') <> 1",
            "teams without their one owner",
        ),
        (
            "SELECT count(*) FROM (SELECT team_id, user_id FROM tasks UNION ALL SELECT team_id, user_id FROM deleted_tasks) t
             WHERE team_id IS NOT NULL
                 AND (team_id, user_id) NOT IN (SELECT team_id, user_id FROM team_members)",
            "tasks in teams whose owner is not in the team",
        ),
        (
            "SELECT count(*) FROM task_shares share JOIN tasks task ON task.id = share.task_id
             WHERE share.owner_id <> task.user_id OR share.user_id = task.user_id",
            "shares that are not their owner's",
        ),
        (
            "SELECT count(*) FROM (
                 SELECT email FROM team_invitations UNION ALL SELECT email FROM share_invitations
                 UNION ALL SELECT email FROM deleted_share_invitations
             ) i JOIN users USING (email)",
            "invitations of people who are there",
        ),
        ("SELECT count(*) FROM tasks JOIN deleted_tasks USING (id)", "tasks that are deleted and there"),
    ] {
        assert_eq!(count(world, sql).await, 0, "{what}");
    }
    assert_counted(world).await;
}

/// Who is in a team as what.
async fn roles(world: &World, team: TeamId) -> BTreeMap<UserId, Role> {
    let rows: Vec<(Uuid, String)> = sqlx::query_as("SELECT user_id, role FROM team_members WHERE team_id = $1")
        .bind(team.0)
        .fetch_all(&mut world.owner().await)
        .await
        .unwrap();
    rows.into_iter().map(|(user, role)| (UserId(user), role.parse().unwrap())).collect()
}

/// Something done to a team by somebody, with its name.
type Deed<'a> = BoxFuture<'a, (&'static str, Result<(), Error>)>;

/// Any of the things that change who is what in a team, most often by its owner.
fn team_deed<'a>(
    backend: &'a Backend,
    people: &'a [Viewer],
    team: TeamId,
    owner: usize,
    random: &mut StdRng,
) -> Deed<'a> {
    let by = if random.random() { &people[owner] } else { &people[random.random_range(0..people.len())] };
    let whom = random.random_range(0..people.len());
    let role = Role::ALL[random.random_range(1..Role::ALL.len())];
    let action = random.random_range(0..100);
    Box::pin(async move {
        let user = people[whom].user_id;
        match action {
            0..30 => ("transfer", backend.team_transfer(by, team, user).await),
            30..45 => ("leave", backend.team_leave(&people[whom], team).await),
            45..60 => ("remove", backend.team_member_remove(by, team, user).await),
            60..82 => {
                let email = backend.account_get(&people[whom]).await.unwrap().email;
                ("add", backend.team_member_add(by, team, somebody(&email, role)).await.map(drop))
            }
            82..97 => ("change", backend.team_member_change(by, team, user, role).await),
            _ => ("delete", backend.team_delete(by, team).await),
        }
    })
}

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
            join(backend.team_transfer(ada, team, bob.user_id), backend.team_delete(ada, team)).await;
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
            backend.share_revoke(cleo, task.id, cleo.user_id),
        )
        .await;
        assert_eq!((settled("give", given), settled("take", taken)), (Ok(Added::Now), Ok(())));
        let back = settled("give back", back);
        assert!(matches!(back, Ok(()) | Err(Refusal::NotFound)), "round {round}: {back:?}");
    }
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
            join3(creating, backend.team_delete(ada, team), working).await;
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

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn the_limits_hold_for_many_at_once(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let ada = world.person("Ada").await;
    let backend = &world.backend;
    let team = world.team(&ada, "Crew", &[]).await;
    let task = world.task(&ada, "shared").await;
    let fill = format!(
        "INSERT INTO team_invitations SELECT '{team}', n || '@example.org', 'viewer', now()
         FROM generate_series(1, {people}) n;
         INSERT INTO share_invitations SELECT {task}, '{ada}', n || '@example.org', 'view', now()
         FROM generate_series(1, {shares}) n",
        task = task.id,
        ada = ada.user_id,
        people = TEAM_PEOPLE_MAX - 2,
        shares = SHARES_MAX - 1,
    );
    run(&mut world.owner().await, &fill).await;
    let owner = world.person("Bob").await;
    almost_too_many_teams(&world, &owner).await;
    let emails: Vec<String> = (0..8).map(|n| format!("new{n}@example.org")).collect();
    let names: Vec<String> = (0..8).map(|n| format!("one more {n}")).collect();
    let added = join_all(emails.iter().map(|email| backend.team_member_add(&ada, team, somebody(email, Role::Viewer))));
    let added = added.await;
    let shared = emails.iter().map(|email| backend.share_give(&ada, task.id, share_with(email, Permission::View)));
    let shared = join_all(shared).await;
    let made = join_all(names.iter().map(|name| backend.team_create(&owner, named(name)))).await;
    let done = |what: &'static str, outcomes: Vec<Result<(), Refusal>>| {
        assert!(outcomes.iter().all(|outcome| matches!(outcome, Ok(()) | Err(Refusal::Conflict(_)))), "{what}");
        (what, outcomes.iter().filter(|outcome| outcome.is_ok()).count())
    };
    let added = added.into_iter().map(|outcome| settled("add", outcome).map(drop)).collect();
    let shared = shared.into_iter().map(|outcome| settled("share", outcome).map(drop)).collect();
    let made = made.into_iter().map(|outcome| settled("make", outcome).map(drop)).collect();
    let found = [done("people in a team", added), done("shares of a task", shared), done("teams of a person", made)];
    assert_eq!(found, [("people in a team", 1), ("shares of a task", 1), ("teams of a person", 1)]);
    assert_eq!(backend.team_list(&owner).await.unwrap().len() as i64, TEAMS_OWNED_MAX);
}

/// Anything that one may do to a task, of a team's or not, and to its shares.
fn task_deed<'a>(
    backend: &'a Backend,
    people: &'a [Viewer],
    teams: &[TeamId],
    tasks: &[TaskId],
    random: &mut StdRng,
) -> Deed<'a> {
    let by = &people[random.random_range(0..people.len())];
    let whom = &people[random.random_range(0..people.len())];
    let team = teams[random.random_range(0..teams.len())];
    let id = tasks.get(random.random_range(0..tasks.len().max(1))).copied().unwrap_or(TaskId(1));
    let permission = Permission::ALL[random.random_range(0..2)];
    let status = Status::ALL[random.random_range(0..2)];
    let action = random.random_range(0..100);
    Box::pin(async move {
        match action {
            0..25 => {
                let new = NewTask::parse("made", "", None).unwrap().in_team((action < 20).then_some(team));
                ("create", backend.task_create(by, new).await.map(drop))
            }
            25..45 => ("update", backend.task_update(by, id, TaskChange::status(status)).await.map(drop)),
            45..57 => ("delete a task", backend.task_delete(by, id, None).await.map(drop)),
            57..70 => ("restore", backend.task_restore(by, id).await.map(drop)),
            70..88 => {
                let email = backend.account_get(whom).await.unwrap().email;
                ("share", backend.share_give(by, id, share_with(&email, permission)).await.map(drop))
            }
            88..94 => ("revoke", backend.share_revoke(by, id, whom.user_id).await),
            _ => ("decline", backend.share_revoke(whom, id, whom.user_id).await),
        }
    })
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn everybody_does_everything_at_once_and_all_adds_up(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let second = World::new(world.options.clone()).await;
    let people = people(&world, &["Ada", "Bob", "Cleo", "Dan", "Eve", "Fay"]).await;
    let random = &mut StdRng::seed_from_u64(11);
    let mut done = BTreeMap::<&str, usize>::new();
    let mut faults = BTreeMap::<String, usize>::new();
    for round in 0..120 {
        // Two teams, of which one may have gone in the round before.
        let mut teams = Vec::new();
        let mut owners = Vec::new();
        let known: Vec<(Uuid, Uuid)> =
            sqlx::query_as("SELECT team_id, user_id FROM team_members WHERE role = 'owner' ORDER BY team_id")
                .fetch_all(&mut world.owner().await)
                .await
                .unwrap();
        for (team, owner) in known {
            teams.push(TeamId(team));
            owners.push(people.iter().position(|person| person.user_id.0 == owner).unwrap());
        }
        while teams.len() < 2 {
            let owner = random.random_range(0..people.len());
            let members: Vec<_> = people.iter().enumerate().filter(|(at, _)| *at != owner).collect();
            let members: Vec<_> = members.into_iter().map(|(at, person)| (person, Role::ALL[1 + at % 3])).collect();
            teams.push(world.team(&people[owner], &format!("Crew {round}.{}", teams.len()), &members).await);
            owners.push(owner);
        }
        let ids: Vec<i64> =
            sqlx::query_scalar("SELECT id FROM tasks UNION ALL SELECT id FROM deleted_tasks ORDER BY id DESC LIMIT 12")
                .fetch_all(&mut world.owner().await)
                .await
                .unwrap();
        let ids: Vec<TaskId> = ids.into_iter().map(TaskId).collect();
        let deeds = (0..14).map(|n| {
            let backend = if n % 2 == 0 { &world.backend } else { &second.backend };
            match n {
                0..4 => team_deed(backend, &people, teams[n % 2], owners[n % 2], random),
                _ => task_deed(backend, &people, &teams, &ids, random),
            }
        });
        let deeds: Vec<_> = deeds.collect();
        for (what, outcome) in join_all(deeds).await {
            match outcome {
                Ok(()) => *done.entry(what).or_default() += 1,
                Err(Error::Refused(_)) => {}
                Err(fault) => *faults.entry(format!("{what}: {fault}")).or_default() += 1,
            }
        }
        if round % 10 == 0 {
            assert_sound(&world).await;
        }
    }
    assert_eq!(faults, BTreeMap::new());
    assert!(done.len() >= 13 && done.values().all(|times| *times >= 3), "too little happened: {done:?}");
    assert_sound(&world).await;
}
