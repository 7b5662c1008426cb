//! Refusals, which are for people, and faults, whose detail is for the log.

use taskwire_domain as domain;

/// What every operation returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why an operation did not happen.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Refused for a reason that the person may know.
    #[error(transparent)]
    Refused(#[from] domain::Error),
    /// The database is away, restarting, full or too slow.
    #[error("the database does not answer: {0}")]
    Unavailable(#[source] sqlx::Error),
    /// The database refused a statement that it should have taken.
    #[error("a statement failed: {0}")]
    Database(#[source] sqlx::Error),
    /// The migrations could not be brought up to date.
    #[error("the migrations failed: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// Anything else that is ours to mend.
    #[error("{0}")]
    Fault(String),
}

impl Error {
    /// The part that may leave the house. Logs the rest, so call it once, where the answer is made.
    pub fn into_public(self) -> domain::Error {
        match self {
            Self::Refused(error) => error,
            Self::Unavailable(source) => {
                tracing::warn!(error = %source, "the database does not answer");
                domain::Error::Unavailable
            }
            other => {
                tracing::error!(error = %other, "an operation failed");
                domain::Error::Internal
            }
        }
    }

    /// Whether the connection was lost before the statement could have had an effect that anybody was told of, so
    /// that reading again, or opening again, may succeed at once.
    pub(crate) fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable(source) if !matches!(source, sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed))
    }
}

/// SQLSTATE that `scope_open` raises for a session that has ended.
const SESSION_ENDED: &str = "TW401";

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        use sqlx::Error as E;
        let code = error.as_database_error().and_then(|e| e.code()).unwrap_or_default();
        match &error {
            _ if code == SESSION_ENDED => domain::Error::Unauthorized.into(),
            E::Io(_) | E::Tls(_) | E::Protocol(_) | E::PoolTimedOut | E::PoolClosed | E::WorkerCrashed => {
                Self::Unavailable(error)
            }
            // Classes 08 (connection), 53 (out of resources), 57 (shutting down, starting up, statement timed out),
            // and 25006 (a standby that may only be read).
            _ if ["08", "53", "57"].iter().any(|class| code.starts_with(class)) || code == "25006" => {
                Self::Unavailable(error)
            }
            _ => Self::Database(error),
        }
    }
}
