//! Every query reads by index at a realistic size, under row-level security (requirement O5).

use crate::support::World;
use chrono::{DateTime, Utc};
use sqlx::{
    AssertSqlSafe, ConnectOptions, PgConnection,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use std::{collections::BTreeMap, fs};
use taskwire_backend::Viewer;
use taskwire_domain::api_token::{NewApiToken, TokenEnd, TokenScope};

/// 1,000 users with 200 tasks each, and one with 20,000.
async fn realistic(world: &World, viewer: &Viewer) {
    let mut owner = world.owner().await;
    for sql in [
        "INSERT INTO users (id, email, name, password_hash, created_at) SELECT gen_random_uuid(), 'user' || n || '@example.org', 'User', '', now() FROM generate_series(1, 1000) n",
        "INSERT INTO sessions SELECT gen_random_uuid(), id, created_at, created_at, created_at + interval '1 day' FROM users WHERE name = 'User'",
        "INSERT INTO api_tokens SELECT gen_random_uuid(), id, 'Robot', sha256(convert_to(id::text || n, 'UTF8')), '{tasks:read}', now()
         FROM users, generate_series(1, 5) n",
        "INSERT INTO tasks (user_id, title, created_at, updated_at)
         SELECT id, 'task ' || n, now() - n * interval '1 hour', now() FROM users, generate_series(1, 200) n",
        "UPDATE tasks SET status = 'completed', completed_at = now() WHERE id % 3 = 0",
        "INSERT INTO deleted_tasks SELECT -id, user_id, NULL, title, '', status, 1, now(), now(), NULL, user_id, now()
         FROM tasks WHERE id % 10 = 1",
        "INSERT INTO task_shares SELECT t.id, t.user_id, u.id, 'view', now() FROM tasks t CROSS JOIN LATERAL
         (SELECT id FROM users WHERE users.id > t.user_id ORDER BY id LIMIT 1) u WHERE t.id % 10 = 0",
        "INSERT INTO deleted_task_shares SELECT d.id, d.user_id, u.id, 'view', now() FROM deleted_tasks d CROSS JOIN LATERAL
         (SELECT id FROM users WHERE users.id > d.user_id ORDER BY id LIMIT 1) u",
        "INSERT INTO audit_log (at, actor_id, account_id, action) SELECT now(), user_id, user_id, 'x' FROM tasks WHERE id % 5 = 0",
        // So many that reading them all would never be the cheapest.
        "WITH made AS (
             INSERT INTO teams SELECT gen_random_uuid(), 'Team ' || n, '', now() FROM generate_series(1, 5000) n RETURNING id
         )
         INSERT INTO team_members
         SELECT team.id, person.id, CASE k WHEN 0 THEN 'owner' ELSE 'member' END, now()
         FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM made) team
         CROSS JOIN generate_series(0, 2) k
         JOIN (SELECT id, row_number() OVER (ORDER BY id) AS n FROM users) person ON person.n = (team.n + k * 7) % 1000 + 1",
        "INSERT INTO team_invitations SELECT id, 'new' || n || '@example.org', 'member', now() FROM teams, generate_series(1, 4) n",
        "INSERT INTO conversations SELECT gen_random_uuid(), id, '', now(), now() FROM users, generate_series(1, 5)",
        "INSERT INTO messages (conversation_id, user_id, role, content, created_at)
         SELECT id, user_id, 'user', 'x', now() FROM conversations, generate_series(1, 10)",
        "INSERT INTO tool_calls SELECT gen_random_uuid(), id, NULL, 'agent', 'add_task', '{}', 'done', NULL, now(), 1, n < 10
         FROM users, generate_series(1, 40) n",
        "INSERT INTO tool_call_changes (call_id, user_id, task_id, after) SELECT id, user_id, 1, '{}' FROM tool_calls WHERE changed",
        "INSERT INTO share_invitations SELECT id, user_id, 'new@example.org', 'view', now() FROM tasks WHERE id % 10 = 0",
        "INSERT INTO deleted_share_invitations SELECT id, user_id, 'new@example.org', 'view', now() FROM deleted_tasks",
    ] {
        sqlx::query(sql).execute(&mut owner).await.unwrap();
    }
    sqlx::query(
        "INSERT INTO tasks (user_id, title, created_at, updated_at)
         SELECT $1, 'task ' || n, now() - n * interval '1 minute', now() FROM generate_series(1, 20000) n",
    )
    .bind(viewer.user_id.0)
    .execute(&mut owner)
    .await
    .unwrap();
    sqlx::raw_sql("ANALYZE").execute(&mut owner).await.unwrap();
}

async fn as_viewer(world: &World, viewer: &Viewer) -> PgConnection {
    let mut connection = taskwire_backend::as_app(world.options.clone()).connect().await.unwrap();
    sqlx::query("SELECT set_config('app.user_id', $1, false)")
        .bind(viewer.user_id.to_string())
        .execute(&mut connection)
        .await
        .unwrap();
    connection
}

/// The statements that the backend runs, as the compiler recorded them.
fn statements() -> Vec<String> {
    let mut statements = Vec::new();
    // Cargo runs tests in the folder of their package.
    for entry in fs::read_dir("../.sqlx").unwrap() {
        let text = fs::read_to_string(entry.unwrap().path()).unwrap();
        let query: serde_json::Value = serde_json::from_str(&text).unwrap();
        statements.push(query["query"].as_str().unwrap().to_owned());
    }
    statements
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn no_statement_reads_a_whole_table(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let ada = world.person("Ada").await;
    realistic(&world, &ada).await;
    let mut connection = as_viewer(&world, &ada).await;
    // The plan that is kept for every user, not one that knows this user's numbers.
    sqlx::raw_sql("SET plan_cache_mode = force_generic_plan").execute(&mut connection).await.unwrap();
    let mut explained = 0;
    for statement in statements() {
        // Catalogues and functions have no table of ours to read here; the functions are tested below.
        let others = [
            "pg_roles",
            "pg_timezone_names",
            "pg_advisory_xact_lock(",
            "pg_advisory_xact_lock_shared(",
            "FROM dashboard_read",
            "FROM api_token_of",
            "SELECT account_by_email",
            "FROM account_for_sign_in",
            "SELECT audit_sign_in_failed",
            "SELECT audit_denied",
            "FROM audit_seal(",
            // Verifying reads the whole log, and as another role.
            "FROM audit_faults()",
            "FROM audit_seals",
            "count(seal)",
            "pg_prepared_statements",
            // `taskwire admin` works as another role.
            "/* administrator_list */",
            "/* administrator_lock */",
            "/* administrator_set */",
            "/* administrator_audit */",
        ];
        if others.iter().any(|other| statement.contains(other)) {
            continue;
        }
        let parameters = (1..20).take_while(|n| statement.contains(&format!("${n}"))).count();
        let nulls = vec!["NULL"; parameters].join(", ");
        let prepare = format!("DEALLOCATE ALL; PREPARE q AS {statement}");
        sqlx::raw_sql(AssertSqlSafe(prepare)).execute(&mut connection).await.unwrap();
        let explain =
            if parameters == 0 { "EXPLAIN EXECUTE q".to_owned() } else { format!("EXPLAIN EXECUTE q({nulls})") };
        let plan: Vec<String> = sqlx::raw_sql(AssertSqlSafe(explain))
            .fetch_all(&mut connection)
            .await
            .unwrap()
            .iter()
            .map(|row| sqlx::Row::get(row, 0))
            .collect();
        let plan = plan.join("\n");
        assert!(!plan.contains("Seq Scan"), "{statement}\n{plan}");
        explained += 1;
    }
    assert!(explained >= 40, "only {explained} statements were explained");
}

/// The nodes of a plan that read a table: how, with which index, and how many rows in all.
fn reads(node: &serde_json::Value, found: &mut Vec<(String, String, f64)>) {
    if let Some(table) = node["Relation Name"].as_str() {
        let how =
            format!("{} {}", node["Node Type"].as_str().unwrap(), node["Index Name"].as_str().unwrap_or_default());
        let number = |key: &str| node[key].as_f64().unwrap_or_default();
        let rows = (number("Actual Rows") + number("Rows Removed by Filter")) * number("Actual Loops");
        found.push((table.to_owned(), how, rows));
    }
    for child in node["Plans"].as_array().into_iter().flatten() {
        reads(child, found);
    }
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn the_list_of_somebody_busy_reads_a_few_rows_among_a_million(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let ada = world.person("Ada").await;
    realistic(&world, &ada).await;
    let mut owner = world.owner().await;
    let fill = format!(
        "SET session_replication_role = replica;
         INSERT INTO tasks (id, user_id, title, created_at, updated_at)
             SELECT nextval('tasks_id_seq'), id, 'older task ' || n, now() - n * interval '1 hour', now() - n * interval '1 hour'
             FROM users CROSS JOIN generate_series(201, 930) n WHERE name = 'User';
         SET session_replication_role = origin;
         SET crowded.viewer = '{}';
         {}
         ANALYZE",
        ada.user_id,
        include_str!("../../../bench/src/crowded.sql")
    );
    sqlx::raw_sql(AssertSqlSafe(fill)).execute(&mut owner).await.unwrap();
    let all: i64 = sqlx::query_scalar("SELECT count(*) FROM tasks").fetch_one(&mut owner).await.unwrap();
    assert!(all >= 1_000_000, "{all}");

    let mut connection = as_viewer(&world, &ada).await;
    sqlx::raw_sql("SET plan_cache_mode = force_generic_plan").execute(&mut connection).await.unwrap();
    let lists: Vec<String> = statements().into_iter().filter(|statement| statement.contains("/* task_list_")).collect();
    assert_eq!(lists.len(), 4, "one for each order");
    for statement in lists {
        let start = match (statement.contains("lower($3)"), statement.contains(" DESC")) {
            (true, _) => "'', 0",
            (false, true) => "'9999-12-31', 9223372036854775807",
            (false, false) => "'1970-01-01', 0",
        };
        let sql = format!(
            "DEALLOCATE ALL; PREPARE q AS {statement};
             EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE q('{}', '{{pending,completed}}', {start}, '%', 26, true, NULL, true)",
            ada.user_id
        );
        let rows = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_all(&mut connection).await.unwrap();
        let plan: serde_json::Value = sqlx::Row::get(&rows[0], 0);
        let mut found = Vec::new();
        reads(&plan[0]["Plan"], &mut found);
        assert!(found.iter().all(|(_, how, _)| !how.starts_with("Seq Scan") && !how.contains("Bitmap")), "{found:?}");
        // A page and one more of each status: of her own and of each of her teams; each shared task; each row's names.
        let tasks: f64 = found.iter().filter(|(table, ..)| table == "tasks").map(|(.., rows)| rows).sum();
        assert!(tasks <= f64::from(26 * 2 * 41 + 1100), "{tasks} tasks were read: {found:?}");
        let others: f64 = found.iter().filter(|(table, ..)| table != "tasks").map(|(.., rows)| rows).sum();
        assert!(others <= f64::from(4 * 1100 + 26 * 60), "{others} other rows were read: {found:?}");
    }
}

/// How often each table has been read whole, as this connection has it counted.
async fn sequential_scans(connection: &mut PgConnection) -> BTreeMap<String, i64> {
    sqlx::raw_sql("SELECT pg_stat_force_next_flush()").execute(&mut *connection).await.unwrap();
    sqlx::query_as("SELECT relname::text, seq_scan FROM pg_stat_user_tables")
        .fetch_all(connection)
        .await
        .unwrap()
        .into_iter()
        .collect()
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn the_functions_read_no_whole_table_either(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let ada = world.person("Ada").await;
    realistic(&world, &ada).await;
    let token = NewApiToken::parse("Robot", TokenScope::ALL, TokenEnd::Never).unwrap();
    let token = world.backend.token_create(&ada, token).await.unwrap();
    // All that is there; what follows seals a few lines of many.
    world.backend.audit_seal().await.unwrap();
    let more = "INSERT INTO audit_seals SELECT no + n, 1, hash, now() FROM audit_seals, generate_series(1, 5000) n
                WHERE no = (SELECT max(no) FROM audit_seals)";
    sqlx::raw_sql(more).execute(&mut world.owner().await).await.unwrap();
    sqlx::raw_sql("VACUUM ANALYZE audit_log, audit_seals").execute(&mut world.owner().await).await.unwrap();
    let mut connection = as_viewer(&world, &ada).await;
    let before = sequential_scans(&mut connection).await;
    let now: DateTime<Utc> = world.now();
    // More often than the five times after which Postgres considers a generic plan.
    for _ in 0..10 {
        sqlx::query("SELECT dashboard_read($1, $2, $3, 'UTC')")
            .bind(ada.user_id.0)
            .bind(ada.session().unwrap().0)
            .bind(now)
            .execute(&mut connection)
            .await
            .unwrap();
        sqlx::query("SELECT api_token_of(sha256('x'), $1)").bind(now).execute(&mut connection).await.unwrap();
        for credential in [ada.session().unwrap().0, token.token.id.0] {
            sqlx::query("SELECT scope_open($1, $2, $3)")
                .bind(ada.user_id.0)
                .bind(credential)
                .bind(now)
                .execute(&mut connection)
                .await
                .unwrap();
        }
        sqlx::query("SELECT account_for_sign_in('user7@example.org')").execute(&mut connection).await.unwrap();
        sqlx::query("SELECT account_by_email('user7@example.org')").execute(&mut connection).await.unwrap();
        sqlx::query("SELECT audit_sign_in_failed('user7@example.org', now(), NULL, NULL)")
            .execute(&mut connection)
            .await
            .unwrap();
        sqlx::query("SELECT audit_denied($1, $2, 'x', 'task:1', 1, NULL, now(), NULL, NULL)")
            .bind(ada.user_id.0)
            .bind(ada.session().unwrap().0)
            .execute(&mut connection)
            .await
            .unwrap();
        sqlx::query("SELECT audit_seal(now())").execute(&mut connection).await.unwrap();
    }
    assert_eq!(sequential_scans(&mut connection).await, before);
}
