//! People, clocks and shorthands that the stories share.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{AssertSqlSafe, ConnectOptions, PgConnection, postgres::PgConnectOptions};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use taskwire_backend::{Backend, Client, Clock, Error, Settings, SignedIn, Viewer, limit::Limit, performance::Recent};
use taskwire_domain::{
    Error as Refusal, TaskId, TeamId,
    account::NewAccount,
    share::{NewShare, Permission},
    task::{NewTask, Task},
    team::{Added, NewMember, Role, TeamTexts},
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

    /// A team, in which these people are in these roles besides its owner.
    pub async fn team(&self, owner: &Viewer, name: &str, members: &[(&Viewer, Role)]) -> TeamId {
        let team = self.backend.team_create(owner, TeamTexts::parse(name, "").unwrap()).await.unwrap().id;
        for (member, role) in members {
            self.join(owner, team, member, *role).await;
        }
        team
    }

    pub async fn join(&self, by: &Viewer, team: TeamId, member: &Viewer, role: Role) {
        let email = self.backend.account_get(member).await.unwrap().email;
        let new = NewMember::parse(&email, role.as_str()).unwrap();
        assert_eq!(self.backend.team_member_add(by, team, new).await.unwrap(), Added::Now);
    }

    pub async fn team_task(&self, viewer: &Viewer, team: TeamId, title: &str) -> Task {
        let new = NewTask::parse(title, "", None).unwrap().in_team(Some(team));
        self.backend.task_create(viewer, new).await.unwrap()
    }

    pub async fn share(&self, viewer: &Viewer, task: TaskId, with: &Viewer, permission: Permission) {
        let email = self.backend.account_get(with).await.unwrap().email;
        let new = NewShare::parse(&email, permission.as_str()).unwrap();
        assert_eq!(self.backend.share_give(viewer, task, new).await.unwrap(), Added::Now);
    }

    pub async fn task(&self, viewer: &Viewer, title: &str) -> Task {
        self.backend.task_create(viewer, NewTask::parse(title, "", None).unwrap()).await.unwrap()
    }
}

/// A connection as the server has it, in a transaction that never ends.
pub async fn as_app(world: &World) -> PgConnection {
    let mut connection = taskwire_backend::as_app(world.options.clone()).connect().await.unwrap();
    sqlx::raw_sql("BEGIN").execute(&mut connection).await.unwrap();
    connection
}

/// The same with a viewer's identity.
pub async fn as_viewer(world: &World, viewer: &Viewer) -> PgConnection {
    let mut connection = as_app(world).await;
    identify(&mut connection, world, viewer).await;
    connection
}

/// Gives such a transaction an identity.
pub async fn identify(connection: &mut PgConnection, world: &World, viewer: &Viewer) {
    sqlx::query("SELECT scope_open($1, $2, $3)")
        .bind(viewer.user_id.0)
        .bind(viewer.session().unwrap().0)
        .bind(world.now())
        .execute(connection)
        .await
        .unwrap();
}

/// What a statement does inside such a transaction: the rows it touches, once every constraint holds. Undone in any
/// case. By savepoints, because sqlx knows nothing of the transaction, and its own would end it.
pub async fn try_sql(connection: &mut PgConnection, sql: &str) -> Result<u64, sqlx::Error> {
    sqlx::raw_sql("SAVEPOINT before").execute(&mut *connection).await.unwrap();
    let done = async {
        let done = sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut *connection).await?;
        sqlx::raw_sql("SET CONSTRAINTS ALL IMMEDIATE").execute(&mut *connection).await?;
        Ok(done.rows_affected())
    }
    .await;
    sqlx::raw_sql("ROLLBACK TO before; SET CONSTRAINTS ALL DEFERRED").execute(connection).await.unwrap();
    done
}

pub fn settings(connect: PgConnectOptions) -> Settings {
    Settings {
        connect,
        max_connections: 8,
        acquire_timeout: Duration::from_secs(20),
        statement_timeout: Duration::from_secs(20),
        slow_statement: Duration::from_secs(5),
        secret: SECRET.to_owned().into(),
        previous_secret: None,
        session_ttl: Duration::from_secs(24 * 3600),
        dashboard_cache: Duration::from_secs(5),
        sign_ins_by_address: Limit(None),
        sign_ins_by_account: Limit(None),
        recent: Recent::default(),
    }
}

/// The refusal inside a result that must be one.
pub fn refusal<T: std::fmt::Debug>(result: Result<T, Error>) -> Refusal {
    match result {
        Err(Error::Refused(refusal)) => refusal,
        other => panic!("expected a refusal, got {other:?}"),
    }
}
