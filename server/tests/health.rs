//! Health, liveness and readiness (O2); how they follow a lost database stands in `lost_database`.

use super::support::{
    App, eventually,
    program::{Program, data_dir},
};
use axum::http::StatusCode;
use futures::future::join_all;
use serde_json::json;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn all_is_well_while_the_database_answers(_: PgPoolOptions, db: PgConnectOptions) {
    let app = App::on(db).await;
    for path in ["/health", "/api/dashboard/health", "/health/live"] {
        let answer = app.browser().read(path).await;
        assert_eq!((answer.status, answer.json()), (StatusCode::OK, json!({"status": "healthy"})), "{path}");
    }
    let ready = app.browser().read("/health/ready").await;
    let no_backup_yet = json!({"status": "healthy", "last_backup": null, "last_verified_restore": null});
    assert_eq!((ready.status, ready.json()), (StatusCode::OK, no_backup_yet));
}

#[tokio::test]
async fn many_who_ask_ask_the_database_hardly_at_all() {
    let dir = data_dir();
    let program = Program::serve_with(dir.path(), &[("TASKWIRE_SLOW_STATEMENT", "1ns")]).await;
    let asked = join_all((0..100).map(|_| program.get("/health"))).await;
    assert!(asked.into_iter().all(|answer| answer.unwrap().contains("healthy")));
    let signs = || program.log().lines().filter(|line| line.contains("SELECT 1")).count();
    eventually("the statement in the log", async || (signs() > 0).then_some(())).await;
    assert!(signs() <= 10, "{} signs of life for 100 who asked", signs());
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn a_stopping_server_asks_for_no_more_requests(_: PgPoolOptions, db: PgConnectOptions) {
    let app = App::on(db).await;
    app.stopping.cancel();
    assert_eq!(app.browser().read("/health/ready").await.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(app.browser().read("/health/live").await.status, StatusCode::OK);
}
