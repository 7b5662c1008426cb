//! Health, liveness and readiness (O2); how they follow a lost database stands in `lost_database`.

use super::support::App;
use axum::http::StatusCode;
use serde_json::json;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn all_is_well_while_the_database_answers(_: PgPoolOptions, db: PgConnectOptions) {
    let app = App::on(db).await;
    for path in ["/health", "/api/dashboard/health", "/health/live", "/health/ready"] {
        let answer = app.browser().read(path).await;
        assert_eq!((answer.status, answer.json()), (StatusCode::OK, json!({"status": "healthy"})), "{path}");
    }
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn a_stopping_server_asks_for_no_more_requests(_: PgPoolOptions, db: PgConnectOptions) {
    let app = App::on(db).await;
    app.stopping.cancel();
    assert_eq!(app.browser().read("/health/ready").await.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(app.browser().read("/health/live").await.status, StatusCode::OK);
}
