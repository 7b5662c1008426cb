//! The only way to user data: a transaction that carries the viewer's identity.

use crate::{Backend, Result, Viewer, dashboard_cache::DashboardCache, turns::Turn, viewer::Need};
use chrono::{DateTime, Utc};
use sqlx::{AssertSqlSafe, PgConnection};
use std::{sync::Arc, time::Instant};
use taskwire_domain::UserId;
use uuid::Uuid;

/// A transaction under row-level security for one viewer, opened at one instant. What was written is lost without
/// [`commit`](Scope::commit).
#[derive(Debug)]
pub(crate) struct Scope {
    // Only absent while being dropped.
    connection: Option<Turn>,
    /// The instant that everything written in this scope bears.
    pub(crate) now: DateTime<Utc>,
    pub(crate) viewer: Viewer,
    opened: Instant,
    /// The statement that ends a scope nobody has committed.
    on_drop: &'static str,
    /// What a write makes untrue.
    dashboards: Arc<DashboardCache>,
}

/// What opens a scope: it sets the identity and checks the credential. Ids and times cannot carry SQL.
fn opening(viewer: &Viewer, now: DateTime<Utc>) -> String {
    let now = now.format("%Y-%m-%dT%H:%M:%S%.6fZ");
    let credential = viewer.credential.id();
    let open = format!("/* scope_open */ BEGIN; SELECT scope_open('{}', '{credential}', '{now}')", viewer.user_id);
    match &viewer.call {
        Some(call) => format!("{open}; SELECT set_config('app.tool_call', '{}', true)", call.id()),
        None => open,
    }
}

/// Undoes what nobody has committed.
const ROLLBACK: &str = "/* scope_rollback */ ROLLBACK";

impl Backend {
    /// Opens a scope to write in: one round trip, which also checks that the credential still holds. A lost connection is
    /// tried again, because nothing has happened yet.
    ///
    /// # Errors
    /// [`taskwire_domain::Error::OutOfScope`] if the credential is not good for what the operation needs.
    pub(crate) async fn scope(&self, viewer: &Viewer, need: Need) -> Result<Scope> {
        self.permit(viewer, need).await?;
        let now = self.clock.now();
        self.open_scope(viewer, now, &opening(viewer, now), ROLLBACK).await
    }

    /// Opens a scope to read in, which needs no end: what the check of the session notes is kept all the same.
    ///
    /// # Errors
    /// As [`scope`](Self::scope).
    pub(crate) async fn reading(&self, viewer: &Viewer, need: Need) -> Result<Scope> {
        self.permit(viewer, need).await?;
        let now = self.clock.now();
        let begin = format!("{}; SET TRANSACTION READ ONLY", opening(viewer, now));
        self.open_scope(viewer, now, &begin, "/* scope_end */ COMMIT").await
    }

    /// Opens a scope for somebody who has just proved who they are and has no session yet: at sign-up and sign-in.
    pub(crate) async fn scope_before_session(&self, viewer: &Viewer) -> Result<Scope> {
        let identity = format!("SELECT set_config('app.user_id', '{}', true)", viewer.user_id.0);
        let begin = format!("/* scope_open_before_session */ BEGIN; {identity}");
        self.open_scope(viewer, self.clock.now(), &begin, ROLLBACK).await
    }

    async fn open_scope(
        &self,
        viewer: &Viewer,
        now: DateTime<Utc>,
        begin: &str,
        on_drop: &'static str,
    ) -> Result<Scope> {
        let open = || async {
            let opened = Instant::now();
            let connection = self.connection(viewer).await?;
            let dashboards = Arc::clone(&self.dashboards);
            let viewer = viewer.clone();
            let mut scope = Scope { connection: Some(connection), now, viewer, opened, on_drop, dashboards };
            // sqlx's own transaction would hand the connection back still broken when the session has ended: it does
            // not expect BEGIN to fail. Dropping the scope ends the transaction in every case.
            sqlx::raw_sql(AssertSqlSafe(begin)).execute(scope.connection()?).await?;
            Ok(scope)
        };
        self.note_end(viewer, self.retried(open).await)
    }
}

impl Scope {
    /// The connection to run statements on.
    pub(crate) fn connection(&mut self) -> Result<&mut PgConnection> {
        self.connection.as_deref_mut().ok_or_else(|| crate::Error::Fault("the scope is closed".into()))
    }

    /// Whose identity the scope has.
    pub(crate) fn user_id(&self) -> UserId {
        self.viewer.user_id
    }

    /// Whose identity the scope has, as the database knows it.
    pub(crate) fn user(&self) -> Uuid {
        self.viewer.user_id.0
    }

    /// Makes everything written durable, and with it the call that it was written for.
    pub(crate) async fn commit(mut self) -> Result<()> {
        self.write_call().await?;
        let committed = sqlx::raw_sql("/* scope_commit */ COMMIT").execute(self.connection()?).await;
        // Also when the answer was lost: it may be written all the same.
        self.dashboards.forget();
        committed?;
        self.viewer.call_is_written();
        // Handed back clean: nothing is left for `drop` to end.
        self.connection = None;
        Ok(())
    }
}

impl Drop for Scope {
    fn drop(&mut self) {
        self.viewer.client.db_time.add_since(self.opened);
        let Some(mut connection) = self.connection.take() else { return };
        let end = self.on_drop;
        // Whoever gave up on the commit does not know what became of it.
        let dashboards = (end == ROLLBACK).then(|| Arc::clone(&self.dashboards));
        // Not on the way of the answer: the caller has what it wanted to read, or its refusal.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                if sqlx::raw_sql(end).execute(&mut *connection).await.is_err() {
                    connection.close_on_drop();
                }
                if let Some(dashboards) = dashboards {
                    dashboards.forget();
                }
            });
        } else {
            connection.close_on_drop();
        }
    }
}
