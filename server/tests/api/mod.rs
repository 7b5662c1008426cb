//! The REST API, as programs use it: with a bearer token and JSON.
#![expect(clippy::indexing_slicing, reason = "a test that cannot go on has failed")]

mod bad_input;
mod coverage;
mod dashboard;
mod export;
mod files;
mod guide;
mod teams;
mod tokens;

use super::support::{
    App,
    browser::{Answer, Browser},
};
use axum::{
    body::Body,
    http::{Method, StatusCode},
};
use serde_json::{Value, json};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

/// A program that may have a token.
#[derive(Clone)]
struct Program(Browser);

impl Program {
    fn new(app: &App) -> Self {
        Self(app.browser().with("content-type", "application/json"))
    }

    fn with(&self, name: &'static str, value: &str) -> Self {
        Self(self.0.with(name, value))
    }

    /// Somebody who has just signed up and in.
    async fn signed_in(app: &App, email: &str) -> Self {
        let program = Self::new(app);
        let account = json!({ "email": email, "password": "Correct-horse-1", "name": "Ada" });
        assert_eq!(program.post("/api/auth/signup", &account).await.status, StatusCode::CREATED);
        let signed_in =
            program.post("/api/auth/signin", &json!({ "email": email, "password": "Correct-horse-1" })).await;
        program.with("authorization", &format!("Bearer {}", signed_in.json()["access_token"].as_str().unwrap()))
    }

    async fn send(&self, method: Method, path: &str, body: impl Into<Body>) -> Answer {
        self.0.clone().send(method, path, "*/*", body.into()).await
    }

    async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, Body::empty()).await
    }

    async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, Body::empty()).await
    }

    async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(Method::POST, path, body.to_string()).await
    }

    async fn patch(&self, path: &str, body: &Value) -> Answer {
        self.send(Method::PATCH, path, body.to_string()).await
    }

    async fn id(&self) -> String {
        self.get("/api/auth/me").await.json()["id"].as_str().unwrap().to_owned()
    }

    async fn task(&self, title: &str) -> Value {
        let made = self.post("/api/me/tasks", &json!({ "title": title })).await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
        made.json()
    }
}

/// The status, the code, and the fields that are named.
fn refused(answer: &Answer) -> (u16, String, Vec<String>) {
    let body = answer.json();
    assert_eq!(body["error"], answer.status.canonical_reason().unwrap());
    assert!(!body["detail"].as_str().unwrap().is_empty());
    assert_eq!(body["request_id"], answer.header("x-request-id"));
    let fields =
        body["fields"].as_array().into_iter().flatten().map(|field| field["field"].as_str().unwrap().to_owned());
    (answer.status.as_u16(), body["code"].as_str().unwrap().to_owned(), fields.collect())
}

fn refusal(status: u16, code: &str, fields: &[&str]) -> (u16, String, Vec<String>) {
    (status, code.to_owned(), fields.iter().map(|field| (*field).to_owned()).collect())
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn an_account_from_its_sign_up_to_the_end_of_its_session(_: PgPoolOptions, db: PgConnectOptions) {
    let app = App::on(db).await;
    let nobody = Program::new(&app);
    let account = json!({ "email": "Ada@Example.org", "password": "Correct-horse-1", "name": "Ada" });
    let made = nobody.post("/api/auth/signup", &account).await;
    assert_eq!((made.status, &made.json()["email"]), (StatusCode::CREATED, &json!("ada@example.org")));
    let mut fields: Vec<_> = made.json().as_object().unwrap().keys().cloned().collect();
    fields.sort_unstable();
    assert_eq!(fields, ["administrator", "created_at", "email", "id", "name", "time_zone"]);
    assert_eq!(refused(&nobody.post("/api/auth/signup", &account).await), refusal(409, "CONFLICT", &[]));
    let broken = json!({ "email": "ada", "password": "short", "name": " " });
    let broken = nobody.post("/api/auth/signup", &broken).await;
    assert_eq!(refused(&broken), refusal(422, "VALIDATION_ERROR", &["name", "email", "password"]));

    let wrong = nobody.post("/api/auth/signin", &json!({ "email": "ada@example.org", "password": "wrong" })).await;
    assert_eq!(refused(&wrong), refusal(401, "UNAUTHORIZED", &[]));
    let proof = json!({ "email": "ada@example.org", "password": "Correct-horse-1" });
    let signed_in = nobody.post("/api/auth/signin", &proof).await.json();
    assert_eq!((&signed_in["token_type"], &signed_in["expires_in"]), (&json!("bearer"), &json!(3600)));
    let ada = nobody.with("authorization", &format!("Bearer {}", signed_in["access_token"].as_str().unwrap()));
    assert_eq!(ada.get("/api/auth/me").await.json(), made.json());
    assert_eq!(signed_in["user"], made.json());

    assert_eq!(ada.get("/api/auth/sessions").await.json().as_array().unwrap().len(), 1, "none by signing up");
    assert_eq!(nobody.post("/api/auth/signin", &proof).await.status, StatusCode::OK);
    let sessions = ada.get("/api/auth/sessions").await.json();
    let current: Vec<_> =
        sessions.as_array().unwrap().iter().map(|session| session["current"].as_bool().unwrap()).collect();
    assert_eq!(current, [false, true]);
    let other = format!("/api/auth/sessions/{}", sessions[0]["id"].as_str().unwrap());
    assert_eq!(ada.get(&other).await.json(), sessions[0]);
    assert_eq!(ada.delete(&other).await.status, StatusCode::NO_CONTENT);
    assert_eq!(refused(&ada.get(&other).await), refusal(404, "NOT_FOUND", &[]));
    assert_eq!(ada.get("/api/auth/sessions").await.json().as_array().unwrap().len(), 1);
    assert_eq!(ada.send(Method::POST, "/api/auth/signout", Body::empty()).await.status, StatusCode::NO_CONTENT);
    let out = ada.get("/api/auth/me").await;
    assert_eq!(refused(&out), refusal(401, "UNAUTHORIZED", &[]));
    assert_eq!(out.header("www-authenticate"), r#"Bearer error="invalid_token""#);
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn an_account_is_deleted_by_its_password(_: PgPoolOptions, db: PgConnectOptions) {
    let app = App::on(db).await;
    let (ada, bob) =
        (Program::signed_in(&app, "ada@example.org").await, Program::signed_in(&app, "bob@example.org").await);
    let (robot, _) = ada.robot(&app, &["tasks:read"]).await;
    let proof = |password: &str| json!({ "password": password }).to_string();
    let delete =
        async |program: &Program, password: &str| program.send(Method::DELETE, "/api/auth/me", proof(password)).await;
    assert_eq!(refused(&delete(&robot, "Correct-horse-1").await), refusal(403, "FORBIDDEN", &[]));
    assert_eq!(refused(&delete(&ada, "Wrong-horse-1").await), refusal(422, "VALIDATION_ERROR", &["password"]));
    assert_eq!(refused(&ada.delete("/api/auth/me").await), refusal(400, "BAD_REQUEST", &[]), "without any");
    let team = ada.post("/api/teams", &json!({ "name": "Crew" })).await.json();
    let member = json!({ "email": "bob@example.org", "role": "admin" });
    let members = format!("/api/teams/{}/members", team["id"].as_str().unwrap());
    assert_eq!(ada.post(&members, &member).await.status, StatusCode::CREATED);
    let stands = delete(&ada, "Correct-horse-1").await;
    assert_eq!(refused(&stands), refusal(409, "CONFLICT", &[]));
    assert!(stands.json()["detail"].as_str().unwrap().contains("“Crew”"), "{}", stands.text());
    let handed = format!("/api/teams/{}/transfer", team["id"].as_str().unwrap());
    let to = json!({ "user_id": bob.id().await });
    assert!(ada.post(&handed, &to).await.status.is_success());

    assert_eq!(delete(&ada, "Correct-horse-1").await.status, StatusCode::NO_CONTENT);
    for program in [&ada, &robot] {
        assert_eq!(refused(&program.get("/api/auth/me").await), refusal(401, "UNAUTHORIZED", &[]));
    }
    assert_eq!(bob.get(&members).await.json().as_array().unwrap().len(), 1);
    assert_eq!(Program::signed_in(&app, "ada@example.org").await.get("/api/teams").await.json(), json!([]));
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn a_task_from_its_making_to_its_end(_: PgPoolOptions, db: PgConnectOptions) {
    let app = App::on(db).await;
    let ada = Program::signed_in(&app, "ada@example.org").await;
    let me = ada.id().await;
    let made = ada.post("/api/me/tasks", &json!({ "title": " Plan ", "description": "Line\nby line" })).await;
    let task = made.json();
    let path = format!("/api/{me}/tasks/{}", task["id"]);
    let first = made.header("etag").to_owned();
    assert_eq!((made.status, made.header("location")), (StatusCode::CREATED, &*path));
    let (created, updated) = (&task["created_at"], &task["updated_at"]);
    assert_eq!(
        task,
        json!({
            "id": task["id"], "user_id": me, "team_id": null, "title": "Plan", "description": "Line\nby line",
            "status": "pending", "access": "owner", "version": 1, "created_at": created, "updated_at": updated,
            "completed_at": null
        })
    );
    assert_eq!(ada.get(&path).await.json(), task);
    let known = ada.with("if-none-match", &first).get(&path).await;
    assert_eq!((known.status, known.header("etag"), known.body.len()), (StatusCode::NOT_MODIFIED, &*first, 0));

    let changed = ada.with("if-match", &first).patch(&path, &json!({ "title": "Plan it" })).await;
    let second = changed.header("etag").to_owned();
    assert_eq!((changed.status, &changed.json()["version"]), (StatusCode::OK, &json!(2)));
    assert_eq!(
        (&changed.json()["title"], &changed.json()["description"]),
        (&json!("Plan it"), &json!("Line\nby line"))
    );
    for condition in [first.clone(), format!("\"7\", {first}"), format!("W/{second}")] {
        let stale = ada.with("if-match", &condition);
        let toggled = stale.send(Method::PATCH, &format!("{path}/complete"), Body::empty()).await;
        let outcomes = [stale.patch(&path, &json!({ "title": "Late" })).await, stale.delete(&path).await, toggled];
        for outcome in outcomes {
            assert_eq!(refused(&outcome), refusal(412, "PRECONDITION_FAILED", &[]), "{condition}");
        }
    }
    assert_eq!(ada.with("if-none-match", &first).get(&path).await.status, StatusCode::OK);
    let put = ada.with("if-match", "*").send(Method::PUT, &path, json!({ "status": "completed" }).to_string()).await;
    assert_eq!((put.status, &put.json()["status"]), (StatusCode::OK, &json!("completed")));
    assert!(put.json()["completed_at"].is_string());
    for status in ["pending", "completed"] {
        let toggled = ada.send(Method::PATCH, &format!("{path}/complete"), Body::empty()).await;
        assert_eq!((toggled.status, &toggled.json()["status"]), (StatusCode::OK, &json!(status)));
    }
    assert_eq!(ada.delete(&path).await.status, StatusCode::NO_CONTENT);
    assert_eq!(refused(&ada.get(&path).await), refusal(404, "NOT_FOUND", &[]));

    let done = ada.post("/api/me/tasks", &json!({ "title": "Done before", "status": "completed" })).await.json();
    assert_eq!((&done["status"], &done["completed_at"]), (&json!("completed"), &done["created_at"]));
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn a_list_comes_in_pages_that_stay_right_while_tasks_are_added(_: PgPoolOptions, db: PgConnectOptions) {
    let app = App::on(db).await;
    let ada = Program::signed_in(&app, "ada@example.org").await;
    for n in 0..5 {
        ada.task(&format!("Task {n}")).await;
    }
    for sort in ["newest", "updated"] {
        let mut path = format!("/api/me/tasks?sort={sort}&limit=2&q=task");
        let mut titles = Vec::new();
        loop {
            let page = ada.get(&path).await;
            assert_eq!(page.status, StatusCode::OK, "{}", page.text());
            titles
                .extend(page.json().as_array().unwrap().iter().map(|task| task["title"].as_str().unwrap().to_owned()));
            let link = page.header("link");
            let Some(next) = link.strip_prefix('<').and_then(|link| link.strip_suffix(">; rel=\"next\"")) else {
                assert_eq!(page.header("x-next-cursor"), "");
                break;
            };
            assert!(next.ends_with(&format!("cursor={}", page.header("x-next-cursor"))), "{next}");
            path = next.to_owned();
            ada.task("Of the last minute: a task").await;
        }
        titles.retain(|title| title.starts_with("Task"));
        assert_eq!(titles, ["Task 4", "Task 3", "Task 2", "Task 1", "Task 0"]);
    }
    let shown = async |query: &str| ada.get(&format!("/api/me/tasks?{query}")).await.json().as_array().unwrap().len();
    assert_eq!((shown("status=completed").await, shown("shared=true").await, shown("").await), (0, 0, 10));
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn the_same_request_again_makes_no_second_task(_: PgPoolOptions, db: PgConnectOptions) {
    let app = App::on(db).await;
    let ada = Program::signed_in(&app, "ada@example.org").await;
    let once = ada.with("idempotency-key", "an order of mine, no. 7");
    let (first, again) = (once.task("Once").await, once.task("Once").await);
    assert_eq!(first, again);
    assert_ne!(ada.task("Once").await["id"], first["id"], "without a key it is another");
    let long = ada.with("idempotency-key", &"k".repeat(256)).post("/api/me/tasks", &json!({ "title": "Once" })).await;
    assert_eq!(refused(&long), refusal(422, "VALIDATION_ERROR", &["Idempotency-Key"]));
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn strangers_and_nobody_get_nothing(_: PgPoolOptions, db: PgConnectOptions) {
    let app = App::on(db).await;
    let (ada, eve) =
        (Program::signed_in(&app, "ada@example.org").await, Program::signed_in(&app, "eve@example.org").await);
    let me = ada.id().await;
    let id = ada.task("Ada's").await["id"].clone();
    for nobody in [Program::new(&app), Program::new(&app).with("authorization", "Bearer nonsense")] {
        for path in ["/api/me/tasks".to_owned(), format!("/api/me/tasks/{id}"), "/api/auth/me".to_owned()] {
            assert_eq!(refused(&nobody.get(&path).await), refusal(401, "UNAUTHORIZED", &[]), "{path}");
        }
    }
    for path in [format!("/api/{me}/tasks"), format!("/api/{me}/tasks/{id}"), "/api/somebody/tasks".to_owned()] {
        assert_eq!(refused(&eve.get(&path).await), refusal(403, "FORBIDDEN", &[]), "{path}");
    }
    for path in [format!("/api/me/tasks/{id}"), "/api/me/tasks/999999".to_owned()] {
        let tried =
            [eve.get(&path).await, eve.patch(&path, &json!({ "title": "Eve's" })).await, eve.delete(&path).await];
        for outcome in tried {
            assert_eq!(refused(&outcome), refusal(404, "NOT_FOUND", &[]), "{path}");
        }
    }
    assert_eq!(ada.get(&format!("/api/me/tasks/{id}")).await.json()["title"], "Ada's");
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn many_tasks_are_changed_at_once_or_none(_: PgPoolOptions, db: PgConnectOptions) {
    let app = App::on(db).await;
    let (ada, bob) =
        (Program::signed_in(&app, "ada@example.org").await, Program::signed_in(&app, "bob@example.org").await);
    let (one, two) = (ada.task("One").await["id"].clone(), ada.task("Two").await["id"].clone());
    let his = bob.task("His").await["id"].clone();
    let bulk =
        async |action: &str, ids: Value| ada.post("/api/me/tasks/bulk", &json!({ "action": action, "ids": ids })).await;
    let done = bulk("complete", json!([two, one, two])).await;
    assert_eq!((done.status, done.json()), (StatusCode::OK, json!({ "changed": [one, two] })));
    assert_eq!(bulk("complete", json!([one])).await.json(), json!({ "changed": [] }));
    let in_the_way = bulk("delete", json!([one, his])).await;
    assert_eq!((refused(&in_the_way), &in_the_way.json()["task_id"]), (refusal(404, "NOT_FOUND", &[]), &his));
    assert!(in_the_way.json()["detail"].as_str().unwrap().starts_with(&format!("Task {his}: ")));
    assert_eq!(ada.get("/api/me/tasks?status=completed").await.json().as_array().unwrap().len(), 2);
    assert_eq!(bulk("delete", json!([one, two])).await.status, StatusCode::OK);
    assert_eq!(ada.get("/api/me/tasks").await.json(), json!([]));
    let too_many: Vec<_> = (1..=501).collect();
    for (action, ids, field) in
        [("complete", json!([]), "ids"), ("complete", json!(too_many), "ids"), ("archive", json!([one]), "action")]
    {
        assert_eq!(refused(&bulk(action, ids).await), refusal(422, "VALIDATION_ERROR", &[field]));
    }
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn methods_and_paths_that_are_not_there_are_answered_as_http_says(_: PgPoolOptions, db: PgConnectOptions) {
    let app = App::on(db).await;
    let ada = Program::signed_in(&app, "ada@example.org").await;
    let id = ada.task("Here").await["id"].clone();
    let other = ada.delete("/api/me/tasks").await;
    assert_eq!(refused(&other), refusal(405, "METHOD_NOT_ALLOWED", &[]));
    let mut allowed: Vec<_> = other.header("allow").split(',').map(str::trim).collect();
    allowed.sort_unstable();
    assert_eq!(allowed, ["GET", "HEAD", "POST"]);
    for path in ["/api/nothing", "/api/me/nothing/at/all"] {
        for method in [Method::GET, Method::POST] {
            let answer = ada.send(method, path, "{}").await;
            assert_eq!(refused(&answer), refusal(404, "NOT_FOUND", &[]), "{path}");
        }
    }
    let head = ada.send(Method::HEAD, &format!("/api/me/tasks/{id}"), Body::empty()).await;
    let same = ada.get(&format!("/api/me/tasks/{id}")).await;
    assert_eq!((head.status, head.header("etag"), head.body.len()), (StatusCode::OK, same.header("etag"), 0));
    let export = ada.send(Method::HEAD, "/api/me/tasks/export", Body::empty()).await;
    assert_eq!(
        (export.status, export.header("content-type"), export.body.len()),
        (StatusCode::OK, "application/json", 0)
    );
    let import = ada.delete("/api/me/tasks/import").await;
    assert_eq!((refused(&import), import.header("allow")), (refusal(405, "METHOD_NOT_ALLOWED", &[]), "POST"));
    for path in ["/health", "/openapi.json", "/docs", "/tasks", "/rpc/task/list"] {
        let answer = ada.delete(path).await;
        assert_eq!((answer.status, answer.header("allow")), (StatusCode::METHOD_NOT_ALLOWED, "GET,HEAD"), "{path}");
        assert!(!answer.body.is_empty(), "{path}");
    }
    let packed = ada.with("accept-encoding", "br").get("/api/me/tasks/export").await;
    assert_eq!(packed.header("content-encoding"), "br");
    // A browser that opens it sees the same.
    let opened = app.browser().page("/api/me/tasks").await;
    assert_eq!(refused(&opened), refusal(401, "UNAUTHORIZED", &[]));
}

#[test]
fn the_document_is_the_committed_one() {
    let now = taskwire::api::document().to_pretty_json().unwrap();
    let committed = include_str!("../../../docs/openapi.json");
    assert!(
        now.trim() == committed.trim(),
        "docs/openapi.json is not what the code says: renew it with `make openapi`"
    );
}
