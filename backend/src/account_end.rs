//! The end of an account, and of everything that is one person's alone.

use crate::{Backend, Error, Result, Viewer, audit::Line, scope::Scope, viewer::Need};
use sqlx::query;
use taskwire_domain::{
    Error as Refusal,
    account::Email,
    team::{Role, Team},
};

impl Backend {
    /// Deletes the viewer's account: their tasks, shares, sessions, tokens and whatever else is theirs. They leave their
    /// teams, where their tasks go to the owner; teams in which they are alone go with them. The audit log stays.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] about `password` if that is not theirs, [`Refusal::RateLimited`] after too many tries, and
    /// [`Refusal::Conflict`] while they own a team that others are in.
    pub async fn account_delete(&self, viewer: &Viewer, password: &str) -> Result<()> {
        let account = self.prove(viewer, "password", password).await?;
        let mut scope = self.scope(viewer, Need::Session).await?;
        scope.hold_account(&Email::parse(&account.email).map_err(Refusal::from)?).await?;
        let teams = scope.teams().await?;
        if let Some(obstacle) = owned_with_others(&teams) {
            return Err(obstacle.into());
        }
        for team in teams {
            match team.role {
                Role::Owner => scope.delete_team(team).await?,
                // Before they are gone, who then could not write it into the team's log.
                _ => scope.audit(Line::new("team.leave").target(team.name).team(team.id)).await?,
            }
        }
        scope.audit(Line::new("account.delete")).await?;
        let user = scope.user();
        let gone =
            query!("/* account_delete */ DELETE FROM users WHERE id = $1", user).execute(scope.connection()?).await?;
        if gone.rows_affected() != 1 {
            return Err(Error::Fault("an account that was locked could not be deleted".into()));
        }
        scope.commit().await
    }
}

/// Why an account stays, where its teams stand against its end.
fn owned_with_others(teams: &[Team]) -> Option<Refusal> {
    let owned = teams.iter().filter(|team| team.role == Role::Owner && team.members > 1);
    let names: Vec<_> = owned.map(|team| format!("“{}”", team.name)).collect();
    (!names.is_empty()).then(|| {
        Refusal::Conflict(format!(
            "You own teams that others are in: {}. Make somebody else their owner, or delete them first.",
            names.join(", ")
        ))
    })
}

impl Scope {
    /// Waits until nobody changes what goes with the viewer's account, and keeps it so: first the address, so that nobody
    /// adds them to a team or shares with them meanwhile, then the account, so that they make no team.
    async fn hold_account(&mut self, email: &Email) -> Result<()> {
        self.account_by_email(email).await?;
        self.lock_user().await?;
        query!("/* account_hold */ SELECT app_hold_account()").execute(self.connection()?).await?;
        Ok(())
    }
}
