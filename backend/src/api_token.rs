//! Personal API tokens (requirement A4).
//!
//! The secret is 256 random bits, so one round of SHA-256 keeps it as well as anything slow would; what the database
//! has of it is of no use to whoever reads it.

use crate::{Backend, Client, Credential, Error, Result, Viewer, audit::Line, viewer::Need};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use secrecy::SecretString;
use sha2::{Digest, Sha256};
use sqlx::{query, query_as, query_scalar};
use std::time::Instant;
use taskwire_domain::{
    Error as Refusal, TokenId, UserId,
    api_token::{ApiToken, NewApiToken, TOKENS_MAX, TokenScope},
};
use uuid::Uuid;

/// What every secret begins with, so that people and scanners know one when they see it.
const PREFIX: &str = "taskwire_";

/// A token that has just been made.
#[derive(Debug)]
pub struct Created {
    /// What will be shown of it from now on.
    pub token: ApiToken,
    /// What the program sends. Shown this once.
    pub secret: SecretString,
}

struct TokenRow {
    id: Uuid,
    name: String,
    scopes: Vec<String>,
    created_at: DateTime<Utc>,
    last_used_at: Option<DateTime<Utc>>,
    expires_at: Option<DateTime<Utc>>,
}

impl From<TokenRow> for ApiToken {
    fn from(TokenRow { id, name, scopes, created_at, last_used_at, expires_at }: TokenRow) -> Self {
        Self { id: TokenId(id), name, scopes: known(&scopes), created_at, last_used_at, expires_at }
    }
}

/// The database takes no word that is not one of these.
fn known(words: &[String]) -> Vec<TokenScope> {
    words.iter().filter_map(|word| word.parse().ok()).collect()
}

fn hash(secret: &str) -> Vec<u8> {
    Sha256::digest(secret).to_vec()
}

impl Backend {
    /// Who sends a session's token or a personal API token. The first is verified without I/O, the second in one round
    /// trip.
    ///
    /// # Errors
    /// [`Refusal::Unauthorized`] for anything but a whole, genuine token that has not expired and was not revoked.
    pub async fn authenticate(&self, token: &str, client: Client) -> Result<Viewer> {
        if !token.starts_with(PREFIX) {
            return self.viewer(token, client);
        }
        let start = Instant::now();
        let hash = hash(token);
        let read = || async {
            query!(
                r#"/* api_token_of */ SELECT id AS "id!", user_id AS "user_id!", scopes AS "scopes!"
                   FROM api_token_of($1, $2)"#,
                hash,
                self.clock.now()
            )
            .fetch_optional(&self.pool)
            .await
            .map_err(Error::from)
        };
        let found = self.retried(read).await;
        client.db_time.add_since(start);
        let found = found?.ok_or(Refusal::Unauthorized)?;
        let credential = Credential::Token { id: TokenId(found.id), scopes: known(&found.scopes) };
        Ok(Viewer::new(UserId(found.user_id), credential, client))
    }

    /// Makes a token.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] about `expires_at` for a time that has passed, and [`Refusal::Conflict`] for more than
    /// [`TOKENS_MAX`].
    pub async fn token_create(&self, viewer: &Viewer, new: NewApiToken) -> Result<Created> {
        let mut scope = self.scope(viewer, Need::Session).await?;
        let (user, now, id) = (scope.user(), scope.now, self.clock.id());
        let expires_at = new.end.of_one_made(now).map_err(Refusal::from)?;
        // So that the limit holds for somebody who makes several at once.
        scope.lock_user().await?;
        let has = query_scalar!(
            r#"/* api_token_count */ SELECT count(*) AS "has!" FROM api_tokens
               WHERE user_id = $1 AND revoked_at IS NULL"#,
            user
        )
        .fetch_one(scope.connection()?)
        .await?;
        if has >= TOKENS_MAX {
            let text = format!("You have {has} tokens, and nobody has more than {TOKENS_MAX}. Revoke one first.");
            return Err(Refusal::Conflict(text).into());
        }
        let secret = format!("{PREFIX}{}", BASE64_URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>()));
        let NewApiToken { name, scopes, .. } = new;
        let words: Vec<String> = scopes.iter().map(TokenScope::to_string).collect();
        query!(
            "/* api_token_insert */ INSERT INTO api_tokens (id, user_id, name, secret_hash, scopes, created_at,
                                                            expires_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
            id,
            user,
            name,
            hash(&secret),
            &words,
            now,
            expires_at
        )
        .execute(scope.connection()?)
        .await?;
        scope.audit(Line::new("token.create").target(&name)).await?;
        scope.commit().await?;
        let token = ApiToken { id: TokenId(id), name, scopes, created_at: now, last_used_at: None, expires_at };
        Ok(Created { token, secret: secret.into() })
    }

    /// The viewer's tokens that were not revoked, also expired ones, last made first.
    pub async fn token_list(&self, viewer: &Viewer) -> Result<Vec<ApiToken>> {
        let mut scope = self.reading(viewer, Need::Session).await?;
        let user = scope.user();
        let rows = query_as!(
            TokenRow,
            "/* api_token_list */ SELECT id, name, scopes, created_at, last_used_at, expires_at FROM api_tokens
             WHERE user_id = $1 AND revoked_at IS NULL ORDER BY created_at DESC, id DESC LIMIT $2",
            user,
            TOKENS_MAX
        )
        .fetch_all(scope.connection()?)
        .await?;
        Ok(rows.into_iter().map(ApiToken::from).collect())
    }

    /// Revokes one of the viewer's tokens: it is refused from now on. One that was revoked stays so.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] unless the token is or was the viewer's.
    pub async fn token_revoke(&self, viewer: &Viewer, id: TokenId) -> Result<()> {
        let revoke = async {
            let mut scope = self.scope(viewer, Need::Session).await?;
            let (user, now) = (scope.user(), scope.now);
            let revoked = query_scalar!(
                "/* api_token_revoke */ UPDATE api_tokens SET revoked_at = $3
                 WHERE id = $1 AND user_id = $2 AND revoked_at IS NULL RETURNING name",
                id.0,
                user,
                now
            )
            .fetch_optional(scope.connection()?)
            .await?;
            let Some(name) = revoked else {
                let own = query_scalar!(
                    "/* api_token_own */ SELECT id FROM api_tokens WHERE id = $1 AND user_id = $2",
                    id.0,
                    user
                )
                .fetch_optional(scope.connection()?)
                .await?;
                return Ok(own.map(drop).ok_or(Refusal::NotFound)?);
            };
            scope.audit(Line::new("token.revoke").target(name)).await?;
            scope.commit().await
        };
        self.attempt(viewer, "token.revoke", id, revoke).await
    }
}
