//! One's tasks as a file, out and in (requirement P1).

use super::{Program, refusal, refused};
use crate::support::{App, eventually};
use axum::{
    body::Body,
    http::{Method, StatusCode},
};
use futures::{channel::mpsc, future::join};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use std::convert::Infallible;

const IMPORT: &str = "/api/me/tasks/import";

impl Program {
    /// The body of an answer, to be read piece by piece.
    pub(super) async fn begin(&self, path: &str) -> Body {
        self.0.begin(path).await
    }

    fn sending(&self, media_type: &str) -> Self {
        Self(self.0.without("content-type").with("content-type", media_type))
    }
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn tasks_leave_as_a_file_of_many_pages_and_come_back(_: PgPoolOptions, db: PgConnectOptions) {
    let app = App::on(db).await;
    let ada = Program::signed_in(&app, "ada@example.org").await;
    let bob = Program::signed_in(&app, "bob@example.org").await;
    bob.task("Bob's").await;
    let empty = ada.get("/api/me/tasks/export").await;
    assert_eq!((empty.status, empty.json()), (StatusCode::OK, json!([])));

    let mut wanted: Vec<_> = (0..250).map(|n| json!({ "title": format!("Task {n}"), "description": "" })).collect();
    wanted[7]["title"] = json!("=HYPERLINK(\"http://evil.example\")");
    wanted[8]["title"] = json!("'=quoted, \"already\"");
    wanted[9]["description"] = json!("- one;\n- two, \u{202e}backwards 🎉");
    wanted[10]["status"] = json!("completed");
    let made = ada.post(IMPORT, &json!(wanted)).await;
    assert_eq!(made.status, StatusCode::OK, "{}", made.text());
    let ids = made.json()["made"].as_array().unwrap().clone();
    assert_eq!(
        (ids.len(), &made.json()["refused"], made.json()["lines"][7]["line"].as_i64()),
        (250, &json!(0), Some(8))
    );

    let file = ada.get("/api/me/tasks/export?format=json").await;
    let name = file.header("content-disposition").to_owned();
    assert!(name.starts_with("attachment; filename=\"taskwire-tasks-20") && name.ends_with(".json\""), "{name}");
    let all = file.json().as_array().unwrap().clone();
    assert_eq!(all.iter().map(|task| task["id"].clone()).collect::<Vec<_>>(), ids, "nothing of Bob's");
    assert_eq!(all[9], ada.get(&format!("/api/me/tasks/{}", ids[9])).await.json());

    let table = ada.get("/api/me/tasks/export?format=csv").await;
    assert_eq!(table.header("content-type"), "text/csv; charset=utf-8; header=present");
    let text = table.text();
    assert!(
        text.starts_with("\u{feff}id,title,description,status,team,created_at,updated_at,completed_at\r\n"),
        "{text}"
    );
    assert!(
        text.contains(",\"'=HYPERLINK(\"\"http://evil.example\"\")\",") && text.contains(",\"'- one;\n'- two"),
        "{text}"
    );
    for (file, media_type) in [(table, "text/csv"), (file, "application/json; charset=utf-8")] {
        let cleo = Program::signed_in(&app, &format!("{}@example.org", &media_type[..4])).await;
        let back = cleo.sending(media_type).send(Method::POST, IMPORT, file.body.clone()).await;
        assert_eq!(back.status, StatusCode::OK, "{}", back.text());
        let told = |task: &Value| json!([task["title"], task["description"], task["status"]]);
        let seen = cleo.get("/api/me/tasks/export").await.json();
        let seen: Vec<_> = seen.as_array().unwrap().iter().map(told).collect();
        assert_eq!(seen, all.iter().map(told).collect::<Vec<_>>(), "{media_type}");
    }
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn a_file_breaks_off_when_its_session_ends(_: PgPoolOptions, db: PgConnectOptions) {
    let app = App::on(db).await;
    let ada = Program::signed_in(&app, "ada@example.org").await;
    let tasks: Vec<_> = (0..101).map(|n| json!({ "title": format!("Task {n}") })).collect();
    assert_eq!(ada.post(IMPORT, &json!(tasks)).await.status, StatusCode::OK);
    let account = json!({ "email": "ada@example.org", "password": "Correct-horse-1" });
    let elsewhere = ada.post("/api/auth/signin", &account).await.json();
    let bearer = format!("Bearer {}", elsewhere["access_token"].as_str().unwrap());
    let elsewhere = Program::new(&app).with("authorization", &bearer);
    let mut file = elsewhere.begin("/api/me/tasks/export").await;
    let first = file.frame().await.unwrap().unwrap().into_data().unwrap();
    assert!(first.starts_with(b"[{"), "the first page");
    let ended = ada.delete("/api/auth/sessions").await.json();
    assert_eq!(ended, json!({ "ended": 1 }));
    assert!(file.frame().await.unwrap().is_err(), "not as if that were all");
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn a_file_stays_right_while_tasks_come_and_go(_: PgPoolOptions, db: PgConnectOptions) {
    let app = App::on(db).await;
    let ada = Program::signed_in(&app, "ada@example.org").await;
    let tasks: Vec<_> = (0..150).map(|n| json!({ "title": format!("Task {n}") })).collect();
    let mut wanted = ada.post(IMPORT, &json!(tasks)).await.json()["made"].as_array().unwrap().clone();
    let mut file = ada.begin("/api/me/tasks/export").await;
    let mut text = file.frame().await.unwrap().unwrap().into_data().unwrap().to_vec();
    for n in [7, 120] {
        assert_eq!(ada.delete(&format!("/api/me/tasks/{}", wanted[n])).await.status, StatusCode::NO_CONTENT);
    }
    assert_eq!(
        ada.patch(&format!("/api/me/tasks/{}", wanted[8]), &json!({ "title": "New" })).await.status,
        StatusCode::OK
    );
    // Told already when it went.
    wanted.remove(120);
    wanted.push(ada.task("Late").await["id"].clone());
    text.extend(file.collect().await.unwrap().to_bytes());
    let told: Value = serde_json::from_slice(&text).unwrap();
    let ids: Vec<_> = told.as_array().unwrap().iter().map(|task| task["id"].clone()).collect();
    assert_eq!(ids, wanted, "each once");
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn each_person_sends_one_file_at_a_time(_: PgPoolOptions, db: PgConnectOptions) {
    let app = App::on(db).await;
    let ada = Program::signed_in(&app, "ada@example.org").await;
    let bob = Program::signed_in(&app, "bob@example.org").await;
    let (sender, parts) = mpsc::unbounded::<Result<&str, Infallible>>();
    sender.unbounded_send(Ok("[{ \"title\":")).unwrap();
    let first = ada.send(Method::POST, IMPORT, Body::from_stream(parts));
    let others = async {
        // As soon as the first is being read.
        let second = eventually("a refusal", async || {
            let answer = ada.post(&format!("{IMPORT}?dry_run=true"), &json!([{ "title": "Second" }])).await;
            (answer.status != StatusCode::OK).then_some(answer)
        });
        assert_eq!(refused(&second.await), refusal(409, "CONFLICT", &[]));
        assert_eq!(bob.post(IMPORT, &json!([{ "title": "Bob's" }])).await.status, StatusCode::OK, "not for others");
        sender.unbounded_send(Ok(" \"First\" }]")).unwrap();
        drop(sender);
    };
    let (first, ()) = join(first, others).await;
    assert_eq!(first.status, StatusCode::OK, "{}", first.text());
    assert_eq!(ada.post(IMPORT, &json!([{ "title": "Third" }])).await.status, StatusCode::OK, "one after the other");
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn a_file_is_tried_line_by_line_and_made_whole_or_not_at_all(_: PgPoolOptions, db: PgConnectOptions) {
    let app = App::on(db).await;
    let ada = Program::signed_in(&app, "ada@example.org").await;
    let csv = ada.sending("text/csv");
    let count = async || ada.get("/api/me/tasks").await.json().as_array().unwrap().len();
    let file = "title,status\nPlan,\n,pending\nDone,done\n";
    let tried = csv.send(Method::POST, &format!("{IMPORT}?dry_run=true"), file).await;
    let rule = "The status is “pending” or “completed”.";
    assert_eq!(
        tried.json(),
        json!({
            "made": [], "refused": 2,
            "lines": [
                { "line": 2, "title": "Plan", "fields": [] },
                { "line": 3, "title": null,
                  "fields": [{ "field": "title", "message": "The title must not be empty." }] },
                { "line": 4, "title": null, "fields": [{ "field": "status", "message": rule }] }
            ]
        })
    );
    let whole = csv.send(Method::POST, IMPORT, file).await;
    assert_eq!(refused(&whole), refusal(422, "VALIDATION_ERROR", &["lines[3].title", "lines[4].status"]));
    assert_eq!(count().await, 0, "none is made");

    let once = csv.with("idempotency-key", "my file");
    let file = "TITLE\nSame\nSame\n";
    assert_eq!(csv.send(Method::POST, &format!("{IMPORT}?dry_run=true"), file).await.json()["refused"], 0);
    assert_eq!(count().await, 0, "a dry run makes nothing");
    let (first, again) = (once.send(Method::POST, IMPORT, file).await, once.send(Method::POST, IMPORT, file).await);
    assert_eq!((first.json()["made"].as_array().unwrap().len(), first.json()), (2, again.json()));
    assert_eq!(count().await, 2);
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn what_is_no_file_of_tasks_is_refused_readably(_: PgPoolOptions, db: PgConnectOptions) {
    let app = App::on(db).await;
    let ada = Program::signed_in(&app, "ada@example.org").await;
    let send = async |media_type: &str, file: Vec<u8>| {
        refused(&ada.sending(media_type).send(Method::POST, IMPORT, Body::from(file)).await)
    };
    let many = |lines: usize| [b"title\n".to_vec(), b"x\n".repeat(lines)].concat();
    let invalid = refusal(422, "VALIDATION_ERROR", &["file"]);
    assert_eq!(send("application/json", b"[".to_vec()).await, invalid);
    assert_eq!(send("application/json", b"[\"\xff\"]".to_vec()).await, invalid);
    assert_eq!(send("application/json", b"[".repeat(100_000)).await, invalid);
    assert_eq!(send("application/json", b"{}".to_vec()).await, invalid);
    // What is read is a list of objects of texts, so nothing deeper is; what is passed over takes no stack.
    let nested =
        |name: &str| format!(r#"[{{ "title": "a", "{name}": {}{} }}]"#, "[".repeat(500_000), "]".repeat(500_000));
    let deep = refusal(422, "VALIDATION_ERROR", &["lines[1].description"]);
    assert_eq!(send("application/json", nested("description").into_bytes()).await, deep);
    let passed_over = ada.sending("application/json").send(Method::POST, IMPORT, nested("team")).await;
    assert_eq!(passed_over.json()["made"].as_array().map(Vec::len), Some(1), "{}", passed_over.text());
    assert_eq!(send("application/json", b"[]".to_vec()).await, invalid);
    assert_eq!(send("text/csv", many(5001)).await, invalid);
    assert_eq!(send("text/csv", many(2_000_000)).await, invalid);
    assert_eq!(send("application/json", format!("[0{}]", ",0".repeat(2_000_000)).into_bytes()).await, invalid);
    assert_eq!(
        send("application/json", br#"[{ "title": "\ud800" }]"#.to_vec()).await,
        refusal(422, "VALIDATION_ERROR", &["lines[1].title"])
    );
    // A name that is misspelt, and one that stands there twice, would lose texts.
    let other = |name| refusal(422, "VALIDATION_ERROR", &[name]);
    assert_eq!(send("text/csv", b"title,descripton\nPlan,Kept\n".to_vec()).await, other("descripton"));
    assert_eq!(send("text/csv", b"title,status,Title\na,,b\n".to_vec()).await, other("title"));
    let misspelt = br#"[{ "title": "Plan", "descripton": "Kept" }]"#.to_vec();
    assert_eq!(send("application/json", misspelt).await, other("lines[1].descripton"));
    assert_eq!(send("application/json", br#"[{ "title": "a", "title": "b" }]"#.to_vec()).await, other("lines[1].line"));
    assert_eq!(send("text/csv", many(0)).await, invalid);
    assert_eq!(send("text/csv", Vec::new()).await, refusal(422, "VALIDATION_ERROR", &["title"]));
    assert_eq!(
        send("text/csv", b"title\na\0b\n".to_vec()).await,
        refusal(422, "VALIDATION_ERROR", &["lines[2].title"])
    );
    assert_eq!(send("text/plain", many(1)).await, refusal(415, "UNSUPPORTED_MEDIA_TYPE", &[]));
    let large = b"x".repeat(4 * 1024 * 1024 + 1);
    assert_eq!(send("text/csv", large.clone()).await, refusal(413, "PAYLOAD_TOO_LARGE", &[]));
    // Nobody has more room than elsewhere.
    let nobody = Program::new(&app).sending("text/csv");
    assert_eq!(refused(&nobody.send(Method::POST, IMPORT, many(33_000)).await), refusal(413, "PAYLOAD_TOO_LARGE", &[]));
    assert_eq!(refused(&nobody.send(Method::POST, IMPORT, many(1)).await), refusal(401, "UNAUTHORIZED", &[]));
    let format = ada.get("/api/me/tasks/export?format=xml").await;
    assert_eq!(refused(&format), refusal(422, "VALIDATION_ERROR", &["format"]));
    assert_eq!(ada.sending("text/csv").send(Method::POST, IMPORT, many(5000)).await.status, StatusCode::OK);
}
