//! Sessions: where the viewer is signed in, and ending that (requirement A3).

use crate::{Backend, Result, Viewer, audit::Line, scope::Scope, viewer::Need};
use chrono::{DateTime, Utc};
use sqlx::{query, query_as, types::ipnetwork::IpNetwork};
use taskwire_domain::{Error as Refusal, SessionId, session::Session};
use uuid::Uuid;

struct SessionRow {
    id: Uuid,
    created_at: DateTime<Utc>,
    last_seen_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    address: Option<IpNetwork>,
    user_agent: Option<String>,
}

/// Live sessions shown at most; nobody reads further, and the page stays small.
const LISTED: i64 = 100;

impl Backend {
    /// The viewer's live sessions, last used first.
    pub async fn session_list(&self, viewer: &Viewer) -> Result<Vec<Session>> {
        let mut scope = self.reading(viewer, Need::Session).await?;
        let (user, now, current) = (scope.user(), scope.now, viewer.session()?);
        let rows = query_as!(
            SessionRow,
            "/* session_list */ SELECT id, created_at, last_seen_at, expires_at, address, user_agent FROM sessions
             WHERE user_id = $1 AND ended_at IS NULL AND expires_at > $2
             ORDER BY last_seen_at DESC, id LIMIT $3",
            user,
            now,
            LISTED
        )
        .fetch_all(scope.connection()?)
        .await?;
        Ok(rows
            .into_iter()
            .map(|row| Session {
                id: SessionId(row.id),
                created_at: row.created_at,
                last_seen_at: row.last_seen_at,
                expires_at: row.expires_at,
                address: row.address.map(|network| network.ip().to_string()),
                user_agent: row.user_agent,
                current: SessionId(row.id) == current,
            })
            .collect())
    }

    /// Ends one of the viewer's sessions: its token is refused from now on. Ending the viewer's own is signing out. One
    /// that has ended stays as it is, so asking twice does no harm.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] unless the session is or was the viewer's: another's and none at all look the same.
    pub async fn session_end(&self, viewer: &Viewer, id: SessionId) -> Result<()> {
        let end = async {
            let mut scope = self.scope(viewer, Need::Session).await?;
            let (user, now) = (scope.user(), scope.now);
            let ended = query!(
                "/* session_end */ UPDATE sessions SET ended_at = $3
                 WHERE id = $1 AND user_id = $2 AND ended_at IS NULL AND expires_at > $3",
                id.0,
                user,
                now
            )
            .execute(scope.connection()?)
            .await?;
            if ended.rows_affected() == 0 {
                let own =
                    query!("/* session_own */ SELECT id FROM sessions WHERE id = $1 AND user_id = $2", id.0, user)
                        .fetch_optional(scope.connection()?)
                        .await?;
                return Ok(own.map(drop).ok_or(Refusal::NotFound)?);
            }
            let action = if id == viewer.session()? { "account.sign_out" } else { "session.end" };
            scope.audit(Line::new(action).target(format!("session:{id}"))).await?;
            scope.commit().await
        };
        self.attempt(viewer, "session.end", id, end).await
    }

    /// Ends every session of the viewer but the one that asks; returns how many.
    pub async fn session_end_others(&self, viewer: &Viewer) -> Result<u64> {
        let mut scope = self.scope(viewer, Need::Session).await?;
        let ended = scope.end_other_sessions().await?;
        scope.audit(Line::new("session.end_others")).await?;
        scope.commit().await?;
        Ok(ended)
    }
}

impl Scope {
    /// Ends every session of the viewer but the one that asks; returns how many.
    pub(crate) async fn end_other_sessions(&mut self) -> Result<u64> {
        let (user, now, session) = (self.user(), self.now, self.viewer.session()?);
        let ended = query!(
            "/* session_end_others */ UPDATE sessions SET ended_at = $3
             WHERE user_id = $1 AND id <> $2 AND ended_at IS NULL AND expires_at > $3",
            user,
            session.0,
            now
        )
        .execute(self.connection()?)
        .await?;
        Ok(ended.rows_affected())
    }
}
