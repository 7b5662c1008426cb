//! Personal API tokens: what they are good for, and when they are no longer (requirement A4).

use crate::support::{World, as_app, as_viewer, identify, refusal, try_sql};
use secrecy::ExposeSecret;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use taskwire_backend::{Client, Created, Credential, Viewer};
use taskwire_domain::{
    Error as Refusal, TokenId,
    api_token::{NewApiToken, TOKENS_MAX, TokenEnd, TokenScope},
    audit::AuditQuery,
    task::{NewTask, Status, TaskChange, TaskQuery},
    team::TeamTexts,
};
use uuid::Uuid;

fn new(name: &str, scopes: &[TokenScope], end: TokenEnd) -> NewApiToken {
    NewApiToken::parse(name, scopes, end).unwrap()
}

async fn make(world: &World, viewer: &Viewer, scopes: &[TokenScope]) -> Created {
    world.backend.token_create(viewer, new("Robot", scopes, TokenEnd::Never)).await.unwrap()
}

async fn sends(world: &World, created: &Created) -> Result<Viewer, Refusal> {
    let found = world.backend.authenticate(created.secret.expose_secret(), Client::default()).await;
    found.map_err(taskwire_backend::Error::into_public)
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn a_token_acts_for_its_owner_as_far_as_its_scopes_go(_: PgPoolOptions, options: PgConnectOptions) {
    use TokenScope::{DashboardRead, TasksRead, TasksWrite, TeamsRead, TeamsWrite};
    let world = World::new(options).await;
    let (ada, backend) = (world.person("Ada").await, &world.backend);
    let task = world.task(&ada, "mine").await.id;
    let team = world.team(&ada, "Crew", &[]).await;
    for scopes in [&[TasksRead][..], &[TasksWrite], &[TeamsRead], &[TeamsWrite], &[DashboardRead], TokenScope::ALL] {
        let robot = sends(&world, &make(&world, &ada, scopes).await).await.unwrap();
        assert_eq!(robot.user_id, ada.user_id);
        let outcome = |result: Result<(), taskwire_backend::Error>| match result {
            Ok(()) => None,
            Err(error) => Some(error.into_public()),
        };
        let texts = TeamTexts::parse("Crew", "of robots").unwrap();
        let found = [
            (TasksRead, outcome(backend.task_get(&robot, task).await.map(drop))),
            (TasksRead, outcome(backend.task_list(&robot, &TaskQuery::default()).await.map(drop))),
            (TasksRead, outcome(backend.share_list(&robot, task).await.map(drop))),
            (
                TasksWrite,
                outcome(backend.task_update(&robot, task, TaskChange::status(Status::Completed)).await.map(drop)),
            ),
            (
                TasksWrite,
                outcome(backend.task_create(&robot, NewTask::parse("its", "", None).unwrap()).await.map(drop)),
            ),
            (TeamsRead, outcome(backend.team_get(&robot, team).await.map(drop))),
            (TeamsRead, outcome(backend.team_list(&robot).await.map(drop))),
            (TeamsWrite, outcome(backend.team_update(&robot, team, texts, None).await.map(drop))),
            (DashboardRead, outcome(backend.dashboard_read(&robot, None).await.map(drop))),
        ];
        for (needed, found) in found {
            let is_covered = scopes.iter().any(|scope| scope.covers(needed));
            assert_eq!(found, (!is_covered).then_some(Refusal::OutOfScope(Some(needed))), "{needed} with {scopes:?}");
        }
        assert!(backend.account_get(&robot).await.is_ok(), "any token tells whose it is");
        let for_people = [
            outcome(backend.token_list(&robot).await.map(drop)),
            outcome(backend.token_create(&robot, new("more", TokenScope::ALL, TokenEnd::Never)).await.map(drop)),
            outcome(backend.session_list(&robot).await.map(drop)),
            outcome(backend.session_end_others(&robot).await.map(drop)),
            outcome(robot.session().map(drop)),
            outcome(backend.audit_list(&robot, AuditQuery::default()).await.map(drop)),
            outcome(backend.account_set_time_zone(&robot, None).await),
        ];
        assert!(for_people.iter().all(|found| *found == Some(Refusal::OutOfScope(None))), "{for_people:?}");
        let password = taskwire_domain::account::Password::parse("Another-1-password").unwrap();
        let change = backend.account_change_password(&robot, "a guess", password).await;
        assert_eq!(outcome(change), Some(Refusal::OutOfScope(None)), "before the guess is looked at");
    }
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn a_revoked_or_expired_token_is_refused_at_once(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let (ada, bob) = (world.person("Ada").await, world.person("Bob").await);
    let kept = make(&world, &ada, &[TokenScope::TasksRead]).await;
    let robot = sends(&world, &kept).await.unwrap();
    let short = new("Short", &[TokenScope::TasksRead], TokenEnd::After(1));
    let short = world.backend.token_create(&ada, short).await.unwrap();
    let known = sends(&world, &short).await.unwrap();

    assert_eq!(refusal(world.backend.token_revoke(&bob, kept.token.id).await), Refusal::NotFound);
    assert!(world.backend.task_list(&robot, &TaskQuery::default()).await.is_ok());
    world.backend.token_revoke(&ada, kept.token.id).await.unwrap();
    assert_eq!(sends(&world, &kept).await.unwrap_err(), Refusal::Unauthorized);
    let late = world.backend.task_list(&robot, &TaskQuery::default()).await;
    assert_eq!(refusal(late), Refusal::Unauthorized, "also where it was taken a moment ago");
    world.backend.token_revoke(&ada, kept.token.id).await.unwrap();

    world.pass(chrono::TimeDelta::hours(24) - chrono::TimeDelta::microseconds(1));
    let again = world.viewer(&world.sign_in("ada@example.org").await);
    assert!(world.backend.task_list(&known, &TaskQuery::default()).await.is_ok());
    world.pass(chrono::TimeDelta::microseconds(1));
    assert_eq!(sends(&world, &short).await.unwrap_err(), Refusal::Unauthorized);
    assert_eq!(
        refusal(world.backend.dashboard_read(&known, None).await),
        Refusal::OutOfScope(Some(TokenScope::DashboardRead))
    );
    assert_eq!(refusal(world.backend.task_list(&known, &TaskQuery::default()).await), Refusal::Unauthorized);
    let listed: Vec<_> = world.backend.token_list(&again).await.unwrap().into_iter().map(|token| token.id).collect();
    assert_eq!(listed, [short.token.id], "an expired token shows until it is revoked");
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn the_list_tells_what_each_token_is_for_and_when_it_was_used(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let (ada, bob) = (world.person("Ada").await, world.person("Bob").await);
    let created = make(&world, &ada, &[TokenScope::TasksWrite]).await;
    assert!(created.secret.expose_secret().starts_with("taskwire_"));
    assert_eq!(created.secret.expose_secret().len(), "taskwire_".len() + 43, "256 bits in base64");
    let listed = async || world.backend.token_list(&ada).await.unwrap();
    assert_eq!(listed().await, std::slice::from_ref(&created.token));
    let robot = sends(&world, &created).await.unwrap();
    world.task(&robot, "first").await;
    let first = world.now();
    assert_eq!(listed().await[0].last_used_at, Some(first));
    world.pass(chrono::TimeDelta::minutes(5));
    world.task(&robot, "later").await;
    assert_eq!(listed().await[0].last_used_at, Some(first), "exact to five minutes");
    world.pass(chrono::TimeDelta::seconds(1));
    world.task(&robot, "later still").await;
    assert_eq!(listed().await[0].last_used_at, Some(world.now()));
    assert_eq!(world.backend.token_list(&bob).await.unwrap(), []);

    let dates = TokenEnd::At(world.now());
    let past = world.backend.token_create(&ada, new("Late", &[TokenScope::TasksRead], dates)).await;
    assert!(refusal(past).about("expires_at").is_some());
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn nobody_has_more_tokens_than_the_limit(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let ada = world.person("Ada").await;
    for _ in 2..TOKENS_MAX {
        make(&world, &ada, &[TokenScope::TasksRead]).await;
    }
    let one = || world.backend.token_create(&ada, new("Last", &[TokenScope::TasksRead], TokenEnd::Never));
    let (first, second, third) = tokio::join!(one(), one(), one());
    let made = [&first, &second, &third].iter().filter(|made| made.is_ok()).count();
    assert_eq!(made, 2, "of three at once");
    assert!(matches!(refusal(one().await), Refusal::Conflict(_)));
    let last = first.or(second).unwrap();
    world.backend.token_revoke(&ada, last.token.id).await.unwrap();
    assert!(one().await.is_ok(), "a revoked one does not count");
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn the_database_keeps_tokens_from_others_and_secrets_from_everybody(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let (ada, bob) = (world.person("Ada").await, world.person("Bob").await);
    let created = make(&world, &ada, &[TokenScope::TasksRead]).await;
    let id = created.token.id;
    let whole: String =
        sqlx::query_scalar("SELECT t::text FROM api_tokens t").fetch_one(&mut world.owner().await).await.unwrap();
    assert!(!whole.contains(created.secret.expose_secret()), "{whole}");

    let mut mine = as_viewer(&world, &ada).await;
    let mut theirs = as_viewer(&world, &bob).await;
    let touch = format!("UPDATE api_tokens SET revoked_at = now() WHERE id = '{id}'");
    assert_eq!(try_sql(&mut theirs, &touch).await.unwrap(), 0);
    assert_eq!(try_sql(&mut theirs, "SELECT id, name FROM api_tokens").await.unwrap(), 0);
    assert_eq!(try_sql(&mut mine, &touch).await.unwrap(), 1);
    for refused in [
        "SELECT secret_hash FROM api_tokens",
        "UPDATE api_tokens SET scopes = '{tasks:write}'",
        "UPDATE api_tokens SET expires_at = NULL",
        "UPDATE api_tokens SET user_id = app_user_id()",
        "DELETE FROM api_tokens",
    ] {
        let error = try_sql(&mut mine, refused).await.unwrap_err();
        assert_eq!(error.as_database_error().unwrap().code().unwrap(), "42501", "{refused}");
    }
    let planted = format!(
        "INSERT INTO api_tokens (id, user_id, name, secret_hash, scopes, created_at)
         VALUES ('{}', '{}', 'x', sha256('x'), '{{tasks:read}}', now())",
        Uuid::from_u128(1),
        ada.user_id
    );
    assert_eq!(try_sql(&mut theirs, &planted).await.unwrap_err().as_database_error().unwrap().code().unwrap(), "42501");

    // Somebody else's token is no credential of one's own.
    let mut mixed = sends(&world, &created).await.unwrap();
    mixed.user_id = bob.user_id;
    assert_eq!(refusal(world.backend.task_list(&mixed, &TaskQuery::default()).await), Refusal::Unauthorized);
    let mut unknown = sends(&world, &created).await.unwrap();
    unknown.credential = Credential::Token { id: TokenId(Uuid::from_u128(2)), scopes: TokenScope::ALL.to_vec() };
    assert_eq!(refusal(world.backend.task_list(&unknown, &TaskQuery::default()).await), Refusal::Unauthorized);
    let mut nobody = as_app(&world).await;
    assert_eq!(try_sql(&mut nobody, "SELECT id, name FROM api_tokens").await.unwrap(), 0);
    identify(&mut nobody, &world, &ada).await;
    assert_eq!(try_sql(&mut nobody, "SELECT id, name FROM api_tokens").await.unwrap(), 1);
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn the_log_tells_of_tokens_and_of_what_they_were_refused(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let ada = world.person("Ada").await;
    let created = make(&world, &ada, &[TokenScope::TeamsRead]).await;
    let robot = sends(&world, &created).await.unwrap();
    refusal(world.backend.task_list(&robot, &TaskQuery::default()).await);
    refusal(world.backend.session_list(&robot).await);
    refusal(world.backend.token_revoke(&ada, TokenId(Uuid::from_u128(3))).await);
    world.backend.token_revoke(&ada, created.token.id).await.unwrap();
    let lines = world.backend.audit_list(&ada, AuditQuery::default()).await.unwrap().lines;
    let told: Vec<_> =
        lines.iter().map(|line| (line.action.as_str(), line.target.as_deref().unwrap())).take(5).collect();
    let missing = format!("token:{}", Uuid::from_u128(3));
    assert_eq!(
        told,
        [
            ("token.revoke", "Robot"),
            ("token.revoke.denied", &*missing),
            ("token.use.denied", "session"),
            ("token.use.denied", "tasks:read"),
            ("token.create", "Robot"),
        ]
    );
}
