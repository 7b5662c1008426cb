//! The floor: the least a server must do for the dashboard's numbers.
//!
//! It verifies the same token from the same cookie, runs the same look-up as the same role in one prepared
//! round trip, and writes the row down as JSON. It has the product's runtime, router and pool, and
//! nothing else: no Leptos, no layers, no log, no compression, no retries, no error pages. What the
//! product is slower than this is what all of that costs.

use crate::claims::Verifier;
use anyhow::Result;
use axum::{
    Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    routing::get,
    serve::ListenerExt,
};
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::value::RawValue;
use sqlx::{
    FromRow, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use std::{net::SocketAddr, sync::Arc};
use taskwire_backend::{Clock, as_app};
use tokio::net::TcpListener;

struct Floor {
    pool: PgPool,
    verifier: Verifier,
    clock: Clock,
}

/// The row as the database gives it, and the JSON made of it.
#[derive(Serialize, FromRow)]
struct Numbers {
    #[sqlx(skip)]
    computed_at: DateTime<Utc>,
    utc_offset: i32,
    pending: i64,
    completed: i64,
    shared_view: i64,
    shared_edit: i64,
    created_today: i64,
    completed_today: i64,
    created_this_week: i64,
    completed_this_week: i64,
    // JSON already: passed on as it is.
    #[sqlx(json)]
    recent: Box<RawValue>,
    #[sqlx(json)]
    teams: Box<RawValue>,
}

/// Serves until it is killed.
pub async fn run(connect: PgConnectOptions, secret: &str, addr: SocketAddr, connections: u32) -> Result<()> {
    let pool = PgPoolOptions::new()
        .max_connections(connections)
        .test_before_acquire(false)
        .connect_with(as_app(connect).application_name("floor"))
        .await?;
    let floor = Floor { pool, verifier: Verifier::new(secret), clock: Clock::system() };
    let router = Router::new().route("/rpc/dashboard/read", get(read)).with_state(Arc::new(floor));
    let listener = TcpListener::bind(addr).await?;
    println!("http://{}", listener.local_addr()?);
    axum::serve(listener.tap_io(|stream| drop(stream.set_nodelay(true))), router).await?;
    Ok(())
}

async fn read(State(floor): State<Arc<Floor>>, headers: HeaderMap) -> Result<Json<Numbers>, StatusCode> {
    let claims = headers
        .get(header::COOKIE)
        .and_then(|cookie| cookie.to_str().ok()?.strip_prefix("taskwire_session="))
        .and_then(|token| floor.verifier.verify(token))
        .ok_or(StatusCode::UNAUTHORIZED)?;
    let now = floor.clock.now();
    let numbers: Numbers = sqlx::query_as("SELECT * FROM dashboard_read($1, $2, $3, $4)")
        .bind(claims.sub)
        .bind(claims.sid)
        .bind(now)
        .bind("UTC")
        .fetch_one(&floor.pool)
        .await
        .map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    Ok(Json(Numbers { computed_at: now, ..numbers }))
}
