//! Pages, as a browser without JavaScript gets them (D5).

use super::support::App;
use axum::http::StatusCode;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn an_unknown_page_is_a_page_too(_: PgPoolOptions, db: PgConnectOptions) {
    let app = App::on(db).await;
    let answer = app.browser().page("/no/such/page").await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    assert!(answer.header("content-type").starts_with("text/html"));
    assert!(answer.text().contains("Taskwire"), "{}", answer.text());
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn a_strangers_task_is_not_there(_: PgPoolOptions, db: PgConnectOptions) {
    let app = App::on(db).await;
    let (mut ada, mut eve) = (app.browser(), app.browser());
    ada.sign_up("ada@example.org").await;
    eve.sign_up("eve@example.org").await;
    let id = ada.call("/rpc/task/create", &[("title", "A secret plan")]).await.json()["id"].to_string();
    assert!(ada.page(&format!("/tasks/{id}")).await.text().contains("A secret plan"));
    let answer = eve.page(&format!("/tasks/{id}")).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    assert!(!answer.text().contains("A secret plan"));
    assert_eq!(eve.call("/rpc/task/complete", &[("id", &id)]).await.status, StatusCode::NOT_FOUND);
    assert_eq!(eve.read(&format!("/rpc/task/get?id={id}")).await.status, StatusCode::NOT_FOUND);
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn the_whole_story_of_a_task_without_javascript(_: PgPoolOptions, db: PgConnectOptions) {
    let app = App::on(db).await;
    let mut ada = app.browser();
    ada.sign_up("ada@example.org").await;

    let answer = ada.submit("/rpc/task/create", &[("title", "<b>Bold</b> plan"), ("page", "/tasks")]).await;
    assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, "/tasks"));
    let page = ada.page("/tasks").await.text();
    assert!(page.contains("&lt;b&gt;Bold&lt;/b&gt; plan") && !page.contains("<b>Bold"), "{page}");

    let task = &ada.read("/rpc/task/list").await.json()["tasks"][0];
    let (id, version) = (task["id"].to_string(), task["version"].to_string());
    let answer = ada.submit("/rpc/task/create", &[("title", "  "), ("page", "/tasks")]).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.text().contains("The title must not be empty."), "{}", answer.text());

    let change = [("id", id.as_str()), ("version", &version), ("title", "Calm plan"), ("page", "/tasks")];
    assert_eq!(ada.submit("/rpc/task/update", &change).await.status, StatusCode::SEE_OTHER);
    let stale = [("id", id.as_str()), ("version", &version), ("title", "Late plan"), ("page", "/tasks")];
    assert_eq!(ada.submit("/rpc/task/update", &stale).await.status, StatusCode::PRECONDITION_FAILED);

    assert_eq!(
        ada.submit("/rpc/task/complete", &[("id", &id), ("page", "/tasks")]).await.status,
        StatusCode::SEE_OTHER
    );
    assert!(ada.page("/dashboard").await.text().contains("Calm plan"));
    let answer = ada.submit("/rpc/task/delete", &[("id", &id), ("page", "/tasks")]).await;
    assert_eq!(answer.header("location"), format!("/tasks?deleted={id}"));
    assert!(ada.page(answer.header("location")).await.text().contains("Calm plan"), "the deletion can be undone");
    assert_eq!(ada.submit("/rpc/task/restore", &[("id", &id), ("page", "/tasks")]).await.status, StatusCode::SEE_OTHER);
    assert_eq!(ada.read("/rpc/task/list").await.json()["tasks"][0]["title"], "Calm plan");
}
