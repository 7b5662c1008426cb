//! Accounts: signing up, signing in, and what a person sets for themselves.

use crate::{Backend, Client, Credential, Device, Error, Result, Viewer, audit::Line, scope::Scope, viewer::Need};
use chrono::{DateTime, Utc};
use secrecy::SecretString;
use sqlx::{query, query_as, query_scalar};
use std::time::{Duration, Instant};
use taskwire_domain::{
    Error as Refusal, SessionId, UserId,
    account::{Account, Email, Name, NewAccount, PASSWORD_MAX, Password, Person},
};
use uuid::Uuid;

/// A fresh session and the token that proves it.
#[derive(Debug)]
pub struct SignedIn {
    /// Whose session it is.
    pub account: Account,
    /// The session token.
    pub token: SecretString,
    /// When the session ends by itself.
    pub expires_at: DateTime<Utc>,
    /// How long that is from its beginning.
    pub expires_in: Duration,
    /// By what the browser is known at the next sign-in.
    pub device: Device,
}

/// Where the time zones are that people are offered.
const REGIONS: [&str; 9] =
    ["Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific"];

/// People of one name that are found at most.
const FOUND_MAX: i64 = 20;

struct AccountRow {
    id: Uuid,
    email: String,
    name: String,
    time_zone: Option<String>,
    created_at: DateTime<Utc>,
    administrator: bool,
}

impl From<AccountRow> for Account {
    fn from(row: AccountRow) -> Self {
        let AccountRow { id, email, name, time_zone, created_at, administrator } = row;
        Self { id: UserId(id), email, name, time_zone, created_at, administrator }
    }
}

/// What is compared with the hash: a longer password than any account can have would only buy the sender more of our
/// time.
fn candidate(password: &str) -> String {
    if password.chars().count() <= PASSWORD_MAX { password.to_owned() } else { String::new() }
}

impl Scope {
    /// Lets the viewer do one thing at a time until the scope ends, so that a limit holds for several at once.
    /// Whatever only refers to the account goes on.
    ///
    /// # Errors
    /// [`Refusal::Unauthorized`] for an account that was deleted at this moment.
    pub(crate) async fn lock_user(&mut self) -> Result<()> {
        let found = query!("/* user_lock */ SELECT id FROM users WHERE id = $1 FOR NO KEY UPDATE", self.user())
            .fetch_optional(self.connection()?)
            .await?;
        Ok(found.map(drop).ok_or(Refusal::Unauthorized)?)
    }

    /// The address of somebody whom the viewer knows.
    pub(crate) async fn email_of(&mut self, user: UserId) -> Result<Option<String>> {
        let email = query_scalar!(r#"/* user_email */ SELECT email AS "email!" FROM users WHERE id = $1"#, user.0)
            .fetch_optional(self.connection()?)
            .await?;
        Ok(email)
    }
}

impl Backend {
    /// Opens an account and, with it, its first session. The same form again, by its address and password, signs in.
    ///
    /// # Errors
    /// [`Refusal::Conflict`] if the address has one already, with another password.
    pub async fn account_sign_up(&self, client: &Client, new: NewAccount) -> Result<SignedIn> {
        let (email, password) = (new.email.clone(), new.password.clone());
        match self.new_account(client, new).await {
            // As a sign-in, so that guessing passwords here is as slow and as visible as there.
            Err(Error::Refused(taken @ Refusal::Conflict(_))) => {
                let signed_in = self.account_sign_in(client, email.as_str(), password.expose()).await;
                signed_in.map_err(|error| match error {
                    Error::Refused(Refusal::WrongCredentials) => taken.into(),
                    other => other,
                })
            }
            made => {
                let (scope, account) = made?;
                self.open_session(scope, account).await
            }
        }
    }

    /// Opens an account, to sign in to.
    ///
    /// # Errors
    /// [`Refusal::Conflict`] if the address has one already, and [`Refusal::RateLimited`] after too many tries.
    pub async fn account_create(&self, client: &Client, new: NewAccount) -> Result<Account> {
        let (scope, account) = self.new_account(client, new).await?;
        scope.commit().await?;
        Ok(account)
    }

    /// Makes an account in a scope of its own, to be committed.
    async fn new_account(&self, client: &Client, new: NewAccount) -> Result<(Scope, Account)> {
        self.sign_ins.count(client, new.email.as_str(), None)?;
        let hash = self.hasher.hash(new.password.expose().to_owned()).await?;
        let viewer = self.newcomer(UserId(self.clock.id()), client);
        let mut scope = self.scope_before_session(&viewer).await?;
        let (user, now) = (scope.user(), scope.now);
        let made = query_as!(
            AccountRow,
            "/* account_insert */ INSERT INTO users (id, email, name, password_hash, created_at)
             VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT ON CONSTRAINT users_email_key DO NOTHING
             RETURNING id, email, name, time_zone, created_at, administrator",
            user,
            new.email.as_str(),
            new.name.as_str(),
            hash,
            now
        )
        .fetch_optional(scope.connection()?)
        .await?;
        let Some(account) = made else {
            return Err(Refusal::Conflict("There is already an account with this email address.".into()).into());
        };
        scope.audit(Line::new("account.sign_up")).await?;
        Ok((scope, account.into()))
    }

    /// Opens a session. An unknown address and a wrong password get the same answer after the same work.
    ///
    /// # Errors
    /// [`Refusal::WrongCredentials`], and [`Refusal::RateLimited`] after too many tries, right or wrong.
    pub async fn account_sign_in(&self, client: &Client, email: &str, password: &str) -> Result<SignedIn> {
        let email = Email::parse(email).map(|e| e.as_str().to_owned()).unwrap_or_default();
        let device = client.device.as_ref().and_then(|token| self.tokens.device(token, &email, self.clock.now()));
        self.sign_ins.count(client, &email, device)?;
        let found = self.account_with_hash(client, &email).await?;
        let (account, hash) = found.map_or((None, None), |(account, hash)| (Some(account), Some(hash)));
        let right = self.hasher.verify(candidate(password), hash).await?;
        match account {
            Some(account) if right => {
                let viewer = self.newcomer(account.id, client);
                match self.open_session(self.scope_before_session(&viewer).await?, account).await {
                    // The account was deleted at this moment.
                    Err(Error::Refused(Refusal::NotFound)) => Err(Refusal::WrongCredentials.into()),
                    opened => opened,
                }
            }
            _ => {
                self.audit_sign_in_failed(client, &email).await?;
                Err(Refusal::WrongCredentials.into())
            }
        }
    }

    async fn account_with_hash(&self, client: &Client, email: &str) -> Result<Option<(Account, String)>> {
        let start = Instant::now();
        let read = || async {
            query!(
                r#"/* account_for_sign_in */ SELECT id AS "id!", email AS "email!", name AS "name!", time_zone,
                          created_at AS "created_at!", administrator AS "administrator!",
                          password_hash AS "password_hash!"
                   FROM account_for_sign_in($1)"#,
                email
            )
            .fetch_optional(&self.pool)
            .await
            .map_err(Error::from)
        };
        let row = self.retried(read).await;
        client.db_time.add_since(start);
        Ok(row?.map(|row| {
            let account = AccountRow {
                id: row.id,
                email: row.email,
                name: row.name,
                time_zone: row.time_zone,
                created_at: row.created_at,
                administrator: row.administrator,
            };
            (account.into(), row.password_hash)
        }))
    }

    /// Opens a session in a scope of somebody who has just proved who they are, and commits the scope.
    async fn open_session(&self, mut scope: Scope, account: Account) -> Result<SignedIn> {
        let (user, now, session) = (scope.user(), scope.now, self.clock.id());
        let client = scope.viewer.client.clone();
        let expires_at = now + self.tokens.ttl;
        query!(
            "/* session_insert */ INSERT INTO sessions (id, user_id, created_at, last_seen_at, expires_at, address,
                                                        user_agent)
             VALUES ($1, $2, $3, $3, $4, $5, $6)",
            session,
            user,
            now,
            expires_at,
            client.address_kept(),
            client.user_agent_kept()
        )
        .execute(scope.connection()?)
        .await?;
        scope.audit(Line::new("account.sign_in").target(format!("session:{session}"))).await?;
        scope.commit().await?;
        let token = self.tokens.sign(account.id, &account.email, SessionId(session), now, expires_at)?;
        let device = self.tokens.sign_device(&account.email, self.clock.id(), now)?;
        Ok(SignedIn { account, token, expires_at, expires_in: self.tokens.ttl, device })
    }

    /// Somebody whose identity this operation has just established, before there is a session.
    fn newcomer(&self, user_id: UserId, client: &Client) -> Viewer {
        let credential = Credential::Session(SessionId(Uuid::nil()));
        Viewer::new(user_id, credential, client.clone())
    }

    /// The viewer's account.
    pub async fn account_get(&self, viewer: &Viewer) -> Result<Account> {
        let mut scope = self.reading(viewer, Need::Token).await?;
        let user = scope.user();
        let account = query_as!(
            AccountRow,
            "/* account_get */ SELECT id, email, name, time_zone, created_at, administrator FROM users WHERE id = $1",
            user
        )
        .fetch_one(scope.connection()?)
        .await?;
        Ok(account.into())
    }

    /// Those whom the viewer knows by this name, whatever its case, by address: who is in a team with them, and with whom
    /// they share something.
    pub async fn account_find(&self, viewer: &Viewer, name: &str) -> Result<Vec<Person>> {
        let mut scope = self.reading(viewer, Need::TASKS_WRITE).await?;
        let user = scope.user();
        let name = name.replace('\0', "");
        let people = query!(
            "/* account_find */ SELECT id, name, email FROM users WHERE name_key = lower($2) AND id <> $1
             ORDER BY email LIMIT $3",
            user,
            name,
            FOUND_MAX
        )
        .fetch_all(scope.connection()?)
        .await?;
        let people = people.into_iter();
        Ok(people.map(|row| Person { user_id: UserId(row.id), name: row.name, email: row.email }).collect())
    }

    /// Changes what others see of the viewer.
    pub async fn account_update(&self, viewer: &Viewer, name: Name) -> Result<Account> {
        let mut scope = self.scope(viewer, Need::Session).await?;
        let user = scope.user();
        let account = query_as!(
            AccountRow,
            "/* account_update */ UPDATE users SET name = $2 WHERE id = $1
             RETURNING id, email, name, time_zone, created_at, administrator",
            user,
            name.as_str()
        )
        .fetch_one(scope.connection()?)
        .await?;
        scope.audit(Line::new("account.update").target(name.as_str())).await?;
        scope.commit().await?;
        Ok(account.into())
    }

    /// Makes sure that it is the person who asks, and not somebody who has found their browser open: by the password, of
    /// which each try counts as one to sign in. Returns their account.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] about `field` if the password is not theirs, and [`Refusal::RateLimited`] after too many tries.
    pub(crate) async fn prove(&self, viewer: &Viewer, field: &str, password: &str) -> Result<Account> {
        // First, or a token could be used to guess.
        self.permit(viewer, Need::Session).await?;
        let account = self.account_get(viewer).await?;
        self.sign_ins.count(&viewer.client, &account.email, Some(viewer.session()?.0))?;
        let hash = self.account_with_hash(&viewer.client, &account.email).await?.map(|(_, hash)| hash);
        if !self.hasher.verify(candidate(password), hash).await? {
            self.audit_sign_in_failed(&viewer.client, &account.email).await?;
            return Err(Refusal::invalid(field, "This is not your current password.").into());
        }
        Ok(account)
    }

    /// Sets another password, and ends every other session: whoever signed in by the old one is out. API tokens go on,
    /// because programs know nothing of the password; they are revoked one by one.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] about `current_password` if that is not the old one.
    pub async fn account_change_password(&self, viewer: &Viewer, current: &str, new: Password) -> Result<()> {
        self.prove(viewer, "current_password", current).await?;
        let hash = self.hasher.hash(new.expose().to_owned()).await?;
        let mut scope = self.scope(viewer, Need::Session).await?;
        let user = scope.user();
        query!("/* account_set_password */ UPDATE users SET password_hash = $2 WHERE id = $1", user, hash)
            .execute(scope.connection()?)
            .await?;
        scope.end_other_sessions().await?;
        scope.audit(Line::new("account.password_change")).await?;
        scope.commit().await
    }

    /// Sets the zone that the viewer's “today” is reckoned in; `None` follows the browser.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] for a zone that the database does not know.
    pub async fn account_set_time_zone(&self, viewer: &Viewer, zone: Option<&str>) -> Result<()> {
        if let Some(zone) = zone
            && !self.is_time_zone(zone).await?
        {
            return Err(Refusal::invalid("time_zone", "This is not a time zone that we know.").into());
        }
        let mut scope = self.scope(viewer, Need::Session).await?;
        let user = scope.user();
        query!("/* account_set_time_zone */ UPDATE users SET time_zone = $2 WHERE id = $1", user, zone)
            .execute(scope.connection()?)
            .await?;
        scope.commit().await
    }

    /// The IANA names of the zones that the viewer may choose from, in order: those of places, and UTC.
    pub async fn account_time_zones(&self, viewer: &Viewer) -> Result<Vec<String>> {
        // They are nobody's secret, but an ended session is answered nothing.
        drop(self.reading(viewer, Need::Token).await?);
        let is_offered = |zone: &&String| {
            *zone == "UTC" || zone.split_once('/').is_some_and(|(region, _)| REGIONS.contains(&region))
        };
        Ok(self.known_zones().await?.iter().filter(is_offered).cloned().collect())
    }

    /// Whether this is the name of a time zone: also one of the many that nobody is offered, such as `Etc/UTC`.
    pub async fn is_time_zone(&self, name: &str) -> Result<bool> {
        Ok(self.known_zones().await?.iter().any(|known| known == name))
    }

    /// Asked once: Postgres reads hundreds of files to answer.
    async fn known_zones(&self) -> Result<&[String]> {
        let read = || async {
            query_scalar!(
                r#"/* time_zone_list */ SELECT name AS "name!" FROM pg_timezone_names
                   WHERE name !~ '^((posix|right)/|posixrules|Factory|localtime)'
                   ORDER BY name"#
            )
            .fetch_all(&self.pool)
            .await
        };
        Ok(self.time_zones.get_or_try_init(read).await?)
    }
}
