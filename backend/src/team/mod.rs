//! Teams: making, changing, handing over and deleting them (requirement S1). Who is in them is in [`members`].
//!
//! Whatever changes a team or its members waits in [`Scope::team_for`] before it decides, so that what it decides by is
//! still so when it writes. Beneath that the constraints and policies hold by themselves, whoever comes how.

mod members;

use crate::{Backend, Error, Result, Viewer, audit::Line, scope::Scope, task::numbers, viewer::Need};
use chrono::{DateTime, Utc};
use sqlx::{postgres::PgQueryResult, query, query_as, query_scalar};
use taskwire_domain::{
    Error as Refusal, TaskId, TeamId, UserId,
    rights::TeamAction,
    team::{Role, TEAMS_OWNED_MAX, Team, TeamChange, TeamPeople, TeamTexts},
};
use uuid::Uuid;

struct TeamRow {
    id: Uuid,
    name: String,
    description: String,
    role: String,
    members: i64,
    version: i32,
    created_at: DateTime<Utc>,
}

impl From<TeamRow> for Team {
    fn from(row: TeamRow) -> Self {
        Self {
            id: TeamId(row.id),
            name: row.name,
            description: row.description,
            role: role(&row.role),
            members: row.members,
            version: row.version,
            created_at: row.created_at,
        }
    }
}

/// The column's check allows no fifth word.
fn role(word: &str) -> Role {
    word.parse().unwrap_or(Role::Viewer)
}

impl Scope {
    /// Waits until nobody changes who is in the teams that tasks are in, or were when they were deleted, and keeps it so
    /// until the scope ends; others may do the same at once. Whatever locks a task or puts one into a team does this
    /// first: its owner's departure would wait for it, and it for that. Only for whoever is in those teams, as in
    /// [`lock_team`](Scope::lock_team).
    ///
    /// Returns the teams that are held.
    pub(crate) async fn hold_teams_of(&mut self, tasks: &[TaskId]) -> Result<Vec<TeamId>> {
        let user = self.user();
        let held = query!(
            r#"/* team_hold */ SELECT team_id AS "team_id!",
                   pg_advisory_xact_lock_shared(hashtextextended('team:' || team_id::text, 0))
               FROM (
                   SELECT DISTINCT mine.team_id
                   FROM (SELECT id, team_id FROM tasks UNION ALL SELECT id, team_id FROM deleted_tasks) task
                   JOIN team_members mine ON mine.team_id = task.team_id AND mine.user_id = $2
                   WHERE task.id = ANY ($1)
                   ORDER BY mine.team_id
               ) held"#,
            &numbers(tasks),
            user
        )
        .fetch_all(self.connection()?)
        .await?;
        Ok(held.into_iter().map(|row| TeamId(row.team_id)).collect())
    }

    /// What the viewer is in a team, if that allows them to do this.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for whoever is not in it, [`Refusal::Forbidden`].
    pub(crate) async fn team_role(&mut self, id: TeamId, action: TeamAction) -> Result<Role> {
        let user = self.user();
        let found = query_scalar!(
            "/* team_role */ SELECT role FROM team_members WHERE team_id = $1 AND user_id = $2",
            id.0,
            user
        )
        .fetch_optional(self.connection()?)
        .await?;
        match found.map(|word| role(&word)) {
            None => Err(Refusal::NotFound.into()),
            Some(role) if !role.may(action) => Err(Refusal::Forbidden.into()),
            Some(role) => Ok(role),
        }
    }

    /// What the viewer is in a team, once nobody changes it any more; kept so until the scope ends.
    async fn team_for(&mut self, id: TeamId, action: TeamAction) -> Result<Role> {
        self.lock_team(id, true).await?;
        self.team_role(id, action).await
    }

    /// The same for something that changes neither the team nor who is in it, and that several may do at once.
    pub(crate) async fn hold_team_for(&mut self, id: TeamId, action: TeamAction) -> Result<Role> {
        self.lock_team(id, false).await?;
        self.team_role(id, action).await
    }

    /// Waits until nobody changes this team, or `alone`, until nobody even holds it. Whoever is not in it waits for nobody
    /// and keeps nobody waiting: they must not even learn that it is there.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for whoever is not in it. Who is added to it a moment later would go on without the lock.
    async fn lock_team(&mut self, id: TeamId, alone: bool) -> Result<()> {
        let user = self.user();
        let locked = query!(
            "/* team_lock */ SELECT CASE
                 WHEN $3 THEN pg_advisory_xact_lock(hashtextextended('team:' || team_id::text, 0))
                 ELSE pg_advisory_xact_lock_shared(hashtextextended('team:' || team_id::text, 0)) END
             FROM team_members WHERE team_id = $1 AND user_id = $2",
            id.0,
            user,
            alone
        )
        .execute(self.connection()?)
        .await?;
        if locked.rows_affected() == 0 {
            return Err(Refusal::NotFound.into());
        }
        Ok(())
    }

    async fn team(&mut self, id: TeamId) -> Result<Option<Team>> {
        let user = self.user();
        let row = query_as!(
            TeamRow,
            r#"/* team_get */ SELECT team.id, team.name, team.description, team.version, team.created_at, mine.role,
                   (SELECT count(*) FROM team_members WHERE team_members.team_id = team.id) AS "members!"
               FROM team_members mine JOIN teams team ON team.id = mine.team_id
               WHERE mine.team_id = $1 AND mine.user_id = $2"#,
            id.0,
            user
        )
        .fetch_optional(self.connection()?)
        .await?;
        Ok(row.map(Team::from))
    }

    /// The viewer's teams, by name.
    pub(crate) async fn teams(&mut self) -> Result<Vec<Team>> {
        let user = self.user();
        let rows = query_as!(
            TeamRow,
            r#"/* team_list */ SELECT team.id, team.name, team.description, team.version, team.created_at, mine.role,
                   (SELECT count(*) FROM team_members WHERE team_members.team_id = team.id) AS "members!"
               FROM team_members mine JOIN teams team ON team.id = mine.team_id
               WHERE mine.user_id = $1 ORDER BY lower(team.name)"#,
            user
        )
        .fetch_all(self.connection()?)
        .await?;
        Ok(rows.into_iter().map(Team::from).collect())
    }

    /// Deletes a team of the viewer's, which is locked.
    pub(crate) async fn delete_team(&mut self, team: Team) -> Result<()> {
        // Before the team is gone, into whose log then nobody writes.
        self.audit(Line::new("team.delete").target(team.name).team(team.id)).await?;
        let gone =
            query!("/* team_delete */ DELETE FROM teams WHERE id = $1", team.id.0).execute(self.connection()?).await?;
        must_touch(&gone, 1)
    }
}

/// Makes sure that a statement has touched as many rows as the viewer's right lets it: a policy that keeps some from it
/// has drifted away from the rights.
///
/// # Errors
/// [`Error::Fault`], and with it nothing to tell in the log.
fn must_touch(done: &PgQueryResult, rows: u64) -> Result<()> {
    match done.rows_affected() {
        touched if touched == rows => Ok(()),
        touched => Err(Error::Fault(format!("{touched} rows of a team were touched instead of {rows}"))),
    }
}

fn name_in_use(name: &str) -> Refusal {
    Refusal::Conflict(format!("There is already a team called “{name}”. Please choose another name."))
}

fn violates(error: &Error, constraint: &str) -> bool {
    matches!(error, Error::Database(source)
        if source.as_database_error().is_some_and(|error| error.constraint() == Some(constraint)))
}

impl Backend {
    /// Makes a team whose owner the viewer is. The same form again returns the team that it made the first time.
    ///
    /// # Errors
    /// [`Refusal::Conflict`] for a name in use, and for more teams than one person may own.
    pub async fn team_create(&self, viewer: &Viewer, texts: TeamTexts) -> Result<Team> {
        match self.create_team(viewer, &texts).await {
            Err(error) if violates(&error, "teams_name_key") => {
                let made = self.team_list(viewer).await?.into_iter().find(|team| {
                    team.role == Role::Owner && team.name == texts.name && team.description == texts.description
                });
                Ok(made.ok_or_else(|| name_in_use(&texts.name))?)
            }
            other => other,
        }
    }

    async fn create_team(&self, viewer: &Viewer, texts: &TeamTexts) -> Result<Team> {
        let mut scope = self.scope(viewer, Need::TEAMS_WRITE).await?;
        let (user, now, id) = (scope.user(), scope.now, TeamId(self.clock.id()));
        // So that the limit holds for somebody who makes several at once.
        scope.lock_user().await?;
        let owned = query_scalar!(
            r#"/* team_owned_count */ SELECT count(*) AS "owned!" FROM team_members
               WHERE user_id = $1 AND role = 'owner'"#,
            user
        )
        .fetch_one(scope.connection()?)
        .await?;
        if owned >= TEAMS_OWNED_MAX {
            let text = format!("You own {owned} teams, and nobody makes more than {TEAMS_OWNED_MAX}.");
            return Err(Refusal::Conflict(text).into());
        }
        query!(
            "/* team_insert */ INSERT INTO teams (id, name, description, created_at) VALUES ($1, $2, $3, $4)",
            id.0,
            texts.name,
            texts.description,
            now
        )
        .execute(scope.connection()?)
        .await?;
        query!(
            "/* team_owner_insert */ INSERT INTO team_members (team_id, user_id, role, created_at)
             VALUES ($1, $2, 'owner', $3)",
            id.0,
            user,
            now
        )
        .execute(scope.connection()?)
        .await?;
        scope.audit(Line::new("team.create").target(&texts.name).team(id)).await?;
        let team = scope.team(id).await?.ok_or(Refusal::NotFound)?;
        scope.commit().await?;
        Ok(team)
    }

    /// The viewer's teams, by name.
    pub async fn team_list(&self, viewer: &Viewer) -> Result<Vec<Team>> {
        self.reading(viewer, Need::TEAMS_READ).await?.teams().await
    }

    /// A team with everybody in it.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] unless the viewer is in it.
    pub async fn team_get(&self, viewer: &Viewer, id: TeamId) -> Result<TeamPeople> {
        let read = async {
            let mut scope = self.reading(viewer, Need::TEAMS_READ).await?;
            let team = scope.team(id).await?.ok_or(Refusal::NotFound)?;
            let members = scope.members(id).await?;
            let invitations = if team.role.may(TeamAction::Invite) { scope.invitations(id).await? } else { Vec::new() };
            Ok(TeamPeople { team, members, invitations })
        };
        self.attempt(viewer, "team.get", id, read).await
    }

    /// Changes what `change` names of a team's texts. What already is as asked stays as it is, from whatever version.
    ///
    /// # Errors
    /// [`Refusal::NotFound`], [`Refusal::Forbidden`], [`Refusal::Conflict`] for a name in use, or [`Refusal::Stale`] if
    /// the team has another version by now.
    pub async fn team_update(
        &self,
        viewer: &Viewer,
        id: TeamId,
        change: impl Into<TeamChange>,
        version: Option<i32>,
    ) -> Result<Team> {
        self.attempt(viewer, "team.update", id, self.update_team(viewer, id, change.into(), version)).await
    }

    async fn update_team(&self, viewer: &Viewer, id: TeamId, change: TeamChange, version: Option<i32>) -> Result<Team> {
        let mut scope = self.scope(viewer, Need::TEAMS_WRITE).await?;
        scope.team_for(id, TeamAction::Edit).await?;
        let changed = query!(
            "/* team_update */ UPDATE teams SET name = coalesce($2, name), description = coalesce($3, description)
             WHERE id = $1 AND ($4::integer IS NULL OR version = $4)
                 AND (name, description) <> (coalesce($2, name), coalesce($3, description))",
            id.0,
            change.name,
            change.description,
            version
        )
        .execute(scope.connection()?)
        .await
        .map_err(Error::from)
        .map_err(|error| match &change.name {
            Some(name) if violates(&error, "teams_name_key") => name_in_use(name).into(),
            _ => error,
        })?;
        let team = scope.team(id).await?.ok_or(Refusal::NotFound)?;
        if changed.rows_affected() == 0 {
            return if change.is_met_by(&team) { Ok(team) } else { Err(Refusal::Stale.into()) };
        }
        scope.audit(Line::new("team.update").target(&team.name).team(id)).await?;
        scope.commit().await?;
        Ok(team)
    }

    /// Deletes a team. Its tasks become the personal tasks of the people whose they are (requirement S5).
    ///
    /// # Errors
    /// [`Refusal::NotFound`], [`Refusal::Forbidden`], or [`Refusal::Stale`] if the team has another version than
    /// `version` by now.
    pub async fn team_delete(&self, viewer: &Viewer, id: TeamId, version: Option<i32>) -> Result<()> {
        let delete = async {
            let mut scope = self.scope(viewer, Need::TEAMS_WRITE).await?;
            scope.team_for(id, TeamAction::Delete).await?;
            let team = scope.team(id).await?.ok_or(Refusal::NotFound)?;
            if version.is_some_and(|version| version != team.version) {
                return Err(Refusal::Stale.into());
            }
            scope.delete_team(team).await?;
            scope.commit().await
        };
        self.attempt(viewer, "team.delete", id, delete).await
    }

    /// Leaves a team. The viewer's tasks there go to its owner.
    ///
    /// # Errors
    /// [`Refusal::NotFound`]; [`Refusal::Conflict`] for the owner, who has to transfer the team first.
    pub async fn team_leave(&self, viewer: &Viewer, id: TeamId) -> Result<()> {
        let leave = async {
            let mut scope = self.scope(viewer, Need::TEAMS_WRITE).await?;
            let role = scope.team_for(id, TeamAction::View).await?;
            if !role.may(TeamAction::Leave) {
                return Err(Refusal::Conflict(
                    "The owner cannot leave. Make somebody else the owner first, or delete the team.".into(),
                )
                .into());
            }
            let team = scope.team(id).await?.ok_or(Refusal::NotFound)?;
            // Before the viewer is gone, who then could not write it into the team's log.
            scope.audit(Line::new("team.leave").target(team.name).team(id)).await?;
            scope.delete_member(id, scope.user_id()).await?;
            scope.commit().await
        };
        self.attempt(viewer, "team.leave", id, leave).await
    }

    /// Makes another member the owner; the viewer stays as an admin.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] also for somebody who is not in the team, [`Refusal::Forbidden`], [`Refusal::Conflict`] for
    /// the viewer themselves.
    pub async fn team_transfer(&self, viewer: &Viewer, id: TeamId, to: UserId) -> Result<()> {
        let transfer = async {
            let mut scope = self.scope(viewer, Need::TEAMS_WRITE).await?;
            scope.team_for(id, TeamAction::Transfer).await?;
            if to == viewer.user_id {
                return Err(Refusal::Conflict("This team is yours already.".into()).into());
            }
            let heir = scope.member(id, to).await?.ok_or(Refusal::NotFound)?;
            let user = scope.user();
            // One statement, after which one owner is there again.
            let changed = query!(
                "/* team_transfer */ UPDATE team_members SET role = CASE user_id WHEN $2 THEN 'admin' ELSE 'owner' END
                 WHERE team_id = $1 AND user_id IN ($2, $3)",
                id.0,
                user,
                to.0
            )
            .execute(scope.connection()?)
            .await?;
            must_touch(&changed, 2)?;
            scope.audit(Line::new("team.transfer").target(heir.email).team(id).person(to)).await?;
            scope.commit().await
        };
        self.attempt(viewer, "team.transfer", id, transfer).await
    }
}
