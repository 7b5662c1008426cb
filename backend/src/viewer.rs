//! Who asks, and how far their credential goes: the one place where the scopes of API tokens are enforced.

use crate::{Backend, Client, Result, tool_call::Call};
use std::sync::Arc;
use taskwire_domain::{Error as Refusal, SessionId, TokenId, UserId, api_token::TokenScope};
use uuid::Uuid;

/// A person who has proved who they are. Made from a verified token by [`crate::Backend::authenticate`], and nowhere
/// else; whether that still holds is checked by the database with every operation.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Viewer {
    /// Whose identity the database works under.
    pub user_id: UserId,
    /// What the token stands for.
    pub credential: Credential,
    /// Where the request comes from.
    pub client: Client,
    /// Whether they want nothing to be changed, whatever their credential is good for.
    pub read_only: bool,
    /// The call of a tool that is made in their name, if that is what they want.
    pub call: Option<Arc<Call>>,
}

impl Viewer {
    pub(crate) fn new(user_id: UserId, credential: Credential, client: Client) -> Self {
        Self { user_id, credential, client, read_only: false, call: None }
    }

    /// The same, as whom nothing can be changed.
    pub fn read_only(self) -> Self {
        Self { read_only: true, ..self }
    }

    /// Whether they may do what needs this scope.
    pub fn covers(&self, scope: TokenScope) -> bool {
        Need::Scope(scope).check(self).is_ok()
    }

    /// Makes sure that the credential still holds, where that must be known before an operation finds it out: in one round
    /// trip.
    ///
    /// # Errors
    /// [`Refusal::Unauthorized`] if it does not.
    pub async fn still_holds(&self, backend: &Backend) -> Result<()> {
        backend.reading(self, Need::Token).await.map(drop)
    }

    /// Makes sure that the credential is good for this, where that must be known before an operation finds it out. A refusal
    /// is noted like one of an operation's.
    ///
    /// # Errors
    /// [`Refusal::OutOfScope`].
    pub async fn require(&self, backend: &Backend, scope: TokenScope) -> Result<()> {
        backend.permit(self, Need::Scope(scope)).await
    }

    /// The session that they are signed in by.
    ///
    /// # Errors
    /// [`Refusal::OutOfScope`] for an API token.
    pub fn session(&self) -> Result<SessionId> {
        match self.credential {
            Credential::Session(id) => Ok(id),
            Credential::Token { .. } => Err(Refusal::OutOfScope(None).into()),
        }
    }
}

/// What a verified token stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credential {
    /// A person who is signed in, and may do whatever they may.
    Session(SessionId),
    /// A program with a personal API token, and how far that goes.
    Token {
        /// Which one.
        id: TokenId,
        /// What it is good for.
        scopes: Vec<TokenScope>,
    },
}

impl Credential {
    /// As the database knows it.
    pub(crate) fn id(&self) -> Uuid {
        match self {
            Self::Session(id) => id.0,
            Self::Token { id, .. } => id.0,
        }
    }
}

/// What an operation asks of the viewer's credential. A session is good for everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    /// Any API token will do.
    Token,
    /// An API token with this scope will do.
    Scope(TokenScope),
    /// No API token will do.
    Session,
}

impl Need {
    /// To see tasks.
    pub(crate) const TASKS_READ: Self = Self::Scope(TokenScope::TasksRead);
    /// To change tasks, and with whom they are shared.
    pub(crate) const TASKS_WRITE: Self = Self::Scope(TokenScope::TasksWrite);
    /// To see teams.
    pub(crate) const TEAMS_READ: Self = Self::Scope(TokenScope::TeamsRead);
    /// To change teams, and who is in them.
    pub(crate) const TEAMS_WRITE: Self = Self::Scope(TokenScope::TeamsWrite);
    /// To see the dashboard.
    pub(crate) const DASHBOARD_READ: Self = Self::Scope(TokenScope::DashboardRead);

    /// Whether the viewer's credential will do.
    ///
    /// # Errors
    /// [`Refusal::OutOfScope`] if not.
    pub(crate) fn check(self, viewer: &Viewer) -> Result<(), Refusal> {
        if let Self::Scope(wanted) = self
            && viewer.read_only
            && wanted.writes()
        {
            return Err(Refusal::OutOfScope(Some(wanted)));
        }
        let Credential::Token { scopes, .. } = &viewer.credential else { return Ok(()) };
        match self {
            Self::Token => Ok(()),
            Self::Scope(wanted) if scopes.iter().any(|scope| scope.covers(wanted)) => Ok(()),
            Self::Scope(wanted) => Err(Refusal::OutOfScope(Some(wanted))),
            Self::Session => Err(Refusal::OutOfScope(None)),
        }
    }
}

impl Backend {
    /// Lets through whose credential is good for an operation, and notes whose is not.
    ///
    /// # Errors
    /// [`Refusal::OutOfScope`].
    pub(crate) async fn permit(&self, viewer: &Viewer, need: Need) -> Result<()> {
        let Err(refusal) = need.check(viewer) else { return Ok(()) };
        let wanted = match need {
            Need::Scope(scope) => scope.as_str(),
            Need::Token | Need::Session => "session",
        };
        self.audit_denied(viewer, "token.use", wanted, None, None).await?;
        Err(refusal.into())
    }
}
