//! People, clocks and shorthands that the stories share.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{ConnectOptions, PgConnection, postgres::PgConnectOptions};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use taskwire_backend::{Backend, Client, Clock, Error, Settings, SignedIn, Viewer};
use taskwire_domain::{
    Error as Refusal,
    account::NewAccount,
    task::{NewTask, Task},
};

pub const SECRET: &str = "a secret of thirty-two bytes, or more";
pub const PASSWORD: &str = "Passw0rd";

/// A database, a backend on it, and a clock that the story sets.
pub struct World {
    pub backend: Backend,
    pub options: PgConnectOptions,
    time: Arc<Mutex<DateTime<Utc>>>,
}

impl World {
    pub async fn new(options: PgConnectOptions) -> Self {
        Self::with(options, |_| ()).await
    }

    /// A world whose settings the story changes.
    pub async fn with(options: PgConnectOptions, change: impl FnOnce(&mut Settings)) -> Self {
        let time = Arc::new(Mutex::new("2026-03-04T10:00:00Z".parse().unwrap()));
        let asked = time.clone();
        let mut settings = settings(options.clone());
        change(&mut settings);
        let backend = Backend::open(settings, Clock::from_fn(move || *asked.lock().unwrap())).await.unwrap();
        Self { backend, options, time }
    }

    pub fn now(&self) -> DateTime<Utc> {
        *self.time.lock().unwrap()
    }

    pub fn set_time(&self, time: &str) {
        *self.time.lock().unwrap() = time.parse().unwrap();
    }

    pub fn pass(&self, delta: TimeDelta) {
        *self.time.lock().unwrap() += delta;
    }

    /// A connection as the login that owns everything, past row-level security: for looking behind the scenes.
    pub async fn owner(&self) -> PgConnection {
        self.options.connect().await.unwrap()
    }

    /// Signs somebody up and in.
    pub async fn person(&self, name: &str) -> Viewer {
        let email = format!("{}@example.org", name.to_lowercase());
        let new = NewAccount::parse(&email, PASSWORD, name).unwrap();
        self.viewer(&self.backend.account_sign_up(&Client::default(), new).await.unwrap())
    }

    pub async fn sign_in(&self, email: &str) -> SignedIn {
        self.backend.account_sign_in(&Client::default(), email, PASSWORD).await.unwrap()
    }

    pub fn viewer(&self, signed_in: &SignedIn) -> Viewer {
        use secrecy::ExposeSecret;
        self.backend.viewer(signed_in.token.expose_secret(), Client::default()).unwrap()
    }

    pub async fn task(&self, viewer: &Viewer, title: &str) -> Task {
        self.backend.task_create(viewer, NewTask::parse(title, "", None).unwrap()).await.unwrap()
    }
}

pub fn settings(connect: PgConnectOptions) -> Settings {
    Settings {
        connect,
        max_connections: 8,
        acquire_timeout: Duration::from_secs(20),
        statement_timeout: Duration::from_secs(20),
        slow_statement: Duration::from_secs(5),
        secret: SECRET.to_owned().into(),
        session_ttl: Duration::from_secs(24 * 3600),
    }
}

/// The refusal inside a result that must be one.
pub fn refusal<T: std::fmt::Debug>(result: Result<T, Error>) -> Refusal {
    match result {
        Err(Error::Refused(refusal)) => refusal,
        other => panic!("expected a refusal, got {other:?}"),
    }
}
