//! Teams: who is in them and in what role, and what becomes of their tasks (requirements S1, S2, S4, S5, T2, T3).

mod lists;
mod roles;

use crate::support::{PASSWORD, World, refusal};
use chrono::TimeDelta;
use rand::{RngExt, SeedableRng, rngs::StdRng};
use sqlx::{
    AssertSqlSafe,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use std::collections::BTreeSet;
use taskwire_backend::{Client, Error, Viewer};
use taskwire_domain::{
    Error as Refusal, TaskId, TeamId, UserId,
    account::{Email, NewAccount, Whom},
    audit::AuditQuery,
    rights::{TaskAction, TeamAction},
    share::{NewShare, Permission},
    task::{Access, Counts, NewTask, Sort, Source, Status, Task, TaskChange, TaskQuery},
    team::{Added, NewMember, Role, TEAM_PEOPLE_MAX, TEAMS_OWNED_MAX, TeamTexts},
};
use uuid::Uuid;

fn texts(name: &str, description: &str) -> TeamTexts {
    TeamTexts::parse(name, description).unwrap()
}

fn somebody(email: &str, role: Role) -> NewMember {
    NewMember::parse(email, role.as_str()).unwrap()
}

/// The counters are what a recount finds.
pub async fn assert_counted(world: &World) {
    let faults =
        sqlx::query_scalar("SELECT concat(user_id, ': kept ', kept, ', counted ', counted) FROM counter_faults()");
    let faults: Vec<String> = faults.fetch_all(&mut world.owner().await).await.unwrap();
    assert_eq!(faults, Vec::<String>::new());
}

/// Signs up with an address of one's own spelling.
pub async fn sign_up(world: &World, email: &str, name: &str) -> Viewer {
    let new = NewAccount::parse(email, PASSWORD, name).unwrap();
    world.viewer(&world.backend.account_sign_up(&Client::default(), new).await.unwrap())
}

/// Who is in a team as what, as the database has it.
async fn roles(world: &World, team: TeamId) -> Vec<(String, Role)> {
    let rows: Vec<(String, String)> = sqlx::query_as(
        "SELECT person.name, member.role FROM team_members member JOIN users person ON person.id = member.user_id
         WHERE team_id = $1 ORDER BY person.name",
    )
    .bind(team.0)
    .fetch_all(&mut world.owner().await)
    .await
    .unwrap();
    rows.into_iter().map(|(name, role)| (name, role.parse().unwrap())).collect()
}

/// Everything about a team but its log, as one text.
async fn everything_of(world: &World, team: TeamId) -> String {
    sqlx::query_scalar(
        "SELECT concat_ws(E'\n',
             (SELECT string_agg(t::text, ' ') FROM teams t WHERE id = $1),
             (SELECT string_agg(m::text, ' ' ORDER BY user_id) FROM team_members m WHERE team_id = $1),
             (SELECT string_agg(i::text, ' ' ORDER BY email) FROM team_invitations i WHERE team_id = $1),
             (SELECT string_agg(t::text, ' ' ORDER BY id) FROM tasks t WHERE team_id = $1))",
    )
    .bind(team.0)
    .fetch_one(&mut world.owner().await)
    .await
    .unwrap()
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn a_team_from_its_making_to_its_end(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let (ada, bob) = (world.person("Ada").await, world.person("Bob").await);
    let backend = &world.backend;

    let made = backend.team_create(&ada, texts(" <b>Crew</b> \u{202e}werC ", "who\r\nwe are")).await.unwrap();
    assert_eq!((made.name.as_str(), made.description.as_str()), ("<b>Crew</b> \u{202e}werC", "who\nwe are"));
    assert_eq!((made.role, made.members, made.version, made.created_at), (Role::Owner, 1, 1, world.now()));
    assert_eq!(backend.team_list(&ada).await.unwrap(), std::slice::from_ref(&made));
    assert_eq!(backend.team_list(&bob).await.unwrap(), []);

    world.pass(TimeDelta::minutes(1));
    let joined_at = world.now();
    assert_eq!(
        backend.team_member_add(&ada, made.id, somebody(" BOB@Example.org", Role::Viewer)).await.unwrap(),
        Added::Now
    );
    backend.team_member_add(&ada, made.id, somebody("new@example.org", Role::Admin)).await.unwrap();
    let people = backend.team_get(&ada, made.id).await.unwrap();
    let seen: Vec<_> =
        people.members.iter().map(|m| (m.name.as_str(), m.email.as_str(), m.role, m.created_at, m.is_viewer)).collect();
    assert_eq!(
        seen,
        [
            ("Ada", "ada@example.org", Role::Owner, made.created_at, true),
            ("Bob", "bob@example.org", Role::Viewer, joined_at, false)
        ]
    );
    assert_eq!(people.team.members, 2, "an invitation is nobody yet");
    let invited: Vec<_> = people.invitations.iter().map(|i| (i.email.as_str(), i.role, i.created_at)).collect();
    assert_eq!(invited, [("new@example.org", Role::Admin, joined_at)]);
    let of_bob = backend.team_list(&bob).await.unwrap();
    assert_eq!((of_bob.len(), of_bob[0].id, of_bob[0].role, of_bob[0].members), (1, made.id, Role::Viewer, 2));

    let renamed = backend.team_update(&ada, made.id, texts("Crew", ""), Some(1)).await.unwrap();
    assert_eq!((renamed.name.as_str(), renamed.description.as_str(), renamed.version), ("Crew", "", 2));
    assert_eq!(backend.team_get(&bob, made.id).await.unwrap().team.name, "Crew");

    backend.team_delete(&ada, made.id, None).await.unwrap();
    for viewer in [&ada, &bob] {
        assert_eq!(refusal(backend.team_get(viewer, made.id).await), Refusal::NotFound);
        assert_eq!(refusal(backend.team_delete(viewer, made.id, None).await), Refusal::NotFound);
        assert_eq!(backend.team_list(viewer).await.unwrap(), []);
    }
    let left =
        sqlx::query_scalar("SELECT (SELECT count(*) FROM team_members) + (SELECT count(*) FROM team_invitations)");
    let left: i64 = left.fetch_one(&mut world.owner().await).await.unwrap();
    assert_eq!(left, 0);
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn people_are_listed_by_role_and_name_and_teams_by_name(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let mut people = Vec::new();
    for name in ["Zoe", "Yan", "Ada", "bob", "Cleo", "Dan", "Eve"] {
        people.push(world.person(name).await);
    }
    let roles = [Role::Viewer, Role::Viewer, Role::Member, Role::Member, Role::Admin, Role::Admin];
    let members: Vec<_> = people[1..].iter().zip(roles).collect();
    let team = world.team(&people[0], "middle", &members).await;
    world.team(&people[0], "Zebra", &[]).await;
    world.team(&people[0], "apple", &[]).await;
    let listed = world.backend.team_get(&people[4], team).await.unwrap().members;
    let listed: Vec<_> = listed.iter().map(|member| member.name.as_str()).collect();
    assert_eq!(listed, ["Zoe", "Dan", "Eve", "bob", "Cleo", "Ada", "Yan"]);
    let teams = world.backend.team_list(&people[0]).await.unwrap();
    assert_eq!(teams.iter().map(|team| team.name.as_str()).collect::<Vec<_>>(), ["apple", "middle", "Zebra"]);
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn a_name_is_one_teams_whatever_its_case(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let (ada, bob) = (world.person("Ada").await, world.person("Bob").await);
    let backend = &world.backend;
    let make = async |viewer: &Viewer, name: &str, description: &str| {
        backend.team_create(viewer, texts(name, description)).await
    };

    // The same form sent five times at once, and once more.
    let made = futures::future::join_all((0..5).map(|_| make(&ada, "Crew", "ours"))).await;
    let ids: BTreeSet<TeamId> = made.into_iter().map(|team| team.unwrap().id).collect();
    assert_eq!(ids.len(), 1);
    let crew = *ids.first().unwrap();
    assert_eq!(make(&ada, "Crew", "ours").await.unwrap().id, crew);
    assert_eq!(backend.team_list(&ada).await.unwrap().len(), 1);

    for (viewer, name, description) in
        [(&bob, "Crew", "ours"), (&bob, "cREW", ""), (&ada, "CREW", "ours"), (&ada, "Crew", "another")]
    {
        let Refusal::Conflict(said) = refusal(make(viewer, name, description).await) else { panic!("{name}") };
        assert!(said.contains(name) && said.contains("another name"), "{said}");
    }
    // An admin has not made it: their form is somebody else's, even with the same texts.
    world.join(&ada, crew, &bob, Role::Admin).await;
    assert!(matches!(refusal(make(&bob, "Crew", "ours").await), Refusal::Conflict(_)));

    let other = make(&bob, "Ärzte", "").await.unwrap();
    assert!(matches!(
        refusal(backend.team_update(&bob, other.id, texts("crew", ""), None).await),
        Refusal::Conflict(_)
    ));
    assert!(matches!(refusal(make(&ada, "ärzte", "").await), Refusal::Conflict(_)));
    let same = backend.team_update(&bob, other.id, texts("ÄRZTE", ""), None).await.unwrap();
    assert_eq!(same.name, "ÄRZTE", "one's own name in other letters is free");
    backend.team_delete(&bob, other.id, None).await.unwrap();
    assert_ne!(make(&ada, "ärzte", "").await.unwrap().id, other.id, "the name is free again");
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn the_later_writer_of_a_teams_texts_is_told(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let (ada, bob) = (world.person("Ada").await, world.person("Bob").await);
    let team = world.team(&ada, "first", &[(&bob, Role::Admin)]).await;
    let update = async |viewer: &Viewer, name: &str, version: Option<i32>| {
        world.backend.team_update(viewer, team, texts(name, "about us"), version).await
    };
    let second = update(&bob, "second", Some(1)).await.unwrap();
    assert_eq!((second.version, second.role), (2, Role::Admin));
    assert_eq!(refusal(update(&ada, "third", Some(1)).await), Refusal::Stale);
    assert_eq!(world.backend.team_get(&ada, team).await.unwrap().team.name, "second");
    // What is so already is no conflict, from whatever version, and no change.
    for version in [Some(1), Some(2), None] {
        assert_eq!(update(&bob, "second", version).await.unwrap(), second);
    }
    assert_eq!(update(&ada, "third", Some(2)).await.unwrap().version, 3);
    assert_eq!(update(&ada, "fourth", None).await.unwrap().version, 4);
    let updates = sqlx::query_scalar("SELECT count(*) FROM audit_log WHERE action = 'team.update'");
    let updates: i64 = updates.fetch_one(&mut world.owner().await).await.unwrap();
    assert_eq!(updates, 3);
    // Of many at once, exactly one wins.
    let names: Vec<String> = (0..6).map(|n| format!("writer {n}")).collect();
    let results = futures::future::join_all(names.iter().map(|name| update(&ada, name, Some(4)))).await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    for result in results.into_iter().filter(Result::is_err) {
        assert_eq!(refusal(result), Refusal::Stale);
    }
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn an_invited_address_joins_when_somebody_signs_up_with_it(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let (ada, bob, cleo, dan) =
        (world.person("Ada").await, world.person("Bob").await, world.person("Cleo").await, world.person("Dan").await);
    let crew = world.team(&ada, "Crew", &[(&bob, Role::Admin), (&cleo, Role::Member), (&dan, Role::Viewer)]).await;
    let other = world.team(&ada, "Other", &[]).await;
    let backend = &world.backend;
    let invite = async |viewer: &Viewer, team: TeamId, email: &str, role: Role| {
        backend.team_member_add(viewer, team, somebody(email, role)).await
    };
    let invited = async |viewer: &Viewer| {
        let people = backend.team_get(viewer, crew).await.unwrap();
        people.invitations.into_iter().map(|i| (i.email, i.role)).collect::<Vec<_>>()
    };

    assert_eq!(invite(&bob, crew, "Eve@Example.Org ", Role::Viewer).await.unwrap(), Added::Invited);
    assert_eq!(invite(&ada, crew, "fay@example.org", Role::Member).await.unwrap(), Added::Invited);
    assert_eq!(invite(&ada, other, "eve@example.org", Role::Viewer).await.unwrap(), Added::Invited);
    // Once more, in another spelling and another role: one invitation, and the last word counts.
    assert_eq!(invite(&ada, crew, "EVE@example.org", Role::Admin).await.unwrap(), Added::Invited);
    let both = [("eve@example.org".to_owned(), Role::Admin), ("fay@example.org".to_owned(), Role::Member)];
    assert_eq!(invited(&ada).await, both);
    assert_eq!(invited(&bob).await, both);
    assert_eq!(invited(&cleo).await, [], "a member does not see who is invited");
    assert_eq!(invited(&dan).await, []);

    let fay = Email::parse("FAY@example.org").unwrap();
    backend.team_uninvite(&bob, crew, fay.clone()).await.unwrap();
    backend.team_uninvite(&bob, crew, fay).await.unwrap();
    assert_eq!(invited(&ada).await, both[..1]);

    world.pass(TimeDelta::hours(1));
    let eve = sign_up(&world, " eVe@EXAMPLE.org ", "Eve").await;
    let fay = sign_up(&world, "fay@example.org", "Fay").await;
    let teams: Vec<_> = backend.team_list(&eve).await.unwrap().into_iter().map(|t| (t.name, t.role)).collect();
    assert_eq!(teams, [("Crew".to_owned(), Role::Admin), ("Other".to_owned(), Role::Viewer)]);
    assert_eq!(backend.team_list(&fay).await.unwrap(), [], "the invitation was taken back");
    assert_eq!(invited(&eve).await, [], "taken up");
    let withdrawn = backend.team_uninvite(&ada, crew, Email::parse("eve@example.org").unwrap()).await;
    assert!(matches!(refusal(withdrawn), Refusal::Conflict(text) if text.starts_with("eve@example.org has joined")));
    let members = backend.team_get(&ada, crew).await.unwrap().members;
    let of_eve = members.iter().find(|member| member.user_id == eve.user_id).unwrap();
    assert_eq!((of_eve.role, of_eve.created_at), (Role::Admin, world.now()));
    backend.team_member_change(&eve, crew, dan.user_id, Role::Member).await.unwrap();
    // Once out, out: an old invitation does not bring her back.
    backend.team_member_remove(&ada, crew, eve.user_id).await.unwrap();
    world.sign_in("eve@example.org").await;
    assert_eq!(backend.team_list(&eve).await.unwrap().len(), 1);
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn nobody_is_added_twice(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let (ada, bob) = (world.person("Ada").await, world.person("Bob").await);
    let team = world.team(&ada, "Crew", &[(&bob, Role::Viewer)]).await;
    let add = async |viewer: &Viewer, email: &str, role| {
        refusal(world.backend.team_member_add(viewer, team, somebody(email, role)).await)
    };
    let said = |text: &str| Refusal::Conflict(text.into());
    assert_eq!(
        add(&ada, "bob@example.org", Role::Admin).await,
        said("bob@example.org is in this team already, as viewer.")
    );
    assert_eq!(add(&ada, " ADA@example.org", Role::Viewer).await, said("You are in this team already, as owner."));
    world.backend.team_member_change(&ada, team, bob.user_id, Role::Admin).await.unwrap();
    assert_eq!(
        add(&bob, "ada@example.org", Role::Viewer).await,
        said("ada@example.org is in this team already, as owner.")
    );
    assert_eq!(add(&bob, "bob@example.org", Role::Viewer).await, said("You are in this team already, as admin."));
    assert_eq!(roles(&world, team).await, [("Ada".into(), Role::Owner), ("Bob".into(), Role::Admin)]);
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn an_owner_hands_the_team_over_and_may_then_leave(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let (ada, bob, cleo) = (world.person("Ada").await, world.person("Bob").await, world.person("Cleo").await);
    let team = world.team(&ada, "Crew", &[(&bob, Role::Admin), (&cleo, Role::Viewer)]).await;
    let task = world.team_task(&ada, team, "Ada's").await;
    let backend = &world.backend;
    assert!(matches!(refusal(backend.team_leave(&ada, team).await), Refusal::Conflict(_)));
    assert!(matches!(refusal(backend.team_transfer(&ada, team, ada.user_id).await), Refusal::Conflict(_)));

    // To anybody in the team, also to one who could only look on.
    backend.team_transfer(&ada, team, cleo.user_id).await.unwrap();
    let now: Vec<_> = roles(&world, team).await.into_iter().map(|(_, role)| role).collect();
    assert_eq!(now, [Role::Admin, Role::Admin, Role::Owner]);
    assert_eq!(refusal(backend.team_transfer(&ada, team, bob.user_id).await), Refusal::Forbidden);
    assert_eq!(refusal(backend.team_delete(&ada, team, None).await), Refusal::Forbidden);
    assert_eq!(backend.task_get(&ada, task.id).await.unwrap().user_id, ada.user_id, "the task is still hers");

    backend.team_leave(&ada, team).await.unwrap();
    assert_eq!(refusal(backend.team_get(&ada, team).await), Refusal::NotFound);
    assert_eq!(refusal(backend.task_get(&ada, task.id).await), Refusal::NotFound);
    assert_eq!(backend.task_get(&cleo, task.id).await.unwrap().user_id, cleo.user_id);
    assert_eq!(backend.team_list(&cleo).await.unwrap()[0].role, Role::Owner);
    assert_eq!(refusal(backend.team_leave(&ada, team).await), Refusal::NotFound);
    assert_counted(&world).await;
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn a_deleted_team_leaves_its_tasks_to_their_owners(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let (ada, bob, cleo, dan) =
        (world.person("Ada").await, world.person("Bob").await, world.person("Cleo").await, world.person("Dan").await);
    let team = world.team(&ada, "Crew", &[(&bob, Role::Admin), (&cleo, Role::Member)]).await;
    let other = world.team(&ada, "Other", &[(&bob, Role::Member)]).await;
    let backend = &world.backend;
    let of_ada = world.team_task(&ada, team, "Ada's").await;
    let of_bob = world.team_task(&bob, team, "Bob's").await;
    let of_cleo = world.team_task(&cleo, team, "Cleo's").await;
    let deleted = world.team_task(&cleo, team, "deleted").await;
    let elsewhere = world.team_task(&bob, other, "elsewhere").await;
    for task in [of_cleo.id, deleted.id] {
        world.share(&cleo, task, &dan, Permission::Edit).await;
    }
    backend.task_update(&bob, of_bob.id, TaskChange::status(Status::Completed)).await.unwrap();
    backend.task_delete(&bob, deleted.id, None).await.unwrap();
    // Who has tasks and may now only look on keeps them all the same.
    backend.team_member_change(&ada, team, cleo.user_id, Role::Viewer).await.unwrap();
    assert_eq!(backend.task_get(&cleo, of_cleo.id).await.unwrap().access, Access::Viewer);

    backend.team_delete(&ada, team, None).await.unwrap();

    assert_eq!(refusal(backend.task_restore(&bob, deleted.id).await), Refusal::NotFound);
    assert_eq!(backend.task_restore(&cleo, deleted.id).await.unwrap().access, Access::Owner);
    for (owner, task) in [(&ada, of_ada.id), (&bob, of_bob.id), (&cleo, of_cleo.id), (&cleo, deleted.id)] {
        for viewer in [&ada, &bob, &cleo] {
            let seen = backend.task_get(viewer, task).await;
            if viewer.user_id == owner.user_id {
                let seen = seen.unwrap();
                assert_eq!((seen.user_id, seen.owner.as_ref()), (owner.user_id, None));
                assert_eq!((seen.team_id, seen.team.as_ref(), seen.access), (None, None, Access::Owner));
            } else {
                assert_eq!(refusal(seen), Refusal::NotFound);
            }
        }
    }
    for task in [of_cleo.id, deleted.id] {
        assert_eq!(backend.task_get(&dan, task).await.unwrap().access, Access::Edit, "what was shared stays shared");
    }
    assert_eq!(backend.task_get(&bob, elsewhere.id).await.unwrap().team_id, Some(other));
    assert_counted(&world).await;
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn whoever_leaves_hands_their_tasks_to_the_owner(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let (ada, bob, cleo, dan) =
        (world.person("Ada").await, world.person("Bob").await, world.person("Cleo").await, world.person("Dan").await);
    let backend = &world.backend;
    for (n, by_themselves) in [true, false].into_iter().enumerate() {
        let team = world.team(&ada, &format!("Crew {n}"), &[(&bob, Role::Member)]).await;
        let form = NewTask::parse("from a form", "", Some(Uuid::from_u128(7))).unwrap().in_team(Some(team));
        let open = backend.task_create(&bob, form.clone()).await.unwrap();
        let done = world.team_task(&bob, team, "done").await;
        let deleted = world.team_task(&bob, team, "deleted").await;
        let of_ada = world.team_task(&ada, team, "Ada's").await;
        let alone = world.task(&bob, "alone").await;
        backend.task_update(&bob, done.id, TaskChange::status(Status::Completed)).await.unwrap();
        // Cleo, who is to become the owner, and Dan, who stays outside, have shares of what is there and what is not.
        for task in [open.id, deleted.id] {
            world.share(&bob, task, &cleo, Permission::Edit).await;
            world.share(&bob, task, &dan, Permission::View).await;
        }
        backend.share_give(&bob, open.id, NewShare::parse("new@example.org", "view").unwrap()).await.unwrap();
        backend.task_delete(&bob, deleted.id, None).await.unwrap();
        world.join(&ada, team, &cleo, Role::Viewer).await;
        backend.team_transfer(&ada, team, cleo.user_id).await.unwrap();
        assert_counted(&world).await;

        match by_themselves {
            true => backend.team_leave(&bob, team).await.unwrap(),
            false => backend.team_member_remove(&ada, team, bob.user_id).await.unwrap(),
        }

        for task in [open.id, done.id] {
            assert_eq!(refusal(backend.task_get(&bob, task).await), Refusal::NotFound);
            let seen = backend.task_get(&cleo, task).await.unwrap();
            assert_eq!((seen.user_id, seen.owner, seen.team_id), (cleo.user_id, None, Some(team)));
            assert_eq!(backend.task_get(&ada, task).await.unwrap().owner.as_deref(), Some("Cleo"));
        }
        assert_eq!(backend.task_deleted(&bob, deleted.id).await.unwrap(), None);
        assert_eq!(refusal(backend.task_restore(&bob, deleted.id).await), Refusal::NotFound);
        assert_eq!(backend.task_restore(&cleo, deleted.id).await.unwrap().user_id, cleo.user_id);
        for task in [open.id, deleted.id] {
            let shares = backend.share_list(&cleo, task).await.unwrap();
            let with: Vec<_> = shares.iter().map(|share| share.email.as_str()).collect();
            let expected: &[&str] =
                if task == open.id { &["dan@example.org", "new@example.org"] } else { &["dan@example.org"] };
            assert_eq!(with, expected, "Cleo's own share is gone, the others stay");
            assert_eq!(backend.task_get(&dan, task).await.unwrap().access, Access::View);
        }
        assert_eq!(backend.task_get(&ada, of_ada.id).await.unwrap().user_id, ada.user_id);
        assert_eq!(backend.task_get(&bob, alone.id).await.unwrap().access, Access::Owner);
        assert_counted(&world).await;

        // Back again, Bob sends his old form once more: it makes a task of his own.
        world.join(&cleo, team, &bob, Role::Member).await;
        assert_eq!(backend.task_get(&bob, open.id).await.unwrap().access, Access::Member);
        let change = TaskChange::status(Status::Completed);
        assert_eq!(refusal(backend.task_update(&bob, open.id, change).await), Refusal::Forbidden);
        let again = backend.task_create(&bob, form).await.unwrap();
        assert_ne!(again.id, open.id);
        assert_eq!(again.user_id, bob.user_id);
        backend.share_uninvite(&cleo, open.id, Email::parse("new@example.org").unwrap()).await.unwrap();
    }
    assert_counted(&world).await;
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn a_team_has_a_bounded_number_of_people(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let (ada, bob) = (world.person("Ada").await, world.person("Bob").await);
    let team = world.team(&ada, "Crew", &[]).await;
    sqlx::query(
        "INSERT INTO team_invitations SELECT $1, n || '@example.org', 'viewer', now() FROM generate_series(1, $2) n",
    )
    .bind(team.0)
    .bind(TEAM_PEOPLE_MAX - 1)
    .execute(&mut world.owner().await)
    .await
    .unwrap();
    let add = async |email: &str| world.backend.team_member_add(&ada, team, somebody(email, Role::Member)).await;
    for email in ["bob@example.org", "new@example.org"] {
        assert!(matches!(refusal(add(email).await), Refusal::Conflict(_)), "{email}");
    }
    // Who is counted already may be invited anew, and their sign-up makes the team no fuller.
    assert_eq!(add("7@example.org").await.unwrap(), Added::Invited);
    let seven = sign_up(&world, "7@example.org", "Seven").await;
    assert_eq!(world.backend.team_list(&seven).await.unwrap()[0].role, Role::Member);
    assert!(matches!(refusal(add("bob@example.org").await), Refusal::Conflict(_)));
    world.backend.team_uninvite(&ada, team, Email::parse("8@example.org").unwrap()).await.unwrap();
    assert_eq!(add("bob@example.org").await.unwrap(), Added::Now);
    assert!(matches!(refusal(add("new@example.org").await), Refusal::Conflict(_)));
    world.backend.team_leave(&bob, team).await.unwrap();
    assert_eq!(add("new@example.org").await.unwrap(), Added::Invited);
}

/// Gives somebody as many teams as they may own but one.
pub async fn almost_too_many_teams(world: &World, owner: &Viewer) {
    sqlx::query(
        "WITH team AS (
             INSERT INTO teams (id, name, created_at)
             SELECT gen_random_uuid(), 'Team ' || n, now() FROM generate_series(1, $2) n RETURNING id
         )
         INSERT INTO team_members SELECT id, $1, 'owner', now() FROM team",
    )
    .bind(owner.user_id.0)
    .bind(TEAMS_OWNED_MAX - 1)
    .execute(&mut world.owner().await)
    .await
    .unwrap();
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn nobody_makes_more_teams_than_one_may_own(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let (ada, bob) = (world.person("Ada").await, world.person("Bob").await);
    almost_too_many_teams(&world, &ada).await;
    let make = async |viewer: &Viewer, name: &str| world.backend.team_create(viewer, texts(name, "")).await;
    let last = make(&ada, "the last").await.unwrap();
    assert!(matches!(refusal(make(&ada, "one more").await), Refusal::Conflict(_)));
    assert_eq!(world.backend.team_list(&ada).await.unwrap().len() as i64, TEAMS_OWNED_MAX);
    // Being in others' teams is not owning them, neither is having owned one.
    let of_bob = make(&bob, "Bob's").await.unwrap().id;
    world.join(&bob, of_bob, &ada, Role::Admin).await;
    world.join(&ada, last.id, &bob, Role::Member).await;
    world.backend.team_transfer(&ada, last.id, bob.user_id).await.unwrap();
    assert!(make(&ada, "one more").await.is_ok());
}
