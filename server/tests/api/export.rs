//! Everything that is kept about a person, as one file.

use super::{Program, refusal, refused};
use crate::support::App;
use axum::http::{Method, StatusCode};
use http_body_util::BodyExt;
use serde_json::json;
use sqlx::{
    AssertSqlSafe, ConnectOptions,
    postgres::{PgConnectOptions, PgPoolOptions},
};

const EXPORT: &str = "/api/auth/me/export";

/// Where each table with people's data is told of; nothing for what is only counted from others that are told.
const TABLES: [(&str, &str); 20] = [
    ("activity_buckets", ""),
    ("api_tokens", "api_tokens"),
    ("audit_log", "activity"),
    ("conversations", "conversations"),
    // With whom a deleted task was shared, once it is back, is told then.
    ("deleted_share_invitations", ""),
    ("deleted_task_shares", ""),
    ("deleted_tasks", "deleted_tasks"),
    ("messages", "conversations"),
    ("sessions", "sessions"),
    ("share_counters", ""),
    ("share_invitations", "shared_by_me"),
    ("task_shares", "shared_by_me"),
    ("tasks", "tasks"),
    // The team's.
    ("team_invitations", ""),
    ("team_members", "teams"),
    ("teams", "teams"),
    ("tool_call_changes", "tool_calls"),
    ("tool_calls", "tool_calls"),
    ("user_counters", ""),
    ("users", "account"),
];

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn the_file_holds_everything_of_a_person_and_nothing_of_others(_: PgPoolOptions, db: PgConnectOptions) {
    let mut owner = db.connect().await.unwrap();
    let mut tables: Vec<String> = sqlx::query_scalar(
        "SELECT relname::text FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace
         AND relname NOT IN ('_sqlx_migrations', 'audit_seals')",
    )
    .fetch_all(&mut owner)
    .await
    .unwrap();
    tables.sort_unstable();
    assert_eq!(tables, TABLES.map(|(table, _)| table), "a table that the export may have forgotten");

    let app = App::on(db).await;
    let ada = Program::signed_in(&app, "ada@example.org").await;
    let bob = Program::signed_in(&app, "bob@example.org").await;
    let me = ada.id().await;
    let (robot, _) = ada.robot(&app, &["tasks:read"]).await;
    let (_, revoked) = ada.robot(&app, &["tasks:write"]).await;
    ada.delete(&format!("/api/auth/tokens/{}", revoked["id"].as_str().unwrap())).await;
    // More of each than a page has.
    let many: Vec<_> = (0..120).map(|n| json!({ "title": format!("hers {n}") })).collect();
    let made = ada.post("/api/me/tasks/import", &json!(many)).await.json()["made"].clone();
    let (shared, gone) = (made[0].as_i64().unwrap(), made[1].as_i64().unwrap());
    for email in ["bob@example.org", "new@example.org"] {
        let share = json!({ "email": email, "permission": "view" });
        ada.post(&format!("/api/tasks/{shared}/share"), &share).await;
    }
    ada.delete(&format!("/api/me/tasks/{gone}")).await;
    bob.task("secret of Bob").await;
    let given = bob.task("given by Bob").await["id"].clone();
    bob.post(&format!("/api/tasks/{given}/share"), &json!({ "email": "ada@example.org", "permission": "edit" })).await;
    bob.post("/api/teams", &json!({ "name": "secret team" })).await;
    let team = bob.post("/api/teams", &json!({ "name": "Crew" })).await.json()["id"].clone();
    let member = json!({ "email": "ada@example.org", "role": "member" });
    bob.post(&format!("/api/teams/{}/members", team.as_str().unwrap()), &member).await;
    for n in 0..60 {
        ada.patch("/api/auth/me", &json!({ "name": format!("Ada {n}") })).await;
    }
    let rows = format!(
        "INSERT INTO sessions SELECT gen_random_uuid(), '{me}', now(), now(), now() + interval '1 hour', now(), '192.0.2.7', 'old'
         FROM generate_series(1, 1000);
         INSERT INTO conversations SELECT id, id, name || '’s talk', now(), now() FROM users;
         INSERT INTO messages (conversation_id, user_id, role, content, created_at)
         SELECT id, id, 'user', 'said by ' || email, now() FROM users;
         BEGIN;
         INSERT INTO tool_calls SELECT id, id, NULL, 'agent of ' || email, 'x', '{{}}', 'done', NULL, now(), 1, true FROM users;
         INSERT INTO tool_call_changes (call_id, user_id, task_id, after)
         SELECT id, id, 1, jsonb_build_object('title', 'changed by ' || email) FROM users;
         COMMIT"
    );
    sqlx::raw_sql(AssertSqlSafe(rows)).execute(&mut owner).await.unwrap();

    let refused_to_robot = robot.get(EXPORT).await;
    assert_eq!(refused(&refused_to_robot), refusal(403, "FORBIDDEN", &[]));
    let answer = ada.get(EXPORT).await;
    let name = answer.header("content-disposition").to_owned();
    assert!(name.starts_with("attachment; filename=\"taskwire-account-20") && name.ends_with(".json\""), "{name}");
    assert_eq!(answer.header("content-type"), "application/json");
    let (text, file) = (answer.text(), answer.json());
    let parts: Vec<_> = file.as_object().unwrap().keys().map(String::as_str).collect();
    for (_, part) in TABLES {
        assert!(part.is_empty() || parts.contains(&part), "{part} is not among {parts:?}");
    }
    assert_eq!(file["account"], ada.get("/api/auth/me").await.json());
    // Each row that the database has of her, by its id.
    for (part, ids) in [
        ("sessions", "SELECT id::text FROM sessions WHERE user_id = $1::uuid"),
        ("api_tokens", "SELECT id::text FROM api_tokens WHERE user_id = $1::uuid"),
        ("teams", "SELECT team_id::text FROM team_members WHERE user_id = $1::uuid"),
        ("tasks", "SELECT id::text FROM tasks WHERE user_id = $1::uuid"),
        ("deleted_tasks", "SELECT id::text FROM deleted_tasks WHERE user_id = $1::uuid"),
        ("shared_by_me", "SELECT DISTINCT task_id::text FROM task_shares WHERE owner_id = $1::uuid"),
        ("shared_with_me", "SELECT task_id::text FROM task_shares WHERE user_id = $1::uuid"),
        ("conversations", "SELECT id::text FROM conversations WHERE user_id = $1::uuid"),
        ("tool_calls", "SELECT id::text FROM tool_calls WHERE user_id = $1::uuid"),
        ("activity", "SELECT id::text FROM audit_log WHERE account_id = $1::uuid"),
    ] {
        let mut wanted: Vec<String> = sqlx::query_scalar(ids).bind(&me).fetch_all(&mut owner).await.unwrap();
        let told = file[part].as_array().unwrap().iter().map(|row| row["id"].to_string().trim_matches('"').to_owned());
        let mut told: Vec<_> = told.collect();
        wanted.sort_unstable();
        told.sort_unstable();
        assert!(!wanted.is_empty() && told == wanted, "{part}: {told:?} instead of {wanted:?}");
    }
    let shares = file["shared_by_me"][0]["shares"].as_array().unwrap();
    let emails: Vec<_> = shares.iter().map(|share| share["email"].as_str().unwrap()).collect();
    assert_eq!(emails, ["bob@example.org", "new@example.org"]);
    assert_eq!(file["conversations"][0]["messages"][0]["content"], "said by ada@example.org");
    assert_eq!(file["tool_calls"][0]["changes"][0]["after"]["title"], "changed by ada@example.org");
    assert!(file["sessions"].as_array().unwrap().iter().any(|session| session["address"] == "192.0.2.7"));
    for foreign in ["secret", "said by bob", "of bob", "by bob", "$argon2", "taskwire_", "hash"] {
        assert!(!text.contains(foreign), "{foreign} is in it");
    }

    let newcomer = Program::signed_in(&app, "cleo@example.org").await.get(EXPORT).await.json();
    assert_eq!((&newcomer["tasks"], &newcomer["shared_by_me"]), (&json!([]), &json!([])), "empty parts are there");
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn a_file_that_cannot_be_finished_breaks_off(_: PgPoolOptions, db: PgConnectOptions) {
    let app = App::on(db).await;
    let ada = Program::signed_in(&app, "ada@example.org").await;
    let account = json!({ "email": "ada@example.org", "password": "Correct-horse-1" });
    let bearer = ada.post("/api/auth/signin", &account).await.json()["access_token"].clone();
    let elsewhere = Program::new(&app).with("authorization", &format!("Bearer {}", bearer.as_str().unwrap()));
    let mut ended = elsewhere.begin(EXPORT).await;
    let mut lost = ada.begin(EXPORT).await;
    for file in [&mut ended, &mut lost] {
        let first = file.frame().await.unwrap().unwrap().into_data().unwrap();
        assert!(first.starts_with(b"{\"exported_at\":"), "the first page");
    }
    assert_eq!(ada.send(Method::DELETE, "/api/auth/sessions", String::new()).await.status, StatusCode::OK);
    assert!(ended.frame().await.unwrap().is_err(), "the session has ended");
    assert!(lost.frame().await.unwrap().is_ok(), "the other goes on");
    app.backend.stop().await;
    assert!(lost.frame().await.unwrap().is_err(), "the database is gone");
    assert_eq!(refused(&ada.get(EXPORT).await).0, 503);
}
