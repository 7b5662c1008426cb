//! The end of an account: what goes, what stays, and who may say so.

use crate::{
    support::{PASSWORD, World, as_viewer, refusal, try_sql},
    teams::assert_counted,
};
use secrecy::ExposeSecret;
use sqlx::{
    AssertSqlSafe,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use taskwire_backend::{Client, Viewer};
use taskwire_domain::{
    Error as Refusal,
    api_token::{NewApiToken, TokenEnd, TokenScope},
    audit::AuditQuery,
    share::{NewShare, Permission},
    task::TaskQuery,
    team::{NewMember, Role},
};

/// The rows of every table that hold this text, as `table: row`.
async fn rows_with(world: &World, text: &str) -> Vec<String> {
    let mut owner = world.owner().await;
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT relname::text FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace
         ORDER BY 1",
    )
    .fetch_all(&mut owner)
    .await
    .unwrap();
    let mut found = Vec::new();
    for table in tables {
        let sql = format!("SELECT '{table}: ' || r::text FROM {table} r WHERE strpos(to_jsonb(r)::text, $1) > 0");
        found.extend(
            sqlx::query_scalar::<_, String>(AssertSqlSafe(sql)).bind(text).fetch_all(&mut owner).await.unwrap(),
        );
    }
    found
}

fn is_of(table: &str) -> impl Fn(&String) -> bool + '_ {
    move |row| row.starts_with(&format!("{table}: "))
}

async fn token(world: &World, viewer: &Viewer) -> String {
    let new = NewApiToken::parse("Robot", TokenScope::ALL, TokenEnd::Never).unwrap();
    world.backend.token_create(viewer, new).await.unwrap().secret.expose_secret().to_owned()
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn what_is_one_persons_alone_goes_and_nothing_of_others(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let (ada, bob, cleo) = (world.person("Ada").await, world.person("Bob").await, world.person("Cleo").await);
    let backend = &world.backend;
    let crew = world.team(&bob, "Crew", &[(&ada, Role::Member), (&cleo, Role::Viewer)]).await;
    let alone = world.team(&ada, "Alone", &[]).await;
    let (mine, gone) = (world.task(&ada, "mine").await, world.task(&ada, "gone").await);
    let (handed_over, gone_there) =
        (world.team_task(&ada, crew, "handed over").await, world.team_task(&ada, crew, "gone there").await);
    world.team_task(&ada, alone, "alone").await;
    let (of_bob, kept) = (world.task(&bob, "Bob's").await, world.task(&bob, "Bob's, deleted").await);
    world.share(&ada, mine.id, &bob, Permission::Edit).await;
    world.share(&ada, gone.id, &cleo, Permission::View).await;
    // The heir of a task has no share of it.
    sqlx::query("INSERT INTO task_shares VALUES ($1, $2, $3, 'view', now())")
        .bind(handed_over.id.0)
        .bind(ada.user_id.0)
        .bind(bob.user_id.0)
        .execute(&mut world.owner().await)
        .await
        .unwrap();
    for task in [of_bob.id, kept.id] {
        world.share(&bob, task, &ada, Permission::Edit).await;
    }
    let invited = NewShare::parse("new@example.org", "view").unwrap();
    backend.share_give(&ada, mine.id, invited).await.unwrap();
    backend.team_member_add(&ada, alone, NewMember::parse("new@example.org", "member").unwrap()).await.unwrap();
    for (who, task) in [(&ada, gone.id), (&ada, gone_there.id), (&bob, kept.id)] {
        backend.task_delete(who, task, None).await.unwrap();
    }
    let robot = token(&world, &ada).await;
    let elsewhere = world.viewer(&world.sign_in("ada@example.org").await);
    let talk = format!(
        "INSERT INTO conversations VALUES ('{me}', '{me}', '', now(), now());
         INSERT INTO messages (conversation_id, user_id, role, content, created_at)
         VALUES ('{me}', '{me}', 'user', 'hello', now());
         BEGIN;
         INSERT INTO tool_calls VALUES ('{me}', '{me}', NULL, 'x', 'add_task', '{{}}', 'done', NULL, now(), 1, true);
         INSERT INTO tool_call_changes (call_id, user_id, task_id, after) VALUES ('{me}', '{me}', 1, '{{}}');
         COMMIT",
        me = ada.user_id
    );
    sqlx::raw_sql(AssertSqlSafe(talk)).execute(&mut world.owner().await).await.unwrap();
    let before = rows_with(&world, &ada.user_id.to_string()).await;
    for table in [
        "activity_buckets",
        "api_tokens",
        "conversations",
        "deleted_task_shares",
        "deleted_tasks",
        "messages",
        "sessions",
        "share_counters",
        "share_invitations",
        "task_shares",
        "tasks",
        "team_members",
        "tool_call_changes",
        "tool_calls",
        "user_counters",
        "users",
    ] {
        assert!(before.iter().any(is_of(table)), "the test must have put something of Ada's into {table}");
    }

    backend.account_delete(&ada, PASSWORD).await.unwrap();

    // Beside the log only who deleted a task of the team, which can still be brought back.
    let left: Vec<_> =
        rows_with(&world, &ada.user_id.to_string()).await.into_iter().filter(|row| !is_of("audit_log")(row)).collect();
    assert!(left.len() == 1 && is_of("deleted_tasks")(&left[0]), "{left:?}");
    assert!(rows_with(&world, "ada@example.org").await.iter().all(is_of("audit_log")));
    for viewer in [&ada, &elsewhere] {
        assert_eq!(refusal(backend.account_get(viewer).await), Refusal::Unauthorized);
        assert_eq!(refusal(backend.dashboard_read(viewer, None).await), Refusal::Unauthorized);
        assert_eq!(refusal(backend.account_delete(viewer, PASSWORD).await), Refusal::Unauthorized);
    }
    assert_eq!(refusal(backend.authenticate(&robot, Client::default()).await), Refusal::Unauthorized);
    let sign_in = backend.account_sign_in(&Client::default(), "ada@example.org", PASSWORD).await;
    assert_eq!(refusal(sign_in), Refusal::WrongCredentials);

    let found = backend.task_get(&bob, handed_over.id).await.unwrap();
    assert_eq!((found.user_id, found.team_id), (bob.user_id, Some(crew)));
    assert_eq!(backend.task_restore(&bob, gone_there.id).await.unwrap().user_id, bob.user_id);
    for task in [mine.id, gone.id] {
        assert_eq!(refusal(backend.task_get(&bob, task).await), Refusal::NotFound);
    }
    assert_eq!(backend.share_list(&bob, of_bob.id).await.unwrap(), []);
    backend.task_restore(&bob, kept.id).await.unwrap();
    assert_eq!(backend.share_list(&bob, kept.id).await.unwrap(), []);
    assert_eq!(backend.team_get(&bob, crew).await.unwrap().members.len(), 2);
    assert!(rows_with(&world, "Alone").await.iter().all(is_of("audit_log")));
    assert_counted(&world).await;
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn the_log_outlives_the_account_and_the_address_is_free(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let (ada, bob) = (world.person("Ada").await, world.person("Bob").await);
    let crew = world.team(&bob, "Crew", &[(&ada, Role::Member)]).await;
    world.team(&ada, "Alone", &[]).await;
    world.task(&ada, "mine").await;
    world.backend.account_delete(&ada, PASSWORD).await.unwrap();
    let lines: Vec<(String, Option<String>)> =
        sqlx::query_as("SELECT action, target FROM audit_log WHERE actor_id = $1 ORDER BY id DESC LIMIT 3")
            .bind(ada.user_id.0)
            .fetch_all(&mut world.owner().await)
            .await
            .unwrap();
    let line = |action: &str, target: Option<&str>| (action.to_owned(), target.map(str::to_owned));
    let wanted = [line("account.delete", None), line("team.leave", Some("Crew")), line("team.delete", Some("Alone"))];
    assert_eq!(lines, wanted, "the last line names nobody");
    let log = world.backend.audit_list(&bob, AuditQuery { team: Some(crew), before: None }).await.unwrap().lines;
    assert_eq!((&*log[0].action, &log[0].actor), ("team.leave", &None));

    let newcomer = world.person("Ada").await;
    assert_ne!(newcomer.user_id, ada.user_id);
    let backend = &world.backend;
    assert_eq!(backend.task_list(&newcomer, &TaskQuery::default()).await.unwrap().tasks, []);
    assert_eq!(backend.team_list(&newcomer).await.unwrap(), []);
    let log = backend.audit_list(&newcomer, AuditQuery::default()).await.unwrap().lines;
    let actions: Vec<_> = log.iter().map(|line| &*line.action).collect();
    assert_eq!(actions, ["account.sign_in", "account.sign_up"], "nothing of who had the address before");
    let report = taskwire_backend::audit_verify(&world.options, None).await.unwrap();
    assert_eq!(report.faults, [""; 0]);
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn whoever_owns_a_team_that_others_are_in_stays(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let (ada, bob) = (world.person("Ada").await, world.person("Bob").await);
    let backend = &world.backend;
    let crew = world.team(&ada, "Crew", &[(&bob, Role::Viewer)]).await;
    let other = world.team(&ada, "Other", &[(&bob, Role::Admin)]).await;
    world.team(&ada, "Alone", &[]).await;
    let Refusal::Conflict(text) = refusal(backend.account_delete(&ada, PASSWORD).await) else { panic!("no conflict") };
    assert!(text.contains("“Crew”, “Other”") && !text.contains("Alone"), "{text}");
    assert_eq!(backend.team_list(&ada).await.unwrap().len(), 3, "nothing has happened");
    backend.team_delete(&ada, crew, None).await.unwrap();
    backend.team_transfer(&ada, other, bob.user_id).await.unwrap();
    backend.account_delete(&ada, PASSWORD).await.unwrap();
    assert_eq!(backend.team_get(&bob, other).await.unwrap().members.len(), 1);
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn only_the_person_deletes_and_only_with_the_password(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::with(options, |settings| settings.sign_ins_by_account = "1:5".parse().unwrap()).await;
    let (ada, bob) = (world.person("Ada").await, world.person("Bob").await);
    let backend = &world.backend;
    let robot = backend.authenticate(&token(&world, &ada).await, Client::default()).await.unwrap();
    assert_eq!(refusal(backend.account_delete(&robot, PASSWORD).await), Refusal::OutOfScope(None));
    // After those of the session come those that strangers have, of which signing up was the first.
    for password in ["", "Wr0ngwrong", "passw0rd", &"x".repeat(10_000)].repeat(2) {
        let refused = refusal(backend.account_delete(&ada, password).await);
        assert!(refused.about("password").is_some(), "{refused}");
    }
    assert!(refusal(backend.account_delete(&ada, "wrong").await).about("password").is_some());
    assert!(matches!(refusal(backend.account_delete(&ada, PASSWORD).await), Refusal::RateLimited(_)));
    let log = backend.audit_list(&ada, AuditQuery::default()).await.unwrap().lines;
    assert_eq!(log.iter().filter(|line| line.action == "account.sign_in_failed").count(), 9);

    // Whatever a statement asks for, the database deletes nobody else.
    let mut connection = as_viewer(&world, &ada).await;
    let foreign = format!("DELETE FROM users WHERE id = '{}'", bob.user_id);
    assert_eq!(try_sql(&mut connection, &foreign).await.unwrap(), 0);
    assert_eq!(try_sql(&mut connection, "DELETE FROM users").await.unwrap(), 1, "oneself");
    world.team(&ada, "Crew", &[(&bob, Role::Admin)]).await;
    let refused = try_sql(&mut connection, "DELETE FROM users").await.unwrap_err().to_string();
    assert!(refused.contains("no owner"), "{refused}");
}
