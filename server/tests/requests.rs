//! Requests that are refused before the application sees them, and how answers are compressed.

use super::support::{App, Setup, browser::Browser};
use axum::{
    Router,
    body::{Body, Bytes},
    http::{Method, StatusCode},
    routing::get,
};
use sqlx::{
    ConnectOptions, Connection,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use std::time::Duration;

const HTML: &str = "text/html";

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn a_body_over_the_limit_is_refused_readably(_: PgPoolOptions, db: PgConnectOptions) {
    let app = App::on(db).await;
    let mut browser = app.browser();
    let large = Bytes::from(vec![b'x'; 65_537]);
    let chunked = || Body::from_stream(futures::stream::iter([Ok::<_, std::io::Error>(large.clone())]));
    for body in [Body::from(large.clone()), chunked()] {
        let answer = browser.send(Method::POST, "/rpc/task/create", HTML, body).await;
        assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
        assert!(answer.text().contains("larger than the 64 KiB"), "{}", answer.text());
    }
    let answer = browser.send(Method::POST, "/rpc/task/create", "application/json", chunked()).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(answer.json()["refused"]["invalid"][0]["field"], "form");
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn another_sites_form_changes_nothing(_: PgPoolOptions, db: PgConnectOptions) {
    let app = App::on(db).await;
    let mut browser = app.browser();
    browser.sign_up("ada@example.org").await;
    let task = [("title", "Forged")];
    for (name, value) in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("origin", "https://evil.example"),
        ("origin", "null"),
    ] {
        let answer = browser.with(name, value).submit("/rpc/task/create", &task).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{name}: {value}");
        assert!(answer.text().contains("came from another site"), "{}", answer.text());
        let answer = browser.with(name, value).call("/rpc/task/create", &task).await;
        assert_eq!(answer.json()["refused"], "forbidden");
    }
    for (name, value) in [("sec-fetch-site", "same-origin"), ("origin", "http://tasks.test")] {
        let answer = browser.with(name, value).call("/rpc/task/create", &[("title", "Mine")]).await;
        assert_eq!(answer.status, StatusCode::OK, "{name}: {value}");
    }
    let tasks = browser.read("/rpc/task/list").await.json();
    assert!(tasks["tasks"].as_array().unwrap().iter().all(|task| task["title"] == "Mine"), "{tasks}");
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn identity_comes_from_the_token_only(_: PgPoolOptions, db: PgConnectOptions) {
    let app = App::on(db).await;
    let (mut ada, mut eve) = (app.browser(), app.browser());
    ada.sign_up("ada@example.org").await;
    eve.sign_up("eve@example.org").await;
    let id = async |browser: &mut Browser| browser.read("/rpc/account/get").await.json()["id"].clone();
    let (adas, eves) = (id(&mut ada).await, id(&mut eve).await);
    let before = ada.read("/rpc/task/list").await.json()["tasks"].clone();

    let claimed = adas.as_str().unwrap();
    let fields = [("title", "Forged"), ("user_id", claimed), ("owner", claimed), ("sub", claimed)];
    let path = format!("/rpc/task/create?user_id={claimed}&owner={claimed}&sub={claimed}");
    let made = eve.with("x-user", claimed).call(&path, &fields).await;
    assert_eq!((made.status, &made.json()["user_id"]), (StatusCode::OK, &eves));
    let listed = eve.with("x-user", claimed).read(&format!("/rpc/task/list?user_id={claimed}")).await.json();
    assert_eq!((listed["tasks"].as_array().unwrap().len(), &listed["tasks"][0]["user_id"]), (1, &eves));
    assert_eq!(ada.read("/rpc/task/list").await.json()["tasks"], before);
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn a_request_that_takes_too_long_is_given_up(_: PgPoolOptions, db: PgConnectOptions) {
    let mut setup = Setup::default();
    setup.limits.time = Duration::from_millis(200);
    setup.limits.body.time = Duration::from_millis(200);
    let app = App::with(db.clone(), setup).await;
    // A body of which the end never comes.
    let endless = Body::from_stream(futures::stream::pending::<Result<Bytes, std::io::Error>>());
    let answer = app.browser().send(Method::POST, "/rpc/account/sign_in", HTML, endless).await;
    assert_eq!(answer.status, StatusCode::REQUEST_TIMEOUT);
    assert!(answer.text().contains("took too long to arrive"), "{}", answer.text());

    let mut holder = db.connect().await.unwrap();
    let mut held = holder.begin().await.unwrap();
    sqlx::query("LOCK TABLE users").execute(&mut *held).await.unwrap();
    let fields = [("email", "ada@example.org"), ("password", "Correct-horse-1")];
    let answer = app.browser().submit("/rpc/account/sign_in", &fields).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.header("retry-after"), "2");
    assert!(answer.text().contains("took too long"), "{}", answer.text());
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn a_panic_is_answered_readably_and_tells_nothing(_: PgPoolOptions, db: PgConnectOptions) {
    async fn boom() {
        panic!("the inner workings");
    }
    let routes = Router::new().route("/boom", get(boom));
    let backend = App::on(db).await.backend;
    let mut browser = Browser::new(taskwire::middleware::wrap(routes, backend, Setup::default().limits));
    let page = browser.page("/boom").await;
    assert_eq!(page.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(page.text().contains("Something went wrong") && page.text().contains(page.header("x-request-id")));
    assert!(!page.text().contains("inner workings") && page.header("x-response-time").ends_with("ms"));
    assert_eq!(browser.read("/boom").await.json()["code"], "INTERNAL_ERROR");
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn answers_are_compressed_and_a_poll_is_a_few_hundred_bytes(_: PgPoolOptions, db: PgConnectOptions) {
    let app = App::on(db).await;
    let mut browser = app.browser();
    browser.sign_up("ada@example.org").await;
    for n in 1..=7 {
        let title = format!("Prepare the quarterly report, part {n}");
        assert_eq!(browser.call("/rpc/task/create", &[("title", &title)]).await.status, StatusCode::OK);
    }
    let plain = browser.read("/rpc/dashboard/read").await;
    assert_eq!(plain.json()["statistics"]["pending"], 7);
    for encoding in ["br", "gzip"] {
        let poll = browser.with("accept-encoding", encoding).read("/rpc/dashboard/read").await;
        assert_eq!(poll.header("content-encoding"), encoding);
        assert!(poll.body.len() < 400, "{} bytes as {encoding}, {} plain", poll.body.len(), plain.body.len());
    }
    let page = browser.with("accept-encoding", "br").page("/tasks").await;
    assert_eq!(page.header("content-encoding"), "br");
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn the_time_in_the_database_is_told(_: PgPoolOptions, db: PgConnectOptions) {
    let app = App::on(db).await;
    let mut browser = app.browser();
    browser.sign_up("ada@example.org").await;
    let timing = browser.read("/rpc/dashboard/read").await.header("server-timing").to_owned();
    let db: f64 = timing.split("db;dur=").nth(1).unwrap().parse().unwrap();
    assert!(db > 0.0, "{timing}");
}
