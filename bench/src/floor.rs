//! The floor: the least a server must do for the same answer.
//!
//! It verifies the same token, runs the same statements as the same role in as few round trips as they take, and writes
//! the rows down as JSON. It has the product's runtime, router and pool, and nothing else: no Leptos, no layers, no log,
//! no compression, no limits, no retries, no error pages. What the product is slower than this is what all of that costs.

use crate::{
    claims::{Claims, Verifier},
    statements,
};
use anyhow::Result;
use argon2::{Argon2, password_hash::PasswordVerifier, password_hash::phc::PasswordHash};
use axum::{
    Json, Router,
    extract::{FromRequestParts, State},
    http::{StatusCode, header, request::Parts},
    routing::{get, post},
    serve::ListenerExt,
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sqlx::{
    AssertSqlSafe, FromRow, PgPool, SqlSafeStr,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use std::{
    collections::HashMap,
    net::SocketAddr,
    path::Path,
    sync::{Arc, RwLock},
    thread::available_parallelism,
};
use taskwire_backend::{Clock, as_app};
use tokio::{net::TcpListener, sync::Semaphore, task::spawn_blocking};
use uuid::Uuid;

struct Floor {
    pool: PgPool,
    verifier: Verifier,
    secret: String,
    clock: Clock,
    list: &'static str,
    /// As many hashes at a time as the product takes on.
    hashing: Semaphore,
    kept: RwLock<HashMap<Uuid, Counts>>,
}

type Shared = State<Arc<Floor>>;
type Answer<T> = Result<Json<T>, StatusCode>;

/// Serves until it is killed.
pub async fn run(
    connect: PgConnectOptions,
    secret: &str,
    addr: SocketAddr,
    connections: u32,
    record: &Path,
) -> Result<()> {
    let pool = PgPoolOptions::new()
        .max_connections(connections)
        .test_before_acquire(false)
        .connect_with(as_app(connect).application_name("floor"))
        .await?;
    let floor = Floor {
        pool,
        verifier: Verifier::new(secret),
        secret: secret.to_owned(),
        clock: Clock::system(),
        list: statements::list(record)?.leak(),
        hashing: Semaphore::new((available_parallelism()?.get() / 2).max(1)),
        kept: RwLock::default(),
    };
    let router = Router::new()
        .route("/rpc/dashboard/read", get(dashboard))
        .route("/api/dashboard/statistics", get(statistics))
        .route("/from-memory/api/dashboard/statistics", get(statistics_from_memory))
        .route("/api/me/tasks", get(tasks))
        .route("/api/auth/signin", post(sign_in))
        .with_state(Arc::new(floor));
    let listener = TcpListener::bind(addr).await?;
    println!("http://{}", listener.local_addr()?);
    axum::serve(listener.tap_io(|stream| drop(stream.set_nodelay(true))), router).await?;
    Ok(())
}

/// Who asks, as a browser or as a program.
impl FromRequestParts<Arc<Floor>> for Claims {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, floor: &Arc<Floor>) -> Result<Self, StatusCode> {
        let header = |name| parts.headers.get(name).and_then(|value| value.to_str().ok());
        let bearer = header(header::AUTHORIZATION).and_then(|value| value.strip_prefix("Bearer "));
        let cookie = header(header::COOKIE).and_then(|value| value.strip_prefix("taskwire_session="));
        bearer.or(cookie).and_then(|token| floor.verifier.verify(token)).ok_or(StatusCode::UNAUTHORIZED)
    }
}

fn fault(_: sqlx::Error) -> StatusCode {
    StatusCode::INTERNAL_SERVER_ERROR
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

impl Floor {
    async fn numbers(&self, claims: &Claims) -> Result<Numbers, StatusCode> {
        let now = self.clock.now();
        let numbers: Numbers = sqlx::query_as("SELECT * FROM dashboard_read($1, $2, $3, $4)")
            .bind(claims.sub)
            .bind(claims.sid)
            .bind(now)
            .bind("UTC")
            .fetch_one(&self.pool)
            .await
            .map_err(fault)?;
        Ok(Numbers { computed_at: now, ..numbers })
    }
}

async fn dashboard(State(floor): Shared, claims: Claims) -> Answer<Numbers> {
    floor.numbers(&claims).await.map(Json)
}

/// What a program is told of them.
#[derive(Clone, Serialize)]
struct Counts {
    total_tasks: i64,
    pending_tasks: i64,
    completed_tasks: i64,
    shared_tasks: i64,
    computed_at: DateTime<Utc>,
}

impl From<Numbers> for Counts {
    fn from(numbers: Numbers) -> Self {
        Self {
            total_tasks: numbers.pending + numbers.completed,
            pending_tasks: numbers.pending,
            completed_tasks: numbers.completed,
            shared_tasks: numbers.shared_view + numbers.shared_edit,
            computed_at: numbers.computed_at,
        }
    }
}

async fn statistics(State(floor): Shared, claims: Claims) -> Answer<Counts> {
    Ok(Json(floor.numbers(&claims).await?.into()))
}

/// Asked of the database once, and never again.
async fn statistics_from_memory(State(floor): Shared, claims: Claims) -> Answer<Counts> {
    let broken = |_| StatusCode::INTERNAL_SERVER_ERROR;
    if let Some(kept) = floor.kept.read().map_err(broken)?.get(&claims.sub) {
        return Ok(Json(kept.clone()));
    }
    let counts = Counts::from(floor.numbers(&claims).await?);
    floor.kept.write().map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?.insert(claims.sub, counts.clone());
    Ok(Json(counts))
}

/// A row of the list's statement, whose columns bear the marks that the compiler reads.
#[derive(Serialize, FromRow)]
struct Task {
    #[sqlx(rename = "id!")]
    id: i64,
    #[sqlx(rename = "user_id!")]
    user_id: Uuid,
    #[sqlx(rename = "team_id?")]
    team_id: Option<Uuid>,
    #[sqlx(rename = "title!")]
    title: String,
    #[sqlx(rename = "description!")]
    description: String,
    #[sqlx(rename = "status!")]
    status: String,
    #[sqlx(rename = "version!")]
    version: i32,
    #[sqlx(rename = "created_at!")]
    created_at: DateTime<Utc>,
    #[sqlx(rename = "updated_at!")]
    updated_at: DateTime<Utc>,
    #[sqlx(rename = "completed_at?")]
    completed_at: Option<DateTime<Utc>>,
}

/// The first 25 of somebody's tasks. As in the product nobody waits for the end of the transaction.
async fn tasks(State(floor): Shared, claims: Claims) -> Answer<Vec<Task>> {
    let (now, Claims { sub, sid, .. }) = (floor.clock.now().to_rfc3339(), claims);
    let open = format!("BEGIN; SELECT scope_open('{sub}', '{sid}', '{now}'); SET TRANSACTION READ ONLY");
    let mut transaction = floor.pool.begin_with(AssertSqlSafe(open)).await.map_err(fault)?;
    let mut tasks: Vec<Task> = sqlx::query_as(floor.list.into_sql_str())
        .bind(sub)
        .bind(["pending", "completed"])
        .bind(DateTime::from_timestamp(253_402_300_799, 0))
        .bind(i64::MAX)
        .bind("%%")
        .bind(26_i64)
        .bind(true)
        .bind(None::<Vec<Uuid>>)
        .bind(true)
        .fetch_all(&mut *transaction)
        .await
        .map_err(fault)?;
    tasks.truncate(25);
    Ok(Json(tasks))
}

#[derive(Deserialize)]
struct SignIn {
    email: String,
    password: String,
}

#[derive(Serialize)]
struct Token {
    access_token: String,
}

/// One look-up and Argon2id, off the async threads; no session, and no line in a log.
async fn sign_in(State(floor): Shared, Json(SignIn { email, password }): Json<SignIn>) -> Answer<Token> {
    let (sub, hash): (Uuid, String) = sqlx::query_as("SELECT id, password_hash FROM account_for_sign_in($1)")
        .bind(&email)
        .fetch_one(&floor.pool)
        .await
        .map_err(fault)?;
    let _turn = floor.hashing.acquire().await.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    let verify = move || {
        let hash = PasswordHash::new(&hash).ok()?;
        Argon2::default().verify_password(password.as_bytes(), &hash).ok()
    };
    spawn_blocking(verify).await.ok().flatten().ok_or(StatusCode::UNAUTHORIZED)?;
    let now = floor.clock.now().timestamp();
    let claims = Claims { sub, email, sid: Uuid::nil(), iat: now, exp: now + 86_400 };
    let access_token = claims.sign(&floor.secret).map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    Ok(Json(Token { access_token }))
}
