//! The audit log (requirement I4): writing lines, reading them, sealing and verifying them.

use crate::{Backend, Client, Error, Result, Viewer, scope::Scope, viewer::Need};
use metrics::counter;
use sqlx::{ConnectOptions, Connection, postgres::PgConnectOptions, query, query_as, query_scalar};
use std::time::Instant;
use taskwire_domain::{
    Error as Refusal, SessionId, TaskId, TeamId, TokenId, ToolCallId, UserId,
    audit::{AuditLine, AuditPage, AuditQuery, LINES_ON_PAGE},
    rights::TeamAction,
};

/// A line to be written. It stands in the viewer's own log, with where they came from.
pub(crate) struct Line<'a> {
    /// Resource and verb.
    pub(crate) action: &'a str,
    /// What it happened to, in words.
    pub(crate) target: Option<String>,
    /// The team in whose log it stands too.
    pub(crate) team: Option<TeamId>,
    /// The other person whom it concerns: in whose log it stands too, without where the viewer came from, and with the
    /// team if they are in it.
    pub(crate) person: Option<UserId>,
}

impl<'a> Line<'a> {
    pub(crate) fn new(action: &'a str) -> Self {
        Self { action, target: None, team: None, person: None }
    }

    pub(crate) fn target(self, target: impl Into<String>) -> Self {
        Self { target: Some(target.into()), ..self }
    }

    pub(crate) fn team(self, team: TeamId) -> Self {
        Self { team: Some(team), ..self }
    }

    pub(crate) fn person(self, person: UserId) -> Self {
        Self { person: Some(person), ..self }
    }
}

/// Characters of a target at most: the column's own limit.
const TARGET_MAX: usize = 500;

impl Scope {
    /// Notes what the viewer did, in the same transaction.
    pub(crate) async fn audit(&mut self, line: Line<'_>) -> Result<()> {
        let (user, now) = (self.user(), self.now);
        let (address, user_agent) = (self.viewer.client.address_kept(), self.viewer.client.user_agent_kept());
        let target = line.target.map(|target| target.chars().take(TARGET_MAX).collect::<String>());
        query!(
            "/* audit_insert */ INSERT INTO audit_log (at, actor_id, account_id, team_id, action, target, address,
                                                       user_agent)
             SELECT $1::timestamptz, $2::uuid, $2::uuid, $3::uuid, $4::text, $5::text, $6::inet, $7::text
             UNION ALL SELECT $1, $2, $8::uuid,
                 (SELECT team_id FROM team_members WHERE team_id = $3 AND user_id = $8), $4, $5, NULL, NULL
             WHERE $8 <> $2",
            now,
            user,
            line.team.map(|team| team.0),
            line.action,
            target,
            address,
            user_agent,
            line.person.map(|person| person.0)
        )
        .execute(self.connection()?)
        .await?;
        count(line.action);
        Ok(())
    }
}

/// Counts a line by its action.
fn count(action: &str) {
    counter!("taskwire_audit_events_total", "action" => action.to_owned()).increment(1);
}

/// What an operation is tried on, for the log of refused attempts.
pub(crate) enum Target {
    Task(TaskId),
    Team(TeamId),
    Session(SessionId),
    Token(TokenId),
    ToolCall(ToolCallId),
}

impl From<TaskId> for Target {
    fn from(id: TaskId) -> Self {
        Self::Task(id)
    }
}

impl From<TeamId> for Target {
    fn from(id: TeamId) -> Self {
        Self::Team(id)
    }
}

impl From<SessionId> for Target {
    fn from(id: SessionId) -> Self {
        Self::Session(id)
    }
}

impl From<TokenId> for Target {
    fn from(id: TokenId) -> Self {
        Self::Token(id)
    }
}

impl From<ToolCallId> for Target {
    fn from(id: ToolCallId) -> Self {
        Self::ToolCall(id)
    }
}

impl Backend {
    /// Runs an operation on one thing, and notes it when it is refused for want of a right. The note is the same for a
    /// thing that does not exist and one that the viewer may not see, and so is the time, as far as
    /// [`crate::MISSING_TAKES`] goes.
    pub(crate) async fn attempt<T>(
        &self,
        viewer: &Viewer,
        action: &str,
        target: impl Into<Target>,
        operation: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        let veil = viewer.client.db_time.veil();
        let outcome = operation.await;
        if !matches!(outcome, Err(Error::Refused(Refusal::NotFound | Refusal::Forbidden))) {
            return outcome;
        }
        let (text, task, team) = match target.into() {
            Target::Task(id) => (format!("task:{id}"), Some(id), None),
            Target::Team(id) => (format!("team:{id}"), None, Some(id)),
            Target::Session(id) => (format!("session:{id}"), None, None),
            Target::Token(id) => (format!("token:{id}"), None, None),
            Target::ToolCall(id) => (format!("tool_call:{id}"), None, None),
        };
        self.audit_denied(viewer, action, &text, task, team).await?;
        if matches!(outcome, Err(Error::Refused(Refusal::NotFound))) {
            veil.missing().await;
        }
        outcome
    }

    /// Notes a refused attempt, in the viewer's log and in that of the team that it was on.
    pub(crate) async fn audit_denied(
        &self,
        viewer: &Viewer,
        action: &str,
        target: &str,
        task: Option<TaskId>,
        team: Option<TeamId>,
    ) -> Result<()> {
        let start = Instant::now();
        let mut connection = self.connection(viewer).await?;
        let noted = query!(
            "/* audit_denied */ SELECT audit_denied($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            viewer.user_id.0,
            viewer.credential.id(),
            action,
            target,
            task.map(|task| task.0),
            team.map(|team| team.0),
            self.clock.now(),
            viewer.client.address_kept(),
            viewer.client.user_agent_kept()
        )
        .execute(&mut *connection)
        .await;
        viewer.client.db_time.add_since(start);
        noted?;
        count("denied");
        Ok(())
    }

    /// Notes a refused sign-in, in the log of the account that was tried.
    pub(crate) async fn audit_sign_in_failed(&self, client: &Client, email: &str) -> Result<()> {
        let start = Instant::now();
        let noted = query!(
            "/* audit_sign_in_failed */ SELECT audit_sign_in_failed($1, $2, $3, $4)",
            email,
            self.clock.now(),
            client.address_kept(),
            client.user_agent_kept()
        )
        .execute(&self.pool)
        .await;
        client.db_time.add_since(start);
        noted?;
        count("account.sign_in_failed");
        Ok(())
    }

    /// One page of the viewer's log, or of a team's that they run, newest first.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] or [`Refusal::Forbidden`] for the log of a team that is not the viewer's to read.
    pub async fn audit_list(&self, viewer: &Viewer, query: AuditQuery) -> Result<AuditPage> {
        let Some(team) = query.team else { return self.list_audit(viewer, query).await };
        self.attempt(viewer, "audit.list", team, self.list_audit(viewer, query)).await
    }

    async fn list_audit(&self, viewer: &Viewer, query: AuditQuery) -> Result<AuditPage> {
        let mut scope = self.reading(viewer, Need::Session).await?;
        let user = scope.user();
        let before = query.before.unwrap_or(i64::MAX);
        // One more than the page shows whether there is a next one.
        let wanted = LINES_ON_PAGE + 1;
        let mut lines = match query.team {
            None => {
                query_as!(
                    AuditLine,
                    r#"/* audit_list */ SELECT line.id, line.at,
                           coalesce(line.actor_id = $1, false) AS "by_viewer!", actor.name AS "actor?", line.action,
                           line.target, team.name AS "team?", host(line.address) AS address, line.user_agent
                       FROM (SELECT * FROM audit_log WHERE account_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3) line
                       LEFT JOIN users actor ON actor.id = line.actor_id
                       LEFT JOIN teams team ON team.id = line.team_id
                       ORDER BY line.id DESC"#,
                    user,
                    before,
                    wanted
                )
                .fetch_all(scope.connection()?)
                .await?
            }
            Some(team) => {
                scope.team_role(team, TeamAction::ReadLog).await?;
                query_as!(
                    AuditLine,
                    r#"/* audit_list_of_team */ SELECT line.id, line.at,
                           coalesce(line.actor_id = $4, false) AS "by_viewer!", actor.name AS "actor?", line.action,
                           line.target, team.name AS "team?", host(line.address) AS address, line.user_agent
                       FROM (
                           SELECT * FROM audit_log
                           -- Not what was copied into the log of another whom it concerns.
                           WHERE team_id = $1 AND id < $2 AND (account_id = actor_id OR account_id IS NULL)
                           ORDER BY id DESC LIMIT $3
                       ) line
                       LEFT JOIN users actor ON actor.id = line.actor_id
                       LEFT JOIN teams team ON team.id = line.team_id
                       ORDER BY line.id DESC"#,
                    team.0,
                    before,
                    wanted,
                    user
                )
                .fetch_all(scope.connection()?)
                .await?
            }
        };
        let page = usize::try_from(LINES_ON_PAGE).unwrap_or(usize::MAX);
        let more = lines.len() > page;
        lines.truncate(page);
        let next = lines.last().filter(|_| more).map(|line| line.id);
        Ok(AuditPage { lines, next })
    }

    /// Seals what was written since the last seal, unless another server is at it; returns the last seal made. The
    /// system's own work: it has no viewer, and reads nothing out.
    pub async fn audit_seal(&self) -> Result<Option<Seal>> {
        let mut last = None;
        loop {
            let sealed = query!(
                r#"/* audit_seal */ SELECT no AS "no!", lines AS "lines!", hash AS "hash!" FROM audit_seal($1)"#,
                self.clock.now()
            )
            .fetch_optional(&self.pool)
            .await?;
            let Some(row) = sealed else { return Ok(last) };
            last = Some(Seal { no: row.no, lines: row.lines, hash: hex(&row.hash) });
        }
    }
}

/// A seal over a batch of lines and over the seal before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seal {
    /// Counts up by one.
    pub no: i64,
    /// How many lines it is over.
    pub lines: i32,
    /// SHA-256, in hexadecimal digits.
    pub hash: String,
}

/// What [`audit_verify`] found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditReport {
    /// The last seal, if there is one.
    pub head: Option<Seal>,
    /// Lines under seals.
    pub sealed: i64,
    /// Lines that wait for the next seal.
    pub unsealed: i64,
    /// The seals that do not hold, and why.
    pub faults: Vec<String>,
}

/// Reads the whole log and checks that every seal holds. `known` is the number and the hash of a seal as they were noted
/// elsewhere, which must still be in the chain: that shows when the end was cut off, or everything written anew.
///
/// # Errors
/// The database does not answer.
pub async fn audit_verify(connect: &PgConnectOptions, known: Option<(i64, &str)>) -> Result<AuditReport> {
    // Who owns everything may bypass row-level security or not; this role sees the whole log.
    let mut connection = connect.clone().options([("role", "taskwire_owner")]).connect().await?;
    // One picture for all that follows, while the server goes on sealing.
    sqlx::raw_sql("/* audit_begin */ BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").execute(&mut connection).await?;
    let mut faults: Vec<String> =
        query_scalar!(r#"/* audit_faults */ SELECT 'seal ' || seal || ': ' || fault AS "fault!" FROM audit_faults()"#)
            .fetch_all(&mut connection)
            .await?;
    if let Some((no, hash)) = known {
        let found = query_scalar!("/* audit_seal_get */ SELECT hash FROM audit_seals WHERE no = $1", no)
            .fetch_optional(&mut connection)
            .await?;
        match found.map(|found| hex(&found)) {
            Some(found) if found == hash.to_lowercase() => {}
            Some(_) => faults.push(format!("seal {no}: it has another hash than the one you know")),
            None => faults.push(format!("seal {no}: it is missing")),
        }
    }
    let head = query!("/* audit_seal_last */ SELECT no, lines, hash FROM audit_seals ORDER BY no DESC LIMIT 1")
        .fetch_optional(&mut connection)
        .await?
        .map(|row| Seal { no: row.no, lines: row.lines, hash: hex(&row.hash) });
    let lines = query!(
        r#"/* audit_count */ SELECT count(seal) AS "sealed!", count(*) - count(seal) AS "unsealed!" FROM audit_log"#
    )
    .fetch_one(&mut connection)
    .await?;
    connection.close().await?;
    Ok(AuditReport { head, sealed: lines.sealed, unsealed: lines.unsealed, faults })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
