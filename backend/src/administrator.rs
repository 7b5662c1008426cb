//! Who administers: named on the command line, by whoever has the database, and nowhere else.

use crate::{Clock, Error, Result};
use sqlx::{ConnectOptions, Connection, PgConnection, postgres::PgConnectOptions, query, query_as};
use taskwire_domain::{Error as Refusal, account::Email};

/// Somebody who administers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Administrator {
    /// Their address.
    pub email: String,
    /// What others see.
    pub name: String,
}

/// As the role that sees every account, whether who owns everything may bypass row-level security or not.
async fn connect(options: &PgConnectOptions) -> Result<PgConnection> {
    Ok(options.clone().options([("role", "taskwire_owner")]).connect().await?)
}

/// Everybody who administers, by address.
///
/// # Errors
/// The database does not answer.
pub async fn administrator_list(options: &PgConnectOptions) -> Result<Vec<Administrator>> {
    let mut connection = connect(options).await?;
    let list = query_as!(
        Administrator,
        "/* administrator_list */ SELECT email, name FROM users WHERE administrator ORDER BY email"
    )
    .fetch_all(&mut connection)
    .await?;
    connection.close().await?;
    Ok(list)
}

/// Makes somebody an administrator, or no more; returns whether that changed anything. It counts from their next request on,
/// and stands in their log.
///
/// # Errors
/// [`Refusal::NotFound`] if nobody has signed up with this address.
pub async fn administrator_set(options: &PgConnectOptions, email: &Email, administrator: bool) -> Result<bool> {
    let mut connection = connect(options).await?;
    let mut transaction = connection.begin().await?;
    let found = query!(
        "/* administrator_lock */ SELECT id, administrator FROM users WHERE email = $1 FOR NO KEY UPDATE",
        email.as_str()
    )
    .fetch_optional(&mut *transaction)
    .await?;
    let user = found.ok_or(Error::Refused(Refusal::NotFound))?;
    let changes = user.administrator != administrator;
    if changes {
        query!("/* administrator_set */ UPDATE users SET administrator = $2 WHERE id = $1", user.id, administrator)
            .execute(&mut *transaction)
            .await?;
        let action = if administrator { "administrator.add" } else { "administrator.remove" };
        query!(
            "/* administrator_audit */ INSERT INTO audit_log (at, account_id, action) VALUES ($1, $2, $3)",
            Clock::system().now(),
            user.id,
            action
        )
        .execute(&mut *transaction)
        .await?;
    }
    transaction.commit().await?;
    connection.close().await?;
    Ok(changes)
}
