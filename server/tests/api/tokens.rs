//! Personal API tokens, as programs make and use them.

use super::{Program, refusal, refused};
use crate::support::App;
use axum::http::StatusCode;
use serde_json::{Value, json};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

impl Program {
    /// A program with a token of this person's.
    pub(super) async fn robot(&self, app: &App, scopes: &[&str]) -> (Self, Value) {
        let made = self.post("/api/auth/tokens", &json!({ "name": "Robot", "scopes": scopes })).await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
        let location = made.header("location").to_owned();
        let made = made.json();
        assert_eq!(location, format!("/api/auth/tokens/{}", made["id"].as_str().unwrap()));
        let robot = Self::new(app).with("authorization", &format!("Bearer {}", made["secret"].as_str().unwrap()));
        (robot, made)
    }
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn a_token_is_made_used_and_revoked(_: PgPoolOptions, db: PgConnectOptions) {
    let app = App::on(db).await;
    let ada = Program::signed_in(&app, "ada@example.org").await;
    let (robot, made) = ada.robot(&app, &["tasks:write"]).await;
    let mut fields: Vec<_> = made.as_object().unwrap().keys().map(String::as_str).collect();
    fields.sort_unstable();
    assert_eq!(fields, ["created_at", "expires_at", "id", "last_used_at", "name", "scopes", "secret"]);
    let task = robot.task("made by a robot").await;
    assert_eq!(task["user_id"], ada.id().await);
    assert_eq!(robot.get("/api/auth/me").await.json()["email"], "ada@example.org");

    let listed = ada.get("/api/auth/tokens").await;
    assert!(!listed.text().contains(made["secret"].as_str().unwrap()), "the secret is shown once");
    assert_eq!((&listed.json()[0]["name"], &listed.json()[0]["scopes"]), (&json!("Robot"), &json!(["tasks:write"])));
    assert!(listed.json()[0]["last_used_at"].is_string());

    let path = format!("/api/auth/tokens/{}", made["id"].as_str().unwrap());
    assert_eq!(ada.get(&path).await.json(), listed.json()[0]);
    let bob = Program::signed_in(&app, "bob@example.org").await;
    assert_eq!(refused(&bob.get(&path).await), refusal(404, "NOT_FOUND", &[]));
    assert_eq!(refused(&bob.delete(&path).await), refusal(404, "NOT_FOUND", &[]));
    assert_eq!(ada.delete(&path).await.status, StatusCode::NO_CONTENT);
    assert_eq!(ada.delete(&path).await.status, StatusCode::NO_CONTENT, "once more does no harm");
    let late = robot.get("/api/me/tasks").await;
    assert_eq!(refused(&late), refusal(401, "UNAUTHORIZED", &[]));
    assert_eq!(late.header("www-authenticate"), r#"Bearer error="invalid_token""#);
    assert_eq!(ada.get("/api/auth/tokens").await.json(), json!([]));
    assert_eq!(refused(&ada.get(&path).await), refusal(404, "NOT_FOUND", &[]));
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn a_token_is_refused_what_its_scopes_do_not_cover(_: PgPoolOptions, db: PgConnectOptions) {
    let app = App::on(db).await;
    let ada = Program::signed_in(&app, "ada@example.org").await;
    let (robot, _) = ada.robot(&app, &["tasks:read"]).await;
    let answer = robot.post("/api/me/tasks", &json!({ "title": "no" })).await;
    assert_eq!(refused(&answer), refusal(403, "FORBIDDEN", &[]));
    assert_eq!(answer.header("www-authenticate"), r#"Bearer error="insufficient_scope", scope="tasks:write""#);
    assert!(answer.json()["detail"].as_str().unwrap().contains("tasks:write"), "{}", answer.text());
    let for_people = robot.get("/api/auth/sessions").await;
    assert_eq!(refused(&for_people), refusal(403, "FORBIDDEN", &[]));
    assert_eq!(for_people.header("www-authenticate"), "", "no scope would help");
    assert_eq!(ada.get("/api/me/tasks").await.json(), json!([]));
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn a_token_that_cannot_be_is_named(_: PgPoolOptions, db: PgConnectOptions) {
    let app = App::on(db).await;
    let ada = Program::signed_in(&app, "ada@example.org").await;
    let broken = ada.post("/api/auth/tokens", &json!({ "name": " ", "scopes": [] })).await;
    assert_eq!(refused(&broken), refusal(422, "VALIDATION_ERROR", &["name", "scopes"]));
    let unknown = ada.post("/api/auth/tokens", &json!({ "name": "x", "scopes": ["everything"] })).await;
    assert_eq!(refused(&unknown), refusal(422, "VALIDATION_ERROR", &["scopes[0]"]));
    let past = json!({ "name": "x", "scopes": ["tasks:read"], "expires_at": "2020-01-01T00:00:00Z" });
    let past = ada.post("/api/auth/tokens", &past).await;
    assert_eq!(refused(&past), refusal(422, "VALIDATION_ERROR", &["expires_at"]));
    for token in ["taskwire_", "taskwire_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"] {
        let stranger = Program::new(&app).with("authorization", &format!("Bearer {token}"));
        assert_eq!(refused(&stranger.get("/api/auth/me").await), refusal(401, "UNAUTHORIZED", &[]), "{token}");
    }
}
