//! The audit log (requirement I4).

use crate::{Backend, Client, Result, scope::Scope};
use sqlx::query;
use std::time::Instant;

impl Scope {
    /// Notes what the viewer did, in the same transaction.
    pub(crate) async fn audit(&mut self, action: &str, target: Option<String>) -> Result<()> {
        let (user, now) = (self.user(), self.now);
        let (address, user_agent) = (self.viewer.client.address_kept(), self.viewer.client.user_agent_kept());
        query!(
            "INSERT INTO audit_log (at, actor_id, account_id, action, target, address, user_agent)
             VALUES ($1, $2, $2, $3, $4, $5, $6)",
            now,
            user,
            action,
            target,
            address,
            user_agent
        )
        .execute(self.connection()?)
        .await?;
        Ok(())
    }
}

impl Backend {
    /// Notes a refused sign-in, in the log of the account that was tried.
    pub(crate) async fn audit_sign_in_failed(&self, client: &Client, email: &str) -> Result<()> {
        let start = Instant::now();
        let noted = query!(
            "SELECT audit_sign_in_failed($1, $2, $3, $4)",
            email,
            self.clock.now(),
            client.address_kept(),
            client.user_agent_kept()
        )
        .execute(&self.pool)
        .await;
        client.db_time.add_since(start);
        noted?;
        Ok(())
    }
}
