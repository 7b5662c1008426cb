//! What comes at the same moment (requirements S1 to S5, T4): on connections of their own, again and again.

mod accounts;
mod shares;
mod sign_ups;
mod tasks;
mod teams;

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
            _ => ("delete", backend.team_delete(by, team, None).await),
        }
    })
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
    let (guest, pick) = ("guest@example.org", random.random_range(0..100));
    Box::pin(async move {
        let email = async || backend.account_get(whom).await.unwrap().email;
        match action {
            0..25 => {
                let new = NewTask::parse("made", "", None).unwrap().in_team((action < 20).then_some(team));
                ("create", backend.task_create(by, new).await.map(drop))
            }
            25..45 => ("update", backend.task_update(by, id, TaskChange::status(status)).await.map(drop)),
            45..57 => ("delete a task", backend.task_delete(by, id, None).await.map(drop)),
            57..70 => ("restore", backend.task_restore(by, id).await.map(drop)),
            70..83 => ("share", backend.share_give(by, id, share_with(&email().await, permission)).await.map(drop)),
            83..86 => ("invite", backend.share_give(by, id, share_with(guest, permission)).await.map(drop)),
            // One of those that somebody has just looked at.
            86..92 => {
                let shared = backend.share_by_me(by, None).await.unwrap().tasks;
                let listed: Vec<_> =
                    shared.iter().flat_map(|task| task.shares.iter().map(move |share| (task.id, share))).collect();
                let Some((id, share)) = listed.get(pick % listed.len().max(1)) else {
                    return ("change a share", Err(Refusal::NotFound.into()));
                };
                ("change a share", backend.share_change(by, *id, share_with(&share.email, permission)).await)
            }
            92..94 => ("withdraw", backend.share_uninvite(by, id, Email::parse(guest).unwrap()).await),
            94..97 => ("revoke", backend.share_revoke(by, id, whom.user_id).await),
            _ => ("decline", backend.share_decline(whom, id).await),
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
    for round in 0..200 {
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
    assert!(done.len() >= 16 && done.values().all(|times| *times >= 3), "too little happened: {done:?}");
    assert_sound(&world).await;
}
