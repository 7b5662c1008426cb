//! `taskwire admin`: who sees how the server performs.

use crate::{commands::AdminCommand, config::Settings, database::Database, shutdown};
use anyhow::{Result, anyhow};
use sqlx::postgres::PgConnectOptions;
use taskwire_backend::{Error, administrator_list, administrator_set};
use taskwire_domain::{Error as Refusal, account::Email};

/// Does what the command says.
///
/// # Errors
/// What keeps it from doing so.
pub async fn run(settings: &Settings, command: AdminCommand) -> Result<()> {
    let interrupt = shutdown::on_signal()?;
    let database = Database::attach(settings, &interrupt).await?;
    let done = answer(&database.connect, command).await;
    database.stop().await;
    println!("{}", done?);
    Ok(())
}

async fn answer(connect: &PgConnectOptions, command: AdminCommand) -> Result<String> {
    match command {
        AdminCommand::List => {
            let list = administrator_list(connect).await?;
            let lines: Vec<_> = list.iter().map(|person| format!("{} ({})", person.email, person.name)).collect();
            Ok(if lines.is_empty() { "There is no administrator.".to_owned() } else { lines.join("\n") })
        }
        AdminCommand::Add { email } => Ok(match set(connect, &email, true).await? {
            true => format!("{email} is an administrator now."),
            false => format!("{email} is an administrator already."),
        }),
        AdminCommand::Remove { email } => Ok(match set(connect, &email, false).await? {
            true => format!("{email} is no administrator any more."),
            false => format!("{email} is no administrator."),
        }),
    }
}

async fn set(connect: &PgConnectOptions, email: &str, administrator: bool) -> Result<bool> {
    let address = Email::parse(email).map_err(|error| anyhow!("{email:?}: {}", error.message))?;
    administrator_set(connect, &address, administrator).await.map_err(|error| match error {
        Error::Refused(Refusal::NotFound) => anyhow!("Nobody has signed up as {email}. Let them do so first."),
        other => other.into(),
    })
}
