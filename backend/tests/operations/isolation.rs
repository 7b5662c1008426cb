//! The database itself refuses rows of others (requirement I1): here without any filter of the application's.

use crate::support::{World, as_app, as_viewer, identify, try_sql};
use sqlx::{
    AssertSqlSafe, Connection,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use taskwire_backend::{Clock, Viewer};
use taskwire_domain::TaskId;

/// Tables with data of users, all that there are but the migrations' own and the seals, which are nobody's to
/// read.
async fn tables(world: &World) -> Vec<String> {
    sqlx::query_scalar(
        "SELECT relname::text FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace
         AND relname NOT IN ('_sqlx_migrations', 'audit_seals') ORDER BY 1",
    )
    .fetch_all(&mut world.owner().await)
    .await
    .unwrap()
}

/// Everything about one person, in every table. Returns what tells their rows from those of others: each has one of
/// these ids.
async fn fill(world: &World, viewer: &Viewer) -> [String; 2] {
    let task = world.task(viewer, "open").await;
    let gone = world.task(viewer, "deleted").await;
    world.backend.task_delete(viewer, gone.id, None).await.unwrap();
    let (user, team, talk) = (viewer.user_id, Clock::system().id(), Clock::system().id());
    let sql = format!(
        "BEGIN;
         INSERT INTO teams VALUES ('{team}', 'Team {team}', '', now());
         INSERT INTO team_members VALUES ('{team}', '{user}', 'owner', now());
         INSERT INTO task_shares SELECT {task}, '{user}', id, 'view', now() FROM users WHERE email = 'cleo@example.org';
         INSERT INTO deleted_task_shares SELECT {gone}, '{user}', id, 'view', now() FROM users WHERE email = 'cleo@example.org';
         INSERT INTO team_invitations VALUES ('{team}', 'new@example.org', 'member', now());
         INSERT INTO share_invitations VALUES ({task}, '{user}', 'new@example.org', 'view', now());
         INSERT INTO deleted_share_invitations VALUES ({gone}, '{user}', 'new@example.org', 'view', now());
         INSERT INTO api_tokens VALUES (gen_random_uuid(), '{user}', 'Robot', sha256('{user}'), '{{tasks:read}}', now());
         INSERT INTO conversations VALUES ('{talk}', '{user}', '', now(), now());
         INSERT INTO messages (conversation_id, user_id, role, content, created_at) VALUES ('{talk}', '{user}', 'user', 'hello', now());
         INSERT INTO tool_calls VALUES ('{talk}', '{user}', NULL, 'x', 'add_task', '{{}}', 'done', NULL, now(), 1, true);
         INSERT INTO tool_call_changes (call_id, user_id, task_id, after) VALUES ('{talk}', '{user}', {task}, '{{}}');
         COMMIT",
        task = task.id,
        gone = gone.id
    );
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut world.owner().await).await.unwrap();
    [user.to_string(), team.to_string()]
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn every_table_forces_row_level_security(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let open: Vec<String> = sqlx::query_scalar(
        "SELECT relname::text FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace
         AND relname <> '_sqlx_migrations' AND NOT (relrowsecurity AND relforcerowsecurity)",
    )
    .fetch_all(&mut world.owner().await)
    .await
    .unwrap();
    assert_eq!(open, Vec::<String>::new());
    assert!(tables(&world).await.len() >= 14);
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn without_any_filter_not_one_foreign_row_is_read(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let (ada, bob) = (world.person("Ada").await, world.person("Bob").await);
    world.person("Cleo").await;
    let hers = fill(&world, &ada).await;
    let his = fill(&world, &bob).await;
    let mut connection = as_viewer(&world, &ada).await;
    let mut owner = world.owner().await;
    for table in tables(&world).await {
        let visible = match table.as_str() {
            "users" => "id, email, name, time_zone, created_at",
            "api_tokens" => "id, user_id, name, scopes, created_at, last_used_at, expires_at, revoked_at",
            _ => "*",
        };
        let rows = |of: &str| AssertSqlSafe(format!("SELECT row_to_json(r)::text FROM (SELECT {of} FROM {table}) r"));
        let seen: Vec<String> = sqlx::query_scalar(rows(visible)).fetch_all(&mut connection).await.unwrap();
        let all: Vec<String> = sqlx::query_scalar(rows("*")).fetch_all(&mut owner).await.unwrap();
        let some = |rows: &[String], ids: &[String]| rows.iter().any(|row| ids.iter().any(|id| row.contains(id)));
        assert!(some(&seen, &hers), "{table}: the test must have put something there for Ada");
        assert!(some(&all, &his), "{table}: the test must have put something there for Bob too");
        assert!(!some(&seen, &his), "{table} shows a row of Bob's: {seen:?}");
    }
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn without_an_identity_every_table_is_empty(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let ada = world.person("Ada").await;
    world.person("Cleo").await;
    fill(&world, &ada).await;
    let mut connection = as_app(&world).await;
    for table in tables(&world).await {
        let column = if ["users", "api_tokens"].contains(&table.as_str()) { "id" } else { "*" };
        let sql = format!("SELECT count(*) FROM (SELECT {column} FROM {table}) r");
        let seen: i64 = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&mut connection).await.unwrap();
        assert_eq!(seen, 0, "{table}");
    }
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn without_any_filter_not_one_foreign_row_is_written(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let (ada, bob) = (world.person("Ada").await, world.person("Bob").await);
    world.person("Cleo").await;
    fill(&world, &bob).await;
    let (me, him) = (ada.user_id, bob.user_id);
    let mut owner = world.owner().await;
    let his_task: i64 =
        sqlx::query_scalar("SELECT id FROM tasks WHERE user_id = $1").bind(him.0).fetch_one(&mut owner).await.unwrap();
    let his_team: uuid::Uuid = sqlx::query_scalar("SELECT team_id FROM team_members WHERE user_id = $1")
        .bind(him.0)
        .fetch_one(&mut owner)
        .await
        .unwrap();
    let mut connection = as_viewer(&world, &ada).await;
    for sql in [
        "UPDATE tasks SET title = 'mine'".to_owned(),
        "UPDATE teams SET name = 'mine'".into(),
        "DELETE FROM teams".into(),
        "UPDATE team_members SET role = 'viewer'".into(),
        "DELETE FROM team_members".into(),
        "DELETE FROM team_invitations".into(),
        "DELETE FROM share_invitations".into(),
        "DELETE FROM tasks".into(),
        "DELETE FROM deleted_tasks".into(),
        "UPDATE task_shares SET permission = 'edit'".into(),
        "DELETE FROM task_shares".into(),
        "DELETE FROM conversations".into(),
        "UPDATE tool_calls SET undone_at = now()".into(),
        format!("UPDATE users SET name = 'x' WHERE id = '{him}'"),
        format!("UPDATE sessions SET ended_at = now() WHERE user_id = '{him}'"),
    ] {
        assert_eq!(try_sql(&mut connection, &sql).await.unwrap(), 0, "{sql}");
    }
    for sql in [
        format!("INSERT INTO tasks (user_id, title, created_at, updated_at) VALUES ('{him}', 'x', now(), now())"),
        format!("UPDATE tasks SET user_id = '{me}'"),
        "UPDATE tasks SET version = 2147483647".into(),
        "UPDATE teams SET version = 2147483647".into(),
        format!("INSERT INTO task_shares VALUES ({his_task}, '{him}', '{me}', 'edit', now())"),
        format!("INSERT INTO task_shares VALUES ({his_task}, '{me}', '{him}', 'edit', now())"),
        format!("INSERT INTO sessions VALUES ('{him}', '{him}', now(), now(), now() + interval '1 day')"),
        format!("INSERT INTO audit_log (at, actor_id, account_id, action) VALUES (now(), '{him}', '{him}', 'x')"),
        format!("UPDATE user_counters SET total = 0 WHERE user_id = '{me}'"),
        "INSERT INTO team_members SELECT id, app_user_id(), 'owner', now() FROM teams".to_owned()
            + ";SELECT 1/count(*) FROM team_members WHERE user_id = app_user_id()",
        "UPDATE audit_log SET action = 'x'".into(),
        "DELETE FROM audit_log".into(),
        "UPDATE tool_calls SET tool = 'x'".into(),
        "DELETE FROM tool_calls".into(),
        format!(
            "INSERT INTO tool_calls VALUES ('{me}', '{me}', NULL, 'x', 'x', '{{}}', 'done', NULL, now(), 1, false)"
        ),
        format!("INSERT INTO tool_call_changes (call_id, user_id, task_id, after) VALUES ('{me}', '{me}', 1, '{{}}')"),
        "UPDATE tool_call_changes SET task_id = 1".into(),
        // In another's name, by a credential that is not theirs.
        format!("SELECT tool_call_note('{him}', '{me}', '{me}', 'x', 'x', '{{}}', 'done', NULL, now(), 1)"),
        "SELECT password_hash FROM users".into(),
        "SELECT secret_hash FROM api_tokens".into(),
        "SELECT * FROM counter_faults()".into(),
        "SELECT * FROM audit_seals".into(),
        "SELECT * FROM audit_faults()".into(),
        format!(
            "INSERT INTO audit_log (at, actor_id, account_id, action, seal) VALUES (now(), '{me}', '{me}', 'x', 1)"
        ),
        // Not even for the moment before the commit, at which two owners would be refused.
        format!("SET CONSTRAINTS ALL DEFERRED; INSERT INTO team_members VALUES ('{his_team}', '{me}', 'owner', now())"),
        format!("INSERT INTO team_members VALUES ('{his_team}', '{me}', 'viewer', now())"),
        format!("INSERT INTO team_invitations VALUES ('{his_team}', 'ada@example.org', 'viewer', now())"),
        format!("INSERT INTO share_invitations VALUES ({his_task}, '{him}', 'ada@example.org', 'edit', now())"),
        format!(
            "INSERT INTO tasks (user_id, team_id, title, created_at, updated_at) VALUES ('{me}', '{his_team}', 'x', now(), now())"
        ),
        // A line in the log of a team that is not one's own.
        format!(
            "INSERT INTO audit_log (at, actor_id, account_id, team_id, action)
             VALUES (now(), '{me}', '{me}', '{his_team}', 'x')"
        ),
        // A deletion that never was: of another's task, of one's own under another's id, or in another's name.
        format!(
            "INSERT INTO deleted_tasks VALUES ({his_task}, '{him}', NULL, 'x', '', 'pending', 1, now(), now(), NULL, '{me}', now())"
        ),
        format!(
            "INSERT INTO deleted_tasks VALUES ({his_task}, '{me}', NULL, 'x', '', 'pending', 1, now(), now(), NULL, '{me}', now())"
        ),
        "TRUNCATE tasks".into(),
        "ALTER TABLE tasks DISABLE ROW LEVEL SECURITY".into(),
    ] {
        assert!(try_sql(&mut connection, &sql).await.is_err(), "{sql}");
    }
    // A refusal in another's name, with a session that lives but is not theirs, and in one's own.
    let note = |user| {
        format!("SELECT audit_denied('{user}', '{}', 'x', 'x', NULL, NULL, now(), NULL, NULL)", ada.session().unwrap())
    };
    assert_eq!(code(try_sql(&mut connection, &note(him)).await), "TW401");
    assert_eq!(try_sql(&mut connection, &note(me)).await.unwrap(), 1);
}

/// The SQLSTATE of what is refused.
fn code(outcome: Result<u64, sqlx::Error>) -> String {
    let error = outcome.unwrap_err();
    error.as_database_error().and_then(|error| error.code()).unwrap_or_else(|| panic!("{error}")).into_owned()
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn a_task_is_there_or_deleted_and_its_id_is_its_own(_: PgPoolOptions, options: PgConnectOptions) {
    const COLUMNS: &str =
        "id, user_id, team_id, title, description, status, version, created_at, updated_at, completed_at";
    const DENIED: &str = "42501";
    const BOTH: &str = "23514";
    let world = World::new(options).await;
    let (ada, bob) = (world.person("Ada").await, world.person("Bob").await);
    // As a pool hands them out: one connection for one person after the other.
    let mut connection = as_viewer(&world, &ada).await;
    let task: i64 = sqlx::query_scalar(
        "INSERT INTO tasks (user_id, title, created_at, updated_at) VALUES (app_user_id(), 'hers', now(), now()) RETURNING id",
    )
    .fetch_one(&mut connection)
    .await
    .unwrap();
    let delete = format!("INSERT INTO deleted_tasks SELECT {COLUMNS}, user_id, now() FROM tasks WHERE id = {task}");
    assert_eq!(code(try_sql(&mut connection, &delete).await), BOTH, "kept as deleted while it is there");
    for (truth, lie) in [
        ("version", "version - 1"),
        ("title", "'another'"),
        ("description", "'more'"),
        ("status", "'completed'"),
        ("created_at", "created_at - interval '1 day'"),
        ("updated_at", "updated_at + interval '1 day'"),
        ("completed_at", "created_at"),
        (", user_id, now()", ", gen_random_uuid(), now()"),
    ] {
        let forged = delete.replace(truth, lie);
        assert_eq!(code(try_sql(&mut connection, &forged).await), DENIED, "{forged}");
    }
    sqlx::raw_sql("COMMIT; BEGIN").execute(&mut connection).await.unwrap();
    world.backend.task_delete(&ada, TaskId(task), None).await.unwrap();

    identify(&mut connection, &world, &bob).await;
    let take = |version| {
        format!(
            "INSERT INTO tasks (id, user_id, title, version, created_at, updated_at)
             VALUES ({task}, app_user_id(), 'his', {version}, now(), now())"
        )
    };
    for version in [0, 2, 3] {
        assert_eq!(code(try_sql(&mut connection, &take(version)).await), DENIED, "version {version}");
    }
    let his: i64 = sqlx::query_scalar(AssertSqlSafe(format!("{} RETURNING id", take(1))))
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert!(his > task, "a new one has an id of its own");
    sqlx::raw_sql("COMMIT; BEGIN").execute(&mut connection).await.unwrap();

    identify(&mut connection, &world, &ada).await;
    let next = COLUMNS.replace("version", "version + 1");
    let back =
        |columns: &str| format!("INSERT INTO tasks ({COLUMNS}) SELECT {columns} FROM deleted_tasks WHERE id = {task}");
    for (truth, lie) in [
        ("version + 1", "version + 2"),
        ("title", "'another'"),
        ("description", "'more'"),
        ("created_at", "created_at - interval '1 year'"),
        ("updated_at", "updated_at + interval '1 day'"),
    ] {
        let forged = back(&next.replace(truth, lie));
        assert_eq!(code(try_sql(&mut connection, &forged).await), DENIED, "{forged}");
    }
    assert_eq!(code(try_sql(&mut connection, &back(&next)).await), BOTH, "back while it is kept as deleted");
    let whole = format!("{}; DELETE FROM deleted_tasks WHERE id = {task}", back(&next));
    assert!(try_sql(&mut connection, &whole).await.is_ok());
    world.backend.task_restore(&ada, TaskId(task)).await.unwrap();

    // What is brought back from a backup keeps its id; without one it draws its own, as anybody's does.
    let restored: Vec<i64> = sqlx::query_scalar(
        "INSERT INTO tasks (id, user_id, title, created_at, updated_at)
         SELECT task.id, (SELECT id FROM users LIMIT 1), 'kept', now(), now()
         FROM (VALUES (1000000), (NULL::bigint)) task (id) RETURNING id",
    )
    .fetch_all(&mut world.owner().await)
    .await
    .unwrap();
    assert_eq!(restored[0], 1_000_000);
    assert!((his..1_000_000).contains(&restored[1]), "{restored:?}");
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn team_and_shared_rows_are_seen_and_only_as_far_as_the_role_goes(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let (ada, bob) = (world.person("Ada").await, world.person("Bob").await);
    let team = uuid::Uuid::from_u128(5);
    let setup = format!(
        "BEGIN;
         INSERT INTO teams VALUES ('{team}', 'Crew', '', now());
         INSERT INTO team_members VALUES ('{team}', '{ada}', 'owner', now()), ('{team}', '{bob}', 'viewer', now());
         INSERT INTO tasks (user_id, team_id, title, created_at, updated_at) VALUES ('{ada}', '{team}', 'team', now(), now());
         INSERT INTO tasks (user_id, title, created_at, updated_at)
             VALUES ('{ada}', 'to see', now(), now()), ('{ada}', 'to edit', now(), now()), ('{ada}', 'secret', now(), now());
         INSERT INTO task_shares SELECT id, user_id, '{bob}', CASE title WHEN 'to see' THEN 'view' ELSE 'edit' END, now()
             FROM tasks WHERE title LIKE 'to %';
         COMMIT",
        ada = ada.user_id,
        bob = bob.user_id
    );
    let mut owner = world.owner().await;
    sqlx::raw_sql(AssertSqlSafe(setup)).execute(&mut owner).await.unwrap();
    let touched = async |sql: &'static str| {
        let mut connection = as_viewer(&world, &bob).await;
        let mut titles: Vec<String> = sqlx::query_scalar(sql).fetch_all(&mut connection).await.unwrap();
        titles.sort();
        titles
    };
    let update = "UPDATE tasks SET description = 'changed' RETURNING title";
    assert_eq!(touched("SELECT title FROM tasks").await, ["team", "to edit", "to see"]);
    assert_eq!(touched(update).await, ["to edit"]);
    assert_eq!(touched("DELETE FROM tasks RETURNING title").await, Vec::<String>::new());
    sqlx::query("UPDATE team_members SET role = 'admin' WHERE user_id = $1")
        .bind(bob.user_id.0)
        .execute(&mut owner)
        .await
        .unwrap();
    assert_eq!(touched(update).await, ["team", "to edit"]);
    assert_eq!(touched("DELETE FROM tasks RETURNING title").await, ["team"]);
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn a_team_always_has_exactly_one_owner(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let (ada, bob) = (world.person("Ada").await, world.person("Bob").await);
    let team = uuid::Uuid::from_u128(9);
    let mut owner = world.owner().await;
    let mut run = async |sql: String| {
        let mut transaction = owner.begin().await.unwrap();
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *transaction).await?;
        transaction.commit().await
    };
    let member = |who: &Viewer, role: &str| {
        format!("INSERT INTO team_members VALUES ('{team}', '{}', '{role}', now());", who.user_id)
    };
    let create = format!("INSERT INTO teams VALUES ('{team}', 'Crew', '', now());");
    assert!(run(create.clone()).await.is_err(), "none");
    assert!(run(format!("{create}{}{}", member(&ada, "owner"), member(&bob, "owner"))).await.is_err(), "two");
    run(format!("{create}{}{}", member(&ada, "owner"), member(&bob, "admin"))).await.unwrap();
    assert!(run("DELETE FROM team_members WHERE role = 'owner'".into()).await.is_err(), "left");
    assert!(run("UPDATE team_members SET role = 'admin'".into()).await.is_err(), "demoted");
    let transfer = "UPDATE team_members SET role = 'admin' WHERE role = 'owner';";
    run(format!("{transfer} UPDATE team_members SET role = 'owner' WHERE user_id = '{}'", bob.user_id)).await.unwrap();
    run("DELETE FROM teams".into()).await.unwrap();
}
