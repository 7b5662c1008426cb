//! The end of an account at the moment at which something else happens to it.

use super::*;
use crate::support::PASSWORD;
use taskwire_backend::Client;
use taskwire_domain::api_token::{NewApiToken, TokenEnd, TokenScope};

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn an_account_that_is_deleted_twice_is_deleted_once(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    for round in 0..5 {
        let ada = sign_up(&world, &format!("ada{round}@example.org"), "Ada").await;
        world.task(&ada, "mine").await;
        let clicks = join_all((0..3).map(|_| world.backend.account_delete(&ada, PASSWORD))).await;
        let mut outcomes: Vec<_> = clicks.into_iter().map(|outcome| settled("delete", outcome)).collect();
        outcomes.sort_by_key(Result::is_err);
        assert_eq!(outcomes, [Ok(()), Err(Refusal::Unauthorized), Err(Refusal::Unauthorized)], "round {round}");
    }
    assert_eq!(count(&world, "SELECT count(*) FROM audit_log WHERE action = 'account.delete'").await, 5);
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn who_becomes_an_owner_at_that_moment_stays_or_is_gone_before(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let ada = world.person("Ada").await;
    let backend = &world.backend;
    for round in 0..10 {
        let bob = sign_up(&world, &format!("bob{round}@example.org"), "Bob").await;
        let team = world.team(&ada, &format!("Crew {round}"), &[(&bob, Role::Admin)]).await;
        // Somebody is at work on the team, and what they do is one of the two.
        let mut other = world.owner().await;
        run(&mut other, &format!("BEGIN; SELECT pg_advisory_xact_lock(hashtextextended('team:{team}', 0))")).await;
        let first = match round % 2 {
            0 => format!(
                "UPDATE team_members SET role = CASE user_id WHEN '{}' THEN 'owner' ELSE 'admin' END
                 WHERE team_id = '{team}'; COMMIT",
                bob.user_id
            ),
            _ => format!("DELETE FROM users WHERE id = '{}'; COMMIT", bob.user_id),
        };
        if round % 2 == 0 {
            let delete = backend.account_delete(&bob, PASSWORD);
            let refused = refusal(while_it_waits(&world, delete, run(&mut other, &first)).await);
            assert!(matches!(refused, Refusal::Conflict(_)), "{refused}");
        } else {
            let transfer = backend.team_transfer(&ada, team, bob.user_id);
            assert_eq!(refusal(while_it_waits(&world, transfer, run(&mut other, &first)).await), Refusal::NotFound);
        }
        assert_sound(&world).await;

        // Whichever comes first.
        let dan = sign_up(&world, &format!("dan{round}@example.org"), "Dan").await;
        let team = world.team(&ada, &format!("Dan's {round}"), &[(&dan, Role::Admin)]).await;
        let (deleted, handed) =
            join(backend.account_delete(&dan, PASSWORD), backend.team_transfer(&ada, team, dan.user_id)).await;
        match (settled("delete", deleted), settled("transfer", handed)) {
            (Err(Refusal::Conflict(_)), Ok(())) | (Ok(()), Err(Refusal::NotFound)) => {}
            other => panic!("{other:?}"),
        }
        assert_sound(&world).await;
    }
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn who_is_added_or_given_a_share_at_that_moment_is_invited_or_has_it_no_more(
    _: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::new(options).await;
    let ada = world.person("Ada").await;
    let (team, task) = (world.team(&ada, "Crew", &[]).await, world.task(&ada, "shared").await);
    let backend = &world.backend;
    for round in 0..15 {
        let email = format!("bob{round}@example.org");
        let bob = sign_up(&world, &email, "Bob").await;
        // Until they are gone.
        let adding = async {
            while settled("add", backend.team_member_add(&ada, team, somebody(&email, Role::Member)).await)
                != Ok(Added::Invited)
            {}
        };
        let sharing = async {
            while settled("give", backend.share_give(&ada, task.id, share_with(&email, Permission::Edit)).await)
                != Ok(Added::Invited)
            {}
        };
        let (deleted, (), ()) = join3(backend.account_delete(&bob, PASSWORD), adding, sharing).await;
        settled("delete", deleted).unwrap();
        assert_eq!(roles(&world, team).await.len(), 1);
        assert_sound(&world).await;
    }
}

/// What others, and the person themselves, do at that moment to all that the person has.
#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn nobody_waits_in_a_circle_for_an_account_that_goes(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::with(options, |settings| settings.max_connections = 20).await;
    let others = people(&world, &["Bob", "Cleo"]).await;
    let [bob, cleo] = others.as_slice() else { panic!("two people") };
    let backend = &world.backend;
    for round in 0..15 {
        let email = format!("ada{round}@example.org");
        let ada = &sign_up(&world, &email, "Ada").await;
        let mut tasks = Vec::new();
        let mut teams = Vec::new();
        for n in 0..3 {
            let team = world.team(bob, &format!("Crew {round}-{n}"), &[(ada, Role::Member), (cleo, Role::Admin)]).await;
            let (own, there) = (world.task(ada, "own").await, world.team_task(ada, team, "there").await);
            let (of_bob, given) = (world.task(bob, "Bob's").await, share_with(&email, Permission::Edit));
            world.share(ada, own.id, bob, Permission::Edit).await;
            world.share(ada, own.id, cleo, Permission::View).await;
            backend.share_give(bob, of_bob.id, given).await.unwrap();
            tasks.push([own.id, there.id, of_bob.id]);
            teams.push(team);
        }
        let alone = world.team(ada, &format!("Alone {round}"), &[]).await;
        let newcomer = format!("new{round}@example.org");
        backend.team_member_add(ada, alone, somebody(&newcomer, Role::Member)).await.unwrap();
        backend.share_give(ada, tasks[0][0], share_with(&newcomer, Permission::View)).await.unwrap();
        let gone = Cell::new(false);
        let delete = async {
            // Whoever has joined the team meanwhile stands against it.
            while let Err(refused) = settled("delete", backend.account_delete(ada, PASSWORD).await) {
                assert!(matches!(refused, Refusal::Conflict(_)), "{refused}");
                settled("delete the team", backend.team_delete(ada, alone, None).await).unwrap();
            }
            gone.set(true);
        };
        let of_others = async {
            let mut n = 0;
            while !gone.get() {
                let [own, there, of_bob] = tasks[n % 3];
                let status = if n % 2 == 0 { Status::Completed } else { Status::Pending };
                let deeds: [BoxFuture<'_, Result<(), Error>>; 6] = [
                    Box::pin(async move { backend.task_update(bob, own, TaskChange::status(status)).await.map(drop) }),
                    Box::pin(
                        async move { backend.task_update(cleo, there, TaskChange::status(status)).await.map(drop) },
                    ),
                    Box::pin(async move { backend.task_delete(cleo, there, None).await.map(drop) }),
                    Box::pin(async move { backend.task_delete(bob, of_bob, None).await.map(drop) }),
                    Box::pin(async move { backend.share_decline(cleo, own).await }),
                    Box::pin(backend.team_member_change(bob, teams[n % 3], ada.user_id, Role::Admin)),
                ];
                for outcome in join_all(deeds).await {
                    let _ = settled("deed", outcome);
                }
                let _ = settled("restore", backend.task_restore(cleo, there).await);
                n += 1;
            }
        };
        let own = async {
            while !gone.get() {
                let new = NewTask::parse("new", "", None).unwrap().in_team(Some(teams[0]));
                let robot = NewApiToken::parse("Robot", TokenScope::ALL, TokenEnd::Never).unwrap();
                let (made, signed_in, token) = join3(
                    backend.task_create(ada, new),
                    backend.account_sign_in(&Client::default(), &email, PASSWORD),
                    backend.token_create(ada, robot),
                )
                .await;
                let _ = (settled("make", made), settled("sign in", signed_in), settled("token", token));
            }
        };
        let signing_up = sign_up(&world, &newcomer, "New");
        join(join3(delete, of_others, own), signing_up).await;
        assert_eq!(count(&world, "SELECT count(*) FROM users WHERE name = 'Ada'").await, 0);
        assert_sound(&world).await;
    }
}
