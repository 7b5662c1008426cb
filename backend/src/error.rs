//! Refusals, which are for people, and faults, whose detail is for the log.

use metrics::counter;
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
    /// More operations of one person are under way than get a connection in time.
    #[error("too many operations of one person wait for the database")]
    Crowded,
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
                counter!("taskwire_db_failures_total", "kind" => "unavailable").increment(1);
                tracing::warn!(error = %source, "the database does not answer");
                domain::Error::Unavailable
            }
            Self::Crowded => {
                counter!("taskwire_db_failures_total", "kind" => "crowded").increment(1);
                tracing::info!("too many operations of one person wait for the database");
                domain::Error::Unavailable
            }
            other => {
                counter!("taskwire_db_failures_total", "kind" => "fault").increment(1);
                tracing::error!(error = %other, "an operation failed");
                domain::Error::Internal
            }
        }
    }

    /// The same for everybody else who waited for the same.
    pub(crate) fn shared(&self) -> Self {
        match self {
            Self::Refused(refusal) => Self::Refused(refusal.clone()),
            Self::Unavailable(source) => Self::Unavailable(sqlx::Error::AnyDriverError(source.to_string().into())),
            Self::Crowded => Self::Crowded,
            fault => Self::Fault(fault.to_string()),
        }
    }

    /// Whether the connection was lost before the statement could have had an effect that anybody was told of, so
    /// that reading again, or opening again, may succeed at once. A statement that took too long may not be repeated:
    /// that would only add to what the database has too much of.
    pub(crate) fn is_transient(&self) -> bool {
        let Self::Unavailable(source) = self else { return false };
        match source.as_database_error() {
            Some(error) => is_one_of(&error.code().unwrap_or_default(), CONNECTION_LOST),
            None => !matches!(source, sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed),
        }
    }
}

/// SQLSTATE that `scope_open` raises for a session that has ended.
const SESSION_ENDED: &str = "TW401";

/// SQLSTATE of a row that refers to one which has gone in the meantime (foreign_key_violation).
const REFERENCE_GONE: &str = "23503";

/// SQLSTATE of a policy that refuses a row (insufficient_privilege). Operations look first whether the viewer may; this
/// comes when the right is taken away between the look and the write.
const RIGHT_GONE: &str = "42501";

/// SQLSTATEs of a connection that broke or was not taken: class 08, shutting down, crashed, starting up, too many.
const CONNECTION_LOST: &[&str] = &["08", "57P01", "57P02", "57P03", "53300"];

/// SQLSTATEs of a database that could not, though it may a little later: classes 08 (connection), 53 (out of resources)
/// and 57 (shutting down, starting up, statement timed out), a serialization failure, a deadlock, and a standby that
/// may only be read.
const NOT_NOW: &[&str] = &["08", "53", "57", "40001", "40P01", "25006"];

fn is_one_of(code: &str, states: &[&str]) -> bool {
    states.iter().any(|state| code.starts_with(state))
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        use sqlx::Error as E;
        let code = error.as_database_error().and_then(|e| e.code()).unwrap_or_default();
        match &error {
            _ if code == SESSION_ENDED => domain::Error::Unauthorized.into(),
            _ if code == REFERENCE_GONE => domain::Error::NotFound.into(),
            _ if code == RIGHT_GONE => {
                tracing::warn!(%error, "the database refused a row");
                domain::Error::Forbidden.into()
            }
            E::Io(_) | E::Tls(_) | E::Protocol(_) | E::PoolTimedOut | E::PoolClosed | E::WorkerCrashed => {
                Self::Unavailable(error)
            }
            _ if is_one_of(&code, NOT_NOW) => Self::Unavailable(error),
            _ => Self::Database(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sqlx::{AssertSqlSafe, PgPool};

    #[sqlx::test]
    async fn only_a_lost_connection_is_tried_again(pool: PgPool) {
        for (code, unavailable, transient) in [
            ("08006", true, true),
            ("57P01", true, true),
            ("57P03", true, true),
            ("53300", true, true),
            ("57014", true, false),
            ("53200", true, false),
            ("40001", true, false),
            ("40P01", true, false),
            ("23505", false, false),
            ("TW401", false, false),
        ] {
            let raise = format!("DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '{code}'; END $$");
            let error = Error::from(sqlx::raw_sql(AssertSqlSafe(raise)).execute(&pool).await.unwrap_err());
            let found = (matches!(error, Error::Unavailable(_)), error.is_transient());
            assert_eq!(found, (unavailable, transient), "{code}");
        }
        assert!(Error::from(sqlx::Error::WorkerCrashed).is_transient());
        assert!(!Error::from(sqlx::Error::PoolTimedOut).is_transient());
    }
}
