//! Sharing single tasks, and what people see of each other by it (requirements S3, S4).

use crate::{
    support::{World, as_viewer, refusal},
    teams::{assert_counted, sign_up},
};
use chrono::TimeDelta;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use std::collections::BTreeSet;
use taskwire_backend::{Error, Viewer};
use taskwire_domain::{
    Error as Refusal, TaskId, TeamId, UserId,
    account::Email,
    share::{NewShare, Permission, SHARES_MAX},
    task::{Access, PAGE_SIZE, Sort, Source, Status, Task, TaskChange, TaskQuery},
    team::{Added, NewMember, Role},
};
use uuid::Uuid;

async fn give(
    world: &World,
    viewer: &Viewer,
    task: TaskId,
    email: &str,
    permission: Permission,
) -> Result<Added, Error> {
    world.backend.share_give(viewer, task, NewShare::parse(email, permission.as_str()).unwrap()).await
}

/// Whom a task is shared with, as its sharer sees it: name, address, permission.
async fn listed(world: &World, viewer: &Viewer, task: TaskId) -> Vec<(String, String, Permission)> {
    let shares = world.backend.share_list(viewer, task).await.unwrap();
    shares.into_iter().map(|share| (share.name, share.email, share.permission)).collect()
}

fn renamed(title: &str) -> TaskChange {
    TaskChange::parse(Some(title), None, None, None).unwrap()
}

/// What the viewer's dashboard says is shared with them: to view, to edit.
async fn shared(world: &World, viewer: &Viewer) -> (i64, i64) {
    let statistics = world.backend.dashboard_read(viewer, None).await.unwrap().statistics;
    (statistics.shared_view, statistics.shared_edit)
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn a_share_from_its_giving_to_its_taking_back(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let (ada, bob) = (world.person("Ada").await, world.person("Bob").await);
    let task = world.task(&ada, "shared").await;
    let alone = world.task(&ada, "not shared").await;
    let backend = &world.backend;
    assert_eq!(refusal(backend.task_get(&bob, task.id).await), Refusal::NotFound);

    world.pass(TimeDelta::minutes(1));
    assert_eq!(give(&world, &ada, task.id, " BOB@Example.org", Permission::View).await.unwrap(), Added::Now);
    let given_at = world.now();
    let seen = backend.task_get(&bob, task.id).await.unwrap();
    assert_eq!((seen.access, seen.user_id, seen.owner.as_deref()), (Access::View, ada.user_id, Some("Ada")));
    assert_eq!((seen.title.as_str(), seen.version, seen.updated_at), ("shared", 1, task.updated_at));
    assert_eq!(backend.task_get(&ada, task.id).await.unwrap(), task, "it is Ada's as before");
    let in_list = backend.task_list(&bob, &TaskQuery { source: Source::Shared, ..TaskQuery::default() }).await.unwrap();
    assert_eq!(in_list.tasks, [seen]);
    assert_eq!(refusal(backend.task_update(&bob, task.id, renamed("Bob's")).await), Refusal::Forbidden);
    assert_eq!(shared(&world, &bob).await, (1, 0));

    // Again, to allow more, then less; it is one share since the first day.
    world.pass(TimeDelta::minutes(1));
    assert_eq!(give(&world, &ada, task.id, "bob@example.org", Permission::Edit).await.unwrap(), Added::Now);
    let shares = backend.share_list(&ada, task.id).await.unwrap();
    let [share] = shares.as_slice() else { panic!("{shares:?}") };
    assert_eq!((share.user_id, share.name.as_str()), (Some(bob.user_id), "Bob"));
    assert_eq!(
        (share.email.as_str(), share.permission, share.created_at),
        ("bob@example.org", Permission::Edit, given_at)
    );
    let edited = backend.task_update(&bob, task.id, renamed("Bob's")).await.unwrap();
    assert_eq!((edited.access, edited.version, edited.owner.as_deref()), (Access::Edit, 2, Some("Ada")));
    backend.task_update(&bob, task.id, TaskChange::status(Status::Completed)).await.unwrap();
    assert_eq!(backend.task_get(&ada, task.id).await.unwrap().title, "Bob's");
    assert_eq!(shared(&world, &bob).await, (0, 1));
    assert_eq!(backend.dashboard_read(&ada, None).await.unwrap().statistics.completed, 1, "done, whoever did it");
    assert_eq!(backend.dashboard_read(&bob, None).await.unwrap().statistics.completed, 0);
    give(&world, &ada, task.id, "bob@example.org", Permission::View).await.unwrap();
    assert_eq!(refusal(backend.task_update(&bob, task.id, renamed("no more")).await), Refusal::Forbidden);

    backend.share_revoke(&ada, task.id, bob.user_id).await.unwrap();
    assert_eq!(refusal(backend.task_get(&bob, task.id).await), Refusal::NotFound);
    assert_eq!(refusal(backend.share_decline(&bob, task.id).await), Refusal::NotFound);
    assert_eq!(listed(&world, &ada, task.id).await, []);
    assert_eq!(shared(&world, &bob).await, (0, 0));
    // What is not there needs no taking back: not twice, not from a stranger, not from oneself.
    for user in [bob.user_id, UserId(Uuid::from_u128(1)), ada.user_id] {
        backend.share_revoke(&ada, task.id, user).await.unwrap();
    }
    assert_eq!(refusal(backend.task_get(&bob, alone.id).await), Refusal::NotFound);
    assert_counted(&world).await;
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn whoever_has_a_share_may_give_it_back_and_not_pass_it_on(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let (ada, bob, cleo) = (world.person("Ada").await, world.person("Bob").await, world.person("Cleo").await);
    let backend = &world.backend;
    for permission in Permission::ALL.iter().copied() {
        let task = world.task(&ada, "shared").await;
        world.share(&ada, task.id, &bob, permission).await;
        world.share(&ada, task.id, &cleo, permission).await;
        for email in ["cleo@example.org", "new@example.org", "ada@example.org", "bob@example.org"] {
            let given = give(&world, &bob, task.id, email, Permission::Edit).await;
            assert_eq!(refusal(given), Refusal::Forbidden, "{email}");
        }
        assert_eq!(refusal(backend.share_list(&bob, task.id).await), Refusal::Forbidden);
        assert_eq!(refusal(backend.share_revoke(&bob, task.id, cleo.user_id).await), Refusal::Forbidden);
        let address = Email::parse("new@example.org").unwrap();
        assert_eq!(refusal(backend.share_uninvite(&bob, task.id, address).await), Refusal::Forbidden);
        assert_eq!(refusal(backend.task_delete(&bob, task.id, None).await), Refusal::Forbidden);
        assert_eq!(backend.share_by_me(&bob, None).await.unwrap().tasks, []);
        let both = [("Bob", "bob@example.org"), ("Cleo", "cleo@example.org")];
        let both = both.map(|(name, email)| (name.to_owned(), email.to_owned(), permission));
        assert_eq!(listed(&world, &ada, task.id).await, both);

        backend.share_decline(&bob, task.id).await.unwrap();
        assert_eq!(refusal(backend.task_get(&bob, task.id).await), Refusal::NotFound);
        assert_eq!(listed(&world, &ada, task.id).await, both[1..]);
        assert_eq!(backend.task_get(&cleo, task.id).await.unwrap().title, "shared");
    }
    assert_counted(&world).await;
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn nobody_is_given_what_they_have_without_a_share(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let (ada, bob, cleo) = (world.person("Ada").await, world.person("Bob").await, world.person("Cleo").await);
    let team = world.team(&ada, "Crew", &[(&bob, Role::Admin), (&cleo, Role::Viewer)]).await;
    let alone = world.task(&ada, "alone").await;
    let of_ada = world.team_task(&ada, team, "Ada's").await;
    let of_bob = world.team_task(&bob, team, "Bob's").await;
    for permission in Permission::ALL.iter().copied() {
        for (viewer, task, email) in [
            (&ada, &alone, "ada@example.org"),
            (&ada, &of_ada, "Ada@example.org"),
            (&ada, &of_ada, "cleo@example.org"),
            (&ada, &of_bob, "bob@example.org"),
            (&ada, &of_bob, "ada@example.org"),
            (&bob, &of_ada, "ada@example.org"),
            (&bob, &of_ada, "bob@example.org"),
            (&bob, &of_ada, "cleo@example.org"),
        ] {
            let given = refusal(give(&world, viewer, task.id, email, permission).await);
            assert!(matches!(given, Refusal::Conflict(_)), "{email} of “{}”: {given:?}", task.title);
        }
    }
    // A task outside of the team is another matter, and what was shared before they joined stays a share.
    assert_eq!(give(&world, &ada, alone.id, "cleo@example.org", Permission::View).await.unwrap(), Added::Now);
    let rows = sqlx::query_scalar("SELECT count(*) FROM task_shares");
    let rows: i64 = rows.fetch_one(&mut world.owner().await).await.unwrap();
    assert_eq!(rows, 1);
    let dan = world.person("Dan").await;
    give(&world, &ada, of_ada.id, "dan@example.org", Permission::View).await.unwrap();
    world.join(&ada, team, &dan, Role::Admin).await;
    for viewer in [&ada, &bob, &dan] {
        for permission in Permission::ALL.iter().copied() {
            assert_eq!(give(&world, viewer, of_ada.id, "dan@example.org", permission).await.unwrap(), Added::Now);
            let expected = [("Dan".to_owned(), "dan@example.org".to_owned(), permission)];
            assert_eq!(listed(&world, &ada, of_ada.id).await, expected);
        }
    }
    assert!(NewShare::parse("cleo@example.org", "own").unwrap_err().about("permission").is_some());
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn the_same_share_twice_is_one(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let (ada, bob) = (world.person("Ada").await, world.person("Bob").await);
    let task = world.task(&ada, "shared").await;
    for _ in 0..2 {
        assert_eq!(give(&world, &ada, task.id, "bob@example.org", Permission::View).await.unwrap(), Added::Now);
        assert_eq!(give(&world, &ada, task.id, "new@example.org", Permission::Edit).await.unwrap(), Added::Invited);
    }
    let expected = [("Bob", "bob@example.org", Permission::View), ("", "new@example.org", Permission::Edit)];
    let expected = expected.map(|(name, email, permission)| (name.to_owned(), email.to_owned(), permission));
    assert_eq!(listed(&world, &ada, task.id).await, expected);
    assert_eq!(shared(&world, &bob).await, (1, 0));
    assert_counted(&world).await;
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn changing_a_share_gives_none_that_is_not_there(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let (ada, bob) = (world.person("Ada").await, world.person("Bob").await);
    let backend = &world.backend;
    let task = world.task(&ada, "shared").await;
    let change = async |email: &str, permission: Permission| {
        backend.share_change(&ada, task.id, NewShare::parse(email, permission.as_str()).unwrap()).await
    };
    let shares = async || {
        let shares = backend.share_list(&ada, task.id).await.unwrap();
        shares.into_iter().map(|share| (share.email, share.permission)).collect::<Vec<_>>()
    };
    for email in ["bob@example.org", "eve@example.org", "ada@example.org"] {
        let refused = refusal(change(email, Permission::Edit).await);
        assert!(matches!(refused, Refusal::Conflict(text) if text.contains(email)), "{email}");
    }
    assert_eq!(shares().await, []);

    world.share(&ada, task.id, &bob, Permission::View).await;
    give(&world, &ada, task.id, "eve@example.org", Permission::View).await.unwrap();
    change("BOB@example.org", Permission::Edit).await.unwrap();
    change("eve@example.org", Permission::Edit).await.unwrap();
    let both = ["bob@example.org", "eve@example.org"].map(|email| (email.to_owned(), Permission::Edit));
    assert_eq!(shares().await, both);
    backend.task_update(&bob, task.id, renamed("Bob was here")).await.unwrap();

    // Whoever was invited when the page was read, and has signed up by now.
    let eve = sign_up(&world, "eve@example.org", "Eve").await;
    change("eve@example.org", Permission::View).await.unwrap();
    assert_eq!(refusal(backend.task_update(&eve, task.id, renamed("Eve, too")).await), Refusal::Forbidden);
    assert_eq!((shared(&world, &bob).await, shared(&world, &eve).await), ((0, 1), (1, 0)));

    backend.share_revoke(&ada, task.id, bob.user_id).await.unwrap();
    assert!(matches!(refusal(change("bob@example.org", Permission::Edit).await), Refusal::Conflict(_)));
    assert_eq!(shares().await, [("eve@example.org".to_owned(), Permission::View)]);
    assert_counted(&world).await;
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn an_invitation_to_a_task_holds_from_the_sign_up_on(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let (ada, zoe) = (world.person("Ada").await, world.person("Zoe").await);
    let backend = &world.backend;
    let (task, other, gone) =
        (world.task(&ada, "shared").await, world.task(&ada, "other").await, world.task(&ada, "gone").await);
    let team = world.team(&ada, "Crew", &[]).await;
    let in_team = world.team_task(&ada, team, "in the team").await;
    world.share(&ada, task.id, &zoe, Permission::View).await;
    assert_eq!(give(&world, &ada, task.id, " Eve@EXAMPLE.org", Permission::View).await.unwrap(), Added::Invited);
    assert_eq!(give(&world, &ada, task.id, "fay@example.org", Permission::Edit).await.unwrap(), Added::Invited);
    // The last word counts.
    assert_eq!(give(&world, &ada, task.id, "eve@example.org", Permission::Edit).await.unwrap(), Added::Invited);
    for id in [other.id, gone.id, in_team.id] {
        assert_eq!(give(&world, &ada, id, "eve@example.org", Permission::View).await.unwrap(), Added::Invited);
    }
    // Those who are there come before those who may come.
    let shares = backend.share_list(&ada, task.id).await.unwrap();
    let shares: Vec<_> = shares.iter().map(|s| (s.user_id, s.name.as_str(), s.email.as_str(), s.permission)).collect();
    assert_eq!(
        shares,
        [
            (Some(zoe.user_id), "Zoe", "zoe@example.org", Permission::View),
            (None, "", "eve@example.org", Permission::Edit),
            (None, "", "fay@example.org", Permission::Edit)
        ]
    );
    let fay = Email::parse("FAY@example.org").unwrap();
    backend.share_uninvite(&ada, task.id, fay.clone()).await.unwrap();
    backend.share_uninvite(&ada, task.id, fay).await.unwrap();
    assert_eq!(give(&world, &ada, gone.id, "gus@example.org", Permission::Edit).await.unwrap(), Added::Invited);
    backend.task_delete(&ada, gone.id, None).await.unwrap();

    let eve = sign_up(&world, "EVE@example.org ", "Eve").await;
    // What was taken up cannot be taken back as if it waited.
    let withdrawn = backend.share_uninvite(&ada, task.id, Email::parse("eve@example.org").unwrap()).await;
    assert!(matches!(refusal(withdrawn), Refusal::Conflict(text) if text.starts_with("eve@example.org")));
    let fay = sign_up(&world, "fay@example.org", "Fay").await;
    let query = TaskQuery { source: Source::Shared, sort: Sort::Oldest, ..TaskQuery::default() };
    let seen = backend.task_list(&eve, &query).await.unwrap().tasks;
    let seen: Vec<_> = seen.iter().map(|task| (task.title.as_str(), task.access, task.owner.as_deref())).collect();
    assert_eq!(
        seen,
        [
            ("shared", Access::Edit, Some("Ada")),
            ("other", Access::View, Some("Ada")),
            ("in the team", Access::View, Some("Ada"))
        ]
    );
    assert_eq!(shared(&world, &eve).await, (2, 1));
    backend.task_update(&eve, task.id, renamed("Eve was here")).await.unwrap();
    assert_eq!(backend.task_list(&fay, &TaskQuery::default()).await.unwrap().tasks, []);
    let names: Vec<_> = listed(&world, &ada, task.id).await.into_iter().map(|(name, ..)| name).collect();
    assert_eq!(names, ["Eve", "Zoe"]);
    let left: i64 =
        sqlx::query_scalar("SELECT count(*) FROM share_invitations").fetch_one(&mut world.owner().await).await.unwrap();
    assert_eq!(left, 0);
    // Who signed up meanwhile has the task as soon as it is back, and who did not stays invited.
    backend.task_restore(&ada, gone.id).await.unwrap();
    let back = backend.share_list(&ada, gone.id).await.unwrap();
    let back: Vec<_> = back.iter().map(|s| (s.user_id, s.email.as_str(), s.permission)).collect();
    assert_eq!(
        back,
        [(Some(eve.user_id), "eve@example.org", Permission::View), (None, "gus@example.org", Permission::Edit)]
    );
    assert_eq!(backend.task_get(&eve, gone.id).await.unwrap().access, Access::View);
    let gus = sign_up(&world, "gus@example.org", "Gus").await;
    assert_eq!(backend.task_get(&gus, gone.id).await.unwrap().access, Access::Edit);
    assert_counted(&world).await;
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn who_is_invited_to_a_task_and_into_its_team_comes_by_both_ways(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let ada = world.person("Ada").await;
    let team = world.team(&ada, "Crew", &[]).await;
    let task = world.team_task(&ada, team, "both").await;
    give(&world, &ada, task.id, "eve@example.org", Permission::Edit).await.unwrap();
    let new = NewMember::parse("eve@example.org", "viewer").unwrap();
    assert_eq!(world.backend.team_member_add(&ada, team, new).await.unwrap(), Added::Invited);
    let eve = sign_up(&world, "eve@example.org", "Eve").await;
    let seen = world.backend.task_get(&eve, task.id).await.unwrap();
    assert_eq!((seen.access, seen.team.as_deref()), (Access::Edit, Some("Crew")), "the widest counts");
    world.backend.share_decline(&eve, task.id).await.unwrap();
    assert_eq!(world.backend.task_get(&eve, task.id).await.unwrap().access, Access::Viewer);
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn a_task_is_shared_by_those_who_run_its_team(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let (ada, bob, cleo, dan, eve) = (
        world.person("Ada").await,
        world.person("Bob").await,
        world.person("Cleo").await,
        world.person("Dan").await,
        world.person("Eve").await,
    );
    let members = [(&bob, Role::Admin), (&cleo, Role::Member), (&dan, Role::Member)];
    let team = world.team(&ada, "Crew", &members).await;
    let backend = &world.backend;
    let task = world.team_task(&cleo, team, "Cleo's").await;
    for sharer in [&ada, &bob, &cleo] {
        world.share(sharer, task.id, &eve, Permission::Edit).await;
        assert_eq!(backend.task_get(&eve, task.id).await.unwrap().owner.as_deref(), Some("Cleo"));
        for other in [&ada, &bob, &cleo] {
            let eves = ("Eve".to_owned(), "eve@example.org".to_owned(), Permission::Edit);
            assert_eq!(listed(&world, other, task.id).await, [eves]);
        }
        // Whoever shared it: it is Cleo who has shared a task.
        assert_eq!(
            backend.share_by_me(sharer, None).await.unwrap().tasks.len(),
            usize::from(sharer.user_id == cleo.user_id)
        );
        backend.share_revoke(&bob, task.id, eve.user_id).await.unwrap();
        assert_eq!(refusal(backend.task_get(&eve, task.id).await), Refusal::NotFound);
    }
    // Dan works in the team; the task is not his.
    assert_eq!(refusal(give(&world, &dan, task.id, "eve@example.org", Permission::View).await), Refusal::Forbidden);
    assert_eq!(refusal(backend.share_list(&dan, task.id).await), Refusal::Forbidden);
    world.share(&cleo, task.id, &eve, Permission::View).await;
    assert_eq!(refusal(backend.share_revoke(&dan, task.id, eve.user_id).await), Refusal::Forbidden);
    // Cleo may now only look on, also at what she has made.
    backend.team_member_change(&ada, team, cleo.user_id, Role::Viewer).await.unwrap();
    assert_eq!(refusal(give(&world, &cleo, task.id, "new@example.org", Permission::View).await), Refusal::Forbidden);
    assert_eq!(refusal(backend.share_revoke(&cleo, task.id, eve.user_id).await), Refusal::Forbidden);
    assert_eq!(backend.share_by_me(&cleo, None).await.unwrap().tasks, []);
    assert_eq!(backend.task_get(&eve, task.id).await.unwrap().access, Access::View);
    // Nor is what lies outside of the team for the team's owner to share.
    let alone = world.task(&dan, "alone").await;
    assert_eq!(refusal(give(&world, &ada, alone.id, "eve@example.org", Permission::View).await), Refusal::NotFound);
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn a_task_of_others_and_none_at_all_get_the_same_answer(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let (ada, bob) = (world.person("Ada").await, world.person("Bob").await);
    let of_ada = world.task(&ada, "Ada's").await.id;
    world.share(&ada, of_ada, &world.person("Cleo").await, Permission::View).await;
    let gone = world.task(&ada, "gone").await.id;
    world.backend.task_delete(&ada, gone, None).await.unwrap();
    for task in [of_ada, gone, TaskId(999_999), TaskId(0), TaskId(-1), TaskId(i64::MAX)] {
        for email in ["cleo@example.org", "new@example.org", "bob@example.org", "ada@example.org"] {
            assert_eq!(refusal(give(&world, &bob, task, email, Permission::View).await), Refusal::NotFound);
            let address = Email::parse(email).unwrap();
            assert_eq!(refusal(world.backend.share_uninvite(&bob, task, address).await), Refusal::NotFound);
        }
        assert_eq!(refusal(world.backend.share_list(&bob, task).await), Refusal::NotFound);
        for user in [ada.user_id, bob.user_id, UserId(Uuid::nil())] {
            assert_eq!(refusal(world.backend.share_revoke(&bob, task, user).await), Refusal::NotFound);
        }
    }
    assert_eq!(world.backend.share_list(&ada, of_ada).await.unwrap().len(), 1);
}

/// All that a person's own connection reads of others, without any filter: names, teams, members, invitations.
async fn reads(world: &World, viewer: &Viewer) -> (Vec<String>, i64) {
    let mut connection = as_viewer(world, viewer).await;
    let names = sqlx::query_scalar("SELECT name || ' ' || email FROM users ORDER BY name");
    let names = names.fetch_all(&mut connection).await.unwrap();
    let rest = sqlx::query_scalar(
        "SELECT (SELECT count(*) FROM teams) + (SELECT count(*) FROM team_members)
             + (SELECT count(*) FROM team_invitations) + (SELECT count(*) FROM share_invitations)",
    );
    (names, rest.fetch_one(&mut connection).await.unwrap())
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn whoever_is_given_a_teams_task_learns_its_owners_name_and_nothing_of_the_team(
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
    let team = world.team(&ada, "Secret crew", &[(&bob, Role::Admin), (&cleo, Role::Member)]).await;
    let new = NewMember::parse("new@example.org", "viewer").unwrap();
    world.backend.team_member_add(&ada, team, new).await.unwrap();
    let task = world.team_task(&cleo, team, "Cleo's").await;
    world.team_task(&ada, team, "not shared").await;
    give(&world, &cleo, task.id, "new@example.org", Permission::View).await.unwrap();
    world.share(&bob, task.id, &dan, Permission::Edit).await;
    world.share(&bob, task.id, &eve, Permission::View).await;
    let backend = &world.backend;
    for viewer in [&dan, &eve] {
        let seen = backend.task_get(viewer, task.id).await.unwrap();
        assert_eq!((seen.team_id, seen.team.as_ref(), seen.owner.as_deref()), (None, None, Some("Cleo")));
        for source in [Source::All, Source::Shared] {
            let page = backend.task_list(viewer, &TaskQuery { source, ..TaskQuery::default() }).await.unwrap();
            assert_eq!(page.tasks, std::slice::from_ref(&seen));
        }
        let own = backend.task_list(viewer, &TaskQuery { source: Source::Own, ..TaskQuery::default() }).await.unwrap();
        assert_eq!(own.tasks, []);
        let of_team = TaskQuery { source: Source::Team(team), ..TaskQuery::default() };
        assert_eq!(refusal(backend.task_list(viewer, &of_team).await), Refusal::NotFound);
        assert_eq!(refusal(backend.team_get(viewer, team).await), Refusal::NotFound);
        assert_eq!(backend.team_list(viewer).await.unwrap(), []);
        assert_eq!(backend.dashboard_read(viewer, None).await.unwrap().teams, []);
        // Also below the operations: not the admin who gave it, not who else has it, not who is invited.
        let own = backend.account_get(viewer).await.unwrap();
        let known = vec!["Cleo cleo@example.org".to_owned(), format!("{} {}", own.name, own.email)];
        assert_eq!(reads(&world, viewer).await, (known, 0));
    }
    let edited = backend.task_update(&dan, task.id, renamed("Dan was here")).await.unwrap();
    assert_eq!((edited.team_id, edited.team), (None, None));
    // Whoever runs the team knows all who have its tasks; its members know each other.
    assert_eq!(reads(&world, &ada).await.0.len(), 5);
    assert_eq!(reads(&world, &cleo).await.0.len(), 5);
    // With the share goes the name.
    backend.share_decline(&dan, task.id).await.unwrap();
    assert_eq!(reads(&world, &dan).await, (vec!["Dan dan@example.org".to_owned()], 0));
    assert_eq!(reads(&world, &cleo).await.0.len(), 4);
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn a_share_survives_that_people_come_and_go(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let (ada, bob, cleo, dan) =
        (world.person("Ada").await, world.person("Bob").await, world.person("Cleo").await, world.person("Dan").await);
    let team = world.team(&ada, "Crew", &[(&bob, Role::Member)]).await;
    let backend = &world.backend;
    let task = world.team_task(&bob, team, "Bob's").await;
    world.share(&bob, task.id, &cleo, Permission::Edit).await;
    world.share(&bob, task.id, &dan, Permission::View).await;

    // Cleo comes into the team as one who looks on, and goes again: her share was hers throughout.
    world.join(&ada, team, &cleo, Role::Viewer).await;
    assert_eq!(backend.task_get(&cleo, task.id).await.unwrap().access, Access::Edit);
    backend.team_member_change(&ada, team, cleo.user_id, Role::Admin).await.unwrap();
    assert_eq!(backend.task_get(&cleo, task.id).await.unwrap().access, Access::Admin);
    assert_eq!(shared(&world, &cleo).await, (0, 1));
    backend.team_leave(&cleo, team).await.unwrap();
    let seen = backend.task_get(&cleo, task.id).await.unwrap();
    assert_eq!((seen.access, seen.team_id), (Access::Edit, None));

    // Bob, whose task it was, goes too.
    backend.team_leave(&bob, team).await.unwrap();
    for (viewer, access) in [(&cleo, Access::Edit), (&dan, Access::View)] {
        let seen = backend.task_get(viewer, task.id).await.unwrap();
        assert_eq!((seen.access, seen.owner.as_deref()), (access, Some("Ada")));
    }
    assert_eq!(backend.share_by_me(&bob, None).await.unwrap().tasks, []);
    assert_eq!(backend.share_by_me(&ada, None).await.unwrap().tasks[0].shares.len(), 2);
    assert_eq!(reads(&world, &bob).await.0, ["Bob bob@example.org"]);
    backend.share_revoke(&ada, task.id, dan.user_id).await.unwrap();
    assert_eq!(refusal(backend.task_get(&dan, task.id).await), Refusal::NotFound);
    assert_counted(&world).await;
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn what_one_shares_comes_in_pages_with_all_who_have_it(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let (ada, bob, cleo) = (world.person("Ada").await, world.person("Bob").await, world.person("Cleo").await);
    let team = world.team(&cleo, "Crew", &[(&ada, Role::Member)]).await;
    let backend = &world.backend;
    let page_size = PAGE_SIZE as usize;
    let mut made: Vec<Task> = Vec::new();
    for n in 0..2 * page_size + 1 {
        let task = match n % 3 {
            0 => world.team_task(&ada, team, &format!("task {n}")).await,
            _ => world.task(&ada, &format!("task {n}")).await,
        };
        if n % 2 == 0 {
            world.share(&ada, task.id, &bob, Permission::View).await;
        }
        if n % 2 == 1 || n % 5 == 0 {
            give(&world, &ada, task.id, "new@example.org", Permission::Edit).await.unwrap();
        }
        made.push(task);
    }
    world.task(&ada, "for nobody else").await;
    let of_cleo = world.task(&cleo, "Cleo's").await;
    world.share(&cleo, of_cleo.id, &bob, Permission::View).await;
    world.share(&cleo, of_cleo.id, &ada, Permission::View).await;
    backend.task_update(&ada, made[0].id, TaskChange::status(Status::Completed)).await.unwrap();

    let mut found = Vec::new();
    let mut sizes = Vec::new();
    let mut before = None;
    loop {
        let page = backend.share_by_me(&ada, before).await.unwrap();
        sizes.push(page.tasks.len());
        found.extend(page.tasks);
        before = page.next;
        if before.is_none() {
            break;
        }
    }
    assert_eq!(sizes, [page_size, page_size, 1]);
    assert_eq!(found.len(), made.len());
    for (n, (task, shown)) in made.iter().zip(found.iter().rev()).enumerate() {
        assert_eq!((shown.id, &shown.title), (task.id, &task.title));
        assert_eq!(shown.status, if n == 0 { Status::Completed } else { Status::Pending });
        let with: Vec<_> = shown.shares.iter().map(|share| (share.email.as_str(), share.permission)).collect();
        let (bobs, news) = (("bob@example.org", Permission::View), ("new@example.org", Permission::Edit));
        match (n % 2, n % 5) {
            (0, 0) => assert_eq!(with, [bobs, news]),
            (0, _) => assert_eq!(with, [bobs]),
            _ => assert_eq!(with, [news]),
        }
    }
    // A page that is just full is the last one.
    backend.share_revoke(&ada, made[0].id, bob.user_id).await.unwrap();
    backend.share_uninvite(&ada, made[0].id, Email::parse("new@example.org").unwrap()).await.unwrap();
    let second = backend.share_by_me(&ada, Some(made[page_size + 1].id)).await.unwrap();
    assert_eq!((second.tasks.len(), second.next), (page_size, None));
    assert_eq!(backend.share_by_me(&bob, None).await.unwrap().tasks, []);
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn a_person_who_is_gone_leaves_no_share_and_a_free_address(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let (ada, bob) = (world.person("Ada").await, world.person("Bob").await);
    let team = world.team(&ada, "Crew", &[]).await;
    let (task, in_team, of_bob) = (
        world.task(&ada, "shared").await,
        world.team_task(&ada, team, "in the team").await,
        world.task(&bob, "Bob's").await,
    );
    for id in [task.id, in_team.id] {
        world.share(&ada, id, &bob, Permission::Edit).await;
    }
    world.share(&bob, of_bob.id, &ada, Permission::View).await;
    world.join(&ada, team, &bob, Role::Member).await;
    let handed_over = world.team_task(&bob, team, "Bob's in the team").await;
    let backend = &world.backend;

    let mut owner = world.owner().await;
    let mut delete = async |who: &Viewer| {
        sqlx::query("DELETE FROM users WHERE id = $1").bind(who.user_id.0).execute(&mut owner).await
    };
    assert!(delete(&ada).await.unwrap_err().to_string().contains("owner"), "the team would have none");
    delete(&bob).await.unwrap();

    assert_eq!(refusal(backend.task_get(&bob, task.id).await), Refusal::Unauthorized);
    assert_eq!(refusal(backend.task_get(&ada, of_bob.id).await), Refusal::NotFound);
    assert_eq!(shared(&world, &ada).await, (0, 0));
    for id in [task.id, in_team.id] {
        assert_eq!(listed(&world, &ada, id).await, []);
    }
    assert_eq!(backend.team_get(&ada, team).await.unwrap().members.len(), 1);
    assert_eq!(backend.task_get(&ada, handed_over.id).await.unwrap().user_id, ada.user_id);
    assert_counted(&world).await;

    assert_eq!(give(&world, &ada, task.id, "bob@example.org", Permission::View).await.unwrap(), Added::Invited);
    let new = NewMember::parse("bob@example.org", "viewer").unwrap();
    assert_eq!(backend.team_member_add(&ada, team, new).await.unwrap(), Added::Invited);
    let bob = world.person("Bob").await;
    assert_eq!(backend.task_get(&bob, task.id).await.unwrap().access, Access::View);
    assert_eq!(backend.task_get(&bob, in_team.id).await.unwrap().access, Access::Viewer);
    assert_counted(&world).await;
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn a_task_is_shared_with_a_bounded_number_of_people(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let (ada, bob) = (world.person("Ada").await, world.person("Bob").await);
    let (task, other) = (world.task(&ada, "shared").await, world.task(&ada, "other").await);
    world.share(&ada, task.id, &bob, Permission::View).await;
    sqlx::query(
        "INSERT INTO share_invitations SELECT $1, $2, n || '@example.org', 'view', now() FROM generate_series(1, $3) n",
    )
    .bind(task.id.0)
    .bind(ada.user_id.0)
    .bind(SHARES_MAX - 1)
    .execute(&mut world.owner().await)
    .await
    .unwrap();
    world.person("Cleo").await;
    for email in ["cleo@example.org", "new@example.org"] {
        let given = give(&world, &ada, task.id, email, Permission::View).await;
        assert!(matches!(refusal(given), Refusal::Conflict(_)), "{email}");
    }
    // Who has it already may be allowed another thing, and other tasks are another matter.
    assert_eq!(give(&world, &ada, task.id, "bob@example.org", Permission::Edit).await.unwrap(), Added::Now);
    assert_eq!(give(&world, &ada, task.id, "7@example.org", Permission::Edit).await.unwrap(), Added::Invited);
    assert_eq!(give(&world, &ada, other.id, "cleo@example.org", Permission::View).await.unwrap(), Added::Now);
    world.backend.share_uninvite(&ada, task.id, Email::parse("8@example.org").unwrap()).await.unwrap();
    assert_eq!(give(&world, &ada, task.id, "cleo@example.org", Permission::View).await.unwrap(), Added::Now);
    let given = give(&world, &ada, task.id, "new@example.org", Permission::View).await;
    assert!(matches!(refusal(given), Refusal::Conflict(_)));
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn a_deleted_task_that_comes_back_has_everybody_it_had(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let (ada, bob, cleo) = (world.person("Ada").await, world.person("Bob").await, world.person("Cleo").await);
    let team = world.team(&ada, "Crew", &[(&bob, Role::Admin)]).await;
    let task = world.team_task(&ada, team, "comes back").await;
    world.share(&ada, task.id, &cleo, Permission::Edit).await;
    let before = listed(&world, &ada, task.id).await;
    world.backend.task_delete(&bob, task.id, None).await.unwrap();
    assert_eq!(refusal(world.backend.task_get(&cleo, task.id).await), Refusal::NotFound);
    assert_eq!(shared(&world, &cleo).await, (0, 0));
    assert_eq!(world.backend.share_by_me(&ada, None).await.unwrap().tasks, []);
    assert_eq!(refusal(world.backend.task_restore(&cleo, task.id).await), Refusal::NotFound);
    let back = world.backend.task_restore(&bob, task.id).await.unwrap();
    assert_eq!((back.user_id, back.access), (ada.user_id, Access::Admin), "brought back by another, it is still hers");
    assert_eq!(world.backend.task_get(&cleo, task.id).await.unwrap().access, Access::Edit);
    assert_eq!(listed(&world, &ada, task.id).await, before);
    assert_counted(&world).await;
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn people_know_only_those_whom_they_have_to_do_with(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let mut people = Vec::new();
    for name in ["Ada", "Bob", "Cleo", "Dan"] {
        people.push(world.person(name).await);
    }
    let knows = async |viewer: usize| -> BTreeSet<String> {
        reads(&world, &people[viewer]).await.0.into_iter().map(|name| name[..1].to_owned()).collect()
    };
    let letters = |names: &str| names.chars().map(String::from).collect::<BTreeSet<_>>();
    let all = async || (knows(0).await, knows(1).await, knows(2).await, knows(3).await);
    let expect = |a, b, c, d| (letters(a), letters(b), letters(c), letters(d));
    let [ada, bob, cleo, dan] = people.as_slice() else { panic!("four people") };
    assert_eq!(all().await, expect("A", "B", "C", "D"));
    let task = world.task(ada, "shared").await;
    world.share(ada, task.id, bob, Permission::View).await;
    world.share(ada, task.id, cleo, Permission::Edit).await;
    assert_eq!(all().await, expect("ABC", "AB", "AC", "D"));
    let team: TeamId = world.team(cleo, "Crew", &[(dan, Role::Viewer)]).await;
    assert_eq!(all().await, expect("ABC", "AB", "ACD", "CD"));
    world.backend.team_leave(dan, team).await.unwrap();
    world.backend.task_delete(ada, task.id, None).await.unwrap();
    assert_eq!(all().await, expect("A", "B", "C", "D"));
}
