//! A database that goes away in mid-request, and comes back (O3).

use super::support::{
    App, eventually,
    program::{data_dir, database_in},
};
use axum::{
    body::Body,
    http::{Method, StatusCode},
};
use http_body_util::BodyExt;
use sqlx::{ConnectOptions, Connection};

#[tokio::test]
async fn a_request_is_answered_with_503_and_the_next_after_its_return_with_200() {
    let dir = data_dir();
    let postgres = database_in(dir.path()).await;
    let connect = postgres.connect_options();
    let app = App::on(connect.clone()).await;
    let mut browser = app.browser();
    browser.sign_up("ada@example.org").await;

    // Somebody holds the table, so the request stands in the middle of its work when the database goes.
    let mut blocker = connect.connect().await.unwrap();
    sqlx::raw_sql("BEGIN; LOCK TABLE tasks IN ACCESS EXCLUSIVE MODE").execute(&mut blocker).await.unwrap();
    let mut writer = browser.clone();
    let writing = tokio::spawn(async move { writer.call("/rpc/task/create", &[("title", "Unlucky")]).await });
    let waits = "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)";
    let mut watcher = connect.connect().await.unwrap();
    for _ in 0..1200 {
        if sqlx::query_scalar(waits).fetch_one(&mut watcher).await.unwrap() {
            break;
        }
        tokio::task::yield_now().await;
    }
    postgres.stop().await;

    let answer = writing.await.unwrap();
    assert_eq!(
        (answer.status, answer.header("retry-after")),
        (StatusCode::SERVICE_UNAVAILABLE, "2"),
        "{}",
        answer.text()
    );
    assert_eq!(answer.json()["refused"], "unavailable");
    for path in ["/dashboard", "/tasks", "/rpc/dashboard/read"] {
        let answer = browser.page(path).await;
        assert_eq!((answer.status, answer.header("retry-after")), (StatusCode::SERVICE_UNAVAILABLE, "2"), "{path}");
    }
    assert!(browser.page("/dashboard").await.text().contains("cannot reach its database"));
    assert_eq!(browser.read("/health").await.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(browser.read("/health/ready").await.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(browser.read("/health/live").await.status, StatusCode::OK);

    let postgres = database_in(dir.path()).await;
    eventually("healthy again", async || (app.browser().read("/health").await.status == StatusCode::OK).then_some(()))
        .await;
    let tasks = browser.read("/rpc/task/list").await;
    assert_eq!((tasks.status, tasks.json()["tasks"].as_array().map(Vec::len)), (StatusCode::OK, Some(0)));
    app.backend.stop().await;
    drop((blocker.close_hard().await, watcher.close_hard().await));
    postgres.stop().await;
}

#[tokio::test]
async fn a_file_breaks_off_when_the_database_goes() {
    let dir = data_dir();
    let postgres = database_in(dir.path()).await;
    let app = App::on(postgres.connect_options()).await;
    let mut browser = app.browser();
    browser.sign_up("ada@example.org").await;
    let lines = Body::from(format!("title\n{}", "One of many\n".repeat(101)));
    let import =
        browser.with("content-type", "text/csv").send(Method::POST, "/api/me/tasks/import", "*/*", lines).await;
    assert_eq!(import.status, StatusCode::OK, "{}", import.text());
    let mut file = browser.begin("/api/me/tasks/export").await;
    let first = file.frame().await.unwrap().unwrap().into_data().unwrap();
    assert!(first.starts_with(b"[{"), "the first page");
    postgres.stop().await;
    assert!(file.frame().await.unwrap().is_err(), "not as if that were all");
    app.backend.stop().await;
}
